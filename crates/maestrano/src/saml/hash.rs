//! The hash functions of the profile, in digests and in signatures.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;
use aws_lc_rs::signature::{
    RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, VerificationAlgorithm,
};

/// A hash function of the accepted profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// Whether `data` has this digest.
    pub(crate) fn matches(self, data: &[u8], expected: &[u8]) -> bool {
        let algorithm = match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        verify_slices_are_equal(digest::digest(algorithm, data).as_ref(), expected).is_ok()
    }

    /// RSA PKCS#1 v1.5 with this hash for keys of that length; none for SHA-384 with a short key.
    pub(crate) fn verification(self, bits: usize) -> Option<&'static dyn VerificationAlgorithm> {
        Some(match (self, bits) {
            (Self::Sha1, _) => &RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
            (Self::Sha256, ..2048) => &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
            (Self::Sha384, ..2048) => return None,
            (Self::Sha512, ..2048) => &RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
            (Self::Sha256, _) => &RSA_PKCS1_2048_8192_SHA256,
            (Self::Sha384, _) => &RSA_PKCS1_2048_8192_SHA384,
            (Self::Sha512, _) => &RSA_PKCS1_2048_8192_SHA512,
        })
    }
}

impl Hash {
    /// The hash of a signature algorithm, by its exact identifier (RFC 9231).
    pub(crate) fn of_signature(algorithm: &str) -> Option<Self> {
        Some(match algorithm {
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1" => Self::Sha1,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => Self::Sha256,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => Self::Sha384,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => Self::Sha512,
            _ => return None,
        })
    }

    /// The hash of a digest algorithm, by its exact identifier (RFC 9231).
    pub(crate) fn of_digest(algorithm: &str) -> Option<Self> {
        Some(match algorithm {
            "http://www.w3.org/2000/09/xmldsig#sha1" => Self::Sha1,
            "http://www.w3.org/2001/04/xmlenc#sha256" => Self::Sha256,
            "http://www.w3.org/2001/04/xmldsig-more#sha384" => Self::Sha384,
            "http://www.w3.org/2001/04/xmlenc#sha512" => Self::Sha512,
            _ => return None,
        })
    }
}
