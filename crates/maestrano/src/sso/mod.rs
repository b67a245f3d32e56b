//! One login, one session: begins a login, takes the platform's answer, finishes it in the browser that began
//! it, checks whether its session goes on, and ends it. Knows the protocol, and nothing of HTTP answers and
//! cookies.

mod check;
mod end;
mod finish;
mod pending;
mod platform;
mod return_to;
mod start;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use time::UtcDateTime;

pub(crate) use self::check::{Check, Checks};
pub(crate) use self::end::NotTaken;
pub(crate) use self::finish::Refusal;
pub(crate) use self::pending::Logins;
pub use self::platform::{Health, Platform};
pub(crate) use self::return_to::ReturnTo;
pub(crate) use self::start::Launch;
use crate::app::AnyApp;
use crate::config::{Marketplace, Rules};
use crate::memory::Memory;
use crate::seal::Seal;
use crate::session::Session;
use crate::transport::Transport;

/// What logins and sessions need from outside.
pub(crate) struct Sso {
    app: Box<dyn AnyApp>,
    memory: Arc<dyn Memory>,
    pub(crate) seal: Seal,
    checks: Checks,
    /// How long a session lives at most.
    lifetime: Duration,
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
        Self { app, memory, seal, checks, lifetime: rules.session_lifetime() }
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
