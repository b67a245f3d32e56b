//! Bounded and strict reading of XML 1.0 with namespaces, as far as the profile goes: no document type, no
//! processing instruction, no entity but the five (security.md 1.3).
//!
//! One pass, linear in the input. What other parsers refuse or read in another way is refused too.

use std::borrow::Cow;

use hashbrown::HashSet;
use memchr::{memchr, memchr2, memmem};

use crate::rejection::Rejection;
use crate::saml::numbered::Number;
use crate::saml::xml::{
    AttributeEntry, Content, Declaration, Document, Entry, NO_NAMESPACE, NO_PREFIX, Name, UNDECLARED, XML,
    is_white_space,
};

const DEPTH: usize = 64;
/// Elements, comments, sections, and the texts between them.
const NODES: usize = 10_000;
/// Attributes and declarations of one element, and declarations in scope.
const ATTRIBUTES: usize = 256;
/// So many attributes are compared each with each, more are looked up by their hash.
const FEW_ATTRIBUTES: usize = 8;
/// Declarations of namespaces in the document.
const DECLARATIONS: usize = 1_024;

/// The namespace of declarations, which nothing may be declared to be in.
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// The tree of a document.
pub(crate) fn parse(text: &str) -> Result<Document<'_>, Rejection> {
    // As usual responses need; others grow.
    let document = Document::new((text.len() / 40).min(NODES), text.len() / 80, text.len());
    let open = Vec::with_capacity(16);
    let meanings = document.undeclared();
    let mut parser = Parser {
        text,
        at: 0,
        document,
        open,
        meanings,
        in_scope: 0,
        seen: HashSet::new(),
        nodes: 0,
        after_text: false,
    };
    parser.characters()?;
    parser.declaration()?;
    parser.content()?;
    Ok(parser.document)
}

struct Parser<'a> {
    text: &'a str,
    /// Where it reads.
    at: usize,
    document: Document<'a>,
    open: Vec<Open<'a>>,
    /// The namespace of each prefix here, by the number of the prefix.
    meanings: Vec<Number>,
    /// How many declarations are in scope.
    in_scope: usize,
    /// Namespaces and names of the attributes of an element that has many.
    seen: HashSet<(Number, &'a str)>,
    nodes: usize,
    /// Whether the last thing was a text, which the next one belongs to.
    after_text: bool,
}

/// An element whose end has not come.
struct Open<'a> {
    index: usize,
    name: &'a str,
    /// The first of its declarations and the one after the last.
    declarations: (usize, usize),
}

impl<'a> Parser<'a> {
    /// Every character is one that XML allows.
    fn characters(&self) -> Result<(), Rejection> {
        let bytes = self.text.as_bytes();
        let is_control = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
        // Without a way out in its middle, this loop is turned into vector instructions.
        if bytes.iter().fold(false, |found, byte| found | is_control(*byte)) {
            let at = bytes.iter().position(|byte| is_control(*byte));
            return Err(self.fault(at.unwrap_or_default()));
        }
        // U+FFFE and U+FFFF
        let mut candidates = memmem::find_iter(bytes, b"\xef\xbf");
        let found = candidates.find(|at| matches!(bytes.get(at + 2), Some(0xbe | 0xbf)));
        found.map_or(Ok(()), |at| Err(self.fault(at)))
    }

    /// Passes the XML declaration, if there is one.
    fn declaration(&mut self) -> Result<(), Rejection> {
        let Some(declaration) = self.text.strip_prefix("<?xml ") else { return Ok(()) };
        let (declaration, _) = declaration.split_once("?>").ok_or_else(|| self.fault(self.at))?;
        let mut rest = declaration;
        if pseudo_attribute(&mut rest, "version") != Some("1.0") {
            return Err(self.fault(self.at));
        }
        if rest.trim_ascii_start().starts_with("encoding") {
            let encoding = pseudo_attribute(&mut rest, "encoding");
            if !encoding.is_some_and(|encoding| encoding.eq_ignore_ascii_case("utf-8")) {
                return Err(Rejection::Encoding);
            }
        }
        if rest.trim_ascii_start().starts_with("standalone") {
            let standalone = pseudo_attribute(&mut rest, "standalone");
            if !matches!(standalone, Some("yes" | "no")) {
                return Err(self.fault(self.at));
            }
        }
        if !is_white_space(rest) {
            return Err(self.fault(self.at));
        }
        self.at = "<?xml ".len() + declaration.len() + "?>".len();
        Ok(())
    }

