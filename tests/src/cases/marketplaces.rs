//! One application, several marketplaces.

use http::{Method, StatusCode};

use crate::browser::Tab;
use crate::crm::{me, sign_out};
use crate::subject::Subject;
use crate::world::{JOHN, Setting, World};

const THREE: &[&str] = &["alpha", "beta", "gamma"];

/// Each has its application id, its key and its certificate.
pub async fn each_marketplace_signs_in_with_its_own_key(subject: &Subject) {
    let world = three(subject, &[]).await;
    for name in THREE {
        let mut tab = world.browser().tab();
        tab.open(&world.app(&format!("/maestrano/auth/saml/init/{name}?return_to=/me"))).await;
        world.sign_in(&mut tab, &JOHN).await;
        assert_eq!(marketplace(&tab).await, *name);
    }
}

/// A valid response opens one door only.
pub async fn a_response_of_one_marketplace_is_refused_at_another(subject: &Subject) {
    let mut world = three(subject, &[]).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    let response = world.response_for(&mut tab, "/maestrano/auth/saml/init/alpha").await;
    let elsewhere = world.app("/maestrano/auth/saml/consume/beta").parse().expect("an address");
    tab.go(response.clone().to(elsewhere)).await;
    assert_eq!(tab.page().status, StatusCode::FORBIDDEN);
    let reference = tab.page().reference().expect("a reference");
    assert!(world.log_line(&reference).await.contains("beta"));
    assert!(world.session_cookie(&browser).is_none());
    tab.go(response).await;
    assert_eq!(tab.page().url.as_str(), world.app("/"), "at its own marketplace it is still good");
}

/// A page with a link for each.
pub async fn without_a_default_the_person_chooses(subject: &Subject) {
    let world = three(subject, &[]).await;
    let mut tab = world.browser().tab();
    tab.open(&world.app("/me?x=y")).await;
    assert_eq!((tab.page().url.path(), tab.page().status), ("/maestrano/auth/saml/init", StatusCode::OK));
    assert_eq!(tab.page().links().len(), 3);
    tab.click_to("/init/beta").await;
    world.sign_in(&mut tab, &JOHN).await;
    assert_eq!(tab.page().url.as_str(), world.app("/me?x=y"));
    assert_eq!(marketplace(&tab).await, "beta");
}

/// Who came from gamma goes back to gamma.
pub async fn the_marketplace_used_last_is_remembered(subject: &Subject) {
    let world = three(subject, &[("MNO_DEFAULT_MARKETPLACE", "alpha")]).await;
    let mut tab = world.browser().tab();
    tab.open(&world.app("/maestrano/auth/saml/init/gamma?return_to=/me")).await;
    world.sign_in(&mut tab, &JOHN).await;
    sign_out(&mut tab).await;
    tab.open(&world.app("/me")).await;
    if tab.page().url.path() != "/me" {
        world.sign_in(&mut tab, &JOHN).await;
    }
    assert_eq!(marketplace(&tab).await, "gamma");
}

/// The one in the settings serves who comes for the first time.
pub async fn the_default_marketplace_is_taken(subject: &Subject) {
    let world = three(subject, &[("MNO_DEFAULT_MARKETPLACE", "gamma")]).await;
    let mut tab = world.browser().tab();
    tab.open(&world.app("/me")).await;
    world.sign_in(&mut tab, &JOHN).await;
    assert_eq!(marketplace(&tab).await, "gamma");
}

/// A session belongs to one marketplace: leaving another does not end it.
pub async fn signing_out_at_one_marketplace_leaves_the_others_alone(subject: &Subject) {
    let world = three(subject, &[]).await;
    let mut tabs = Vec::new();
    for name in THREE {
        let mut tab = world.browser().tab();
        tab.open(&world.app(&format!("/maestrano/auth/saml/init/{name}?return_to=/me"))).await;
        world.sign_in(&mut tab, &JOHN).await;
        tabs.push(tab);
    }
    let mut leaving = tabs.remove(1);
    sign_out(&mut leaving).await;
    assert!(leaving.page().url.as_str().starts_with(&world.platform("/app_logout")));
    for (tab, name) in tabs.iter().zip(["alpha", "gamma"]) {
        assert_eq!(marketplace(tab).await, name);
    }
}

/// One browser has one session here: who comes from another marketplace takes its place, and the group that was worked
/// for there is not asked for here, where the same id may be somebody else's.
pub async fn a_login_from_another_marketplace_takes_the_place(subject: &Subject) {
    let world = three(subject, &[]).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    tab.open(&world.app("/maestrano/auth/saml/init/alpha?group_id=cld-1&return_to=/me")).await;
    world.sign_in(&mut tab, &JOHN).await;
    assert_eq!(marketplace(&tab).await, "alpha");
    let cookies = world.cookies(&browser);
    for (name, asks) in [("alpha", true), ("beta", false), ("gamma", false)] {
        let start = format!("/maestrano/auth/saml/init/{name}");
        let answer = world.ask(Method::GET, &start, &[("cookie", &cookies)], "").await;
        assert_eq!(answer.header("location").contains("group_id=cld-1"), asks, "{name}");
    }
    tab.open(&world.app("/maestrano/auth/saml/init/beta?return_to=/me")).await;
    assert_eq!(marketplace(&tab).await, "beta");
    let sessions = browser.jar().all().iter().filter(|cookie| cookie.name.contains("mno_session")).count();
    assert_eq!(sessions, 1);
}

/// Neither to begin nor to come back.
pub async fn an_unknown_marketplace_is_not_found(subject: &Subject) {
    let world = three(subject, &[]).await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (method, path) in [
        (Method::GET, "/maestrano/auth/saml/init/delta"),
        (Method::POST, "/maestrano/auth/saml/consume/delta"),
        (Method::GET, "/maestrano/auth/saml/init/alpha/more"),
        (Method::GET, "/maestrano/elsewhere"),
    ] {
        let answer = world.ask(method.clone(), path, &[form], "SAMLResponse=x").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.json()["error"], "not_found", "{path}: {}", answer.body);
        let page = world.ask(method, path, &[("accept", "text/html"), form], "SAMLResponse=x").await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
    }
}

async fn three(subject: &Subject, variables: &[(&'static str, &str)]) -> World {
    let variables = variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    World::with(subject, Setting { marketplaces: THREE, variables, ..Setting::default() }).await
}

/// The marketplace the session is of.
async fn marketplace(tab: &Tab) -> String {
    me(tab).await["marketplace"].as_str().unwrap_or_default().to_owned()
}
