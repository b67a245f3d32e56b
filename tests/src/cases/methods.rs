//! Methods and sizes: what may be asked how, and how much may be sent.

use http::{Method, StatusCode};

use crate::subject::Subject;
use crate::world::{MARKETPLACE, World};

/// The most that a body may hold (security.md 5.3).
const MOST: usize = 256 * 1024;
const FIELD: &str = "SAMLResponse=";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// Every method at every route: what is allowed is answered, the rest is told what is.
pub async fn every_route_names_its_methods(subject: &Subject) {
    let world = World::new(subject).await;
    let table = [
        ("/maestrano/auth/saml/init".to_owned(), "GET, HEAD"),
        (format!("/maestrano/auth/saml/init/{MARKETPLACE}"), "GET, HEAD"),
        (format!("/maestrano/auth/saml/consume/{MARKETPLACE}"), "POST"),
        ("/maestrano/auth/saml/finish".to_owned(), "GET"),
        ("/maestrano/logout".to_owned(), "GET, POST"),
    ];
    let all = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    for (path, allow) in &table {
        for method in &all {
            let answer = world.ask(method.clone(), path, &[], "").await;
            if allow.split(", ").any(|allowed| allowed == method.as_str()) {
                assert!(answer.status != StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
                assert!(!answer.status.is_server_error(), "{method} {path}: {}", answer.status);
            } else {
                assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
                assert_eq!(answer.header("allow"), *allow, "{method} {path}");
                assert_eq!(answer.headers.get_all("allow").iter().count(), 1, "{method} {path}");
            }
            if method == Method::HEAD {
                assert_eq!(answer.body, "", "{path}");
            }
            assert!(answer.header("access-control-allow-origin").is_empty(), "{method} {path}");
        }
        for method in &all {
            let nowhere = world.ask(method.clone(), "/maestrano/nowhere/at/all", &[], "").await;
            assert_eq!(nowhere.status, StatusCode::NOT_FOUND, "{method}");
        }
    }
}

/// Methods that nobody knows, or that a form pretends, are the client's mistake and nothing else.
pub async fn odd_methods_break_nothing(subject: &Subject) {
    let world = World::new(subject).await;
    for method in ["BREW", "PROPFIND", "get", "TRACE", "M-SEARCH", "_"] {
        for path in ["/maestrano/logout", "/maestrano/auth/saml/init", "/me"] {
            let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            let answer = world.write(request.as_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 4"), "{method} {path}: {answer}");
        }
    }
    let consume = format!("/maestrano/auth/saml/consume/{MARKETPLACE}");
    for body in ["_method=PUT&SAMLResponse=x", "_method=DELETE", "SAMLResponse=x&_method=GET"] {
        let answer = world.ask(Method::POST, &consume, &[FORM], body).await;
        assert!(answer.status.is_client_error(), "{body}: {}", answer.status);
        assert!(answer.cookies_set().is_empty(), "{body}");
    }
    assert_eq!(world.ask(Method::GET, "/", &[], "").await.status, StatusCode::OK);
}

/// A HEAD of the start says where it leads, and begins no login in the browser.
pub async fn head_of_the_start_begins_no_login(subject: &Subject) {
    let world = World::new(subject).await;
    let path = format!("/maestrano/auth/saml/init/{MARKETPLACE}");
    let get = world.ask(Method::GET, &path, &[], "").await;
    let head = world.ask(Method::HEAD, &path, &[], "").await;
    let way = |location: &str| location.split('?').next().unwrap_or_default().to_owned();
    assert_eq!((head.status, way(head.header("location"))), (get.status, way(get.header("location"))));
    assert!(head.cookies_set().is_empty() && !get.cookies_set().is_empty());
}

/// Whoever looks ahead, a mail scanner or a browser that guesses, does not use the login up.
pub async fn a_head_request_does_not_use_the_ticket_up(subject: &Subject) {
    let world = World::new(subject).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    let response = world.response_for(&mut tab, "/me").await;
    tab.pause_before("/finish");
    let finish = tab.go(response).await.expect("the response is good");
    let path = &finish.url[url::Position::BeforePath..];
    for method in [Method::HEAD, Method::OPTIONS] {
        let cookies = world.cookies(&browser);
        let answer = world.ask(method.clone(), path, &[("cookie", &cookies)], "").await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    tab.go(finish).await;
    assert_eq!(tab.page().url.as_str(), world.app("/me"));
}

/// A form of 256 KiB is read; a byte more is not.
pub async fn a_response_holds_256_kib_and_not_a_byte_more(subject: &Subject) {
    let world = World::new(subject).await;
    let path = format!("/maestrano/auth/saml/consume/{MARKETPLACE}");
    for (length, status, error) in sizes() {
        let body = format!("{FIELD}{}", "A".repeat(length - FIELD.len()));
        let answer = world.ask(Method::POST, &path, &[FORM], body).await;
        assert_eq!((answer.status, &answer.json()["error"]), (status, &error.into()), "{length} bytes");
    }
}

/// Also when nobody says beforehand how long it will be.
pub async fn a_body_without_a_length_is_measured_too(subject: &Subject) {
    let world = World::new(subject).await;
    for (length, status, error) in sizes() {
        let mut request = format!(
            "POST /maestrano/auth/saml/consume/{MARKETPLACE} HTTP/1.1\r\nHost: localhost\r\n\
             Content-Type: {}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
            FORM.1
        );
        let body = format!("{FIELD}{}", "A".repeat(length - FIELD.len()));
        for chunk in body.as_bytes().chunks(60_000) {
            request.push_str(&format!("{:x}\r\n{}\r\n", chunk.len(), String::from_utf8_lossy(chunk)));
        }
        request.push_str("0\r\n\r\n");
        let answer = world.write(request.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {} ", status.as_u16())), "{length} bytes: {answer}");
        assert!(answer.contains(error), "{length} bytes: {answer}");
    }
}

fn sizes() -> [(usize, StatusCode, &'static str); 3] {
    [
        (MOST, StatusCode::FORBIDDEN, "login_refused"),
        (MOST + 1, StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        (MOST + 100_000, StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
    ]
}
