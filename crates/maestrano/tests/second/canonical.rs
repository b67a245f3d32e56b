//! Our canonical form against libxml2's, on documents made by chance.

use std::fmt::Write as _;
use std::thread;

use samael::crypto::{CertificateDer, Crypto, CryptoProvider as _, ReduceMode};

use crate::dice::Dice;
use crate::keys::{Key, LEGACY};
use crate::witness::signed;

/// `MNO_CANONICAL_DOCUMENTS` asks for more, or fewer.
const DOCUMENTS: u64 = 10_000;
const SEED: u64 = 20_261_123;

#[test]
fn the_canonical_form_is_that_of_libxml2() {
    let asked = std::env::var("MNO_CANONICAL_DOCUMENTS").ok().and_then(|count| count.parse().ok());
    let count: u64 = asked.unwrap_or(DOCUMENTS);
    let certificates = [CertificateDer::from(LEGACY.certificate().der().to_vec())];
    let half = |first: u64| {
        let mut different = Vec::new();
        for number in (first..count).step_by(2) {
            let document = RandomDocument::new(Dice::new(SEED + number));
            let difference = document.difference(&LEGACY, &certificates);
            different.extend(difference.map(|difference| format!("document {number}: {difference}")));
        }
        different
    };
    let different = thread::scope(|scope| {
        let odd = scope.spawn(|| half(1));
        let mut different = half(0);
        different.extend(odd.join().unwrap());
        different
    });
    println!("{count} random documents, {} of them different", different.len());
    assert!(different.is_empty(), "{}", different.into_iter().take(5).collect::<Vec<_>>().join("\n"));
}

const PREFIXES: [&str; 5] = ["", "a", "b", "c", "d"];
/// Absolute ones without an ampersand, for the reasons that stand in differences.rs.
const NAMESPACES: [&str; 5] = ["urn:1", "urn:2", "http://example.com/?a=b;c=d", "urn:it's", "urn:%C3%A9#4"];
const NAMES: [&str; 6] = ["x", "Y", "é", "name", "n-1", "日本"];
const SECTIONS: [&str; 3] = ["<![CDATA[<x>&amp;\r\n\"]]>", "<![CDATA[]]>", "<![CDATA[]] >]]>"];
const TEXTS: [&str; 30] = [
    "x",
    "text",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "é",
    "😀",
    "日本",
    "e\u{301}",
    "\u{a0}",
    "\u{2028}",
    "&amp;",
    "&lt;",
    "&gt;",
    "&quot;",
    "&apos;",
    "&#9;",
    "&#10;",
    "&#13;",
    "&#xD;&#xA;",
    "&#x1F600;",
    "&#233;",
    "\"",
    "'",
    ">",
    "]]x",
    "&#x85;",
];

/// A document in the making: `head` ends with the start tag of the element that is canonicalized.
struct RandomDocument {
    dice: Dice,
    text: String,
    head: usize,
    /// Prefixes and namespaces in scope, innermost last.
    scope: Vec<(&'static str, &'static str)>,
    prefixes: Vec<&'static str>,
}

impl RandomDocument {
    fn new(dice: Dice) -> Self {
        let mut it = Self { dice, text: String::new(), head: 0, scope: Vec::new(), prefixes: Vec::new() };
        if it.dice.one_in(3) {
            for _ in 0..it.dice.below(4) {
                let prefix = *it.dice.pick(&["", "a", "b", "c", "d", "missing"]);
                it.prefixes.push(prefix);
            }
        }
        if it.dice.one_in(4) {
            it.text.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        }
        it.miscellany();
        let outer = it.dice.below(4);
        it.wrapped(outer);
        it.miscellany();
        it
    }

    /// What is wrong with the second verifier's canonical form, if something is.
    fn difference(&self, key: &Key, certificates: &[CertificateDer]) -> Option<String> {
        let (head, tail) = self.text.split_at(self.head);
        let Some((document, ours)) = signed(head, tail, "_apex", &self.prefixes, key) else {
            return Some(format!("our parser refuses it\n{}", self.text));
        };
        match Crypto::reduce_xml_to_signed(&document, certificates, ReduceMode::PreDigest) {
            Ok(theirs) if theirs == ours => None,
            Ok(theirs) => Some(format!("{document}\nours:   {ours}\ntheirs: {theirs}")),
            Err(error) => Some(format!("{document}\nours:   {ours}\ntheirs: {error}")),
        }
    }

