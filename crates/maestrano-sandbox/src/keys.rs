//! The keys that sign, and the certificates that go with them.

use std::{str::FromStr, time::Duration};

use rsa::{
    PrivateKey, pkcs1v15,
    pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding},
    rand_core::UnwrapErr,
    signature::{SignatureEncoding, Signer},
};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use x509_cert::{
    TbsCertificate,
    builder::{Builder, CertificateBuilder, profile::BuilderProfile},
    der::EncodePem,
    ext::Extension,
    name::Name,
    serial_number::SerialNumber,
    spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef},
    time::Validity,
};

use crate::{error::Error, options::Signature};

/// A private key with its self-signed certificate.
#[derive(Clone)]
pub(crate) struct SigningKey {
    signature: Signature,
    private: PrivateKey,
    certificate_pem: String,
    fingerprint: String,
}

impl SigningKey {
    /// Makes a new key. Takes its time: a few hundred milliseconds.
    pub(crate) fn generate(signature: Signature, owner: &str) -> Result<Self, Error> {
        let bits = match signature {
            Signature::Modern => 2048,
            Signature::Legacy => 1024,
        };
        let private = PrivateKey::new(&mut UnwrapErr(getrandom::SysRng), bits).map_err(failed)?;
        let certificate_pem = certificate(signature, &private, owner)?;
        Self::new(signature, private, certificate_pem)
    }

    pub(crate) fn from_pem(signature: Signature, private: &str, certificate: String) -> Result<Self, Error> {
        Self::new(signature, PrivateKey::from_pkcs8_pem(private).map_err(failed)?, certificate)
    }

    fn new(signature: Signature, private: PrivateKey, certificate_pem: String) -> Result<Self, Error> {
        let (_, der) = x509_cert::der::pem::decode_vec(certificate_pem.as_bytes()).map_err(failed)?;
        let bytes: Vec<String> = Sha1::digest(&der).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { signature, private, certificate_pem, fingerprint: bytes.join(":") })
    }

    pub(crate) fn private_pem(&self) -> Result<String, Error> {
        Ok(self.private.to_pkcs8_pem(LineEnding::LF).map_err(failed)?.to_string())
    }

    pub(crate) fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The base64 lines between BEGIN and END, without a line break before or after (sso.md 1.8).
    pub(crate) fn certificate_body(&self) -> String {
        self.certificate_pem.lines().filter(|line| !line.starts_with("-----")).collect::<Vec<_>>().join("\n")
    }

    /// SHA-1 of the certificate, as 20 pairs of hexadecimal digits with colons (config.md 3.5).
    pub(crate) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    pub(crate) fn signature(&self) -> Signature {
        self.signature
    }

    /// RSASSA-PKCS1-v1_5 over the bytes.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let private = self.private.clone();
        let signed = match self.signature {
            Signature::Modern => pkcs1v15::SigningKey::<Sha256>::new(private).try_sign(bytes),
            Signature::Legacy => pkcs1v15::SigningKey::<Sha1>::new(private).try_sign(bytes),
        };
        Ok(signed.map_err(failed)?.to_vec())
    }
}

impl Signature {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Modern => "rsa-sha256",
            Self::Legacy => "rsa-sha1",
        }
    }

    /// The digest of the signature's reference.
    pub(crate) fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Modern => Sha256::digest(bytes).to_vec(),
            Self::Legacy => Sha1::digest(bytes).to_vec(),
        }
    }
}

/// Issuer and subject are the same, and nothing else is said.
struct SelfSigned(Name);

impl BuilderProfile for SelfSigned {
    fn get_issuer(&self, subject: &Name) -> Name {
        subject.clone()
    }

    fn get_subject(&self) -> Name {
        self.0.clone()
    }

    fn build_extensions(
        &self,
        _subject_key: SubjectPublicKeyInfoRef<'_>,
        _issuer_key: SubjectPublicKeyInfoRef<'_>,
        _certificate: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        Ok(Vec::new())
    }
}

fn certificate(signature: Signature, private: &PrivateKey, owner: &str) -> Result<String, Error> {
    const TEN_YEARS: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
    let name = Name::from_str(&format!("CN={owner},O=Maestrano sandbox")).map_err(failed)?;
    let mut serial = [0; 16];
    getrandom::fill(&mut serial).map_err(failed)?;
    serial[0] &= 0x7f;
    let public = private.to_public_key().to_public_key_der().map_err(failed)?;
    let public = SubjectPublicKeyInfoOwned::try_from(public.as_bytes()).map_err(failed)?;
    let builder = CertificateBuilder::new(
        SelfSigned(name),
        SerialNumber::new(&serial).map_err(failed)?,
        Validity::from_now(TEN_YEARS).map_err(failed)?,
        public,
    )
    .map_err(failed)?;
    let certificate = match signature {
        Signature::Modern => builder.build(&pkcs1v15::SigningKey::<Sha256>::new(private.clone())),
        Signature::Legacy => builder.build(&pkcs1v15::SigningKey::<Sha1>::new(private.clone())),
    };
    certificate.map_err(failed)?.to_pem(LineEnding::LF).map_err(failed)
}

fn failed(source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::SigningKey(source.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_being_written_and_read() {
        for signature in [Signature::Modern, Signature::Legacy] {
            let key = SigningKey::generate(signature, "maestrano-local").expect("a key");
            let private = key.private_pem().expect("PEM");
            let again =
                SigningKey::from_pem(signature, &private, key.certificate_pem.clone()).expect("the key");
            assert_eq!(key.sign(b"text").expect("a signature"), again.sign(b"text").expect("a signature"));
            assert_eq!(key.fingerprint(), again.fingerprint());
            assert_eq!(key.fingerprint().len(), 59);
        }
    }
}
