//! Maestrano single sign-on for Rocket.
//!
//! ```no_run
//! use maestrano::{Login, Maestrano, PartnerApp, SignIn};
//! use maestrano_rocket::Session;
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
//! #[rocket::get("/me")]
//! fn me(session: Session) -> String {
//!     format!("{} of {}", session.user(), session.group())
//! }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let mno = Maestrano::from_env().app(Crm).connect().await?;
//! let app = rocket::build().attach(maestrano_rocket::fairing(mno)).mount("/", rocket::routes![me]);
//! app.launch().await?;
//! # Ok(())
//! # }
//! ```
//!
//! Without the fairing the application does not launch, and Rocket names the guard that needs it, with file and
//! line. A guard of the application's own that asks for a [`Session`] inside hides that need from Rocket: let it
//! be a `Sentinel` that asks `<Session as Sentinel>::abort`.
//!
//! An application with sessions of its own opens them in `sign_in` by [`with_request`].
//!
//! Rocket 0.5 has no limit on the time that a client takes for the head of its request: put a proxy in front of it that
//! has one. The settings `shutdown.grace` and `shutdown.mercy` bound the time that the program takes to end.

mod bridge;

use std::borrow::Cow;
use std::fmt;
use std::io::Cursor;
use std::ops::Deref;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, SET_COOKIE};
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use maestrano::{Denied, GuardedRequest, MAX_BODY, Maestrano};
use rocket::data::{DataStream, ToByteUnit};
use rocket::fairing::{self, Fairing, Info, Kind};
use rocket::http::{Method, Status};
use rocket::request::{FromRequest, Outcome};
use rocket::response::stream::ReaderStream;
use rocket::route::{self, Handler, Route};
use rocket::tokio::io::AsyncReadExt;
use rocket::tokio::sync::Semaphore;
use rocket::tokio::time::timeout;
use rocket::{Build, Data, Ignite, Request, Response, Rocket, Sentinel};

pub use self::bridge::{NoRequest, with_request};

/// What there is to attach: the routes of Maestrano, everything below `/maestrano` or what the setting `mount`
/// says, and the answers of the guards.
///
/// The application's routes come first, but for those that name no part of the path, such as `/<page..>`.
pub fn fairing(mno: Maestrano) -> impl Fairing {
    Door(mno)
}

/// The signed-in user of a request, as a guard.
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

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Session {
    type Error = Refused;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Refused> {
        check(request, |outcome| outcome).await.map(Self)
    }
}

impl Sentinel for Session {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        let missing = rocket.state::<Door>().is_none();
        if missing {
            tracing::error!("{MISSING}");
        }
        missing
    }
}

/// The signed-in user, or nobody, as a guard for pages that work with and without.
///
/// # What happens without a session
/// The value is `None`. While the platform has been out of reach for too long, the answer is 503: an outage
/// is not the same as nobody, as it would be with Rocket's `Option<Session>`.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "it is taken apart in a handler")]
pub struct MaybeSession(pub Option<Session>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for MaybeSession {
    type Error = Refused;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Refused> {
        check(request, Denied::optional).await.map(|session| Self(session.map(Session)))
    }
}

impl Sentinel for MaybeSession {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        Session::abort(rocket)
    }
}

/// Why a guard does not let a request pass; for the log.
#[derive(Debug)]
pub struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// The status, never seen outside, of a request whose answer is the core's, which [`Answer`] holds until the
/// fairing puts it in place. It stands for nothing else, so that neither the answer of a handler that made do
/// without a session nor that of a catcher for 401 is taken for it.
const ANSWERED: Status = Status { code: 490 };

const MISSING: &str = "the fairing is missing: .attach(maestrano_rocket::fairing(mno))";

/// After all routes of the application that name a part of their path, before those that take any path.
const RANK: isize = -4;

const METHODS: [Method; 9] = [
    Method::Get,
    Method::Head,
    Method::Post,
    Method::Put,
    Method::Patch,
    Method::Delete,
    Method::Options,
    Method::Trace,
    Method::Connect,
];

/// The core behind Rocket: as a fairing, as the handler of its routes, and as the state that the guards find.
#[derive(Clone)]
struct Door(Maestrano);

