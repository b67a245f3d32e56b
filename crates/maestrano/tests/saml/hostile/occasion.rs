//! Signed by the right one, for another occasion: another address, audience or request, or no success.

use maestrano::Rejection;

use super::Row;
use crate::kit::{ACS, Draft, REQUEST};

pub(super) fn rows() -> Vec<Row> {
    [addresses(), requests(), statuses(), confirmations()].into_iter().flatten().collect()
}

fn addresses() -> Vec<Row> {
    const AUDIENCE: &str = "<Audience>https://crm.example.com/</Audience>";
    let right = format!("\"{ACS}\"");
    let mut rows = Vec::new();
    for (name, address) in [
        ("of another application", "https://evil.example.com/maestrano/auth/saml/consume/uat".to_owned()),
        ("of another marketplace", ACS.replace("/uat", "/production")),
        ("followed by a slash", format!("{ACS}/")),
        ("followed by a query", format!("{ACS}?a=b")),
        ("in other letters", ACS.replace("crm", "CRM")),
        ("of another scheme", ACS.replace("https", "http")),
        ("of a user at another host", ACS.replace("crm.example.com", "crm.example.com@evil.example.com")),
        ("empty", String::new()),
    ] {
        let to = format!("\"{address}\"");
        rows.push(Row::new(
            format!("the destination is {name}"),
            Draft::new().before(&format!("Destination={right}"), &format!("Destination={to}")),
            Rejection::Destination,
        ));
        rows.push(Row::new(
            format!("the recipient is {name}"),
            Draft::new().before(&format!("Recipient={right}"), &format!("Recipient={to}")),
            Rejection::Recipient,
        ));
    }
    rows.extend([
        Row::new(
            "there is no destination",
            Draft::new().before(&format!(" Destination={right}"), ""),
            Rejection::Destination,
        ),
        Row::new(
            "there is no recipient",
            Draft::new().before(&format!(" Recipient={right}"), ""),
            Rejection::Recipient,
        ),
        Row::new(
            "the destination is of another namespace",
            Draft::new()
                .before("<samlp:Response ", "<samlp:Response xmlns:x=\"urn:x\" ")
                .before(" Destination=", " x:Destination="),
            Rejection::Destination,
        ),
        Row::new(
            "the destination is that of another namespace too",
            Draft::new().before("<samlp:Response ", "<samlp:Response xmlns:x=\"urn:x\" ").before(
                &format!(" Destination={right}"),
                &format!(" x:Destination={right} Destination=\"\""),
            ),
            Rejection::Destination,
        ),
        Row::new(
            "the destination was changed to another address",
            Draft::new().after(&right, "\"https://evil.example.com/\""),
            Rejection::Destination,
        ),
    ]);
    for (name, audience) in [
        ("of another application", "https://evil.example.com/"),
        ("of a host that begins like ours", "https://crm.example.com.evil.example/"),
        ("ours with two slashes", "https://crm.example.com//"),
        ("another path of ours", "https://crm.example.com/other"),
        ("ours without a scheme", "crm.example.com"),
        ("ours with blanks", " https://crm.example.com/ "),
        ("a blank", " "),
        ("another app's id", "app-2"),
    ] {
        rows.push(Row::new(
            format!("the audience is {name}"),
            Draft::new().before(AUDIENCE, &format!("<Audience>{audience}</Audience>")),
            Rejection::Audience,
        ));
    }
    let other = "<AudienceRestriction><Audience>app-2</Audience></AudienceRestriction>";
    rows.push(Row::new(
        "a second restriction of the audience is not met",
        Draft::new().before("</Conditions>", &format!("{other}</Conditions>")),
        Rejection::Audience,
    ));
    rows.push(Row::new(
        "none of several audiences is ours",
        Draft::new().before(AUDIENCE, "<Audience>app-2</Audience><Audience>app-3</Audience>"),
        Rejection::Audience,
    ));
    rows.push(Row::new(
        "an empty audience stands beside another application's",
        Draft::new().before(AUDIENCE, "<Audience></Audience><Audience>app-2</Audience>"),
        Rejection::Audience,
    ));
    for condition in ["ProxyRestriction", "Condition"] {
        rows.push(Row::new(
            format!("there is a {condition}, which nobody can meet"),
            Draft::new().before("</Conditions>", &format!("<{condition}></{condition}></Conditions>")),
            Rejection::UnknownCondition,
        ));
    }
    rows
}

