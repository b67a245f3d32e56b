//! What must be refused, and for which reason: a test for every rule.

use std::time::Duration;

use maestrano::Rejection;
use maestrano::saml::{Expectations, Trust, verify};
use time::macros::utc_datetime;

use crate::keys::{Hash, LEGACY, MODERN, STRANGER};
use crate::kit::{ACS, Draft, NOW, REQUEST, attribute, form_value, trust, verify_for};

const FORGED: &str =
    r#"<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" ID="_forged" Version="2.0"></Assertion>"#;

fn refused(form_value: &str) -> &'static str {
    verify_for(form_value, &trust(&MODERN), NOW).unwrap_err().code()
}

// The envelope.

#[test]
fn an_empty_field_is_refused() {
    assert_eq!(refused(""), "empty");
    assert_eq!(refused(" \r\n"), "empty");
}

#[test]
fn more_than_512_kib_of_base64_are_refused() {
    assert_eq!(refused(&"A".repeat(512 * 1024 + 1)), "too_large");
    assert_eq!(refused(&" ".repeat(1024 * 1024 + 1)), "too_large");
    // As much as that is read: these are zeros.
    assert_eq!(refused(&"A".repeat(512 * 1024)), "not_well_formed");
}

#[test]
fn what_is_not_base64_is_refused() {
    assert_eq!(refused("PHNhbWw!"), "not_base64");
    assert_eq!(refused("<samlp:Response>"), "not_base64");
    assert_eq!(refused(&Draft::new().form_value().replace('A', "-")), "not_base64");
}

#[test]
fn what_is_not_utf8_is_refused() {
    let xml = Draft::new().xml();
    assert_eq!(refused(&form_value(format!("\u{feff}{xml}"))), "encoding");
    assert_eq!(
        refused(&form_value(
            xml.replace("Zoë", "Zo?")
                .bytes()
                .map(|byte| if byte == b'?' { 0xeb } else { byte })
                .collect::<Vec<_>>()
        )),
        "encoding"
    );
    let utf16: Vec<u8> = xml.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(refused(&form_value(utf16)), "encoding");
    for encoding in ["ISO-8859-1", "UTF-16", "utf8", ""] {
        let declared = format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{xml}");
        assert_eq!(refused(&form_value(declared)), "encoding", "{encoding}");
    }
}

// The document.

#[test]
fn what_is_not_well_formed_is_refused() {
    let xml = Draft::new().xml();
    let cut = &xml[..xml.len() - 1];
    let twice = format!("{xml}{xml}");
    let text = format!("{xml}text");
    let control = xml.replace("Zoë", "Zo\u{1}");
    let bare = xml.replace("Acme &amp; Sons", "Acme & Sons");
    let prefix = xml.replace("<Subject>", "<x:Subject>");
    let twice_attribute = xml.replace("Version=\"2.0\"", "Version=\"2.0\" Version=\"2.0\"");
    let version = format!("<?xml version=\"1.1\"?>{xml}");
    for broken in
        [cut, &twice, &text, &control, &bare, &prefix, &twice_attribute, &version, "x", "</a>", "<a", "<!a>"]
    {
        assert_eq!(refused(&form_value(broken)), "not_well_formed", "{broken:.60}");
    }
}

#[test]
fn a_document_type_is_refused() {
    for doctype in
        ["<!DOCTYPE a>", "<!DOCTYPE a [<!ENTITY x \"y\">]>", "<!DOCTYPE a SYSTEM \"file:///etc/passwd\">"]
    {
        assert_eq!(
            Draft::new().after("<samlp:Response", &format!("{doctype}<samlp:Response")).refusal(),
            "doctype"
        );
    }
}

#[test]
fn an_entity_that_xml_does_not_predefine_is_refused() {
    assert_eq!(Draft::new().after("Zoë", "Zo&euml;").refusal(), "entity");
}

#[test]
fn a_processing_instruction_is_refused() {
    for place in ["<samlp:Response", "<Subject>", "</samlp:Response>"] {
        assert_eq!(
            Draft::new().after(place, &format!("<?php x?>{place}")).refusal(),
            "processing_instruction"
        );
    }
    assert_eq!(
        Draft::new().after("</samlp:Response>", "</samlp:Response><?x?>").refusal(),
        "processing_instruction"
    );
}

