//! A platform with as many users as anybody claims to be: all their sessions are valid, and are to be checked
//! again in a few seconds.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use crate::keys::MODERN;
use crate::visitor::{CONSUME_PATH, INIT_PATH, MARKETPLACE, token};

/// How long a session goes unasked.
pub(crate) const RECHECK: Duration = Duration::from_secs(5);

/// A platform on a thread of its own. Dropping it refuses every connection.
pub(crate) struct Platform {
    address: SocketAddr,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

struct Shared {
    configuration: Value,
    hangs: watch::Sender<bool>,
    checks: AtomicU64,
}

impl Platform {
    /// A platform at which the application of this address is registered.
    pub(crate) fn start(app: &str) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            configuration: configuration(&format!("http://{address}"), app),
            hangs: watch::Sender::new(false),
            checks: AtomicU64::new(0),
        });
        let router = Router::new()
            .route("/api/config/v1/marketplaces", get(marketplaces))
            .route("/api/v1/auth/saml/{user}", get(check))
            .with_state(Arc::clone(&shared));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { address, shared, runtime: Some(runtime) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on checks of sessions wait for an answer, or no longer.
    pub(crate) fn hang(&self, hangs: bool) {
        self.shared.hangs.send_replace(hangs);
    }

    /// How many checks of sessions have arrived.
    pub(crate) fn checks(&self) -> u64 {
        self.shared.checks.load(Ordering::Relaxed)
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A moment as the platform writes it.
pub(crate) fn written(moment: OffsetDateTime) -> String {
    moment.replace_nanosecond(0).unwrap().format(&Rfc3339).unwrap()
}

async fn marketplaces(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(shared.configuration.clone())
}

#[derive(serde::Deserialize)]
struct Asked {
    session: String,
}

async fn check(
    State(shared): State<Arc<Shared>>,
    Path(user): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, StatusCode> {
    shared.checks.fetch_add(1, Ordering::Relaxed);
    let answers = shared.hangs.subscribe().wait_for(|hangs| !hangs).await.is_ok();
    if !answers {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    let valid = asked.session == token(&user);
    Ok(Json(json!({"valid": valid, "recheck": written(OffsetDateTime::now_utc() + RECHECK)})))
}

fn configuration(platform: &str, app: &str) -> Value {
    json!({"marketplaces": [{
        "marketplace": MARKETPLACE,
        "environment": "sandbox",
        "app": {"host": app},
        "api": {"id": "app-1", "key": "key", "host": platform},
        "sso": {
            "idm": app,
            "idp": platform,
            "init_path": INIT_PATH,
            "consume_path": CONSUME_PATH,
            "x509_certificate": MODERN.pem,
        },
        "connec": {"host": platform},
    }]})
}
