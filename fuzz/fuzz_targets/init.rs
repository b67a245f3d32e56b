//! The parameters of the init route: whatever they say, the browser goes to the platform with one request.

#![no_main]

use bytes::Bytes;
use http::header::LOCATION;
use http::{Request, StatusCode};
use libfuzzer_sys::fuzz_target;
use maestrano_fuzz::{HOST, answer};
use url::Url;

fuzz_target!(|query: &str| {
    let Ok(request) = Request::get(format!("{HOST}/maestrano/auth/saml/init/uat?{query}")).body(Bytes::new())
    else {
        return;
    };
    let answer = answer(request);
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let location = answer.headers()[LOCATION].to_str().unwrap();
    assert!(location.len() <= 2_600, "{location}");
    let location = Url::parse(location).unwrap();
    assert_eq!((location.host_str(), location.path()), (Some("hub.example.com"), "/api/v1/auth/saml"));
    let count = |name: &str| location.query_pairs().filter(|(key, _)| key == name).count();
    assert_eq!((count("SAMLRequest"), count("RelayState"), count("Signature")), (1, 0, 0));
    assert!(count("group_id") <= 1);
});
