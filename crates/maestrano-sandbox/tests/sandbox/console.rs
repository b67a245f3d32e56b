//! The console: signing in, forms only from its own pages, nothing unescaped.

use maestrano_sandbox::{Options, Seed};
use serde_json::json;

use crate::browser::{ACS, Browser, attribute, seed, sign_on_path, start, start_default};

#[tokio::test]
async fn signing_in_needs_the_right_password() {
    let running = start_default().await;
    let mut browser = Browser::at(&running);
    for (email, password) in [
        ("john.doe@example.com", "jane-password"),
        ("john.doe@example.com", ""),
        ("nobody@example.com", "john-password"),
        ("", ""),
    ] {
        let page = browser.sign_in(email, password).await;
        assert_eq!(page.status, 401, "{email}");
        assert!(page.body.contains("no account with this e-mail and password"));
    }
    assert_eq!(browser.sign_in("john.doe@example.com", "john-password").await.status, 303);
    let page = browser.get("/").await;
    assert!(page.body.contains("John Doe") && page.body.contains("Doe &amp; Daughters"));
}

#[tokio::test]
async fn every_app_of_the_users_groups_has_a_tile_that_leads_to_its_own_host() {
    let names = ["CRM", "Payroll", "Stock"];
    let running = start(Options::default().seed(Seed::with_apps(&names))).await;
    let mut browser = Browser::of(&running, "john.doe@example.com").await;
    let page = browser.get("/").await;
    let tiles: Vec<&str> = page.body.split("class=\"tile\" href=\"").skip(1).collect();
    assert_eq!(tiles.len(), names.len(), "{}", page.body);
    for ((number, name), tile) in (1..).zip(names).zip(tiles) {
        assert!(tile.contains(name), "{tile}");
        let host = format!("http://localhost:{}", 3000 + number);
        running.set_app_host(&format!("app-{number}"), &host).await.expect("the app moves");
        let launch = browser.get(tile.split('"').next().expect("an address")).await;
        let init = format!("{host}/maestrano/auth/saml/init/maestrano-local?group_id=cld-1");
        assert_eq!((launch.status.as_u16(), launch.header("location")), (303, init.as_str()));
    }
}

#[tokio::test]
async fn signing_in_gives_the_browser_a_new_cookie_that_scripts_and_other_sites_do_not_get() {
    let running = start_default().await;
    let mut browser = Browser::at(&running);
    let before = browser.get("/sign_in").await;
    let after = browser.sign_in("john.doe@example.com", "john-password").await;
    let (before, after) = (before.header("set-cookie").to_owned(), after.header("set-cookie"));
    assert_ne!(before, after);
    for cookie in [before.as_str(), after] {
        assert!(cookie.ends_with("; HttpOnly; SameSite=Lax; Path=/"), "{cookie}");
    }
}

#[tokio::test]
async fn after_signing_in_the_browser_is_never_sent_elsewhere() {
    let running = start_default().await;
    let mut browser = Browser::at(&running);
    let form = browser.get("/sign_in").await;
    let token = form.field("form_token").expect("a token");
    let fields = [
        ("form_token", token.as_str()),
        ("email", "john.doe@example.com"),
        ("password", "john-password"),
        ("return_to", "//evil.example/"),
    ];
    let page = browser.post("/sign_in", &fields, &[]).await;
    assert_eq!((page.status.as_u16(), page.header("location")), (303, "/"));
}

#[tokio::test]
async fn a_form_is_taken_only_from_the_browser_that_was_shown_it() {
    let running = start_default().await;
    let mut john = Browser::of(&running, "john.doe@example.com").await;
    let mut jane = Browser::of(&running, "jane.roe@example.com").await;
    let token = jane.get("/apps").await.field("form_token").expect("a token");
    let evil = "http://localhost:6666";
    for token in ["", "x", token.as_str()] {
        let page = john.post("/apps/app-1", &[("form_token", token), ("host", evil)], &[]).await;
        assert_eq!(page.status, 403);
    }
    let token = john.get("/apps").await.field("form_token").expect("a token");
    let fields = [("form_token", token.as_str()), ("host", evil)];
    for headers in [
        [("origin", "http://evil.example"), ("sec-fetch-site", "same-origin")],
        [("origin", "null"), ("sec-fetch-site", "same-origin")],
        [("origin", running.url()), ("sec-fetch-site", "cross-site")],
        [("origin", running.url()), ("sec-fetch-site", "same-site")],
    ] {
        assert_eq!(john.post("/apps/app-1", &fields, &headers).await.status, 403, "{headers:?}");
    }
    assert!(!john.get("/apps").await.body.contains(evil));
    assert_eq!(john.post("/apps/app-1", &fields, &[("origin", running.url())]).await.status, 303);
    assert!(john.get("/apps").await.body.contains(evil));
}

