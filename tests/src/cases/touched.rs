//! Responses that were good until somebody touched them on their way through the browser.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;

use crate::browser::Request;
use crate::crm::me;
use crate::subject::Subject;
use crate::world::{JOHN, World};

const SECOND_UID: &str =
    "<AttributeStatement><Attribute Name=\"uid\"><AttributeValue>usr-2</AttributeValue></Attribute>";
const XPATH: &str = "<ds:Transforms><ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\">\
                     <ds:XPath>not(self::*)</ds:XPath></ds:Transform>";

/// Whatever is changed, left out or wrapped, the signature does not speak for it (security.md 1.1, 1.5, 1.6). The very
/// response as it was still signs in.
pub async fn a_response_that_was_touched_signs_nobody_in(subject: &Subject) {
    let mut world = World::new(subject).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    let response = world.response_for(&mut tab, "/me").await;
    let xml = document(&response);
    for (what, touched) in touched(&xml) {
        assert_ne!(touched, xml, "{what}: nothing was touched");
        tab.go(carrying(&response, &touched)).await;
        assert_eq!(tab.page().status, StatusCode::FORBIDDEN, "{what}: {}", tab.page().text());
        let reference = tab.page().reference().unwrap_or_else(|| panic!("{what}: no reference"));
        let line = world.log_line(&reference).await;
        assert!(line.contains("login refused"), "{what}: {line}");
        assert!(world.session_cookie(&browser).is_none(), "{what}");
    }
    tab.go(response).await;
    assert_eq!(me(&tab).await["uid"], JOHN.uid);
}

/// A comment inside a value is not part of what is signed; the value is whole with it and without (security.md 1.9).
pub async fn a_comment_does_not_cut_a_value(subject: &Subject) {
    let world = World::new(subject).await;
    let mut tab = world.browser().tab();
    let response = world.response_for(&mut tab, "/me").await;
    let xml = document(&response);
    let commented =
        xml.replace(">usr-1<", ">usr<!-- -->-1<").replace(JOHN.email, "john<!---->.doe@example.com");
    assert_ne!(commented, xml);
    tab.go(carrying(&response, &commented)).await;
    let known = me(&tab).await;
    assert_eq!((&known["uid"], &known["email"]), (&JOHN.uid.into(), &JOHN.email.into()));
}

/// White space and line breaks around the base64, and padding left away, change nothing; other letters do.
pub async fn the_base64_may_be_broken_into_lines_and_nothing_else(subject: &Subject) {
    let world = World::new(subject).await;
    let as_it_was: fn(&str) -> String = str::to_owned;
    for (what, spoil, status) in [
        ("as it was", as_it_was, 200),
        ("one line, no padding", |text| lines_away(text).trim_end_matches('=').to_owned(), 200),
        ("space around", |text| format!(" \t\r\n{}\n\n", text.replace('\n', "\r\n ")), 200),
        ("url-safe letters", |text| text.replace('+', "-").replace('/', "_") + "-_", 403),
        ("something in front", |text| format!("x{text}"), 403),
        ("cut short", |text| text.chars().take(text.len() / 2).collect(), 403),
        ("twice", |text| text.repeat(2), 403),
    ] {
        let mut tab = world.browser().tab();
        let response = world.response_for(&mut tab, "/me").await;
        let spoiled = spoil(response.field("SAMLResponse"));
        tab.go(response.with_field("SAMLResponse", &spoiled)).await;
        assert_eq!(tab.page().status.as_u16(), status, "{what}: {}", tab.page().text());
    }
}

