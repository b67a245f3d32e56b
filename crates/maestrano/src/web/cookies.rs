//! The cookies of an application: who is signed in, the logins that its browser has begun, the marketplace that it
//! used last, and a counter against redirect loops.

use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use memchr::memchr;
use time::UtcDateTime;
use url::Url;

use crate::ids::MarketplaceName;
use crate::seal::{Seal, SealFailed};
use crate::session::Session;
use crate::sso::{PendingLogin, Superfluous};

/// How long a browser remembers which marketplace it used.
const MARKETPLACE_LIFETIME: Duration = Duration::from_secs(180 * 24 * 60 * 60);
/// Pending logins that a browser keeps, of those that the application's own pages began.
const MAX_OWN_LOGINS: usize = 20;
/// Pending logins that a browser keeps, of those that pages of other sites began, such as the platform's.
const MAX_FOREIGN_LOGINS: usize = 6;
/// Cookies of pending logins that one response removes at most.
const MAX_REMOVED_LOGINS: usize = 8;
/// Logins in a row whose session did not come back, before the browser is told so.
const MAX_LOST_SESSIONS: u8 = 4;
/// A login counts toward a redirect loop when it comes so soon after the last one.
const REDIRECT_LOOP_SECONDS: i64 = 10;
/// Random bytes of a pending login that are in the name of its cookie.
const NAME_BYTES: usize = 8;
/// Hexadecimal digits of the minute in the cookie of a pending login.
const MINUTE_DIGITS: usize = 8;
const OWN: char = 'o';
const FOREIGN: char = 'f';

/// The cookies of one application at one host.
///
/// Their names carry a tag of the host with its port, because the cookies of a host are shared by all its ports, and
/// of the mount, because two applications can share an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cookies {
    session: String,
    /// What the names of the cookies of pending logins begin with.
    login: String,
    marketplace: String,
    redirects: String,
    secure: bool,
}

impl Cookies {
    /// The cookies of an application below `mount` at a host at which browsers are signed in, such as
    /// `https://crm.example.com`.
    pub(crate) fn of(host: &Url, mount: &str) -> Self {
        let origin = host.origin().ascii_serialization();
        let digest = digest::digest(&digest::SHA256, format!("{origin}{mount}").as_bytes());
        let tag: String = digest.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let secure = host.scheme() == "https";
        let prefix = if secure { "__Host-" } else { "" };
        Self {
            session: format!("{prefix}mno_session_{tag}"),
            login: format!("{prefix}mno_login_{tag}_"),
            marketplace: format!("{prefix}mno_market_{tag}"),
            redirects: format!("{prefix}mno_loop_{tag}"),
            secure,
        }
    }

