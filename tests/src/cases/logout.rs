//! A person signs out of the application.

use http::{Method, StatusCode};

use crate::browser::{Form, Request};
use crate::crm::{is_signed_in, sign_out};
use crate::subject::Subject;
use crate::world::{JOHN, World};

const LOGOUT: &str = "/maestrano/logout";

/// The session is gone, and the platform is told who leaves.
pub async fn signing_out_ends_at_the_platform(subject: &Subject) {
    let world = World::new(subject).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    tab.open(&world.app("/me")).await;
    world.sign_in(&mut tab, &JOHN).await;
    sign_out(&mut tab).await;
    assert_eq!(tab.page().url.as_str(), world.platform("/app_logout?user_uid=usr-1"));
    assert_eq!(tab.page().status, StatusCode::OK);
    assert!(world.session_cookie(&browser).is_none());
    tab.open(&world.app("/")).await;
    assert!(!is_signed_in(&tab).await);
}

/// An address that somebody hides in a page or a mail asks at most.
pub async fn a_link_signs_nobody_out(subject: &Subject) {
    let world = World::new(subject).await;
    let mut tab = world.signed_in(&JOHN).await;
    for address in [LOGOUT, "/maestrano/logout?token=guessed", "/maestrano/logout?token="] {
        tab.open(&world.app(address)).await;
        assert!(tab.page().url.as_str().starts_with(&world.app("/")), "{}", tab.page().url);
        assert!(is_signed_in(&tab).await, "{address}");
    }
}

/// A form of another site carries no Lax cookie.
pub async fn a_foreign_form_signs_nobody_out(subject: &Subject) {
    let world = World::new(subject).await;
    let mut tab = world.signed_in(&JOHN).await;
    tab.open(&world.platform("/health")).await;
    let action = world.app(LOGOUT).parse().expect("an address");
    let form = Form { method: Method::POST, action, fields: Vec::new(), buttons: Vec::new() };
    let request = Request::submitted(tab.page(), &form);
    tab.go(request).await;
    tab.open(&world.app("/")).await;
    assert!(is_signed_in(&tab).await);
}
