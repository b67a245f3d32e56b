//! The form field, the XML in it, and what it holds besides an assertion and a signature.

use maestrano::Rejection;

use super::{Document, Row};
use crate::kit::{Draft, element, form_value};

const OPEN: &str = "<samlp:Response";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = fields();
    rows.extend(encodings());
    rows.extend(malformed());
    rows.extend(markup());
    rows.extend(bounds());
    rows.extend(roots());
    rows.extend(strange_elements());
    rows.extend(missing_elements());
    rows
}

fn fields() -> Vec<Row> {
    let field = |name: &str, text: String, rejection| Row::new(name, Document(text.into_bytes()), rejection);
    let right = Draft::new().form_value();
    let not_base64 = |name: &str, text: String| field(name, text, Rejection::NotBase64);
    let limit = 512 * 1024;
    vec![
        field("the form field is empty", String::new(), Rejection::Empty),
        field("the form field holds white space only", " \r\n\t".to_owned(), Rejection::Empty),
        field(
            "the form field holds one character of base64 too much",
            "A".repeat(limit + 1),
            Rejection::TooLarge { length: limit + 1, limit },
        ),
        field(
            "the form field holds more white space than is read",
            " ".repeat(2 * limit + 1),
            Rejection::TooLarge { length: 2 * limit + 1, limit },
        ),
        field(
            "the form field holds as many zeros as are read",
            "A".repeat(limit),
            Rejection::NotWellFormed { line: 1, column: 1 },
        ),
        not_base64("the form field holds XML", Draft::new().xml()),
        not_base64("the base64 holds a character that is none", right.replacen('=', "!", 1)),
        not_base64("the base64 is the one for addresses", format!("-_{right}")),
        not_base64("the base64 is of two documents", format!("{}={right}", right.trim_end_matches('='))),
        not_base64("the base64 was escaped for an address once more", right.replace('=', "%3D")),
        not_base64(
            "the base64 was cut",
            right.trim_end_matches('=')[..right.len() - 3 - right.len() % 2].to_owned(),
        ),
        not_base64("the base64 has a zero byte", format!("{right}\0")),
        field(
            "the response is packed as a redirect would have it",
            form_value(deflated(&Draft::new().xml())),
            Rejection::Encoding,
        ),
    ]
}

