//! The whole way: from files, variables and code over the developer platform to a configuration.

mod marketplaces;
mod platform;
mod recorded;
mod sources;

use std::path::PathBuf;
use std::sync::Mutex;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use serde_json::{Value, json};

use super::*;
use crate::error::Error;
use crate::ids::{GroupId, UserId};
use crate::secret::{ApiKey, CookieKey, EnvironmentSecret, SessionToken};
use crate::transport::{Limits, Sending, Transport, TransportError};

const CERTIFICATE: &str = include_str!("../fixtures/platform.pem");
const OTHER_CERTIFICATE: &str = include_str!("../fixtures/other.pem");
const FINGERPRINT: &str = "86:BE:7C:76:1F:29:97:CC:53:D6:93:F2:29:5D:E4:A7:FD:67:7E:78";
const SHA256_FINGERPRINT: &str =
    "EF:3A:8D:36:F5:3B:3B:8D:55:8A:A5:C7:5A:40:EF:C4:47:62:F3:5E:6C:4C:B1:72:EC:F2:31:58:40:73:63:1B";
const PUBLIC_FINGERPRINT: &str = "01:06:15:89:25:7d:78:12:28:a6:69:c7:de:63:ed:74:21:f9:f5:36";
const COOKIE_KEY: &str = "a key of thirty-two bytes or more";

/// A developer platform that always says the same.
#[derive(Debug)]
struct Platform {
    status: StatusCode,
    body: Bytes,
    asked: Mutex<Vec<(String, HeaderMap, Limits)>>,
}

impl Platform {
    fn saying(status: u16, body: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap();
        Self { status, body: Bytes::from(body.into()), asked: Mutex::default() }
    }

    fn with(entries: &[Value]) -> Self {
        Self::saying(200, json!({ "marketplaces": entries }).to_string())
    }

    fn urls(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(url, ..)| url.clone()).collect()
    }
}

impl Transport for Platform {
    fn send<'a>(&'a self, request: Request<Bytes>, limits: Limits) -> Sending<'a> {
        let asked = (request.uri().to_string(), request.headers().clone(), limits);
        self.asked.lock().unwrap().push(asked);
        let mut answer = Response::new(self.body.clone());
        *answer.status_mut() = self.status;
        Box::pin(async { Ok(answer) })
    }
}

/// A developer platform that is not there.
#[derive(Debug)]
struct Nobody;

impl Transport for Nobody {
    fn send<'a>(&'a self, _: Request<Bytes>, _: Limits) -> Sending<'a> {
        Box::pin(async { Err(TransportError::connect(std::io::Error::other("connection refused"))) })
    }
}

fn entry(name: &str) -> Value {
    json!({
        "nid": "my-app",
        "marketplace": name,
        "environment": "my-environment",
        "app": {"host": "https://app.example.com",
                "synchronization_status_path": "/maestrano/synchronizations/:cld-uid"},
        "api": {"id": "app-1", "key": format!("key-of-{name}"), "host": "https://api.example.com", "base": "/api/v1/"},
        "sso": {"idm": "", "idp": "https://hub.example.com",
                "init_path": format!("/maestrano/init/?marketplace={name}"),
                "consume_path": format!("/maestrano/auth/saml/consume/{name}"),
                "x509_fingerprint": FINGERPRINT, "x509_certificate": CERTIFICATE},
        "connec": {"host": "https://connec.example.com", "base_path": "/api/v2", "timeout": 300},
        "webhooks": {"account": {"group_path": format!("/maestrano/account/groups/:id/{name}"), "group_user_path": ""},
                     "connec": {"external_ids": true, "initialization_path": null,
                                "notification_path": format!("/maestrano/connec/notifications/{name}")}},
        "something_new": {"host": 5}
    })
}

fn changed(mut entry: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    entry.pointer_mut(parent).unwrap()[key] = value;
    entry
}

fn settings() -> Settings {
    Settings::new()
        .developer_platform("https://developer.example.com")
        .credentials("env-key", &EnvironmentSecret::new("env-secret"))
}

async fn load(settings: &Settings, platform: &dyn Transport) -> Result<Configuration, Error> {
    settings.plan()?.load(platform).await
}

async fn loaded(entries: &[Value]) -> Configuration {
    load(&settings(), &Platform::with(entries)).await.unwrap()
}

fn lines(error: Error) -> Vec<String> {
    match error {
        Error::Settings(problems) => problems.iter().map(ToString::to_string).collect(),
        other => panic!("{other}"),
    }
}

async fn problems(entries: &[Value]) -> Vec<String> {
    lines(load(&settings(), &Platform::with(entries)).await.unwrap_err())
}

async fn refused(status: u16, body: &str) -> String {
    let error = load(&settings(), &Platform::saying(status, body)).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("env-secret"));
    error.to_string()
}

fn user(text: &str) -> UserId {
    text.parse().unwrap()
}

fn variables<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
    |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
}

/// A folder for one test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn of(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("maestrano-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}
