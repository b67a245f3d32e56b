//! The door before every other page: a session, or the answer that is to be given instead.

use std::borrow::Cow;
use std::fmt;

use aws_lc_rs::{constant_time, hmac};
use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};
use time::UtcDateTime;
use tracing::debug;

use super::answer::Answer;
use super::cookies::Cookies;
use super::guarded::GuardedRequest;
use super::site::Site;
use super::visitor::{Visitor, is_prefetch, referring_page};
use super::with_cookies;
use crate::config::Marketplace;
use crate::ids::GroupId;
use crate::session::Session;
use crate::sso::{Check, Launch, MAX_LOCATION_CHARS, ReturnTo, Sso};

/// Nobody comes in. It already is the answer: a redirect to the start of a login, 401, or 503.
#[must_use]
pub struct Denied {
    // Boxed, because an answer is large and most requests are not denied.
    denial: Box<(Why, Response<Bytes>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Nobody,
    Ended,
    Unreachable,
}

impl Denied {
    fn new(why: Why, response: Response<Bytes>) -> Self {
        Self { denial: Box::new((why, response)) }
    }

    /// The answer to give.
    #[must_use]
    pub fn into_response(self) -> Response<Bytes> {
        self.denial.1
    }

    /// Reads the outcome of a check for a page that works with and without a session: nobody, or a session
    /// that has ended, is `None`; a platform that cannot be asked stays an answer.
    ///
    /// # Errors
    /// The denial, when the platform cannot be asked.
    pub fn optional(outcome: Result<Session, Self>) -> Result<Option<Session>, Self> {
        match outcome {
            Ok(session) => Ok(Some(session)),
            Err(denied) if denied.denial.0 == Why::Unreachable => Err(denied),
            Err(_) => Ok(None),
        }
    }
}

impl fmt::Debug for Denied {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (why, response) = &*self.denial;
        write!(formatter, "Denied({why:?}, {})", response.status().as_u16())
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.denial.0 {
            Why::Nobody => "nobody is signed in",
            Why::Ended => "the session has ended",
            Why::Unreachable => "the platform cannot be asked about the session",
        })
    }
}

impl std::error::Error for Denied {}

/// Checks the session of a request.
pub(crate) async fn check(
    site: &Site,
    sso: &Sso,
    request: &impl GuardedRequest,
    now: UtcDateTime,
) -> Result<Session, Denied> {
    let Some((cookies, session)) = site.session(sso, request, now) else {
        return Err(nobody(site, sso, &*head(request)?, now));
    };
    let marketplace = site.configuration.marketplace(session.marketplace().as_str());
    let outcome = match marketplace {
        Some(marketplace) => sso.check(&session, marketplace, now).await,
        // A marketplace that is gone cannot be asked: its sessions last until they would be.
        None if now < session.recheck() && !sso.has_ended(&session) => Check::Alive,
        None => Check::Ended,
    };
    match outcome {
        Check::Alive => Ok(session),
        Check::Unreachable => {
            let answer = Answer::PlatformUnreachable.response(Visitor::of(&*head(request)?));
            Err(Denied::new(Why::Unreachable, answer))
        }
        Check::Ended => Err(ended(site, &*head(request)?, cookies, &session)),
    }
}

/// What else the guard reads of a request that it denies.
fn head(request: &impl GuardedRequest) -> Result<Cow<'_, Parts>, Denied> {
    request.head().map_err(|error| {
        debug!(%error, "request cannot be read");
        Denied::new(Why::Nobody, Answer::Unreadable.response(Visitor::Program))
    })
}

fn nobody(site: &Site, sso: &Sso, request: &Parts, now: UtcDateTime) -> Denied {
    let last = site.last(sso, request, now);
    let marketplace = site.marketplace_for(last.as_ref());
    let init = site.init_for(last.as_ref(), &return_query(site, request, marketplace, None));
    Denied::new(Why::Nobody, Answer::LoginRequired { init }.response(Visitor::of(request)))
}

fn ended(site: &Site, request: &Parts, cookies: &Cookies, session: &Session) -> Denied {
    let marketplace = site.configuration.marketplace(session.marketplace().as_str());
    let group = marketplace.map(|_| session.group());
    let query = return_query(site, request, marketplace, group);
    let init = site.init_for(marketplace.map(|_| session.marketplace()), &query);
    let visitor = Visitor::of(request);
    let answer = Answer::SessionEnded { init }.response(visitor);
    // The answer to a request in the background may come late, and must not remove the cookie of a new login.
    let clears = visitor == Visitor::Navigation && !is_prefetch(&request.headers);
    let cookie = clears.then(|| cookies.clear_session()).and_then(Result::ok);
    Denied::new(Why::Ended, with_cookies(answer, cookie))
}

/// What a link must carry to sign this session out: nobody can make it up without the session's token, nor
/// the token from it.
pub(super) fn logout_token(session: &Session) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, session.token().expose().as_bytes());
    let tag = hmac::sign(&key, b"logout");
    tag.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn is_logout_token(session: &Session, token: &str) -> bool {
    constant_time::verify_slices_are_equal(logout_token(session).as_bytes(), token.as_bytes()).is_ok()
}

/// The query of the init route that leads back to the page, and to the group: the page that a browser goes to, or the
/// one that sends a request in the background or a form. A form is not sent again after the login.
fn return_query(
    site: &Site,
    request: &Parts,
    marketplace: Option<&Marketplace>,
    group: Option<&GroupId>,
) -> String {
    let is_page = matches!(request.method, Method::GET | Method::HEAD)
        && matches!(Visitor::of(request), Visitor::Navigation | Visitor::Frame);
    let page = if is_page {
        request.uri.path_and_query().map(|page| page.as_str().to_owned())
    } else {
        marketplace.and_then(|marketplace| referring_page(&request.headers, marketplace.app_host()))
    };
    let page = page.map_or_else(ReturnTo::home, |page| ReturnTo::parse(&page, site.mount()));
    Launch::again(page, group).to_query(MAX_LOCATION_CHARS)
}
