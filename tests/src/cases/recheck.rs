//! The application asks the platform now and then whether a session goes on.

use std::time::Duration;

use http::{Method, StatusCode};
use maestrano_sandbox::Fault;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::browser::Page;
use crate::crm::me_until;
use crate::subject::Subject;
use crate::world::{JANE, JOHN, MARKETPLACE, Setting, World};

/// Signed out there is signed out here.
pub async fn a_session_ended_at_the_platform_ends_at_the_recheck(subject: &Subject) {
    let world = world(subject).await;
    let mut tab = world.signed_in(&JOHN).await;
    world.sandbox().end_session(JOHN.uid).await.expect("the sandbox knows John");
    let answer = me_until(&tab, |answer| answer.status != StatusCode::OK).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.json()["error"], "session_ended", "{}", answer.body);
    assert!(answer.cookies_set().is_empty(), "the answer to a script changes no cookie");
    tab.open(&world.app("/me")).await;
    assert!(tab.page().url.as_str().starts_with(world.sandbox().url()), "a person is asked to sign in again");
    world.sign_in(&mut tab, &JOHN).await;
    assert_eq!(tab.page().url.path(), "/me");
}

/// The platform is asked, says yes, and nobody notices.
pub async fn a_session_that_goes_on_is_kept(subject: &Subject) {
    let world = world(subject).await;
    let tab = world.signed_in(&JOHN).await;
    let answer =
        me_until(&tab, |answer| answer.status != StatusCode::OK || world.sandbox().session_checks() >= 2);
    assert_eq!(answer.await.status, StatusCode::OK);
}

/// No answer is not a no.
pub async fn an_outage_of_the_platform_signs_nobody_out(subject: &Subject) {
    let world = world(subject).await;
    let outages = [
        Fault::SessionCheckFails,
        Fault::SessionCheckRefused,
        Fault::SessionCheckHtml,
        Fault::SessionCheckHangs,
        Fault::SessionCheckBreaks,
        Fault::SessionCheckTrickles,
    ];
    for fault in outages {
        let tab = world.signed_in(&JOHN).await;
        world.sandbox().commit_fault(fault);
        let before = world.sandbox().session_checks();
        let asked = |_: &Page| world.sandbox().session_checks() > before;
        let answer = me_until(&tab, |answer| answer.status != StatusCode::OK || asked(answer)).await;
        assert_eq!(answer.status, StatusCode::OK, "{fault:?}");
        assert_eq!(tab.fetch(Method::GET, "/me").await.status, StatusCode::OK, "{fault:?}");
        world.sandbox().clear_faults();
    }
}

/// When the platform is back, sessions go on as if nothing had been, also past the grace; and those that it has ended
/// meanwhile end.
pub async fn after_an_outage_sessions_go_on_or_end_as_the_platform_says(subject: &Subject) {
    let folder = tempfile::TempDir::new().expect("a folder");
    let settings = folder.path().join("settings.toml");
    std::fs::write(&settings, "outage_grace_seconds = 0\nrecheck_timeout_seconds = 0.5\n").expect("a file");
    let variables = vec![("SETTINGS", settings.display().to_string())];
    let setting = Setting { recheck: Duration::from_secs(1), variables, ..Setting::default() };
    let world = World::with(subject, setting).await;
    let (john, jane) = (world.signed_in(&JOHN).await, world.signed_in(&JANE).await);
    for fault in [Fault::SessionCheckRefused, Fault::SessionCheckHangs] {
        world.sandbox().commit_fault(fault);
        for tab in [&john, &jane] {
            let answer = me_until(tab, |answer| answer.status != StatusCode::OK).await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{fault:?}");
            assert!(answer.cookies_set().is_empty(), "the cookie is kept");
            assert_eq!(answer.json()["error"], "platform_unreachable");
        }
        world.sandbox().clear_faults();
        for tab in [&john, &jane] {
            me_until(tab, |answer| answer.status == StatusCode::OK).await;
        }
    }
    world.sandbox().commit_fault(Fault::SessionCheckRefused);
    me_until(&jane, |answer| answer.status == StatusCode::SERVICE_UNAVAILABLE).await;
    world.sandbox().end_session(JANE.uid).await.expect("the sandbox knows Jane");
    world.sandbox().clear_faults();
    let answer = me_until(&jane, |answer| answer.status != StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(answer.json()["error"], "session_ended", "{}", answer.body);
    me_until(&john, |answer| answer.status == StatusCode::OK).await;
}

/// Killed in the middle of the platform's answer: the browser sends it again, to the next process, and is in, once.
pub async fn a_process_that_is_killed_takes_no_login_with_it(subject: &Subject) {
    let mut world = World::new(subject).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    let response = world.response_for(&mut tab, "/me").await;
    let mut half = TcpStream::connect(("127.0.0.1", world.port())).await.expect("the application listens");
    let head = format!(
        "POST /maestrano/auth/saml/consume/{MARKETPLACE} HTTP/1.1\r\nhost: localhost:{}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: 100\r\n\r\nSAMLResponse=",
        world.port()
    );
    half.write_all(head.as_bytes()).await.expect("the application reads");
    world.crash().await;
    tab.go(response.clone()).await;
    assert_eq!((tab.page().status, tab.page().url.path()), (StatusCode::OK, "/me"));
    let mut again = browser.tab();
    again.go(response).await;
    assert_eq!(again.page().url.path(), "/me", "the same response once more changes nothing");
    // The session is in the cookie, so it outlives the process too.
    world.crash().await;
    assert_eq!(tab.fetch(Method::GET, "/maestrano/nowhere").await.status, StatusCode::NOT_FOUND);
    assert_ne!(tab.fetch(Method::GET, "/me").await.status, StatusCode::UNAUTHORIZED);
}

async fn world(subject: &Subject) -> World {
    World::with(subject, Setting { recheck: Duration::from_secs(1), ..Setting::default() }).await
}
