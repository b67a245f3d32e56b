//! Who signed in: the user, the group that the user acts for, and the part that the user plays in it.

use std::collections::HashSet;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::json;
use time::UtcDateTime;

use crate::clock;
use crate::config::CreationMode;
use crate::ids::{GroupId, MarketplaceName, OrganizationId, ResellerId, UserId};
use crate::rejection::Rejection;
use crate::saml::Assertion;
use crate::secret::SessionToken;

/// A verified login.
///
/// Only a verified assertion becomes one. What the platform did not say, or said in a way that cannot be
/// understood, is absent; the text as it came can be asked for by [`attribute`](Self::attribute).
#[derive(Clone)]
pub struct Login {
    user: User,
    group: Group,
    role: Role,
    reseller: Option<Reseller>,
    token: SessionToken,
    recheck: UtcDateTime,
    marketplace: MarketplaceName,
    creation_mode: CreationMode,
    attributes: Attributes,
}

impl Login {
    /// The login that an assertion of a marketplace tells of.
    ///
    /// # Errors
    ///
    /// `uid`, `group_uid`, `mno_session` or `mno_session_recheck` is absent or empty, an identifier is not
    /// one, or the assertion names two different users (security.md 1.9).
    pub fn from_assertion(
        assertion: &Assertion,
        marketplace: &MarketplaceName,
        mode: CreationMode,
    ) -> Result<Self, Rejection> {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let attributes = Attributes(assertion.attributes().map(owned).collect());
        let login = Self::read(attributes, marketplace.clone(), mode)?;
        let name_id = assertion.name_id();
        if name_id == login.user.id.as_str() || name_id == login.user.virtual_id.as_str() {
            Ok(login)
        } else {
            Err(Rejection::IdentityMismatch { name: "NameID" })
        }
    }

    /// Who signed in.
    #[must_use]
    pub const fn user(&self) -> &User {
        &self.user
    }

    /// The group that the user acts for.
    #[must_use]
    pub const fn group(&self) -> &Group {
        &self.group
    }

    /// What the user may do in the group.
    #[must_use]
    pub const fn role(&self) -> &Role {
        &self.role
    }

    /// That this user belongs to this group, in this role.
    #[must_use]
    pub fn membership(&self) -> Membership {
        Membership { user: self.user.id().clone(), group: self.group.id.clone(), role: self.role.clone() }
    }

    /// The reseller who opened the application on behalf of the user, usually none.
    #[must_use]
    pub const fn reseller(&self) -> Option<&Reseller> {
        self.reseller.as_ref()
    }

    /// The token of the session at the platform.
    #[must_use]
    pub const fn token(&self) -> &SessionToken {
        &self.token
    }

    /// When the platform wants to be asked whether the session goes on. A time that cannot be understood is
    /// long past: the platform is asked soon.
    #[must_use]
    pub const fn recheck(&self) -> UtcDateTime {
        self.recheck
    }

    /// The marketplace that the login came from.
    #[must_use]
    pub const fn marketplace(&self) -> &MarketplaceName {
        &self.marketplace
    }

    /// Whether the application has one user per person, or one per person and group.
    #[must_use]
    pub const fn creation_mode(&self) -> CreationMode {
        self.creation_mode
    }

