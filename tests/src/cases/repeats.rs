//! Everyday browsers: many tabs, the same thing twice, pages loaded ahead of time, frames, and other addresses.

use http::{Method, StatusCode};

use crate::ask::{NAVIGATION, with_cookies};
use crate::browser::{Browser, Request, Tab};
use crate::crm::is_signed_in;
use crate::subject::Subject;
use crate::world::{JOHN, MARKETPLACE, World};

const LOGIN: &str = "mno_login";
const PLATFORM: &str = "/api/v1/auth/saml";

/// All of them have begun their login before the first has finished, and each arrives at its own page.
pub async fn six_restored_tabs_arrive_at_their_pages(subject: &Subject) {
    let world = World::new(subject).await;
    let browser = world.browser();
    sign_in_at_platform(&world, &browser).await;
    let mut tabs = Vec::new();
    for number in 0..6 {
        let mut tab = browser.tab();
        tab.pause_before(PLATFORM);
        let page = world.app(&format!("/me?tab={number}")).parse().expect("an address");
        let request = tab.go(Request::typed(page)).await.expect("it is led to the platform");
        tabs.push((tab, request));
    }
    assert_eq!(cookies_named(&browser, LOGIN), 6);
    for (number, (mut tab, request)) in tabs.into_iter().enumerate().rev() {
        tab.go(request).await;
        assert_eq!(tab.page().url.as_str(), world.app(&format!("/me?tab={number}")));
        assert_eq!(tab.page().status, StatusCode::OK);
    }
    assert_eq!(cookies_named(&browser, LOGIN), 0, "a finished login leaves no cookie");
}

/// A browser that begins logins and finishes none keeps twenty of them, and no request becomes large.
pub async fn thirty_logins_in_a_row_leave_twenty_cookies(subject: &Subject) {
    let world = World::new(subject).await;
    let browser = world.browser();
    let start = format!("/maestrano/auth/saml/init/{MARKETPLACE}");
    for _ in 0..30 {
        let mut tab = browser.tab();
        tab.pause_before(PLATFORM);
        assert!(tab.go(Request::typed(world.app(&start).parse().expect("an address"))).await.is_some());
    }
    assert_eq!(cookies_named(&browser, LOGIN), 20);
    assert!(world.cookies(&browser).len() < 2_000);
    let mut tab = browser.tab();
    tab.open(&world.app("/me")).await;
    world.sign_in(&mut tab, &JOHN).await;
    assert_eq!(tab.page().url.path(), "/me");
}

/// A page of another site that leads the browser to the start of a login, again and again, does not use up the login
/// that the user has begun.
pub async fn other_sites_use_up_no_login_of_the_application(subject: &Subject) {
    let world = World::new(subject).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    let response = world.response_for(&mut tab, "/me").await;
    for _ in 0..25 {
        let mut other = browser.tab();
        other.open(&world.platform("/health")).await;
        other.pause_before(PLATFORM);
        let start = world.app(&format!("/maestrano/auth/saml/init/{MARKETPLACE}"));
        let led = Request::led(other.page(), start.parse().expect("an address"));
        assert!(other.go(led).await.is_some());
    }
    assert_eq!(cookies_named(&browser, LOGIN), 7);
    tab.go(response).await;
    assert_eq!(tab.page().url.path(), "/me");
}

/// Posted twice, reopened, or posted again after the login: the user goes on to the page.
pub async fn a_response_posted_twice_leads_to_the_page(subject: &Subject) {
    let world = World::new(subject).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    let response = world.response_for(&mut tab, "/me?page=2").await;
    // The first answer is never looked at, as when a button is clicked twice.
    tab.pause_before("/finish");
    let finish = tab.go(response.clone()).await.expect("the response is good");
    for request in [response.clone(), finish, response] {
        tab.go(request).await;
        assert_eq!(tab.page().url.as_str(), world.app("/me?page=2"), "{}", tab.page().text());
    }
    assert!(is_signed_in(&tab).await);
}

/// Loading ahead of time, asking for the head, and asking in the background begin no login and end no session.
pub async fn only_a_navigation_begins_or_ends_anything(subject: &Subject) {
    let world = World::new(subject).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    tab.open(&world.app("/me")).await;
    world.sign_in(&mut tab, &JOHN).await;
    let links = tab.page().links();
    let sign_out =
        links.iter().find(|link| link.url.path() == "/maestrano/logout").map(|link| link.url.clone());
    let start = format!("/maestrano/auth/saml/init/{MARKETPLACE}");
    let ahead = [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("x-moz", "prefetch"),
        ("sec-fetch-mode", "no-cors"),
    ];
    let cookies = world.cookies(&browser);
    let logout = sign_out.map(|url| url[url::Position::BeforePath..].to_owned());
    let paths = [Some(start), Some("/maestrano/logout".to_owned()), logout];
    for path in paths.iter().flatten() {
        for field in ahead {
            let fields = [("accept", "text/html"), ("cookie", cookies.as_str()), field];
            let answer = world.ask(Method::GET, path, &fields, "").await;
            assert!(answer.status == 503 || answer.status == 400, "{path} {field:?}: {}", answer.status);
            assert!(answer.cookies_set().is_empty() && answer.header("cache-control") == "no-store");
        }
    }
    assert!(is_signed_in(&tab).await);
}

