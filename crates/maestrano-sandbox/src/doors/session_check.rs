//! Is this session still alive? Asked by apps, without credentials (session.md 2.4).

use std::sync::Arc;

use axum::{
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use time::OffsetDateTime;

use crate::{
    doors::{html_instead_of_json, json, page::Failure},
    fault::Fault,
    instant,
    platform::Platform,
    server::CloseConnection,
};

#[derive(Serialize)]
struct Answer {
    valid: bool,
    recheck: String,
}

pub(super) async fn check(
    State(platform): State<Arc<Platform>>,
    Path(uid): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    platform.session_checks.add();
    let faults = &platform.faults;
    faults.without(Fault::SessionCheckHangs).await;
    if faults.has(Fault::SessionCheckRefused) {
        let mut closed = StatusCode::SERVICE_UNAVAILABLE.into_response();
        closed.extensions_mut().insert(CloseConnection);
        return Ok(closed);
    }
    if faults.has(Fault::SessionCheckFails) {
        return Ok(json(StatusCode::INTERNAL_SERVER_ERROR, "{\"error\":\"Internal error\"}".to_owned()));
    }
    if faults.has(Fault::SessionCheckHtml) {
        return Ok(html_instead_of_json());
    }
    // A virtual uid is a uid, a dot, and a group nobody looks at; with more dots it is no uid at all.
    let (uid, group) = uid.split_once('.').unwrap_or((&uid, ""));
    if group.contains('.') {
        return Ok(StatusCode::NOT_FOUND.into_response());
    }
    let token = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find(|(name, _)| name == "session")
        .map(|(_, token)| token.into_owned());
    let valid = token.is_some() && platform.store.session_token(uid).await? == token;
    let recheck = instant::written(OffsetDateTime::now_utc() + platform.recheck);
    Ok(json(StatusCode::OK, serde_json::to_string(&Answer { valid, recheck })?))
}
