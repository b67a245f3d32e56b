//! Exclusive canonicalisation without comments (<https://www.w3.org/TR/xml-exc-c14n/>), written straight
//! from the tree into one buffer.

use roxmltree::{Node, NodeId};

use crate::saml::xml::{attribute_prefix, element_prefix};

/// The canonical form of an element and what it holds, but for the one element `without`.
///
/// `inclusive` are the prefixes of the `InclusiveNamespaces` list, with `""` for `#default`: their
/// declarations are written wherever they are in scope and new.
pub(crate) fn canonicalize(apex: Node<'_, '_>, without: Option<NodeId>, inclusive: &[&str]) -> String {
    let source = apex.document().input_text();
    let mut writer = Writer {
        out: String::with_capacity(apex.range().len() + apex.range().len() / 8),
        source,
        without,
        inclusive,
        rendered: Vec::with_capacity(16),
        attributes: Vec::with_capacity(8),
    };
    writer.element(apex);
    writer.out
}

struct Writer<'a, 'input> {
    out: String,
    source: &'input str,
    without: Option<NodeId>,
    inclusive: &'a [&'a str],
    /// Prefixes and namespaces written on the open elements, outermost first.
    rendered: Vec<(&'a str, &'a str)>,
    /// The attributes of the element that is being written: namespace, local name, prefix, value.
    attributes: Vec<(&'a str, &'a str, &'a str, &'a str)>,
}

impl<'a, 'input: 'a> Writer<'a, 'input> {
    fn element(&mut self, node: Node<'a, 'input>) {
        let outer = self.rendered.len();
        let prefix = element_prefix(node);
        let name = qualified_name(self.source, node.range().start + 1, prefix, node.tag_name().name());
        self.utilize(prefix, node.tag_name().namespace().unwrap_or_default(), outer);
        self.attributes.clear();
        for attribute in node.attributes() {
            let prefix = attribute_prefix(node, attribute);
            let namespace = attribute.namespace().unwrap_or_default();
            if !prefix.is_empty() {
                self.utilize(prefix, namespace, outer);
            }
            self.attributes.push((namespace, attribute.name(), prefix, attribute.value()));
        }
        for prefix in self.inclusive {
            let namespace = if prefix.is_empty() {
                Some(node.lookup_namespace_uri(None).unwrap_or_default())
            } else {
                node.lookup_namespace_uri(Some(prefix))
            };
            if let Some(namespace) = namespace {
                self.utilize(prefix, namespace, outer);
            }
        }

        self.out.push('<');
        self.out.push_str(name);
        self.start_tag(outer);
        self.out.push('>');
        for child in node.children() {
            if child.is_element() {
                if Some(child.id()) != self.without {
                    self.element(child);
                }
            } else if child.is_text() {
                escape(child.text().unwrap_or_default(), &mut self.out, in_text);
            }
        }
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
        self.rendered.truncate(outer);
    }

    /// Notes that the element uses a prefix; it is declared there unless it has the same meaning already.
    fn utilize(&mut self, prefix: &'a str, namespace: &'a str, outer: usize) {
        if prefix == "xml" {
            return;
        }
        let known = self.rendered.iter().rev().find(|(rendered, _)| *rendered == prefix);
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
            escape(namespace, &mut self.out, in_attribute);
            self.out.push('"');
        }
        self.attributes.sort_unstable();
        for (_, name, prefix, value) in &self.attributes {
            self.out.push(' ');
            if !prefix.is_empty() {
                self.out.push_str(prefix);
                self.out.push(':');
            }
            self.out.push_str(name);
            self.out.push_str("=\"");
            escape(value, &mut self.out, in_attribute);
            self.out.push('"');
        }
    }
}

/// The name with its prefix, as a slice of the source.
fn qualified_name<'a>(source: &'a str, start: usize, prefix: &str, local: &'a str) -> &'a str {
    if prefix.is_empty() {
        return local;
    }
    source.get(start..start + prefix.len() + 1 + local.len()).unwrap_or(local)
}

fn escape(text: &str, out: &mut String, replacement: impl Fn(u8) -> Option<&'static str>) {
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
