//! Reading of canonical XML: the bytes that were verified, and nothing else.
//!
//! Canonical XML is so simple that reading it takes one pass: no declarations, comments, sections or empty
//! tags, attributes in double quotes, and seven escapes. Whatever else there is, is an error.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use crate::rejection::Rejection;
use crate::saml::xml::same_prefix;

/// The elements of a canonical text, in document order. Names and values are slices of the text.
pub(crate) struct Canonical<'a> {
    elements: Vec<Parts<'a>>,
}

#[derive(Default)]
struct Parts<'a> {
    namespace: &'a str,
    name: &'a str,
    /// ` name="value"` for each attribute and declaration, as it stands.
    attributes: &'a str,
    /// What stands between the tags.
    content: &'a str,
    /// The index after the last element inside this one.
    end: usize,
    /// Whether something other than white space and elements stands directly inside.
    has_text: bool,
}

impl<'a> Canonical<'a> {
    /// Reads a canonical text.
    pub(crate) fn read(text: &'a str) -> Result<Self, Rejection> {
        let mut reader =
            Reader { text, at: 0, elements: Vec::with_capacity(96), open: Vec::new(), scope: Vec::new() };
        match reader.read() {
            Some(()) => Ok(Self { elements: reader.elements }),
            None => Err(Rejection::NotWellFormed {
                line: 1,
                column: u32::try_from(reader.at + 1).unwrap_or(u32::MAX),
            }),
        }
    }

    /// The outermost element.
    pub(crate) const fn root(&self) -> Element<'_, 'a> {
        Element { canonical: self, index: 0 }
    }
}

/// An element of a canonical text.
#[derive(Clone, Copy)]
pub(crate) struct Element<'c, 'a> {
    canonical: &'c Canonical<'a>,
    index: usize,
}

impl<'c, 'a> Element<'c, 'a> {
    /// Whether the element has that namespace and local name.
    pub(crate) fn is(self, namespace: &str, name: &str) -> bool {
        self.parts().is_some_and(|parts| parts.name == name && parts.namespace == namespace)
    }

    /// The value of an attribute without namespace.
    pub(crate) fn attribute(self, name: &str) -> Option<Cow<'a, str>> {
        let mut rest = self.parts()?.attributes;
        while let Some((found, value, after)) = next_attribute(rest) {
            if found == name {
                return unescape(value);
            }
            rest = after;
        }
        None
    }

    /// The elements directly inside.
    pub(crate) fn children(self) -> impl Iterator<Item = Self> + use<'c, 'a> {
        let Element { canonical, index } = self;
        let end = self.parts().map_or(0, |parts| parts.end);
        let after = move |index: usize| canonical.elements.get(index).map(|parts| parts.end);
        let first = (index + 1 < end).then_some(index + 1);
        std::iter::successors(first, move |index| after(*index).filter(|next| *next < end))
            .map(move |index| Element { canonical, index })
    }

    /// Whether text other than white space stands directly inside.
    pub(crate) fn has_text(self) -> bool {
        self.parts().is_some_and(|parts| parts.has_text)
    }

    /// The text, all of it; none when elements stand inside.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        let parts = self.parts()?;
        if parts.end > self.index + 1 { None } else { unescape(parts.content) }
    }

    fn parts(self) -> Option<&'c Parts<'a>> {
        self.canonical.elements.get(self.index)
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    elements: Vec<Parts<'a>>,
    /// The open elements: index, qualified name, start of the content, declarations in scope.
    open: Vec<(usize, &'a str, usize, usize)>,
    /// Prefixes and namespaces in scope, innermost last.
    scope: Vec<(&'a str, &'a str)>,
}

impl<'a> Reader<'a> {
    /// Reads all; none where the text is not canonical, with `at` near the place.
    fn read(&mut self) -> Option<()> {
        while let Some(offset) = memchr(b'<', self.rest()?.as_bytes()) {
            let text = self.rest()?.get(..offset)?;
            if !text.is_empty() {
                let parent = self.open.last()?.0;
                let blank = text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\n'));
                self.elements.get_mut(parent)?.has_text |= !blank;
            }
            self.at += offset + 1;
            if self.rest()?.starts_with('/') {
                self.end_tag()?
            } else {
                self.start_tag()?
            }
            if self.open.is_empty() {
                break;
            }
        }
        (self.open.is_empty() && !self.elements.is_empty() && self.at == self.text.len()).then_some(())
    }

    fn start_tag(&mut self) -> Option<()> {
        let rest = self.rest()?;
        let qualified = rest.get(..memchr2(b' ', b'>', rest.as_bytes())?)?;
        let outer = self.scope.len();
        let start = self.at + qualified.len();
        let mut attributes = self.text.get(start..)?;
        while let Some((name, value, after)) = next_attribute(attributes) {
            if name == "xmlns" {
                self.scope.push(("", value));
            } else if let Some(prefix) = name.strip_prefix("xmlns:") {
                self.scope.push((prefix, value));
            }
            attributes = after;
        }
        let end = self.text.len() - attributes.len();
        if !attributes.starts_with('>') {
            return None;
        }
        let colon = memchr(b':', qualified.as_bytes());
        let (prefix, name) = match colon {
            Some(colon) => (qualified.get(..colon)?, qualified.get(colon + 1..)?),
            None => ("", qualified),
        };
        let declared = self.scope.iter().rev().find(|(declared, _)| same_prefix(declared, prefix));
        let namespace = match declared {
            Some((_, namespace)) => namespace,
            None if prefix.is_empty() => "",
            None => return None,
        };
        if name.is_empty() {
            return None;
        }
        self.open.push((self.elements.len(), qualified, end + 1, outer));
        let attributes = self.text.get(start..end)?;
        self.elements.push(Parts { namespace, name, attributes, ..Parts::default() });
        self.at = end + 1;
        Some(())
    }

    fn end_tag(&mut self) -> Option<()> {
        let (index, name, start, outer) = self.open.pop()?;
        let content = self.text.get(start..self.at - 1)?;
        self.rest()?.strip_prefix('/')?.strip_prefix(name)?.strip_prefix('>')?;
        self.at += name.len() + 2;
        self.scope.truncate(outer);
        let end = self.elements.len();
        let parts = self.elements.get_mut(index)?;
        parts.content = content;
        parts.end = end;
        Some(())
    }

    fn rest(&self) -> Option<&'a str> {
        self.text.get(self.at..)
    }
}

