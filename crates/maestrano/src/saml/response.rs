//! Is this response a login? From the bytes of a form field to an [`Assertion`], or a [`Rejection`].

use std::borrow::Cow;
use std::time::Duration;

use time::UtcDateTime;

use crate::rejection::Rejection;
use crate::saml::base64_text;
use crate::saml::envelope::Envelope;
use crate::saml::explain::{Check, FirstFault, Report};
#[cfg(feature = "samael")]
use crate::saml::second;
use crate::saml::signature::Signature;
use crate::saml::trust::Trust;
use crate::saml::xml;

pub use crate::saml::assertion::Assertion;

/// The most base64 that is read, white space not counted: 512 KiB.
pub const LONGEST: usize = 512 * 1024;

/// The longest request id that is looked at in a response that is refused.
const MAX_REQUEST_ID_CHARS: usize = 2_048;

const MOST_ALLOWANCE: Duration = Duration::from_secs(300);

/// What a response must be like to be accepted, besides the rules that hold for every one.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Expectations<'a> {
    trust: &'a Trust,
    pub(crate) acs_url: &'a str,
    pub(crate) audiences: &'a [&'a str],
    request_id: Option<&'a str>,
    pub(crate) clock_allowance: Duration,
}

impl<'a> Expectations<'a> {
    /// A response signed as `trust` says, for the consume address that the request named, letter by letter.
    ///
    /// The audience may be that address or its origin, with or without a slash; the clocks may differ by 60
    /// seconds; every request may have been answered.
    #[must_use]
    pub const fn new(trust: &'a Trust, acs_url: &'a str) -> Self {
        Self { trust, acs_url, audiences: &[], request_id: None, clock_allowance: Duration::from_secs(60) }
    }

    /// Further audiences that are accepted: the application's host and its id.
    #[must_use]
    pub const fn audiences(mut self, audiences: &'a [&'a str]) -> Self {
        self.audiences = audiences;
        self
    }

    /// The request that must have been answered. Without it the caller must compare
    /// [`Assertion::request_id`] with the requests that are pending in the browser.
    #[must_use]
    pub const fn request_id(mut self, request_id: &'a str) -> Self {
        self.request_id = Some(request_id);
        self
    }

    /// By how much the clocks may differ; more than five minutes count as five.
    #[must_use]
    pub fn clock_allowance(mut self, allowance: Duration) -> Self {
        self.clock_allowance = allowance.min(MOST_ALLOWANCE);
        self
    }
}

/// Verifies a response and reads its assertion.
///
/// `form_value` is the value of the form field `SAMLResponse`: base64, white space anywhere, padding or
/// none. Nothing that comes back was read from anything but the canonical bytes that the signature covers.
///
/// The assertion may be used once: the caller remembers its [`id`](Assertion::id) until it
/// [`expires`](Assertion::expires).
///
/// # Errors
///
/// The first rule that the response breaks.
pub fn verify(
    form_value: &[u8],
    expectations: &Expectations<'_>,
    now: UtcDateTime,
) -> Result<Assertion, Rejection> {
    examine(form_value, expectations, now, &mut FirstFault)
}

/// The one way through all checks; the report hears of each, and may say that one need not end it.
pub(crate) fn examine(
    form_value: &[u8],
    expectations: &Expectations<'_>,
    now: UtcDateTime,
    report: &mut impl Report,
) -> Result<Assertion, Rejection> {
    let text = report.step(Check::Field, decode(form_value))?;
    let document = report.step(Check::Xml, xml::parse(&text))?;
    let envelope = report.step(Check::Envelope, Envelope::read(&document))?;
    let signature = Signature::read(envelope.signature, envelope.signed);
    let signature = report.step(Check::SignatureForm, signature)?;
    let canonical = report.step(Check::Signature, signature.verify(expectations.trust))?;

    let destination = envelope.destination;
    let elsewhere = (destination != Some(expectations.acs_url)).then_some(Rejection::Destination);
    report.rule(Check::Destination, elsewhere, || destination.map(Cow::Borrowed))?;
    let request = envelope.in_response_to.unwrap_or_default();
    let unsolicited = request.is_empty().then_some(Rejection::Unsolicited);
    report.rule(Check::Solicited, unsolicited, || None)?;
    let assertion = Assertion::read(canonical, expectations, now, report);
    let assertion = report.step(Check::Assertion, assertion)?;
    let is_other = |expected| expected != request;
    let other_request = if assertion.request_id() != request {
        Some(Rejection::TwoRequests)
    } else {
        expectations.request_id.is_some_and(is_other).then_some(Rejection::OtherRequest)
    };
    report.rule(Check::Request, other_request, || Some(Cow::Borrowed(request)))?;
    #[cfg(feature = "samael")]
    report.step(
        Check::SecondVerifier,
        second::agree(&text, signature.certificates(expectations.trust), &assertion),
    )?;
    Ok(assertion)
}

/// The request that a document claims to answer, for the log line of a refusal and the page that is offered next.
/// Nothing else rests on it: the document may not even be XML.
pub(crate) fn claimed_request(document: &str) -> Option<&str> {
    let (_, after) = document.split_once(" InResponseTo=\"")?;
    let id = after.split('"').next()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    Some(id).filter(|id| (1..=MAX_REQUEST_ID_CHARS).contains(&id.len()) && id.bytes().all(plain))
}

/// The XML in a form field.
pub(crate) fn decode(form_value: &[u8]) -> Result<String, Rejection> {
    // Line ends and blanks are allowed for, but not more of them than base64.
    if form_value.len() > 2 * LONGEST {
        return Err(Rejection::TooLarge { length: form_value.len(), limit: LONGEST });
    }
    if form_value.len() > LONGEST {
        let length = base64_text::without_white_space(form_value).len();
        if length > LONGEST {
            return Err(Rejection::TooLarge { length, limit: LONGEST });
        }
    }
    if form_value.iter().all(u8::is_ascii_whitespace) {
        return Err(Rejection::Empty);
    }
    let bytes = base64_text::decode(form_value).ok_or(Rejection::NotBase64)?;
    let text = String::from_utf8(bytes).map_err(|_| Rejection::Encoding)?;
    if text.starts_with('\u{feff}') { Err(Rejection::Encoding) } else { Ok(text) }
}
