//! The developer platform: which marketplaces offer an environment's apps (config.md 3.5).

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::Response,
};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde::Serialize;

use crate::{
    doors::{html_instead_of_json, json, page::Failure},
    fault::Fault,
    platform::Platform,
    store::{App, Environment, Offer},
};

pub(super) async fn marketplaces(
    State(platform): State<Arc<Platform>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    platform.configuration_fetches.add();
    let faults = &platform.faults;
    if faults.has(Fault::ConfigurationFails) {
        return Ok(json(StatusCode::INTERNAL_SERVER_ERROR, "{\"error\":\"Internal error\"}".to_owned()));
    }
    if faults.has(Fault::ConfigurationHtml) {
        return Ok(html_instead_of_json());
    }
    let environments = platform.store.environments().await?;
    let asking = environments.iter().find(|environment| is_authorized(&headers, environment));
    let Some(environment) = asking.filter(|_| !faults.has(Fault::ConfigurationRefused)) else {
        return Ok(json(StatusCode::UNAUTHORIZED, "{\"error\":\"Invalid credentials\"}".to_owned()));
    };
    let apps = platform.store.apps().await?;
    let offers = apps.iter().filter_map(|app| {
        let offer = app.offer.as_ref().filter(|offer| offer.environment == environment.name)?;
        let key = platform.keys.of_marketplace(Some(&offer.marketplace));
        let certificate = if faults.has(Fault::ConfigurationWithBrokenCertificate) {
            "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n"
        } else {
            key.certificate_pem()
        };
        Some(Entry::new(&platform.url, environment, app, offer, certificate, key.fingerprint()))
    });
    let answer = serde_json::to_string(&Answer { marketplaces: offers.collect() })?;
    Ok(json(StatusCode::OK, answer))
}

fn is_authorized(headers: &HeaderMap, environment: &Environment) -> bool {
    let expected = BASE64_STANDARD.encode(format!("{}:{}", environment.key, environment.secret));
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given
        .split_once(' ')
        .is_some_and(|(scheme, token)| scheme.eq_ignore_ascii_case("basic") && token.trim() == expected)
}

#[derive(Serialize)]
struct Answer<'a> {
    marketplaces: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    nid: String,
    marketplace: &'a str,
    environment: &'a str,
    app: Application<'a>,
    api: Api<'a>,
    sso: SingleSignOn<'a>,
    connec: Connec<'a>,
    webhooks: Webhooks,
}

#[derive(Serialize)]
struct Application<'a> {
    host: &'a str,
    synchronization_start_path: String,
    synchronization_toggle_path: String,
    synchronization_status_path: String,
}

#[derive(Serialize)]
struct Api<'a> {
    id: &'a str,
    key: &'a str,
    host: &'a str,
    base: &'static str,
}

#[derive(Serialize)]
struct SingleSignOn<'a> {
    idm: &'a str,
    init_path: &'a str,
    consume_path: &'a str,
    idp: &'a str,
    x509_fingerprint: &'a str,
    x509_certificate: &'a str,
}

#[derive(Serialize)]
struct Connec<'a> {
    host: &'a str,
    base_path: &'static str,
    timeout: u32,
}

#[derive(Serialize)]
struct Webhooks {
    account: AccountWebhooks,
    connec: ConnecWebhooks,
}

#[derive(Serialize)]
struct AccountWebhooks {
    group_path: String,
    group_user_path: String,
}

#[derive(Serialize)]
struct ConnecWebhooks {
    external_ids: bool,
    initialization_path: Option<String>,
    notification_path: String,
}

impl<'a> Entry<'a> {
    fn new(
        url: &'a str,
        environment: &'a Environment,
        app: &'a App,
        offer: &'a Offer,
        x509_certificate: &'a str,
        x509_fingerprint: &'a str,
    ) -> Self {
        let market = offer.marketplace.as_str();
        // An application below a prefix has everything there, as its init path says.
        let base = offer.init_path.split_once("/maestrano/").map_or("", |(base, _)| base);
        Self {
            nid: format!("{}-{market}", app.id),
            marketplace: market,
            environment: &environment.name,
            app: Application {
                host: &app.host,
                synchronization_start_path: format!("{base}/maestrano/{market}/synchronizations"),
                synchronization_toggle_path: format!(
                    "{base}/maestrano/{market}/synchronizations/toggle_sync"
                ),
                synchronization_status_path: format!("{base}/maestrano/{market}/synchronizations/:cld-uid"),
            },
            api: Api { id: &app.id, key: &app.key, host: url, base: "/api/v1/" },
            sso: SingleSignOn {
                idm: &app.host,
                init_path: &offer.init_path,
                consume_path: &offer.consume_path,
                idp: url,
                x509_fingerprint,
                x509_certificate,
            },
            connec: Connec { host: url, base_path: "/connec/api/v2", timeout: 300 },
            webhooks: Webhooks {
                account: AccountWebhooks {
                    group_path: format!("{base}/maestrano/account/groups/:id/{market}"),
                    group_user_path: format!("{base}/maestrano/account/groups/:group_id/users/:id/{market}"),
                },
                connec: ConnecWebhooks {
                    external_ids: true,
                    initialization_path: None,
                    notification_path: format!("{base}/maestrano/connec/notifications/{market}"),
                },
            },
        }
    }
}
