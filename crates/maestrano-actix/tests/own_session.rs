//! An application that has sessions already: actix-identity on actix-session.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_identity::{Identity, IdentityMiddleware};
use actix_session::config::CookieContentSecurity;
use actix_session::storage::{
    CookieSessionStore, LoadError, SaveError, SessionKey, SessionStore, UpdateError,
};
use actix_session::{Session, SessionMiddleware};
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Key, SameSite};
use actix_web::{App, HttpMessage, HttpServer, web};
use http::request::Parts;
use maestrano::config::Settings;
use maestrano::{EnvironmentSecret, Login, Maestrano, PartnerApp, SignIn};
use maestrano_conformance::shop;
use maestrano_conformance::world::{JANE, JOHN, SECRET};
use maestrano_sandbox::{Options, Running, Sandbox};
use time::OffsetDateTime;
use tokio::sync::mpsc::error::SendError;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

struct Shop;

impl PartnerApp for Shop {
    type Error = Box<dyn std::error::Error + Send + Sync>;

    async fn sign_in(&self, login: &Login, parts: &Parts) -> Result<SignIn, Self::Error> {
        let user = login.user().real_id().to_string();
        let opened = maestrano_actix::with_request(parts, move |request| {
            Identity::login(&request.extensions(), user).map(|_| ()).map_err(|failed| failed.to_string())
        });
        opened.await??;
        Ok(SignIn::Allow)
    }
}

async fn put(session: Session, path: web::Path<(String, String)>) -> &'static str {
    let (name, value) = path.into_inner();
    session.insert(name, value).unwrap();
    "kept"
}

/// Who has signed in, and what the session holds.
async fn desk(identity: Option<Identity>, session: Session) -> String {
    let user = identity.map_or_else(|| "nobody".to_owned(), |identity| identity.id().unwrap());
    let cart: Option<String> = session.get("cart").unwrap();
    let language: Option<String> = session.get("language").unwrap();
    format!("{user}, {}, {}", cart.unwrap_or_default(), language.unwrap_or_default())
}

/// The shop at localhost, the platform at 127.0.0.1.
struct Stage {
    _sandbox: Running,
    address: String,
}

impl Stage {
    async fn new<S: SessionStore + 'static>(store: impl Fn() -> S + Clone + Send + 'static) -> Self {
        Self::with(Shop, store).await
    }

    async fn with<S: SessionStore + 'static>(
        shop: impl PartnerApp,
        store: impl Fn() -> S + Clone + Send + 'static,
    ) -> Self {
        let sandbox = Sandbox::start(Options::default()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        sandbox.set_app_host("app-1", &address).await.unwrap();
        let settings = Settings::new()
            .developer_platform(sandbox.url())
            .api_path("/api/config/v1/marketplaces")
            .environment("sandbox")
            .credentials("sandbox-environment-key", &EnvironmentSecret::new(SECRET));
        let mno = Maestrano::from_settings(settings).app(shop).connect().await.unwrap();
        let key = Key::generate();
        let app = move || {
            // Lax, so that the cookie is there when the platform leads the browser back.
            let sessions = SessionMiddleware::builder(store(), key.clone())
                .cookie_name("shop".to_owned())
                .cookie_secure(false)
                .cookie_same_site(SameSite::Lax)
                .cookie_content_security(CookieContentSecurity::Private);
            App::new()
                .service(web::resource("/put/{name}/{value}").to(put))
                .service(web::resource("/desk").to(desk))
                .configure(maestrano_actix::routes(&mno))
                .wrap(IdentityMiddleware::default())
                .wrap(sessions.build())
        };
        let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap();
        actix_web::rt::spawn(server.run());
        Self { _sandbox: sandbox, address }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }
}

/// Sessions kept at the server, so that a cookie is no more than their id.
#[derive(Clone, Default)]
struct InMemory(Arc<Mutex<HashMap<String, HashMap<String, String>>>>);

impl SessionStore for InMemory {
    async fn load(&self, key: &SessionKey) -> Result<Option<HashMap<String, String>>, LoadError> {
        Ok(self.0.lock().unwrap().get(key.as_ref()).cloned())
    }

    async fn save(&self, state: HashMap<String, String>, _: &Duration) -> Result<SessionKey, SaveError> {
        let mut sessions = self.0.lock().unwrap();
        let key = format!("session-{}-{}", sessions.len(), OffsetDateTime::now_utc().unix_timestamp_nanos());
        sessions.insert(key.clone(), state);
        Ok(key.try_into().unwrap())
    }

    async fn update(
        &self,
        key: SessionKey,
        state: HashMap<String, String>,
        _: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        self.0.lock().unwrap().insert(key.as_ref().to_owned(), state);
        Ok(key)
    }

    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        self.0.lock().unwrap().remove(key.as_ref());
        Ok(())
    }
}

#[actix_web::test]
async fn the_session_is_opened_anew_and_cart_and_language_survive() {
    let stage = Stage::new(CookieSessionStore::default).await;
    let browser = shop::browser();
    let mut tab = browser.tab();
    tab.open(&stage.at("/put/cart/apples")).await;
    tab.open(&stage.at("/put/language/fr")).await;
    let before = shop::cookie(&browser);
    shop::sign_in(&stage.address, &mut tab, &JOHN).await;
    assert_eq!(tab.page().body, "usr-1, apples, fr");
    assert_ne!(shop::cookie(&browser), before);
}

#[actix_web::test]
async fn a_session_id_that_was_planted_before_the_login_opens_nothing_after_it() {
    let store = InMemory::default();
    let stage = Stage::new(move || store.clone()).await;
    let (thief, victim) = (shop::browser(), shop::browser());
    let mut prepared = thief.tab();
    prepared.open(&stage.at("/put/cart/pears")).await;
    shop::plant(&stage.address, &thief, &victim);

    let mut tab = victim.tab();
    shop::sign_in(&stage.address, &mut tab, &JANE).await;
    assert_eq!(tab.page().body, "usr-2, pears, ", "the planted session was in use");
    assert_eq!(prepared.open(&stage.at("/desk")).await.body, "nobody, , ");
}

/// An application that gives the parts away, for use after its answer.
struct Late(UnboundedSender<Parts>);

impl PartnerApp for Late {
    type Error = SendError<Parts>;

    async fn sign_in(&self, _: &Login, parts: &Parts) -> Result<SignIn, Self::Error> {
        maestrano_actix::with_request(parts, |_| ()).await.unwrap();
        self.0.send(parts.clone())?;
        Ok(SignIn::Allow)
    }
}

#[actix_web::test]
async fn there_is_no_request_after_its_answer_nor_behind_other_parts() {
    let (given, mut taken) = unbounded_channel();
    let stage = Stage::with(Late(given), CookieSessionStore::default).await;
    shop::sign_in(&stage.address, &mut shop::browser().tab(), &JOHN).await;
    let late = taken.recv().await.unwrap();
    let (other, ()) = http::Request::new(()).into_parts();
    for parts in [late, other] {
        let none = maestrano_actix::with_request(&parts, |_| ()).await.unwrap_err();
        assert!(none.to_string().contains("no request"));
    }
}
