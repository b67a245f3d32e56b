//! What tests and fuzz targets see of the inside. No part of the API: it may change at any time.

use crate::saml::c14n::Canonicalizer;
#[cfg(feature = "samael")]
pub use crate::saml::second::{Opinions, agree, opinions};
use crate::saml::xml::{self, SIGNATURE};

/// The canonical form of the element with this `ID`, or else of the root, without the signature directly in
/// it; none when the text is refused.
#[must_use]
pub fn canonical(text: &str, id: &str, inclusive: &[&str]) -> Option<String> {
    let document = xml::parse(text).ok()?;
    let apex = document.elements().find(|element| element.attribute("ID") == Some(id));
    let apex = apex.unwrap_or(document.root());
    let signature = apex.children().find(|child| child.is(SIGNATURE, "Signature"));
    let mut canonicalizer = Canonicalizer::new(apex);
    canonicalizer.canonicalize(apex, signature, inclusive).ok()?;
    Some(canonicalizer.into_text())
}
