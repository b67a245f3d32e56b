//! The end of a login, in two steps: the platform's answer is verified when it is posted, and becomes a
//! session when the browser that began the login comes back for it (design: "One login").

use std::io::{Read, Write};
use std::time::Duration as StdDuration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use http::request::Parts;
use time::{Duration, UtcDateTime};
use tracing::{info, warn};

use super::check::clamp;
use super::{Logins, ReturnTo, Sso, pending};
use crate::app::{Failure, SignIn};
use crate::config::Marketplace;
use crate::login::Login;
use crate::memory::MemoryError;
use crate::rejection::Rejection;
use crate::saml::response::{Expectations, verify};
use crate::seal::SealFailed;
use crate::session::Session;
use crate::telemetry;

/// How long the browser has to come back after the platform's answer.
const TICKET: Duration = Duration::seconds(60);
/// The longest ticket, as text in an address.
const LONGEST: usize = 4096;
const LONGEST_LOGIN: u64 = 64 * 1024;
/// A session of so many bytes makes a cookie of less than 1,000.
const LONGEST_SESSION: usize = 640;
const PURPOSE: &str = "ticket";

/// Why there is no session at the end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the response is refused: {0}")]
    Rejected(#[from] Rejection),
    #[error(
        "the response holds more text than a ticket of {LONGEST} characters or a session cookie can carry"
    )]
    TooLarge,
    #[error("the ticket is not one of ours, or older than {} seconds", TICKET.whole_seconds())]
    NoTicket,
    #[error("this browser has not begun this login, or too long ago, or has finished it already")]
    NotBegun,
    #[error("since this login was begun, the user or the group was removed, or the user has signed out")]
    Overtaken,
    #[error("this browser begins login after login and finishes none")]
    Circles,
    #[error(transparent)]
    Memory(#[from] MemoryError),
    #[error("the application refuses the user")]
    ByApp,
    #[error("the application's sign_in failed")]
    AppFailed(#[source] Failure),
    #[error(transparent)]
    Broken(#[from] SealFailed),
}

impl Refusal {
    /// A stable name for log lines.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Rejected(rejection) => rejection.code(),
            Self::TooLarge => "login_too_large",
            Self::NoTicket => "no_ticket",
            Self::NotBegun => "not_begun_here",
            Self::Overtaken => "overtaken",
            Self::Circles => "circles",
            Self::Memory(_) => "memory_unavailable",
            Self::ByApp => "refused_by_app",
            Self::AppFailed(_) => "app_failed",
            Self::Broken(_) => "broken",
        }
    }
}

/// A finished login.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) session: Session,
    pub(crate) go_to: ReturnTo,
}

impl Sso {
    /// Takes the platform's answer and gives the ticket that the browser finishes the login with.
    pub(crate) async fn receive(
        &self,
        marketplace: &Marketplace,
        response: &[u8],
        clock_allowance: StdDuration,
        now: UtcDateTime,
    ) -> Result<String, Refusal> {
        let host = marketplace.app_host().as_str();
        let audiences = [host, host.trim_end_matches('/'), marketplace.app_id().as_str()];
        let expectations = Expectations::new(marketplace.trust(), marketplace.acs_url())
            .audiences(&audiences)
            .clock_allowance(clock_allowance);
        let assertion = verify(response, &expectations, now)?;
        let mut login = Login::from_assertion(&assertion, marketplace.name(), marketplace.creation_mode())?;
        session(&login, now, now)?;
        // By its digest: how long an id is, the platform decides.
        let digest = digest(&SHA256, assertion.id().as_bytes());
        let id = format!("assertion {} {}", marketplace.name(), BASE64_URL_SAFE_NO_PAD.encode(digest));
        if !self.memory.spend(&id, assertion.expires(), now).await? {
            return Err(Rejection::Replayed.into());
        }
        let ticket = self.ticket(&login, now)?;
        if ticket.len() <= LONGEST {
            return Ok(ticket);
        }
        warn!(marketplace = %marketplace.name(), user = %login.user().id(), "a large login loses its unknown attributes");
        login.forget_unknown_attributes();
        let ticket = self.ticket(&login, now)?;
        if ticket.len() <= LONGEST { Ok(ticket) } else { Err(Refusal::TooLarge) }
    }

    /// What the browser finishes the login with.
    pub(crate) fn ticket(&self, login: &Login, now: UtcDateTime) -> Result<String, Refusal> {
        let packed = pack(login).ok_or(Refusal::Broken(SealFailed))?;
        Ok(self.seal.seal(PURPOSE, now + TICKET, &packed)?)
    }

    /// The login in a ticket.
    pub(crate) fn open_ticket(&self, ticket: &str, now: UtcDateTime) -> Result<Login, Refusal> {
        let packed = self.seal.open(PURPOSE, ticket.as_bytes(), now).ok_or(Refusal::NoTicket)?;
        unpack(&packed).ok_or(Refusal::NoTicket)
    }

    /// Finishes a login in the browser that began it: asks the application, and opens the session.
    pub(crate) async fn finish(
        &self,
        login: &Login,
        mount: &str,
        logins: &mut Logins,
        request: &Parts,
        now: UtcDateTime,
    ) -> Result<Finished, Refusal> {
        let (marketplace, request_id) = (login.marketplace(), login.request_id());
        let pending = logins.finish(request_id, marketplace, now).ok_or(Refusal::NotBegun)?;
        let id = format!("ticket {marketplace} {request_id}");
        if !self.memory.spend(&id, now + pending::LIFETIME, now).await? {
            return Err(Refusal::NotBegun);
        }
        // An answer that was held back does not bring back who was removed meanwhile.
        if self.has_ended(&session(login, pending.started(), now)?) {
            return Err(Refusal::Overtaken);
        }
        let session = session(login, now, now)?;
        let go_to = match self.app.sign_in(login, request).await.map_err(Refusal::AppFailed)? {
            SignIn::Allow => pending.return_to().clone(),
            SignIn::AllowAt(path) => ReturnTo::parse(&path, mount),
            SignIn::Refuse => return Err(Refusal::ByApp),
        };
        telemetry::login(session.marketplace().as_str());
        info!(marketplace = %session.marketplace(), user = %session.user(), group = %session.group(), "signed in");
        Ok(Finished { session, go_to })
    }
}

/// The session that a login opens.
fn session(login: &Login, opened: UtcDateTime, now: UtcDateTime) -> Result<Session, Refusal> {
    let (marketplace, user, group) = (login.marketplace(), login.user().real_id().real(), login.group().id());
    let recheck = clamp(login.recheck(), now);
    let session =
        Session::new(marketplace.clone(), user, group.clone(), opened, recheck, login.token().clone());
    if session.to_bytes().len() > LONGEST_SESSION { Err(Refusal::TooLarge) } else { Ok(session) }
}

fn pack(login: &Login) -> Option<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&login.to_bytes()?).ok()?;
    encoder.finish().ok()
}

fn unpack(packed: &[u8]) -> Option<Login> {
    let mut json = Vec::new();
    DeflateDecoder::new(packed).take(LONGEST_LOGIN).read_to_end(&mut json).ok()?;
    Login::from_bytes(&json)
}