    /// The session in the lines of a request's cookies, if one opens.
    pub(crate) fn session<'a>(
        &'a self,
        seal: &Seal,
        lines: impl Iterator<Item = &'a [u8]>,
        now: UtcDateTime,
    ) -> Option<Session> {
        let mut values = values_in(lines, &self.session);
        values.find_map(|value| Session::from_bytes(seal.open(&self.session, value, now)?.value()))
    }

    /// The marketplace of the last login that this browser finished.
    pub(crate) fn marketplace(
        &self,
        seal: &Seal,
        headers: &HeaderMap,
        now: UtcDateTime,
    ) -> Option<MarketplaceName> {
        let mut values = values(headers, &self.marketplace);
        values.find_map(|value| {
            let opened = seal.open(&self.marketplace, value, now)?;
            std::str::from_utf8(opened.value()).ok()?.parse().ok()
        })
    }

    /// Whether this browser has begun this login: it has a cookie that only the library can have made for it.
    pub(crate) fn has_begun(
        &self,
        seal: &Seal,
        headers: &HeaderMap,
        pending: &PendingLogin,
    ) -> Result<(), Superfluous> {
        let is_made_here = |value: &[u8]| {
            let (stamp, tag) = value.split_at_checked(MINUTE_DIGITS + OWN.len_utf8())?;
            let tag = BASE64_URL_SAFE_NO_PAD.decode(tag).ok()?;
            Some(seal.is_tag(&self.tagged(stamp, pending), &tag))
        };
        let mut found = false;
        for value in values(headers, &self.login_name(pending)) {
            if is_made_here(value) == Some(true) {
                return Ok(());
            }
            found = true;
        }
        if found {
            Err(Superfluous::LoginCookieInvalid)
        } else if self.logins(headers).next().is_some() {
            Err(Superfluous::OtherLogin)
        } else {
            Err(Superfluous::NoLoginCookie)
        }
    }

    /// How many logins in a row, the last of them just now, were finished without their session coming back.
    pub(crate) fn lost_sessions(&self, headers: &HeaderMap, now: UtcDateTime) -> u8 {
        let read = |value: &[u8]| {
            let (count, time) = std::str::from_utf8(value).ok()?.split_once('-')?;
            let age = now.unix_timestamp().checked_sub(time.parse().ok()?)?;
            let is_recent = (-REDIRECT_LOOP_SECONDS..REDIRECT_LOOP_SECONDS).contains(&age);
            count.parse::<u8>().ok().filter(|_| is_recent)
        };
        values(headers, &self.redirects).filter_map(read).max().unwrap_or_default()
    }

    /// Whether the browser has finished so many logins whose session did not come back that one more is in vain.
    pub(crate) fn is_redirect_loop(&self, headers: &HeaderMap, now: UtcDateTime) -> bool {
        self.lost_sessions(headers, now) >= MAX_LOST_SESSIONS
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

    /// `Set-Cookie` for a pending login. `is_foreign` says that a page of another site began it.
    pub(crate) fn set_login(
        &self,
        seal: &Seal,
        pending: &PendingLogin,
        is_foreign: bool,
        lifetime: Duration,
    ) -> Result<HeaderValue, SealFailed> {
        let minute = u64::try_from(pending.started().unix_timestamp() / 60).unwrap_or_default();
        let stamp = format!("{minute:0MINUTE_DIGITS$x}{}", if is_foreign { FOREIGN } else { OWN });
        let tag = BASE64_URL_SAFE_NO_PAD.encode(seal.tag(&self.tagged(stamp.as_bytes(), pending)));
        self.header(&self.login_name(pending), &format!("{stamp}{tag}"), lifetime)
    }

    /// `Set-Cookie` that removes a pending login.
    pub(crate) fn clear_login(&self, pending: &PendingLogin) -> Result<HeaderValue, SealFailed> {
        self.removal(&self.login_name(pending))
    }

    /// `Set-Cookie` lines that remove the oldest pending logins, where one more would be too many. Logins that pages
    /// of other sites began do not push out those of the application's own pages.
    pub(crate) fn clear_surplus_logins(
        &self,
        headers: &HeaderMap,
        is_foreign: bool,
    ) -> impl Iterator<Item = HeaderValue> {
        let (mut foreign, mut own): (Vec<_>, Vec<_>) =
            self.logins(headers).partition(|login| login.is_foreign);
        foreign.sort_by_key(|login| login.minute);
        own.sort_by_key(|login| login.minute);
        let surplus = |logins: &[Login<'_>], limit: usize, is_one_more: bool| {
            (logins.len() + usize::from(is_one_more)).saturating_sub(limit)
        };
        let foreign_surplus = surplus(&foreign, MAX_FOREIGN_LOGINS, is_foreign);
        let own_surplus = surplus(&own, MAX_OWN_LOGINS, !is_foreign);
        let removed = foreign.into_iter().take(foreign_surplus).chain(own.into_iter().take(own_surplus));
        let names: Vec<&str> = removed.take(MAX_REMOVED_LOGINS).map(|login| login.name).collect();
        names.into_iter().filter_map(|name| self.removal(name).ok()).collect::<Vec<_>>().into_iter()
    }

    /// `Set-Cookie` for the marketplace that the browser used last.
    pub(crate) fn set_marketplace(
        &self,
        seal: &Seal,
        marketplace: &MarketplaceName,
        now: UtcDateTime,
    ) -> Result<HeaderValue, SealFailed> {
        let name = marketplace.as_str().as_bytes();
        let value = seal.seal(&self.marketplace, now + MARKETPLACE_LIFETIME, name)?;
        self.header(&self.marketplace, &value, MARKETPLACE_LIFETIME)
    }

    /// `Set-Cookie` for one login more whose session has not come back. The value is not sealed: a forged one shows
    /// the page about redirect loops, and nothing else.
    pub(crate) fn count_lost_session(
        &self,
        headers: &HeaderMap,
        now: UtcDateTime,
    ) -> Result<HeaderValue, SealFailed> {
        let count = self.lost_sessions(headers, now).saturating_add(1);
        let lifetime = Duration::from_secs(REDIRECT_LOOP_SECONDS.unsigned_abs());
        self.header(&self.redirects, &format!("{count}-{}", now.unix_timestamp()), lifetime)
    }

    /// `Set-Cookie` that sets the counter back, where the browser has one.
    pub(crate) fn clear_lost_sessions(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        values(headers, &self.redirects).next()?;
        self.removal(&self.redirects).ok()
    }

    /// `Set-Cookie` that takes the session away.
    pub(crate) fn clear_session(&self) -> Result<HeaderValue, SealFailed> {
        self.header(&self.session, "", Duration::ZERO)
    }

    fn login_name(&self, pending: &PendingLogin) -> String {
        let name = pending.nonce().get(..NAME_BYTES).unwrap_or_default();
        format!("{}{}", self.login, BASE64_URL_SAFE_NO_PAD.encode(name))
    }

    /// What the tag in the cookie of a pending login covers.
    fn tagged(&self, stamp: &[u8], pending: &PendingLogin) -> Vec<u8> {
        [self.login.as_bytes(), stamp, pending.nonce()].concat()
    }

    /// The pending logins in a request's cookies. Their tags are not looked at: a browser that sends others only
    /// pushes out its own.
    fn logins<'a>(&self, headers: &'a HeaderMap) -> impl Iterator<Item = Login<'a>> {
        let name_length = self.login.len() + (NAME_BYTES * 4).div_ceil(3);
        pairs(lines(headers)).filter_map(move |pair| {
            let (name, value) = pair.split_at_checked(name_length)?;
            let name = std::str::from_utf8(name).ok().filter(|name| name.starts_with(&self.login))?;
            let name = Some(name).filter(|name| !name.contains([';', ',', '=', ' ', '"']))?;
            let stamp = value.strip_prefix(b"=")?.get(..=MINUTE_DIGITS).unwrap_or_default();
            let minute = stamp.get(..MINUTE_DIGITS).and_then(|digits| std::str::from_utf8(digits).ok());
            let minute = minute.and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or_default();
            let is_foreign = stamp.get(MINUTE_DIGITS).copied().map(char::from) == Some(FOREIGN);
            Some(Login { name, minute, is_foreign })
        })
    }

    fn removal(&self, name: &str) -> Result<HeaderValue, SealFailed> {
        let secure = if self.secure { "; Secure" } else { "" };
        HeaderValue::try_from(format!("{name}=; Path=/; Max-Age=0{secure}")).map_err(|_| SealFailed)
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

/// The cookie of a pending login, as a request carries it.
struct Login<'a> {
    name: &'a str,
    /// When it was begun, in minutes since the epoch.
    minute: u64,
    is_foreign: bool,
}