    /// An attribute of the assertion as it came (sso.md 1.11); none when it is absent or empty.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.text(name)
    }

    /// The attributes that this library does not know, in their order.
    pub fn unknown_attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        let unknown = self.attributes.0.iter().filter(|(name, _)| !KNOWN_ATTRIBUTES.contains(&name.as_str()));
        unknown.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// All attributes, in the order of the assertion.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The same login without some of its attributes, none of which is required.
    pub(crate) fn without(&self, names: &[String]) -> Self {
        let names: HashSet<&str> = names.iter().map(String::as_str).collect();
        let mut login = self.clone();
        login.attributes.0.retain(|(name, _)| !names.contains(name.as_str()));
        login
    }

    /// The login that these attributes of a verified assertion tell of.
    pub(crate) fn from_attributes(
        attributes: Vec<(String, String)>,
        marketplace: &MarketplaceName,
        mode: CreationMode,
    ) -> Result<Self, Rejection> {
        Self::read(Attributes(attributes), marketplace.clone(), mode)
    }

    fn read(
        attributes: Attributes,
        marketplace: MarketplaceName,
        mode: CreationMode,
    ) -> Result<Self, Rejection> {
        let group = Group::read(&attributes)?;
        let user = User::read(&attributes, &group.id, mode)?;
        let token = SessionToken::new(attributes.required("mno_session")?);
        attributes.required("mno_session_recheck")?;
        Ok(Self {
            role: Role::read(attributes.text("group_role")),
            reseller: Reseller::read(&attributes),
            recheck: attributes.time("mno_session_recheck").unwrap_or(UtcDateTime::UNIX_EPOCH),
            user,
            group,
            token,
            marketplace,
            creation_mode: mode,
            attributes,
        })
    }
}

/// The login as the hash that the Ruby SDK hands to applications (sso.md 1.12). What is absent is null.
///
/// It holds the session token: do not show it, and do not log it. Nothing reads a login back from it, because
/// only a verified assertion becomes one.
impl Serialize for Login {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { user, group, .. } = self;
        json!({
            "provider": "maestrano",
            "uid": user.id(),
            "info": {
                "email": user.email(),
                "first_name": user.first_name,
                "last_name": user.last_name,
                "country": user.country,
                "company_name": user.company_name,
            },
            "extra": {
                "uid": user.id,
                "virtual_uid": user.virtual_id,
                "real_email": user.real_email,
                "virtual_email": user.virtual_email,
                "group": { "uid": group.id, "name": group.name, "role": self.role.as_str() },
                "session": {
                    "uid": user.id,
                    "token": self.token.expose(),
                    "recheck": self.attribute("mno_session_recheck"),
                    "group_uid": group.id,
                },
            },
        })
        .serialize(serializer)
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Login")
            .field("user", &self.user.id)
            .field("group", &self.group.id)
            .field("role", &self.role)
            .field("marketplace", &self.marketplace)
            .finish_non_exhaustive()
    }
}

/// A person, as the application shall know her.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    id: UserId,
    virtual_id: UserId,
    real_email: Option<String>,
    virtual_email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    country: Option<String>,
    company_name: Option<String>,
    creation_mode: CreationMode,
}

impl User {
    /// The identifier to keep: by the marketplace's creation mode the real or the virtual one.
    #[must_use]
    pub const fn id(&self) -> &UserId {
        match self.creation_mode {
            CreationMode::Virtual => &self.virtual_id,
            _ => &self.id,
        }
    }

    /// The person (`usr-1`), the same in every group.
    #[must_use]
    pub const fn real_id(&self) -> &UserId {
        &self.id
    }

    /// The person in this group (`usr-1.cld-1`).
    #[must_use]
    pub const fn virtual_id(&self) -> &UserId {
        &self.virtual_id
    }

