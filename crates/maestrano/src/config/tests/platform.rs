//! What the developer platform is asked, and what its answers come to.

use super::*;

#[tokio::test]
async fn the_developer_platform_is_asked_with_basic_credentials() {
    let platform = Platform::with(&[entry("uat")]);
    load(&settings(), &platform).await.unwrap();
    let asked = platform.asked.lock().unwrap();
    let (url, headers, limits) = &asked[0];
    assert_eq!(url, "https://developer.example.com/api/config/v1/marketplaces");
    assert_eq!(headers[header::AUTHORIZATION], "Basic ZW52LWtleTplbnYtc2VjcmV0");
    assert!(headers[header::AUTHORIZATION].is_sensitive());
    assert_eq!(headers[header::ACCEPT], "application/json");
    assert_eq!((limits.timeout.as_secs(), limits.body), (10, 4 << 20));
}

#[tokio::test]
async fn all_four_spellings_of_the_api_path_mean_the_same() {
    let platform = Platform::with(&[entry("uat")]);
    let spellings = ["/api/config/v1/marketplaces", "/api/config/v1", "/api/config/v1/", "api/config/v1"];
    for spelling in spellings.iter().chain(&["/api/config/v1/marketplaces/", ""]) {
        load(&settings().api_path(*spelling), &platform).await.unwrap();
    }
    let urls = platform.urls();
    assert_eq!(urls.len(), 6);
    assert!(
        urls.iter().all(|url| url == "https://developer.example.com/api/config/v1/marketplaces"),
        "{urls:?}"
    );
}

#[tokio::test]
async fn a_platform_that_says_no_names_the_settings_to_check() {
    let error = refused(401, "{\"error\":\"Invalid credentials\"}").await;
    assert_eq!(
        error,
        "the developer platform at https://developer.example.com answered 401 Unauthorized: it does not know this \
         pair: check MNO_DEVPL_ENV_KEY and MNO_DEVPL_ENV_SECRET"
    );
    assert!(refused(404, "").await.contains("MNO_DEVPL_API_PATH"));
    assert!(
        refused(302, "")
            .await
            .contains("redirects are not followed: put the final address into MNO_DEVPL_HOST")
    );
    assert!(refused(503, "").await.contains("try again later"));
    assert!(refused(429, "").await.contains("try again later"));
    assert!(refused(418, "").await.contains("MNO_DEVPL_HOST"));
}

#[tokio::test]
async fn a_platform_that_cannot_be_asked_names_the_host() {
    let error = load(&settings(), &Nobody).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the developer platform at https://developer.example.com (check MNO_DEVPL_HOST and that this machine \
         reaches it) cannot be reached: no connection could be made"
    );
    let cause = std::error::Error::source(&error).and_then(std::error::Error::source).unwrap();
    assert_eq!(cause.to_string(), "connection refused");
}

#[tokio::test]
async fn an_answer_that_is_not_a_list_of_marketplaces_names_the_path() {
    for (body, told) in [
        ("\n<!DOCTYPE html><html>", "a web page (HTML) instead of JSON"),
        ("hello", "something that is not JSON"),
        ("", "something that is not JSON"),
        ("{\"marketplaces\":[", "something that is not JSON"),
        ("[]", "JSON without a list `marketplaces`"),
        ("{\"marketplaces\":{\"uat\":{}}}", "JSON without a list `marketplaces`"),
    ] {
        let error = refused(200, body).await;
        assert!(error.contains(told) && error.contains("MNO_DEVPL_API_PATH"), "{error}");
    }
    assert!(refused(200, "{\"marketplaces\":[]}").await.contains("marketplaces: is empty"));
}

#[tokio::test]
async fn the_same_plan_can_be_loaded_again() {
    let plan = settings().plan().unwrap();
    assert_eq!(plan.load(&Platform::with(&[entry("a")])).await.unwrap().marketplaces().len(), 1);
    plan.load(&Nobody).await.unwrap_err();
    assert_eq!(plan.load(&Platform::with(&[entry("a"), entry("b")])).await.unwrap().marketplaces().len(), 2);
}