/// A page in a frame shows the way to sign in, in the whole window, because the platform refuses to be framed.
pub async fn a_page_in_a_frame_opens_the_sign_in_in_the_whole_window(subject: &Subject) {
    let world = World::new(subject).await;
    let [accept, mode] = NAVIGATION;
    for destination in ["iframe", "object"] {
        let fields = [accept, mode, ("sec-fetch-dest", destination)];
        let answer = world.ask(Method::GET, "/me?a=b", &fields, "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        let init = world.app(&format!("/maestrano/auth/saml/init/{MARKETPLACE}?return_to=%2Fme%3Fa%3Db"));
        assert!(answer.links().iter().any(|link| link.url.as_str() == init), "{}", answer.body);
        assert!(answer.body.contains("target=\"_top\""));
        assert!(answer.header("content-security-policy").contains("frame-ancestors *"));
        assert!(answer.cookies_set().is_empty());
    }
}

/// The login of a script begins at the page that sent it, which is found again.
pub async fn a_script_is_told_to_come_back_to_its_page(subject: &Subject) {
    let world = World::new(subject).await;
    let init = world.app(&format!("/maestrano/auth/saml/init/{MARKETPLACE}"));
    for (referer, query) in [
        (world.app("/contacts?page=2"), "?return_to=%2Fcontacts%3Fpage%3D2"),
        (world.platform("/contacts"), ""),
    ] {
        let fields =
            [("accept", "application/json"), ("sec-fetch-mode", "cors"), ("referer", referer.as_str())];
        let told = world.ask(Method::GET, "/me", &fields, "").await;
        assert_eq!(told.json()["login"], format!("{init}{query}"));
    }
}

/// Opened under another name of the machine, the application goes on under its own before a login begins.
pub async fn an_alias_of_the_host_goes_on_at_the_configured_one(subject: &Subject) {
    let world = World::new(subject).await;
    let alias = format!("127.0.0.1:{}", world.port());
    let led = world.ask(Method::GET, "/me?a=b", &[NAVIGATION[0], NAVIGATION[1], ("host", &alias)], "").await;
    let init = world.app(&format!("/maestrano/auth/saml/init/{MARKETPLACE}?return_to=%2Fme%3Fa%3Db"));
    assert_eq!((led.status, led.header("location")), (StatusCode::SEE_OTHER, init.as_str()));
    assert!(led.cookies_set().is_empty());
}

/// The header fields of any answer fit into the buffer of a proxy, 4 KB, with room for what it adds itself.
pub async fn header_fields_stay_below_the_buffer_of_a_proxy(subject: &Subject) {
    let world = World::new(subject).await;
    let start = format!("/maestrano/auth/saml/init/{MARKETPLACE}");
    let long = "a".repeat(6_000);
    let paths = [
        format!("/me?{long}"),
        format!("/me?{}", "b".repeat(1_000)),
        format!("{start}?return_to=/me&x={long}"),
        format!("{start}?group_id={long}&user_uid={long}"),
        format!("{start}?{}group_id=cld-1", "group_id=cld-2&".repeat(400)),
        format!("/maestrano/auth/saml/init?{long}"),
    ];
    let browser = world.browser();
    let mut tab = browser.tab();
    tab.pause_before(PLATFORM);
    tab.open(&world.app(&start)).await;
    let begun = world.cookies(&browser);
    // More logins are pending than the application keeps, so some are removed.
    let (name, value) = begun.split_once('=').expect("the cookie of the login");
    let other = |number| format!("{}{number:03}={value}", &name[..name.len() - 3]);
    let cookies = (0..25).map(other).collect::<Vec<_>>().join("; ");
    for path in paths {
        let answer = world.ask(Method::GET, &path, &with_cookies(NAVIGATION, &cookies), "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        let length: usize =
            answer.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        assert!(length < 3_500, "{length} bytes for {path}");
    }
}

async fn sign_in_at_platform(world: &World, browser: &Browser) {
    let mut tab: Tab = browser.tab();
    tab.open(&world.platform("/")).await;
    world.sign_in(&mut tab, &JOHN).await;
}

fn cookies_named(browser: &Browser, part: &str) -> usize {
    browser.jar().all().iter().filter(|cookie| cookie.name.contains(part)).count()
}
