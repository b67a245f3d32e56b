//! The table of answers (docs/adapters.md), row by row, to a browser that goes to a page and to a program: sessions,
//! addresses, and logout. How logins end is in [`outcomes`](super::outcomes).

use std::time::Duration;

use http::{Method, StatusCode};
use maestrano_sandbox::Fault;
use tempfile::TempDir;

use crate::ask::{NAVIGATION, PROGRAM, ask_until, assert_quiet, with_cookies};
use crate::browser::Page;
use crate::subject::Subject;
use crate::world::{JANE, JOHN, MARKETPLACE, Setting, World};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// Row "no session": to the only marketplace, the default one, the one used last, or to the choice.
pub async fn without_a_session_the_way_in_is_named(subject: &Subject) {
    const THREE: &[&str] = &["alpha", "beta", "gamma"];
    let default = [("MNO_DEFAULT_MARKETPLACE", "beta".to_owned())];
    let settings = [
        (&[MARKETPLACE][..], &[][..], "/maestrano/auth/saml/init/maestrano-local"),
        (THREE, &[], "/maestrano/auth/saml/init"),
        (THREE, &default, "/maestrano/auth/saml/init/beta"),
    ];
    for (marketplaces, variables, way_in) in settings {
        let setting = Setting { marketplaces, variables: variables.to_vec(), ..Setting::default() };
        let world = World::with(subject, setting).await;
        assert_leads_to(&world, "", way_in).await;
        if !variables.is_empty() {
            let browser = world.browser();
            let mut tab = browser.tab();
            tab.open(&world.app("/maestrano/auth/saml/init/gamma")).await;
            world.sign_in(&mut tab, &JOHN).await;
            let remembered = world.cookies(&browser).replace("mno_session", "without_session");
            assert_leads_to(&world, &remembered, "/maestrano/auth/saml/init/gamma").await;
        }
    }
}

/// Row "session ended": back to the same company. A navigation clears the cookie; the answer to a script leaves it,
/// because it may come after a new login.
pub async fn an_ended_session_leads_back_to_its_company(subject: &Subject) {
    let world = World::with(subject, Setting { recheck: Duration::from_secs(1), ..Setting::default() }).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    tab.open(&world.app("/me")).await;
    world.sign_in(&mut tab, &JANE).await;
    tab.click_to("group_id=cld-2").await;
    let cookies = world.cookies(&browser);
    world.sandbox().end_session(JANE.uid).await.expect("the sandbox knows Jane");
    let ended = me_until(&world, &cookies, |answer| answer.status != StatusCode::OK).await;
    let init = world.app(&format!("/maestrano/auth/saml/init/{MARKETPLACE}"));
    assert_eq!(ended.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        (&ended.json()["error"], &ended.json()["login"]),
        (&"session_ended".into(), &format!("{init}?group_id=cld-2").into())
    );
    assert!(ended.cookies_set().is_empty(), "{:?}", ended.cookies_set());
    let led = world.ask(Method::GET, "/me", &with_cookies(NAVIGATION, &cookies), "").await;
    let way_in = format!("{init}?return_to=%2Fme&group_id=cld-2");
    assert_eq!((led.status, led.header("location")), (StatusCode::SEE_OTHER, way_in.as_str()));
    assert_cleared(&led);
    let home = world.ask(Method::GET, "/", &with_cookies(NAVIGATION, &cookies), "").await;
    assert_eq!(home.status, StatusCode::OK, "a page for everybody stays one");
}

