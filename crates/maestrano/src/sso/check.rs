//! Whether a session goes on: the platform is asked when it is time to (session.md 2.3 to 2.5).
//!
//! A page waits for the platform only when it must: the check runs ahead of time, and while the platform is
//! known to be silent, pages inside the grace go on without it. A check belongs to nobody's request: who hangs
//! up does not cancel it for others.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration as StdDuration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use serde::Deserialize;
use time::{Duration, UtcDateTime};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit as Permit, Semaphore, watch};
use tokio::time::{Instant, timeout};
use tracing::field::Empty;
use tracing::{Instrument, Span, debug, info_span, warn};

use super::platform::{Line, Platform, Platforms};
use crate::clock;
use crate::config::{Marketplace, Rules};
use crate::error::chain;
use crate::memory::{Ended, Memory};
use crate::session::{Milliseconds, Session, Visit};
use crate::telemetry;
use crate::transport::{Limits, Transport};

/// The platform is not believed when it wants to be asked later than this (security.md 4.4).
const LONGEST: Duration = Duration::minutes(15);
/// Nor sooner than this, or every request would ask.
const SHORTEST: Duration = Duration::seconds(1);
/// While the platform is silent it is asked at most this often for one session.
const PAUSE: Duration = Duration::seconds(5);
/// The last fifth of the time until the recheck is when it is made ahead of time.
const AHEAD: i64 = 5;
/// Sessions whose last answer is remembered. One more forgets another, which costs that one a call.
const REMEMBERED: u64 = 200_000;
/// A request waits for so many checks of its session at most; one is usual.
const ROUNDS: usize = 3;
const ANSWER: usize = 16 * 1024;
/// Beyond the time of a check, for what comes before and after it.
const MARGIN: StdDuration = StdDuration::from_millis(500);

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
    known: Cache<Visit, Arc<Entry>>,
    asking: Arc<Asking>,
    /// How many checks may be under way at once, and while the platform is silent in each pause.
    most: usize,
    grace: Duration,
    pause: Duration,
    /// What happened to sessions before, this process cannot know.
    began: UtcDateTime,
}

/// What a check needs when nobody waits for it any more.
struct Asking {
    transport: Arc<dyn Transport>,
    memory: Arc<dyn Memory>,
    platforms: Platforms,
    permits: Arc<Semaphore>,
    timeout: StdDuration,
    /// How long a session lives at most.
    lifetime: StdDuration,
}

/// What is known of one session. Its lock is never held across an await.
#[derive(Default)]
struct Entry {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: Option<Known>,
    flight: Option<Underway>,
}

/// A check that is under way.
#[derive(Clone)]
struct Underway {
    began: Instant,
    /// It is over when its sender is gone.
    over: watch::Receiver<()>,
}

/// What the platform last said about a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Valid { from: UtcDateTime, until: UtcDateTime },
    Silent { due: UtcDateTime, asked: UtcDateTime },
}

/// What to do about a session.
enum Step {
    Done(Check),
    /// A check is under way; what holds if it never comes to an end.
    Wait(Underway, Check),
    /// This check is to be made by the request itself, where there is no runtime to give it to.
    Fly(Flight),
    /// Too many checks are under way.
    Queue,
}

