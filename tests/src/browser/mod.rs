//! A small browser that tells the truth about cookies.
//!
//! It obeys `SameSite` with the initiator kept over redirects, follows redirects and immediate refreshes, submits
//! the forms that submit themselves, and keeps several tabs over one jar. What it does is written to a [`Trail`].

mod jar;
mod network;
mod page;
mod request;
mod site;
mod trail;

pub use jar::{Context, Jar, Kept};
pub use network::Network;
pub use page::{Deed, Field, Form, Link, Page};
pub use request::Request;
pub use site::{is_public_suffix, same_site, trustworthy};
pub use trail::{Hop, Trail};

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Method;
use time::OffsetDateTime;
use url::Url;

/// After so many hops a browser gives up.
const MOST_HOPS: usize = 20;

/// A browser with its cookies. Clones are the same browser.
#[derive(Clone, Debug)]
pub struct Browser {
    jar: Arc<Mutex<Jar>>,
    network: Network,
    trail: Trail,
}

/// A tab of a browser.
#[derive(Debug)]
pub struct Tab {
    browser: Browser,
    page: Option<Page>,
    pause: Option<String>,
}

impl Browser {
    /// A browser as it comes out of the box, on this network; it writes to `trail`.
    #[must_use]
    pub fn new(network: &Network, trail: &Trail) -> Self {
        Self { jar: Arc::default(), network: network.clone(), trail: trail.clone() }
    }

    /// Another browser, with the cookies that this one has now, on a network of its own.
    #[must_use]
    pub fn copy_on(&self, network: &Network) -> Self {
        let jar = self.jar().clone();
        Self { jar: Arc::new(Mutex::new(jar)), network: network.clone(), trail: self.trail.clone() }
    }

    /// A new, empty tab.
    #[must_use]
    pub fn tab(&self) -> Tab {
        Tab { browser: self.clone(), page: None, pause: None }
    }

    /// The cookies, for looking and for tampering.
    pub fn jar(&self) -> MutexGuard<'_, Jar> {
        self.jar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends one request and takes its answer, following nothing.
    async fn exchange(&self, request: &Request) -> Page {
        let now = OffsetDateTime::now_utc();
        let context = request.context();
        let (cookies, sent) = self.cookies_for(&request.url, context, now);
        let mut headers = request.headers();
        if !cookies.is_empty() {
            headers.insert("cookie", network::header_value(&cookies));
        }
        let page = self.network.send(&request.method, &request.url, headers, request.body()).await;
        let lines: Vec<_> =
            page.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok()).collect();
        let set = lines.iter().map(|line| {
            let name = line.split('=').next().unwrap_or_default();
            let kept = self.jar().keep(line, &request.url, context, now);
            if kept { name.to_owned() } else { format!("!{name}") }
        });
        self.trail.add(Hop {
            method: request.method.clone(),
            url: request.url.clone(),
            status: page.status,
            sent,
            set: set.collect(),
        });
        page
    }

    fn cookies_for(&self, url: &Url, context: Context, now: OffsetDateTime) -> (String, Vec<String>) {
        let jar = self.jar();
        let cookies = jar.send(url, context, now);
        let line =
            cookies.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect::<Vec<_>>();
        (line.join("; "), cookies.iter().map(|cookie| cookie.name.clone()).collect())
    }
}

impl Tab {
    /// The page that is shown.
    ///
    /// # Panics
    ///
    /// When the tab is still empty.
    #[must_use]
    pub fn page(&self) -> &Page {
        self.page.as_ref().expect("the tab shows a page")
    }

    /// Types an address and waits until the page has come to rest.
    pub async fn open(&mut self, url: &str) -> &Page {
        let request = Request::typed(parse(url));
        self.go(request).await;
        self.page()
    }

    /// Clicks a link of the page.
    pub async fn click(&mut self, link: &Link) -> &Page {
        let request = Request::led(self.page(), link.url.clone()).by_person();
        self.go(request).await;
        self.page()
    }

    /// Clicks the first link whose address contains `part`.
    ///
    /// # Panics
    ///
    /// When there is no such link.
    pub async fn click_to(&mut self, part: &str) -> &Page {
        let links = self.page().links();
        let link = links.iter().find(|link| link.url.as_str().contains(part));
        let link = link.unwrap_or_else(|| panic!("no link to `{part}` among {links:?}"));
        self.click(link).await
    }

    /// Presses the first button of a form of the page.
    pub async fn submit(&mut self, mut form: Form) -> &Page {
        form.fields.extend(form.buttons.iter().take(1).filter(|button| !button.name.is_empty()).cloned());
        let request = Request::submitted(self.page(), &form).by_person();
        self.go(request).await;
        self.page()
    }

    /// From now on stops before a request whose path contains `part`, see [`Tab::go`].
    pub fn pause_before(&mut self, part: &str) {
        self.pause = Some(part.to_owned());
    }

    /// Sends a request and everything that follows from it. Returns the request it paused before, if it did; the
    /// pause is over then, and any browser may send that request.
    ///
    /// # Panics
    ///
    /// After 20 hops: the pages send each other in a circle.
    pub async fn go(&mut self, request: Request) -> Option<Request> {
        let mut next = Some(request);
        for _ in 0..MOST_HOPS {
            let request = next?;
            if self.pause.as_ref().is_some_and(|part| request.url.path().contains(part)) {
                self.pause = None;
                return Some(request);
            }
            let page = self.browser.exchange(&request).await;
            next = request.after(&page);
            self.page = Some(page);
        }
        assert!(next.is_none(), "the pages go in a circle:\n{}", self.browser.trail);
        None
    }

    /// What a script of the page gets from its own server; the page stays.
    pub async fn fetch(&self, method: Method, path: &str) -> Page {
        let request = Request::scripted(self.page(), method, path);
        self.browser.exchange(&request).await
    }
}

fn parse(url: &str) -> Url {
    Url::parse(url).unwrap_or_else(|error| panic!("{url} is no address: {error}"))
}
