//! The cookie jar: what a browser keeps, and what it sends along.

use cookie::{Cookie, SameSite};
use time::{Duration, OffsetDateTime};
use url::{Host, Url};

use super::site;

/// How long a cookie without `SameSite` still goes along with a cross-site POST.
const LAX_POST_GRACE: Duration = Duration::minutes(2);

/// Name and value together; a longer cookie is dropped.
const LONGEST: usize = 4096;

/// How a request came about, as far as cookies care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// Nobody else had a hand in it: the address bar, or a page of the same site.
    SameSite,
    /// Another site led the person here by a link or a redirect.
    Led,
    /// Another site posted a form here.
    Posted,
    /// A script of another site asked.
    Script,
}

/// A cookie in the jar.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its name, prefix included.
    pub name: String,
    /// Its value as it came.
    pub value: String,
    /// The host, or with `Domain` the domain, that gets it.
    pub domain: String,
    /// Whether it goes to that host alone.
    pub host_only: bool,
    /// The path it is for.
    pub path: String,
    /// Whether it needs a trustworthy connection.
    pub secure: bool,
    /// Whether scripts cannot see it.
    pub http_only: bool,
    /// What the server asked for; `None` when it did not say.
    pub same_site: Option<SameSite>,
    /// When it goes away; `None` means with the browser.
    pub expires: Option<OffsetDateTime>,
    created: OffsetDateTime,
}

/// The cookies of one browser.
#[derive(Clone, Debug, Default)]
pub struct Jar {
    cookies: Vec<Kept>,
}

impl Jar {
    /// Takes a `Set-Cookie` line of an answer from `url`; `false` when the browser drops it.
    ///
    /// A cookie that comes again with the same value keeps its age.
    pub fn keep(&mut self, line: &str, url: &Url, context: Context, now: OffsetDateTime) -> bool {
        let Some(cookie) = accept(line, url, context, now) else { return false };
        let old = self.position(&cookie).map(|at| self.cookies.remove(at));
        if cookie.expires.is_none_or(|expires| expires > now) {
            let created = old.filter(|old| old.value == cookie.value).map_or(now, |old| old.created);
            self.cookies.push(Kept { created, ..cookie });
        }
        true
    }

    /// The cookies a request to `url` carries, in the order a browser writes them.
    #[must_use]
    pub fn send(&self, url: &Url, context: Context, now: OffsetDateTime) -> Vec<&Kept> {
        let mut sent: Vec<&Kept> =
            self.cookies.iter().filter(|cookie| goes(cookie, url, context, now)).collect();
        sent.sort_by_key(|cookie| (std::cmp::Reverse(cookie.path.len()), cookie.created));
        sent
    }

    /// Everything that is kept.
    #[must_use]
    pub fn all(&self) -> &[Kept] {
        &self.cookies
    }

    /// Forgets the cookies whose names have this part.
    pub fn forget(&mut self, part: &str) {
        self.cookies.retain(|cookie| !cookie.name.contains(part));
    }

    /// Lets a person with the developer tools change a cookie's value.
    pub fn tamper(&mut self, name: &str, value: &str) {
        for cookie in self.cookies.iter_mut().filter(|cookie| cookie.name == name) {
            value.clone_into(&mut cookie.value);
        }
    }

    fn position(&self, new: &Kept) -> Option<usize> {
        self.cookies.iter().position(|old| {
            old.name == new.name
                && old.domain == new.domain
                && old.host_only == new.host_only
                && old.path == new.path
        })
    }
}

fn accept(line: &str, url: &Url, context: Context, now: OffsetDateTime) -> Option<Kept> {
    let cookie = Cookie::parse(line).ok()?;
    let secure = cookie.secure().unwrap_or(false);
    let same_site = cookie.same_site();
    if cookie.name().len() + cookie.value().len() > LONGEST
        || (secure && !site::trustworthy(url))
        || (same_site == Some(SameSite::None) && !secure)
        || (context == Context::Script && same_site != Some(SameSite::None))
        || !keeps_its_prefix(&cookie)
    {
        return None;
    }
    let (domain, host_only) = domain(&cookie, url)?;
    let expires = match cookie.max_age() {
        Some(age) => Some(now + age),
        None => cookie.expires_datetime(),
    };
    Some(Kept {
        name: cookie.name().to_owned(),
        value: cookie.value().to_owned(),
        domain,
        host_only,
        path: cookie
            .path()
            .filter(|path| path.starts_with('/'))
            .map_or_else(|| default_path(url), str::to_owned),
        secure,
        http_only: cookie.http_only().unwrap_or(false),
        same_site,
        expires,
        created: now,
    })
}

