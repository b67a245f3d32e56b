//! The same thing twice, too late, or in another browser: old is not hostile.

use super::*;

const INIT: &str = "/maestrano/auth/saml/init/one";
const LOGIN: &str = "__Host-mno_login";
const SESSION: &str = "__Host-mno_session";
const PLATFORM: &str = "https://hub.example.com/api/v1/auth/saml?SAMLRequest=";

/// A browser that has begun a login for a page and has got the platform's answer: the address at which it finishes.
async fn answered(world: &World, page: &str) -> String {
    let id = world.begin("one", &format!("?return_to={page}"), NOW).await;
    world.finish(&login("one", &id, NOW), NOW)
}

fn is_sent_to_platform(response: &Response<Bytes>) -> bool {
    response.status() == StatusCode::SEE_OTHER && header(response, &LOCATION).starts_with(PLATFORM)
}

#[tokio::test]
async fn a_finish_that_is_repeated_leads_to_the_page() {
    let world = World::new(&["one"]).await;
    let finish = answered(&world, "/deals").await;
    for _ in 0..3 {
        let response = world.go(&finish, NOW).await;
        assert_eq!((response.status(), header(&response, &LOCATION)), (StatusCode::SEE_OTHER, "/deals"));
        assert!(world.check(NOW).await.is_ok());
    }
    assert!(world.cookie_names(LOGIN).is_empty());
}

#[tokio::test]
async fn a_login_is_finished_only_in_the_browser_that_began_it() {
    let world = World::new(&["one"]).await;
    let finish = answered(&world, "/deals").await;
    world.lose_cookies("");
    let response = world.go(&finish, NOW).await;
    assert!(is_sent_to_platform(&response) && world.check(NOW).await.is_err());
    assert!(world.cookie_names(SESSION).is_empty());
}

#[tokio::test]
async fn a_login_without_its_cookie_restarts_once_and_keeps_page_and_group() {
    let world = World::new(&["one"]).await;
    let finish = answered(&world, "/deals?page=2").await;
    world.lose_cookies("");
    let restarted = world.go(&finish, NOW).await;
    assert!(header(&restarted, &LOCATION).ends_with("&group_id=cld-1"));
    let finish = world.finish(&login("one", &request_id(&restarted), NOW), NOW);
    let again = World::new(&["one"]).await;
    *again.cookies.lock().unwrap() = world.cookies.lock().unwrap().clone();
    // With the cookie of the restarted login the user arrives; without it the login is not restarted once more.
    let arrived = world.go(&finish, NOW).await;
    assert_eq!(header(&arrived, &LOCATION), "/deals?page=2");
    again.lose_cookies("");
    let stopped = again.go(&finish, NOW).await;
    assert_eq!(stopped.status(), StatusCode::FORBIDDEN);
    assert!(text(&stopped).contains("init/one?return_to=%2Fdeals%3Fpage%3D2"), "{}", text(&stopped));
    assert!(text(&stopped).contains("The browser sent no cookies."), "{}", text(&stopped));
}

#[tokio::test]
async fn a_ticket_or_a_login_that_is_too_old_restarts_the_login() {
    // With the clock allowance of one minute, a ticket holds for two minutes and a pending login for eleven.
    for (seconds, arrives) in [(119, true), (120, false)] {
        let world = World::new(&["one"]).await;
        let finish = answered(&world, "/deals").await;
        let response = world.go(&finish, NOW + Duration::seconds(seconds)).await;
        assert_eq!(header(&response, &LOCATION) == "/deals", arrives, "{seconds}");
        assert_eq!(is_sent_to_platform(&response), !arrives, "{seconds}");
    }
    for (seconds, arrives) in [(659, true), (660, false)] {
        let (world, late) = (World::new(&["one"]).await, NOW + Duration::seconds(seconds));
        let id = world.begin("one", "?return_to=/deals", NOW).await;
        let response = world.go(&world.finish(&login("one", &id, late), late), late).await;
        assert_eq!(header(&response, &LOCATION) == "/deals", arrives, "{seconds}");
        assert_eq!(is_sent_to_platform(&response), !arrives, "{seconds}");
    }
}

#[tokio::test]
async fn a_kept_copy_of_the_login_cookie_opens_no_second_session() {
    let world = World::new(&["one"]).await;
    let finish = answered(&world, "/deals").await;
    let kept = world.cookies.lock().unwrap().clone();
    world.go(&finish, NOW).await;
    *world.cookies.lock().unwrap() = kept;
    let response = world.go(&finish, NOW).await;
    assert!(is_sent_to_platform(&response) && world.cookie_names(SESSION).is_empty());
}