    fn content(&mut self) -> Result<(), Rejection> {
        while let Some(length) = memchr(b'<', self.rest()) {
            if length > 0 {
                self.text(length)?;
            }
            match self.rest().get(1) {
                Some(b'/') => self.end_tag()?,
                Some(b'?') => return Err(Rejection::ProcessingInstruction),
                Some(b'!') if self.rest().starts_with(b"<!--") => self.comment()?,
                Some(b'!') if self.rest().starts_with(b"<![CDATA[") => self.section()?,
                Some(b'!') if self.rest().starts_with(b"<!DOCTYPE") => return Err(Rejection::Doctype),
                _ => self.start_tag()?,
            }
        }
        let is_whole = self.open.is_empty() && !self.document.nodes.is_empty();
        let is_over = self.text.get(self.at..).is_some_and(is_white_space);
        if is_whole && is_over { Ok(()) } else { Err(self.fault(self.at)) }
    }

    fn start_tag(&mut self) -> Result<(), Rejection> {
        let start = self.at;
        if self.open.is_empty() && !self.document.nodes.is_empty() {
            return Err(self.fault(self.at));
        }
        self.count_node()?;
        self.at += 1;
        let name = self.name()?;
        let mut count = 0;
        let (declared, first) = (self.document.declarations.len(), self.document.attributes.len());
        let is_empty = loop {
            let is_apart = self.skip_white_space();
            match self.rest() {
                [b'>', ..] => break false,
                [b'/', b'>', ..] => break true,
                [] => return Err(self.fault(start)),
                _ if is_apart => {}
                _ => return Err(self.fault(self.at)),
            }
            let at = self.at;
            let attribute = self.name()?;
            let value = self.value()?;
            count += 1;
            if count > ATTRIBUTES {
                return Err(too_complex("attributes on an element", ATTRIBUTES));
            }
            if attribute.qualified == "xmlns" {
                self.declare(at, "", value, declared)?;
            } else if attribute.prefix() == "xmlns" {
                self.declare(at, attribute.local(), value, declared)?;
            } else {
                let (prefix, namespace) = (NO_PREFIX, NO_NAMESPACE);
                self.document.attributes.push(AttributeEntry {
                    at,
                    name: attribute,
                    prefix,
                    namespace,
                    value,
                });
            }
        };
        self.at += if is_empty { 2 } else { 1 };
        self.resolve_attributes(first)?;
        let resolved = if name.prefix() == "xmlns" { None } else { self.resolve(name.prefix()) };
        let (prefix, namespace) = resolved.ok_or_else(|| self.fault(start + 1))?;
        let index = self.document.nodes.len();
        let attributes = (first, self.document.attributes.len());
        let declarations = (declared, self.document.declarations.len());
        self.push(Content::Element { name, prefix, namespace, declarations, attributes });
        self.after_text = false;
        if is_empty {
            self.leave(declarations);
        } else {
            self.open.push(Open { index, name: name.qualified, declarations });
            if self.open.len() > DEPTH {
                return Err(too_complex("levels", DEPTH));
            }
        }
        Ok(())
    }

    /// The number of a prefix, and of the namespace that it means here.
    fn resolve(&self, prefix: &str) -> Option<(Number, Number)> {
        let prefix = if prefix.is_empty() { NO_PREFIX } else { self.document.prefixes.find(prefix)? };
        let namespace = self.meanings.get(prefix as usize).filter(|meaning| **meaning != UNDECLARED)?;
        Some((prefix, *namespace))
    }

    /// Takes the declarations of an element back.
    fn leave(&mut self, declarations: (usize, usize)) {
        for declaration in self.document.declared(declarations) {
            if let Some(meaning) = self.meanings.get_mut(declaration.prefix as usize) {
                *meaning = declaration.outer;
            }
        }
        self.in_scope -= declarations.1 - declarations.0;
    }

