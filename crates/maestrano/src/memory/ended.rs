//! Sessions that have ended before their time.

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{PoisonError, RwLock};

use hashbrown::{Equivalent, HashMap};
use time::UtcDateTime;

use crate::ids::{GroupId, MarketplaceName, UserId};
use crate::session::{Milliseconds, Session, Visit};

/// An end of sessions: all that were opened up to a time by a group, by a member of a group, or from one
/// sign-in at the platform. Who signs in later is not concerned.
#[derive(Clone, PartialEq, Eq)]
pub struct Ended {
    whose: Whose,
    at: Milliseconds,
    until: Milliseconds,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    Group(MarketplaceName, GroupId),
    Member(MarketplaceName, GroupId, UserId),
    Visit(Visit),
}

/// [`Whose`] with nothing of its own, to look it up without a copy.
#[derive(PartialEq, Eq, Hash)]
enum Of<'a> {
    Group(&'a str, &'a str),
    Member(&'a str, &'a str, &'a str),
    Visit(Visit),
}

impl Ended {
    /// The end of all sessions of a group; to be kept until a time from which no session of that age lives.
    #[must_use]
    pub fn group(
        marketplace: &MarketplaceName,
        group: &GroupId,
        at: UtcDateTime,
        until: UtcDateTime,
    ) -> Self {
        Self::new(Whose::Group(marketplace.clone(), group.clone()), at, until)
    }

    /// The end of a (real) user's sessions in a group.
    #[must_use]
    pub fn member(
        marketplace: &MarketplaceName,
        group: &GroupId,
        user: &UserId,
        at: UtcDateTime,
        until: UtcDateTime,
    ) -> Self {
        Self::new(Whose::Member(marketplace.clone(), group.clone(), user.clone()), at, until)
    }

    /// The end of all sessions that come from the same sign-in at the platform as this one.
    #[must_use]
    pub fn session(session: &Session, at: UtcDateTime, until: UtcDateTime) -> Self {
        Self::new(Whose::Visit(session.visit()), at, until)
    }

    fn new(whose: Whose, at: UtcDateTime, until: UtcDateTime) -> Self {
        Self { whose, at: Milliseconds::of(at), until: Milliseconds::of(until) }
    }

    /// When it may be forgotten.
    #[must_use]
    pub fn until(&self) -> UtcDateTime {
        self.until.time()
    }

    /// The end as text, for stores: printable ASCII and line feeds, without a secret.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { whose, at: Milliseconds(at), until: Milliseconds(until) } = self;
        match whose {
            Whose::Group(marketplace, group) => format!("{at}\n{until}\ngroup\n{marketplace}\n{group}"),
            Whose::Member(marketplace, group, user) => {
                format!("{at}\n{until}\nmember\n{marketplace}\n{group}\n{user}")
            }
            Whose::Visit(visit) => format!("{at}\n{until}\nvisit\n{:x}", visit.0),
        }
    }

    /// The end that [`to_text`](Self::to_text) has written; `None` for anything else.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let mut fields = text.split('\n');
        let mut next = || fields.next();
        let (at, until) = (Milliseconds(next()?.parse().ok()?), Milliseconds(next()?.parse().ok()?));
        let whose = match next()? {
            "group" => Whose::Group(next()?.parse().ok()?, next()?.parse().ok()?),
            "member" => Whose::Member(next()?.parse().ok()?, next()?.parse().ok()?, next()?.parse().ok()?),
            "visit" => Whose::Visit(Visit(u128::from_str_radix(next()?, 16).ok()?)),
            _ => return None,
        };
        next().is_none().then_some(Self { whose, at, until })
    }
}

impl fmt::Debug for Ended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Ended").field(&self.to_text()).finish()
    }
}

