//! Is this response a login? From the bytes of a form field to an [`Assertion`], or a [`Rejection`].

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use roxmltree::{Document, Node};
use time::UtcDateTime;
use time::format_description::well_known::Rfc3339;

use crate::rejection::Rejection;
use crate::saml::base64_text;
use crate::saml::canonical::{Canonical, Element};
use crate::saml::signature::Signature;
use crate::saml::trust::Trust;
use crate::saml::xml::{self, ASSERTION, PROTOCOL, SIGNATURE, holds_elements_only, is};

/// The most base64 that is read, white space not counted: 512 KiB.
pub const LONGEST: usize = 512 * 1024;

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
const MOST_ALLOWANCE: Duration = Duration::from_secs(300);

/// What a response must be like to be accepted, besides the rules that hold for every one.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Expectations<'a> {
    trust: &'a Trust,
    acs_url: &'a str,
    audiences: &'a [&'a str],
    request_id: Option<&'a str>,
    clock_allowance: Duration,
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
    let text = decode(form_value)?;
    let document = xml::parse(&text)?;
    let envelope = Envelope::read(&document)?;
    let signature = Signature::read(envelope.signature, envelope.signed)?;
    let canonical = signature.verify(expectations.trust)?;

    if envelope.destination != Some(expectations.acs_url) {
        return Err(Rejection::Destination);
    }
    let request = envelope.in_response_to.filter(|id| !id.is_empty()).ok_or(Rejection::Unsolicited)?;
    let verified = Verified::read(&canonical, expectations, now)?;
    if verified.request_id != request {
        return Err(Rejection::TwoRequests);
    }
    if expectations.request_id.is_some_and(|expected| expected != request) {
        return Err(Rejection::OtherRequest);
    }
    let Verified { id, request_id, name_id, session_index, expires, attributes } = verified;
    Ok(Assertion { id, request_id, name_id, session_index, expires, attributes, canonical })
}

/// A verified assertion: who signed in, for which request, until when.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Assertion {
    canonical: String,
    id: String,
    request_id: String,
    name_id: String,
    session_index: Option<String>,
    expires: UtcDateTime,
    attributes: Vec<(String, String)>,
}

impl Assertion {
    /// The canonical form of what was signed, the assertion or the whole response, without the signature.
    /// It holds the session token: keep it out of logs.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The identifier of the assertion, which may be accepted once.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The request that was answered (`InResponseTo`).
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The name of the user (`NameID`), as it stands.
    #[must_use]
    pub fn name_id(&self) -> &str {
        &self.name_id
    }

    /// The index of the session, when there is one. The platform repeats the assertion's identifier here.
    #[must_use]
    pub fn session_index(&self) -> Option<&str> {
        self.session_index.as_deref()
    }

    /// When the assertion cannot be accepted any more, even by a clock that is late: so long its identifier
    /// must be remembered.
    #[must_use]
    pub const fn expires(&self) -> UtcDateTime {
        self.expires
    }

    /// The attributes in the order of the document; an attribute without a value has the empty text. No name
    /// comes twice.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of an attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes().find(|(found, _)| *found == name).map(|(_, value)| value)
    }
}

impl fmt::Debug for Assertion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Assertion")
            .field("id", &self.id)
            .field("request_id", &self.request_id)
            .field("name_id", &self.name_id)
            .finish_non_exhaustive()
    }
}

/// The XML in a form field.
fn decode(form_value: &[u8]) -> Result<String, Rejection> {
    // Line ends and blanks are allowed for, but not more of them than base64.
    if form_value.len() > 2 * LONGEST {
        return Err(Rejection::TooLarge { length: form_value.len(), limit: LONGEST });
    }
    let packed = base64_text::without_white_space(form_value);
    if packed.len() > LONGEST {
        return Err(Rejection::TooLarge { length: packed.len(), limit: LONGEST });
    }
    if packed.is_empty() {
        return Err(Rejection::Empty);
    }
    let bytes = base64_text::decode(&packed).ok_or(Rejection::NotBase64)?;
    let text = String::from_utf8(bytes).map_err(|_| Rejection::Encoding)?;
    if text.starts_with('\u{feff}') { Err(Rejection::Encoding) } else { Ok(text) }
}

/// The outer structure: which element is signed by which signature, and what the response says about itself.
/// Only sanity checks rest on the latter; nothing of it is handed out.
struct Envelope<'a, 'input> {
    destination: Option<&'a str>,
    in_response_to: Option<&'a str>,
    signed: Node<'a, 'input>,
    signature: Node<'a, 'input>,
}

