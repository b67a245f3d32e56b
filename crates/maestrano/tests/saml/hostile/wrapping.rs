//! Wrapping: what was signed is still there, and something forged stands where it is read.

use maestrano::Rejection;

use super::{FORGED, Row};
use crate::kit::{Draft, attribute, element};

const RESPONSE_END: &str = "</samlp:Response>";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = published();
    rows.extend(second_assertions());
    rows.extend(misplaced_assertions());
    rows.extend(second_signatures());
    rows.extend(misplaced_signatures());
    rows.extend(identifiers());
    rows
}

/// A right response in its parts.
struct Parts {
    xml: String,
    /// The signed assertion, its signature inside.
    signed: String,
    /// The signature of the assertion.
    signature: String,
    /// The signed assertion without its signature.
    bare: String,
}

impl Parts {
    fn new() -> Self {
        let xml = Draft::new().xml();
        let signed = element(&xml, "Assertion").to_owned();
        let signature = element(&signed, "ds:Signature").to_owned();
        let bare = signed.replace(&signature, "");
        Self { xml, signed, signature, bare }
    }

    /// The response with something else in place of its assertion.
    fn with(&self, assertions: &str) -> String {
        self.xml.replace(&self.signed, assertions)
    }
}

/// An assertion that nobody signed, for another user.
fn forged(id: &str) -> String {
    let xml = Draft::new().before("usr-1", FORGED).before("\"_a1\"", &format!("\"{id}\"")).xml();
    let assertion = element(&xml, "Assertion");
    assertion.replace(element(assertion, "ds:Signature"), "")
}

/// The same with something inside, behind the issuer.
fn forged_around(id: &str, inner: &str) -> String {
    forged(id).replacen("</Issuer>", &format!("</Issuer>{inner}"), 1)
}

/// An element of the protocol, or with another prefix of its own, around something.
fn within(name: &str, inner: &str) -> String {
    format!("<{name}>{inner}</{name}>")
}

