//! A whole sign-in through the public API, in memory: the start, the platform's signed answer, and the end.

use std::io::{self, Read as _, Write};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use flate2::read::DeflateDecoder;
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{HeaderName, Method, Request, Response, StatusCode};
use maestrano::config::Settings;
use maestrano::memory::{Ended, EndedSessions, Memory, Remembering};
use maestrano::{Arrival, Body, Builder, Clock, CookieKey, Login, Maestrano, PartnerApp, SignIn};
use time::{Duration, UtcDateTime};
use tracing::Level;
use tracing::instrument::WithSubscriber as _;
use tracing_subscriber::fmt::MakeWriter;

use crate::keys::MODERN;
use crate::kit::{ACS, ATTRIBUTES, Draft, NOW, REQUEST, attribute};

const HOST: &str = "https://crm.example.com";
const INIT: &str = "/maestrano/auth/saml/init/uat";

/// The application, and what it was told of its user.
#[derive(Clone, Default)]
struct Crm {
    signed_in: Arc<Mutex<Option<Login>>>,
}

impl PartnerApp for Crm {
    type Error = io::Error;

    async fn sign_in(&self, login: &Login, _: &Parts) -> Result<SignIn, Self::Error> {
        *self.signed_in.lock().unwrap() = Some(login.clone());
        Ok(SignIn::Allow)
    }
}

/// A clock that is put forward by hand.
#[derive(Clone, Debug)]
struct Hand(Arc<Mutex<UtcDateTime>>);

impl Clock for Hand {
    fn now(&self) -> UtcDateTime {
        *self.0.lock().unwrap()
    }
}

struct World {
    maestrano: Maestrano,
    crm: Crm,
    clock: Hand,
    cookies: Vec<String>,
}

impl World {
    async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    async fn with(change: impl FnOnce(Builder) -> Builder) -> Self {
        let entry = serde_json::json!({
            "marketplace": "uat",
            "app": {"host": HOST},
            "api": {"id": "app-1", "key": "key", "host": "https://idp.example.com"},
            "sso": {"idp": "https://idp.example.com", "x509_certificate": MODERN.pem},
            "connec": {"host": "https://connec.example.com"},
        });
        let settings = Settings::new().cookie_keys([&CookieKey::new("k".repeat(32))]).marketplace(entry);
        let (crm, clock) = (Crm::default(), Hand(Arc::new(Mutex::new(NOW))));
        let builder = Maestrano::from_settings(settings).app(crm.clone()).clock(clock.clone());
        let maestrano = change(builder).connect().await.unwrap();
        Self { maestrano, crm, clock, cookies: Vec::new() }
    }

    async fn ask(&mut self, method: Method, path: &str, body: &str) -> Response<Bytes> {
        let request = Request::builder().method(method).uri(path).header(COOKIE, self.cookies.join("; "));
        let request = request.header("sec-fetch-mode", "navigate");
        let body = Body::Whole(Bytes::copy_from_slice(body.as_bytes()));
        let response = self.maestrano.handle(request.body(body).unwrap()).await;
        for set in response.headers().get_all(SET_COOKIE) {
            let cookie = set.to_str().unwrap().split(';').next().unwrap();
            let name = cookie.split_inclusive('=').next().unwrap();
            self.cookies.retain(|kept| !kept.starts_with(name));
            if cookie != name {
                self.cookies.push(cookie.to_owned());
            }
        }
        response
    }

    /// Begins a login: the id of its request.
    async fn begin(&mut self, query: &str) -> String {
        let started = self.ask(Method::GET, &format!("{INIT}{query}"), "").await;
        let url = url::Url::parse(field(&started, &LOCATION)).unwrap();
        let request = url.query_pairs().find(|(name, _)| name == "SAMLRequest").unwrap().1;
        let deflated = BASE64_STANDARD.decode(request.as_bytes()).unwrap();
        let mut xml = String::new();
        DeflateDecoder::new(deflated.as_slice()).read_to_string(&mut xml).unwrap();
        xml.split_once(" ID=\"").unwrap().1.split('"').next().unwrap().to_owned()
    }

