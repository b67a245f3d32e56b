//! The start of a login: what the query of the init route says, and the address at the platform.

use std::borrow::Cow;

use form_urlencoded::Serializer;
use time::{Duration, UtcDateTime};

use super::pending::{PENDING_LOGIN_LIFETIME, PendingLogin, purpose};
use super::{ReturnTo, Sso};
use crate::config::Marketplace;
use crate::ids::GroupId;
use crate::query::{self, Pair};
use crate::saml::request::AuthnRequest;
use crate::seal::SealFailed;

/// The longest `Location` of an answer. With it the header fields stay below the buffer of a proxy (4 KB).
pub(crate) const MAX_LOCATION_CHARS: usize = 2_600;
/// The longest value of a parameter that is passed on whatever else has to be dropped.
const MAX_IDENTIFIER_CHARS: usize = 128;

/// Names that belong to the protocol or to this library and are not passed on.
const OWN: [&str; 7] = [
    "SAMLRequest",
    "SAMLResponse",
    "RelayState",
    "SigAlg",
    "Signature",
    Launch::RETURN_TO,
    Launch::START_AGAIN,
];

/// What the query of the init route says, bounded whatever the length of the query.
#[derive(Debug)]
pub(crate) struct Launch<'q> {
    return_to: ReturnTo,
    start_again: bool,
    parameters: Vec<Parameter<'q>>,
    /// How many parameters were dropped because there is no room for them.
    dropped: usize,
}

/// A parameter that is passed on to the platform.
#[derive(Debug)]
struct Parameter<'q> {
    name: Cow<'q, str>,
    value: Cow<'q, str>,
    /// Whether it is passed on whatever else has to be dropped.
    is_kept: bool,
}

/// A login that has been begun.
#[derive(Debug)]
pub(crate) struct Started {
    /// The address at the platform.
    pub(crate) location: String,
    pub(crate) pending: PendingLogin,
    /// How many parameters of the query were dropped because there is no room for them; the page counts as one.
    pub(crate) dropped: usize,
}

impl<'q> Launch<'q> {
    /// The parameter that names the group.
    const GROUP: &'static str = "group_id";
    /// The parameter that names the user whom the platform shall sign in.
    const USER: &'static str = "user_uid";
    /// The library's own parameter for the page to go to after the login.
    const RETURN_TO: &'static str = "return_to";
    /// Set by the link on the page that stops a redirect loop.
    pub(crate) const START_AGAIN: &'static str = "start_again";

    /// Reads the query. All parameters go on to the platform, but the protocol's and the library's own; the group
    /// only once, and if it is missing, `group` stands in, so that a user who comes back lands in the same group.
    ///
    /// One pass: once there is no room for more, only the parameters with a meaning of their own are decoded.
    pub(crate) fn parse(query: &'q str, mount: &str, group: Option<&GroupId>) -> Self {
        let mut launch =
            Self { return_to: ReturnTo::home(), start_again: false, parameters: Vec::new(), dropped: 0 };
        let (mut has_group, mut has_user, mut room) = (false, false, MAX_LOCATION_CHARS);
        let mut page = None;
        for pair in query::pairs(query.as_bytes()) {
            if pair.is_named(Self::RETURN_TO) {
                page = Some(pair);
            } else if pair.is_named(Self::START_AGAIN) {
                launch.start_again = true;
            } else if pair.is_named(Self::GROUP) {
                if !std::mem::replace(&mut has_group, true) {
                    launch.keep_identifier(pair);
                }
            } else if pair.is_named(Self::USER) && !has_user {
                has_user = true;
                launch.keep_identifier(pair);
            } else if pair.len() + 2 > room {
                (launch.dropped, room) = (launch.dropped + 1, 0);
            } else {
                let (name, value) = pair.decoded();
                if !OWN.iter().any(|own| own.eq_ignore_ascii_case(&name)) {
                    // With `&` and `=`, which short pairs may lack.
                    room -= pair.len() + 2;
                    launch.parameters.push(Parameter { name, value, is_kept: false });
                }
            }
        }
        if let Some(page) = page {
            launch.return_to = ReturnTo::parse(&page.decoded().1, mount);
        }
        if let (Some(group), false) = (group, has_group) {
            launch.parameters.push(Self::group(group));
        }
        launch
    }

