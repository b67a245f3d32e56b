//! Why there is no memory on Redis.

use crate::server::Failure;

/// Why a connection could not be made. Holds no password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The certificate of the authority is none, or the URL is not one of TLS.
    #[error(
        "the root certificate given for Redis is of no use: it must be PEM, and the URL must be rediss://"
    )]
    #[non_exhaustive]
    Certificate {
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Redis is out of reach, or does not let us in, or may not be written to.
    #[error("Redis at {address} cannot be used: {source}")]
    #[non_exhaustive]
    Unavailable {
        /// Host and port, or the path of a socket.
        address: String,
        /// What has happened.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The URL is none.
    #[error("the URL of Redis cannot be read: write redis://HOST:PORT, or rediss://HOST:PORT for TLS")]
    #[non_exhaustive]
    Url {
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    pub(crate) fn unavailable(address: &str, failure: Failure) -> Self {
        Self::Unavailable { address: address.to_owned(), source: Box::new(failure) }
    }
}
