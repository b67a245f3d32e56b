//! What must be accepted, with the right values: the same signed facts in every spelling.

use std::time::Duration;

use maestrano::Rejection;
use maestrano::saml::{Assertion, Expectations, Fingerprint, Trust, verify};
use time::macros::utc_datetime;

use crate::keys::{Hash, LEGACY, MODERN, SHA1_SIGNED, STRANGER};
use crate::kit::{ACS, ATTRIBUTES, Draft, NOW, REQUEST, attribute, form_value, trust, verify_for};

/// Accepted, and says the same as the plain one.
fn assert_same(draft: &Draft) {
    let plain = Draft::new().verified().unwrap();
    let assertion = draft.verified().unwrap_or_else(|rejection| panic!("{rejection}\n{}", draft.xml()));
    assert_eq!(facts(&assertion), facts(&plain));
}

fn facts(assertion: &Assertion) -> (String, String, String, Vec<(String, String)>) {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    (
        assertion.id().to_owned(),
        assertion.request_id().to_owned(),
        assertion.name_id().to_owned(),
        assertion.attributes().map(owned).collect(),
    )
}

/// The value of `name` (first name) when it is written so, in canonical form and as it is sent.
fn first_name(canonical: &str, sent: &str) -> String {
    let canonical = attribute("name", canonical);
    let draft = Draft::new().before(&attribute("name", "Zoë"), &canonical);
    let draft = draft.sent_as(&canonical, &attribute("name", sent));
    draft.verified().unwrap().attribute("name").unwrap().to_owned()
}

#[test]
fn a_right_response_says_who_signed_in() {
    let assertion = Draft::new().verified().unwrap();
    assert_eq!(assertion.id(), "_a1");
    assert_eq!(assertion.session_index(), Some("_a1"));
    assert_eq!(assertion.name_id(), "usr-1");
    assert_eq!(assertion.request_id(), REQUEST);
    assert_eq!(assertion.attribute("group_name"), Some("Acme & Sons"));
    assert_eq!(assertion.attributes().count(), ATTRIBUTES.len());
    assert_eq!(assertion.expires(), utc_datetime!(2026-03-01 11:01:00));
    assert!(assertion.canonical().starts_with("<Assertion xmlns="));
    assert!(!assertion.canonical().contains("Signature"));
}

#[test]
fn every_registered_sha2_is_accepted() {
    for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        assert_same(&Draft::new().hashed_by(hash));
    }
}

#[test]
fn signature_and_digest_may_differ_in_their_hash() {
    let draft = Draft::new().info(Hash::Sha256.digest_algorithm(), Hash::Sha512.digest_algorithm());
    assert_same(&draft);
}

#[test]
fn sha1_is_accepted_with_a_legacy_certificate() {
    for key in [&LEGACY, &SHA1_SIGNED] {
        assert!(Draft::new().signed_by(key).hashed_by(Hash::Sha1).verified_by(key).is_ok());
    }
}

#[test]
fn sha1_is_accepted_with_permission() {
    let trust = trust(&MODERN).danger_allow_sha1();
    let draft = Draft::new().hashed_by(Hash::Sha1);
    assert!(verify_for(&draft.form_value(), &trust, NOW).is_ok());
}

#[test]
fn a_short_key_may_use_sha256_and_sha512() {
    for hash in [Hash::Sha256, Hash::Sha512] {
        assert!(Draft::new().signed_by(&LEGACY).hashed_by(hash).verified_by(&LEGACY).is_ok());
    }
}

#[test]
fn the_response_may_be_signed_instead_of_the_assertion() {
    assert_same(&Draft::new().response_signed());
    let assertion = Draft::new().response_signed().verified().unwrap();
    assert!(assertion.canonical().starts_with("<samlp:Response "));
}

#[test]
fn key_info_may_be_missing() {
    let start = "<KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>";
    let draft =
        Draft::new().signature(start, "").signature("</ds:X509Certificate></ds:X509Data></KeyInfo>", "");
    assert_same(&draft.signature("{CERTIFICATE}", ""));
}

#[test]
fn any_of_several_certificates_may_have_signed() {
    let trust = Trust::new(vec![STRANGER.certificate(), MODERN.certificate()], None);
    assert!(verify_for(&Draft::new().form_value(), &trust, NOW).is_ok());
    let bare = Draft::new().after("<ds:X509Certificate>", "<!--").after("</ds:X509Certificate>", "-->");
    let bare = bare.after("<ds:X509Data>", "").after("</ds:X509Data>", "");
    let bare =
        bare.after("<KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\">", "").after("</KeyInfo>", "");
    assert!(verify_for(&bare.form_value(), &trust, NOW).is_ok());
}

