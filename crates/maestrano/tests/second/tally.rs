//! Puts documents before both verifiers, and counts what comes of them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maestrano::Rejection;
use maestrano::saml::inside::{Opinions, opinions};
use maestrano::saml::{Expectations, Trust, verify};
use roxmltree::Document;
use time::UtcDateTime;

use crate::differences::{only_ours, only_theirs};

/// What came of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// The gate refused it; the second verifier has not seen it.
    Gate,
    /// Both refuse the signature.
    BothRefuse,
    /// Both accept the signature, over the same bytes; it is no login all the same.
    BothAcceptNoLogin,
    /// Both accept it, and read the same identity.
    Login,
    /// A difference that has a name.
    Named(&'static str),
}

/// How often each outcome came, and the differences that have no name.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    outcomes: BTreeMap<Outcome, usize>,
    unnamed: Vec<String>,
}

impl Tally {
    /// Puts a document before both verifiers.
    pub(crate) fn judge(
        &mut self,
        name: &str,
        form_value: &[u8],
        expectations: &Expectations<'_>,
        trust: &Trust,
        now: UtcDateTime,
    ) {
        match outcome(form_value, expectations, trust, now) {
            Ok(outcome) => *self.outcomes.entry(outcome).or_default() += 1,
            Err(difference) => self.unnamed.push(format!("{name}:\n    {difference}")),
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (outcome, count) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += count;
        }
        self.unnamed.extend(other.unnamed);
    }

    pub(crate) fn count(&self, outcome: Outcome) -> usize {
        self.outcomes.get(&outcome).copied().unwrap_or_default()
    }

    /// Prints the figures; fails when a difference has no name.
    pub(crate) fn finish(&self, what: &str) {
        println!("{} {what}", self.outcomes.values().sum::<usize>() + self.unnamed.len());
        for (outcome, count) in &self.outcomes {
            println!("{count:>9} {outcome:?}");
        }
        let some: Vec<_> = self.unnamed.iter().take(20).map(String::as_str).collect();
        assert!(some.is_empty(), "{} differences, such as\n{}", self.unnamed.len(), some.join("\n"));
    }
}

fn outcome(
    form_value: &[u8],
    expectations: &Expectations<'_>,
    trust: &Trust,
    now: UtcDateTime,
) -> Result<Outcome, String> {
    let login = verify(form_value, expectations, now);
    if let Err(Rejection::SecondVerifier { complaint }) = &login {
        return named(form_value, complaint);
    }
    let Ok(Opinions { first, second, .. }) = opinions(form_value, trust) else {
        return if login.is_err() { Ok(Outcome::Gate) } else { Err("a login without the gate".to_owned()) };
    };
    match (first, second) {
        (Ok(first), Some(second)) if first == second => {
            Ok(if login.is_ok() { Outcome::Login } else { Outcome::BothAcceptNoLogin })
        }
        (Ok(_), Some(_)) => named(form_value, "verified other bytes"),
        (Ok(_), None) => named(form_value, "refuses the response"),
        (Err(_), None) => Ok(Outcome::BothRefuse),
        (Err(rejection), Some(_)) => {
            let reason = only_ours(&rejection, trust).map(Outcome::Named);
            reason.ok_or_else(|| format!("only the second verifier accepts it: {rejection}"))
        }
    }
}

fn named(form_value: &[u8], complaint: &str) -> Result<Outcome, String> {
    let packed: Vec<u8> = form_value.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let xml = String::from_utf8(BASE64_STANDARD.decode(packed).unwrap_or_default()).unwrap_or_default();
    let reason = Document::parse(&xml).ok().and_then(|document| only_theirs(&document)).map(Outcome::Named);
    reason.ok_or_else(|| format!("the second verifier {complaint}"))
}
