//! Maestrano single sign-on for axum.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use maestrano::{Login, Maestrano, PartnerApp, SignIn};
//! use maestrano_axum::Session;
//!
//! struct Crm;
//!
//! impl PartnerApp for Crm {
//!     type Error = std::convert::Infallible;
//!
//!     async fn sign_in(&self, _: &Login, _: &axum::http::request::Parts) -> Result<SignIn, Self::Error> {
//!         Ok(SignIn::Allow)
//!     }
//! }
//!
//! async fn me(session: Session) -> String {
//!     format!("{} of {}", session.user(), session.group())
//! }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let mno = Maestrano::from_env().app(Crm).connect().await?;
//! let app: Router = Router::new().route("/me", get(me)).merge(maestrano_axum::routes()).with_state(mno);
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//! axum::serve(listener, app).await?;
//! # Ok(())
//! # }
//! ```
//!
//! An application with a state of its own lets axum find [`Maestrano`] in it by `FromRef`; without it the
//! program does not compile.

use std::ops::Deref;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRef, FromRequestParts, OriginalUri, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use maestrano::{Denied, MAX_BODY, Maestrano};

/// The routes of Maestrano: everything below `/maestrano`.
pub fn routes<S>() -> Router<S>
where
    Maestrano: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    Router::new().route("/maestrano/{*path}", any(handle))
}

async fn handle(State(mno): State<Maestrano>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    parts.uri = whole_uri(&parts);
    let body = match to_bytes(body, MAX_BODY).await {
        Ok(bytes) => maestrano::Body::Whole(bytes),
        Err(_) => maestrano::Body::TooLarge,
    };
    mno.handle(Request::from_parts(parts, body)).await.map(Body::from)
}

/// The signed-in user of a request, as an extractor.
///
/// # What happens without a session
/// A browser is sent to sign in and comes back to the page; anything else gets 401 with JSON. While the
/// platform has been out of reach for too long, the answer is 503.
#[derive(Clone, Debug)]
pub struct Session(maestrano::Session);

impl Deref for Session {
    type Target = maestrano::Session;

    fn deref(&self) -> &maestrano::Session {
        &self.0
    }
}

impl<S> FromRequestParts<S> for Session
where
    Maestrano: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        Ok(Self(check(parts, state).await?))
    }
}

/// The signed-in user, or nobody, as an extractor for pages that work with and without.
///
/// # What happens without a session
/// The value is `None`. While the platform has been out of reach for too long, the answer is 503: an outage
/// is not the same as nobody.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "it is taken apart in the arguments of a handler")]
pub struct MaybeSession(pub Option<Session>);

impl<S> FromRequestParts<S> for MaybeSession
where
    Maestrano: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let session = Denied::optional(check(parts, state).await)?;
        Ok(Self(session.map(Session)))
    }
}

/// Guards a part of an application:
/// `.route_layer(middleware::from_fn_with_state(mno, maestrano_axum::require_session))`.
///
/// # Errors
/// What [`Session`] answers without a session.
pub async fn require_session(
    State(mno): State<Maestrano>,
    request: Request,
    next: Next,
) -> Result<Response, Refused> {
    let (mut parts, body) = request.into_parts();
    check(&mut parts, &mno).await?;
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// The answer to a request that may not pass.
#[derive(Debug)]
pub struct Refused(Denied);

impl From<Denied> for Refused {
    fn from(denied: Denied) -> Self {
        Self(denied)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        self.0.into_response().map(Body::from)
    }
}

async fn check<S>(parts: &mut Parts, state: &S) -> Result<maestrano::Session, Denied>
where
    Maestrano: FromRef<S>,
{
    let whole = whole_uri(parts);
    let nested = std::mem::replace(&mut parts.uri, whole);
    let outcome = Maestrano::from_ref(state).check(parts).await;
    parts.uri = nested;
    outcome
}

/// The address as the browser sees it: a router that is nested under a prefix takes the prefix off.
fn whole_uri(parts: &Parts) -> axum::http::Uri {
    parts.extensions.get::<OriginalUri>().map_or_else(|| parts.uri.clone(), |original| original.0.clone())
}
