//! The table of hostile documents has no accepted row, the one of right documents no refused one; every rule
//! has a row, and the explanation of a refusal names the same rule.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use maestrano::Rejection;
use maestrano::saml::{Check, Expectations, Finding, explain, verify};
use time::macros::utc_datetime;

use crate::hostile::{Occasion, Row, rows};
use crate::kit::{ACS, ATTRIBUTES, Draft, NOW, REQUEST};
use crate::valid::{Variant, variants};

static HOSTILE: LazyLock<Vec<Row>> = LazyLock::new(rows);
static RIGHT: LazyLock<Vec<Variant>> = LazyLock::new(variants);

#[test]
fn every_hostile_document_is_refused_for_its_reason() {
    let mut wrong = Vec::new();
    for row in HOSTILE.iter() {
        match row.login() {
            Ok(login) => wrong.push(format!("{}: accepted as {}", row.name, login.user().id())),
            Err(rejection) if rejection != row.rejection => {
                wrong.push(format!("{}: {rejection:?} instead of {:?}", row.name, row.rejection));
            }
            Err(_) => {}
        }
    }
    println!("{} hostile documents were refused", HOSTILE.len() - wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_right_document_is_accepted_with_the_right_values() {
    for variant in RIGHT.iter() {
        if cfg!(feature = "samael") && variant.second_cannot_read {
            let complaint = "cannot read the assertion";
            assert_eq!(variant.verified(), Err(Rejection::SecondVerifier { complaint }), "{}", variant.name);
            continue;
        }
        let assertion = variant.verified();
        let assertion = assertion.unwrap_or_else(|rejection| panic!("{}: {rejection}", variant.name));
        let found: Vec<(&str, &str)> = assertion.attributes().collect();
        let expected = ATTRIBUTES.map(|(name, value)| match name {
            "name" => (name, variant.first_name),
            "group_name" => (name, "Acme & Sons"),
            _ => (name, value),
        });
        assert_eq!(found, expected, "{}", variant.name);
        let facts = (assertion.id(), assertion.request_id(), assertion.name_id());
        assert_eq!(facts, ("_a1", REQUEST, "usr-1"), "{}", variant.name);
    }
    println!("{} right documents were accepted", RIGHT.len());
}

#[test]
fn what_comes_back_is_what_was_signed() {
    let assertion = Draft::new().verified().unwrap();
    assert_eq!(assertion.session_index(), Some("_a1"));
    assert_eq!(assertion.expires(), utc_datetime!(2026-03-01 10:04:00));
    assert!(assertion.canonical().starts_with("<Assertion xmlns="));
    assert!(!assertion.canonical().contains("Signature"));
    let response = Draft::new().response_signed().verified().unwrap();
    assert!(response.canonical().starts_with("<samlp:Response "));
    assert!(!response.canonical().contains("Signature"));
}

#[test]
fn without_an_expected_request_the_answered_one_is_told() {
    let occasion = Occasion::usual();
    let value = Draft::new().before(REQUEST, "_other").form_value();
    let expectations = Expectations::new(&occasion.trust, ACS);
    assert_eq!(verify(value.as_bytes(), &expectations, NOW).unwrap().request_id(), "_other");
}

#[test]
fn no_two_documents_have_the_same_name() {
    let names = HOSTILE.iter().map(|row| &row.name).chain(RIGHT.iter().map(|variant| &variant.name));
    let mut seen = BTreeSet::new();
    let twice: Vec<_> = names.filter(|name| !seen.insert(*name)).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

/// The codes are read from the match that the compiler holds complete: a new rejection fails here until it
/// has a row.
#[test]
fn every_rejection_is_given_by_a_document() {
    /// A used assertion is a right document, and so is one on which two verifiers differ.
    const BY_OTHERS: [&str; 2] = ["replayed", "second_verifier"];
    let source = include_str!("../../src/rejection.rs");
    let arms = source.lines().filter_map(|line| line.trim().strip_prefix("Self::")?.split_once(" => \""));
    let codes: BTreeSet<&str> = arms.map(|(_, code)| code.trim_end_matches(['"', ','])).collect();
    assert!(codes.len() > 40, "{codes:?}");
    let given: BTreeSet<&str> = HOSTILE.iter().map(|row| row.rejection.code()).chain(BY_OTHERS).collect();
    assert_eq!(given, codes);
}

#[test]
fn an_explanation_fails_where_the_verifier_does_and_names_the_same_rejection_first() {
    let mut refused = 0;
    let hostile = HOSTILE.iter().map(|row| (&row.name, &row.document, &row.occasion));
    let right = RIGHT.iter().map(|variant| (&variant.name, &variant.document, &variant.occasion));
    for (name, document, occasion) in hostile.chain(right) {
        let outcome = verify(document, &occasion.expectations(), occasion.now);
        let findings = explain(document, &occasion.expectations(), occasion.now);
        let first = findings.iter().find_map(|finding| finding.rejection.as_ref());
        assert_eq!(first, outcome.as_ref().err(), "{name}");
        refused += usize::from(outcome.is_err());
    }
    println!("{refused} refusals were explained");
}

fn failed(findings: &[Finding]) -> Vec<(Check, &Rejection)> {
    findings.iter().filter_map(|finding| Some((finding.check, finding.rejection.as_ref()?))).collect()
}

fn explained(draft: &Draft) -> Vec<Finding> {
    let occasion = Occasion::usual();
    explain(draft.form_value().as_bytes(), &occasion.expectations(), occasion.now)
}

#[test]
fn an_explanation_goes_on_where_the_response_is_for_another_occasion() {
    let draft = Draft::new()
        .before("2026-03-01T10:03:00Z", "2026-03-01T09:03:00Z")
        .before("2026-03-01T11:00:00Z", "2026-03-01T09:30:00Z")
        .before("https://crm.example.com/", "https://other.example.com/")
        .before("cm:bearer", "cm:sender-vouches")
        .before(REQUEST, "_other");
    let findings = explained(&draft);
    let expected = [
        (Check::Destination, &Rejection::Destination),
        (Check::ConfirmationMethod, &Rejection::ConfirmationMethod),
        (Check::Recipient, &Rejection::Recipient),
        (Check::ConfirmationEnd, &Rejection::ConfirmationExpired),
        (Check::ConditionsEnd, &Rejection::Expired),
        (Check::Audience, &Rejection::Audience),
        (Check::Request, &Rejection::OtherRequest),
    ];
    assert_eq!(failed(&findings), expected);
    let found = |check| findings.iter().find(|it| it.check == check).unwrap().found.clone().unwrap();
    assert_eq!(found(Check::ConditionsEnd), "2026-03-01T09:30:00Z");
    assert_eq!(found(Check::Audience), "https://other.example.com/");
    assert_eq!(found(Check::Request), "_other");
}

#[test]
fn an_explanation_ends_where_nothing_more_can_be_said() {
    let unsigned = Draft::new().after(">usr-1</NameID>", ">usr-2</NameID>");
    let findings = explained(&unsigned);
    assert_eq!(failed(&findings), [(Check::Signature, &Rejection::Digest)]);
    assert_eq!(findings.last().unwrap().check, Check::Signature);
}

#[test]
fn an_explanation_of_a_right_response_has_no_rejection() {
    let findings = explained(&Draft::new());
    assert!(failed(&findings).is_empty(), "{findings:?}");
    let expected = if cfg!(feature = "samael") { 16 } else { 15 };
    assert_eq!(findings.len(), expected);
}

#[test]
fn neither_a_rejection_nor_an_explanation_quotes_a_secret() {
    let secret = "token-of-the-session";
    let drafts = [
        Draft::new(),
        Draft::new().after("<Subject>", secret),
        Draft::new().before("cm:bearer", secret),
        Draft::new().after("<samlp:Status>", &format!("<{secret}:Status>")),
        Draft::new().after("<samlp:Status>", &format!("<{secret}>")),
    ];
    for draft in drafts {
        let assertion = draft.verified();
        let said = match assertion {
            Ok(assertion) => format!("{assertion:?}"),
            Err(rejection) => format!("{rejection} {rejection:?}"),
        };
        assert!(!said.contains(secret), "{said}");
    }
    for finding in explained(&Draft::new()) {
        assert!(!format!("{finding:?}").contains(secret), "{finding:?}");
    }
}

#[test]
fn what_an_explanation_found_is_short_and_printable() {
    let long = format!("https://x/\u{1b}[31m{}", "é".repeat(500)).replace('\u{1b}', "&#x9;");
    let draft = Draft::new().after("Destination=\"", &format!("Destination=\"{long}"));
    let findings = explained(&draft);
    let found = findings.iter().find(|it| it.check == Check::Destination).unwrap().found.clone().unwrap();
    assert!(found.starts_with("https://x/\\t[31m") && found.chars().count() == 200, "{found}");
}
