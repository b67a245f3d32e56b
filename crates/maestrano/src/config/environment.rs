//! The environments of the platform that are known by name (contract/config.md 3.3 and 3.4).

use std::time::Duration;

/// The name under which the public sandbox key is trusted.
pub(super) const LOCAL: &str = "local";

/// The SHA-256 and SHA-1 fingerprints of the sandbox certificate whose private key everybody has
/// (contract/config.md 3.4).
pub(super) const PUBLIC_SANDBOX: [&str; 2] = [
    "22b5810c5d6f671c9ee74e5a1ac161d6f93b7d3fe113310e5c39b446872b6bc3",
    "01061589257d781228a669c7de63ed7421f9f536",
];

/// What is known about an environment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Environment {
    /// Where the platform is: the account API and the sign-on.
    pub(super) host: &'static str,
    /// Where Connec! is. `local` has none: the one in the table is plain http over the internet, to which no
    /// credentials are sent (security.md 7.1).
    pub(super) connec: Option<&'static str>,
    pub(super) connec_timeout: Duration,
    /// The SHA-256 fingerprint of the certificate that signs.
    pub(super) fingerprint: &'static str,
}

impl Environment {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            LOCAL => Self {
                host: "http://localhost:3001",
                connec: None,
                connec_timeout: Duration::from_secs(60),
                fingerprint: PUBLIC_SANDBOX[0],
            },
            "uat" | "maestrano-uat" => Self {
                host: "https://uat.maestrano.io",
                connec: Some("https://api-connec-uat.maestrano.io"),
                connec_timeout: Duration::from_secs(180),
                fingerprint: "6f19c4fd30a6a97636630a44820e072b23f621ce9d008cde76abc28104637b4e",
            },
            "production" | "maestrano-production" => Self {
                host: "https://maestrano.com",
                connec: Some("https://api-connec.maestrano.com"),
                connec_timeout: Duration::from_secs(180),
                fingerprint: "455f634d628667245b75a20087a16ee9d7720a67edc3b8ca251041a3a2a65997",
            },
            _ => return None,
        })
    }
}
