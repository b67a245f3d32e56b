//! An application that has sessions already: Rocket's private cookies.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use std::collections::HashMap;
use std::sync::Mutex;

use http::request::Parts;
use maestrano::config::Settings;
use maestrano::{EnvironmentSecret, Login, Maestrano, PartnerApp, SignIn};
use maestrano_conformance::shop;
use maestrano_conformance::world::{JANE, JOHN, SECRET};
use maestrano_rocket::NoRequest;
use maestrano_sandbox::{Options, Running, Sandbox};
use rocket::config::{Config, LogLevel};
use rocket::fairing::AdHoc;
use rocket::http::{Cookie, CookieJar, SameSite};
use rocket::tokio::sync::mpsc::error::SendError;
use rocket::tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use rocket::{Shutdown, State, get, routes};
use time::OffsetDateTime;

/// The sessions, by the id that the private cookie `shop` holds.
#[derive(Default)]
struct Sessions(Mutex<HashMap<String, HashMap<String, String>>>);

impl Sessions {
    fn read(&self, cookies: &CookieJar<'_>) -> HashMap<String, String> {
        let id = cookies.get_private("shop").map(|cookie| cookie.value().to_owned()).unwrap_or_default();
        self.0.lock().unwrap().get(&id).cloned().unwrap_or_default()
    }

    fn put(&self, cookies: &CookieJar<'_>, name: &str, value: &str) {
        let mut session = self.read(cookies);
        session.insert(name.to_owned(), value.to_owned());
        // Always a new id: the old one opens nothing any more.
        let mut sessions = self.0.lock().unwrap();
        if let Some(old) = cookies.get_private("shop") {
            sessions.remove(old.value());
        }
        let id = format!("session-{}", OffsetDateTime::now_utc().unix_timestamp_nanos());
        sessions.insert(id.clone(), session);
        // Lax, so that the cookie is there when the platform leads the browser back.
        cookies.add_private(Cookie::build(("shop", id)).same_site(SameSite::Lax));
    }
}

struct Shop;

impl PartnerApp for Shop {
    type Error = NoRequest;

    async fn sign_in(&self, login: &Login, parts: &Parts) -> Result<SignIn, NoRequest> {
        let user = login.user().real_id().to_string();
        let opened = maestrano_rocket::with_request(parts, move |request| {
            let sessions = request.rocket().state::<Sessions>().unwrap();
            sessions.put(request.cookies(), "user", &user);
        });
        opened.await?;
        Ok(SignIn::Allow)
    }
}

#[get("/put/<name>/<value>")]
fn put(sessions: &State<Sessions>, cookies: &CookieJar<'_>, name: &str, value: &str) {
    sessions.put(cookies, name, value);
}

/// Who has signed in, and what the session holds.
#[get("/desk")]
fn desk(sessions: &State<Sessions>, cookies: &CookieJar<'_>) -> String {
    let session = sessions.read(cookies);
    let value = |name| session.get(name).map_or("", String::as_str);
    format!("{}, {}, {}", value("user"), value("cart"), value("language"))
}

/// The shop at localhost, the platform at 127.0.0.1.
struct Stage {
    _sandbox: Running,
    address: String,
    shutdown: Shutdown,
}

impl Stage {
    async fn new(shop: impl PartnerApp) -> Self {
        let sandbox = Sandbox::start(Options::default()).await.unwrap();
        let settings = Settings::new()
            .developer_platform(sandbox.url())
            .api_path("/api/config/v1/marketplaces")
            .environment("sandbox")
            .credentials("sandbox-environment-key", &EnvironmentSecret::new(SECRET));
        let mno = Maestrano::from_settings(settings).app(shop).connect().await.unwrap();
        let (up, mut ports) = unbounded_channel();
        let config = Config { port: 0, log_level: LogLevel::Off, ..Config::debug_default() };
        let rocket = rocket::custom(config)
            .mount("/", routes![put, desk])
            .attach(maestrano_rocket::fairing(mno.clone()))
            .attach(AdHoc::on_liftoff("port", move |rocket| {
                Box::pin(async move { up.send(rocket.config().port).unwrap() })
            }))
            .manage(Sessions::default())
            .ignite()
            .await
            .unwrap();
        let shutdown = rocket.shutdown();
        rocket::tokio::spawn(rocket.launch());
        let address = format!("http://localhost:{}", ports.recv().await.unwrap());
        sandbox.set_app_host("app-1", &address).await.unwrap();
        mno.refresh().await.unwrap();
        Self { _sandbox: sandbox, address, shutdown }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.shutdown.clone().notify();
    }
}

#[rocket::async_test]
async fn the_session_is_opened_with_another_id_and_cart_and_language_survive() {
    let stage = Stage::new(Shop).await;
    let browser = shop::browser();
    let mut tab = browser.tab();
    tab.open(&stage.at("/put/cart/apples")).await;
    tab.open(&stage.at("/put/language/fr")).await;
    let before = shop::cookie(&browser);
    shop::sign_in(&stage.address, &mut tab, &JOHN).await;
    assert_eq!(tab.page().body, "usr-1, apples, fr");
    assert_ne!(shop::cookie(&browser), before);
}

#[rocket::async_test]
async fn a_session_id_that_was_planted_before_the_login_opens_nothing_after_it() {
    let stage = Stage::new(Shop).await;
    let (thief, victim) = (shop::browser(), shop::browser());
    let mut prepared = thief.tab();
    prepared.open(&stage.at("/put/cart/pears")).await;
    shop::plant(&stage.address, &thief, &victim);

    let mut tab = victim.tab();
    shop::sign_in(&stage.address, &mut tab, &JANE).await;
    assert_eq!(tab.page().body, "usr-2, pears, ", "the planted session was in use");
    assert_eq!(prepared.open(&stage.at("/desk")).await.body, ", , ");
}

/// An application that gives the parts away, for use after its answer.
struct Late(UnboundedSender<Parts>);

impl PartnerApp for Late {
    type Error = SendError<Parts>;

    async fn sign_in(&self, _: &Login, parts: &Parts) -> Result<SignIn, Self::Error> {
        maestrano_rocket::with_request(parts, |_| ()).await.unwrap();
        self.0.send(parts.clone())?;
        Ok(SignIn::Allow)
    }
}

#[rocket::async_test]
async fn there_is_no_request_after_its_answer_nor_behind_other_parts() {
    let (given, mut taken) = unbounded_channel();
    let stage = Stage::new(Late(given)).await;
    shop::sign_in(&stage.address, &mut shop::browser().tab(), &JOHN).await;
    let late = taken.recv().await.unwrap();
    let (other, ()) = http::Request::new(()).into_parts();
    for parts in [late, other] {
        let none = maestrano_rocket::with_request(&parts, |_| ()).await.unwrap_err();
        assert!(none.to_string().contains("no request"));
    }
}
