//! The application asks the platform now and then whether a session goes on.

use std::time::Duration;

use http::{Method, StatusCode};
use maestrano_sandbox::Fault;

use crate::browser::{Page, Tab};
use crate::subject::Subject;
use crate::world::{JOHN, Setting, World};

/// Longer than any recheck takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Signed out there is signed out here.
pub async fn a_session_ended_at_the_platform_ends_at_the_recheck(subject: &Subject) {
    let world = world(subject).await;
    let mut tab = world.signed_in(&JOHN).await;
    world.sandbox().end_session(JOHN.uid).await.expect("the sandbox knows John");
    let answer = ask_until(&tab, |answer| answer.status != StatusCode::OK).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.json()["error"], "session_ended", "{}", answer.body);
    assert!(answer.cookies_set().iter().any(|name| name.contains("mno_session")), "the cookie is cleared");
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
        ask_until(&tab, |answer| answer.status != StatusCode::OK || world.sandbox().session_checks() >= 2);
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
    ];
    for fault in outages {
        let tab = world.signed_in(&JOHN).await;
        world.sandbox().commit_fault(fault);
        let before = world.sandbox().session_checks();
        let asked = |_: &Page| world.sandbox().session_checks() > before;
        let answer = ask_until(&tab, |answer| answer.status != StatusCode::OK || asked(answer)).await;
        assert_eq!(answer.status, StatusCode::OK, "{fault:?}");
        assert_eq!(tab.fetch(Method::GET, "/me").await.status, StatusCode::OK, "{fault:?}");
        world.sandbox().clear_faults();
    }
}

async fn world(subject: &Subject) -> World {
    World::with(subject, Setting { recheck: Duration::from_secs(1), ..Setting::default() }).await
}

/// Asks for `/me` again and again until the answer is the one.
async fn ask_until(tab: &Tab, is_it: impl Fn(&Page) -> bool) -> Page {
    let asking = async {
        let mut beat = tokio::time::interval(Duration::from_millis(100));
        loop {
            beat.tick().await;
            let answer = tab.fetch(Method::GET, "/me").await;
            if is_it(&answer) {
                return answer;
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.expect("the answer changes at the recheck")
}