impl<'a, 'input> Envelope<'a, 'input> {
    fn read(document: &'a Document<'input>) -> Result<Self, Rejection> {
        let response = document.root_element();
        if !is(response, PROTOCOL, "Response") {
            return Err(Rejection::NotAResponse);
        }
        count(document)?;
        if response.attribute("Version") != Some("2.0") {
            return Err(Rejection::Version { of: "Response" });
        }
        if !holds_elements_only(response) {
            return Err(Rejection::Unexpected { parent: "Response" });
        }
        let (mut issuer, mut signature, mut status, mut assertion) = (None, None, None, None);
        for child in response.children().filter(Node::is_element) {
            let place = if is(child, ASSERTION, "Issuer") {
                &mut issuer
            } else if is(child, SIGNATURE, "Signature") {
                &mut signature
            } else if is(child, PROTOCOL, "Status") {
                &mut status
            } else if is(child, ASSERTION, "Assertion") {
                &mut assertion
            } else {
                return Err(misplaced(child).unwrap_or(Rejection::Unexpected { parent: "Response" }));
            };
            if place.replace(child).is_some() {
                return Err(Rejection::Unexpected { parent: "Response" });
            }
        }
        succeeded(status.ok_or(Rejection::Missing { parent: "Response", what: "Status" })?)?;

        let assertion = match assertion {
            Some(assertion) => assertion,
            None if named(document, "Assertion").next().is_some() => {
                return Err(Rejection::MisplacedAssertion);
            }
            None => return Err(Rejection::NoAssertion),
        };
        let inside = assertion.children().find(|child| is(*child, SIGNATURE, "Signature"));
        let (signature, signed) = match (signature, inside) {
            (Some(signature), _) => (signature, response),
            (None, Some(signature)) => (signature, assertion),
            (None, None) if named(document, "Signature").next().is_some() => {
                return Err(Rejection::MisplacedSignature);
            }
            (None, None) => return Err(Rejection::NoSignature),
        };
        Ok(Self {
            destination: response.attribute("Destination"),
            in_response_to: response.attribute("InResponseTo"),
            signed,
            signature,
        })
    }
}

/// Counts what may be there once in the whole document, in whatever namespace it hides.
fn count(document: &Document<'_>) -> Result<(), Rejection> {
    let (mut assertions, mut signatures, mut ids) = (0, 0, Vec::new());
    for node in document.descendants().filter(Node::is_element) {
        match node.tag_name().name() {
            "Assertion" => assertions += 1,
            "EncryptedAssertion" => return Err(Rejection::EncryptedAssertion),
            "Signature" => signatures += 1,
            _ => {}
        }
        ids.extend(node.attribute("ID"));
    }
    if assertions > 1 {
        return Err(Rejection::SecondAssertion);
    }
    if signatures > 1 {
        return Err(Rejection::SecondSignature);
    }
    ids.sort_unstable();
    if ids.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
        return Err(Rejection::DuplicateId);
    }
    Ok(())
}

fn named<'a, 'input>(
    document: &'a Document<'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    document.descendants().filter(move |node| node.tag_name().name() == name)
}

/// What to say of an element that has no place in the response.
fn misplaced(element: Node<'_, '_>) -> Option<Rejection> {
    element.descendants().find_map(|node| match node.tag_name().name() {
        "Assertion" => Some(Rejection::MisplacedAssertion),
        "Signature" => Some(Rejection::MisplacedSignature),
        _ => None,
    })
}

/// Status is success and no failure is nested in it.
fn succeeded(status: Node<'_, '_>) -> Result<(), Rejection> {
    let mut codes = status.children().filter(|child| is(*child, PROTOCOL, "StatusCode"));
    let (Some(code), None) = (codes.next(), codes.next()) else { return Err(Rejection::Status) };
    let nested = code.children().any(|child| child.is_element());
    if code.attribute("Value") == Some(SUCCESS) && !nested { Ok(()) } else { Err(Rejection::Status) }
}

/// What the verified bytes say.
struct Verified {
    id: String,
    request_id: String,
    name_id: String,
    session_index: Option<String>,
    expires: UtcDateTime,
    attributes: Vec<(String, String)>,
}

