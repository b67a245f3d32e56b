//! One login, one session: begins a login, takes the platform's answer, finishes it in the browser that began
//! it, and checks whether its session goes on. Knows the protocol, and nothing of HTTP answers and cookies.

mod check;
mod finish;
mod pending;
mod return_to;
mod start;

use std::fmt;
use std::sync::Arc;

pub(crate) use self::check::{Check, Checks};
pub(crate) use self::finish::Refusal;
pub(crate) use self::pending::Logins;
pub(crate) use self::return_to::ReturnTo;
pub(crate) use self::start::Launch;
use crate::app::AnyApp;
use crate::config::Marketplace;
use crate::memory::Memory;
use crate::seal::Seal;
use crate::session::Session;
use crate::transport::Transport;

/// What logins and sessions need from outside.
pub(crate) struct Sso {
    pub(crate) app: Box<dyn AnyApp>,
    pub(crate) memory: Arc<dyn Memory>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) seal: Seal,
    pub(crate) checks: Checks,
}

impl Sso {
    /// Whether a session goes on.
    pub(crate) async fn check(
        &self,
        session: &Session,
        marketplace: &Marketplace,
        now: time::UtcDateTime,
    ) -> Check {
        self.checks.check(session, marketplace, self.transport.as_ref(), now).await
    }
}

impl fmt::Debug for Sso {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sso").field("memory", &self.memory).finish_non_exhaustive()
    }
}
