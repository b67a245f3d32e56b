//! Everything the platform answers over HTTP, one door to a file.

mod apps;
mod browser;
mod configuration;
mod dashboard;
mod groups;
mod page;
mod session_check;
mod sign_in;
mod single_sign_on;
mod users;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};

use crate::platform::Platform;

/// The route table.
pub(crate) fn router(platform: Arc<Platform>) -> Router {
    Router::new()
        // What apps ask.
        .route("/health", get(health))
        .route("/api/config/v1", get(configuration::marketplaces))
        .route("/api/config/v1/", get(configuration::marketplaces))
        .route("/api/config/v1/marketplaces", get(configuration::marketplaces))
        .route("/api/config/v1/marketplaces/", get(configuration::marketplaces))
        .route("/api/config/v1//marketplaces", get(configuration::marketplaces))
        .route("/api/v1/auth/saml/{uid}", get(session_check::check))
        // Where apps send people.
        .route("/api/v1/auth/saml", get(single_sign_on::sign_on))
        .route("/app_logout", get(sign_in::sign_out_from_app))
        .route("/app_access_unauthorized", get(sign_in::access_refused))
        // The console.
        .route("/", get(dashboard::dashboard))
        .route("/launch/{instance}", get(dashboard::launch))
        .route("/sign_in", get(sign_in::form).post(sign_in::sign_in))
        .route("/sign_out", post(sign_in::sign_out))
        .route("/users", get(users::users).post(users::add_user))
        .route("/users/{id}", get(users::user).post(users::change_user))
        .route("/users/{id}/membership", post(users::set_membership))
        .route("/users/{id}/end_session", post(users::end_session))
        .route("/groups", get(groups::groups).post(groups::add_group))
        .route("/groups/{id}", get(groups::group).post(groups::change_group))
        .route("/groups/{id}/app", post(groups::set_app_of_group))
        .route("/apps", get(apps::apps))
        .route("/apps/{id}", post(apps::change_app))
        .layer(DefaultBodyLimit::max(64 * 1024))
        .layer(middleware::from_fn_with_state(Arc::clone(&platform), browser::refuse_strangers))
        .with_state(platform)
}

async fn health() -> Response {
    json(StatusCode::OK, "{\"status\":\"ok\"}".to_owned())
}

/// JSON with the content type of the original platform.
fn json(status: StatusCode, body: String) -> Response {
    (status, [("content-type", "application/json; charset=utf-8"), ("cache-control", "no-store")], body)
        .into_response()
}

/// What a door that should answer JSON answers when it is told to answer a page.
fn html_instead_of_json() -> Response {
    let body = "<!DOCTYPE html><html><body><h1>Down for maintenance</h1></body></html>";
    ([("content-type", "text/html; charset=utf-8")], body).into_response()
}
