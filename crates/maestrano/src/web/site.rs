//! What is configured, ready to answer requests.

use http::request::Parts;
use time::UtcDateTime;

use super::cookies::Cookies;
use super::guarded::GuardedRequest;
use super::route::Routes;
use crate::config::{Configuration, Marketplace};
use crate::ids::MarketplaceName;
use crate::session::Session;
use crate::sso::{MAX_LOCATION_CHARS, Sso};

/// What is configured, ready to answer requests: immutable, replaced as a whole by a refresh.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) configuration: Configuration,
    pub(super) routes: Routes,
    /// The cookies of every application host; usually one.
    cookies: Vec<Cookies>,
    /// How a browser arrives at the application after a login.
    pub(super) arrival: Arrival,
}

/// How a browser arrives at the application after a login.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Arrival {
    /// By a redirect: right for applications whose own session cookie is `SameSite=Lax`.
    #[default]
    Redirect,
    /// By a page that goes on by itself: needed by applications whose own session cookie is
    /// `SameSite=Strict`, which browsers do not send along a chain of redirects that began elsewhere.
    Page,
}

impl Site {
    pub(crate) fn new(configuration: Configuration, arrival: Arrival) -> Self {
        let mut cookies: Vec<Cookies> = Vec::new();
        for marketplace in configuration.marketplaces() {
            let of_host = Cookies::of(marketplace.identity_host(), configuration.rules().mount());
            if !cookies.contains(&of_host) {
                cookies.push(of_host);
            }
        }
        let routes = Routes::of(&configuration);
        Self { configuration, routes, cookies, arrival }
    }

    pub(super) fn mount(&self) -> &str {
        self.configuration.rules().mount()
    }

    /// The cookies of the host at which a marketplace signs browsers in.
    pub(super) fn cookies(&self, marketplace: &Marketplace) -> Cookies {
        Cookies::of(marketplace.identity_host(), self.mount())
    }

    /// Where a login at this marketplace starts, at its configured host: a browser that has opened the application
    /// at another address, or without TLS, goes on at the right one.
    pub(super) fn init(marketplace: &Marketplace, query: &str) -> String {
        joined(marketplace.init_url(), query)
    }

    /// Where a login starts: at the marketplace that the browser used last, or the only one, or the default,
    /// or where the person can choose. The query is empty or begins with `?`.
    pub(super) fn init_for(&self, last: Option<&MarketplaceName>, query: &str) -> String {
        match self.marketplace_for(last) {
            Some(marketplace) => Self::init(marketplace, query),
            None => {
                let choose = self.routes.choose();
                let host = self.configuration.marketplaces().next().map(Marketplace::identity_host);
                let url = host.and_then(|host| host.join(choose).ok());
                joined(url.as_ref().map_or(choose, |url| url.as_str()), query)
            }
        }
    }

    pub(super) fn marketplace_for(&self, last: Option<&MarketplaceName>) -> Option<&Marketplace> {
        let last = last.and_then(|name| self.configuration.marketplace(name.as_str()));
        last.or_else(|| self.configuration.default_marketplace())
    }

    /// The session that a request's cookies open.
    pub(super) fn session<'a>(
        &'a self,
        sso: &Sso,
        request: &'a impl GuardedRequest,
        now: UtcDateTime,
    ) -> Option<(&'a Cookies, Session)> {
        let mut cookies = self.cookies.iter();
        cookies.find_map(|cookies| Some((cookies, cookies.session(&sso.seal, request.cookies(), now)?)))
    }

    /// The marketplace that this browser used last.
    pub(super) fn last(&self, sso: &Sso, request: &Parts, now: UtcDateTime) -> Option<MarketplaceName> {
        let mut cookies = self.cookies.iter();
        cookies.find_map(|cookies| cookies.marketplace(&sso.seal, &request.headers, now))
    }
}

/// An address with a query behind it, or without one where that would be too long to send.
fn joined(address: &str, query: &str) -> String {
    if query.is_empty() || address.len() + query.len() > MAX_LOCATION_CHARS {
        return address.to_owned();
    }
    match query.strip_prefix('?') {
        Some(rest) if address.contains('?') => format!("{address}&{rest}"),
        _ => format!("{address}{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_joined_with_the_one_that_is_there() {
        assert_eq!(joined("/init", ""), "/init");
        assert_eq!(joined("/init", "?a=b"), "/init?a=b");
        assert_eq!(joined("/init?m=one", "?a=b"), "/init?m=one&a=b");
    }

    #[test]
    fn a_query_that_is_too_long_to_send_is_left_out() {
        let query = |length: usize| format!("?{}", "a".repeat(length - 1));
        let room = MAX_LOCATION_CHARS - "/init".len();
        assert_eq!(joined("/init", &query(room)).len(), MAX_LOCATION_CHARS);
        assert_eq!(joined("/init", &query(room + 1)), "/init");
    }
}
