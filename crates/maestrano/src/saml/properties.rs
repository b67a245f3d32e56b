//! What holds for every document, tried on many that are made by chance.

use proptest::collection::vec;
use proptest::prelude::*;

use super::base64_text;
use super::c14n::Canonicalizer;
use super::canonical::{Canonical, Element};
use super::xml;

/// An element of a document that is made by chance.
#[derive(Clone, Debug)]
struct Made {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    content: Vec<Content>,
}

#[derive(Clone, Debug)]
enum Content {
    Element(Made),
    Text(String),
    Comment,
}

/// Characters that may stand in XML, the odd ones oftener.
fn texts() -> impl Strategy<Value = String> {
    let odd =
        proptest::sample::select(&['<', '>', '&', '"', '\'', ']', '\t', '\n', '\r', ' ', '\u{a0}', '😀'][..]);
    let legal = |character: &char| match character {
        '\t' | '\n' | '\r' | ' '..='\u{fffd}' => !('\u{7f}'..='\u{84}').contains(character),
        '\u{10000}'.. => true,
        _ => false,
    };
    vec(prop_oneof![odd, any::<char>().prop_filter("no XML", legal)], 0..8)
        .prop_map(|text| text.into_iter().collect())
}

fn documents() -> impl Strategy<Value = Made> {
    let name = || proptest::sample::select(&["a", "b", "p:a", "q:c", "é"][..]);
    let attribute = || proptest::sample::select(&["x", "p:x", "q:y", "xml:lang", "ID"][..]);
    let attributes = move || {
        vec((attribute(), texts()), 0..4).prop_map(|mut attributes| {
            attributes.sort_by_key(|(name, _)| *name);
            attributes.dedup_by_key(|(name, _)| *name);
            attributes
        })
    };
    let text = texts().prop_map(Content::Text);
    let leaf = (name(), attributes(), vec(prop_oneof![text, Just(Content::Comment)], 0..3));
    let leaf = leaf.prop_map(|(name, attributes, content)| Made { name, attributes, content });
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let content = prop_oneof![inner.prop_map(Content::Element), texts().prop_map(Content::Text)];
        let made = (name(), attributes(), vec(content, 0..4));
        made.prop_map(|(name, attributes, content)| Made { name, attributes, content })
    })
}

/// As a person would write it who knows XML and not its canonical form.
fn write(made: &Made, root: bool, out: &mut String) {
    let declarations = if root { " xmlns:q='urn:q' xmlns:p=\"urn:p\" xmlns='urn:d'" } else { "" };
    out.push_str(&format!("<{}\n {declarations}", made.name));
    for (name, value) in &made.attributes {
        out.push_str(&format!("\t{name} = '{}'", escaped(value)));
    }
    out.push('>');
    for content in &made.content {
        match content {
            Content::Element(inner) => write(inner, false, out),
            Content::Text(text) => out.push_str(&escaped(text)),
            Content::Comment => out.push_str("<!-- <x> & -->"),
        }
    }
    out.push_str(&format!("</{} >", made.name));
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '<' | '>' | '&' | '\'' | '\t' | '\n' | '\r' => {
                out.push_str(&format!("&#{};", u32::from(character)))
            }
            other => out.push(other),
        }
    }
    out
}

fn canonical(text: &str) -> Option<String> {
    let document = xml::parse(text).ok()?;
    let mut canonicalizer = Canonicalizer::new(document.root());
    canonicalizer.canonicalize(document.root(), None, &[]).ok()?;
    Some(canonicalizer.into_text())
}

/// A document whose canonical form is longer than itself: siblings that write long namespaces and long values again.
fn growing() -> impl Strategy<Value = String> {
    let namespace = (0..3_usize, 0..2_000_usize);
    let element =
        (0..4_usize, 0..3_usize, proptest::sample::select(&["", "&#9;", "\"", "&gt;", ">"][..]), 0..40_usize);
    (vec(namespace, 1..12), vec(element, 1..300)).prop_map(|(namespaces, elements)| {
        let mut text = "<r".to_owned();
        for (number, (kind, length)) in namespaces.iter().enumerate() {
            let letter = ["u", "&quot;", "&#x9;"].get(*kind).copied().unwrap_or_default();
            text.push_str(&format!(" xmlns:p{number}='{number}{}'", letter.repeat(*length)));
        }
        text.push('>');
        for (number, depth, value, length) in elements {
            let name = format!("p{}:e", number.min(namespaces.len() - 1));
            let open = format!("<{name} a='{}'>", value.repeat(length));
            let close = format!("</{name}>");
            text.push_str(&open.repeat(depth + 1));
            text.push_str(&value.repeat(length));
            text.push_str(&close.repeat(depth + 1));
        }
        text + "</r>"
    })
}

