//! Where the application lives: below a prefix, beside others on one host, behind a proxy, at paths with a query.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::browser::{Browser, Tab};
use crate::crm::{is_signed_in, me, new_contact, sign_out};
use crate::subject::Subject;
use crate::world::{JANE, JOHN, MARKETPLACE, Person, SECRET, Setting, World};

/// Pages, login, and logout: everything stands below the prefix, and nothing beside it.
pub async fn below_a_prefix_the_whole_login_runs(subject: &Subject) {
    let paths = json!([{
        "name": MARKETPLACE,
        "init_path": format!("/office/crm/maestrano/auth/saml/init/{MARKETPLACE}"),
        "consume_path": format!("/office/crm/maestrano/auth/saml/consume/{MARKETPLACE}"),
    }]);
    let variables = vec![("BASE", "/office/crm".to_owned())];
    let world =
        World::with(subject, Setting { seed: Some(at(&paths)), variables, ..Setting::default() }).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    tab.open(&world.app("/office/crm/")).await;
    assert_eq!(tab.page().status, StatusCode::OK);
    tab.click_to("/me").await;
    world.sign_in(&mut tab, &JOHN).await;
    assert_eq!(tab.page().url.as_str(), world.app("/office/crm/me"));
    tab.open(&world.app("/office/crm/me?a=b")).await;
    tab.submit(new_contact(&tab, "Below A Prefix")).await;
    assert_eq!(tab.page().url.as_str(), world.app("/office/crm/me"));
    assert!(tab.page().text().contains("Below A Prefix"), "{}", tab.page().text());

    for outside in
        ["/me", "/contacts", "/maestrano/logout", "/maestrano/auth/saml/init", "/office/maestrano/logout"]
    {
        let answer = world.ask(Method::GET, outside, &[("cookie", &world.cookies(&browser))], "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{outside}");
    }
    let told = world.ask(Method::GET, "/office/crm/me", &[("accept", "application/json")], "").await;
    let init = world.app(&format!("/office/crm/maestrano/auth/saml/init/{MARKETPLACE}"));
    assert_eq!((told.status, &told.json()["login"]), (StatusCode::UNAUTHORIZED, &init.clone().into()));
    let led = world.ask(Method::GET, "/office/crm/me", &[("accept", "text/html")], "").await;
    assert_eq!(led.header("location"), format!("{init}?return_to=%2Foffice%2Fcrm%2Fme"));
    let method = world.ask(Method::PUT, "/office/crm/maestrano/logout", &[], "").await;
    assert_eq!((method.status, method.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET, POST"));

    sign_out(&mut tab).await;
    assert_eq!(tab.page().url.as_str(), world.platform("/app_logout?user_uid=usr-1"));
    assert!(world.session_cookie(&browser).is_none());

    tab.open(&world.platform("/")).await;
    world.sign_in(&mut tab, &JOHN).await;
    tab.click_to("/launch/").await;
    assert_eq!(
        tab.page().url.as_str(),
        world.app("/office/crm/"),
        "a tile leads to the application's own start"
    );
    let nobody = world.ask(Method::POST, "/office/crm/maestrano/logout", &[], "").await;
    assert_eq!(nobody.header("location"), "/office/crm/");
}

/// A browser sends the cookies of a host to all its ports: three applications, sealed with the same secret, do not
/// take each other's, and none signs out of another.
pub async fn three_apps_on_one_host_keep_their_cookies_apart(subject: &Subject) {
    let worlds = [World::new(subject).await, World::new(subject).await, World::new(subject).await];
    let [first, second, third] = &worlds;
    let browser = first.browser_for(&[second, third]);
    let mut tabs = Vec::new();
    for (world, person) in [(first, &JOHN), (second, &JANE), (third, &JOHN)] {
        tabs.push(signed_in(world, &browser, person).await);
    }
    let sessions: Vec<_> =
        browser.jar().all().iter().filter(|cookie| cookie.name.contains("mno_session")).cloned().collect();
    assert_eq!(sessions.len(), 3, "{sessions:?}");
    for (tab, uid) in tabs.iter().zip([JOHN.uid, JANE.uid, JOHN.uid]) {
        assert_eq!(me(tab).await["uid"], uid);
    }
    for (world, own) in worlds.iter().zip(&sessions) {
        for foreign in sessions.iter().filter(|cookie| cookie.name != own.name) {
            let renamed = format!("{}={}; {}={}", own.name, foreign.value, foreign.name, foreign.value);
            let answer = world.ask(Method::GET, "/me", &[("cookie", &renamed)], "").await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{} opens as {}", foreign.name, own.name);
        }
    }
    sign_out(&mut tabs[0]).await;
    tabs[0].open(&first.app("/")).await;
    let mut signed_in = Vec::new();
    for tab in &tabs {
        signed_in.push(is_signed_in(tab).await);
    }
    assert_eq!(signed_in, [false, true, true]);
}

/// Some marketplaces are told apart by the query of their paths, not by the path (config.md).
pub async fn paths_with_a_query_tell_marketplaces_apart(subject: &Subject) {
    let paths = |name: &str| {
        json!({
            "name": name,
            "init_path": format!("/maestrano/sso/init?market={name}&v=1"),
            "consume_path": format!("/maestrano/sso/consume?market={name}"),
        })
    };
    let seed = at(&json!([paths("alpha"), paths("beta")]));
    let world = World::with(subject, Setting { seed: Some(seed), ..Setting::default() }).await;
    for name in ["alpha", "beta"] {
        let mut tab = world.browser().tab();
        tab.open(&world.app("/me?a=b")).await;
        assert_eq!(tab.page().links().len(), 2, "{}", tab.page().text());
        tab.click_to(&format!("market={name}")).await;
        world.sign_in(&mut tab, &JOHN).await;
        assert_eq!(tab.page().url.as_str(), world.app("/me?a=b"));
        assert_eq!(me(&tab).await["marketplace"], name);

        let mut tile = world.browser().tab();
        tile.open(&world.platform("/")).await;
        world.sign_in(&mut tile, &JOHN).await;
        let tiles = tile.page().links().into_iter().filter(|link| link.url.path().starts_with("/launch/"));
        let opens = tiles.into_iter().find(|link| link.text.contains(name)).expect("a tile");
        tile.click(&opens).await;
        assert_eq!(me(&tile).await["marketplace"], name);
    }
    let browser = world.browser();
    let mut tab = browser.tab();
    let response = world.response_for(&mut tab, "/maestrano/sso/init?v=1&market=alpha&return_to=/me").await;
    for (query, status) in [
        ("market=beta", StatusCode::FORBIDDEN),
        ("market=gamma", StatusCode::NOT_FOUND),
        ("market=", StatusCode::NOT_FOUND),
        ("", StatusCode::NOT_FOUND),
    ] {
        let mut elsewhere = response.url.clone();
        elsewhere.set_query(Some(query));
        tab.go(response.clone().to(elsewhere)).await;
        assert_eq!(tab.page().status, status, "{query}");
    }
    for query in ["", "?market=alpha", "?market=alpha&v=2"] {
        let answer = world.ask(Method::GET, &format!("/maestrano/sso/init{query}"), &[], "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{query}");
    }
    assert!(world.session_cookie(&browser).is_none());
    tab.go(response).await;
    assert_eq!(tab.page().url.as_str(), world.app("/me"));
}

/// The configuration says where the application is; a request cannot say otherwise, and nothing of it comes back.
pub async fn a_foreign_host_header_decides_nothing(subject: &Subject) {
    const FOREIGN: &str = "Host: evil.example\r\nForwarded: host=evil.example;proto=https\r\n\
                           X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\n\
                           X-Forwarded-Prefix: //evil.example\r\nX-Original-URL: //evil.example\r\n";
    let world = World::new(subject).await;
    for path in ["/me", "/maestrano/auth/saml/init", "/maestrano/logout", "/maestrano/nowhere"] {
        let request =
            format!("GET {path} HTTP/1.1\r\n{FOREIGN}Accept: text/html\r\nConnection: close\r\n\r\n");
        let answer = world.write(request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 ") && !answer.contains("evil"), "{path}: {answer}");
    }
    let start = format!("/maestrano/auth/saml/init/{MARKETPLACE}");
    let request = format!("GET {start} HTTP/1.1\r\n{FOREIGN}Accept: text/html\r\nConnection: close\r\n\r\n");
    let answer = world.write(request.as_bytes()).await;
    assert!(!answer.contains("evil") && !answer.contains("__Host-"), "{answer}");
    let to = answer
        .lines()
        .find_map(|line| line.to_ascii_lowercase().starts_with("location: ").then(|| &line[10..]));
    let mut tab = world.browser().tab();
    tab.open(to.unwrap_or_else(|| panic!("no way to the platform: {answer}"))).await;
    tab.pause_before("/consume");
    let response = world.sign_in_until_pause(&mut tab, &JOHN).await.expect("the platform answers");
    let consume = world.app(&format!("/maestrano/auth/saml/consume/{MARKETPLACE}"));
    assert_eq!(response.url.as_str(), consume, "the platform answers to the application itself");
}

async fn signed_in(world: &World, browser: &Browser, person: &Person) -> Tab {
    let mut tab = browser.tab();
    tab.open(&world.app("/me")).await;
    world.sign_in(&mut tab, person).await;
    if tab.page().url.as_str().starts_with(world.sandbox().url()) {
        tab.click_to("group_id=cld-1").await;
    }
    assert_eq!(tab.page().url.as_str(), world.app("/me"), "{}", tab.page().text());
    tab
}

/// A platform with John, his company, and these marketplaces.
fn at(marketplaces: &Value) -> String {
    let app = |(number, marketplace): (usize, &Value)| {
        let (id, name) = (format!("app-{number}"), &marketplace["name"]);
        json!({ "id": id, "name": "CRM", "key": "a-key-of-the-sandbox", "marketplace": name })
    };
    let apps: Vec<_> = marketplaces.as_array().into_iter().flatten().enumerate().map(app).collect();
    let ids: Vec<_> = apps.iter().map(|app| app["id"].clone()).collect();
    json!({
        "dev_platform": {
            "environment": "sandbox", "environment_key": "sandbox-environment-key", "environment_secret": SECRET,
            "marketplaces": marketplaces,
        },
        "apps": apps,
        "groups": [{ "id": "cld-1", "name": "Doe & Daughters", "apps": ids }],
        "users": [{
            "id": JOHN.uid, "name": "John", "surname": "Doe", "email": JOHN.email, "password": JOHN.password,
            "groups": { "cld-1": "Admin" },
        }],
    })
    .to_string()
}
