//! What a stranger can make large, and what a browser can make long.

use super::*;

const INIT: &str = "/maestrano/auth/saml/init/one";
/// A proxy reads the header fields of a response into a buffer of 4 KB by default; some are added on the way.
const MAX_HEADER_BYTES: usize = 3_500;

fn header_bytes(response: &Response<Bytes>) -> usize {
    let fields = response.headers().iter();
    "HTTP/1.1 303 See Other\r\n\r\n".len()
        + fields.map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>()
}

fn page(length: usize) -> String {
    format!("/{}", "a1-".repeat(length)).chars().take(length).collect()
}

#[tokio::test]
async fn a_page_of_a_thousand_characters_is_kept_through_the_login() {
    let world = World::new(&["one"]).await;
    for page in [page(1_000), format!("/?q={}", "%C3%BC".repeat(160))] {
        let request = world.request("GET", &page, &[("sec-fetch-mode", "navigate")], "");
        let denied = check(&world.site, &world.sso, &request.into_parts().0, NOW).await.unwrap_err();
        let init = header(&denied.into_response(), &LOCATION).to_owned();
        let id = request_id(&world.go(&init, NOW).await);
        let consumed = world.finish(&login("one", &id, NOW), NOW);
        assert!(consumed.len() < 3_100, "{}", consumed.len());
        assert_eq!(header(&world.go(&consumed, NOW).await, &LOCATION), page);
        world.lose_cookies("");
    }
}

#[tokio::test]
async fn a_page_that_cannot_be_kept_is_not_asked_for() {
    let world = World::new(&["one"]).await;
    let (longest, longer) = (page(1_200), page(1_201));
    for (page, kept) in [(longest, true), (longer, false), (page(60_000), false)] {
        let request = world.request("GET", &page, &[("sec-fetch-mode", "navigate")], "");
        let denied = check(&world.site, &world.sso, &request.into_parts().0, NOW).await.unwrap_err();
        let response = denied.into_response();
        assert_eq!(header(&response, &LOCATION).contains("return_to="), kept, "{}", page.len());
        assert!(header_bytes(&response) < MAX_HEADER_BYTES);
    }
}

#[tokio::test]
async fn the_header_fields_of_a_start_fit_into_a_proxys_buffer_whatever_the_query_says() {
    let world = World::new(&["one"]).await;
    let (long, crowd) = ("x".repeat(60_000), "a=b&".repeat(15_000));
    let queries = [
        format!("return_to={}", page(1_200)),
        format!("return_to={}", page(1_200).replace('a', "%26")),
        format!("return_to={}&group_id={}&user_uid={}", page(1_200), "%26".repeat(128), "%26".repeat(128)),
        format!("{crowd}group_id=cld-7&return_to=/deals"),
        format!("group_id={long}"),
        "group_id=cld-7&".repeat(4_000),
        "user_uid=usr-7&".repeat(4_000),
        "return_to=/deals&".repeat(3_500),
        format!("a={long}&b=1"),
        "%61&".repeat(16_000),
        "&".repeat(60_000),
    ];
    // More logins are pending than one browser keeps.
    for _ in 0..40 {
        let begun = world.request("GET", INIT, &[("sec-fetch-mode", "navigate")], "");
        let (mut parts, body) = begun.into_parts();
        parts.headers.remove(COOKIE);
        world.send(Request::from_parts(parts, body), NOW).await;
    }
    for query in queries {
        let response = world.go(&format!("{INIT}?{query}"), NOW).await;
        let (bytes, location) = (header_bytes(&response), header(&response, &LOCATION));
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert!(bytes < MAX_HEADER_BYTES && location.len() <= 2_600, "{bytes} {}", location.len());
        assert!(location.matches("group_id=").count() <= 1);
    }
}

#[tokio::test]
async fn group_and_user_are_passed_on_before_all_else() {
    let world = World::new(&["one"]).await;
    let query = format!("a={}&{}group_id=cld-7&user_uid=usr-7", "x".repeat(2_000), "c=d&".repeat(10_000));
    let started = world.go(&format!("{INIT}?{query}&return_to={}", page(1_000)), NOW).await;
    let location = header(&started, &LOCATION);
    assert!(location.contains("&group_id=cld-7&user_uid=usr-7"), "{location}");
    assert!(!location.contains("&a=xxx"));
    let id = request_id(&started);
    let arrived = world.go(&world.finish(&login("one", &id, NOW), NOW), NOW).await;
    assert_eq!(header(&arrived, &LOCATION), page(1_000));
}