/// Whether the reader of canonical texts finds what was written.
fn reads(element: Element<'_, '_>, made: &Made) -> bool {
    let (namespace, name) = match made.name.split_once(':') {
        Some((prefix, name)) => (format!("urn:{prefix}"), name),
        None => ("urn:d".to_owned(), made.name),
    };
    let attributes = made.attributes.iter().filter(|(name, _)| !name.contains(':'));
    let inner: Vec<&Made> = made.content.iter().filter_map(Content::element).collect();
    let children: Vec<_> = element.children().collect();
    let text: String = made.content.iter().filter_map(Content::text).collect();
    let has_text = text.chars().any(|character| !matches!(character, ' ' | '\t' | '\r' | '\n'));
    element.is(&namespace, name)
        && attributes.into_iter().all(|(name, value)| element.attribute(name).as_deref() == Some(value))
        && element.has_text() == (has_text || text.contains('\r'))
        && element.text().as_deref() == inner.is_empty().then_some(text.as_str())
        && children.len() == inner.len()
        && children.into_iter().zip(inner).all(|(child, made)| reads(child, made))
}

impl Content {
    fn element(&self) -> Option<&Made> {
        if let Self::Element(made) = self { Some(made) } else { None }
    }

    fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

proptest! {
    #[test]
    fn what_was_written_is_read_from_the_canonical_form(made in documents()) {
        let mut text = String::new();
        write(&made, true, &mut text);
        let canonical = canonical(&text).unwrap();
        let read = Canonical::read(&canonical).unwrap();
        prop_assert!(reads(read.root(), &made), "{canonical}");
    }

    #[test]
    fn the_canonical_form_of_the_canonical_form_is_itself(made in documents()) {
        let mut text = String::new();
        write(&made, true, &mut text);
        let once = canonical(&text).unwrap();
        prop_assert_eq!(canonical(&once), Some(once));
    }

    #[test]
    fn any_text_is_refused_or_has_a_canonical_form_that_is_read(text in "[<>/ab:='\"&;# \\r\\n!\\[\\]-]{0,40}") {
        for text in [format!("<a>{text}</a>"), format!("<a {text}></a>"), text] {
            if let Some(once) = canonical(&text) {
                prop_assert!(roxmltree::Document::parse(&text).is_ok(), "another parser refuses {text:?}");
                prop_assert!(Canonical::read(&once).is_ok(), "{text:?} becomes {once:?}");
                prop_assert_eq!(canonical(&once), Some(once));
            }
        }
    }

    #[test]
    fn every_canonical_form_is_within_the_bound_or_refused(text in growing()) {
        let document = xml::parse(&text).unwrap();
        let limit = 2 * text.len() + 64 * 1024;
        let mut canonicalizer = Canonicalizer::new(document.root());
        match canonicalizer.canonicalize(document.root(), None, &[]) {
            Ok(canonical) => prop_assert!(canonical.len() <= limit),
            Err(rejection) => prop_assert_eq!(rejection.code(), "too_complex"),
        }
        let written = canonicalizer.into_text();
        prop_assert!(written.capacity() <= limit, "{} of {limit}", written.capacity());
    }

    #[test]
    fn no_text_that_is_read_as_canonical_makes_the_reader_panic(text in "[<>/ab:=\"&;# x-]{0,40}") {
        if let Ok(canonical) = Canonical::read(&text) {
            let root = canonical.root();
            let _ = (root.text(), root.attribute("a"), root.children().count(), root.has_text());
        }
    }

    #[test]
    fn base64_comes_back_however_it_is_spaced(bytes in vec(any::<u8>(), 0..200), at in vec(any::<prop::sample::Index>(), 0..9)) {
        let mut text = base64_text::encode(&bytes);
        for at in at {
            text.insert_str(at.index(text.len() + 1), "\r\n");
        }
        prop_assert_eq!(base64_text::decode(text.as_bytes()), Some(bytes.clone()));
        prop_assert_eq!(base64_text::decode(text.replace('=', "").as_bytes()), Some(bytes));
    }
}