    /// The apex inside so many elements.
    fn wrapped(&mut self, outer: usize) {
        if outer == 0 {
            self.element(0, true);
            return;
        }
        let outer_scope = self.scope.len();
        let name = self.start_tag(false);
        self.text.push('>');
        self.content();
        self.wrapped(outer - 1);
        self.content();
        let _ = write!(self.text, "</{name}>");
        self.scope.truncate(outer_scope);
    }

    fn element(&mut self, depth: usize, is_apex: bool) {
        let outer = self.scope.len();
        let name = self.start_tag(is_apex);
        if !is_apex && self.dice.one_in(4) {
            self.text.push_str("/>");
        } else {
            self.text.push('>');
            if is_apex {
                self.head = self.text.len();
            }
            for _ in 0..self.dice.below(5) {
                self.content();
                if depth < 5 && self.dice.one_in(2) {
                    self.element(depth + 1, false);
                }
            }
            let space = *self.dice.pick(&["", "", " ", "\n"]);
            let _ = write!(self.text, "</{name}{space}>");
        }
        self.scope.truncate(outer);
    }

    /// Everything of a start tag but its end; gives the qualified name.
    fn start_tag(&mut self, is_apex: bool) -> String {
        let mut declared: Vec<(&str, &str)> = Vec::new();
        for _ in 0..self.dice.below(4) {
            let prefix = *self.dice.pick(&PREFIXES);
            let namespace = *self.dice.pick(&NAMESPACES);
            let namespace = if prefix.is_empty() && self.dice.one_in(3) { "" } else { namespace };
            if !declared.iter().any(|(known, _)| *known == prefix) {
                declared.push((prefix, namespace));
            }
        }
        self.scope.extend(&declared);
        let prefix = self.bound_prefix();
        let local = *self.dice.pick(&NAMES);
        let name = qualified(prefix, local);

        let mut parts: Vec<String> = Vec::new();
        for (prefix, namespace) in declared {
            let prefix = if prefix.is_empty() { String::new() } else { format!(":{prefix}") };
            parts.push(format!("xmlns{prefix}=\"{namespace}\""));
        }
        for number in 0..self.dice.below(5) {
            let prefix = self.bound_prefix();
            // The number keeps names apart, whatever their prefixes stand for.
            let name = qualified(prefix, &format!("{}{number}", self.dice.pick(&NAMES)));
            let value = self.value();
            parts.push(format!("{name}={value}"));
        }
        if self.dice.one_in(8) {
            parts.push(
                (*self.dice.pick(&["xml:lang='en'", "xml:space='preserve'", "xml:base='x'"])).to_owned(),
            );
        }
        if is_apex {
            parts.push("ID=\"_apex\"".to_owned());
        }
        for last in (1..parts.len()).rev() {
            let other = self.dice.below(last + 1);
            parts.swap(last, other);
        }
        let _ = write!(self.text, "<{name}");
        for part in parts {
            let space = *self.dice.pick(&[" ", " ", "\n ", "\t", "\r\n"]);
            let _ = write!(self.text, "{space}{part}");
        }
        let space = *self.dice.pick(&["", "", " ", "\n"]);
        self.text.push_str(space);
        name
    }

    /// A prefix in scope, or none.
    fn bound_prefix(&mut self) -> &'static str {
        let prefix = *self.dice.pick(&PREFIXES);
        if self.scope.iter().any(|(known, _)| *known == prefix) { prefix } else { "" }
    }

    /// A quoted attribute value.
    fn value(&mut self) -> String {
        let quote = *self.dice.pick(&['"', '\'']);
        let mut value = String::from(quote);
        for _ in 0..self.dice.below(4) {
            let text = *self.dice.pick(&TEXTS);
            if !text.contains(quote) {
                value.push_str(text);
            }
        }
        value.push(quote);
        value
    }

    /// Text, sections and comments.
    fn content(&mut self) {
        for _ in 0..self.dice.below(3) {
            match self.dice.below(6) {
                0 => self.text.push_str("<!-- <x> & \r\n -->"),
                1 => {
                    let section = *self.dice.pick(&SECTIONS);
                    self.text.push_str(section);
                }
                _ => {
                    let text = *self.dice.pick(&TEXTS);
                    self.text.push_str(text);
                }
            }
        }
    }

    /// What may stand beside the root.
    fn miscellany(&mut self) {
        let text = *self.dice.pick(&["", "", "\n", "<!-- x -->\n"]);
        self.text.push_str(text);
    }
}

fn qualified(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}:{name}") }
}
