//! The browser against small servers: a platform at 127.0.0.1 and an application at localhost.
#![allow(clippy::expect_used, reason = "a failed test panics")]

use std::net::SocketAddr;

use axum::Router;
use axum::extract::Query;
use axum::http::HeaderMap;
use axum::response::{Html, Redirect};
use axum::routing::{any, get};
use http::{Method, StatusCode};
use maestrano_conformance::browser::{Browser, Network, Request, Tab, Trail};
use maestrano_conformance::chromium::Chromium;
use std::collections::HashMap;
use tokio::net::TcpListener;

const COOKIES: [&str; 4] = [
    "none=1; Path=/; SameSite=None; Secure",
    "__Host-none=1; Path=/; SameSite=None; Secure",
    "lax=1; Path=/; SameSite=Lax",
    "strict=1; Path=/; SameSite=Strict",
];

/// Serves the routes on a free port of 127.0.0.1.
async fn serve(routes: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

/// Sends back the header fields that came, one a line.
async fn echo(method: http::Method, headers: HeaderMap, body: String) -> String {
    let fields =
        headers.iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap_or_default()));
    format!("{method}\n{}\n{body}", fields.collect::<String>())
}

fn application() -> Router {
    let cookies = COOKIES.map(|cookie| ("set-cookie", cookie));
    Router::new()
        .route("/set", get(async move || (axum::response::AppendHeaders(cookies), "set")))
        .route(
            "/arriving",
            any(async || ([("set-cookie", "late=1; Path=/; SameSite=Lax")], Redirect::to("/echo"))),
        )
        .route("/refreshing", any(async || Html("<meta http-equiv=refresh content='0; url=/echo'>")))
        .route("/posting", any(async || Html(posting("/echo"))))
        .route("/kept", any(async || Redirect::temporary("/echo")))
        .route("/moved", any(async || (StatusCode::FOUND, [("location", "/echo")])))
        .route("/circle", any(async || Redirect::to("/circle")))
        .route(
            "/silent",
            any(async || ([("referrer-policy", "no-referrer")], Html("<a href='/echo?x'>on</a>"))),
        )
        .route(
            "/form",
            get(async || Html("<form method=post action=/echo><textarea name=t>\n\na\nb</textarea><button>Go</button></form>")),
        )
        .route("/button", get(async || Html("<form method=post action='/echo'><button>Press</button></form>")))
        .route("/echo", any(echo))
}

fn platform() -> Router {
    let to = async |Query(query): Query<HashMap<String, String>>| Html(posting(&query["to"]));
    let led = async |Query(query): Query<HashMap<String, String>>| {
        Html(format!("<a href='{}'>go</a>", query["to"]))
    };
    Router::new().route("/post", get(to)).route("/link", get(led))
}

fn posting(to: &str) -> String {
    format!(
        "<body onload='document.forms[0].submit()'><form method=post action='{to}'>\
         <input type=hidden name=SAMLResponse value='a\nb'><input type=submit name=commit value=Submit></form></body>"
    )
}

/// A browser that has the application's cookies, and the two origins.
async fn visitor() -> (Tab, String, String) {
    let app = format!("http://localhost:{}", serve(application()).await.port());
    let platform = format!("http://{}", serve(platform()).await);
    let mut tab = Browser::new(&Network::new(), &Trail::default()).tab();
    tab.open(&format!("{app}/set")).await;
    (tab, app, platform)
}

/// The names of the cookies an echoed request carried.
fn cookies(tab: &Tab) -> Vec<String> {
    let line = tab.page().body.lines().find_map(|line| line.strip_prefix("cookie: ")).unwrap_or_default();
    let mut names: Vec<_> =
        line.split("; ").filter_map(|pair| pair.split('=').next()).map(str::to_owned).collect();
    names.sort();
    names.retain(|name| !name.is_empty());
    names
}

fn says(tab: &Tab, line: &str) -> bool {
    tab.page().body.lines().any(|found| found == line)
}