#[test]
fn a_document_beyond_the_bounds_is_refused() {
    let deep = format!("{}{}", "<a>".repeat(65), "</a>".repeat(65));
    let many = format!("<a>{}</a>", "<b/>".repeat(10_000));
    let wide: String = (0..257).map(|index| format!(" a{index}=\"\"")).collect();
    let declared: String = (0..257).map(|index| format!(" xmlns:a{index}=\"u\"")).collect();
    let spread = format!("<a>{}</a>", "<b xmlns:c=\"u\"/>".repeat(1_025));
    for document in [deep, many, format!("<a{wide}/>"), format!("<a{declared}/>"), spread] {
        assert_eq!(refused(&form_value(document)), "too_complex");
    }
    let inside = format!("{}{}", "<a>".repeat(64), "</a>".repeat(64));
    let few = format!("<a>{}</a>", "<b/>".repeat(9_999));
    for document in [inside, few] {
        assert_eq!(refused(&form_value(document)), "not_a_response");
    }
}

#[test]
fn declarations_that_parsers_disagree_on_are_refused() {
    for declaration in ["xmlns:a=\"\"", "xmlns=\"urn:a\" xmlns=\"urn:b\"", "samlp:xmlns=\"urn:a\""] {
        let draft = Draft::new().after("<samlp:Status>", &format!("<samlp:Status {declaration}>"));
        assert_eq!(draft.refusal(), "not_well_formed", "{declaration}");
    }
}

#[test]
fn another_root_is_refused() {
    assert_eq!(refused(&form_value("<Response/>")), "not_a_response");
    let other = Draft::new().before("SAML:2.0:protocol", "SAML:1.0:protocol");
    assert_eq!(other.refusal(), "not_a_response");
    let draft = Draft::new().before("<samlp:Response ", "<samlp:ArtifactResponse ");
    assert_eq!(draft.before("</samlp:Response>", "</samlp:ArtifactResponse>").refusal(), "not_a_response");
}

// One assertion.

#[test]
fn a_second_assertion_anywhere_is_refused() {
    let places = [
        "<samlp:Status>",
        "</samlp:Status>",
        "<Subject>",
        "<ds:SignedInfo",
        "</ds:Signature>",
        "<Assertion",
        "</samlp:Response>",
    ];
    for place in places {
        assert_eq!(
            Draft::new().after(place, &format!("{FORGED}{place}")).refusal(),
            "second_assertion",
            "{place}"
        );
    }
    let other = FORGED.replace("urn:oasis:names:tc:SAML:2.0:assertion", "urn:other");
    assert_eq!(Draft::new().after("<Assertion", &format!("{other}<Assertion")).refusal(), "second_assertion");
    let copied = Draft::new()
        .after("</samlp:Status>", "</samlp:Status><samlp:Extensions>{ASSERTION}</samlp:Extensions>");
    assert_eq!(copied.refusal(), "second_assertion");
}

#[test]
fn an_assertion_that_is_no_child_of_the_response_is_refused() {
    let wrapped = Draft::new()
        .after("<Assertion", "<samlp:Extensions><Assertion")
        .after("</Assertion>", "</Assertion></samlp:Extensions>");
    assert_eq!(wrapped.refusal(), "misplaced_assertion");
    let in_status = Draft::new()
        .after("</samlp:Status>", "")
        .after("</samlp:Response>", "</samlp:Status></samlp:Response>");
    assert_eq!(in_status.refusal(), "misplaced_assertion");
}

#[test]
fn no_assertion_is_refused() {
    let xml = Draft::new().xml();
    let start = xml.find("<Assertion").unwrap();
    assert_eq!(refused(&form_value(format!("{}</samlp:Response>", &xml[..start]))), "no_assertion");
}

#[test]
fn an_encrypted_assertion_is_refused() {
    let draft = Draft::new().after("<Assertion", "<EncryptedAssertion xmlns=\"urn:x\"/><Assertion");
    assert_eq!(draft.refusal(), "encrypted_assertion");
}

#[test]
fn the_same_id_twice_is_refused() {
    let draft = Draft::new().after("<samlp:Status>", "<samlp:Status ID=\"_a1\">");
    assert_eq!(draft.refusal(), "duplicate_id");
    assert_eq!(Draft::new().after("ID=\"_r1\"", "ID=\"_a1\"").refusal(), "duplicate_id");
}

