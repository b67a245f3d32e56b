//! Who is signed in.

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use time::UtcDateTime;

use crate::ids::{GroupId, MarketplaceName, UserId};
use crate::secret::SessionToken;

/// A signed-in user: who, of which group, at which marketplace.
///
/// Identifiers and times, no more: names, e-mail and role came with the [`Login`](crate::Login) and are the
/// application's to keep, by marketplace and user id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    marketplace: MarketplaceName,
    user: UserId,
    group: GroupId,
    opened: Milliseconds,
    recheck: Milliseconds,
    visit: Visit,
    token: SessionToken,
}

/// A time as milliseconds since the epoch: what is compared for every page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Milliseconds(pub(crate) i64);

impl Milliseconds {
    pub(crate) fn of(time: UtcDateTime) -> Self {
        Self(time.unix_timestamp() * 1000 + i64::from(time.millisecond()))
    }

    /// The time itself; the last one that there is where there is no such time.
    pub(crate) fn time(self) -> UtcDateTime {
        let time = UtcDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000);
        time.unwrap_or(UtcDateTime::MAX)
    }
}

/// A user's sign-in at a platform, which several sessions may come from: the beginning of a digest of the
/// marketplace, the user and the token, so that it can be kept and shared where the token must not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Visit(pub(crate) u128);

impl Visit {
    fn of(marketplace: &MarketplaceName, user: &UserId, token: &SessionToken) -> Self {
        let mut digest = Context::new(&SHA256);
        for part in [marketplace.as_str(), "\n", user.as_str(), "\n", token.expose()] {
            digest.update(part.as_bytes());
        }
        let first = digest.finish().as_ref().first_chunk().copied();
        Self(u128::from_be_bytes(first.unwrap_or_default()))
    }
}

impl Session {
    pub(crate) fn new(
        marketplace: MarketplaceName,
        user: UserId,
        group: GroupId,
        opened: UtcDateTime,
        recheck: UtcDateTime,
        token: SessionToken,
    ) -> Self {
        let visit = Visit::of(&marketplace, &user, &token);
        let (opened, recheck) = (Milliseconds::of(opened), Milliseconds::of(recheck));
        Self { marketplace, user, group, opened, recheck, visit, token }
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

    /// When the user signed in, to the millisecond.
    #[must_use]
    pub fn opened(&self) -> UtcDateTime {
        self.opened.time()
    }

    /// The time from which the platform is asked whether the session goes on, as told at the login. Later
    /// answers of the platform are remembered in the process, not here.
    #[must_use]
    pub fn recheck(&self) -> UtcDateTime {
        self.recheck.time()
    }

    /// The platform's token of this session. It lets its holder ask whether the session is alive: keep it
    /// out of pages and logs.
    #[must_use]
    pub fn token(&self) -> &SessionToken {
        &self.token
    }

    /// The sign-in at the platform that this session comes from.
    pub(crate) const fn visit(&self) -> Visit {
        self.visit
    }

    /// When it was opened, and from when it is to be rechecked.
    pub(crate) const fn times(&self) -> (Milliseconds, Milliseconds) {
        (self.opened, self.recheck)
    }

    /// The numbers, then the lengths of the three identifiers, then the texts; the token comes last.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let Self { marketplace, user, group, opened, recheck, visit, token } = self;
        let texts = [marketplace.as_str(), user.as_str(), group.as_str(), token.expose()];
        let length = |text: &str| u8::try_from(text.len()).unwrap_or(u8::MAX);
        let [marketplace, user, group, _] = texts.map(length);
        let mut bytes = Vec::with_capacity(HEAD_BYTES + texts.map(str::len).iter().sum::<usize>());
        bytes.extend_from_slice(&opened.0.to_be_bytes());
        bytes.extend_from_slice(&recheck.0.to_be_bytes());
        bytes.extend_from_slice(&visit.0.to_be_bytes());
        bytes.extend_from_slice(&[marketplace, user, group]);
        texts.iter().for_each(|text| bytes.extend_from_slice(text.as_bytes()));
        bytes
    }

    /// Reads a session that was sealed.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (opened, bytes) = bytes.split_first_chunk()?;
        let (recheck, bytes) = bytes.split_first_chunk()?;
        let (visit, bytes) = bytes.split_first_chunk()?;
        let ([marketplace, user, group], texts) = bytes.split_first_chunk()?;
        let texts = std::str::from_utf8(texts).ok()?;
        let (marketplace, texts) = texts.split_at_checked(usize::from(*marketplace))?;
        let (user, texts) = texts.split_at_checked(usize::from(*user))?;
        let (group, token) = texts.split_at_checked(usize::from(*group))?;
        Some(Self {
            marketplace: marketplace.parse().ok()?,
            user: user.parse().ok()?,
            group: group.parse().ok()?,
            opened: Milliseconds(i64::from_be_bytes(*opened)),
            recheck: Milliseconds(i64::from_be_bytes(*recheck)),
            visit: Visit(u128::from_be_bytes(*visit)),
            token: SessionToken::new(token),
        })
    }
}

/// What stands before the texts of a session.
const HEAD_BYTES: usize = 8 + 8 + 16 + 3;

#[cfg(test)]
mod tests {
    use time::macros::utc_datetime;

    use super::*;

    fn session() -> Session {
        Session::new(
            "maestrano-uat".parse().unwrap(),
            "usr-1".parse().unwrap(),
            "cld-1".parse().unwrap(),
            utc_datetime!(2026-11-23 10:00:00.125),
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
        let with = |texts: &[u8]| Session::from_bytes(&[&[0; 32][..], texts].concat());
        assert!(with(b"\x01\x01\x01abct").is_some());
        let wrong =
            [&b""[..], b"\x01\x01\x01ab", b"\x01\x01\x01a<c", b"\x00\x01\x01bc", b"\x01\x01\x01abc\xff"];
        for texts in wrong {
            assert_eq!(with(texts), None, "{texts:?}");
        }
        // A time that there is not.
        let session = Session::from_bytes(&[&[0x7f; 32][..], b"\x01\x01\x01abct"].concat()).unwrap();
        assert_eq!(session.opened(), UtcDateTime::MAX);
        assert_eq!(Session::from_bytes(&[0xff, 0xfe]), None);
    }

    #[test]
    fn a_session_does_not_print_its_token() {
        assert!(!format!("{:?}", session()).contains("a\\nb"));
    }
}
