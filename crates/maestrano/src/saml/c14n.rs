//! Exclusive canonicalization without comments (<https://www.w3.org/TR/xml-exc-c14n/>), written straight
//! from the tree into one buffer.
//!
//! A namespace is written again on each sibling that uses it, so the canonical form can be far longer than its
//! document. Anybody can lay a genuine `SignedInfo` over other content, so there is a bound, and nothing is written
//! beyond it.

use crate::rejection::Rejection;
use crate::saml::numbered::Number;
use crate::saml::xml::{
    AttributeEntry, Content, Document, NO_NAMESPACE, NO_PREFIX, Node, UNDECLARED, XML_PREFIX,
};

/// The canonical form is at most twice as long as its document, and so many bytes more.
const SPARE_BYTES: usize = 64 * 1024;

/// Canonical forms of elements of one document, one after the other in the same buffer.
pub(crate) struct Canonicalizer<'a> {
    document: &'a Document<'a>,
    buffer: Bounded,
    /// The places of prefixes and namespaces in the order of their texts.
    prefix_ranks: Vec<Number>,
    namespace_ranks: Vec<Number>,
}

impl<'a> Canonicalizer<'a> {
    /// For elements of the document that this node is of.
    pub(crate) fn new(node: Node<'a>) -> Self {
        let document = node.document();
        let limit = 2 * document.length + SPARE_BYTES;
        Self {
            document,
            buffer: Bounded { text: String::with_capacity(document.length), limit },
            prefix_ranks: document.prefixes.ranks(),
            namespace_ranks: document.namespaces.ranks(),
        }
    }

    /// The canonical form of an element and what it holds, but for the one element `without`.
    ///
    /// `inclusive` are the prefixes of the `InclusiveNamespaces` list, with `""` for `#default`: their
    /// declarations are written wherever they are in scope and new.
    ///
    /// # Errors
    ///
    /// The canonical form would be longer than twice the document and 64 KiB. No more than that was written.
    pub(crate) fn canonicalize(
        &mut self,
        apex: Node<'a>,
        without: Option<Node<'a>>,
        inclusive: &[&str],
    ) -> Result<&str, Rejection> {
        let Self { document, buffer, prefix_ranks, namespace_ranks } = self;
        buffer.text.clear();
        let meanings = apex.scope_outside();
        let mut rendered = vec![UNDECLARED; meanings.len()];
        // The empty default namespace counts as written.
        if let Some(default) = rendered.first_mut() {
            *default = NO_NAMESPACE;
        }
        let inclusive = inclusive.iter().filter_map(|prefix| document.prefixes.find(prefix)).collect();
        let limit = buffer.limit;
        let mut writer = Writer {
            document,
            out: buffer,
            without,
            inclusive,
            prefix_ranks,
            namespace_ranks,
            meanings,
            rendered,
            written: Vec::with_capacity(16),
            attributes: Vec::with_capacity(8),
        };
        match writer.element(apex) {
            Ok(()) => Ok(&self.buffer.text),
            Err(Full) => Err(Rejection::TooComplex { what: "bytes in its canonical form", limit }),
        }
    }

    /// The last canonical form.
    pub(crate) fn into_text(self) -> String {
        self.buffer.text
    }
}

/// A text that does not grow beyond its limit, and neither does its buffer.
struct Bounded {
    text: String,
    limit: usize,
}

/// The limit is reached.
struct Full;

impl Bounded {
    fn push(&mut self, text: &str) -> Result<(), Full> {
        let length = self.text.len() + text.len();
        if length > self.text.capacity() {
            self.grow(length)?;
        }
        self.text.push_str(text);
        Ok(())
    }

    #[cold]
    fn grow(&mut self, length: usize) -> Result<(), Full> {
        if length > self.limit {
            return Err(Full);
        }
        let capacity = (2 * self.text.capacity()).clamp(length, self.limit);
        self.text.reserve_exact(capacity - self.text.len());
        Ok(())
    }
}

struct Writer<'a, 'w> {
    document: &'a Document<'a>,
    out: &'w mut Bounded,
    without: Option<Node<'a>>,
    inclusive: Vec<Number>,
    prefix_ranks: &'w [Number],
    namespace_ranks: &'w [Number],
    /// The namespace that each prefix means here, by its number.
    meanings: Vec<Number>,
    /// The namespace that each prefix was last written with on the open elements.
    rendered: Vec<Number>,
    /// The prefixes that were written on the open elements, outermost first, and what they were written with before.
    written: Vec<(Number, Number)>,
    /// The attributes of the element that is being written.
    attributes: Vec<&'a AttributeEntry<'a>>,
}

