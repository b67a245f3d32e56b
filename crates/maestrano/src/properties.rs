//! What holds for every input that a browser can send, tried on many that are made by chance.

use proptest::collection::vec;
use proptest::prelude::*;
use time::UtcDateTime;
use time::macros::utc_datetime;
use url::Url;

use crate::seal::{Opened, Seal};
use crate::secret::{CookieKey, SessionToken};
use crate::session::Session;
use crate::sso::ReturnTo;

const MOUNT: &str = "/maestrano";
const NOW: UtcDateTime = utc_datetime!(2026-11-23 10:00);
const LATER: UtcDateTime = utc_datetime!(2026-11-23 10:01);

fn seal() -> Seal {
    Seal::new(&[CookieKey::new("a key"), CookieKey::new("an older key")]).unwrap()
}

/// Texts that are nearly addresses.
fn addresses() -> impl Strategy<Value = String> {
    const PIECES: [&str; 30] = [
        "/",
        "//",
        "\\",
        ".",
        "..",
        "/.",
        "%2e",
        "%2f",
        "%5c",
        ":",
        "@",
        "?",
        "#",
        "&",
        "=",
        "http:",
        "https://",
        "javascript:",
        "evil.example",
        "me",
        "maestrano",
        "\t",
        "\n",
        "\r",
        "\0",
        " ",
        "é",
        "\u{2028}",
        "[",
        "]",
    ];
    let pieces = || vec(proptest::sample::select(&PIECES[..]), 0..12).prop_map(|pieces| pieces.concat());
    prop_oneof![pieces(), pieces().prop_map(|text| format!("/{text}")), any::<String>()]
}

proptest! {
    #[test]
    fn a_return_address_is_a_path_of_the_application(text in addresses()) {
        let path = ReturnTo::parse(&text, MOUNT);
        let path = path.path("/");
        prop_assert!(path.starts_with('/') && !path.starts_with("//"), "{path}");
        prop_assert!(path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'), "{path}");
        let base = Url::parse("https://crm.example.com/maestrano/auth/saml/finish").unwrap();
        let landed = base.join(path).unwrap();
        prop_assert_eq!(landed.origin(), base.origin());
        prop_assert!(landed.path() != MOUNT && !landed.path().starts_with("/maestrano/"), "{landed}");
    }

    #[test]
    fn a_return_address_that_was_taken_is_taken_again(text in addresses()) {
        let once = ReturnTo::parse(&text, MOUNT);
        prop_assert_eq!(ReturnTo::parse(once.path(""), MOUNT), once);
    }

    #[test]
    fn what_was_sealed_opens_as_it_was(value in vec(any::<u8>(), 0..600), purpose in "[a-z_]{0,20}") {
        let sealed = seal().seal(&purpose, LATER, &value).unwrap();
        let opened = seal().open(&purpose, sealed.as_bytes(), NOW);
        prop_assert_eq!(opened.as_ref().map(Opened::value), Some(&*value));
        let other = format!("{purpose}x");
        prop_assert!(seal().open(&other, sealed.as_bytes(), NOW).is_none());
        prop_assert!(seal().open(&purpose, sealed.as_bytes(), LATER).is_none());
    }

    #[test]
    fn what_was_sealed_does_not_open_with_any_change(
        value in vec(any::<u8>(), 0..200),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let sealed = seal().seal("session", LATER, &value).unwrap().into_bytes();
        let mut changed = sealed.clone();
        changed[at.index(sealed.len())] = byte;
        prop_assume!(changed != sealed);
        prop_assert!(seal().open("session", &changed, NOW).is_none());
        prop_assert!(seal().open("session", &sealed[..at.index(sealed.len())], NOW).is_none());
    }

    #[test]
    fn what_nobody_sealed_does_not_open(cookie in vec(any::<u8>(), 0..300), text in "[A-Za-z0-9_-]{0,300}") {
        prop_assert!(seal().open("session", &cookie, NOW).is_none());
        prop_assert!(seal().open("session", text.as_bytes(), NOW).is_none());
    }

    #[test]
    fn a_session_comes_back_from_its_bytes(
        marketplace in "[A-Za-z0-9._-]{1,60}",
        ids in ["usr-[A-Za-z0-9._-]{1,60}", "cld-[A-Za-z0-9._-]{1,60}"],
        seconds in -1_000_000_000_i64..10_000_000_000,
        token in any::<String>(),
    ) {
        let Ok(marketplace) = marketplace.parse() else { return Ok(()) };
        let [user, group] = ids;
        let recheck = UtcDateTime::from_unix_timestamp(seconds).unwrap();
        let (user, group) = (user.parse().unwrap(), group.parse().unwrap());
        let opened = UtcDateTime::from_unix_timestamp(seconds).unwrap() + time::Duration::milliseconds(125);
        let session = Session::new(marketplace, user, group, opened, recheck, SessionToken::new(token));
        prop_assert_eq!(Session::from_bytes(&session.to_bytes()), Some(session));
    }

    #[test]
    fn bytes_that_are_read_as_a_session_are_its_bytes(
        numbers in vec(any::<u8>(), 32),
        lengths in vec(0..9_u8, 3),
        texts in "[A-Za-z0-9._<-]{0,30}",
        bytes in vec(any::<u8>(), 0..60),
    ) {
        for bytes in [[&numbers, lengths.as_slice(), texts.as_bytes()].concat(), bytes] {
            if let Some(session) = Session::from_bytes(&bytes) {
                let again = session.to_bytes();
                prop_assert_eq!(Session::from_bytes(&again), Some(session));
            }
        }
    }
}
