//! How pages look, and what goes with every one of them.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use base64::prelude::{BASE64_STANDARD, Engine};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::{doors::browser::Browser, error::Error};

const STYLE: &str = include_str!("console.css");
const SUBMIT: &str = "document.forms[0].submit();";

/// A page of the console, with a bar on top that says who is signed in.
pub(super) fn page(status: StatusCode, title: &str, browser: &Browser, content: &Markup) -> Response {
    let bar = html! {
        header {
            a.brand href="/" { "Maestrano sandbox" }
            @if let Some(person) = browser.person() {
                nav {
                    a href="/" { "Applications" }
                    a href="/users" { "Users" }
                    a href="/groups" { "Groups" }
                    a href="/apps" { "Apps" }
                }
                form.sign-out method="post" action="/sign_out" {
                    (browser.form_token_field())
                    span.who { (person.name) " " (person.surname) }
                    button #sign-out type="submit" { "Sign out" }
                }
            }
        }
    };
    let body = html! { (bar) main { h1 { (title) } (content) } };
    let mut response = answer(status, title, &body, None);
    if let Some(cookie) = browser.cookie_to_set() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A page that says why something was not done.
pub(super) fn problem(status: StatusCode, browser: &Browser, text: &str) -> Response {
    page(status, "This cannot be done", browser, &html! { p.problem { (text) } })
}

/// To the page that shows what was changed.
pub(super) fn back_to(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// A page whose first form submits itself.
pub(super) fn self_posting_page(title: &str, form: &Markup) -> Response {
    let body = html! { main { (form) } script { (PreEscaped(SUBMIT)) } };
    answer(StatusCode::OK, title, &body, Some(SUBMIT))
}

/// Something of the sandbox itself went wrong.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Sandbox(#[from] Error),
    #[error("an answer could not be written as JSON")]
    Json(#[from] serde_json::Error),
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        tracing::error!(error = &self as &dyn std::error::Error, "a request failed");
        (StatusCode::INTERNAL_SERVER_ERROR, "The sandbox failed. Its log says why.\n").into_response()
    }
}

fn answer(status: StatusCode, title: &str, body: &Markup, script: Option<&str>) -> Response {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Maestrano sandbox" }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    let source = |text: &str| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)));
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; frame-ancestors 'none'",
        source(STYLE),
        script.map_or_else(|| "'none'".to_owned(), source),
    );
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'")),
        ),
    ];
    (status, headers, document.into_string()).into_response()
}