#[tokio::test]
async fn a_foreign_post_carries_none_cookies_only() {
    let (mut tab, app, platform) = visitor().await;
    tab.open(&format!("{platform}/post?to={app}/echo")).await;
    assert_eq!(cookies(&tab), ["__Host-none", "none"]);
    assert!(
        says(&tab, "POST")
            && says(&tab, "sec-fetch-site: cross-site")
            && says(&tab, &format!("origin: {platform}"))
    );
}

#[tokio::test]
async fn a_redirect_after_a_foreign_post_carries_lax_and_not_strict() {
    let (mut tab, app, platform) = visitor().await;
    tab.open(&format!("{platform}/post?to={app}/arriving")).await;
    assert_eq!(cookies(&tab), ["__Host-none", "late", "lax", "none"]);
    assert!(says(&tab, "GET") && says(&tab, "sec-fetch-site: cross-site"));
}

#[tokio::test]
async fn a_refresh_after_a_foreign_post_carries_strict_too() {
    let (mut tab, app, platform) = visitor().await;
    tab.open(&format!("{platform}/post?to={app}/refreshing")).await;
    assert_eq!(cookies(&tab), ["__Host-none", "lax", "none", "strict"]);
    assert!(says(&tab, "sec-fetch-site: same-origin"));
}

#[tokio::test]
async fn a_form_that_posts_itself_after_a_foreign_post_carries_everything() {
    let (mut tab, app, platform) = visitor().await;
    tab.open(&format!("{platform}/post?to={app}/posting")).await;
    assert_eq!(cookies(&tab), ["__Host-none", "lax", "none", "strict"]);
    assert!(says(&tab, "POST"));
}

#[tokio::test]
async fn a_foreign_link_carries_lax_and_not_strict() {
    let (mut tab, app, platform) = visitor().await;
    tab.open(&format!("{platform}/link?to={app}/echo")).await;
    tab.click_to("/echo").await;
    assert_eq!(cookies(&tab), ["__Host-none", "lax", "none"]);
    assert!(says(&tab, &format!("referer: {platform}/")) && says(&tab, "sec-fetch-user: ?1"));
}

#[tokio::test]
async fn a_typed_address_carries_everything() {
    let (mut tab, app, _) = visitor().await;
    tab.open(&format!("{app}/echo")).await;
    assert_eq!(cookies(&tab), ["__Host-none", "lax", "none", "strict"]);
    assert!(says(&tab, "sec-fetch-site: none") && says(&tab, "sec-fetch-mode: navigate"));
}

#[tokio::test]
async fn tabs_share_their_cookies_and_browsers_do_not() {
    let (tab, app, _) = visitor().await;
    let browser = Browser::new(&Network::new(), &Trail::default());
    let (mut one, mut two) = (browser.tab(), browser.tab());
    one.open(&format!("{app}/set")).await;
    two.open(&format!("{app}/echo")).await;
    assert_eq!(cookies(&two).len(), 4);
    drop(tab);
    let mut stranger = Browser::new(&Network::new(), &Trail::default()).tab();
    stranger.open(&format!("{app}/echo")).await;
    assert!(cookies(&stranger).is_empty());
}

#[tokio::test]
async fn a_temporary_redirect_keeps_the_post_and_a_found_does_not() {
    let (mut tab, app, platform) = visitor().await;
    tab.open(&format!("{platform}/post?to={app}/kept")).await;
    assert!(says(&tab, "POST") && says(&tab, "SAMLResponse=a%0D%0Ab"));
    tab.open(&format!("{platform}/post?to={app}/moved")).await;
    assert!(says(&tab, "GET"));
}

#[tokio::test]
async fn line_breaks_in_forms_are_sent_as_two_characters() {
    let (mut tab, app, _) = visitor().await;
    let form = tab.open(&format!("{app}/form")).await.forms().remove(0);
    tab.submit(form).await;
    assert!(says(&tab, "t=%0D%0Aa%0D%0Ab") && says(&tab, &format!("origin: {app}")));
}

#[tokio::test]
async fn an_empty_form_tells_its_length() {
    let (mut tab, app, _) = visitor().await;
    let form = tab.open(&format!("{app}/button")).await.forms().remove(0);
    tab.submit(form).await;
    assert!(says(&tab, "content-length: 0"), "{}", tab.page().body);
}

