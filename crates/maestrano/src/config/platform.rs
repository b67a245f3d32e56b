//! The developer platform, which knows the marketplaces of an application (contract/config.md 3.5).

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::Value;
use url::Url;

use crate::error::{Error, Problem, Problems};
use crate::secret::EnvironmentSecret;
use crate::transport::{Limits, Transport};

const LIMITS: Limits = Limits::new(Duration::from_secs(10), 4 << 20);

/// Where the developer platform is, and who asks.
#[derive(Clone)]
pub(super) struct DeveloperPlatform {
    url: Url,
    key: String,
    secret: EnvironmentSecret,
}

impl DeveloperPlatform {
    pub(super) fn new(host: &Url, api_path: &str, key: &str, secret: EnvironmentSecret) -> Self {
        let mut url = host.clone();
        url.set_path(api_path);
        Self { url, key: key.to_owned(), secret }
    }

    /// Asks for the entries of all marketplaces of the environment.
    pub(super) async fn fetch(&self, transport: &dyn Transport) -> Result<Vec<Value>, Error> {
        let answer = transport.send(self.request()?, LIMITS).await.map_err(|error| {
            let advice = "check MNO_DEVPL_HOST and that this machine reaches it";
            Error::unreachable(format!("{self} ({advice})"), error)
        })?;
        self.entries(&answer)
    }

    fn request(&self) -> Result<Request<Bytes>, Error> {
        let credentials = STANDARD.encode(format!("{}:{}", self.key, self.secret.expose()));
        let mut authorization = HeaderValue::from_str(&format!("Basic {credentials}"))
            .map_err(|error| wrong_address(error.into()))?;
        authorization.set_sensitive(true);
        Request::builder()
            .method(Method::GET)
            .uri(self.url.as_str())
            .header(header::AUTHORIZATION, authorization)
            .header(header::ACCEPT, "application/json")
            .body(Bytes::new())
            .map_err(wrong_address)
    }

    fn entries(&self, answer: &Response<Bytes>) -> Result<Vec<Value>, Error> {
        let status = answer.status();
        if !status.is_success() {
            return Err(Error::refused(self.to_string(), status, advice(status)));
        }
        let body = answer.body();
        let nonsense = |what: &str| {
            let message = format!("{self} answered {what}: the path is probably wrong");
            Error::from(Problems::from(Problem::new("MNO_DEVPL_API_PATH (dev_platform.api_path)", message)))
        };
        let mut document: Value = serde_json::from_slice(body).map_err(|_| {
            let page = body.trim_ascii_start().starts_with(b"<");
            nonsense(if page { "a web page (HTML) instead of JSON" } else { "something that is not JSON" })
        })?;
        match document.get_mut("marketplaces").map(Value::take) {
            Some(Value::Array(entries)) => Ok(entries),
            _ => Err(nonsense("JSON without a list `marketplaces`")),
        }
    }
}

impl fmt::Display for DeveloperPlatform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the developer platform at {}", self.url.origin().ascii_serialization())
    }
}

impl fmt::Debug for DeveloperPlatform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DeveloperPlatform({})", self.url)
    }
}

/// The path of the marketplaces, from any of the forms that the older SDKs expect in
/// `MNO_DEVPL_API_PATH` (contract/config.md 3.5).
pub(super) fn marketplaces_path(api_path: &str) -> String {
    let path = api_path.trim_matches('/');
    if path == "marketplaces" || path.ends_with("/marketplaces") {
        format!("/{path}")
    } else if path.is_empty() {
        "/marketplaces".to_owned()
    } else {
        format!("/{path}/marketplaces")
    }
}

fn advice(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 | 403 => "it does not know this pair: check MNO_DEVPL_ENV_KEY and MNO_DEVPL_ENV_SECRET",
        300..=399 => {
            "redirects are not followed: put the final address into MNO_DEVPL_HOST and MNO_DEVPL_API_PATH"
        }
        404 | 405 | 410 => "there is nothing at this path: check MNO_DEVPL_API_PATH",
        429 => "it was asked too often: try again later",
        500..=599 => "it has a problem of its own: try again later",
        _ => "check MNO_DEVPL_HOST and MNO_DEVPL_API_PATH",
    }
}

fn wrong_address(_: http::Error) -> Error {
    Problems::from(Problem::new("MNO_DEVPL_HOST (dev_platform.host)", "is not an address that can be asked"))
        .into()
}