#[tokio::test]
async fn a_user_with_a_session_goes_to_the_page_whatever_became_of_the_login() {
    let world = World::new(&["one"]).await;
    let stale = answered(&world, "/deals").await;
    world.sign_in("one", NOW).await;
    world.lose_cookies(LOGIN);
    for now in [NOW, NOW + Duration::minutes(2)] {
        let response = world.go(&stale, now).await;
        assert_eq!((response.status(), header(&response, &LOCATION)), (StatusCode::SEE_OTHER, "/deals"));
    }
}

#[tokio::test]
async fn a_session_that_was_revoked_does_not_count_as_one() {
    let world = World::new(&["one"]).await;
    let stale = answered(&world, "/deals").await;
    world.sign_in("one", NOW).await;
    world.lose_cookies(LOGIN);
    let session = world.check(NOW).await.unwrap();
    world.sso.sign_out(&session, NOW).await;
    assert!(is_sent_to_platform(&world.go(&stale, NOW).await));
}

#[tokio::test]
async fn a_ticket_that_was_not_sealed_here_is_a_page_and_restarts_nothing() {
    let world = World::new(&["one"]).await;
    world.sign_in("one", NOW).await;
    for ticket in ["", "?t=", "?t=x", "?x=1"] {
        let response = world.go(&format!("/maestrano/auth/saml/finish{ticket}"), NOW).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{ticket}");
        assert!(!sets_cookie(&response));
    }
}

#[tokio::test]
async fn a_request_id_of_another_marketplace_is_unknown() {
    let world = World::new(&["one", "two"]).await;
    let id = world.begin("one", "", NOW).await;
    let two = world.site.configuration.marketplace("two").unwrap();
    let ticket = world.sso.ticket_for(&login("two", &id, NOW).login, &id, two, NOW);
    assert!(matches!(ticket, Err(crate::sso::LoginError::UnknownRequest)));
}

#[tokio::test]
async fn six_tabs_begun_from_the_same_cookies_all_arrive() {
    let world = World::new(&["one"]).await;
    let mut tabs = Vec::new();
    let mut jar = Vec::new();
    for tab in 0..6 {
        // None of the requests carries what the others have set.
        world.lose_cookies("");
        let id = world.begin("one", &format!("?return_to=/tab/{tab}"), NOW).await;
        jar.extend(world.cookies.lock().unwrap().clone());
        tabs.push(world.finish(&login("one", &id, NOW), NOW));
    }
    *world.cookies.lock().unwrap() = jar;
    for (tab, finish) in tabs.iter().enumerate() {
        let arrived = world.go(finish, NOW).await;
        assert_eq!(header(&arrived, &LOCATION), format!("/tab/{tab}"));
    }
    assert!(world.check(NOW).await.is_ok() && world.cookie_names(LOGIN).is_empty());
}

#[tokio::test]
async fn twenty_logins_in_a_row_all_arrive_and_the_oldest_of_more_restart() {
    let world = World::new(&["one"]).await;
    let mut finishes = Vec::new();
    for minute in 0..21 {
        let now = NOW + Duration::seconds(minute * 20);
        let id = world.begin("one", &format!("?return_to=/tab/{minute}"), now).await;
        finishes.push(world.finish(&login("one", &id, now), NOW + Duration::minutes(8)));
    }
    assert_eq!(world.cookie_names(LOGIN).len(), 20);
    let now = NOW + Duration::minutes(8);
    assert!(is_sent_to_platform(&world.go(&finishes[0], now).await));
    for (tab, finish) in finishes.iter().enumerate().skip(2) {
        assert_eq!(header(&world.go(finish, now).await, &LOCATION), format!("/tab/{tab}"));
    }
}

#[tokio::test]
async fn pages_of_other_sites_use_up_no_login_of_the_application() {
    let world = World::new(&["one"]).await;
    let finish = answered(&world, "/deals").await;
    for number in 0..30 {
        let led = [("sec-fetch-mode", "navigate"), ("sec-fetch-site", "cross-site")];
        let response = world.get(INIT, &led, NOW + Duration::minutes(1)).await;
        assert!(is_sent_to_platform(&response), "{number}");
    }
    assert_eq!(world.cookie_names(LOGIN).len(), 7);
    assert_eq!(header(&world.go(&finish, NOW).await, &LOCATION), "/deals");
}

