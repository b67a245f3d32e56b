//! Maestrano single sign-on for actix-web.
//!
//! ```no_run
//! use actix_web::{App, HttpServer, web};
//! use maestrano::{Login, Maestrano, PartnerApp, SignIn};
//! use maestrano_actix::Session;
//!
//! struct Crm;
//!
//! impl PartnerApp for Crm {
//!     type Error = std::convert::Infallible;
//!
//!     async fn sign_in(&self, _: &Login, _: &http::request::Parts) -> Result<SignIn, Self::Error> {
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
//! let app = move || {
//!     App::new().service(web::resource("/me").to(me)).configure(maestrano_actix::routes(&mno))
//! };
//! HttpServer::new(app).bind(("127.0.0.1", 3000))?.run().await?;
//! # Ok(())
//! # }
//! ```
//!
//! The closure runs once for each worker, so [`Maestrano`] is made before it. Without the line `configure` each
//! request that asks for a session is answered with 500, and the log names the line.
//!
//! An application with sessions of its own opens them in `sign_in` by [`with_request`].
//!
//! `HttpServer::client_request_timeout` bounds the time that a client takes for the head of its request, and
//! `HttpServer::shutdown_timeout` the time that the program takes to end.
//!
//! The log is written by `tracing`; where nobody listens to that, the lines go to the crate `log`.

mod bridge;

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::{ErrorBadRequest, ErrorInternalServerError};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{Error, FromRequest, HttpRequest, HttpResponse, ResponseError};
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use maestrano::{Denied, GuardedRequest, Maestrano};

pub use self::bridge::{NoRequest, with_request};

/// The routes of Maestrano: everything below `/maestrano`. Handlers can also ask for `Data<Maestrano>` then.
///
/// actix-web takes the first service that matches: a catch-all of the application comes after this one.
pub fn routes(mno: &Maestrano) -> impl FnOnce(&mut ServiceConfig) + use<> {
    routes_below(mno, "/maestrano")
}

/// The routes of Maestrano below another path, for applications whose setting `mount` says so.
///
/// # Panics
/// When the routes are put into an application and actix-web does not take the path: it begins with a slash and
/// does not end with one.
pub fn routes_below(mno: &Maestrano, mount: &str) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let (mno, resource) = (Data::new(mno.clone()), web::resource(format!("{mount}/{{path:.*}}")));
    move |app| {
        app.app_data(mno).service(resource.to(handle));
    }
}

async fn handle(
    mno: Data<Maestrano>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, Error> {
    let read = async |limit: usize| match body.to_bytes_limited(limit).await {
        Ok(Ok(bytes)) => maestrano::Body::Whole(bytes),
        Ok(Err(_)) => maestrano::Body::Incomplete,
        Err(_) => maestrano::Body::TooLarge,
    };
    let asked = http::Request::from_parts(whole(&request).map_err(ErrorBadRequest)?, read);
    Ok(answer(&bridge::handle(&mno, asked, &request).await))
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

impl FromRequest for Session {
    type Error = Error;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Ok(Self(check(&request).await?.map_err(Refused::from)?)) })
    }
}

/// The signed-in user, or nobody, as an extractor for pages that work with and without. `Option<Session>` is not
/// the same: actix-web makes `None` of every refusal.
///
/// # What happens without a session
/// The value is `None`. While the platform has been out of reach for too long, the answer is 503: an outage
/// is not the same as nobody.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "it is taken apart in the arguments of a handler")]
pub struct MaybeSession(pub Option<Session>);

impl FromRequest for MaybeSession {
    type Error = Error;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let session = Denied::optional(check(&request).await?).map_err(Refused::from)?;
            Ok(Self(session.map(Session)))
        })
    }
}

type Extraction<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

/// Guards a part of an application: `.wrap(middleware::from_fn(maestrano_actix::require_session))` on a scope.
///
/// # Errors
/// Those of what it guards. Without a session it answers what [`Session`] answers.
pub async fn require_session<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    match Session::extract(request.request()).await {
        Ok(_) => next.call(request).await.map(ServiceResponse::map_into_left_body),
        // An answer, not an error, so that the middleware around this one sees it as such.
        Err(refused) => Ok(request.error_response(refused).map_into_right_body()),
    }
}

/// The answer to a request that may not pass.
#[derive(Debug)]
struct Refused {
    why: String,
    response: http::Response<Bytes>,
}

impl From<Denied> for Refused {
    fn from(denied: Denied) -> Self {
        Self { why: denied.to_string(), response: denied.into_response() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.why)
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        status(&self.response)
    }

    fn error_response(&self) -> HttpResponse {
        answer(&self.response)
    }
}

