//! The tree of a document: the one that is checked, and that the canonical bytes are written from.

use std::borrow::Cow;

use crate::saml::numbered::{Number, Numbered};
pub(crate) use crate::saml::parser::parse;

/// The namespace of the SAML protocol.
pub(crate) const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// The namespace of SAML assertions.
pub(crate) const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// The namespace of XML signatures.
pub(crate) const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
/// The namespace and the algorithm of exclusive canonicalisation.
pub(crate) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// The namespace of the prefix `xml`.
pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// A well-formed document.
pub(crate) struct Document<'a> {
    /// In the order of the document; the first is the outermost element.
    pub(super) nodes: Vec<Entry<'a>>,
    /// Element by element.
    pub(super) attributes: Vec<AttributeEntry<'a>>,
    /// Element by element.
    pub(super) declarations: Vec<Declaration>,
    /// The prefixes that are declared: [`NO_PREFIX`], [`XML_PREFIX`], and those of the source.
    pub(super) prefixes: Numbered<'a>,
    /// [`NO_NAMESPACE`], [`XML_NAMESPACE`], and those of the source.
    pub(super) namespaces: Numbered<'a>,
    /// How long the source is.
    pub(super) length: usize,
}

/// A node as it is kept: nodes are named by their index.
pub(super) struct Entry<'a> {
    pub(super) content: Content<'a>,
    /// The index after the last node inside this one.
    pub(super) end: usize,
}

pub(super) enum Content<'a> {
    Element {
        name: Name<'a>,
        prefix: Number,
        namespace: Number,
        /// The first of its declarations and the one after the last.
        declarations: (usize, usize),
        /// The first of its attributes and the one after the last.
        attributes: (usize, usize),
    },
    Text(Cow<'a, str>),
    Comment,
}

pub(super) struct AttributeEntry<'a> {
    /// Where it begins in the source.
    pub(super) at: usize,
    pub(super) name: Name<'a>,
    pub(super) prefix: Number,
    pub(super) namespace: Number,
    pub(super) value: Cow<'a, str>,
}

/// The declaration of a namespace.
#[derive(Clone, Copy)]
pub(super) struct Declaration {
    pub(super) prefix: Number,
    pub(super) namespace: Number,
    /// The namespace of the prefix outside the element.
    pub(super) outer: Number,
}

/// The number of the empty prefix.
pub(super) const NO_PREFIX: Number = 0;
/// The number of the prefix `xml`, which is declared everywhere.
pub(super) const XML_PREFIX: Number = 1;
/// The number of the empty namespace, which is the default where nothing else is declared.
pub(super) const NO_NAMESPACE: Number = 0;
/// The number of the namespace of the prefix `xml`.
pub(super) const XML_NAMESPACE: Number = 1;
/// Stands for the namespace of a prefix that is not declared.
pub(super) const UNDECLARED: Number = Number::MAX;

/// The name of an element or an attribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Name<'a> {
    /// As it stands in the source.
    pub(crate) qualified: &'a str,
    /// Where the local part begins.
    pub(super) local: usize,
}

impl<'a> Name<'a> {
    /// What stands before the colon; empty without one.
    pub(crate) fn prefix(self) -> &'a str {
        self.qualified.get(..self.local.saturating_sub(1)).unwrap_or_default()
    }

    /// What stands behind the colon.
    pub(crate) fn local(self) -> &'a str {
        self.qualified.get(self.local..).unwrap_or_default()
    }
}

