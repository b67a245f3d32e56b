//! One person, one sign-in, three applications.

use maestrano_conformance::browser::{Browser, Link, Network, Request, Trail};
use maestrano_conformance::chromium::Chromium;
use maestrano_conformance::play;
use maestrano_conformance::world::JOHN;

use crate::process::{Demo, EXAMPLES};

fn is_johns_desk(text: &str) -> bool {
    text.contains("John Doe") && text.contains("Doe & Daughters") && text.contains(JOHN.email)
}

#[test]
fn the_dashboard_shows_a_tile_for_each_and_a_click_on_it_signs_in() {
    play(async {
        let mut demo = Demo::start(&[]);
        let addresses = demo.addresses();
        let mut tab = Browser::new(&Network::new(), &Trail::default()).tab();
        let form = tab.open(&addresses.platform).await.forms().remove(0);
        let form = form.fill_kind("email", JOHN.email).fill_kind("password", JOHN.password);
        let request = Request::submitted(tab.page(), &form).by_person();
        assert!(tab.go(request).await.is_none());

        let is_tile = |link: &Link| link.url.path().starts_with("/launch/") && link.url.query().is_none();
        let tiles: Vec<Link> = tab.page().links().into_iter().filter(is_tile).collect();
        assert_eq!(tiles.len(), EXAMPLES.len(), "{tiles:?}");
        for ((tile, (_, name)), app) in tiles.iter().zip(EXAMPLES).zip(&addresses.apps) {
            assert!(tile.text.starts_with(name), "{tile:?}");
            tab.open(&addresses.platform).await;
            let page = tab.click(tile).await;
            assert_eq!(page.url.as_str(), format!("{app}/"), "{}", page.text());
            assert!(page.text().contains("Welcome back, John"), "{}", page.text());
        }
        for app in &addresses.apps {
            let desk = format!("{app}/me");
            let page = tab.open(&desk).await;
            assert_eq!(page.url.as_str(), desk, "the others' cookies are in the way");
            assert!(is_johns_desk(&page.text()), "{}", page.text());
        }
    });
}

#[test]
fn chromium_signs_in_to_all_three_with_a_click_each_and_out_of_all_three_at_the_platform() {
    play(async {
        let mut demo = Demo::start(&["--recheck", "1"]);
        let addresses = demo.addresses();
        let chromium = Chromium::start("demo").await;

        chromium.open(&addresses.platform).await;
        chromium.write("input[type=email]", JOHN.email).await;
        chromium.write("input[type=password]", JOHN.password).await;
        chromium.click("form button").await;
        for ((package, name), app) in EXAMPLES.into_iter().zip(&addresses.apps) {
            chromium.open(&addresses.platform).await;
            chromium.follow(name).await;
            chromium.arrive_at(app).await;
            assert!(chromium.text().await.contains("Welcome back, John"), "{package}");
            chromium.shoot(&format!("{package}-1-inside")).await;
        }
        for ((package, _), app) in EXAMPLES.into_iter().zip(&addresses.apps) {
            let desk = format!("{app}/me");
            chromium.open(&desk).await;
            assert_eq!(chromium.url().await.as_str(), desk, "the others' cookies are in the way");
            let text = chromium.text().await;
            assert!(is_johns_desk(&text), "{package}: {text}");
            chromium.shoot(&format!("{package}-2-desk")).await;
        }

        chromium.open(&addresses.platform).await;
        for (_, name) in EXAMPLES {
            assert!(chromium.text().await.contains(name), "{name}");
        }
        chromium.shoot("dashboard").await;
        chromium.press("Sign out").await;
        for ((package, _), app) in EXAMPLES.into_iter().zip(&addresses.apps) {
            chromium.open_until_at(&format!("{app}/me"), &addresses.platform).await;
            chromium.write("input[type=email]", JOHN.email).await;
            chromium.shoot(&format!("{package}-3-signed-out")).await;
        }
        chromium.close().await;
    });
}
