//! Whether a session goes on: the platform is asked when it is time to (session.md 2.3 to 2.5).

use std::fmt;
use std::time::Duration as StdDuration;

use bytes::Bytes;
use moka::future::Cache;
use moka::ops::compute::{CompResult, Op};
use serde::Deserialize;
use time::{Duration, UtcDateTime};
use tracing::{debug, warn};

use crate::clock;
use crate::config::Marketplace;
use crate::error::chain;
use crate::session::Session;
use crate::transport::{Limits, Transport};

/// The platform is not believed when it wants to be asked later than this (security.md 4.4).
const LONGEST: Duration = Duration::minutes(15);
/// Nor sooner than this, or every request would ask.
const SHORTEST: Duration = Duration::seconds(1);
/// While the platform is silent it is asked at most this often for one session.
const PAUSE: StdDuration = StdDuration::from_secs(5);
/// Sessions whose last answer is remembered. One more forgets another, which costs that one a call.
const REMEMBERED: u64 = 200_000;
const ANSWER: usize = 16 * 1024;

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// The session goes on.
    Alive,
    /// The platform has ended it.
    Ended,
    /// The platform cannot be asked, and that for too long.
    Unreachable,
}

/// What is known about sessions beyond their cookies.
pub(crate) struct Checks {
    /// By marketplace, user and token, which is why nothing of it is printed.
    known: Cache<String, Known>,
    timeout: StdDuration,
    grace: Duration,
    /// What happened to sessions before, this process cannot know.
    began: UtcDateTime,
}

/// What the platform last said about a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Valid { until: UtcDateTime },
    Silent { due: UtcDateTime, asked: UtcDateTime },
    Ended,
}

/// What to do about a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Done(Check),
    Ask { due: UtcDateTime },
}

impl Checks {
    pub(crate) fn new(
        timeout: StdDuration,
        grace: StdDuration,
        lifetime: StdDuration,
        now: UtcDateTime,
    ) -> Self {
        Self {
            known: Cache::builder().max_capacity(REMEMBERED).time_to_live(lifetime).build(),
            timeout,
            grace: Duration::try_from(grace).unwrap_or(Duration::ZERO),
            began: now,
        }
    }

    /// Forgets what was known of a session, because its user has signed in again.
    pub(crate) async fn forget(&self, session: &Session) {
        self.known.invalidate(&key(session)).await;
    }

    /// Checks a session; at most one call per session is under way, whoever else waits takes its outcome.
    pub(crate) async fn check(
        &self,
        session: &Session,
        marketplace: &Marketplace,
        transport: &dyn Transport,
        now: UtcDateTime,
    ) -> Check {
        if now < session.recheck() {
            return Check::Alive;
        }
        let key = key(session);
        let known = self.known.get(&key).await;
        if let Step::Done(check) = self.step(known, session, now) {
            return check;
        }
        let ask_once = async |entry: Option<moka::Entry<String, Known>>| match self.step(
            entry.map(moka::Entry::into_value),
            session,
            now,
        ) {
            Step::Done(_) => Op::Nop,
            Step::Ask { due } => Op::Put(self.ask(session, marketplace, transport, due, now).await),
        };
        let known = match self.known.entry(key).and_compute_with(ask_once).await {
            CompResult::Inserted(entry) | CompResult::ReplacedWith(entry) | CompResult::Unchanged(entry) => {
                Some(entry.into_value())
            }
            CompResult::Removed(_) | CompResult::StillNone(_) => None,
        };
        match self.step(known, session, now) {
            Step::Done(check) => check,
            Step::Ask { .. } => Check::Unreachable,
        }
    }

    async fn ask(
        &self,
        session: &Session,
        marketplace: &Marketplace,
        transport: &dyn Transport,
        due: UtcDateTime,
        now: UtcDateTime,
    ) -> Known {
        match answer(session, marketplace, transport, self.timeout).await {
            Ok(Answer::Ended) => {
                debug!(marketplace = %session.marketplace(), user = %session.user(), "session ended by the platform");
                Known::Ended
            }
            Ok(Answer::Valid { recheck }) => Known::Valid { until: clamp(recheck, now) },
            Err(reason) => {
                warn!(marketplace = %session.marketplace(), user = %session.user(), reason, "session cannot be rechecked");
                Known::Silent { due, asked: now }
            }
        }
    }

    fn step(&self, known: Option<Known>, session: &Session, now: UtcDateTime) -> Step {
        match known {
            // A process that has just begun allows for the grace too.
            None => Step::Ask { due: session.recheck().max(self.began) },
            Some(Known::Ended) => Step::Done(Check::Ended),
            Some(Known::Valid { until }) if now < until => Step::Done(Check::Alive),
            Some(Known::Valid { until }) => Step::Ask { due: until },
            Some(Known::Silent { due, asked }) if now < asked + PAUSE.max(self.timeout) => {
                Step::Done(if now < due + self.grace { Check::Alive } else { Check::Unreachable })
            }
            Some(Known::Silent { due, .. }) => Step::Ask { due },
        }
    }
}

impl fmt::Debug for Checks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Checks").field("grace", &self.grace).finish_non_exhaustive()
    }
}

/// A recheck time within reason.
pub(crate) fn clamp(recheck: UtcDateTime, now: UtcDateTime) -> UtcDateTime {
    recheck.clamp(now + SHORTEST, now + LONGEST)
}

fn key(session: &Session) -> String {
    format!("{}\n{}\n{}", session.marketplace(), session.user(), session.token().expose())
}

enum Answer {
    Valid { recheck: UtcDateTime },
    Ended,
}

#[derive(Deserialize)]
struct AnswerJson {
    valid: bool,
    recheck: Option<String>,
}

/// Asks the platform. The error is a sentence for the log.
async fn answer(
    session: &Session,
    marketplace: &Marketplace,
    transport: &dyn Transport,
    timeout: StdDuration,
) -> Result<Answer, String> {
    let request = http::Request::get(marketplace.session_check_url(&session.user().real(), session.token()))
        .header(http::header::ACCEPT, "application/json")
        .body(Bytes::new())
        .map_err(|error| format!("the address of the session check is wrong: {error}"))?;
    let response =
        transport.send(request, Limits::new(timeout, ANSWER)).await.map_err(|error| chain(&error))?;
    if response.status() != http::StatusCode::OK {
        return Err(format!("the platform answers with status {}", response.status().as_u16()));
    }
    let json: AnswerJson = serde_json::from_slice(response.body()).map_err(|_| {
        "the platform's answer is not JSON that says whether the session is `valid`".to_owned()
    })?;
    if !json.valid {
        return Ok(Answer::Ended);
    }
    let recheck = json.recheck.as_deref().and_then(clock::instant);
    let recheck = recheck.ok_or_else(|| "the platform's `recheck` is not a time".to_owned())?;
    Ok(Answer::Valid { recheck })
}
