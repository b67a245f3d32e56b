//! What has to be remembered between requests, by all processes of an application: which assertions are spent,
//! and which sessions have ended (security.md 6).

mod ended;
mod in_process;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

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

/// For an application that chooses its memory when it starts, or keeps a hand on it.
impl<M: Memory + ?Sized> Memory for Arc<M> {
    fn spend<'a>(&'a self, id: &'a str, until: UtcDateTime, now: UtcDateTime) -> Remembering<'a, bool> {
        (**self).spend(id, until, now)
    }

    fn end(&self, ended: Ended, now: UtcDateTime) -> Remembering<'_, ()> {
        (**self).end(ended, now)
    }

    fn ended(&self) -> &EndedSessions {
        (**self).ended()
    }

    fn is_reachable(&self) -> bool {
        (**self).is_reachable()
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

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::utc_datetime;

    use super::*;

    const NOW: UtcDateTime = utc_datetime!(2026-11-23 10:00);

    /// Knows ends, and nothing else.
    #[derive(Debug, Default)]
    struct Away(EndedSessions);

    impl Memory for Away {
        fn spend<'a>(&'a self, _: &'a str, _: UtcDateTime, _: UtcDateTime) -> Remembering<'a, bool> {
            Box::pin(async { Err(MemoryError::new("it is away")) })
        }

        fn end(&self, ended: Ended, now: UtcDateTime) -> Remembering<'_, ()> {
            self.0.insert(ended, now);
            Box::pin(async { Ok(()) })
        }

        fn ended(&self) -> &EndedSessions {
            &self.0
        }

        fn is_reachable(&self) -> bool {
            false
        }
    }

    #[tokio::test]
    async fn a_shared_memory_answers_as_the_memory_itself_does() {
        let memory = Arc::new(Away::default());
        let shared: Arc<dyn Memory> = Arc::clone(&memory) as Arc<dyn Memory>;
        // As a memory itself, not as what it leads to.
        let shared: &dyn Memory = &shared;
        let until = NOW + Duration::hours(1);
        assert!(shared.spend("a", until, NOW).await.is_err());
        let (marketplace, group) = ("uat".parse().unwrap(), "cld-1".parse().unwrap());
        shared.end(Ended::group(&marketplace, &group, NOW, until), NOW).await.unwrap();
        assert_eq!((shared.ended().len(), memory.ended().len()), (1, 1));
        assert!(!shared.is_reachable());
    }
}