/// A signature with something in an `Object` at its end.
fn with_object(signature: &str, inner: &str) -> String {
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

fn second_signatures() -> Vec<Row> {
    let parts = Parts::new();
    let Parts { xml, signature, signed, .. } = &parts;
    let before = |place: &str| xml.replacen(place, &format!("{signature}{place}"), 1);
    let response = Draft::new().response_signed().xml();
    let outer = element(&response, "ds:Signature");
    let shapes = [
        ("the response and the assertion have a signature each", before("<samlp:Status>")),
        ("the assertion has two signatures", before("<Subject>")),
        ("a second signature stands in SignedInfo", before("<ds:CanonicalizationMethod")),
        ("a second signature stands in KeyInfo", before("<ds:X509Data>")),
        ("a second signature follows the assertion", parts.with(&format!("{signed}{signature}"))),
        (
            "a second signature stands in an Object of the first",
            xml.replace(signature, &with_object(signature, signature)),
        ),
        (
            "a second signature has another namespace",
            xml.replace("<Subject>", "<Signature xmlns=\"urn:other\"/><Subject>"),
        ),
        (
            "a second signature counters the first",
            xml.replace("</ds:SignatureValue>", &format!("</ds:SignatureValue>{outer}")),
        ),
        ("the response's signature comes twice", response.replace(outer, &format!("{outer}{outer}"))),
    ];
    shapes.into_iter().map(|(name, xml)| Row::new(name, xml, Rejection::SecondSignature)).collect()
}

fn misplaced_signatures() -> Vec<Row> {
    let parts = Parts::new();
    let Parts { signature, bare, .. } = &parts;
    let moved = |place: &str, to: &str| parts.with(bare).replacen(place, to, 1);
    let response = Draft::new().response_signed().xml();
    let outer = element(&response, "ds:Signature");
    let shapes = [
        (
            "the signature stands in the advice",
            moved("<Conditions", &format!("{}<Conditions", within("Advice", signature))),
        ),
        ("the signature stands in the subject", moved("<NameID", &format!("{signature}<NameID"))),
        (
            "the signature stands in the extensions",
            moved("<samlp:Status>", &format!("{}<samlp:Status>", within("samlp:Extensions", signature))),
        ),
        (
            "the signature stands in the status",
            moved("</samlp:Status>", &format!("{signature}</samlp:Status>")),
        ),
        ("the signature stands in an attribute's value", moved(">Zoë<", &format!(">{signature}<"))),
        (
            "the signature is of another namespace",
            Draft::new()
                .after(
                    "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">",
                    "<ds:Signature xmlns:ds=\"urn:other\">",
                )
                .xml(),
        ),
        (
            "the response's signature stands in its issuer",
            response.replace(outer, "").replacen("</Issuer>", &format!("{outer}</Issuer>"), 1),
        ),
        (
            "the platform's signature over its metadata stands beside a forged assertion",
            parts.with(&format!("{}{}", within("EntityDescriptor", signature), forged("_a1"))),
        ),
    ];
    let mut rows: Vec<Row> =
        shapes.into_iter().map(|(name, xml)| Row::new(name, xml, Rejection::MisplacedSignature)).collect();
    rows.push(Row::new("there is no signature", parts.with(bare), Rejection::NoSignature));
    rows.push(Row::new(
        "a forged assertion has no signature",
        parts.with(&forged("_a1")),
        Rejection::NoSignature,
    ));
    rows.push(Row::new(
        "the signature is called SIGNATURE",
        parts
            .xml
            .replace("ds:Signature xmlns", "ds:SIGNATURE xmlns")
            .replace("</ds:Signature>", "</ds:SIGNATURE>"),
        Rejection::NoSignature,
    ));
    rows.push(Row::new(
        "the assertion's signature stands in the response",
        parts.with(bare).replace("<samlp:Status>", &format!("{signature}<samlp:Status>")),
        Rejection::ForeignReference,
    ));
    rows.push(Row::new(
        "the response's signature stands in the assertion",
        response.replace(outer, "").replace("<Subject>", &format!("{outer}<Subject>")),
        Rejection::ForeignReference,
    ));
    rows.push(Row::new(
        "a forged assertion has the signature of another one",
        parts.with(&forged_around("_a2", signature)),
        Rejection::ForeignReference,
    ));
    rows.push(Row::new(
        "a forged assertion has the signature and the ID of another one",
        parts.with(&forged_around("_a1", signature)),
        Rejection::Digest,
    ));
    rows
}

fn identifiers() -> Vec<Row> {
    let duplicate = |name: &str, draft: Draft| Row::new(name, draft, Rejection::DuplicateId);
    let missing = |name: &str, draft: Draft| {
        Row::new(name, draft, Rejection::Missing { parent: "the signed element", what: "ID" })
    };
    let change = |from: &str, to: &str| Draft::new().after(from, to);
    let assertion_id = " ID=\"_a1\"";
    vec![
        duplicate(
            "an ID stands twice, first on another element",
            change("<samlp:Status>", "<samlp:Status ID=\"_a1\">"),
        ),
        duplicate(
            "an ID stands twice, last on another element",
            change("<AuthnStatement", "<AuthnStatement ID=\"_a1\""),
        ),
        duplicate("the response has the ID of the assertion", change("ID=\"_r1\"", "ID=\"_a1\"")),
        duplicate(
            "two elements that are not signed have the same ID",
            change("<samlp:Status>", "<samlp:Status ID=\"_x\">")
                .after("<samlp:StatusCode", "<samlp:StatusCode ID=\"_x\""),
        ),
        duplicate(
            "an ID stands twice, once written with a character reference",
            change("<samlp:Status>", "<samlp:Status ID=\"_&#97;1\">"),
        ),
        missing("the assertion has an Id instead of an ID", Draft::new().before(assertion_id, " Id=\"_a1\"")),
        missing("the assertion has an id instead of an ID", Draft::new().before(assertion_id, " id=\"_a1\"")),
        missing("the assertion has no ID", Draft::new().before(assertion_id, "")),
        missing(
            "the assertion has an empty ID",
            Draft::new().before(assertion_id, " ID=\"\"").info("#_a1", "#"),
        ),
        missing(
            "the ID of the assertion has a namespace",
            Draft::new()
                .before("<Assertion", "<Assertion xmlns:wsu=\"urn:wsu\"")
                .before(assertion_id, " wsu:ID=\"_a1\""),
        ),
        missing(
            "the assertion has an xml:id instead of an ID",
            Draft::new().before(assertion_id, " xml:id=\"_a1\""),
        ),
        Row::new(
            "an attribute that is added carries markup of a second user",
            Draft::new().after(
                &attribute("uid", "usr-1"),
                &format!("{}{}", attribute("uid", "usr-1"), attribute("uid", FORGED)),
            ),
            Rejection::Digest,
        ),
    ]
}