#[tokio::test]
async fn the_choice_of_a_marketplace_does_not_repeat_a_long_query() {
    let names: Vec<String> = (0..10).map(|number| format!("market-{number}")).collect();
    let world = World::new(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for query in ["a=b&".repeat(15_000), format!("return_to=/deals&{}", "%26=%26&".repeat(8_000))] {
        let choice = world.go(&format!("/maestrano/auth/saml/init?{query}"), NOW).await;
        assert!(choice.body().len() < 40_000, "{}", choice.body().len());
    }
}

#[tokio::test]
async fn a_ticket_is_found_behind_a_long_query() {
    let world = World::new(&["one"]).await;
    let id = world.begin("one", "?return_to=/deals", NOW).await;
    let finish = world.finish(&login("one", &id, NOW), NOW);
    let finish = finish.replace('?', &format!("?{}", "a=b&".repeat(10_000)));
    assert_eq!(header(&world.go(&finish, NOW).await, &LOCATION), "/deals");
}

#[tokio::test]
async fn a_long_page_of_the_applications_choice_is_reached_by_a_page() {
    let to = format!("/welcome?{}", "a".repeat(3_000));
    let world = World::saying(Ok(SignIn::AllowAt(to.clone()))).await;
    let id = world.begin("one", "", NOW).await;
    let arrived = world.go(&world.finish(&login("one", &id, NOW), NOW), NOW).await;
    assert_eq!(arrived.status(), StatusCode::OK);
    assert!(text(&arrived).contains(&format!("0; url={to}")) && header_bytes(&arrived) < MAX_HEADER_BYTES);
}

#[tokio::test]
async fn a_frame_gets_a_page_that_opens_the_sign_in_in_the_whole_window() {
    let world = World::new(&["one"]).await;
    for destination in ["iframe", "frame", "object", "embed"] {
        let headers = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", destination)];
        let request = world.request("GET", "/widget?a=b", &headers, "").into_parts().0;
        let denied = check(&world.site, &world.sso, &request, NOW).await.unwrap_err().into_response();
        let init = world.get(&format!("{INIT}?return_to=/widget%3Fa%3Db"), &headers, NOW).await;
        for response in [denied, init] {
            assert_eq!((response.status(), sets_cookie(&response)), (StatusCode::UNAUTHORIZED, false));
            let link = "<a href=\"https://crm.example.com/maestrano/auth/saml/init/one?return_to=%2Fwidget%3Fa%3Db\" \
                        target=\"_top\">Sign in</a>";
            assert!(text(&response).contains(link), "{}", text(&response));
            assert!(!response.headers().contains_key(http::header::X_FRAME_OPTIONS));
            let policy = header(&response, &http::header::CONTENT_SECURITY_POLICY);
            assert!(policy.contains("frame-ancestors *"), "{policy}");
        }
    }
}

#[tokio::test]
async fn a_background_request_is_told_the_page_that_sent_it() {
    let world = World::new(&["one"]).await;
    let init = "https://crm.example.com/maestrano/auth/saml/init/one";
    for (referer, query) in [
        ("https://crm.example.com/deals?page=2", "?return_to=%2Fdeals%3Fpage%3D2"),
        ("https://crm.example.com/", "?return_to=%2F"),
        ("https://evil.example/deals", ""),
        ("nonsense", ""),
    ] {
        let headers = [("sec-fetch-mode", "cors"), ("referer", referer)];
        for method in ["GET", "POST"] {
            let request = world.request(method, "/api/deals", &headers, "").into_parts().0;
            let denied = check(&world.site, &world.sso, &request, NOW).await.unwrap_err().into_response();
            let json: serde_json::Value = serde_json::from_slice(denied.body()).unwrap();
            assert_eq!(json["login"], format!("{init}{query}"), "{referer}");
        }
    }
}

#[tokio::test]
async fn a_late_answer_to_a_background_request_or_a_prefetch_keeps_the_cookie() {
    let world = World::new(&["one"]).await;
    world.sign_in("one", NOW).await;
    world.platform.answers(200, r#"{"valid":false}"#);
    let late = NOW + Duration::minutes(4);
    let rows: [(&[(&str, &str)], bool); 4] = [
        (&[("sec-fetch-mode", "cors")], false),
        (&[("accept", "application/json")], false),
        (&[("sec-fetch-mode", "navigate"), ("sec-purpose", "prefetch")], false),
        (&[("sec-fetch-mode", "navigate")], true),
    ];
    for (headers, clears) in rows {
        let request = world.request("GET", "/deals", headers, "").into_parts().0;
        let denied = check(&world.site, &world.sso, &request, late).await.unwrap_err().into_response();
        assert_eq!(sets_cookie(&denied), clears, "{headers:?}");
    }
}