async fn check(request: &HttpRequest) -> Result<Result<maestrano::Session, Denied>, Error> {
    let Some(mno) = request.app_data::<Data<Maestrano>>() else {
        tracing::error!(
            "a page asks for a session, but .configure(maestrano_actix::routes(&mno)) is missing"
        );
        return Err(ErrorInternalServerError("the application is not set up"));
    };
    Ok(mno.check(&Asked(request)).await)
}

/// A request for a page, as the guard reads it.
struct Asked<'r>(&'r HttpRequest);

impl GuardedRequest for Asked<'_> {
    fn cookies(&self) -> impl Iterator<Item = &[u8]> {
        self.0.headers().get_all(header::COOKIE).map(|line| line.as_bytes())
    }

    fn head(&self) -> http::Result<Cow<'_, Parts>> {
        whole(self.0).map(Cow::Owned)
    }
}

/// The whole request but its body. actix-web speaks another version of the crate `http`: names and bytes are the
/// same.
fn whole(request: &HttpRequest) -> http::Result<Parts> {
    let (mut parts, ()) = http::Request::new(()).into_parts();
    (parts.method, parts.uri) = (request.method().as_str().parse()?, request.uri().to_string().parse()?);
    for (name, value) in request.headers() {
        let name = HeaderName::from_bytes(name.as_ref())?;
        parts.headers.append(name, HeaderValue::from_bytes(value.as_bytes())?);
    }
    Ok(parts)
}

fn answer(response: &http::Response<Bytes>) -> HttpResponse {
    let mut answer = HttpResponse::build(status(response));
    for (name, value) in response.headers() {
        answer.append_header((name.as_str(), value.as_bytes()));
    }
    answer.body(response.body().clone())
}

