//! Builds and signs responses, right ones and wrong ones.
//!
//! The canonical texts are written by hand and signed by another library than the verifier uses, so that one
//! mistake cannot cancel another. A test changes a text before it is signed ([`Draft::before`]), the
//! signature's own text ([`Draft::info`], [`Draft::signature`]), or the document after it is signed
//! ([`Draft::after`]); each change must find what it changes.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maestrano::Rejection;
use maestrano::saml::{Assertion, Expectations, Trust, verify};
use time::UtcDateTime;
use time::macros::utc_datetime;

use crate::keys::{Hash, Key, MODERN};

pub(crate) const ACS: &str = "https://crm.example.com/maestrano/auth/saml/consume/uat";
pub(crate) const REQUEST: &str = "_8c1f0f5de4b24f5a9d3e6d1c0b7a695847362514";
/// When the response arrives, half a minute after it was issued.
pub(crate) const NOW: UtcDateTime = utc_datetime!(2026-03-01 10:00:30);

/// Who signs what: the assertion, as the platform does, or the response.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Signed {
    Assertion,
    Response,
}

/// A response before it is signed.
#[derive(Clone)]
pub(crate) struct Draft {
    /// The response in canonical form, `{SIGNATURE}` where a signature over it belongs and `{ASSERTION}`
    /// where the assertion does.
    response: String,
    /// The assertion in canonical form, `{SIGNATURE}` where a signature over it belongs.
    assertion: String,
    /// The text of the assertion as it is sent, when it is not the canonical one.
    sent: Option<String>,
    /// `SignedInfo` in canonical form, `{DIGEST}` where the digest belongs.
    info: String,
    /// The signature, `{INFO}` and `{VALUE}` where these belong.
    signature: String,
    signed: Signed,
    key: &'static Key,
    hash: Hash,
    after: Vec<(String, String)>,
}

impl Draft {
    /// A response that is right in every respect, signed with the modern key and SHA-256.
    pub(crate) fn new() -> Self {
        Self::of(&ATTRIBUTES)
    }

    /// A right response with these attributes.
    pub(crate) fn of(attributes: &[(&str, &str)]) -> Self {
        let attributes: String = attributes.iter().map(|(name, value)| attribute(name, value)).collect();
        let draft = Self {
            response: RESPONSE.replace("{ACS}", ACS).replace("{REQUEST}", REQUEST),
            assertion: ASSERTION
                .replace("{ACS}", ACS)
                .replace("{REQUEST}", REQUEST)
                .replace("{ATTRIBUTES}", &attributes),
            sent: None,
            info: INFO.to_owned(),
            signature: SIGNATURE.to_owned(),
            signed: Signed::Assertion,
            key: &MODERN,
            hash: Hash::Sha256,
            after: Vec::new(),
        };
        draft.algorithms(Hash::Sha256, Hash::Sha256)
    }

    /// Signs with another key, and gives its certificate.
    pub(crate) fn signed_by(mut self, key: &'static Key) -> Self {
        self.key = key;
        self
    }

    /// Signs and digests by another hash.
    pub(crate) fn hashed_by(self, hash: Hash) -> Self {
        self.algorithms(hash, hash)
    }

    fn algorithms(mut self, method: Hash, digest: Hash) -> Self {
        self.info = INFO
            .replace("{METHOD}", method.signature_algorithm())
            .replace("{DIGEST METHOD}", digest.digest_algorithm());
        self.hash = method;
        self
    }

    /// Signs the response instead of the assertion.
    pub(crate) fn response_signed(mut self) -> Self {
        self.signed = Signed::Response;
        self.info = self.info.replace("#_a1", "#_r1");
        self
    }

    /// Changes the texts of response and assertion before they are signed.
    pub(crate) fn before(mut self, from: &str, to: &str) -> Self {
        assert!(self.response.contains(from) || self.assertion.contains(from), "nothing to change: {from}");
        self.response = self.response.replace(from, to);
        self.assertion = self.assertion.replace(from, to);
        self
    }

    /// Leaves out what stands from one text to another, before it is signed.
    pub(crate) fn without(mut self, from: &str, to: &str) -> Self {
        let text = if self.response.contains(from) { &mut self.response } else { &mut self.assertion };
        let (start, end) = (text.find(from).unwrap(), text.find(to).unwrap() + to.len());
        text.replace_range(start..end, "");
        self
    }

    /// As [`before`](Self::before), when there is something to change.
    pub(crate) fn before_if_there(mut self, from: &str, to: &str) -> Self {
        self.response = self.response.replace(from, to);
        self.assertion = self.assertion.replace(from, to);
        self
    }

