//! How a process comes to know of the ends that others tell.

use std::sync::Arc;
use std::time::Duration;

use maestrano::memory::{Ended, EndedSessions};
use time::UtcDateTime;
use tokio::time::sleep;
use tracing::{debug, warn};

use crate::ends::{self, MOST, NEWS};
use crate::keys::Keys;
use crate::server::{Failure, Server};

/// Reads the news twice a second, and makes a new connection when there is none.
pub(crate) struct Follower {
    server: Arc<Server>,
    keys: Keys,
    ended: Arc<EndedSessions>,
    /// Redis's time at the last read of this connection.
    read: Option<i64>,
}

const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
const PAGE: isize = 5_000;

impl Follower {
    pub(crate) fn new(server: Arc<Server>, keys: Keys, ended: Arc<EndedSessions>) -> Self {
        Self { server, keys, ended, read: None }
    }

    /// Connects, and learns what has ended so far.
    pub(crate) async fn begin(&mut self) -> Result<(), Failure> {
        self.read = None;
        self.server.connect(&self.keys.writable).await?;
        self.read().await
    }

    /// Goes on until it is dropped.
    pub(crate) async fn follow(mut self) {
        let mut pause = PAUSE;
        loop {
            sleep(pause).await;
            let known = if self.server.is_connected() { self.read().await } else { self.begin().await };
            pause = match known {
                Ok(()) => PAUSE,
                Err(failure) => {
                    debug!(address = %self.server.address(), %failure, "Redis cannot be followed");
                    LONGEST_PAUSE.min(pause * 2)
                }
            };
        }
    }

    async fn read(&mut self) -> Result<(), Failure> {
        // An end that was told with success is written no later than a command may take after Redis's time
        // was read for it: who looks back a little further misses none.
        let back = milliseconds(self.server.wait().saturating_add(Duration::from_secs(1)));
        let since = self.read.map_or(0, |last| last.saturating_sub(back));
        let (now, news) = self.server.ask(|connection| ends::news(connection, &self.keys, since)).await?;
        if !self.read.is_some_and(|last| is_in_touch(last, since, now)) {
            self.read_all(now).await?;
        }
        self.take(&news);
        self.read = Some(now);
        Ok(())
    }

    async fn read_all(&self, now: i64) -> Result<(), Failure> {
        let mut offset = 0;
        while offset < MOST {
            let page = |connection| ends::page(connection, &self.keys, now, offset, PAGE);
            let page = self.server.ask(page).await?;
            if page.is_empty() {
                break;
            }
            self.take(&page);
            offset += PAGE;
        }
        Ok(())
    }

    fn take(&self, ends: &[String]) {
        for text in ends {
            match Ended::from_text(text) {
                Some(end) => self.ended.insert(end, UtcDateTime::now()),
                None => warn!(text, "an end of sessions in Redis is none that this version knows"),
            }
        }
    }
}

/// Whether the news since a time before the last read tell everything that was told after it: not when this
/// process has slept for longer than they are kept, nor when Redis's clock went back.
fn is_in_touch(last: i64, since: i64, now: i64) -> bool {
    (last..since + NEWS).contains(&now)
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_slept_and_whose_clock_went_back_is_out_of_touch() {
        let (last, since) = (1_000_000, 998_000);
        let cases = [
            (last, true),
            (last + 500, true),
            (since + NEWS - 1, true),
            (since + NEWS, false),
            (last + 1_000_000_000, false),
            (last - 1, false),
            (0, false),
        ];
        for (now, expected) in cases {
            assert_eq!(is_in_touch(last, since, now), expected, "{now}");
        }
    }
}
