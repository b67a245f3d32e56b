//! Seals small values so that nobody else can read, make or move them (security.md 3.1).
//!
//! A sealed value is `base64url(nonce ‖ AES-256-GCM-SIV(expiry ‖ value) ‖ tag)`. Its purpose is authenticated
//! with it: a value that was sealed as one thing does not open as another.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::{hkdf, hmac};
use base64_simd::URL_SAFE_NO_PAD;
use time::UtcDateTime;

use crate::secret::CookieKey;

/// Longer texts are not looked at.
const MAX_SEALED_CHARS: usize = 8 * 1024;
/// The length of a [`Seal::tag`].
pub(crate) const TAG_BYTES: usize = 16;
const NONCE: usize = 12;
const EXPIRY: usize = 8;

/// Seals with its first key and opens with all of them, so that keys can be replaced one after the other.
pub(crate) struct Seal {
    keys: Vec<RandomizedNonceKey>,
    tag_keys: Vec<hmac::Key>,
}

/// A value that was sealed, and its expiry.
pub(crate) struct Opened {
    /// Nonce, expiry and value.
    bytes: Vec<u8>,
    expires_at: i64,
}

impl Opened {
    /// The value, also after its time.
    pub(crate) fn value(&self) -> &[u8] {
        self.bytes.get(NONCE + EXPIRY..).unwrap_or_default()
    }

    pub(crate) fn is_current(&self, now: UtcDateTime) -> bool {
        now.unix_timestamp() < self.expires_at
    }
}

/// Why a key cannot be used, or a value not be sealed. Neither depends on what comes in from outside.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the cryptographic library refused to work")]
pub(crate) struct SealFailed;

impl Seal {
    /// Derives the sealing keys by HKDF-SHA256; the texts should hold at least 32 random bytes.
    pub(crate) fn new(keys: &[CookieKey]) -> Result<Self, SealFailed> {
        let tag_keys = keys.iter().map(derive_tag_key).collect::<Result<Vec<_>, _>>()?;
        let keys = keys.iter().map(derive).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(SealFailed) } else { Ok(Self { keys, tag_keys }) }
    }

    /// Seals a value until a time (whole seconds count).
    pub(crate) fn seal(
        &self,
        purpose: &str,
        expires: UtcDateTime,
        value: &[u8],
    ) -> Result<String, SealFailed> {
        let key = self.keys.first().ok_or(SealFailed)?;
        let mut text = Vec::with_capacity(EXPIRY + value.len() + AES_256_GCM_SIV.tag_len());
        text.extend_from_slice(&expires.unix_timestamp().to_be_bytes());
        text.extend_from_slice(value);
        let nonce = key.seal_in_place_append_tag(Aad::from(purpose), &mut text).map_err(|_| SealFailed)?;
        let mut sealed = Vec::with_capacity(NONCE + text.len());
        sealed.extend_from_slice(nonce.as_ref());
        sealed.append(&mut text);
        Ok(URL_SAFE_NO_PAD.encode_to_string(sealed))
    }

    /// Opens what was sealed for this purpose and has not expired. Anything else is `None`.
    pub(crate) fn open(&self, purpose: &str, sealed: &[u8], now: UtcDateTime) -> Option<Opened> {
        self.open_expired(purpose, sealed).filter(|opened| opened.is_current(now))
    }

    /// Opens what was sealed for this purpose, also after it has expired.
    pub(crate) fn open_expired(&self, purpose: &str, sealed: &[u8]) -> Option<Opened> {
        if sealed.len() > MAX_SEALED_CHARS {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode_to_vec(sealed).ok()?;
        let (last, others) = self.keys.split_last()?;
        // Opening with a wrong key spoils the bytes: only the last key may have them, the others get a copy.
        let opened = others.iter().find_map(|key| open_with(key, purpose, sealed.clone()));
        let bytes = opened.or_else(|| open_with(last, purpose, sealed))?;
        let expires_at = i64::from_be_bytes(*bytes.get(NONCE..)?.first_chunk()?);
        Some(Opened { bytes, expires_at })
    }

    /// A message authentication code of the text, for values that need not be secret. The first key makes it.
    pub(crate) fn tag(&self, text: &[u8]) -> [u8; TAG_BYTES] {
        self.tag_keys.first().map_or([0; TAG_BYTES], |key| truncated(hmac::sign(key, text)))
    }

    /// Whether one of the keys has made this [`tag`](Self::tag), compared in constant time.
    pub(crate) fn is_tag(&self, text: &[u8], tag: &[u8]) -> bool {
        let is_made_by = |key: &hmac::Key| {
            let expected = truncated(hmac::sign(key, text));
            aws_lc_rs::constant_time::verify_slices_are_equal(&expected, tag).is_ok()
        };
        self.tag_keys.iter().any(is_made_by)
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Seal([redacted])")
    }
}

