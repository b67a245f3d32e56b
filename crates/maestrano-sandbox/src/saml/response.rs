//! The Response, written byte by byte in the shape of sso.md 1.8, which is canonical XML where it is signed.

use base64::prelude::{BASE64_STANDARD, Engine};
use time::{Duration, OffsetDateTime};

use crate::{
    error::Error,
    fault::Fault,
    instant,
    keys::SigningKey,
    options::Signature,
    saml::{
        AuthnRequest,
        xml::{attribute, text},
    },
    secret::random_id,
};

/// A response before it is written. Faults change it; [`Response::write`] signs what it then says.
pub(crate) struct Response {
    issued: OffsetDateTime,
    issuer: String,
    in_response_to: String,
    /// Destination and recipient.
    recipient: String,
    audience: String,
    uid: String,
    attributes: Vec<(&'static str, String)>,
    prolog: &'static str,
    first_assertion: Option<String>,
}

impl Response {
    /// The answer to a request: about the user `uid`, with these attributes, issued now.
    ///
    /// `issuer` is the platform's own URL of the request, cut at the first `&`.
    pub(crate) fn new(
        request: &AuthnRequest,
        issuer: String,
        uid: &str,
        attributes: Vec<(&'static str, String)>,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            issued: now,
            issuer,
            in_response_to: request.id.clone(),
            recipient: request.acs.clone(),
            audience: origin_with_slash(&request.acs).to_owned(),
            uid: uid.to_owned(),
            attributes,
            prolog: "",
            first_assertion: None,
        }
    }

    /// Makes the response wrong. Faults of the signature are the caller's: they are a matter of the key.
    pub(crate) fn commit(&mut self, fault: Fault) {
        match fault {
            Fault::ResponseExpired => self.issued -= Duration::hours(2),
            Fault::ResponseNotYetValid => self.issued += Duration::hours(2),
            Fault::ResponseForOtherAudience => self.audience = "https://other-app.example.com/".to_owned(),
            Fault::ResponseForOtherRecipient => {
                self.recipient = "https://other-app.example.com/maestrano/auth/saml/consume".to_owned();
            }
            Fault::ResponseToOtherRequest => self.in_response_to = random_id(),
            Fault::ResponseWithTwoAssertions => {
                let mut attributes = self.attributes.clone();
                for (name, value) in &mut attributes {
                    if matches!(*name, "mno_uid" | "uid") {
                        "usr-of-an-attacker".clone_into(value);
                    }
                }
                self.first_assertion =
                    Some(self.assertion(&random_id(), "usr-of-an-attacker", &attributes, ""));
            }
            Fault::ResponseWithInjectedUid => self.attributes.push(("uid", "usr-of-an-attacker".to_owned())),
            Fault::ResponseWithDoctype => self.prolog = "<!DOCTYPE Response [<!ENTITY who \"usr-1\">]>",
            _ => {}
        }
    }

    /// The document, signed unless there is no key.
    pub(crate) fn write(&self, key: Option<&SigningKey>) -> Result<String, Error> {
        let assertion_id = random_id();
        let signature = match key {
            Some(key) => {
                let signed = self.assertion(&assertion_id, &self.uid, &self.attributes, "");
                signature(key, &assertion_id, signed.as_bytes())?
            }
            None => String::new(),
        };
        Ok(format!(
            "{prolog}<samlp:Response ID=\"{id}\" Version=\"2.0\" IssueInstant=\"{issued}\" Destination=\"{recipient}\" \
             Consent=\"urn:oasis:names:tc:SAML:2.0:consent:unspecified\" InResponseTo=\"{request}\" \
             xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
             <Issuer xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">{issuer}</Issuer>\
             <samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\" /></samlp:Status>\
             {first_assertion}{assertion}</samlp:Response>",
            prolog = self.prolog,
            id = random_id(),
            issued = instant::written(self.issued),
            recipient = attribute(&self.recipient),
            request = attribute(&self.in_response_to),
            issuer = text(&self.issuer),
            first_assertion = self.first_assertion.as_deref().unwrap_or_default(),
            assertion = self.assertion(&assertion_id, &self.uid, &self.attributes, &signature),
        ))
    }

