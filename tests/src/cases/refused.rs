//! Responses that must not sign anybody in.

use http::{Method, StatusCode};
use maestrano_sandbox::Fault;

use crate::browser::Page;
use crate::subject::Subject;
use crate::world::{JOHN, MARKETPLACE, SECRET, World};

/// What the platform does wrong, and a word of the log line that says so.
const FAULTS: [(Fault, &str); 10] = [
    (Fault::ResponseSignedByStranger, "certificate"),
    (Fault::ResponseUnsigned, "signature"),
    (Fault::ResponseExpired, "expired"),
    (Fault::ResponseNotYetValid, "not_yet_valid"),
    (Fault::ResponseForOtherAudience, "audience"),
    (Fault::ResponseForOtherRecipient, "consume address"),
    (Fault::ResponseToOtherRequest, "unknown_request"),
    (Fault::ResponseWithTwoAssertions, "assertion"),
    (Fault::ResponseWithInjectedUid, "twice"),
    (Fault::ResponseWithDoctype, "doctype"),
];

/// Words that would tell an attacker how far he came.
const REASONS: [&str; 12] = [
    "signature",
    "certificate",
    "expired",
    "audience",
    "recipient",
    "assertion",
    "doctype",
    "attribute",
    "base64",
    "xml",
    "digest",
    "inresponseto",
];

/// One sentence and a reference for the person, the reason under the same reference for the developer.
pub async fn a_broken_response_is_refused_with_a_reference_and_without_a_reason(subject: &Subject) {
    let mut world = World::new(subject).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    tab.open(&world.platform("/")).await;
    world.sign_in(&mut tab, &JOHN).await;
    for (fault, reason) in FAULTS {
        world.sandbox().commit_fault(fault);
        // Each login begins anew, so that none of them goes in circles.
        tab.open(&world.app(&format!("/maestrano/auth/saml/init/{MARKETPLACE}?start_again=1"))).await;
        world.sandbox().clear_faults();
        let reference = refused(tab.page());
        let line = world.log_line(&reference).await;
        assert!(line.to_lowercase().contains(reason), "{fault:?}: {line}");
        assert!(world.session_cookie(&browser).is_none(), "{fault:?}");
    }
    let log = world.log();
    for secret in [SECRET, "app-1-key-of-the-sandbox", "<Assertion", "SAMLResponse="] {
        assert!(!log.contains(secret), "`{secret}` is in the log");
    }
    tab.open(&world.app("/me")).await;
    assert_eq!(tab.page().url.path(), "/me", "a good response still signs in");
}

/// The second time it signs nobody in: the user of the same browser goes on to the page, and another browser, or one
/// that holds the cookies of before, begins a login of its own.
pub async fn a_response_is_taken_once(subject: &Subject) {
    let world = World::new(subject).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    let response = world.response_for(&mut tab, "/me").await;
    let before = browser.jar().clone();
    tab.pause_before("/finish");
    let finish = tab.go(response.clone()).await.expect("the response is good");
    tab.go(finish.clone()).await;
    assert_eq!(tab.page().url.path(), "/me");
    let session = world.session_cookie(&browser).map(|cookie| cookie.value);
    for request in [response, finish] {
        tab.go(request.clone()).await;
        assert_eq!((tab.page().status, tab.page().url.path()), (StatusCode::OK, "/me"));
        let (stranger, thief) = (world.browser(), world.browser());
        *thief.jar() = before.clone();
        for browser in [&stranger, &thief] {
            let mut tab = browser.tab();
            tab.pause_before("/api/v1/auth/saml");
            assert!(tab.go(request.clone()).await.is_some(), "it begins again at the platform");
            assert!(world.session_cookie(browser).is_none());
        }
    }
    assert_eq!(world.session_cookie(&browser).map(|cookie| cookie.value), session, "the session goes on");
}