fn status(response: &http::Response<Bytes>) -> StatusCode {
    StatusCode::from_u16(response.status().as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use actix_web::App;
    use actix_web::http::{Method, header};
    use actix_web::middleware::{DefaultHeaders, from_fn};
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::web::{get, resource, scope};
    use maestrano::config::Settings;
    use maestrano::{CookieKey, Login, PartnerApp, SignIn};

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

    fn pages(app: &mut ServiceConfig) {
        app.service(resource("/me").to(async |session: Session| session.user().to_string()));
        app.service(resource("/").to(async |MaybeSession(session): MaybeSession| match session {
            Some(session) => session.user().to_string(),
            None => "nobody".to_owned(),
        }));
    }

    /// An application made of these services, asked once.
    async fn ask(services: impl FnOnce(&mut ServiceConfig), request: TestRequest) -> HttpResponse<Bytes> {
        let app = init_service(App::new().configure(services)).await;
        let request = request.insert_header(("sec-fetch-mode", "navigate")).to_request();
        let (head, body) = call_service(&app, request).await.into_parts().1.into_parts();
        let body = actix_web::body::to_bytes(body).await;
        head.set_body(body.unwrap_or_else(|_| panic!("the answer has a body")))
    }

    fn get_page(path: &str) -> TestRequest {
        TestRequest::get().uri(path)
    }

    fn location<B>(answer: &HttpResponse<B>) -> &str {
        answer.headers().get(header::LOCATION).map_or("", |location| location.to_str().unwrap())
    }

    #[actix_web::test]
    async fn a_page_with_a_session_sends_the_browser_to_sign_in() {
        let mno = mno("/maestrano").await;
        let app = |app: &mut ServiceConfig| _ = app.configure(pages).configure(routes(&mno));
        let answer = ask(app, get_page("/me?x=1")).await;
        let to = location(&answer);
        assert_eq!(
            (answer.status().as_u16(), to),
            (303, "https://crm.example.com/maestrano/auth/saml/init/one?return_to=%2Fme%3Fx%3D1")
        );
        let answer = ask(app, get_page(to)).await;
        assert_eq!(answer.status(), 303);
        let to = location(&answer);
        assert!(to.starts_with("https://uat.maestrano.io/api/v1/auth/saml?SAMLRequest="), "{to}");
    }

    #[actix_web::test]
    async fn a_page_that_works_without_a_session_is_shown_to_nobody() {
        let mno = mno("/maestrano").await;
        let answer = ask(|app| _ = app.configure(pages).configure(routes(&mno)), get_page("/")).await;
        assert_eq!((answer.status().as_u16(), &**answer.body()), (200, &b"nobody"[..]));
    }

    #[actix_web::test]
    async fn an_application_under_a_prefix_keeps_its_whole_paths() {
        let mno = mno("/crm/maestrano").await;
        let app = |app: &mut ServiceConfig| {
            app.service(scope("/crm").configure(pages).configure(routes(&mno)));
        };
        let answer = ask(app, get_page("/crm/me")).await;
        let to = location(&answer);
        assert_eq!(to, "https://crm.example.com/crm/maestrano/auth/saml/init/one?return_to=%2Fcrm%2Fme");
        let answer = ask(app, get_page(to)).await;
        assert_eq!(answer.status(), 303);
        let to = location(&answer);
        assert!(to.starts_with("https://uat.maestrano.io/"), "{to}");
    }

    #[actix_web::test]
    async fn another_mount_has_its_own_routes() {
        let mno = mno("/sso").await;
        let answer = ask(routes_below(&mno, "/sso"), get_page("/sso/auth/saml/init/one")).await;
        assert_eq!(answer.status(), 303);
    }

    #[actix_web::test]
    async fn a_part_of_an_application_can_be_guarded() {
        let mno = mno("/maestrano").await;
        let reports = resource("/reports").route(get().to(async || "secret"));
        let area = scope("/area").service(reports).wrap(from_fn(require_session));
        // What stands around the guard treats its answer like any other.
        let area = area.wrap(DefaultHeaders::new().add(("x-frame-options", "DENY")));
        let answer =
            ask(|app| _ = app.configure(routes(&mno)).service(area), get_page("/area/reports")).await;
        assert_eq!(
            (answer.status().as_u16(), location(&answer)),
            (303, "https://crm.example.com/maestrano/auth/saml/init/one?return_to=%2Farea%2Freports")
        );
        assert!(answer.body().is_empty());
        assert_eq!(answer.headers().get("x-frame-options").unwrap(), "DENY");
    }

    #[actix_web::test]
    async fn the_core_decides_about_every_method_and_path_below_the_mount() {
        let mno = mno("/maestrano").await;
        for (method, path, status) in [
            ("HEAD", "/maestrano/auth/saml/init/one", 303),
            ("OPTIONS", "/maestrano/auth/saml/init/one", 405),
            ("BREW", "/maestrano/auth/saml/consume/one", 405),
            ("GET", "/maestrano/%0a", 404),
        ] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = ask(routes(&mno), get_page(path).method(method.clone())).await;
            assert_eq!(answer.status(), status, "{method} {path}");
            assert!(answer.headers().contains_key(header::CACHE_CONTROL), "{method} {path}");
        }
    }

    #[actix_web::test]
    async fn a_body_is_taken_up_to_its_limit() {
        let mno = mno("/maestrano").await;
        for (length, status) in [(LIMIT, StatusCode::FORBIDDEN), (LIMIT + 1, StatusCode::PAYLOAD_TOO_LARGE)] {
            let request = TestRequest::post().uri("/maestrano/auth/saml/consume/one");
            let answer = ask(routes(&mno), request.set_payload(vec![b'a'; length])).await;
            assert_eq!(answer.status(), status, "{length}");
        }
    }

    #[actix_web::test]
    async fn headers_that_come_twice_are_handed_over_twice() {
        let cookies = [&b"a=1"[..], b"b=\xff"];
        let request = TestRequest::get().append_header(("cookie", "a=1"));
        let request = request.append_header(("cookie", header::HeaderValue::from_bytes(cookies[1]).unwrap()));
        let request = request.append_header(("x-other", "1")).to_http_request();
        let asked = Asked(&request);
        assert_eq!(asked.cookies().collect::<Vec<_>>(), cookies);
        for (parts, fields) in [(whole(&request), 3), (asked.head().map(Cow::into_owned), 3)] {
            let headers = parts.unwrap().headers;
            let seen: Vec<_> = headers.get_all("cookie").iter().map(|value| value.as_bytes()).collect();
            assert_eq!(seen, cookies);
            assert_eq!(headers.len(), fields, "{headers:?}");
        }

        let response = http::Response::builder().header("set-cookie", "a=1").header("set-cookie", "b=2");
        let answer = answer(&response.body(Bytes::new()).unwrap());
        let set: Vec<_> = answer.headers().get_all(header::SET_COOKIE).collect();
        assert_eq!(set, ["a=1", "b=2"]);
    }

    #[actix_web::test]
    async fn a_forgotten_set_up_is_named_in_the_log_and_not_in_the_answer() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        let logging = tracing::subscriber::set_default(subscriber);
        for path in ["/me", "/"] {
            let answer = ask(pages, get_page(path)).await;
            assert_eq!(answer.status(), 500);
            assert!(!String::from_utf8_lossy(answer.body()).contains("maestrano"));
        }
        drop(logging);
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(log.matches(".configure(maestrano_actix::routes(&mno)) is missing").count(), 2, "{log}");
    }

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(line)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
}
