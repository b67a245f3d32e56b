//! The highest cost of a hostile document: `cargo bench -p maestrano --bench worst`.
//!
//! Each document fills the largest form field that is taken, 512 KiB of base64. Most carry a genuine signature over
//! other content, so they are canonicalized too. The table is ready for docs/performance.md.

#![allow(dead_code, clippy::panic, clippy::unwrap_used, reason = "a measurement that cannot go on fails")]

use std::time::Instant;

use allocation_counter::measure;
use maestrano::saml::{Expectations, verify};

use crate::keys::MODERN;
use crate::kit::{ACS, Draft, NOW, form_value, trust};
use crate::world::{INIT, World};

#[path = "shared/documents.rs"]
mod documents;
#[path = "../tests/saml/keys.rs"]
mod keys;
#[path = "../tests/saml/kit.rs"]
mod kit;
#[path = "shared/world.rs"]
mod world;

/// The longest XML that fits into the form field.
const XML_BYTES: usize = 512 * 1024 / 4 * 3;
const ROUNDS: usize = 7;

fn main() {
    println!("| document of 384 KB | answer | ms of CPU | MiB at most |");
    println!("|---|---|---:|---:|");
    let trust = trust(&MODERN);
    let expectations = Expectations::new(&trust, ACS);
    let mut worst = (0.0_f64, 0.0_f64);
    for (name, xml) in shapes() {
        assert!(xml.len() <= XML_BYTES && xml.len() > XML_BYTES / 2, "{name}: {}", xml.len());
        let form_value = form_value(&xml);
        let answer = match verify(form_value.as_bytes(), &expectations, NOW) {
            Ok(_) => "accepted",
            Err(rejection) => rejection.code(),
        };
        let mut fastest = f64::INFINITY;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let _ = verify(form_value.as_bytes(), &expectations, NOW);
            fastest = fastest.min(start.elapsed().as_secs_f64() * 1000.0);
        }
        let memory = measure(|| drop(verify(form_value.as_bytes(), &expectations, NOW)));
        let mebibytes = memory.bytes_max as f64 / f64::from(1 << 20);
        println!("| {name} | {answer} | {fastest:.2} | {mebibytes:.1} |");
        worst = (worst.0.max(fastest), worst.1.max(mebibytes));
    }
    println!("| the worst | | {:.2} | {:.1} |", worst.0, worst.1);

    println!("\n| query of 60 KB | ms of CPU | bytes of the answer |");
    println!("|---|---:|---:|");
    let world = World::new();
    for (name, query) in queries() {
        for path in [INIT, "/maestrano/auth/saml/finish", "/maestrano/logout"] {
            let path = format!("{path}?{query}");
            let answer = world.ask(&path);
            let length =
                answer.body().len() + answer.headers().values().map(http::HeaderValue::len).sum::<usize>();
            let mut fastest = f64::INFINITY;
            for _ in 0..ROUNDS {
                let start = Instant::now();
                drop(world.ask(&path));
                fastest = fastest.min(start.elapsed().as_secs_f64() * 1000.0);
            }
            let route = path.split('?').next().unwrap();
            println!("| {name}, at {route} | {fastest:.2} | {length} |");
        }
    }
}

/// Queries that are made to be expensive.
fn queries() -> Vec<(&'static str, String)> {
    vec![
        ("one long value", format!("a={}", "b".repeat(60_000))),
        ("thousands of pairs", "a=b&".repeat(15_000)),
        ("thousands of names", "g&".repeat(30_000)),
        ("thousands of escaped names", "%67&".repeat(15_000)),
        ("thousands of groups", "group_id=cld-1&".repeat(4_000)),
        ("thousands of pages", "return_to=/a&".repeat(4_500)),
        ("thousands of users", "user_uid=usr-1&".repeat(4_000)),
        ("escapes alone", "%26".repeat(20_000)),
        ("ampersands", "&".repeat(60_000)),
    ]
}

