//! The two cookies of an application: who is signed in, and which logins its browser has begun
//! (security.md 3). Both are sealed.

use std::time::Duration;

use aws_lc_rs::digest;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use time::UtcDateTime;
use url::Url;

use crate::seal::{Seal, SealFailed};
use crate::session::Session;
use crate::sso::Logins;

/// How long a browser remembers which marketplace it used.
const LOGINS_LIFETIME: Duration = Duration::from_secs(180 * 24 * 60 * 60);

/// The cookies of one application host.
///
/// Their names carry a tag of the host with its port, because the cookies of a host are shared by all its
/// ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cookies {
    session: String,
    logins: String,
    secure: bool,
}

impl Cookies {
    /// The cookies of a host at which browsers are signed in, such as `https://crm.example.com`.
    pub(crate) fn of(host: &Url) -> Self {
        let origin = host.origin().ascii_serialization();
        let digest = digest::digest(&digest::SHA256, origin.as_bytes());
        let tag: String = digest.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let secure = host.scheme() == "https";
        let prefix = if secure { "__Host-" } else { "" };
        Self {
            session: format!("{prefix}mno_session_{tag}"),
            logins: format!("{prefix}mno_login_{tag}"),
            secure,
        }
    }

    /// The session in a request's cookies, if one opens.
    pub(crate) fn session(&self, seal: &Seal, headers: &HeaderMap, now: UtcDateTime) -> Option<Session> {
        let mut values = values(headers, &self.session);
        values.find_map(|value| Session::from_bytes(&seal.open(&self.session, value, now)?))
    }

    /// The logins that the browser has begun; none, if the cookie is missing or does not open.
    pub(crate) fn logins(&self, seal: &Seal, headers: &HeaderMap, now: UtcDateTime) -> Logins {
        let mut values = values(headers, &self.logins);
        let found = values.find_map(|value| Logins::from_bytes(&seal.open(&self.logins, value, now)?));
        found.unwrap_or_default()
    }

    /// `Set-Cookie` for a new session.
    pub(crate) fn set_session(
        &self,
        seal: &Seal,
        session: &Session,
        lifetime: Duration,
        now: UtcDateTime,
    ) -> Result<HeaderValue, SealFailed> {
        let value = seal.seal(&self.session, now + lifetime, &session.to_bytes())?;
        self.header(&self.session, &value, lifetime)
    }

    /// `Set-Cookie` for the logins that the browser has begun.
    pub(crate) fn set_logins(
        &self,
        seal: &Seal,
        logins: &Logins,
        now: UtcDateTime,
    ) -> Result<HeaderValue, SealFailed> {
        let value = seal.seal(&self.logins, now + LOGINS_LIFETIME, &logins.to_bytes())?;
        self.header(&self.logins, &value, LOGINS_LIFETIME)
    }

    /// `Set-Cookie` that takes the session away.
    pub(crate) fn clear_session(&self) -> Result<HeaderValue, SealFailed> {
        self.header(&self.session, "", Duration::ZERO)
    }

    fn header(&self, name: &str, value: &str, lifetime: Duration) -> Result<HeaderValue, SealFailed> {
        let secure = if self.secure { "; Secure" } else { "" };
        let seconds = lifetime.as_secs();
        let text = format!("{name}={value}; HttpOnly; SameSite=Lax; Path=/; Max-Age={seconds}{secure}");
        let mut header = HeaderValue::try_from(text).map_err(|_| SealFailed)?;
        header.set_sensitive(true);
        Ok(header)
    }
}

/// All values of a cookie, from all `Cookie` headers (HTTP/2 splits them), whatever bytes stand around them.
fn values<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|header| header.as_bytes().split(|byte| *byte == b';'))
        .filter_map(move |pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}

#[cfg(test)]
mod tests {
    use time::macros::utc_datetime;

    use super::*;
    use crate::secret::{CookieKey, SessionToken};

    const NOW: UtcDateTime = utc_datetime!(2026-11-23 10:00);
    const TWELVE_HOURS: Duration = Duration::from_secs(12 * 60 * 60);

    fn seal() -> Seal {
        Seal::new(&[CookieKey::new("key")]).unwrap()
    }

    fn cookies(host: &str) -> Cookies {
        Cookies::of(&Url::parse(host).unwrap())
    }

    fn session(length: usize) -> Session {
        let (market, id) = ("m".repeat(length), "i".repeat(length));
        let (market, user, group) = (market.parse().unwrap(), id.parse().unwrap(), id.parse().unwrap());
        Session::new(market, user, group, NOW, NOW, SessionToken::new("t".repeat(length)))
    }

    fn value(header: &HeaderValue) -> String {
        header.to_str().unwrap().split([';']).next().unwrap().to_owned()
    }

    #[test]
    fn cookies_are_http_only_lax_and_for_the_whole_application() {
        let plain = cookies("http://localhost:3000").set_session(&seal(), &session(8), TWELVE_HOURS, NOW);
        let plain = plain.unwrap().to_str().unwrap().to_owned();
        assert!(plain.starts_with("mno_session_"));
        assert!(plain.ends_with("; HttpOnly; SameSite=Lax; Path=/; Max-Age=43200"));
        let safe = cookies("https://crm.example.com").set_session(&seal(), &session(8), TWELVE_HOURS, NOW);
        let safe = safe.unwrap().to_str().unwrap().to_owned();
        assert!(safe.starts_with("__Host-mno_session_") && safe.ends_with("; Secure"));
    }

    #[test]
    fn a_session_cookie_stays_below_a_thousand_bytes() {
        let set = cookies("https://crm.example.com").set_session(&seal(), &session(128), TWELVE_HOURS, NOW);
        assert!(set.unwrap().len() < 1000);
    }

    #[test]
    fn applications_on_other_ports_have_other_cookies() {
        let (one, two) = (cookies("http://localhost:3000"), cookies("http://localhost:3001"));
        assert_ne!(one.session, two.session);
        let set = one.set_session(&seal(), &session(8), TWELVE_HOURS, NOW).unwrap();
        let renamed = value(&set).replace(&one.session, &two.session);
        let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(renamed).unwrap())]);
        assert_eq!(two.session(&seal(), &headers, NOW), None);
    }

    #[test]
    fn a_session_is_found_among_several_headers_and_foreign_bytes() {
        let cookies = cookies("http://localhost:3000");
        let set = cookies.set_session(&seal(), &session(8), TWELVE_HOURS, NOW).unwrap();
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_bytes(b"cart=\xff\xfe; lang=de").unwrap());
        let planted = format!("a=b; {}=planted;{} ; c", cookies.session, value(&set));
        headers.append(COOKIE, HeaderValue::try_from(planted).unwrap());
        assert_eq!(cookies.session(&seal(), &headers, NOW), Some(session(8)));
        assert_eq!(cookies.session(&seal(), &headers, NOW + TWELVE_HOURS), None);
    }

    #[test]
    fn a_login_cookie_is_no_session_cookie() {
        let cookies = cookies("http://localhost:3000");
        let set = cookies.set_logins(&seal(), &Logins::default(), NOW).unwrap();
        let renamed = value(&set).replace(&cookies.logins, &cookies.session);
        let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(renamed).unwrap())]);
        assert_eq!(cookies.session(&seal(), &headers, NOW), None);
    }
}
