//! An application on axum that has accounts and sessions already, by axum-login on tower-sessions. Maestrano is one way
//! in, a password is the other.
//!
//! A login from a marketplace whose e-mail address has an account is not given that account: its owner is asked first,
//! and says the password.

mod accounts;
mod pages;

use std::process::ExitCode;

use axum::Router;
use axum::extract::{Form, FromRef, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum_login::{AuthManagerLayerBuilder, AuthSession, AuthUser};
use crm::Address;
use maestrano::{Login, Maestrano, PartnerApp, SignIn};
use maestrano_axum::{Refused, Session};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tower_http::csrf::CsrfLayer;
use tower_sessions::cookie::SameSite;
use tower_sessions::{MemoryStore, SessionManagerLayer};

use crate::accounts::{Account, Accounts, Credentials, Identity};

type Auth = AuthSession<Accounts>;

#[derive(Clone, FromRef)]
struct App {
    mno: Maestrano,
    accounts: Accounts,
}

/// What the application's session holds, beside the account.
const CART: &str = "cart";
/// The identity, when it was a marketplace that opened the session.
const IDENTITY: &str = "identity";
const NEWCOMER: &str = "newcomer";

#[tokio::main]
async fn main() -> ExitCode {
    crm::log();
    crm::exit(serve().await)
}

async fn serve() -> Result<(), crm::Failure> {
    let accounts = Accounts::default();
    let mno = Maestrano::from_env().app(accounts.clone()).connect().await?;
    let configuration = mno.configuration();
    let https = configuration.marketplaces().all(|marketplace| marketplace.app_host().scheme() == "https");
    let path = |address: &str| address.split('?').next().unwrap_or_default().to_owned();
    let consume: Vec<_> = configuration.marketplaces().map(|it| path(it.consume_path())).collect();

    // Lax, so that the session is there when the platform leads the browser back.
    let sessions = SessionManagerLayer::new(MemoryStore::default())
        .with_name("shop")
        .with_secure(https)
        .with_same_site(SameSite::Lax);
    // Nobody posts here from another site but the platform, and that only its signed answer.
    let csrf = CsrfLayer::new().with_insecure_bypass(move |method: &Method, uri: &Uri| {
        method == Method::POST && consume.iter().any(|path| path == uri.path())
    });
    let app = Router::new()
        .route("/", get(home))
        .route("/cart", post(fill_cart))
        .route("/me", get(me))
        .route("/sign-in", get(async || pages::sign_in(None)).post(sign_in))
        .route("/sign-up", post(sign_up))
        .route("/sign-out", post(sign_out))
        .route("/link", get(ask).post(link))
        .route("/link/new", post(do_not_link))
        .merge(maestrano_axum::routes())
        .layer(AuthManagerLayerBuilder::new(accounts.clone(), sessions).build())
        .layer(csrf)
        .with_state(App { mno, accounts });
    let listener = TcpListener::from_std(Address::from_env()?.listen()?)?;
    let server = axum::serve(listener, app).with_graceful_shutdown(crm::stopped());
    // By itself axum waits for every connection.
    tokio::select! {
        outcome = server.into_future() => outcome?,
        () = crm::shutdown_is_over() => {}
    }
    Ok(())
}

impl PartnerApp for Accounts {
    type Error = crm::Failure;

    async fn sign_in(&self, login: &Login, request: &Parts) -> Result<SignIn, crm::Failure> {
        let auth = request.extensions.get::<Auth>().cloned();
        let auth = auth.ok_or("the layer of axum-login is missing")?;
        let (identity, user) = (Identity::from(login), login.user());
        let name = user.first_name().unwrap_or("somebody").to_owned();
        let account = match (self.linked_to(&identity), user.real_email()) {
            (Some(account), _) => account,
            (None, Some(email)) if self.of_address(email).is_some() => {
                let newcomer = Newcomer { identity, name, email: email.to_owned() };
                keep_waiting(auth, newcomer).await?;
                return Ok(SignIn::AllowAt("/link".to_owned()));
            }
            _ => self.open_for(identity.clone(), &name),
        };
        enter(auth, &account, Some(identity)).await?;
        Ok(SignIn::Allow)
    }
}

/// Opens the session for an account, always under a new id: who knew the old one stays outside. What an unknown visitor
/// has put into it stays, what another user has goes.
async fn enter(mut auth: Auth, account: &Account, identity: Option<Identity>) -> Result<(), crm::Failure> {
    if auth.user.as_ref().is_some_and(|before| before.id() != account.id()) {
        auth.logout().await?;
    }
    auth.session.remove_value(NEWCOMER).await?;
    auth.session.insert(IDENTITY, identity).await?;
    auth.session.cycle_id().await?;
    auth.login(account).await?;
    Ok(())
}

/// Keeps in the session, under a new id too, who waits for an account.
async fn keep_waiting(mut auth: Auth, newcomer: Newcomer) -> Result<(), crm::Failure> {
    if auth.user.is_some() {
        auth.logout().await?;
    }
    auth.session.insert(NEWCOMER, newcomer).await?;
    auth.session.cycle_id().await?;
    Ok(())
}

/// Somebody from a marketplace who has not said yet which account is theirs.
#[derive(Clone, Serialize, Deserialize)]
struct Newcomer {
    identity: Identity,
    name: String,
    email: String,
}

impl FromRequestParts<App> for Newcomer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
        let auth = Auth::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
        let newcomer: Option<Self> = auth.session.get(NEWCOMER).await.map_err(refuse)?;
        let newcomer = newcomer.filter(|newcomer| newcomer.identity == Identity::from(&*session));
        newcomer.ok_or_else(|| Redirect::to("/").into_response())
    }
}

