//! What is counted (docs/architecture.md, "What is counted").

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};

use super::*;

#[tokio::test]
async fn logins_refusals_rechecks_ends_and_webhooks_are_counted_without_anything_of_a_person() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _counting = metrics::set_default_local_recorder(&recorder);

    let world = World::new(&["one"]).await;
    let consume = world.request("POST", "/maestrano/consume/?marketplace=one", &[], "SAMLResponse=x");
    world.send(consume, NOW).await;
    let mut now = NOW;
    for answer in [r#"{"valid":true,"recheck":"2026-11-23T10:06:00Z"}"#, "", r#"{"valid":false}"#] {
        world.sign_in("one", now).await;
        world.platform.answers(200, answer);
        let _ = world.check(now + Duration::minutes(3)).await;
        world.asked().await;
        now += Duration::minutes(10);
    }
    world.sign_in("one", now).await;
    let later = now + Duration::minutes(1);
    let logout = world.request("POST", "/maestrano/logout", &[("sec-fetch-site", "same-origin")], "");
    world.send(logout, later).await;
    let key = format!("Basic {}", STANDARD.encode("app-1:key-of-one"));
    for (path, key) in [
        ("/maestrano/account/groups/cld-1/one", key.as_str()),
        ("/maestrano/account/groups/cld-1/users/usr-1/one", key.as_str()),
        ("/maestrano/account/groups/cld-1/one", "Basic x"),
    ] {
        let webhook = world.request("DELETE", path, &[("authorization", key)], "");
        world.send(webhook, later).await;
    }

    let mut counted: Vec<_> = snapshotter
        .snapshot()
        .into_vec()
        .into_iter()
        .map(|(key, _, _, value)| {
            let labels: Vec<_> =
                key.key().labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
            let value = match value {
                DebugValue::Counter(count) => usize::try_from(count).unwrap(),
                DebugValue::Histogram(values) => values.len(),
                DebugValue::Gauge(_) => panic!("there is no gauge"),
            };
            format!("{} {} {value}", key.key().name(), labels.join(" "))
        })
        .collect();
    counted.sort();
    assert_eq!(
        counted,
        [
            "maestrano_login_refusals_total marketplace=one rule=not_base64 1",
            "maestrano_logins_total marketplace=one 4",
            "maestrano_recheck_seconds marketplace=one 3",
            "maestrano_rechecks_total marketplace=one outcome=alive 1",
            "maestrano_rechecks_total marketplace=one outcome=ended 1",
            "maestrano_rechecks_total marketplace=one outcome=unreachable 1",
            "maestrano_sessions_ended_total marketplace=one cause=group_removed 1",
            "maestrano_sessions_ended_total marketplace=one cause=logout 1",
            "maestrano_sessions_ended_total marketplace=one cause=member_removed 1",
            "maestrano_sessions_ended_total marketplace=one cause=recheck 1",
            "maestrano_webhooks_total marketplace=one kind=group_removed outcome=done 1",
            "maestrano_webhooks_total marketplace=one kind=group_removed outcome=unauthorized 1",
            "maestrano_webhooks_total marketplace=one kind=member_removed outcome=done 1",
        ]
    );
}