    /// Adds a declaration, which stands at a place of the source, to those in scope; the element's own begin at
    /// `first`.
    fn declare(
        &mut self,
        at: usize,
        prefix: &'a str,
        namespace: Cow<'a, str>,
        first: usize,
    ) -> Result<(), Rejection> {
        let is_taken_back = !prefix.is_empty() && namespace.is_empty();
        let is_reserved = prefix == "xmlns" || namespace == XMLNS || (prefix == "xml") != (namespace == XML);
        if is_taken_back || is_reserved {
            return Err(self.fault(at));
        }
        let prefix = self.document.prefixes.number(Cow::Borrowed(prefix));
        let own = self.document.declarations.get(first..).unwrap_or_default();
        if own.iter().any(|declaration| declaration.prefix == prefix) {
            return Err(self.fault(at));
        }
        let namespace = self.document.namespaces.number(namespace);
        // A prefix that is new has the next number.
        if self.meanings.len() == prefix as usize {
            self.meanings.push(UNDECLARED);
        }
        let meaning = self.meanings.get_mut(prefix as usize).ok_or(Rejection::NotAResponse)?;
        let outer = std::mem::replace(meaning, namespace);
        self.document.declarations.push(Declaration { prefix, namespace, outer });
        self.in_scope += 1;
        if self.in_scope > ATTRIBUTES {
            return Err(too_complex("namespaces in scope", ATTRIBUTES));
        }
        if self.document.declarations.len() > DECLARATIONS {
            return Err(too_complex("namespace declarations", DECLARATIONS));
        }
        Ok(())
    }

    /// Finds the namespaces of an element's attributes; no two have the same namespace and name.
    fn resolve_attributes(&mut self, first: usize) -> Result<(), Rejection> {
        for index in first..self.document.attributes.len() {
            let Some(AttributeEntry { at, name, .. }) = self.document.attributes.get(index) else { break };
            let (at, name) = (*at, *name);
            if !name.prefix().is_empty() {
                // `xmlns` behind a prefix is read in different ways.
                let found = self.resolve(name.prefix()).filter(|_| name.local() != "xmlns");
                let found = found.ok_or_else(|| self.fault(at))?;
                if let Some(attribute) = self.document.attributes.get_mut(index) {
                    (attribute.prefix, attribute.namespace) = found;
                }
            }
        }
        self.same_attribute(first).map_or(Ok(()), |at| Err(self.fault(at)))
    }

    /// The place of an attribute whose namespace and name another one has before it.
    fn same_attribute(&mut self, first: usize) -> Option<usize> {
        let own = self.document.attributes.get(first..).unwrap_or_default();
        // By numbers and lengths first: they decide most comparisons without a look at the letters.
        let key = |it: &AttributeEntry<'a>| (it.namespace, it.name.local().len(), it.name.local());
        if own.len() <= FEW_ATTRIBUTES {
            let mut pairs = own.iter().enumerate().filter_map(|(index, it)| Some((it, own.get(..index)?)));
            let double = pairs.find(|(it, before)| before.iter().any(|other| key(other) == key(it)));
            return double.map(|(it, _)| it.at);
        }
        self.seen.clear();
        let seen = &mut self.seen;
        own.iter().find(|it| !seen.insert((it.namespace, it.name.local()))).map(|it| it.at)
    }

    fn end_tag(&mut self) -> Result<(), Rejection> {
        let start = self.at;
        let open = self.open.pop().ok_or_else(|| self.fault(self.at))?;
        let name = self.rest().get(2..).and_then(|rest| rest.strip_prefix(open.name.as_bytes()));
        if name.is_none() {
            return Err(self.fault(self.at));
        }
        self.at += 2 + open.name.len();
        self.skip_white_space();
        if self.rest().first() != Some(&b'>') {
            return Err(self.fault(start));
        }
        self.at += 1;
        self.after_text = false;
        let end = self.document.nodes.len();
        if let Some(entry) = self.document.nodes.get_mut(open.index) {
            entry.end = end;
        }
        self.leave(open.declarations);
        Ok(())
    }

    /// Text up to the next tag.
    fn text(&mut self, length: usize) -> Result<(), Rejection> {
        self.count_node()?;
        let text = self.slice(self.at, self.at + length);
        if self.open.is_empty() {
            if !is_white_space(text) {
                return Err(self.fault(self.at));
            }
        } else if text.bytes().fold(false, |found, byte| found | matches!(byte, b'&' | b'\r' | b'>')) {
            if let Some(at) = text.find("]]>") {
                return Err(self.fault(self.at + at));
            }
            let is_plain = memchr2(b'&', b'\r', text.as_bytes()).is_none();
            let text = if is_plain { text.into() } else { self.expand(self.at, text, b"&\r", '\n')?.into() };
            self.push_text(text);
        } else {
            self.push_text(Cow::Borrowed(text));
        }
        self.at += length;
        Ok(())
    }

