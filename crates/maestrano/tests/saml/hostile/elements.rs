//! Elements that do not belong there, and elements that are missing.

use maestrano::Rejection;

use super::Row;
use crate::kit::{Draft, element};

pub(super) fn rows() -> Vec<Row> {
    [roots(), strange_elements(), missing_elements()].into_iter().flatten().collect()
}

fn roots() -> Vec<Row> {
    let xml = Draft::new().xml();
    let signed = element(&xml, "Assertion");
    let soap = "http://schemas.xmlsoap.org/soap/envelope/";
    [
        ("the root has no namespace", "<Response/>".to_owned()),
        ("the root is of SAML 1.1", Draft::new().before("SAML:2.0:protocol", "SAML:1.0:protocol").xml()),
        (
            "the root's namespace is in other letters",
            Draft::new().before("SAML:2.0:protocol", "saml:2.0:protocol").xml(),
        ),
        ("the root is an artifact response", xml.replace("samlp:Response", "samlp:ArtifactResponse")),
        ("the root is a logout response", xml.replace("samlp:Response", "samlp:LogoutResponse")),
        ("the root is in other letters", xml.replace("samlp:Response", "samlp:response")),
        ("the root is the assertion", signed.to_owned()),
        (
            "the root is an envelope of SOAP",
            format!("<s:Envelope xmlns:s=\"{soap}\"><s:Body>{xml}</s:Body></s:Envelope>"),
        ),
        ("the root is a page of HTML", format!("<html><body>{xml}</body></html>")),
    ]
    .into_iter()
    .map(|(name, xml)| Row::new(name, xml, Rejection::NotAResponse))
    .collect()
}

fn strange_elements() -> Vec<Row> {
    let row = |name: &str, parent, draft| Row::new(name, draft, Rejection::Unexpected { parent });
    let around = |name: &str, to: &str| row(name, "Response", Draft::new().after("<samlp:Status>", to));
    let inside = |name: &str, parent, to: &str| {
        row(name, parent, Draft::new().before("<Conditions", &format!("{to}<Conditions")))
    };
    vec![
        around("the response has extensions", "<samlp:Extensions/><samlp:Status>"),
        around("the response has an element of another namespace", "<x xmlns=\"urn:x\"/><samlp:Status>"),
        around("words stand in the response", "words<samlp:Status>"),
        around("a section stands in the response", "<![CDATA[words]]><samlp:Status>"),
        around("the response has two statuses", "<samlp:Status/><samlp:Status>"),
        around(
            "the response has two issuers",
            "<Issuer xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"/><samlp:Status>",
        ),
        inside("the assertion has advice", "Assertion", "<Advice></Advice>"),
        inside("the assertion has two subjects", "Assertion", "<Subject></Subject>"),
        inside(
            "the assertion has an element of another namespace",
            "Assertion",
            "<x:Other xmlns:x=\"urn:x\"></x:Other>",
        ),
        inside("words stand in the assertion", "Assertion", "words"),
        row(
            "the assertion has two statements of attributes",
            "Assertion",
            Draft::new().before(
                "<AttributeStatement>",
                "<AttributeStatement></AttributeStatement><AttributeStatement>",
            ),
        ),
        row(
            "the assertion has two conditions",
            "Assertion",
            Draft::new().before("<AttributeStatement>", "<Conditions></Conditions><AttributeStatement>"),
        ),
        row(
            "the subject has two names",
            "Subject",
            Draft::new().before("<NameID", "<NameID>usr-666</NameID><NameID"),
        ),
        row(
            "the subject has an encrypted name",
            "Subject",
            Draft::new().before("<NameID", "<EncryptedID></EncryptedID><NameID"),
        ),
        row(
            "the subject has two confirmations",
            "Subject",
            Draft::new().before(
                "<SubjectConfirmation ",
                "<SubjectConfirmation></SubjectConfirmation><SubjectConfirmation ",
            ),
        ),
        row(
            "the confirmation has two data",
            "SubjectConfirmation",
            Draft::new().before(
                "<SubjectConfirmationData",
                "<SubjectConfirmationData></SubjectConfirmationData><SubjectConfirmationData",
            ),
        ),
        row(
            "the confirmation has a name",
            "SubjectConfirmation",
            Draft::new()
                .before("<SubjectConfirmationData", "<NameID>usr-666</NameID><SubjectConfirmationData"),
        ),
        row(
            "words stand in the conditions",
            "Conditions",
            Draft::new().before("</Conditions>", "words</Conditions>"),
        ),
        row(
            "words stand in a restriction of the audience",
            "AudienceRestriction",
            Draft::new().before("<Audience>", "words<Audience>"),
        ),
        row(
            "words stand in a restriction that names nobody",
            "AudienceRestriction",
            Draft::new().before("<Audience>https://crm.example.com/</Audience>", "words"),
        ),
        row(
            "an element stands in an audience",
            "AudienceRestriction",
            Draft::new().before("<Audience>", "<Audience><x></x>"),
        ),
        row(
            "a restriction of the audience has another element",
            "AudienceRestriction",
            Draft::new().before("<Audience>", "<Other></Other><Audience>"),
        ),
    ]
}

fn missing_elements() -> Vec<Row> {
    let row = |parent, what, draft| {
        Row::new(format!("{parent} has no {what}"), draft, Rejection::Missing { parent, what })
    };
    let without = |start: &str, end: &str| Draft::new().without(start, end);
    vec![
        row("Response", "Status", without("<samlp:Status>", "</samlp:Status>")),
        row("Assertion", "Subject", without("<Subject>", "</Subject>")),
        row("Subject", "NameID", without("<NameID", "</NameID>")),
        row("Subject", "SubjectConfirmation", without("<SubjectConfirmation ", "</SubjectConfirmation>")),
        row(
            "SubjectConfirmation",
            "SubjectConfirmationData",
            without("<SubjectConfirmationData", "</SubjectConfirmationData>"),
        ),
        row("Assertion", "Conditions", without("<Conditions", "</Conditions>")),
        row("Assertion", "AttributeStatement", without("<AttributeStatement>", "</AttributeStatement>")),
        row(
            "SubjectConfirmationData",
            "NotOnOrAfter",
            Draft::new().before(" NotOnOrAfter=\"2026-03-01T10:03:00Z\"", ""),
        ),
        row("Conditions", "NotOnOrAfter", Draft::new().before(" NotOnOrAfter=\"2026-03-01T11:00:00Z\"", "")),
        row(
            "AudienceRestriction",
            "Audience",
            Draft::new().before("<Audience>https://crm.example.com/</Audience>", ""),
        ),
        Row::new(
            "the name of the subject is empty",
            Draft::new().before(">usr-1</NameID>", "></NameID>"),
            Rejection::Missing { parent: "Subject", what: "NameID" },
        ),
        Row::new(
            "an element stands in the name of the subject",
            Draft::new().before(">usr-1</NameID>", ">usr-1<x></x></NameID>"),
            Rejection::Missing { parent: "Subject", what: "NameID" },
        ),
        Row::new(
            "the assertion of a signed response has no ID",
            Draft::new().response_signed().before(" ID=\"_a1\"", ""),
            Rejection::Missing { parent: "Assertion", what: "ID" },
        ),
    ]
}
