//! Queries and forms in `application/x-www-form-urlencoded`, read in one pass: nothing is decoded that is not needed.

use std::borrow::Cow;

use memchr::memchr2;
use percent_encoding::percent_decode;

/// One pair of name and value as it stands in a query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair<'q> {
    whole: &'q [u8],
    name: &'q [u8],
}

/// The pairs of a query or a form, in their order.
pub(crate) fn pairs(query: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    // A plain loop: texts with an ampersand in every other place must not be slow.
    query.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|whole| {
        let end = whole.iter().position(|byte| *byte == b'=').unwrap_or(whole.len());
        Pair { whole, name: whole.get(..end).unwrap_or_default() }
    })
}

/// The value of the first pair with this name.
pub(crate) fn value<'q>(query: &'q str, name: &str) -> Option<Cow<'q, str>> {
    pairs(query.as_bytes()).find(|pair| pair.is_named(name)).map(|pair| pair.decoded().1)
}

/// The value of the only field with this name in a posted form; `None` where there is none, or another one. The bytes
/// need not be text.
pub(crate) fn only_value(form: &[u8], name: &str) -> Option<Vec<u8>> {
    let fields = pairs(form).filter(|pair| pair.is_named(name)).map(Pair::value);
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
        // Most pairs end here, without a look at the rest of the name.
        let first = self.name.first();
        (first == name.as_bytes().first() || first == Some(&b'%'))
            && percent_decode(self.name).eq(name.bytes())
    }

    /// How long the pair is, as it stands in the query.
    pub(crate) fn len(self) -> usize {
        self.whole.len()
    }

    /// Name and value.
    pub(crate) fn decoded(self) -> (Cow<'q, str>, Cow<'q, str>) {
        form_urlencoded::parse(self.whole).next().unwrap_or_default()
    }

    /// The value as it stands in the query.
    fn value(self) -> &'q [u8] {
        self.whole.get(self.name.len() + 1..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_those_of_the_url_standard() {
        for query in ["", "&", "a", "a=", "=a", "a=b&&c=d", "a+b=c%26d&a%3Db=%C3%BC", "a=b=c", "%zz=%"] {
            let found: Vec<_> = pairs(query.as_bytes()).map(Pair::decoded).collect();
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
