//! How requests leave the process.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use crate::error::Source;

#[cfg(feature = "reqwest")]
mod reqwest;

#[cfg(feature = "reqwest")]
pub use self::reqwest::Reqwest;

/// Sends requests to the platform.
///
/// An implementation verifies TLS always, follows no redirect, gives up after [`Limits::timeout`] and stops
/// reading at [`Limits::body`] bytes (security.md 7.1). It answers with whatever status came; only a request
/// without an answer is an error. The default one is [`Reqwest`]; tests bring their own.
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends one request and reads its whole answer.
    ///
    /// # Errors
    ///
    /// When there is no whole answer within the limits.
    fn send<'a>(&'a self, request: Request<Bytes>, limits: Limits) -> Sending<'a>;
}

/// The answer to come.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, TransportError>> + Send + 'a>>;

/// How long an answer may take and how long it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// From the start of the request to the last byte of the answer.
    pub timeout: Duration,
    /// Bytes in the body of the answer.
    pub body: usize,
}

impl Limits {
    /// The given limits.
    #[must_use]
    pub const fn new(timeout: Duration, body: usize) -> Self {
        Self { timeout, body }
    }
}

impl Default for Limits {
    /// 10 seconds and 1 MiB.
    fn default() -> Self {
        Self::new(Duration::from_secs(10), 1 << 20)
    }
}

/// Why a request has no answer. Never quotes the URL, which may hold a token.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct TransportError {
    kind: Kind,
    source: Option<Source>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Kind {
    #[error("no connection could be made")]
    Connect,
    #[error("the answer did not come in time")]
    Timeout,
    #[error("the answer is longer than allowed")]
    TooLarge,
    #[error("the exchange broke off")]
    Other,
}

impl TransportError {
    /// The connection was never made: nothing was sent.
    #[must_use]
    pub fn connect(source: impl Into<Source>) -> Self {
        Self { kind: Kind::Connect, source: Some(source.into()) }
    }

    /// The time was up.
    #[must_use]
    pub fn timeout(source: impl Into<Source>) -> Self {
        Self { kind: Kind::Timeout, source: Some(source.into()) }
    }

    /// The answer is longer than [`Limits::body`].
    #[must_use]
    pub fn too_large() -> Self {
        Self { kind: Kind::TooLarge, source: None }
    }

    /// Anything else.
    #[must_use]
    pub fn other(source: impl Into<Source>) -> Self {
        Self { kind: Kind::Other, source: Some(source.into()) }
    }

    /// Whether the connection was never made, so that the request can be sent again whatever it does.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        self.kind == Kind::Connect
    }

    /// Whether the time was up.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.kind == Kind::Timeout
    }

    /// Whether the answer was longer than allowed.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        self.kind == Kind::TooLarge
    }
}

/// Whether a URL's host is this machine itself.
pub(crate) fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_localhost_and_the_addresses_of_this_machine() {
        let is = |text: &str| is_loopback(&text.parse().unwrap());
        for url in [
            "http://localhost/",
            "http://LOCALHOST:1",
            "http://a.localhost",
            "http://127.9.9.9",
            "http://[::1]",
        ] {
            assert!(is(url), "{url}");
        }
        for url in [
            "http://localhost.example.com",
            "http://10.0.0.1",
            "http://[::2]",
            "http://mylocalhost",
            "data:,x",
        ] {
            assert!(!is(url), "{url}");
        }
    }
}
