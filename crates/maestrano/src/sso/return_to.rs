//! Where a browser goes after a login: a path of the application, never another place (security.md 2.2).

use serde::{Deserialize, Serialize};
use url::Url;

/// A path of the application, with its query, checked; empty for its start page, wherever that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct ReturnTo(String);

impl ReturnTo {
    /// The start page.
    pub(crate) fn home() -> Self {
        Self(String::new())
    }

    /// Takes a path of the application; anything else, and any path of the library itself, is the start page.
    pub(crate) fn parse(text: &str, mount: &str) -> Self {
        Self::path_of_the_application(text, mount).unwrap_or_else(Self::home)
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
    fn a_path_of_the_library_is_the_start_page() {
        for path in ["/maestrano", "/maestrano/logout?token=x", "/a/../maestrano/auth/saml/init"] {
            assert_eq!(parsed(path), "the start page", "{path:?}");
        }
    }
}
