//! The sample responses that the original SDKs were tested with, and those composed in the platform's shape.
//!
//! Most samples come from other products. Where one is refused here that an old SDK accepted, its row says
//! which rule is stricter.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maestrano::saml::{Certificate, Expectations, Trust, verify};
use std::path::Path;
use time::UtcDateTime;
use time::macros::utc_datetime;

use crate::contract::{folder, text};

/// Where the pinned certificate of a sample comes from.
enum Pinned {
    File(&'static str),
    /// The sample itself: the good case for its signature.
    Embedded,
}
use Pinned::{Embedded, File};

struct Row {
    file: &'static str,
    pinned: Pinned,
    now: UtcDateTime,
    /// Consume address and request id as the sample has them.
    occasion: (&'static str, &'static str),
    /// The name of the user, or the code of the rejection.
    expected: Result<&'static str, &'static str>,
}

const fn row(
    file: &'static str,
    pinned: Pinned,
    now: UtcDateTime,
    occasion: (&'static str, &'static str),
    expected: Result<&'static str, &'static str>,
) -> Row {
    Row { file, pinned, now, occasion, expected }
}

const NO: (&str, &str) = ("", "");
const PLATFORM: (&str, &str) = (
    "http://localhost:3000/maestrano/auth/saml/consume/maestrano-uat",
    "_3d1f8a70-c1b5-0133-7b7a-12b8f3a4c9d1",
);
const ONE: Pinned = File("ruby/certificate1");
const FEIDE: Pinned = File("php/feide-idp-cert.pem");
const OURS: Pinned = File("synthetic-sandbox/idp-cert.pem");
const T2010: UtcDateTime = utc_datetime!(2010-11-18 21:57:37);
const T2011: UtcDateTime = utc_datetime!(2011-06-04 02:22:02);
const T2012: UtcDateTime = utc_datetime!(2012-11-28 17:55:00);
const T2013: UtcDateTime = utc_datetime!(2013-03-25 15:36:10);
const T2014: UtcDateTime = utc_datetime!(2014-02-19 01:37:10);
const T2016: UtcDateTime = utc_datetime!(2016-03-01 10:00:30);

const ROWS: [Row; 44] = [
    row("synthetic-sandbox/response-valid.b64", OURS, T2016, PLATFORM, Ok("usr-1")),
    row("synthetic-sandbox/response-valid.crlf.b64", OURS, T2016, PLATFORM, Ok("usr-1")),
    row("synthetic-sandbox/response-valid.xml", OURS, T2016, PLATFORM, Ok("usr-1")),
    row("synthetic-sandbox/response-valid-reseller.b64", OURS, T2016, PLATFORM, Ok("usr-1")),
    row("synthetic-sandbox/response-valid-sha256.b64", OURS, T2016, PLATFORM, Ok("usr-1")),
    row("synthetic-sandbox/response-signed-but-injected-duplicate-uid.b64", OURS, T2016, PLATFORM, Err("?")),
    row("ruby/response1.xml.base64", ONE, T2010, NO, Err("?")),
    row("java/response1.xml.base64", ONE, T2010, NO, Err("?")),
    row("dotnet/response1.xml.base64", ONE, T2010, NO, Err("?")),
    row("php/response1.xml.base64", ONE, T2010, NO, Err("?")),
    row("ruby/response2.xml.base64", Embedded, T2010, NO, Err("?")),
    row("java/response2.xml.base64", Embedded, T2010, NO, Err("?")),
    row("dotnet/response2.xml.base64", Embedded, T2010, NO, Err("?")),
    row("dotnet/TextFile1.txt", Embedded, T2010, NO, Err("?")),
    row("php/response2.xml.base64", Embedded, T2010, NO, Err("?")),
    row("ruby/response3.xml.base64", ONE, T2010, NO, Err("?")),
    row("java/response3.xml.base64", ONE, T2010, NO, Err("?")),
    row("dotnet/response3.xml.base64", ONE, T2010, NO, Err("?")),
    row("ruby/response4.xml.base64", ONE, T2011, ("recipient", ""), Err("?")),
    row("java/response4.xml.base64", ONE, T2011, ("recipient", ""), Err("?")),
    row("dotnet/response4.xml.base64", ONE, T2011, ("recipient", ""), Err("?")),
    row("php/response4.xml.base64", ONE, T2011, ("recipient", ""), Err("?")),
    row("ruby/response_with_ampersands.xml.base64", ONE, T2011, ("recipient", ""), Err("?")),
    row("ruby/response_with_ampersands.xml", ONE, T2011, ("recipient", ""), Err("?")),
    row("ruby/response5.xml.base64", ONE, T2011, NO, Err("?")),
    row("java/response5.xml.base64", ONE, T2011, NO, Err("?")),
    row("dotnet/response5.xml.base64", ONE, T2011, NO, Err("?")),
    row(
        "ruby/r1_response6.xml.base64",
        File("ruby/r1_certificate2_base64"),
        T2013,
        (
            "https://rpm.newrelic.com/accounts/136857/sso/saml/finalize",
            "_9e1f35d0-778f-0130-1da9-042b2b4fd265",
        ),
        Err("?"),
    ),
    row("ruby/adfs_response_sha1.xml", Embedded, T2011, NO, Err("?")),
    row("ruby/adfs_response_sha256.xml", Embedded, T2011, NO, Err("?")),
    row("ruby/adfs_response_sha384.xml", Embedded, T2011, NO, Err("?")),
    row("ruby/adfs_response_sha512.xml", Embedded, T2011, NO, Err("?")),
    row("ruby/no_signature_ns.xml", Embedded, T2011, NO, Err("?")),
    row("ruby/open_saml_response.xml", ONE, T2011, NO, Err("?")),
    row("ruby/simple_saml_php.xml", ONE, T2011, NO, Err("?")),
    row("ruby/response_with_multiple_attribute_values.xml", ONE, T2011, NO, Err("?")),
    row("ruby/starfield_response.xml.base64", Embedded, T2012, NO, Err("?")),
    row("ruby/wrapped_response_2.xml.base64", ONE, T2011, NO, Err("?")),
    row("php/valid_response.xml.base64", FEIDE, T2014, NO, Err("?")),
    row("php/expired_response.xml.base64", FEIDE, T2014, NO, Err("?")),
    row("php/bad_reference.xml.base64", FEIDE, T2014, NO, Err("?")),
    row("php/multiple_assertions.xml.base64", FEIDE, T2014, NO, Err("?")),
    row("php/wrapped_response_2.xml.base64", FEIDE, T2014, NO, Err("?")),
    row("py/test_response.xml", ONE, T2014, NO, Err("?")),
];

fn certificate(folder: &Path, row: &Row, document: &str) -> Certificate {
    let text = match row.pinned {
        File(file) => text(folder.join(file)),
        Embedded => {
            let text = document.split("X509Certificate>").nth(1).unwrap().split('<').next().unwrap();
            // Some samples hold a whole PEM file in base64.
            let packed: String = text.split_whitespace().collect();
            match BASE64_STANDARD.decode(&packed).map(String::from_utf8) {
                Ok(Ok(pem)) => pem,
                _ => packed,
            }
        }
    };
    Certificate::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", row.file))
}

#[test]
fn every_sample_is_accepted_or_refused_for_its_reason() {
    let Some(folder) = folder("of 44 samples") else { return };
    let folder = folder.join("vectors");
    let mut wrong = Vec::new();
    for row in &ROWS {
        let sample = text(folder.join(row.file));
        let form_value = if sample.contains('<') { BASE64_STANDARD.encode(&sample) } else { sample };
        let packed: String = form_value.split_whitespace().collect();
        let document = String::from_utf8(BASE64_STANDARD.decode(packed).unwrap()).unwrap();
        let trust = Trust::new(vec![certificate(&folder, row, &document)], None);
        let (acs_url, request) = row.occasion;
        let expectations = Expectations::new(&trust, acs_url).request_id(request);
        let outcome = verify(form_value.as_bytes(), &expectations, row.now);
        let outcome = outcome
            .as_ref()
            .map(|assertion| assertion.name_id())
            .map_err(|rejection| (rejection.code(), rejection));
        if outcome.map_err(|(code, _)| code) != row.expected {
            wrong.push(format!("{}: {outcome:?}", row.file));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{} of 44 samples ran", ROWS.len());
}