#[tokio::test]
async fn a_silent_page_tells_neither_referrer_nor_origin() {
    let (mut tab, app, _) = visitor().await;
    tab.open(&format!("{app}/silent")).await;
    tab.click_to("/echo").await;
    assert!(!tab.page().body.contains("referer:") && says(&tab, "sec-fetch-site: same-origin"));
}

#[tokio::test]
async fn a_script_asks_without_navigating() {
    let (tab, _, _) = visitor().await;
    let answer = tab.fetch(Method::GET, "/echo").await;
    assert!(
        answer.body.contains("sec-fetch-mode: cors\n") && answer.body.contains("accept: application/json\n")
    );
    assert_eq!(tab.page().body, "set");
}

#[tokio::test]
async fn a_paused_request_can_be_sent_by_another_browser() {
    let (mut tab, app, platform) = visitor().await;
    tab.pause_before("/echo");
    let start = Request::typed(format!("{platform}/post?to={app}/echo").parse().unwrap());
    let held = tab.go(start).await.unwrap();
    assert_eq!(held.field("SAMLResponse"), "a\nb");
    let mut thief = Browser::new(&Network::new(), &Trail::default()).tab();
    assert!(thief.go(held.with_field("SAMLResponse", "c")).await.is_none());
    assert!(says(&thief, "SAMLResponse=c"));
}

#[tokio::test]
async fn a_virtual_https_host_leads_to_this_machine() {
    let mut network = Network::new();
    network.lead("crm.example.com", serve(application()).await);
    let browser = Browser::new(&network, &Trail::default());
    let mut tab = browser.tab();
    tab.open("https://crm.example.com/set").await;
    tab.open("https://crm.example.com/echo").await;
    assert!(says(&tab, "host: crm.example.com"));
    assert_eq!(cookies(&tab).len(), 4);
}

/// The lines of an echoed request in which two browsers must agree.
fn facts(echo: &str) -> Vec<String> {
    let telling = ["cookie:", "sec-fetch-", "origin:", "referer:", "content-type:", "upgrade-", "SAML", "t="];
    let lines = echo.lines().filter(|line| telling.iter().any(|name| line.starts_with(name)));
    let mut lines: Vec<_> = lines.map(str::to_owned).chain(echo.lines().next().map(str::to_owned)).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn chromium_sends_what_this_browser_sends() {
    let (mut tab, app, platform) = visitor().await;
    let chromium = Chromium::start("browser").await;
    chromium.open(&format!("{app}/set")).await;
    let pages = [
        format!("{app}/echo"),
        format!("{platform}/post?to={app}/echo"),
        format!("{platform}/post?to={app}/arriving"),
        format!("{platform}/post?to={app}/refreshing"),
        format!("{platform}/post?to={app}/posting"),
        format!("{platform}/post?to={app}/kept"),
        format!("{platform}/post?to={app}/moved"),
        format!("{platform}/link?to={app}/echo"),
        format!("{platform}/link?to={app}/moved"),
        format!("{app}/silent"),
        format!("{app}/form"),
    ];
    for page in pages {
        tab.open(&page).await;
        chromium.open(&page).await;
        if let Some(link) = tab.page().links().first().cloned() {
            tab.click(&link).await;
            chromium.click("a").await;
        }
        if let Some(form) = tab.page().forms().into_iter().next() {
            tab.submit(form).await;
            chromium.click("button").await;
        }
        chromium.arrive_at(&format!("{app}/echo")).await;
        assert_eq!(facts(&chromium.text().await), facts(&tab.page().body), "{page}");
    }
    chromium.close().await;
}

#[tokio::test]
#[should_panic(expected = "the pages go in a circle")]
async fn a_circle_of_redirects_ends() {
    let (mut tab, app, _) = visitor().await;
    tab.open(&format!("{app}/circle")).await;
}

#[tokio::test]
async fn the_trail_tells_every_hop() {
    let trail = Trail::default();
    let app = format!("http://localhost:{}", serve(application()).await.port());
    let mut tab = Browser::new(&Network::new(), &trail).tab();
    tab.open(&format!("{app}/arriving")).await;
    let told = trail.to_string();
    assert!(
        told.contains("303 GET") && told.contains("[set late]") && told.contains("[sent late]"),
        "{told}"
    );
}
