//! Bounded reading of XML: the one tree that is checked.
//!
//! A scan comes before the parser. It is linear in the input and refuses what the parser would do much work
//! for, or would read in another way than other parsers do.

use memchr::memmem;
use memchr::{memchr, memchr3};
use roxmltree::{Document, Node, ParsingOptions};

use crate::rejection::Rejection;

/// The namespace of the SAML protocol.
pub(crate) const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// The namespace of SAML assertions.
pub(crate) const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// The namespace of XML signatures.
pub(crate) const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
/// The namespace and the algorithm of exclusive canonicalisation.
pub(crate) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

const DEPTH: usize = 64;
const NODES: usize = 10_000;
/// Attributes and declarations of one element, and declarations in scope.
const ATTRIBUTES: usize = 256;
/// Declarations of namespaces in the document: the parser copies those in scope to each that adds one.
const DECLARATIONS: usize = 1_024;

/// The text with a line feed for every other line end, as a parser must see it (XML 1.0, 2.11). Ours does it
/// itself, but not for a carriage return beside a reference.
pub(crate) fn with_line_feeds(text: String) -> String {
    match memchr(b'\r', text.as_bytes()) {
        Some(_) => text.replace("\r\n", "\n").replace('\r', "\n"),
        None => text,
    }
}

/// The tree of a document with line feeds.
pub(crate) fn parse(text: &str) -> Result<Document<'_>, Rejection> {
    Scan::new(text)?.run()?;
    let limit = u32::try_from(NODES + 1).unwrap_or(u32::MAX);
    let options = ParsingOptions { nodes_limit: limit, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::DtdDetected => Rejection::Doctype,
        roxmltree::Error::UnknownEntityReference(..) => Rejection::Entity,
        roxmltree::Error::NodesLimitReached => too_complex("nodes", NODES),
        other => Rejection::NotWellFormed { line: other.pos().row, column: other.pos().col },
    })
}

/// Whether an element has that namespace and local name.
pub(crate) fn is(node: Node<'_, '_>, namespace: &str, name: &str) -> bool {
    node.tag_name().name() == name && node.tag_name().namespace() == Some(namespace)
}

/// The value of an attribute without namespace. (`Node::attribute` would take one of any namespace.)
pub(crate) fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    let is_it = |it: &roxmltree::Attribute<'_, '_>| it.name() == name && it.namespace().is_none();
    node.attributes().find(is_it).map(|it| it.value())
}

/// Whether an element holds elements only, with white space and comments between them.
pub(crate) fn holds_elements_only(node: Node<'_, '_>) -> bool {
    node.children().all(|child| !child.is_text() || child.text().is_some_and(is_white_space))
}

/// Whether a text is white space in the sense of XML.
pub(crate) fn is_white_space(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// The name of an element with its prefix, and the prefix, as the source has them; the tree keeps neither.
pub(crate) fn qualified_name<'input>(node: Node<'_, 'input>) -> (&'input str, &'input str) {
    let source = node.document().input_text();
    name_at(source, node.range().start + 1, node.tag_name().name())
}

/// The same of an attribute.
pub(crate) fn qualified_attribute<'input>(
    node: Node<'_, 'input>,
    attribute: roxmltree::Attribute<'_, 'input>,
) -> (&'input str, &'input str) {
    name_at(node.document().input_text(), attribute.range().start, attribute.name())
}

/// Whether two prefixes are the same. Most are empty, and comparing an empty literal is slow: its pointer leads
/// nowhere, and the C library's comparison reads from it under a mask, which processors recover from slowly.
pub(crate) fn same_prefix(one: &str, other: &str) -> bool {
    one.len() == other.len() && (one.is_empty() || one == other)
}

/// The name at a place of the source, with its prefix, and the prefix. Nothing is searched: the local name is a
/// slice of the source, and where it stands tells how long the prefix is.
fn name_at<'input>(source: &'input str, start: usize, local: &str) -> (&'input str, &'input str) {
    let at = (local.as_ptr() as usize).wrapping_sub(source.as_ptr() as usize);
    let qualified = source.get(start..at.wrapping_add(local.len())).unwrap_or_default();
    (qualified, source.get(start..at.wrapping_sub(1)).unwrap_or_default())
}

/// The scan before the parser.
struct Scan<'a> {
    text: &'a str,
    /// What is not scanned yet.
    rest: &'a [u8],
    nodes: usize,
    declarations: usize,
    /// For each open element, how many declarations are in its scope.
    open: Vec<usize>,
}

impl<'a> Scan<'a> {
    /// Begins after the XML declaration.
    fn new(text: &'a str) -> Result<Self, Rejection> {
        let mut scan =
            Self { text, rest: text.as_bytes(), nodes: 0, declarations: 0, open: Vec::with_capacity(16) };
        if let Some(declaration) = text.strip_prefix("<?xml ") {
            let Some((declaration, rest)) = declaration.split_once("?>") else {
                return Err(scan.not_well_formed());
            };
            let version = pseudo_attribute(declaration, "version");
            if !matches!(version, Some("1.0")) {
                return Err(scan.not_well_formed());
            }
            if declaration.contains("encoding") {
                let encoding = pseudo_attribute(declaration, "encoding");
                if !encoding.is_some_and(|encoding| encoding.eq_ignore_ascii_case("utf-8")) {
                    return Err(Rejection::Encoding);
                }
            }
            scan.rest = rest.as_bytes();
        }
        Ok(scan)
    }