    fn group(group: &GroupId) -> Parameter<'q> {
        Parameter { name: Self::GROUP.into(), value: group.to_string().into(), is_kept: true }
    }

    fn keep_identifier(&mut self, pair: Pair<'q>) {
        let is_short = pair.len() <= 2 * Self::GROUP.len() + 3 * MAX_IDENTIFIER_CHARS;
        let decoded = Some(pair).filter(|_| is_short).map(Pair::decoded);
        match decoded.filter(|(_, value)| value.len() <= MAX_IDENTIFIER_CHARS) {
            Some((name, value)) => self.parameters.push(Parameter { name, value, is_kept: true }),
            None => self.dropped += 1,
        }
    }

    /// A login in the place of one that could not be finished: to the same page, in the same group.
    pub(crate) fn again(return_to: ReturnTo, group: Option<&GroupId>) -> Self {
        let parameters = group.map(Self::group);
        Self { return_to, start_again: false, parameters: parameters.into_iter().collect(), dropped: 0 }
    }

    /// The page to go to after the login.
    pub(crate) fn return_to(&self) -> &ReturnTo {
        &self.return_to
    }

    /// Whether the person has asked to try again although the browser is in a redirect loop.
    pub(crate) fn starts_again(&self) -> bool {
        self.start_again
    }

    /// The page and the parameters as a query for the init route, which is empty or begins with `?`; what is longer
    /// than `room` is left out.
    pub(crate) fn to_query(&self, room: usize) -> String {
        let page = Some(self.return_to.as_str()).filter(|page| !page.is_empty());
        let page = page.map(|page| (Self::RETURN_TO, page));
        let parameters = self.parameters.iter().map(|it| (it.name.as_ref(), it.value.as_ref()));
        let mut query = String::new();
        for pair in page.into_iter().chain(parameters).map(encoded) {
            if query.len() + 1 + pair.len() <= room {
                query.push(if query.is_empty() { '?' } else { '&' });
                query.push_str(&pair);
            }
        }
        query
    }
}

impl Sso {
    /// Begins a login: the address at the platform, and what the browser has to come back with.
    ///
    /// The address has room for the group and the user first, then for the page, then for the other parameters.
    pub(crate) fn start(
        &self,
        marketplace: &Marketplace,
        launch: &Launch<'_>,
        is_restart: bool,
        now: UtcDateTime,
    ) -> Result<Started, SealFailed> {
        let mut dropped = launch.dropped;
        let mut pending = PendingLogin::begin(launch.return_to.clone(), is_restart, now)?;
        let pairs: Vec<(bool, String)> = launch
            .parameters
            .iter()
            .map(|it| (it.is_kept, encoded((it.name.as_ref(), it.value.as_ref()))))
            .collect();
        let kept: usize = pairs.iter().filter(|(is_kept, _)| *is_kept).map(|(_, pair)| 1 + pair.len()).sum();
        let mut location = self.address(marketplace, &pending, now)?;
        if location.len() + kept > MAX_LOCATION_CHARS && pending.return_to() != &ReturnTo::home() {
            pending.forget_page();
            dropped += 1;
            location = self.address(marketplace, &pending, now)?;
        }
        let mut room = MAX_LOCATION_CHARS.saturating_sub(location.len() + kept);
        for (is_kept, pair) in pairs {
            if !is_kept {
                if 1 + pair.len() > room {
                    (dropped, room) = (dropped + 1, 0);
                    continue;
                }
                room -= 1 + pair.len();
            }
            location.push('&');
            location.push_str(&pair);
        }
        Ok(Started { location, pending, dropped })
    }

    fn address(
        &self,
        marketplace: &Marketplace,
        pending: &PendingLogin,
        now: UtcDateTime,
    ) -> Result<String, SealFailed> {
        let purpose = purpose(&self.mount, marketplace);
        let id = pending.request_id(&self.seal, &purpose, now + self.pending_lifetime())?;
        let request = AuthnRequest {
            id: &id,
            issue_instant: now,
            destination: marketplace.idp_url(),
            acs_url: marketplace.acs_url(),
            issuer: marketplace.app_id().as_str(),
            name_id_format: marketplace.name_id_format(),
        };
        Ok(request.redirect_url(std::iter::empty()))
    }

