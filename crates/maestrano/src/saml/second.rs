//! A second opinion (feature `samael`): another library, on xmlsec1 and libxml2, verifies the same response
//! and must read the same identity in it.
//!
//! It sees only what the first verifier has accepted whole. By itself it is no door: xmlsec1 resolves
//! references and runs transforms before it looks at a signature, opens files and addresses, and has no bound
//! on time or memory (security.md, "The second verifier").

use std::sync::{Mutex, PoisonError};

use samael::crypto::{CertificateDer, Crypto, CryptoProvider as _, ReduceMode};
use samael::schema;

use crate::rejection::Rejection;
use crate::saml::assertion::Assertion;
use crate::saml::envelope::Envelope;
use crate::saml::response::decode;
use crate::saml::signature::Signature;
use crate::saml::trust::Trust;
use crate::saml::xml::{self, is_white_space};

/// One verification at a time. xmlsec1 and libxml2 initialize themselves at the first one, and keep tables
/// for the whole process; a verification takes well below a millisecond, and waits for nothing.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Refuses an assertion that the second verifier does not find in the document, under one of these
/// certificates (DER), in the same bytes and with the same identity.
pub fn agree<'a>(
    document: &str,
    certificates: impl IntoIterator<Item = &'a [u8]>,
    assertion: &Assertion,
) -> Result<(), Rejection> {
    let verified = verified(document, certificates).ok_or(disagrees("refuses the response"))?;
    if verified != assertion.canonical() {
        return Err(disagrees("verified other bytes"));
    }
    match Identity::read(&verified) {
        Some(identity) if identity.is_of(assertion) => Ok(()),
        Some(_) => Err(disagrees("reads another identity")),
        None => Err(disagrees("cannot read the assertion")),
    }
}

fn disagrees(complaint: &'static str) -> Rejection {
    Rejection::SecondVerifier { complaint }
}

/// What each verifier makes of a signature.
#[derive(Debug)]
#[non_exhaustive]
pub struct Opinions {
    /// The canonical bytes that the first verified.
    pub first: Result<String, Rejection>,
    /// Those that the second verified.
    pub second: Option<String>,
}

/// What both verifiers make of the signature in a form field: for tests, which compare them on everything
/// that passes the gate.
///
/// # Errors
///
/// The rule of the gate that the response breaks; the second verifier has not seen it then.
pub fn opinions(form_value: &[u8], trust: &Trust) -> Result<Opinions, Rejection> {
    let text = decode(form_value)?;
    let document = xml::parse(&text)?;
    let envelope = Envelope::read(&document)?;
    let signature = Signature::read(envelope.signature, envelope.signed)?;
    let second = verified(&text, signature.certificates(trust));
    Ok(Opinions { first: signature.verify(trust), second })
}

/// The canonical bytes that the one signature of a document covers, when one of these certificates made it.
fn verified<'a>(document: &str, certificates: impl IntoIterator<Item = &'a [u8]>) -> Option<String> {
    let certificates: Vec<_> =
        certificates.into_iter().map(|der| CertificateDer::from(der.to_vec())).collect();
    // Nothing is trusted; samael is not asked what it makes of that.
    if certificates.is_empty() {
        return None;
    }
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    Crypto::reduce_xml_to_signed(document, &certificates, ReduceMode::PreDigest).ok()
}

/// Who signed in, as samael's own reader has it.
struct Identity(schema::Assertion);

impl Identity {
    /// Reads a signed response or a signed assertion. The reader does not look at the name of the root, and
    /// an assertion holds no other.
    fn read(verified: &str) -> Option<Self> {
        let response = verified.parse::<schema::Response>().ok();
        let inside = response.and_then(|response| response.assertion);
        inside.or_else(|| verified.parse().ok()).map(Self)
    }

    fn is_of(&self, assertion: &Assertion) -> bool {
        let Self(it) = self;
        let name_id = it.subject.as_ref().and_then(|subject| subject.name_id.as_ref());
        let name_id = name_id.map(|name_id| name_id.value.as_str());
        let attributes = it.attribute_statements.iter().flatten().flat_map(|statement| &statement.attributes);
        let attributes = attributes.map(|attribute| {
            let mut values = attribute.values.iter().map(|value| value.value.as_deref().unwrap_or_default());
            let value = values.next().unwrap_or_default();
            (attribute.name.as_deref(), value, values.next())
        });
        let ours = assertion.attributes().map(|(name, value)| {
            // The reader drops a text that is nothing but white space.
            (Some(name), if is_white_space(value) { "" } else { value }, None)
        });
        it.id == assertion.id() && name_id == Some(assertion.name_id()) && attributes.eq(ours)
    }
}