    fn section(&mut self) -> Result<(), Rejection> {
        self.count_node()?;
        let from = self.at + "<![CDATA[".len();
        let length = self.bytes_from(from).and_then(|bytes| memmem::find(bytes, b"]]>"));
        let length = length.filter(|_| !self.open.is_empty()).ok_or_else(|| self.fault(self.at))?;
        let text = self.slice(from, from + length);
        let has_returns = text.contains('\r');
        let text =
            if has_returns { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text.into() };
        self.push_text(text);
        self.at = from + length + "]]>".len();
        Ok(())
    }

    fn comment(&mut self) -> Result<(), Rejection> {
        self.count_node()?;
        let from = self.at + "<!--".len();
        let bytes = self.bytes_from(from).unwrap_or_default();
        // Two hyphens must not stand in a comment but at its end.
        let end = memmem::find(bytes, b"--").filter(|end| bytes.get(end + 2) == Some(&b'>'));
        let end = end.ok_or_else(|| self.fault(self.at))?;
        if !self.open.is_empty() {
            self.push(Content::Comment);
        }
        self.after_text = false;
        self.at = from + end + "-->".len();
        Ok(())
    }

    /// A name with at most one colon, which stands between two names.
    fn name(&mut self) -> Result<Name<'a>, Rejection> {
        let (start, mut colon) = (self.at, None);
        let mut end = start;
        while let Some(byte) = self.text.as_bytes().get(end) {
            match CLASSES.get(usize::from(*byte)) {
                Some(Class::Name) => end += 1,
                Some(Class::Colon) if colon.is_none() => {
                    colon = Some(end);
                    end += 1;
                }
                Some(Class::BeyondAscii) => match self.text.get(end..).and_then(|rest| rest.chars().next()) {
                    Some(character) if goes_on_name(character) => end += character.len_utf8(),
                    _ => break,
                },
                _ => break,
            }
        }
        let local = colon.map_or(0, |colon| colon + 1 - start);
        let name = Name { qualified: self.slice(start, end), local };
        if !begins_name(name.local()) || colon.is_some() && !begins_name(name.prefix()) {
            return Err(self.fault(start));
        }
        self.at = end;
        Ok(name)
    }

    /// The value behind the name of an attribute.
    fn value(&mut self) -> Result<Cow<'a, str>, Rejection> {
        self.skip_white_space();
        if self.rest().first() != Some(&b'=') {
            return Err(self.fault(self.at));
        }
        self.at += 1;
        self.skip_white_space();
        let Some((quote @ (b'"' | b'\''), rest)) = self.rest().split_first() else {
            return Err(self.fault(self.at));
        };
        let from = self.at + 1;
        let end = from + memchr2(*quote, b'<', rest).ok_or_else(|| self.fault(self.at))?;
        let value = self.slice(from, end);
        if self.bytes_from(end).and_then(<[u8]>::first) != Some(quote) {
            return Err(self.fault(end));
        }
        let is_special = |byte| matches!(byte, b'&' | b'\t' | b'\n' | b'\r');
        let value = if value.bytes().fold(false, |found, byte| found | is_special(byte)) {
            Cow::Owned(self.expand(from, value, b"&\t\n\r", ' ')?)
        } else {
            Cow::Borrowed(value)
        };
        self.at = end + 1;
        Ok(value)
    }

    /// Puts characters for references, and `white_space` for the `special` white space; a carriage return and
    /// a line feed are one. The text stands at `from`.
    fn expand(
        &self,
        from: usize,
        text: &str,
        special: &[u8],
        white_space: char,
    ) -> Result<String, Rejection> {
        let mut plain = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| special.contains(&byte)) {
            let (before, found) = rest.split_at_checked(at).unwrap_or_default();
            plain.push_str(before);
            let (character, after) = match found.strip_prefix('&') {
                Some(reference) => {
                    let fault = || self.fault(from + text.len() - found.len());
                    let (name, after) = reference.split_once(';').ok_or_else(fault)?;
                    let character = referred(name).ok_or_else(|| match name.strip_prefix('#') {
                        None if is_name(name) => Rejection::Entity,
                        _ => fault(),
                    });
                    (character?, after)
                }
                None => {
                    let after = found.strip_prefix("\r\n").or_else(|| found.get(1..));
                    (white_space, after.unwrap_or_default())
                }
            };
            plain.push(character);
            rest = after;
        }
        plain.push_str(rest);
        Ok(plain)
    }

    fn push_text(&mut self, text: Cow<'a, str>) {
        match self.document.nodes.last_mut() {
            Some(Entry { content: Content::Text(before), .. }) if self.after_text => {
                before.to_mut().push_str(&text);
            }
            _ => self.push(Content::Text(text)),
        }
        self.after_text = true;
    }

    fn push(&mut self, content: Content<'a>) {
        let end = self.document.nodes.len() + 1;
        self.document.nodes.push(Entry { content, end });
    }

    fn count_node(&mut self) -> Result<(), Rejection> {
        self.nodes += 1;
        if self.nodes > NODES { Err(too_complex("nodes", NODES)) } else { Ok(()) }
    }

    /// Whether there was white space.
    fn skip_white_space(&mut self) -> bool {
        let start = self.at;
        while let [b' ' | b'\t' | b'\r' | b'\n', ..] = self.rest() {
            self.at += 1;
        }
        self.at > start
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes_from(self.at).unwrap_or_default()
    }

    fn bytes_from(&self, from: usize) -> Option<&'a [u8]> {
        self.text.as_bytes().get(from..)
    }

    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// The rejection for a fault at a place of the source.
    fn fault(&self, at: usize) -> Rejection {
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
        let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
        Rejection::NotWellFormed { line: number(line), column: number(column) }
    }
}

