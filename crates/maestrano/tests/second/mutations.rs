//! Right documents, changed by chance: after they were signed, and before.

use std::thread;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maestrano::saml::{Expectations, Trust};

use crate::changes::{change_base64, change_bytes, insert};
use crate::dice::Dice;
use crate::keys::{Hash, Key, LEGACY, MODERN};
use crate::kit::{ACS, Draft, NOW, REQUEST, attribute, trust};
use crate::tally::{Outcome, Tally};
use crate::witness::signed;

const SEED: u64 = 20_261_123;
const AFTER: usize = 50_000;
const BEFORE: usize = 5_000;

/// A right document.
pub(crate) struct Original {
    pub(crate) name: &'static str,
    pub(crate) xml: String,
    pub(crate) trust: Trust,
}

impl Original {
    fn new(name: &'static str, draft: &Draft, key: &Key) -> Self {
        Self { name, xml: draft.xml(), trust: trust(key) }
    }

    pub(crate) fn form_value(&self) -> String {
        BASE64_STANDARD.encode(&self.xml)
    }

    pub(crate) fn expectations(&self) -> Expectations<'_> {
        Expectations::new(&self.trust, ACS).request_id(REQUEST)
    }
}

/// Right documents of every kind that is accepted.
pub(crate) fn originals() -> Vec<Original> {
    const EXCLUSIVE: &str = r#"<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">"#;
    let list = r#"<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="xs"></ec:InclusiveNamespaces>"#;
    let (plain, named) =
        (attribute("name", "Zoë &lt;&amp;&gt;"), attribute("name", "<![CDATA[Zoë <]]>&#38;<!-- -->&gt;"));
    vec![
        Original::new("as the platform signs", &Draft::new(), &MODERN),
        Original::new("signed as a whole", &Draft::new().response_signed(), &MODERN),
        Original::new("SHA-512", &Draft::new().hashed_by(Hash::Sha512), &MODERN),
        Original::new("legacy", &Draft::new().signed_by(&LEGACY).hashed_by(Hash::Sha1), &LEGACY),
        Original::new(
            "another spelling",
            &Draft::new()
                .before(&attribute("name", "Zoë"), &plain)
                .sent_as(&plain, &named)
                .sent_as("<Subject>", "<Subject\n ><!-- who -->")
                .sent_as(
                    r#" ID="_a1" IssueInstant="2026-03-01T10:00:00Z""#,
                    " IssueInstant = '2026-03-01T10:00:00Z'\tID='&#95;a1'",
                )
                .sent_as("<AttributeValue></AttributeValue>", "<AttributeValue/>")
                .after(
                    "<samlp:Response",
                    "<?xml version='1.0' encoding='UTF-8'?>\n<samlp:Response xmlns:unused='urn:x'",
                ),
            &MODERN,
        ),
        Original::new(
            "inclusive prefixes",
            &Draft::new()
                .info(EXCLUSIVE, &format!("{EXCLUSIVE}{list}"))
                .before(r#" ID="_a1""#, r#" xmlns:xs="urn:xs" ID="_a1""#)
                .sent_as(r#" xmlns:xs="urn:xs""#, "")
                .after("<samlp:Response", r#"<samlp:Response xmlns:xs="urn:xs""#),
            &MODERN,
        ),
        Original::new("without KeyInfo", &without_key_info(), &MODERN),
    ]
}

fn without_key_info() -> Draft {
    let key_info = r#"<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{CERTIFICATE}</ds:X509Certificate></ds:X509Data></KeyInfo>"#;
    Draft::new().signature(key_info, "")
}

#[test]
fn both_agree_on_documents_that_were_changed_after_they_were_signed() {
    let originals = originals();
    let tally = on_both_cores(|core| {
        let mut dice = Dice::new(SEED + core);
        let mut tally = Tally::default();
        for _ in 0..AFTER / 2 {
            let original = dice.pick(&originals);
            let (form_value, changes) = changed(&original.xml, &mut dice);
            let name = format!("{}, {changes}", original.name);
            tally.judge(&name, &form_value, &original.expectations(), &original.trust, NOW);
        }
        tally
    });
    tally.finish("documents changed after they were signed");
    assert!(tally.count(Outcome::BothRefuse) > AFTER / 20, "too few passed the gate");
    assert!(tally.count(Outcome::Login) > AFTER / 50, "too few were still right");
}

/// The platform does not escape what people write into their names (sso.md 1.11): then the attacker's markup
/// is signed.
#[test]
fn both_agree_on_documents_that_were_changed_before_they_were_signed() {
    let bare = Draft::new().xml();
    let (start, end) = (
        bare.find("<ds:Signature").unwrap(),
        bare.find("</ds:Signature>").unwrap() + "</ds:Signature>".len(),
    );
    let (head, tail) = (&bare[..start], &bare[end..]);
    let trust = trust(&LEGACY);
    let expectations = Expectations::new(&trust, ACS).request_id(REQUEST);
    let tally = on_both_cores(|core| {
        let mut dice = Dice::new(SEED + 100 + core);
        let mut tally = Tally::default();
        let mut made = 0;
        while made < BEFORE / 2 {
            let mut tail = tail.to_owned();
            let changes: Vec<_> = (0..=dice.below(3)).map(|_| insert(&mut tail, &mut dice)).collect();
            if let Some((xml, _)) = signed(head, &tail, "_a1", &[], &LEGACY) {
                made += 1;
                let form_value = BASE64_STANDARD.encode(xml);
                tally.judge(&changes.join(", "), form_value.as_bytes(), &expectations, &trust, NOW);
            }
        }
        tally
    });
    tally.finish("documents changed before they were signed");
    assert!(tally.count(Outcome::Login) > BEFORE / 5, "too few were still right");
    assert!(tally.count(Outcome::BothAcceptNoLogin) > BEFORE / 20, "too few were signed nonsense");
}

/// The verifiers share one lock; everything else has two cores.
pub(crate) fn on_both_cores(work: impl Fn(u64) -> Tally + Sync) -> Tally {
    thread::scope(|scope| {
        let other = scope.spawn(|| work(1));
        let mut tally = work(0);
        tally.add(other.join().unwrap());
        tally
    })
}

/// The value of a form field with a changed document, and what was changed.
fn changed(xml: &str, dice: &mut Dice) -> (Vec<u8>, String) {
    let count = 1 + dice.below(3);
    if dice.one_in(8) {
        let mut base64 = BASE64_STANDARD.encode(xml).into_bytes();
        let changes: Vec<_> = (0..count).map(|_| change_base64(&mut base64, dice)).collect();
        return (base64, changes.join(", "));
    }
    let mut bytes = xml.as_bytes().to_vec();
    let changes: Vec<_> = (0..count).map(|_| change_bytes(&mut bytes, dice)).collect();
    (BASE64_STANDARD.encode(bytes).into_bytes(), changes.join(", "))
}
