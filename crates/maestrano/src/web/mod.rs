//! Speaks HTTP: one table of routes, one of answers, two cookies. Knows nothing of the protocol.

mod answer;
mod body;
mod checked;
mod cookie;
mod guard;
mod page;
mod route;
mod webhook;

use aws_lc_rs::rand;
use bytes::Bytes;
use http::header::SET_COOKIE;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response};
use time::UtcDateTime;
use tracing::field::Empty;
use tracing::{Instrument, error, info_span, trace, warn};

use self::answer::{Answer, Visitor};
use self::body::BodyError;
pub use self::body::{Body, MAX_BODY, RequestBody};
pub use self::checked::CHECKED_HEADERS;
use self::cookie::Cookies;
pub use self::guard::Denied;
pub(crate) use self::guard::check;
use self::route::{Route, Routes, Target};
use crate::config::{Configuration, Marketplace};
use crate::error::chain;
use crate::ids::MarketplaceName;
use crate::rejection::Rejection;
use crate::saml;
use crate::session::Session;
use crate::sso::{Launch, Logins, Refusal, ReturnTo, Sso};
use crate::telemetry;

/// What is configured, ready to answer requests: immutable, replaced as a whole by a refresh.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) configuration: Configuration,
    routes: Routes,
    /// The cookies of every application host; usually one.
    cookies: Vec<Cookies>,
    /// How a browser arrives at the application after a login.
    arrival: Arrival,
}

/// How a browser arrives at the application after a login.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Arrival {
    /// By a redirect: right for applications whose own session cookie is `SameSite=Lax`.
    #[default]
    Redirect,
    /// By a page that goes on by itself: needed by applications whose own session cookie is
    /// `SameSite=Strict`, which browsers do not send along a chain of redirects that began elsewhere.
    Page,
}

impl Site {
    pub(crate) fn new(configuration: Configuration, arrival: Arrival) -> Self {
        let mut cookies: Vec<Cookies> = Vec::new();
        for marketplace in configuration.marketplaces() {
            let of_host = Cookies::of(marketplace.identity_host());
            if !cookies.contains(&of_host) {
                cookies.push(of_host);
            }
        }
        let routes = Routes::of(&configuration);
        Self { configuration, routes, cookies, arrival }
    }

    /// Where a login at this marketplace starts.
    fn init(&self, marketplace: &Marketplace, parameters: &[(&str, &str)]) -> String {
        let home = marketplace.signs_in_at_home();
        let mut address = if home { marketplace.init_path() } else { marketplace.init_url() }.to_owned();
        for (name, value) in parameters {
            let pair = form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
            address.push(if address.contains('?') { '&' } else { '?' });
            address.push_str(&pair);
        }
        address
    }

    /// Where a login starts: at the marketplace that the browser used last, or the only one, or the default,
    /// or where the person can choose.
    fn init_for(&self, last: Option<&MarketplaceName>, parameters: &[(&str, &str)]) -> String {
        match self.marketplace_for(last) {
            Some(marketplace) => self.init(marketplace, parameters),
            None => {
                let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
                let separator = if query.is_empty() { "" } else { "?" };
                format!("{}{separator}{query}", self.routes.choose())
            }
        }
    }

    fn marketplace_for(&self, last: Option<&MarketplaceName>) -> Option<&Marketplace> {
        let last = last.and_then(|name| self.configuration.marketplace(name.as_str()));
        last.or_else(|| self.configuration.default_marketplace())
    }

    /// The session that a request's cookies open, with the cookies it was found in.
    fn session<'a>(&'a self, sso: &Sso, request: &Parts, now: UtcDateTime) -> Option<(&'a Cookies, Session)> {
        let found =
            |cookies: &'a Cookies| Some((cookies, cookies.session(&sso.seal, &request.headers, now)?));
        self.cookies.iter().find_map(found)
    }

    /// The marketplace that this browser used last.
    fn last(&self, sso: &Sso, request: &Parts, now: UtcDateTime) -> Option<MarketplaceName> {
        let last = |cookies: &Cookies| cookies.logins(&sso.seal, &request.headers, now).last().cloned();
        self.cookies.iter().find_map(last)
    }
}