impl Document<'_> {
    /// A document without nodes, with room for so many nodes and attributes, of a text of that length.
    pub(super) fn new(nodes: usize, attributes: usize, length: usize) -> Self {
        Self {
            nodes: Vec::with_capacity(nodes),
            attributes: Vec::with_capacity(attributes),
            declarations: Vec::with_capacity(8),
            prefixes: Numbered::new(&["", "xml"]),
            namespaces: Numbered::new(&["", XML]),
            length,
        }
    }

    /// The outermost element.
    pub(crate) fn root(&self) -> Node<'_> {
        Node { document: self, index: 0 }
    }

    /// All elements, in the order of the document.
    pub(crate) fn elements(&self) -> impl Iterator<Item = Node<'_>> {
        self.root().elements()
    }

    pub(super) fn attributed(&self, (from, to): (usize, usize)) -> &[AttributeEntry<'_>] {
        self.attributes.get(from..to).unwrap_or_default()
    }

    pub(super) fn declared(&self, (from, to): (usize, usize)) -> &[Declaration] {
        self.declarations.get(from..to).unwrap_or_default()
    }

    /// The namespaces of the prefixes of the source, by their numbers, where nothing is declared yet.
    pub(super) fn undeclared(&self) -> Vec<Number> {
        let mut meanings = vec![UNDECLARED; self.prefixes.len()];
        meanings.splice(..2, [NO_NAMESPACE, XML_NAMESPACE]);
        meanings
    }
}

/// An element, a text or a comment.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    document: &'a Document<'a>,
    index: usize,
}

/// An attribute; declarations of namespaces are none.
#[derive(Clone, Copy)]
pub(crate) struct Attribute<'a> {
    pub(crate) name: Name<'a>,
    /// Empty without one.
    pub(crate) namespace: &'a str,
    #[cfg(test)]
    pub(crate) value: &'a str,
}

impl<'a> Node<'a> {
    /// Whether this is an element with that namespace and local name.
    pub(crate) fn is(self, namespace: &str, name: &str) -> bool {
        self.name().local() == name && self.namespace() == namespace
    }

    pub(crate) fn is_element(self) -> bool {
        matches!(self.content(), Some(Content::Element { .. }))
    }

    pub(crate) fn is_text(self) -> bool {
        matches!(self.content(), Some(Content::Text(_)))
    }

    /// The name of an element; empty for other nodes.
    pub(crate) fn name(self) -> Name<'a> {
        match self.content() {
            Some(Content::Element { name, .. }) => *name,
            _ => Name::default(),
        }
    }

    /// The namespace of an element; empty without one.
    pub(crate) fn namespace(self) -> &'a str {
        match self.content() {
            Some(Content::Element { namespace, .. }) => self.document.namespaces.text(*namespace),
            _ => "",
        }
    }

    /// The namespaces of the prefixes outside this element, by their numbers.
    pub(super) fn scope_outside(self) -> Vec<Number> {
        let mut meanings = self.document.undeclared();
        let before = self.document.nodes.get(..self.index).unwrap_or_default();
        for entry in before.iter().filter(|entry| entry.end > self.index) {
            if let Content::Element { declarations, .. } = &entry.content {
                for declaration in self.document.declared(*declarations) {
                    if let Some(meaning) = meanings.get_mut(declaration.prefix as usize) {
                        *meaning = declaration.namespace;
                    }
                }
            }
        }
        meanings
    }

    /// The document that the node is of.
    pub(super) fn document(self) -> &'a Document<'a> {
        self.document
    }

    pub(crate) fn attributes(self) -> impl Iterator<Item = Attribute<'a>> {
        let document = self.document;
        let range = match self.content() {
            Some(Content::Element { attributes, .. }) => *attributes,
            _ => (0, 0),
        };
        document.attributed(range).iter().map(|entry| Attribute {
            name: entry.name,
            namespace: document.namespaces.text(entry.namespace),
            #[cfg(test)]
            value: &entry.value,
        })
    }

    /// The value of an attribute without namespace.
    pub(crate) fn attribute(self, name: &str) -> Option<&'a str> {
        let Some(Content::Element { attributes, .. }) = self.content() else { return None };
        let mut attributes = self.document.attributed(*attributes).iter();
        let found = attributes.find(|it| it.namespace == NO_NAMESPACE && it.name.qualified == name)?;
        Some(&found.value)
    }

    /// A text, all of it; sections count as text, and what comments part are several texts.
    pub(crate) fn text(self) -> Option<&'a str> {
        match self.content() {
            Some(Content::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The nodes directly inside.
    pub(crate) fn children(self) -> impl Iterator<Item = Self> {
        let Node { document, index } = self;
        let end_of = move |index: usize| document.nodes.get(index).map_or(0, |entry| entry.end);
        let end = end_of(index);
        let first = Some(index + 1).filter(|first| *first < end);
        std::iter::successors(first, move |index| Some(end_of(*index)).filter(|next| *next < end))
            .map(move |index| Self { document, index })
    }

    /// This element and all elements inside, in the order of the document.
    pub(crate) fn elements(self) -> impl Iterator<Item = Self> {
        let Node { document, index } = self;
        let end = document.nodes.get(index).map_or(0, |entry| entry.end);
        (index..end).map(move |index| Self { document, index }).filter(|node| node.is_element())
    }

    /// Whether an element holds elements only, with white space and comments between them.
    pub(crate) fn holds_elements_only(self) -> bool {
        self.children().all(|child| child.text().is_none_or(is_white_space))
    }

    pub(super) fn content(self) -> Option<&'a Content<'a>> {
        self.document.nodes.get(self.index).map(|entry| &entry.content)
    }
}

/// Nodes of one document are the same if they stand at the same place.
impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index
    }
}