/// All values of a cookie, whatever bytes stand around them.
fn values<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    values_in(lines(headers), name)
}

fn values_in<'a>(lines: impl Iterator<Item = &'a [u8]>, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    pairs(lines).filter_map(move |pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}

fn lines(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes)
}

/// All pairs of name and value, from all `Cookie` header fields (HTTP/2 splits them).
fn pairs<'a>(lines: impl Iterator<Item = &'a [u8]>) -> impl Iterator<Item = &'a [u8]> {
    lines.flat_map(|line| {
        let mut rest = Some(line);
        // Most lines are long: this is faster than `split`.
        std::iter::from_fn(move || {
            let line = rest?;
            let (pair, after) = match memchr(b';', line) {
                Some(end) => (line.get(..end)?, line.get(end + 1..)),
                None => (line, None),
            };
            rest = after;
            Some(pair.trim_ascii())
        })
    })
}

#[cfg(test)]
mod tests {
    use time::macros::utc_datetime;

    use super::*;
    use crate::secret::{CookieKey, SessionToken};
    use crate::sso::ReturnTo;

    const NOW: UtcDateTime = utc_datetime!(2026-11-23 10:00);
    const TWELVE_HOURS: Duration = Duration::from_secs(12 * 60 * 60);

    fn seal() -> Seal {
        Seal::new(&[CookieKey::new("key")]).unwrap()
    }

