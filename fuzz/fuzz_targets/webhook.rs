//! Any body at the paths of the webhooks is answered, and never by a failure of ours.

#![no_main]

use bytes::Bytes;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use libfuzzer_sys::fuzz_target;
use maestrano_fuzz::{HOST, answer};

fuzz_target!(|body: &[u8]| {
    // `app-1:key`, and somebody else's.
    for credentials in ["Basic YXBwLTE6a2V5", "Basic YTpi"] {
        for (method, path) in [
            ("DELETE", "account/groups/cld-1"),
            ("DELETE", "account/groups/cld-1/users/usr-1"),
            ("POST", "connec/notifications"),
        ] {
            let request = Request::builder()
                .method(method)
                .uri(format!("{HOST}/maestrano/{path}/uat"))
                .header(AUTHORIZATION, credentials)
                .header(CONTENT_TYPE, "application/json");
            let answer = answer(request.body(Bytes::copy_from_slice(body)).unwrap());
            assert!(answer.status().as_u16() < 500, "{}", answer.status());
        }
    }
});
