//! The signature in another place, a second one, none; and the identifiers that it rests on.

use maestrano::Rejection;

use super::wrapping::{Parts, forged, forged_around, with_object, within};
use super::{FORGED, Row};
use crate::kit::{Draft, attribute, element};

pub(super) fn rows() -> Vec<Row> {
    [second_signatures(), misplaced_signatures(), identifiers()].into_iter().flatten().collect()
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
