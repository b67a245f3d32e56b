//! The table of answers (docs/adapters.md), row by row, to a browser that goes to a page and to a program: how logins
//! end.

use http::{Method, StatusCode};
use tempfile::TempDir;

use crate::ask::{Asker, CLIENT, NAVIGATION, PROGRAM, assert_quiet, reference, with_cookies};
use crate::browser::{Browser, Page, Request, Tab};
use crate::crm::me;
use crate::subject::Subject;
use crate::world::{JANE, JOHN, MARKETPLACE, Setting, World};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// Row "not begun here, too old, or already used": a page begins again once by itself, anything else is told so.
pub async fn a_login_that_cannot_be_finished_offers_to_begin_again(subject: &Subject) {
    let mut world = World::new(subject).await;
    let (_, _, finish) = about_to_finish(&world).await;
    let here = path_of(&finish);
    for path in [&here, "/maestrano/auth/saml/finish?t=x", "/maestrano/auth/saml/finish"] {
        for fields in [NAVIGATION, PROGRAM, CLIENT] {
            let answer = world.ask(Method::GET, path, &fields, "").await;
            if path == here && fields == NAVIGATION {
                assert_eq!(answer.status, StatusCode::SEE_OTHER);
                assert!(answer.header("location").starts_with(&world.platform("/")), "{answer:?}");
            } else {
                assert_refused(&mut world, &answer, fields, "login_not_begun").await;
            }
        }
    }
}

/// Row "response refused".
pub async fn a_refused_response_is_told_to_people_and_programs(subject: &Subject) {
    let mut world = World::new(subject).await;
    let path = format!("/maestrano/auth/saml/consume/{MARKETPLACE}");
    for fields in [NAVIGATION, PROGRAM] {
        let [accept, mode] = fields;
        let answer = world.ask(Method::POST, &path, &[accept, mode, FORM], "SAMLResponse=PGEvPg%3D%3D").await;
        assert_refused(&mut world, &answer, fields, "login_refused").await;
    }
}

/// Row "redirect loop": four logins were finished in a row, and no session came back.
pub async fn a_redirect_loop_is_told_to_people_and_programs(subject: &Subject) {
    let mut world = World::new(subject).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    tab.open(&world.app("/me")).await;
    world.sign_in(&mut tab, &JOHN).await;
    for _ in 0..3 {
        browser.jar().forget("mno_session");
        tab.open(&world.app("/me")).await;
        assert_eq!(tab.page().url.path(), "/me");
    }
    browser.jar().forget("mno_session");
    let start = format!("/maestrano/auth/saml/init/{MARKETPLACE}?return_to=/me");
    for fields in [NAVIGATION, CLIENT] {
        let cookies = world.cookies(&browser);
        let told = world.ask(Method::GET, &start, &with_cookies(fields, &cookies), "").await;
        assert_refused(&mut world, &told, fields, "redirect_loop").await;
        assert!(told.body.contains("start_again=1"), "{}", told.body);
    }
    tab.open(&world.app("/me")).await;
    tab.click_to("start_again=1").await;
    assert_eq!(tab.page().url.path(), "/me", "the page leads on, to the page that was asked for");
}

/// Row "the app refuses the user": the platform's page says so, to whomever.
pub async fn a_user_whom_the_app_refuses_sees_the_platforms_page(subject: &Subject) {
    let variables = vec![("EXCLUDED_COMPANIES", "cld-9, cld-1".to_owned())];
    let mut world = World::with(subject, Setting { variables, ..Setting::default() }).await;
    let refused_at = world.platform("/app_access_unauthorized");
    let (browser, mut tab, finish) = about_to_finish(&world).await;
    tab.go(finish).await;
    assert_eq!(tab.page().url.as_str(), refused_at);
    assert!(world.session_cookie(&browser).is_none());
    world.log_line("refused_by_app").await;

    let (browser, _, finish) = about_to_finish(&world).await;
    let answer =
        world.ask(Method::GET, &path_of(&finish), &with_cookies(CLIENT, &world.cookies(&browser)), "").await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, refused_at.as_str()));
    assert!(!answer.cookies_set().iter().any(|name| name.contains("mno_session")));
    assert_quiet(&answer);

    let mut tab = world.browser().tab();
    tab.open(&world.app("/me")).await;
    world.sign_in(&mut tab, &JANE).await;
    tab.click_to("group_id=cld-2").await;
    assert_eq!(me(&tab).await["group_uid"], "cld-2", "the others come in");
}

/// Row "the app's `sign_in` failed": the person sees a reference, the developer the reason under it.
pub async fn a_sign_in_that_fails_shows_a_reference_only(subject: &Subject) {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("crm.db");
    let variables = vec![("DATABASE", file.display().to_string())];
    let mut world = World::with(subject, Setting { variables, ..Setting::default() }).await;
    let (browser, mut tab, finish) = about_to_finish(&world).await;
    let (other, _, same) = about_to_finish(&world).await;
    std::fs::write(&file, "this is no database any more ".repeat(1000)).expect("the file can be written");
    tab.go(finish).await;
    let told =
        world.ask(Method::GET, &path_of(&same), &with_cookies(CLIENT, &world.cookies(&other)), "").await;
    assert_eq!(told.json()["error"], "app_failed", "{}", told.body);
    for answer in [tab.page(), &told] {
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!answer.body.contains("database"), "{}", answer.body);
        assert!(!answer.cookies_set().iter().any(|name| name.contains("mno_session")));
        assert_quiet(answer);
        let line = world.log_line(&reference(answer)).await;
        assert!(line.contains("ERROR") && line.contains("database"), "{line}");
    }
    assert!(world.session_cookie(&browser).is_none() && world.session_cookie(&other).is_none());
}

/// A browser whose next step finishes John's login.
async fn about_to_finish(world: &World) -> (Browser, Tab, Request) {
    let browser = world.browser();
    let mut tab = browser.tab();
    let response = world.response_for(&mut tab, "/me").await;
    tab.pause_before("/finish");
    let finish = tab.go(response).await.expect("the response is good");
    (browser, tab, finish)
}

fn path_of(request: &Request) -> String {
    request.url[url::Position::BeforePath..].to_owned()
}

/// A refusal: 403, a way to begin again, and a reference under which the log has the reason.
async fn assert_refused(world: &mut World, answer: &Page, asker: Asker, error: &str) {
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
    assert_quiet(answer);
    if asker != NAVIGATION {
        let json = answer.json();
        assert_eq!(json["error"], error, "{}", answer.body);
        let init = world.app("/maestrano/auth/saml/init");
        assert!(json["login"].as_str().is_some_and(|login| login.starts_with(&init)), "{json}");
    } else {
        let again =
            answer.links().into_iter().find(|link| link.url.path().starts_with("/maestrano/auth/saml/init"));
        assert!(again.is_some(), "no way to begin again: {}", answer.body);
    }
    let line = world.log_line(&reference(answer)).await;
    assert!(line.contains("login refused"), "{line}");
}