#[test]
fn a_fingerprint_lets_its_certificate_in() {
    let certificate = MODERN.certificate();
    for fingerprint in [certificate.sha256_fingerprint(), certificate.sha1_fingerprint()] {
        let written = fingerprint.to_string().to_lowercase().replace(':', " ");
        let trust = Trust::new(Vec::new(), Some(written.parse::<Fingerprint>().unwrap()));
        assert!(verify_for(&Draft::new().form_value(), &trust, NOW).is_ok());
    }
}

#[test]
fn base64_may_come_in_lines_and_without_padding() {
    let value = Draft::new().form_value();
    let lines: String = value
        .as_bytes()
        .chunks(60)
        .map(|line| format!("{}\r\n", std::str::from_utf8(line).unwrap()))
        .collect();
    for value in [lines.as_str(), value.trim_end_matches('='), &format!(" \t{value}\n")] {
        assert!(verify_for(value, &trust(&MODERN), NOW).is_ok());
    }
}

#[test]
fn a_declaration_of_utf8_may_stand_first() {
    for declaration in [
        "<?xml version=\"1.0\"?>",
        "<?xml version='1.0' encoding='utf-8'?>\n",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>",
        "<!-- hello -->\n",
    ] {
        assert_same(&Draft::new().after("<samlp:Response", &format!("{declaration}<samlp:Response")));
    }
}

#[test]
fn white_space_and_comments_between_elements_do_not_matter() {
    let draft = Draft::new()
        .before("<Issuer>", "\n  <Issuer>")
        .before("<Conditions", "\t<Conditions")
        .sent_as("<Subject>", "<Subject><!-- who -->")
        .after("<samlp:Status>", "\r\n<samlp:Status><!-- all is well -->")
        .after("</ds:SignedInfo>", "</ds:SignedInfo>\n  <!-- signed -->");
    assert_same(&draft);
}

#[test]
fn the_order_of_attributes_does_not_matter() {
    let draft = Draft::new()
        .sent_as(
            "ID=\"_a1\" IssueInstant=\"2026-03-01T10:00:00Z\" Version=\"2.0\"",
            "Version='2.0'\n  IssueInstant = \"2026-03-01T10:00:00Z\" ID='_a1'",
        )
        .after("Destination=", "Consent=\"none\" Destination=");
    assert_same(&draft);
}

#[test]
fn empty_elements_may_be_short() {
    let draft = Draft::new()
        .sent_as("></SubjectConfirmationData>", " />")
        .sent_as("<AttributeValue></AttributeValue>", "<AttributeValue/>")
        .after("></ds:SignatureMethod>", "/>")
        .after("></samlp:StatusCode>", "/>");
    assert_same(&draft);
}

#[test]
fn prefixes_may_be_others() {
    let prefixed = Draft::new()
        .before("<Assertion xmlns=", "<s:Assertion xmlns:s=")
        .before("</Assertion>", "</s:Assertion>");
    let names = [
        "Issuer",
        "Subject",
        "NameID",
        "SubjectConfirmation",
        "SubjectConfirmationData",
        "Conditions",
        "AudienceRestriction",
        "Audience",
        "AttributeStatement",
        "Attribute",
        "AttributeValue",
        "AuthnStatement",
        "AuthnContext",
        "AuthnContextClassRef",
    ];
    let outer = "<Issuer xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">https://idp.example.com/api/v1/auth/saml</Issuer>";
    let prefixed = prefixed.before(outer, "");
    let prefixed = names.iter().fold(prefixed, |draft, name| {
        draft
            .before(&format!("</{name}>"), &format!("</s:{name}>"))
            .before_if_there(&format!("<{name}>"), &format!("<s:{name}>"))
            .before_if_there(&format!("<{name} "), &format!("<s:{name} "))
    });
    assert_same(&prefixed);
}

#[test]
fn comments_and_sections_do_not_cut_a_value() {
    assert_eq!(first_name("Zoë Ann", "Zoë<!-- middle --> Ann"), "Zoë Ann");
    assert_eq!(first_name("Zoë &amp; Ann", "Zoë <![CDATA[& An]]>n"), "Zoë & Ann");
    assert_eq!(first_name("AB", "<![CDATA[A]]><!-- x --><![CDATA[B]]>"), "AB");
    let draft = Draft::new().sent_as(">usr-1</NameID>", ">usr<!-- .cld-9 -->-1</NameID>");
    assert_eq!(draft.verified().unwrap().name_id(), "usr-1");
}

