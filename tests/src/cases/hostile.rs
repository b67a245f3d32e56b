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
        "",
    ];
    for address in hostile {
        let query =
            form_urlencoded::Serializer::new(String::new()).append_pair("return_to", address).finish();
        tab.open(&world.app(&format!("/maestrano/auth/saml/init/{MARKETPLACE}?{query}"))).await;
        assert_eq!(tab.page().url.as_str(), world.app("/"), "{address:?}");
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
