//! The AuthnRequest, read as leniently as the original platform reads it (sso.md 1.6), but decoded properly.

use std::io::Read;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use flate2::read::DeflateDecoder;

/// What the platform wants to know of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuthnRequest {
    /// Empty when the request has none.
    pub(crate) id: String,
    pub(crate) acs: String,
    /// The app's identifier; empty when the request has none.
    pub(crate) issuer: String,
}

/// Why something is not a request. The sentences are shown to the developer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotARequest {
    #[error("SAMLRequest is not base64")]
    Base64,
    #[error("SAMLRequest is not deflated (raw DEFLATE, RFC 1951), or larger than 64 KiB")]
    Deflate,
    #[error("SAMLRequest does not hold UTF-8 text")]
    Utf8,
    #[error("SAMLRequest does not begin with an AuthnRequest element")]
    Element,
    #[error("the AuthnRequest has no AssertionConsumerServiceURL")]
    Acs,
}

const LARGEST: u64 = 64 * 1024;
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

impl AuthnRequest {
    /// Reads the query parameter `SAMLRequest`, after percent-decoding.
    pub(crate) fn from_parameter(value: &str) -> Result<Self, NotARequest> {
        let base64: String =
            value.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/')).collect();
        let deflated = BASE64.decode(base64).map_err(|_| NotARequest::Base64)?;
        let mut xml = Vec::new();
        DeflateDecoder::new(deflated.as_slice())
            .take(LARGEST + 1)
            .read_to_end(&mut xml)
            .map_err(|_| NotARequest::Deflate)?;
        if xml.is_empty() || xml.len() as u64 > LARGEST {
            return Err(NotARequest::Deflate);
        }
        Self::from_xml(&String::from_utf8(xml).map_err(|_| NotARequest::Utf8)?)
    }

    fn from_xml(xml: &str) -> Result<Self, NotARequest> {
        let mut tags = Tags(xml);
        let root = tags.next().filter(|tag| tag.local_name == "AuthnRequest").ok_or(NotARequest::Element)?;
        let attribute = |name: &str| {
            root.attributes.iter().find(|(found, _)| *found == name).map(|(_, value)| decoded(value))
        };
        Ok(Self {
            id: attribute("ID").unwrap_or_default(),
            acs: attribute("AssertionConsumerServiceURL")
                .filter(|url| !url.is_empty())
                .ok_or(NotARequest::Acs)?,
            issuer: tags
                .find(|tag| tag.local_name == "Issuer")
                .map(|tag| decoded(tag.text_after).trim().to_owned())
                .unwrap_or_default(),
        })
    }
}

/// The start tags of a text, in order; ends at the first thing that is none. A whole parser would refuse what some
/// SDKs send: values that are not escaped.
struct Tags<'a>(&'a str);

struct Tag<'a> {
    local_name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
    text_after: &'a str,
}

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let (_, inside) = self.0.split_once('<')?;
            self.0 = if let Some(comment) = inside.strip_prefix("!--") {
                comment.split_once("-->")?.1
            } else if inside.starts_with(['?', '/']) {
                inside.split_once('>')?.1
            } else if inside.starts_with('!') {
                // A document type has no business here.
                return None;
            } else {
                let (tag, rest) = start_tag(inside)?;
                self.0 = rest;
                return Some(tag);
            };
        }
    }
}

fn start_tag(inside: &str) -> Option<(Tag<'_>, &str)> {
    let (name, mut rest) =
        inside.split_at(inside.find(|c: char| c.is_whitespace() || matches!(c, '/' | '>'))?);
    let local_name = name.rsplit(':').next().unwrap_or(name);
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix("/>").or_else(|| rest.strip_prefix('>')) {
            let text_after = after.split('<').next().unwrap_or_default();
            return Some((Tag { local_name, attributes, text_after }, after));
        }
        let (name, value) = rest.split_once('=')?;
        let value = value.trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, after) = value.get(1..)?.split_once(quote)?;
        attributes.push((name.trim_end(), value));
        rest = after;
    }
}

/// The text with the five predefined entities and character references decoded; any other `&` stays as it is.
fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        match after.split_once(';').and_then(|(name, tail)| Some((entity(name)?, tail))) {
            Some((c, tail)) => {
                out.push(c);
                rest = tail;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out + rest
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use base64::prelude::BASE64_STANDARD;
    use flate2::{Compression, write::DeflateEncoder};

    use super::*;

    fn parameter(xml: &str) -> String {
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        deflate.write_all(xml.as_bytes()).expect("memory");
        BASE64_STANDARD.encode(deflate.finish().expect("memory"))
    }

    #[test]
    fn requests_of_all_layouts_are_read() {
        let wanted = AuthnRequest {
            id: "_1".to_owned(),
            acs: "http://localhost:3000/consume?a=1&b=2".to_owned(),
            issuer: "app-1".to_owned(),
        };
        for xml in [
            "<samlp:AuthnRequest AssertionConsumerServiceURL='http://localhost:3000/consume?a=1&amp;b=2' ID='_1'>\
             <saml:Issuer xmlns:saml='urn:x'>app-1</saml:Issuer></samlp:AuthnRequest>",
            "<?xml version=\"1.0\"?>\n<!-- <x> -->\n<p:AuthnRequest\n   ID=\"_1\"\n   AssertionConsumerServiceURL \
             = \"http://localhost:3000/consume?a=1&b=2\">\n  <x/><Issuer>\n app-1\n</Issuer>\n</p:AuthnRequest>",
            "<AuthnRequest ID='_1' AssertionConsumerServiceURL='http://localhost:3000/consume?a=1&#x26;b=2'>\
             <Issuer>app&#45;1</Issuer>",
        ] {
            assert_eq!(AuthnRequest::from_parameter(&parameter(xml)), Ok(wanted.clone()), "{xml}");
        }
    }

    #[test]
    fn base64_is_read_with_line_breaks_and_without_padding() {
        let xml = "<AuthnRequest AssertionConsumerServiceURL='http://a/'/>";
        let text = parameter(xml);
        let broken: String = text.trim_end_matches('=').chars().flat_map(|c| [c, '\n']).collect();
        assert!(AuthnRequest::from_parameter(&broken).is_ok());
    }

    #[test]
    fn what_is_no_request_is_refused_with_a_reason() {
        for (value, reason) in [
            (String::new(), NotARequest::Deflate),
            ("A".to_owned(), NotARequest::Base64),
            ("AAAA".to_owned(), NotARequest::Deflate),
            (parameter(&" ".repeat(1 << 20)), NotARequest::Deflate),
            (parameter("<Response/>"), NotARequest::Element),
            (parameter("<!DOCTYPE x><AuthnRequest/>"), NotARequest::Element),
            (parameter("<AuthnRequest ID='_1"), NotARequest::Element),
            (parameter("<AuthnRequest ID=é>"), NotARequest::Element),
            (parameter("<AuthnRequest ID='_1'/>"), NotARequest::Acs),
        ] {
            assert_eq!(AuthnRequest::from_parameter(&value), Err(reason), "{value:.20}");
        }
    }
}
