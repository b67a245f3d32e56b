//! A small CRM on actix-web whose users come from Maestrano. What has nothing to do with actix-web is in the package
//! `crm`.

use std::process::ExitCode;

use actix_web::http::{StatusCode, header};
use actix_web::web::{self, Data, Form, Html, Redirect};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, ResponseError, Route, guard};
use crm::{Address, Crm, NewContact};
use maestrano::Maestrano;
use maestrano_actix::{MaybeSession, Session};

#[actix_web::main]
async fn main() -> ExitCode {
    crm::log();
    crm::exit(serve().await)
}

async fn serve() -> Result<(), crm::Failure> {
    let (crm, base) = (Crm::from_env()?, crm::base()?);
    let memory = crm::memory().await?;
    let mno = Maestrano::from_settings(crm::settings()?).app(crm.clone()).memory(memory).connect().await?;
    let app = move || {
        let pages = web::scope(&base)
            .service(web::resource("/").route(get().to(home)))
            .service(web::resource("/me").route(get().to(me)))
            .service(web::resource("/contacts").route(web::post().to(add_contact)))
            .configure(maestrano_actix::routes(&mno))
            .app_data(Data::new(crm.clone()));
        App::new().service(pages)
    };
    let server = HttpServer::new(app).listen(Address::from_env()?.listen()?)?;
    let server = server.client_request_timeout(crm::HEAD_TIMEOUT);
    let server = server.shutdown_timeout(crm::SHUTDOWN_GRACE.as_secs()).shutdown_signal(crm::stopped());
    server.run().await?;
    Ok(())
}

async fn home(MaybeSession(session): MaybeSession, crm: Data<Crm>) -> Result<Html, Failure> {
    Ok(Html::new(crm.home(session.as_deref()).await?))
}

async fn me(session: Session, crm: Data<Crm>, request: HttpRequest) -> Result<HttpResponse, Failure> {
    let desk = crm.desk(&session).await?;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CACHE_CONTROL, "no-store")).insert_header((header::VARY, "Accept"));
    Ok(match text(&request, "accept") {
        Some(accept) if crm::prefers_json(accept) => answer.json(desk.member()),
        _ => answer.content_type(header::ContentType::html()).body(desk.page()),
    })
}

async fn add_contact(
    session: Session,
    crm: Data<Crm>,
    request: HttpRequest,
    Form(contact): Form<NewContact>,
) -> Result<Redirect, Failure> {
    if !crm::is_own_form(|name| text(&request, name)) {
        return Err(Failure(crm::Error::ForeignForm));
    }
    crm.add_contact(&session, contact).await?;
    Ok(Redirect::to("me").see_other())
}

/// GET, and HEAD, which actix-web does not answer by itself.
fn get() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

fn text<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Failure(#[from] crm::Error);

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        tracing::warn!("{self}");
        HttpResponse::build(self.status_code()).content_type(header::ContentType::html()).body(self.0.page())
    }
}
