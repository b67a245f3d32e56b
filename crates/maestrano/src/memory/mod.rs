//! What has to be remembered between requests, by all processes of an application: which assertions are spent,
//! and which sessions have ended (security.md 6).

mod ended;
mod in_process;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use time::UtcDateTime;

pub use ended::{Ended, EndedSessions};
pub use in_process::InProcess;

/// Remembers for all processes of an application.
///
/// Whoever runs more than one process gives all of them a memory that they share, such as the one of the crate
/// `maestrano-redis`; [`InProcess`] is right for one. When a memory is down, logins are refused rather than
/// accepted twice, and sessions that are open go on, rechecked by the platform.
pub trait Memory: fmt::Debug + Send + Sync + 'static {
    /// Claims an id that may be used once until a time: `true` for the first who asks, `false` for everybody
    /// after, in every process.
    ///
    /// Must be atomic: of two who ask at once, one is first. The id may be forgotten after `until`, never
    /// before. Ids hold no secret and are at most some hundred bytes long.
    ///
    /// # Errors
    /// When it cannot be known whether the id was spent; the login is then refused.
    fn spend<'a>(&'a self, id: &'a str, until: UtcDateTime, now: UtcDateTime) -> Remembering<'a, bool>;

    /// Takes an end of sessions in: [`ended`](Self::ended) knows of it in this process when the future is
    /// polled first, in every other process at most a second later. May be called again with the same end.
    ///
    /// # Errors
    /// When other processes may not come to know of it. This one knows, all the same.
    fn end(&self, ended: Ended, now: UtcDateTime) -> Remembering<'_, ()>;

    /// The ends that this process knows of. Asked for every page: must not wait for anything.
    fn ended(&self) -> &EndedSessions;

    /// Whether what is shared is in reach right now, as far as this process has noticed: for health pages.
    fn is_reachable(&self) -> bool {
        true
    }
}

/// What a memory says, to come.
pub type Remembering<'a, T> = Pin<Box<dyn Future<Output = Result<T, MemoryError>> + Send + 'a>>;

/// Why a memory does not answer.
#[derive(Debug, thiserror::Error)]
#[error("the memory of logins and sessions does not answer: {message}")]
#[non_exhaustive]
pub struct MemoryError {
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl MemoryError {
    /// An error with a sentence for the log; leave secrets out of it.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: None }
    }

    /// Keeps what caused it.
    #[must_use]
    pub fn caused_by(self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }
}