type Flight = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Checks {
    pub(super) fn new(
        rules: &Rules,
        memory: Arc<dyn Memory>,
        transport: Arc<dyn Transport>,
        now: UtcDateTime,
    ) -> Self {
        let (timeout, lifetime, most) =
            (rules.recheck_timeout(), rules.session_lifetime(), rules.rechecks_at_once());
        let duration = |duration: StdDuration| Duration::try_from(duration).unwrap_or(Duration::ZERO);
        let permits = Arc::new(Semaphore::new(most));
        Self {
            // The newest is kept, whatever has been asked for more often.
            known: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(lifetime)
                .eviction_policy(EvictionPolicy::lru())
                .build(),
            asking: Arc::new(Asking {
                transport,
                memory,
                platforms: Platforms::default(),
                permits,
                timeout,
                lifetime,
            }),
            most,
            grace: duration(rules.outage_grace()),
            pause: PAUSE.max(duration(timeout)),
            began: now,
        }
    }

    /// Checks a session; at most one call for each is under way, whoever else waits takes its outcome.
    pub(crate) async fn check(
        &self,
        session: &Session,
        marketplace: &Marketplace,
        now: UtcDateTime,
    ) -> Check {
        if self.asking.memory.ended().includes(session) {
            return Check::Ended;
        }
        let (opened, recheck) = session.times();
        if is_fresh(opened, recheck, Milliseconds::of(now)) {
            return Check::Alive;
        }
        let visit = session.visit();
        let entry = self.known.get(&visit).unwrap_or_else(|| self.known.get_with(visit, Arc::default));
        let (mut permit, mut now, mut otherwise) = (None, now, Check::Unreachable);
        for _ in 0..ROUNDS {
            let began = Instant::now();
            match self.step(&entry, session, marketplace, &mut permit, now) {
                Step::Done(check) => return check,
                Step::Wait(mut flight, without) => {
                    // An error says that it is over.
                    if self.patiently(flight.over.changed()).await.is_none() {
                        return without;
                    }
                    otherwise = without;
                }
                Step::Fly(flight) => flight.await,
                Step::Queue => {
                    let queue = Arc::clone(&self.asking.permits).acquire_owned();
                    permit = self.patiently(queue).await.and_then(Result::ok);
                    if permit.is_none() {
                        return Check::Unreachable;
                    }
                }
            }
            now += began.elapsed();
            if self.asking.memory.ended().includes(session) {
                return Check::Ended;
            }
        }
        otherwise
    }

    /// Ends a session because its user has signed out.
    pub(super) async fn sign_out(&self, session: &Session, now: UtcDateTime) {
        self.asking.end(session, "logout", now).await;
    }

    /// Waits for another task no longer than a check may take: its runtime may be busy, or gone.
    async fn patiently<T>(&self, other: impl Future<Output = T>) -> Option<T> {
        match Handle::try_current() {
            Ok(_) => timeout(self.asking.timeout + MARGIN, other).await.ok(),
            Err(_) => Some(other.await),
        }
    }

    pub(super) fn platforms(&self) -> Vec<Platform> {
        self.asking.platforms.all()
    }

    pub(super) fn under_way(&self) -> usize {
        self.most.saturating_sub(self.asking.permits.available_permits())
    }

    fn step(
        &self,
        entry: &Arc<Entry>,
        session: &Session,
        marketplace: &Marketplace,
        permit: &mut Option<Permit>,
        now: UtcDateTime,
    ) -> Step {
        let mut state = entry.lock();
        // What was heard before the session was opened does not concern it.
        let (opened, recheck) = (session.opened(), session.recheck());
        let known = state.known.filter(|known| known.heard() >= opened || opened > now);
        let due = match known.unwrap_or(Known::Valid { from: opened, until: recheck }) {
            Known::Valid { from, until }
                if is_fresh(Milliseconds::of(from), Milliseconds::of(until), Milliseconds::of(now)) =>
            {
                return Step::Done(Check::Alive);
            }
            Known::Valid { until, .. } => until,
            Known::Silent { due, asked } if asked <= now && now < asked + self.pause => {
                return Step::Done(self.without_platform(due, now));
            }
            Known::Silent { due, .. } => due,
        };
        // A time beyond reason comes of a clock that was put back.
        let due = if due > now + LONGEST { now } else { due };
        let is_ahead = now < due;
        let without = self.without_platform(due, now);
        let line = self.asking.platforms.line(marketplace.name());
        // Nobody waits for a platform that is known to be silent, as long as the session goes on without it.
        let goes_on = is_ahead || without == Check::Alive && line.is_silent();
        let longest = 2 * (self.asking.timeout + MARGIN);
        if let Some(flight) = state.flight.as_ref().filter(|flight| flight.began.elapsed() < longest) {
            return if goes_on { Step::Done(Check::Alive) } else { Step::Wait(flight.clone(), without) };
        }
        let free = permit.take().or_else(|| Arc::clone(&self.asking.permits).try_acquire_owned().ok());
        let Some(free) = free else {
            let waits = without == Check::Unreachable && !line.is_silent();
            return if waits { Step::Queue } else { Step::Done(without) };
        };
        if !line.may_call(self.most, self.pause, now) {
            return Step::Done(without);
        }
        let (landing, over) = watch::channel(());
        let flight = Underway { began: Instant::now(), over };
        state.flight = Some(flight.clone());
        // A runtime that is shutting down drops what it is given at once, and dropping a landing takes the lock.
        drop(state);
        let landing = Landing { entry: Arc::clone(entry), _permit: free, over: landing };
        let name = marketplace.name();
        let (user, group) = (session.user(), session.group());
        let span = info_span!("recheck", marketplace = %name, %user, %group, outcome = Empty);
        let asking = Arc::clone(&self.asking);
        let ask = asking.ask(session.clone(), question(session, marketplace), line, due, now, landing);
        let ask = ask.instrument(span);
        match Handle::try_current() {
            Ok(runtime) => _ = runtime.spawn(ask),
            Err(_) => return Step::Fly(Box::pin(ask)),
        }
        if goes_on { Step::Done(Check::Alive) } else { Step::Wait(flight, without) }
    }

    /// Whether a session goes on while the platform is silent. A process that has just begun allows for the
    /// grace too.
    fn without_platform(&self, due: UtcDateTime, now: UtcDateTime) -> Check {
        if now < due.max(self.began) + self.grace { Check::Alive } else { Check::Unreachable }
    }
}

