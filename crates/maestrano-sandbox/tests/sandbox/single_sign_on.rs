//! The way through the platform: who is it, which group, and back to the app.

use maestrano_sandbox::{Options, Seed};

use crate::{
    browser::{ACS, Browser, attribute, path_for_xml, sign_on_path, start, start_default},
    contract,
};

#[tokio::test]
async fn nobody_gets_a_response_without_signing_in_and_user_uid_is_no_way_around() {
    let running = start_default().await;
    for suffix in ["", "&user_uid=usr-1", "&user_uid=usr-1&group_id=cld-1"] {
        let page = Browser::at(&running).get(&(sign_on_path(ACS) + suffix)).await;
        assert_eq!(page.status, 200);
        assert!(page.response().is_none());
        assert!(page.body.contains("name=\"password\""));
    }
}

#[tokio::test]
async fn the_signed_in_account_is_the_user_whatever_user_uid_says() {
    let running = start_default().await;
    let mut browser = Browser::of(&running, "john.doe@example.com").await;
    let xml = browser.response(&(sign_on_path(ACS) + "&user_uid=usr-2")).await;
    assert_eq!(attribute(&xml, "uid").as_deref(), Some("usr-1"));
}

#[tokio::test]
async fn after_signing_in_the_same_request_goes_on() {
    let running = start_default().await;
    let path = sign_on_path(ACS) + "&group_id=cld-2&x=%26";
    let mut browser = Browser::at(&running);
    let form = browser.get(&path).await;
    let fields = [("email", "Jane.Roe@example.com"), ("password", "jane-password")];
    let answer = browser.submit(&form, "/sign_in", &fields).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, path.as_str()));
    let xml = browser.response(&path).await;
    assert_eq!(attribute(&xml, "group_uid").as_deref(), Some("cld-2"));
    assert_eq!(attribute(&xml, "group_role").as_deref(), Some("Super Admin"));
}

#[tokio::test]
async fn the_only_group_is_taken_and_group_id_ignored() {
    let running = start_default().await;
    let mut browser = Browser::of(&running, "john.doe@example.com").await;
    for suffix in ["", "&group_id=cld-2", "&group_id=nonsense"] {
        let xml = browser.response(&(sign_on_path(ACS) + suffix)).await;
        assert_eq!(attribute(&xml, "group_uid").as_deref(), Some("cld-1"));
    }
}

#[tokio::test]
async fn with_several_groups_and_no_good_group_id_the_user_chooses() {
    let running = start_default().await;
    let mut browser = Browser::of(&running, "jane.roe@example.com").await;
    let path = sign_on_path(ACS);
    for suffix in ["&x=%22%3E", "&group_id=cld-9&x=%22%3E"] {
        let page = browser.get(&format!("{path}{suffix}")).await;
        assert_eq!(page.status, 200);
        for group in ["cld-1", "cld-2"] {
            let link = format!("{path}&x=%22%3E&group_id={group}");
            assert!(page.body.contains(&format!("href=\"{}\"", link.replace('&', "&amp;"))), "{}", page.body);
            let xml = browser.response(&link).await;
            assert_eq!(attribute(&xml, "group_uid").as_deref(), Some(group));
        }
    }
}

#[tokio::test]
async fn a_user_without_a_group_of_the_app_is_refused() {
    let running = start_default().await;
    let page = Browser::of(&running, "nora.newman@example.com").await.get(&sign_on_path(ACS)).await;
    assert_eq!(page.status, 403);
    assert!(page.response().is_none() && page.body.contains("Access refused"));
}

#[tokio::test]
async fn only_the_registered_host_of_the_app_is_answered() {
    let running = start_default().await;
    let mut browser = Browser::of(&running, "john.doe@example.com").await;
    for acs in [
        "http://evil.example/consume",
        "https://localhost:3000/consume",
        "http://localhost:3001/consume",
        "http://localhost:3000@evil.example/",
        "javascript:alert(1)",
        "not an url \"><script>alert(1)</script>",
    ] {
        let page = browser.get(&sign_on_path(acs)).await;
        assert_eq!(page.status, 403, "{acs}");
        assert!(page.response().is_none() && !page.body.contains("<script>alert"), "{}", page.body);
    }
    running.set_app_host("app-1", "http://localhost:3001/").await.expect("the app moves");
    assert!(browser.get(&sign_on_path("http://localhost:3001/consume")).await.response().is_some());
    assert_eq!(browser.get(&sign_on_path(ACS)).await.status, 403);
}

#[tokio::test]
async fn what_is_no_request_gets_a_page_that_says_why() {
    let running = start_default().await;
    let mut browser = Browser::of(&running, "john.doe@example.com").await;
    for path in
        ["/api/v1/auth/saml", "/api/v1/auth/saml?SAMLRequest=AAAA", "/api/v1/auth/saml?SAMLRequest=%FF%00"]
    {
        let page = browser.get(path).await;
        assert_eq!(page.status, 400, "{path}");
        assert!(page.body.contains("SAMLRequest"), "{path}");
    }
    let unknown = "<samlp:AuthnRequest ID='_1' AssertionConsumerServiceURL='http://localhost:3000/'>\
                   <saml:Issuer>app-9</saml:Issuer></samlp:AuthnRequest>";
    let page = browser.get(&path_for_xml(unknown)).await;
    assert_eq!(page.status, 200);
    assert!(page.body.starts_with("Wrong APP ID!"));
}

