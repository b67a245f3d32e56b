//! What a verified assertion says, read from the bytes that were verified and from nothing else.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use time::UtcDateTime;

use crate::clock;
use crate::rejection::Rejection;
use crate::saml::canonical::{Canonical, Element};
use crate::saml::explain::{Check, Report};
use crate::saml::response::Expectations;
use crate::saml::xml::{ASSERTION, PROTOCOL};

const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

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
    attributes: Attributes,
}

/// Names and values in one text, each after the other.
#[derive(Clone, Default, PartialEq, Eq)]
struct Attributes {
    text: String,
    /// Where each name and its value end.
    ends: Vec<(usize, usize)>,
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
        self.attributes.iter()
    }

    /// The value of an attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// Reads an assertion from verified bytes, and checks that it was made for this occasion.
    pub(crate) fn read(
        verified: String,
        expectations: &Expectations<'_>,
        now: UtcDateTime,
        report: &mut impl Report,
    ) -> Result<Self, Rejection> {
        let canonical = Canonical::read(&verified)?;
        let root = canonical.root();
        let is_response = root.is(PROTOCOL, "Response");
        let inside = || root.children().find(|child| child.is(ASSERTION, "Assertion"));
        let assertion = if is_response { inside() } else { Some(root) };
        let assertion = assertion.filter(|it| it.is(ASSERTION, "Assertion")).ok_or(Rejection::NoAssertion)?;
        if assertion.attribute("Version").as_deref() != Some("2.0") {
            return Err(Rejection::Version { of: "Assertion" });
        }
        let missing = |what| Rejection::Missing { parent: "Assertion", what };
        let id = assertion.attribute("ID").filter(|id| !id.is_empty()).ok_or(missing("ID"))?.into_owned();
        let [_, subject, conditions, attributes, authentication] = parts(
            assertion,
            "Assertion",
            ["Issuer", "Subject", "Conditions", "AttributeStatement", "AuthnStatement"],
        )?;

        let clock = Clock { now, allowance: expectations.clock_allowance };
        let subject = subject.ok_or(missing("Subject"))?;
        let (name_id, request_id, confirmed_until) =
            confirmed(subject, expectations.acs_url, &clock, report)?;
        let conditions = conditions.ok_or(missing("Conditions"))?;
        let valid_until = current(conditions, expectations, &clock, report)?;
        let attributes = texts(attributes.ok_or(missing("AttributeStatement"))?)?;
        let session_index = authentication.and_then(|it| it.attribute("SessionIndex")).map(Cow::into_owned);
        let (request_id, name_id) = (request_id.into_owned(), name_id.into_owned());
        let expires = clock.latest(confirmed_until.min(valid_until));
        drop(canonical);
        Ok(Self { canonical: verified, id, request_id, name_id, session_index, expires, attributes })
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

/// The name of the subject, the request that was answered and the end of the confirmation.
fn confirmed<'a>(
    subject: Element<'_, 'a>,
    acs_url: &str,
    clock: &Clock,
    report: &mut impl Report,
) -> Result<(Cow<'a, str>, Cow<'a, str>, UtcDateTime), Rejection> {
    let [name_id, confirmation] = parts(subject, "Subject", ["NameID", "SubjectConfirmation"])?;
    let name_id = name_id.and_then(Element::text).filter(|name| !name.is_empty());
    let name_id = name_id.ok_or(Rejection::Missing { parent: "Subject", what: "NameID" })?;
    let confirmation =
        confirmation.ok_or(Rejection::Missing { parent: "Subject", what: "SubjectConfirmation" })?;
    let method = confirmation.attribute("Method");
    let other_method = (method.as_deref() != Some(BEARER)).then_some(Rejection::ConfirmationMethod);
    report.rule(Check::ConfirmationMethod, other_method, || method)?;
    let [data] = parts(confirmation, "SubjectConfirmation", ["SubjectConfirmationData"])?;
    let data =
        data.ok_or(Rejection::Missing { parent: "SubjectConfirmation", what: "SubjectConfirmationData" })?;
    let recipient = data.attribute("Recipient");
    let other_recipient = (recipient.as_deref() != Some(acs_url)).then_some(Rejection::Recipient);
    report.rule(Check::Recipient, other_recipient, || recipient)?;
    let until = instant(data, "NotOnOrAfter")?;
    let until =
        until.ok_or(Rejection::Missing { parent: "SubjectConfirmationData", what: "NotOnOrAfter" })?;
    let over = clock.is_past(until).then_some(Rejection::ConfirmationExpired);
    report.rule(Check::ConfirmationEnd, over, || data.attribute("NotOnOrAfter"))?;
    if let Some(from) = instant(data, "NotBefore")? {
        let early = clock.is_ahead(from).then_some(Rejection::NotYetValid);
        report.rule(Check::ConfirmationStart, early, || data.attribute("NotBefore"))?;
    }
    let request_id = data.attribute("InResponseTo").filter(|id| !id.is_empty());
    Ok((name_id, request_id.ok_or(Rejection::Unsolicited)?, until))
}

