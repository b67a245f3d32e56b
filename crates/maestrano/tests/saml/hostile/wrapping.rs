//! Wrapping: what was signed is still there, and something forged stands where it is read.

use maestrano::Rejection;

use super::{FORGED, Row};
use crate::kit::{Draft, element};

const RESPONSE_END: &str = "</samlp:Response>";

pub(super) fn rows() -> Vec<Row> {
    [published(), second_assertions(), misplaced_assertions()].into_iter().flatten().collect()
}

/// A right response in its parts.
pub(super) struct Parts {
    pub(super) xml: String,
    /// The signed assertion, its signature inside.
    pub(super) signed: String,
    /// The signature of the assertion.
    pub(super) signature: String,
    /// The signed assertion without its signature.
    pub(super) bare: String,
}

impl Parts {
    pub(super) fn new() -> Self {
        let xml = Draft::new().xml();
        let signed = element(&xml, "Assertion").to_owned();
        let signature = element(&signed, "ds:Signature").to_owned();
        let bare = signed.replace(&signature, "");
        Self { xml, signed, signature, bare }
    }

    /// The response with something else in place of its assertion.
    pub(super) fn with(&self, assertions: &str) -> String {
        self.xml.replace(&self.signed, assertions)
    }
}

/// An assertion that nobody signed, for another user.
pub(super) fn forged(id: &str) -> String {
    let xml = Draft::new().before("usr-1", FORGED).before("\"_a1\"", &format!("\"{id}\"")).xml();
    let assertion = element(&xml, "Assertion");
    assertion.replace(element(assertion, "ds:Signature"), "")
}

/// The same with something inside, behind the issuer.
pub(super) fn forged_around(id: &str, inner: &str) -> String {
    forged(id).replacen("</Issuer>", &format!("</Issuer>{inner}"), 1)
}

/// An element of the protocol, or with another prefix of its own, around something.
pub(super) fn within(name: &str, inner: &str) -> String {
    format!("<{name}>{inner}</{name}>")
}

/// A signature with something in an `Object` at its end.
pub(super) fn with_object(signature: &str, inner: &str) -> String {
    signature.replace("</ds:Signature>", &format!("{}</ds:Signature>", within("ds:Object", inner)))
}

/// The eight shapes of Somorovsky and others, "On Breaking SAML" (2012), by their usual numbers.
fn published() -> Vec<Row> {
    let parts = Parts::new();
    let Parts { signed, signature, bare, .. } = &parts;

    let response = Draft::new().response_signed().xml();
    let outer = element(&response, "ds:Signature");
    let original = response.replace(outer, "");
    let evil = Draft::new().before("usr-1", FORGED).before("\"_r1\"", "\"_r2\"").before("\"_a1\"", "\"_a2\"");
    let evil = evil.response_signed().xml();
    let evil_response = |signature: &str| evil.replace(element(&evil, "ds:Signature"), signature);

    let shapes = [
        (
            "XSW1: a forged response holds the signature, and in it the signed response",
            evil_response(&outer.replace("</ds:Signature>", &format!("{original}</ds:Signature>"))),
        ),
        (
            "XSW2: a forged response holds the signed response before its detached signature",
            evil_response(&format!("{original}{outer}")),
        ),
        (
            "XSW3: a forged assertion stands before the signed one",
            parts.with(&format!("{}{signed}", forged("_a2"))),
        ),
        ("XSW4: the signed assertion stands inside a forged one", parts.with(&forged_around("_a2", signed))),
        (
            "XSW5: a forged assertion has the signature, the signed one follows without it",
            parts.with(&format!("{}{bare}", forged_around("_a2", signature))),
        ),
        (
            "XSW6: a forged assertion has the signature, and in it stands the signed one",
            parts.with(&forged_around(
                "_a2",
                &signature.replace("</ds:Signature>", &format!("{bare}</ds:Signature>")),
            )),
        ),
        (
            "XSW7: a forged assertion stands in the extensions before the signed one",
            parts.with(&format!("{}{signed}", within("samlp:Extensions", &forged("_a2")))),
        ),
        (
            "XSW8: a forged assertion has the signature, and in its Object the signed one",
            parts.with(&forged_around("_a2", &with_object(signature, bare))),
        ),
    ];
    shapes.into_iter().map(|(name, xml)| Row::new(name, xml, Rejection::SecondAssertion)).collect()
}