#[test]
fn what_does_not_belong_into_a_response_is_refused() {
    let extensions = Draft::new().after("<samlp:Status>", "<samlp:Extensions/><samlp:Status>");
    let text = Draft::new().after("<samlp:Status>", "text<samlp:Status>");
    let twice = Draft::new().after("<samlp:Status>", "<samlp:Status/><samlp:Status>");
    let advice = Draft::new().before("<Conditions", "<Advice></Advice><Conditions");
    let subjects = Draft::new().before("<Conditions", "<Subject></Subject><Conditions");
    let statements = Draft::new()
        .before("<AttributeStatement>", "<AttributeStatement></AttributeStatement><AttributeStatement>");
    let words = Draft::new().before("<Conditions", "words<Conditions");
    for draft in [extensions, text, twice, advice, subjects, statements, words] {
        assert_eq!(draft.refusal(), "unexpected");
    }
}

#[test]
fn what_is_missing_is_refused() {
    let name = Draft::new().before(">usr-1</NameID>", "></NameID>");
    let until = Draft::new().before(" NotOnOrAfter=\"2026-03-01T10:03:00Z\"", "");
    let end = Draft::new().before(" NotOnOrAfter=\"2026-03-01T11:00:00Z\"", "");
    let rows = [
        Draft::new().without("<Subject>", "</Subject>"),
        Draft::new().without("<NameID", "</NameID>"),
        Draft::new().without("<SubjectConfirmation ", "</SubjectConfirmation>"),
        Draft::new().without("<SubjectConfirmationData", "</SubjectConfirmationData>"),
        Draft::new().without("<Conditions", "</Conditions>"),
        Draft::new().without("<AttributeStatement>", "</AttributeStatement>"),
        Draft::new().without("<samlp:Status>", "</samlp:Status>"),
        name,
        until,
        end,
    ];
    for draft in rows {
        assert_eq!(draft.refusal(), "missing", "{}", draft.xml());
    }
    assert_eq!(Draft::new().before(" ID=\"_a1\"", "").refusal(), "missing");
}

// One signature.

#[test]
fn no_signature_is_refused() {
    let xml = Draft::new().xml();
    let (before, rest) = xml.split_once("<ds:Signature").unwrap();
    let (_, after) = rest.split_once("</ds:Signature>").unwrap();
    assert_eq!(refused(&form_value(format!("{before}{after}"))), "no_signature");
}

#[test]
fn a_second_signature_anywhere_is_refused() {
    for place in ["<samlp:Status>", "<Subject>", "<ds:SignedInfo", "<Assertion"] {
        assert_eq!(
            Draft::new().after(place, &format!("{{SIGNATURE}}{place}")).refusal(),
            "second_signature",
            "{place}"
        );
    }
    let foreign = Draft::new().after("<samlp:Status>", "<samlp:Status><Signature xmlns=\"urn:x\"/>");
    assert_eq!(foreign.refusal(), "second_signature");
}

#[test]
fn a_signature_in_another_place_is_refused() {
    let deep = Draft::new()
        .after("<ds:Signature ", "<Advice><ds:Signature ")
        .after("</ds:Signature>", "</ds:Signature></Advice>");
    assert_eq!(deep.refusal(), "misplaced_signature");
    let foreign = Draft::new().after(
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">",
        "<ds:Signature xmlns:ds=\"urn:x\">",
    );
    assert_eq!(foreign.refusal(), "misplaced_signature");
}

