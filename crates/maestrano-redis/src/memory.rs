//! The memory itself.

use std::fmt;
use std::sync::Arc;

use maestrano::memory::{Ended, EndedSessions, Memory, MemoryError, Remembering};
use redis::cmd;
use time::UtcDateTime;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::keys::Keys;
use crate::server::{Failure, Server};
use crate::teller::Teller;

/// A memory that the processes of an application share, on Redis or Valkey. Clones are the same memory.
///
/// While Redis does not answer, [`spend`](Memory::spend) is an error, so that logins are refused rather than
/// accepted twice; what is known of ended sessions stays known, and is brought up to date when Redis is back.
/// [`end`](Memory::end) is an error as well, and the end, of which this process knows, is told to the others
/// when Redis is back: up to 10,000 ends are kept for that, those of groups and members rather than those of
/// sign-ins. A future of `end` that is dropped has told it all the same.
#[derive(Clone)]
pub struct Redis {
    server: Arc<Server>,
    keys: Keys,
    ended: Arc<EndedSessions>,
    teller: Arc<Teller>,
    runtime: Handle,
    /// The follower, which ends with it.
    _tasks: Arc<JoinSet<()>>,
}

impl Redis {
    pub(crate) fn new(
        server: Arc<Server>,
        keys: Keys,
        ended: Arc<EndedSessions>,
        teller: Arc<Teller>,
        tasks: JoinSet<()>,
    ) -> Self {
        Self { server, keys, ended, teller, runtime: Handle::current(), _tasks: Arc::new(tasks) }
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
        self.ended.insert(ended.clone(), now);
        // A task of its own, which goes on when whoever waits for it has gone away.
        let teller = Arc::clone(&self.teller);
        let telling = self.runtime.spawn(async move { teller.tell(vec![ended], now).await });
        Box::pin(async move {
            match telling.await {
                Ok(told) => told.map_err(|failure| self.error(failure)),
                Err(stopped) => {
                    Err(MemoryError::new("the runtime that it was made in has ended").caused_by(stopped))
                }
            }
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
