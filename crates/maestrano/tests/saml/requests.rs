//! The request asks for what the requests of the original SDKs asked for.

use std::borrow::Cow;
use std::io::Read as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::read::DeflateDecoder;
use maestrano::saml::AuthnRequest;
use time::UtcDateTime;
use time::macros::utc_datetime;
use url::Url;

use crate::contract::{field, folder, text};

const NOW: UtcDateTime = utc_datetime!(2026-03-01 09:59:58.75);
const ID: &str = "_3d1f8a70c1b501337b7a12b8f3a4c9d100000000";
const IDP: &str = "https://idp.example.com/api/v1/auth/saml";

fn request(acs_url: &str) -> AuthnRequest<'_> {
    AuthnRequest::new(ID, NOW, IDP, acs_url, "app-1")
}

/// Endpoint, XML and the rest of the parameters of a redirect.
fn read(redirect: &str) -> (String, String, Vec<(String, String)>) {
    let url = Url::parse(redirect).unwrap();
    let mut parameters = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned()));
    let (name, request) = parameters.next().unwrap();
    assert_eq!(name, "SAMLRequest");
    let packed: String = request.split_whitespace().collect();
    let mut xml = String::new();
    let deflated = BASE64_STANDARD.decode(packed).unwrap();
    DeflateDecoder::new(deflated.as_slice()).read_to_string(&mut xml).unwrap();
    let rest = parameters.collect();
    (url.as_str().split('?').next().unwrap().to_owned(), xml, rest)
}

/// What the original platform finds in a request: it searches the text (sso.md 1.6).
fn found<'a>(xml: &'a str, before: &str) -> &'a str {
    let (_, after) = xml.split_once(before).unwrap_or_else(|| panic!("no {before}"));
    let quote = after.chars().next().filter(|character| matches!(character, '"' | '\'')).unwrap();
    after[1..].split(quote).next().unwrap()
}

fn issuer(xml: &str) -> &str {
    let (_, after) = xml.split_once("<saml:Issuer").unwrap();
    after.split_once('>').unwrap().1.split("</saml:Issuer>").next().unwrap()
}

#[test]
fn the_original_platform_finds_what_it_looks_for() {
    let acs_url = "https://crm.example.com/consume/?marketplace=uat&x=ID='1'";
    let xml = request(acs_url).to_xml();
    assert_eq!(found(&xml, "ID="), ID);
    assert_eq!(
        found(&xml, "AssertionConsumerServiceURL="),
        "https://crm.example.com/consume/?marketplace=uat&amp;x=ID=&apos;1&apos;"
    );
    assert_eq!(issuer(&xml), "app-1");
    assert!(!xml.contains('\n') && xml.starts_with("<samlp:AuthnRequest "), "{xml}");
}

#[test]
fn a_parser_reads_back_every_value() {
    let odd = r#"a&b<c>d"e'f"#;
    let request = AuthnRequest::new(odd, NOW, odd, odd, odd).name_id_format(odd);
    let xml = request.to_xml();
    let document = roxmltree::Document::parse(&xml).unwrap();
    let root = document.root_element();
    for name in ["ID", "Destination", "AssertionConsumerServiceURL"] {
        assert_eq!(root.attribute(name), Some(odd), "{name}");
    }
    assert_eq!(root.attribute("IssueInstant"), Some("2026-03-01T09:59:58Z"));
    let texts: Vec<_> = root.children().map(|child| child.text().or(child.attribute("Format"))).collect();
    assert_eq!(texts, [Some(odd), Some(odd)]);
}

#[test]
fn the_request_is_deflated_and_parameters_follow_in_order() {
    let pairs = [("group_id", "cld-1"), ("a b", "c&d=e"), ("group_id", "ü+ "), ("empty", "")];
    let redirect = request("https://crm.example.com/consume").redirect_url(pairs.into_iter());
    let (endpoint, xml, rest) = read(&redirect);
    assert_eq!(endpoint, IDP);
    assert_eq!(xml, request("https://crm.example.com/consume").to_xml());
    let expected: Vec<_> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    assert_eq!(rest, expected);
    assert!(!redirect.contains("%0A") && !redirect.contains(' '), "{redirect}");
}

#[test]
fn an_endpoint_with_a_query_keeps_it() {
    let mut request = request("https://crm.example.com/consume");
    request.destination = "https://idp.example.com/saml?tenant=1";
    let redirect = request.redirect_url(std::iter::empty());
    assert!(redirect.starts_with("https://idp.example.com/saml?tenant=1&SAMLRequest="), "{redirect}");
}

#[test]
fn an_identifier_is_an_underscore_and_160_bits() {
    let mut random = [0; 20];
    random[0] = 0x0f;
    random[19] = 0xa1;
    assert_eq!(AuthnRequest::id_from(random), format!("_0f{}a1", "0".repeat(36)));
}

/// The recorded redirects of the Ruby, PHP and Java SDKs, and ours for the same settings and parameters.
#[test]
fn it_asks_for_what_the_original_sdks_asked_for() {
    let Some(folder) = folder("of 11 recorded redirects") else { return };
    let mut count = 0;
    for sdk in ["ruby", "php", "java"] {
        for line in text(&folder.join(format!("transcripts/client/{sdk}.jsonl"))).lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            if !field(&line, "/name").starts_with("init-redirect") {
                continue;
            }
            let recorded = &line["redirect"];
            let (endpoint, theirs, rest) = read(field(recorded, "/location"));
            assert_eq!(endpoint, field(recorded, "/endpoint"));
            assert_eq!(theirs, field(recorded, "/authn_request_xml"));

            let acs_url = unescaped(found(&theirs, "AssertionConsumerServiceURL="));
            let (id, issuer_text) = (found(&theirs, "ID=").to_owned(), issuer(&theirs).to_owned());
            let ours = AuthnRequest::new(&id, NOW, &endpoint, &acs_url, &issuer_text);
            let redirect =
                ours.redirect_url(rest.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            let (our_endpoint, xml, our_rest) = read(&redirect);
            assert_eq!((our_endpoint, our_rest), (endpoint, rest), "{sdk}");
            for what in ["ID=", "AssertionConsumerServiceURL=", " Version="] {
                assert_eq!(unescaped(found(&xml, what)), unescaped(found(&theirs, what)), "{sdk} {what}");
            }
            assert_eq!(issuer(&xml), issuer_text);
            count += 1;
        }
    }
    println!("{count} of 11 recorded redirects ran");
    assert_eq!(count, 11);
}

fn unescaped(text: &str) -> Cow<'_, str> {
    if text.contains("&amp;") { Cow::Owned(text.replace("&amp;", "&")) } else { Cow::Borrowed(text) }
}