#[rocket::async_trait]
impl Fairing for Door {
    fn info(&self) -> Info {
        Info { name: "Maestrano", kind: Kind::Ignite | Kind::Response | Kind::Singleton }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        let route = |method| Route::ranked(RANK, method, "/<path..>", self.clone());
        let mount = self.0.configuration().rules().mount().to_owned();
        Ok(rocket.manage(self.clone()).mount(mount, METHODS.map(route).to_vec()))
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        if response.status() == ANSWERED
            && let Some(answer) = Answer::of(request).take()
        {
            put(answer, response);
        }
    }
}

#[rocket::async_trait]
impl Handler for Door {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> route::Outcome<'r> {
        let Ok(asked) = whole(request) else {
            return route::Outcome::Error(Status::BadRequest);
        };
        // Opening reads nothing.
        let mut data = data.open(u64::MAX.bytes());
        let read = async |limit: usize| read(&mut data, limit).await;
        let asked = http::Request::from_parts(asked, read);
        let (mut parts, body) = bridge::handle(&self.0, asked, request).await.into_parts();
        parts.headers.insert(CONTENT_LENGTH, body.len().into());
        Answer::of(request).keep(http::Response::from_parts(parts, None));
        let body = ReaderStream! {
            yield Cursor::new(body);
            _ = timeout(DISCARD_TIMEOUT, discard(data)).await;
        };
        route::Outcome::Success(Response::build().status(ANSWERED).streamed_body(body).finalize())
    }
}

/// Reads a body of at most `limit` bytes.
async fn read(data: &mut DataStream<'_>, limit: usize) -> maestrano::Body {
    let mut body = Vec::new();
    // One byte more shows that the body is larger.
    match data.take((limit as u64).saturating_add(1)).read_to_end(&mut body).await {
        Ok(length) if length > limit => maestrano::Body::TooLarge,
        Ok(_) => maestrano::Body::Whole(body.into()),
        Err(_) => maestrano::Body::Incomplete,
    }
}

/// How long the rest of a request is read and dropped after the response.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);

/// How many rests are read at once at most. Meanwhile hyper holds a read buffer of up to 400 KiB for each.
const MAX_DISCARDS: usize = 64;

static DISCARDS: Semaphore = Semaphore::const_new(MAX_DISCARDS);

/// Reads and drops what the client still sends after its response, at most twice the largest body that any route
/// takes. hyper closes the connection as soon as a body is dropped. While the client still writes, that is a reset,
/// and most clients then report the failed write instead of the response.
async fn discard(data: DataStream<'_>) {
    let Ok(_permit) = DISCARDS.try_acquire() else { return };
    let mut rest = data.take(2 * MAX_BODY as u64);
    let mut buffer = [0; 4096];
    while rest.read(&mut buffer).await.is_ok_and(|length| length > 0) {}
}

async fn check<T>(
    request: &Request<'_>,
    read: fn(Result<maestrano::Session, Denied>) -> Result<T, Denied>,
) -> Outcome<T, Refused> {
    let Some(Door(mno)) = request.rocket().state() else {
        tracing::error!("{MISSING}");
        return Outcome::Error((Status::InternalServerError, Refused(MISSING.to_owned())));
    };
    match read(mno.check(&Asked(request)).await) {
        Ok(session) => Outcome::Success(session),
        Err(denied) => {
            let refused = Refused(denied.to_string());
            Answer::of(request).keep(denied.into_response().map(Some));
            Outcome::Error((ANSWERED, refused))
        }
    }
}

/// The core's answer to a request, in Rocket's request-local cache: a guard cannot answer, and answers of
/// handlers pass by Rocket's `Shield`, which complains of headers that are there already. A handler has set the body by
/// itself: then there is none here.
struct Answer(Mutex<Option<http::Response<Option<Bytes>>>>);

impl Answer {
    fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(|| Self(Mutex::new(None)))
    }

    fn keep(&self, answer: http::Response<Option<Bytes>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
    }

    fn take(&self) -> Option<http::Response<Option<Bytes>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The whole request but its body, as it came.
fn whole(request: &Request<'_>) -> http::Result<Parts> {
    let mut parts = line(request)?;
    for header in request.headers().iter() {
        let name = HeaderName::from_bytes(header.name().as_str().as_bytes())?;
        parts.headers.append(name, HeaderValue::from_bytes(header.value().as_bytes())?);
    }
    Ok(parts)
}

