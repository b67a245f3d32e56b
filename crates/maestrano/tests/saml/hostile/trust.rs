//! Signed by the wrong one, or in a way that the certificate does not allow; and changed afterwards.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maestrano::saml::Trust;
use maestrano::{AlgorithmName, Rejection};

use super::{FORGED, Row};
use crate::keys::{Hash, LEGACY, MODERN, SHA1_SIGNED, STRANGER};
use crate::kit::{Draft, element};

const CERTIFICATE: &str = "{CERTIFICATE}";
const X509: &str = "<ds:X509Certificate>";
const KEY_INFO: &str = "<KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\">";
/// The SHA-1 hash of three zero bytes.
const ZEROS: &str = "29E2DCFBB16F63BB0254DF7585A15BB6FB5E927D";
const HMAC: &str = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";

pub(super) fn rows() -> Vec<Row> {
    [strangers(), key_infos(), weak(), changed()].into_iter().flatten().collect()
}

/// Everything signed by somebody else, for the user that somebody wants to be.
fn by_stranger() -> Draft {
    Draft::new().before("usr-1", FORGED).signed_by(&STRANGER)
}

fn without_key_info(draft: &Draft) -> String {
    let xml = draft.xml();
    xml.replace(element(&xml, "KeyInfo"), "")
}

fn fingerprint_of_modern() -> Trust {
    Trust::new(Vec::new(), Some(MODERN.certificate().sha256_fingerprint()))
}

fn strangers() -> Vec<Row> {
    let pasted = || by_stranger().signature(CERTIFICATE, &MODERN.body());
    let wrong_value = BASE64_STANDARD.encode([1; 256]);
    vec![
        Row::new("a stranger signed, and says so", by_stranger(), Rejection::ForeignCertificate),
        Row::new(
            "a stranger signed, and brings no certificate",
            without_key_info(&by_stranger()),
            Rejection::Signature,
        ),
        Row::new("a stranger signed, and pasted the pinned certificate", pasted(), Rejection::Signature),
        Row::new(
            "a stranger signed, and pasted the certificate of the pinned fingerprint",
            pasted(),
            Rejection::Signature,
        )
        .trusting(fingerprint_of_modern()),
        Row::new(
            "a stranger signed for a marketplace that pins a fingerprint",
            by_stranger(),
            Rejection::ForeignCertificate,
        )
        .trusting(fingerprint_of_modern()),
        Row::new(
            "a stranger signed the response",
            by_stranger().response_signed(),
            Rejection::ForeignCertificate,
        ),
        Row::new("the platform of another marketplace signed", Draft::new(), Rejection::ForeignCertificate)
            .trusting_key(&STRANGER),
        Row::new(
            "the platform of another marketplace signed, and brings no certificate",
            without_key_info(&Draft::new()),
            Rejection::Signature,
        )
        .trusting_key(&STRANGER),
        Row::new("the marketplace trusts nothing", Draft::new(), Rejection::ForeignCertificate)
            .trusting(Trust::new(Vec::new(), None)),
        Row::new(
            "the marketplace trusts nothing, and no certificate comes",
            without_key_info(&Draft::new()),
            Rejection::NoCertificate,
        )
        .trusting(Trust::new(Vec::new(), None)),
        Row::new(
            "the marketplace pins a fingerprint, and no certificate comes",
            without_key_info(&Draft::new()),
            Rejection::NoCertificate,
        )
        .trusting(fingerprint_of_modern()),
        Row::new(
            "the signature is of other certificates than the two that are pinned",
            without_key_info(&by_stranger()),
            Rejection::Signature,
        )
        .trusting(Trust::new(vec![MODERN.certificate(), LEGACY.certificate()], None)),
        Row::new(
            "one of two pinned certificates is named, the other one signed",
            Draft::new().signature(CERTIFICATE, &LEGACY.body()),
            Rejection::Signature,
        )
        .trusting(Trust::new(vec![MODERN.certificate(), LEGACY.certificate()], None)),
        Row::new(
            "the value of the signature is made up",
            Draft::new().signature("{VALUE}", &wrong_value),
            Rejection::Signature,
        ),
        Row::new(
            "the value of the signature is one byte",
            Draft::new().signature("{VALUE}", "AA=="),
            Rejection::Signature,
        ),
        Row::new(
            "an HMAC is keyed with the certificate",
            Draft::new().info(Hash::Sha256.signature_algorithm(), HMAC).before("usr-1", FORGED).signature(
                "{VALUE}",
                &BASE64_STANDARD.encode(Hash::Sha256.digest(MODERN.certificate().der())),
            ),
            Rejection::SignatureAlgorithm { algorithm: AlgorithmName::of(HMAC) },
        ),
    ]
}

