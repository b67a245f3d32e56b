//! Requests made by people with bad intentions, and by programs with bad manners.

use http::{Method, StatusCode};
use url::Url;

use crate::subject::Subject;
use crate::world::{JOHN, MARKETPLACE, World};

/// Addresses that lead away, or break a header, end at the start page (security.md 2.2).
pub async fn a_return_address_stays_in_the_application(subject: &Subject) {
    let world = World::new(subject).await;
    let mut tab = world.browser().tab();
    tab.open(&world.platform("/")).await;
    world.sign_in(&mut tab, &JOHN).await;
    let hostile = [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "evil",
        "/\t/evil.example",
        "/%0d%0aSet-Cookie:a=b\r\nX: y",
        "javascript:alert(1)",
        "/..//evil.example",
        "/.//evil.example",
        "/a/..//evil.example",
        "/%2e%2e//evil.example",
        "/a/%2E%2e/%2e//evil.example",
        "http:evil.example",
        "HTTPS://evil.example",
        "http:/evil.example",
        "http:///evil.example",
        "//evil.example\\@localhost/",
        "//localhost:1@evil.example/",
        "data:text/html,hello",
        "\t//evil.example",
        " //evil.example",
        " /me",
        "/\n/evil.example",
        "/\r\n/evil.example",
        "/me\r\nLocation: https://evil.example/",
        "/me\u{0}",
        "/\u{9d}me",
        "/\\/evil.example",
        "/\\\\evil.example",
        "\\/evil.example",
        "//",
        "///",
        "?next=/me",
        "#",
        "..",
        "me",
        "/maestrano",
        "/maestrano/logout",
        "/maestrano/auth/saml/init",
        "/a/../maestrano/logout?token=x",
        "/maestran%6f/../maestrano/logout",
        "",
    ];
    for address in hostile {
        let query =
            form_urlencoded::Serializer::new(String::new()).append_pair("return_to", address).finish();
        tab.open(&world.app(&format!("/maestrano/auth/saml/init/{MARKETPLACE}?{query}"))).await;
        assert_eq!(tab.page().url.as_str(), world.app("/"), "{address:?}");
    }
}

/// A page of the application is found again as it was asked for; what only looks dangerous stays there.
pub async fn a_page_of_the_application_is_found_again(subject: &Subject) {
    let world = World::new(subject).await;
    let mut tab = world.browser().tab();
    tab.open(&world.platform("/")).await;
    world.sign_in(&mut tab, &JOHN).await;
    for (address, arrives_at) in [
        ("/me", "/me"),
        ("/me?a=b&c=%20d&e", "/me?a=b&c=%20d&e"),
        ("/me?next=//evil.example", "/me?next=//evil.example"),
        ("/me?next=https://evil.example/", "/me?next=https://evil.example/"),
        ("/me#part", "/me"),
        ("/me?q=\u{fc}", "/me?q=%C3%BC"),
        ("/a/../me", "/me"),
        ("/nowhere//at/all", "/nowhere//at/all"),
        ("/@evil.example", "/@evil.example"),
        ("/evil.example:80/", "/evil.example:80/"),
        ("/maestrano-docs", "/maestrano-docs"),
    ] {
        let query =
            form_urlencoded::Serializer::new(String::new()).append_pair("return_to", address).finish();
        tab.open(&world.app(&format!("/maestrano/auth/saml/init/{MARKETPLACE}?{query}"))).await;
        assert_eq!(tab.page().url.as_str(), world.app(arrives_at), "{address:?}");
    }
}

