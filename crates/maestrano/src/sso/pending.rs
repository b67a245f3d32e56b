//! A login that a browser has begun and not finished. Nothing stores it: the platform sends the id of the request
//! back, and that id is the pending login itself, sealed.

use std::fmt::Write as _;

use aws_lc_rs::rand;
use time::{Duration, UtcDateTime};

use super::return_to::ReturnTo;
use crate::config::Marketplace;
use crate::seal::{Seal, SealFailed};
use crate::session::Milliseconds;

/// How long a pending login can be finished. The clock allowance comes on top.
pub(crate) const PENDING_LOGIN_LIFETIME: Duration = Duration::minutes(10);

const NONCE_BYTES: usize = 16;
const RESTART: u8 = 1;

/// What the application has to know of a login when the platform's answer arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PendingLogin {
    /// 128 random bits. The browser that began the login has a cookie that belongs to them.
    nonce: [u8; NONCE_BYTES],
    started: Milliseconds,
    /// Whether the library began it by itself, in place of one that could not be finished.
    is_restart: bool,
    return_to: ReturnTo,
}

impl PendingLogin {
    pub(crate) fn begin(return_to: ReturnTo, is_restart: bool, now: UtcDateTime) -> Result<Self, SealFailed> {
        let mut nonce = [0; NONCE_BYTES];
        rand::fill(&mut nonce).map_err(|_| SealFailed)?;
        Ok(Self { nonce, started: Milliseconds::of(now), is_restart, return_to })
    }

    /// The page to go to after the login.
    pub(crate) fn return_to(&self) -> &ReturnTo {
        &self.return_to
    }

    /// Goes to the start page instead, because the address of the page does not fit.
    pub(super) fn forget_page(&mut self) {
        self.return_to = ReturnTo::home();
    }

    pub(crate) fn nonce(&self) -> &[u8; NONCE_BYTES] {
        &self.nonce
    }

    pub(crate) fn is_restart(&self) -> bool {
        self.is_restart
    }

    /// When the login was begun.
    pub(crate) fn started(&self) -> UtcDateTime {
        self.started.time()
    }

    /// A short name for log lines, which tells nothing about the sealed id.
    pub(crate) fn reference(&self) -> String {
        let mut reference = String::with_capacity(16);
        for byte in self.nonce.iter().take(8) {
            // Writing to a string does not fail.
            let _ = write!(reference, "{byte:02x}");
        }
        reference
    }

    /// The id of the request to the platform.
    pub(super) fn request_id(
        &self,
        seal: &Seal,
        purpose: &str,
        expires_at: UtcDateTime,
    ) -> Result<String, SealFailed> {
        // The id is an XML name, which begins with neither a digit nor a hyphen.
        Ok(format!("_{}", seal.seal(purpose, expires_at, &self.to_bytes())?))
    }

    /// Reads the id of a request that was sealed for this purpose; `None` for any other id. Also tells whether the
    /// login can still be finished.
    pub(super) fn from_request_id(
        request_id: &str,
        seal: &Seal,
        purpose: &str,
        now: UtcDateTime,
    ) -> Option<(Self, bool)> {
        let opened = seal.open_expired(purpose, request_id.strip_prefix('_')?.as_bytes())?;
        Some((Self::from_bytes(opened.value())?, opened.is_current(now)))
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let page = self.return_to.as_str();
        let mut bytes = Vec::with_capacity(1 + NONCE_BYTES + 8 + page.len());
        bytes.push(if self.is_restart { RESTART } else { 0 });
        bytes.extend_from_slice(&self.nonce);
        bytes.extend_from_slice(&self.started.0.to_be_bytes());
        bytes.extend_from_slice(page.as_bytes());
        bytes
    }

    /// Reads what was sealed: the page was checked before.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (flags, bytes) = bytes.split_first()?;
        let (nonce, bytes) = bytes.split_first_chunk()?;
        let (started, page) = bytes.split_first_chunk()?;
        Some(Self {
            nonce: *nonce,
            started: Milliseconds(i64::from_be_bytes(*started)),
            is_restart: *flags == RESTART,
            return_to: ReturnTo::sealed(std::str::from_utf8(page).ok()?),
        })
    }
}

/// What a request id is sealed for: it opens for no other mount, marketplace or application.
pub(super) fn purpose(mount: &str, marketplace: &Marketplace) -> String {
    format!("request {mount} {} {}", marketplace.name(), marketplace.app_id())
}

#[cfg(test)]
mod tests {
    use time::macros::utc_datetime;

    use super::*;
    use crate::secret::CookieKey;

    const NOW: UtcDateTime = utc_datetime!(2026-11-23 10:00);

    #[test]
    fn a_request_id_is_the_pending_login() {
        let seal = Seal::new(&[CookieKey::new("key")]).unwrap();
        let page = ReturnTo::parse("/me?a=b", "/maestrano");
        for is_restart in [false, true] {
            let pending = PendingLogin::begin(page.clone(), is_restart, NOW).unwrap();
            let end = NOW + PENDING_LOGIN_LIFETIME;
            let id = pending.request_id(&seal, "one", end).unwrap();
            assert!(
                id.starts_with('_')
                    && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
            );
            let read = |purpose: &str, now| PendingLogin::from_request_id(&id, &seal, purpose, now);
            assert_eq!(read("one", NOW), Some((pending.clone(), true)));
            assert_eq!(read("one", end), Some((pending, false)));
            assert_eq!(read("two", NOW), None);
        }
    }

    #[test]
    fn an_id_that_was_not_sealed_here_is_no_pending_login() {
        let seal = Seal::new(&[CookieKey::new("key")]).unwrap();
        let short = seal.seal("one", NOW + PENDING_LOGIN_LIFETIME, &[0; 24]).unwrap();
        for id in ["", "_", "_0123456789abcdef0123456789abcdef01234567", &short, &format!("_{short}")] {
            assert_eq!(PendingLogin::from_request_id(id, &seal, "one", NOW), None, "{id}");
        }
    }

    #[test]
    fn two_logins_have_different_nonces() {
        let begin = || PendingLogin::begin(ReturnTo::home(), false, NOW).unwrap();
        assert_ne!(begin().nonce(), begin().nonce());
        assert_eq!(begin().reference().len(), 16);
    }
}