/// Splits ` name="value"` from the front: name, value as it stands, and what follows.
fn next_attribute(text: &str) -> Option<(&str, &str, &str)> {
    let text = text.strip_prefix(' ')?;
    let end = text.bytes().position(|byte| matches!(byte, b'=' | b' ' | b'<' | b'>' | b'"'))?;
    let (name, value) = text.split_at_checked(end).filter(|(name, _)| !name.is_empty())?;
    let value = value.strip_prefix("=\"")?;
    let (value, after) = value.split_at_checked(memchr(b'"', value.as_bytes())?)?;
    Some((name, value, after.get(1..)?))
}

/// The text behind the escapes; none when there is another escape than canonical XML has.
fn unescape(text: &str) -> Option<Cow<'_, str>> {
    const ESCAPES: [(&str, char); 7] = [
        ("&amp;", '&'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&#x9;", '\t'),
        ("&#xA;", '\n'),
        ("&#xD;", '\r'),
    ];
    if memchr(b'&', text.as_bytes()).is_none() {
        return Some(Cow::Borrowed(text));
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, _)) = rest.split_once('&') {
        plain.push_str(before);
        rest = rest.get(before.len()..)?;
        let (escape, character) = ESCAPES.iter().find(|(escape, _)| rest.starts_with(escape))?;
        plain.push(*character);
        rest = rest.get(escape.len()..)?;
    }
    plain.push_str(rest);
    Some(Cow::Owned(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_namespace_and_name() {
        let text = r#"<a:r xmlns:a="urn:a" x="1&quot;&#xA;"><b xmlns="urn:b" a:x="2"><c xmlns="">t&amp;&#xD;</c></b><a:d>1<e></e></a:d></a:r>"#;
        let canonical = Canonical::read(text).unwrap();
        let root = canonical.root();
        assert!(root.is("urn:a", "r") && !root.is("", "r") && !root.has_text());
        assert_eq!(root.attribute("x").as_deref(), Some("1\"\n"));
        assert_eq!(root.text(), None);
        let children: Vec<_> = root.children().collect();
        assert_eq!(children.len(), 2);
        assert!(children[0].is("urn:b", "b") && children[1].is("urn:a", "d"));
        assert_eq!(children[0].attribute("x"), None);
        assert!(children[1].has_text() && children[1].text().is_none());
        let inner = children[0].children().next().unwrap();
        assert!(inner.is("", "c"));
        assert_eq!(inner.text().as_deref(), Some("t&\r"));
        assert_eq!(inner.children().count(), 0);
    }

    #[test]
    fn what_is_not_canonical_is_an_error() {
        for text in [
            "",
            "a",
            "<a>",
            "<a/>",
            "</a>",
            "<a></b>",
            "<a></a><b></b>",
            "x<a></a>",
            "<a></a>x",
            "<a b='c'></a>",
            "<a b></a>",
            "<a b=\"c></a>",
            "<a  b=\"c\"></a>",
            "<p:a></p:a>",
            "<a><!-- x --></a>",
            "<?xml version=\"1.0\"?><a></a>",
            "<a></a >",
            "<></>",
            "<a",
            "<a b=\"c\"",
        ] {
            assert!(Canonical::read(text).is_err(), "{text}");
        }
        let unknown = Canonical::read("<a b=\"&#65;\">&apos;</a>").unwrap();
        assert_eq!((unknown.root().attribute("b"), unknown.root().text()), (None, None));
    }
}
