//! The outer structure of a response: which element is signed, and by which signature.

use crate::rejection::Rejection;
use crate::saml::xml::{ASSERTION, Document, Node, PROTOCOL, SIGNATURE};

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

/// What is signed, by what, and what the response says about itself. Only sanity checks rest on the latter;
/// nothing of it is handed out.
pub(crate) struct Envelope<'a> {
    pub(crate) destination: Option<&'a str>,
    pub(crate) in_response_to: Option<&'a str>,
    pub(crate) signed: Node<'a>,
    pub(crate) signature: Node<'a>,
}

impl<'a> Envelope<'a> {
    /// Passes the one structure of security.md 1.3 to 1.6, as far as it lies outside the signature.
    pub(crate) fn read(document: &'a Document<'a>) -> Result<Self, Rejection> {
        let response = document.root();
        if !response.is(PROTOCOL, "Response") {
            return Err(Rejection::NotAResponse);
        }
        count(document)?;
        if response.attribute("Version") != Some("2.0") {
            return Err(Rejection::Version { of: "Response" });
        }
        if !response.holds_elements_only() {
            return Err(Rejection::Unexpected { parent: "Response" });
        }
        let (mut issuer, mut signature, mut status, mut assertion) = (None, None, None, None);
        for child in response.children().filter(|child| child.is_element()) {
            let place = if child.is(ASSERTION, "Issuer") {
                &mut issuer
            } else if child.is(SIGNATURE, "Signature") {
                &mut signature
            } else if child.is(PROTOCOL, "Status") {
                &mut status
            } else if child.is(ASSERTION, "Assertion") {
                &mut assertion
            } else {
                return Err(misplaced(child).unwrap_or(Rejection::Unexpected { parent: "Response" }));
            };
            if place.replace(child).is_some() {
                return Err(Rejection::Unexpected { parent: "Response" });
            }
        }
        succeeded(status.ok_or(Rejection::Missing { parent: "Response", what: "Status" })?)?;

        let assertion = match assertion {
            Some(assertion) => assertion,
            None if named(document, "Assertion").next().is_some() => {
                return Err(Rejection::MisplacedAssertion);
            }
            None => return Err(Rejection::NoAssertion),
        };
        let inside = assertion.children().find(|child| child.is(SIGNATURE, "Signature"));
        let (signature, signed) = match (signature, inside) {
            (Some(signature), _) => (signature, response),
            (None, Some(signature)) => (signature, assertion),
            (None, None) if named(document, "Signature").next().is_some() => {
                return Err(Rejection::MisplacedSignature);
            }
            (None, None) => return Err(Rejection::NoSignature),
        };
        Ok(Self {
            destination: response.attribute("Destination"),
            in_response_to: response.attribute("InResponseTo"),
            signed,
            signature,
        })
    }
}

/// Counts what may be there once in the whole document, in whatever namespace it hides.
fn count(document: &Document<'_>) -> Result<(), Rejection> {
    let (mut assertions, mut signatures, mut ids) = (0, 0, Vec::new());
    for node in document.elements() {
        match node.name().local() {
            "Assertion" => assertions += 1,
            "EncryptedAssertion" => return Err(Rejection::EncryptedAssertion),
            "Signature" => signatures += 1,
            _ => {}
        }
        ids.extend(node.attribute("ID"));
    }
    if assertions > 1 {
        return Err(Rejection::SecondAssertion);
    }
    if signatures > 1 {
        return Err(Rejection::SecondSignature);
    }
    ids.sort_unstable();
    if ids.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
        return Err(Rejection::DuplicateId);
    }
    Ok(())
}

fn named<'a>(document: &'a Document<'a>, name: &'static str) -> impl Iterator<Item = Node<'a>> {
    document.elements().filter(move |element| element.name().local() == name)
}

/// What to say of an element that has no place in the response.
fn misplaced(element: Node<'_>) -> Option<Rejection> {
    element.elements().find_map(|node| match node.name().local() {
        "Assertion" => Some(Rejection::MisplacedAssertion),
        "Signature" => Some(Rejection::MisplacedSignature),
        _ => None,
    })
}

/// Status is success and no failure is nested in it.
fn succeeded(status: Node<'_>) -> Result<(), Rejection> {
    let mut codes = status.children().filter(|child| child.is(PROTOCOL, "StatusCode"));
    let (Some(code), None) = (codes.next(), codes.next()) else { return Err(Rejection::Status) };
    let nested = code.children().any(|child| child.is_element());
    if code.attribute("Value") == Some(SUCCESS) && !nested { Ok(()) } else { Err(Rejection::Status) }
}