#[tokio::test]
async fn the_page_posts_itself_and_has_the_fields_of_the_original_in_order() {
    let running = start_default().await;
    let acs = format!("{ACS}?a=1&b=\"2\"");
    let page = Browser::of(&running, "john.doe@example.com").await.get(&sign_on_path(&acs)).await;
    let names: Vec<&str> =
        page.body.split(" name=\"").skip(1).filter_map(|it| it.split('"').next()).collect();
    assert_eq!(names, ["viewport", "utf8", "authenticity_token", "SAMLResponse", "commit"]);
    assert_eq!(page.field("utf8").as_deref(), Some("✓"));
    assert!(page.body.contains(&format!("action=\"{ACS}?a=1&amp;b=&quot;2&quot;\"")), "{}", page.body);
    assert!(page.body.contains("<script>document.forms[0].submit();</script>"));
    assert!(page.body.contains("<noscript>"));
    let base64 = page.field("SAMLResponse").expect("a response");
    assert!(base64.ends_with('\n'));
    let mut lines: Vec<&str> = base64.lines().collect();
    lines.pop();
    assert!(lines.iter().all(|line| line.len() == 60));
    let xml = page.response().expect("a response");
    let document = roxmltree::Document::parse(&xml).expect("well-formed");
    assert_eq!(document.root_element().attribute("Destination"), Some(acs.as_str()));
}

#[tokio::test]
async fn a_tile_leads_to_the_apps_init_url_with_the_group_and_the_other_parameters() {
    let seed = Seed::from_json(
        r#"{"dev_platform": {"marketplaces": [{"name": "m", "init_path": "/init/?marketplace=m"}]},
            "apps": [{"id": "app-1", "name": "A", "key": "k", "host": "http://localhost:3000"}],
            "groups": [{"id": "cld-1", "name": "G", "app": "app-1"}],
            "users": [{"id": "usr-1", "name": "", "surname": "", "email": "a@example.com",
                       "groups": {"cld-1": "Admin"}},
                      {"id": "usr-2", "name": "", "surname": "", "email": "b@example.com"}]}"#,
    );
    let running = start(Options::default().seed(seed.expect("a good seed"))).await;
    let mut browser = Browser::of(&running, "a@example.com").await;
    assert!(browser.get("/").await.body.contains("href=\"/launch/1\""));
    let launched = browser.get("/launch/1?settings=true&group_id=cld-9&a%26b=%3F").await;
    assert_eq!(launched.status, 303);
    assert_eq!(
        launched.header("location"),
        "http://localhost:3000/init/?marketplace=m&group_id=cld-1&settings=true&a%26b=%3F"
    );
    let mut other = Browser::of(&running, "b@example.com").await;
    assert_eq!(other.get("/launch/1").await.status, 403);
    assert_eq!(browser.get("/launch/9").await.status, 403);
    assert_eq!(browser.get("/launch/x").await.status, 403);
    let stranger = Browser::at(&running).get("/launch/1").await;
    assert_eq!(stranger.field("return_to").as_deref(), Some("/launch/1"));
}

#[tokio::test]
async fn reseller_attributes_come_only_with_a_resellers_launch() {
    let running = start_default().await;
    let mut browser = Browser::of(&running, "john.doe@example.com").await;
    for (launch, reseller) in
        [("/launch/1", None), ("/launch/1?reseller_sso=1", Some("rsl-449s8fsd")), ("/launch/1", None)]
    {
        let launched = browser.get(launch).await;
        assert!(launched.header("location").ends_with("?group_id=cld-1"));
        let xml = browser.response(&sign_on_path(ACS)).await;
        assert_eq!(attribute(&xml, "reseller_id").as_deref(), reseller);
    }
}

/// Rows that differ, on purpose: what was an exception page is a page that says why (400 instead of 500), a method
/// that is not served is 405 instead of 404, and launches start at a tile of the signed-in user instead of
/// `/sso_trigger`, which would lead anybody anywhere.
const DIFFERENT: [(&str, u16); 4] =
    [("sso-no-request", 400), ("sso-garbage-request", 400), ("sso-post", 405), ("sso-trigger", 404)];

#[tokio::test]
async fn the_recorded_sign_on_pages_have_the_same_status_for_the_signed_in_user() {
    let Some(folder) = contract::folder() else { return };
    let seed = Seed::from_file(folder.join("transcripts/seeds.json")).expect("the recorded seed");
    let running = start(Options::default().seed(seed)).await;
    let (mut same, mut different) = (0, 0);
    for row in contract::rows(&folder, "50-sso.jsonl") {
        // The original believes `user_uid`; here that user signs in first.
        let user = row.path.split("user_uid=").nth(1).and_then(|rest| rest.split('&').next());
        let account = running.accounts().iter().find(|account| Some(account.user.as_str()) == user);
        let mut browser = match account {
            Some(account) => Browser::of(&running, &account.email).await,
            None => Browser::at(&running),
        };
        let page = match row.method.as_str() {
            "GET" => browser.get(&row.path).await,
            _ => browser.post(&row.path, &[], &[]).await,
        };
        let deviation = DIFFERENT.iter().find(|(name, _)| *name == row.name);
        let expected = deviation.map_or(row.status, |(_, status)| *status);
        assert_eq!(page.status.as_u16(), expected, "{}", row.name);
        if deviation.is_none() {
            assert_eq!(page.header("content-type"), row.content_type, "{}", row.name);
            if let Some(body) = &row.body {
                assert_eq!(page.body, *body, "{}", row.name);
            }
        }
        *(if deviation.is_none() { &mut same } else { &mut different }) += 1;
    }
    println!("{same} recorded rows are answered alike, {different} differently on purpose");
    assert_eq!((same, different), (12, 4));
}