/// A request for a page, as the guard reads it.
struct Asked<'r>(&'r Request<'r>);

impl GuardedRequest for Asked<'_> {
    fn cookies(&self) -> impl Iterator<Item = &[u8]> {
        self.0.headers().get("cookie").map(str::as_bytes)
    }

    fn head(&self) -> http::Result<Cow<'_, Parts>> {
        whole(self.0).map(Cow::Owned)
    }
}

/// A request without header fields, with its whole path.
fn line(request: &Request<'_>) -> http::Result<Parts> {
    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.method = request.method().as_str().parse()?;
    let (path, query) = (request.uri().path().as_str(), request.uri().query());
    parts.uri = match query {
        Some(query) => format!("{path}?{query}").try_into()?,
        None => path.parse()?,
    };
    Ok(parts)
}

/// Puts the core's answer in the place of a response. Headers that others have set stay, but for those that the
/// core sets too; cookies all stay.
fn put(answer: http::Response<Option<Bytes>>, response: &mut Response<'_>) {
    let (parts, body) = answer.into_parts();
    response.set_status(Status::new(parts.status.as_u16()));
    // That of a catcher's page.
    response.remove_header("content-type");
    for name in parts.headers.keys().filter(|name| *name != SET_COOKIE) {
        response.remove_header(name.as_str());
    }
    for (name, value) in &parts.headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        response.adjoin_raw_header(name.as_str().to_owned(), value);
    }
    if let Some(body) = body {
        response.set_sized_body(body.len(), Cursor::new(body));
    }
}

#[cfg(test)]
mod tests {
    use maestrano::config::Settings;
    use maestrano::{CookieKey, Login, PartnerApp, SignIn};
    use rocket::config::{Config, LogLevel};
    use rocket::error::ErrorKind;
    use rocket::fairing::AdHoc;
    use rocket::http::Header;
    use rocket::local::asynchronous::{Client, LocalRequest};
    use rocket::response::Redirect;
    use rocket::{catch, catchers, get, routes};

    use super::*;

    /// The largest form that the consume route takes by default.
    const LIMIT: usize = 256 * 1024;

    struct Crm;

    impl PartnerApp for Crm {
        type Error = std::convert::Infallible;

