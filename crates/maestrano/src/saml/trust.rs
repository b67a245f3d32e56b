//! Whose signature is good: the pinned certificates of a marketplace, or their fingerprint.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;

use crate::rejection::Rejection;
use crate::saml::hash::Hash;

pub use crate::saml::certificate::{Certificate, CertificateError};

/// What a marketplace's responses must be signed with.
///
/// Certificates are pinned: neither their dates nor their issuers are looked at, only their public keys
/// count. There may be several while the platform changes from one to the next. A fingerprint is used only
/// where no certificate is known: the certificate that comes with a response is then trusted if it has this
/// fingerprint.
#[derive(Clone, Debug)]
pub struct Trust {
    certificates: Vec<Certificate>,
    fingerprint: Option<Fingerprint>,
    danger_allow_sha1: bool,
}

impl Trust {
    /// Trusts these certificates, or without any the certificate with this fingerprint. Without either
    /// nothing is trusted and every response is refused.
    #[must_use]
    pub const fn new(certificates: Vec<Certificate>, fingerprint: Option<Fingerprint>) -> Self {
        Self { certificates, fingerprint, danger_allow_sha1: false }
    }

    /// Accepts SHA-1 under modern certificates too. Collisions of SHA-1 can be made; allow it only for a
    /// platform that cannot sign otherwise, and tell it to change.
    #[must_use]
    pub fn danger_allow_sha1(mut self) -> Self {
        self.danger_allow_sha1 = true;
        self
    }

    /// Whether [`danger_allow_sha1`](Self::danger_allow_sha1) was called.
    #[must_use]
    pub const fn allows_sha1(&self) -> bool {
        self.danger_allow_sha1
    }

    /// The pinned certificates.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The pinned fingerprint.
    #[must_use]
    pub const fn fingerprint(&self) -> Option<&Fingerprint> {
        self.fingerprint.as_ref()
    }

    /// Checks a signature made with the key of a trusted certificate. `embedded` is the certificate that
    /// came with it (DER): it must be a trusted one, and is never a reason to trust by itself.
    pub(crate) fn check(
        &self,
        embedded: Option<&[u8]>,
        hashes: [Hash; 2],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Rejection> {
        let check = |certificate: &Certificate| {
            if hashes.contains(&Hash::Sha1) && !self.danger_allow_sha1 && !certificate.is_legacy() {
                return Err(Rejection::Sha1);
            }
            certificate.verify(hashes[0], message, signature)
        };
        match (embedded, self.certificates.as_slice()) {
            (Some(der), []) => {
                let matches = self.fingerprint.as_ref().is_some_and(|pinned| pinned.matches(der));
                let certificate = if matches { Certificate::from_der(der).ok() } else { None };
                check(&certificate.ok_or(Rejection::ForeignCertificate)?)
            }
            (None, []) => Err(Rejection::NoCertificate),
            (Some(der), pinned) => check(
                pinned
                    .iter()
                    .find(|certificate| certificate.der() == der)
                    .or_else(|| {
                        let embedded = Certificate::from_der(der).ok()?;
                        pinned.iter().find(|certificate| certificate.has_key_of(&embedded))
                    })
                    .ok_or(Rejection::ForeignCertificate)?,
            ),
            (None, pinned) => {
                let mut refused = Rejection::Signature;
                for certificate in pinned {
                    match check(certificate) {
                        Ok(()) => return Ok(()),
                        Err(rejection) => refused = rejection,
                    }
                }
                Err(refused)
            }
        }
    }
}

/// The SHA-256 or SHA-1 hash of a certificate.
///
/// Parsed from 64 or 40 hexadecimal digits in any case, with colons and white space between them or not;
/// printed in upper case with colons. Compared in constant time.
#[derive(Clone)]
pub struct Fingerprint(Box<[u8]>);

impl Fingerprint {
    /// Of a certificate (DER), by SHA-256.
    pub(crate) fn sha256(der: &[u8]) -> Self {
        Self(digest::digest(&digest::SHA256, der).as_ref().into())
    }

    /// Of a certificate (DER), by SHA-1.
    pub(crate) fn sha1(der: &[u8]) -> Self {
        Self(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, der).as_ref().into())
    }

    /// Whether a certificate (DER) has this fingerprint.
    pub(crate) fn matches(&self, der: &[u8]) -> bool {
        let algorithm = match self.0.len() {
            20 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            _ => &digest::SHA256,
        };
        verify_slices_are_equal(&self.0, digest::digest(algorithm, der).as_ref()).is_ok()
    }
}

impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl Eq for Fingerprint {}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let digits = text
            .chars()
            .filter(|character| *character != ':' && !character.is_whitespace())
            .map(|character| character.to_digit(16).ok_or(FingerprintError))
            .collect::<Result<Vec<u32>, _>>()?;
        if !matches!(digits.len(), 40 | 64) {
            return Err(FingerprintError);
        }
        let byte = |pair: &[u32]| pair.iter().fold(0u8, |byte, digit| 16 * byte + *digit as u8);
        Ok(Self(digits.chunks(2).map(byte).collect()))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            write!(formatter, "{}{byte:02X}", if index == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Fingerprint({self})")
    }
}

/// A text is not a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint has 64 hexadecimal digits (SHA-256) or 40 (SHA-1), with or without colons")]
#[non_exhaustive]
pub struct FingerprintError;

#[cfg(test)]
mod tests {
    use super::*;

    const SHA1: &str = "06:25:EF:77:80:C4:37:8B:19:56:D7:8D:4A:99:08:2B:B2:34:77:A5";

    #[test]
    fn a_fingerprint_is_read_in_any_spelling() {
        let expected: Fingerprint = SHA1.parse().unwrap();
        for text in [SHA1.to_lowercase(), SHA1.replace(':', ""), SHA1.replace(':', " "), format!(" {SHA1}\n")]
        {
            assert_eq!(text.parse(), Ok(expected.clone()), "{text}");
        }
        assert_eq!(expected.to_string(), SHA1);
    }

    #[test]
    fn anything_but_40_or_64_digits_is_no_fingerprint() {
        for text in ["", "06:25", &SHA1[1..], &format!("{SHA1}00"), &SHA1.replace('E', "G"), &"0".repeat(63)]
        {
            assert_eq!(text.parse::<Fingerprint>(), Err(FingerprintError), "{text}");
        }
        assert!("0".repeat(64).parse::<Fingerprint>().is_ok());
    }
}
