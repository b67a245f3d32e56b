//! What stands before a page that needs a session.

use http::{Method, StatusCode};

use crate::subject::Subject;
use crate::world::{JOHN, Setting, World};

const HTML: (&str, &str) = ("accept", "text/html");
const JSON: (&str, &str) = ("accept", "application/json");

/// Nobody needs to sign in for `/`.
pub async fn the_start_page_is_public(subject: &Subject) {
    let world = World::new(subject).await;
    let page = world.ask(Method::GET, "/", &[HTML], "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.cookies_set().is_empty(), "{:?}", page.cookies_set());
}

/// A program is told, not led.
pub async fn a_program_without_a_session_gets_401_and_no_cookie(subject: &Subject) {
    let world = World::new(subject).await;
    for fields in [&[JSON][..], &[], &[("accept", "*/*")]] {
        let answer = world.ask(Method::GET, "/me", fields, "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{fields:?}");
        assert_eq!(answer.json()["error"], "login_required", "{}", answer.body);
        assert!(answer.json()["message"].is_string());
        assert!(answer.cookies_set().is_empty());
        assert_eq!(answer.header("location"), "");
    }
}

/// A script's request is not a navigation, whatever it accepts.
pub async fn a_script_is_not_sent_through_the_login(subject: &Subject) {
    let world = World::new(subject).await;
    let mut tab = world.browser().tab();
    tab.open(&world.app("/")).await;
    assert_eq!(tab.fetch(Method::GET, "/me").await.status, StatusCode::UNAUTHORIZED);
    let fields = [("accept", "text/html"), ("sec-fetch-mode", "cors")];
    assert_eq!(world.ask(Method::GET, "/me", &fields, "").await.status, StatusCode::UNAUTHORIZED);
    let fields = [("accept", "*/*"), ("sec-fetch-mode", "navigate")];
    assert_eq!(world.ask(Method::GET, "/me", &fields, "").await.status, StatusCode::SEE_OTHER);
}

/// HEAD says what GET would say, without a body.
pub async fn head_is_answered_as_get_is(subject: &Subject) {
    let world = World::new(subject).await;
    for fields in [[HTML], [JSON]] {
        let get = world.ask(Method::GET, "/me", &fields, "").await;
        let head = world.ask(Method::HEAD, "/me", &fields, "").await;
        assert_eq!((head.status, head.header("location")), (get.status, get.header("location")));
        assert_eq!(head.body, "");
    }
    let tab = world.signed_in(&JOHN).await;
    let head = tab.fetch(Method::HEAD, "/me").await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
}

/// A cookie that is not ours as we made it is no cookie, and never an error.
pub async fn a_tampered_cookie_is_no_session(subject: &Subject) {
    let world = World::new(subject).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    tab.open(&world.app("/me")).await;
    world.sign_in(&mut tab, &JOHN).await;
    let cookie = world.session_cookie(&browser).expect("there is a session");
    let login = browser.jar().all().iter().find(|cookie| cookie.name.contains("mno_loop")).cloned();
    let value = &cookie.value;
    let middle = value.len() / 2;
    let other = if value.as_bytes()[middle] == b'A' { "B" } else { "A" };
    let tampered = [
        format!("{}{other}{}", &value[..middle], &value[middle + 1..]),
        value[..middle].to_owned(),
        format!("{value}{value}"),
        "x".repeat(8000),
        "%00%ff\"quoted\"".to_owned(),
        String::new(),
        login.expect("the browser counts its logins").value,
    ];
    for value in tampered {
        let line = format!("{}={value}", cookie.name);
        let answer = world.ask(Method::GET, "/me", &[JSON, ("cookie", &line)], "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{value}");
        assert_eq!(answer.json()["error"], "login_required", "{value}");
    }
    let line = format!("{}={}", cookie.name, cookie.value);
    let answer = world.ask(Method::GET, "/me", &[JSON, ("cookie", "a=1"), ("cookie", &line)], "").await;
    assert_eq!(answer.status, StatusCode::OK, "the right cookie opens, also from a second header line");
}

/// security.md 3.2: HttpOnly, Lax, for the whole host, below 1,000 bytes, and nothing that stays after the login.
pub async fn the_session_cookie_is_small_and_lax_and_out_of_reach_of_scripts(subject: &Subject) {
    let world = World::new(subject).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    tab.open(&world.app("/me")).await;
    world.sign_in(&mut tab, &JOHN).await;
    let cookies: Vec<_> =
        browser.jar().all().iter().filter(|cookie| cookie.domain == "localhost").cloned().collect();
    assert!(cookies.len() >= 2, "{cookies:?}");
    for cookie in cookies.iter().filter(|cookie| cookie.name.starts_with("mno_")) {
        assert!(cookie.http_only && cookie.host_only && !cookie.secure, "{cookie:?}");
        assert_eq!(cookie.same_site, Some(cookie::SameSite::Lax), "{cookie:?}");
        assert_eq!(cookie.path, "/");
        assert!(cookie.name.len() + cookie.value.len() < 1000, "{cookie:?}");
        assert!(!cookie.value.contains("usr-1"), "the value is sealed");
    }
}

/// Behind https the cookies are for https only, and no other host can set them. What the addresses are comes from the
/// configuration, not from the request, which arrives by http from the proxy.
pub async fn behind_https_the_cookies_are_locked_to_the_host(subject: &Subject) {
    let setting = Setting { proxy: Some("https://crm.example.com".to_owned()), ..Setting::default() };
    let world = World::with(subject, setting).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    tab.open(&world.app("/me")).await;
    world.sign_in(&mut tab, &JOHN).await;
    assert_eq!(tab.page().url.as_str(), "https://crm.example.com/me");
    let cookies: Vec<_> =
        browser.jar().all().iter().filter(|cookie| cookie.domain == "crm.example.com").cloned().collect();
    assert!(cookies.iter().any(|cookie| cookie.name.starts_with("__Host-mno_session")), "{cookies:?}");
    assert!(cookies.iter().all(|cookie| cookie.name.starts_with("__Host-") && cookie.secure), "{cookies:?}");
}
