//! An application that has sessions already: axum-login on tower-sessions, with a CSRF layer in front.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use std::convert::Infallible;
use std::error::Error;

use axum::Router;
use axum::extract::Path;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri};
use axum::routing::{get, post};
use axum_login::{AuthManagerLayerBuilder, AuthSession, AuthUser, AuthnBackend};
use maestrano::config::Settings;
use maestrano::{EnvironmentSecret, Login, Maestrano, PartnerApp, SignIn};
use maestrano_conformance::browser::Network;
use maestrano_conformance::shop;
use maestrano_conformance::world::{JANE, JOHN, SECRET};
use maestrano_sandbox::{Options, Running, Sandbox};
use tokio::net::TcpListener;
use tower_http::csrf::CsrfLayer;
use tower_sessions::cookie::SameSite;
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};
use url::Url;

const CONSUME: &str = "/maestrano/auth/saml/consume/maestrano-local";

#[derive(Clone, Debug)]
struct Customer(String);

impl AuthUser for Customer {
    type Id = String;

    fn id(&self) -> String {
        self.0.clone()
    }

    fn session_auth_hash(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[derive(Clone, Debug)]
struct Shop;

impl AuthnBackend for Shop {
    type User = Customer;
    type Credentials = ();
    type Error = Infallible;

    async fn authenticate(&self, (): ()) -> Result<Option<Customer>, Infallible> {
        Ok(None)
    }

    async fn get_user(&self, id: &String) -> Result<Option<Customer>, Infallible> {
        Ok(Some(Customer(id.clone())))
    }
}

impl PartnerApp for Shop {
    type Error = Box<dyn Error + Send + Sync>;

    async fn sign_in(&self, login: &Login, request: &Parts) -> Result<SignIn, Self::Error> {
        let auth = request.extensions.get::<AuthSession<Self>>().cloned();
        let mut auth = auth.ok_or("the layer of axum-login is missing")?;
        auth.login(&Customer(login.user().real_id().to_string())).await?;
        Ok(SignIn::Allow)
    }
}

async fn put(session: Session, Path((name, value)): Path<(String, String)>) {
    session.insert(&name, value).await.unwrap();
}

/// Who has signed in, and what the session holds.
async fn desk(auth: AuthSession<Shop>, session: Session) -> String {
    let user = auth.user.map_or_else(|| "nobody".to_owned(), |customer| customer.0);
    let cart: Option<String> = session.get("cart").await.unwrap();
    let language: Option<String> = session.get("language").await.unwrap();
    format!("{user}, {}, {}", cart.unwrap_or_default(), language.unwrap_or_default())
}

/// The shop at localhost, the platform at 127.0.0.1.
struct Stage {
    sandbox: Running,
    address: String,
}

impl Stage {
    async fn new(csrf: CsrfLayer) -> Self {
        let sandbox = Sandbox::start(Options::default()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        sandbox.set_app_host("app-1", &address).await.unwrap();
        let settings = Settings::new()
            .developer_platform(sandbox.url())
            .api_path("/api/config/v1/marketplaces")
            .environment("sandbox")
            .credentials("sandbox-environment-key", &EnvironmentSecret::new(SECRET));
        let mno = Maestrano::from_settings(settings).app(Shop).connect().await.unwrap();
        // Lax, so that the cookie is there when the platform leads the browser back.
        let sessions = SessionManagerLayer::new(MemoryStore::default())
            .with_secure(false)
            .with_same_site(SameSite::Lax)
            .with_name("shop");
        let app = Router::new()
            .route("/put/{name}/{value}", get(put))
            .route("/buy", post(async || "bought"))
            .route("/desk", get(desk))
            .merge(maestrano_axum::routes())
            .layer(AuthManagerLayerBuilder::new(Shop, sessions).build())
            .layer(csrf)
            .with_state(mno);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { sandbox, address }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }
}

/// What answers of the platform need: nobody else may post to the shop from elsewhere.
fn csrf() -> CsrfLayer {
    CsrfLayer::new()
        .with_insecure_bypass(|method: &Method, uri: &Uri| method == Method::POST && uri.path() == CONSUME)
}

#[tokio::test]
async fn the_session_is_opened_with_another_id_and_cart_and_language_survive() {
    let stage = Stage::new(csrf()).await;
    let browser = shop::browser();
    let mut tab = browser.tab();
    tab.open(&stage.at("/put/cart/apples")).await;
    tab.open(&stage.at("/put/language/fr")).await;
    let before = shop::cookie(&browser);
    shop::sign_in(&stage.address, &mut tab, &JOHN).await;
    assert_eq!(tab.page().body, "usr-1, apples, fr");
    assert_ne!(shop::cookie(&browser), before);
}

#[tokio::test]
async fn a_session_id_that_was_planted_before_the_login_opens_nothing_after_it() {
    let stage = Stage::new(csrf()).await;
    let (thief, victim) = (shop::browser(), shop::browser());
    let mut prepared = thief.tab();
    prepared.open(&stage.at("/put/cart/pears")).await;
    shop::plant(&stage.address, &thief, &victim);

    let mut tab = victim.tab();
    shop::sign_in(&stage.address, &mut tab, &JANE).await;
    assert_eq!(tab.page().body, "usr-2, pears, ", "the planted session was in use");
    assert_eq!(prepared.open(&stage.at("/desk")).await.body, "nobody, , ");
}

#[tokio::test]
async fn a_csrf_layer_lets_the_platforms_answer_pass_and_no_other_post_from_elsewhere() {
    let stage = Stage::new(csrf()).await;
    let post = async |path: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("sec-fetch-site", "cross-site".parse().unwrap());
        headers.insert("origin", stage.sandbox.url().parse().unwrap());
        let url = Url::parse(&stage.at(path)).unwrap();
        let page = Network::new().send(&Method::POST, &url, headers, Vec::new()).await;
        (page.status.as_u16(), page.body.contains("login_refused"))
    };
    assert_eq!(post(CONSUME).await, (403, true), "the library's own answer");
    assert_eq!(post("/buy").await, (403, false));
    assert_eq!(post("/maestrano/logout").await, (403, false));
}

#[tokio::test]
async fn without_the_exemption_a_csrf_layer_stops_every_login() {
    let stage = Stage::new(CsrfLayer::new()).await;
    let mut tab = shop::browser().tab();
    shop::sign_in(&stage.address, &mut tab, &JOHN).await;
    assert_eq!((tab.page().url.path(), tab.page().status.as_u16()), (CONSUME, 403));
}