/// A response that was led into another browser signs nobody in there: not the victim as the attacker, not the
/// attacker as the victim.
pub async fn another_browser_cannot_finish_a_login(subject: &Subject) {
    let world = World::new(subject).await;
    let mut owner = world.browser().tab();
    let response = world.response_for(&mut owner, "/me").await;
    let other = world.browser();
    let mut stranger = other.tab();
    stranger.pause_before("/finish");
    let finish = stranger.go(response).await.expect("the response itself is good");
    stranger.pause_before("/api/v1/auth/saml");
    let restarted = stranger.go(finish.clone()).await.expect("a login of its own begins");
    assert!(world.session_cookie(&other).is_none());
    let mut waiting = other.tab();
    waiting.pause_before("/api/v1/auth/saml");
    waiting.open(&world.app("/me")).await;
    waiting.pause_before("/api/v1/auth/saml");
    assert!(waiting.go(finish.clone()).await.is_some());
    assert!(world.session_cookie(&other).is_none(), "a login of its own does not help");
    // The login that began by itself is not begun once more.
    let mut without_cookies = world.browser().tab();
    without_cookies.pause_before("/consume");
    without_cookies.go(restarted).await;
    let response = world.sign_in_until_pause(&mut without_cookies, &JOHN).await.expect("a response");
    without_cookies.go(response).await;
    refused(without_cookies.page());
}

/// Whatever stands in the field, the application says no and lives on.
pub async fn garbage_is_refused(subject: &Subject) {
    let mut world = World::new(subject).await;
    let path = format!("/maestrano/auth/saml/consume/{MARKETPLACE}");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let deep = "%3Ca%3E".repeat(20_000);
    let bodies = [
        String::new(),
        "SAMLResponse".to_owned(),
        "SAMLResponse=".to_owned(),
        "SAMLResponse=%00%ff%fe".to_owned(),
        "SAMLResponse=not+base64!".to_owned(),
        "SAMLResponse=PGE%2B".to_owned(),
        "SAMLResponse=PGEvPg%3D%3D".to_owned(),
        "SAMLResponse=/9j/4AAQSkZJRg".to_owned(),
        "SAMLResponse=PGEvPg%3D%3D&SAMLResponse=PGEvPg%3D%3D".to_owned(),
        format!("SAMLResponse={deep}"),
        format!("SAMLResponse={}", "QUFB".repeat(60_000)),
        "RelayState=%3Cscript%3E&SAMLResponse[]=x&utf8=%E2%9C%93".to_owned(),
        "%&=&&=;%zz".to_owned(),
        "{\"SAMLResponse\":\"x\"}".to_owned(),
    ];
    for body in bodies {
        for fields in [&[form, ("accept", "text/html")][..], &[form], &[("content-type", "text/plain")], &[]]
        {
            let answer = world.ask(Method::POST, &path, fields, body.clone()).await;
            let shown: String = body.chars().take(60).collect();
            assert!(answer.status.is_client_error(), "{shown}: {}", answer.status);
            let reference = match answer.json()["reference"].as_str() {
                Some(reference) => reference.to_owned(),
                None => {
                    answer.reference().unwrap_or_else(|| panic!("{shown}: no reference in {}", answer.body))
                }
            };
            assert!(!world.log_line(&reference).await.is_empty());
        }
    }
    for ticket in ["", "?t=", "?t=x", "?t=%00%ff", "?t=AAAA.BBBB.CCCC", "?t=a&t=b"] {
        let page = format!("/maestrano/auth/saml/finish{ticket}");
        refused(&world.ask(Method::GET, &page, &[("accept", "text/html")], "").await);
    }
    assert!(!world.log().contains("panicked"));
}

/// That the page refuses, and how: the reference it shows.
fn refused(page: &Page) -> String {
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.text());
    let text = page.text().to_lowercase();
    for reason in REASONS {
        assert!(!text.contains(reason), "the page says `{reason}`: {text}");
    }
    page.reference().unwrap_or_else(|| panic!("no reference in {text}"))
}
