//! A small CRM on axum whose users come from Maestrano. What has nothing to do with axum is in the package `crm`.

use std::process::ExitCode;

use axum::extract::{Form, FromRef, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use crm::{Address, Crm, NewContact};
use maestrano::Maestrano;
use maestrano_axum::{MaybeSession, Session};
use tokio::net::TcpListener;

#[derive(Clone, FromRef)]
struct App {
    mno: Maestrano,
    crm: Crm,
}

#[tokio::main]
async fn main() -> ExitCode {
    crm::log();
    crm::exit(serve().await)
}

async fn serve() -> Result<(), crm::Failure> {
    let (crm, base) = (Crm::from_env()?, crm::base()?);
    let memory = crm::memory().await?;
    let mno = Maestrano::from_settings(crm::settings()?).app(crm.clone()).memory(memory).connect().await?;
    let app = Router::new()
        .route("/", get(home))
        .route("/me", get(me))
        .route("/contacts", post(add_contact))
        .merge(maestrano_axum::routes())
        .with_state(App { mno, crm });
    // axum does not nest at the root.
    let app = if base.is_empty() { app } else { Router::new().nest(&format!("{base}/"), app) };
    let listener = TcpListener::from_std(Address::from_env()?.listen()?)?;
    let server = axum::serve(listener, app).with_graceful_shutdown(crm::stopped());
    // By itself axum waits for every connection. For a limit on slow request heads see docs/adapters.md.
    tokio::select! {
        outcome = server.into_future() => outcome?,
        () = crm::shutdown_is_over() => {}
    }
    Ok(())
}

async fn home(MaybeSession(session): MaybeSession, State(crm): State<Crm>) -> Result<Html<String>, Failure> {
    Ok(Html(crm.home(session.as_deref()).await?))
}

async fn me(session: Session, State(crm): State<Crm>, headers: HeaderMap) -> Result<Response, Failure> {
    let desk = crm.desk(&session).await?;
    let answer = match text(&headers, "accept") {
        Some(accept) if crm::prefers_json(accept) => Json(desk.member()).into_response(),
        _ => Html(desk.page()).into_response(),
    };
    Ok(([(header::CACHE_CONTROL, "no-store"), (header::VARY, "Accept")], answer).into_response())
}

async fn add_contact(
    session: Session,
    State(crm): State<Crm>,
    headers: HeaderMap,
    Form(contact): Form<NewContact>,
) -> Result<Redirect, Failure> {
    if !crm::is_own_form(|name| text(&headers, name)) {
        return Err(Failure(crm::Error::ForeignForm));
    }
    crm.add_contact(&session, contact).await?;
    Ok(Redirect::to("me"))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

struct Failure(crm::Error);

impl From<crm::Error> for Failure {
    fn from(error: crm::Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        tracing::warn!("{}", self.0);
        let status = StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Html(self.0.page())).into_response()
    }
}