/// Answers every request below the mount.
pub(crate) async fn handle(
    site: &Site,
    sso: &Sso,
    request: Request<impl RequestBody>,
    now: UtcDateTime,
) -> Response<Bytes> {
    let (parts, body) = request.into_parts();
    let visitor = Visitor::of(&parts);
    let visit = Visit { site, sso, parts: &parts, visitor, now };
    match site.routes.find(&parts.method, parts.uri.path(), parts.uri.query().unwrap_or_default()) {
        Route::None => Answer::NotFound.response(visitor),
        Route::OtherMethod { allow } => Answer::MethodNotAllowed { allow }.response(visitor),
        Route::To(target) => match &target {
            Target::Choose => visit.choose(),
            Target::Init(marketplace) => visit.init(marketplace),
            Target::Consume(marketplace) => visit.consume(marketplace, body).await,
            Target::Finish => visit.finish().await,
            Target::Logout => visit.logout().await,
            Target::Webhook(webhook) => visit.webhook(webhook, body).await,
        },
    }
}

/// The path and query that signs this session out by a link, such as `/maestrano/logout?token=…`.
pub(crate) fn logout_path(site: &Site, session: &Session) -> String {
    format!("{}?token={}", site.routes.logout(), guard::logout_token(session))
}

/// One request to a route of the library.
struct Visit<'a> {
    site: &'a Site,
    sso: &'a Sso,
    parts: &'a Parts,
    visitor: Visitor,
    now: UtcDateTime,
}