impl Whose {
    fn as_of(&self) -> Of<'_> {
        match self {
            Self::Group(marketplace, group) => Of::Group(marketplace.as_str(), group.as_str()),
            Self::Member(marketplace, group, user) => {
                Of::Member(marketplace.as_str(), group.as_str(), user.as_str())
            }
            Self::Visit(visit) => Of::Visit(*visit),
        }
    }
}

impl Hash for Whose {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_of().hash(state);
    }
}

impl Equivalent<Whose> for Of<'_> {
    fn equivalent(&self, whose: &Whose) -> bool {
        *self == whose.as_of()
    }
}

/// What a process knows of ended sessions: asked for every page, so it answers without leaving the process.
///
/// Holds up to 200,000 ends (about 250 bytes each). When there are more, the one that could be forgotten first
/// is, and its sessions end when they are rechecked.
#[derive(Default)]
pub struct EndedSessions {
    table: RwLock<Table>,
}

const MOST: usize = 200_000;

#[derive(Default)]
struct Table {
    /// When each ended, and until when that matters.
    ends: HashMap<Whose, (Milliseconds, Milliseconds)>,
    by_expiry: BTreeSet<(Milliseconds, Whose)>,
}

impl EndedSessions {
    /// Takes an end in; one that is known already changes nothing.
    pub fn insert(&self, ended: Ended, now: UtcDateTime) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        table.forget_expired(Milliseconds::of(now));
        table.insert(ended);
    }

    /// Whether a session has ended.
    #[must_use]
    pub fn includes(&self, session: &Session) -> bool {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        if table.ends.is_empty() {
            return false;
        }
        let (marketplace, group) = (session.marketplace().as_str(), session.group().as_str());
        let (opened, _) = session.times();
        [
            Of::Visit(session.visit()),
            Of::Group(marketplace, group),
            Of::Member(marketplace, group, session.user().as_str()),
        ]
        .iter()
        .any(|of| table.ends.get(of).is_some_and(|(at, _)| opened <= *at))
    }

    /// How many ends are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.read().unwrap_or_else(PoisonError::into_inner).ends.len()
    }

    /// Whether no end is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Table {
    fn insert(&mut self, ended: Ended) {
        let Ended { whose, mut at, mut until } = ended;
        if let Some((known_at, known_until)) = self.ends.get(&whose.as_of()) {
            at = at.max(*known_at);
            until = until.max(*known_until);
            self.by_expiry.remove(&(*known_until, whose.clone()));
        } else if self.ends.len() >= MOST {
            self.forget_first();
        }
        self.ends.insert(whose.clone(), (at, until));
        self.by_expiry.insert((until, whose));
    }

    fn forget_expired(&mut self, now: Milliseconds) {
        while self.by_expiry.first().is_some_and(|(until, _)| *until <= now) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some((_, whose)) = self.by_expiry.pop_first() {
            self.ends.remove(&whose.as_of());
        }
    }
}