fn deflated(xml: &str) -> Vec<u8> {
    use std::io::Write as _;

    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(xml.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn encodings() -> Vec<Row> {
    let xml = Draft::new().xml();
    let utf16 = |bytes: fn(u16) -> [u8; 2]| xml.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let latin1: Vec<u8> = xml.chars().map(|character| u8::try_from(character).unwrap()).collect();
    let overlong = Draft::new().after("Zoë", "Zo?").xml().into_bytes();
    let at = overlong.iter().position(|byte| *byte == b'?').unwrap();
    let overlong = [&overlong[..at], &[0xc0, 0xbc], &overlong[at + 1..]].concat();
    let documents = [
        ("the response begins with a byte order mark", Document::of(format!("\u{feff}{xml}"))),
        ("the response is in UTF-16, little end first", Document::of(utf16(u16::to_le_bytes))),
        (
            "the response is in UTF-16, big end first",
            Document::of([&[0xfe, 0xff][..], &utf16(u16::to_be_bytes)].concat()),
        ),
        ("the response is in Latin-1", Document::of(latin1)),
        ("the response has a bracket in two bytes of UTF-8", Document::of(overlong)),
    ];
    let mut rows: Vec<Row> =
        documents.into_iter().map(|(name, document)| Row::new(name, document, Rejection::Encoding)).collect();
    for encoding in ["ISO-8859-1", "UTF-16", "UTF-7", "utf8", ""] {
        rows.push(Row::new(
            format!("the declaration names the encoding {encoding:?}"),
            format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{xml}"),
            Rejection::Encoding,
        ));
    }
    rows
}

fn malformed() -> Vec<Row> {
    let xml = Draft::new().xml();
    let one = "usr-1";
    let change = |from: &str, to: &str| Draft::new().after(from, to).xml();
    // Every document has one line; the place is a column of it.
    let place = |xml: &str, before: &str| xml[..xml.find(before).unwrap()].chars().count() as u32 + 1;
    let documents: Vec<(&str, String)> = vec![];
    let _ = (one, change, place, documents);
    let malformed = |name: &str, xml: String, fault: usize| {
        let column = u32::try_from(fault).unwrap();
        Row::new(name, xml, Rejection::NotWellFormed { line: 1, column })
    };
    let length = xml.chars().count();
    vec![
        malformed("the last character is missing", xml[..xml.len() - 1].to_owned(), 1),
        malformed("there are two roots", format!("{xml}{xml}"), length + 1),
        malformed("there is a second, empty root", format!("{xml}<a/>"), length + 1),
        malformed("text follows the root", format!("{xml}text"), length + 1),
        malformed("a zero byte follows the root", format!("{xml}\0"), length + 1),
        malformed("text comes before the root", format!("text{xml}"), 1),
        malformed("white space comes before the declaration", format!(" <?xml version=\"1.0\"?>{xml}"), 1),
        malformed("XML is of version 1.1", format!("<?xml version=\"1.1\"?>{xml}"), 1),
        malformed("the declaration has no end", "<?xml version=\"1.0\"".to_owned(), 1),
        malformed("a control character stands in a value", change("Zoë", "Zo\u{1}"), 1),
        malformed("a reference to a control character stands in a value", change("Zoë", "Zo&#1;"), 1),
        malformed("a reference to no character stands in a value", change("Zoë", "Zo&#xD800;"), 1),
        malformed("a reference beyond all characters stands in a value", change("Zoë", "Zo&#x110000;"), 1),
        malformed("an ampersand is not escaped", change("Acme &amp; Sons", "Acme & Sons"), 1),
        malformed("a bracket is not escaped", change("Acme &amp; Sons", "Acme < Sons"), 1),
        malformed("a bracket stands in an attribute", change(" Method=\"", " Method=\"<"), 1),
        malformed("the end of a section stands in a text", change("Zoë", "]]>"), 1),
        malformed("a comment has two hyphens", change("Zoë", "<!-- -- -->"), 1),
        malformed("a comment has no end", change("Zoë", "<!-- "), 1),
        malformed("a prefix is not declared", change("<Subject>", "<x:Subject>"), 1),
        malformed("an attribute comes twice", change("<Subject>", "<Subject a=\"1\" a=\"2\">"), 1),
        malformed(
            "an attribute comes twice by two prefixes",
            change("<Subject>", "<Subject xmlns:x=\"urn:x\" xmlns:y=\"urn:x\" x:a=\"\" y:a=\"\">"),
            1,
        ),
        malformed("a second ID stands in the assertion", change(" ID=\"_a1\"", " ID=\"_a2\" ID=\"_a1\""), 1),
        malformed("an attribute has no quotes", change("<Subject>", "<Subject a=b>"), 1),
        malformed("elements overlap", change("</NameID>", "</Subject></NameID>"), 1),
        malformed("an element begins with a colon", change("<Subject>", "<:Subject>"), 1),
        malformed("a prefix is taken back", change("<samlp:Status>", "<samlp:Status xmlns:ds=\"\">"), 1),
        malformed(
            "a default namespace comes twice",
            change("<samlp:Status>", "<samlp:Status xmlns=\"urn:a\" xmlns=\"urn:b\">"),
            1,
        ),
        malformed("xmlns has a prefix", change("<samlp:Status>", "<samlp:Status samlp:xmlns=\"urn:a\">"), 1),
        malformed(
            "the prefix xml is another namespace's",
            change("<samlp:Status>", "<samlp:Status xmlns:xml=\"urn:a\">"),
            1,
        ),
        malformed(
            "the prefix xmlns is declared",
            change("<samlp:Status>", "<samlp:Status xmlns:xmlns=\"urn:a\">"),
            1,
        ),
        malformed("the document is one word", "x".to_owned(), 1),
        malformed("the document is an end tag", "</a>".to_owned(), 1),
        malformed("the document is a cut tag", "<a".to_owned(), 1),
    ]
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

fn roots() -> Vec<Row> {
    let xml = Draft::new().xml();
    let signed = element(&xml, "Assertion");
    let soap = "http://schemas.xmlsoap.org/soap/envelope/";
    [
        ("the root has no namespace", "<Response/>".to_owned()),
        ("the root is of SAML 1.1", Draft::new().before("SAML:2.0:protocol", "SAML:1.0:protocol").xml()),
        (
            "the root's namespace is in other letters",
            Draft::new().before("SAML:2.0:protocol", "saml:2.0:protocol").xml(),
        ),
        ("the root is an artifact response", xml.replace("samlp:Response", "samlp:ArtifactResponse")),
        ("the root is a logout response", xml.replace("samlp:Response", "samlp:LogoutResponse")),
        ("the root is in other letters", xml.replace("samlp:Response", "samlp:response")),
        ("the root is the assertion", signed.to_owned()),
        (
            "the root is an envelope of SOAP",
            format!("<s:Envelope xmlns:s=\"{soap}\"><s:Body>{xml}</s:Body></s:Envelope>"),
        ),
        ("the root is a page of HTML", format!("<html><body>{xml}</body></html>")),
    ]
    .into_iter()
    .map(|(name, xml)| Row::new(name, xml, Rejection::NotAResponse))
    .collect()
}

fn strange_elements() -> Vec<Row> {
    let row = |name: &str, parent, draft| Row::new(name, draft, Rejection::Unexpected { parent });
    let around = |name: &str, to: &str| row(name, "Response", Draft::new().after("<samlp:Status>", to));
    let inside = |name: &str, parent, to: &str| {
        row(name, parent, Draft::new().before("<Conditions", &format!("{to}<Conditions")))
    };
    vec![
        around("the response has extensions", "<samlp:Extensions/><samlp:Status>"),
        around("the response has an element of another namespace", "<x xmlns=\"urn:x\"/><samlp:Status>"),
        around("words stand in the response", "words<samlp:Status>"),
        around("a section stands in the response", "<![CDATA[words]]><samlp:Status>"),
        around("the response has two statuses", "<samlp:Status/><samlp:Status>"),
        around(
            "the response has two issuers",
            "<Issuer xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"/><samlp:Status>",
        ),
        inside("the assertion has advice", "Assertion", "<Advice></Advice>"),
        inside("the assertion has two subjects", "Assertion", "<Subject></Subject>"),
        inside(
            "the assertion has an element of another namespace",
            "Assertion",
            "<x:Other xmlns:x=\"urn:x\"></x:Other>",
        ),
        inside("words stand in the assertion", "Assertion", "words"),
        row(
            "the assertion has two statements of attributes",
            "Assertion",
            Draft::new().before(
                "<AttributeStatement>",
                "<AttributeStatement></AttributeStatement><AttributeStatement>",
            ),
        ),
        row(
            "the assertion has two conditions",
            "Assertion",
            Draft::new().before("<AttributeStatement>", "<Conditions></Conditions><AttributeStatement>"),
        ),
        row(
            "the subject has two names",
            "Subject",
            Draft::new().before("<NameID", "<NameID>usr-666</NameID><NameID"),
        ),
        row(
            "the subject has an encrypted name",
            "Subject",
            Draft::new().before("<NameID", "<EncryptedID></EncryptedID><NameID"),
        ),
        row(
            "the subject has two confirmations",
            "Subject",
            Draft::new().before(
                "<SubjectConfirmation ",
                "<SubjectConfirmation></SubjectConfirmation><SubjectConfirmation ",
            ),
        ),
        row(
            "the confirmation has two data",
            "SubjectConfirmation",
            Draft::new().before(
                "<SubjectConfirmationData",
                "<SubjectConfirmationData></SubjectConfirmationData><SubjectConfirmationData",
            ),
        ),
        row(
            "the confirmation has a name",
            "SubjectConfirmation",
            Draft::new()
                .before("<SubjectConfirmationData", "<NameID>usr-666</NameID><SubjectConfirmationData"),
        ),
        row(
            "words stand in the conditions",
            "Conditions",
            Draft::new().before("</Conditions>", "words</Conditions>"),
        ),
        row(
            "words stand in a restriction of the audience",
            "AudienceRestriction",
            Draft::new().before("<Audience>", "words<Audience>"),
        ),
        row(
            "an element stands in an audience",
            "AudienceRestriction",
            Draft::new().before("<Audience>", "<Audience><x></x>"),
        ),
        row(
            "a restriction of the audience has another element",
            "AudienceRestriction",
            Draft::new().before("<Audience>", "<Other></Other><Audience>"),
        ),
    ]
}

fn missing_elements() -> Vec<Row> {
    let row = |parent, what, draft| {
        Row::new(format!("{parent} has no {what}"), draft, Rejection::Missing { parent, what })
    };
    let without = |start: &str, end: &str| Draft::new().without(start, end);
    vec![
        row("Response", "Status", without("<samlp:Status>", "</samlp:Status>")),
        row("Assertion", "Subject", without("<Subject>", "</Subject>")),
        row("Subject", "NameID", without("<NameID", "</NameID>")),
        row("Subject", "SubjectConfirmation", without("<SubjectConfirmation ", "</SubjectConfirmation>")),
        row(
            "SubjectConfirmation",
            "SubjectConfirmationData",
            without("<SubjectConfirmationData", "</SubjectConfirmationData>"),
        ),
        row("Assertion", "Conditions", without("<Conditions", "</Conditions>")),
        row("Assertion", "AttributeStatement", without("<AttributeStatement>", "</AttributeStatement>")),
        row(
            "SubjectConfirmationData",
            "NotOnOrAfter",
            Draft::new().before(" NotOnOrAfter=\"2026-03-01T10:03:00Z\"", ""),
        ),
        row("Conditions", "NotOnOrAfter", Draft::new().before(" NotOnOrAfter=\"2026-03-01T11:00:00Z\"", "")),
        Row::new(
            "the name of the subject is empty",
            Draft::new().before(">usr-1</NameID>", "></NameID>"),
            Rejection::Missing { parent: "Subject", what: "NameID" },
        ),
        Row::new(
            "an element stands in the name of the subject",
            Draft::new().before(">usr-1</NameID>", ">usr-1<x></x></NameID>"),
            Rejection::Missing { parent: "Subject", what: "NameID" },
        ),
        Row::new(
            "the assertion of a signed response has no ID",
            Draft::new().response_signed().before(" ID=\"_a1\"", ""),
            Rejection::Missing { parent: "Assertion", what: "ID" },
        ),
    ]
}
