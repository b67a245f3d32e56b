//! A request as a browser makes it: who began it, and what it therefore says about itself.

use form_urlencoded::Serializer;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use url::{Origin, Url};

use super::jar::Context;
use super::page::{Deed, Form, Page};
use super::site::{same_site, trustworthy};

const ACCEPT: &str =
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8";

/// A request that is about to be sent.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The address.
    pub url: Url,
    /// The form it carries, names and values as they stand in the page.
    pub form: Vec<(String, String)>,
    purpose: Purpose,
    initiator: Option<Url>,
    passed: Vec<Url>,
    tells_referrer: bool,
    by_person: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Navigation,
    Script,
}

impl Request {
    /// An address typed by a person.
    #[must_use]
    pub fn typed(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            form: Vec::new(),
            purpose: Purpose::Navigation,
            initiator: None,
            passed: Vec::new(),
            tells_referrer: false,
            by_person: true,
        }
    }

    /// The page leads to another address.
    #[must_use]
    pub fn led(page: &Page, url: Url) -> Self {
        let tells_referrer = !page.header("referrer-policy").contains("no-referrer");
        Self { initiator: Some(page.url.clone()), tells_referrer, by_person: false, ..Self::typed(url) }
    }

    /// The page submits a form.
    #[must_use]
    pub fn submitted(page: &Page, form: &Form) -> Self {
        let pairs = form.fields.iter().map(|field| (field.name.clone(), field.value.clone()));
        let mut request = Self::led(page, form.action.clone());
        if form.method == Method::POST {
            request.form = pairs.collect();
            request.method = Method::POST;
        } else {
            request.url.set_query(Some(&urlencoded(&pairs.collect::<Vec<_>>())));
        }
        request
    }

    /// A script of the page asks its own server for JSON.
    ///
    /// # Panics
    ///
    /// When the path is none.
    #[must_use]
    pub fn scripted(page: &Page, method: Method, path: &str) -> Self {
        let url = page.url.join(path).unwrap_or_else(|error| panic!("{path} is no path: {error}"));
        Self { method, purpose: Purpose::Script, ..Self::led(page, url) }
    }

    /// The same, but begun by a person's click.
    #[must_use]
    pub fn by_person(self) -> Self {
        Self { by_person: true, ..self }
    }

    /// The value of a form field, empty when there is none.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        self.form.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The same with another value in a form field, added when it was not there.
    #[must_use]
    pub fn with_field(mut self, name: &str, value: &str) -> Self {
        self.form.retain(|(known, _)| known != name);
        self.form.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same, sent elsewhere.
    #[must_use]
    pub fn to(self, url: Url) -> Self {
        Self { url, ..self }
    }

    /// How cookies see it. A browser looks at the one who began, not at the hops between.
    pub(super) fn context(&self) -> Context {
        match (&self.initiator, self.purpose) {
            (Some(initiator), _) if same_site(initiator, &self.url) => Context::SameSite,
            (None, _) => Context::SameSite,
            (_, Purpose::Script) => Context::Script,
            _ if self.method.is_safe() => Context::Led,
            _ => Context::Posted,
        }
    }

    pub(super) fn body(&self) -> Vec<u8> {
        if self.method == Method::POST { urlencoded(&self.form).into_bytes() } else { Vec::new() }
    }

    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut set = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        let navigates = self.purpose == Purpose::Navigation;
        set("user-agent", "Mozilla/5.0 (conformance)");
        set("accept", if navigates { ACCEPT } else { "application/json" });
        if trustworthy(&self.url) {
            set("sec-fetch-site", self.relation());
            set("sec-fetch-mode", if navigates { "navigate" } else { "cors" });
            set("sec-fetch-dest", if navigates { "document" } else { "empty" });
            if navigates && self.by_person {
                set("sec-fetch-user", "?1");
            }
        }
        if navigates {
            set("upgrade-insecure-requests", "1");
        }
        if let Some(referrer) = self.referrer() {
            set("referer", &referrer);
        }
        if !self.method.is_safe() {
            set("origin", &self.origin());
        }
        if self.method == Method::POST && self.form.is_empty() {
            // A longer body tells its length by itself.
            set("content-length", "0");
        }
        if self.method == Method::POST && navigates {
            set("content-type", "application/x-www-form-urlencoded");
        }
        headers
    }

    /// What follows from the answer: a redirect, or what the page does by itself.
    pub(super) fn after(self, page: &Page) -> Option<Self> {
        if page.status.is_redirection() && page.headers.contains_key("location") {
            return self.redirected(page);
        }
        Some(match page.deed()? {
            Deed::Leave(url) => Self::led(page, url),
            Deed::Submit(form) => Self::submitted(page, &form),
        })
    }

    fn redirected(mut self, page: &Page) -> Option<Self> {
        let url = self.url.join(page.header("location")).ok()?;
        let keeps_method = match page.status {
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
            StatusCode::SEE_OTHER => self.method == Method::HEAD,
            _ => self.method != Method::POST,
        };
        if !keeps_method {
            self.method = Method::GET;
            self.form.clear();
        }
        if page.header("referrer-policy").contains("no-referrer") {
            self.tells_referrer = false;
        }
        self.passed.push(std::mem::replace(&mut self.url, url));
        matches!(self.url.scheme(), "http" | "https").then_some(self)
    }

    /// `Sec-Fetch-Site`: the farthest relation between the one who began and every address on the way.
    fn relation(&self) -> &'static str {
        let Some(initiator) = &self.initiator else { return "none" };
        let mut way = self.passed.iter().chain([&self.url]);
        if way.clone().all(|url| url.origin() == initiator.origin()) {
            "same-origin"
        } else if way.all(|url| same_site(url, initiator)) {
            "same-site"
        } else {
            "cross-site"
        }
    }

    /// The browser's usual policy: everything to oneself, the origin to others, nothing from https to http.
    fn referrer(&self) -> Option<String> {
        let initiator = self.initiator.as_ref().filter(|_| self.tells_referrer)?;
        if initiator.origin() == self.url.origin() {
            let mut all = initiator.clone();
            all.set_fragment(None);
            return Some(all.into());
        }
        let weaker = initiator.scheme() == "https" && self.url.scheme() != "https";
        (!weaker).then(|| format!("{}/", initiator.origin().ascii_serialization()))
    }

    /// `Origin` is `null` when nothing may be told, and when a redirect led away from a foreign origin.
    fn origin(&self) -> String {
        let none = Origin::new_opaque();
        let origin = match &self.initiator {
            Some(initiator) if self.tells_referrer => initiator.origin(),
            _ => none.clone(),
        };
        let mut way = self.passed.iter().chain([&self.url]).map(Url::origin).peekable();
        let mut tainted = false;
        while let Some(here) = way.next() {
            tainted |= here != origin && way.peek().is_some_and(|next| *next != here);
        }
        if tainted { none } else { origin }.ascii_serialization()
    }
}

/// Names and values as a browser writes them: every line break is CR LF.
fn urlencoded(pairs: &[(String, String)]) -> String {
    let lines = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
    let mut serializer = Serializer::new(String::new());
    for (name, value) in pairs {
        serializer.append_pair(&lines(name), &lines(value));
    }
    serializer.finish()
}
