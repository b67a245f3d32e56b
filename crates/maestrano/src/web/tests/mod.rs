//! The doors from outside: requests in, answers out, with a clock of our own and a platform that does as told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use http::header::{ACCEPT, ALLOW, COOKIE, LOCATION, REFERRER_POLICY, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use time::macros::utc_datetime;
use time::{Duration, UtcDateTime};

use super::*;
use crate::app::{AnyApp, SignIn};
use crate::config::{CreationMode, Settings};
use crate::login::Login;
use crate::memory::{Ended, EndedSessions, InProcess, Memory, MemoryError, Remembering};
use crate::seal::Seal;
use crate::secret::CookieKey;
use crate::transport::{Limits, Sending, Transport, TransportError};
use crate::webhook::{GroupRemoved, MemberRemoved, Notification};

#[cfg(feature = "metrics")]
mod counters;
mod limits;
mod logout;
mod repeats;
mod sessions;
mod webhooks;

const NOW: UtcDateTime = utc_datetime!(2026-11-23 10:00);
const CERTIFICATE: &str = include_str!("../../config/fixtures/platform.pem");

/// The application: what it says, and what it has heard.
#[derive(Debug)]
struct App {
    says: Result<SignIn, &'static str>,
    heard: Arc<Mutex<Vec<String>>>,
}

/// What an application says that does not get as far as saying something.
const PANIC: &str = "a bug of the application";

impl App {
    fn says(&self) -> Result<SignIn, &'static str> {
        assert!(self.says != Err(PANIC), "{PANIC}");
        self.says.clone()
    }

    fn hears(&self, news: String) -> Result<(), &'static str> {
        self.heard.lock().unwrap().push(news);
        self.says().map(drop)
    }
}

impl crate::app::PartnerApp for App {
    type Error = &'static str;

    async fn sign_in(&self, _: &Login, _: &Parts) -> Result<SignIn, &'static str> {
        self.says()
    }

    async fn group_removed(&self, removed: &GroupRemoved) -> Result<(), &'static str> {
        self.hears(format!("{} without {}", removed.marketplace(), removed.group()))
    }

    async fn member_removed(&self, removed: &MemberRemoved) -> Result<(), &'static str> {
        self.hears(format!("{} {} without {}", removed.marketplace(), removed.group(), removed.user()))
    }

    async fn notified(&self, news: &Notification) -> Result<(), &'static str> {
        let kinds: Vec<_> = news.entities().iter().map(|entity| entity.resource()).collect();
        self.hears(format!("{} has {}", news.marketplace(), kinds.join(" and ")))
    }
}

/// The platform: what it answers to a session check, and how often it was asked.
#[derive(Clone, Debug, Default)]
struct Platform {
    /// While it is locked, no answer comes.
    door: Arc<tokio::sync::RwLock<()>>,
    answer: Arc<Mutex<Option<(u16, String)>>>,
    asked: Arc<AtomicUsize>,
    addresses: Arc<Mutex<Vec<String>>>,
    /// What the last call was given.
    limits: Arc<Mutex<Option<Limits>>>,
}

impl Platform {
    fn answers(&self, status: u16, body: &str) {
        *self.answer.lock().unwrap() = Some((status, body.to_owned()));
    }