impl<'a> Writer<'a, '_> {
    fn element(&mut self, node: Node<'a>) -> Result<(), Full> {
        let Some(Content::Element { name, prefix, namespace, declarations, attributes }) = node.content()
        else {
            return Ok(());
        };
        for declaration in self.document.declared(*declarations) {
            set(&mut self.meanings, declaration.prefix, declaration.namespace);
        }
        let outer = self.written.len();
        self.utilize(*prefix, *namespace);
        self.attributes.clear();
        for attribute in self.document.attributed(*attributes) {
            if attribute.prefix != NO_PREFIX {
                self.utilize(attribute.prefix, attribute.namespace);
            }
            self.attributes.push(attribute);
        }
        for index in 0..self.inclusive.len() {
            let prefix = self.inclusive.get(index).copied().unwrap_or(XML_PREFIX);
            let namespace = get(&self.meanings, prefix);
            if namespace != UNDECLARED {
                self.utilize(prefix, namespace);
            }
        }

        self.out.push("<")?;
        self.out.push(name.qualified)?;
        self.start_tag(outer)?;
        self.out.push(">")?;
        for child in node.children() {
            if let Some(text) = child.text() {
                escape(text, self.out, in_text)?;
            } else if child.is_element() && Some(child) != self.without {
                self.element(child)?;
            }
        }
        self.out.push("</")?;
        self.out.push(name.qualified)?;
        self.out.push(">")?;
        for (prefix, before) in self.written.drain(outer..).rev() {
            set(&mut self.rendered, prefix, before);
        }
        for declaration in self.document.declared(*declarations) {
            set(&mut self.meanings, declaration.prefix, declaration.outer);
        }
        Ok(())
    }

    /// Notes that the element uses a prefix; it is declared there unless it has the same meaning already.
    fn utilize(&mut self, prefix: Number, namespace: Number) {
        let rendered = get(&self.rendered, prefix);
        if prefix != XML_PREFIX && rendered != namespace {
            set(&mut self.rendered, prefix, namespace);
            self.written.push((prefix, rendered));
        }
    }

    /// Writes declarations and attributes, in canonical order.
    fn start_tag(&mut self, outer: usize) -> Result<(), Full> {
        let ranks = self.prefix_ranks;
        let own = self.written.get_mut(outer..).unwrap_or_default();
        if own.len() > 1 {
            own.sort_unstable_by_key(|(prefix, _)| get(ranks, *prefix));
        }
        for (prefix, _) in &*own {
            self.out.push(" xmlns")?;
            if *prefix != NO_PREFIX {
                self.out.push(":")?;
                self.out.push(self.document.prefixes.text(*prefix))?;
            }
            self.out.push("=\"")?;
            let namespace = get(&self.rendered, *prefix);
            escape(self.document.namespaces.text(namespace), self.out, in_attribute)?;
            self.out.push("\"")?;
        }
        let ranks = self.namespace_ranks;
        if self.attributes.len() > 1 {
            self.attributes.sort_unstable_by_key(|it| (get(ranks, it.namespace), it.name.local()));
        }
        for attribute in &self.attributes {
            self.out.push(" ")?;
            self.out.push(attribute.name.qualified)?;
            self.out.push("=\"")?;
            escape(&attribute.value, self.out, in_attribute)?;
            self.out.push("\"")?;
        }
        Ok(())
    }
}

fn get(numbers: &[Number], index: Number) -> Number {
    numbers.get(index as usize).copied().unwrap_or(UNDECLARED)
}

fn set(numbers: &mut [Number], index: Number, number: Number) {
    if let Some(place) = numbers.get_mut(index as usize) {
        *place = number;
    }
}

fn escape(
    text: &str,
    out: &mut Bounded,
    replacement: impl Fn(u8) -> Option<&'static str>,
) -> Result<(), Full> {
    // Without a way out in its middle, this loop is turned into vector instructions; nearly all texts end here.
    if !text.bytes().fold(false, |found, byte| found | replacement(byte).is_some()) {
        return out.push(text);
    }
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(replacement) = replacement(byte) {
            out.push(text.get(from..at).unwrap_or_default())?;
            out.push(replacement)?;
            from = at + 1;
        }
    }
    out.push(text.get(from..).unwrap_or_default())
}

fn in_text(byte: u8) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    }
}

