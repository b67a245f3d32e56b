//! An application behind which nothing is real: what the targets put their bytes before.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use maestrano::config::Settings;
use maestrano::saml::{Certificate, Trust};
use maestrano::transport::{Limits, Sending, Transport};
use maestrano::{Body, Clock, CookieKey, EnvironmentSecret, Error, Login, Maestrano, PartnerApp, SignIn};
use serde_json::{Value, json};
use time::UtcDateTime;
use time::macros::utc_datetime;

/// Where the application is.
pub const HOST: &str = "https://crm.example.com";
/// When everything happens: half a minute after the responses of the corpus were issued.
pub const NOW: UtcDateTime = utc_datetime!(2026-03-01 10:00:30);

const CERTIFICATE: &str = include_str!("../../crates/maestrano/tests/saml/keys/modern.pem");

/// One application for all runs of a target.
pub static APPLICATION: LazyLock<Maestrano> = LazyLock::new(|| {
    let settings = Settings::new().cookie_keys([&CookieKey::new("k".repeat(32))]).marketplace(marketplace());
    finished(builder(settings, Platform::default()).connect()).unwrap_or_else(|error| panic!("{error}"))
});

/// What the application trusts.
#[must_use]
pub fn trust() -> Trust {
    let certificate = Certificate::parse(CERTIFICATE).unwrap_or_else(|error| panic!("{error}"));
    Trust::new(vec![certificate], None)
}

/// An entry of a configuration, in the shape of the developer platform's answer.
#[must_use]
pub fn marketplace() -> Value {
    json!({
        "marketplace": "uat",
        "app": {"host": HOST},
        "api": {"id": "app-1", "key": "key", "host": "https://hub.example.com", "base": "/api/v1/"},
        "sso": {"idp": "https://hub.example.com", "x509_certificate": CERTIFICATE},
        "connec": {"host": "https://connec.example.com"},
        "webhooks": {
            "account": {"group_path": "/maestrano/account/groups/:id/uat",
                        "group_user_path": "/maestrano/account/groups/:group_id/users/:id/uat"},
            "connec": {"notification_path": "/maestrano/connec/notifications/uat"}},
    })
}

/// Connects an application whose developer platform answers with this body.
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn connect(body: &[u8]) -> Result<Maestrano, Error> {
    let settings = Settings::new()
        .developer_platform("https://developer.example.com")
        .credentials("key", &EnvironmentSecret::new("secret"));
    finished(builder(settings, Platform(Bytes::copy_from_slice(body))).connect())
}

/// Puts a request before the application.
#[must_use]
pub fn answer(request: Request<Bytes>) -> Response<Bytes> {
    finished(APPLICATION.handle(request.map(Body::Whole)))
}

/// The result of work that waits for nothing.
pub fn finished<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(result) = work.as_mut().poll(&mut context) {
            return result;
        }
    }
}

/// Does work that may take memory up to a multiple of its input.
///
/// # Panics
///
/// When it takes more at once.
pub fn within_memory<T>(input: usize, work: impl FnOnce() -> T) -> T {
    let mut result = None;
    let taken = allocation_counter::measure(|| result = Some(work()));
    let limit = 40 * input as u64 + 512 * 1024;
    assert!(taken.bytes_max <= limit, "{} bytes for an input of {input}", taken.bytes_max);
    result.unwrap_or_else(|| unreachable!("the work was done"))
}

fn builder(settings: Settings, platform: Platform) -> maestrano::Builder {
    Maestrano::from_settings(settings).app(Crm).transport(platform).clock(Stopped)
}

struct Crm;

impl PartnerApp for Crm {
    type Error = Infallible;

    async fn sign_in(&self, _: &Login, _: &Parts) -> Result<SignIn, Infallible> {
        Ok(SignIn::Allow)
    }
}

#[derive(Debug)]
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> UtcDateTime {
        NOW
    }
}

/// A platform that always says the same.
#[derive(Debug, Default)]
struct Platform(Bytes);

impl Transport for Platform {
    fn send<'a>(&'a self, _: Request<Bytes>, _: Limits) -> Sending<'a> {
        Box::pin(async { Ok(Response::new(self.0.clone())) })
    }
}
