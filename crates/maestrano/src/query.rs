//! Queries and forms in `application/x-www-form-urlencoded`, read in one pass: nothing is decoded that is not needed.

use std::borrow::Cow;

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