#[test]
fn a_signature_of_another_shape_is_refused() {
    let object = Draft::new().signature("</ds:Signature>", "<ds:Object></ds:Object></ds:Signature>");
    let no_value = Draft::new().signature("<ds:SignatureValue>{VALUE}</ds:SignatureValue>", "");
    let empty = Draft::new().signature("{VALUE}", "");
    let two_infos = Draft::new().signature("{INFO}", "{INFO}{INFO}");
    let two_values = Draft::new()
        .signature("<ds:SignatureValue>", "<ds:SignatureValue>AA==</ds:SignatureValue><ds:SignatureValue>");
    let value_first = Draft::new()
        .signature("<ds:SignatureValue>{VALUE}</ds:SignatureValue>", "")
        .signature("{INFO}", "<ds:SignatureValue>{VALUE}</ds:SignatureValue>{INFO}");
    let two_keys = Draft::new().signature("</ds:Signature>", "<ds:KeyInfo></ds:KeyInfo></ds:Signature>");
    let in_value = Draft::new().signature("{VALUE}", "{VALUE}<!-- x -->");
    let in_digest = Draft::new().after("</ds:DigestValue>", "<!-- x --></ds:DigestValue>");
    let element = Draft::new().info("{DIGEST}", "<ds:X></ds:X>{DIGEST}");
    let two_references =
        Draft::new().info("</ds:Reference>", "</ds:Reference><ds:Reference URI=\"#_a1\"></ds:Reference>");
    let no_method =
        Draft::new().info("<ds:SignatureMethod", "<ds:Method").info("</ds:SignatureMethod>", "</ds:Method>");
    let length = Draft::new()
        .info("</ds:SignatureMethod>", "<ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>");
    let kind = Draft::new().info("<ds:Reference URI=", "<ds:Reference Type=\"x\" URI=");
    let words = Draft::new().info("<ds:Reference", "words<ds:Reference");
    let shapes = [
        object,
        no_value,
        empty,
        two_infos,
        two_values,
        value_first,
        two_keys,
        in_value,
        in_digest,
        element,
        two_references,
        no_method,
        length,
        kind,
        words,
    ];
    for draft in shapes {
        assert_eq!(draft.refusal(), "signature_shape", "{}", draft.xml());
    }
}

#[test]
fn a_reference_to_another_element_is_refused() {
    for uri in [
        "",
        "#",
        "#_r1",
        "_a1",
        "#_A1",
        "#xpointer(/)",
        "#xpointer(id('_a1'))",
        "https://example.com/#_a1",
        "file:///etc/passwd",
    ] {
        assert_eq!(Draft::new().info("#_a1", uri).refusal(), "foreign_reference", "{uri}");
    }
    assert_eq!(Draft::new().info(" URI=\"#_a1\"", "").refusal(), "foreign_reference");
    // The response carries the signature of its assertion.
    assert_eq!(Draft::new().response_signed().info("#_r1", "#_a1").refusal(), "foreign_reference");
    let lower = Draft::new().before(" ID=\"_a1\"", " Id=\"_a1\"");
    assert_eq!(lower.refusal(), "missing");
}

#[test]
fn other_transforms_are_refused() {
    const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
    const EXCLUSIVE: &str = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">";
    for algorithm in [
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/2000/09/xmldsig#base64",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
        "",
    ] {
        assert_eq!(Draft::new().info(ENVELOPED, algorithm).refusal(), "transform", "{algorithm}");
        let other = format!("<ds:Transform Algorithm=\"{algorithm}\">");
        assert_eq!(Draft::new().info(EXCLUSIVE, &other).refusal(), "transform", "{algorithm}");
        let third = format!("{other}</ds:Transform></ds:Transforms>");
        assert_eq!(Draft::new().info("</ds:Transforms>", &third).refusal(), "transform", "{algorithm}");
    }
}

#[test]
fn another_canonicalization_is_refused() {
    for algorithm in [
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    ] {
        let draft = Draft::new().info(
            "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">",
            &format!("<ds:CanonicalizationMethod Algorithm=\"{algorithm}\">"),
        );
        assert_eq!(draft.refusal(), "canonicalization", "{algorithm}");
    }
}

// Algorithms and trust.

#[test]
fn other_signature_algorithms_are_refused() {
    for algorithm in [
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-ripemd160",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        "http://www.w3.org/2000/09/xmldsig#rsa-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#RSA-SHA256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256 ",
        "",
    ] {
        let draft = Draft::new().info(Hash::Sha256.signature_algorithm(), algorithm);
        assert_eq!(draft.refusal(), "signature_algorithm", "{algorithm}");
    }
}

#[test]
fn other_digest_algorithms_are_refused() {
    for algorithm in [
        "http://www.w3.org/2001/04/xmldsig-more#md5",
        "http://www.w3.org/2001/04/xmlenc#ripemd160",
        "http://www.w3.org/2000/09/xmldsig#sha256",
        "http://www.w3.org/2001/04/xmldsig-more#sha224",
    ] {
        let draft = Draft::new().info(Hash::Sha256.digest_algorithm(), algorithm);
        assert_eq!(draft.refusal(), "digest_algorithm", "{algorithm}");
    }
}