fn in_attribute(byte: u8) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'"' => Some("&quot;"),
        b'\t' => Some("&#x9;"),
        b'\n' => Some("&#xA;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saml::canonical::Canonical;
    use crate::saml::xml::parse;

    /// The canonical form of the first element named `apex`.
    fn canonical_with(text: &str, inclusive: &[&str]) -> String {
        let document = parse(text).unwrap();
        let apex = document.elements().find(|element| element.name().local() == "apex").unwrap();
        let without = apex.children().find(|child| child.name().local() == "left-out");
        let mut canonicalizer = Canonicalizer::new(apex);
        canonicalizer.canonicalize(apex, without, inclusive).unwrap().to_owned()
    }

    fn assert_canonical(text: &str, expected: &str) {
        let canonical = canonical_with(text, &[]);
        assert_eq!(canonical, expected);
        assert_eq!(canonical_with(&canonical, &[]), canonical, "its own canonical form is itself");
        assert!(Canonical::read(&canonical).is_ok(), "{canonical}");
    }

    #[test]
    fn tags_are_long_and_values_stand_in_double_quotes() {
        assert_canonical("<apex a='1' ><b/></apex >", r#"<apex a="1"><b></b></apex>"#);
    }

    #[test]
    fn attributes_are_in_the_order_of_namespace_and_name() {
        assert_canonical(
            "<apex xmlns:b='urn:1' xmlns:a='urn:2' a:z='1' b:y='2' z='3' a:a='4' y='5' xml:lang='en'/>",
            concat!(
                r#"<apex xmlns:a="urn:2" xmlns:b="urn:1" y="5" z="3" xml:lang="en""#,
                r#" b:y="2" a:a="4" a:z="1"></apex>"#
            ),
        );
    }

    #[test]
    fn only_used_declarations_are_written_where_they_are_used_first() {
        assert_canonical(
            "<r xmlns='urn:d' xmlns:a='urn:a' xmlns:b='urn:b' xmlns:c='urn:c'>\
             <a:apex><a:x b:y='1'/><b:z c:q=''><c:w/></b:z></a:apex></r>",
            concat!(
                r#"<a:apex xmlns:a="urn:a"><a:x xmlns:b="urn:b" b:y="1"></a:x>"#,
                r#"<b:z xmlns:b="urn:b" xmlns:c="urn:c" c:q=""><c:w></c:w></b:z></a:apex>"#
            ),
        );
    }

    #[test]
    fn a_declaration_is_written_again_only_when_its_meaning_changes() {
        assert_canonical(
            "<a:apex xmlns:a='urn:1'><a:x xmlns:a='urn:1'><a:y xmlns:a='urn:2'><a:z xmlns:a='urn:1'/></a:y></a:x></a:apex>",
            concat!(
                r#"<a:apex xmlns:a="urn:1"><a:x><a:y xmlns:a="urn:2">"#,
                r#"<a:z xmlns:a="urn:1"></a:z></a:y></a:x></a:apex>"#
            ),
        );
    }

    #[test]
    fn the_default_namespace_is_taken_back_where_it_was_written() {
        assert_canonical(
            "<apex xmlns='urn:d'><b xmlns=''><c/><d xmlns='urn:d'/></b></apex>",
            r#"<apex xmlns="urn:d"><b xmlns=""><c></c><d xmlns="urn:d"></d></b></apex>"#,
        );
        assert_canonical("<r xmlns='urn:d'><apex xmlns=''><b/></apex></r>", "<apex><b></b></apex>");
        assert_canonical(
            "<r xmlns='urn:d'><p:apex xmlns:p='urn:p'><b xmlns=''/><b/></p:apex></r>",
            r#"<p:apex xmlns:p="urn:p"><b></b><b xmlns="urn:d"></b></p:apex>"#,
        );
    }

    #[test]
    fn the_xml_prefix_is_never_declared_and_nothing_is_inherited() {
        assert_canonical(
            "<r xml:lang='en' xml:space='preserve'><apex xml:lang='de'/></r>",
            r#"<apex xml:lang="de"></apex>"#,
        );
    }

    #[test]
    fn listed_prefixes_are_written_wherever_they_are_in_scope() {
        let text = "<r xmlns='urn:d' xmlns:a='urn:a' xmlns:b='urn:b'><b:apex><c xmlns:a='urn:2'/><b:d/></b:apex></r>";
        assert_eq!(
            canonical_with(text, &["a", "missing"]),
            concat!(
                r#"<b:apex xmlns:a="urn:a" xmlns:b="urn:b">"#,
                r#"<c xmlns="urn:d" xmlns:a="urn:2"></c><b:d></b:d></b:apex>"#
            ),
        );
        assert_eq!(
            canonical_with(text, &[""]),
            r#"<b:apex xmlns="urn:d" xmlns:b="urn:b"><c></c><b:d></b:d></b:apex>"#,
        );
    }

    #[test]
    fn text_is_escaped_and_sections_become_text() {
        assert_canonical(
            "<apex>&lt;&gt;&amp;&quot;'<![CDATA[<&>]]>&#13;\r\n\t</apex>",
            "<apex>&lt;&gt;&amp;\"'&lt;&amp;&gt;&#xD;\n\t</apex>",
        );
    }

    #[test]
    fn attribute_values_are_normalized_and_escaped() {
        assert_canonical(
            "<apex a='&lt;&gt;&amp;&quot;&apos;' b='&#9;&#10;&#13;' c='\t\n\r\n'/>",
            r#"<apex a="&lt;>&amp;&quot;'" b="&#x9;&#xA;&#xD;" c="   "></apex>"#,
        );
    }

    #[test]
    fn comments_are_dropped_and_their_text_joins() {
        assert_canonical("<!-- a --><apex>a<!-- b -->c</apex><!-- d -->", "<apex>ac</apex>");
    }

    #[test]
    fn characters_beyond_the_first_plane_stay_as_they_are() {
        assert_canonical(
            "<apex é='&#x1F600;'>😀 e\u{301} 日本 &#xe9;</apex>",
            "<apex é=\"😀\">😀 e\u{301} 日本 é</apex>",
        );
    }

    #[test]
    fn one_child_can_be_left_out() {
        assert_canonical("<apex> <left-out><b/></left-out> <c/></apex>", "<apex>  <c></c></apex>");
    }
}
