//! What the guard reads of a request.

use super::*;
use crate::web::CHECKED_HEADERS;

/// Fields that say who asks, from where and for what, in ways that the guard does not listen to.
const OTHERS: &[(&str, &str)] = &[
    ("host", "evil.example.com"),
    ("origin", "https://evil.example.com"),
    ("referer", "https://evil.example.com/page"),
    ("authorization", "Basic a2V5OnNlY3JldA=="),
    ("x-requested-with", "XMLHttpRequest"),
    ("x-forwarded-host", "evil.example.com"),
    ("x-forwarded-proto", "http"),
    ("forwarded", "host=evil.example.com;proto=http"),
    ("x-http-method-override", "POST"),
    ("content-type", "application/json"),
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-dest", "empty"),
    ("sec-fetch-user", "?1"),
    ("accept-language", "fr"),
    ("user-agent", "curl"),
];

/// Who asks, in ways that it does listen to.
const WHO: &[&[(&str, &str)]] = &[
    &[],
    &[("sec-fetch-mode", "navigate")],
    &[("sec-fetch-mode", "cors")],
    &[("accept", "text/html")],
    &[("accept", "*/*"), ("accept", "text/html")],
    &[("accept", "application/json"), ("cookie", "a=b")],
];

#[tokio::test]
async fn the_guard_says_the_same_when_only_the_fields_that_it_reads_are_left() {
    let world = World::new(&["one"]).await;
    world.sign_in("one", NOW).await;
    // Alive, ended at the platform, and too late to be anybody.
    for now in [NOW, NOW + Duration::minutes(4), NOW + Duration::days(2)] {
        world.platform.answers(200, r#"{"valid":false}"#);
        for (method, who) in
            ["GET", "POST"].iter().flat_map(|method| WHO.iter().map(move |who| (method, who)))
        {
            let whole = world.request(method, "/me?tab=2", &[*who, OTHERS].concat(), "").into_parts().0;
            let mut left = whole.clone();
            left.headers.clear();
            for name in CHECKED_HEADERS {
                for line in whole.headers.get_all(name) {
                    left.headers.append(name, line.clone());
                }
            }
            assert!(left.headers.len() < whole.headers.len());
            let asked = format!("{method} {who:?} at {now}");
            match (
                check(&world.site, &world.sso, &whole, now).await,
                check(&world.site, &world.sso, &left, now).await,
            ) {
                (Ok(whole), Ok(left)) => assert_eq!(whole, left, "{asked}"),
                (Err(whole), Err(left)) => {
                    let (whole, left) = (whole.into_response(), left.into_response());
                    assert_eq!((whole.status(), whole.headers()), (left.status(), left.headers()), "{asked}");
                    assert_eq!(whole.body(), left.body(), "{asked}");
                }
                (whole, left) => panic!("{whole:?}, but {left:?}: {asked}"),
            }
        }
    }
}
