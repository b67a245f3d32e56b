//! What the developer platform says.

use std::collections::HashSet;

use base64::prelude::{BASE64_STANDARD, Engine};
use maestrano_sandbox::{Options, Running, Seed};
use serde_json::Value;
use sha1::{Digest, Sha1};

use crate::{
    browser::{start, start_default},
    contract,
};

pub(crate) async fn fetch(running: &Running, path: &str) -> reqwest::Response {
    fetch_with(running, path, &running.environment().key, &running.environment().secret).await
}

async fn fetch_with(running: &Running, path: &str, key: &str, secret: &str) -> reqwest::Response {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    client
        .get(format!("{}{path}", running.url()))
        .basic_auth(key, Some(secret))
        .send()
        .await
        .expect("an answer")
}

async fn marketplaces(running: &Running) -> Vec<Value> {
    let text = fetch(running, "/api/config/v1/marketplaces").await.text().await.expect("a body");
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    answer["marketplaces"].as_array().expect("an array").clone()
}

#[tokio::test]
async fn every_spelling_of_the_path_that_older_sdks_build_is_served() {
    let running = start_default().await;
    for path in ["", "/", "/marketplaces", "/marketplaces/", "//marketplaces"] {
        assert_eq!(fetch(&running, &format!("/api/config/v1{path}")).await.status(), 200, "{path}");
    }
    assert_eq!(running.configuration_fetches(), 5);
}

#[tokio::test]
async fn every_marketplace_has_its_own_app_certificate_and_paths() {
    let names = ["a", "b", "c"];
    let running = start(Options::default().seed(Seed::with_marketplaces(&names))).await;
    running.set_app_host("app-2", "http://localhost:9999").await.expect("the app moves");
    let found = marketplaces(&running).await;
    assert_eq!(found.len(), 3);
    let mut distinct = HashSet::new();
    for (number, (entry, name)) in found.iter().zip(names).enumerate() {
        assert_eq!(entry["marketplace"], name);
        assert_eq!(entry["api"]["id"], format!("app-{}", number + 1));
        assert_eq!(entry["sso"]["consume_path"], format!("/maestrano/auth/saml/consume/{name}"));
        let host = if name == "b" { "http://localhost:9999" } else { "http://localhost:3000" };
        assert_eq!((&entry["app"]["host"], &entry["sso"]["idm"]), (&host.into(), &host.into()));
        assert_eq!(entry["sso"]["x509_certificate"].as_str(), running.certificate_pem(name));
        distinct.insert((entry["api"]["key"].to_string(), entry["sso"]["x509_fingerprint"].to_string()));
    }
    assert_eq!(distinct.len(), 3);
    assert_eq!(running.certificate_pem("d"), None);
}

#[tokio::test]
async fn an_environments_key_and_secret_read_the_configuration_of_its_own_app_only() {
    let names = ["CRM", "Payroll", "Stock"];
    let running = start(Options::default().seed(Seed::with_apps(&names))).await;
    let path = "/api/config/v1/marketplaces";
    let environments: Vec<_> = running.environments().collect();
    assert_eq!(environments.len(), names.len());
    for (number, environment) in (1..).zip(&environments) {
        let (app, host) = (format!("app-{number}"), format!("http://localhost:{}", 3000 + number));
        running.set_app_host(&app, &host).await.expect("the app moves");
        let text = fetch_with(&running, path, &environment.key, &environment.secret).await.text().await;
        let answer: Value = serde_json::from_str(&text.expect("a body")).expect("JSON");
        let entries = answer["marketplaces"].as_array().expect("an array");
        assert_eq!(entries.len(), 1, "{answer}");
        let entry = &entries[0];
        assert_eq!((&entry["api"]["id"], &entry["app"]["host"]), (&app.into(), &host.into()));
        assert_eq!(entry["environment"], environment.name);
        assert_eq!(entry["marketplace"], "maestrano-local");
        for other in environments.iter().filter(|other| other.name != environment.name) {
            let refused = fetch_with(&running, path, &environment.key, &other.secret).await;
            assert_eq!(refused.status(), 401, "{} and {}", environment.name, other.name);
        }
    }
}

#[tokio::test]
async fn the_fingerprint_is_that_of_the_certificate() {
    let running = start_default().await;
    let entry = marketplaces(&running).await.remove(0);
    let pem = entry["sso"]["x509_certificate"].as_str().expect("a certificate");
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = BASE64_STANDARD.decode(body).expect("base64");
    let bytes: Vec<String> = Sha1::digest(der).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(entry["sso"]["x509_fingerprint"], bytes.join(":"));
}

#[tokio::test]
async fn the_recorded_configuration_is_answered_alike() {
    let Some(folder) = contract::folder() else { return };
    let seed = Seed::from_file(folder.join("transcripts/seeds.json")).expect("the recorded seed");
    let running = start(Options::default().seed(seed)).await;
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let mut replayed = 0;
    for row in contract::rows(&folder, "01-dev-platform.jsonl") {
        let mut request = client.get(format!("{}{}", running.url(), row.path));
        for (name, value) in &row.headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), row.status, "{}", row.name);
        assert_eq!(answer.headers()["content-type"], row.content_type.as_str(), "{}", row.name);
        let body = answer.text().await.expect("a body");
        let recorded = row.body.expect("a body");
        assert_eq!(
            without_certificates(&body.replace(running.url(), "http://localhost:5301")),
            without_certificates(&recorded),
            "{}",
            row.name
        );
        replayed += 1;
    }
    println!("{replayed} recorded configuration requests replayed");
    assert_eq!(replayed, 4);
}

/// Everything but the values of fingerprint and certificate.
fn without_certificates(text: &str) -> String {
    let mut out = text.to_owned();
    for name in ["x509_fingerprint", "x509_certificate"] {
        if let Some((before, value)) = out.split_once(&format!("\"{name}\":\"")) {
            let after = value.split_once('"').expect("the end of a string").1;
            out = format!("{before}[{name}]{after}");
        }
    }
    out
}
