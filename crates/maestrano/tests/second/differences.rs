//! Where the two verifiers may differ behind the gate, and why. Whatever is not named here fails the tests.

use std::collections::BTreeMap;

use maestrano::Rejection;
use maestrano::saml::inside::{Opinions, opinions};
use maestrano::saml::{Expectations, Trust, verify};
use time::UtcDateTime;

/// Rules of the first verifier that the second does not have: it accepts what they refuse.
const ONLY_OURS: [(&str, &str); 3] = [
    ("foreign_certificate", "the second is given the pinned key and does not look at KeyInfo"),
    ("sha1", "the second cannot be told to allow SHA-1 under legacy certificates only"),
    ("short_key", "the second has no rule for the length of the key by algorithm"),
];

/// Documents whose signature the first verifier accepts and the second does not.
const ONLY_THEIRS: [(&str, fn(&str) -> bool, &str); 0] = [];

/// What came of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// The gate refused it; the second verifier has not seen it.
    Gate,
    /// Both refuse the signature.
    BothRefuse,
    /// Both accept the signature, over the same bytes; it is no login all the same.
    BothAcceptNoLogin,
    /// Both accept it, and it is a login.
    Login,
    /// A difference that has a name.
    Named(&'static str),
}

/// How often each outcome came, and the differences that have no name.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) outcomes: BTreeMap<Outcome, usize>,
    pub(crate) unnamed: Vec<String>,
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
        let total: usize = self.outcomes.values().sum();
        println!("{total} {what}: {:?}", self.outcomes);
        let some: Vec<_> = self.unnamed.iter().take(5).map(String::as_str).collect();
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
        return named_by_document(form_value, complaint);
    }
    let Ok(Opinions { first, second, .. }) = opinions(form_value, trust) else {
        return if login.is_err() { Ok(Outcome::Gate) } else { Err("a login without the gate".to_owned()) };
    };
    match (first, second) {
        (Ok(first), Some(second)) if first == second => {
            Ok(if login.is_ok() { Outcome::Login } else { Outcome::BothAcceptNoLogin })
        }
        (Ok(first), Some(second)) => Err(format!("verified\n{first}\nand\n{second}")),
        (Ok(_), None) => named_by_document(form_value, "refuses the response"),
        (Err(_), None) => Ok(Outcome::BothRefuse),
        (Err(rejection), Some(_)) => ONLY_OURS
            .iter()
            .find(|(code, _)| *code == rejection.code())
            .map(|(_, reason)| Outcome::Named(reason))
            .ok_or_else(|| format!("only the second accepts it ({rejection})")),
    }
}

fn named_by_document(form_value: &[u8], complaint: &str) -> Result<Outcome, String> {
    let packed: Vec<u8> = form_value.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let bytes = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, packed).unwrap_or_default();
    let xml = String::from_utf8_lossy(&bytes).into_owned();
    ONLY_THEIRS
        .iter()
        .find(|(_, is_so, _)| is_so(&xml))
        .map(|(_, _, reason)| Outcome::Named(reason))
        .ok_or_else(|| format!("the second verifier {complaint}"))
}
