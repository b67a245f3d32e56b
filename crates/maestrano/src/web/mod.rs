//! Speaks HTTP: one table of routes, one of answers, the cookies. Knows nothing of the protocol.

mod answer;
mod body;
mod cookies;
mod guard;
mod guarded;
mod login;
mod logout;
mod page;
mod route;
mod site;
mod visitor;
mod webhook;

use std::borrow::Cow;

use aws_lc_rs::rand;
use bytes::Bytes;
use http::header::SET_COOKIE;
use http::request::Parts;
use http::{HeaderValue, Request, Response};
use time::UtcDateTime;
use tracing::warn;

use self::answer::Answer;
use self::body::BodyError;
pub use self::body::{Body, MAX_BODY, RequestBody};
pub use self::guard::Denied;
pub(crate) use self::guard::check;
pub use self::guarded::GuardedRequest;
use self::route::{Route, Target};
pub use self::site::Arrival;
pub(crate) use self::site::Site;
use self::visitor::Visitor;
use crate::query;
use crate::session::Session;
use crate::sso::Sso;
use crate::telemetry::{self, Repeated};

/// Answers every request below the mount.
pub(crate) async fn handle(
    site: &Site,
    sso: &Sso,
    request: Request<impl RequestBody>,
    now: UtcDateTime,
) -> Response<Bytes> {
    let (parts, body) = request.into_parts();
    let visitor = Visitor::of(&parts);
    let exchange = Exchange { site, sso, parts: &parts, visitor, now };
    match site.routes.find(&parts.method, parts.uri.path(), parts.uri.query().unwrap_or_default()) {
        Route::None => {
            exchange.note(Repeated::NotFound);
            Answer::NotFound.response(visitor)
        }
        Route::OtherMethod { allow } => {
            exchange.note(Repeated::MethodNotAllowed);
            Answer::MethodNotAllowed { allow }.response(visitor)
        }
        Route::To(target) => match &target {
            Target::Choose => exchange.choose(),
            Target::Init(marketplace) => exchange.init(marketplace),
            Target::Consume(marketplace) => exchange.consume(marketplace, body).await,
            Target::Finish => exchange.finish().await,
            Target::Logout => exchange.logout(body).await,
            Target::Webhook(webhook) => exchange.webhook(webhook, body).await,
        },
    }
}

/// The path and query that signs this session out by a link, such as `/maestrano/logout?token=…`.
pub(crate) fn logout_path(site: &Site, session: &Session) -> String {
    format!("{}?token={}", site.routes.logout(), guard::logout_token(session))
}

/// One request to a route of the library, and what it takes to answer it.
struct Exchange<'a> {
    site: &'a Site,
    sso: &'a Sso,
    parts: &'a Parts,
    visitor: Visitor,
    now: UtcDateTime,
}

impl Exchange<'_> {
    fn query(&self) -> &str {
        self.parts.uri.query().unwrap_or_default()
    }

    fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        query::value(self.query(), name)
    }

    /// The answer to a request whose body could not be read.
    fn unread(&self, error: BodyError) -> Response<Bytes> {
        let (kind, answer) = match error {
            BodyError::TooLarge => (Repeated::TooLarge, Answer::TooLarge),
            BodyError::TimedOut => (Repeated::TimedOut, Answer::RequestTimeout),
            BodyError::Incomplete => (Repeated::Incomplete, Answer::RequestTimeout),
        };
        self.note(kind);
        answer.response(self.visitor)
    }

    /// Counts a request that reaches no route, or no further than its body, and logs at most one a second of a kind.
    fn note(&self, kind: Repeated) {
        telemetry::request_refused(kind.code());
        if self.sso.may_log(kind, self.now) {
            let path: String = self.parts.uri.path().chars().take(200).collect();
            warn!(method = %self.parts.method, path, code = kind.code(), "request refused");
        }
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

#[cfg(test)]
mod tests;