    fn cookies(host: &str) -> Cookies {
        Cookies::of(&Url::parse(host).unwrap(), "/maestrano")
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
        assert_eq!(two.session(&seal(), super::lines(&headers), NOW), None);
    }

    #[test]
    fn a_session_is_found_among_several_headers_and_foreign_bytes() {
        let cookies = cookies("http://localhost:3000");
        let set = cookies.set_session(&seal(), &session(8), TWELVE_HOURS, NOW).unwrap();
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_bytes(b"cart=\xff\xfe; lang=de").unwrap());
        let planted = format!("a=b; {}=planted;{} ; c", cookies.session, value(&set));
        headers.append(COOKIE, HeaderValue::try_from(planted).unwrap());
        assert_eq!(cookies.session(&seal(), super::lines(&headers), NOW), Some(session(8)));
        assert_eq!(cookies.session(&seal(), super::lines(&headers), NOW + TWELVE_HOURS), None);
    }

    fn pending() -> PendingLogin {
        PendingLogin::begin(ReturnTo::home(), false, NOW).unwrap()
    }

    fn headers(lines: &[String]) -> HeaderMap {
        lines.iter().map(|line| (COOKIE, HeaderValue::try_from(line.as_str()).unwrap())).collect()
    }

    #[test]
    fn applications_below_other_mounts_have_other_cookies() {
        let host = Url::parse("https://apps.example.com").unwrap();
        assert_ne!(
            Cookies::of(&host, "/crm/maestrano").session,
            Cookies::of(&host, "/shop/maestrano").session
        );
    }

    #[test]
    fn a_pending_login_belongs_to_the_browser_that_has_its_cookie() {
        let (cookies, seal, login) = (cookies("https://crm.example.com"), seal(), pending());
        let set = cookies.set_login(&seal, &login, false, TWELVE_HOURS).unwrap();
        let cookie = value(&set);
        assert!(cookie.len() < 80, "{cookie}");
        let has_begun =
            |lines: &[String], login: &PendingLogin| cookies.has_begun(&seal, &headers(lines), login);
        assert_eq!(has_begun(&[format!("a=b; {cookie}")], &login), Ok(()));
        assert_eq!(has_begun(&[], &login), Err(Superfluous::NoLoginCookie));
        assert_eq!(has_begun(std::slice::from_ref(&cookie), &pending()), Err(Superfluous::OtherLogin));
        let (name, value) = cookie.split_once('=').unwrap();
        let forged = [format!("{name}="), format!("{name}=0"), format!("{name}=1{}", &value[1..])];
        for forged in &forged {
            assert_eq!(
                has_begun(std::slice::from_ref(forged), &login),
                Err(Superfluous::LoginCookieInvalid),
                "{forged}"
            );
        }
        assert_eq!(has_begun(&[forged[0].clone(), cookie.clone()], &login), Ok(()));
        let other_keys = Seal::new(&[CookieKey::new("other")]).unwrap();
        let invalid = cookies.has_begun(&other_keys, &headers(&[cookie]), &login);
        assert_eq!(invalid, Err(Superfluous::LoginCookieInvalid));
    }

    /// The cookies of logins that were begun one a minute.
    fn begun(cookies: &Cookies, count: usize, is_foreign: bool) -> Vec<String> {
        let begin = |minute: usize| {
            let started = NOW + time::Duration::minutes(i64::try_from(minute).unwrap());
            let pending = PendingLogin::begin(ReturnTo::home(), false, started).unwrap();
            value(&cookies.set_login(&seal(), &pending, is_foreign, TWELVE_HOURS).unwrap())
        };
        (0..count).map(begin).collect()
    }

    fn removed(cookies: &Cookies, lines: &[String], is_foreign: bool) -> Vec<String> {
        cookies.clear_surplus_logins(&headers(lines), is_foreign).map(|header| value(&header)).collect()
    }

    fn emptied(cookies: &[String]) -> Vec<String> {
        cookies.iter().map(|cookie| format!("{}=", cookie.split('=').next().unwrap())).collect()
    }

    #[test]
    fn the_oldest_pending_logins_beyond_twenty_are_removed_eight_at_a_time() {
        let cookies = cookies("https://crm.example.com");
        for (count, surplus) in [(19, 0), (20, 1), (25, 6), (60, 8)] {
            let mut begun = begun(&cookies, count, false);
            let oldest = emptied(&begun[..surplus]);
            begun.reverse();
            assert_eq!(removed(&cookies, &begun, false), oldest, "{count}");
        }
    }

    #[test]
    fn other_sites_have_six_pending_logins_and_push_out_none_of_the_applications_own() {
        let cookies = cookies("https://crm.example.com");
        let (own, foreign) = (begun(&cookies, 20, false), begun(&cookies, 6, true));
        let both = [own.clone(), foreign.clone()].concat();
        assert_eq!(removed(&cookies, &both, true), emptied(&foreign[..1]));
        assert_eq!(removed(&cookies, &both, false), emptied(&own[..1]));
        assert_eq!(removed(&cookies, &foreign, false), [""; 0]);
    }

    #[test]
    fn cookies_that_only_look_like_pending_logins_are_harmless() {
        let cookies = cookies("http://localhost:3000");
        let planted: Vec<_> =
            (0..30).map(|number| format!("{}{number:011}=planted", cookies.login)).collect();
        let odd = [format!("{}x", cookies.login), format!("{}=,=,=,=,=,=", cookies.login)];
        let removed = removed(&cookies, &[planted.clone(), odd.to_vec()].concat(), false);
        assert_eq!(removed, emptied(&planted[..MAX_REMOVED_LOGINS]));
    }

    #[test]
    fn four_lost_sessions_each_within_ten_seconds_are_a_redirect_loop() {
        let cookies = cookies("http://localhost:3000");
        let mut lines = Vec::new();
        for second in [0, 9, 18, 27] {
            let now = NOW + time::Duration::seconds(second);
            assert!(!cookies.is_redirect_loop(&headers(&lines), now));
            lines = vec![value(&cookies.count_lost_session(&headers(&lines), now).unwrap())];
        }
        let at = |second| cookies.is_redirect_loop(&headers(&lines), NOW + time::Duration::seconds(second));
        assert!(at(27) && at(36) && !at(37));
        assert!(cookies.clear_lost_sessions(&headers(&lines)).is_some());
        assert_eq!(cookies.clear_lost_sessions(&HeaderMap::new()), None);
    }

    #[test]
    fn a_counter_that_cannot_be_read_counts_nothing() {
        let cookies = cookies("http://localhost:3000");
        for text in ["", "4", "4-", "-4", "x-1", "999-1795428000", "4-99999999999999999999", "4-0"] {
            let lines = [format!("{}={text}", cookies.redirects)];
            assert_eq!(cookies.lost_sessions(&headers(&lines), NOW), 0, "{text}");
        }
    }

    #[test]
    fn the_marketplace_used_last_comes_back() {
        let cookies = cookies("https://crm.example.com");
        let set = cookies.set_marketplace(&seal(), &"one".parse().unwrap(), NOW).unwrap();
        let found = |cookie: String| cookies.marketplace(&seal(), &headers(&[cookie]), NOW);
        assert_eq!(found(value(&set)), Some("one".parse().unwrap()));
        assert_eq!(found(format!("{}=one", cookies.marketplace)), None);
        let renamed = value(&set).replace(&cookies.marketplace, &cookies.session);
        assert_eq!(cookies.session(&seal(), [renamed.as_bytes()].into_iter(), NOW), None);
    }
}