fn second_assertions() -> Vec<Row> {
    let parts = Parts::new();
    let Parts { signed, signature, .. } = &parts;
    let beside = |forged: &str| parts.with(&format!("{forged}{signed}"));
    let shapes = [
        ("a forged assertion follows the signed one", parts.with(&format!("{signed}{}", forged("_a2")))),
        ("a forged assertion with the same ID stands before the signed one", beside(&forged("_a1"))),
        (
            "a forged assertion with the same ID follows the signed one",
            parts.with(&format!("{signed}{}", forged("_a1"))),
        ),
        (
            "the signed assertion stands in the extensions, a forged one in its place",
            parts.with(&format!("{}{}", within("samlp:Extensions", signed), forged("_a2"))),
        ),
        (
            "the signed assertion stands in the extensions, a forged one with the same ID in its place",
            parts.with(&format!("{}{}", within("samlp:Extensions", signed), forged("_a1"))),
        ),
        (
            "the signed assertion stands in the detail of the status, a forged one in its place",
            parts.with(&forged("_a2")).replace(
                "</samlp:Status>",
                &format!("{}</samlp:Status>", within("samlp:StatusDetail", signed)),
            ),
        ),
        (
            "a forged assertion stands in the detail of the status",
            parts.xml.replace(
                "</samlp:Status>",
                &format!("{}</samlp:Status>", within("samlp:StatusDetail", &forged("_a2"))),
            ),
        ),
        (
            "the signed assertion stands in the advice of a forged one",
            parts.with(&forged_around("_a2", &within("Advice", signed))),
        ),
        (
            "a forged assertion stands in the advice of the signed one",
            parts.xml.replace("<Conditions", &format!("{}<Conditions", within("Advice", &forged("_a2")))),
        ),
        (
            "the signed assertion stands in an Object of its own signature",
            parts.with(&forged_around("_a1", &with_object(signature, &parts.bare))),
        ),
        (
            "a forged assertion stands in an Object of the signature",
            parts.xml.replace(signature, &with_object(signature, &forged("_a2"))),
        ),
        (
            "a forged assertion stands in SignedInfo",
            parts.xml.replace("<ds:Reference", &format!("{}<ds:Reference", forged("_a2"))),
        ),
        (
            "a forged assertion stands in KeyInfo",
            parts.xml.replace("<ds:X509Data>", &format!("{}<ds:X509Data>", forged("_a2"))),
        ),
        (
            "a forged assertion stands in an attribute's value",
            parts.xml.replace(">Zoë<", &format!(">{}<", forged("_a2"))),
        ),
        (
            "a forged assertion stands inside the issuer",
            parts.xml.replacen("</Issuer>", &format!("{}</Issuer>", forged("_a2")), 1),
        ),
        (
            "a second assertion has another namespace",
            beside(&forged("_a2").replace("urn:oasis:names:tc:SAML:2.0:assertion", "urn:other")),
        ),
        (
            "a second assertion has the namespace of SAML 1.1",
            beside(&forged("_a2").replace("SAML:2.0:assertion", "SAML:1.0:assertion")),
        ),
        ("a second assertion has no namespace", beside("<Assertion xmlns=\"\"/>")),
        ("the signed assertion comes twice", beside(signed)),
        ("a second response stands inside the first", parts.with(&format!("{signed}{}", parts.xml))),
    ];
    shapes.into_iter().map(|(name, xml)| Row::new(name, xml, Rejection::SecondAssertion)).collect()
}

fn misplaced_assertions() -> Vec<Row> {
    let parts = Parts::new();
    let signed = &parts.signed;
    let shapes = [
        ("the only assertion stands in the extensions", parts.with(&within("samlp:Extensions", signed))),
        (
            "the only assertion stands in the status",
            parts.with("").replace("</samlp:Status>", &format!("{signed}</samlp:Status>")),
        ),
        (
            "the only assertion stands in an element of another name",
            parts.with(&within("samlp:Assertions", signed)),
        ),
        (
            "the only assertion is of another namespace",
            parts.with(&forged("_a1").replace("urn:oasis:names:tc:SAML:2.0:assertion", "urn:other")),
        ),
        (
            "the response stands inside a response",
            parts
                .with("")
                .replace(RESPONSE_END, &format!("{}{RESPONSE_END}", parts.xml))
                .replacen("_r1", "_r2", 1),
        ),
    ];
    let mut rows: Vec<Row> =
        shapes.into_iter().map(|(name, xml)| Row::new(name, xml, Rejection::MisplacedAssertion)).collect();
    rows.push(Row::new("there is no assertion", parts.with(""), Rejection::NoAssertion));
    rows.push(Row::new(
        "the assertion is called ASSERTION",
        parts.xml.replace("Assertion xmlns", "ASSERTION xmlns").replace("</Assertion>", "</ASSERTION>"),
        Rejection::MisplacedSignature,
    ));
    for name in ["EncryptedAssertion", "saml:EncryptedAssertion"] {
        let prefix = "xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"";
        rows.push(Row::new(
            format!("an {name} stands beside the assertion"),
            parts.with(&format!("<{name} {prefix}/>{signed}")),
            Rejection::EncryptedAssertion,
        ));
    }
    rows.push(Row::new(
        "an encrypted assertion stands in place of the assertion",
        parts.with(&within("EncryptedAssertion", "<EncryptedData/>")),
        Rejection::EncryptedAssertion,
    ));
    rows
}
