//! From a verified assertion to the login: user, group, role, and that they agree.

use maestrano::config::CreationMode;
use maestrano::{Login, Rejection, Role};
use time::UtcDateTime;
use time::macros::utc_datetime;

use crate::kit::{ATTRIBUTES, Draft, attribute};

fn login(draft: &Draft) -> Result<Login, Rejection> {
    login_as(draft, CreationMode::Real)
}

fn login_as(draft: &Draft, mode: CreationMode) -> Result<Login, Rejection> {
    Login::from_assertion(&draft.verified().unwrap(), &"uat".parse().unwrap(), mode)
}

/// A draft in which an attribute has another value.
fn with(name: &str, value: &str) -> Draft {
    let (_, old) = ATTRIBUTES.iter().find(|(known, _)| *known == name).unwrap();
    Draft::new().before(&attribute(name, old), &attribute(name, value))
}

fn with_more(attributes: &[(&str, &str)]) -> Draft {
    let all: Vec<_> = ATTRIBUTES.iter().chain(attributes).copied().collect();
    Draft::of(&all)
}

fn without(name: &str) -> Draft {
    let left: Vec<_> = ATTRIBUTES.iter().filter(|(known, _)| *known != name).copied().collect();
    Draft::of(&left)
}

#[test]
fn a_login_says_who_signed_in_where_and_as_what() {
    let login = login(&Draft::new()).unwrap();
    let user = login.user();
    assert_eq!(user.id().as_str(), "usr-1");
    assert_eq!(user.real_id().as_str(), "usr-1");
    assert_eq!(user.virtual_id().as_str(), "usr-1.cld-1");
    assert_eq!(user.email(), Some("zoe@example.com"));
    assert_eq!((user.first_name(), user.last_name()), (Some("Zoë"), Some("O'Neil")));
    assert_eq!((user.country(), user.company_name()), (Some("NZ"), None));
    let group = login.group();
    assert_eq!(group.id().as_str(), "cld-1");
    assert_eq!((group.name(), group.email()), (Some("Acme & Sons"), Some("cld-1@example.com")));
    assert_eq!((group.currency(), group.timezone()), (Some("AUD"), Some("Australia/Sydney")));
    assert_eq!((group.country(), group.city()), (Some("AU"), Some("Sydney")));
    assert_eq!(group.free_trial_end(), Some(utc_datetime!(2026-04-01 10:00)));
    assert_eq!((group.has_credit_card(), group.company_name()), (Some(true), None));
    assert_eq!(group.reseller().map(AsRef::as_ref), Some("rsl-9"));
    assert_eq!((login.role(), login.reseller(), group.organization()), (&Role::SuperAdmin, None, None));
    assert_eq!(login.recheck(), utc_datetime!(2026-03-01 10:03));
    assert_eq!(login.marketplace().as_str(), "uat");
    assert_eq!(login.token().expose(), "token-of-the-session");
}

#[test]
fn in_virtual_mode_the_user_is_the_one_of_the_group() {
    let login = login_as(&Draft::new(), CreationMode::Virtual).unwrap();
    assert_eq!(login.user().id().as_str(), "usr-1.cld-1");
    assert_eq!(login.user().real_id().as_str(), "usr-1");
    assert_eq!(login.user().email(), Some("usr-1.cld-1@mail.example.com"));
    assert_eq!(login.user().real_email(), Some("zoe@example.com"));
    assert_eq!(login.membership().user.as_str(), "usr-1.cld-1");
    let hash = serde_json::to_value(&login).unwrap();
    assert_eq!((hash["uid"].as_str(), hash["extra"]["uid"].as_str()), (Some("usr-1.cld-1"), Some("usr-1")));
}

#[test]
fn everything_else_may_be_missing_or_empty() {
    let needed = ["uid", "group_uid", "mno_session", "mno_session_recheck"];
    let few: Vec<_> = ATTRIBUTES.iter().filter(|(name, _)| needed.contains(name)).copied().collect();
    let empty: Vec<_> = ATTRIBUTES
        .iter()
        .map(|(name, value)| (*name, if needed.contains(name) { value } else { "" }))
        .collect();
    for draft in [Draft::of(&few), Draft::of(&empty)] {
        let login = login(&draft).unwrap();
        assert_eq!((login.user().email(), login.group().name(), login.role()), (None, None, &Role::Guest));
        assert_eq!(login.user().virtual_id().as_str(), "usr-1.cld-1");
    }
}