#[test]
fn sha1_with_a_modern_certificate_is_refused() {
    assert_eq!(Draft::new().hashed_by(Hash::Sha1).refusal(), "sha1");
    let digest = Draft::new().info(Hash::Sha256.digest_algorithm(), Hash::Sha1.digest_algorithm());
    assert_eq!(digest.refusal(), "sha1");
}

#[test]
fn a_key_too_short_for_the_hash_is_refused() {
    let draft = Draft::new()
        .signed_by(&LEGACY)
        .info(Hash::Sha256.signature_algorithm(), Hash::Sha384.signature_algorithm());
    assert_eq!(draft.verified_by(&LEGACY), Err(Rejection::ShortKey { bits: 1024 }));
}

#[test]
fn a_strangers_signature_is_refused() {
    assert_eq!(Draft::new().signed_by(&STRANGER).refusal(), "foreign_certificate");
    // With the pinned certificate beside it.
    let pasted = Draft::new().signed_by(&STRANGER).signature("{CERTIFICATE}", &MODERN.body());
    assert_eq!(pasted.refusal(), "signature");
    let fingerprint = Trust::new(Vec::new(), Some(MODERN.certificate().sha256_fingerprint()));
    assert_eq!(verify_for(&pasted.form_value(), &fingerprint, NOW), Err(Rejection::Signature));
}

#[test]
fn key_info_with_another_certificate_is_refused() {
    let draft = Draft::new().signature("{CERTIFICATE}", &STRANGER.body());
    assert_eq!(draft.refusal(), "foreign_certificate");
    let other = Trust::new(Vec::new(), Some(STRANGER.certificate().sha256_fingerprint()));
    assert_eq!(verify_for(&Draft::new().form_value(), &other, NOW), Err(Rejection::ForeignCertificate));
}

#[test]
fn key_info_with_anything_but_one_certificate_is_refused() {
    const START: &str = "<ds:X509Certificate>";
    let two = format!("<ds:X509Certificate>{}</ds:X509Certificate>{START}", STRANGER.body());
    let key_value = "<ds:KeyValue></ds:KeyValue></KeyInfo>";
    for draft in [
        Draft::new().signature(START, &two),
        Draft::new().signature("</KeyInfo>", key_value),
        Draft::new().signature("{CERTIFICATE}", ""),
        Draft::new().signature("{CERTIFICATE}", "no base64!"),
        Draft::new().signature("ds:X509Data", "ds:PGPData"),
    ] {
        assert_eq!(draft.refusal(), "signature_shape", "{}", draft.xml());
    }
    let nonsense = Draft::new().signature("{CERTIFICATE}", "AAAA");
    assert_eq!(nonsense.refusal(), "foreign_certificate");
}

#[test]
fn trust_in_nothing_accepts_nothing() {
    let nothing = Trust::new(Vec::new(), None);
    assert_eq!(verify_for(&Draft::new().form_value(), &nothing, NOW), Err(Rejection::ForeignCertificate));
}

#[test]
fn a_fingerprint_without_a_certificate_in_the_response_is_refused() {
    let trust = Trust::new(Vec::new(), Some(MODERN.certificate().sha256_fingerprint()));
    let xml = Draft::new().xml();
    let (before, rest) = xml.split_once("<KeyInfo").unwrap();
    let (_, after) = rest.split_once("</KeyInfo>").unwrap();
    let bare = form_value(format!("{before}{after}"));
    assert_eq!(verify_for(&bare, &trust, NOW), Err(Rejection::NoCertificate));
}

#[test]
fn a_change_in_signed_info_is_refused() {
    let draft = Draft::new().after("<ds:DigestValue>", "<ds:DigestValue>AAAA");
    assert_eq!(draft.refusal(), "signature");
    let other = Draft::new().after(Hash::Sha256.signature_algorithm(), Hash::Sha512.signature_algorithm());
    assert_eq!(other.refusal(), "signature");
}

