//! The ways in which a document is changed by chance. Each tells what it did.

use std::ops::Range;

use roxmltree::Document;

use crate::dice::Dice;

/// Changes one character of base64, or cuts the text.
pub(crate) fn change_base64(text: &mut Vec<u8>, dice: &mut Dice) -> String {
    let at = dice.below(text.len());
    match dice.below(8) {
        0..3 => {
            text[at] = *dice.pick(b"ABCDEFabcdef0189+/=-_ \n");
            format!("other base64 at {at}")
        }
        3 => {
            text.remove(at);
            format!("no base64 at {at}")
        }
        4..7 => {
            text.insert(at, *dice.pick(b"A=\n\r\t \0"));
            format!("more base64 at {at}")
        }
        _ => {
            text.truncate(at.max(1));
            format!("base64 cut at {at}")
        }
    }
}

/// One change anywhere in the document.
pub(crate) fn change_bytes(bytes: &mut Vec<u8>, dice: &mut Dice) -> String {
    let at = dice.below(bytes.len());
    match dice.below(14) {
        0 => {
            bytes[at] = u8::try_from(dice.below(256)).unwrap();
            format!("another byte at {at}")
        }
        1 => {
            bytes[at] ^= 1 << dice.below(8);
            format!("a bit at {at}")
        }
        2 => {
            let other = dice.below(bytes.len());
            bytes.swap(at, other);
            format!("{at} for {other}")
        }
        3 => {
            let span = span(at, 40, bytes.len(), dice);
            bytes.drain(span.clone());
            format!("without {span:?}")
        }
        4 => {
            let span = span(at, 200, bytes.len(), dice);
            let (copy, to) = (bytes[span.clone()].to_vec(), dice.below(bytes.len()));
            bytes.splice(to..to, copy);
            format!("{span:?} again at {to}")
        }
        kind => {
            let Ok(mut text) = String::from_utf8(bytes.clone()) else { return "nothing".to_owned() };
            let change = if kind < 11 { insert(&mut text, dice) } else { move_element(&mut text, dice) };
            *bytes = text.into_bytes();
            change
        }
    }
}

fn span(at: usize, longest: usize, end: usize, dice: &mut Dice) -> Range<usize> {
    at..end.min(at + 1 + dice.below(longest))
}

/// Puts something where such a thing may stand: at the end of a start tag, behind a tag, or into a text.
pub(crate) fn insert(text: &mut String, dice: &mut Dice) -> String {
    let (what, mark) =
        if dice.one_in(3) { (*dice.pick(&ATTRIBUTES), "\">") } else { (*dice.pick(&CONTENTS), ">") };
    let places: Vec<usize> = text.match_indices(mark).map(|(at, _)| at + 1).collect();
    if places.is_empty() {
        return "nothing".to_owned();
    }
    let mut at = *dice.pick(&places);
    if mark == ">" && dice.one_in(2) {
        at += dice.below(text[at..].find('<').unwrap_or_default() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
    }
    text.insert_str(at, what);
    format!("{what:?} at {at}")
}

/// Moves or copies an element before, behind or into another.
fn move_element(text: &mut String, dice: &mut Dice) -> String {
    let elements: Vec<Range<usize>> = match Document::parse(text) {
        Ok(document) => {
            let inner = |node: &roxmltree::Node<'_, '_>| node.is_element() && node.parent_element().is_some();
            document.descendants().filter(inner).map(|node| node.range()).collect()
        }
        Err(_) => Vec::new(),
    };
    if elements.is_empty() {
        return "nothing".to_owned();
    }
    let (from, to) = (dice.pick(&elements).clone(), dice.pick(&elements).clone());
    let element = text[from.clone()].to_owned();
    let mut at = match dice.below(3) {
        0 => to.start,
        1 => to.end,
        _ => text[to.clone()].find('>').map_or(to.end, |end| to.start + end + 1),
    };
    let told = format!("the element {from:?} at {at}");
    if dice.one_in(3) {
        text.insert_str(at, &element);
    } else if !from.contains(&at) {
        if at >= from.end {
            at -= element.len();
        }
        text.replace_range(from, "");
        text.insert_str(at, &element);
    }
    told
}

/// What may stand in a start tag and means something to a parser or a verifier.
const ATTRIBUTES: [&str; 18] = [
    " ",
    "\n\t",
    " xmlns=\"\"",
    " xmlns=\"urn:x\"",
    " xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
    " xmlns=\"x\"",
    " xmlns:x=\"urn:x\"",
    " xmlns:x=\"urn:x\" x:ID=\"_a1\"",
    " xmlns:ds=\"urn:x\"",
    " xmlns:samlp=\"urn:x\"",
    " xml:id=\"_a1\"",
    " xml:lang=\"de\"",
    " xml:base=\"file:///etc/\"",
    " ID=\"_a1\"",
    " ID=\"1 2\"",
    " ID=\"_x\"",
    " Id=\"_a1\"",
    " x=\"&#10;&lt;\t'>\"",
];

/// What may stand in an element and means something to a parser or a verifier.
const CONTENTS: [&str; 32] = [
    "<!-- x -->",
    "<!---->",
    "<![CDATA[x]]>",
    "<![CDATA[ ]]>",
    "<![CDATA[]]>",
    "<?x y?>",
    "&amp;",
    "&lt;",
    "&#65;",
    "&#x0;",
    "&#13;",
    "&#xA;",
    "&x;",
    " ",
    "\n",
    "\r\n",
    "\t",
    "]]>",
    "\u{a0}",
    "\u{feff}",
    "\u{fffe}",
    "😀",
    "e\u{301}",
    "<a/>",
    "</a>",
    "</AttributeValue></Attribute><Attribute Name=\"role\"><AttributeValue>",
    "<Attribute Name=\"uid\"><AttributeValue>usr-666</AttributeValue></Attribute>",
    "<AttributeValue>x</AttributeValue>",
    "<NameID>usr-666</NameID>",
    "<Assertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_a2\"/>",
    "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>",
    "<!DOCTYPE a [<!ENTITY x 'y'>]>",
];
