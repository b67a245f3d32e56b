//! What a response was checked for, one check after the other: the verifier, talking.

use std::borrow::Cow;
use std::fmt;

use time::UtcDateTime;

use crate::rejection::Rejection;
use crate::saml::response::{Expectations, examine};

/// Goes on for longer than [`verify`](super::verify), and tells of every check, in the order in which they
/// were made.
///
/// It is the verifier itself that reports, so both agree: a response is accepted when no finding holds a
/// rejection, and the first rejection is the one that `verify` gives. Where the response was meant for
/// another occasion (time, address, audience, request) the checks go on; where nothing more can be said they
/// end. Nothing that the signature covers is looked at unless the signature is right.
///
/// This is for people who look into a login that fails. It gives no [`Assertion`](super::Assertion).
#[must_use]
pub fn explain(form_value: &[u8], expectations: &Expectations<'_>, now: UtcDateTime) -> Vec<Finding> {
    let mut findings = Findings(Vec::new());
    // The findings hold the outcome.
    let _ = examine(form_value, expectations, now, &mut findings);
    findings.0
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The check.
    pub check: Check,
    /// What the response says where the check looked: an address, a time, a request, the first audience;
    /// printable, at most 200 characters. Never an attribute of the user. Destination and the response's own
    /// request need not be covered by the signature.
    pub found: Option<String>,
    /// Why the check failed; none when it passed.
    pub rejection: Option<Rejection>,
}

/// A check of the verifier, in their order.
///
/// Printed it is a sentence that says what holds when the check passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Check {
    /// Base64 of UTF-8 text, not too long (security.md 1.2).
    Field,
    /// XML without what is not needed, and within bounds (security.md 1.3).
    Xml,
    /// A response of version 2.0 with one assertion and one signature in their places, and success (security.md
    /// 1.4 to 1.6).
    Envelope,
    /// The form and the algorithms of the signature (security.md 1.6, 1.7).
    SignatureForm,
    /// Trust, signature and digest (security.md 1.7, 1.8).
    Signature,
    /// The address that the response was sent to.
    Destination,
    /// Whether the response answers any request.
    Solicited,
    /// How the subject is confirmed.
    ConfirmationMethod,
    /// The address that the assertion was made for.
    Recipient,
    /// The end of the confirmation.
    ConfirmationEnd,
    /// The beginning of the confirmation, when it has one.
    ConfirmationStart,
    /// The beginning of the conditions, when they have one.
    ConditionsStart,
    /// The end of the conditions.
    ConditionsEnd,
    /// A restriction of the audience.
    Audience,
    /// A condition that nobody knows.
    Conditions,
    /// The form of the assertion, and that no attribute comes twice (security.md 1.9).
    Assertion,
    /// The request that was answered.
    Request,
    /// The second opinion (feature `samael`).
    SecondVerifier,
}

impl Check {
    /// A stable name in snake case.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Field => "field",
            Self::Xml => "xml",
            Self::Envelope => "envelope",
            Self::SignatureForm => "signature_form",
            Self::Signature => "signature",
            Self::Destination => "destination",
            Self::Solicited => "solicited",
            Self::ConfirmationMethod => "confirmation_method",
            Self::Recipient => "recipient",
            Self::ConfirmationEnd => "confirmation_end",
            Self::ConfirmationStart => "confirmation_start",
            Self::ConditionsStart => "conditions_start",
            Self::ConditionsEnd => "conditions_end",
            Self::Audience => "audience",
            Self::Conditions => "conditions",
            Self::Assertion => "assertion",
            Self::Request => "request",
            Self::SecondVerifier => "second_verifier",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Field => "the form field holds base64 of UTF-8 text",
            Self::Xml => "the text is plain XML within the bounds",
            Self::Envelope => {
                "it is a successful response with one assertion and one signature in their places"
            }
            Self::SignatureForm => "the signature has the accepted form and algorithms",
            Self::Signature => "the signature was made with a trusted key, over exactly this text",
            Self::Destination => "the response was sent to this consume address",
            Self::Solicited => "the response answers a request",
            Self::ConfirmationMethod => "the subject is confirmed as the bearer",
            Self::Recipient => "the assertion was made for this consume address",
            Self::ConfirmationEnd => "the confirmation of the subject has not ended",
            Self::ConfirmationStart => "the confirmation of the subject has begun",
            Self::ConditionsStart => "the assertion is valid already",
            Self::ConditionsEnd => "the assertion is still valid",
            Self::Audience => "the assertion was made for this audience",
            Self::Conditions => "every condition of the assertion is a known one",
            Self::Assertion => "the assertion holds what it must, once, and nothing else",
            Self::Request => "response and assertion answer the request that was expected",
            Self::SecondVerifier => "the second verifier agrees",
        })
    }
}

/// Who hears of the checks.
pub(crate) trait Report {
    /// A check that the others do not rest on: whether it is broken, and what was found there. An error ends
    /// the verification.
    fn rule<'a>(
        &mut self,
        check: Check,
        broken: Option<Rejection>,
        found: impl FnOnce() -> Option<Cow<'a, str>>,
    ) -> Result<(), Rejection>;

    /// A check whose result the others need.
    fn step<T>(&mut self, check: Check, outcome: Result<T, Rejection>) -> Result<T, Rejection>;
}

/// Ends at the first rejection, and costs nothing.
pub(crate) struct FirstFault;

impl Report for FirstFault {
    fn rule<'a>(
        &mut self,
        _: Check,
        broken: Option<Rejection>,
        _: impl FnOnce() -> Option<Cow<'a, str>>,
    ) -> Result<(), Rejection> {
        broken.map_or(Ok(()), Err)
    }

    fn step<T>(&mut self, _: Check, outcome: Result<T, Rejection>) -> Result<T, Rejection> {
        outcome
    }
}

/// Writes everything down, and goes on where it can.
struct Findings(Vec<Finding>);

impl Report for Findings {
    fn rule<'a>(
        &mut self,
        check: Check,
        rejection: Option<Rejection>,
        found: impl FnOnce() -> Option<Cow<'a, str>>,
    ) -> Result<(), Rejection> {
        let found = found().map(|text| text.escape_debug().take(200).collect());
        self.0.push(Finding { check, found, rejection });
        Ok(())
    }

    fn step<T>(&mut self, check: Check, outcome: Result<T, Rejection>) -> Result<T, Rejection> {
        let rejection = outcome.as_ref().err().cloned();
        self.0.push(Finding { check, found: None, rejection });
        outcome
    }
}
