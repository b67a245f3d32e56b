//! The memory itself.

use std::fmt;
use std::sync::Arc;

use maestrano::memory::{Ended, EndedSessions, Memory, MemoryError, Remembering};
use redis::cmd;
use time::UtcDateTime;
use tokio::task::JoinSet;

use crate::ends;
use crate::keys::Keys;
use crate::server::{Failure, Server};

/// A memory that the processes of an application share, on Redis or Valkey. Clones are the same memory.
///
/// While Redis does not answer, [`spend`](Memory::spend) is an error, so that logins are refused rather than
/// accepted twice; what is known of ended sessions stays known, and is brought up to date when Redis is back.
#[derive(Clone)]
pub struct Redis {
    server: Arc<Server>,
    keys: Keys,
    ended: Arc<EndedSessions>,
    /// The follower, which ends with it.
    _tasks: Arc<JoinSet<()>>,
}

impl Redis {
    pub(crate) fn new(
        server: Arc<Server>,
        keys: Keys,
        ended: Arc<EndedSessions>,
        tasks: JoinSet<()>,
    ) -> Self {
        Self { server, keys, ended, _tasks: Arc::new(tasks) }
    }

    fn error(&self, failure: Failure) -> MemoryError {
        MemoryError::new(format!("Redis at {}: {failure}", self.server.address())).caused_by(failure)
    }
}

impl Memory for Redis {
    fn spend<'a>(&'a self, id: &'a str, until: UtcDateTime, now: UtcDateTime) -> Remembering<'a, bool> {
        Box::pin(async move {
            let mut claim = cmd("SET");
            claim.arg(self.keys.spent(id)).arg("").arg("NX").arg("PX").arg(left(until, now));
            let claim = |mut connection| async move { claim.query_async(&mut connection).await };
            let claimed: Option<String> = self.server.ask(claim).await.map_err(|error| self.error(error))?;
            Ok(claimed.is_some())
        })
    }

    fn end(&self, ended: Ended, now: UtcDateTime) -> Remembering<'_, ()> {
        let (text, left) = (ended.to_text(), left(ended.until(), now));
        self.ended.insert(ended, now);
        Box::pin(async move {
            let tell = |connection| ends::tell(connection, &self.keys, &text, left);
            self.server.ask(tell).await.map_err(|error| self.error(error))
        })
    }

    fn ended(&self) -> &EndedSessions {
        &self.ended
    }

    fn is_reachable(&self) -> bool {
        self.server.is_connected()
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server, keys, ended, .. } = self;
        let mut memory = formatter.debug_struct("Redis");
        memory.field("server", server).field("prefix", keys).field("ended", ended).finish_non_exhaustive()
    }
}

/// The milliseconds that are left, rounded up: what is kept is kept for at least as long, and by Redis's
/// clock, whatever time it shows.
fn left(until: UtcDateTime, now: UtcDateTime) -> i64 {
    i64::try_from((until - now).whole_milliseconds().max(0)).unwrap_or(i64::MAX).saturating_add(1)
}