/// Documents that are made to be expensive.
fn shapes() -> Vec<(&'static str, String)> {
    let many = |count: usize, make: &dyn Fn(usize) -> String| (0..count).map(make).collect::<String>();
    let equal = |number: usize, length: usize| format!("{}{number:06}", "u".repeat(length));
    let declared = |count: usize, length: usize| {
        many(count, &|number| format!(" xmlns:p{number}=\"{}\"", equal(number, length)))
    };
    let used = |count: usize| many(count, &|number| format!(" p{number}:a=\"\""));
    vec![
        ("one long text", overlaid("", "<e>", "a", "</e>")),
        ("one long value", overlaid("", "<e a=\"", "a", "\"/>")),
        ("a text of references", overlaid("", "<e>", "&amp;", "</e>")),
        ("a value of references", overlaid("", "<e a=\"", "&#9;", "\"/>")),
        ("sections and texts in turns", overlaid("", "<e>", "<![CDATA[x]]>y", "</e>")),
        ("elements", overlaid("", "", "<e/>", "")),
        ("elements with long names", overlaid("", "", &format!("<{0}/>", "n".repeat(200)), "")),
        ("deep elements", overlaid("", "", &format!("{}{}", "<e>".repeat(50), "</e>".repeat(50)), "")),
        (
            "elements with attributes",
            overlaid("", "", &format!("<e{}/>", many(250, &|n| format!(" a{n}=\"\""))), ""),
        ),
        (
            "attributes with equally long names",
            overlaid("", "", &format!("<e{}/>", many(250, &|n| format!(" {}=\"\"", equal(n, 50)))), ""),
        ),
        (
            "250 namespaces, equally long, each used by every element",
            overlaid(
                &declared(250, 100),
                &format!("<e{}>", used(250)),
                &format!("<e{}/>", used(250)),
                "</e>",
            ),
        ),
        (
            "250 namespaces of 700 characters, used by every element",
            overlaid(
                &declared(250, 700),
                &format!("<e{}>", used(250)),
                &format!("<e{}/>", used(250)),
                "</e>",
            ),
        ),
        (
            "250 prefixes, the outermost used by every attribute",
            overlaid(&declared(250, 1), "", &format!("<e{}/>", many(200, &|n| format!(" p0:a{n}=\"\""))), ""),
        ),
        ("250 prefixes, used by elements", overlaid(&declared(250, 1), "", "<p0:e><p249:e/></p0:e>", "")),
        ("siblings that write a long namespace again", overlaid(&declared(1, 20_000), "", "<p0:e/>", "")),
        (
            "siblings that write 200 namespaces again",
            overlaid(&declared(200, 500), "", &format!("<e{}/>", used(200)), ""),
        ),
        (
            "declarations taken in turns",
            overlaid_times("", "", "<e xmlns:p=\"1\"><p:e xmlns:p=\"2\"/></e>", 500, &"x".repeat(300_000)),
        ),
        ("identifiers that begin alike", overlaid("", "", &format!("<e ID=\"{}\"/>", "i".repeat(60)), "")),
        ("comments", overlaid("", "", &format!("<!--{}-->", "c".repeat(60)), "")),
        ("a fault at the end", {
            let mut xml = overlaid("", "<e>", "a", "</e>");
            xml.truncate(xml.len() - 1);
            xml
        }),
        ("no tag at all", "a".repeat(XML_BYTES)),
        ("angle brackets", "<".repeat(XML_BYTES)),
        ("ampersands", format!("<a>{}</a>", "&".repeat(XML_BYTES - 7))),
        ("quotation marks that grow", overlaid("", "<e a='", "\"", "'/>")),
    ]
}

/// A genuine signature over other content, as long as it may be: `piece` again and again between two texts.
fn overlaid(declarations: &str, before: &str, piece: &str, after: &str) -> String {
    let room = XML_BYTES - overlaid_times(declarations, before, "", 0, after).len();
    overlaid_times(declarations, before, piece, room / piece.len(), after)
}

fn overlaid_times(declarations: &str, before: &str, piece: &str, times: usize, after: &str) -> String {
    const STATEMENT: &str = "<AttributeStatement>";
    let draft = Draft::new().after(" ID=\"_a1\"", &format!(" {declarations} ID=\"_a1\""));
    draft.after(STATEMENT, &format!("{before}{}{after}{STATEMENT}", piece.repeat(times))).xml()
}
