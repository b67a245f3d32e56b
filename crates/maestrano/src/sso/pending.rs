//! The logins that one browser has begun: the content of its login cookie.

use serde::{Deserialize, Serialize};
use time::{Duration, UtcDateTime};

use super::return_to::ReturnTo;
use crate::ids::MarketplaceName;
use crate::session::Milliseconds;

/// How long a begun login can be finished.
pub(crate) const LIFETIME: Duration = Duration::minutes(10);
/// How many begun logins a browser keeps; the newest win.
const MOST: usize = 3;
/// How many logins in a row a browser may begin without coming to an end.
const PATIENCE: u8 = 4;
/// A login that is begun so soon after the last one was finished means that the session got lost.
const SOON: Duration = Duration::seconds(10);
/// So many bytes of JSON make a sealed cookie of less than 1,000 bytes.
const ROOM: usize = 620;

/// What a browser has begun, and which marketplace it used last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Logins {
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    last: Option<MarketplaceName>,
    /// Logins in a row that came to no end.
    #[serde(rename = "u", default)]
    in_vain: u8,
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    finished: Option<i64>,
    #[serde(rename = "p", default)]
    pending: Vec<Pending>,
}

/// One begun login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    #[serde(rename = "i")]
    request_id: String,
    #[serde(rename = "m")]
    marketplace: MarketplaceName,
    #[serde(rename = "r")]
    return_to: ReturnTo,
    #[serde(rename = "t")]
    started: Milliseconds,
}

impl Pending {
    pub(crate) fn return_to(&self) -> &ReturnTo {
        &self.return_to
    }

    /// When the login was begun.
    pub(crate) fn started(&self) -> UtcDateTime {
        self.started.time()
    }

    fn is_current(&self, now: UtcDateTime) -> bool {
        now - self.started() < LIFETIME
    }
}

impl Logins {
    /// The marketplace of the last login that this browser finished.
    pub(crate) fn last(&self) -> Option<&MarketplaceName> {
        self.last.as_ref()
    }

    /// Whether this browser goes round in circles: it begins login after login, and finishes none, or loses
    /// its session as soon as it has one.
    pub(crate) fn go_in_circles(&self, now: UtcDateTime) -> bool {
        let unfinished = self.pending.iter().any(|pending| pending.is_current(now));
        self.in_vain >= PATIENCE && (unfinished || self.has_just_finished(now))
    }

    /// Forgets that logins came to no end: there is a session, or the person has asked to start again.
    pub(crate) fn start_again(&mut self) {
        self.in_vain = 0;
    }

    fn has_just_finished(&self, now: UtcDateTime) -> bool {
        self.finished.is_some_and(|finished| now.unix_timestamp() - finished < SOON.whole_seconds())
    }

    pub(crate) fn begin(
        &mut self,
        request_id: &str,
        marketplace: &MarketplaceName,
        return_to: ReturnTo,
        now: UtcDateTime,
    ) {
        self.pending.retain(|pending| pending.is_current(now));
        if self.pending.is_empty() && !self.has_just_finished(now) {
            self.in_vain = 0;
        }
        self.in_vain = self.in_vain.saturating_add(1);
        let (request_id, marketplace) = (request_id.to_owned(), marketplace.clone());
        self.pending.push(Pending { request_id, marketplace, return_to, started: Milliseconds::of(now) });
        let surplus = self.pending.len().saturating_sub(MOST);
        self.pending.drain(..surplus);
    }

    /// Takes out the login that this request id belongs to, if it was begun here, at this marketplace, and
    /// not too long ago.
    pub(crate) fn finish(
        &mut self,
        request_id: &str,
        marketplace: &MarketplaceName,
        now: UtcDateTime,
    ) -> Option<Pending> {
        let found =
            |pending: &Pending| pending.request_id == request_id && pending.marketplace == *marketplace;
        let position = self.pending.iter().position(found)?;
        let pending = self.pending.remove(position);
        if !pending.is_current(now) {
            return None;
        }
        self.finished = Some(now.unix_timestamp());
        self.last = Some(marketplace.clone());
        Some(pending)
    }

