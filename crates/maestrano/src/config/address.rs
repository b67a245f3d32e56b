//! The two halves of an address in the settings: the origin of a host and a path.

use url::Url;

/// The origin that `text` names: scheme, host and port, nothing else.
///
/// The error never quotes the text, which may hold a password.
pub(super) fn origin(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is not a URL: write it like https://app.example.com")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("is not a web address: write it like https://app.example.com");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or a password: leave them out");
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err("has more than scheme, host and port: leave the rest out");
    }
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    if !url.host_str().is_some_and(|host| host.bytes().all(plain)) {
        return Err("has a host name with characters that no host name has");
    }
    Ok(url)
}

/// A path below the mount, perhaps with a query, written the way a browser sends it.
pub(super) fn path_below(mount: &str, text: &str) -> Result<String, String> {
    let path = path(text)?;
    match path.strip_prefix(mount) {
        Some(rest) if rest.starts_with('/') => Ok(path),
        _ => Err(format!("is outside {mount}, where this library answers: move it there, or change `mount`")),
    }
}

/// A path, perhaps with a query, written the way a browser sends it.
pub(super) fn path(text: &str) -> Result<String, String> {
    if !text.starts_with('/') || text.starts_with("//") {
        return Err("is not a path: begin it with one slash".to_owned());
    }
    let sent = Url::parse(&format!("http://host{text}")).ok();
    let same = sent.is_some_and(|url| {
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        url.fragment().is_none() && format!("{}{query}", url.path()) == text
    });
    if same { Ok(text.to_owned()) } else { Err("is not a path as a browser sends it".to_owned()) }
}

/// The mount: one or more plain segments, without a slash at the end.
pub(super) fn mount(text: &str) -> Result<String, &'static str> {
    let mount = text.strip_suffix('/').unwrap_or(text);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    let segment = |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(plain);
    match mount.strip_prefix('/') {
        Some(segments) if segments.split('/').all(segment) => Ok(mount.to_owned()),
        _ => Err("is not a mount: write it like /maestrano"),
    }
}

/// The base of an API, with a slash on both sides.
pub(super) fn base(text: &str) -> Result<String, String> {
    let inner = text.trim_matches('/');
    let base = if inner.is_empty() { "/".to_owned() } else { format!("/{inner}/") };
    if base.contains('?') { Err("is not a path: leave the query out".to_owned()) } else { path(&base) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for (text, origin_of_it) in [
            ("https://app.example.com", "https://app.example.com/"),
            ("https://app.example.com/", "https://app.example.com/"),
            ("HTTPS://App.Example.com:443", "https://app.example.com/"),
            ("http://localhost:3000", "http://localhost:3000/"),
            ("http://[::1]:3000", "http://[::1]:3000/"),
        ] {
            assert_eq!(origin(text).map(String::from), Ok(origin_of_it.to_owned()));
        }
        for text in [
            "app.example.com",
            "localhost:3000",
            "ftp://app.example.com",
            "https://john:pw@app.example.com",
            "https://app.example.com/path",
            "https://app.example.com?a=b",
            "https://app.example.com/#top",
            "https://app\".example.com",
            "https://",
        ] {
            assert!(origin(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_path_stands_below_the_mount_as_a_browser_sends_it() {
        for text in [
            "/maestrano/auth/saml/init",
            "/maestrano/consume/?marketplace=maestrano-uat",
            "/maestrano/account/groups/:group_id/users/:id/maestrano-uat",
            "/maestrano/%C3%A9",
        ] {
            assert_eq!(path_below("/maestrano", text), Ok(text.to_owned()));
        }
        for text in [
            "maestrano/init",
            "//evil.example.com/maestrano/init",
            "/maestrano",
            "/maestranos/init",
            "/other/init",
            "/maestrano/../other",
            "/maestrano/%2e%2E/other",
            "/maestrano/a b",
            "/maestrano/a\"b",
            "/maestrano/a?b='c'",
            "/maestrano/a\\b",
            "/maestrano/a#b",
            "/maestrano/%{marketplace}",
            "/maestrano/é",
            "/maestrano/a\nb",
        ] {
            assert!(path_below("/maestrano", text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_mount_is_plain_segments() {
        assert_eq!(mount("/maestrano"), Ok("/maestrano".to_owned()));
        assert_eq!(mount("/a/b.c/"), Ok("/a/b.c".to_owned()));
        for text in ["", "/", "maestrano", "//", "/a//b", "/..", "/a?b", "/{a}", "/:a"] {
            assert!(mount(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_base_has_a_slash_on_both_sides() {
        for text in ["/api/v1/", "api/v1", "/api/v1"] {
            assert_eq!(base(text), Ok("/api/v1/".to_owned()));
        }
        assert_eq!(base("/"), Ok("/".to_owned()));
        assert!(base("/api?x=1").is_err());
    }
}
