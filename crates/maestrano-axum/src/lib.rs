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
//! An application with a state of its own lets axum find [`Maestrano`] in it by `FromRef`:
//!
//! ```
//! # use axum::{Router, extract::FromRef, routing::get};
//! # use maestrano::Maestrano;
//! # use maestrano_axum::Session;
//! # async fn me(session: Session) -> String { session.user().to_string() }
//! #[derive(Clone)]
//! struct App {
//!     mno: Maestrano,
//! }
//!
//! impl FromRef<App> for Maestrano {
//!     fn from_ref(app: &App) -> Self {
//!         app.mno.clone()
//!     }
//! }
//!
//! let app: Router<App> = Router::new().route("/me", get(me)).merge(maestrano_axum::routes());
//! ```
//!
//! Without it the program does not compile; neither a page that asks for a session does:
//!
//! ```compile_fail,E0277
//! # use axum::{Router, extract::FromRef, routing::get};
//! # use maestrano::Maestrano;
//! # use maestrano_axum::Session;
//! # async fn me(session: Session) -> String { session.user().to_string() }
//! # #[derive(Clone)]
//! # struct App {
//! #     mno: Maestrano,
//! # }
//! let app: Router<App> = Router::new().route("/me", get(me));
//! ```
//!
//! nor the routes of Maestrano:
//!
//! ```compile_fail,E0277
//! # use axum::{Router, extract::FromRef, routing::get};
//! # use maestrano::Maestrano;
//! # #[derive(Clone)]
//! # struct App {
//! #     mno: Maestrano,
//! # }
//! let app: Router<App> = Router::new().merge(maestrano_axum::routes());
//! ```
//!
//! `axum::serve` bounds neither the time that a client takes for the head of its request nor the time that the program
//! takes to end. docs/adapters.md shows how both are done.
//!
//! An application with sessions of its own opens them in `sign_in`: its layers have put them into the extensions of
//! the request that it is given.

use std::ops::Deref;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRef, FromRequestParts, OriginalUri, Request, State};
use axum::http::request::Parts;
use axum::http::{Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use maestrano::{Denied, MAX_BODY, Maestrano};
use tokio::sync::Semaphore;

/// The routes of Maestrano: everything below `/maestrano`.
pub fn routes<S>() -> Router<S>
where
    Maestrano: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    routes_below("/maestrano")
}

/// The routes of Maestrano below another path, for applications whose setting `mount` says so.
///
/// # Panics
/// When axum does not take the path: it begins with a slash and does not end with one.
pub fn routes_below<S>(mount: &str) -> Router<S>
where
    Maestrano: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    Router::new().route(&format!("{mount}/{{*path}}"), any(handle))
}

async fn handle(State(mno): State<Maestrano>, request: Request) -> Response {
    let (mut parts, mut body) = request.into_parts();
    if let Some(whole) = whole_uri(&parts) {
        parts.uri = whole;
    }
    let expects_continue = parts.headers.contains_key(header::EXPECT);
    let read = async |limit: usize| match Limited::new(&mut body, limit).collect().await {
        Ok(collected) => maestrano::Body::Whole(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => maestrano::Body::TooLarge,
        Err(_) => maestrano::Body::Incomplete,
    };
    let response = mno.handle(Request::from_parts(parts, read)).await.map(Body::from);
    // A client that waits for 100 Continue sends nothing, and must not be told to begin.
    if !expects_continue && !body.is_end_stream() {
        tokio::spawn(tokio::time::timeout(DISCARD_TIMEOUT, discard(body)));
    }
    response
}

/// How long the rest of a request is read and dropped after the response.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);

/// How many rests are read at once at most. Meanwhile hyper holds a read buffer of up to 400 KiB for each.
const MAX_DISCARDS: usize = 64;

static DISCARDS: Semaphore = Semaphore::const_new(MAX_DISCARDS);

/// Reads and drops what the client still sends after its response, at most twice the largest body that any route
/// takes. hyper closes the connection as soon as a body is dropped. While the client still writes, that is a reset,
/// and most clients then report the failed write instead of the response.
async fn discard(mut body: Body) {
    let Ok(_permit) = DISCARDS.try_acquire() else { return };
    let mut left = 2 * MAX_BODY;
    while let Some(Ok(frame)) = body.frame().await {
        let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, axum::body::Bytes::len)) else {
            return;
        };
        left = rest;
    }
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
    let nested = whole_uri(parts).map(|whole| std::mem::replace(&mut parts.uri, whole));
    let outcome = Maestrano::from_ref(state).check(parts).await;
    if let Some(nested) = nested {
        parts.uri = nested;
    }
    outcome
}

/// The address as the browser sees it, where it differs from the one that is left: a router that is nested under
/// a prefix takes the prefix off.
fn whole_uri(parts: &Parts) -> Option<Uri> {
    let OriginalUri(whole) = parts.extensions.get()?;
    (*whole != parts.uri).then(|| whole.clone())
}

