//! Identifiers of the platform, checked once when they come in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is not an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an identifier has 1 to {LONGEST} letters, digits, '-', '_' or '.'")]
#[non_exhaustive]
pub struct InvalidId;

const LONGEST: usize = 128;

fn check(text: &str) -> Result<(), InvalidId> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    // "." and ".." would change the meaning of a URL path.
    let (all_allowed, any_other) = text.bytes().fold((true, false), |(allowed_before, other), byte| {
        (allowed_before & allowed(byte), other | (byte != b'.'))
    });
    if (1..=LONGEST).contains(&text.len()) && all_allowed && any_other { Ok(()) } else { Err(InvalidId) }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        ///
        /// 1 to 128 letters, digits, `-`, `_` or `.`; anything else is refused before it reaches a URL, a
        /// log line or a page.
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                check(text)?;
                Ok(Self(text.into()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.into()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}({})", stringify!($name), self.0)
            }
        }
    )+};
}

ids! {
    /// A user: real (`usr-1`) or virtual (`usr-1.cld-1`).
    UserId,
    /// A group, the customer's account and the application's tenant (`cld-1`).
    GroupId,
    /// An application (`app-1`).
    AppId,
    /// The name of a marketplace (`maestrano-uat`).
    MarketplaceName,
    /// An organisation of the marketplace (`org-1`).
    OrganizationId,
    /// A reseller (`rsl-1`).
    ResellerId,
}

impl UserId {
    /// The real user: the text before the first `.` (contract/sso.md 1.13).
    #[must_use]
    pub fn real(&self) -> Self {
        match self.0.split_once('.') {
            Some((real, _)) if !real.is_empty() => Self(real.into()),
            _ => self.clone(),
        }
    }

    /// The virtual user, one per user and group: `usr-1` in `cld-1` is `usr-1.cld-1`.
    ///
    /// The result can be up to twice as long as an identifier that comes in.
    #[must_use]
    pub fn virtual_in(&self, group: &GroupId) -> Self {
        Self(format!("{}.{group}", self.real()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_letters_digits_dash_underscore_and_dot() {
        for right in ["usr-1", "usr-1.cld-1", "a", "A_b-9."] {
            assert_eq!(right.parse::<UserId>().map(String::from), Ok(right.to_owned()));
        }
        let long = "a".repeat(129);
        for wrong in ["", "usr 1", "usr/1", "usr-1\n", "ü", "<b>", "..", ".", "%2e", long.as_str()] {
            assert_eq!(wrong.parse::<UserId>(), Err(InvalidId), "{wrong:?}");
        }
    }

    #[test]
    fn a_virtual_user_is_the_real_user_in_the_group() {
        let group: GroupId = "cld-2".parse().unwrap();
        let user: UserId = "usr-1.cld-1".parse().unwrap();
        assert_eq!(user.real().as_str(), "usr-1");
        assert_eq!(user.virtual_in(&group).as_str(), "usr-1.cld-2");
    }

    #[test]
    fn json_with_a_wrong_identifier_is_refused() {
        assert!(serde_json::from_str::<GroupId>("\"cld-1\"").is_ok());
        assert!(serde_json::from_str::<GroupId>("\"cld 1\"").is_err());
    }
}
