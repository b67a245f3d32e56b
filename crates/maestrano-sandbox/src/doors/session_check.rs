//! Is this session still alive? Asked by apps, without credentials (session.md 2.4).

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use hyper::body::{Frame, SizeHint};
use serde::Serialize;
use time::OffsetDateTime;
use tokio::time::{Interval, interval};

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
    let answer = json(StatusCode::OK, serde_json::to_string(&Answer { valid, recheck })?);
    Ok(if faults.has(Fault::SessionCheckBreaks) {
        answer.map(|body| Body::new(Slow { body, sent: Sent::HalfThenBreak }))
    } else if faults.has(Fault::SessionCheckTrickles) {
        let beat = interval(Duration::from_secs(1));
        answer.map(|body| Body::new(Slow { body, sent: Sent::Trickle { beat, rest: Bytes::new() } }))
    } else {
        answer
    })
}

/// A body that does not come as it should.
struct Slow {
    body: Body,
    sent: Sent,
}

enum Sent {
    HalfThenBreak,
    Broken,
    Trickle { beat: Interval, rest: Bytes },
}

impl HttpBody for Slow {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Self { body, sent } = self.get_mut();
        match sent {
            Sent::Broken => Poll::Ready(Some(Err(axum::Error::new("told to break")))),
            Sent::HalfThenBreak => {
                let whole = ready!(Pin::new(body).poll_frame(context));
                *sent = Sent::Broken;
                let half = |bytes: Bytes| bytes.slice(..bytes.len() / 2);
                Poll::Ready(whole.map(|frame| frame.map(|frame| frame.map_data(half))))
            }
            Sent::Trickle { beat, rest } => {
                ready!(beat.poll_tick(context));
                if rest.is_empty() {
                    let Some(frame) = ready!(Pin::new(body).poll_frame(context)) else {
                        return Poll::Ready(None);
                    };
                    *rest = frame?.into_data().unwrap_or_default();
                }
                let byte = rest.split_to(rest.len().min(1));
                Poll::Ready((!byte.is_empty()).then(|| Ok(Frame::data(byte))))
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