/// Nonce, expiry and value, in the same bytes.
fn open_with(key: &RandomizedNonceKey, purpose: &str, mut sealed: Vec<u8>) -> Option<Vec<u8>> {
    let (nonce, text) = sealed.split_at_mut_checked(NONCE)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let length = key.open_in_place(nonce, Aad::from(purpose), text).ok()?.len();
    sealed.truncate(NONCE + length);
    Some(sealed)
}

fn derive(key: &CookieKey) -> Result<RandomizedNonceKey, SealFailed> {
    RandomizedNonceKey::new(&AES_256_GCM_SIV, &derived(key, b"cookies")?).map_err(|_| SealFailed)
}

fn derive_tag_key(key: &CookieKey) -> Result<hmac::Key, SealFailed> {
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &derived(key, b"tags")?))
}

fn derived(key: &CookieKey, purpose: &[u8]) -> Result<[u8; 32], SealFailed> {
    let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, b"maestrano seal 1").extract(key.expose().as_bytes());
    let mut bytes = [0; 32];
    secret
        .expand(&[purpose], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut bytes))
        .map_err(|_| SealFailed)?;
    Ok(bytes)
}

fn truncated(tag: hmac::Tag) -> [u8; TAG_BYTES] {
    tag.as_ref().first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use time::macros::utc_datetime;

    use super::*;

    const NOW: UtcDateTime = utc_datetime!(2026-11-23 10:00);
    const LATER: UtcDateTime = utc_datetime!(2026-11-23 10:01);

    fn seal(keys: &[&str]) -> Seal {
        Seal::new(&keys.iter().map(|key| CookieKey::new(*key)).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_sealed_value_opens_for_its_purpose_until_it_expires() {
        let seal = seal(&["one"]);
        let sealed = seal.seal("session", LATER, b"usr-1").unwrap();
        let opened = seal.open("session", sealed.as_bytes(), NOW).unwrap();
        assert_eq!(opened.value(), b"usr-1");
        assert!(seal.open("login", sealed.as_bytes(), NOW).is_none());
        assert!(seal.open("session", sealed.as_bytes(), LATER).is_none());
    }

    #[test]
    fn a_sealed_value_of_the_largest_size_opens_and_a_longer_text_does_not() {
        let seal = seal(&["one"]);
        let open = |length: usize| {
            let sealed = seal.seal("session", LATER, &vec![0; length]).unwrap();
            (sealed.len(), seal.open("session", sealed.as_bytes(), NOW).is_some())
        };
        let overhead = NONCE + EXPIRY + AES_256_GCM_SIV.tag_len();
        assert_eq!(open(MAX_SEALED_CHARS / 4 * 3 - overhead), (MAX_SEALED_CHARS, true));
        assert_eq!(open(MAX_SEALED_CHARS / 4 * 3 - overhead + 1), (MAX_SEALED_CHARS + 2, false));
    }

    #[test]
    fn an_expired_value_opens_and_says_so() {
        let seal = seal(&["one"]);
        let sealed = seal.seal("session", LATER, b"usr-1").unwrap();
        let opened = seal.open_expired("session", sealed.as_bytes()).unwrap();
        assert_eq!(
            (opened.value(), opened.is_current(NOW), opened.is_current(LATER)),
            (&b"usr-1"[..], true, false)
        );
    }

    #[test]
    fn a_tag_belongs_to_its_text_and_to_one_of_the_keys() {
        let (old, both) = (seal(&["old"]), seal(&["new", "old"]));
        let tag = old.tag(b"text");
        assert!(old.is_tag(b"text", &tag) && both.is_tag(b"text", &tag));
        assert!(!old.is_tag(b"texts", &tag) && !old.is_tag(b"text", &tag[1..]) && !old.is_tag(b"text", &[]));
        assert!(!old.is_tag(b"text", &both.tag(b"text")) && both.is_tag(b"text", &both.tag(b"text")));
    }

    #[test]
    fn a_new_key_seals_and_the_old_one_still_opens() {
        let old = seal(&["old"]);
        let both = seal(&["new", "old"]);
        let sealed = old.seal("session", LATER, b"value").unwrap();
        assert!(both.open("session", sealed.as_bytes(), NOW).is_some());
        let sealed = both.seal("session", LATER, b"value").unwrap();
        assert!(old.open("session", sealed.as_bytes(), NOW).is_none());
    }

    #[test]
    fn a_change_of_any_character_does_not_open() {
        let seal = seal(&["one"]);
        let sealed = seal.seal("session", LATER, b"usr-1").unwrap();
        for position in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
            assert!(seal.open("session", &changed, NOW).is_none(), "at {position}");
        }
    }

    #[test]
    fn anything_else_does_not_open() {
        let seal = seal(&["one"]);
        let huge = "A".repeat(100_000);
        for text in ["", "A", "AAAAAAAAAAAAAAAA", "not base64!", "\u{0}", huge.as_str()] {
            assert!(seal.open("session", text.as_bytes(), NOW).is_none());
        }
    }

    #[test]
    fn the_same_value_never_looks_the_same() {
        let seal = seal(&["one"]);
        assert_ne!(seal.seal("a", LATER, b"x").unwrap(), seal.seal("a", LATER, b"x").unwrap());
    }
}
