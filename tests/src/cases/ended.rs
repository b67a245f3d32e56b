//! Sessions that end before their time: the platform says who is gone, or somebody signs out.

use http::{Method, StatusCode};

use crate::ask::{PROGRAM, with_cookies};
use crate::browser::{Page, Tab};
use crate::crm::{is_signed_in, me, sign_out};
use crate::subject::Subject;
use crate::world::{JANE, JOHN, MARKETPLACE, World};

/// `app-1` and its key, as the platform sends them.
pub(super) const CREDENTIALS: &str = "Basic YXBwLTE6YXBwLTEta2V5LW9mLXRoZS1zYW5kYm94";

/// Everybody of that company, and nobody of another.
pub async fn a_company_that_stops_using_the_app_is_out_at_the_next_request(subject: &Subject) {
    let world = World::new(subject).await;
    let (mut john, jane, other) =
        (world.signed_in(&JOHN).await, world.signed_in(&JANE).await, in_second_company(&world).await);
    for _ in 0..2 {
        let answer = webhook(&world, "DELETE", "account/groups/cld-1", CREDENTIALS, "").await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, r#"{"success":true}"#));
    }
    for tab in [&john, &jane] {
        let answer = tab.fetch(Method::GET, "/me").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.json()["error"], "session_ended", "{}", answer.body);
    }
    assert!(is_signed_in(&other).await, "the other company goes on");
    // The platform of this case still lets John in: a later sign-in works.
    john.open(&world.app("/me")).await;
    assert_eq!((john.page().status, john.page().url.path()), (StatusCode::OK, "/me"));
}

/// In that company, and in no other.
pub async fn a_member_who_was_removed_is_out_at_the_next_request(subject: &Subject) {
    let world = World::new(subject).await;
    let (john, mut jane, other) =
        (world.signed_in(&JOHN).await, world.signed_in(&JANE).await, in_second_company(&world).await);
    let answer = webhook(&world, "DELETE", "account/groups/cld-1/users/usr-2", CREDENTIALS, "").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(!is_signed_in(&jane).await);
    assert!(is_signed_in(&john).await && is_signed_in(&other).await);
    let start = format!("/maestrano/auth/saml/init/{MARKETPLACE}?group_id=cld-1&return_to=/me");
    jane.open(&world.app(&start)).await;
    assert_eq!(me(&jane).await["group_uid"], "cld-1");
}

/// Without the right key nothing happens, whoever asks.
pub async fn a_webhook_without_the_right_key_ends_nothing(subject: &Subject) {
    let world = World::new(subject).await;
    let john = world.signed_in(&JOHN).await;
    let wrong = ["", "Basic", "Basic !!!", "Basic YXBwLTE6", "Basic YXBwLTE6d3Jvbmc=", "Bearer x"];
    for (method, path) in [
        ("DELETE", "account/groups/cld-1"),
        ("DELETE", "account/groups/cld-1/users/usr-1"),
        ("POST", "connec/notifications"),
    ] {
        for credentials in wrong {
            let answer = webhook(&world, method, path, credentials, "{}").await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path} {credentials:?}");
            assert_eq!(answer.header("www-authenticate"), "Basic realm=\"maestrano\"");
            assert_eq!(answer.json()["error"], "invalid_credentials");
        }
        let elsewhere = format!("/maestrano/{path}/nowhere");
        let method = method.parse().expect("a method");
        let answer = world.ask(method, &elsewhere, &[("authorization", CREDENTIALS)], "{}").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{elsewhere}");
    }
    assert!(is_signed_in(&john).await);
}

/// News of Connec! is taken, and what is none is refused.
pub async fn news_is_taken_and_nonsense_is_refused(subject: &Subject) {
    let mut world = World::new(subject).await;
    let news =
        r#"{"people":[{"id":"a","group_id":"cld-1"}],"organizations":[{"id":"b","group_id":"cld-2"}]}"#;
    let answer = webhook(&world, "POST", "connec/notifications", CREDENTIALS, news).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, r#"{"success":true}"#));
    let line = world.log_line("news of Connec!").await;
    assert!(line.contains("entities=2"), "{line}");
    let deep = format!(r#"{{"people": [{{"a": {}{}}}]}}"#, "[".repeat(70), "]".repeat(70));
    for nonsense in ["", "x", "[]", "{\"people\": 1}", &deep] {
        let answer = webhook(&world, "POST", "connec/notifications", CREDENTIALS, nonsense).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{nonsense}");
    }
    let large = format!("{{\"people\": [\"{}\"]}}", "a".repeat(1 << 20));
    let answer = webhook(&world, "POST", "connec/notifications", CREDENTIALS, &large).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

/// A stolen copy of the cookie is worth nothing after its owner has signed out.
pub async fn signing_out_ends_every_copy_of_the_session(subject: &Subject) {
    let world = World::new(subject).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    tab.open(&world.app("/me")).await;
    world.sign_in(&mut tab, &JOHN).await;
    let stolen = world.cookies(&browser);
    let ask = || async { world.ask(Method::GET, "/me", &with_cookies(PROGRAM, &stolen), "").await.status };
    assert_eq!(ask().await, StatusCode::OK);
    sign_out(&mut tab).await;
    assert_eq!(ask().await, StatusCode::UNAUTHORIZED);
    tab.open(&world.app("/me")).await;
    world.sign_in(&mut tab, &JOHN).await;
    assert_eq!(me(&tab).await["uid"], JOHN.uid);
    assert_eq!(ask().await, StatusCode::UNAUTHORIZED);
}

/// Jane's session in her other company.
async fn in_second_company(world: &World) -> Tab {
    let mut tab = world.browser().tab();
    let start = format!("/maestrano/auth/saml/init/{MARKETPLACE}?group_id=cld-2&return_to=/me");
    tab.open(&world.app(&start)).await;
    world.sign_in(&mut tab, &JANE).await;
    assert_eq!(me(&tab).await["group_uid"], "cld-2");
    tab
}

/// What the platform gets for it when it sends such a webhook.
pub(super) async fn webhook(world: &World, method: &str, path: &str, credentials: &str, body: &str) -> Page {
    let path = format!("/maestrano/{path}/{MARKETPLACE}");
    let fields = [("authorization", credentials), ("content-type", "application/json")];
    let fields = if credentials.is_empty() { &fields[1..] } else { &fields };
    world.ask(method.parse().expect("a method"), &path, fields, body).await
}
