//! What piles up.

use crate::subject::Subject;
use crate::world::{JOHN, MARKETPLACE, World};

/// The first logins fill caches and pools; after that, a login leaves no more than its spent ids.
const WARM: usize = 200;
const ALL: usize = 1000;

/// So much may be there more after all of them than after the first ones, in bytes.
const BOUND: u64 = 3 * 1024 * 1024;

/// A thousand logins in a row, in one browser.
pub async fn a_thousand_logins_do_not_fill_the_memory(subject: &Subject) {
    let world = World::new(subject).await;
    let mut tab = world.browser().tab();
    tab.open(&world.platform("/")).await;
    world.sign_in(&mut tab, &JOHN).await;
    let start = world.app(&format!("/maestrano/auth/saml/init/{MARKETPLACE}"));
    let mut warm = None;
    for login in 1..=ALL {
        tab.open(&start).await;
        assert_eq!(tab.page().url.as_str(), world.app("/"), "login {login}: {}", tab.page().text());
        if login == WARM {
            warm = world.memory();
        }
    }
    match (warm, world.memory()) {
        (Some(warm), Some(all)) => {
            println!("{} KiB after {WARM} logins, {} KiB after {ALL}", warm / 1024, all / 1024);
            assert!(all.saturating_sub(warm) < BOUND, "it grows from {warm} to {all} bytes");
        }
        _ => println!(
            "this system does not say how much memory a program holds: only the logins were looked at"
        ),
    }
}