#[test]
fn a_change_in_what_is_signed_is_refused() {
    for (from, to) in [
        (">usr-1</AttributeValue>", ">usr-2</AttributeValue>"),
        ("<NameID ", "<NameID  X=\"\" "),
        ("<Subject>", "<Subject> "),
        ("cld-1", "cld-2"),
        ("_a1\" IssueInstant", "_a1\" X=\"\" IssueInstant"),
        ("</Assertion>", "<X></X></Assertion>"),
    ] {
        assert_eq!(Draft::new().after(from, to).refusal(), "digest", "{to}");
    }
    assert_eq!(Draft::new().response_signed().after("_r1\" InR", "_r1\" X=\"\" InR").refusal(), "digest");
}

// The occasion.

#[test]
fn another_version_is_refused() {
    assert_eq!(Draft::new().after("Version=\"2.0\"", "Version=\"1.1\"").refusal(), "version");
    let assertion = "IssueInstant=\"2026-03-01T10:00:00Z\" Version=\"2.0\"><Issuer>";
    assert_eq!(Draft::new().before(assertion, &assertion.replace("2.0", "1.1")).refusal(), "version");
}

#[test]
fn another_status_than_success_is_refused() {
    const SUCCESS: &str = "status:Success\"></samlp:StatusCode>";
    for (from, to) in [
        ("status:Success", "status:Responder"),
        (
            SUCCESS,
            "status:Success\"><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:AuthnFailed\"/></samlp:StatusCode>",
        ),
        (SUCCESS, "status:Success\"></samlp:StatusCode><samlp:StatusCode Value=\"x\"/>"),
        ("samlp:StatusCode Value=", "samlp:StatusCode value="),
    ] {
        assert_eq!(Draft::new().after(from, to).refusal(), "status", "{to}");
    }
}

#[test]
fn another_destination_is_refused() {
    for to in ["Destination=\"https://evil.example.com/\"", "destination=\"\"", "Destination=\"\""] {
        let draft = Draft::new().after(&format!("Destination=\"{ACS}\""), to);
        assert_eq!(draft.refusal(), "destination", "{to}");
    }
    let slash = Draft::new().after(&format!("Destination=\"{ACS}\""), &format!("Destination=\"{ACS}/\""));
    assert_eq!(slash.refusal(), "destination");
}

#[test]
fn another_recipient_is_refused() {
    for to in ["Recipient=\"https://evil.example.com/\"", "recipient=\"\"", "Recipient=\"\""] {
        assert_eq!(Draft::new().before(&format!("Recipient=\"{ACS}\""), to).refusal(), "recipient", "{to}");
    }
}

#[test]
fn another_audience_is_refused() {
    for audience in [
        "https://evil.example.com/",
        "https://crm.example.com.evil.example/",
        "https://crm.example.com//",
        " ",
        "https://crm.example.com/other",
    ] {
        let draft =
            Draft::new().before("<Audience>https://crm.example.com/<", &format!("<Audience>{audience}<"));
        assert_eq!(draft.refusal(), "audience", "{audience}");
    }
    // Each restriction must be met.
    let draft = Draft::new().before(
        "</Conditions>",
        "<AudienceRestriction><Audience>other</Audience></AudienceRestriction></Conditions>",
    );
    assert_eq!(draft.refusal(), "audience");
}

