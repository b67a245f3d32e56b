//! Queries and forms in `application/x-www-form-urlencoded`, read in one pass: nothing is decoded that is not needed.

use std::borrow::Cow;

use memchr::{memchr, memchr2};
use percent_encoding::percent_decode_str;

/// One pair of name and value as it stands in a query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair<'q>(&'q str);

/// The pairs of a query, in their order.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = Pair<'_>> {
    query.split('&').filter(|text| !text.is_empty()).map(Pair)
}

/// The value of the first pair with this name.
pub(crate) fn value<'q>(query: &'q str, name: &str) -> Option<Cow<'q, str>> {
    pairs(query).find(|pair| pair.is_named(name)).map(|pair| pair.decoded().1)
}

/// The value of the only field with this name in a posted form; `None` where there is none, or another one. The bytes
/// need not be text.
pub(crate) fn only_value(form: &[u8], name: &str) -> Option<Vec<u8>> {
    let fields = form.split(|byte| *byte == b'&').filter_map(|field| {
        let end = memchr(b'=', field).unwrap_or(field.len());
        let (found, value) = field.split_at_checked(end)?;
        let is_named = percent_encoding::percent_decode(found).eq(name.bytes());
        is_named.then(|| value.get(1..).unwrap_or_default())
    });
    let mut fields = fields.take(2);
    let value = fields.next()?;
    fields.next().is_none().then(|| unescaped(value))
}

/// Puts bytes for percent escapes and spaces for `+`. Long texts with few of them are copied piece by piece.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr2(b'%', b'+', rest) {
        let (before, found) = rest.split_at_checked(at).unwrap_or_default();
        plain.extend_from_slice(before);
        let escaped = match (found.first(), digit(found.get(1)), digit(found.get(2))) {
            (Some(b'%'), Some(high), Some(low)) => u8::try_from(16 * high + low).ok(),
            _ => None,
        };
        plain.push(match (escaped, found.first()) {
            (Some(byte), _) => byte,
            (None, Some(b'+')) => b' ',
            (None, _) => b'%',
        });
        rest = found.get(if escaped.is_some() { 3 } else { 1 }..).unwrap_or_default();
    }
    plain.extend_from_slice(rest);
    plain
}

impl<'q> Pair<'q> {
    /// Whether the name, percent-decoded, is this one, which has no space.
    pub(crate) fn is_named(self, name: &str) -> bool {
        let found = self.0.split('=').next().unwrap_or_default();
        // Most pairs end here, without a look at the rest of the name.
        let first = found.as_bytes().first();
        (first == name.as_bytes().first() || first == Some(&b'%'))
            && percent_decode_str(found).eq(name.bytes())
    }

    /// How long the pair is, as it stands in the query.
    pub(crate) fn len(self) -> usize {
        self.0.len()
    }

    /// Name and value.
    pub(crate) fn decoded(self) -> (Cow<'q, str>, Cow<'q, str>) {
        form_urlencoded::parse(self.0.as_bytes()).next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_those_of_the_url_standard() {
        for query in ["", "&", "a", "a=", "=a", "a=b&&c=d", "a+b=c%26d&a%3Db=%C3%BC", "a=b=c", "%zz=%"] {
            let found: Vec<_> = pairs(query).map(Pair::decoded).collect();
            let expected: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
            assert_eq!(found, expected, "{query}");
        }
    }

    #[test]
    fn the_only_field_of_a_form_is_read_as_the_url_standard_says() {
        for value in ["", "a+b", "%2B%2f%3D", "100%", "%zz", "%4", "%41%", "ab%0Acd", "+%20+", "%C3%BC"] {
            let form = format!("x=1&t={value}&y");
            let expected = form_urlencoded::parse(form.as_bytes()).find(|(name, _)| name == "t").unwrap().1;
            assert_eq!(only_value(form.as_bytes(), "t").as_deref(), Some(expected.as_bytes()), "{value}");
        }
        assert_eq!(only_value(b"t=%ff\xfe", "t").as_deref(), Some(&b"\xff\xfe"[..]));
        for form in [&b""[..], b"x=t", b"t=1&t=2", b"t=1&%74=1", b"T=1"] {
            assert_eq!(only_value(form, "t"), None, "{form:?}");
        }
        assert_eq!(only_value(b"t", "t").as_deref(), Some(&b""[..]));
    }

    #[test]
    fn a_name_is_found_in_any_spelling() {
        for query in ["t=1", "x=2&t=1&t=3", "%74=1", "tt=2&t=1"] {
            assert_eq!(value(query, "t").as_deref(), Some("1"), "{query}");
        }
        for query in ["", "T=1", "tt=1", "=t", "x=t"] {
            assert_eq!(value(query, "t"), None, "{query}");
        }
        assert_eq!(value("t", "t").as_deref(), Some(""));
    }
}