    /// Changes the text of `SignedInfo` before it is signed.
    pub(crate) fn info(mut self, from: &str, to: &str) -> Self {
        assert!(self.info.contains(from), "nothing to change: {from}");
        self.info = self.info.replace(from, to);
        self
    }

    /// Changes the text of the signature around `SignedInfo`.
    pub(crate) fn signature(mut self, from: &str, to: &str) -> Self {
        assert!(self.signature.contains(from), "nothing to change: {from}");
        self.signature = self.signature.replace(from, to);
        self
    }

    /// Sends the assertion in another spelling of the same canonical form, after all changes
    /// [`before`](Self::before) it is signed.
    pub(crate) fn sent_as(mut self, from: &str, to: &str) -> Self {
        let sent = self.sent.take().unwrap_or_else(|| self.assertion.clone());
        assert!(sent.contains(from), "nothing to spell otherwise: {from}");
        self.sent = Some(sent.replace(from, to));
        self
    }

    /// Changes the document after it was signed. `{ASSERTION}` and `{SIGNATURE}` in the new text stand for
    /// the signed assertion and the signature.
    pub(crate) fn after(mut self, from: &str, to: &str) -> Self {
        self.after.push((from.to_owned(), to.to_owned()));
        self
    }

    /// The document.
    pub(crate) fn xml(&self) -> String {
        let bare = self.assertion.replace("{SIGNATURE}", "");
        let covered = match self.signed {
            Signed::Assertion => bare.clone(),
            Signed::Response => self.response.replace("{SIGNATURE}", "").replace("{ASSERTION}", &bare),
        };
        let digest = digest_method(&self.info).unwrap_or(self.hash).digest(covered.as_bytes());
        let info = self.info.replace("{DIGEST}", &BASE64_STANDARD.encode(digest));
        let value = BASE64_STANDARD.encode(self.key.sign(self.hash, info.as_bytes()));
        let signature = self
            .signature
            .replace("{INFO}", &info)
            .replace("{VALUE}", &value)
            .replace("{CERTIFICATE}", &self.key.body());

        let sent = self.sent.as_ref().unwrap_or(&self.assertion);
        let (outer, inner) = match self.signed {
            Signed::Assertion => ("", signature.as_str()),
            Signed::Response => (signature.as_str(), ""),
        };
        let assertion = sent.replace("{SIGNATURE}", inner);
        let mut xml = self.response.replace("{SIGNATURE}", outer).replace("{ASSERTION}", &assertion);
        for (from, to) in &self.after {
            assert!(xml.contains(from), "nothing to change: {from}");
            let to = to.replace("{ASSERTION}", &assertion).replace("{SIGNATURE}", &signature);
            xml = xml.replacen(from, &to, 1);
        }
        xml
    }

    /// The value of the form field.
    pub(crate) fn form_value(&self) -> String {
        form_value(self.xml())
    }

    /// Verified as an application does whose marketplace has the certificate of `key`.
    pub(crate) fn verified_by(&self, key: &Key) -> Result<Assertion, Rejection> {
        verify_for(&self.form_value(), &trust(key), NOW)
    }

    /// Verified with the modern certificate.
    pub(crate) fn verified(&self) -> Result<Assertion, Rejection> {
        self.verified_by(&MODERN)
    }
}

pub(crate) fn trust(key: &Key) -> Trust {
    Trust::new(vec![key.certificate()], None)
}

pub(crate) fn verify_for(form_value: &str, trust: &Trust, now: UtcDateTime) -> Result<Assertion, Rejection> {
    let expectations = Expectations::new(trust, ACS).request_id(REQUEST);
    verify(form_value.as_bytes(), &expectations, now)
}

pub(crate) fn form_value(xml: impl AsRef<[u8]>) -> String {
    BASE64_STANDARD.encode(xml.as_ref())
}

/// An attribute in canonical form; the value must be in that form already.
pub(crate) fn attribute(name: &str, value: &str) -> String {
    format!("<Attribute Name=\"{name}\"><AttributeValue>{value}</AttributeValue></Attribute>")
}

/// The first element of that qualified name, from its start tag to its end tag.
pub(crate) fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let (start, end) = (format!("<{name}"), format!("</{name}>"));
    let is_start = |at: &usize| matches!(xml.as_bytes()[at + start.len()], b' ' | b'>');
    let from = xml.match_indices(&start).map(|(at, _)| at).find(is_start).unwrap();
    let to = from + xml[from..].find(&end).unwrap() + end.len();
    &xml[from..to]
}

