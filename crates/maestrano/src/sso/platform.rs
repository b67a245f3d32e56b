//! Whether the platform answers: as the checks of sessions have found it, for each marketplace.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::{Duration, UtcDateTime};

use crate::ids::MarketplaceName;

/// How the library is doing, for the application's health page. Serializes to JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// Whether people can sign in: the [`Memory`](crate::memory::Memory) can be reached. The silence
    /// of a platform does not make an application unready, because its pages go on for the outage grace, and
    /// because taking every process away would make the outage total.
    pub ready: bool,
    /// The platforms that have been asked about a session so far.
    pub platforms: Vec<Platform>,
    /// Checks of sessions that are under way right now.
    pub checks_under_way: usize,
}

/// How a platform has answered to checks of sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Platform {
    /// Whose platform.
    pub marketplace: MarketplaceName,
    /// When it last answered.
    #[serde(serialize_with = "rfc3339")]
    pub answered: Option<UtcDateTime>,
    /// Since when it has not; `None` while it does.
    #[serde(serialize_with = "rfc3339")]
    pub silent_since: Option<UtcDateTime>,
}

fn rfc3339<S: Serializer>(time: &Option<UtcDateTime>, serializer: S) -> Result<S::Ok, S::Error> {
    time.and_then(|time| time.format(&Rfc3339).ok()).serialize(serializer)
}

/// What is known of all platforms.
#[derive(Debug, Default)]
pub(super) struct Platforms {
    known: Mutex<HashMap<MarketplaceName, Arc<Line>>>,
}

/// The line to one platform.
#[derive(Debug, Default)]
pub(super) struct Line {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    answered: Option<UtcDateTime>,
    silence: Option<Silence>,
}

#[derive(Clone, Copy, Debug)]
struct Silence {
    since: UtcDateTime,
    /// The calls since then are counted in windows.
    window: UtcDateTime,
    calls: usize,
}

impl Platforms {
    pub(super) fn line(&self, marketplace: &MarketplaceName) -> Arc<Line> {
        let mut known = lock(&self.known);
        match known.get(marketplace) {
            Some(line) => Arc::clone(line),
            None => Arc::clone(known.entry(marketplace.clone()).or_default()),
        }
    }

    pub(super) fn all(&self) -> Vec<Platform> {
        let known = lock(&self.known);
        let mut all: Vec<_> = known.iter().map(|(marketplace, line)| line.told(marketplace)).collect();
        all.sort_by(|one, other| one.marketplace.as_str().cmp(other.marketplace.as_str()));
        all
    }
}

impl Line {
    pub(super) fn answered(&self, now: UtcDateTime) {
        *lock(&self.state) = State { answered: Some(now), silence: None };
    }

    pub(super) fn was_silent(&self, now: UtcDateTime) {
        let mut state = lock(&self.state);
        state.silence.get_or_insert(Silence { since: now, window: now, calls: 1 });
    }

    pub(super) fn is_silent(&self) -> bool {
        lock(&self.state).silence.is_some()
    }

    /// Whether one more call may be made: always while the platform answers, else at most `most` in each
    /// window of time. A call that may be made is counted.
    pub(super) fn may_call(&self, most: usize, window: Duration, now: UtcDateTime) -> bool {
        let mut state = lock(&self.state);
        let Some(silence) = &mut state.silence else { return true };
        // Requests do not come in the order of their times: only what is far back is a clock that was put back.
        if now + window < silence.window || now >= silence.window + window {
            (silence.window, silence.calls) = (now, 0);
        }
        silence.calls += 1;
        silence.calls <= most
    }

    fn told(&self, marketplace: &MarketplaceName) -> Platform {
        let state = lock(&self.state);
        Platform {
            marketplace: marketplace.clone(),
            answered: state.answered,
            silent_since: state.silence.map(|silence| silence.since),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use time::macros::utc_datetime;

    use super::*;

    const NOW: UtcDateTime = utc_datetime!(2026-11-23 10:00);

    #[test]
    fn a_silent_platform_is_called_so_often_in_each_window_and_no_more() {
        let line = Line::default();
        let window = Duration::seconds(5);
        let allowed = |now| (0..10).filter(|_| line.may_call(3, window, now)).count();
        assert_eq!(allowed(NOW), 10);
        line.was_silent(NOW);
        assert_eq!(allowed(NOW), 2);
        assert_eq!(allowed(NOW + Duration::milliseconds(4_999)), 0);
        assert_eq!(allowed(NOW + window), 3);
        assert_eq!(allowed(NOW), 0, "a request that was slow");
        assert_eq!(allowed(NOW - window), 3, "the clock was put back");
        line.answered(NOW);
        assert_eq!(allowed(NOW), 10);
    }

    #[test]
    fn health_tells_since_when_a_platform_is_silent() {
        let platforms = Platforms::default();
        let line = platforms.line(&"uat".parse().unwrap());
        line.answered(NOW);
        line.was_silent(NOW + Duration::minutes(1));
        line.was_silent(NOW + Duration::minutes(2));
        let told = serde_json::to_value(platforms.all()).unwrap();
        let expected = serde_json::json!([{
            "marketplace": "uat",
            "answered": "2026-11-23T10:00:00Z",
            "silent_since": "2026-11-23T10:01:00Z",
        }]);
        assert_eq!(told, expected);
        line.answered(NOW);
        assert_eq!(platforms.all()[0].silent_since, None);
    }
}
