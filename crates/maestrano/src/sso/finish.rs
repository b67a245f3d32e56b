//! The end of a login: the browser that began it has come back with its ticket.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::request::Parts;
use time::UtcDateTime;
use tracing::info;

use super::check::clamp;
use super::error::{LoginError, Superfluous};
use super::pending::PendingLogin;
use super::{ReturnTo, Sso};
use crate::app::SignIn;
use crate::login::Login;
use crate::session::Session;
use crate::telemetry;

/// A session of so many bytes makes a cookie of less than 1,000.
const MAX_SESSION_BYTES: usize = 640;

/// A finished login.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) session: Session,
    pub(crate) go_to: ReturnTo,
}

impl Sso {
    /// Finishes a login in the browser that began it: asks the application, and opens the session.
    pub(crate) async fn finish(
        &self,
        login: &Login,
        pending: &PendingLogin,
        request: &Parts,
        now: UtcDateTime,
    ) -> Result<Finished, LoginError> {
        let nonce = BASE64_URL_SAFE_NO_PAD.encode(pending.nonce());
        let id = format!("login {} {nonce}", login.marketplace());
        // The browser has shown its cookie, but a copy of that cookie may have been kept.
        let until = pending.started() + self.pending_lifetime() + self.ticket_lifetime();
        if !self.memory.spend(&id, until, now).await? {
            return Err(Superfluous::Finished.into());
        }
        // An answer that was held back does not bring back a user who was removed meanwhile.
        if self.has_ended(&session(login, pending.started(), now)?) {
            return Err(LoginError::Overtaken);
        }
        let session = session(login, now, now)?;
        let go_to = match self.app.sign_in(login, request).await.map_err(LoginError::AppFailed)? {
            SignIn::Allow => pending.return_to().clone(),
            SignIn::AllowAt(path) => ReturnTo::chosen(&path, &self.mount),
            SignIn::Refuse => return Err(LoginError::ByApp),
        };
        telemetry::login(session.marketplace().as_str());
        info!(marketplace = %session.marketplace(), user = %session.user(), group = %session.group(), "signed in");
        Ok(Finished { session, go_to })
    }
}

/// The session that a login opens.
pub(super) fn session(login: &Login, opened: UtcDateTime, now: UtcDateTime) -> Result<Session, LoginError> {
    let (marketplace, user, group) = (login.marketplace(), login.user().real_id().real(), login.group().id());
    let recheck = clamp(login.recheck(), now);
    let session =
        Session::new(marketplace.clone(), user, group.clone(), opened, recheck, login.token().clone());
    if session.to_bytes().len() > MAX_SESSION_BYTES { Err(LoginError::TooLarge) } else { Ok(session) }
}