fn digest_method(info: &str) -> Option<Hash> {
    let (_, after) = info.split_once("<ds:DigestMethod Algorithm=\"")?;
    let algorithm = after.split('"').next()?;
    [Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512]
        .into_iter()
        .find(|hash| hash.digest_algorithm() == algorithm)
}

/// What the platform says of a user in a group (sso.md 1.11).
pub(crate) const ATTRIBUTES: [(&str, &str); 24] = [
    ("mno_uid", "usr-1"),
    ("mno_session", "token-of-the-session"),
    ("mno_session_recheck", "2026-03-01T10:03:00Z"),
    ("group_uid", "cld-1"),
    ("group_name", "Acme &amp; Sons"),
    ("group_end_free_trial", "2026-04-01T10:00:00Z"),
    ("group_role", "Super Admin"),
    ("group_has_credit_card", "true"),
    ("group_email", "cld-1@example.com"),
    ("group_currency", "AUD"),
    ("group_timezone", "Australia/Sydney"),
    ("group_country", "AU"),
    ("group_city", "Sydney"),
    ("group_reseller_id", "rsl-9"),
    ("uid", "usr-1"),
    ("virtual_uid", "usr-1.cld-1"),
    ("email", "zoe@example.com"),
    ("virtual_email", "usr-1.cld-1@mail.example.com"),
    ("name", "Zoë"),
    ("surname", "O'Neil"),
    ("country", "NZ"),
    ("company_name", ""),
    ("app_owner", "true"),
    ("organizations", "{}"),
];

const RESPONSE: &str = concat!(
    r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol""#,
    r#" Destination="{ACS}" ID="_r1" InResponseTo="{REQUEST}""#,
    r#" IssueInstant="2026-03-01T10:00:00Z" Version="2.0">"#,
    r#"<Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">https://idp.example.com/api/v1/auth/saml</Issuer>"#,
    r#"{SIGNATURE}<samlp:Status>"#,
    r#"<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"></samlp:StatusCode>"#,
    r#"</samlp:Status>{ASSERTION}</samlp:Response>"#,
);

const ASSERTION: &str = concat!(
    r#"<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion""#,
    r#" ID="_a1" IssueInstant="2026-03-01T10:00:00Z" Version="2.0">"#,
    r#"<Issuer>https://idp.example.com/api/v1/auth/saml</Issuer>{SIGNATURE}"#,
    r#"<Subject><NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">usr-1</NameID>"#,
    r#"<SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">"#,
    r#"<SubjectConfirmationData InResponseTo="{REQUEST}" NotOnOrAfter="2026-03-01T10:03:00Z""#,
    r#" Recipient="{ACS}"></SubjectConfirmationData></SubjectConfirmation></Subject>"#,
    r#"<Conditions NotBefore="2026-03-01T09:59:55Z" NotOnOrAfter="2026-03-01T11:00:00Z">"#,
    r#"<AudienceRestriction><Audience>https://crm.example.com/</Audience></AudienceRestriction></Conditions>"#,
    r#"<AttributeStatement>{ATTRIBUTES}</AttributeStatement>"#,
    r#"<AuthnStatement AuthnInstant="2026-03-01T10:00:00Z" SessionIndex="_a1"><AuthnContext>"#,
    r#"<AuthnContextClassRef>urn:federation:authentication:windows</AuthnContextClassRef>"#,
    r#"</AuthnContext></AuthnStatement></Assertion>"#,
);

const INFO: &str = concat!(
    r#"<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">"#,
    r#"<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod>"#,
    r#"<ds:SignatureMethod Algorithm="{METHOD}"></ds:SignatureMethod>"#,
    r##"<ds:Reference URI="#_a1"><ds:Transforms>"##,
    r#"<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>"#,
    r#"<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform></ds:Transforms>"#,
    r#"<ds:DigestMethod Algorithm="{DIGEST METHOD}"></ds:DigestMethod>"#,
    r#"<ds:DigestValue>{DIGEST}</ds:DigestValue></ds:Reference></ds:SignedInfo>"#,
);

const SIGNATURE: &str = concat!(
    r#"<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">{INFO}"#,
    r#"<ds:SignatureValue>{VALUE}</ds:SignatureValue>"#,
    r#"<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>"#,
    r#"<ds:X509Certificate>{CERTIFICATE}</ds:X509Certificate></ds:X509Data></KeyInfo></ds:Signature>"#,
);
