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
///
/// A store that processes share keeps [`key`](Self::key) and, for each key, the latest [`until`](Self::until)
/// that it was told; [`from_key`](Self::from_key) makes the end of them again.
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

    /// Whether it concerns a visit, which is a sign-in at the platform, rather than a group or a member. The
    /// recheck of a session finds the end of its visit as well, not the others: where there is no room for
    /// all ends, those of visits give way.
    #[must_use]
    pub fn is_visit(&self) -> bool {
        matches!(self.whose, Whose::Visit(_))
    }

    /// What the end has in common with all others of the same group, member or visit that are kept for as
    /// long after they came about: printable ASCII and line feeds, without a secret. Of two with the same
    /// key, the one with the later [`until`](Self::until) says all that the other does.
    #[must_use]
    pub fn key(&self) -> String {
        let Self { whose, at: Milliseconds(at), until: Milliseconds(until) } = self;
        let kept = until.saturating_sub(*at);
        match whose {
            Whose::Group(marketplace, group) => format!("{kept}\ngroup\n{marketplace}\n{group}"),
            Whose::Member(marketplace, group, user) => {
                format!("{kept}\nmember\n{marketplace}\n{group}\n{user}")
            }
            Whose::Visit(visit) => format!("{kept}\nvisit\n{:x}", visit.0),
        }
    }

    /// The end with a [`key`](Self::key) and an [`until`](Self::until); `None` for a key that is none.
    #[must_use]
    pub fn from_key(key: &str, until: UtcDateTime) -> Option<Self> {
        let mut fields = key.split('\n');
        let mut next = || fields.next();
        let (kept, until) = (next()?.parse().ok()?, Milliseconds::of(until));
        let at = Milliseconds(until.0.saturating_sub(kept));
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
        formatter.debug_tuple("Ended").field(&self.key()).field(&self.until()).finish()
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
/// Holds up to 200,000 ends of visits, and beside them as many of groups and members (about 250 bytes each).
/// When there are more of either, the one of them that could be forgotten first is. Rechecks find a visit
/// that has ended when its end is forgotten; they do not find that a group or a member was removed.
///
/// What has expired is forgotten when the next end comes in. So a clock that jumps ahead by as long as ends
/// are kept, and back, has made it forget ends that mattered.
#[derive(Default)]
pub struct EndedSessions {
    known: RwLock<Known>,
}

const MOST: usize = 200_000;

#[derive(Default)]
struct Known {
    visits: Table,
    removals: Table,
}

#[derive(Default)]
struct Table {
    /// When each ended, and until when that matters.
    ends: HashMap<Whose, (Milliseconds, Milliseconds)>,
    by_expiry: BTreeSet<(Milliseconds, Whose)>,
}

impl EndedSessions {
    /// Takes an end in; one that is known already changes nothing.
    pub fn insert(&self, ended: Ended, now: UtcDateTime) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let Known { visits, removals } = &mut *known;
        for table in [&mut *visits, &mut *removals] {
            table.forget_expired(Milliseconds::of(now));
        }
        if ended.is_visit() { visits } else { removals }.insert(ended);
    }

    /// Whether a session has ended.
    #[must_use]
    pub fn includes(&self, session: &Session) -> bool {
        let Known { visits, removals } = &*self.known.read().unwrap_or_else(PoisonError::into_inner);
        let (marketplace, group) = (session.marketplace().as_str(), session.group().as_str());
        let (opened, _) = session.times();
        visits.includes(&Of::Visit(session.visit()), opened)
            || removals.includes(&Of::Group(marketplace, group), opened)
            || removals.includes(&Of::Member(marketplace, group, session.user().as_str()), opened)
    }

    /// How many ends are known.
    #[must_use]
    pub fn len(&self) -> usize {
        let Known { visits, removals } = &*self.known.read().unwrap_or_else(PoisonError::into_inner);
        visits.ends.len() + removals.ends.len()
    }

    /// Whether no end is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Table {
    fn includes(&self, of: &Of<'_>, opened: Milliseconds) -> bool {
        // Not even a hash where there is nothing.
        !self.ends.is_empty() && self.ends.get(of).is_some_and(|(at, _)| opened <= *at)
    }

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

    fn expiries(known: &EndedSessions) -> usize {
        let Known { visits, removals } = &*known.known.read().unwrap();
        visits.by_expiry.len() + removals.by_expiry.len()
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
        assert_eq!((known.len(), expiries(&known)), (1, 1));
    }

    #[test]
    fn what_has_expired_takes_no_room() {
        let known = EndedSessions::default();
        for second in 0..1000 {
            let now = NOW + Duration::seconds(second);
            let session = session("usr-1", "cld-1", &second.to_string(), now);
            known.insert(Ended::session(&session, now, now + Duration::seconds(10)), now);
        }
        assert_eq!((known.len(), expiries(&known)), (10, 10));
    }

    #[test]
    fn there_is_a_bound_for_visits_and_one_for_groups_and_members_and_the_first_to_expire_gives_way() {
        let known = EndedSessions::default();
        let [group, member, _] = ends();
        known.insert(group, NOW);
        let visit = |number: usize| session("usr-2", "cld-2", &number.to_string(), NOW);
        let user = |number: usize| session(&format!("usr-{number}"), "cld-3", "c", NOW);
        for number in 0..=MOST {
            let until = LATER + Duration::milliseconds(number as i64 + 1);
            known.insert(Ended::session(&visit(number), NOW, until), NOW);
        }
        assert_eq!(known.len(), MOST + 1);
        assert_eq!([0, 1, MOST].map(|number| known.includes(&visit(number))), [false, true, true]);
        assert!(known.includes(&session("usr-3", "cld-1", "b", NOW)), "visits push out a group");

        known.insert(member, NOW);
        for number in 0..MOST {
            let (until, user) = (LATER + Duration::milliseconds(number as i64 + 1), user(number));
            known.insert(Ended::member(user.marketplace(), user.group(), user.user(), NOW, until), NOW);
        }
        assert_eq!((known.len(), expiries(&known)), (2 * MOST, 2 * MOST));
        assert_eq!([0, 1, MOST - 1].map(|number| known.includes(&user(number))), [true; 3]);
        assert!(!known.includes(&session("usr-1", "cld-1", "b", NOW)));
        assert_eq!([0, 1, MOST].map(|number| known.includes(&visit(number))), [false, true, true]);
    }

    #[test]
    fn an_end_comes_back_from_its_key_and_nothing_else_does() {
        for ended in ends() {
            let key = ended.key();
            assert_eq!(Ended::from_key(&key, ended.until()), Some(ended));
            assert_eq!(Ended::from_key(&format!("{key}\nx"), LATER), None);
        }
        for key in ["", "1", "1\nvisit", "1\nvisit\nx", "1\nuser\na", "x\nvisit\n1", "1\n2\nvisit\n1"] {
            assert_eq!(Ended::from_key(key, LATER), None, "{key:?}");
        }
        for kept in [i64::MIN, -1, i64::MAX] {
            for until in [UtcDateTime::MIN, UtcDateTime::MAX] {
                let ended = Ended::from_key(&format!("{kept}\nvisit\n1"), until).unwrap();
                EndedSessions::default().insert(ended.clone(), NOW);
                assert!(!ended.key().is_empty());
            }
        }
    }

    #[test]
    fn an_end_that_is_told_again_has_the_same_key_and_the_later_one_says_all() {
        let (uat, user, group) = ("uat".parse().unwrap(), "usr-1".parse().unwrap(), "cld-1".parse().unwrap());
        let session = session("usr-1", "cld-1", "a", NOW);
        let again = |number: i64| {
            let at = NOW + Duration::milliseconds(number);
            let until = at + Duration::hours(12);
            [
                Ended::group(&uat, &group, at, until),
                Ended::member(&uat, &group, &user, at, until),
                Ended::session(&session, at, until),
            ]
        };
        let keys = |number| again(number).map(|ended| ended.key());
        assert_eq!(keys(0), keys(12_345));
        let [group, member, visit] = keys(0);
        assert!(group != member && member != visit && visit != group);
        for (earlier, later) in again(0).into_iter().zip(again(12_345)) {
            assert_eq!(Ended::from_key(&earlier.key(), later.until()), Some(later));
        }
    }

    #[test]
    fn no_key_of_an_end_holds_a_token() {
        let session = session("usr-1", "cld-1", "very-secret", NOW);
        assert!(!Ended::session(&session, NOW, LATER).key().contains("very-secret"));
    }
}
