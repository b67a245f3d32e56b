//! What can go wrong, by who must act.

use std::fmt;

use http::StatusCode;

use crate::rejection::Rejection;

/// Whatever caused another error.
pub(crate) type Source = Box<dyn std::error::Error + Send + Sync>;

/// What went wrong, by who must act.
///
/// The text is for the log and the developer, never for the browser. No variant holds a secret or a URL
/// with a token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Your settings are wrong: every problem at once, each naming the setting.
    #[error(transparent)]
    Settings(#[from] Problems),

    /// This login is refused.
    #[error("the login is refused: {0}")]
    Login(#[from] Rejection),

    /// The platform was asked and said no.
    #[error("{what} answered {status}: {hint}")]
    #[non_exhaustive]
    Refused {
        /// Who was asked: `the developer platform at https://developer.example.com`.
        what: String,
        /// Its answer.
        status: StatusCode,
        /// What to do about it.
        hint: String,
    },

    /// The platform cannot be asked.
    #[error("{what} cannot be reached: {source}")]
    #[non_exhaustive]
    Unreachable {
        /// Who was to be asked, and the setting that holds its address.
        what: String,
        /// What the transport met.
        source: Source,
    },

    /// Your code failed (a method of [`PartnerApp`](crate::PartnerApp)).
    #[error("the application failed: {0}")]
    App(#[source] Source),
}

impl Error {
    pub(crate) fn refused(what: impl Into<String>, status: StatusCode, hint: impl Into<String>) -> Self {
        Self::Refused { what: what.into(), status, hint: hint.into() }
    }

    pub(crate) fn unreachable(what: impl Into<String>, source: impl Into<Source>) -> Self {
        Self::Unreachable { what: what.into(), source: source.into() }
    }
}

/// An error with all that caused it, in one line for the log.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        // Some errors print their cause themselves.
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

/// One thing that is wrong in the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The setting by its path: `MNO_DEVPL_HOST`, `marketplaces[0] (maestrano-uat) sso.x509_certificate`.
    pub setting: String,
    /// What is wrong and what to do. Never holds a secret.
    pub message: String,
}

impl Problem {
    pub(crate) fn new(setting: impl Into<String>, message: impl Into<String>) -> Self {
        Self { setting: setting.into(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.setting, self.message)
    }
}

/// Everything that is wrong in the settings, one line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The problems, in the order of the settings.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// `Ok` when there is no problem.
    pub(crate) fn none(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self(problems)) }
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<Vec<Problem>> for Problems {
    fn from(problems: Vec<Problem>) -> Self {
        Self(problems)
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => formatter.write_str("1 problem in the settings:")?,
            count => write!(formatter, "{count} problems in the settings:")?,
        }
        self.0.iter().try_for_each(|problem| write!(formatter, "\n  {problem}"))
    }
}

impl std::error::Error for Problems {}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn the_settings_error_has_a_line_for_every_problem() {
        let problems = vec![Problem::new("MNO_DEVPL_HOST", "is missing"), Problem::new("mount", "is wrong")];
        let error = Error::from(Problems::none(problems).unwrap_err());
        assert_eq!(
            error.to_string(),
            "2 problems in the settings:\n  MNO_DEVPL_HOST: is missing\n  mount: is wrong"
        );
        assert_eq!(Problems::none(Vec::new()), Ok(()));
    }

    #[test]
    fn the_cause_of_an_error_is_kept() {
        let cause = || std::io::Error::other("the disk is full");
        for error in [Error::App(Box::new(cause())), Error::unreachable("the platform", cause())] {
            assert_eq!(error.source().unwrap().to_string(), "the disk is full");
        }
    }
}
