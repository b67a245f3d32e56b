//! Cookies that nobody sealed sign nobody in.

#![no_main]

use std::sync::LazyLock;

use bytes::Bytes;
use http::header::{ACCEPT, COOKIE, SET_COOKIE};
use http::{HeaderValue, Request};
use libfuzzer_sys::fuzz_target;
use maestrano_fuzz::{APPLICATION, HOST, answer, finished};

/// The names that the application gives its cookies.
static NAMES: LazyLock<[String; 3]> = LazyLock::new(|| {
    let begin = Request::get(format!("{HOST}/maestrano/auth/saml/init/uat")).body(Bytes::new()).unwrap();
    let answer = answer(begin);
    let set = answer.headers()[SET_COOKIE].to_str().unwrap();
    let login = set.split('=').next().unwrap().to_owned();
    let (of_all_logins, _) = login.rsplit_once('_').unwrap();
    [of_all_logins.replace("login", "session"), of_all_logins.replace("login", "loop"), login]
});

fuzz_target!(|value: &[u8]| {
    for name in NAMES.iter() {
        let cookie = [name.as_bytes(), b"=", value].concat();
        let Ok(cookie) = HeaderValue::from_bytes(&cookie) else { return };
        let page = Request::get(format!("{HOST}/me")).header(ACCEPT, "text/html").header(COOKIE, &cookie);
        let (page, ()) = page.body(()).unwrap().into_parts();
        assert!(finished(APPLICATION.check(&page)).is_err());
        for path in
            ["/maestrano/auth/saml/init/uat", "/maestrano/auth/saml/finish?t=x", "/maestrano/logout"]
        {
            let request = Request::get(format!("{HOST}{path}")).header(COOKIE, &cookie);
            assert!(answer(request.body(Bytes::new()).unwrap()).status().as_u16() < 500);
        }
    }
});
