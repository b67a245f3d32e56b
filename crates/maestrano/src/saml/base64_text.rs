//! Base64 as SAML carries it: white space anywhere, padding or none.

use std::borrow::Cow;

use base64_simd::{STANDARD, STANDARD_NO_PAD};
use memchr::{memchr2, memchr2_iter};

/// The bytes that the text stands for; none when it is not base64.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    // Nearly all texts are in one line.
    decode_line(text).or_else(|| match without_white_space(text) {
        Cow::Borrowed(_) => None,
        Cow::Owned(line) => decode_line(&line),
    })
}

fn decode_line(line: &[u8]) -> Option<Vec<u8>> {
    let bare = line.strip_suffix(b"==").or_else(|| line.strip_suffix(b"=")).unwrap_or(line);
    STANDARD_NO_PAD.decode_to_vec(bare).ok()
}

/// The text in one line, with padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode_to_string(bytes)
}

/// The text in one line. It is copied only if it has several, and then line by line, because that is how base64
/// comes; it is looked at more closely only when a line has blanks.
pub(crate) fn without_white_space(text: &[u8]) -> Cow<'_, [u8]> {
    // Without a way out in its middle, this loop is turned into vector instructions.
    if !text.iter().fold(false, |found, byte| found | (*byte <= b' ')) {
        return Cow::Borrowed(text);
    }
    let mut packed = Vec::with_capacity(text.len());
    let mut from = 0;
    for end in memchr2_iter(b'\r', b'\n', text) {
        packed.extend_from_slice(text.get(from..end).unwrap_or_default());
        from = end + 1;
    }
    packed.extend_from_slice(text.get(from..).unwrap_or_default());
    if memchr2(b' ', b'\t', &packed).is_some() {
        packed.retain(|byte| !matches!(byte, b' ' | b'\t'));
    }
    Cow::Owned(packed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_and_padding_do_not_matter() {
        for text in
            ["TWFlc3RyYQ==", "TWFlc3RyYQ=", "TWFlc3RyYQ", "TWFl\r\nc3Ry\n YQ =\t=\n", "\nTWFlc3RyYQ=="]
        {
            assert_eq!(decode(text.as_bytes()).as_deref(), Some(&b"Maestra"[..]), "{text:?}");
        }
    }

    #[test]
    fn anything_else_is_no_base64() {
        for text in ["TWFl!", "TWFlc3RyYQ=x", "TWFlc3Ry-_", "T", "TWFl\u{b}c3Ry", "TWFlc3RyYR=="] {
            assert_eq!(decode(text.as_bytes()), None, "{text:?}");
        }
    }
}
