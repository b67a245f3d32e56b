//! The sample responses that the original SDKs were tested with, and those composed in the platform's shape.
//!
//! Most samples come from other products; their tests left out the signature or the clock. What an old SDK
//! accepted and is refused here says in its row why.

use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maestrano::saml::{Certificate, Expectations, Trust, verify};
use time::UtcDateTime;
use time::macros::utc_datetime;

use crate::contract::{folder, text};

/// Where the pinned certificate of a sample comes from.
#[derive(Clone, Copy)]
enum Pinned {
    File(&'static str),
    /// The sample itself: the good case for its signature.
    Embedded,
}
use Pinned::{Embedded, File};

/// A moment in the life of a sample: when it arrives, where, as the answer to what, for whom.
#[derive(Clone, Copy)]
struct Occasion {
    now: UtcDateTime,
    acs_url: &'static str,
    request: &'static str,
    audience: &'static str,
}

const PLATFORM: Occasion = Occasion {
    now: utc_datetime!(2016-03-01 10:00:30),
    acs_url: "http://localhost:3000/maestrano/auth/saml/consume/maestrano-uat",
    request: "_3d1f8a70-c1b5-0133-7b7a-12b8f3a4c9d1",
    audience: "",
};
const ONELOGIN: Occasion = Occasion {
    now: utc_datetime!(2011-06-04 02:22:02),
    acs_url: "recipient",
    request: "",
    audience: "audience",
};
const WELLSPRING: Occasion = Occasion {
    now: utc_datetime!(2013-03-25 15:36:10),
    acs_url: "https://rpm.newrelic.com/accounts/136857/sso/saml/finalize",
    request: "_9e1f35d0-778f-0130-1da9-042b2b4fd265",
    audience: "rpm.newrelic.com",
};
const ADFS: Occasion = Occasion {
    now: utc_datetime!(2011-06-22 12:50:00),
    acs_url: "https://someone.example.com/endpoint",
    request: "_fc4a34b0-7efb-012e-caae-782bcb13bb38",
    audience: "example.com",
};
const PITBULK: Occasion = Occasion {
    now: utc_datetime!(2014-02-19 01:37:10),
    acs_url: "https://pitbulk.no-ip.org/newonelogin/demo1/index.php?acs",
    request: "ONELOGIN_5fe9d6e499b2f0913206aab3f7191729049bb807",
    audience: "https://pitbulk.no-ip.org/newonelogin/demo1/metadata.php",
};

const ONE: Pinned = File("ruby/certificate1");
const FEIDE: Pinned = File("php/feide-idp-cert.pem");
const OURS: Pinned = File("synthetic-sandbox/idp-cert.pem");

/// Files, certificate, occasion, and the name of the user or the code of the rejection.
type Row = (&'static [&'static str], Pinned, Occasion, Result<&'static str, &'static str>);

