//! A form of the application itself, behind the guard.

use http::{Method, StatusCode};

use crate::browser::{Form, Request};
use crate::crm::new_contact;
use crate::subject::Subject;
use crate::world::{JANE, JOHN, World};

const CONTACT: &str = "name=Mallory&email=mallory%40example.com";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// Posted from the application's own page it does what it says.
pub async fn an_own_form_adds_a_contact(subject: &Subject) {
    let world = World::new(subject).await;
    let mut tab = world.signed_in(&JOHN).await;
    let page = tab.submit(new_contact(&tab, "Emmy <b>Noether</b>")).await;
    assert_eq!((page.url.as_str(), page.status), (world.app("/me").as_str(), StatusCode::OK));
    assert!(page.text().contains("Emmy <b>Noether</b>"), "it is text, not markup: {}", page.text());
}

/// From another site it comes without the Lax cookie and stops at the guard; from a neighbour with the cookie, the
/// application itself says no.
pub async fn a_foreign_form_adds_nothing(subject: &Subject) {
    let world = World::new(subject).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    tab.open(&world.app("/me")).await;
    world.sign_in(&mut tab, &JOHN).await;
    let form = new_contact(&tab, "Mallory");

    tab.open(&world.platform("/health")).await;
    let foreign = Form { action: world.app("/contacts").parse().expect("an address"), ..form };
    tab.pause_before("/auth/saml/init");
    let paused = tab.go(Request::submitted(tab.page(), &foreign)).await.expect("the guard asks to sign in");
    assert_eq!(paused.method, Method::GET, "and what was posted is not repeated");

    let cookies = world.cookies(&browser);
    for (name, value) in
        [("sec-fetch-site", "same-site"), ("sec-fetch-site", "cross-site"), ("origin", "null")]
    {
        let fields = [("cookie", cookies.as_str()), FORM, (name, value), ("accept", "text/html")];
        let answer = world.ask(Method::POST, "/contacts", &fields, CONTACT).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    let page = tab.open(&world.app("/me")).await;
    assert!(!page.text().contains("Mallory"), "{}", page.text());
}

/// Without a session nothing is changed, and a form that cannot be read is the client's mistake.
pub async fn a_form_without_a_session_changes_nothing(subject: &Subject) {
    let world = World::new(subject).await;
    let answer = world.ask(Method::POST, "/contacts", &[FORM], CONTACT).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.json()["error"], "login_required", "{}", answer.body);
    let browser = world.browser();
    let mut tab = browser.tab();
    tab.open(&world.app("/me")).await;
    world.sign_in(&mut tab, &JOHN).await;
    assert!(!tab.page().text().contains("Mallory"));
    let cookies = world.cookies(&browser);
    for body in
        ["", "name=&email=", "name=Mallory", "name=Mallory&email=nowhere", "%zz=%", "name=%ff&email=%ff"]
    {
        let answer = world.ask(Method::POST, "/contacts", &[("cookie", &cookies), FORM], body).await;
        assert!(answer.status.is_client_error(), "{body}: {}", answer.status);
    }
}

/// What one company keeps, the other does not see.
pub async fn a_company_sees_its_own_contacts_only(subject: &Subject) {
    let world = World::new(subject).await;
    let mut john = world.signed_in(&JOHN).await;
    john.submit(new_contact(&john, "Of Doe & Daughters")).await;
    let mut jane = world.browser().tab();
    jane.open(&world.app("/me")).await;
    world.sign_in(&mut jane, &JANE).await;
    jane.click_to("group_id=cld-2").await;
    assert!(!jane.page().text().contains("Of Doe"), "{}", jane.page().text());
    jane.submit(new_contact(&jane, "Of Roe Trading")).await;
    assert!(jane.page().text().contains("Of Roe Trading"));
    let page = john.open(&world.app("/me")).await;
    assert!(page.text().contains("Of Doe & Daughters") && !page.text().contains("Of Roe"), "{}", page.text());
}
