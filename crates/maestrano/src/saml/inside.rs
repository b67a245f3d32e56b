//! What tests and fuzz targets see of the inside. No part of the API: it may change at any time.

use roxmltree::Node;

use crate::saml::c14n::canonicalize;
#[cfg(feature = "samael")]
pub use crate::saml::second::{Opinions, agree, opinions};
use crate::saml::xml::{self, SIGNATURE, is};

/// The canonical form of the element with this `ID`, or else of the root, without the signature directly in
/// it; none when the text is refused.
#[must_use]
pub fn canonical(text: &str, id: &str, inclusive: &[&str]) -> Option<String> {
    let text = xml::with_line_feeds(text.to_owned());
    let document = xml::parse(&text).ok()?;
    let apex = document.descendants().find(|node| node.attribute("ID") == Some(id));
    let apex = apex.unwrap_or(document.root_element());
    let signature = apex.children().find(|child| is(*child, SIGNATURE, "Signature"));
    Some(canonicalize(apex, signature.as_ref().map(Node::id), inclusive))
}
