//! A certificate as it is pinned: its public key, and what it tells about its age.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::ParsedPublicKey;
use x509_cert::der::asn1::{AnyRef, BitStringRef, UintRef};
use x509_cert::der::{self, Decode as _, Reader as _, SliceReader, Tag, TagNumber, Tagged as _};

use crate::rejection::Rejection;
use crate::saml::base64_text;
use crate::saml::hash::Hash;
use crate::saml::trust::Fingerprint;

/// A certificate with an RSA key of 1,024 to 8,192 bits, as it is pinned.
///
/// It is read leniently: only its public key and the name of its signature algorithm are looked at, so that
/// a certificate with a wrong serial number or an unknown algorithm still names its key.
#[derive(Clone)]
pub struct Certificate {
    der: Box<[u8]>,
    /// `RSAPublicKey` of RFC 8017.
    public_key: Box<[u8]>,
    bits: usize,
    signed_with_sha1: bool,
    keys: Vec<(Hash, ParsedPublicKey)>,
}

impl Certificate {
    /// Reads a certificate: PEM, with text around it or not, or its base64 alone, in lines or not.
    ///
    /// # Errors
    ///
    /// The text holds no certificate, more than one, or one whose key cannot be used.
    pub fn parse(text: &str) -> Result<Self, CertificateError> {
        let body = pem_body(text)?;
        if body.trim().is_empty() {
            return Err(CertificateError::Empty);
        }
        let der = base64_text::decode(body.as_bytes()).ok_or(CertificateError::NotBase64)?;
        Self::from_der(&der)
    }

    /// Reads a certificate from its binary form (DER).
    ///
    /// # Errors
    ///
    /// The bytes are not a certificate, or its key cannot be used.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let (parts, rest) = CertificateParts::read(der).map_err(|_| CertificateError::NotACertificate)?;
        let der = der.get(..der.len() - rest).unwrap_or(der);
        if parts.key_algorithm != RSA_ENCRYPTION {
            return Err(CertificateError::NotRsa);
        }
        let bits = modulus_bits(parts.public_key).map_err(|_| CertificateError::NotRsa)?;
        if !(1024..=8192).contains(&bits) {
            return Err(CertificateError::KeySize { bits });
        }
        let mut keys = Vec::with_capacity(4);
        for hash in [Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512] {
            if let Some(algorithm) = hash.verification(bits) {
                let key = ParsedPublicKey::new(algorithm, parts.public_key);
                keys.push((hash, key.map_err(|_| CertificateError::NotRsa)?));
            }
        }
        Ok(Self {
            der: der.into(),
            public_key: parts.public_key.into(),
            bits,
            signed_with_sha1: SHA1_SIGNATURES.contains(&parts.signature_algorithm),
            keys,
        })
    }

    /// The binary form (DER).
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether another certificate has the same public key.
    #[must_use]
    pub fn has_key_of(&self, other: &Self) -> bool {
        self.public_key == other.public_key
    }

    /// The length of the RSA key in bits.
    #[must_use]
    pub const fn key_bits(&self) -> usize {
        self.bits
    }

    /// Whether this certificate is of the time of SHA-1: its key has less than 2,048 bits, or it is itself
    /// signed with SHA-1. Only a legacy certificate's responses may use SHA-1 (security.md 1.7).
    #[must_use]
    pub const fn is_legacy(&self) -> bool {
        self.bits < 2048 || self.signed_with_sha1
    }

    /// The SHA-256 fingerprint.
    #[must_use]
    pub fn sha256_fingerprint(&self) -> Fingerprint {
        Fingerprint::sha256(&self.der)
    }

    /// The SHA-1 fingerprint, the one that the platform's configuration carries.
    #[must_use]
    pub fn sha1_fingerprint(&self) -> Fingerprint {
        Fingerprint::sha1(&self.der)
    }

    /// Whether this certificate has that fingerprint.
    #[must_use]
    pub fn matches(&self, fingerprint: &Fingerprint) -> bool {
        fingerprint.matches(&self.der)
    }

    /// Checks a signature made with this certificate's key.
    pub(crate) fn verify(&self, hash: Hash, message: &[u8], signature: &[u8]) -> Result<(), Rejection> {
        let Some((_, key)) = self.keys.iter().find(|(of, _)| *of == hash) else {
            return Err(Rejection::ShortKey { bits: self.bits });
        };
        key.verify_sig(message, signature).map_err(|_| Rejection::Signature)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Certificate(RSA-{}, SHA-256 {})", self.bits, self.sha256_fingerprint())
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl FromStr for Certificate {
    type Err = CertificateError;

    fn from_str(text: &str) -> Result<Self, CertificateError> {
        Self::parse(text)
    }
}

/// Why a text is not a certificate that can be pinned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// There is nothing.
    #[error("it is empty; expected a certificate in PEM form")]
    Empty,
    /// The PEM block is of another kind, for example a private key.
    #[error("it is a PEM block of another kind; expected BEGIN CERTIFICATE")]
    OtherPem,
    /// The PEM block has no end line.
    #[error("its END CERTIFICATE line is missing; the text is probably cut off")]
    NoEnd,
    /// More than one certificate.
    #[error("it holds several certificates; give the platform's own alone, or several as a list")]
    Several,
    /// The body is not base64.
    #[error("its body is not base64; the text is probably cut off or changed")]
    NotBase64,
    /// The bytes are not a certificate.
    #[error("it is not an X.509 certificate; the text is probably cut off or changed")]
    NotACertificate,
    /// The key is not an RSA key.
    #[error("its key is not an RSA key; the platform signs with RSA")]
    NotRsa,
    /// The key is too short or too long.
    #[error("its RSA key has {bits} bits; 1024 to 8192 are accepted")]
    KeySize {
        /// The length of the key.
        bits: usize,
    },
}

