//! One marketplace: who signs on, where the platform is, where the application answers.

use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::ids::{AppId, GroupId, MarketplaceName, UserId};
use crate::saml::trust::Trust;
use crate::secret::{ApiKey, SessionToken};

/// Everything of RFC 3986 but the unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Which user the application keeps (contract/sso.md 1.13).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CreationMode {
    /// One user per person: `usr-1`, with the person's e-mail address.
    #[default]
    Real,
    /// One user per person and group: `usr-1.cld-1`. For applications whose users belong to one group only.
    Virtual,
}

/// One marketplace as it is configured. Parsed whole: every value has been checked.
///
/// The records of different marketplaces must never be mixed (contract/config.md 3.6).
#[derive(Clone, Debug)]
pub struct Marketplace {
    pub(super) name: MarketplaceName,
    pub(super) nid: Option<String>,
    pub(super) environment: Option<String>,
    pub(super) app_id: AppId,
    pub(super) api_key: ApiKey,
    pub(super) api_host: Url,
    pub(super) api_base: String,
    pub(super) app_host: Url,
    pub(super) identity_host: Url,
    pub(super) identity_provider: Url,
    pub(super) init_path: String,
    pub(super) consume_path: String,
    pub(super) init_url: String,
    pub(super) acs_url: String,
    pub(super) idp_url: String,
    pub(super) name_id_format: String,
    pub(super) creation_mode: CreationMode,
    pub(super) trust: Trust,
    pub(super) webhooks: WebhookPaths,
    pub(super) connec: Option<Connec>,
    pub(super) synchronization: Synchronization,
}

/// Where the platform sends its webhooks, as configured. `None` where the configuration says nothing, so that
/// the paths of contract/webhooks.md 5.1 hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebhookPaths {
    /// A group stops using the application: `/maestrano/account/groups/:id/maestrano-uat`.
    pub group: Option<String>,
    /// A user leaves a group: `/maestrano/account/groups/:group_id/users/:id/maestrano-uat`.
    pub member: Option<String>,
    /// Connec! has news: `/maestrano/connec/notifications/maestrano-uat`.
    pub notification: Option<String>,
}

/// Where Connec!, the data exchange of the platform, is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connec {
    /// The origin.
    pub host: Url,
    /// The path before every resource, without a slash at the end: `/api/v2`.
    pub base_path: String,
    /// How long an answer may take.
    pub timeout: Duration,
}

/// The paths of the connector framework, which the platform shows to its users. This library does not serve
/// them; they are kept as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Synchronization {
    /// `app.synchronization_start_path`.
    pub start_path: Option<String>,
    /// `app.synchronization_toggle_path`.
    pub toggle_path: Option<String>,
    /// `app.synchronization_status_path`, with the placeholder `:cld-uid`.
    pub status_path: Option<String>,
}

impl Marketplace {
    /// The name, unique in a configuration.
    #[must_use]
    pub fn name(&self) -> &MarketplaceName {
        &self.name
    }

    /// The handle of the application on the developer platform (`nid`).
    #[must_use]
    pub fn nid(&self) -> Option<&str> {
        self.nid.as_deref()
    }

    /// The handle of the environment (`environment`).
    #[must_use]
    pub fn environment(&self) -> Option<&str> {
        self.environment.as_deref()
    }

    /// Who the application is at this marketplace (`api.id`).
    #[must_use]
    pub fn app_id(&self) -> &AppId {
        &self.app_id
    }

    /// The key that belongs to [`app_id`](Self::app_id) (`api.key`).
    #[must_use]
    pub fn api_key(&self) -> &ApiKey {
        &self.api_key
    }

    /// The origin of the account API (`api.host`).
    #[must_use]
    pub fn api_host(&self) -> &Url {
        &self.api_host
    }

    /// The path of the account API, with both slashes: `/api/v1/` (`api.base`).
    #[must_use]
    pub fn api_base(&self) -> &str {
        &self.api_base
    }

