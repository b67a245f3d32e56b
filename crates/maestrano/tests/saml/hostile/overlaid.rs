//! A genuine signature over other content with the same ID: anybody who ever had one response can make it.
//!
//! The signature over `SignedInfo` is right, so the content is canonicalized before its digest is compared. Exclusive
//! canonicalization can make a text far longer.

use maestrano::Rejection;

use super::{FORGED, Row};
use crate::kit::{Draft, attribute};

const STATEMENT: &str = "<AttributeStatement>";

pub(super) fn rows() -> Vec<Row> {
    [beyond_the_bound(), within_the_bound()].into_iter().flatten().collect()
}

/// The signed assertion with declarations on its start tag and content before its attributes, both added afterwards.
fn overlaid(declarations: &str, content: &str) -> String {
    let draft = Draft::new().after(" ID=\"_a1\"", &format!(" {declarations} ID=\"_a1\""));
    draft.after(STATEMENT, &format!("{content}{STATEMENT}")).xml()
}

fn beyond_the_bound() -> Vec<Row> {
    let long = "u".repeat(20_000);
    let many = |count: usize, make: &dyn Fn(usize) -> String| (0..count).map(make).collect::<String>();
    let declared =
        |count: usize, uri: &str| many(count, &|number| format!(" xmlns:p{number}=\"{uri}{number}\""));
    let row = |name: &str, declarations: &str, content: &str| {
        let xml = overlaid(declarations, content);
        let limit = 2 * xml.len() + 64 * 1024;
        let rejection = Rejection::TooComplex { what: "bytes in its canonical form", limit };
        Row::new(format!("a genuine signature over {name}"), xml, rejection)
    };
    vec![
        row("siblings that write a long namespace again", &declared(1, &long), &"<p0:e/>".repeat(4_000)),
        row(
            "siblings whose attributes write a long namespace again",
            &declared(1, &long),
            &"<e p0:a=\"\"/>".repeat(3_000),
        ),
        row(
            "siblings that write two hundred namespaces again",
            &declared(200, &"u".repeat(200)),
            &format!("<e{}/>", many(200, &|number| format!(" p{number}:a=\"\""))).repeat(40),
        ),
        row(
            "siblings that write the default namespace again",
            "",
            &format!("<w xmlns:q=\"q\"><q:w xmlns=\"{long}\">{}</q:w></w>", "<e/>".repeat(4_000)),
        ),
        row(
            "elements that take a long namespace in turns",
            &declared(1, &long),
            &format!("{}{}", "<p0:e><e xmlns=\"\"/>".repeat(30), "</p0:e>".repeat(30)).repeat(30),
        ),
        row("quotation marks that grow sixfold", "", &format!("<e a='{}'/>", "\"".repeat(100_000))),
        row("angle brackets that grow fourfold", "", &format!("<e>{}</e>", ">".repeat(200_000))),
        row(
            "ampersands in a section that grow fivefold",
            "",
            &format!("<e><![CDATA[{}]]></e>", "&".repeat(150_000)),
        ),
        row(
            "namespaces of quotation marks, written again",
            &format!("xmlns:p='{}'", "\"".repeat(3_000)),
            &"<p:e/>".repeat(1_000),
        ),
    ]
}

fn within_the_bound() -> Vec<Row> {
    let row = |name: &str, xml: String| {
        Row::new(format!("a genuine signature over {name}"), xml, Rejection::Digest)
    };
    let nested = format!("{}{}", "<e>".repeat(55), "</e>".repeat(55));
    let values = "<e a='x&#13;&#10;&#9;&quot;&lt;'>&lt;&amp;&gt;</e>".repeat(500);
    vec![
        row("a forged user", overlaid("", &attribute("uid", FORGED))),
        row("the same content and a comment less", overlaid("", "<e/>").replace("<e/>", " ")),
        row("deep elements", overlaid("", &nested)),
        row("nine thousand elements", overlaid("", &"<e/>".repeat(9_000))),
        row("comments that are left out", overlaid("", &format!("<e/>{}", "<!--x-->".repeat(9_000)))),
        row("values with every escape", overlaid("", &values)),
        row("a value of 300 KB", overlaid("", &format!("<e a=\"{}\"/>", "a".repeat(300_000)))),
        row(
            "two hundred declarations that nothing uses",
            overlaid(
                &(0..200).map(|number| format!(" xmlns:p{number}=\"u{number}\"")).collect::<String>(),
                "<e/>",
            ),
        ),
        row(
            "two hundred attributes",
            overlaid(
                "",
                &format!("<e{}/>", (0..200).map(|number| format!(" a{number}=\"\"")).collect::<String>()),
            ),
        ),
        row(
            "siblings that write a long prefix again",
            overlaid(
                &format!("xmlns:{}=\"u\"", "p".repeat(20_000)),
                &format!("<e {}:a=\"\"/>", "p".repeat(20_000)).repeat(12),
            ),
        ),
        row("emoji and combining characters", overlaid("", &"<e>😀e\u{301}</e>".repeat(1_000))),
    ]
}
