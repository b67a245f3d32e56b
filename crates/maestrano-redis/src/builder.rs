//! What is needed to connect.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use maestrano::memory::EndedSessions;
use redis::io::tcp::TcpSettings;
use redis::{Client, ConnectionAddr, IntoConnectionInfo, TlsCertificates};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio::task::JoinSet;

use crate::error::Error;
use crate::follower::Follower;
use crate::keys::Keys;
use crate::memory::Redis;
use crate::server::{LONGEST_COMMAND, Server, Waits};
use crate::teller::Teller;

impl Redis {
    /// Begins with a URL: `redis://HOST:PORT`, `rediss://` for TLS, `redis+unix:///PATH` for a socket; with
    /// `USER:PASSWORD@` before the host and `/NUMBER` of a database behind it where need be.
    pub fn at(url: impl Into<String>) -> Builder {
        let waits = Waits { command: Duration::from_secs(1), connect: Duration::from_secs(2) };
        Builder { url: url.into(), prefix: "maestrano:".to_owned(), root_certificate: None, waits }
    }
}

/// The settings of a [`Redis`] to be.
#[must_use = "nothing happens before connect()"]
pub struct Builder {
    url: String,
    prefix: String,
    root_certificate: Option<Vec<u8>>,
    waits: Waits,
}

impl Builder {
    /// What the names of all keys begin with; `maestrano:` by default. Applications that share a Redis must
    /// have different ones, the processes of one application the same.
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// The certificate, as PEM, of the authority that vouches for a `rediss://` server, instead of the
    /// authorities that the system trusts.
    pub fn root_certificate(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { root_certificate: Some(pem.into()), ..self }
    }

    /// How long a command may take before it counts as failed; 1 second by default, and 30 seconds when more
    /// is given. Give all processes the same.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { waits: Waits { command: timeout.min(LONGEST_COMMAND), ..self.waits }, ..self }
    }

    /// How long it may take to connect and sign in; 2 seconds by default.
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        Self { waits: Waits { connect: timeout, ..self.waits }, ..self }
    }

    /// Connects, reads which sessions have ended, and goes on to follow that in a task of the Tokio runtime
    /// that this is called in, until the last clone of the [`Redis`] is dropped.
    ///
    /// # Errors
    /// When the settings cannot be used, and when Redis does not answer, does not let us in or may not be
    /// written to. None of them holds the password.
    pub async fn connect(self) -> Result<Redis, Error> {
        let server = Arc::new(Server::new(self.client()?, self.waits));
        let (keys, ended) = (Keys::new(self.prefix), Arc::new(EndedSessions::default()));
        let teller = Arc::new(Teller::new(Arc::clone(&server), keys.clone()));
        let mut follower =
            Follower::new(Arc::clone(&server), keys.clone(), Arc::clone(&ended), Arc::clone(&teller));
        follower.begin().await.map_err(|failure| Error::unavailable(&server.address(), failure))?;
        let mut tasks = JoinSet::new();
        tasks.spawn(follower.follow());
        Ok(Redis::new(server, keys, ended, teller, tasks))
    }

    fn client(&self) -> Result<Client, Error> {
        let info =
            self.url.as_str().into_connection_info().map_err(|error| Error::Url { source: error.into() })?;
        if matches!(info.addr(), ConnectionAddr::TcpTls { .. }) && CryptoProvider::get_default().is_none() {
            // The library `redis` takes the one of the process. Who comes first chooses, and any will do.
            let _ = aws_lc_rs::default_provider().install_default();
        }
        let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
        let root_cert = self.root_certificate.clone();
        if root_cert.is_some() {
            let certificates = TlsCertificates { client_tls: None, root_cert };
            Client::build_with_tls(info, certificates)
                .map_err(|error| Error::Certificate { source: error.into() })
        } else {
            Client::open(info).map_err(|error| Error::Url { source: error.into() })
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may hold a password.
        let mut builder = formatter.debug_struct("Builder");
        builder.field("prefix", &self.prefix).field("waits", &self.waits).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_longest_time_for_a_command() {
        for (given, used) in
            [(Duration::from_millis(5), Duration::from_millis(5)), (Duration::MAX, LONGEST_COMMAND)]
        {
            assert_eq!(Redis::at("redis://127.0.0.1").timeout(given).waits.command, used);
        }
    }
}
