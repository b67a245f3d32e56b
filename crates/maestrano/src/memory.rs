//! What has to be remembered between requests: which assertions are spent.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use time::UtcDateTime;

/// Remembers spent ids for all processes of an application (security.md 6).
///
/// An assertion is accepted once. Whoever runs more than one process gives all of them a memory that they
/// share; [`InProcess`] is right for one.
pub trait Memory: fmt::Debug + Send + Sync + 'static {
    /// Claims an id that may be used once until a time: `true` for the first who asks, `false` for everybody
    /// after, in every process.
    ///
    /// Must be atomic: of two who ask at once, one is first. The id may be forgotten after `until`, never
    /// before.
    ///
    /// # Errors
    /// When it cannot be known whether the id was spent; the login is then refused.
    fn spend<'a>(
        &'a self,
        id: &'a str,
        until: UtcDateTime,
        now: UtcDateTime,
    ) -> Pin<Box<dyn Future<Output = Result<bool, MemoryError>> + Send + 'a>>;
}

/// Why a memory does not answer.
#[derive(Debug, thiserror::Error)]
#[error("the memory of spent logins does not answer: {message}")]
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

/// The memory of one process: bounded, and it forgets what has expired.
///
/// Holds up to 200,000 ids (about 150 bytes each). When it is full of ids that have not expired, it
/// refuses new ones instead of forgetting one too early.
#[derive(Clone, Debug, Default)]
pub struct InProcess {
    spent: Arc<Mutex<Spent>>,
}

const MOST: usize = 200_000;

#[derive(Debug, Default)]
struct Spent {
    ids: HashSet<Arc<str>>,
    by_expiry: BTreeSet<(UtcDateTime, Arc<str>)>,
}

impl Spent {
    fn forget_expired(&mut self, now: UtcDateTime) {
        while let Some(first) = self.by_expiry.first() {
            if first.0 > now {
                break;
            }
            if let Some((_, id)) = self.by_expiry.pop_first() {
                self.ids.remove(&id);
            }
        }
    }
}

impl InProcess {
    fn claim(&self, id: &str, until: UtcDateTime, now: UtcDateTime) -> Result<bool, MemoryError> {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.forget_expired(now);
        if spent.ids.contains(id) {
            return Ok(false);
        }
        if spent.ids.len() >= MOST {
            return Err(MemoryError::new("it is full"));
        }
        let id: Arc<str> = id.into();
        spent.ids.insert(Arc::clone(&id));
        spent.by_expiry.insert((until, id));
        Ok(true)
    }
}

impl Memory for InProcess {
    fn spend<'a>(
        &'a self,
        id: &'a str,
        until: UtcDateTime,
        now: UtcDateTime,
    ) -> Pin<Box<dyn Future<Output = Result<bool, MemoryError>> + Send + 'a>> {
        let claimed = self.claim(id, until, now);
        Box::pin(std::future::ready(claimed))
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::utc_datetime;

    use super::*;

    const NOW: UtcDateTime = utc_datetime!(2026-11-23 10:00);

    #[test]
    fn an_id_is_spent_once_until_it_expires() {
        let memory = InProcess::default();
        let until = NOW + Duration::minutes(5);
        assert!(memory.claim("a", until, NOW).unwrap());
        assert!(!memory.claim("a", until, NOW).unwrap());
        assert!(memory.claim("b", until, NOW).unwrap());
        assert!(memory.claim("a", until + Duration::minutes(5), until).unwrap());
    }

    #[test]
    fn what_has_expired_takes_no_room() {
        let memory = InProcess::default();
        for second in 0..1000 {
            let now = NOW + Duration::seconds(second);
            assert!(memory.claim(&second.to_string(), now + Duration::seconds(10), now).unwrap());
        }
        let spent = memory.spent.lock().unwrap();
        assert_eq!((spent.ids.len(), spent.by_expiry.len()), (10, 10));
    }

    #[test]
    fn of_two_who_ask_at_once_one_is_first() {
        let memory = InProcess::default();
        let until = NOW + Duration::minutes(5);
        let first = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| memory.claim("a", until, NOW).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).filter(|first| *first).count()
        });
        assert_eq!(first, 1);
    }

    #[test]
    fn a_full_memory_refuses_instead_of_forgetting() {
        let memory = InProcess::default();
        let until = NOW + Duration::minutes(5);
        for id in 0..MOST {
            assert!(memory.claim(&id.to_string(), until, NOW).unwrap());
        }
        assert!(memory.claim("one more", until, NOW).is_err());
        assert!(!memory.claim("0", until, NOW).unwrap());
    }
}