        async fn sign_in(&self, _: &Login, _: &http::request::Parts) -> Result<SignIn, Self::Error> {
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

    #[get("/me")]
    async fn me(session: Session) -> String {
        session.user().to_string()
    }

    #[get("/")]
    fn home(session: MaybeSession) -> String {
        session.0.map_or_else(|| "nobody".to_owned(), |session| session.user().to_string())
    }

    fn application() -> Rocket<Build> {
        rocket::custom(Config { log_level: LogLevel::Off, ..Config::debug_default() })
    }

    async fn client(application: Rocket<Build>) -> Client {
        Client::untracked(application).await.unwrap()
    }

    async fn usual() -> Client {
        client(application().mount("/", routes![me, home]).attach(fairing(mno("/maestrano").await))).await
    }

    /// Asks as a browser does that goes to a page: status, `Location`, body.
    async fn ask(request: LocalRequest<'_>) -> (u16, String, String) {
        let answer = request.header(Header::new("sec-fetch-mode", "navigate")).dispatch().await;
        let location = answer.headers().get_one("location").unwrap_or_default().to_owned();
        (answer.status().code, location, answer.into_string().await.unwrap_or_default())
    }

    #[rocket::async_test]
    async fn a_page_with_a_session_sends_the_browser_to_sign_in() {
        let client = usual().await;
        let (status, to, body) = ask(client.get("/me?x=1")).await;
        assert_eq!(
            (status, to.as_str()),
            (303, "https://crm.example.com/maestrano/auth/saml/init/one?return_to=%2Fme%3Fx%3D1")
        );
        assert!(body.is_empty(), "{body}");
        let (status, to, _) =
            ask(client.get(to.trim_start_matches("https://crm.example.com").to_owned())).await;
        assert_eq!(status, 303);
        assert!(to.starts_with("https://uat.maestrano.io/api/v1/auth/saml?SAMLRequest="), "{to}");
    }

    #[rocket::async_test]
    async fn a_page_that_works_without_a_session_is_shown_to_nobody() {
        assert_eq!(ask(usual().await.get("/")).await, (200, String::new(), "nobody".to_owned()));
    }

    #[rocket::async_test]
    async fn an_application_under_a_prefix_keeps_its_whole_paths() {
        let app = application().mount("/crm", routes![me]).attach(fairing(mno("/crm/maestrano").await));
        let client = client(app).await;
        let (_, to, _) = ask(client.get("/crm/me")).await;
        assert_eq!(to, "https://crm.example.com/crm/maestrano/auth/saml/init/one?return_to=%2Fcrm%2Fme");
        let (status, to, _) =
            ask(client.get(to.trim_start_matches("https://crm.example.com").to_owned())).await;
        assert_eq!(status, 303);
        assert!(to.starts_with("https://uat.maestrano.io/"), "{to}");
    }

    #[rocket::async_test]
    async fn another_mount_has_its_own_routes() {
        let client = client(application().attach(fairing(mno("/sso").await))).await;
        assert_eq!(ask(client.get("/sso/auth/saml/init/one")).await.0, 303);
        assert_eq!(ask(client.get("/maestrano/auth/saml/init/one")).await.0, 404);
    }

    #[rocket::async_test]
    async fn every_method_reaches_the_core_as_it_is() {
        let client = usual().await;
        for method in METHODS {
            let answer = client.req(method, "/maestrano/auth/saml/finish").dispatch().await;
            let (status, allow) = (answer.status().code, answer.headers().get_one("allow"));
            if method == Method::Get {
                assert_eq!((status, allow), (403, None), "without a login begun");
            } else {
                assert_eq!((status, allow), (405, Some("GET")), "{method}");
            }
        }
        let answer = client.head("/maestrano/auth/saml/init/one").dispatch().await;
        assert_eq!(answer.status().code, 303);
    }

    #[rocket::async_test]
    async fn a_body_is_taken_up_to_its_limit() {
        let client = usual().await;
        for (length, status) in [(LIMIT, 403), (LIMIT + 1, 413)] {
            let request = client.post("/maestrano/auth/saml/consume/one").body("a".repeat(length));
            assert_eq!(ask(request).await.0, status, "{length}");
        }
    }

    #[rocket::async_test]
    async fn all_header_lines_and_bytes_of_a_request_arrive() {
        let client = usual().await;
        let request = client
            .post("/a%2Fb//c?x=%20&y")
            .header(Header::new("Cookie", "a=1; b=2"))
            .header(Header::new("cookie", "c=\u{e9}"))
            .header(Header::new("x-other", "1"));
        for (asked, fields) in
            [(whole(request.inner()), 3), (Asked(request.inner()).head().map(Cow::into_owned), 3)]
        {
            let asked = asked.unwrap();
            assert_eq!(
                (asked.method.as_str(), asked.uri.to_string().as_str()),
                ("POST", "/a%2Fb//c?x=%20&y")
            );
            let cookies: Vec<_> =
                asked.headers.get_all("cookie").iter().map(|line| line.as_bytes()).collect();
            assert_eq!(cookies, [&b"a=1; b=2"[..], "c=\u{e9}".as_bytes()]);
            assert_eq!(asked.headers.len(), fields, "{:?}", asked.headers);
        }
    }

    #[rocket::async_test]
    async fn headers_of_others_stay_and_cookies_are_added() {
        let header = |name: &'static str, value: &'static str| Header::new(name, value);
        let others = AdHoc::on_response("others", move |_, response| {
            Box::pin(async move {
                response.adjoin_header(header("set-cookie", "language=fr"));
                response.set_header(header("access-control-allow-origin", "https://www.example.com"));
                response.set_header(header("cache-control", "public"));
            })
        });
        let app = application().attach(others).attach(fairing(mno("/maestrano").await));
        let client = client(app).await;
        let answer = client.get("/maestrano/auth/saml/init/one").dispatch().await;
        let all = |name| answer.headers().get(name).collect::<Vec<_>>();
        let cookies = all("set-cookie");
        assert!(cookies.len() == 2 && cookies.contains(&"language=fr"), "{cookies:?}");
        assert_eq!(all("access-control-allow-origin"), ["https://www.example.com"]);
        assert!(matches!(all("cache-control")[..], [one] if one.contains("no-store")));
        assert_eq!(all("x-frame-options").len(), 1, "Shield and the core both have one");
    }

    #[rocket::async_test]
    async fn routes_of_the_application_come_first_but_those_of_any_path() {
        #[get("/maestrano/news")]
        fn news() -> &'static str {
            "news"
        }

        #[get("/<_>/help")]
        fn help() -> &'static str {
            "help"
        }

