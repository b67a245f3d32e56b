//! The hostile table and the right documents, before both verifiers.

use maestrano::saml::Expectations;

use crate::hostile::rows;
use crate::keys::{Hash, LEGACY, SHA1_SIGNED};
use crate::kit::{ACS, Draft, NOW, REQUEST, trust};
use crate::mutations::originals;
use crate::tally::{Outcome, Tally};
use crate::valid::variants;

#[test]
fn both_agree_on_every_hostile_document_that_passes_the_gate() {
    let mut tally = Tally::default();
    for row in rows() {
        let occasion = &row.occasion;
        tally.judge(&row.name, &row.document, &occasion.expectations(), &occasion.trust, occasion.now);
    }
    tally.finish("hostile documents");
}

#[test]
fn both_accept_every_right_document() {
    let mut tally = Tally::default();
    let variants = variants();
    let mut readable = 0;
    for variant in &variants {
        let occasion = &variant.occasion;
        tally.judge(
            &variant.name,
            &variant.document,
            &occasion.expectations(),
            &occasion.trust,
            occasion.now,
        );
        readable += usize::from(!variant.second_cannot_read);
    }
    tally.finish("right documents");
    assert_eq!(tally.count(Outcome::Login), readable);
}

#[test]
fn both_accept_the_documents_that_are_changed_by_chance() {
    let mut tally = Tally::default();
    let originals = originals();
    for original in &originals {
        tally.judge(
            original.name,
            original.form_value().as_bytes(),
            &original.expectations(),
            &original.trust,
            NOW,
        );
    }
    tally.finish("documents before they are changed");
    assert_eq!(tally.count(Outcome::Login), originals.len());
}

#[test]
fn both_accept_the_platforms_legacy_signatures() {
    for (key, hash) in [(&*LEGACY, Hash::Sha1), (&*SHA1_SIGNED, Hash::Sha1), (&*LEGACY, Hash::Sha256)] {
        let draft = Draft::new().signed_by(key).hashed_by(hash);
        let trust = trust(key);
        let expectations = Expectations::new(&trust, ACS).request_id(REQUEST);
        let mut tally = Tally::default();
        tally.judge("legacy", draft.form_value().as_bytes(), &expectations, &trust, NOW);
        assert_eq!(tally.count(Outcome::Login), 1, "{tally:?}");
    }
}
