//! The platform says who it is by the application's own credentials at that marketplace (webhooks.md 5.1).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::config::Marketplace;

/// Whether a request carries the marketplace's credentials. They are compared in constant time.
pub(crate) fn are_right(marketplace: &Marketplace, headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let Some((scheme, encoded)) = value.to_str().ok().and_then(|value| value.trim().split_once(' ')) else {
        return false;
    };
    let Ok(given) = STANDARD.decode(encoded.trim()) else { return false };
    let right = format!("{}:{}", marketplace.app_id(), marketplace.api_key().expose());
    let is_same = verify_slices_are_equal(&given, right.as_bytes()).is_ok();
    // An empty key would let everybody in.
    is_same && scheme.eq_ignore_ascii_case("basic") && !marketplace.api_key().expose().is_empty()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::config::Settings;
    use crate::secret::CookieKey;

    fn marketplace() -> Marketplace {
        let entry = serde_json::json!({
            "marketplace": "uat",
            "app": {"host": "https://crm.example.com"},
            "api": {"id": "app-1", "key": "secret-key", "host": "https://hub.example.com"},
            "sso": {"idp": "https://hub.example.com",
                    "x509_certificate": include_str!("../config/fixtures/platform.pem")},
            "connec": {"host": "https://connec.example.com"},
        });
        let settings = Settings::new().cookie_keys([&CookieKey::new("k".repeat(32))]).marketplace(entry);
        let loaded = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let configuration = loaded.block_on(async {
            settings.plan().unwrap().load(&crate::transport::Reqwest::new().unwrap()).await.unwrap()
        });
        configuration.marketplace("uat").unwrap().clone()
    }

    fn basic(credentials: &str) -> String {
        format!("Basic {}", STANDARD.encode(credentials))
    }

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (AUTHORIZATION, HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn only_the_marketplaces_own_credentials_are_right() {
        let marketplace = marketplace();
        let right = basic("app-1:secret-key");
        for value in [right.clone(), right.replace("Basic", "basic"), right.replace(' ', "  ")] {
            assert!(are_right(&marketplace, &headers(&[&value])), "{value}");
        }
        for values in [
            &[][..],
            &[""],
            &["Basic"],
            &["Basic !"],
            &[&right.replace("Basic", "Bearer")],
            &[&basic("app-1")],
            &[&basic("app-1:")],
            &[&basic(":secret-key")],
            &[&basic("app-1:secret-ke")],
            &[&basic("app-1:secret-keys")],
            &[&basic("app-2:secret-key")],
            &[&right, &right],
        ] {
            assert!(!are_right(&marketplace, &headers(values)), "{values:?}");
        }
    }
}