impl fmt::Debug for EndedSessions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("EndedSessions").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::utc_datetime;

    use super::*;
    use crate::secret::SessionToken;

    const NOW: UtcDateTime = utc_datetime!(2026-11-23 10:00);
    const LATER: UtcDateTime = utc_datetime!(2026-11-23 22:00);

    fn session(user: &str, group: &str, token: &str, opened: UtcDateTime) -> Session {
        let recheck = opened + Duration::minutes(3);
        let (user, group) = (user.parse().unwrap(), group.parse().unwrap());
        Session::new("uat".parse().unwrap(), user, group, opened, recheck, SessionToken::new(token))
    }

    fn ends() -> [Ended; 3] {
        let (uat, user, group) = ("uat".parse().unwrap(), "usr-1".parse().unwrap(), "cld-1".parse().unwrap());
        [
            Ended::group(&uat, &group, NOW, LATER),
            Ended::member(&uat, &group, &user, NOW, LATER),
            Ended::session(&session("usr-1", "cld-1", "a", NOW), NOW, LATER),
        ]
    }

    #[test]
    fn an_end_concerns_its_own_sessions_and_no_others() {
        let sessions = [
            ("usr-1", "cld-1", "a"),
            ("usr-1", "cld-1", "b"),
            ("usr-1", "cld-2", "a"),
            ("usr-2", "cld-1", "a"),
            ("usr-2", "cld-2", "b"),
        ];
        let expected = [
            [true, true, false, true, false],
            [true, true, false, false, false],
            [true, false, true, false, false],
        ];
        for (ended, expected) in ends().into_iter().zip(expected) {
            let known = EndedSessions::default();
            known.insert(ended.clone(), NOW);
            let found =
                sessions.map(|(user, group, token)| known.includes(&session(user, group, token, NOW)));
            assert_eq!(found, expected, "{ended:?}");
            let elsewhere = Session::new(
                "other".parse().unwrap(),
                "usr-1".parse().unwrap(),
                "cld-1".parse().unwrap(),
                NOW,
                NOW,
                SessionToken::new("a"),
            );
            assert!(!known.includes(&elsewhere), "{ended:?}");
        }
    }

    #[test]
    fn who_signs_in_after_the_end_is_in() {
        for ended in ends() {
            let known = EndedSessions::default();
            known.insert(ended, NOW);
            let opened = |at| session("usr-1", "cld-1", "a", at);
            assert!(known.includes(&opened(NOW - Duration::hours(1))));
            assert!(!known.includes(&opened(NOW + Duration::milliseconds(1))));
        }
    }

    #[test]
    fn an_older_end_takes_nothing_back() {
        let known = EndedSessions::default();
        let [ended, ..] = ends();
        known.insert(ended.clone(), NOW);
        known.insert(
            Ended { at: Milliseconds(ended.at.0 - 1000), until: Milliseconds(ended.until.0 - 1000), ..ended },
            NOW,
        );
        assert!(known.includes(&session("usr-1", "cld-1", "a", NOW)));
        assert_eq!((known.len(), known.table.read().unwrap().by_expiry.len()), (1, 1));
    }

    #[test]
    fn what_has_expired_takes_no_room() {
        let known = EndedSessions::default();
        for second in 0..1000 {
            let now = NOW + Duration::seconds(second);
            let session = session("usr-1", "cld-1", &second.to_string(), now);
            known.insert(Ended::session(&session, now, now + Duration::seconds(10)), now);
        }
        assert_eq!((known.len(), known.table.read().unwrap().by_expiry.len()), (10, 10));
    }

    #[test]
    fn there_is_a_bound_and_the_first_to_expire_gives_way() {
        let known = EndedSessions::default();
        let one = |number: i64| {
            let session = session("usr-1", "cld-1", &number.to_string(), NOW);
            Ended::session(&session, NOW, LATER + Duration::milliseconds(number))
        };
        for number in 0..=MOST as i64 {
            known.insert(one(number), NOW);
        }
        assert_eq!(known.len(), MOST);
        assert!(!known.includes(&session("usr-1", "cld-1", "0", NOW)));
        assert!(known.includes(&session("usr-1", "cld-1", "1", NOW)));
    }

    #[test]
    fn an_end_comes_back_from_its_text_and_nothing_else_does() {
        for ended in ends() {
            let text = ended.to_text();
            assert_eq!(Ended::from_text(&text), Some(ended));
            assert_eq!(Ended::from_text(&format!("{text}\nx")), None);
        }
        for text in ["", "1", "1\n2", "1\n2\nvisit", "1\n2\nvisit\nx", "1\n2\nuser\na", "x\n2\nvisit\n1"] {
            assert_eq!(Ended::from_text(text), None, "{text:?}");
        }
    }

    #[test]
    fn no_text_of_an_end_holds_a_token() {
        let session = session("usr-1", "cld-1", "very-secret", NOW);
        assert!(!Ended::session(&session, NOW, LATER).to_text().contains("very-secret"));
    }
}