#[tokio::test]
async fn prefetches_head_and_background_requests_begin_finish_and_end_nothing() {
    let world = World::new(&["one"]).await;
    let finish = answered(&world, "/deals").await;
    let navigation = ("sec-fetch-mode", "navigate");
    let rows = [
        ([navigation, ("sec-purpose", "prefetch")], 503),
        ([navigation, ("sec-purpose", "prefetch;prerender")], 503),
        ([("accept", "text/html"), ("purpose", "prefetch")], 503),
        ([("accept", "text/html"), ("x-moz", "prefetch")], 503),
        ([("sec-fetch-mode", "cors"), ("accept", "*/*")], 400),
        ([("sec-fetch-mode", "no-cors"), ("accept", "*/*")], 400),
    ];
    let before = world.cookies.lock().unwrap().clone();
    for (headers, status) in rows {
        for path in [INIT, &finish] {
            let response = world.get(path, &headers, NOW).await;
            assert_eq!(
                (response.status().as_u16(), sets_cookie(&response)),
                (status, false),
                "{headers:?} {path}"
            );
            assert_eq!(header(&response, &http::header::CACHE_CONTROL), "no-store");
        }
    }
    let head = world.send(world.request("HEAD", INIT, &[("accept", "text/html")], ""), NOW).await;
    assert!(!sets_cookie(&head));
    assert_eq!(*world.cookies.lock().unwrap(), before);
    assert_eq!(header(&world.go(&finish, NOW).await, &LOCATION), "/deals");
}

#[tokio::test]
async fn four_sessions_that_do_not_come_back_are_a_redirect_loop_until_the_person_asks_again() {
    let world = World::new(&["one"]).await;
    for second in 0..4 {
        world.sign_in("one", NOW + Duration::seconds(second)).await;
        world.lose_cookies(SESSION);
    }
    let now = NOW + Duration::seconds(4);
    let stopped = world.go(&format!("{INIT}?return_to=/deals"), now).await;
    assert_eq!((stopped.status(), sets_cookie(&stopped)), (StatusCode::FORBIDDEN, false));
    let again = "init/one?return_to=%2Fdeals&amp;start_again=1";
    assert!(text(&stopped).contains(again), "{}", text(&stopped));
    world.begin("one", "?return_to=/deals&start_again=1", now).await;
    world.begin("one", "", now).await;
}

#[tokio::test]
async fn logins_that_are_begun_and_not_finished_are_no_redirect_loop() {
    let world = World::new(&["one"]).await;
    for _ in 0..12 {
        world.begin("one", "", NOW).await;
    }
}

#[tokio::test]
async fn a_browser_whose_sessions_come_back_signs_in_as_often_as_it_likes() {
    let world = World::new(&["one"]).await;
    for _ in 0..10 {
        world.sign_in("one", NOW).await;
        assert!(world.check(NOW).await.is_ok());
    }
    assert!(world.cookie_names("__Host-mno_loop").is_empty());
}

#[tokio::test]
async fn restarts_count_toward_the_redirect_loop() {
    let world = World::new(&["one"]).await;
    let finish = answered(&world, "/deals").await;
    world.lose_cookies(LOGIN);
    for _ in 0..4 {
        assert!(is_sent_to_platform(&world.go(&finish, NOW).await));
    }
    let stopped = world.go(&finish, NOW).await;
    assert_eq!(stopped.status(), StatusCode::FORBIDDEN);
    assert!(text(&stopped).contains("did not keep the session"), "{}", text(&stopped));
}

#[tokio::test]
async fn a_login_that_was_begun_at_an_alias_is_told_both_addresses() {
    let world = World::new(&["one"]).await;
    let finish = answered(&world, "/deals").await;
    world.lose_cookies("");
    let host = [("sec-fetch-mode", "navigate"), ("host", "www.crm.example.com")];
    let restarted = world.get(&finish, &host, NOW).await;
    let finish = world.finish(&login("one", &request_id(&restarted), NOW), NOW);
    world.lose_cookies("");
    let stopped = world.get(&finish, &host, NOW).await;
    let hint = "You have opened this application at www.crm.example.com, but its address is crm.example.com.";
    assert!(text(&stopped).contains(hint), "{}", text(&stopped));
}

#[tokio::test]
async fn a_panic_of_the_application_is_a_failed_sign_in() {
    let world = World::saying(Err(PANIC)).await;
    let finish = answered(&world, "/deals").await;
    let failed = world.go(&finish, NOW).await;
    assert_eq!(failed.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(text(&failed).contains("<code>") && !text(&failed).contains(PANIC));
    assert!(world.cookie_names(SESSION).is_empty());
}