/// Object identifiers in their binary form.
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const SHA1_SIGNATURES: [&[u8]; 4] = [
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5], // sha1WithRSAEncryption
    &[0x2b, 0x0e, 3, 2, 29],                        // the same, as OIW named it
    &[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3],          // dsa-with-sha1
    &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1],          // ecdsa-with-SHA1
];

/// The text between the first BEGIN and END lines, or the whole text when it has none.
fn pem_body(text: &str) -> Result<&str, CertificateError> {
    let Some((_, block)) = text.split_once("-----BEGIN ") else { return Ok(text) };
    let (label, block) = block.split_once("-----").ok_or(CertificateError::NotACertificate)?;
    if !matches!(label, "CERTIFICATE" | "X509 CERTIFICATE") {
        return Err(CertificateError::OtherPem);
    }
    let (body, rest) = block.split_once("-----END ").ok_or(CertificateError::NoEnd)?;
    if rest.contains("-----BEGIN CERTIFICATE") {
        return Err(CertificateError::Several);
    }
    Ok(body)
}

/// What is read of a certificate. Everything else in it is skipped, whatever it says.
struct CertificateParts<'a> {
    signature_algorithm: &'a [u8],
    key_algorithm: &'a [u8],
    /// `RSAPublicKey`, when the algorithm is RSA.
    public_key: &'a [u8],
}

impl<'a> CertificateParts<'a> {
    /// Reads the certificate at the beginning of `der`; tells also how many bytes follow it.
    fn read(der: &'a [u8]) -> der::Result<(Self, usize)> {
        let mut reader = SliceReader::new(der)?;
        let certificate = AnyRef::decode(&mut reader)?;
        let rest = usize::try_from(reader.remaining_len())?;

        let mut certificate = sequence(certificate)?;
        let mut body = sequence(AnyRef::decode(&mut certificate)?)?;
        let mut algorithm = sequence(AnyRef::decode(&mut certificate)?)?;
        let signature_algorithm = AnyRef::decode(&mut algorithm)?.value();

        // version [0], serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo
        let first = AnyRef::decode(&mut body)?;
        let has_version = matches!(first.tag(), Tag::ContextSpecific { number: TagNumber(0), .. });
        for _ in 0..(if has_version { 5 } else { 4 }) {
            AnyRef::decode(&mut body)?;
        }
        let mut key = sequence(AnyRef::decode(&mut body)?)?;
        let mut algorithm = sequence(AnyRef::decode(&mut key)?)?;
        let key_algorithm = AnyRef::decode(&mut algorithm)?.value();
        let public_key = BitStringRef::decode(&mut key)?.raw_bytes();
        Ok((Self { signature_algorithm, key_algorithm, public_key }, rest))
    }
}

