//! A table of hostile documents: each is made from a right one, and must be refused for one reason.
//!
//! Forged parts name another user, [`FORGED`], so that a verifier that falls for one says so.

mod content;
mod elements;
mod form;
mod occasion;
mod overlaid;
mod signature_places;
mod signatures;
mod times;
mod trust;
mod wrapping;
mod xml;

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maestrano::config::CreationMode;
use maestrano::saml::{Expectations, Trust, verify};
use maestrano::{Login, Rejection};
use time::UtcDateTime;

use crate::keys::{Key, MODERN};
use crate::kit::{ACS, Draft, NOW, REQUEST, trust};

/// The user whom forged parts name; the right one is `usr-1`.
pub(crate) const FORGED: &str = "usr-666";

/// All hostile documents.
pub(crate) fn rows() -> Vec<Row> {
    [
        wrapping::rows(),
        signature_places::rows(),
        signatures::rows(),
        trust::rows(),
        form::rows(),
        xml::rows(),
        elements::rows(),
        times::rows(),
        occasion::rows(),
        content::rows(),
        overlaid::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A document that must be refused.
pub(crate) struct Row {
    /// What is wrong with it, in a sentence.
    pub(crate) name: String,
    /// The value of the form field.
    pub(crate) document: Vec<u8>,
    pub(crate) occasion: Occasion,
    /// Why it must be refused.
    pub(crate) rejection: Rejection,
}

impl Row {
    /// A document that is refused on the usual occasion: the marketplace has the modern certificate, and the
    /// response arrives in time.
    fn new(name: impl Into<String>, document: impl Into<Document>, rejection: Rejection) -> Self {
        let Document(document) = document.into();
        Self { name: name.into(), document, occasion: Occasion::usual(), rejection }
    }

    /// For a marketplace with another trust.
    fn trusting(mut self, trust: Trust) -> Self {
        self.occasion.trust = trust;
        self
    }

    /// For a marketplace that has the certificate of this key.
    fn trusting_key(self, key: &Key) -> Self {
        self.trusting(trust(key))
    }

    /// Arriving at another time, with clocks that may differ by so many seconds.
    fn at(mut self, now: UtcDateTime, allowance: u64) -> Self {
        self.occasion = self.occasion.at(now, allowance);
        self
    }

    /// Verified, and read as a login.
    pub(crate) fn login(&self) -> Result<Login, Rejection> {
        let assertion = verify(&self.document, &self.occasion.expectations(), self.occasion.now)?;
        Login::from_assertion(&assertion, &"uat".parse().unwrap(), CreationMode::Real)
    }
}

/// Who waits for a response, and when it arrives.
pub(crate) struct Occasion {
    pub(crate) trust: Trust,
    pub(crate) now: UtcDateTime,
    pub(crate) clock_allowance: Duration,
    pub(crate) audiences: &'static [&'static str],
}

impl Occasion {
    pub(crate) fn usual() -> Self {
        Self { trust: trust(&MODERN), now: NOW, clock_allowance: Duration::from_secs(60), audiences: &[] }
    }

    /// At another time, with clocks that may differ by so many seconds.
    pub(crate) fn at(self, now: UtcDateTime, allowance: u64) -> Self {
        Self { now, clock_allowance: Duration::from_secs(allowance), ..self }
    }

    pub(crate) fn expectations(&self) -> Expectations<'_> {
        Expectations::new(&self.trust, ACS)
            .request_id(REQUEST)
            .audiences(self.audiences)
            .clock_allowance(self.clock_allowance)
    }
}

/// The value of a form field.
pub(crate) struct Document(pub(crate) Vec<u8>);

impl Document {
    /// Of XML, or of what shall pass for it.
    pub(crate) fn of(xml: impl AsRef<[u8]>) -> Self {
        Self(BASE64_STANDARD.encode(xml).into_bytes())
    }
}

impl From<Draft> for Document {
    fn from(draft: Draft) -> Self {
        Self::of(draft.xml())
    }
}

/// Of XML.
impl From<String> for Document {
    fn from(xml: String) -> Self {
        Self::of(xml)
    }
}
