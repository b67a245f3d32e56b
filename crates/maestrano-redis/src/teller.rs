//! Who tells other processes of ends.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use maestrano::memory::Ended;
use time::UtcDateTime;

use crate::ends;
use crate::keys::Keys;
use crate::server::{Failure, Server};

/// Tells ends, and keeps those that Redis did not take, to tell them later.
pub(crate) struct Teller {
    server: Arc<Server>,
    keys: Keys,
    untold: Mutex<Untold>,
}

/// By what gives way last. One for each key: the one that is kept longest.
#[derive(Default)]
struct Untold(BTreeMap<(Rank, String), Ended>);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Removal,
    Visit,
}

/// How many ends wait to be told, at most.
const MOST: usize = 10_000;

const AT_ONCE: usize = 1_000;

impl Teller {
    pub(crate) fn new(server: Arc<Server>, keys: Keys) -> Self {
        Self { server, keys, untold: Mutex::default() }
    }

    /// Tells ends now, or else keeps them.
    pub(crate) async fn tell(&self, ends: Vec<Ended>, now: UtcDateTime) -> Result<(), Failure> {
        let tell = |connection| ends::tell(connection, &self.keys, &ends, now);
        let told = self.server.ask(tell).await;
        if told.is_err() {
            let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
            ends.into_iter().for_each(|end| untold.keep(end));
        }
        told
    }

    /// Tells what was kept.
    pub(crate) async fn tell_untold(&self) -> Result<(), Failure> {
        loop {
            let ends = self.untold.lock().unwrap_or_else(PoisonError::into_inner).take(AT_ONCE);
            if ends.is_empty() {
                return Ok(());
            }
            self.tell(ends, UtcDateTime::now()).await?;
        }
    }
}

impl Untold {
    fn keep(&mut self, end: Ended) {
        let rank = if end.is_visit() { Rank::Visit } else { Rank::Removal };
        let kept = self.0.entry((rank, end.key())).or_insert_with(|| end.clone());
        if kept.until() < end.until() {
            *kept = end;
        }
        if self.0.len() > MOST {
            self.0.pop_last();
        }
    }

    fn take(&mut self, most: usize) -> Vec<Ended> {
        std::iter::from_fn(|| self.0.pop_first()).take(most).map(|(_, end)| end).collect()
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::utc_datetime;

    use super::*;

    const NOW: UtcDateTime = utc_datetime!(2026-11-23 10:00);

    fn visit(number: usize, until: UtcDateTime) -> Ended {
        Ended::from_key(&format!("1\nvisit\n{number:x}"), until).unwrap()
    }

    fn group(number: usize, until: UtcDateTime) -> Ended {
        Ended::from_key(&format!("1\ngroup\nuat\ncld-{number}"), until).unwrap()
    }

    #[test]
    fn an_end_that_could_not_be_told_several_times_is_kept_once_and_for_longest() {
        let mut untold = Untold::default();
        for seconds in [1, 3, 2] {
            untold.keep(group(1, NOW + Duration::seconds(seconds)));
            untold.keep(visit(1, NOW));
        }
        assert_eq!(untold.take(9), [group(1, NOW + Duration::seconds(3)), visit(1, NOW)]);
        assert!(untold.take(9).is_empty());
    }

    #[test]
    fn there_is_a_bound_and_visits_give_way() {
        let mut untold = Untold::default();
        untold.keep(group(0, NOW));
        for number in 0..2 * MOST {
            untold.keep(visit(number, NOW));
        }
        assert_eq!(untold.0.len(), MOST);
        for number in 0..MOST {
            untold.keep(group(number, NOW));
        }
        let kept = untold.take(usize::MAX);
        assert_eq!(kept.len(), MOST);
        assert!(kept.iter().all(|end| !end.is_visit()));
    }
}