/// Whether a text is white space in the sense of XML.
pub(crate) fn is_white_space(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// Whether two prefixes are the same. Most are empty, and comparing an empty literal is slow: its address leads
/// nowhere, the C library's comparison reads from it under a mask, and processors recover slowly from that.
pub(crate) fn same_prefix(one: &str, other: &str) -> bool {
    one.len() == other.len() && (one.is_empty() || one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_source_and_namespaces_those_in_scope() {
        let text = "<a:r xmlns:a='urn:1' xmlns='urn:2' b:x ='1' a:y='2' y='3' xmlns:b='urn:3'><b:s\t/><c xmlns=''/></a:r>";
        let document = parse(text).unwrap();
        let root = document.root();
        assert_eq!((root.name().qualified, root.name().prefix(), root.name().local()), ("a:r", "a", "r"));
        let attributes: Vec<_> =
            root.attributes().map(|it| (it.name.qualified, it.name.local(), it.namespace)).collect();
        assert_eq!(attributes, [("b:x", "x", "urn:3"), ("a:y", "y", "urn:1"), ("y", "y", "")]);
        assert_eq!((root.attribute("x"), root.attribute("y")), (None, Some("3")));
        let elements: Vec<_> = document.elements().map(|it| (it.name().local(), it.namespace())).collect();
        assert_eq!(elements, [("r", "urn:1"), ("s", "urn:3"), ("c", "")]);
        assert!(root.is("urn:1", "r") && !root.is("urn:2", "r"));
        let last = root.children().last().unwrap();
        let scope = last.scope_outside();
        let meaning = |prefix| {
            let number = document.prefixes.find(prefix)?;
            scope.get(number as usize).map(|namespace| document.namespaces.text(*namespace))
        };
        let meanings = ["", "a", "b", "c", "xml"].map(meaning);
        assert_eq!(meanings, [Some("urn:2"), Some("urn:1"), Some("urn:3"), None, Some(XML)]);
    }

    #[test]
    fn children_are_those_directly_inside() {
        let document = parse("<a> <b><c>1</c></b>2<![CDATA[&]]>3<!-- 4 -->5<d/></a>").unwrap();
        let root = document.root();
        let children: Vec<_> = root.children().map(|it| (it.name().local(), it.text())).collect();
        let expected =
            [("", Some(" ")), ("b", None), ("", Some("2&3")), ("", None), ("", Some("5")), ("d", None)];
        assert_eq!(children, expected);
        assert!(!root.holds_elements_only());
        assert!(root.children().nth(1).unwrap().holds_elements_only());
        assert_eq!(root.children().last().unwrap().children().count(), 0);
    }
}
