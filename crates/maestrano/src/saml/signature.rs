//! The one signature: its shape, which is checked before anything is computed, and then its truth.

use crate::rejection::{AlgorithmName, Rejection};
use crate::saml::base64_text;
use crate::saml::c14n::Canonicalizer;
use crate::saml::hash::Hash;
use crate::saml::trust::Trust;
use crate::saml::xml::{Attribute, EXCLUSIVE, Node, SIGNATURE};

const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
/// More prefixes than this in one `InclusiveNamespaces` list are refused.
const PREFIXES: usize = 16;

/// A signature of the accepted shape, not verified yet.
pub(crate) struct Signature<'a> {
    signed: Node<'a>,
    itself: Node<'a>,
    info: Node<'a>,
    info_prefixes: Vec<&'a str>,
    content_prefixes: Vec<&'a str>,
    method: Hash,
    digest_method: Hash,
    digest: Vec<u8>,
    value: Vec<u8>,
    certificate: Option<Vec<u8>>,
}

impl<'a> Signature<'a> {
    /// Reads the signature over the element that it stands in, `signed`, and refuses every other shape than
    /// the one of security.md 1.6.
    pub(crate) fn read(node: Node<'a>, signed: Node<'a>) -> Result<Self, Rejection> {
        let id = signed.attribute("ID").filter(|id| !id.is_empty());
        let id = id.ok_or(Rejection::Missing { parent: "the signed element", what: "ID" })?;

        only_attributes(node, &["Id"], "Signature")?;
        let mut parts = elements(node, "Signature")?;
        let info = expect(&mut parts, "SignedInfo")?;
        let value = expect(&mut parts, "SignatureValue")?;
        let key_info = parts.next();
        end(&mut parts, "Signature")?;

        only_attributes(info, &["Id"], "SignedInfo")?;
        let mut parts = elements(info, "SignedInfo")?;
        let canonicalization = expect(&mut parts, "CanonicalizationMethod")?;
        let method = expect(&mut parts, "SignatureMethod")?;
        let reference = expect(&mut parts, "Reference")?;
        end(&mut parts, "SignedInfo")?;

        only_attributes(reference, &["URI"], "Reference")?;
        if reference.attribute("URI").and_then(|uri| uri.strip_prefix('#')) != Some(id) {
            return Err(Rejection::ForeignReference);
        }
        let mut parts = elements(reference, "Reference")?;
        let transforms = expect(&mut parts, "Transforms")?;
        let digest_method = expect(&mut parts, "DigestMethod")?;
        let digest = expect(&mut parts, "DigestValue")?;
        end(&mut parts, "Reference")?;

        let info_prefixes = exclusive(canonicalization, "CanonicalizationMethod")?
            .ok_or_else(|| Rejection::Canonicalization { algorithm: name_of(canonicalization) })?;
        let content_prefixes = transforms_of(transforms)?;
        let method = plain_algorithm(method, "SignatureMethod", Hash::of_signature)?
            .ok_or_else(|| Rejection::SignatureAlgorithm { algorithm: name_of(method) })?;
        let digest_method = plain_algorithm(digest_method, "DigestMethod", Hash::of_digest)?
            .ok_or_else(|| Rejection::DigestAlgorithm { algorithm: name_of(digest_method) })?;
        Ok(Self {
            signed,
            itself: node,
            info,
            info_prefixes,
            content_prefixes,
            method,
            digest_method,
            digest: base64(digest, "DigestValue")?,
            value: base64(value, "SignatureValue")?,
            certificate: key_info.map(certificate).transpose()?,
        })
    }

    /// Verifies the signature over `SignedInfo`, then the digest of the signed element. What comes back is
    /// what was verified: the canonical form of the signed element without this signature.
    pub(crate) fn verify(&self, trust: &Trust) -> Result<String, Rejection> {
        // One buffer for both: the signature covers the first, and the second is what comes back.
        let mut canonicalizer = Canonicalizer::new(self.signed);
        let info = canonicalizer.canonicalize(self.info, None, &self.info_prefixes)?;
        let hashes = [self.method, self.digest_method];
        trust.check(self.certificate.as_deref(), hashes, info.as_bytes(), &self.value)?;
        let canonical = canonicalizer.canonicalize(self.signed, Some(self.itself), &self.content_prefixes)?;
        if self.digest_method.matches(canonical.as_bytes(), &self.digest) {
            Ok(canonicalizer.into_text())
        } else {
            Err(Rejection::Digest)
        }
    }

    /// The certificates (DER) that a verified signature may have been made with: the pinned ones; without
    /// any the embedded one, whose fingerprint is pinned.
    #[cfg(feature = "samael")]
    pub(crate) fn certificates<'s>(&'s self, trust: &'s Trust) -> impl Iterator<Item = &'s [u8]> {
        let pinned = trust.certificates();
        let embedded = self.certificate.as_deref().filter(|_| pinned.is_empty());
        pinned.iter().map(|certificate| certificate.der()).chain(embedded)
    }
}

