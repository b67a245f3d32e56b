//! Who may end a session, and how the browser leaves.

use super::*;

const LOGOUT: &str = "/maestrano/logout";
const PLATFORM: &str = "https://hub.example.com/app_logout?user_uid=usr-1";
const NAVIGATION: (&str, &str) = ("sec-fetch-mode", "navigate");

async fn signed_in() -> (World, Session) {
    let world = World::new(&["one"]).await;
    world.sign_in("one", NOW).await;
    let session = world.check(NOW).await.unwrap();
    (world, session)
}

#[tokio::test]
async fn a_link_signs_out_by_the_sessions_own_token_only() {
    let (world, session) = signed_in().await;
    for path in [LOGOUT, "/maestrano/logout?token=", "/maestrano/logout?token=00"] {
        let asked = world.go(path, NOW).await;
        assert_eq!(asked.status(), StatusCode::OK);
        assert!(text(&asked).contains("Sign out?") && world.check(NOW).await.is_ok());
    }
    let out = world.go(&logout_path(&world.site, &session), NOW).await;
    assert_eq!(header(&out, &LOCATION), PLATFORM);
    assert!(world.check(NOW).await.is_err());
    let nobody = world.go(LOGOUT, NOW).await;
    assert_eq!((header(&nobody, &LOCATION), sets_cookie(&nobody)), ("/", false));
}

#[tokio::test]
async fn a_form_signs_out_when_it_is_the_applications_own() {
    let own: [&[(&str, &str)]; 4] = [
        &[NAVIGATION, ("sec-fetch-site", "same-origin")],
        &[("sec-fetch-mode", "cors"), ("sec-fetch-site", "same-origin")],
        &[("origin", "https://crm.example.com")],
        // Where there is Fetch Metadata it counts, and not the origin.
        &[NAVIGATION, ("sec-fetch-site", "same-origin"), ("origin", "null")],
    ];
    for headers in own {
        let (world, _) = signed_in().await;
        let out = world.post(LOGOUT, headers, "").await;
        assert_eq!(header(&out, &LOCATION), PLATFORM, "{headers:?}");
        assert!(world.check(NOW).await.is_err());
    }
    let foreign: [&[(&str, &str)]; 9] = [
        &[],
        &[NAVIGATION, ("sec-fetch-site", "same-site")],
        &[NAVIGATION, ("sec-fetch-site", "cross-site")],
        &[NAVIGATION, ("sec-fetch-site", "none")],
        &[NAVIGATION, ("sec-fetch-site", "cross-site"), ("origin", "https://crm.example.com")],
        &[("origin", "https://evil.example")],
        &[("origin", "http://crm.example.com")],
        &[("origin", "https://crm.example.com.evil.example")],
        &[("origin", "null")],
    ];
    let (world, _) = signed_in().await;
    for headers in foreign {
        let asked = world.post(LOGOUT, headers, "").await;
        assert_eq!(asked.status(), StatusCode::OK, "{headers:?}");
        assert!(text(&asked).contains("Sign out?") && world.check(NOW).await.is_ok());
    }
}

#[tokio::test]
async fn the_confirmation_form_carries_the_sessions_token() {
    // Its page sends no referrer, so its origin is `null`, and plain http sends no Fetch Metadata.
    for headers in [&[("origin", "null")][..], &[("origin", "null"), ("accept", "text/html")]] {
        let (world, session) = signed_in().await;
        let asked = world.go(LOGOUT, NOW).await;
        let token = text(&asked).split_once("name=\"token\" value=\"").unwrap().1.split('"').next().unwrap();
        assert_eq!(logout_path(&world.site, &session), format!("{LOGOUT}?token={token}"));
        for wrong in ["", "token=", "token=00", "x=y"] {
            world.post(LOGOUT, headers, wrong).await;
            assert!(world.check(NOW).await.is_ok(), "{wrong}");
        }
        world.post(LOGOUT, headers, &format!("x=y&token={token}")).await;
        assert!(world.check(NOW).await.is_err());
    }
}

#[tokio::test]
async fn a_logout_form_of_more_than_4_kib_is_not_read() {
    let (world, session) = signed_in().await;
    let token = logout_path(&world.site, &session).split_once('=').unwrap().1.to_owned();
    let long = format!("token={token}&x={}", "a".repeat(4096));
    world.post(LOGOUT, &[], &long).await;
    assert!(world.check(NOW).await.is_ok());
}

#[tokio::test]
async fn a_form_of_a_page_that_forbids_redirects_goes_on_by_a_page() {
    let (world, _) = signed_in().await;
    let headers = [NAVIGATION, ("sec-fetch-site", "same-origin"), ("accept", "text/html,*/*")];
    let out = world.post(LOGOUT, &headers, "").await;
    assert_eq!(out.status(), StatusCode::OK);
    assert!(text(&out).contains(&format!("content=\"0; url={PLATFORM}\"")), "{}", text(&out));
    assert!(world.check(NOW).await.is_err());
}

#[tokio::test]
async fn prefetches_and_background_requests_sign_nobody_out() {
    let (world, session) = signed_in().await;
    let path = logout_path(&world.site, &session);
    let rows: [(&[(&str, &str)], u16); 5] = [
        (&[NAVIGATION, ("sec-purpose", "prefetch")], 503),
        (&[("accept", "text/html"), ("purpose", "prefetch")], 503),
        (&[("x-moz", "prefetch")], 503),
        (&[("sec-fetch-mode", "no-cors"), ("sec-fetch-site", "same-origin")], 400),
        (&[("sec-fetch-mode", "cors"), ("sec-fetch-site", "same-origin")], 400),
    ];
    for (headers, status) in rows {
        let response = world.get(&path, headers, NOW).await;
        assert_eq!((response.status().as_u16(), sets_cookie(&response)), (status, false), "{headers:?}");
        assert!(world.check(NOW).await.is_ok(), "{headers:?}");
    }
}
