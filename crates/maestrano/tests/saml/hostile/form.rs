//! The form field and its encoding.

use maestrano::Rejection;

use super::{Document, Row};
use crate::kit::{Draft, form_value};

pub(super) fn rows() -> Vec<Row> {
    [fields(), encodings()].into_iter().flatten().collect()
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
        not_base64("the base64 holds a character that is none", format!("!{right}")),
        not_base64("the base64 is the one for addresses", format!("-_{right}")),
        not_base64("the base64 is of two documents", format!("{}={right}", right.trim_end_matches('='))),
        not_base64("the base64 was escaped for an address once more", right.replace(['+', '/'], "%2B")),
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
