//! Signatures, judged by xmlsec1, and the shape of responses, compared with recorded ones byte for byte.

use std::{fs, process::Command};

use maestrano_sandbox::{Options, Running};
use serde_json::{Value, json};

use crate::{
    browser::{ACS, Browser, attribute, seed, sign_on_path, start},
    contract,
};

/// Whether xmlsec1 finds the assertion's signature good with this certificate's key.
pub(crate) fn verifies(xml: &str, certificate_pem: &str) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let (document, certificate) = (folder.path().join("response.xml"), folder.path().join("certificate.pem"));
    fs::write(&document, xml).expect("a file");
    fs::write(&certificate, certificate_pem).expect("a file");
    let run = |arguments: &[&str]| {
        Command::new("xmlsec1")
            .args(arguments)
            .output()
            .expect("these tests need xmlsec1: install it (Debian: apt-get install xmlsec1; macOS: brew install libxmlsec1)")
    };
    let version = String::from_utf8_lossy(&run(&["--version"]).stdout).into_owned();
    let (certificate, document) = (certificate.display().to_string(), document.display().to_string());
    let mut arguments = vec!["--verify", "--pubkey-cert-pem", &certificate, "--enabled-key-data", "rsa"];
    if !version.contains("xmlsec1 1.2") {
        // Since 1.3 a key is only used when the document names it.
        arguments.push("--lax-key-search");
    }
    arguments.extend(["--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion", &document]);
    run(&arguments).status.success()
}

fn certificate(running: &Running) -> &str {
    running.certificate_pem("maestrano-local").expect("the marketplace has a certificate")
}

fn seed_with_name(name: &str) -> maestrano_sandbox::Seed {
    seed(&json!({
        "apps": [{"id": "app-1", "name": name, "key": "k"}],
        "groups": [{"id": "cld-1", "name": name, "app": "app-1", "city": name}],
        "users": [{"id": "usr-1", "name": name, "surname": name, "company": name, "email": "a@example.com",
                   "groups": {"cld-1": "Admin"}}],
    }))
}

#[tokio::test]
async fn responses_are_signed_so_that_xmlsec1_agrees_whatever_the_names_are() {
    let names = [
        "John",
        "a & b < c > d \" e ' f",
        "</AttributeValue><x>",
        "👋 Zoë 日本 e\u{301}",
        "\t two  blanks ",
        "&amp;",
    ];
    for name in names {
        for options in [Options::default(), Options::default().legacy_signature()] {
            let running = start(options.seed(seed_with_name(name))).await;
            let xml = Browser::of(&running, "a@example.com").await.response(&sign_on_path(ACS)).await;
            assert!(verifies(&xml, certificate(&running)), "{name:?}: {xml}");
            for attribute_name in ["name", "surname", "company_name", "group_name", "group_city"] {
                assert_eq!(attribute(&xml, attribute_name).as_deref(), Some(name), "{attribute_name}");
            }
        }
    }
}

#[tokio::test]
async fn a_signature_is_worth_nothing_for_another_key_or_another_text() {
    let (running, other) = (start(Options::default()).await, start(Options::default()).await);
    let xml = Browser::of(&running, "john.doe@example.com").await.response(&sign_on_path(ACS)).await;
    assert!(verifies(&xml, certificate(&running)));
    assert!(!verifies(&xml, certificate(&other)));
    assert!(!verifies(&xml.replace(">John<", ">Joan<"), certificate(&running)));
}

#[tokio::test]
async fn the_certificate_has_the_size_and_the_digest_of_its_kind() {
    for (options, length, algorithm) in
        [(Options::default(), 344, "rsa-sha256"), (Options::default().legacy_signature(), 172, "rsa-sha1")]
    {
        let running = start(options).await;
        let xml = Browser::of(&running, "john.doe@example.com").await.response(&sign_on_path(ACS)).await;
        assert!(xml.contains(&format!("#{algorithm}\"></ds:SignatureMethod>")), "{xml}");
        // The modulus is what makes the signature as long as it is.
        let value =
            xml.split("<ds:SignatureValue>").nth(1).and_then(|it| it.split('<').next()).expect("a value");
        assert_eq!(value.len(), length);
    }
}

