//! A person signs in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;

use crate::browser::Request;
use crate::crm::me;
use crate::subject::Subject;
use crate::world::{JANE, JOHN, MARKETPLACE, NORA, SECRET, World};

/// From the platform's dashboard to the application's page, with one click.
pub async fn a_click_on_the_tile_signs_in(subject: &Subject) {
    let world = World::new(subject).await;
    let mut tab = world.browser().tab();
    tab.open(&world.platform("/")).await;
    world.sign_in(&mut tab, &JOHN).await;
    tab.click_to("/launch/").await;
    assert!(tab.page().url.as_str().starts_with(&world.app("/")), "{}", tab.page().url);
    let me = me(&tab).await;
    let expected = [
        ("uid", "usr-1"),
        ("email", JOHN.email),
        ("first_name", "John"),
        ("last_name", "Doe"),
        ("group_uid", "cld-1"),
        ("group_name", "Doe & Daughters"),
        ("role", "Admin"),
        ("marketplace", MARKETPLACE),
    ];
    for (name, value) in expected {
        assert_eq!(me[name], value, "{name}");
    }
}

/// The page asked for is the page arrived at, query and all.
pub async fn a_guarded_page_leads_through_the_login_and_back(subject: &Subject) {
    let world = World::new(subject).await;
    let mut tab = world.browser().tab();
    tab.open(&world.app("/me?a=b&c=d%26e")).await;
    assert!(tab.page().url.as_str().starts_with(world.sandbox().url()), "{}", tab.page().url);
    world.sign_in(&mut tab, &JOHN).await;
    assert_eq!(tab.page().url.as_str(), world.app("/me?a=b&c=d%26e"));
    assert_eq!(tab.page().status, StatusCode::OK);
}

/// The platform keeps who cannot say the password.
pub async fn a_wrong_password_goes_nowhere(subject: &Subject) {
    let world = World::new(subject).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    tab.open(&world.app("/me")).await;
    let stranger = crate::world::Person { password: "not-the-password", ..JOHN };
    let page = world.sign_in(&mut tab, &stranger).await;
    assert!(page.url.as_str().starts_with(world.sandbox().url()));
    assert!(page.forms().iter().any(|form| form.asks_for("password")), "the platform asks again");
    assert!(world.session_cookie(&browser).is_none());
}

/// Who is in no group that uses the application does not get in.
pub async fn a_user_without_access_is_refused_by_the_platform(subject: &Subject) {
    let world = World::new(subject).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    tab.open(&world.app("/me")).await;
    let page = world.sign_in(&mut tab, &NORA).await;
    assert!(page.url.as_str().starts_with(world.sandbox().url()));
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(world.session_cookie(&browser).is_none());
}

/// The platform asks which company it is for.
pub async fn a_user_of_two_groups_chooses_one(subject: &Subject) {
    let world = World::new(subject).await;
    let mut tab = world.browser().tab();
    tab.open(&world.app("/me")).await;
    world.sign_in(&mut tab, &JANE).await;
    assert!(tab.page().url.as_str().starts_with(world.sandbox().url()), "the platform asks");
    tab.click_to("group_id=cld-2").await;
    let me = me(&tab).await;
    assert_eq!((&me["uid"], &me["group_uid"]), (&JANE.uid.into(), &"cld-2".into()));
}

/// The second tab's login does not take the place of the first one's.
pub async fn two_tabs_can_sign_in_at_once(subject: &Subject) {
    let world = World::new(subject).await;
    let browser = world.browser();
    let (mut one, mut two) = (browser.tab(), browser.tab());
    let first = world.response_for(&mut one, "/me?tab=one").await;
    let second = world.response_for(&mut two, "/me?tab=two").await;
    for (tab, response, query) in [(&mut two, second, "tab=two"), (&mut one, first, "tab=one")] {
        tab.go(response).await;
        assert_eq!((tab.page().url.path(), tab.page().url.query()), ("/me", Some(query)));
    }
}

/// A whole login leaves neither keys nor tokens nor sealed values in the log, however talkative it is.
pub async fn nothing_secret_is_logged(subject: &Subject) {
    let world = World::new(subject).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    let response = world.response_for(&mut tab, "/me").await;
    let token = session_token(&response);
    let posted: String = response.field("SAMLResponse").chars().take(60).collect();
    tab.pause_before("/finish");
    let finish = tab.go(response).await.expect("the response is good");
    let ticket = finish.url.query().unwrap_or_default().trim_start_matches("t=").to_owned();
    tab.go(finish).await;
    assert_eq!(tab.page().url.path(), "/me");
    let sealed: Vec<_> = browser.jar().all().iter().map(|cookie| cookie.value.clone()).collect();
    let plain = [&token, &posted, &ticket].map(String::as_str);
    let secrets = sealed.iter().map(String::as_str).chain(plain).chain([SECRET, "app-1-key-of-the-sandbox"]);
    let log = world.log();
    for secret in secrets {
        assert!(secret.len() > 8 && !log.contains(secret), "`{secret}` is in the log");
    }
}

/// The session token in a response of the platform.
fn session_token(response: &Request) -> String {
    let base64: String = response.field("SAMLResponse").split_whitespace().collect();
    let xml =
        String::from_utf8(STANDARD.decode(base64).expect("the response is base64")).expect("it is UTF-8");
    let token =
        xml.split(r#"Name="mno_session"><AttributeValue>"#).nth(1).and_then(|rest| rest.split('<').next());
    token.expect("the response names the session").to_owned()
}