/// Enveloped signature, then exclusive canonicalisation; gives the latter's prefixes.
fn transforms_of<'a>(transforms: Node<'a>) -> Result<Vec<&'a str>, Rejection> {
    only_attributes(transforms, &[], "Transforms")?;
    let mut parts = elements(transforms, "Transforms")?;
    let enveloped = expect(&mut parts, "Transform")?;
    let canonical = expect(&mut parts, "Transform")?;
    plain_algorithm(enveloped, "Transform", |algorithm| (algorithm == ENVELOPED).then_some(()))?
        .ok_or_else(|| Rejection::Transform { algorithm: name_of(enveloped) })?;
    let prefixes = exclusive(canonical, "Transform")?
        .ok_or_else(|| Rejection::Transform { algorithm: name_of(canonical) })?;
    match parts.next() {
        Some(third) => Err(Rejection::Transform { algorithm: name_of(third) }),
        None => Ok(prefixes),
    }
}

/// The prefixes of an exclusive canonicalisation without comments; none if it is another algorithm.
fn exclusive<'a>(node: Node<'a>, part: &'static str) -> Result<Option<Vec<&'a str>>, Rejection> {
    only_attributes(node, &["Algorithm"], part)?;
    if node.attribute("Algorithm") != Some(EXCLUSIVE) {
        return Ok(None);
    }
    let mut parts = elements(node, part)?;
    let Some(inclusive) = parts.next() else { return Ok(Some(Vec::new())) };
    end(&mut parts, part)?;
    only_attributes(inclusive, &["PrefixList"], "InclusiveNamespaces")?;
    let list = inclusive.attribute("PrefixList").filter(|_| inclusive.is(EXCLUSIVE, "InclusiveNamespaces"));
    let list = list.ok_or(Rejection::SignatureShape { part })?;
    let prefixes = list.split_ascii_whitespace().map(|prefix| if prefix == "#default" { "" } else { prefix });
    let prefixes: Vec<&str> = prefixes.take(PREFIXES + 1).collect();
    if prefixes.len() > PREFIXES || inclusive.children().next().is_some() {
        return Err(Rejection::SignatureShape { part: "InclusiveNamespaces" });
    }
    Ok(Some(prefixes))
}

/// What an algorithm without parameters means; none if it is unknown.
fn plain_algorithm<T>(
    node: Node<'_>,
    part: &'static str,
    meaning: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Rejection> {
    only_attributes(node, &["Algorithm"], part)?;
    let Some(meaning) = node.attribute("Algorithm").and_then(meaning) else { return Ok(None) };
    end(&mut elements(node, part)?, part)?;
    Ok(Some(meaning))
}

/// The certificate in a `KeyInfo` that holds one certificate and nothing else.
fn certificate(key_info: Node<'_>) -> Result<Vec<u8>, Rejection> {
    const PART: &str = "KeyInfo";
    if !key_info.is(SIGNATURE, PART) {
        return Err(Rejection::SignatureShape { part: "Signature" });
    }
    only_attributes(key_info, &["Id"], PART)?;
    let mut parts = elements(key_info, PART)?;
    let data = parts.next().filter(|data| data.is(SIGNATURE, "X509Data"));
    let data = data.ok_or(Rejection::SignatureShape { part: PART })?;
    end(&mut parts, PART)?;
    only_attributes(data, &[], PART)?;
    let mut parts = elements(data, PART)?;
    let certificate = parts.next().filter(|part| part.is(SIGNATURE, "X509Certificate"));
    let certificate = certificate.ok_or(Rejection::SignatureShape { part: PART })?;
    end(&mut parts, PART)?;
    base64(certificate, PART)
}

/// The bytes of an element that holds base64 text and nothing else, no comment either.
fn base64(node: Node<'_>, part: &'static str) -> Result<Vec<u8>, Rejection> {
    let wrong = Rejection::SignatureShape { part };
    only_attributes(node, &["Id"], part)?;
    let mut children = node.children();
    let text = match (children.next(), children.next()) {
        (Some(text), None) if text.is_text() => text.text().unwrap_or_default(),
        _ => return Err(wrong),
    };
    base64_text::decode(text.as_bytes()).filter(|bytes| !bytes.is_empty()).ok_or(wrong)
}

fn elements<'a>(node: Node<'a>, part: &'static str) -> Result<impl Iterator<Item = Node<'a>>, Rejection> {
    if node.holds_elements_only() {
        Ok(node.children().filter(|child| child.is_element()))
    } else {
        Err(Rejection::SignatureShape { part })
    }
}

fn expect<'a>(parts: &mut impl Iterator<Item = Node<'a>>, name: &'static str) -> Result<Node<'a>, Rejection> {
    parts.next().filter(|node| node.is(SIGNATURE, name)).ok_or(Rejection::SignatureShape { part: name })
}

fn end<'a>(parts: &mut impl Iterator<Item = Node<'a>>, part: &'static str) -> Result<(), Rejection> {
    if parts.next().is_none() { Ok(()) } else { Err(Rejection::SignatureShape { part }) }
}

fn only_attributes(node: Node<'_>, allowed: &[&str], part: &'static str) -> Result<(), Rejection> {
    let fits = |attribute: Attribute<'_>| {
        attribute.namespace.is_empty() && allowed.contains(&attribute.name.local())
    };
    if node.attributes().all(fits) { Ok(()) } else { Err(Rejection::SignatureShape { part }) }
}

fn name_of(node: Node<'_>) -> AlgorithmName {
    AlgorithmName::of(node.attribute("Algorithm").unwrap_or_default())
}
