//! Where the two verifiers may differ behind the gate, and why. Whatever is not named here fails the tests.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maestrano::Rejection;
use maestrano::saml::inside::{Opinions, opinions};
use maestrano::saml::{Expectations, Trust, verify};
use roxmltree::{Document, Node};
use time::UtcDateTime;

/// Why the second verifier accepts a signature that the first refuses: a rule that it does not have.
const ONLY_OURS: [(&str, fn(&Rejection, &Trust) -> bool); 3] = [
    ("the second does not look at KeyInfo, which must name the key that is used", |rejection, trust| {
        let one_of_several = *rejection == Rejection::Signature && trust.certificates().len() > 1;
        one_of_several || *rejection == Rejection::ForeignCertificate
    }),
    ("the second cannot be told to allow SHA-1 under legacy certificates only", |rejection, _| {
        *rejection == Rejection::Sha1
    }),
    ("the second allows SHA-384 under short keys", |rejection, _| {
        matches!(rejection, Rejection::ShortKey { .. })
    }),
];

/// Why the second verifier refuses a signature or an assertion that the first accepts: something is in the
/// document that no platform writes.
const ONLY_THEIRS: [(&str, fn(&Document<'_>) -> bool); 7] = [
    ("samael wants every ID to be a name", |document| attributes(document, "ID").any(|(_, id)| !is_name(id))),
    ("samael takes an ID in any namespace for one, and finds it twice", |document| {
        let signed = |id| attributes(document, "ID").filter(|(_, other)| *other == id).count();
        attributes(document, "ID").any(|(namespace, id)| namespace.is_some() && signed(id) > 1)
    }),
    ("libxml2 takes xml:id for an ID, and finds the one that comes first", |document| {
        attributes(document, "id").any(|(namespace, id)| {
            namespace == Some("http://www.w3.org/XML/1998/namespace")
                && attributes(document, "ID").any(|(_, other)| other == id)
        })
    }),
    ("libxml2 canonicalizes no element with a relative namespace", |document| {
        namespaces(document).any(|namespace| !namespace.is_empty() && !namespace.contains(':'))
    }),
    ("libxml2 keeps an ampersand in a namespace as a reference", |document| {
        namespaces(document).any(|namespace| namespace.contains('&'))
    }),
    ("samael wants text alone in elements that the first verifier does not read", |document| {
        let unread = ["Issuer", "SubjectConfirmationData", "AuthnContextClassRef"];
        let unread = document.descendants().filter(|node| unread.contains(&node.tag_name().name()));
        unread.flat_map(|node| node.children()).any(|child| child.is_element())
    }),
    ("samael wants a zone in every time", |document| {
        let times = ["IssueInstant", "NotBefore", "NotOnOrAfter", "AuthnInstant"];
        times.into_iter().flat_map(|name| attributes(document, name)).any(|(_, time)| !time.ends_with('Z'))
    }),
];

fn attributes<'a>(
    document: &'a Document<'_>,
    name: &'a str,
) -> impl Iterator<Item = (Option<&'a str>, &'a str)> {
    let all = document.descendants().flat_map(|node| node.attributes());
    let named = all.filter(move |attribute| attribute.name() == name);
    named.map(|attribute| (attribute.namespace(), attribute.value()))
}

fn namespaces<'a>(document: &'a Document<'_>) -> impl Iterator<Item = &'a str> {
    document.descendants().flat_map(|node: Node<'a, '_>| node.namespaces()).map(|namespace| namespace.uri())
}

fn is_name(id: &str) -> bool {
    let starts = id.starts_with(|first: char| first.is_alphabetic() || first == '_');
    starts && id.chars().all(|character| character.is_alphanumeric() || "_-.".contains(character))
}

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
            let reason = ONLY_OURS.iter().find(|(_, applies)| applies(&rejection, trust));
            let reason = reason.map(|(reason, _)| Outcome::Named(reason));
            reason.ok_or_else(|| format!("only the second verifier accepts it: {rejection}"))
        }
    }
}

fn named(form_value: &[u8], complaint: &str) -> Result<Outcome, String> {
    let packed: Vec<u8> = form_value.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let xml = String::from_utf8(BASE64_STANDARD.decode(packed).unwrap_or_default()).unwrap_or_default();
    let reason = Document::parse(&xml).ok().and_then(|document| {
        ONLY_THEIRS.iter().find(|(_, applies)| applies(&document)).map(|(reason, _)| Outcome::Named(reason))
    });
    reason.ok_or_else(|| format!("the second verifier {complaint}"))
}