    /// The e-mail address to keep, by the marketplace's creation mode. No mail can be sent to a virtual one.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        match self.creation_mode {
            CreationMode::Virtual => self.virtual_email(),
            _ => self.real_email(),
        }
    }

    /// The person's own e-mail address.
    #[must_use]
    pub fn real_email(&self) -> Option<&str> {
        self.real_email.as_deref()
    }

    /// The address that is unique to the person in this group. No mail can be sent to it.
    #[must_use]
    pub fn virtual_email(&self) -> Option<&str> {
        self.virtual_email.as_deref()
    }

    /// The first name.
    #[must_use]
    pub fn first_name(&self) -> Option<&str> {
        self.first_name.as_deref()
    }

    /// The last name.
    #[must_use]
    pub fn last_name(&self) -> Option<&str> {
        self.last_name.as_deref()
    }

    /// The person's country, two letters (ISO 3166).
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }

    /// The company that the person named when signing up.
    #[must_use]
    pub fn company_name(&self) -> Option<&str> {
        self.company_name.as_deref()
    }

    fn read(
        attributes: &Attributes,
        group: &GroupId,
        creation_mode: CreationMode,
    ) -> Result<Self, Rejection> {
        let id: UserId =
            attributes.required("uid")?.parse().map_err(|_| Rejection::Identifier { name: "uid" })?;
        let virtual_id = id.virtual_in(group);
        if attributes.text("mno_uid").is_some_and(|other| other != id.as_str()) {
            return Err(Rejection::IdentityMismatch { name: "mno_uid" });
        }
        if attributes.text("virtual_uid").is_some_and(|other| other != virtual_id.as_str()) {
            return Err(Rejection::IdentityMismatch { name: "virtual_uid" });
        }
        Ok(Self {
            id,
            virtual_id,
            real_email: attributes.owned("email"),
            virtual_email: attributes.owned("virtual_email"),
            first_name: attributes.owned("name"),
            last_name: attributes.owned("surname"),
            country: attributes.owned("country"),
            company_name: attributes.owned("company_name"),
            creation_mode,
        })
    }
}

/// A customer's account: the application's tenant, and who pays.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Group {
    id: GroupId,
    name: Option<String>,
    email: Option<String>,
    free_trial_end: Option<UtcDateTime>,
    has_credit_card: Option<bool>,
    company_name: Option<String>,
    currency: Option<String>,
    timezone: Option<String>,
    country: Option<String>,
    city: Option<String>,
    organization: Option<OrganizationId>,
    reseller: Option<ResellerId>,
}

impl Group {
    /// The identifier. A customer who removes the application and adds it again is a new group.
    #[must_use]
    pub const fn id(&self) -> &GroupId {
        &self.id
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The address for mail about the account.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// When the free trial ends, or ended.
    #[must_use]
    pub const fn free_trial_end(&self) -> Option<UtcDateTime> {
        self.free_trial_end
    }

    /// Whether the platform can charge the customer.
    #[must_use]
    pub const fn has_credit_card(&self) -> Option<bool> {
        self.has_credit_card
    }

    /// The company that the user named when signing up.
    #[must_use]
    pub fn company_name(&self) -> Option<&str> {
        self.company_name.as_deref()
    }

    /// The currency, three letters (ISO 4217).
    #[must_use]
    pub fn currency(&self) -> Option<&str> {
        self.currency.as_deref()
    }

    /// The time zone by its IANA name (`America/Los_Angeles`).
    #[must_use]
    pub fn timezone(&self) -> Option<&str> {
        self.timezone.as_deref()
    }

    /// The country, two letters (ISO 3166). It is the group's own; the Ruby SDK gives the user's here.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }

    /// The city.
    #[must_use]
    pub fn city(&self) -> Option<&str> {
        self.city.as_deref()
    }

    /// The organization at the marketplace, which may have several groups.
    #[must_use]
    pub const fn organization(&self) -> Option<&OrganizationId> {
        self.organization.as_ref()
    }

    /// The reseller who looks after the group.
    #[must_use]
    pub const fn reseller(&self) -> Option<&ResellerId> {
        self.reseller.as_ref()
    }

    fn read(attributes: &Attributes) -> Result<Self, Rejection> {
        let id = attributes.required("group_uid")?;
        Ok(Self {
            id: id.parse().map_err(|_| Rejection::Identifier { name: "group_uid" })?,
            name: attributes.owned("group_name"),
            email: attributes.owned("group_email"),
            free_trial_end: attributes.time("group_end_free_trial"),
            has_credit_card: match attributes.text("group_has_credit_card") {
                Some("true") => Some(true),
                Some("false") => Some(false),
                _ => None,
            },
            company_name: attributes.owned("company_name"),
            currency: attributes.owned("group_currency"),
            timezone: attributes.owned("group_timezone"),
            country: attributes.owned("group_country"),
            city: attributes.owned("group_city"),
            organization: attributes.text("group_org_uid").and_then(|id| id.parse().ok()),
            reseller: attributes.text("group_reseller_id").and_then(|id| id.parse().ok()),
        })
    }
}

/// That a user belongs to a group, in a role.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Membership {
    /// The user, by the marketplace's creation mode.
    pub user: UserId,
    /// The group.
    pub group: GroupId,
    /// What the user may do there.
    pub role: Role,
}

