//! Into the platform and out of it.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use maud::html;

use crate::{
    doors::{
        browser::{Browser, Submitted},
        page::{Failure, page},
    },
    password,
    platform::Platform,
};

/// The form that asks for e-mail and password, and then goes on to `return_to`, a path of ours.
pub(super) fn sign_in_page(
    status: StatusCode,
    browser: &Browser,
    return_to: &str,
    problem: Option<&str>,
) -> Response {
    let form = html! {
        @if let Some(problem) = problem { p.problem role="alert" { (problem) } }
        form.card #sign-in method="post" action="/sign_in" {
            (browser.form_token_field())
            input type="hidden" name="return_to" value=(return_to);
            label { "E-mail" input type="email" name="email" autocomplete="username" required autofocus; }
            label { "Password" input type="password" name="password" autocomplete="current-password" required; }
            button type="submit" { "Sign in" }
        }
        p.hint { "The accounts and their passwords were printed when the sandbox started." }
    };
    page(status, "Sign in", browser, &form)
}

pub(super) async fn form(browser: Browser) -> Response {
    sign_in_page(StatusCode::OK, &browser, "/", None)
}

pub(super) async fn sign_in(
    State(platform): State<Arc<Platform>>,
    form: Submitted,
) -> Result<Response, Failure> {
    let (return_to, password) = (form.text("return_to"), form.text("password"));
    let found = platform.store.person_by_email(form.text("email").trim()).await?;
    let (person, hash) = found.map_or((None, String::new()), |(person, hash)| (Some(person), hash));
    let matches = tokio::task::spawn_blocking(move || password::matches(&password, &hash)).await;
    let (Some(person), Ok(true)) = (person, matches) else {
        let problem = Some("There is no account with this e-mail and password.");
        return Ok(sign_in_page(StatusCode::UNAUTHORIZED, &form.browser, &return_to, problem));
    };
    let browser = form.browser.renewed();
    platform.store.forget_browser(&form.browser.key()).await?;
    platform.store.sign_in(&browser.key(), &person.id).await?;
    let mut response = Redirect::to(path_of_ours(&return_to)).into_response();
    response.headers_mut().extend(browser.cookie_to_set().map(|cookie| (header::SET_COOKIE, cookie)));
    Ok(response)
}

/// The console's button.
pub(super) async fn sign_out(
    State(platform): State<Arc<Platform>>,
    form: Submitted,
) -> Result<Response, Failure> {
    end_session(&platform, &form.browser).await?;
    Ok(Redirect::to("/").into_response())
}

/// Where an app sends its user after signing out (session.md 2.6). Whoever is signed in in this browser is signed
/// out of the platform; `user_uid` cannot sign out anybody else.
pub(super) async fn sign_out_from_app(
    State(platform): State<Arc<Platform>>,
    browser: Browser,
) -> Result<Response, Failure> {
    end_session(&platform, &browser).await?;
    let content = html! {
        p { "You have left the application and the platform." }
        p { a href="/" { "Sign in again" } }
    };
    Ok(page(StatusCode::OK, "Signed out", &browser.renewed(), &content))
}

/// Where an app sends a user it does not let in.
pub(super) async fn access_refused(browser: Browser) -> Response {
    access_refused_page(StatusCode::OK, &browser)
}

pub(super) fn access_refused_page(status: StatusCode, browser: &Browser) -> Response {
    let content = html! {
        p { "You have no access to this application." }
        p.hint { "A member of your organisation who administers it can give you access." }
        p { a href="/" { "Back to your applications" } }
    };
    page(status, "Access refused", browser, &content)
}

async fn end_session(platform: &Platform, browser: &Browser) -> Result<(), Failure> {
    if let Some(person) = browser.person() {
        platform.store.end_session(&person.id).await?;
    }
    Ok(())
}

/// The given path if it is one of ours, else the dashboard.
fn path_of_ours(path: &str) -> &str {
    let foreign = !path.starts_with('/') || path.starts_with("//") || path.contains(['\\', ' ']);
    if foreign || !path.is_ascii() { "/" } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_the_browser_stays_with_us() {
        for path in ["", "x", "//evil.example", "/\\evil.example", "https://evil.example", "/ü", "/a b"] {
            assert_eq!(path_of_ours(path), "/", "{path}");
        }
        assert_eq!(path_of_ours("/launch/1?a=b"), "/launch/1?a=b");
    }
}