#[test]
fn the_subject_may_be_the_user_of_the_group_and_mno_uid_may_be_missing() {
    assert!(login(&Draft::new().before(">usr-1</NameID>", ">usr-1.cld-1</NameID>")).is_ok());
    assert!(login(&without("mno_uid")).is_ok());
}

#[test]
fn an_optional_value_that_cannot_be_understood_is_absent_and_can_be_asked_for() {
    for (name, value) in
        [("group_end_free_trial", "soon"), ("group_has_credit_card", "yes"), ("group_reseller_id", "r 1")]
    {
        let login = login(&with(name, value)).unwrap();
        assert_eq!(login.attribute(name), Some(value));
        let group = login.group();
        let absent = match name {
            "group_end_free_trial" => group.free_trial_end().is_none(),
            "group_has_credit_card" => group.has_credit_card().is_none(),
            _ => group.reseller().is_none(),
        };
        assert!(absent, "{name}");
    }
}

#[test]
fn a_recheck_that_is_no_time_is_due_at_once() {
    assert_eq!(login(&with("mno_session_recheck", "later")).unwrap().recheck(), UtcDateTime::UNIX_EPOCH);
    let fraction = login(&with("mno_session_recheck", "2026-03-01T11:03:00.250+01:00")).unwrap();
    assert_eq!(fraction.recheck(), utc_datetime!(2026-03-01 10:03:00.25));
}

#[test]
fn a_role_is_one_of_the_platforms_or_told_as_it_is() {
    let role = |name: &str| login(&with("group_role", name)).unwrap().role().clone();
    assert_eq!(role("Guest"), Role::Guest);
    assert_eq!(role("Member"), Role::Member);
    assert_eq!(role("Power User"), Role::PowerUser);
    assert_eq!(role("Admin"), Role::Admin);
    assert_eq!(role("Super Admin"), Role::SuperAdmin);
    assert_eq!(role("Bookkeeper"), Role::Other("Bookkeeper".to_owned()));
    assert_eq!(role("admin"), Role::Other("admin".to_owned()));
}

#[test]
fn a_reseller_is_there_when_the_platform_names_one() {
    let draft = with_more(&[("reseller_id", "rsl-1"), ("reseller_name", "Blue"), ("reseller_country", "")]);
    let login = login(&draft).unwrap();
    let reseller = login.reseller().unwrap();
    assert_eq!((reseller.id.as_str(), reseller.name.as_deref()), ("rsl-1", Some("Blue")));
    assert_eq!(reseller.country, None);
}

#[test]
fn unknown_attributes_are_kept_in_order() {
    let draft = with_more(&[("zeta", "1"), ("alpha", "2"), ("group_org_uid", "org-fbba")]);
    let login = login(&draft).unwrap();
    assert_eq!(login.unknown_attributes().collect::<Vec<_>>(), [("zeta", "1"), ("alpha", "2")]);
    assert_eq!(login.group().organization().map(AsRef::as_ref), Some("org-fbba"));
    assert_eq!(login.attribute("zeta"), Some("1"));
    assert_eq!(login.attribute("app_owner"), Some("true"));
}

#[test]
fn an_attribute_of_an_assertion_is_found_by_its_name() {
    let assertion = with_more(&[("zeta", "1")]).verified().unwrap();
    assert_eq!((assertion.attribute("uid"), assertion.attribute("zeta")), (Some("usr-1"), Some("1")));
    assert_eq!((assertion.attribute("eta"), assertion.attribute("")), (None, None));
}

#[test]
fn a_login_does_not_print_its_token() {
    let printed = format!("{:?}", login(&Draft::new()).unwrap());
    assert!(printed.contains("usr-1") && !printed.contains("token-of"), "{printed}");
}
