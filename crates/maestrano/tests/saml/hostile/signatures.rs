//! A signature of another shape than the one that is accepted, and algorithms that are not.

use maestrano::{AlgorithmName, Rejection};

use super::Row;
use crate::keys::Hash;
use crate::kit::Draft;

pub(super) fn rows() -> Vec<Row> {
    [shapes(), references(), transforms(), algorithms()].into_iter().flatten().collect()
}

fn shapes() -> Vec<Row> {
    const VALUE: &str = "<ds:SignatureValue>{VALUE}</ds:SignatureValue>";
    const CANONICAL: &str = "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:CanonicalizationMethod>";
    const DIGEST_VALUE: &str = "<ds:DigestValue>{DIGEST}</ds:DigestValue>";
    let around = |from: &str, to: &str| Draft::new().signature(from, to);
    let inside = |from: &str, to: &str| Draft::new().info(from, to);
    let many = (0..17).map(|index| format!(" p{index}")).collect::<String>();
    let prefixes = |attributes: &str, content: &str| {
        let list = format!(
            "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\"{attributes}>{content}</ec:InclusiveNamespaces>"
        );
        inside("></ds:CanonicalizationMethod>", &format!(">{list}</ds:CanonicalizationMethod>"))
    };
    let two_infos = |first: &str| format!("{first}{{INFO}}");
    let empty_info = "<ds:SignedInfo></ds:SignedInfo>";
    [
        ("an Object stands in the signature", "Signature", around("</ds:Signature>", "<ds:Object></ds:Object></ds:Signature>")),
        ("a Manifest stands in an Object of the signature", "Signature", around(
            "</ds:Signature>",
            "<ds:Object><ds:Manifest></ds:Manifest></ds:Object></ds:Signature>",
        )),
        ("a Manifest stands in place of SignedInfo", "SignedInfo", around("{INFO}", "<ds:Manifest></ds:Manifest>{INFO}")),
        ("the signature has no SignedInfo", "SignedInfo", around("{INFO}", "")),
        ("the signature has no value", "SignatureValue", around(VALUE, "")),
        ("the value of the signature is empty", "SignatureValue", around("{VALUE}", "")),
        ("the value of the signature is not base64", "SignatureValue", around("{VALUE}", "no base64!")),
        ("there are two SignedInfo, the second is signed", "SignatureValue", around("{INFO}", &two_infos(empty_info))),
        ("there are two SignedInfo, the first is signed", "SignatureValue", around("{INFO}", &format!("{{INFO}}{empty_info}"))),
        ("there are two SignedInfo with the same text", "SignatureValue", around("{INFO}", &two_infos("{INFO}"))),
        ("a second SignedInfo is the last of the signature", "Signature", around(
            "</ds:Signature>",
            "{INFO}</ds:Signature>",
        )),
        ("a SignedInfo of another namespace comes first", "SignedInfo", around(
            "{INFO}",
            &two_infos("<SignedInfo xmlns=\"urn:other\"></SignedInfo>"),
        )),
        ("there are two values of the signature", "Signature", around(VALUE, &format!("{VALUE}{VALUE}")) ),
        ("the value stands before SignedInfo", "SignedInfo", around(VALUE, "").signature("{INFO}", &format!("{VALUE}{{INFO}}"))),
        ("there are two KeyInfo", "Signature", around("</ds:Signature>", "<ds:KeyInfo></ds:KeyInfo></ds:Signature>")),
        ("a comment stands in the value of the signature", "SignatureValue", around("{VALUE}", "{VALUE}<!-- -->")),
        ("an element stands in the value of the signature", "SignatureValue", around("{VALUE}", "{VALUE}<ds:X></ds:X>")),
        ("words stand in the signature", "Signature", around("{INFO}", "words{INFO}")),
        ("the signature has an attribute", "Signature", around("<ds:Signature ", "<ds:Signature Name=\"\" ")),
        ("the signature has an xml:base", "Signature", around("<ds:Signature ", "<ds:Signature xml:base=\"https://x\" ")),
        ("a comment comes before the digest in its value", "DigestValue", Draft::new().after(
            "<ds:DigestValue>",
            "<ds:DigestValue>AAAA<!-- -->",
        )),
        ("a comment comes after the digest in its value", "DigestValue", Draft::new().after(
            "</ds:DigestValue>",
            "<!-- --></ds:DigestValue>",
        )),
        ("a comment cuts the digest", "DigestValue", Draft::new().after("=</ds:DigestValue>", "<!-- -->=</ds:DigestValue>")),
        ("an element stands in the digest", "DigestValue", inside("{DIGEST}", "<ds:X></ds:X>{DIGEST}")),
        ("the digest is empty", "DigestValue", inside("{DIGEST}", "")),
        ("there are two digests", "Reference", inside(DIGEST_VALUE, &format!("<ds:DigestValue>AAAA</ds:DigestValue>{DIGEST_VALUE}"))),
        ("there is no digest", "DigestValue", inside(DIGEST_VALUE, "")),
        ("there are two digest methods", "DigestValue", inside(
            "</ds:DigestMethod>",
            "</ds:DigestMethod><ds:DigestMethod></ds:DigestMethod>",
        )),
        ("there are two references to the assertion", "SignedInfo", inside(
            "</ds:Reference>",
            "</ds:Reference><ds:Reference URI=\"#_a1\"></ds:Reference>",
        )),
        ("a second reference names the response", "SignedInfo", inside(
            "</ds:Reference>",
            "</ds:Reference><ds:Reference URI=\"#_r1\"></ds:Reference>",
        )),
        ("a reference to the response comes first", "SignedInfo", inside(
            "<ds:Reference",
            "<ds:Reference URI=\"#_a1\"><ds:Transforms/><ds:DigestMethod/><ds:DigestValue/></ds:Reference><ds:Reference",
        )),
        ("there is no reference", "Reference", inside("<ds:Reference", "<ds:Other").info("</ds:Reference>", "</ds:Other>")),
        ("the reference has a type", "Reference", inside("<ds:Reference URI", "<ds:Reference Type=\"urn:x\" URI")),
        ("the reference has an ID of its own", "Reference", inside("<ds:Reference URI", "<ds:Reference Id=\"x\" URI")),
        ("there is no signature method", "SignatureMethod", inside("<ds:SignatureMethod", "<ds:Method").info("</ds:SignatureMethod>", "</ds:Method>")),
        ("there are two signature methods", "Reference", inside(
            "</ds:SignatureMethod>",
            "</ds:SignatureMethod><ds:SignatureMethod></ds:SignatureMethod>",
        )),
        ("the signature method says how much of an HMAC counts", "SignatureMethod", inside(
            "</ds:SignatureMethod>",
            "<ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>",
        )),
        ("there is no canonicalisation method", "CanonicalizationMethod", inside(CANONICAL, "")),
        ("there are two canonicalisation methods", "SignatureMethod", inside(CANONICAL, &format!("{CANONICAL}{CANONICAL}"))),
        ("words stand in SignedInfo", "SignedInfo", inside("<ds:Reference", "words<ds:Reference")),
        ("a list of prefixes has more than sixteen", "InclusiveNamespaces", prefixes(&format!(" PrefixList=\"{many}\""), "")),
        ("a list of prefixes has none", "CanonicalizationMethod", prefixes("", "")),
        ("a list of prefixes has content", "InclusiveNamespaces", prefixes(" PrefixList=\"xs\"", "xs")),
        ("a list of prefixes has a second attribute", "InclusiveNamespaces", prefixes(" PrefixList=\"xs\" Xs=\"\"", "")),
        ("a list of prefixes is of another namespace", "CanonicalizationMethod", prefixes(" PrefixList=\"xs\"", "")
            .info("xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\"", "xmlns:ec=\"urn:other\"")),
    ]
    .into_iter()
    .map(|(name, part, draft)| Row::new(name, draft, Rejection::SignatureShape { part }))
    .collect()
}

