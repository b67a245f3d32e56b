//! Exclusive canonicalisation without comments (<https://www.w3.org/TR/xml-exc-c14n/>), written straight
//! from the tree into one buffer.

use crate::saml::xml::{Attribute, Node, same_prefix};

/// Writes the canonical form of an element and what it holds, but for the one element `without`.
///
/// `inclusive` are the prefixes of the `InclusiveNamespaces` list, with `""` for `#default`: their
/// declarations are written wherever they are in scope and new.
pub(crate) fn canonicalize<'a>(
    apex: Node<'a>,
    without: Option<Node<'a>>,
    inclusive: &'a [&str],
    out: &mut String,
) {
    let (rendered, attributes) = (Vec::with_capacity(16), Vec::with_capacity(8));
    Writer { out, without, inclusive, rendered, attributes }.element(apex);
}

struct Writer<'a, 'out> {
    out: &'out mut String,
    without: Option<Node<'a>>,
    inclusive: &'a [&'a str],
    /// Prefixes and namespaces written on the open elements, outermost first.
    rendered: Vec<(&'a str, &'a str)>,
    /// The attributes of the element that is being written.
    attributes: Vec<Attribute<'a>>,
}

impl<'a> Writer<'a, '_> {
    fn element(&mut self, node: Node<'a>) {
        let outer = self.rendered.len();
        let name = node.name();
        self.utilize(name.prefix(), node.namespace(), outer);
        self.attributes.clear();
        for attribute in node.attributes() {
            if !attribute.name.prefix().is_empty() {
                self.utilize(attribute.name.prefix(), attribute.namespace, outer);
            }
            self.attributes.push(attribute);
        }
        for prefix in self.inclusive {
            if let Some(namespace) = node.namespace_of(prefix) {
                self.utilize(prefix, namespace, outer);
            }
        }

        self.out.push('<');
        self.out.push_str(name.qualified);
        self.start_tag(outer);
        self.out.push('>');
        for child in node.children() {
            if let Some(text) = child.text() {
                escape(text, self.out, in_text);
            } else if child.is_element() && Some(child) != self.without {
                self.element(child);
            }
        }
        self.out.push_str("</");
        self.out.push_str(name.qualified);
        self.out.push('>');
        self.rendered.truncate(outer);
    }

    /// Notes that the element uses a prefix; it is declared there unless it has the same meaning already.
    fn utilize(&mut self, prefix: &'a str, namespace: &'a str, outer: usize) {
        if prefix == "xml" {
            return;
        }
        let known = self.rendered.iter().rev().find(|(rendered, _)| same_prefix(rendered, prefix));
        let known = match known {
            Some((_, known)) => Some(*known),
            None if prefix.is_empty() => Some(""),
            None => None,
        };
        if known != Some(namespace) {
            // In order of the prefixes; there are few.
            let own = self.rendered.get(outer..).unwrap_or_default();
            let before = own.iter().take_while(|(rendered, _)| *rendered < prefix).count();
            self.rendered.insert(outer + before, (prefix, namespace));
        }
    }

    /// Writes declarations and attributes, in canonical order.
    fn start_tag(&mut self, outer: usize) {
        for (prefix, namespace) in self.rendered.get(outer..).unwrap_or_default() {
            self.out.push_str(" xmlns");
            if !prefix.is_empty() {
                self.out.push(':');
                self.out.push_str(prefix);
            }
            self.out.push_str("=\"");
            escape(namespace, self.out, in_attribute);
            self.out.push('"');
        }
        // None instead of an empty namespace, for the reason that `same_prefix` gives.
        self.attributes.sort_unstable_by_key(|it| {
            (Some(it.namespace).filter(|namespace| !namespace.is_empty()), it.name.local())
        });
        for attribute in &self.attributes {
            self.out.push(' ');
            self.out.push_str(attribute.name.qualified);
            self.out.push_str("=\"");
            escape(attribute.value, self.out, in_attribute);
            self.out.push('"');
        }
    }
}

fn escape(text: &str, out: &mut String, replacement: impl Fn(u8) -> Option<&'static str>) {
    // Without a way out in its middle, this loop is turned into vector instructions; nearly all texts end here.
    if !text.bytes().fold(false, |found, byte| found | replacement(byte).is_some()) {
        return out.push_str(text);
    }
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(replacement) = replacement(byte) {
            out.push_str(text.get(from..at).unwrap_or_default());
            out.push_str(replacement);
            from = at + 1;
        }
    }
    out.push_str(text.get(from..).unwrap_or_default());
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
        let mut canonical = String::new();
        canonicalize(apex, without, inclusive, &mut canonical);
        canonical
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