    /// As bytes that fit into the cookie: the oldest logins go first, and a return address that leaves no
    /// room for even one login becomes the start page.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut logins = self.clone();
        loop {
            let bytes = serde_json::to_vec(&logins).unwrap_or_default();
            if bytes.len() <= ROOM {
                return bytes;
            }
            match logins.pending.as_mut_slice() {
                [] => return bytes,
                [only] if only.return_to == ReturnTo::home() => return bytes,
                [only] => only.return_to = ReturnTo::home(),
                _ => drop(logins.pending.remove(0)),
            }
        }
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use time::macros::utc_datetime;

    use super::*;

    const NOW: UtcDateTime = utc_datetime!(2026-11-23 10:00);

    fn market(name: &str) -> MarketplaceName {
        name.parse().unwrap()
    }

    fn me() -> ReturnTo {
        ReturnTo::parse("/me", "/maestrano")
    }

    #[test]
    fn a_begun_login_is_finished_once_at_its_own_marketplace() {
        let mut logins = Logins::default();
        logins.begin("_1", &market("a"), me(), NOW);
        assert_eq!(logins.finish("_1", &market("b"), NOW), None);
        assert_eq!(logins.finish("_2", &market("a"), NOW), None);
        assert_eq!(logins.finish("_1", &market("a"), NOW).map(|pending| pending.return_to), Some(me()));
        assert_eq!(logins.last(), Some(&market("a")));
        assert_eq!(logins.finish("_1", &market("a"), NOW), None);
    }

    #[test]
    fn a_begun_login_is_too_old_after_ten_minutes() {
        let mut logins = Logins::default();
        logins.begin("_1", &market("a"), me(), NOW);
        assert!(logins.clone().finish("_1", &market("a"), NOW + Duration::seconds(599)).is_some());
        assert!(logins.finish("_1", &market("a"), NOW + Duration::seconds(600)).is_none());
    }

    #[test]
    fn a_browser_keeps_its_three_newest_logins() {
        let mut logins = Logins::default();
        for id in ["_1", "_2", "_3", "_4"] {
            logins.begin(id, &market("a"), me(), NOW);
        }
        assert!(logins.finish("_1", &market("a"), NOW).is_none());
        for id in ["_2", "_3", "_4"] {
            assert!(logins.finish(id, &market("a"), NOW).is_some(), "{id}");
        }
    }

    #[test]
    fn four_logins_without_a_finish_are_a_circle() {
        let mut logins = Logins::default();
        for id in ["_1", "_2", "_3"] {
            logins.begin(id, &market("a"), me(), NOW);
        }
        assert!(!logins.go_in_circles(NOW));
        logins.begin("_4", &market("a"), me(), NOW);
        assert!(logins.go_in_circles(NOW));
        assert!(!logins.go_in_circles(NOW + LIFETIME));
        logins.start_again();
        assert!(!logins.go_in_circles(NOW));
    }

    #[test]
    fn four_logins_whose_sessions_are_lost_at_once_are_a_circle() {
        let sign_in = |logins: &mut Logins, now| {
            logins.begin("_1", &market("a"), me(), now);
            assert!(logins.finish("_1", &market("a"), now).is_some());
        };
        let (mut lost, mut kept) = (Logins::default(), Logins::default());
        for round in 0..4 {
            assert!(!lost.go_in_circles(NOW));
            sign_in(&mut lost, NOW);
            sign_in(&mut kept, NOW + SOON * round);
        }
        assert!(lost.go_in_circles(NOW));
        assert!(!lost.go_in_circles(NOW + SOON));
        assert!(!kept.go_in_circles(NOW + SOON * 3));
    }

    #[test]
    fn the_cookie_stays_small_whatever_the_return_address() {
        let long = format!("/{}", "a".repeat(4000));
        let name = market(&"m".repeat(128));
        let mut logins = Logins::default();
        for _ in 0..3 {
            let id = format!("_{}", "0".repeat(32));
            logins.begin(&id, &name, ReturnTo::parse(&long, "/maestrano"), NOW);
            let mut kept = Logins::from_bytes(&logins.to_bytes()).unwrap();
            assert!(logins.to_bytes().len() <= ROOM);
            assert_eq!(kept.finish(&id, &name, NOW).map(|pending| pending.return_to), Some(ReturnTo::home()));
            logins.finish(&id, &name, NOW);
        }
    }

    #[test]
    fn bytes_that_are_not_logins_are_none() {
        for bytes in [&b""[..], b"7", b"{\"p\":[{}]}", b"{\"m\":\"a b\"}", &[0xff]] {
            assert_eq!(Logins::from_bytes(bytes), None);
        }
    }
}
