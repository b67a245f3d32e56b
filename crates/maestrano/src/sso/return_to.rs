//! Where a browser goes after a login: a path of the application, never another place (security.md 2.2).

use serde::{Deserialize, Serialize};
use url::Url;

/// The longest page that is kept through a login, with its query. Percent-encoded in a query and sealed in a request
/// id it must leave a response's header fields below the buffer of a proxy (4 KB).
pub(crate) const MAX_RETURN_TO_CHARS: usize = 1_200;

/// A path of the application, with its query, checked; empty for its start page, wherever that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct ReturnTo(String);

impl ReturnTo {
    /// The start page.
    pub(crate) fn home() -> Self {
        Self(String::new())
    }

    /// Takes a path of the application, as a request says it; anything else, any path of the library itself, and a
    /// path that is too long, is the start page.
    pub(crate) fn parse(text: &str, mount: &str) -> Self {
        let path = Some(text).filter(|text| text.len() <= MAX_RETURN_TO_CHARS);
        let path = path.and_then(|text| Self::path_of_the_application(text, mount));
        path.filter(|path| path.0.len() <= MAX_RETURN_TO_CHARS).unwrap_or_else(Self::home)
    }

    /// Takes a path that the application itself has chosen, of any length.
    pub(crate) fn chosen(text: &str, mount: &str) -> Self {
        Self::path_of_the_application(text, mount).unwrap_or_else(Self::home)
    }

    /// Takes a path that was checked before it was sealed.
    pub(super) fn sealed(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The path; empty for the start page.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn path_of_the_application(text: &str, mount: &str) -> Option<Self> {
        let odd = |character: char| character == '\\' || character.is_control();
        if !text.starts_with('/') || text.starts_with("//") || text.chars().any(odd) {
            return None;
        }
        let base = Url::parse("http://application.invalid/").ok()?;
        let mut url = base.join(text).ok()?;
        url.set_fragment(None);
        let path = &url[url::Position::BeforePath..];
        // Dot segments may have left two slashes in front.
        let stays = url.origin() == base.origin() && !path.starts_with("//");
        let own = url.path().strip_prefix(mount).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        (stays && !own).then(|| Self(path.to_owned()))
    }

    /// The path, with the start page's in its place.
    pub(crate) fn path<'a>(&'a self, home: &'a str) -> &'a str {
        if self.0.is_empty() { home } else { &self.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> String {
        ReturnTo::parse(text, "/maestrano").path("the start page").to_owned()
    }

    #[test]
    fn a_path_of_the_application_is_kept_with_its_query() {
        for path in ["/", "/me", "/me?a=b&c=%20d", "/a/b//c", "/maestrano-docs", "/?next=//evil.example"] {
            assert_eq!(parsed(path), path);
        }
        assert_eq!(parsed("/a b/ü?q=é"), "/a%20b/%C3%BC?q=%C3%A9");
        assert_eq!(parsed("/me#part"), "/me");
    }

    #[test]
    fn any_other_place_is_the_start_page() {
        let hostile = [
            "",
            "me",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "http://evil.example",
            "https:evil.example",
            "javascript:alert(1)",
            "/..//evil.example",
            "/.//evil.example",
            "/a/../..//evil.example",
            "/%2e%2e//evil.example",
            "\u{0}/me",
            "/me\r\nX: y",
            " /me",
            "/\u{9d}",
        ];
        for text in hostile {
            assert_eq!(parsed(text), "the start page", "{text:?}");
        }
    }

    #[test]
    fn a_long_path_is_kept_up_to_its_limit() {
        let page = |length: usize| format!("/{}", "a".repeat(length - 1));
        assert_eq!(parsed(&page(MAX_RETURN_TO_CHARS)), page(MAX_RETURN_TO_CHARS));
        assert_eq!(parsed(&page(MAX_RETURN_TO_CHARS + 1)), "the start page");
        // It grows when it is percent-encoded.
        assert_eq!(parsed(&format!("/{}", "é".repeat(500))), "the start page");
        let chosen = ReturnTo::chosen(&page(5_000), "/maestrano");
        assert_eq!(chosen.path("/"), page(5_000));
        assert_eq!(ReturnTo::chosen("https://evil.example", "/maestrano"), ReturnTo::home());
    }

    #[test]
    fn a_path_of_the_library_is_the_start_page() {
        for path in ["/maestrano", "/maestrano/logout?token=x", "/a/../maestrano/auth/saml/init"] {
            assert_eq!(parsed(path), "the start page", "{path:?}");
        }
    }
}
