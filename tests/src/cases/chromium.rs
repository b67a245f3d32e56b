//! The same with a browser that people use.

use std::time::Duration;

use crate::chromium::Chromium;
use crate::subject::Subject;
use crate::world::{JOHN, Setting, World};

/// E-mail, password, one click, inside; signed out at the platform, soon outside.
pub async fn chromium_signs_in_and_is_signed_out(subject: &Subject) {
    let setting = Setting { recheck: Duration::from_secs(1), ..Setting::default() };
    let world = World::with(subject, setting).await;
    let chromium = Chromium::start(&subject.name()).await;

    chromium.open(&world.platform("/")).await;
    chromium.shoot("1-platform-sign-in").await;
    chromium.write("input[type=email]", JOHN.email).await;
    chromium.write("input[type=password]", JOHN.password).await;
    chromium.click("form button").await;
    chromium.click("a[href*='/launch/']").await;
    chromium.arrive_at(&world.app("/")).await;
    chromium.shoot("2-first-page").await;

    chromium.open(&world.app("/me")).await;
    assert_eq!(chromium.url().await.as_str(), world.app("/me"));
    let text = chromium.text().await;
    assert!(text.contains("John") && text.contains("Doe & Daughters"), "{text}");
    chromium.shoot("3-signed-in").await;

    chromium.open(&world.platform("/")).await;
    chromium.shoot("4-dashboard").await;
    chromium.press("Sign out").await;
    chromium.open_until_at(&world.app("/me"), world.sandbox().url()).await;
    chromium.write("input[type=email]", JOHN.email).await;
    chromium.shoot("5-signed-out").await;
    chromium.close().await;
}