const ROWS: [Row; 24] = [
    (
        &[
            "synthetic-sandbox/response-valid.b64",
            "synthetic-sandbox/response-valid.crlf.b64",
            "synthetic-sandbox/response-valid.xml",
            "synthetic-sandbox/response-valid-reseller.b64",
            "synthetic-sandbox/response-valid-sha256.b64",
        ],
        OURS,
        PLATFORM,
        Ok("usr-1"),
    ),
    // The old SDKs take the last of two attributes.
    (
        &["synthetic-sandbox/response-signed-but-injected-duplicate-uid.b64"],
        OURS,
        PLATFORM,
        Err("duplicate_attribute"),
    ),
    // A good signature, and attributes with several values, of which the old SDKs take the first or the last.
    (
        &["ruby/r1_response6.xml.base64"],
        File("ruby/r1_certificate2_base64"),
        WELLSPRING,
        Err("attribute_shape"),
    ),
    // Signed with another certificate than its own.
    (
        &[
            "ruby/response1.xml.base64",
            "java/response1.xml.base64",
            "dotnet/response1.xml.base64",
            "php/response1.xml.base64",
        ],
        ONE,
        ONELOGIN,
        Err("foreign_certificate"),
    ),
    // Dummy signatures.
    (
        &[
            "ruby/response2.xml.base64",
            "java/response2.xml.base64",
            "dotnet/response2.xml.base64",
            "php/response2.xml.base64",
            "ruby/response3.xml.base64",
            "java/response3.xml.base64",
            "dotnet/response3.xml.base64",
            "ruby/response5.xml.base64",
            "java/response5.xml.base64",
            "dotnet/response5.xml.base64",
            "ruby/open_saml_response.xml",
            "ruby/response_with_ampersands.xml",
            "py/test_response.xml",
            "php/no_key.xml.base64",
        ],
        ONE,
        ONELOGIN,
        Err("signature_shape"),
    ),
    // A byte order mark before the base64.
    (&["dotnet/TextFile1.txt"], ONE, ONELOGIN, Err("not_base64")),
    // Wrapped: the Java and .NET SDKs read the forged assertion, Ruby and PHP the other one.
    (
        &[
            "ruby/response4.xml.base64",
            "java/response4.xml.base64",
            "dotnet/response4.xml.base64",
            "php/response4.xml.base64",
            "ruby/response_with_ampersands.xml.base64",
        ],
        ONE,
        ONELOGIN,
        Err("second_assertion"),
    ),
    // Identifiers of algorithms that no registry has, and certificates that are PEM within base64. The Ruby
    // SDK looks at the ends of the identifiers only.
    (&["ruby/adfs_response_sha1.xml"], Embedded, ADFS, Err("signature_algorithm")),
    (&["ruby/adfs_response_sha256.xml"], Embedded, ADFS, Err("foreign_certificate")),
    (&["ruby/adfs_response_sha384.xml"], Embedded, ADFS, Err("digest_algorithm")),
    (&["ruby/adfs_response_sha512.xml"], Embedded, ADFS, Err("foreign_certificate")),
    (&["ruby/no_signature_ns.xml"], Embedded, ADFS, Err("foreign_certificate")),
    (&["ruby/response_with_multiple_attribute_values.xml"], ONE, ONELOGIN, Err("foreign_certificate")),
    // Response and assertion are signed: this profile has one signature.
    (&["ruby/simple_saml_php.xml"], ONE, ONELOGIN, Err("second_signature")),
    (&["php/valid_response.xml.base64"], FEIDE, PITBULK, Err("second_signature")),
    (&["php/expired_response.xml.base64"], FEIDE, PITBULK, Err("second_signature")),
    (&["php/bad_reference.xml.base64"], FEIDE, PITBULK, Err("second_signature")),
    // Inclusive canonicalisation, which the Ruby SDK knows.
    (&["ruby/starfield_response.xml.base64"], Embedded, ONELOGIN, Err("canonicalization")),
    // A byte order mark.
    (
        &["ruby/wrapped_response_2.xml.base64", "php/wrapped_response_2.xml.base64"],
        ONE,
        ONELOGIN,
        Err("encoding"),
    ),
    (&["php/multiple_assertions.xml.base64"], FEIDE, PITBULK, Err("second_assertion")),
    (&["php/no_signature.xml.base64"], FEIDE, PITBULK, Err("no_signature")),
    (
        &["php/not_before_failed.xml.base64", "php/not_after_failed.xml.base64"],
        FEIDE,
        PITBULK,
        Err("missing"),
    ),
    // Right, but for another certificate, and for another address.
    (&["synthetic-sandbox/response-valid.b64"], ONE, PLATFORM, Err("foreign_certificate")),
    (&["synthetic-sandbox/response-valid.b64"], OURS, ONELOGIN, Err("destination")),
];

/// A sample as it is posted.
fn form_value(folder: &Path, file: &str) -> String {
    let sample = text(&folder.join(file));
    if sample.contains('<') { BASE64_STANDARD.encode(&sample) } else { sample }
}

fn document(form_value: &str) -> String {
    let packed: String = form_value.split_whitespace().collect();
    String::from_utf8(BASE64_STANDARD.decode(packed).unwrap()).unwrap()
}

fn trust(folder: &Path, pinned: Pinned, form_value: &str) -> Trust {
    let text = match pinned {
        File(file) => text(&folder.join(file)),
        Embedded => {
            let document = document(form_value);
            let text = document.split("X509Certificate>").nth(1).unwrap().split('<').next().unwrap();
            // Some samples hold a whole PEM file in base64.
            let packed: String = text.split_whitespace().collect();
            match BASE64_STANDARD.decode(&packed).map(String::from_utf8) {
                Ok(Ok(pem)) => pem,
                _ => packed,
            }
        }
    };
    Trust::new(vec![Certificate::parse(&text).unwrap()], None)
}

fn outcome(form_value: &str, trust: &Trust, occasion: Occasion) -> Result<String, &'static str> {
    let audiences = [occasion.audience];
    let mut expectations = Expectations::new(trust, occasion.acs_url).audiences(&audiences);
    if !occasion.request.is_empty() {
        expectations = expectations.request_id(occasion.request);
    }
    match verify(form_value.as_bytes(), &expectations, occasion.now) {
        Ok(assertion) => Ok(assertion.name_id().to_owned()),
        Err(rejection) => Err(rejection.code()),
    }
}