fn sequence(value: AnyRef<'_>) -> der::Result<SliceReader<'_>> {
    value.tag().assert_eq(Tag::Sequence)?;
    SliceReader::new(value.value())
}

fn modulus_bits(public_key: &[u8]) -> der::Result<usize> {
    let mut key = sequence(AnyRef::from_der(public_key)?)?;
    let modulus = UintRef::decode(&mut key)?;
    let zeros = modulus.as_bytes().first().map_or(0, |byte| byte.leading_zeros() as usize);
    Ok(modulus.as_bytes().len() * 8 - zeros)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODERN: &str = include_str!("../../tests/saml/keys/modern.pem");
    const LEGACY: &str = include_str!("../../tests/saml/keys/legacy.pem");
    const SHA1_SIGNED: &str = include_str!("../../tests/saml/keys/sha1-signed.pem");
    const SHORT: &str = include_str!("../../tests/saml/keys/short.pem");
    const CURVE: &str = include_str!("../../tests/saml/keys/curve.pem");
    const TINY: &str = include_str!("../../tests/saml/keys/tiny.pem");

    fn body(pem: &str) -> String {
        pem.lines().filter(|line| !line.starts_with('-')).map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn a_certificate_is_read_in_every_usual_form() {
        let expected = Certificate::parse(MODERN).unwrap();
        let forms = [
            MODERN.trim_end().to_owned(),
            MODERN.replace('\n', "\r\n"),
            body(MODERN),
            body(MODERN).replace('\n', ""),
            format!("Certificate:\n    Data: …\n{MODERN}\nmore"),
            MODERN.replace("CERTIFICATE", "X509 CERTIFICATE"),
        ];
        for form in forms {
            assert_eq!(Certificate::parse(&form), Ok(expected.clone()), "{form}");
        }
    }

    #[test]
    fn fingerprints_are_those_that_openssl_prints() {
        let certificate = Certificate::parse(MODERN).unwrap();
        assert_eq!(
            certificate.sha256_fingerprint().to_string(),
            "47:D1:9A:6F:5D:E1:81:22:5E:17:D6:C9:D1:0E:8C:09:B6:9F:A6:02:F5:49:35:49:45:F6:EE:3E:0F:6C:F9:94"
        );
        assert_eq!(
            certificate.sha1_fingerprint().to_string(),
            "06:25:EF:77:80:C4:37:8B:19:56:D7:8D:4A:99:08:2B:B2:34:77:A5"
        );
    }

    #[test]
    fn a_certificate_is_legacy_when_its_key_is_short_or_it_is_signed_with_sha1() {
        let legacy = |pem| Certificate::parse(pem).unwrap().is_legacy();
        assert_eq!([MODERN, LEGACY, SHA1_SIGNED, SHORT].map(legacy), [false, true, true, true]);
    }

    #[test]
    fn what_is_no_certificate_is_told_apart() {
        let error = |text: &str| Certificate::parse(text).unwrap_err();
        assert_eq!(error(" \n"), CertificateError::Empty);
        assert_eq!(error(&MODERN.replace("CERTIFICATE", "PRIVATE KEY")), CertificateError::OtherPem);
        assert_eq!(error(&MODERN[..400]), CertificateError::NoEnd);
        assert_eq!(error(&format!("{MODERN}{LEGACY}")), CertificateError::Several);
        assert_eq!(error("not a certificate"), CertificateError::NotBase64);
        assert_eq!(error("AAAA"), CertificateError::NotACertificate);
        assert_eq!(error(&body(MODERN)[..130]), CertificateError::NotACertificate);
        assert_eq!(error(CURVE), CertificateError::NotRsa);
        assert_eq!(error(TINY), CertificateError::KeySize { bits: 512 });
    }

    #[test]
    fn bytes_that_are_cut_anywhere_are_no_certificate() {
        let der = Certificate::parse(MODERN).unwrap().der().to_vec();
        for length in 0..der.len() {
            assert!(Certificate::from_der(&der[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn what_follows_a_certificate_is_no_part_of_it() {
        let certificate = Certificate::parse(MODERN).unwrap();
        let longer = [certificate.der(), b"more"].concat();
        assert_eq!(Certificate::from_der(&longer), Ok(certificate));
    }
}
