//! What every integration is tested with: the six scenarios of users.md 9.1.

use http::StatusCode;
use serde_json::json;
use tempfile::TempDir;

use crate::browser::Tab;
use crate::crm::{me, new_contact};
use crate::subject::Subject;
use crate::world::{JANE, JOHN, MARKETPLACE, NORA, SECRET, Setting, World};

/// Scenario 1: nobody has been here before, and there is a desk with the company's name on it.
pub async fn the_first_launch_creates_user_and_company(subject: &Subject) {
    let world = World::new(subject).await;
    let mut tab = launched(&world, "My application").await;
    let first = me(&tab).await;
    assert_eq!((&first["uid"], &first["group_uid"]), (&"usr-1".into(), &"cld-1".into()));
    let page = tab.open(&world.app("/me")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("Doe & Daughters") && page.text().contains("John Doe"), "{}", page.text());
}

/// Scenario 2: what was left behind is still there, from another browser too.
pub async fn a_second_launch_lands_in_the_existing_account(subject: &Subject) {
    let world = World::new(subject).await;
    let mut tab = world.signed_in(&JOHN).await;
    let first = me(&tab).await;
    tab.submit(new_contact(&tab, "Left Behind")).await;
    let mut again = launched(&world, "My application").await;
    assert_eq!(me(&again).await, first);
    let page = again.open(&world.app("/me")).await;
    assert_eq!(page.text().matches("Left Behind").count(), 1, "{}", page.text());
}

/// Scenario 3: the uid repeats, the group differs; role and data are the second company's.
pub async fn a_second_company_gets_an_account_of_its_own(subject: &Subject) {
    let world = World::new(subject).await;
    let mut tab = world.signed_in(&JANE).await;
    let first = me(&tab).await;
    tab.submit(new_contact(&tab, "Of The First")).await;
    let start = format!("/maestrano/auth/saml/init/{MARKETPLACE}?group_id=cld-2&return_to=/me");
    tab.open(&world.app(&start)).await;
    let second = me(&tab).await;
    assert_eq!((&first["group_uid"], &second["group_uid"]), (&"cld-1".into(), &"cld-2".into()));
    assert_eq!((&first["role"], &second["role"]), (&"Member".into(), &"Super Admin".into()));
    assert_eq!(first["uid"], second["uid"]);
    assert!(!tab.page().text().contains("Of The First"), "{}", tab.page().text());
}

/// Scenario 4: somebody new in a company that is known finds the company's data.
pub async fn an_invited_user_joins_the_existing_company(subject: &Subject) {
    let world = World::new(subject).await;
    let mut owner = world.signed_in(&JOHN).await;
    owner.submit(new_contact(&owner, "Known To All")).await;
    let mut console = owner;
    console.open(&world.platform(&format!("/users/{}", NORA.uid))).await;
    let invitation = console.page().forms().into_iter().find(|form| {
        form.action.path().ends_with("/membership") && form.fields.iter().any(|field| field.value == "cld-1")
    });
    let invitation = invitation.expect("a form that makes Nora a member");
    console.submit(invitation.fill("role", "Power User")).await;

    let mut tab = world.signed_in(&NORA).await;
    let nora = me(&tab).await;
    assert_eq!((&nora["uid"], &nora["group_uid"]), (&NORA.uid.into(), &"cld-1".into()));
    assert_eq!(nora["role"], "Power User");
    let page = tab.open(&world.app("/me")).await;
    assert!(page.text().contains("Known To All"), "{}", page.text());
}

