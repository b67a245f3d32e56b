//! With the feature, a login takes both verifiers.

use std::thread;

use maestrano::Rejection;
use maestrano::saml::inside::agree;
use maestrano::saml::{Expectations, Trust, verify};

use crate::keys::{Key, LEGACY, MODERN, STRANGER};
use crate::kit::{ACS, Draft, NOW, REQUEST, attribute, trust};

fn complaint(result: Result<(), Rejection>) -> &'static str {
    match result {
        Ok(()) => "none",
        Err(Rejection::SecondVerifier { complaint }) => complaint,
        Err(other) => panic!("{other}"),
    }
}

fn certificates(key: &Key) -> Vec<Vec<u8>> {
    vec![key.certificate().der().to_vec()]
}

#[test]
fn the_second_verifier_must_find_the_same_bytes_in_the_document() {
    let assertion = Draft::new().verified().unwrap();
    let agree = |document: &str, certificates: &[Vec<u8>]| {
        complaint(agree(document, certificates.iter().map(Vec::as_slice), &assertion))
    };
    let right = Draft::new().xml();
    assert_eq!(agree(&right, &certificates(&MODERN)), "none");
    let other = Draft::new().before(&attribute("name", "Zoë"), &attribute("name", "Eve")).xml();
    assert_eq!(agree(&other, &certificates(&MODERN)), "verified other bytes");
    let changed = Draft::new().after("Zoë", "Eve").xml();
    assert_eq!(agree(&changed, &certificates(&MODERN)), "refuses the response");
    assert_eq!(agree(&right, &certificates(&STRANGER)), "refuses the response");
    let unsigned = right.replace("ds:Signature", "ds:Nothing");
    assert_eq!(agree(&unsigned, &certificates(&MODERN)), "refuses the response");
}

#[test]
fn without_a_certificate_the_second_verifier_is_not_asked() {
    let assertion = Draft::new().verified().unwrap();
    let none: [&[u8]; 0] = [];
    assert_eq!(complaint(agree(&Draft::new().xml(), none, &assertion)), "refuses the response");
}

#[test]
fn any_of_several_pinned_certificates_may_have_signed() {
    let several = [&*STRANGER, &*LEGACY, &*MODERN].map(Key::certificate).to_vec();
    let trust = Trust::new(several, None);
    let expectations = Expectations::new(&trust, ACS).request_id(REQUEST);
    let login = verify(Draft::new().form_value().as_bytes(), &expectations, NOW);
    assert_eq!(login.map(|login| login.name_id().to_owned()).as_deref(), Ok("usr-1"));
}

#[test]
fn a_pinned_fingerprint_gives_the_second_verifier_its_certificate() {
    let trust = Trust::new(Vec::new(), Some(MODERN.certificate().sha256_fingerprint()));
    let expectations = Expectations::new(&trust, ACS).request_id(REQUEST);
    assert!(verify(Draft::new().form_value().as_bytes(), &expectations, NOW).is_ok());
}

#[test]
fn values_keep_their_white_space_and_their_characters() {
    for value in
        ["", " ", "  a\nb\t ", "a&#xD;b", "&lt;b&gt;&amp;amp;", "😀 e\u{301} 日本", "\u{a0}x\u{2028}"]
    {
        let draft = Draft::new().before(&attribute("name", "Zoë"), &attribute("name", value));
        assert_eq!(draft.verified().map(|_| ()), Ok(()), "{value:?}");
    }
}

#[test]
fn many_threads_sign_in_at_once() {
    let (right, changed) = (Draft::new().form_value(), Draft::new().after("Zoë", "Eve").form_value());
    let trust = trust(&MODERN);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let expectations = Expectations::new(&trust, ACS).request_id(REQUEST);
                for _ in 0..50 {
                    assert!(verify(right.as_bytes(), &expectations, NOW).is_ok());
                    assert!(verify(changed.as_bytes(), &expectations, NOW).is_err());
                }
            });
        }
    });
}