fn key_infos() -> Vec<Row> {
    let shape = |name: &str, from: &str, to: &str| {
        let draft = by_stranger().signature(from, to);
        Row::new(name, draft, Rejection::SignatureShape { part: "KeyInfo" })
    };
    let stranger = STRANGER.body();
    let modern = MODERN.body();
    let foreign = |name: &str, draft: Draft| Row::new(name, draft, Rejection::ForeignCertificate);
    let key_value = "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>";
    vec![
        shape(
            "the pinned certificate comes before a stranger's",
            X509,
            &format!("{X509}{modern}</ds:X509Certificate>{X509}"),
        ),
        shape(
            "the pinned certificate comes after a stranger's",
            "</ds:X509Certificate>",
            &format!("</ds:X509Certificate>{X509}{modern}</ds:X509Certificate>"),
        ),
        shape(
            "the pinned certificate comes in a second X509Data",
            "</KeyInfo>",
            &format!("<ds:X509Data>{X509}{modern}</ds:X509Certificate></ds:X509Data></KeyInfo>"),
        ),
        shape("a key comes before the certificate", KEY_INFO, &format!("{KEY_INFO}{key_value}")),
        shape("a key comes after the certificate", "</KeyInfo>", &format!("{key_value}</KeyInfo>")),
        shape(
            "a name of a key comes with the certificate",
            KEY_INFO,
            &format!("{KEY_INFO}<ds:KeyName>file:///etc/passwd</ds:KeyName>"),
        ),
        shape(
            "a place to fetch a key from comes with the certificate",
            KEY_INFO,
            &format!("{KEY_INFO}<ds:RetrievalMethod URI=\"https://evil.example.com/\"></ds:RetrievalMethod>"),
        ),
        shape(
            "the issuer's serial number comes with the certificate",
            X509,
            &format!("<ds:X509IssuerSerial></ds:X509IssuerSerial>{X509}"),
        ),
        shape("the certificate is empty", CERTIFICATE, ""),
        shape("the certificate is not base64", CERTIFICATE, "no base64!"),
        shape("a comment stands in the certificate", CERTIFICATE, &format!("{stranger}<!-- -->")),
        shape("the certificate stands in PGPData", "ds:X509Data", "ds:PGPData"),
        shape("words stand in KeyInfo", KEY_INFO, &format!("{KEY_INFO}words")),
        shape(
            "a key alone stands in KeyInfo",
            "<ds:X509Data><ds:X509Certificate>{CERTIFICATE}</ds:X509Certificate></ds:X509Data>",
            key_value,
        ),
        Row::new(
            "KeyInfo is of another namespace",
            by_stranger().signature(KEY_INFO, "<KeyInfo xmlns=\"urn:other\">"),
            Rejection::SignatureShape { part: "Signature" },
        ),
        foreign(
            "the signature names a stranger's certificate",
            Draft::new().signature(CERTIFICATE, &stranger),
        ),
        foreign("what comes as a certificate is none", Draft::new().signature(CERTIFICATE, "AAAA")),
        foreign("the certificate is cut off", Draft::new().signature(CERTIFICATE, &modern[..97])),
        foreign(
            "the certificate has another fingerprint than the pinned one",
            by_stranger().signature(CERTIFICATE, &modern),
        )
        .trusting(Trust::new(Vec::new(), Some(STRANGER.certificate().sha1_fingerprint()))),
        foreign(
            "what has the pinned fingerprint is no certificate",
            Draft::new().signature(CERTIFICATE, "AAAA"),
        )
        .trusting(Trust::new(Vec::new(), ZEROS.parse().ok())),
    ]
}

