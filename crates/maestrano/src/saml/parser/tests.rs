//! What is let through and what is not; and the same tree as another parser has.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::saml::xml::Node;

fn refusal(text: &str) -> &'static str {
    parse(text).err().map_or("accepted", |rejection| rejection.code())
}

#[test]
fn brackets_in_values_comments_and_sections_do_not_confuse() {
    for text in [
        "<a b='>' c=\"/>'<\" />",
        "<a><!-- <b> ' -- ><c --></a>",
        "<a><![CDATA[<b>]]></a>",
        "<a b = '\"'></a\n>",
    ] {
        let expected =
            if text.contains("\"/>'<\"") || text.contains("-- >") { "not_well_formed" } else { "accepted" };
        assert_eq!(refusal(text), expected, "{text}");
    }
}

#[test]
fn the_bounds_are_exact() {
    let nested = |depth| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert_eq!((refusal(&nested(64)), refusal(&nested(65))), ("accepted", "too_complex"));
    let children = |count| format!("<a>{}</a>", "<b/>".repeat(count));
    assert_eq!((refusal(&children(9_999)), refusal(&children(10_000))), ("accepted", "too_complex"));
    let attributes = |count| format!("<a{}/>", (0..count).map(|at| format!(" b{at}=''")).collect::<String>());
    assert_eq!((refusal(&attributes(256)), refusal(&attributes(257))), ("accepted", "too_complex"));
    let declared = |count| (0..count).map(|at| format!(" xmlns:b{at}='u'")).collect::<String>();
    assert_eq!(refusal(&format!("<a{}/>", declared(256))), "accepted");
    assert_eq!(refusal(&format!("<a{}><c xmlns='u'/></a>", declared(256))), "too_complex");
    let spread = |count| format!("<a>{}</a>", "<b xmlns:c='u'/>".repeat(count));
    assert_eq!((refusal(&spread(1_024)), refusal(&spread(1_025))), ("accepted", "too_complex"));
}

