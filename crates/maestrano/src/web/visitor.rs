//! What sends a request: a browser that goes to a page, a frame in one, or a program.

use http::header::{ACCEPT, HOST, REFERER};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};
use url::Url;

/// What sends a request, as far as the answer depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visitor {
    /// A browser that goes to a page.
    Navigation,
    /// A browser that loads a page into a frame of another page.
    Frame,
    /// A browser that would rather see a page: a form posted by an old one.
    Person,
    /// A program: scripts of pages, API clients.
    Program,
}

impl Visitor {
    /// `Sec-Fetch-Mode` tells; where it is missing, GET or HEAD that accepts HTML is a navigation.
    pub(crate) fn of(request: &Parts) -> Self {
        let accepts_page = accepts_html(&request.headers);
        match header(&request.headers, "sec-fetch-mode") {
            Some(b"navigate") => match header(&request.headers, "sec-fetch-dest") {
                Some(b"iframe" | b"frame" | b"object" | b"embed") => Self::Frame,
                _ => Self::Navigation,
            },
            Some(_) => Self::Program,
            None if accepts_page && matches!(request.method, Method::GET | Method::HEAD) => Self::Navigation,
            None if accepts_page => Self::Person,
            None => Self::Program,
        }
    }
}

/// Whether a browser loads the page before anybody has asked for it.
pub(super) fn is_prefetch(headers: &HeaderMap) -> bool {
    // `Sec-Purpose` also says `prefetch;prerender`; `Purpose` and `X-Moz` are those of older browsers.
    ["sec-purpose", "purpose", "x-purpose", "x-moz"].into_iter().any(|name| {
        let value = header(headers, name).unwrap_or_default();
        let first = value.split(|byte| *byte == b';').next().unwrap_or_default();
        [&b"prefetch"[..], b"prerender", b"preview"].iter().any(|kind| first.eq_ignore_ascii_case(kind))
    })
}

/// Whether the request is made in the background, by a script or for a part of a page.
pub(super) fn is_background(headers: &HeaderMap) -> bool {
    header(headers, "sec-fetch-mode").is_some_and(|mode| mode != b"navigate")
}

/// Whether a page of another origin has led the browser here. Without the header field, none has.
pub(super) fn is_led_by_other_site(headers: &HeaderMap) -> bool {
    header(headers, "sec-fetch-site").is_some_and(|site| !matches!(site, b"same-origin" | b"none"))
}

pub(super) fn accepts_html(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT).iter();
    values.filter_map(|value| value.to_str().ok()).any(|value| value.contains("text/html"))
}

/// The host that the browser asked for, with its port where it is not the usual one.
pub(super) fn host(request: &Parts) -> Option<&str> {
    let host = request.headers.get(HOST).and_then(|value| value.to_str().ok());
    let host = host.or_else(|| request.uri.authority().map(http::uri::Authority::as_str))?;
    Some(host.strip_suffix(":443").or_else(|| host.strip_suffix(":80")).unwrap_or(host))
}

/// The page that sends a request in the background, if it is one of this origin: its path with the query.
pub(super) fn referring_page(headers: &HeaderMap, origin: &Url) -> Option<String> {
    let referer = Url::parse(headers.get(REFERER)?.to_str().ok()?).ok()?;
    let path = &referer[url::Position::BeforePath..url::Position::AfterQuery];
    (referer.origin() == origin.origin()).then(|| path.to_owned())
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    headers.get(name).map(HeaderValue::as_bytes)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn parts(method: &str, fields: &[(&str, &str)]) -> Parts {
        let request = fields
            .iter()
            .fold(Request::builder().method(method), |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap().into_parts().0
    }

    fn of(method: &str, fields: &[(&str, &str)]) -> Visitor {
        Visitor::of(&parts(method, fields))
    }

    #[test]
    fn the_fetch_mode_tells_navigations_from_programs() {
        assert_eq!(of("GET", &[("sec-fetch-mode", "navigate")]), Visitor::Navigation);
        assert_eq!(of("POST", &[("sec-fetch-mode", "navigate")]), Visitor::Navigation);
        assert_eq!(of("GET", &[("sec-fetch-mode", "cors"), ("accept", "text/html")]), Visitor::Program);
        for destination in ["iframe", "frame", "object", "embed"] {
            let fields = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", destination)];
            assert_eq!(of("GET", &fields), Visitor::Frame);
        }
    }

    #[test]
    fn without_a_fetch_mode_the_accepted_type_tells() {
        assert_eq!(of("GET", &[("accept", "text/html")]), Visitor::Navigation);
        assert_eq!(of("POST", &[("accept", "text/html")]), Visitor::Person);
        assert_eq!(of("GET", &[]), Visitor::Program);
    }

    #[test]
    fn prefetches_are_recognized_by_every_browsers_header_field() {
        for (name, value) in [
            ("sec-purpose", "prefetch"),
            ("sec-purpose", "prefetch;prerender"),
            ("purpose", "prefetch"),
            ("purpose", "Prefetch"),
            ("x-purpose", "preview"),
            ("x-moz", "prefetch"),
        ] {
            assert!(is_prefetch(&parts("GET", &[(name, value)]).headers), "{name}: {value}");
        }
        for (name, value) in [("sec-purpose", ""), ("purpose", "reload"), ("x-other", "prefetch")] {
            assert!(!is_prefetch(&parts("GET", &[(name, value)]).headers), "{name}: {value}");
        }
    }

    #[test]
    fn a_usual_port_is_no_part_of_the_host() {
        for (field, expected) in [
            ("crm.example.com", "crm.example.com"),
            ("crm.example.com:443", "crm.example.com"),
            ("localhost:3000", "localhost:3000"),
        ] {
            assert_eq!(host(&parts("GET", &[("host", field)])), Some(expected));
        }
        assert_eq!(
            host(&Request::get("https://crm.example.com/me").body(()).unwrap().into_parts().0),
            Some("crm.example.com")
        );
        assert_eq!(host(&parts("GET", &[])), None);
    }

    #[test]
    fn a_referring_page_is_one_of_the_same_origin() {
        let origin = Url::parse("https://crm.example.com").unwrap();
        for (referer, expected) in [
            ("https://crm.example.com/deals?page=2#top", Some("/deals?page=2")),
            ("https://crm.example.com", Some("/")),
            ("http://crm.example.com/deals", None),
            ("https://crm.example.com:8443/deals", None),
            ("https://evil.example/deals", None),
            ("/deals", None),
        ] {
            let found = referring_page(&parts("GET", &[("referer", referer)]).headers, &origin);
            assert_eq!(found.as_deref(), expected, "{referer}");
        }
    }
}
