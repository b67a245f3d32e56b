//! How a process comes to know of the ends that others tell.

use std::sync::Arc;
use std::time::Duration;

use maestrano::memory::{Ended, EndedSessions};
use time::UtcDateTime;
use tokio::time::sleep;
use tracing::{debug, warn};

use crate::ends::{self, MOST, NEWS, PAGE};
use crate::keys::Keys;
use crate::server::{Failure, Server};
use crate::teller::Teller;

/// Reads the news twice a second, tells what could not be told before, and makes a new connection when there
/// is none.
pub(crate) struct Follower {
    server: Arc<Server>,
    keys: Keys,
    ended: Arc<EndedSessions>,
    teller: Arc<Teller>,
    /// Redis's time at the last read of this connection.
    read: Option<i64>,
}

const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl Follower {
    pub(crate) fn new(
        server: Arc<Server>,
        keys: Keys,
        ended: Arc<EndedSessions>,
        teller: Arc<Teller>,
    ) -> Self {
        Self { server, keys, ended, teller, read: None }
    }

    /// Connects, and learns what has ended so far.
    pub(crate) async fn begin(&mut self) -> Result<(), Failure> {
        self.read = None;
        self.server.connect(|connection| ends::probe(connection, &self.keys)).await?;
        self.read().await
    }

    /// Goes on until it is dropped.
    pub(crate) async fn follow(mut self) {
        let mut pause = PAUSE;
        loop {
            sleep(pause).await;
            pause = match self.turn().await {
                Ok(()) => PAUSE,
                Err(failure) => {
                    debug!(address = %self.server.address(), %failure, "Redis cannot be followed");
                    LONGEST_PAUSE.min(pause * 2)
                }
            };
        }
    }

    async fn turn(&mut self) -> Result<(), Failure> {
        if self.server.is_connected() {
            self.read().await?;
        } else {
            self.begin().await?;
        }
        self.teller.tell_untold().await
    }

    async fn read(&mut self) -> Result<(), Failure> {
        // An end that was told with success is written no later than a command may take after Redis's time
        // was read for it: who looks back a little further misses none.
        let since = self.read.map_or(0, |last| last.saturating_sub(back(self.server.wait())));
        let (now, news) = self.server.ask(|connection| ends::news(connection, &self.keys, since)).await?;
        let is_in_touch = self.read.is_some_and(|last| is_in_touch(last, since, now));
        match news.filter(|_| is_in_touch) {
            Some(news) => {
                self.take(self.server.ask(|connection| ends::find(connection, &self.keys, news)).await?);
            }
            None => self.read_all().await?,
        }
        self.read = Some(now);
        Ok(())
    }

    async fn read_all(&self) -> Result<(), Failure> {
        let now = UtcDateTime::now();
        for set in self.keys.sets() {
            for offset in (0..MOST).step_by(PAGE.unsigned_abs()) {
                let page = self.server.ask(|connection| ends::page(connection, set, now, offset)).await?;
                if page.is_empty() {
                    break;
                }
                self.take(page);
            }
        }
        Ok(())
    }

    fn take(&self, ends: Vec<(String, f64)>) {
        for (key, until) in ends {
            match Ended::from_key(&key, time(until)) {
                Some(end) => self.ended.insert(end, UtcDateTime::now()),
                None => warn!(key, "an end of sessions in Redis is none that this version knows"),
            }
        }
    }
}

/// How far to look back before the last read.
fn back(wait: Duration) -> i64 {
    i64::try_from(wait.saturating_add(Duration::from_secs(1)).as_millis()).unwrap_or(i64::MAX)
}

/// Whether the news since a time before the last read tell everything that was told after it: not when this
/// process has slept for longer than they are kept, nor when Redis's clock went back.
fn is_in_touch(last: i64, since: i64, now: i64) -> bool {
    (last..since + NEWS).contains(&now)
}

/// A time in milliseconds; the last one that there is where there is no such time.
fn time(milliseconds: f64) -> UtcDateTime {
    let nanos = i128::from(milliseconds as i64) * 1_000_000;
    UtcDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(UtcDateTime::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::LONGEST_COMMAND;

    #[test]
    fn who_reads_after_the_longest_wait_and_pause_is_in_touch() {
        let last = 1_000_000;
        let late = back(LONGEST_COMMAND + LONGEST_PAUSE);
        assert!(is_in_touch(last, last - back(LONGEST_COMMAND), last + late));
    }

    #[test]
    fn a_time_that_there_is_not_is_the_last() {
        assert_eq!(time(1.0).unix_timestamp_nanos(), 1_000_000);
        assert_eq!([time(f64::INFINITY), time(1e300)], [UtcDateTime::MAX; 2]);
    }

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