fn weak() -> Vec<Row> {
    let sha1 = || Draft::new().hashed_by(Hash::Sha1);
    let digest = Draft::new().info(Hash::Sha256.digest_algorithm(), Hash::Sha1.digest_algorithm());
    let signature = sha1().info(Hash::Sha1.digest_algorithm(), Hash::Sha256.digest_algorithm());
    let both = Trust::new(vec![LEGACY.certificate(), MODERN.certificate()], None);
    vec![
        Row::new("signed and digested with SHA-1 under a modern certificate", sha1(), Rejection::Sha1),
        Row::new("digested with SHA-1 under a modern certificate", digest, Rejection::Sha1),
        Row::new("signed with SHA-1 under a modern certificate", signature, Rejection::Sha1),
        Row::new("signed with SHA-1 under the fingerprint of a modern certificate", sha1(), Rejection::Sha1)
            .trusting(fingerprint_of_modern()),
        Row::new("signed with SHA-1 and no certificate", without_key_info(&sha1()), Rejection::Sha1),
        Row::new("signed with SHA-1 under a modern certificate beside a legacy one", sha1(), Rejection::Sha1)
            .trusting(both),
        Row::new(
            "signed with SHA-384 under a key that is too short for it",
            Draft::new()
                .signed_by(&LEGACY)
                .info(Hash::Sha256.signature_algorithm(), Hash::Sha384.signature_algorithm()),
            Rejection::ShortKey { bits: 1024 },
        )
        .trusting_key(&LEGACY),
        Row::new(
            "signed with SHA-256, and says SHA-1 under a certificate that allows it",
            Draft::new()
                .signed_by(&SHA1_SIGNED)
                .info(Hash::Sha256.signature_algorithm(), Hash::Sha1.signature_algorithm()),
            Rejection::Signature,
        )
        .trusting_key(&SHA1_SIGNED),
    ]
}

fn changed() -> Vec<Row> {
    let signature =
        |name: &str, from: &str, to: &str| Row::new(name, Draft::new().after(from, to), Rejection::Signature);
    let digest =
        |name: &str, from: &str, to: &str| Row::new(name, Draft::new().after(from, to), Rejection::Digest);
    vec![
        signature("the digest was changed", "<ds:DigestValue>", "<ds:DigestValue>AAAA"),
        signature(
            "the signature algorithm was changed",
            Hash::Sha256.signature_algorithm(),
            Hash::Sha512.signature_algorithm(),
        ),
        signature(
            "the digest algorithm was changed",
            Hash::Sha256.digest_algorithm(),
            Hash::Sha512.digest_algorithm(),
        ),
        signature("white space was added to SignedInfo", "<ds:Transforms>", "<ds:Transforms> "),
        digest("the user was changed", ">usr-1</AttributeValue>", &format!(">{FORGED}</AttributeValue>")),
        digest("the name of the subject was changed", ">usr-1</NameID>", &format!(">{FORGED}</NameID>")),
        digest("the group was changed", ">cld-1<", ">cld-2<"),
        digest("the role was changed", ">Super Admin<", ">Guest<"),
        digest("white space was added between elements", "<Subject>", "<Subject> "),
        digest("an attribute was added to an element", "<NameID ", "<NameID X=\"\" "),
        digest("an element was added", "</Assertion>", "<X></X></Assertion>"),
        digest("an element was taken away", "<Audience>https://crm.example.com/</Audience>", ""),
        digest("the time was changed", "2026-03-01T11:00:00Z", "2027-03-01T11:00:00Z"),
        digest("a namespace was changed", "<AttributeStatement>", "<AttributeStatement xmlns=\"urn:other\">"),
        digest("a value was put into a comment", ">usr-1</NameID>", "><!--usr-1--></NameID>"),
        digest("a value was cut by an element", ">usr-1</NameID>", ">usr-<X/>1</NameID>"),
        Row::new(
            "the response was changed around its signed text",
            Draft::new().response_signed().after("</samlp:Status>", "<samlp:StatusMessage/></samlp:Status>"),
            Rejection::Digest,
        ),
        Row::new(
            "an attribute was added to the signed response",
            Draft::new().response_signed().after("_r1\" InR", "_r1\" X=\"\" InR"),
            Rejection::Digest,
        ),
    ]
}