/// security.md 2.1: everything goes on to the platform, escaped, but what belongs to the protocol.
pub async fn the_start_passes_parameters_on_and_drops_the_protocols_own(subject: &Subject) {
    let world = World::new(subject).await;
    let query = "group_id=cld-1&group_id=cld-2&settings=true&na%26me%3D=va%26lue%3D%23&SAMLRequest=evil&RelayState=r\
                 &SigAlg=a&Signature=s&return_to=/me&empty=";
    let path = format!("/maestrano/auth/saml/init/{MARKETPLACE}?{query}");
    let answer = world.ask(Method::GET, &path, &[("accept", "text/html")], "").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(answer.header("cache-control").contains("no-store"));
    let target = Url::parse(answer.header("location")).expect("an address");
    assert!(target.as_str().starts_with(&world.platform("/api/v1/auth/saml?")), "{target}");
    let mut pairs: Vec<(String, String)> = target.query_pairs().into_owned().collect();
    let (name, request) = pairs.remove(0);
    assert!(name == "SAMLRequest" && request != "evil" && request.len() > 100, "{name}={request}");
    let passed = [("group_id", "cld-1"), ("settings", "true"), ("na&me=", "va&lue=#"), ("empty", "")];
    assert_eq!(pairs, passed.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

/// The answer names the right ones.
pub async fn other_methods_are_not_allowed(subject: &Subject) {
    let world = World::new(subject).await;
    let table = [
        (Method::POST, format!("/maestrano/auth/saml/init/{MARKETPLACE}"), "GET"),
        (Method::GET, format!("/maestrano/auth/saml/consume/{MARKETPLACE}"), "POST"),
        (Method::PUT, format!("/maestrano/auth/saml/consume/{MARKETPLACE}"), "POST"),
        (Method::POST, "/maestrano/auth/saml/finish".to_owned(), "GET"),
        (Method::DELETE, "/maestrano/logout".to_owned(), "POST"),
    ];
    for (method, path, allowed) in table {
        let answer = world.ask(method.clone(), &path, &[], "").await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        assert!(answer.header("allow").split(", ").any(|name| name == allowed), "{method} {path}");
        assert!(!answer.header("allow").split(", ").any(|name| name == method.as_str()), "{method} {path}");
        assert_eq!(answer.json()["error"], "method_not_allowed", "{method} {path}: {}", answer.body);
    }
}

/// Nobody fills the memory.
pub async fn too_much_is_too_large(subject: &Subject) {
    let world = World::new(subject).await;
    let path = format!("/maestrano/auth/saml/consume/{MARKETPLACE}");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let body = format!("SAMLResponse={}", "A".repeat(1_200_000));
    let answer = world.ask(Method::POST, &path, &[form], body).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.json()["error"], "too_large", "{}", answer.body);
    assert_eq!(world.ask(Method::GET, "/", &[], "").await.status, StatusCode::OK);
}

/// Addresses as no browser writes them open no door, and break nothing.
pub async fn odd_addresses_break_nothing(subject: &Subject) {
    let world = World::new(subject).await;
    let long = format!("/maestrano/{}", "a".repeat(6000));
    let crowd = format!("/maestrano/auth/saml/init/{MARKETPLACE}?{}", "a=b&".repeat(1000));
    let odd = [
        "/maestrano//logout",
        "//maestrano/logout",
        "/maestrano/",
        "/maestrano",
        "/maestrano/%00",
        "/maestrano/%ff%fe",
        "/maestrano/%",
        "/maestrano/../me",
        "/maestrano/%2e%2e/me",
        "/maestrano/..%2fme",
        "/%6daestrano/logout/x",
        "/maestrano/auth/saml/init/%20",
        "/maestrano/auth/saml/init/maestrano-local/",
        "/maestrano/auth/saml/init/maestrano-local%00",
        "/maestrano/auth/saml/init/MAESTRANO-LOCAL",
        "/maestrano/auth/saml/finish?t=%",
        "/maestrano/auth/saml/finish?&&==&t&t=&%00=%00",
        "/maestrano/logout?token=%ff",
        "/me;jsessionid=1",
        "/me/",
        "/ME",
        "http://evil.example/me",
        "*",
        &long,
        &crowd,
    ];
    for address in odd {
        let request = format!("GET {address} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = world.write(request.as_bytes()).await;
        let status = answer.split(' ').nth(1).unwrap_or_default();
        let shown: String = address.chars().take(80).collect();
        assert!(matches!(status.as_bytes(), [b'3' | b'4', _, _]), "{shown}: {answer}");
        assert!(!answer.contains("mno_session"), "{shown}: {answer}");
    }
    assert_eq!(world.ask(Method::GET, "/", &[], "").await.status, StatusCode::OK);
    assert!(!world.log().contains("panicked"));
}