impl Verified {
    fn read(canonical: &str, expectations: &Expectations<'_>, now: UtcDateTime) -> Result<Self, Rejection> {
        let canonical = Canonical::read(canonical)?;
        let root = canonical.root();
        let assertion = if root.is(PROTOCOL, "Response") {
            root.children().find(|child| child.is(ASSERTION, "Assertion")).ok_or(Rejection::NoAssertion)?
        } else {
            root
        };
        if !assertion.is(ASSERTION, "Assertion") {
            return Err(Rejection::NoAssertion);
        }
        if assertion.attribute("Version").as_deref() != Some("2.0") {
            return Err(Rejection::Version { of: "Assertion" });
        }
        let [_, subject, conditions, attributes, authentication] = parts(
            assertion,
            "Assertion",
            ["Issuer", "Subject", "Conditions", "AttributeStatement", "AuthnStatement"],
        )?;

        let clock = Clock { now, allowance: expectations.clock_allowance };
        let subject = subject.ok_or(Rejection::Missing { parent: "Assertion", what: "Subject" })?;
        let (name_id, request_id, confirmed_until) = confirmed(subject, expectations.acs_url, &clock)?;
        let conditions = conditions.ok_or(Rejection::Missing { parent: "Assertion", what: "Conditions" })?;
        let valid_until = current(conditions, expectations, &clock)?;
        let attributes =
            attributes.ok_or(Rejection::Missing { parent: "Assertion", what: "AttributeStatement" })?;
        Ok(Self {
            id: required(assertion, "Assertion", "ID")?.into_owned(),
            request_id: request_id.into_owned(),
            name_id: name_id.into_owned(),
            session_index: authentication.and_then(|it| it.attribute("SessionIndex")).map(Cow::into_owned),
            expires: clock.latest(confirmed_until.max(valid_until)),
            attributes: texts(attributes)?,
        })
    }
}

/// The name of the subject, the request that was answered and the end of the confirmation.
fn confirmed<'a>(
    subject: Element<'_, 'a>,
    acs_url: &str,
    clock: &Clock,
) -> Result<(Cow<'a, str>, Cow<'a, str>, UtcDateTime), Rejection> {
    let [name_id, confirmation] = parts(subject, "Subject", ["NameID", "SubjectConfirmation"])?;
    let name_id = name_id.and_then(Element::text).filter(|name| !name.is_empty());
    let name_id = name_id.ok_or(Rejection::Missing { parent: "Subject", what: "NameID" })?;
    let confirmation =
        confirmation.ok_or(Rejection::Missing { parent: "Subject", what: "SubjectConfirmation" })?;
    if confirmation.attribute("Method").as_deref() != Some(BEARER) {
        return Err(Rejection::ConfirmationMethod);
    }
    let [data] = parts(confirmation, "SubjectConfirmation", ["SubjectConfirmationData"])?;
    let data =
        data.ok_or(Rejection::Missing { parent: "SubjectConfirmation", what: "SubjectConfirmationData" })?;
    if data.attribute("Recipient").as_deref() != Some(acs_url) {
        return Err(Rejection::Recipient);
    }
    let until = instant(data, "SubjectConfirmationData", "NotOnOrAfter")?;
    let until =
        until.ok_or(Rejection::Missing { parent: "SubjectConfirmationData", what: "NotOnOrAfter" })?;
    if clock.is_past(until) {
        return Err(Rejection::ConfirmationExpired);
    }
    if instant(data, "SubjectConfirmationData", "NotBefore")?.is_some_and(|from| clock.is_ahead(from)) {
        return Err(Rejection::NotYetValid);
    }
    let request_id = data.attribute("InResponseTo").filter(|id| !id.is_empty());
    Ok((name_id, request_id.ok_or(Rejection::Unsolicited)?, until))
}

/// Checks the conditions; gives their end.
fn current(
    conditions: Element<'_, '_>,
    expectations: &Expectations<'_>,
    clock: &Clock,
) -> Result<UtcDateTime, Rejection> {
    if instant(conditions, "Conditions", "NotBefore")?.is_some_and(|from| clock.is_ahead(from)) {
        return Err(Rejection::NotYetValid);
    }
    let until = instant(conditions, "Conditions", "NotOnOrAfter")?;
    let until = until.ok_or(Rejection::Missing { parent: "Conditions", what: "NotOnOrAfter" })?;
    if clock.is_past(until) {
        return Err(Rejection::Expired);
    }
    if conditions.has_text() {
        return Err(Rejection::Unexpected { parent: "Conditions" });
    }
    for condition in conditions.children() {
        if condition.is(ASSERTION, "AudienceRestriction") {
            meant_for_us(condition, expectations)?;
        } else if !condition.is(ASSERTION, "OneTimeUse") {
            return Err(Rejection::UnknownCondition);
        }
    }
    Ok(until)
}

