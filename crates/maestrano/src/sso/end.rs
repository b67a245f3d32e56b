//! The end of sessions before their time: somebody signs out, or the platform says who is gone.

use time::UtcDateTime;
use tracing::info;

use super::Sso;
use crate::app::Failure;
use crate::memory::{Ended, MemoryError};
use crate::session::Session;
use crate::telemetry;
use crate::webhook::{GroupRemoved, MemberRemoved, Notification};

/// Why a webhook is to be sent again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotTaken {
    #[error("it cannot be made known to all processes that sessions have ended")]
    Memory(#[from] MemoryError),
    #[error("the application's {hook} failed")]
    App { hook: &'static str, source: Failure },
}

impl Sso {
    /// Ends the session, and all that come from the same sign-in at the platform.
    pub(crate) async fn sign_out(&self, session: &Session, now: UtcDateTime) {
        self.checks.sign_out(session, now).await;
        info!(marketplace = %session.marketplace(), user = %session.user(), group = %session.group(), "signed out");
    }

    /// A group has stopped using the application: its sessions end, then the application does its part. When
    /// something fails, everything is safe to be done again.
    pub(crate) async fn group_removed(
        &self,
        removed: &GroupRemoved,
        now: UtcDateTime,
    ) -> Result<(), NotTaken> {
        let (marketplace, group) = (removed.marketplace(), removed.group());
        telemetry::ended(marketplace.as_str(), "group_removed");
        let told = self.memory.end(Ended::group(marketplace, group, now, now + self.lifetime), now).await;
        info!(%marketplace, %group, "a group has stopped using the application");
        let done = self.app.group_removed(removed).await;
        done.map_err(|source| NotTaken::App { hook: "group_removed", source })?;
        Ok(told?)
    }

    /// A user has left a group: the sessions of both end, then the application does its part.
    pub(crate) async fn member_removed(
        &self,
        removed: &MemberRemoved,
        now: UtcDateTime,
    ) -> Result<(), NotTaken> {
        let (marketplace, group, user) = (removed.marketplace(), removed.group(), removed.real_user());
        telemetry::ended(marketplace.as_str(), "member_removed");
        let until = now + self.lifetime;
        let told = self.memory.end(Ended::member(marketplace, group, user, now, until), now).await;
        info!(%marketplace, %group, %user, "a user has left a group");
        let done = self.app.member_removed(removed).await;
        done.map_err(|source| NotTaken::App { hook: "member_removed", source })?;
        Ok(told?)
    }

    /// Connec! has news for the application.
    pub(crate) async fn notified(&self, notification: &Notification) -> Result<(), NotTaken> {
        let done = self.app.notified(notification).await;
        done.map_err(|source| NotTaken::App { hook: "notified", source })
    }
}