/// Checks the conditions; gives their end.
fn current(
    conditions: Element<'_, '_>,
    expectations: &Expectations<'_>,
    clock: &Clock,
    report: &mut impl Report,
) -> Result<UtcDateTime, Rejection> {
    if let Some(from) = instant(conditions, "NotBefore")? {
        let early = clock.is_ahead(from).then_some(Rejection::NotYetValid);
        report.rule(Check::ConditionsStart, early, || conditions.attribute("NotBefore"))?;
    }
    let until = instant(conditions, "NotOnOrAfter")?;
    let until = until.ok_or(Rejection::Missing { parent: "Conditions", what: "NotOnOrAfter" })?;
    let over = clock.is_past(until).then_some(Rejection::Expired);
    report.rule(Check::ConditionsEnd, over, || conditions.attribute("NotOnOrAfter"))?;
    if conditions.has_text() {
        return Err(Rejection::Unexpected { parent: "Conditions" });
    }
    for condition in conditions.children() {
        if condition.is(ASSERTION, "AudienceRestriction") {
            let audiences = || condition.children().next().and_then(Element::text);
            report.rule(Check::Audience, meant_for_us(condition, expectations).err(), audiences)?;
        } else if !condition.is(ASSERTION, "OneTimeUse") {
            report.rule(Check::Conditions, Some(Rejection::UnknownCondition), || None)?;
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
    let unexpected = Rejection::Unexpected { parent: "AudienceRestriction" };
    if restriction.has_text() {
        return Err(unexpected);
    }
    let (mut is_empty, mut is_named) = (true, false);
    for audience in restriction.children() {
        let text = audience.text().filter(|_| audience.is(ASSERTION, "Audience"));
        let text = text.ok_or(unexpected.clone())?;
        if is_ours(&text) {
            return Ok(());
        }
        is_empty = false;
        is_named |= !text.is_empty();
    }
    match (is_empty, is_named) {
        (true, _) => Err(Rejection::Missing { parent: "AudienceRestriction", what: "Audience" }),
        (false, true) => Err(Rejection::Audience),
        (false, false) => Ok(()),
    }
}

/// Names and texts of the attributes.
fn texts(statement: Element<'_, '_>) -> Result<Attributes, Rejection> {
    let mut attributes = Attributes { text: String::with_capacity(1024), ends: Vec::with_capacity(32) };
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
        attributes.push(&name, &text);
    }
    let mut names: Vec<&str> = attributes.iter().map(|(name, _)| name).collect();
    // By length first: that decides most comparisons without a look at the letters.
    names.sort_unstable_by_key(|name| (name.len(), *name));
    if names.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
        return Err(Rejection::DuplicateAttribute);
    }
    Ok(attributes)
}

impl Attributes {
    fn push(&mut self, name: &str, value: &str) {
        self.text.push_str(name);
        let name_end = self.text.len();
        self.text.push_str(value);
        self.ends.push((name_end, self.text.len()));
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut start = 0;
        self.ends.iter().map(move |&(name_end, end)| {
            let from = std::mem::replace(&mut start, end);
            let text = |range| self.text.get(range).unwrap_or_default();
            (text(from..name_end), text(name_end..end))
        })
    }
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

/// An attribute that is a time, when it is there.
fn instant(element: Element<'_, '_>, name: &'static str) -> Result<Option<UtcDateTime>, Rejection> {
    let time = |text: Cow<'_, str>| clock::instant(&text).ok_or(Rejection::Time { what: name });
    element.attribute(name).map(time).transpose()
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