/// The worked example of an adapter compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/adapters.md")]
struct Adapters;

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::http::{Request, StatusCode};
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use maestrano::config::Settings;
    use maestrano::{CookieKey, Login, PartnerApp, SignIn};
    use tower::ServiceExt;

    use super::*;

    /// The largest form that the consume route takes by default.
    const LIMIT: usize = 256 * 1024;

    struct Crm;

    impl PartnerApp for Crm {
        type Error = std::convert::Infallible;

        async fn sign_in(&self, _: &Login, _: &Parts) -> Result<SignIn, Self::Error> {
            Ok(SignIn::Allow)
        }
    }

    async fn mno(mount: &str) -> Maestrano {
        let key = CookieKey::new("k".repeat(32));
        let marketplace = serde_json::json!({
            "marketplace": "one",
            "environment": "uat",
            "app": {"host": "https://crm.example.com"},
            "api": {"id": "app-1", "key": "key"},
        });
        let settings = Settings::new().cookie_keys([&key]).mount(mount).marketplace(marketplace);
        Maestrano::from_settings(settings).app(Crm).connect().await.unwrap()
    }

    fn pages() -> Router<Maestrano> {
        Router::new().route("/me", get(async |session: Session| session.user().to_string())).route(
            "/",
            get(async |MaybeSession(session): MaybeSession| match session {
                Some(session) => session.user().to_string(),
                None => "nobody".to_owned(),
            }),
        )
    }

    async fn ask(router: Router, method: &str, path: &str, body: Vec<u8>) -> (StatusCode, String, Vec<u8>) {
        let request = Request::builder().method(method).uri(path).header("sec-fetch-mode", "navigate");
        let answer = router.oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let location = answer.headers().get(header::LOCATION);
        let location = location.map(|location| location.to_str().unwrap().to_owned()).unwrap_or_default();
        (answer.status(), location, to_bytes(answer.into_body(), usize::MAX).await.unwrap().into())
    }

    #[tokio::test]
    async fn a_page_with_a_session_sends_the_browser_to_sign_in() {
        let router = pages().merge(routes()).with_state(mno("/maestrano").await);
        let (status, to, _) = ask(router.clone(), "GET", "/me?x=1", Vec::new()).await;
        assert_eq!(
            (status.as_u16(), to.as_str()),
            (303, "https://crm.example.com/maestrano/auth/saml/init/one?return_to=%2Fme%3Fx%3D1")
        );
        let (status, to, _) = ask(router, "GET", &to, Vec::new()).await;
        assert_eq!(status, 303);
        assert!(to.starts_with("https://uat.maestrano.io/api/v1/auth/saml?SAMLRequest="), "{to}");
    }

    #[tokio::test]
    async fn a_page_that_works_without_a_session_is_shown_to_nobody() {
        let router = pages().merge(routes()).with_state(mno("/maestrano").await);
        let (status, _, body) = ask(router, "GET", "/", Vec::new()).await;
        assert_eq!((status.as_u16(), &*body), (200, &b"nobody"[..]));
    }

    #[tokio::test]
    async fn an_application_under_a_prefix_keeps_its_whole_paths() {
        let app = pages().merge(routes());
        let router = Router::new().nest("/crm", app).with_state(mno("/crm/maestrano").await);
        let (_, to, _) = ask(router.clone(), "GET", "/crm/me", Vec::new()).await;
        assert_eq!(to, "https://crm.example.com/crm/maestrano/auth/saml/init/one?return_to=%2Fcrm%2Fme");
        let (status, to, _) = ask(router, "GET", &to, Vec::new()).await;
        assert_eq!(status, 303);
        assert!(to.starts_with("https://uat.maestrano.io/"), "{to}");
    }

    #[tokio::test]
    async fn another_mount_has_its_own_routes() {
        let router: Router = routes_below("/sso").with_state(mno("/sso").await);
        let (status, ..) = ask(router, "GET", "/sso/auth/saml/init/one", Vec::new()).await;
        assert_eq!(status, 303);
    }

    #[tokio::test]
    async fn a_part_of_an_application_can_be_guarded() {
        let mno = mno("/maestrano").await;
        let guarded: Router<Maestrano> = Router::new().route("/reports", get(async || "secret"));
        let guarded = guarded.route_layer(from_fn_with_state(mno.clone(), require_session));
        let router = Router::new().nest("/area", guarded).with_state(mno);
        let (status, to, body) = ask(router, "GET", "/area/reports", Vec::new()).await;
        assert_eq!(
            (status.as_u16(), to.as_str()),
            (303, "https://crm.example.com/maestrano/auth/saml/init/one?return_to=%2Farea%2Freports")
        );
        assert!(body.is_empty());
    }

    #[tokio::test]
    async fn a_body_is_taken_up_to_its_limit() {
        let router: Router = routes().with_state(mno("/maestrano").await);
        for (length, status) in [(LIMIT, StatusCode::FORBIDDEN), (LIMIT + 1, StatusCode::PAYLOAD_TOO_LARGE)] {
            let path = "/maestrano/auth/saml/consume/one";
            assert_eq!(ask(router.clone(), "POST", path, vec![b'a'; length]).await.0, status, "{length}");
        }
    }
}