fn references() -> Vec<Row> {
    let mut rows: Vec<Row> = [
        ("the whole document", ""),
        ("no identifier", "#"),
        ("the response", "#_r1"),
        ("an identifier without #", "_a1"),
        ("the identifier in other letters", "#_A1"),
        ("the identifier and a blank", "#_a1 "),
        ("the identifier, escaped twice", "#%5Fa1"),
        ("the root by XPointer", "#xpointer(/)"),
        ("the identifier by XPointer", "#xpointer(id('_a1'))"),
        ("an element of another document", "https://example.com/#_a1"),
        ("a file", "file:///etc/passwd"),
    ]
    .into_iter()
    .map(|(what, uri)| {
        let draft = Draft::new().info("#_a1", uri);
        Row::new(format!("the signature refers to {what}"), draft, Rejection::ForeignReference)
    })
    .collect();
    rows.extend([
        Row::new(
            "the reference has no URI",
            Draft::new().info(" URI=\"#_a1\"", ""),
            Rejection::ForeignReference,
        ),
        Row::new(
            "the response's signature refers to the assertion",
            Draft::new().response_signed().info("#_r1", "#_a1"),
            Rejection::ForeignReference,
        ),
    ]);
    rows
}

fn transforms() -> Vec<Row> {
    const ENVELOPED: &str =
        "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\">";
    const EXCLUSIVE: &str = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">";
    const END: &str = "</ds:Transform>";
    let mut rows = Vec::new();
    for (name, algorithm) in [
        ("XSLT", "http://www.w3.org/TR/1999/REC-xslt-19991116"),
        ("XPath", "http://www.w3.org/TR/1999/REC-xpath-19991116"),
        ("XPath Filter 2", "http://www.w3.org/2002/06/xmldsig-filter2"),
        ("base64", "http://www.w3.org/2000/09/xmldsig#base64"),
        ("inclusive canonicalisation", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
        ("exclusive canonicalisation with comments", "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"),
        ("decryption", "http://www.w3.org/2002/07/decrypt#XML"),
        ("no algorithm", ""),
    ] {
        let rejection = Rejection::Transform { algorithm: AlgorithmName::of(algorithm) };
        let other = format!("<ds:Transform Algorithm=\"{algorithm}\">");
        let third = format!("{other}{END}</ds:Transforms>");
        rows.extend([
            Row::new(
                format!("the first transform is {name}"),
                Draft::new().info(ENVELOPED, &other),
                rejection.clone(),
            ),
            Row::new(
                format!("the second transform is {name}"),
                Draft::new().info(EXCLUSIVE, &other),
                rejection.clone(),
            ),
            Row::new(
                format!("a third transform is {name}"),
                Draft::new().info("</ds:Transforms>", &third),
                rejection,
            ),
        ]);
    }
    let both = format!("{ENVELOPED}{END}{EXCLUSIVE}{END}");
    let name = |algorithm: &str| Rejection::Transform { algorithm: AlgorithmName::of(algorithm) };
    let shape = |part| Rejection::SignatureShape { part };
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let content = "<ds:XPath>1</ds:XPath>";
    rows.extend([
        Row::new(
            "the transforms come in the other order",
            Draft::new().info(&both, &format!("{EXCLUSIVE}{END}{ENVELOPED}{END}")),
            name(exclusive),
        ),
        Row::new(
            "there is the first transform only",
            Draft::new().info(&format!("{EXCLUSIVE}{END}"), ""),
            shape("Transform"),
        ),
        Row::new(
            "there is the second transform only",
            Draft::new().info(&format!("{ENVELOPED}{END}"), ""),
            shape("Transform"),
        ),
        Row::new("there are no transforms", Draft::new().info(&both, ""), shape("Transform")),
        Row::new(
            "there is no list of transforms",
            Draft::new().info(&format!("<ds:Transforms>{both}</ds:Transforms>"), ""),
            shape("Transforms"),
        ),
        Row::new(
            "the first transform has a parameter",
            Draft::new().info(ENVELOPED, &format!("{ENVELOPED}{content}")),
            shape("Transform"),
        ),
        Row::new(
            "the second transform has a parameter of XPath",
            Draft::new().info(EXCLUSIVE, &format!("{EXCLUSIVE}{content}")),
            shape("Transform"),
        ),
        Row::new(
            "words stand between the transforms",
            Draft::new().info(EXCLUSIVE, &format!("words{EXCLUSIVE}")),
            shape("Transforms"),
        ),
    ]);
    rows
}

fn algorithms() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, algorithm) in [
        ("inclusive", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
        ("inclusive with comments", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"),
        ("inclusive 1.1", "http://www.w3.org/2006/12/xml-c14n11"),
        ("exclusive with comments", "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"),
        ("not named", ""),
    ] {
        let draft = Draft::new().info(
            "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">",
            &format!("<ds:CanonicalizationMethod Algorithm=\"{algorithm}\">"),
        );
        let rejection = Rejection::Canonicalization { algorithm: AlgorithmName::of(algorithm) };
        rows.push(Row::new(format!("the canonicalisation of SignedInfo is {name}"), draft, rejection));
    }
    for (name, algorithm) in [
        ("HMAC with SHA-1", "http://www.w3.org/2000/09/xmldsig#hmac-sha1"),
        ("HMAC with SHA-256", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"),
        ("DSA", "http://www.w3.org/2000/09/xmldsig#dsa-sha1"),
        ("ECDSA", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"),
        ("RSA with MD5", "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"),
        ("RSA with RIPEMD-160", "http://www.w3.org/2001/04/xmldsig-more#rsa-ripemd160"),
        ("RSA with SHA-224", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224"),
        ("RSA-PSS", "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"),
        ("none", "none"),
        ("RSA with SHA-256 by the old namespace", "http://www.w3.org/2000/09/xmldsig#rsa-sha256"),
        ("RSA with SHA-1 by the new namespace", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha1"),
        ("RSA with SHA-256 in other letters", "http://www.w3.org/2001/04/xmldsig-more#RSA-SHA256"),
        ("RSA with SHA-256 and a blank", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256 "),
        ("not named", ""),
    ] {
        let draft = Draft::new().info(Hash::Sha256.signature_algorithm(), algorithm);
        let rejection = Rejection::SignatureAlgorithm { algorithm: AlgorithmName::of(algorithm) };
        rows.push(Row::new(format!("the signature algorithm is {name}"), draft, rejection));
    }
    for (name, algorithm) in [
        ("MD5", "http://www.w3.org/2001/04/xmldsig-more#md5"),
        ("RIPEMD-160", "http://www.w3.org/2001/04/xmlenc#ripemd160"),
        ("SHA-224", "http://www.w3.org/2001/04/xmldsig-more#sha224"),
        ("SHA-256 by the namespace of SHA-1", "http://www.w3.org/2000/09/xmldsig#sha256"),
        ("SHA-384 by the namespace of SHA-256", "http://www.w3.org/2001/04/xmlenc#sha384"),
        ("not named", ""),
    ] {
        let draft = Draft::new().info(Hash::Sha256.digest_algorithm(), algorithm);
        let rejection = Rejection::DigestAlgorithm { algorithm: AlgorithmName::of(algorithm) };
        rows.push(Row::new(format!("the digest algorithm is {name}"), draft, rejection));
    }
    rows
}
