//! Apps and where they are.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use maud::html;

use crate::{
    doors::{
        browser::{SignedIn, SubmittedBy},
        page::{Failure, back_to, page, problem},
    },
    platform::Platform,
    seed::app_host,
};

type Shared = State<Arc<Platform>>;

pub(super) async fn apps(State(platform): Shared, who: SignedIn) -> Result<Response, Failure> {
    let apps = platform.store.apps().await?;
    let content = html! {
        p { "An app is answered at its own address only: scheme, host and port." }
        table {
            tr { th { "App" } th { "Marketplace" } th { "Address" } }
            @for app in &apps {
                tr {
                    td { (app.id) " " (app.name) }
                    td { @if let Some(offer) = &app.offer { (offer.marketplace) } }
                    td {
                        form.row method="post" action={ "/apps/" (app.id) } {
                            (who.browser.form_token_field())
                            input type="url" name="host" value=(app.host) required aria-label={ "Address of " (app.id) };
                            button type="submit" { "Save" }
                        }
                    }
                }
            }
        }
    };
    Ok(page(StatusCode::OK, "Apps", &who.browser, &content))
}

pub(super) async fn change_app(
    State(platform): Shared,
    Path(id): Path<String>,
    SubmittedBy { form, .. }: SubmittedBy,
) -> Result<Response, Failure> {
    let host = match app_host(&form.text("host")) {
        Ok(host) => host,
        Err(text) => return Ok(problem(StatusCode::BAD_REQUEST, &form.browser, &text)),
    };
    match platform.store.set_app_host(&id, &host).await? {
        Some(()) => Ok(back_to("/apps")),
        None => Ok(problem(StatusCode::NOT_FOUND, &form.browser, "There is no such app.")),
    }
}