/// Scenario 5: an account that is already there is not given to whoever comes with its e-mail address, neither from
/// another marketplace nor as another user of the same one. (How to ask, and link then, is shown by the example that
/// has accounts of its own.)
pub async fn an_existing_account_is_not_linked_by_its_email(subject: &Subject) {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("crm.db").display().to_string();
    for (marketplace, uid, group) in
        [("alpha", "usr-1", "cld-1"), ("alpha", "usr-9", "cld-9"), ("beta", "usr-1", "cld-1")]
    {
        let setting = Setting {
            seed: Some(john_as(marketplace, uid, group)),
            variables: vec![("DATABASE", file.clone())],
            ..Setting::default()
        };
        let world = World::with(subject, setting).await;
        let mut tab = world.signed_in(&JOHN).await;
        let known = me(&tab).await;
        assert_eq!(known["email"], JOHN.email);
        assert_eq!((&known["uid"], &known["marketplace"]), (&uid.into(), &marketplace.into()));
        assert!(!tab.page().text().contains("Only Mine"), "{marketplace} {uid}: {}", tab.page().text());
        tab.submit(new_contact(&tab, "Only Mine")).await;
        let page = tab.open(&world.app("/me")).await;
        assert_eq!(page.text().matches("Only Mine").count(), 1);
    }
}

/// Scenario 6: the tile is gone, the platform lets nobody of that company in, and a member of another one too comes in
/// for that other one.
pub async fn a_removed_app_lets_its_company_in_no_more(subject: &Subject) {
    let world = World::new(subject).await;
    let mut tab = world.signed_in(&JANE).await;
    tab.submit(new_contact(&tab, "Long Gone")).await;
    let mut console = world.browser().tab();
    console.open(&world.platform("/")).await;
    world.sign_in(&mut console, &JOHN).await;
    use_app(&world, &mut console, "cld-1", "stop").await;
    console.open(&world.platform("/")).await;
    assert!(!console.page().links().iter().any(|link| link.url.path().starts_with("/launch/")));
    let page = console.open(&world.app("/me")).await;
    assert!(page.url.as_str().starts_with(world.sandbox().url()), "{}", page.url);
    assert_eq!(page.status, StatusCode::FORBIDDEN);

    let browser = world.browser();
    let mut again = browser.tab();
    again.open(&world.app("/me")).await;
    world.sign_in(&mut again, &JANE).await;
    assert_eq!(me(&again).await["group_uid"], "cld-2", "the group that is left needs no choice");
    assert!(!again.page().text().contains("Long Gone"), "{}", again.page().text());
}

/// A click on the tile in a browser as new.
async fn launched(world: &World, app: &str) -> Tab {
    let mut tab = world.browser().tab();
    tab.open(&world.platform("/")).await;
    world.sign_in(&mut tab, &JOHN).await;
    let tile = tab.page().links().into_iter().find(|link| link.text.contains(app));
    tab.click(&tile.unwrap_or_else(|| panic!("no tile {app}: {}", tab.page().text()))).await;
    assert!(tab.page().url.as_str().starts_with(&world.app("/")), "{}", tab.page().url);
    tab
}

/// Lets a group start or stop using the application, at the platform's console.
async fn use_app(world: &World, console: &mut Tab, group: &str, next: &str) {
    console.open(&world.platform(&format!("/groups/{group}"))).await;
    let form = console.page().forms().into_iter().find(|form| form.action.path().ends_with("/app"));
    let form = form.expect("a form for the app");
    assert!(form.buttons.iter().any(|button| button.value == next), "{form:?}");
    console.submit(form).await;
}

/// A platform where John's e-mail address is that of this user of this group.
fn john_as(marketplace: &str, uid: &str, group: &str) -> String {
    json!({
        "dev_platform": {
            "environment": "sandbox", "environment_key": "sandbox-environment-key", "environment_secret": SECRET,
            "marketplaces": [marketplace],
        },
        "apps": [{ "id": "app-1", "name": "CRM", "key": "app-1-key-of-the-sandbox", "marketplace": marketplace }],
        "groups": [{ "id": group, "name": "Doe & Daughters", "apps": ["app-1"] }],
        "users": [{
            "id": uid, "name": "John", "surname": "Doe", "email": JOHN.email, "password": JOHN.password,
            "groups": { group: "Admin" },
        }],
    })
    .to_string()
}
