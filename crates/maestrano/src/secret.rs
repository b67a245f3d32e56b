//! Values that must not be seen: they print as `[redacted]` and compare in constant time.

use aws_lc_rs::constant_time;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

macro_rules! secrets {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// Takes the value over.
            #[must_use]
            pub fn new(value: impl Into<String>) -> Self {
                Self(Zeroizing::new(value.into()))
            }

            /// The value itself. Keep it out of logs, URLs and pages.
            #[must_use]
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                Self::new(value)
            }
        }

        impl From<$name> for String {
            fn from(secret: $name) -> Self {
                secret.0.to_string()
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                constant_time::verify_slices_are_equal(self.0.as_bytes(), other.0.as_bytes()).is_ok()
            }
        }

        impl Eq for $name {}

        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    )+};
}

secrets! {
    /// The key of an application at one marketplace (`api.key`): it signs API calls and webhooks.
    ApiKey,
    /// The secret of an environment at the developer platform (`MNO_DEVPL_ENV_SECRET`).
    EnvironmentSecret,
    /// A key from which the sealing of cookies is derived: at least 32 bytes of text, the same in every
    /// process of the application.
    CookieKey,
    /// The token of a session at the platform (`mno_session`).
    SessionToken,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_as_redacted() {
        assert_eq!(format!("{:?}", ApiKey::new("k3v9x2")), "ApiKey([redacted])");
    }

    #[test]
    fn secrets_are_equal_when_their_values_are() {
        assert_eq!(SessionToken::new("a"), SessionToken::new("a"));
        assert_ne!(SessionToken::new("a"), SessionToken::new("b"));
        assert_ne!(SessionToken::new("a"), SessionToken::new("aa"));
    }
}