    /// How long a pending login holds, with the clock allowance: another process, with another clock, may finish it.
    pub(super) fn pending_lifetime(&self) -> Duration {
        PENDING_LOGIN_LIFETIME + self.clock_allowance
    }
}

fn encoded((name, value): (&str, &str)) -> String {
    Serializer::new(String::new()).append_pair(name, value).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed_on(query: &str, group: Option<&str>) -> Vec<(String, String)> {
        let group = group.map(|group| group.parse().unwrap());
        let launch = Launch::parse(query, "/maestrano", group.as_ref());
        launch.parameters.into_iter().map(|it| (it.name.into_owned(), it.value.into_owned())).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn all_parameters_are_passed_on_in_order() {
        assert_eq!(
            passed_on("group_id=cld-1&settings=true&a+b=c%26d&a+b=e&empty=&flag", None),
            pairs(&[
                ("group_id", "cld-1"),
                ("settings", "true"),
                ("a b", "c&d"),
                ("a b", "e"),
                ("empty", ""),
                ("flag", "")
            ])
        );
    }

    #[test]
    fn the_protocols_and_the_librarys_own_parameters_are_dropped() {
        let query = "SAMLRequest=x&samlrequest=y&RelayState=z&SigAlg=a&Signature=b&SAMLResponse=c&return%5fto=/me&x=1";
        assert_eq!(passed_on(query, None), pairs(&[("x", "1")]));
        assert_eq!(Launch::parse(query, "/maestrano", None).return_to.path("/"), "/me");
    }

    #[test]
    fn the_group_appears_once_and_comes_from_the_session_when_missing() {
        assert_eq!(
            passed_on("group_id=cld-1&group%5Fid=cld-2", Some("cld-3")),
            pairs(&[("group_id", "cld-1")])
        );
        assert_eq!(passed_on("x=1", Some("cld-3")), pairs(&[("x", "1"), ("group_id", "cld-3")]));
    }

    #[test]
    fn group_user_and_page_are_found_behind_any_number_of_parameters() {
        let query =
            format!("{}group_id=cld-1&user_uid=usr-1&return_to=/me&start_again=1", "a=b&".repeat(10_000));
        let launch = Launch::parse(&query, "/maestrano", None);
        let last = launch.parameters.iter().rev().take(2).map(|it| (it.name.as_ref(), it.value.as_ref()));
        assert_eq!(last.collect::<Vec<_>>(), [("user_uid", "usr-1"), ("group_id", "cld-1")]);
        assert_eq!((launch.return_to.as_str(), launch.start_again), ("/me", true));
        assert_eq!(launch.parameters.len() + launch.dropped, 10_002);
        assert!(
            launch.parameters.len() < 1_000
                && launch.to_query(MAX_LOCATION_CHARS).len() <= MAX_LOCATION_CHARS
        );
    }

    #[test]
    fn parameters_are_dropped_from_the_first_that_does_not_fit() {
        let query = format!("a=1&b={}&c=1", "x".repeat(MAX_LOCATION_CHARS));
        assert_eq!(passed_on(&query, None), pairs(&[("a", "1")]));
        assert_eq!(Launch::parse(&query, "/maestrano", None).dropped, 2);
    }

    #[test]
    fn an_identifier_that_is_too_long_is_dropped() {
        let (longest, too_long) = ("x".repeat(128), "x".repeat(129));
        assert_eq!(passed_on(&format!("group_id={longest}"), None), pairs(&[("group_id", &longest)]));
        assert_eq!(passed_on(&format!("group_id={too_long}&user_uid={}", "x".repeat(60_000)), None), []);
    }

    #[test]
    fn a_login_begins_again_at_its_page_and_in_its_group() {
        let group = "cld-1".parse().unwrap();
        let launch = Launch::again(ReturnTo::parse("/me?a=b", "/maestrano"), Some(&group));
        assert_eq!(launch.to_query(1_000), "?return_to=%2Fme%3Fa%3Db&group_id=cld-1");
        assert_eq!(Launch::again(ReturnTo::home(), None).to_query(1_000), "");
    }
}
