//! What is configured: [`Settings`] say where to look, a [`Configuration`] is what is in force.
//!
//! A configuration is parsed whole: either every [`Marketplace`] of it is right, or one error lists all that
//! is wrong (security.md 8.1).
//!
//! # Settings
//!
//! A file may hold all of these; what is shown is the default where there is one. JSON and YAML have the same
//! names, and `-` does for `_`. [`Settings::from_env`] lists the variables that win over a file.
//!
//! ```toml
//! default_marketplace = "maestrano-uat"   # when nothing else says where to sign on
//! mount = "/maestrano"                    # the library answers below this path
//! home = "/"                              # the application's start page
//! cookie_keys = []                        # 32 bytes or more each, the first seals; else environment.api_secret
//! session_lifetime_seconds = 43200        # 60 to 2592000
//! clock_allowance_seconds = 60            # 0 to 300
//! outage_grace_seconds = 180              # 0 to 86400
//! recheck_timeout_seconds = 2             # 0.1 to 60
//! rechecks_at_once = 64                   # 1 to 10000
//! max_response_bytes = 262144             # 16384 to 1048576
//! danger_allow_http = false               # plain http to a platform that is not on this machine
//!
//! [dev_platform]                          # knows your marketplaces
//! host = "https://developer.example.com"
//! api_path = "/api/config/v1/marketplaces"
//!
//! [environment]                           # who you are there
//! name = "my-app-uat"                     # `local` trusts the public key of the original sandbox
//! api_key = "…"
//! api_secret = "…"
//!
//! [sso]                                   # for marketplaces that do not say
//! creation_mode = "real"                  # or "virtual": one user per person and group
//! danger_allow_sha1 = false               # SHA-1 signatures under a modern certificate
//!
//! [[marketplaces]]                        # without a developer platform, or besides it
//! marketplace = "maestrano-uat"
//! environment = "uat"                     # local, uat or production: hosts and certificate are known
//! app.host = "https://app.example.com"
//! api.id = "app-1"
//! api.key = "…"
//! api.host = "https://uat.maestrano.io"
//! api.base = "/api/v1/"
//! sso.idp = "https://uat.maestrano.io"
//! sso.idm = "https://app.example.com"     # the origin of the next two, app.host by default
//! sso.init_path = "/maestrano/auth/saml/init/maestrano-uat"
//! sso.consume_path = "/maestrano/auth/saml/consume/maestrano-uat"
//! sso.x509_certificate = "…"              # several: sso.x509_certificates; or only sso.x509_fingerprint
//! connec.host = "https://api-connec-uat.maestrano.io"
//! connec.base_path = "/api/v2"
//! connec.timeout = 60
//! webhooks.account.group_path = "/maestrano/account/groups/:id/maestrano-uat"
//! webhooks.account.group_user_path = "/maestrano/account/groups/:group_id/users/:id/maestrano-uat"
//! webhooks.connec.notification_path = "/maestrano/connec/notifications/maestrano-uat"
//! ```

mod address;
mod configuration;
mod entry;
mod environment;
mod marketplace;
mod plan;
mod platform;
mod section;
mod settings;
mod trust;

pub use configuration::Configuration;
pub use marketplace::{Connec, CreationMode, Marketplace, Synchronization, WebhookPaths};
pub use plan::{Plan, Rules};
pub use settings::Settings;

#[cfg(test)]
mod tests;
