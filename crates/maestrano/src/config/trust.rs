//! Whose signature counts at a marketplace: `sso.x509_certificate`, `sso.x509_certificates` and
//! `sso.x509_fingerprint`.

use super::environment::{Environment, PUBLIC_SANDBOX};
use super::section::Section;
use crate::saml::trust::{Certificate, Fingerprint, Trust};

/// What the section `sso` says, else what is known about the environment.
pub(super) fn read(sso: &Section<'_>, known: Option<Environment>) -> Option<Trust> {
    let keys = ["x509_certificate", "x509_certificates", "x509_fingerprint"];
    let given = keys.iter().any(|key| sso.has(key));
    if let Some(known) = known.filter(|_| !given) {
        return Some(Trust::new(Vec::new(), known.fingerprint.parse().ok()));
    }
    if !given {
        sso.note("x509_certificate", "is missing: give the certificate that the platform signs with");
    }

    let fingerprint = sso.parsed("x509_fingerprint", str::parse::<Fingerprint>);
    let certificates = certificates(sso)?;
    match &fingerprint {
        Some(fingerprint) if !certificates.is_empty() => {
            // While the platform changes its certificate, the fingerprint is that of one of them.
            if !certificates.iter().any(|certificate| certificate.matches(fingerprint)) {
                let message = "is not the fingerprint of the certificate: one of the two is wrong";
                sso.note("x509_fingerprint", message);
            }
            Some(Trust::new(certificates, None))
        }
        _ => Some(Trust::new(certificates, fingerprint)),
    }
}

/// Whether the sandbox's public certificate is trusted.
pub(super) fn is_public(trust: &Trust) -> bool {
    PUBLIC_SANDBOX.iter().filter_map(|text| text.parse::<Fingerprint>().ok()).any(|public| {
        trust.fingerprint() == Some(&public)
            || trust.certificates().iter().any(|certificate| certificate.matches(&public))
    })
}

/// All certificates, or none when one of them is broken.
fn certificates(sso: &Section<'_>) -> Option<Vec<Certificate>> {
    let one = sso.text("x509_certificate").map(|text| ("x509_certificate".to_owned(), text));
    let several = sso.texts("x509_certificates").into_iter().enumerate();
    let several = several.map(|(index, text)| (format!("x509_certificates[{index}]"), text));
    let read = |(key, text): (String, &str)| {
        Certificate::parse(text).map_err(|problem| sso.note(&key, problem)).ok()
    };
    let all: Vec<Option<Certificate>> = one.into_iter().chain(several).map(read).collect();
    all.into_iter().collect()
}
