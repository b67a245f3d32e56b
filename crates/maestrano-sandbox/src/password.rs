//! Passwords of accounts, as salted Argon2id hashes with little work: these accounts open nothing real.

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash,
};

/// The hash to keep; empty, which nothing matches, when the password cannot be hashed.
pub(crate) fn hash(password: &str) -> String {
    let params = Params::new(4 * 1024, 1, 1, None).unwrap_or_default();
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    hasher.hash_password(password.as_bytes()).map(|hash| hash.to_string()).unwrap_or_default()
}

pub(crate) fn matches(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_its_own_hash_only_and_each_hash_has_its_salt() {
        let hash = hash("secret");
        assert!(matches("secret", &hash) && !matches("Secret", &hash) && !matches("", ""));
        assert_ne!(hash, super::hash("secret"));
        assert!(!hash.contains("secret"));
    }
}