/// Somebody who is signed in. A session that a marketplace opened lasts no longer than the marketplace's own.
struct Member(Account, Option<Identity>);

impl FromRequestParts<App> for Member {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let auth = Auth::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
        let stranger = || Redirect::to("/sign-in").into_response();
        let account = auth.user.ok_or_else(stranger)?;
        let identity: Option<Identity> = auth.session.get(IDENTITY).await.map_err(refuse)?.flatten();
        if let Some(identity) = &identity {
            let session =
                Session::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
            if *identity != Identity::from(&*session) {
                return Err(stranger());
            }
        }
        Ok(Self(account, identity))
    }
}

async fn home(auth: Auth) -> Result<Html<String>, Failure> {
    Ok(pages::home(&cart(&auth).await?))
}

async fn me(Member(account, identity): Member, auth: Auth) -> Result<Html<String>, Failure> {
    Ok(pages::me(&account, identity.as_ref(), &cart(&auth).await?))
}

#[derive(Deserialize)]
struct Item {
    item: String,
}

async fn fill_cart(auth: Auth, Form(Item { item }): Form<Item>) -> Result<Redirect, Failure> {
    let mut cart = cart(&auth).await?;
    cart.push(item);
    auth.session.insert(CART, cart).await?;
    Ok(Redirect::to("/"))
}

async fn cart(auth: &Auth) -> Result<Vec<String>, Failure> {
    Ok(auth.session.get(CART).await?.unwrap_or_default())
}

async fn sign_in(auth: Auth, Form(typed): Form<Credentials>) -> Result<Response, Failure> {
    match auth.authenticate(typed).await? {
        Some(account) => welcome(auth, &account, None).await,
        None => Ok(forbidden(pages::sign_in(Some("No account is opened by this address and password.")))),
    }
}

async fn sign_up(
    auth: Auth,
    State(accounts): State<Accounts>,
    Form(typed): Form<Credentials>,
) -> Result<Response, Failure> {
    match accounts.sign_up(typed).await? {
        Some(account) => welcome(auth, &account, None).await,
        None => Ok(forbidden(pages::sign_in(Some("This address has an account.")))),
    }
}

/// Signs out here, and at the platform when it knows this browser.
async fn sign_out(
    mut auth: Auth,
    session: Result<Session, Refused>,
    State(mno): State<Maestrano>,
) -> Result<Redirect, Failure> {
    auth.logout().await?;
    Ok(session.map_or_else(|_| Redirect::to("/"), |session| Redirect::to(&mno.logout_path(&session))))
}

/// Asks whether the account with the newcomer's address is theirs.
async fn ask(newcomer: Newcomer) -> Html<String> {
    pages::link(&newcomer.email, None)
}

#[derive(Deserialize)]
struct Proof {
    password: String,
}

/// Yes, and here is its password. (An application counts the attempts, as it does where people sign in.)
async fn link(
    newcomer: Newcomer,
    auth: Auth,
    State(accounts): State<Accounts>,
    Form(Proof { password }): Form<Proof>,
) -> Result<Response, Failure> {
    let Newcomer { identity, email, .. } = newcomer;
    match auth.authenticate(Credentials { email: email.clone(), password }).await? {
        Some(account) => {
            accounts.link(identity.clone(), &account);
            welcome(auth, &account, Some(identity)).await
        }
        None => Ok(forbidden(pages::link(&email, Some("That is not its password.")))),
    }
}

/// No, it is not theirs, or they would rather have another.
async fn do_not_link(
    newcomer: Newcomer,
    auth: Auth,
    State(accounts): State<Accounts>,
) -> Result<Response, Failure> {
    let Newcomer { identity, name, .. } = newcomer;
    let account = accounts.open_for(identity.clone(), &name);
    welcome(auth, &account, Some(identity)).await
}

async fn welcome(auth: Auth, account: &Account, identity: Option<Identity>) -> Result<Response, Failure> {
    enter(auth, account, identity).await?;
    Ok(Redirect::to("/me").into_response())
}

fn forbidden(page: Html<String>) -> Response {
    (StatusCode::FORBIDDEN, page).into_response()
}

fn refuse(error: impl Into<Failure>) -> Response {
    error.into().into_response()
}

/// What is not the visitor's fault.
struct Failure(crm::Failure);

impl<E: Into<crm::Failure>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        tracing::error!("{}", self.0);
        (StatusCode::INTERNAL_SERVER_ERROR, "Something is wrong on our side. Please try again later.")
            .into_response()
    }
}
