use std::{path::PathBuf, time::Duration};

use crate::seed::Seed;

/// How the sandbox starts. [`Options::default`] is what a test wants: loopback, any free port, data in memory.
///
/// ```
/// use maestrano_sandbox::{Options, Port, Seed};
///
/// let options = Options::default().port(Port::FirstFreeFrom(4000)).seed(Seed::with_marketplaces(&["maestrano-uat"]));
/// # let _ = options;
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Options {
    pub(crate) host: String,
    pub(crate) port: Port,
    pub(crate) database: Option<PathBuf>,
    pub(crate) seed: Seed,
    pub(crate) signature: Signature,
    pub(crate) recheck: Duration,
}

/// Which port the sandbox listens on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Port {
    /// Whatever port is free.
    Any,
    /// This port and no other.
    Fixed(u16),
    /// This port, or the next free one of the 100 above it: a stable address when there can be one.
    FirstFreeFrom(u16),
}

/// How responses are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    /// RSA with 2048 bits and SHA-256, certificate signed with SHA-256.
    Modern,
    /// RSA with 1024 bits and SHA-1, as the original platform signs (sso.md 1.8).
    Legacy,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: Port::Any,
            database: None,
            seed: Seed::default(),
            signature: Signature::Modern,
            recheck: Duration::from_secs(180),
        }
    }
}

impl Options {
    /// The address to listen on; `127.0.0.1` unless told. Anything but loopback lets others on the network sign in
    /// with the printed passwords.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// The port to listen on; any free one unless told.
    pub fn port(mut self, port: Port) -> Self {
        self.port = port;
        self
    }

    /// Keeps data and keys in this SQLite file (made with mode 0600) instead of in memory. The seed only fills a
    /// database that is new.
    pub fn database(mut self, file: impl Into<PathBuf>) -> Self {
        self.database = Some(file.into());
        self
    }

    /// The accounts, groups, apps and marketplaces to begin with.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// Signs as the original platform does: RSA with 1024 bits and SHA-1 (sso.md 1.8).
    pub fn legacy_signature(mut self) -> Self {
        self.signature = Signature::Legacy;
        self
    }

    /// How long a session may go unasked: the time between "now" and `recheck` in responses and session checks.
    /// Three minutes unless told (session.md 2.5); whole seconds, at least one.
    pub fn recheck(mut self, interval: Duration) -> Self {
        self.recheck = interval;
        self
    }
}