/// What a user may do in a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// `Guest`, or no role at all: the least.
    Guest,
    /// `Member`.
    Member,
    /// `Power User`.
    PowerUser,
    /// `Admin`.
    Admin,
    /// `Super Admin`: the owner of the account.
    SuperAdmin,
    /// A role that this library does not know, as it came.
    Other(String),
}

impl Role {
    /// The role as the platform writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Guest => "Guest",
            Self::Member => "Member",
            Self::PowerUser => "Power User",
            Self::Admin => "Admin",
            Self::SuperAdmin => "Super Admin",
            Self::Other(name) => name,
        }
    }

    fn read(name: Option<&str>) -> Self {
        match name {
            None | Some("Guest") => Self::Guest,
            Some("Member") => Self::Member,
            Some("Power User") => Self::PowerUser,
            Some("Admin") => Self::Admin,
            Some("Super Admin") => Self::SuperAdmin,
            Some(other) => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A reseller who opened the application for a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reseller {
    /// The reseller.
    pub id: ResellerId,
    /// The reseller's name.
    pub name: Option<String>,
    /// The reseller's country, two letters (ISO 3166).
    pub country: Option<String>,
}

impl Reseller {
    fn read(attributes: &Attributes) -> Option<Self> {
        Some(Self {
            id: attributes.text("reseller_id")?.parse().ok()?,
            name: attributes.owned("reseller_name"),
            country: attributes.owned("reseller_country"),
        })
    }
}

/// The attributes that the contract names (sso.md 1.11).
pub(crate) const KNOWN_ATTRIBUTES: [&str; 28] = [
    "mno_uid",
    "mno_session",
    "mno_session_recheck",
    "group_uid",
    "group_name",
    "group_end_free_trial",
    "group_role",
    "group_has_credit_card",
    "group_email",
    "group_currency",
    "group_timezone",
    "group_country",
    "group_city",
    "group_reseller_id",
    "group_org_uid",
    "reseller_id",
    "reseller_name",
    "reseller_country",
    "uid",
    "virtual_uid",
    "email",
    "virtual_email",
    "name",
    "surname",
    "country",
    "company_name",
    "app_owner",
    "organizations",
];

/// Names and texts in the order of the assertion; no name twice.
#[derive(Clone)]
struct Attributes(Vec<(String, String)>);

impl Attributes {
    fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    fn owned(&self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    fn time(&self, name: &str) -> Option<UtcDateTime> {
        clock::instant(self.text(name)?)
    }

    fn required(&self, name: &'static str) -> Result<&str, Rejection> {
        self.text(name).ok_or(Rejection::AttributeMissing { name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(user: &str) -> Vec<(String, String)> {
        let attributes = [
            ("uid", user),
            ("group_uid", "cld-1"),
            ("mno_session", "token"),
            ("mno_session_recheck", "2026-11-23T10:03:00Z"),
            ("group_role", "Admin"),
            ("zeta", "1"),
            ("eta", "2"),
        ];
        attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    fn login(user: &str) -> Result<Login, Rejection> {
        Login::from_attributes(attributes(user), &"one".parse().unwrap(), CreationMode::Real)
    }

    #[test]
    fn attributes_that_are_taken_away_change_nothing_else() {
        let whole = login("usr-1").unwrap();
        let login = whole.without(&["eta".to_owned()]);
        assert_eq!((login.user(), login.group(), login.role()), (whole.user(), whole.group(), whole.role()));
        assert_eq!(login.unknown_attributes().collect::<Vec<_>>(), [("zeta", "1")]);
    }

    #[test]
    fn an_identifier_is_checked_whenever_a_login_is_read() {
        assert!(matches!(login("usr 1"), Err(Rejection::Identifier { name: "uid" })));
    }
}