#[test]
fn escapes_are_read_as_what_they_stand_for() {
    assert_eq!(first_name("&lt;b&gt; &amp;amp;", "&lt;b> &#38;amp;"), "<b> &amp;");
    assert_eq!(first_name("\"'", "&quot;&apos;"), "\"'");
    assert_eq!(first_name("a&#xD;\nb", "a&#13;&#10;b"), "a\r\nb");
    assert_eq!(first_name("a\nb", "a\r\nb"), "a\nb");
    assert_eq!(first_name("😀 e\u{301} 日本", "&#x1F600; e&#769; 日本"), "😀 e\u{301} 日本");
    assert_eq!(first_name("  a  ", "  a  "), "  a  ");
}

#[test]
fn the_audience_may_be_the_address_its_origin_or_a_known_one() {
    let audience = |audience: &str, also: &[&str]| {
        let draft =
            Draft::new().before("<Audience>https://crm.example.com/<", &format!("<Audience>{audience}<"));
        let trust = trust(&MODERN);
        let expectations = Expectations::new(&trust, ACS).audiences(also);
        verify(draft.form_value().as_bytes(), &expectations, NOW).map(|_| ())
    };
    for right in [ACS, "https://crm.example.com", "https://crm.example.com/", ""] {
        assert_eq!(audience(right, &[]), Ok(()), "{right}");
    }
    assert_eq!(audience("app-1", &["crm.example.com", "app-1"]), Ok(()));
    assert_eq!(audience("app-1", &[]), Err(Rejection::Audience));
    let several = Draft::new().before("<Audience>", "<Audience>other</Audience><Audience>");
    assert_same(&several);
    let unrestricted = Draft::new().before(
        "<AudienceRestriction><Audience>https://crm.example.com/</Audience></AudienceRestriction>",
        "",
    );
    assert_same(&unrestricted);
}

#[test]
fn clocks_may_differ_by_the_allowance() {
    let trust = trust(&MODERN);
    let value = Draft::new().form_value();
    let at = |now, allowance| {
        let expectations = Expectations::new(&trust, ACS).clock_allowance(Duration::from_secs(allowance));
        verify(value.as_bytes(), &expectations, now).map(|_| ())
    };
    assert_eq!(at(utc_datetime!(2026-03-01 09:59:55), 0), Ok(()));
    assert_eq!(at(utc_datetime!(2026-03-01 09:59:54), 0), Err(Rejection::NotYetValid));
    assert_eq!(at(utc_datetime!(2026-03-01 09:58:55), 60), Ok(()));
    assert_eq!(at(utc_datetime!(2026-03-01 09:58:54), 60), Err(Rejection::NotYetValid));
    assert_eq!(at(utc_datetime!(2026-03-01 10:02:59), 0), Ok(()));
    assert_eq!(at(utc_datetime!(2026-03-01 10:03:00), 0), Err(Rejection::ConfirmationExpired));
    assert_eq!(at(utc_datetime!(2026-03-01 10:03:59), 60), Ok(()));
    assert_eq!(at(utc_datetime!(2026-03-01 10:04:00), 60), Err(Rejection::ConfirmationExpired));
    // Never more than five minutes.
    assert_eq!(at(utc_datetime!(2026-03-01 10:07:59), 3600), Ok(()));
    assert_eq!(at(utc_datetime!(2026-03-01 10:08:00), 3600), Err(Rejection::ConfirmationExpired));
}

#[test]
fn inclusive_prefixes_are_honoured() {
    const EXCLUSIVE: &str = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">";
    let list = "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" \
                PrefixList=\"xs #default missing\"></ec:InclusiveNamespaces>";
    let declared = "<Assertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\" xmlns:xs=\"urn:xs\"";
    let draft = Draft::new()
        .info(EXCLUSIVE, &format!("{EXCLUSIVE}{list}"))
        .before("<Assertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"", declared);
    // The prefix is used nowhere, and declared on the response as it is sent.
    let draft = draft
        .sent_as(" xmlns:xs=\"urn:xs\"", "")
        .after("<samlp:Response", "<samlp:Response xmlns:xs=\"urn:xs\"");
    assert_same(&draft);
}

#[test]
fn unused_declarations_do_not_matter() {
    let draft = Draft::new()
        .sent_as(
            "<Subject>",
            "<Subject xmlns:xsi=\"urn:xsi\" xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">",
        )
        .after("<samlp:Response", "<samlp:Response xmlns:unused=\"urn:unused\"");
    assert_same(&draft);
}

#[test]
fn one_time_use_is_a_condition_that_is_met() {
    assert_same(&Draft::new().before("</Conditions>", "<OneTimeUse></OneTimeUse></Conditions>"));
}

#[test]
fn without_an_expected_request_the_answered_one_is_told() {
    let trust = trust(&MODERN);
    let value = form_value(Draft::new().before(REQUEST, "_other").xml());
    let assertion = verify(value.as_bytes(), &Expectations::new(&trust, ACS), NOW).unwrap();
    assert_eq!(assertion.request_id(), "_other");
}
