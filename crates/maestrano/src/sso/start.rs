//! The start of a login: a request to the platform, remembered in the browser (sso.md 1.3, 1.4).

use aws_lc_rs::rand;
use time::UtcDateTime;

use super::{Logins, Refusal, ReturnTo, Sso};
use crate::config::Marketplace;
use crate::ids::GroupId;
use crate::saml::request::AuthnRequest;
use crate::seal::SealFailed;

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

/// What the query of the init route says.
#[derive(Debug)]
pub(crate) struct Launch {
    return_to: ReturnTo,
    start_again: bool,
    parameters: Vec<(String, String)>,
}

impl Launch {
    /// The parameter that names the group.
    pub(crate) const GROUP: &str = "group_id";
    /// The library's own parameter for the page to go to after the login.
    pub(crate) const RETURN_TO: &str = "return_to";
    /// Set by the link on the page that stops a login from going in circles.
    pub(crate) const START_AGAIN: &str = "start_again";

    /// Reads the query. All parameters go on to the platform, but the protocol's and the library's own; the
    /// group only once, and if it is missing, `group` stands in, so that somebody who comes back lands in the
    /// same group.
    pub(crate) fn parse(query: &str, mount: &str, group: Option<&GroupId>) -> Self {
        let mut return_to = ReturnTo::home();
        let mut start_again = false;
        let mut parameters: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if name == Self::RETURN_TO {
                return_to = ReturnTo::parse(&value, mount);
            }
            start_again |= name == Self::START_AGAIN;
            let again = name == Self::GROUP && parameters.iter().any(|(name, _)| name == Self::GROUP);
            if !again && !OWN.iter().any(|own| own.eq_ignore_ascii_case(&name)) {
                parameters.push((name.into_owned(), value.into_owned()));
            }
        }
        if let (Some(group), false) = (group, parameters.iter().any(|(name, _)| name == Self::GROUP)) {
            parameters.push((Self::GROUP.to_owned(), group.to_string()));
        }
        Self { return_to, start_again, parameters }
    }
}

impl Sso {
    /// Begins a login: the address at the platform, and one more login that this browser has begun.
    ///
    /// A browser that goes in circles is stopped until the person asks to start again.
    pub(crate) fn start(
        &self,
        marketplace: &Marketplace,
        launch: &Launch,
        logins: &mut Logins,
        now: UtcDateTime,
    ) -> Result<String, Refusal> {
        if launch.start_again {
            logins.start_again();
        }
        if logins.go_in_circles(now) {
            return Err(Refusal::Circles);
        }
        let mut random = [0; 20];
        rand::fill(&mut random).map_err(|_| Refusal::Broken(SealFailed))?;
        let id = AuthnRequest::id_from(random);
        logins.begin(&id, marketplace.name(), launch.return_to.clone(), now);
        let request = AuthnRequest {
            id: &id,
            issue_instant: now,
            destination: marketplace.idp_url(),
            acs_url: marketplace.acs_url(),
            issuer: marketplace.app_id().as_str(),
            name_id_format: marketplace.name_id_format(),
        };
        Ok(request
            .redirect_url(launch.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed_on(query: &str, group: Option<&str>) -> Vec<(String, String)> {
        let group = group.map(|group| group.parse().unwrap());
        Launch::parse(query, "/maestrano", group.as_ref()).parameters
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
        let query =
            "SAMLRequest=x&samlrequest=y&RelayState=z&SigAlg=a&Signature=b&SAMLResponse=c&return_to=/me&x=1";
        assert_eq!(passed_on(query, None), pairs(&[("x", "1")]));
        assert_eq!(Launch::parse(query, "/maestrano", None).return_to.path("/"), "/me");
    }

    #[test]
    fn the_group_appears_once_and_comes_from_the_session_when_missing() {
        assert_eq!(
            passed_on("group_id=cld-1&group_id=cld-2", Some("cld-3")),
            pairs(&[("group_id", "cld-1")])
        );
        assert_eq!(passed_on("x=1", Some("cld-3")), pairs(&[("x", "1"), ("group_id", "cld-3")]));
    }
}
