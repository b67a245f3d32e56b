//! The memory of one process.

use std::collections::{BTreeSet, HashSet};
use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};

use time::UtcDateTime;

use super::{Ended, EndedSessions, Memory, MemoryError, Remembering};

/// The memory of one process: bounded, and it forgets what has expired.
///
/// Holds up to 200,000 spent ids (about 150 bytes each). When it is full of ids that have not expired, it
/// refuses new ones instead of forgetting one too early. And up to 400,000 ends of sessions, see
/// [`EndedSessions`]. What it knows is gone when the process ends; and a clock that jumps ahead and back has made it
/// forget what was expired by it.
#[derive(Clone, Debug, Default)]
pub struct InProcess {
    spent: Arc<Mutex<Spent>>,
    ended: Arc<EndedSessions>,
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
    fn spend<'a>(&'a self, id: &'a str, until: UtcDateTime, now: UtcDateTime) -> Remembering<'a, bool> {
        Box::pin(ready(self.claim(id, until, now)))
    }

    fn end(&self, ended: Ended, now: UtcDateTime) -> Remembering<'_, ()> {
        self.ended.insert(ended, now);
        Box::pin(ready(Ok(())))
    }

    fn ended(&self) -> &EndedSessions {
        &self.ended
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