#[test]
fn every_sample_is_accepted_or_refused_for_its_reason() {
    let Some(folder) = folder("of 50 samples") else { return };
    let folder = folder.join("vectors");
    let (mut count, mut wrong) = (0, Vec::new());
    for (files, pinned, occasion, expected) in ROWS {
        for file in files {
            let form_value = form_value(&folder, file);
            let outcome = outcome(&form_value, &trust(&folder, pinned, &form_value), occasion);
            if outcome.as_deref().map_err(|code| *code) != expected {
                wrong.push(format!("{file}: {outcome:?}"));
            }
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{count} of 50 samples ran");
}

/// Brought into the shape of this profile, by leaving out what is not signed, their signatures are good: the
/// rejection is one that comes after the digest.
#[test]
fn signatures_of_other_products_are_understood() {
    let Some(folder) = folder("of 3 foreign signatures") else { return };
    let folder = folder.join("vectors");
    let cut = |file: &str, from: &str, to: &str| {
        let form_value = form_value(&folder, file);
        let document = document(&form_value);
        let (before, rest) = document.split_once(from).unwrap();
        let (_, after) = rest.split_once(to).unwrap();
        (BASE64_STANDARD.encode(format!("{before}{after}")), form_value)
    };
    for file in ["ruby/adfs_response_sha256.xml", "ruby/adfs_response_sha512.xml"] {
        let (shaped, original) = cut(file, "<KeyInfo", "</KeyInfo>");
        let trust = trust(&folder, Embedded, &original).danger_allow_sha1();
        assert_eq!(outcome(&shaped, &trust, ADFS), Err("missing"), "{file}");
    }
    // One of its attributes has two values.
    let (shaped, original) = cut("php/valid_response.xml.base64", "<ds:Signature", "</ds:Signature>");
    assert_eq!(outcome(&shaped, &trust(&folder, FEIDE, &original), PITBULK), Err("attribute_shape"));
    println!("3 of 3 foreign signatures ran");
}

#[test]
fn the_certificates_of_the_originals_can_be_read() {
    let Some(folder) = folder("of 10 certificates") else { return };
    let read = |file: &str| Certificate::parse(&text(&folder.join(file))).unwrap();
    let rows = [
        (
            "certs/sandbox-local.pem",
            1024,
            true,
            "01:06:15:89:25:7D:78:12:28:A6:69:C7:DE:63:ED:74:21:F9:F5:36",
        ),
        ("certs/uat.pem", 1024, true, "8A:1E:2E:76:C4:67:80:68:6C:81:18:F7:D3:29:5D:77:F8:79:54:2F"),
        ("certs/production.pem", 1024, true, "2F:57:71:E4:40:19:57:37:A6:2C:F0:C5:82:52:2F:2E:41:B7:9D:7E"),
        (
            "certs/uat-hub-2016.pem",
            2048,
            false,
            "29:C2:88:D9:F5:C5:30:D3:D4:D5:0B:9F:0D:D6:2E:3A:0F:80:7C:50",
        ),
        (
            "vectors/ruby/certificate1",
            1024,
            true,
            "C5:19:85:D9:47:F1:BE:57:08:20:25:05:08:46:EB:27:F6:CA:B7:83",
        ),
        (
            "vectors/dotnet/certificate2",
            1024,
            true,
            "96:29:75:EB:7C:FC:4C:14:96:90:18:E6:51:56:C3:61:68:E3:E7:3B",
        ),
        (
            "vectors/php/feide-idp-cert.pem",
            1024,
            true,
            "AF:E7:1C:28:EF:74:0B:C8:74:25:BE:13:A2:26:3D:37:97:1D:A1:F9",
        ),
        (
            "vectors/synthetic-sandbox/idp-cert.pem",
            1024,
            true,
            "6C:FA:43:45:7C:1F:1B:39:D7:CF:C4:8E:4C:9E:68:11:65:00:19:E0",
        ),
        (
            "transcripts/saml/certs/other-2048.pem",
            2048,
            false,
            "24:D2:CA:8C:54:DB:BB:F8:19:E0:FA:E8:71:90:57:B5:3B:D9:47:63",
        ),
        (
            "transcripts/saml/certs/sandbox.pem",
            1024,
            true,
            "01:06:15:89:25:7D:78:12:28:A6:69:C7:DE:63:ED:74:21:F9:F5:36",
        ),
    ];
    for (file, bits, is_legacy, fingerprint) in rows {
        let certificate = read(file);
        assert_eq!((certificate.key_bits(), certificate.is_legacy()), (bits, is_legacy), "{file}");
        assert_eq!(certificate.sha1_fingerprint().to_string(), fingerprint, "{file}");
        assert!(certificate.matches(&fingerprint.parse().unwrap()), "{file}");
    }
    println!("{} of 10 certificates ran", rows.len());
}