fn too_complex(what: &'static str, limit: usize) -> Rejection {
    Rejection::TooComplex { what, limit }
}

/// Takes `name = "value"` with white space before it from the front of an XML declaration.
fn pseudo_attribute<'a>(declaration: &mut &'a str, name: &str) -> Option<&'a str> {
    let rest = declaration.trim_ascii_start();
    // The prefix that was taken off the first one ended with a space.
    if rest.len() == declaration.len() && name != "version" {
        return None;
    }
    let rest = rest.strip_prefix(name)?.trim_ascii_start().strip_prefix('=')?.trim_ascii_start();
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (value, rest) = rest.get(1..)?.split_once(quote)?;
    *declaration = rest;
    Some(value)
}

/// The character that a reference stands for, if it is one of the five or the number of one that XML allows.
fn referred(name: &str) -> Option<char> {
    let (digits, radix) = match name {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => match name.strip_prefix("#x") {
            Some(digits) => (digits, 16),
            None => (name.strip_prefix('#')?, 10),
        },
    };
    // `from_str_radix` would take a sign.
    let digits = digits.chars().all(|digit| digit.is_digit(radix)).then_some(digits)?;
    let character = u32::from_str_radix(digits, radix).ok().and_then(char::from_u32)?;
    match character {
        '\t' | '\n' | '\r' => Some(character),
        '\0'..' ' | '\u{fffe}' | '\u{ffff}' => None,
        _ => Some(character),
    }
}

/// Whether a reference may have this name; colons are let pass, the reference is refused anyway.
fn is_name(name: &str) -> bool {
    begins_name(name) && name.chars().all(|character| goes_on_name(character) || character == ':')
}

/// The class of a byte in a name.
#[derive(Clone, Copy)]
enum Class {
    Name,
    Colon,
    BeyondAscii,
    Other,
}

/// The class of each byte.
static CLASSES: [Class; 256] = {
    let mut classes = [Class::Other; 256];
    let mut byte = 0_usize;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => Class::Name,
            b':' => Class::Colon,
            0x80.. => Class::BeyondAscii,
            _ => Class::Other,
        };
        byte += 1;
    }
    classes
};

/// Whether a text begins as a name does (<https://www.w3.org/TR/xml/#NT-NameStartChar>, without the colon).
fn begins_name(text: &str) -> bool {
    text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
        || text.chars().next().is_some_and(|character| match character {
            'a'..='z' | 'A'..='Z' | '_' => true,
            '\0'..='\u{bf}' | '\u{d7}' | '\u{f7}' => false,
            '\u{300}'..='\u{36f}' | '\u{37e}' => false,
            '\u{c0}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}' => true,
            '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' => true,
            '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}' => true,
            _ => false,
        })
}

/// Whether a name may go on with a character (<https://www.w3.org/TR/xml/#NT-NameChar>, without the colon).
fn goes_on_name(character: char) -> bool {
    let also = matches!(character, '0'..='9' | '-' | '.' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}');
    also || begins_name(character.encode_utf8(&mut [0; 4]))
}

#[cfg(test)]
mod tests;