#[tokio::test]
async fn a_foreign_name_that_points_here_is_refused() {
    let running = start_default().await;
    let mut browser = Browser::at(&running);
    let port = running.url().rsplit(':').next().expect("a port").to_owned();
    for (host, status) in [
        ("evil.example", 421),
        ("localhost.evil.example:4000", 421),
        ("[::1]:4000", 200),
        ("localhost", 200),
        ("127.0.0.1", 200),
    ] {
        let host = host.replace("4000", &port);
        assert_eq!(browser.get_with("/sign_in", &[("host", &host)]).await.status, status, "{host}");
    }
}

#[tokio::test]
async fn nobody_manages_anything_without_signing_in() {
    let running = start_default().await;
    let mut browser = Browser::at(&running);
    for path in ["/", "/users", "/users/usr-1", "/groups", "/groups/cld-1", "/apps", "/launch/1"] {
        let page = browser.get(path).await;
        assert!(page.field("return_to").as_deref() == Some(path), "{path}");
    }
    let form = browser.get("/sign_in").await;
    for path in ["/users", "/users/usr-1", "/users/usr-1/end_session", "/groups", "/apps/app-1"] {
        assert_eq!(browser.submit(&form, path, &[("host", "http://x")]).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn pages_escape_every_value_and_cannot_be_framed() {
    let evil = "<script>alert('x')</script>\" onload=\"x";
    let running = start(Options::default().seed(seed(&json!({
        "apps": [{"id": "app-1", "name": evil, "key": "k", "host": "http://localhost:3000"}],
        "groups": [{"id": "cld-1", "name": evil, "app": "app-1", "city": evil},
                   {"id": "cld-2", "name": evil, "app": "app-1"}],
        "users": [{"id": "usr-1", "name": evil, "surname": evil, "company": evil, "email": "a@example.com",
                   "groups": {"cld-1": "Admin", "cld-2": "Admin"}}],
    }))))
    .await;
    let mut browser = Browser::of(&running, "a@example.com").await;
    let pages =
        ["/", "/users", "/users/usr-1", "/groups", "/groups/cld-1", "/apps", "/app_access_unauthorized"];
    for path in pages.into_iter().chain([sign_on_path(ACS).as_str()]) {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(
            !page.body.contains("<script>alert") && !page.body.contains("\" onload"),
            "{path}: {}",
            page.body
        );
        assert_eq!(page.header("x-frame-options"), "DENY", "{path}");
        assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
    }
}

#[tokio::test]
async fn users_groups_and_memberships_made_in_the_console_sign_on() {
    let running = start_default().await;
    let mut browser = Browser::of(&running, "john.doe@example.com").await;

    let page = browser.get("/users").await;
    let fields =
        [("name", "Ada"), ("surname", "New"), ("email", "ada@example.com"), ("password", "ada-password")];
    let added = browser.submit(&page, "/users", &fields).await;
    assert_eq!(added.header("location"), "/users/usr-4");
    assert_eq!(browser.submit(&page, "/users", &fields).await.status, 400, "the e-mail is taken");
    assert_eq!(browser.submit(&page, "/users", &[("email", "x")]).await.status, 400);

    let page = browser.get("/groups").await;
    let added = browser.submit(&page, "/groups", &[("name", "New & Sons"), ("city", "Perth")]).await;
    assert_eq!(added.header("location"), "/groups/cld-3");
    let fields = [("app", "app-1"), ("use", "start")];
    assert_eq!(browser.submit(&page, "/groups/cld-3/app", &fields).await.status, 303);
    let fields = [("group", "cld-3"), ("role", "Power User")];
    assert_eq!(browser.submit(&page, "/users/usr-4/membership", &fields).await.status, 303);

    let mut ada = Browser::at(&running);
    assert_eq!(ada.sign_in("ada@example.com", "ada-password").await.status, 303);
    let xml = ada.response(&sign_on_path(ACS)).await;
    for (name, value) in [("uid", "usr-4"), ("group_name", "New & Sons"), ("group_role", "Power User")] {
        assert_eq!(attribute(&xml, name).as_deref(), Some(value));
    }

    let fields = [("name", "Ada"), ("surname", "Newer"), ("email", "ada@example.com")];
    assert_eq!(browser.submit(&page, "/users/usr-4", &fields).await.status, 303);
    let xml = ada.response(&sign_on_path(ACS)).await;
    assert_eq!(attribute(&xml, "surname").as_deref(), Some("Newer"));

    let fields = [("group", "cld-3"), ("role", "")];
    assert_eq!(browser.submit(&page, "/users/usr-4/membership", &fields).await.status, 303);
    assert_eq!(ada.get(&sign_on_path(ACS)).await.status, 403);
}