    fn is_valid_until(&self, time: &str) {
        self.answers(200, &format!(r#"{{"valid":true,"recheck":"{time}"}}"#));
    }

    fn is_gone(&self) {
        *self.answer.lock().unwrap() = None;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Transport for Platform {
    fn send<'a>(&'a self, request: Request<Bytes>, limits: Limits) -> Sending<'a> {
        *self.limits.lock().unwrap() = Some(limits);
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.addresses.lock().unwrap().push(request.uri().to_string());
        Box::pin(async {
            // Lets others who wait for the same answer come in.
            tokio::task::yield_now().await;
            drop(self.door.read().await);
            match self.answer.lock().unwrap().clone() {
                Some((status, body)) => {
                    let mut answer = Response::new(Bytes::from(body));
                    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
                    Ok(answer)
                }
                None => Err(TransportError::connect(std::io::Error::other("connection refused"))),
            }
        })
    }
}

#[derive(Debug, Default)]
struct NoMemory(EndedSessions);

impl Memory for NoMemory {
    fn spend<'a>(&'a self, _: &'a str, _: UtcDateTime, _: UtcDateTime) -> Remembering<'a, bool> {
        Box::pin(async { Err(MemoryError::new("it is down")) })
    }

    fn end(&self, ended: Ended, now: UtcDateTime) -> Remembering<'_, ()> {
        self.0.insert(ended, now);
        Box::pin(async { Err(MemoryError::new("it is down")) })
    }

    fn ended(&self) -> &EndedSessions {
        &self.0
    }

    fn is_reachable(&self) -> bool {
        false
    }
}

/// An application with its marketplaces, and one browser that keeps its cookies.
struct World {
    site: Site,
    sso: Sso,
    platform: Platform,
    heard: Arc<Mutex<Vec<String>>>,
    cookies: Mutex<Vec<(String, String)>>,
}

fn marketplace(name: &str) -> serde_json::Value {
    serde_json::json!({
        "marketplace": name,
        "app": {"host": "https://crm.example.com"},
        "api": {"id": "app-1", "key": format!("key-of-{name}"), "host": "https://hub.example.com", "base": "/api/v1/"},
        "sso": {"idp": "https://hub.example.com", "x509_certificate": CERTIFICATE,
                "init_path": format!("/maestrano/auth/saml/init/{name}"),
                "consume_path": format!("/maestrano/consume/?marketplace={name}")},
        "connec": {"host": "https://connec.example.com"},
    })
}

impl World {
    async fn new(marketplaces: &[&str]) -> Self {
        Self::with(marketplaces, None, Ok(SignIn::Allow), Arc::new(InProcess::default()), Arrival::Redirect)
            .await
    }

    async fn saying(says: Result<SignIn, &'static str>) -> Self {
        Self::with(&["one"], None, says, Arc::new(InProcess::default()), Arrival::Redirect).await
    }

    async fn with(
        marketplaces: &[&str],
        default: Option<&str>,
        says: Result<SignIn, &'static str>,
        memory: Arc<dyn Memory>,
        arrival: Arrival,
    ) -> Self {
        let key = CookieKey::new("k".repeat(32));
        let mut settings = Settings::new().cookie_keys([&key]);
        for name in marketplaces {
            settings = settings.marketplace(marketplace(name));
        }
        if let Some(default) = default {
            settings = settings.default_marketplace(default);
        }
        let platform = Platform::default();
        let configuration = settings.plan().unwrap().load(&platform).await.unwrap();
        let seal = Seal::new(configuration.rules().cookie_keys()).unwrap();
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let app: Box<dyn AnyApp> = Box::new(App { says, heard: Arc::clone(&heard) });
        let transport = Arc::new(platform.clone());
        let sso = Sso::new(configuration.rules(), app, memory, transport, seal, NOW);
        Self { site: Site::new(configuration, arrival), sso, platform, heard, cookies: Mutex::default() }
    }

    fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies: Vec<_> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        request.body(Body::Whole(Bytes::copy_from_slice(body.as_bytes()))).unwrap()
    }