impl Visit<'_> {
    fn query(&self) -> &str {
        self.parts.uri.query().unwrap_or_default()
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = form_urlencoded::parse(self.query().as_bytes());
        pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
    }

    fn choose(&self) -> Response<Bytes> {
        let last = self.site.last(self.sso, self.parts, self.now);
        let pairs: Vec<_> = form_urlencoded::parse(self.query().as_bytes()).collect();
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
        let answer = match self.site.marketplace_for(last.as_ref()) {
            Some(marketplace) => Answer::SeeOther { to: self.site.init(marketplace, &pairs) },
            None => {
                let all = self.site.configuration.marketplaces();
                let choice =
                    |market: &Marketplace| (market.name().to_string(), self.site.init(market, &pairs));
                Answer::Choose { marketplaces: all.map(choice).collect() }
            }
        };
        answer.response(self.visitor)
    }

    fn init(&self, marketplace: &MarketplaceName) -> Response<Bytes> {
        let Some(marketplace) = self.site.configuration.marketplace(marketplace.as_str()) else {
            return Answer::NotFound.response(self.visitor);
        };
        let session = self.site.session(self.sso, self.parts, self.now).map(|(_, session)| session);
        let session = session.filter(|session| session.marketplace() == marketplace.name());
        let mount = self.site.configuration.rules().mount();
        let launch = Launch::parse(self.query(), mount, session.as_ref().map(Session::group));
        let cookies = Cookies::of(marketplace.identity_host());
        let mut logins = cookies.logins(&self.sso.seal, &self.parts.headers, self.now);
        if session.is_some() {
            logins.start_again();
        }
        let started = self.sso.start(marketplace, &launch, &mut logins, self.now);
        let cookie = cookies.set_logins(&self.sso.seal, &logins, self.now);
        match started.and_then(|to| Ok((to, cookie?))) {
            Ok((to, cookie)) => with_cookies(Answer::SeeOther { to }.response(self.visitor), [cookie]),
            Err(refusal) => self.refused(&Refused::at(marketplace), &refusal),
        }
    }

    async fn consume(&self, marketplace: &MarketplaceName, body: impl RequestBody) -> Response<Bytes> {
        let Some(marketplace) = self.site.configuration.marketplace(marketplace.as_str()) else {
            return Answer::NotFound.response(self.visitor);
        };
        let limit = self.site.configuration.rules().max_response_bytes();
        let body = match body::read(body, &self.parts.headers, limit).await {
            Ok(body) => body,
            Err(error) => return Answer::from(error).response(self.visitor),
        };
        // A field that comes twice, or not at all, is as good as an empty one: it is refused below.
        let mut fields = form_urlencoded::parse(&body).filter(|(name, _)| name == "SAMLResponse");
        let response = fields.next().filter(|_| fields.next().is_none()).map(|(_, value)| value);
        let response = response.unwrap_or_default();
        let allowance = self.site.configuration.rules().clock_allowance();
        match self.sso.receive(marketplace, response.as_bytes(), allowance, self.now).await {
            Ok(ticket) => {
                let to = format!("{}?t={ticket}", self.site.routes.finish());
                let mut response = Answer::SeeOther { to }.response(self.visitor);
                response.headers_mut().values_mut().for_each(|value| value.set_sensitive(true));
                response
            }
            Err(refusal) => {
                let document = saml::response::decode(response.as_bytes()).unwrap_or_default();
                let answered = saml::response::claimed_request(&document);
                self.refused(
                    &Refused { document: &document, request_id: answered, ..Refused::at(marketplace) },
                    &refusal,
                )
            }
        }
    }

    async fn finish(&self) -> Response<Bytes> {
        let ticket = self.parameter("t").unwrap_or_default();
        let login = match self.sso.open_ticket(&ticket, self.now) {
            Ok(login) => login,
            Err(refusal) => return self.refused(&Refused::default(), &refusal),
        };
        let Some(marketplace) = self.site.configuration.marketplace(login.marketplace().as_str()) else {
            return Answer::NotFound.response(self.visitor);
        };
        let cookies = Cookies::of(marketplace.identity_host());
        let mut logins: Logins = cookies.logins(&self.sso.seal, &self.parts.headers, self.now);
        let mount = self.site.configuration.rules().mount();
        let (user, group) = (login.user().real_id(), login.group().id());
        let span = info_span!("login", marketplace = %marketplace.name(), %user, %group, outcome = Empty);
        let finish = self.sso.finish(&login, mount, &mut logins, self.parts, self.now);
        let finished = finish.instrument(span.clone()).await;
        span.record("outcome", finished.as_ref().err().map_or("signed_in", Refusal::code));
        let set_logins = cookies.set_logins(&self.sso.seal, &logins, self.now);
        let lifetime = self.site.configuration.rules().session_lifetime();
        let outcome = finished.and_then(|finished| {
            let session = cookies.set_session(&self.sso.seal, &finished.session, lifetime, self.now)?;
            Ok((self.arrive(&finished.go_to), session))
        });
        let refused = Refused { request_id: Some(login.request_id()), ..Refused::at(marketplace) };
        match (outcome, set_logins) {
            (Ok((answer, session)), Ok(logins)) => {
                with_cookies(answer.response(self.visitor), [session, logins])
            }
            (Ok(_), Err(broken)) => self.refused(&refused, &Refusal::Broken(broken)),
            (Err(refusal), logins) => with_cookies(self.refused(&refused, &refusal), logins),
        }
    }

    fn arrive(&self, go_to: &ReturnTo) -> Answer {
        let to = go_to.path(self.site.configuration.rules().home()).to_owned();
        match self.site.arrival {
            Arrival::Redirect => Answer::SeeOther { to },
            Arrival::Page => Answer::Arrive { to },
        }
    }

    /// Signs out by a form of the application itself, or by a link that carries the session's own token: nobody
    /// else can end a session by leading a browser here, not even from a neighbouring host.
    async fn logout(&self) -> Response<Bytes> {
        let start_page = self.site.configuration.rules().home();
        let home = || Answer::SeeOther { to: start_page.to_owned() }.response(self.visitor);
        let Some((cookies, session)) = self.site.session(self.sso, self.parts, self.now) else {
            return home();
        };
        let own = self.parameter("token").is_some_and(|token| guard::is_logout_token(&session, &token));
        let fetch_site = self.parts.headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
        let at_home = matches!(fetch_site, None | Some(b"same-origin" | b"none"));
        let by_form = self.parts.method == Method::POST && at_home;
        if !(own || by_form) {
            let action = self.site.routes.logout().to_owned();
            return Answer::ConfirmLogout { action }.response(self.visitor);
        }
        // Who repeats it with a copy of the cookie ends nothing more.
        if !self.sso.has_ended(&session) {
            self.sso.sign_out(&session, self.now).await;
        }
        let response = match self.site.configuration.marketplace(session.marketplace().as_str()) {
            Some(marketplace) => {
                let to = marketplace.logout_url(Some(&session.user().real()));
                Answer::SeeOther { to }.response(self.visitor)
            }
            None => home(),
        };
        let mut logins = cookies.logins(&self.sso.seal, &self.parts.headers, self.now);
        logins.start_again();
        let logins = cookies.set_logins(&self.sso.seal, &logins, self.now);
        with_cookies(response, [cookies.clear_session(), logins].into_iter().flatten())
    }

    /// The answer to a login that comes to nothing: one log line with the reason, one reference for both.
    fn refused(&self, refused: &Refused<'_>, refusal: &Refusal) -> Response<Bytes> {
        let reference = reference();
        let Refused { marketplace, request_id, document } = *refused;
        let name = marketplace.map(|marketplace| marketplace.name().as_str());
        let (code, reason) = (refusal.code(), chain(refusal));
        telemetry::refusal(name.unwrap_or_default(), code);
        match refusal {
            Refusal::Memory(_) | Refusal::AppFailed(_) | Refusal::Broken(_) => {
                error!(reference, marketplace = name, request_id, code, reason, "login failed");
            }
            _ => warn!(reference, marketplace = name, request_id, code, reason, "login refused"),
        }
        if !document.is_empty() {
            trace!(reference, ?document, "the refused response");
        }
        let again = marketplace.map(Marketplace::name).cloned();
        let again = again.or_else(|| self.site.last(self.sso, self.parts, self.now));
        let again = |parameters: &[(&str, &str)]| self.site.init_for(again.as_ref(), parameters);
        let answer = match refusal {
            Refusal::Rejected(Rejection::Replayed)
            | Refusal::NoTicket
            | Refusal::NotBegun
            | Refusal::Overtaken => Answer::LoginNotBegun { again: again(&[]), reference },
            Refusal::Rejected(_) | Refusal::TooLarge => Answer::LoginRefused { again: again(&[]), reference },
            Refusal::Circles => Answer::Circles { again: again(&[(Launch::START_AGAIN, "1")]), reference },
            Refusal::Memory(_) => Answer::MemoryUnavailable { again: again(&[]), reference },
            Refusal::ByApp => match marketplace {
                Some(marketplace) => Answer::SeeOther { to: marketplace.unauthorized_url() },
                None => Answer::LoginRefused { again: again(&[]), reference },
            },
            Refusal::AppFailed(_) => Answer::AppFailed { reference },
            Refusal::Broken(_) => Answer::Broken { reference },
        };
        answer.response(self.visitor)
    }
}

/// A login that comes to nothing, as far as it is known.
#[derive(Clone, Copy, Default)]
struct Refused<'a> {
    marketplace: Option<&'a Marketplace>,
    /// The request that is answered; of a document that is refused, what it says.
    request_id: Option<&'a str>,
    /// What came from the platform, or pretends to. It may hold a session token.
    document: &'a str,
}

impl<'a> Refused<'a> {
    fn at(marketplace: &'a Marketplace) -> Self {
        Self { marketplace: Some(marketplace), ..Self::default() }
    }
}

fn with_cookies(
    mut response: Response<Bytes>,
    cookies: impl IntoIterator<Item = HeaderValue>,
) -> Response<Bytes> {
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// What connects the page that a person sees with the log line.
fn reference() -> String {
    let mut random = [0; 6];
    // Without randomness the reference is less telling, and the answer is the same.
    let _ = rand::fill(&mut random);
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl From<BodyError> for Answer {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::TooLarge,
            BodyError::TimedOut | BodyError::Incomplete => Self::RequestTimeout,
        }
    }
}

#[cfg(test)]
mod tests;
