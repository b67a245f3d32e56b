//! The routes of a login: the choice of a marketplace, its start, the platform's answer, and its end.

use bytes::Bytes;
use http::{HeaderValue, Method, Response};
use tracing::field::Empty;
use tracing::{Instrument, error, info, info_span, trace, warn};

use super::answer::Answer;
use super::body::{self, RequestBody};
use super::cookies::Cookies;
use super::site::{Arrival, Site};
use super::visitor::{self, Visitor};
use super::{Exchange, reference, with_cookies};
use crate::config::Marketplace;
use crate::error::chain;
use crate::ids::{GroupId, MarketplaceName};
use crate::query;
use crate::session::Session;
use crate::sso::{
    Launch, LoginError, MAX_LOCATION_CHARS, Outcome, PendingLogin, RefusedResponse, ReturnTo, Superfluous,
};
use crate::telemetry;

/// The longest page that is reached by a redirect after a login; its answer also sets the session cookie. Others are
/// reached by a page that goes on by itself.
const MAX_ARRIVAL_CHARS: usize = 1_200;
/// The header fields of an answer stay below the default buffer of a proxy (4 KB), with room for what the framework
/// and the application add.
const MAX_HEADER_BYTES: usize = 3_300;

impl Exchange<'_> {
    pub(super) fn choose(&self) -> Response<Bytes> {
        let last = self.site.last(self.sso, self.parts, self.now);
        let query = Launch::parse(self.query(), self.site.mount(), None).to_query(MAX_LOCATION_CHARS / 2);
        let answer = match self.site.marketplace_for(last.as_ref()) {
            Some(marketplace) => Answer::SeeOther { to: Site::init(marketplace, &query) },
            None => {
                let all = self.site.configuration.marketplaces();
                let choice = |market: &Marketplace| (market.name().to_string(), Site::init(market, &query));
                Answer::Choose { marketplaces: all.map(choice).collect() }
            }
        };
        answer.response(self.visitor)
    }

    pub(super) fn init(&self, marketplace: &MarketplaceName) -> Response<Bytes> {
        let Some(marketplace) = self.site.configuration.marketplace(marketplace.as_str()) else {
            return Answer::NotFound.response(self.visitor);
        };
        if visitor::is_prefetch(&self.parts.headers) {
            return Answer::Prefetch.response(self.visitor);
        }
        if self.is_background() {
            return Answer::NavigationRequired.response(self.visitor);
        }
        let session = self.site.session(self.sso, self.parts, self.now).map(|(_, session)| session);
        let session = session.filter(|session| session.marketplace() == marketplace.name());
        let launch = Launch::parse(self.query(), self.site.mount(), session.as_ref().map(Session::group));
        if self.visitor == Visitor::Frame {
            // The platform refuses to be shown in a frame.
            let init = Site::init(marketplace, &launch.to_query(MAX_LOCATION_CHARS));
            return Answer::LoginRequired { init }.response(self.visitor);
        }
        let cookies = self.site.cookies(marketplace);
        let is_fresh = session.is_some() || launch.starts_again();
        if !is_fresh && cookies.is_redirect_loop(&self.parts.headers, self.now) {
            return self.refused(&Refused::of(marketplace, launch.return_to()), &LoginError::RedirectLoop);
        }
        let counter = if is_fresh { cookies.clear_lost_sessions(&self.parts.headers) } else { None };
        self.start(marketplace, &cookies, &launch, false, counter)
    }

    pub(super) async fn consume(
        &self,
        marketplace: &MarketplaceName,
        body: impl RequestBody,
    ) -> Response<Bytes> {
        let Some(marketplace) = self.site.configuration.marketplace(marketplace.as_str()) else {
            return Answer::NotFound.response(self.visitor);
        };
        let limit = self.site.configuration.rules().max_response_bytes();
        let body = match body::read(body, &self.parts.headers, limit).await {
            Ok(body) => body,
            Err(error) => return self.unread(error),
        };
        // A field that comes twice, or not at all, is as good as an empty one: it is refused below.
        let response = query::only_value(&body, "SAMLResponse").unwrap_or_default();
        match self.sso.receive(marketplace, &response, !self.is_background(), self.now).await {
            Ok(ticket) => {
                let to = format!("{}?t={ticket}", self.site.routes.finish());
                let mut response = Answer::SeeOther { to }.response(self.visitor);
                response.headers_mut().values_mut().for_each(|value| value.set_sensitive(true));
                response
            }
            Err(refused) => {
                let RefusedResponse { error, pending, document } = *refused;
                let home = ReturnTo::home();
                let return_to = pending.as_ref().map_or(&home, PendingLogin::return_to);
                let refused = Refused {
                    pending: pending.as_ref(),
                    document: &document,
                    ..Refused::of(marketplace, return_to)
                };
                self.refused(&refused, &error)
            }
        }
    }

    pub(super) async fn finish(&self) -> Response<Bytes> {
        if visitor::is_prefetch(&self.parts.headers) {
            return Answer::Prefetch.response(self.visitor);
        }
        let ticket = match self.sso.open_ticket(&self.parameter("t").unwrap_or_default(), self.now) {
            Ok(ticket) => ticket,
            Err(error) => return self.refused(&Refused::default(), &error),
        };
        let Some(marketplace) = self.site.configuration.marketplace(ticket.marketplace.as_str()) else {
            return Answer::NotFound.response(self.visitor);
        };
        let cookies = self.site.cookies(marketplace);
        let pending = &ticket.pending;
        let again =
            |superfluous| self.superfluous(marketplace, &cookies, pending, ticket.group(), superfluous);
        let login = match &ticket.outcome {
            Outcome::Login(login) => login,
            Outcome::Superfluous(superfluous, _) => return again(*superfluous).await,
        };
        if let Err(superfluous) = cookies.has_begun(&self.sso.seal, &self.parts.headers, pending) {
            return again(superfluous).await;
        }
        if self.is_background() {
            let refused = Refused { pending: Some(pending), ..Refused::of(marketplace, pending.return_to()) };
            return self.refused(&refused, &LoginError::NavigationRequired);
        }
        let (user, group) = (login.user().real_id(), login.group().id());
        let span = info_span!("login", marketplace = %marketplace.name(), %user, %group, outcome = Empty);
        let finished = self.sso.finish(login, pending, self.parts, self.now).instrument(span.clone()).await;
        span.record("outcome", finished.as_ref().err().map_or("signed_in", LoginError::code));
        let lifetime = self.site.configuration.rules().session_lifetime();
        let outcome = finished.and_then(|finished| {
            let session = cookies.set_session(&self.sso.seal, &finished.session, lifetime, self.now)?;
            Ok((self.arrive(&finished.go_to), session))
        });
        match outcome {
            Ok((response, session)) => {
                // A session that comes along is one that the browser keeps.
                let headers = &self.parts.headers;
                let counter = match self.site.session(self.sso, self.parts, self.now) {
                    Some(_) => cookies.clear_lost_sessions(headers),
                    None => cookies.count_lost_session(headers, self.now).ok(),
                };
                let has_choice = self.site.configuration.marketplaces().len() > 1;
                let remembered =
                    || cookies.set_marketplace(&self.sso.seal, marketplace.name(), self.now).ok();
                let market = has_choice.then(remembered).flatten();
                let set = [Some(session), cookies.clear_login(pending).ok(), counter, market];
                with_cookies(response, set.into_iter().flatten())
            }
            Err(LoginError::Superfluous(superfluous)) => again(superfluous).await,
            Err(error) => {
                let refused =
                    Refused { pending: Some(pending), ..Refused::of(marketplace, pending.return_to()) };
                with_cookies(self.refused(&refused, &error), cookies.clear_login(pending))
            }
        }
    }

    /// Answers a login that cannot be finished although nothing about it is hostile. A user who is signed in goes on
    /// to the page. Without a session, the login begins again once by itself.
    async fn superfluous(
        &self,
        marketplace: &Marketplace,
        cookies: &Cookies,
        pending: &PendingLogin,
        group: Option<&GroupId>,
        superfluous: Superfluous,
    ) -> Response<Bytes> {
        let (name, request_id, code) = (marketplace.name(), pending.reference(), superfluous.code());
        if super::guard::check(self.site, self.sso, self.parts, self.now).await.is_ok() {
            info!(marketplace = %name, request_id, code, "superfluous login ignored: the user is signed in");
            let cleared = if self.is_background() { None } else { cookies.clear_login(pending).ok() };
            return with_cookies(self.arrive(pending.return_to()), cleared);
        }
        let refused = Refused { pending: Some(pending), ..Refused::of(marketplace, pending.return_to()) };
        let headers = &self.parts.headers;
        if pending.is_restart() || self.visitor != Visitor::Navigation {
            return self.refused(&refused, &superfluous.into());
        }
        if cookies.is_redirect_loop(headers, self.now) {
            return self.refused(&refused, &LoginError::RedirectLoop);
        }
        telemetry::refusal(name.as_str(), code);
        warn!(marketplace = %name, request_id, code, reason = %superfluous, "login restarted");
        let launch = Launch::again(pending.return_to().clone(), group);
        let counter = cookies.count_lost_session(headers, self.now).ok();
        self.start(marketplace, cookies, &launch, true, counter)
    }

    /// Sends the browser to the platform, with the cookie that belongs to the request.
    fn start(
        &self,
        marketplace: &Marketplace,
        cookies: &Cookies,
        launch: &Launch<'_>,
        is_restart: bool,
        counter: Option<HeaderValue>,
    ) -> Response<Bytes> {
        let headers = &self.parts.headers;
        let is_foreign = visitor::is_led_by_other_site(headers);
        let started = self.sso.start(marketplace, launch, is_restart, self.now).and_then(|started| {
            let lifetime = self.sso.login_cookie_lifetime();
            let cookie = cookies.set_login(&self.sso.seal, &started.pending, is_foreign, lifetime)?;
            Ok((started, cookie))
        });
        let (started, cookie) = match started {
            Ok(started) => started,
            Err(broken) => {
                return self.refused(&Refused::of(marketplace, launch.return_to()), &broken.into());
            }
        };
        if started.dropped > 0 && self.sso.may_log(telemetry::Repeated::DroppedParameters, self.now) {
            let (count, request_id) = (started.dropped, started.pending.reference());
            warn!(marketplace = %marketplace.name(), request_id, count, "parameters of a long query dropped");
        }
        let response = Answer::SeeOther { to: started.location }.response(self.visitor);
        if self.parts.method == Method::HEAD {
            return response;
        }
        let mut response = with_cookies(response, std::iter::once(cookie).chain(counter));
        let mut room = MAX_HEADER_BYTES.saturating_sub(header_bytes(&response));
        for removal in cookies.clear_surplus_logins(headers, is_foreign) {
            let length = SET_COOKIE_BYTES + removal.len();
            if length > room {
                break;
            }
            room -= length;
            response = with_cookies(response, [removal]);
        }
        response
    }

    /// Goes to the page after a login.
    fn arrive(&self, go_to: &ReturnTo) -> Response<Bytes> {
        let to = go_to.path(self.site.configuration.rules().home()).to_owned();
        let answer = match self.site.arrival {
            Arrival::Redirect if to.len() <= MAX_ARRIVAL_CHARS => Answer::SeeOther { to },
            Arrival::Redirect | Arrival::Page => Answer::RefreshTo { to },
        };
        answer.response(self.visitor)
    }

    /// Whether the request is no navigation, although only a navigation begins or finishes a login.
    fn is_background(&self) -> bool {
        visitor::is_background(&self.parts.headers)
    }

    /// The answer to a login that opens no session: one log line with the reason, one reference for both.
    fn refused(&self, refused: &Refused<'_>, error: &LoginError) -> Response<Bytes> {
        let reference = reference();
        let Refused { marketplace, pending, document, .. } = *refused;
        let name = marketplace.map(|marketplace| marketplace.name().as_str());
        let request_id = pending.map(PendingLogin::reference);
        let (code, reason) = (error.code(), chain(error));
        let host = visitor::host(self.parts);
        telemetry::refusal(name.unwrap_or_default(), code);
        match error {
            LoginError::Memory(_) | LoginError::AppFailed(_) | LoginError::Broken(_) => {
                error!(reference, marketplace = name, request_id, code, reason, "login failed");
            }
            _ => {
                let configured = marketplace.and_then(configured_host);
                warn!(
                    reference,
                    marketplace = name,
                    request_id,
                    code,
                    reason,
                    host,
                    configured,
                    "login refused"
                );
            }
        }
        if !document.is_empty() {
            trace!(reference, ?document, "the refused response");
        }
        let launch = Launch::again(refused.return_to.cloned().unwrap_or_else(ReturnTo::home), None);
        let query = launch.to_query(MAX_LOCATION_CHARS / 2);
        let last = marketplace.map(Marketplace::name).cloned();
        let last = last.or_else(|| self.site.last(self.sso, self.parts, self.now));
        let again = self.site.init_for(last.as_ref(), &query);
        let answer = match error {
            LoginError::Superfluous(superfluous) => {
                let hint = marketplace.and_then(|marketplace| self.hint(marketplace, *superfluous));
                Answer::LoginNotBegun { again, reference, hint }
            }
            LoginError::TicketInvalid | LoginError::UnknownRequest | LoginError::Overtaken => {
                Answer::LoginNotBegun { again, reference, hint: None }
            }
            LoginError::Rejected(_) | LoginError::TooLarge => Answer::LoginRefused { again, reference },
            LoginError::NavigationRequired => Answer::NavigationRequired,
            LoginError::RedirectLoop => {
                let separator = if again.contains('?') { '&' } else { '?' };
                let again = format!("{again}{separator}{}=1", Launch::START_AGAIN);
                Answer::RedirectLoop { again, reference }
            }
            LoginError::Memory(_) => Answer::MemoryUnavailable { again, reference },
            LoginError::ByApp => match marketplace {
                Some(marketplace) => Answer::SeeOther { to: marketplace.unauthorized_url() },
                None => Answer::LoginRefused { again, reference },
            },
            LoginError::AppFailed(_) => Answer::AppFailed { reference },
            LoginError::Broken(_) => Answer::Broken { reference },
        };
        answer.response(self.visitor)
    }

    /// What the person at this browser can do about a login that was not begun here.
    fn hint(&self, marketplace: &Marketplace, superfluous: Superfluous) -> Option<String> {
        let (host, configured) = (visitor::host(self.parts), configured_host(marketplace));
        match (host, configured) {
            (Some(host), Some(configured)) if !host.eq_ignore_ascii_case(&configured) => {
                Some(format!("You have opened this application at {host}, but its address is {configured}."))
            }
            _ if superfluous == Superfluous::NoLoginCookie => Some(
                "The browser sent no cookies. Allow cookies for this site, then sign in again.".to_owned(),
            ),
            _ => None,
        }
    }
}

/// The host at which a marketplace signs browsers in, with its port where it is not the usual one.
fn configured_host(marketplace: &Marketplace) -> Option<String> {
    let host = marketplace.identity_host();
    let name = host.host_str()?;
    Some(host.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}")))
}

/// What a `Set-Cookie` line has beside its value.
const SET_COOKIE_BYTES: usize = "set-cookie: \r\n".len();

/// How long the header fields of an answer are when they are sent.
fn header_bytes(response: &Response<Bytes>) -> usize {
    response.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum()
}

/// A login that opens no session, as far as it is known.
#[derive(Clone, Copy, Default)]
struct Refused<'a> {
    marketplace: Option<&'a Marketplace>,
    pending: Option<&'a PendingLogin>,
    /// The page that the person wanted.
    return_to: Option<&'a ReturnTo>,
    /// What came from the platform, or pretends to. It may hold a session token.
    document: &'a str,
}

impl<'a> Refused<'a> {
    fn of(marketplace: &'a Marketplace, return_to: &'a ReturnTo) -> Self {
        Self { marketplace: Some(marketplace), return_to: Some(return_to), ..Self::default() }
    }
}