        #[get("/<_..>")]
        fn anything() -> &'static str {
            "anything"
        }

        let app = application().mount("/", routes![news, help, anything]);
        let client = client(app.attach(fairing(mno("/maestrano").await))).await;
        for (path, body) in [("/maestrano/news", "news"), ("/maestrano/help", "help"), ("/x", "anything")] {
            assert_eq!(ask(client.get(path)).await, (200, String::new(), body.to_owned()));
        }
        assert_eq!(ask(client.get("/maestrano/auth/saml/init/one")).await.0, 303);
    }

    #[rocket::async_test]
    async fn a_handler_that_makes_do_without_a_session_has_the_last_word() {
        #[get("/")]
        async fn welcome(session: Option<Session>) -> Redirect {
            Redirect::to(if session.is_some() { "/desk" } else { "/welcome" })
        }

        let app = application().mount("/", routes![welcome]).attach(fairing(mno("/maestrano").await));
        let (status, to, _) = ask(client(app).await.get("/")).await;
        assert_eq!((status, to.as_str()), (303, "/welcome"));
    }

    #[rocket::async_test]
    async fn catchers_of_the_application_do_not_answer_for_the_core() {
        #[catch(401)]
        fn unauthorized() -> Redirect {
            Redirect::to("/login")
        }

        #[catch(default)]
        fn any(_: Status, _: &Request<'_>) -> &'static str {
            "any"
        }

        let app = application().mount("/", routes![me]).register("/", catchers![unauthorized, any]);
        let client = client(app.attach(fairing(mno("/maestrano").await))).await;
        let (status, to, body) = ask(client.get("/me")).await;
        assert!(
            status == 303 && to.starts_with("https://crm.example.com/maestrano/") && body.is_empty(),
            "{status} {to} {body}"
        );
        let answer = client.get("/me").dispatch().await;
        assert_eq!(answer.status(), Status::Unauthorized);
        assert!(answer.into_string().await.unwrap().contains("login_required"));
        assert_eq!(ask(client.get("/nowhere")).await.2, "any");
    }

    struct Admin;

    #[rocket::async_trait]
    impl<'r> FromRequest<'r> for Admin {
        type Error = Refused;

        async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Refused> {
            request.guard::<Session>().await.map(|_| Self)
        }
    }

    #[get("/reports")]
    fn reports(_admin: Admin) -> &'static str {
        "secret"
    }

    #[rocket::async_test]
    async fn a_guard_of_the_application_can_stand_on_the_session() {
        let app = application().mount("/area", routes![reports]).attach(fairing(mno("/maestrano").await));
        let (status, to, body) = ask(client(app).await.get("/area/reports")).await;
        assert_eq!(
            (status, to.as_str()),
            (303, "https://crm.example.com/maestrano/auth/saml/init/one?return_to=%2Farea%2Freports")
        );
        assert!(body.is_empty());
    }

    #[rocket::async_test]
    async fn without_the_fairing_the_application_does_not_launch_and_the_guard_is_named() {
        for (route, guard) in
            [(routes![me], "maestrano_rocket::Session"), (routes![home], "maestrano_rocket::MaybeSession")]
        {
            let error = application().mount("/", route).ignite().await.unwrap_err();
            let ErrorKind::SentinelAborts(guards) = error.kind() else { panic!("{error}") };
            let named: Vec<_> = guards.iter().map(|found| (found.type_name, found.location.0)).collect();
            assert_eq!(named, [(guard, file!())]);
        }
    }

    #[rocket::async_test]
    async fn without_the_fairing_a_hidden_guard_lets_nobody_in() {
        let client = client(application().mount("/", routes![reports])).await;
        assert_eq!(ask(client.get("/reports")).await.0, 500);
    }
}