fn touched(xml: &str) -> Vec<(&'static str, String)> {
    let part = |name: &str| {
        let from = xml.find(&format!("<{name}")).unwrap_or_else(|| panic!("no {name} in the response"));
        let end = format!("</{name}>");
        let to = xml.find(&end).unwrap_or_else(|| panic!("no end of {name} in the response")) + end.len();
        &xml[from..to]
    };
    let (assertion, signature) = (part("Assertion"), part("ds:Signature"));
    let (status, head) = (part("samlp:Status"), &xml[..xml.find("<Issuer").unwrap_or_default()]);
    let unsigned = assertion.replace(signature, "");
    let forged = unsigned.replace("usr-1", "usr-2").replace(" ID=\"", " ID=\"evil");
    let beside = format!("{signature}<Assertion");
    let extensions = format!("<samlp:Extensions>{assertion}</samlp:Extensions>{status}");
    let object = format!("<ds:Object>{unsigned}</ds:Object></ds:Signature>");
    let hiding = format!("{}<Subject>", signature.replace("</ds:Signature>", &object));
    let advice = format!("<Advice>{assertion}</Advice></Assertion>");
    let with_entity = format!("<!DOCTYPE r [<!ENTITY u \"usr-2\">]>{xml}");
    let empty = |name: &str| xml.replace(part(name), &format!("<{name}></{name}>"));
    vec![
        ("another user", xml.replace("usr-1", "usr-2")),
        ("another user in one attribute", xml.replacen(">usr-1</Attr", ">usr-2</Attr", 1)),
        ("another company", xml.replace("cld-1", "cld-2")),
        ("another role", xml.replace(">Admin<", ">Super Admin<")),
        ("a longer life", xml.replace("NotOnOrAfter=\"2", "NotOnOrAfter=\"3")),
        ("a second uid", xml.replace("<AttributeStatement>", SECOND_UID)),
        ("no signature", xml.replace(signature, "")),
        ("two signatures", xml.replace(signature, &signature.repeat(2))),
        ("the signature beside", xml.replace(signature, "").replace("<Assertion", &beside)),
        ("a digest of nothing", empty("ds:DigestValue")),
        ("a signature of nothing", empty("ds:SignatureValue")),
        ("a reference to everything", replace_between(xml, "<ds:Reference URI=\"", "\"", "")),
        ("an HMAC", xml.replace("2001/04/xmldsig-more#rsa-sha256", "2000/09/xmldsig#hmac-sha1")),
        ("one transform more", xml.replace("<ds:Transforms>", XPATH)),
        ("a forged one first", xml.replace(assertion, &format!("{forged}{assertion}"))),
        ("a forged one last", xml.replace(assertion, &format!("{assertion}{forged}"))),
        ("the signed one among extensions", xml.replace(assertion, &forged).replace(status, &extensions)),
        ("the signed one in a signature", xml.replace(assertion, &forged.replace("<Subject>", &hiding))),
        ("the signed one inside", xml.replace(assertion, &forged.replace("</Assertion>", &advice))),
        ("a second root", format!("{xml}{xml}")),
        ("the assertion alone", assertion.to_owned()),
        ("a failure with an assertion", xml.replace("status:Success", "status:Responder")),
        ("another destination", replace_between(xml, "Destination=\"", "\"", "https://evil.example/")),
        ("another request", replace_between(xml, "InResponseTo=\"", "\"", "_evil")),
        ("an entity", with_entity.replace(">usr-1<", ">&u;<")),
        ("a processing instruction", xml.replace(head, &format!("{head}<?evil?>"))),
    ]
}

/// The document with what stands between `from` and `to` replaced, at the first place.
fn replace_between(xml: &str, from: &str, to: &str, with: &str) -> String {
    let start = xml.find(from).unwrap_or_else(|| panic!("no {from} in the response")) + from.len();
    let end = start + xml[start..].find(to).unwrap_or_default();
    format!("{}{with}{}", &xml[..start], &xml[end..])
}

fn lines_away(base64: &str) -> String {
    base64.split_whitespace().collect()
}

fn document(response: &Request) -> String {
    let base64 = lines_away(response.field("SAMLResponse"));
    String::from_utf8(STANDARD.decode(base64).expect("the response is base64")).expect("it is UTF-8")
}

fn carrying(response: &Request, xml: &str) -> Request {
    response.clone().with_field("SAMLResponse", &STANDARD.encode(xml))
}