impl Known {
    /// When the platform was asked.
    fn heard(self) -> UtcDateTime {
        match self {
            Self::Valid { from: heard, .. } | Self::Silent { asked: heard, .. } => heard,
        }
    }
}

impl Asking {
    /// Asks the platform, and remembers what it says.
    async fn ask(
        self: Arc<Self>,
        session: Session,
        question: Result<Request<Bytes>, http::Error>,
        line: Arc<Line>,
        due: UtcDateTime,
        now: UtcDateTime,
        landing: Landing,
    ) {
        let marketplace = session.marketplace().as_str();
        let began = Instant::now();
        let outcome = match question {
            Ok(question) => match self.transport.send(question, Limits::new(self.timeout, ANSWER)).await {
                Ok(response) => {
                    // Another status, or nonsense, may be about this session alone.
                    if response.status().is_server_error()
                        || response.status() == StatusCode::TOO_MANY_REQUESTS
                    {
                        line.was_silent(now);
                    }
                    answer(&response)
                }
                Err(error) => {
                    line.was_silent(now);
                    Err(chain(&error))
                }
            },
            Err(error) => Err(format!("the address of the session check is wrong: {error}")),
        };
        let took = began.elapsed();
        let told = |outcome| {
            Span::current().record("outcome", outcome);
            telemetry::recheck(marketplace, outcome, took);
        };
        let known = match outcome {
            Ok(Answer::Valid { recheck }) => {
                line.answered(now);
                told("alive");
                debug!("the session goes on");
                Known::Valid { from: now, until: clamp(recheck, now) }
            }
            Ok(Answer::Ended) => {
                line.answered(now);
                told("ended");
                debug!("the platform has ended the session");
                self.end(&session, "recheck", now).await;
                return;
            }
            Err(reason) => {
                told("unreachable");
                warn!(reason, "session cannot be rechecked");
                Known::Silent { due, asked: now }
            }
        };
        landing.entry.lock().known = Some(known);
    }

    /// Ends all sessions that come from the same sign-in at the platform.
    async fn end(&self, session: &Session, cause: &'static str, now: UtcDateTime) {
        // A session may be younger than `now` after a clock was put back.
        let at = now.max(session.opened());
        telemetry::ended(session.marketplace().as_str(), cause);
        if let Err(error) = self.memory.end(Ended::session(session, at, at + self.lifetime), now).await {
            let reason = chain(&error);
            warn!(
                reason,
                cause, "other processes may not know that a session has ended, until they recheck it"
            );
        }
    }
}

/// Ends a check, also when it was dropped halfway: whoever waits for it looks again.
struct Landing {
    entry: Arc<Entry>,
    /// Given back before those who wait are told, so that they find it.
    _permit: Permit,
    over: watch::Sender<()>,
}

impl Drop for Landing {
    fn drop(&mut self) {
        let mut state = self.entry.lock();
        // One that was given up may land after the next has begun.
        if state.flight.as_ref().is_some_and(|flight| flight.over.same_channel(&self.over.subscribe())) {
            state.flight = None;
        }
    }
}

impl Entry {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Checks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Checks").field("grace", &self.grace).finish_non_exhaustive()
    }
}

/// Whether it is neither time to ask nor soon; a time beyond reason is no reason to wait.
fn is_fresh(from: Milliseconds, until: Milliseconds, now: Milliseconds) -> bool {
    let left = until.0.saturating_sub(now.0);
    let ahead = until.0.saturating_sub(from.0) / AHEAD;
    left > ahead && i128::from(left) <= LONGEST.whole_milliseconds()
}

/// A recheck time within reason.
pub(crate) fn clamp(recheck: UtcDateTime, now: UtcDateTime) -> UtcDateTime {
    recheck.clamp(now + SHORTEST, now + LONGEST)
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

/// The question whether a session goes on.
fn question(session: &Session, marketplace: &Marketplace) -> Result<Request<Bytes>, http::Error> {
    Request::get(marketplace.session_check_url(session.user(), session.token()))
        .header(http::header::ACCEPT, "application/json")
        .body(Bytes::new())
}

/// What a response says. The error is a sentence for the log.
fn answer(response: &Response<Bytes>) -> Result<Answer, String> {
    if response.status() != StatusCode::OK {
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
