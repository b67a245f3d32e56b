//! What stands in a `Cookie` header, and what does not count.

use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::browser::Browser;
use crate::crm::sign_out;
use crate::subject::Subject;
use crate::world::{JOHN, MARKETPLACE, World};

const JSON: (&str, &str) = ("accept", "application/json");

/// HTTP/2 splits them, proxies join them, other software adds its own: ours is found in any of the lines.
pub async fn a_session_is_found_in_any_cookie_line(subject: &Subject) {
    let (world, _, session) = signed_in(subject).await;
    let crowd: Vec<String> = (0..60).map(|number| format!("other_{number}=value")).collect();
    let crowd = crowd.join("; ");
    let lines: [&[&str]; 7] = [
        &[&session],
        &["a=1", &session],
        &[&session, "a=1"],
        &["a=1; b=2", "c=3", &session, "d=4"],
        &[&crowd, &session],
        &[&format!("a=1; {session}; b=\"quoted, value\"; c")],
        &[&format!("a=1;{session};b=2")],
    ];
    for lines in lines {
        let fields: Vec<_> = lines.iter().map(|line| ("cookie", *line)).chain([JSON]).collect();
        let answer = world.ask(Method::GET, "/me", &fields, "").await;
        assert_eq!(answer.status, StatusCode::OK, "{lines:?}: {}", answer.body);
    }
}