    /// With an empty signature, these are the very bytes that are digested.
    fn assertion(&self, id: &str, uid: &str, attributes: &[(&str, String)], signature: &str) -> String {
        let after = |seconds| instant::written(self.issued + Duration::seconds(seconds));
        let attributes: String = attributes
            .iter()
            .map(|(name, value)| {
                let (name, value) = (attribute(name), text(value));
                format!("<Attribute Name=\"{name}\"><AttributeValue>{value}</AttributeValue></Attribute>")
            })
            .collect();
        format!(
            "<Assertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{id}\" IssueInstant=\"{issued}\" \
             Version=\"2.0\"><Issuer>{issuer}</Issuer>{signature}<Subject>\
             <NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">{uid}</NameID>\
             <SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
             <SubjectConfirmationData InResponseTo=\"{request}\" NotOnOrAfter=\"{confirmed_until}\" \
             Recipient=\"{recipient}\"></SubjectConfirmationData></SubjectConfirmation></Subject>\
             <Conditions NotBefore=\"{not_before}\" NotOnOrAfter=\"{not_on_or_after}\">\
             <AudienceRestriction><Audience>{audience}</Audience></AudienceRestriction></Conditions>\
             <AttributeStatement>{attributes}</AttributeStatement>\
             <AuthnStatement AuthnInstant=\"{issued}\" SessionIndex=\"{id}\"><AuthnContext>\
             <AuthnContextClassRef>urn:federation:authentication:windows</AuthnContextClassRef>\
             </AuthnContext></AuthnStatement></Assertion>",
            issued = instant::written(self.issued),
            issuer = text(&self.issuer),
            uid = text(uid),
            request = attribute(&self.in_response_to),
            confirmed_until = after(180),
            recipient = attribute(&self.recipient),
            not_before = after(-5),
            not_on_or_after = after(3600),
            audience = text(&self.audience),
        )
    }
}

/// The Signature element over an assertion's canonical bytes.
fn signature(key: &SigningKey, assertion_id: &str, assertion: &[u8]) -> Result<String, Error> {
    let (method, digest) = match key.signature() {
        Signature::Modern => {
            ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256")
        }
        Signature::Legacy => {
            ("http://www.w3.org/2000/09/xmldsig#rsa-sha1", "http://www.w3.org/2000/09/xmldsig#sha1")
        }
    };
    let signed_info = format!(
        "<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
         <ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">\
         </ds:CanonicalizationMethod><ds:SignatureMethod Algorithm=\"{method}\"></ds:SignatureMethod>\
         <ds:Reference URI=\"#{assertion_id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>\
         <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{digest}\"></ds:DigestMethod>\
         <ds:DigestValue>{value}</ds:DigestValue></ds:Reference></ds:SignedInfo>",
        value = BASE64_STANDARD.encode(key.signature().digest(assertion)),
    );
    Ok(format!(
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{signed_info}\
         <ds:SignatureValue>{value}</ds:SignatureValue>\
         <KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>\
         <ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></KeyInfo></ds:Signature>",
        value = BASE64_STANDARD.encode(key.sign(signed_info.as_bytes())?),
        certificate = key.certificate_body(),
    ))
}

/// Everything up to and including the first slash after the two of the scheme; empty when there is none
/// (sso.md 1.8, `{AUD}`).
fn origin_with_slash(url: &str) -> &str {
    let host = url.find("//").map_or(0, |at| at + 2);
    let end = url.get(host..).and_then(|rest| rest.find('/')).map_or(0, |at| host + at + 1);
    url.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audience_is_the_origin_with_a_slash_or_empty_without_a_path() {
        for (url, audience) in [
            ("http://localhost:3000/consume?x=/", "http://localhost:3000/"),
            ("https://app.example.com", ""),
            ("https://é/", "https://é/"),
            ("", ""),
        ] {
            assert_eq!(origin_with_slash(url), audience);
        }
    }
}