fn keeps_its_prefix(cookie: &Cookie<'_>) -> bool {
    let name = cookie.name().to_ascii_lowercase();
    let secure = cookie.secure().unwrap_or(false);
    if name.starts_with("__host-") {
        secure && cookie.domain().is_none() && cookie.path() == Some("/")
    } else {
        !name.starts_with("__secure-") || secure
    }
}

fn domain(cookie: &Cookie<'_>, url: &Url) -> Option<(String, bool)> {
    let host = url.host_str()?.to_owned();
    let Some(wanted) = cookie.domain().map(str::to_ascii_lowercase) else { return Some((host, true)) };
    if wanted == host && (site::is_public_suffix(&host) || !matches!(url.host(), Some(Host::Domain(_)))) {
        return Some((host, true));
    }
    let ours = matches!(url.host(), Some(Host::Domain(_))) && is_within(&host, &wanted);
    (ours && !site::is_public_suffix(&wanted)).then_some((wanted, false))
}

fn goes(cookie: &Kept, url: &Url, context: Context, now: OffsetDateTime) -> bool {
    let host = url.host_str().unwrap_or_default();
    let right_host = if cookie.host_only { host == cookie.domain } else { is_within(host, &cookie.domain) };
    right_host
        && covers(&cookie.path, url.path())
        && (!cookie.secure || site::trustworthy(url))
        && cookie.expires.is_none_or(|expires| expires > now)
        && travels(cookie, context, now)
}

fn travels(cookie: &Kept, context: Context, now: OffsetDateTime) -> bool {
    match (context, cookie.same_site) {
        (Context::SameSite, _) | (_, Some(SameSite::None)) | (Context::Led, None | Some(SameSite::Lax)) => {
            true
        }
        (Context::Posted, None) => now - cookie.created < LAX_POST_GRACE,
        _ => false,
    }
}

fn is_within(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|front| front.ends_with('.'))
}

fn covers(cookie_path: &str, path: &str) -> bool {
    path.strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || cookie_path.ends_with('/') || rest.starts_with('/'))
}