    /// Posts the platform's answer.
    async fn post(&mut self, draft: &Draft) -> Response<Bytes> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("SAMLResponse", &draft.form_value())
            .finish();
        self.ask(Method::POST, ACS.strip_prefix(HOST).unwrap(), &form).await
    }

    /// Signs in with these attributes, to a page.
    async fn sign_in(&mut self, attributes: &[(&str, &str)], page: &str) -> Response<Bytes> {
        let id = self.begin(&format!("?return_to={page}")).await;
        let consumed = self.post(&Draft::of(attributes).before(REQUEST, &id)).await;
        let finish = field(&consumed, &LOCATION).to_owned();
        assert!(finish.len() < 3_100, "{}", finish.len());
        self.ask(Method::GET, &finish, "").await
    }

    fn forward(&self, duration: Duration) {
        *self.clock.0.lock().unwrap() += duration;
    }
}

fn field<'a>(response: &'a Response<Bytes>, name: &HeaderName) -> &'a str {
    response.headers().get(name).unwrap_or_else(|| panic!("no {name}: {response:?}")).to_str().unwrap()
}

#[tokio::test]
async fn a_signed_answer_signs_in_at_the_page_that_was_asked_for() {
    let mut world = World::new().await;
    let arrived = world.sign_in(&ATTRIBUTES, "/deals").await;
    assert_eq!((arrived.status(), field(&arrived, &LOCATION)), (StatusCode::SEE_OTHER, "/deals"));
    let page = Request::get("/deals").header(COOKIE, world.cookies.join("; ")).body(()).unwrap();
    let session = world.maestrano.check(&page.into_parts().0).await.unwrap();
    assert_eq!((session.user().as_str(), session.opened()), ("usr-1", NOW));
}