    fn keep(&self, headers: &HeaderMap) {
        let mut cookies = self.cookies.lock().unwrap();
        for set in headers.get_all(SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            cookies.retain(|(kept, _)| kept != name);
            if !set.contains("Max-Age=0") {
                cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    async fn send(&self, request: Request<Body>, now: UtcDateTime) -> Response<Bytes> {
        let response = handle(&self.site, &self.sso, request, now).await;
        self.keep(response.headers());
        response
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)], now: UtcDateTime) -> Response<Bytes> {
        self.send(self.request("GET", path, headers, ""), now).await
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Response<Bytes> {
        self.send(self.request("POST", path, headers, body), NOW).await
    }

    /// The names of the cookies that the browser keeps.
    fn cookie_names(&self, prefix: &str) -> Vec<String> {
        let cookies = self.cookies.lock().unwrap();
        cookies.iter().map(|(name, _)| name.clone()).filter(|name| name.starts_with(prefix)).collect()
    }

    fn lose_cookies(&self, prefix: &str) {
        self.cookies.lock().unwrap().retain(|(name, _)| !name.starts_with(prefix));
    }

    /// A browser that goes to a page.
    async fn go(&self, path: &str, now: UtcDateTime) -> Response<Bytes> {
        self.send(self.request("GET", path, &[("sec-fetch-mode", "navigate")], ""), now).await
    }

    async fn check(&self, now: UtcDateTime) -> Result<Session, Response<Bytes>> {
        let request = self.request("GET", "/me?tab=2", &[("sec-fetch-mode", "navigate")], "");
        let outcome = check(&self.site, &self.sso, &request.into_parts().0, now).await;
        outcome.map_err(|denied| {
            let response = denied.into_response();
            self.keep(response.headers());
            response
        })
    }

    /// Begins a login and takes its request id from what goes to the platform.
    async fn begin(&self, market: &str, query: &str, now: UtcDateTime) -> String {
        request_id(&self.go(&format!("/maestrano/auth/saml/init/{market}{query}"), now).await)
    }

    /// The address at which a login ends, as the answer to a response of the platform has it.
    fn finish(&self, answer: &Answered, now: UtcDateTime) -> String {
        let Answered { login, request_id } = answer;
        let marketplace = self.site.configuration.marketplace(login.marketplace().as_str()).unwrap();
        let ticket = self.sso.ticket_for(login, request_id, marketplace, now).unwrap();
        format!("/maestrano/auth/saml/finish?t={ticket}")
    }

    async fn sign_in(&self, market: &str, now: UtcDateTime) {
        let id = self.begin(market, "", now).await;
        let response = self.go(&self.finish(&login(market, &id, now), now), now).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{}", text(&response));
    }
}

/// The platform's answer to a request.
struct Answered {
    login: Login,
    request_id: String,
}

/// The platform's answer to a request: John, for his company.
fn login(market: &str, request_id: &str, now: UtcDateTime) -> Answered {
    login_with(market, request_id, "t&k", now)
}

fn login_with(market: &str, request_id: &str, token: &str, now: UtcDateTime) -> Answered {
    let recheck =
        (now + Duration::minutes(3)).format(&time::format_description::well_known::Rfc3339).unwrap();
    let attributes =
        [("uid", "usr-1"), ("group_uid", "cld-1"), ("mno_session", token), ("mno_session_recheck", &recheck)];
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let login = Login::from_attributes(attributes, &market.parse().unwrap(), CreationMode::Real);
    Answered { login: login.unwrap(), request_id: request_id.to_owned() }
}

/// The id of the request with which a response sends the browser to the platform.
fn request_id(response: &Response<Bytes>) -> String {
    assert_eq!(response.status(), StatusCode::SEE_OTHER, "{}", text(response));
    let location = url::Url::parse(header(response, &LOCATION)).unwrap();
    let request = location.query_pairs().find(|(name, _)| name == "SAMLRequest").unwrap().1.into_owned();
    let deflated = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, request).unwrap();
    let mut xml = String::new();
    std::io::Read::read_to_string(&mut flate2::read::DeflateDecoder::new(&deflated[..]), &mut xml).unwrap();
    let id = xml.split_once(" ID=").unwrap().1;
    id[1..].split(['"', '\'']).next().unwrap().to_owned()
}

fn header<'a>(response: &'a Response<Bytes>, name: &http::HeaderName) -> &'a str {
    response.headers().get(name).unwrap_or_else(|| panic!("no {name}: {response:?}")).to_str().unwrap()
}

fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

fn sets_cookie(response: &Response<Bytes>) -> bool {
    response.headers().contains_key(SET_COOKIE)
}

#[tokio::test]
async fn a_navigation_without_a_session_goes_to_sign_in_and_comes_back() {
    let world = World::new(&["one"]).await;
    let denied = world.check(NOW).await.unwrap_err();
    assert_eq!(denied.status(), StatusCode::SEE_OTHER);
    let init = "https://crm.example.com/maestrano/auth/saml/init/one?return_to=%2Fme%3Ftab%3D2";
    assert_eq!(header(&denied, &LOCATION), init);
    let to = header(&denied, &LOCATION).to_owned();
    let id = world.begin("one", to.split_once("/one").unwrap().1, NOW).await;
    let arrived = world.go(&world.finish(&login("one", &id, NOW), NOW), NOW).await;
    assert_eq!(header(&arrived, &LOCATION), "/me?tab=2");
    let session = world.check(NOW).await.unwrap();
    assert_eq!((session.user().as_str(), session.group().as_str()), ("usr-1", "cld-1"));
    assert_eq!(session.marketplace().as_str(), "one");
}

