//! What holds for every change of a right document, tried on many that are made by chance.

use std::sync::LazyLock;

use maestrano::saml::Assertion;
use proptest::prelude::*;

use crate::keys::MODERN;
use crate::kit::{Draft, NOW, form_value, trust, verify_for};

static RIGHT: LazyLock<(Vec<u8>, Assertion)> = LazyLock::new(|| {
    let draft = Draft::new();
    (draft.xml().into_bytes(), draft.verified().unwrap())
});

/// The login of a document, if it is one.
fn login(document: &[u8]) -> Option<Assertion> {
    verify_for(&form_value(document), &trust(&MODERN), NOW).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_changed_byte_is_refused_or_changes_nothing(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let (document, right) = &*RIGHT;
        let mut changed = document.clone();
        changed[at.index(document.len())] = byte;
        prop_assert!(login(&changed).is_none_or(|login| login == *right));
    }

    #[test]
    fn a_missing_byte_is_refused_or_changes_nothing(at in any::<prop::sample::Index>()) {
        let (document, right) = &*RIGHT;
        let mut changed = document.clone();
        changed.remove(at.index(document.len()));
        prop_assert!(login(&changed).is_none_or(|login| login == *right));
    }

    #[test]
    fn an_added_byte_is_refused_or_changes_nothing(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let (document, right) = &*RIGHT;
        let mut changed = document.clone();
        changed.insert(at.index(document.len() + 1), byte);
        prop_assert!(login(&changed).is_none_or(|login| login == *right));
    }

    #[test]
    fn a_changed_character_of_base64_is_refused_or_changes_nothing(at in any::<prop::sample::Index>(), byte in 1_u8..128) {
        let (document, right) = &*RIGHT;
        let mut changed = form_value(document).into_bytes();
        let at = at.index(changed.len());
        changed[at] = byte;
        let login = verify_for(str::from_utf8(&changed).unwrap(), &trust(&MODERN), NOW).ok();
        prop_assert!(login.is_none_or(|login| login == *right));
    }

    #[test]
    fn bytes_made_by_chance_are_no_login(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert_eq!(login(&bytes), None);
    }
}

/// Every place once, with the bytes that mean the most to a parser.
#[test]
fn no_place_of_a_right_document_can_be_changed_to_another_login() {
    let (document, right) = &*RIGHT;
    let trust = trust(&MODERN);
    let mut same = 0;
    for at in 0..document.len() {
        for byte in [b'<', b' ', b'&'] {
            let mut changed = document.clone();
            changed[at] = byte;
            if let Ok(login) = verify_for(&form_value(&changed), &trust, NOW) {
                assert_eq!(login, *right, "{byte} at {at}");
                same += 1;
            }
        }
    }
    println!("{} changes, {same} of them without consequence", document.len() * 3);
}