    /// The public origin of the application (`app.host`).
    #[must_use]
    pub fn app_host(&self) -> &Url {
        &self.app_host
    }

    /// Whether browsers are signed in at the application's own host.
    pub(crate) fn signs_in_at_home(&self) -> bool {
        self.identity_host.origin() == self.app_host.origin()
    }

    /// The origin at which browsers are signed in (`sso.idm`): the application's own, unless configured
    /// otherwise. Its cookies reach no other host, so an application that is open at two goes on at this one.
    #[must_use]
    pub fn identity_host(&self) -> &Url {
        &self.identity_host
    }

    /// Where a login starts: path and query as configured (`sso.init_path`).
    #[must_use]
    pub fn init_path(&self) -> &str {
        &self.init_path
    }

    /// Where the response arrives: path and query as configured (`sso.consume_path`).
    #[must_use]
    pub fn consume_path(&self) -> &str {
        &self.consume_path
    }

    /// Where a login starts, as the platform knows it.
    #[must_use]
    pub fn init_url(&self) -> &str {
        &self.init_url
    }

    /// The assertion consumer service, the very text that is sent and must come back (contract/sso.md 1.2).
    #[must_use]
    pub fn acs_url(&self) -> &str {
        &self.acs_url
    }

    /// Where the platform takes an `AuthnRequest` (contract/sso.md 1.2).
    #[must_use]
    pub fn idp_url(&self) -> &str {
        &self.idp_url
    }

    /// The format of the user's name that a request asks for (`sso.name_id_format`).
    #[must_use]
    pub fn name_id_format(&self) -> &str {
        &self.name_id_format
    }

    /// Whose signatures count (`sso.x509_certificate`, `sso.x509_fingerprint`).
    #[must_use]
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Where to ask whether a session still holds (contract/session.md 2.7). The URL holds the token: keep it
    /// out of logs and errors.
    #[must_use]
    pub fn session_check_url(&self, user: &UserId, token: &SessionToken) -> String {
        let user = user.real();
        let user = utf8_percent_encode(user.as_str(), ESCAPED);
        format!("{}/{user}?session={}", self.idp_url, utf8_percent_encode(token.expose(), ESCAPED))
    }

    /// The platform's page that ends the session there.
    #[must_use]
    pub fn logout_url(&self, user: Option<&UserId>) -> String {
        let page = self.platform_page("app_logout");
        match user.map(UserId::real) {
            Some(user) => format!("{page}?user_uid={}", utf8_percent_encode(user.as_str(), ESCAPED)),
            None => page,
        }
    }

    /// The platform's page for users whom the application refuses.
    #[must_use]
    pub fn unauthorized_url(&self) -> String {
        self.platform_page("app_access_unauthorized")
    }

    /// Which user the application keeps (`sso.creation_mode`).
    #[must_use]
    pub fn creation_mode(&self) -> CreationMode {
        self.creation_mode
    }

    /// The user as the application keeps it, from either form (contract/sso.md 1.13).
    #[must_use]
    pub fn mask_user(&self, user: &UserId, group: &GroupId) -> UserId {
        match self.creation_mode {
            CreationMode::Real => user.real(),
            CreationMode::Virtual => user.virtual_in(group),
        }
    }

    /// The user as the platform knows it, from either form.
    #[must_use]
    pub fn unmask_user(&self, user: &UserId) -> UserId {
        user.real()
    }

    /// Where the platform sends its webhooks.
    #[must_use]
    pub fn webhooks(&self) -> &WebhookPaths {
        &self.webhooks
    }

    /// Where Connec! is, when it is configured.
    #[must_use]
    pub fn connec(&self) -> Option<&Connec> {
        self.connec.as_ref()
    }

    /// The paths of the connector framework.
    #[must_use]
    pub fn synchronization(&self) -> &Synchronization {
        &self.synchronization
    }

    fn platform_page(&self, page: &str) -> String {
        format!("{}{page}", self.identity_provider)
    }
}
