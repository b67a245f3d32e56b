//! Who is signed in.

use time::UtcDateTime;

use crate::ids::{GroupId, MarketplaceName, UserId};
use crate::secret::SessionToken;

/// A signed-in user: who, of which group, at which marketplace.
///
/// Five facts, no more: names, e-mail and role came with the [`Login`](crate::Login) and are the
/// application's to keep, by marketplace and user id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    marketplace: MarketplaceName,
    user: UserId,
    group: GroupId,
    recheck: UtcDateTime,
    token: SessionToken,
}

impl Session {
    pub(crate) fn new(
        marketplace: MarketplaceName,
        user: UserId,
        group: GroupId,
        recheck: UtcDateTime,
        token: SessionToken,
    ) -> Self {
        Self { marketplace, user, group, recheck, token }
    }

    /// The marketplace that the user came from. Records of different marketplaces must never be mixed.
    #[must_use]
    pub fn marketplace(&self) -> &MarketplaceName {
        &self.marketplace
    }

    /// The real user (`usr-1`). An application in virtual creation mode turns it into its own key by
    /// [`Marketplace::mask_user`](crate::config::Marketplace::mask_user).
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// The group that the user acts for: the tenant (`cld-1`).
    #[must_use]
    pub fn group(&self) -> &GroupId {
        &self.group
    }

    /// The time from which the platform is asked whether the session goes on, as told at the login. Later
    /// answers of the platform are remembered in the process, not here.
    #[must_use]
    pub fn recheck(&self) -> UtcDateTime {
        self.recheck
    }

    /// The platform's token of this session. It lets its holder ask whether the session is alive: keep it
    /// out of pages and logs.
    #[must_use]
    pub fn token(&self) -> &SessionToken {
        &self.token
    }

    /// The five fields in a line each; identifiers hold no line feed, and the token comes last.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let Self { marketplace, user, group, recheck, token } = self;
        let recheck = recheck.unix_timestamp();
        format!("{marketplace}\n{user}\n{group}\n{recheck}\n{}", token.expose()).into_bytes()
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut fields = std::str::from_utf8(bytes).ok()?.splitn(5, '\n');
        let marketplace = fields.next()?.parse().ok()?;
        let user = fields.next()?.parse().ok()?;
        let group = fields.next()?.parse().ok()?;
        let recheck = UtcDateTime::from_unix_timestamp(fields.next()?.parse().ok()?).ok()?;
        let token = SessionToken::new(fields.next()?);
        Some(Self { marketplace, user, group, recheck, token })
    }
}

#[cfg(test)]
mod tests {
    use time::macros::utc_datetime;

    use super::*;

    fn session() -> Session {
        Session::new(
            "maestrano-uat".parse().unwrap(),
            "usr-1".parse().unwrap(),
            "cld-1".parse().unwrap(),
            utc_datetime!(2026-11-23 10:03),
            SessionToken::new("a\nb"),
        )
    }

    #[test]
    fn a_session_comes_back_as_it_was() {
        assert_eq!(Session::from_bytes(&session().to_bytes()), Some(session()));
    }

    #[test]
    fn bytes_that_are_not_a_session_are_none() {
        let bytes = session().to_bytes();
        for length in 0..bytes.len() - 3 {
            assert_eq!(Session::from_bytes(&bytes[..length]), None);
        }
        assert_eq!(Session::from_bytes(b"a\nb\nc\nnever\nt"), None);
        assert_eq!(Session::from_bytes(b"a\n<b>\nc\n1\nt"), None);
        assert_eq!(Session::from_bytes(&[0xff, 0xfe]), None);
    }

    #[test]
    fn a_session_does_not_print_its_token() {
        assert!(!format!("{:?}", session()).contains("a\\nb"));
    }
}