/// One of the audiences is ours, or none is named: the platform sends an empty one for an address without a
/// path (sso.md 1.8).
fn meant_for_us(restriction: Element<'_, '_>, expectations: &Expectations<'_>) -> Result<(), Rejection> {
    let acs_url = expectations.acs_url;
    let host = acs_url.find("://").map_or(0, |at| at + 3);
    let end = acs_url.get(host..).and_then(|rest| rest.find(['/', '?', '#']));
    let origin = end.and_then(|end| acs_url.get(..host + end)).unwrap_or(acs_url);
    let is_ours = |audience: &str| {
        audience == acs_url
            || audience.strip_suffix('/').unwrap_or(audience) == origin
            || expectations.audiences.contains(&audience)
    };
    let mut is_named = false;
    for audience in restriction.children() {
        let text = audience.text().filter(|_| audience.is(ASSERTION, "Audience") && !restriction.has_text());
        let text = text.ok_or(Rejection::Unexpected { parent: "AudienceRestriction" })?;
        if is_ours(&text) {
            return Ok(());
        }
        is_named |= !text.is_empty();
    }
    if is_named { Err(Rejection::Audience) } else { Ok(()) }
}

/// Names and texts of the attributes.
fn texts(statement: Element<'_, '_>) -> Result<Vec<(String, String)>, Rejection> {
    let mut attributes = Vec::with_capacity(32);
    if statement.has_text() {
        return Err(Rejection::AttributeShape);
    }
    for attribute in statement.children() {
        let name = attribute.attribute("Name").filter(|name| !name.is_empty());
        let name = name.filter(|_| attribute.is(ASSERTION, "Attribute") && !attribute.has_text());
        let name = name.ok_or(Rejection::AttributeShape)?;
        let mut values = attribute.children();
        let text = match (values.next(), values.next()) {
            (None, _) => Cow::Borrowed(""),
            (Some(value), None) if value.is(ASSERTION, "AttributeValue") => {
                value.text().ok_or(Rejection::AttributeShape)?
            }
            _ => return Err(Rejection::AttributeShape),
        };
        attributes.push((name.into_owned(), text.into_owned()));
    }
    let mut names: Vec<&str> = attributes.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
        return Err(Rejection::DuplicateAttribute);
    }
    Ok(attributes)
}

/// The children of an element by name, each at most once; no others and no text may stand beside them.
fn parts<'c, 'a, const N: usize>(
    parent: Element<'c, 'a>,
    name: &'static str,
    names: [&str; N],
) -> Result<[Option<Element<'c, 'a>>; N], Rejection> {
    let unexpected = Rejection::Unexpected { parent: name };
    if parent.has_text() {
        return Err(unexpected);
    }
    let mut parts = [None; N];
    for child in parent.children() {
        let place = names.iter().position(|name| child.is(ASSERTION, name));
        match place.and_then(|place| parts.get_mut(place)) {
            Some(place @ None) => *place = Some(child),
            _ => return Err(unexpected),
        }
    }
    Ok(parts)
}

fn required<'a>(
    element: Element<'_, 'a>,
    parent: &'static str,
    what: &'static str,
) -> Result<Cow<'a, str>, Rejection> {
    element.attribute(what).filter(|value| !value.is_empty()).ok_or(Rejection::Missing { parent, what })
}

/// An attribute that is a time, when it is there.
fn instant(
    element: Element<'_, '_>,
    parent: &'static str,
    name: &'static str,
) -> Result<Option<UtcDateTime>, Rejection> {
    let _ = parent;
    let time = |text: Cow<'_, str>| UtcDateTime::parse(&text, &Rfc3339);
    element.attribute(name).map(time).transpose().map_err(|_| Rejection::Time { what: name })
}

/// The time, and by how much clocks may differ.
struct Clock {
    now: UtcDateTime,
    allowance: Duration,
}

impl Clock {
    /// Whether a time that something ends at has come, even by a clock that is late.
    fn is_past(&self, end: UtcDateTime) -> bool {
        self.now >= self.latest(end)
    }

    /// Whether a time that something begins at has not come, even by a clock that is early.
    fn is_ahead(&self, start: UtcDateTime) -> bool {
        self.latest(self.now) < start
    }

    fn latest(&self, time: UtcDateTime) -> UtcDateTime {
        let allowance = time::Duration::try_from(self.allowance).unwrap_or_default();
        time.saturating_add(allowance)
    }
}
