//! What the doctor has found, for people and for programs.

use std::fmt;

use maestrano::saml::Finding;
use maestrano::{Login, Rejection};
use serde_json::{Value, json};
use time::UtcDateTime;
use time::format_description::well_known::Rfc3339;

use super::occasion::Occasion;

/// The checks of a response, and who signed in when all have passed.
pub(super) struct Report {
    checks: Vec<Checked>,
    /// With the request that it answers.
    login: Option<(Login, String)>,
    acs_url: String,
    now: UtcDateTime,
}

struct Checked {
    code: &'static str,
    /// What holds when the check passed.
    rule: String,
    found: Option<String>,
    rejection: Option<Rejection>,
}

impl Report {
    /// The login is what became of the verified assertion; none when there is none.
    pub(super) fn new(
        findings: Vec<Finding>,
        login: Option<Result<(Login, String), Rejection>>,
        occasion: &Occasion,
    ) -> Self {
        let checked = |finding: Finding| Checked {
            code: finding.check.code(),
            rule: finding.check.to_string(),
            found: finding.found,
            rejection: finding.rejection,
        };
        let mut checks: Vec<Checked> = findings.into_iter().map(checked).collect();
        let (login, rejection) = match login {
            Some(Ok(login)) => (Some(login), None),
            Some(Err(rejection)) => (None, Some(rejection)),
            None => (None, None),
        };
        if login.is_some() || rejection.is_some() {
            let rule = "the assertion names one user, one group and a session".to_owned();
            checks.push(Checked { code: "login", rule, found: None, rejection });
        }
        Self { checks, login, acs_url: occasion.acs_url.clone(), now: occasion.now }
    }

    /// Why the response is refused: the first reason, the one that the application gives.
    pub(super) fn rejection(&self) -> Option<Rejection> {
        self.checks.iter().find_map(|check| check.rejection.clone())
    }

    pub(super) fn to_json(&self) -> Value {
        let check = |check: &Checked| {
            json!({
                "check": check.code,
                "passed": check.rejection.is_none(),
                "rule": check.rule,
                "found": check.found,
                "rejection": check.rejection.as_ref().map(Rejection::code),
                "reason": check.rejection.as_ref().map(ToString::to_string),
            })
        };
        json!({
            "accepted": self.rejection().is_none(),
            "rejection": self.rejection().map(|rejection| rejection.code()),
            "acs": self.acs_url,
            "at": self.at(),
            "checks": self.checks.iter().map(check).collect::<Vec<_>>(),
            "login": self.login.as_ref().map(|(login, request)| json!({
                "user": login.user().id(),
                "group": login.group().id(),
                "request": request,
            })),
        })
    }

    fn at(&self) -> String {
        self.now.format(&Rfc3339).unwrap_or_else(|_| self.now.to_string())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "A response to {}, at {}:", self.acs_url, self.at())?;
        for check in &self.checks {
            let outcome = if check.rejection.is_none() { "passed" } else { "FAILED" };
            writeln!(formatter, "  {outcome}  {}", check.rule)?;
            if let Some(rejection) = &check.rejection {
                writeln!(formatter, "          {rejection} ({})", rejection.code())?;
                if let Some(found) = &check.found {
                    writeln!(formatter, "          it says: {found}")?;
                }
            }
        }
        if let Some((login, request)) = &self.login {
            let (user, group) = (login.user().id(), login.group().id());
            writeln!(formatter, "{user} of {group} signs in; the answer to request {request}")?;
        }
        Ok(())
    }
}