#[tokio::test]
async fn a_program_without_a_session_gets_401_and_no_cookie() {
    let world = World::new(&["one"]).await;
    for headers in
        [&[("accept", "application/json")][..], &[("sec-fetch-mode", "cors"), ("accept", "text/html")]]
    {
        let request = world.request("GET", "/me", headers, "").into_parts().0;
        let denied = check(&world.site, &world.sso, &request, NOW).await.unwrap_err().into_response();
        assert_eq!(denied.status(), StatusCode::UNAUTHORIZED);
        assert!(!sets_cookie(&denied));
        let json: serde_json::Value = serde_json::from_slice(denied.body()).unwrap();
        assert_eq!(json["error"], "login_required");
        assert_eq!(json["login"], "https://crm.example.com/maestrano/auth/saml/init/one");
    }
}

#[tokio::test]
async fn without_sec_fetch_mode_get_and_head_that_accept_html_are_navigations() {
    let world = World::new(&["one"]).await;
    for (method, accept, status) in [
        ("GET", "text/html", 303),
        ("HEAD", "text/html,*/*", 303),
        ("POST", "text/html", 401),
        ("GET", "*/*", 401),
    ] {
        let request = world.request(method, "/me", &[(ACCEPT.as_str(), accept)], "").into_parts().0;
        let denied = check(&world.site, &world.sso, &request, NOW).await.unwrap_err().into_response();
        assert_eq!(denied.status(), status, "{method} {accept}");
    }
}

#[tokio::test]
async fn a_request_that_changed_something_is_not_repeated_after_the_login() {
    let world = World::new(&["one"]).await;
    let request = world.request("POST", "/contacts", &[("sec-fetch-mode", "navigate")], "").into_parts().0;
    let denied = check(&world.site, &world.sso, &request, NOW).await.unwrap_err().into_response();
    assert_eq!(header(&denied, &LOCATION), "https://crm.example.com/maestrano/auth/saml/init/one");
}

#[tokio::test]
async fn the_marketplace_is_the_last_used_else_the_only_one_else_the_default_else_a_choice() {
    let many = World::new(&["one", "two", "three"]).await;
    let denied = many.check(NOW).await.unwrap_err();
    let choose = "https://crm.example.com/maestrano/auth/saml/init?return_to=%2Fme%3Ftab%3D2";
    assert_eq!(header(&denied, &LOCATION), choose);
    let choice = many.go(choose, NOW).await;
    assert_eq!(choice.status(), StatusCode::OK);
    for name in ["one", "two", "three"] {
        assert!(
            text(&choice).contains(&format!("/maestrano/auth/saml/init/{name}?return_to=%2Fme%3Ftab%3D2"))
        );
    }
    many.sign_in("two", NOW).await;
    let choice = many.go("/maestrano/auth/saml/init?x=1", NOW).await;
    assert_eq!(header(&choice, &LOCATION), "https://crm.example.com/maestrano/auth/saml/init/two?x=1");

    let memory = Arc::new(InProcess::default());
    let default =
        World::with(&["one", "two"], Some("two"), Ok(SignIn::Allow), memory, Arrival::Redirect).await;
    let denied = default.check(NOW).await.unwrap_err();
    assert!(header(&denied, &LOCATION).starts_with("https://crm.example.com/maestrano/auth/saml/init/two?"));
}

#[tokio::test]
async fn the_request_to_the_platform_carries_the_parameters_and_the_group_of_the_session() {
    let world = World::new(&["one"]).await;
    let launch =
        world.go("/maestrano/auth/saml/init/one?group_id=cld-7&settings=true&SAMLRequest=x", NOW).await;
    let location = url::Url::parse(header(&launch, &LOCATION)).unwrap();
    assert!(location.as_str().starts_with("https://hub.example.com/api/v1/auth/saml?SAMLRequest="));
    let names: Vec<_> = location.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names, ["SAMLRequest", "group_id", "settings"]);
    world.sign_in("one", NOW).await;
    let again = world.go("/maestrano/auth/saml/init/one", NOW).await;
    assert!(header(&again, &LOCATION).ends_with("&group_id=cld-1"));
}

