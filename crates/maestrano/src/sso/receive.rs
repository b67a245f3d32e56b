//! The platform's answer: verified, claimed once, and turned into the ticket that the browser finishes with.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use time::{Duration, UtcDateTime};

use super::Sso;
use super::error::{LoginError, Superfluous};
use super::finish::session;
use super::pending::{PendingLogin, purpose};
use super::ticket::{Outcome, TICKET_LIFETIME, Ticket};
use crate::config::Marketplace;
use crate::login::Login;
use crate::rejection::Rejection;
use crate::saml::response::{Expectations, claimed_request, decode, verify};

/// A response that leads to no ticket.
#[derive(Debug)]
pub(crate) struct RefusedResponse {
    pub(crate) error: LoginError,
    /// The login that the response claims to answer, if this application has begun it. Nothing rests on it but the
    /// page that is offered next.
    pub(crate) pending: Option<PendingLogin>,
    /// The decoded document, for the log at its finest level. It may hold a session token.
    pub(crate) document: String,
}

impl Sso {
    /// Takes the platform's answer, as the value of the form field, and gives the ticket that the browser finishes
    /// the login with.
    ///
    /// A response that is only old, or comes twice, gets a ticket too: this request carries no session cookie, so
    /// only the next one can tell whether the user is signed in already. A response that a script has posted uses
    /// nothing up.
    pub(crate) async fn receive(
        &self,
        marketplace: &Marketplace,
        response: &[u8],
        is_navigation: bool,
        now: UtcDateTime,
    ) -> Result<String, Box<RefusedResponse>> {
        let purpose = purpose(&self.mount, marketplace);
        let pending = |id: &str| PendingLogin::from_request_id(id, &self.seal, &purpose, now);
        let seal =
            |ticket: Ticket| ticket.seal(&self.seal, &self.ticket_purpose, now + self.ticket_lifetime());
        let examined = self.examine(marketplace, response, is_navigation, &pending, now).await;
        examined.and_then(seal).or_else(|error| {
            let document = decode(response).unwrap_or_default();
            let pending = claimed_request(&document).and_then(pending).map(|(pending, _)| pending);
            match (&error, &pending) {
                // The signature was right, or the times would not have been looked at.
                (
                    LoginError::Rejected(Rejection::Expired | Rejection::ConfirmationExpired),
                    Some(pending),
                ) => {
                    let outcome = Outcome::Superfluous(Superfluous::ResponseExpired, None);
                    seal(Ticket {
                        marketplace: marketplace.name().clone(),
                        pending: pending.clone(),
                        outcome,
                    })
                }
                _ => Err(error),
            }
            .map_err(|error| Box::new(RefusedResponse { error, pending, document }))
        })
    }

    async fn examine(
        &self,
        marketplace: &Marketplace,
        response: &[u8],
        is_navigation: bool,
        pending: impl Fn(&str) -> Option<(PendingLogin, bool)>,
        now: UtcDateTime,
    ) -> Result<Ticket, LoginError> {
        let host = marketplace.app_host().as_str();
        let audiences = [host, host.trim_end_matches('/'), marketplace.app_id().as_str()];
        let expectations = Expectations::new(marketplace.trust(), marketplace.acs_url())
            .audiences(&audiences)
            .clock_allowance(self.clock_allowance);
        let assertion = verify(response, &expectations, now)?;
        let (pending, is_current) = pending(assertion.request_id()).ok_or(LoginError::UnknownRequest)?;
        let login = Login::from_assertion(&assertion, marketplace.name(), marketplace.creation_mode())?;
        session(&login, now, now)?;
        if !is_navigation {
            return Err(LoginError::NavigationRequired);
        }
        // By its digest: how long an id is, the platform decides.
        let digest = digest(&SHA256, assertion.id().as_bytes());
        let id = format!("assertion {} {}", marketplace.name(), BASE64_URL_SAFE_NO_PAD.encode(digest));
        let is_first = self.memory.spend(&id, assertion.expires(), now).await?;
        let superfluous = match (is_first, is_current) {
            (true, true) => None,
            (false, _) => Some(Superfluous::Replayed),
            (true, false) => Some(Superfluous::LoginExpired),
        };
        let group = login.group().id().clone();
        let outcome = superfluous.map_or_else(
            || Outcome::Login(Box::new(login)),
            |superfluous| Outcome::Superfluous(superfluous, Some(group)),
        );
        Ok(Ticket { marketplace: marketplace.name().clone(), pending, outcome })
    }

    /// Opens the ticket that a browser comes back with.
    pub(crate) fn open_ticket(&self, ticket: &str, now: UtcDateTime) -> Result<Ticket, LoginError> {
        Ticket::open(ticket, &self.seal, &self.ticket_purpose, now)
    }

    /// The ticket of a login that answers a request, for tests: without a document that somebody has signed.
    #[cfg(test)]
    pub(crate) fn ticket_for(
        &self,
        login: &Login,
        request_id: &str,
        marketplace: &Marketplace,
        now: UtcDateTime,
    ) -> Result<String, LoginError> {
        let purpose = purpose(&self.mount, marketplace);
        let pending = PendingLogin::from_request_id(request_id, &self.seal, &purpose, now);
        let (pending, is_current) = pending.ok_or(LoginError::UnknownRequest)?;
        let outcome = if is_current {
            Outcome::Login(Box::new(login.clone()))
        } else {
            Outcome::Superfluous(Superfluous::LoginExpired, Some(login.group().id().clone()))
        };
        let ticket = Ticket { marketplace: marketplace.name().clone(), pending, outcome };
        ticket.seal(&self.seal, &self.ticket_purpose, now + self.ticket_lifetime())
    }

    /// How long a ticket holds, with the clock allowance: another process, with another clock, may take it.
    pub(super) fn ticket_lifetime(&self) -> Duration {
        TICKET_LIFETIME + self.clock_allowance
    }
}