    fn run(mut self) -> Result<(), Rejection> {
        // The parser would put a replacement character there.
        let mut references = memmem::find_iter(self.rest, b"&#");
        if let Some(at) = references.find(|at| self.rest.get(*at..).is_some_and(refers_to_nothing)) {
            self.skip(at);
            return Err(self.not_well_formed());
        }
        while let Some(text) = memchr(b'<', self.rest) {
            if text > 0 {
                self.count_node()?;
            }
            self.skip(text);
            match self.rest.get(1) {
                // The parser would take `</:a>` for the end of `<a>`.
                Some(b'/') if self.rest.get(2) == Some(&b':') => return Err(self.not_well_formed()),
                Some(b'/') => {
                    self.open.pop().ok_or_else(|| self.not_well_formed())?;
                    let end = memchr(b'>', self.rest).ok_or_else(|| self.not_well_formed())?;
                    self.skip(end + 1);
                }
                Some(b'!') if self.rest.starts_with(b"<!--") => {
                    self.count_node()?;
                    self.skip_past(b"-->", 4)?;
                }
                Some(b'!') if self.rest.starts_with(b"<![CDATA[") => {
                    self.count_node()?;
                    self.skip_past(b"]]>", 9)?;
                }
                Some(b'!') if self.rest.starts_with(b"<!DOCTYPE") => return Err(Rejection::Doctype),
                Some(b'?') => return Err(Rejection::ProcessingInstruction),
                Some(b':') => return Err(self.not_well_formed()),
                _ => {
                    self.count_node()?;
                    self.start_tag()?;
                }
            }
        }
        Ok(())
    }

    fn start_tag(&mut self) -> Result<(), Rejection> {
        let mut scope = self.open.last().copied().unwrap_or(0);
        let (mut attributes, mut has_default) = (0, false);
        loop {
            let at = memchr3(b'"', b'\'', b'>', self.rest).ok_or_else(|| self.not_well_formed())?;
            let (before, from) = self.rest.split_at_checked(at).unwrap_or_default();
            let Some((quote @ (b'"' | b'\''), value)) = from.split_first() else {
                self.skip(at + 1);
                if before.last() != Some(&b'/') {
                    self.open.push(scope);
                }
                return if self.open.len() > DEPTH { Err(too_complex("levels", DEPTH)) } else { Ok(()) };
            };
            let end = memchr(*quote, value).ok_or_else(|| self.not_well_formed())?;
            let name = attribute_name(before);
            let is_default = name == b"xmlns";
            // What other parsers refuse, or read in another way: two defaults, a prefix that is taken
            // back, `xmlns` behind a prefix, and an empty prefix.
            if is_default && has_default
                || name.starts_with(b"xmlns:") && end == 0
                || name.ends_with(b":xmlns")
                || name.starts_with(b":")
            {
                return Err(self.not_well_formed());
            }
            has_default |= is_default;
            if is_default || name.starts_with(b"xmlns:") {
                scope += 1;
                self.declarations += 1;
            }
            attributes += 1;
            if attributes > ATTRIBUTES {
                return Err(too_complex("attributes on an element", ATTRIBUTES));
            }
            if scope > ATTRIBUTES {
                return Err(too_complex("namespaces in scope", ATTRIBUTES));
            }
            if self.declarations > DECLARATIONS {
                return Err(too_complex("namespace declarations", DECLARATIONS));
            }
            self.skip(at + 1 + end + 1);
        }
    }