/// Row "platform unreachable past the grace": nobody is signed out, and nobody gets in unchecked.
pub async fn past_the_grace_the_answer_is_503_and_the_cookie_stays(subject: &Subject) {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("settings.toml");
    std::fs::write(&file, "outage_grace_seconds = 0\nrecheck_timeout_seconds = 1\n")
        .expect("the settings are kept");
    let variables = vec![("SETTINGS", file.display().to_string())];
    let setting = Setting { recheck: Duration::from_secs(1), variables, ..Setting::default() };
    let world = World::with(subject, setting).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    tab.open(&world.app("/me")).await;
    world.sign_in(&mut tab, &JOHN).await;
    let cookies = world.cookies(&browser);
    world.sandbox().commit_fault(Fault::SessionCheckFails);
    let told = me_until(&world, &cookies, |answer| answer.status != StatusCode::OK).await;
    assert_eq!(
        (told.status, &told.json()["error"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"platform_unreachable".into())
    );
    for path in ["/me", "/"] {
        let shown = world.ask(Method::GET, path, &with_cookies(NAVIGATION, &cookies), "").await;
        assert_eq!(shown.status, StatusCode::SERVICE_UNAVAILABLE, "{path}: an outage is not nobody");
        assert!(shown.text().contains("try again"), "{}", shown.text());
        for answer in [&told, &shown] {
            assert!(answer.cookies_set().is_empty() && !answer.header("retry-after").is_empty());
            assert_quiet(answer);
        }
    }
    world.sandbox().clear_faults();
    let back = me_until(&world, &cookies, |answer| answer.status == StatusCode::OK).await;
    assert_eq!(back.json()["uid"], JOHN.uid, "the same cookie opens again");
}

/// Row "unknown marketplace or path, method, too large".
pub async fn what_is_not_there_is_told_in_the_askers_words(subject: &Subject) {
    let world = World::new(subject).await;
    let consume = format!("/maestrano/auth/saml/consume/{MARKETPLACE}");
    let table = [
        (Method::GET, "/maestrano/nowhere", 0, StatusCode::NOT_FOUND, "not_found"),
        (Method::GET, "/maestrano/auth/saml/init/nobody", 0, StatusCode::NOT_FOUND, "not_found"),
        (Method::POST, "/maestrano/auth/saml/consume/nobody", 20, StatusCode::NOT_FOUND, "not_found"),
        (Method::GET, &consume, 0, StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
        (
            Method::POST,
            "/maestrano/auth/saml/finish",
            0,
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
        ),
        (Method::POST, &consume, 1_100_000, StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
    ];
    for (method, path, length, status, error) in table {
        for fields in [NAVIGATION, PROGRAM] {
            let [accept, mode] = fields;
            let answer = world.ask(method.clone(), path, &[accept, mode, FORM], "a".repeat(length)).await;
            assert_eq!(answer.status, status, "{method} {path}");
            match fields {
                PROGRAM => assert_eq!(answer.json()["error"], error, "{}", answer.body),
                _ => assert!(
                    answer.header("content-type").starts_with("text/html") && !answer.text().is_empty()
                ),
            }
            assert!(answer.cookies_set().is_empty());
            assert_quiet(&answer);
        }
    }
}

/// The four rows of logout.
pub async fn a_logout_is_done_asked_or_idle(subject: &Subject) {
    const LOGOUT: &str = "/maestrano/logout";
    let world = World::new(subject).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    tab.open(&world.app("/me")).await;
    world.sign_in(&mut tab, &JOHN).await;
    let cookies = world.cookies(&browser);
    let leave = world.platform("/app_logout?user_uid=usr-1");
    for fields in [NAVIGATION, PROGRAM] {
        let [accept, mode] = fields;
        for method in [Method::GET, Method::POST] {
            let nobody = world.ask(method.clone(), LOGOUT, &[accept, mode, FORM], "").await;
            if method == Method::GET && fields == PROGRAM {
                assert_eq!(nobody.json()["error"], "navigation_required");
            } else {
                assert!(leads_to(&nobody, "/"), "{method}: {nobody:?}");
            }
            for site in ["same-origin", "same-site", "cross-site", "none"] {
                let fields = [accept, mode, FORM, ("cookie", &cookies), ("sec-fetch-site", site)];
                let answer = world.ask(method.clone(), LOGOUT, &fields, "").await;
                if method == Method::POST && site == "same-origin" {
                    assert!(leads_to(&answer, &leave), "{answer:?}");
                    assert_cleared(&answer);
                } else if method == Method::GET && fields[1] == PROGRAM[1] {
                    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{method} {site}");
                    assert!(answer.cookies_set().is_empty());
                } else {
                    assert_eq!(answer.status, StatusCode::OK, "{method} {site}");
                    assert!(answer.cookies_set().is_empty() && answer.forms().len() == 1, "{}", answer.body);
                }
                assert_quiet(&answer);
            }
        }
    }
    tab.open(&world.app(LOGOUT)).await;
    let form = tab.page().forms().into_iter().next().expect("the page asks");
    tab.submit(form).await;
    assert_eq!(tab.page().url.as_str(), leave, "and whoever says yes leaves");
    assert!(world.session_cookie(&browser).is_none());
}

/// Asks as a program for `/me` again and again until the answer is the one.
async fn me_until(world: &World, cookies: &str, is_it: impl Fn(&Page) -> bool) -> Page {
    let fields = with_cookies(PROGRAM, cookies);
    ask_until(async || world.ask(Method::GET, "/me", &fields, "").await, is_it).await
}

/// A page is led to the start of a login at the configured host, and will be found again; a script is told where a
/// login starts.
async fn assert_leads_to(world: &World, cookies: &str, path: &str) {
    let init = world.app(path);
    let led = world.ask(Method::GET, "/me?a=b", &with_cookies(NAVIGATION, cookies), "").await;
    let way_in = format!("{init}?return_to=%2Fme%3Fa%3Db");
    assert_eq!((led.status, led.header("location")), (StatusCode::SEE_OTHER, way_in.as_str()));
    let told = world.ask(Method::GET, "/me?a=b", &with_cookies(PROGRAM, cookies), "").await;
    assert_eq!((told.status, &told.json()["error"]), (StatusCode::UNAUTHORIZED, &"login_required".into()));
    assert_eq!(told.json()["login"], init);
    for answer in [led, told] {
        assert!(answer.cookies_set().is_empty(), "{:?}", answer.cookies_set());
        assert_quiet(&answer);
    }
}

/// By a redirect, or by a page that goes on by itself, which a browser gets that has posted a form.
fn leads_to(answer: &Page, address: &str) -> bool {
    match answer.status {
        StatusCode::SEE_OTHER => answer.header("location") == address,
        StatusCode::OK => answer.body.contains(&format!("content=\"0; url={address}\"")),
        _ => false,
    }
}

fn assert_cleared(answer: &Page) {
    let lines = answer.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
    let cleared = lines.filter(|line| line.contains("mno_session")).all(|line| line.contains("Max-Age=0"));
    let named = answer.cookies_set().iter().any(|name| name.contains("mno_session"));
    assert!(named && cleared, "{:?}", answer.headers);
}