#[tokio::test]
async fn two_tabs_can_sign_in_at_once() {
    let world = World::new(&["one"]).await;
    let first = world.begin("one", "?return_to=/a", NOW).await;
    let second = world.begin("one", "?return_to=/b", NOW).await;
    let arrived = world.go(&world.finish(&login("one", &second, NOW), NOW), NOW).await;
    assert_eq!(header(&arrived, &LOCATION), "/b");
    let arrived = world.go(&world.finish(&login("one", &first, NOW), NOW), NOW).await;
    assert_eq!(header(&arrived, &LOCATION), "/a");
}

#[tokio::test]
async fn the_application_may_allow_say_where_or_refuse() {
    for (says, to) in [
        (SignIn::Allow, "/a"),
        (SignIn::AllowAt("/link?x=1".to_owned()), "/link?x=1"),
        (SignIn::AllowAt("https://evil.example".to_owned()), "/"),
    ] {
        let world = World::saying(Ok(says)).await;
        let id = world.begin("one", "?return_to=/a", NOW).await;
        let arrived = world.go(&world.finish(&login("one", &id, NOW), NOW), NOW).await;
        assert_eq!(header(&arrived, &LOCATION), to);
        assert!(world.check(NOW).await.is_ok());
    }
    let world = World::saying(Ok(SignIn::Refuse)).await;
    let id = world.begin("one", "", NOW).await;
    let refused = world.go(&world.finish(&login("one", &id, NOW), NOW), NOW).await;
    assert_eq!(header(&refused, &LOCATION), "https://hub.example.com/app_access_unauthorized");
    assert!(world.check(NOW).await.is_err());
}

