//! The tree of a document: the one that is checked, and that the canonical bytes are written from.

use std::borrow::Cow;

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
    pub(super) declarations: Vec<Declaration<'a>>,
    /// How long the source is.
    pub(super) length: usize,
}

/// A node as it is kept: nodes are named by their index, and so are declarations.
pub(super) struct Entry<'a> {
    pub(super) content: Content<'a>,
    /// The index after the last node inside this one.
    pub(super) end: usize,
}

pub(super) enum Content<'a> {
    Element {
        name: Name<'a>,
        /// The declaration of its namespace.
        namespace: usize,
        /// The innermost declaration in its scope.
        scope: usize,
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
    pub(super) namespace: usize,
    pub(super) value: Cow<'a, str>,
}

/// The declaration of a namespace. Those in a scope are a chain from the innermost outwards, which elements
/// share instead of copying it.
pub(super) struct Declaration<'a> {
    pub(super) prefix: &'a str,
    pub(super) namespace: Cow<'a, str>,
    /// The next one outwards; the outermost names itself.
    pub(super) outer: usize,
    /// How many are in scope with it.
    pub(super) count: usize,
}

/// What is in scope everywhere: the prefix `xml`, and no default namespace.
pub(super) const XML_DECLARATION: usize = 0;
pub(super) const NO_NAMESPACE: usize = 1;

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
        let declaration = |prefix, namespace| Declaration {
            prefix,
            namespace: Cow::Borrowed(namespace),
            outer: XML_DECLARATION,
            count: 0,
        };
        let mut declarations = Vec::with_capacity(8);
        declarations.extend([declaration("xml", XML), declaration("", "")]);
        Self {
            nodes: Vec::with_capacity(nodes),
            attributes: Vec::with_capacity(attributes),
            declarations,
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

    /// The declaration that a prefix refers to.
    pub(super) fn declaration(&self, prefix: &str, mut scope: usize) -> Option<usize> {
        loop {
            let declaration = self.declarations.get(scope)?;
            if same_prefix(declaration.prefix, prefix) {
                return Some(scope);
            }
            if scope == XML_DECLARATION {
                return None;
            }
            scope = declaration.outer;
        }
    }

    pub(super) fn namespace(&self, declaration: usize) -> &str {
        self.declarations.get(declaration).map_or("", |declaration| &declaration.namespace)
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
            Some(Content::Element { namespace, .. }) => self.document.namespace(*namespace),
            _ => "",
        }
    }

    /// The namespace that a prefix refers to inside this element, the empty prefix to the default one.
    pub(crate) fn namespace_of(self, prefix: &str) -> Option<&'a str> {
        let Some(Content::Element { scope, .. }) = self.content() else { return None };
        self.document.declaration(prefix, *scope).map(|declaration| self.document.namespace(declaration))
    }

    pub(crate) fn attributes(self) -> impl Iterator<Item = Attribute<'a>> {
        let document = self.document;
        let (from, to) = match self.content() {
            Some(Content::Element { attributes, .. }) => *attributes,
            _ => (0, 0),
        };
        document.attributes.get(from..to).unwrap_or_default().iter().map(|entry| Attribute {
            name: entry.name,
            namespace: document.namespace(entry.namespace),
            value: &entry.value,
        })
    }

    /// The value of an attribute without namespace.
    pub(crate) fn attribute(self, name: &str) -> Option<&'a str> {
        let mut attributes = self.attributes();
        let found = attributes.find(|it| it.name.qualified == name && it.namespace.is_empty())?;
        Some(found.value)
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

    /// How long the source of the whole document is.
    pub(crate) fn document_length(self) -> usize {
        self.document.length
    }

    fn content(self) -> Option<&'a Content<'a>> {
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
        let attributes: Vec<_> = root
            .attributes()
            .map(|it| (it.name.qualified, it.name.local(), it.namespace, it.value))
            .collect();
        assert_eq!(attributes, [("b:x", "x", "urn:3", "1"), ("a:y", "y", "urn:1", "2"), ("y", "y", "", "3")]);
        assert_eq!((root.attribute("x"), root.attribute("y")), (None, Some("3")));
        let elements: Vec<_> = document.elements().map(|it| (it.name().local(), it.namespace())).collect();
        assert_eq!(elements, [("r", "urn:1"), ("s", "urn:3"), ("c", "")]);
        assert!(root.is("urn:1", "r") && !root.is("urn:2", "r"));
        let last = root.children().last().unwrap();
        let prefixes = ["", "a", "b", "c", "xml"].map(|prefix| last.namespace_of(prefix));
        assert_eq!(prefixes, [Some(""), Some("urn:1"), Some("urn:3"), None, Some(XML)]);
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
