//! What is in force.

use std::sync::Arc;

use super::marketplace::Marketplace;
use super::plan::Rules;
use crate::ids::AppId;
use crate::secret::ApiKey;
use crate::transport::is_loopback;

/// The marketplaces and rules in force. It does not change; another one takes its place.
#[derive(Clone, Debug)]
pub struct Configuration {
    pub(super) rules: Arc<Rules>,
    pub(super) marketplaces: Vec<Marketplace>,
}

impl Configuration {
    /// What holds whatever the marketplace.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Every marketplace, in the order they were configured: your own first, then the developer platform's.
    pub fn marketplaces(&self) -> impl ExactSizeIterator<Item = &Marketplace> {
        self.marketplaces.iter()
    }

    /// The marketplace of this name.
    #[must_use]
    pub fn marketplace(&self, name: &str) -> Option<&Marketplace> {
        self.marketplaces.iter().find(|marketplace| marketplace.name().as_str() == name)
    }

    /// The marketplace to sign on at when nothing else says which: the configured default, else the only one.
    #[must_use]
    pub fn default_marketplace(&self) -> Option<&Marketplace> {
        match (self.rules.default_marketplace(), self.marketplaces.as_slice()) {
            (Some(name), _) => self.marketplace(name.as_str()),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    /// The marketplace whose credentials these are. Every marketplace is looked at and every key compared in
    /// constant time, so that the time tells nothing.
    #[must_use]
    pub fn with_credentials(&self, app_id: &AppId, api_key: &ApiKey) -> Option<&Marketplace> {
        self.marketplaces.iter().fold(None, |found, marketplace| {
            let right = (marketplace.api_key() == api_key) & (marketplace.app_id() == app_id);
            if right && found.is_none() { Some(marketplace) } else { found }
        })
    }

    /// Says once in the log what has been weakened (security.md, first paragraph).
    pub(crate) fn warn_of_dangers(&self) {
        if self.rules.danger_allow_http {
            tracing::warn!("danger_allow_http is set: credentials may travel where anybody can read them");
        }
        for marketplace in self.marketplaces().filter(|marketplace| marketplace.trust().allows_sha1()) {
            tracing::warn!(marketplace = %marketplace.name(), "danger_allow_sha1 is set: signatures can be forged");
        }
        for key in self.rules.cookie_keys().iter().filter(|key| key.expose().len() < 32) {
            let bytes = key.expose().len();
            tracing::warn!(bytes, "the key of the cookies is short and might be guessed: set MNO_COOKIE_KEY");
        }
        let open = |host: &url::Url| host.scheme() == "http" && !is_loopback(host);
        for marketplace in self.marketplaces().filter(|marketplace| open(marketplace.identity_host())) {
            let host = marketplace.identity_host().as_str();
            tracing::warn!(marketplace = %marketplace.name(), host, "plain http: anybody on the way can take sessions over");
        }
        for marketplace in self.marketplaces().filter(|marketplace| !marketplace.signs_in_at_home()) {
            let (host, home) = (marketplace.identity_host().as_str(), marketplace.app_host().as_str());
            tracing::warn!(marketplace = %marketplace.name(), host, home, "sso.idm is not app.host: who signs in stays there");
        }
    }
}