fn default_path(url: &Url) -> String {
    match url.path().rfind('/') {
        None | Some(0) => "/".to_owned(),
        Some(end) => url.path()[..end].to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "http://localhost:3000/maestrano/auth/saml/init";

    fn start() -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn jar_with(line: &str, from: &str) -> Jar {
        let mut jar = Jar::default();
        jar.keep(line, &url(from), Context::SameSite, start());
        jar
    }

    fn kept(line: &str, from: &str) -> bool {
        !jar_with(line, from).all().is_empty()
    }

    fn sent(line: &str, from: &str, to: &str, context: Context, age: Duration) -> bool {
        !jar_with(line, from).send(&url(to), context, start() + age).is_empty()
    }

    #[test]
    fn same_site_decides_what_travels() {
        let (young, old) = (Duration::seconds(110), Duration::seconds(130));
        let none = "a=1; Path=/; SameSite=None; Secure";
        let host = "__Host-a=1; Path=/; SameSite=None; Secure";
        let silent = "a=1; Path=/";
        let lax = "a=1; Path=/; SameSite=Lax";
        let strict = "a=1; Path=/; SameSite=Strict";
        let table = [
            (Context::Posted, old, [true, true, false, false, false]),
            (Context::Posted, young, [true, true, true, false, false]),
            (Context::Led, old, [true, true, true, true, false]),
            (Context::SameSite, old, [true, true, true, true, true]),
            (Context::Script, young, [true, true, false, false, false]),
        ];
        for (context, age, expected) in table {
            let travelled = [none, host, silent, lax, strict].map(|line| sent(line, APP, APP, context, age));
            assert_eq!(travelled, expected, "{context:?} at {age}");
        }
    }

    #[test]
    fn none_without_secure_is_dropped() {
        assert!(!kept("a=1; SameSite=None", APP));
    }

    #[test]
    fn secure_is_kept_by_https_and_this_machine_only() {
        assert!(kept("a=1; Secure", "https://crm.example.com/"));
        assert!(kept("a=1; Secure", APP));
        assert!(!kept("a=1; Secure", "http://crm.example.com/"));
        assert!(!sent(
            "a=1; Secure; Domain=example.com",
            "https://crm.example.com/",
            "http://crm.example.com/",
            Context::SameSite,
            Duration::ZERO
        ));
    }

    #[test]
    fn the_host_prefix_needs_secure_and_the_root_path_and_no_domain() {
        let from = "https://crm.example.com/";
        assert!(kept("__Host-a=1; Secure; Path=/", from));
        assert!(!kept("__Host-a=1; Path=/", from));
        assert!(!kept("__Host-a=1; Secure", from));
        assert!(!kept("__Host-a=1; Secure; Path=/crm", from));
        assert!(!kept("__Host-a=1; Secure; Path=/; Domain=example.com", from));
        assert!(!kept("__Secure-a=1; Path=/", from));
    }

    #[test]
    fn ports_share_one_jar() {
        assert!(sent("a=1; Path=/", APP, "http://localhost:4000/", Context::SameSite, Duration::ZERO));
    }

    #[test]
    fn a_cookie_stays_with_its_host_unless_it_names_a_domain() {
        let from = "https://crm.example.com/";
        let to = "https://www.example.com/";
        assert!(!sent("a=1", from, to, Context::SameSite, Duration::ZERO));
        assert!(sent("a=1; Domain=example.com", from, to, Context::SameSite, Duration::ZERO));
        assert!(!kept("a=1; Domain=com", from));
        assert!(!kept("a=1; Domain=other.com", from));
        assert!(!kept("a=1; Domain=localhost", from));
    }

    #[test]
    fn a_cookie_goes_below_its_path_only() {
        for (path, below) in
            [("/maestrano", true), ("/maestrano/auth", true), ("/maestranos", false), ("/", false)]
        {
            let to = format!("http://localhost:3000{path}");
            let line = "a=1; Path=/maestrano";
            assert_eq!(sent(line, APP, &to, Context::SameSite, Duration::ZERO), below, "{path}");
        }
        assert_eq!(jar_with("a=1", APP).all()[0].path, "/maestrano/auth/saml");
    }

    #[test]
    fn max_age_beats_expires_and_ends_the_cookie() {
        let line = "a=1; Path=/; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
        assert!(sent(line, APP, APP, Context::SameSite, Duration::seconds(59)));
        assert!(!sent(line, APP, APP, Context::SameSite, Duration::seconds(60)));
    }

    #[test]
    fn an_expired_cookie_removes_its_namesake() {
        let mut jar = jar_with("a=1; Path=/", APP);
        assert!(jar.keep("a=; Path=/; Max-Age=0", &url(APP), Context::SameSite, start()));
        assert!(jar.all().is_empty());
    }

    #[test]
    fn a_cookie_over_four_kilobytes_is_dropped() {
        assert!(!kept(&format!("a={}", "x".repeat(4096)), APP));
    }

    #[test]
    fn a_script_of_another_site_cannot_set_lax_cookies() {
        let mut jar = Jar::default();
        assert!(!jar.keep("a=1; SameSite=Lax", &url(APP), Context::Script, start()));
        assert!(jar.keep("a=1; SameSite=Lax", &url(APP), Context::Posted, start()));
    }

    #[test]
    fn longer_paths_and_older_cookies_come_first() {
        let mut jar = Jar::default();
        let later = start() + Duration::seconds(1);
        jar.keep("young=1; Path=/; SameSite=Lax", &url(APP), Context::SameSite, later);
        jar.keep("old=1; Path=/; SameSite=Lax", &url(APP), Context::SameSite, start());
        jar.keep("deep=1; Path=/maestrano; SameSite=Lax", &url(APP), Context::SameSite, later);
        let names: Vec<_> =
            jar.send(&url(APP), Context::SameSite, later).iter().map(|cookie| cookie.name.as_str()).collect();
        assert_eq!(names, ["deep", "old", "young"]);
    }
}
