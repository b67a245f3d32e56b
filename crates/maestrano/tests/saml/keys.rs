//! Throw-away keys with their certificates.

use std::sync::LazyLock;

use maestrano::saml::Certificate;
use rsa::PrivateKey;
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

pub(crate) static MODERN: LazyLock<Key> =
    LazyLock::new(|| Key::read(include_str!("keys/modern.key.pem"), include_str!("keys/modern.pem")));
pub(crate) static STRANGER: LazyLock<Key> =
    LazyLock::new(|| Key::read(include_str!("keys/stranger.key.pem"), include_str!("keys/stranger.pem")));
pub(crate) static LEGACY: LazyLock<Key> =
    LazyLock::new(|| Key::read(include_str!("keys/legacy.key.pem"), include_str!("keys/legacy.pem")));
pub(crate) static SHA1_SIGNED: LazyLock<Key> = LazyLock::new(|| {
    Key::read(include_str!("keys/sha1-signed.key.pem"), include_str!("keys/sha1-signed.pem"))
});

/// A private key and its certificate.
pub(crate) struct Key {
    private: PrivateKey,
    /// The certificate in PEM form.
    pub(crate) pem: &'static str,
}

impl Key {
    fn read(private: &str, pem: &'static str) -> Self {
        Self { private: PrivateKey::from_pkcs8_pem(private).unwrap(), pem }
    }

    pub(crate) fn certificate(&self) -> Certificate {
        Certificate::parse(self.pem).unwrap()
    }

    /// The body of the certificate, as it stands in `X509Certificate`.
    pub(crate) fn body(&self) -> String {
        self.pem.lines().filter(|line| !line.starts_with("---")).collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn sign(&self, hash: Hash, message: &[u8]) -> Vec<u8> {
        let key = self.private.clone();
        match hash {
            Hash::Sha1 => SigningKey::<Sha1>::new(key).sign(message).to_vec(),
            Hash::Sha256 => SigningKey::<Sha256>::new(key).sign(message).to_vec(),
            Hash::Sha384 => SigningKey::<Sha384>::new(key).sign(message).to_vec(),
            Hash::Sha512 => SigningKey::<Sha512>::new(key).sign(message).to_vec(),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub(crate) fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(data).to_vec(),
            Self::Sha256 => Sha256::digest(data).to_vec(),
            Self::Sha384 => Sha384::digest(data).to_vec(),
            Self::Sha512 => Sha512::digest(data).to_vec(),
        }
    }

    pub(crate) const fn signature_algorithm(self) -> &'static str {
        match self {
            Self::Sha1 => "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
            Self::Sha256 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            Self::Sha384 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
            Self::Sha512 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
        }
    }

    pub(crate) const fn digest_algorithm(self) -> &'static str {
        match self {
            Self::Sha1 => "http://www.w3.org/2000/09/xmldsig#sha1",
            Self::Sha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
            Self::Sha384 => "http://www.w3.org/2001/04/xmldsig-more#sha384",
            Self::Sha512 => "http://www.w3.org/2001/04/xmlenc#sha512",
        }
    }
}
