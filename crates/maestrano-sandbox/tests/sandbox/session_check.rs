//! Is the session still alive?

use std::collections::HashMap;

use maestrano_sandbox::{Options, Seed};
use serde_json::Value;

use crate::{
    browser::{ACS, Browser, attribute, sign_on_path, start, start_default},
    contract,
};

async fn is_valid(running: &maestrano_sandbox::Running, uid: &str, token: &str) -> bool {
    let page = Browser::at(running).get(&format!("/api/v1/auth/saml/{uid}?session={token}")).await;
    let answer: Value = serde_json::from_str(&page.body).expect("JSON");
    answer["valid"].as_bool().expect("a boolean")
}

#[tokio::test]
async fn a_session_is_valid_until_it_is_ended_by_any_way_of_signing_out() {
    let running = start_default().await;
    for way in ["the platform", "the console", "the app", "an administrator"] {
        let mut browser = Browser::of(&running, "john.doe@example.com").await;
        let xml = browser.response(&sign_on_path(ACS)).await;
        let token = attribute(&xml, "mno_session").expect("a token");
        assert!(is_valid(&running, "usr-1", &token).await);
        assert!(!is_valid(&running, "usr-2", &token).await);
        match way {
            "the platform" => running.end_session("usr-1").await.expect("the session ends"),
            "the console" => {
                let page = browser.get("/").await;
                assert_eq!(browser.submit(&page, "/sign_out", &[]).await.status, 303);
            }
            "the app" => assert_eq!(browser.get("/app_logout?user_uid=usr-1").await.status, 200),
            _ => {
                let mut jane = Browser::of(&running, "jane.roe@example.com").await;
                let page = jane.get("/users/usr-1").await;
                assert_eq!(jane.submit(&page, "/users/usr-1/end_session", &[]).await.status, 303);
            }
        }
        assert!(!is_valid(&running, "usr-1", &token).await, "{way}");
        assert!(browser.get(&sign_on_path(ACS)).await.response().is_none(), "{way}");
    }
}

#[tokio::test]
async fn nobody_is_signed_out_by_a_link_that_names_somebody_else() {
    let running = start_default().await;
    let mut browser = Browser::of(&running, "john.doe@example.com").await;
    let xml = browser.response(&sign_on_path(ACS)).await;
    let token = attribute(&xml, "mno_session").expect("a token");
    assert_eq!(Browser::at(&running).get("/app_logout?user_uid=usr-1").await.status, 200);
    assert!(is_valid(&running, "usr-1", &token).await);
}

#[tokio::test]
async fn checks_are_counted() {
    let running = start_default().await;
    for count in 1..=3 {
        assert!(!is_valid(&running, "usr-1", "nope").await);
        assert_eq!(running.session_checks(), count);
    }
}

#[tokio::test]
async fn the_recorded_session_checks_are_answered_alike() {
    let Some(folder) = contract::folder() else { return };
    let seed = Seed::from_file(folder.join("transcripts/seeds.json")).expect("the recorded seed");
    let running = start(Options::default().seed(seed)).await;
    let mut tokens: HashMap<String, String> = HashMap::new();
    let acs = "http://localhost:5302/maestrano/auth/saml/consume/maestrano-test";
    let mut replayed = 0;
    for row in contract::rows(&folder, "03-session-check.jsonl") {
        if row.name == "expire-session" {
            // The original's own page; here the handle does it.
            running.end_session("usr-1").await.expect("the session ends");
        } else if row.name.starts_with("prelude") {
            // The original shows tokens in its account API; here the token comes the way an app gets it.
            let recorded: Value = serde_json::from_str(row.body.as_deref().expect("a body")).expect("JSON");
            let (user, token) = (&recorded["data"]["id"], &recorded["data"]["sso_session"]);
            let account = running.accounts().iter().find(|account| account.user == *user).expect("the user");
            let mut browser = Browser::of(&running, &account.email).await;
            let xml = browser.response(&(sign_on_path(acs) + "&group_id=cld-1")).await;
            let fresh = attribute(&xml, "mno_session").expect("a token");
            assert!(fresh.len() == 36 && fresh.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
            tokens.insert(token.as_str().expect("a token").to_owned(), fresh);
        } else {
            let path = tokens.iter().fold(row.path, |path, (recorded, fresh)| path.replace(recorded, fresh));
            let headers = row.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let page = Browser::at(&running).get_with(&path, &headers.collect::<Vec<_>>()).await;
            assert_eq!(page.status.as_u16(), row.status, "{}", row.name);
            if let Some(body) = &row.body {
                assert_eq!(page.header("content-type"), row.content_type, "{}", row.name);
                assert_eq!(without_recheck(&page.body), without_recheck(body), "{}", row.name);
            }
            replayed += 1;
        }
    }
    println!("{replayed} recorded session checks replayed");
    assert_eq!(replayed, 16);
}

/// The answer with the digits of its instant made equal: spelling counts, time does not.
fn without_recheck(body: &str) -> String {
    body.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
}