#[test]
fn another_confirmation_than_bearer_is_refused() {
    assert_eq!(Draft::new().before("cm:bearer", "cm:sender-vouches").refusal(), "confirmation_method");
    assert_eq!(
        Draft::new().before(" Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"", "").refusal(),
        "confirmation_method"
    );
}

#[test]
fn a_response_too_late_or_too_early_is_refused() {
    let value = Draft::new().form_value();
    let at = |now| {
        let trust = trust(&MODERN);
        let expectations = Expectations::new(&trust, ACS).clock_allowance(Duration::ZERO);
        verify(value.as_bytes(), &expectations, now).unwrap_err()
    };
    assert_eq!(at(utc_datetime!(2026-03-01 09:59:54)), Rejection::NotYetValid);
    assert_eq!(at(utc_datetime!(2026-03-01 10:03:00)), Rejection::ConfirmationExpired);
    assert_eq!(Draft::new().before("2026-03-01T11:00:00Z", "2026-03-01T09:00:00Z").refusal(), "expired");
    let confirmation = Draft::new().before(
        " NotOnOrAfter=\"2026-03-01T10:03:00Z\"",
        " NotBefore=\"2026-03-01T10:02:00Z\" NotOnOrAfter=\"2026-03-01T10:03:00Z\"",
    );
    assert_eq!(confirmation.refusal(), "not_yet_valid");
}

#[test]
fn a_time_that_is_none_is_refused() {
    for time in [
        "",
        "now",
        "2026-03-01",
        "2026-03-01T11:00:00",
        "2026-13-01T11:00:00Z",
        "99999-03-01T11:00:00Z",
        "2026-03-01 11:00",
    ] {
        assert_eq!(Draft::new().before("2026-03-01T11:00:00Z", time).refusal(), "time", "{time}");
        assert_eq!(
            Draft::new().before("2026-03-01T10:03:00Z\" Recipient", &format!("{time}\" Recipient")).refusal(),
            "time",
            "{time}"
        );
    }
}

#[test]
fn times_at_the_end_of_time_do_not_overflow() {
    let draft = Draft::new().before("2026-03-01T11:00:00Z", "9999-12-31T23:59:59Z");
    assert!(draft.verified().is_ok());
}

#[test]
fn an_unknown_condition_is_refused() {
    let draft = Draft::new().before("</Conditions>", "<ProxyRestriction></ProxyRestriction></Conditions>");
    assert_eq!(draft.refusal(), "unknown_condition");
}

#[test]
fn an_unsolicited_response_is_refused() {
    let response = format!("ID=\"_r1\" InResponseTo=\"{REQUEST}\"");
    assert_eq!(Draft::new().before(&response, "ID=\"_r1\"").refusal(), "unsolicited");
    assert_eq!(Draft::new().before(&response, "ID=\"_r1\" InResponseTo=\"\"").refusal(), "unsolicited");
    let confirmation = format!("<SubjectConfirmationData InResponseTo=\"{REQUEST}\"");
    assert_eq!(Draft::new().before(&confirmation, "<SubjectConfirmationData").refusal(), "unsolicited");
}

#[test]
fn the_answer_to_another_request_is_refused() {
    assert_eq!(Draft::new().before(REQUEST, "_other").refusal(), "other_request");
    let response = format!("ID=\"_r1\" InResponseTo=\"{REQUEST}\"");
    assert_eq!(
        Draft::new().before(&response, "ID=\"_r1\" InResponseTo=\"_other\"").refusal(),
        "two_requests"
    );
}

// The content.

#[test]
fn an_attribute_that_comes_twice_is_refused() {
    let injected = "x</AttributeValue></Attribute><Attribute Name=\"uid\"><AttributeValue>usr-2";
    assert_eq!(Draft::new().before("Zoë", injected).refusal(), "duplicate_attribute");
    let same = attribute("uid", "usr-1");
    assert_eq!(Draft::new().before(&same, &format!("{same}{same}")).refusal(), "duplicate_attribute");
}

#[test]
fn an_attribute_that_is_not_one_name_with_one_text_is_refused() {
    for (from, to) in [
        ("Zoë", "Zoë<b>x</b>"),
        ("Zoë", "Zoë</AttributeValue><AttributeValue>x"),
        ("<Attribute Name=\"name\">", "<Attribute>"),
        ("<Attribute Name=\"name\">", "<Attribute Name=\"\">"),
        ("<Attribute Name=\"name\">", "<Attribute Name=\"name\">words"),
        ("<AttributeStatement>", "<AttributeStatement>words"),
        ("<AttributeStatement>", "<AttributeStatement><Other></Other>"),
    ] {
        assert_eq!(Draft::new().before(from, to).refusal(), "attribute_shape", "{to}");
    }
}

#[test]
fn a_rejection_never_quotes_the_document() {
    let secret = "token-of-the-session";
    let drafts = [
        Draft::new().after("<Subject>", secret),
        Draft::new().before("cm:bearer", secret),
        Draft::new().before(REQUEST, secret),
        Draft::new().after("<samlp:Status>", &format!("<{secret}:Status>")),
        Draft::new().after("<samlp:Status>", &format!("<{secret}>")),
    ];
    for draft in drafts {
        let rejection = draft.verified().unwrap_err();
        assert!(!format!("{rejection} {rejection:?}").contains(secret), "{rejection:?}");
    }
    let draft = Draft::new().verified().unwrap();
    assert!(!format!("{draft:?}").contains(secret));
}
