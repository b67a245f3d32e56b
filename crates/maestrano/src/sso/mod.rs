//! One login, one session: begins a login, takes the platform's answer, finishes it in the browser that began
//! it, checks whether its session goes on, and ends it. Knows the protocol, and nothing of HTTP answers and
//! cookies.

mod check;
mod end;
mod error;
mod finish;
mod pending;
mod platform;
mod receive;
mod return_to;
mod start;
mod ticket;

use std::fmt;
use std::sync::Arc;
use std::time::Duration as StdDuration;

use time::UtcDateTime;

pub(crate) use self::check::{Check, Checks};
pub(crate) use self::end::NotTaken;
pub(crate) use self::error::{LoginError, Superfluous};
pub(crate) use self::pending::PendingLogin;
pub use self::platform::{Health, Platform};
pub(crate) use self::receive::RefusedResponse;
pub(crate) use self::return_to::ReturnTo;
pub(crate) use self::start::{Launch, MAX_LOCATION_CHARS};
pub(crate) use self::ticket::Outcome;
use crate::app::AnyApp;
use crate::config::{Marketplace, Rules};
use crate::memory::Memory;
use crate::seal::Seal;
use crate::session::Session;
use crate::telemetry::{LogLimit, Repeated};
use crate::transport::Transport;

/// What logins and sessions need from outside.
pub(crate) struct Sso {
    app: Box<dyn AnyApp>,
    memory: Arc<dyn Memory>,
    pub(crate) seal: Seal,
    checks: Checks,
    /// How long a session lives at most.
    lifetime: StdDuration,
    /// How far the clocks of platform and processes may be apart.
    clock_allowance: StdDuration,
    mount: String,
    ticket_purpose: String,
    log_limit: LogLimit,
}

impl Sso {
    pub(crate) fn new(
        rules: &Rules,
        app: Box<dyn AnyApp>,
        memory: Arc<dyn Memory>,
        transport: Arc<dyn Transport>,
        seal: Seal,
        now: UtcDateTime,
    ) -> Self {
        let checks = Checks::new(rules, Arc::clone(&memory), transport, now);
        let mount = rules.mount().to_owned();
        let log_limit = LogLimit::default();
        let ticket_purpose = format!("ticket {mount}");
        let (lifetime, clock_allowance) = (rules.session_lifetime(), rules.clock_allowance());
        Self { app, memory, seal, checks, lifetime, clock_allowance, mount, ticket_purpose, log_limit }
    }

    /// Whether a session goes on.
    pub(crate) async fn check(
        &self,
        session: &Session,
        marketplace: &Marketplace,
        now: UtcDateTime,
    ) -> Check {
        self.checks.check(session, marketplace, now).await
    }

    /// Whether a session was ended, as far as it can be known without the platform.
    pub(crate) fn has_ended(&self, session: &Session) -> bool {
        self.memory.ended().includes(session)
    }

    /// How long a browser keeps the cookie of a pending login.
    pub(crate) fn login_cookie_lifetime(&self) -> StdDuration {
        StdDuration::try_from(self.pending_lifetime()).unwrap_or(StdDuration::ZERO)
    }

    /// Whether an event that anybody can cause may be logged now.
    pub(crate) fn may_log(&self, kind: Repeated, now: UtcDateTime) -> bool {
        self.log_limit.allows(kind, now)
    }

    pub(crate) fn health(&self) -> Health {
        let (platforms, checks_under_way) = (self.checks.platforms(), self.checks.under_way());
        Health { ready: self.memory.is_reachable(), platforms, checks_under_way }
    }
}

impl fmt::Debug for Sso {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sso").field("memory", &self.memory).finish_non_exhaustive()
    }
}