fn requests() -> Vec<Row> {
    let outer = format!("ID=\"_r1\" InResponseTo=\"{REQUEST}\"");
    let inner = format!("<SubjectConfirmationData InResponseTo=\"{REQUEST}\"");
    let change = |name: &str, from: &str, to: &str, rejection| {
        Row::new(name, Draft::new().before(from, to), rejection)
    };
    vec![
        change("the response answers no request", &outer, "ID=\"_r1\"", Rejection::Unsolicited),
        change(
            "the response answers an empty request",
            &outer,
            "ID=\"_r1\" InResponseTo=\"\"",
            Rejection::Unsolicited,
        ),
        change(
            "the confirmation answers no request",
            &inner,
            "<SubjectConfirmationData",
            Rejection::Unsolicited,
        ),
        change(
            "the confirmation answers an empty request",
            &inner,
            "<SubjectConfirmationData InResponseTo=\"\"",
            Rejection::Unsolicited,
        ),
        change(
            "neither answers a request",
            &format!(" InResponseTo=\"{REQUEST}\""),
            "",
            Rejection::Unsolicited,
        ),
        change("both answer another request", REQUEST, "_other", Rejection::OtherRequest),
        change(
            "both answer the request in other letters",
            REQUEST,
            &REQUEST.to_uppercase(),
            Rejection::OtherRequest,
        ),
        change(
            "the response answers another request",
            &outer,
            "ID=\"_r1\" InResponseTo=\"_other\"",
            Rejection::TwoRequests,
        ),
        change(
            "the confirmation answers another request",
            &inner,
            "<SubjectConfirmationData InResponseTo=\"_other\"",
            Rejection::TwoRequests,
        ),
        Row::new(
            "the response was changed to answer this request",
            Draft::new()
                .before(REQUEST, "_other")
                .after("InResponseTo=\"_other\"", &format!("InResponseTo=\"{REQUEST}\"")),
            Rejection::TwoRequests,
        ),
    ]
}

fn statuses() -> Vec<Row> {
    const SUCCESS: &str = "status:Success\"></samlp:StatusCode>";
    let code =
        |value: &str| format!("<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:{value}\"/>");
    let status =
        |name: &str, from: &str, to: &str| Row::new(name, Draft::new().before(from, to), Rejection::Status);
    let version = |name: &str, of, from: &str, to: &str| {
        Row::new(name, Draft::new().before(from, to), Rejection::Version { of })
    };
    let response = "Z\" Version=\"2.0\"><Issuer xmlns";
    let assertion = "Z\" Version=\"2.0\"><Issuer>";
    vec![
        status("the platform could not sign the user in", "status:Success", "status:Responder"),
        status("the status is in other letters", "status:Success", "status:success"),
        status("the status is followed by a blank", "status:Success", "status:Success "),
        status(
            "a failure is nested in success",
            SUCCESS,
            &format!("status:Success\">{}</samlp:StatusCode>", code("AuthnFailed")),
        ),
        status(
            "success is nested in a failure",
            SUCCESS,
            &format!("status:Responder\">{}</samlp:StatusCode>", code("Success")),
        ),
        status(
            "success is nested in success",
            SUCCESS,
            &format!("status:Success\">{}</samlp:StatusCode>", code("Success")),
        ),
        status("a failure follows success", SUCCESS, &format!("{SUCCESS}{}", code("Responder"))),
        status(
            "a failure comes before success",
            "<samlp:StatusCode",
            &format!("{}<samlp:StatusCode", code("Responder")),
        ),
        status("the status code has no value", "samlp:StatusCode Value=", "samlp:StatusCode value="),
        status(
            "the status code's value has a namespace",
            "samlp:StatusCode Value=",
            "samlp:StatusCode samlp:Value=",
        ),
        status(
            "the status code is of another namespace",
            "<samlp:StatusCode",
            "<samlp:StatusCode xmlns:samlp=\"urn:x\"",
        ),
        status(
            "the status has no code",
            "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></samlp:StatusCode>",
            "<samlp:StatusMessage>Success</samlp:StatusMessage>",
        ),
        version("the response is of version 1.1", "Response", response, &response.replace("2.0", "1.1")),
        version(
            "the response has no version",
            "Response",
            response,
            &response.replace(" Version=\"2.0\"", ""),
        ),
        version(
            "the response's version is of another namespace",
            "Response",
            response,
            &response.replace(" Version", " samlp:Version"),
        ),
        version("the assertion is of version 1.1", "Assertion", assertion, &assertion.replace("2.0", "1.1")),
        version(
            "the assertion has no version",
            "Assertion",
            assertion,
            &assertion.replace(" Version=\"2.0\"", ""),
        ),
    ]
}

fn confirmations() -> Vec<Row> {
    let method = |name: &str, to: &str| {
        let draft = Draft::new().before(" Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"", to);
        Row::new(name, draft, Rejection::ConfirmationMethod)
    };
    vec![
        method(
            "the confirmation is by a sender who vouches",
            " Method=\"urn:oasis:names:tc:SAML:2.0:cm:sender-vouches\"",
        ),
        method(
            "the confirmation is by the holder of a key",
            " Method=\"urn:oasis:names:tc:SAML:2.0:cm:holder-of-key\"",
        ),
        method(
            "the confirmation is by a bearer of SAML 1.1",
            " Method=\"urn:oasis:names:tc:SAML:1.0:cm:bearer\"",
        ),
        method("the confirmation is by no method", ""),
        method("the confirmation is by an empty method", " Method=\"\""),
    ]
}
