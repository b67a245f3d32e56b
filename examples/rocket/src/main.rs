//! A small CRM on Rocket whose users come from Maestrano. What has nothing to do with Rocket is in the package `crm`.

use std::convert::Infallible;
use std::process::ExitCode;

use crm::{Address, Crm, InvalidContact, Member, NewContact};
use maestrano::Maestrano;
use maestrano_rocket::{MaybeSession, Session};
use rocket::error::ErrorKind;
use rocket::fairing::AdHoc;
use rocket::form::{Form, FromForm};
use rocket::http::{Header, HeaderMap, Status};
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::{Redirect, Responder, content::RawHtml};
use rocket::serde::json::Json;
use rocket::{State, get, post, routes};

#[rocket::main]
async fn main() -> ExitCode {
    crm::log();
    crm::exit(serve().await)
}

async fn serve() -> Result<(), crm::Failure> {
    let (crm, base) = (Crm::from_env()?, crm::base()?);
    let memory = crm::memory().await?;
    let mno = Maestrano::from_settings(crm::settings()?).app(crm.clone()).memory(memory).connect().await?;
    let address = Address::from_env()?;
    let socket = address.socket();
    let config = rocket::Config::figment()
        .merge(("address", socket.ip()))
        .merge(("port", socket.port()))
        // Rocket has no limit on slow request heads: a proxy in front has one.
        .merge(("shutdown.grace", crm::SHUTDOWN_GRACE.as_secs() - 1))
        .merge(("shutdown.mercy", 1))
        // At other levels Rocket logs whole addresses, or cookies: both can sign somebody in.
        .merge(("log_level", "critical"));
    let app = rocket::custom(config)
        .mount(format!("{base}/"), routes![home, me, add_contact])
        .attach(maestrano_rocket::fairing(mno))
        .attach(AdHoc::on_liftoff("address", |rocket| {
            Box::pin(async move { address.announce(rocket.config().port) })
        }))
        .manage(crm);
    match app.launch().await {
        // Clients that did not finish within the grace are no failure.
        Err(error) if matches!(error.kind(), ErrorKind::Shutdown(_, None)) => Ok(()),
        outcome => Ok(outcome.map(drop)?),
    }
}

#[get("/")]
async fn home(session: MaybeSession, crm: &State<Crm>) -> Result<RawHtml<String>, Failure> {
    Ok(RawHtml(crm.home(session.0.as_deref()).await?))
}

#[get("/me")]
async fn me(session: Session, crm: &State<Crm>, headers: Headers<'_>) -> Result<Desk, Failure> {
    let desk = crm.desk(&session).await?;
    let answer = match headers.0.get_one("accept") {
        Some(accept) if crm::prefers_json(accept) => Answer::Member(Json(desk.member().clone())),
        _ => Answer::Page(RawHtml(desk.page())),
    };
    Ok(Desk(answer, Header::new("cache-control", "no-store"), Header::new("vary", "Accept")))
}

#[post("/contacts", data = "<fields>")]
async fn add_contact(
    session: Session,
    crm: &State<Crm>,
    headers: Headers<'_>,
    fields: Form<Fields<'_>>,
) -> Result<Redirect, Failure> {
    if !crm::is_own_form(|name| headers.0.get_one(name)) {
        return Err(crm::Error::ForeignForm.into());
    }
    crm.add_contact(&session, NewContact::new(fields.name, fields.email)?).await?;
    Ok(Redirect::to("me"))
}

struct Headers<'r>(&'r HeaderMap<'r>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Headers<'r> {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(Self(request.headers()))
    }
}

#[derive(FromForm)]
struct Fields<'f> {
    name: &'f str,
    email: &'f str,
}

#[derive(Responder)]
struct Desk(Answer, Header<'static>, Header<'static>);

#[derive(Responder)]
enum Answer {
    Member(Json<Member>),
    Page(RawHtml<String>),
}

#[derive(Responder)]
struct Failure((Status, RawHtml<String>));

impl From<crm::Error> for Failure {
    fn from(error: crm::Error) -> Self {
        tracing::warn!("{error}");
        Self((Status::new(error.status()), RawHtml(error.page())))
    }
}

impl From<InvalidContact> for Failure {
    fn from(invalid: InvalidContact) -> Self {
        Self((Status::UnprocessableEntity, RawHtml(invalid.to_string())))
    }
}
