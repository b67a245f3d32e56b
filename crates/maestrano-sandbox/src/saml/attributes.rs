//! What a response says about a user and a group (sso.md 1.11).

use crate::store::{Group, Person};

/// The reseller of every group, as the original platform has it.
const RESELLER_ID: &str = "rsl-449s8fsd";

/// One user entering one group's app.
pub(crate) struct Login<'a> {
    pub(crate) person: &'a Person,
    pub(crate) group: &'a Group,
    pub(crate) role: &'a str,
    /// The user's session token.
    pub(crate) session: &'a str,
    /// When the app has to ask whether the session still holds, as it goes over the wire.
    pub(crate) recheck: &'a str,
    pub(crate) launched_by: LaunchedBy,
}

/// Who clicked the tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LaunchedBy {
    Customer,
    Reseller,
}

impl Login<'_> {
    /// Names and values in the order of the wire.
    pub(crate) fn attributes(&self) -> Vec<(&'static str, String)> {
        let Self { person, group, role, session, recheck, launched_by } = self;
        let virtual_uid = format!("{}.{}", person.id, group.id);
        let virtual_email = format!("{virtual_uid}@mno-api-sandbox-mail.maestrano.com");
        let mut attributes = vec![
            ("mno_uid", person.id.as_str()),
            ("mno_session", session),
            ("mno_session_recheck", recheck),
            ("group_uid", &group.id),
            ("group_name", &group.name),
            ("group_end_free_trial", &group.free_trial_end),
            ("group_role", role),
            ("group_has_credit_card", "false"),
            ("group_email", &group.email),
            ("group_currency", &group.currency),
            ("group_timezone", &group.timezone),
            ("group_country", &group.country),
            ("group_city", &group.city),
            ("group_reseller_id", RESELLER_ID),
        ];
        if *launched_by == LaunchedBy::Reseller {
            attributes.extend([
                ("reseller_id", RESELLER_ID),
                ("reseller_name", "Blue Consulting"),
                ("reseller_country", "AU"),
            ]);
        }
        attributes.extend([
            ("uid", person.id.as_str()),
            ("virtual_uid", &virtual_uid),
            ("email", &person.email),
            ("virtual_email", &virtual_email),
            ("name", &person.name),
            ("surname", &person.surname),
            ("country", &person.country),
            ("company_name", &person.company),
            ("app_owner", "true"),
            ("organizations", "{}"),
        ]);
        attributes.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
    }
}