#[tokio::test]
async fn a_failing_application_is_a_500_without_the_reason() {
    let world = World::saying(Err("the database is down")).await;
    let id = world.begin("one", "", NOW).await;
    let failed = world.go(&world.finish(&login("one", &id, NOW), NOW), NOW).await;
    assert_eq!(failed.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(text(&failed).contains("<code>") && !text(&failed).contains("database"));
    assert!(world.check(NOW).await.is_err());
}

#[tokio::test]
async fn a_login_is_refused_while_it_cannot_be_known_whether_it_was_used() {
    let world =
        World::with(&["one"], None, Ok(SignIn::Allow), Arc::new(NoMemory::default()), Arrival::Redirect)
            .await;
    let id = world.begin("one", "", NOW).await;
    let failed = world.go(&world.finish(&login("one", &id, NOW), NOW), NOW).await;
    assert_eq!(failed.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(failed.headers().contains_key(RETRY_AFTER));
}

#[tokio::test]
async fn an_application_with_strict_cookies_is_reached_by_a_page() {
    let memory = Arc::new(InProcess::default());
    let world = World::with(&["one"], None, Ok(SignIn::Allow), memory, Arrival::Page).await;
    let id = world.begin("one", "?return_to=/a%3Fb=%22%3Cc", NOW).await;
    let arrived = world.go(&world.finish(&login("one", &id, NOW), NOW), NOW).await;
    assert_eq!(arrived.status(), StatusCode::OK);
    assert!(text(&arrived).contains(r#"content="0; url=/a?b=%22%3Cc""#), "{}", text(&arrived));
}

#[tokio::test]
async fn garbage_posted_to_consume_is_refused_with_a_reference_and_no_reason() {
    let world = World::new(&["one"]).await;
    let bodies = [
        "",
        "SAMLResponse",
        "SAMLResponse=",
        "SAMLResponse=%00%ff",
        "SAMLResponse=PGE+",
        "x=y",
        "{}",
        "SAMLResponse=PGEvPg&SAMLResponse=PGEvPg",
        "\u{0}\u{1}",
        "SAMLResponse=%F0%9F%98%80",
    ];
    for body in bodies {
        let headers = [("sec-fetch-mode", "navigate"), ("content-type", "application/x-www-form-urlencoded")];
        let request = world.request("POST", "/maestrano/consume/?marketplace=one", &headers, body);
        let refused = world.send(request, NOW).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{body:?}");
        assert!(
            text(&refused).contains("This sign-in could not be verified.")
                && text(&refused).contains("<code>")
        );
        assert!(!sets_cookie(&refused));
    }
}

#[tokio::test]
async fn unknown_paths_marketplaces_methods_and_sizes_have_their_status() {
    let world = World::new(&["one"]).await;
    let rows = [
        ("GET", "/maestrano/auth/saml/init/two", 404, ""),
        ("POST", "/maestrano/consume/?marketplace=two", 404, ""),
        ("POST", "/maestrano/consume/", 404, ""),
        ("GET", "/maestrano/", 404, ""),
        ("GET", "/maestrano/auth/saml/init/one/", 404, ""),
        ("GET", "/maestrano/consume/?marketplace=one", 405, "POST"),
        ("POST", "/maestrano/auth/saml/init/one", 405, "GET, HEAD"),
        ("OPTIONS", "/maestrano/auth/saml/init/one", 405, "GET, HEAD"),
        ("HEAD", "/maestrano/auth/saml/finish", 405, "GET"),
        ("DELETE", "/maestrano/logout", 405, "GET, POST"),
    ];
    for (method, path, status, allow) in rows {
        let response = world.send(world.request(method, path, &[], ""), NOW).await;
        assert_eq!(response.status(), status, "{method} {path}");
        if status == 405 {
            assert_eq!(header(&response, &ALLOW), allow, "{method} {path}");
        }
        assert!(text(&response).starts_with('{') && !sets_cookie(&response));
    }
    let large = world.request("POST", "/maestrano/consume/?marketplace=one", &[], "").map(|_| Body::TooLarge);
    assert_eq!(world.send(large, NOW).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn every_answer_is_kept_out_of_stores_frames_and_referrers() {
    let world = World::new(&["one"]).await;
    for path in ["/maestrano/auth/saml/init/one", "/maestrano/auth/saml/finish?t=x", "/maestrano/nothing"] {
        let response = world.go(path, NOW).await;
        assert_eq!(header(&response, &http::header::CACHE_CONTROL), "no-store");
        assert_eq!(header(&response, &REFERRER_POLICY), "no-referrer");
        assert_eq!(header(&response, &http::header::X_FRAME_OPTIONS), "DENY");
    }
}

#[tokio::test]
async fn a_login_that_no_cookie_can_carry_does_not_reach_the_application() {
    let world = World::saying(Err("it was reached")).await;
    let id = world.begin("one", "", NOW).await;
    let login = login_with("one", &id, &"t".repeat(700), NOW);
    assert_eq!(world.go(&world.finish(&login, NOW), NOW).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_browser_with_a_session_may_begin_as_many_logins_as_it_likes() {
    let world = World::new(&["one"]).await;
    for _ in 0..10 {
        world.sign_in("one", NOW).await;
    }
}

#[tokio::test]
async fn what_a_refused_response_says_it_answers_stands_in_the_log_if_it_is_harmless() {
    let claimed = crate::saml::response::claimed_request;
    assert_eq!(claimed(r#"<Response Version="2.0" InResponseTo="_a-1.b">"#), Some("_a-1.b"));
    for document in ["", "<Response>", r#" InResponseTo="#, r#" InResponseTo="a b""#, r#" InResponseTo="""#] {
        assert_eq!(claimed(document), None, "{document:?}");
    }
    assert_eq!(claimed(&format!(r#" InResponseTo="{}""#, "a".repeat(2_049))), None);
}

#[tokio::test]
async fn bodies_tickets_and_cookies_do_not_print() {
    let world = World::new(&["one"]).await;
    let request = world.request("POST", "/maestrano/consume/?marketplace=one", &[], "SAMLResponse=secret");
    assert!(!format!("{request:?}").contains("secret"));
    let begun = world.go("/maestrano/auth/saml/init/one", NOW).await;
    assert!(begun.headers().get(SET_COOKIE).unwrap().is_sensitive());
}

#[tokio::test]
async fn an_application_that_signs_in_at_another_host_sends_the_browser_there() {
    let key = CookieKey::new("k".repeat(32));
    let mut entry = marketplace("one");
    entry["sso"]["idm"] = "https://login.example.com".into();
    let settings = Settings::new().cookie_keys([&key]).marketplace(entry);
    let configuration = settings.plan().unwrap().load(&Platform::default()).await.unwrap();
    let mut world = World::new(&["one"]).await;
    world.site = Site::new(configuration, Arrival::Redirect);
    let denied = world.check(NOW).await.unwrap_err();
    let init = "https://login.example.com/maestrano/auth/saml/init/one?return_to=%2Fme%3Ftab%3D2";
    assert_eq!(header(&denied, &LOCATION), init);
}
