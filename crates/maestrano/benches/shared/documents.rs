//! Right responses of any size, made by the kit of the tests.

use crate::kit::{ATTRIBUTES, Draft};

/// A response of 6 KB of XML, with all of the platform's attributes.
pub(crate) fn usual() -> Draft {
    Draft::of(&ATTRIBUTES)
}

/// A response with so many more attributes that it has about `bytes` more of XML.
pub(crate) fn longer_by(bytes: usize) -> Draft {
    let names: Vec<String> = (0..bytes / ONE.len()).map(|number| format!("attribute_{number:04}")).collect();
    let attributes: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), VALUE)).collect();
    Draft::of(&attributes)
}

const VALUE: &str = "The quick brown fox jumps over the lazy dog; no escape here.";
const ONE: &str = concat!(
    r#"<Attribute Name="attribute_0000"><AttributeValue>"#,
    "The quick brown fox jumps over the lazy dog; no escape here.",
    "</AttributeValue></Attribute>",
);