#[test]
fn what_other_parsers_let_pass_is_refused() {
    for text in
        ["<:a/>", "<a></:a>", "<a :b=''/>", "<a>&#xD800;</a>", "<a b='&#1114112;'/>", "<a>&#x;</a>", "<a>&#"]
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

#[test]
fn every_line_end_is_a_line_feed() {
    for (text, expected) in [
        ("<a>x\r\ny\rz\r</a>", "x\ny\nz\n"),
        ("<a>\r&#65;\r&amp;\r\r\n&#13;\r</a>", "\nA\n&\n\n\r\n"),
        ("<a>\r<![CDATA[\r\n\r]]>\r<!-- -->&#65;\r</a>", "\n\n\n\nA\n"),
    ] {
        let document = parse(text).unwrap();
        let found: String = document.root().children().filter_map(|child| child.text()).collect();
        assert_eq!(found, expected, "{text:?}");
    }
    let document = parse("<a b='1\r\n2\r3\n4\t5&#13;&#10;&#9;'/>").unwrap();
    assert_eq!(document.root().attribute("b"), Some("1 2 3 4 5\r\n\t"));
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for text in [
        "",
        " ",
        "a",
        "<",
        "<a",
        "<a>",
        "<a/",
        "< a/>",
        "<a></b>",
        "<a></a",
        "<a></a b>",
        "<a/><b/>",
        "<a/>b",
        "b<a/>",
        "<![CDATA[]]><a/>",
        "<a/><![CDATA[]]>",
        "<a><b></a></b>",
        "<a b/>",
        "<a b=c/>",
        "<a b='c\"/>",
        "<a b='<'/>",
        "<a b='c'd='e'/>",
        "<a b='1' b='2'/>",
        "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",
        "<p:a/>",
        "<a p:b=''/>",
        "<a::b/>",
        "<a:b:c xmlns:a='u'/>",
        "<a:/>",
        "<1/>",
        "<-a/>",
        "<a:1 xmlns:a='u'/>",
        "<a×/>",
        "<\u{300}/>",
        "<a>]]></a>",
        "<a>&</a>",
        "<a>& amp;</a>",
        "<a>&amp</a>",
        "<a>&#+65;</a>",
        "<a>&#X41;</a>",
        "<a>&#0;</a>",
        "<a>&#xFFFE;</a>",
        "<a>&#99999999999;</a>",
        "<a>\u{1}</a>",
        "<a b='\u{1f}'/>",
        "<a>\u{fffe}</a>",
        "<!--\u{ffff}--><a/>",
        "<a><!-- -- --></a>",
        "<a><!-- ---></a>",
        "<a><!--></a>",
        "<a><!-- </a>",
        "<a><![CDATA[</a>",
        "<a><![cdata[]]></a>",
        "<!doctype a><a/>",
        "<xmlns:a/>",
        "<a xmlns:xmlns='u'/>",
        "<a xmlns:p=''/>",
        "<a xmlns='u' xmlns='v'/>",
        "<a xmlns:p='u' xmlns:p='v'/>",
        "<a xmlns:xml='u'/>",
        "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>",
        "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
        "<a xmlns:p='u' p:xmlns=''/>",
        "<?xml version='1.1'?><a/>",
        "<?xml encoding='utf-8'?><a/>",
        "<?xml version='1.0' standalone='maybe'?><a/>",
        "<?xml version='1.0' more='x'?><a/>",
        "<?xml version='1.0'><a/>",
    ] {
        assert_eq!(refusal(text), "not_well_formed", "{text:?}");
    }
    for (text, code) in [
        ("<a>&b;</a>", "entity"),
        ("<a b='&c;'/>", "entity"),
        ("<!DOCTYPE a><a/>", "doctype"),
        ("<a><!DOCTYPE a></a>", "doctype"),
        ("<?b?><a/>", "processing_instruction"),
        ("<a/><?b?>", "processing_instruction"),
        ("<a/><?xml version='1.0'?>", "processing_instruction"),
        ("<?xml version='1.0' encoding='latin1'?><a/>", "encoding"),
        ("<?xml version='1.0'encoding='utf-8'?><a/>", "encoding"),
    ] {
        assert_eq!(refusal(text), code, "{text:?}");
    }
    for text in [
        "<?xml version='1.0'  encoding = \"UTF-8\" standalone='yes' ?>\n<a/>\n<!-- b -->\n",
        "<a\n>&lt;&gt;&amp;&quot;&apos;&#x1F600;]]&gt; ] > '\"</a\t>",
        "<é:ü xmlns:é='u' é:b·1='' />",
        "<a xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:lang='en'/>",
        "<a><![CDATA[]]]]><![CDATA[>&]]></a>",
    ] {
        assert_eq!(refusal(text), "accepted", "{text:?}");
    }
}

/// All that a tree says, in one text.
fn ours(document: &Document<'_>) -> String {
    fn write(node: Node<'_>, out: &mut String) {
        if let Some(text) = node.text() {
            let _ = write!(out, "{text:?}");
        } else if node.is_element() {
            let _ = write!(out, "<{{{}}}{}", node.namespace(), node.name().local());
            for it in node.attributes() {
                let _ = write!(out, " {{{}}}{}={:?}", it.namespace, it.name.local(), it.value);
            }
            out.push('>');
            node.children().for_each(|child| write(child, out));
            out.push_str("</>");
        } else {
            out.push_str("<!-- -->");
        }
    }
    let mut out = String::new();
    write(document.root(), &mut out);
    out
}

/// The same of another parser's tree.
fn theirs(document: &roxmltree::Document<'_>) -> String {
    fn write(node: roxmltree::Node<'_, '_>, out: &mut String) {
        if node.is_element() {
            let name = node.tag_name();
            let _ = write!(out, "<{{{}}}{}", name.namespace().unwrap_or_default(), name.name());
            for it in node.attributes() {
                let _ =
                    write!(out, " {{{}}}{}={:?}", it.namespace().unwrap_or_default(), it.name(), it.value());
            }
            out.push('>');
            node.children().for_each(|child| write(child, out));
            out.push_str("</>");
        } else if node.is_comment() {
            out.push_str("<!-- -->");
        } else {
            let _ = write!(out, "{:?}", node.text().unwrap_or_default());
        }
    }
    let mut out = String::new();
    write(document.root_element(), &mut out);
    out
}

const WHOLE: &str = concat!(
    "<?xml version=\"1.0\"?>\n<!-- 1 --><a xmlns='urn:1' xmlns:p=\"urn:2\" b='1&amp;' p:b='2\n'>",
    "<p:c xml:lang='en'>t&#65;<![CDATA[<&]]>u<!-- 2 -->v</p:c> <d xmlns=''><e/>é</d>\n</a> "
);
const PIECES: [&str; 41] = [
    "<",
    ">",
    "/",
    "=",
    "'",
    "\"",
    "&",
    ";",
    ":",
    "-",
    "!",
    "]",
    "#",
    " ",
    "\n",
    "\t",
    "x",
    "é",
    "1",
    "</",
    "/>",
    "<a>",
    "</a>",
    "<f>",
    "</f>",
    "<p:f/>",
    "<q:f/>",
    " g=''",
    " p:b='3'",
    " xmlns='urn:2'",
    " xmlns:q='urn:3'",
    "&lt;",
    "&#x42;",
    "&#7;",
    "&y;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "\u{1}",
    "\u{ffff}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// roxmltree reads what we read, and in the same way; what it reads and we do not is in the list of what
    /// we refuse on purpose.
    #[test]
    fn another_parser_has_the_same_tree(
        changes in prop::collection::vec((0..WHOLE.len(), 0..6usize, prop::sample::select(&PIECES[..])), 1..4)
    ) {
        let mut text = WHOLE.to_owned();
        for (at, length, piece) in changes {
            let boundary = |from: usize| (from..).find(|at| text.is_char_boundary(*at)).unwrap();
            let at = boundary(at.min(text.len()));
            let end = boundary((at + length).min(text.len()));
            text.replace_range(at..end, piece);
        }
        match (parse(&text), roxmltree::Document::parse(&text)) {
            (Ok(one), Ok(other)) => prop_assert_eq!(ours(&one), theirs(&other), "{:?}", text),
            (Ok(_), Err(error)) => prop_assert!(false, "they refuse {:?}: {}", text, error),
            (Err(Rejection::ProcessingInstruction), Ok(_)) => {}
            (Err(rejection), Ok(_)) => prop_assert!(is_refused_on_purpose(&text), "{}: {:?}", rejection, text),
            (Err(_), Err(_)) => {}
        }
    }
}

/// XML declarations of another version, empty prefixes, prefixes taken back, `xmlns` behind a prefix, and two
/// default namespaces.
fn is_refused_on_purpose(text: &str) -> bool {
    let is_taken_back = |after: &str| {
        let value = after.split_once('=').map(|(_, value)| value.trim_start());
        value.is_some_and(|value| value.starts_with("''") || value.starts_with("\"\""))
    };
    let tags = || text.split('<');
    text.starts_with("<?xml ") && !text.starts_with("<?xml version=\"1.0\"?>")
        || ["<:", "</:", " :", "\n:", "\t:", ":xmlns"].iter().any(|empty| text.contains(empty))
        || text.split("xmlns:").skip(1).any(is_taken_back)
        || tags().any(|tag| {
            tag.match_indices("xmlns").filter(|(at, _)| !tag[at + 5..].starts_with(':')).count() > 1
        })
}

#[test]
fn a_reference_that_is_no_name_is_a_fault_and_any_other_an_unknown_entity() {
    for (reference, code) in [
        ("&ab;", "entity"),
        ("&a:b;", "entity"),
        ("&\u{e9};", "entity"),
        ("&1a;", "not_well_formed"),
        ("&a b;", "not_well_formed"),
        ("&;", "not_well_formed"),
        ("&-;", "not_well_formed"),
        ("&#;", "not_well_formed"),
    ] {
        let rejection = parse(&format!("<a>{reference}</a>")).err().map(|rejection| rejection.code());
        assert_eq!(rejection, Some(code), "{reference}");
    }
}

#[test]
fn an_attribute_that_comes_twice_is_a_fault_however_many_there_are() {
    for count in [1, 7, 8, 9, 200] {
        let others: String = (0..count).map(|number| format!(" a{number}=''")).collect();
        let outcome = |more: &str| parse(&format!("<a xmlns:p='u' xmlns:q='u'{others}{more}/>")).is_ok();
        assert!(outcome("") && outcome(" p:a0=''"), "{count}");
        assert!(!outcome(" a0=''") && !outcome(" p:a='' q:a=''"), "{count}");
    }
}
