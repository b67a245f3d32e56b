//! What the platform does wrong when it is told to.

use std::sync::Arc;

use maestrano_sandbox::Fault;
use serde_json::Value;

use crate::{
    browser::{ACS, Browser, attribute, sign_on_path, start_default},
    configuration::fetch,
    signature::verifies,
};

const CHECK: &str = "/api/v1/auth/saml/usr-1?session=x";

#[tokio::test]
async fn session_checks_fail_as_told_until_the_faults_are_cleared() {
    let running = start_default().await;
    running.commit_fault(Fault::SessionCheckFails);
    assert_eq!(Browser::at(&running).get(CHECK).await.status, 500);
    running.clear_faults();
    running.commit_fault(Fault::SessionCheckHtml);
    let page = Browser::at(&running).get(CHECK).await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    running.clear_faults();
    running.commit_fault(Fault::SessionCheckRefused);
    assert!(fetch_error(running.url()).await.is_request());
    running.clear_faults();
    assert_eq!(Browser::at(&running).get(CHECK).await.status, 200);
    assert_eq!(running.session_checks(), 4);
}

async fn fetch_error(url: &str) -> reqwest::Error {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    client.get(format!("{url}{CHECK}")).send().await.expect_err("no answer")
}

#[tokio::test]
async fn a_session_check_hangs_until_the_faults_are_cleared() {
    let running = Arc::new(start_default().await);
    running.commit_fault(Fault::SessionCheckHangs);
    let mut browser = Browser::at(&running);
    let check = tokio::spawn(async move { browser.get(CHECK).await.status });
    while running.session_checks() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(!check.is_finished());
    // Everything else goes on.
    assert_eq!(Browser::at(&running).get("/health").await.status, 200);
    running.clear_faults();
    assert_eq!(check.await.expect("the check"), 200);
}

#[tokio::test]
async fn a_sandbox_stops_although_a_session_check_hangs() {
    let running = start_default().await;
    running.commit_fault(Fault::SessionCheckHangs);
    let url = running.url().to_owned();
    let check = tokio::spawn(async move { fetch_error(&url).await });
    while running.session_checks() == 0 {
        tokio::task::yield_now().await;
    }
    running.stop().await;
    assert!(check.await.is_ok());
}

#[tokio::test]
async fn configurations_are_wrong_as_told() {
    let running = start_default().await;
    let path = "/api/config/v1/marketplaces";
    for (fault, status) in [(Fault::ConfigurationRefused, 401), (Fault::ConfigurationFails, 500)] {
        running.commit_fault(fault);
        assert_eq!(fetch(&running, path).await.status(), status);
        running.clear_faults();
    }
    running.commit_fault(Fault::ConfigurationHtml);
    assert!(fetch(&running, path).await.text().await.expect("a body").starts_with("<!DOCTYPE html>"));
    running.clear_faults();
    running.commit_fault(Fault::ConfigurationWithBrokenCertificate);
    let text = fetch(&running, path).await.text().await.expect("a body");
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert_ne!(
        answer["marketplaces"][0]["sso"]["x509_certificate"].as_str(),
        running.certificate_pem("maestrano-local")
    );
}

#[tokio::test]
async fn responses_are_wrong_as_told_and_right_again_afterwards() {
    let running = start_default().await;
    let certificate = running.certificate_pem("maestrano-local").expect("a certificate");
    let mut browser = Browser::of(&running, "john.doe@example.com").await;
    let right = browser.response(&sign_on_path(ACS)).await;
    let now = instant_of(&right);
    let count = |xml: &str, text: &str| xml.matches(text).count();
    for fault in [
        Fault::ResponseSignedByStranger,
        Fault::ResponseUnsigned,
        Fault::ResponseExpired,
        Fault::ResponseNotYetValid,
        Fault::ResponseForOtherAudience,
        Fault::ResponseForOtherRecipient,
        Fault::ResponseToOtherRequest,
        Fault::ResponseWithTwoAssertions,
        Fault::ResponseWithInjectedUid,
        Fault::ResponseWithDoctype,
    ] {
        running.commit_fault(fault);
        let page = browser.get(&sign_on_path(ACS)).await;
        let xml = page.response().expect("a response");
        running.clear_faults();
        // The response always goes where it was asked to go.
        assert!(page.body.contains(&format!("action=\"{ACS}\"")));
        let signed = !matches!(fault, Fault::ResponseSignedByStranger | Fault::ResponseUnsigned);
        if fault != Fault::ResponseWithDoctype {
            assert_eq!(verifies(&xml, certificate), signed, "{fault:?}");
        }
        let shows = match fault {
            Fault::ResponseSignedByStranger => count(&xml, "<ds:Signature ") == 1,
            Fault::ResponseUnsigned => count(&xml, "<ds:Signature ") == 0,
            Fault::ResponseExpired => instant_of(&xml) < now,
            Fault::ResponseNotYetValid => instant_of(&xml) > now,
            Fault::ResponseForOtherAudience => !xml.contains("<Audience>http://localhost:3000/</Audience>"),
            Fault::ResponseForOtherRecipient => !xml.contains(ACS),
            Fault::ResponseToOtherRequest => !xml.contains("InResponseTo=\"_request\""),
            Fault::ResponseWithTwoAssertions => count(&xml, "<Assertion ") == 2,
            Fault::ResponseWithInjectedUid => count(&xml, "Name=\"uid\"") == 2,
            _ => xml.starts_with("<!DOCTYPE"),
        };
        assert!(shows, "{fault:?}: {xml}");
    }
    let xml = browser.response(&sign_on_path(ACS)).await;
    assert!(verifies(&xml, certificate));
    assert_eq!(attribute(&xml, "uid").as_deref(), Some("usr-1"));
}

/// When the response was issued, with its date, down to the hour.
fn instant_of(xml: &str) -> String {
    let instant = xml.split("IssueInstant=\"").nth(1).expect("an instant");
    instant.chars().take(13).collect()
}