#[tokio::test]
async fn a_user_of_four_hundred_companies_signs_in_with_a_long_page() {
    let company = |number: usize| format!(r#""org-{number:05x}-{}":"Company {number}""#, number * 7919);
    let organizations: Vec<String> = (0..400).map(company).collect();
    let organizations = format!("{{{}}}", organizations.join(","));
    let page = format!("/{}", "deals-".repeat(165));
    let more = [("zeta", "kept"), ("organizations", organizations.as_str())];
    let attributes: Vec<_> =
        ATTRIBUTES.iter().filter(|it| it.0 != "organizations").chain(&more).copied().collect();
    let mut world = World::new().await;
    let arrived = world.sign_in(&attributes, &page).await;
    assert_eq!(field(&arrived, &LOCATION), page);
    let login = world.crm.signed_in.lock().unwrap().take().unwrap();
    assert_eq!((login.attribute("organizations"), login.attribute("zeta")), (None, Some("kept")));
    assert_eq!(login.user().id().as_str(), "usr-1");
}

#[tokio::test]
async fn a_new_answer_to_a_finished_login_leads_to_the_page() {
    let mut world = World::new().await;
    let id = world.begin("?return_to=/deals").await;
    for assertion in ["_a1", "_a2", "_a3"] {
        let draft = Draft::new().before(REQUEST, &id).before("_a1", assertion).info("_a1", assertion);
        let consumed = world.post(&draft).await;
        let finish = field(&consumed, &LOCATION).to_owned();
        assert_eq!(field(&world.ask(Method::GET, &finish, "").await, &LOCATION), "/deals", "{assertion}");
    }
}

#[tokio::test]
async fn an_old_answer_begins_the_login_again_once() {
    let mut world = World::new().await;
    let id = world.begin("?return_to=/deals").await;
    world.forward(Duration::HOUR);
    let consumed = world.post(&Draft::new().before(REQUEST, &id)).await;
    let finish = field(&consumed, &LOCATION).to_owned();
    assert!(finish.starts_with("/maestrano/auth/saml/finish?t="));
    let restarted = world.ask(Method::GET, &finish, "").await;
    assert!(field(&restarted, &LOCATION).starts_with("https://idp.example.com/"));
}

#[tokio::test]
async fn an_answer_to_a_request_of_nobody_is_a_page() {
    let mut world = World::new().await;
    let refused = world.post(&Draft::new()).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_form_above_the_limit_of_the_setting_is_too_large() {
    let mut world = World::new().await;
    let long = "x".repeat(256 * 1024 + 1);
    let refused = world.ask(Method::POST, ACS.strip_prefix(HOST).unwrap(), &long).await;
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

/// What is written to the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + use<> {
        tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false)
            .with_writer(self.clone())
            .finish()
    }

    fn lines(&self, part: &str) -> Vec<String> {
        let log = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        log.lines().filter(|line| line.contains(part)).map(str::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_refused_login_is_logged_with_its_request_and_its_document_at_the_finest_level() {
    let (log, mut world) = (Log::default(), World::new().await);
    let id = world.begin("").await;
    let draft =
        Draft::new().before(REQUEST, &id).after(&attribute("uid", "usr-1"), &attribute("uid", "usr-9"));
    let refused = world.post(&draft).with_subscriber(log.subscriber()).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let lines = log.lines("login refused");
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert!(
        line.contains("WARN") && line.contains(r#"code="digest""#) && line.contains(r#"marketplace="uat""#)
    );
    let request = line.split_once("request_id=\"").unwrap().1.split('"').next().unwrap();
    assert_eq!(request.len(), 16, "{line}");
    assert!(!line.contains(&id), "a sealed value is not for the log");
    let reference = line.split_once("reference=\"").unwrap().1.split('"').next().unwrap();
    assert!(std::str::from_utf8(refused.body()).unwrap().contains(reference));
    let documents = log.lines("usr-9");
    assert!(matches!(documents.as_slice(), [line] if line.contains("TRACE") && line.contains(reference)));
}

#[tokio::test]
async fn requests_that_reach_no_route_are_logged_once_a_second() {
    let (log, mut world) = (Log::default(), World::new().await);
    for second in 0..3 {
        for _ in 0..5 {
            world.ask(Method::GET, "/maestrano/nowhere", "").with_subscriber(log.subscriber()).await;
            world
                .ask(Method::GET, ACS.strip_prefix(HOST).unwrap(), "")
                .with_subscriber(log.subscriber())
                .await;
        }
        let count =
            |code: &str| log.lines("request refused").iter().filter(|line| line.contains(code)).count();
        assert_eq!((count("not_found"), count("method_not_allowed")), (second + 1, second + 1));
        world.forward(Duration::SECOND);
    }
}

#[derive(Debug, Default)]
struct Used(EndedSessions);

impl Memory for Used {
    fn spend<'a>(&'a self, _: &'a str, _: UtcDateTime, _: UtcDateTime) -> Remembering<'a, bool> {
        Box::pin(async { Ok(false) })
    }

    fn end(&self, ended: Ended, now: UtcDateTime) -> Remembering<'_, ()> {
        self.0.insert(ended, now);
        Box::pin(async { Ok(()) })
    }

    fn ended(&self) -> &EndedSessions {
        &self.0
    }
}

#[tokio::test]
async fn the_builder_uses_the_store_the_clock_and_the_arrival_that_it_is_given() {
    let mut world = World::with(|builder| builder.memory(Used::default())).await;
    let id = world.begin("").await;
    let consumed = world.post(&Draft::new().before(REQUEST, &id)).await;
    let finish = field(&consumed, &LOCATION).to_owned();
    world.ask(Method::GET, &finish, "").await;
    assert!(world.crm.signed_in.lock().unwrap().is_none(), "the store has said that it was used");

    let mut world = World::with(|builder| builder.arrival(Arrival::Page)).await;
    let arrived = world.sign_in(&ATTRIBUTES, "/deals").await;
    assert_eq!(arrived.status(), StatusCode::OK);
    assert!(std::str::from_utf8(arrived.body()).unwrap().contains("0; url=/deals"));

    let mut world = World::new().await;
    let id = world.begin("").await;
    world.forward(Duration::DAY);
    let refused = world.post(&Draft::new()).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN, "the clock says that {id} is long gone");
}