/// A neighbour can set a cookie of our name for the host; it comes beside ours, before or after.
pub async fn a_planted_cookie_does_not_hide_the_session(subject: &Subject) {
    let (world, _, session) = signed_in(subject).await;
    let (name, _) = session.split_once('=').expect("name and value");
    let planted = format!("{name}=planted");
    let both = [format!("{planted}; {session}"), format!("{session}; {planted}")];
    let two = [[planted.as_str(), session.as_str()], [session.as_str(), planted.as_str()]];
    for line in &both {
        let answer = world.ask(Method::GET, "/me", &[JSON, ("cookie", line)], "").await;
        assert_eq!(answer.status, StatusCode::OK, "{line}");
    }
    for [first, second] in two {
        let fields = [JSON, ("cookie", first), ("cookie", second)];
        assert_eq!(world.ask(Method::GET, "/me", &fields, "").await.status, StatusCode::OK);
    }
    let answer = world.ask(Method::GET, "/me", &[JSON, ("cookie", &planted)], "").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

/// Bytes that are no text, beside the session or in its place, let nobody in wrongly and break nothing. (Rocket drops a
/// line with such bytes as a whole, so the session in it may be lost: that is nobody, not an error.)
pub async fn bytes_that_are_no_text_let_nobody_in_and_break_nothing(subject: &Subject) {
    let (world, _, session) = signed_in(subject).await;
    let (name, _) = session.split_once('=').expect("name and value");
    let status = async |lines: &[&[u8]]| {
        let mut headers = HeaderMap::from_iter([(http::header::ACCEPT, HeaderValue::from_static(JSON.1))]);
        for line in lines {
            headers.append("cookie", HeaderValue::from_bytes(line).expect("a header takes such bytes"));
        }
        let answer = world.send(Method::GET, "/me", headers, "").await;
        if answer.status == StatusCode::UNAUTHORIZED {
            assert_eq!(answer.json()["error"], "login_required", "{}", answer.body);
        }
        answer.status
    };
    let beside = [&b"cart=\xff\xfe; "[..], session.as_bytes(), b"; lang=\xe9"].concat();
    let told = status(&[&beside]).await;
    assert!(told == StatusCode::OK || told == StatusCode::UNAUTHORIZED, "{told}");
    assert_eq!(
        status(&[b"cart=\xff\xfe", session.as_bytes()]).await,
        StatusCode::OK,
        "its own line is unharmed"
    );
    assert_eq!(status(&[session.as_bytes(), b"\xff=\xff"]).await, StatusCode::OK);
    for value in [&b"\xff\xfe"[..], b"%ff", b"\x80AAAA", b"\xc3\x28", b"\xed\xa0\x80"] {
        let inside = [name.as_bytes(), b"=", value].concat();
        assert_eq!(status(&[&inside]).await, StatusCode::UNAUTHORIZED, "{value:?}");
        let behind = [session.as_bytes(), value].concat();
        assert_eq!(status(&[&behind]).await, StatusCode::UNAUTHORIZED, "{value:?}");
    }
}

/// However long the addresses are, a pending login has a cookie below 80 bytes, and the session one below 1,000. A page
/// of a thousand characters is found again; a longer one is forgotten, and the login leads in all the same.
pub async fn the_cookies_stay_small_whatever_is_asked_for(subject: &Subject) {
    let world = World::new(subject).await;
    for (length, kept) in [(100, true), (400, true), (900, true), (990, true), (1300, false), (3000, false)] {
        let browser = world.browser();
        let page = format!("/me?{}", "x".repeat(length));
        for _ in 0..3 {
            let mut tab = browser.tab();
            tab.pause_before("/api/v1/auth/saml");
            tab.open(&world.app(&page)).await;
            let begun = browser.jar().all().iter().find(|cookie| cookie.name.contains("mno_login")).cloned();
            let begun = begun.expect("the browser remembers what it has begun");
            assert!(begun.name.len() + begun.value.len() < 80, "{length}: {begun:?}");
        }
        let mut tab = browser.tab();
        tab.open(&world.app(&page)).await;
        world.sign_in(&mut tab, &JOHN).await;
        let arrives_at = if kept { page.as_str() } else { "/" };
        assert_eq!(tab.page().url.as_str(), world.app(arrives_at), "{length}");
        let session = world.session_cookie(&browser).expect("a session");
        assert!(session.name.len() + session.value.len() < 1000, "{session:?}");
    }
}

/// security.md 3.3: nobody's old value becomes the new one, and signing out takes it away.
pub async fn a_new_login_gives_a_new_value_and_signing_out_takes_it_away(subject: &Subject) {
    let (world, browser, first) = signed_in(subject).await;
    let mut tab = browser.tab();
    tab.open(&world.app(&format!("/maestrano/auth/saml/init/{MARKETPLACE}?return_to=/me"))).await;
    assert_eq!(tab.page().url.path(), "/me");
    let second = world.session_cookie(&browser).expect("a session").value;
    assert!(!first.ends_with(&second), "the value is a new one");
    sign_out(&mut tab).await;
    assert!(world.session_cookie(&browser).is_none());
    tab.open(&world.app("/")).await;
    assert_eq!(tab.fetch(Method::GET, "/me").await.status, StatusCode::UNAUTHORIZED);
}

/// A login that was begun can be finished with the very cookie only. With a broken one, the login begins again.
pub async fn a_tampered_login_cookie_finishes_nothing(subject: &Subject) {
    let world = World::new(subject).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    let response = world.response_for(&mut tab, "/me").await;
    tab.pause_before("/finish");
    let finish = tab.go(response).await.expect("the response is good");
    let begun = browser.jar().all().iter().find(|cookie| cookie.name.contains("mno_login")).cloned();
    let begun = begun.expect("the browser remembers what it has begun");
    let middle = begun.value.len() / 2;
    for value in
        ["", "x", &begun.value[..middle], &format!("{}x", begun.value), &"A".repeat(begun.value.len())]
    {
        browser.jar().tamper(&begun.name, value);
        browser.jar().forget("mno_loop");
        let mut tab = browser.tab();
        tab.pause_before("/api/v1/auth/saml");
        let again = tab.go(finish.clone()).await;
        assert!(again.is_some() && world.session_cookie(&browser).is_none(), "{value}");
    }
    let mut tab = browser.tab();
    tab.open(&world.app("/me")).await;
    assert_eq!(tab.page().url.path(), "/me", "it can begin anew");
}

/// A browser in which John is signed in, and its session cookie as it stands in a header.
async fn signed_in(subject: &Subject) -> (World, Browser, String) {
    let world = World::new(subject).await;
    let browser = world.browser();
    let mut tab = browser.tab();
    tab.open(&world.app("/me")).await;
    world.sign_in(&mut tab, &JOHN).await;
    let cookie = world.session_cookie(&browser).expect("there is a session");
    (world, browser, format!("{}={}", cookie.name, cookie.value))
}