#[tokio::test]
async fn responses_have_the_recorded_shape_to_the_byte() {
    let Some(folder) = contract::folder() else { return };
    let mut compared = 0;
    let mut files: Vec<_> = fs::read_dir(folder.join("transcripts/saml"))
        .expect("the recorded responses")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    for path in files {
        let facts = contract::json(&path);
        if facts["expect"] != "accept"
            || facts["signature"]["method"] != "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
        {
            continue;
        }
        let recorded = fs::read_to_string(path.with_extension("xml")).expect("the recorded XML");
        let running = start(Options::default().legacy_signature().seed(seed_of(&facts))).await;
        let email = of(&facts, "email").as_str().expect("an e-mail");
        let mut browser = Browser::of(&running, email).await;
        if facts["launch"]["reseller"] == true {
            assert_eq!(browser.get("/launch/1?reseller_sso=1").await.status, 303);
        }
        let written = browser.response(facts["request"]["get"].as_str().expect("a path")).await;
        assert_eq!(
            without_volatile_values(&written, running.url()),
            without_volatile_values(recorded.trim_end_matches('\n'), "http://localhost:5301"),
            "{}",
            path.display()
        );
        assert!(verifies(&written, certificate(&running)), "{}", path.display());
        compared += 1;
    }
    println!("{compared} recorded responses compared");
    assert!(compared >= 23, "{compared}");
}

fn of<'a>(facts: &'a Value, attribute: &str) -> &'a Value {
    let attributes = facts["attributes"].as_array().expect("attributes");
    &attributes.iter().find(|pair| pair[0] == attribute).expect("the attribute")[1]
}

fn seed_of(facts: &Value) -> maestrano_sandbox::Seed {
    let acs = facts["acs_url"].as_str().expect("an URL");
    let host = url::Url::parse(acs).expect("an URL").origin().ascii_serialization();
    let attribute = |name| of(facts, name);
    let group_uid = attribute("group_uid").as_str().expect("an identifier");
    seed(&json!({
        "apps": [{"id": facts["app_id"], "name": "", "key": "k", "host": host}],
        "groups": [{"id": group_uid, "app": facts["app_id"], "name": attribute("group_name")}],
        "users": [{"id": attribute("uid"), "name": attribute("name"), "surname": attribute("surname"),
                   "email": attribute("email"), "country": attribute("country"),
                   "company": attribute("company_name"), "groups": {(group_uid): attribute("group_role")}}],
    }))
}

/// Identifiers, instants, the session token, digest, signature and certificate, and the platform's address replaced.
fn without_volatile_values(xml: &str, platform: &str) -> String {
    let document = roxmltree::Document::parse(xml).expect("well-formed");
    let text = |name: &str| {
        let node = document.descendants().find(|node| node.tag_name().name() == name);
        node.and_then(|node| node.text()).expect("the element").to_owned()
    };
    let ids = document.descendants().filter_map(|node| node.attribute("ID")).map(str::to_owned);
    let mut volatile: Vec<String> = ids.collect();
    volatile.extend(["DigestValue", "SignatureValue", "X509Certificate"].map(text));
    volatile.extend(attribute(xml, "mno_session"));
    volatile.push(platform.to_owned());
    let mut out = xml.to_owned();
    for (number, value) in volatile.iter().enumerate() {
        out = out.replace(value, &format!("[{number}]"));
    }
    let is_instant = |at: &str| {
        at.bytes()
            .zip(*b"0000-00-00T00:00:00Z")
            .take_while(|(c, form)| if *form == b'0' { c.is_ascii_digit() } else { c == form })
            .count()
            == 20
    };
    let mut clean = String::new();
    let mut rest = out.as_str();
    while let Some(c) = rest.chars().next() {
        let taken = if is_instant(rest) { 20 } else { c.len_utf8() };
        clean.push_str(if taken == 20 { "[instant]" } else { &rest[..taken] });
        rest = &rest[taken..];
    }
    clean
}