    fn count_node(&mut self) -> Result<(), Rejection> {
        self.nodes += 1;
        if self.nodes > NODES { Err(too_complex("nodes", NODES)) } else { Ok(()) }
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// Skips past the first `end` that stands `from` bytes or more ahead.
    fn skip_past(&mut self, end: &[u8], from: usize) -> Result<(), Rejection> {
        let ahead = self.rest.get(from..).unwrap_or_default();
        let at = memmem::find(ahead, end).ok_or_else(|| self.not_well_formed())?;
        self.skip(from + at + end.len());
        Ok(())
    }

    /// The rejection for the place that the scan has reached.
    fn not_well_formed(&self) -> Rejection {
        let read = self.text.get(..self.text.len() - self.rest.len()).unwrap_or_default();
        let line = read.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = read.chars().rev().take_while(|character| *character != '\n').count() + 1;
        let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
        Rejection::NotWellFormed { line: number(line), column: number(column) }
    }
}

fn too_complex(what: &'static str, limit: usize) -> Rejection {
    Rejection::TooComplex { what, limit }
}

/// Whether a character reference has a number that no character has.
fn refers_to_nothing(reference: &[u8]) -> bool {
    let text = |bytes| str::from_utf8(bytes).unwrap_or_default();
    let number = match reference {
        [_, _, b'x', digits @ ..] => {
            let end = digits.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(digits.len());
            u32::from_str_radix(text(digits.get(..end).unwrap_or_default()), 16)
        }
        [_, _, digits @ ..] => {
            let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
            text(digits.get(..end).unwrap_or_default()).parse()
        }
        _ => return true,
    };
    number.ok().and_then(char::from_u32).is_none()
}

/// The name in front of `="`: what follows the last white space.
fn attribute_name(before: &[u8]) -> &[u8] {
    let name = before.trim_ascii_end();
    let name = name.strip_suffix(b"=").unwrap_or(name).trim_ascii_end();
    let start = name.iter().rposition(u8::is_ascii_whitespace).map_or(0, |at| at + 1);
    name.get(start..).unwrap_or_default()
}

/// The value of `name = "value"` in an XML declaration.
fn pseudo_attribute<'a>(declaration: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = declaration.split_once(name)?;
    let value = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|character| matches!(character, '"' | '\''))?;
    Some(value.get(1..)?.split_once(quote)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> &'static str {
        parse(text).err().map_or("accepted", |rejection| rejection.code())
    }

    #[test]
    fn prefixes_are_those_of_the_source() {
        let text = "<a:r xmlns:a='urn:1' xmlns:b='urn:1' b:x ='' a:y=''><b:s\t/><c/></a:r>";
        let document = parse(text).unwrap();
        let root = document.root_element();
        assert_eq!(qualified_name(root), ("a:r", "a"));
        let names: Vec<_> = root.attributes().map(|attribute| qualified_attribute(root, attribute)).collect();
        assert_eq!(names, [("b:x", "b"), ("a:y", "a")]);
        let children: Vec<_> = root.children().map(qualified_name).collect();
        assert_eq!(children, [("b:s", "b"), ("c", "")]);
    }

    #[test]
    fn brackets_in_values_comments_and_sections_do_not_confuse_the_scan() {
        for text in [
            "<a b='>' c=\"/>'<\" />",
            "<a><!-- <b> ' -- ><c --></a>",
            "<a><![CDATA[<b>]]></a>",
            "<a b = '\"'></a\n>",
        ] {
            let expected = if text.contains("\"/>'<\"") || text.contains("-- >") {
                "not_well_formed"
            } else {
                "accepted"
            };
            assert_eq!(refusal(text), expected, "{text}");
        }
    }

    #[test]
    fn every_line_end_is_a_line_feed() {
        for (text, expected) in [
            ("<a>x\r\ny\rz\r</a>", "x\ny\nz\n"),
            ("<a>\r&#65;\r&amp;\r\r\n&#13;\r</a>", "\nA\n&\n\n\r\n"),
            ("<a><![CDATA[\r]]>\r<!-- -->&#65;\r</a>", "\n\nA\n"),
        ] {
            let text = with_line_feeds(text.to_owned());
            let document = parse(&text).unwrap();
            let texts = document.root_element().children().filter(Node::is_text);
            assert_eq!(texts.filter_map(|node| node.text()).collect::<String>(), expected, "{text:?}");
        }
    }

    #[test]
    fn the_bounds_are_exact() {
        let nested = |depth| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        assert_eq!((refusal(&nested(64)), refusal(&nested(65))), ("accepted", "too_complex"));
        let children = |count| format!("<a>{}</a>", "<b/>".repeat(count));
        assert_eq!((refusal(&children(9_999)), refusal(&children(10_000))), ("accepted", "too_complex"));
        let attributes =
            |count| format!("<a{}/>", (0..count).map(|at| format!(" b{at}=''")).collect::<String>());
        assert_eq!((refusal(&attributes(256)), refusal(&attributes(257))), ("accepted", "too_complex"));
        let declared = |count| (0..count).map(|at| format!(" xmlns:b{at}='u'")).collect::<String>();
        assert_eq!(refusal(&format!("<a{}/>", declared(256))), "accepted");
        assert_eq!(refusal(&format!("<a{}><c xmlns='u'/></a>", declared(256))), "too_complex");
        let spread = |count| format!("<a>{}</a>", "<b xmlns:c='u'/>".repeat(count));
        assert_eq!((refusal(&spread(1_024)), refusal(&spread(1_025))), ("accepted", "too_complex"));
    }

    #[test]
    fn what_the_parser_would_let_pass_is_refused() {
        for text in ["<:a/>", "<a :b=''/>", "<a>&#xD800;</a>", "<a b='&#1114112;'/>", "<a>&#x;</a>", "<a>&#"]
        {
            assert_eq!(refusal(text), "not_well_formed", "{text}");
        }
        assert_eq!(refusal("<a b='&#65;'>&#x10FFFF;</a>"), "accepted");
    }

    #[test]
    fn the_place_of_a_fault_is_told() {
        let place = |text| parse(text).err();
        assert_eq!(place("<a>\n <b></a>"), Some(Rejection::NotWellFormed { line: 2, column: 5 }));
        assert_eq!(place("<a>\né</a></b>"), Some(Rejection::NotWellFormed { line: 2, column: 6 }));
    }
}
