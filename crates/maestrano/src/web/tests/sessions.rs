//! Whether sessions go on: rechecks, outages, and ends before their time.

use super::*;
use crate::config::Marketplace as Configured;
use crate::secret::SessionToken;
use crate::sso::Check;

const THREE_MINUTES: Duration = Duration::minutes(3);

impl World {
    /// Waits until no check is under way, and says how often the platform was asked.
    pub(super) async fn asked(&self) -> usize {
        for _ in 0..1000 {
            if self.sso.health().checks_under_way == 0 {
                return self.platform.asked();
            }
            tokio::task::yield_now().await;
        }
        panic!("a check goes on and on");
    }

    fn marketplace(&self) -> &Configured {
        self.site.configuration.marketplace("one").unwrap()
    }
}

/// One of many sessions, opened at `NOW` and due three minutes later.
fn session(number: usize) -> Session {
    let (market, user, group) = ("one".parse().unwrap(), "usr-1".parse().unwrap(), "cld-1".parse().unwrap());
    Session::new(market, user, group, NOW, NOW + THREE_MINUTES, SessionToken::new(number.to_string()))
}

#[tokio::test]
async fn the_platform_is_not_asked_before_the_recheck() {
    let world = World::new(&["one"]).await;
    world.sign_in("one", NOW).await;
    world.check(NOW + Duration::seconds(143)).await.unwrap();
    assert_eq!(world.asked().await, 0);
    world.platform.is_valid_until("2026-11-23T10:06:00Z");
    world.check(NOW + Duration::seconds(180)).await.unwrap();
    world.check(NOW + Duration::seconds(323)).await.unwrap();
    assert_eq!(world.asked().await, 1);
    let asked = "https://hub.example.com/api/v1/auth/saml/usr-1?session=t%26k";
    assert_eq!(*world.platform.addresses.lock().unwrap(), [asked]);
}

#[tokio::test]
async fn all_who_wait_for_a_recheck_share_one_call() {
    let world = Arc::new(World::new(&["one"]).await);
    world.sign_in("one", NOW).await;
    world.platform.is_valid_until("2026-11-23T10:06:00Z");
    let due = NOW + Duration::minutes(3);
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let world = Arc::clone(&world);
            tokio::spawn(async move { world.check(due).await.is_ok() })
        })
        .collect();
    for check in waiting {
        assert!(check.await.unwrap());
    }
    assert_eq!(world.platform.asked(), 1);
}

#[tokio::test]
async fn a_session_that_the_platform_has_ended_is_over_and_its_group_is_asked_for_again() {
    let world = World::new(&["one"]).await;
    world.sign_in("one", NOW).await;
    let due = NOW + Duration::minutes(3);
    let cookies = world.cookies.lock().unwrap().clone();
    world.platform.answers(200, r#"{"valid":false,"recheck":null}"#);
    let denied = world.check(due).await.unwrap_err();
    let init =
        "https://crm.example.com/maestrano/auth/saml/init/one?return_to=%2Fme%3Ftab%3D2&group_id=cld-1";
    assert_eq!(header(&denied, &LOCATION), init);
    assert!(header(&denied, &SET_COOKIE).contains("Max-Age=0"));
    // A copy of the cookie does not help, whatever the platform says later.
    *world.cookies.lock().unwrap() = cookies;
    world.platform.is_valid_until("2026-11-23T11:00:00Z");
    assert!(world.check(due + Duration::minutes(1)).await.is_err());
    assert_eq!(world.platform.asked(), 1);
    // Signing in again does.
    world.sign_in("one", due + Duration::seconds(1)).await;
    assert!(world.check(due + Duration::minutes(4)).await.is_ok());
    assert_eq!(world.platform.asked(), 2);
}

#[tokio::test]
async fn the_platforms_recheck_may_have_any_zone_and_no_value_of_it_panics() {
    for (time, asked) in [
        ("2026-11-23T10:06:00", 1),
        ("2026-11-23T10:06:00+0000", 1),
        ("2026-11-23T12:06:00.5+02:00", 1),
        ("9999-12-31T23:59:59-01:00", 2),
        ("0000-01-01T00:00:00Z", 2),
        ("soon", 2),
    ] {
        let world = World::new(&["one"]).await;
        world.sign_in("one", NOW).await;
        world.platform.is_valid_until(time);
        for due in [NOW + Duration::minutes(3), NOW + Duration::seconds(186)] {
            assert!(world.check(due).await.is_ok(), "{time}");
        }
        assert_eq!(world.asked().await, asked, "{time}");
    }
}

#[tokio::test]
async fn a_process_that_has_just_begun_allows_for_the_grace() {
    let world = World::new(&["one"]).await;
    // An hour before the process began.
    world.sign_in("one", NOW - Duration::hours(1)).await;
    assert!(world.check(NOW + Duration::seconds(179)).await.is_ok());
    assert!(world.check(NOW + Duration::seconds(185)).await.is_err());
}

#[tokio::test]
async fn an_outage_is_not_a_logout() {
    let world = World::new(&["one"]).await;
    world.sign_in("one", NOW).await;
    let due = NOW + Duration::minutes(3);
    let silence =
        [(200, "<html>"), (500, ""), (302, ""), (200, r#"{"valid":true}"#), (200, r#"{"valid":"true"}"#)];
    for (step, (status, body)) in silence.into_iter().enumerate() {
        world.platform.answers(status, body);
        assert!(world.check(due + Duration::seconds(10 * step as i64)).await.is_ok(), "{status} {body}");
    }
    world.platform.is_gone();
    assert!(world.check(due + Duration::seconds(179)).await.is_ok());
    let denied = world.check(due + Duration::seconds(180)).await.unwrap_err();
    assert_eq!(denied.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(!sets_cookie(&denied));
    world.platform.is_valid_until("2026-11-23T10:12:00Z");
    assert!(world.check(due + Duration::seconds(190)).await.is_ok());
}

#[tokio::test]
async fn a_silent_platform_is_asked_every_five_seconds_at_most() {
    let world = World::new(&["one"]).await;
    world.sign_in("one", NOW).await;
    let due = NOW + Duration::minutes(3);
    for millisecond in (0..20_000).step_by(100) {
        assert!(world.check(due + Duration::milliseconds(millisecond)).await.is_ok());
        world.asked().await;
    }
    assert_eq!(world.asked().await, 4);
}

#[tokio::test]
async fn a_recheck_far_away_is_clamped_to_fifteen_minutes() {
    let world = World::new(&["one"]).await;
    world.sign_in("one", NOW).await;
    world.platform.is_valid_until("2036-01-01T00:00:00Z");
    let due = NOW + Duration::minutes(3);
    world.check(due).await.unwrap();
    world.check(due + Duration::seconds(719)).await.unwrap();
    assert_eq!(world.asked().await, 1);
    world.check(due + Duration::seconds(900)).await.unwrap();
    assert_eq!(world.asked().await, 2);
}

#[tokio::test]
async fn a_session_lasts_twelve_hours_at_most() {
    let world = World::new(&["one"]).await;
    world.sign_in("one", NOW).await;
    world.platform.is_valid_until("2036-01-01T00:00:00Z");
    assert!(world.check(NOW + Duration::seconds(12 * 3600 - 1)).await.is_ok());
    assert!(world.check(NOW + Duration::hours(12)).await.is_err());
}

#[tokio::test]
async fn sessions_of_a_marketplace_that_is_gone_end_at_their_recheck() {
    let mut world = World::new(&["one", "two"]).await;
    world.sign_in("two", NOW).await;
    let only_one = World::new(&["one"]).await;
    world.site = only_one.site;
    assert!(world.check(NOW + Duration::seconds(179)).await.is_ok());
    let denied = world.check(NOW + Duration::minutes(3)).await.unwrap_err();
    assert_eq!(
        header(&denied, &LOCATION),
        "https://crm.example.com/maestrano/auth/saml/init/one?return_to=%2Fme%3Ftab%3D2"
    );
    assert_eq!(world.platform.asked(), 0);
}

#[tokio::test]
async fn an_outage_is_not_nobody_for_pages_that_work_without_a_session() {
    let world = World::new(&["one"]).await;
    world.sign_in("one", NOW).await;
    let request = || world.request("GET", "/", &[], "").into_parts().0;
    let late = NOW + Duration::minutes(7);
    let outcome = check(&world.site, &world.sso, &request(), late).await;
    assert!(Denied::optional(outcome).is_err());
    world.platform.answers(200, r#"{"valid":false,"recheck":"2026-11-23T10:06:00Z"}"#);
    let outcome = check(&world.site, &world.sso, &request(), late + Duration::seconds(5)).await;
    assert!(matches!(Denied::optional(outcome), Ok(None)));
}

#[tokio::test]
async fn shortly_before_the_recheck_is_due_it_runs_and_no_page_waits() {
    let world = World::new(&["one"]).await;
    world.sign_in("one", NOW).await;
    world.platform.is_valid_until("2026-11-23T10:06:00Z");
    let closed = Arc::clone(&world.platform.door).write_owned().await;
    for second in 144..180 {
        world.check(NOW + Duration::seconds(second)).await.unwrap();
    }
    drop(closed);
    assert_eq!(world.asked().await, 1);
    // The answer holds: nobody is asked when the first recheck would have been due.
    world.check(NOW + Duration::seconds(200)).await.unwrap();
    assert_eq!(world.asked().await, 1);
}

#[tokio::test]
async fn a_check_that_fails_ahead_of_time_takes_nothing_from_the_grace() {
    let world = World::new(&["one"]).await;
    let due = NOW + THREE_MINUTES;
    let mut outcomes = Vec::new();
    for second in 144..400 {
        let now = NOW + Duration::seconds(second);
        outcomes.push((second, world.sso.check(&session(1), world.marketplace(), now).await));
        world.asked().await;
    }
    let until = (due + THREE_MINUTES - NOW).whole_seconds();
    for (second, outcome) in outcomes {
        let expected = if second < until { Check::Alive } else { Check::Unreachable };
        assert_eq!(outcome, expected, "in second {second}");
    }
}

#[tokio::test]
async fn what_was_heard_before_a_session_was_opened_does_not_concern_it() {
    let world = World::new(&["one"]).await;
    world.platform.is_valid_until("2026-11-23T10:06:00Z");
    assert_eq!(world.sso.check(&session(1), world.marketplace(), NOW + THREE_MINUTES).await, Check::Alive);
    assert_eq!(world.asked().await, 1);
    // Signed in again, at another process: this one has not forgotten.
    let later = NOW + Duration::hours(1);
    let (market, user, group) = ("one".parse().unwrap(), "usr-1".parse().unwrap(), "cld-1".parse().unwrap());
    let again = Session::new(market, user, group, later, later + THREE_MINUTES, SessionToken::new("1"));
    world.platform.is_gone();
    let soon = later + Duration::seconds(150);
    assert_eq!(world.sso.check(&again, world.marketplace(), soon).await, Check::Alive);
    world.asked().await;
    assert_eq!(world.sso.check(&again, world.marketplace(), soon + THREE_MINUTES).await, Check::Alive);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever_for_a_check_that_never_comes_back() {
    let world = World::new(&["one"]).await;
    // The transport does not keep to its limits.
    let _closed = Arc::clone(&world.platform.door).write_owned().await;
    let late = NOW + Duration::minutes(30);
    for number in 0..70 {
        let outcome = world.sso.check(&session(number), world.marketplace(), late).await;
        assert_eq!(outcome, Check::Unreachable, "{number}");
    }
    assert_eq!(world.platform.asked(), 64);
    // Inside the grace the session goes on.
    let other = World::new(&["one"]).await;
    let _closed = Arc::clone(&other.platform.door).write_owned().await;
    let outcome = other.sso.check(&session(1), other.marketplace(), NOW + THREE_MINUTES).await;
    assert_eq!((outcome, other.platform.asked()), (Check::Alive, 1));
}

#[tokio::test]
async fn an_answer_about_one_session_does_not_make_the_platform_silent_for_others() {
    let world = World::new(&["one"]).await;
    let due = NOW + THREE_MINUTES;
    let silent = || world.sso.health().platforms[0].silent_since.is_some();
    for (status, body, expected) in [(404, "", false), (200, "<html>", false), (500, "", true)] {
        world.platform.answers(status, body);
        assert_eq!(
            world.sso.check(&session(usize::from(status)), world.marketplace(), due).await,
            Check::Alive
        );
        world.asked().await;
        assert_eq!(silent(), expected, "{status}");
    }
}

#[tokio::test]
async fn an_end_that_is_found_ahead_of_time_ends_the_session_at_once() {
    let world = World::new(&["one"]).await;
    world.sign_in("one", NOW).await;
    world.platform.answers(200, r#"{"valid":false,"recheck":"2026-11-23T10:06:00Z"}"#);
    let soon = NOW + Duration::seconds(150);
    world.check(soon).await.unwrap();
    assert_eq!(world.asked().await, 1);
    assert!(world.check(soon).await.is_err());
}

#[tokio::test]
async fn who_hangs_up_does_not_cancel_the_check_for_others() {
    let world = Arc::new(World::new(&["one"]).await);
    world.sign_in("one", NOW).await;
    world.platform.is_valid_until("2026-11-23T10:06:00Z");
    let due = NOW + THREE_MINUTES;
    let closed = Arc::clone(&world.platform.door).write_owned().await;
    for _ in 0..20 {
        let hasty = Arc::clone(&world);
        let hasty = tokio::spawn(async move { hasty.check(due).await.is_ok() });
        while world.sso.health().checks_under_way == 0 {
            tokio::task::yield_now().await;
        }
        hasty.abort();
        assert!(hasty.await.unwrap_err().is_cancelled());
    }
    let patient = Arc::clone(&world);
    let patient = tokio::spawn(async move { patient.check(due).await.is_ok() });
    tokio::task::yield_now().await;
    drop(closed);
    assert!(patient.await.unwrap());
    assert_eq!(world.asked().await, 1);
}

#[test]
fn without_a_tokio_runtime_the_page_asks_for_itself() {
    // What makes a check be another task's business is missing here.
    let world = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(World::new(&["one"]));
    world.platform.is_valid_until("2026-11-23T10:06:00Z");
    let due = NOW + THREE_MINUTES;
    let session = session(1);
    let mut check = std::pin::pin!(world.sso.check(&session, world.marketplace(), due));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let outcome = (0..100).find_map(|_| match check.as_mut().poll(&mut context) {
        std::task::Poll::Ready(outcome) => Some(outcome),
        std::task::Poll::Pending => None,
    });
    assert_eq!((outcome, world.platform.asked()), (Some(Check::Alive), 1));
}

#[test]
fn a_runtime_that_is_shutting_down_holds_nobody_up() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let world = runtime.block_on(World::new(&["one"]));
    let handle = runtime.handle().clone();
    drop(runtime);
    let (sender, outcome) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let _inside = handle.enter();
        let session = session(1);
        let mut check = std::pin::pin!(world.sso.check(&session, world.marketplace(), NOW + THREE_MINUTES));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        _ = sender.send(check.as_mut().poll(&mut context).is_ready());
    });
    let outcome = outcome.recv_timeout(std::time::Duration::from_secs(60));
    assert_eq!(outcome, Ok(true), "the check comes to an end");
}

#[tokio::test]
async fn an_outage_does_not_turn_into_a_storm() {
    let world = World::new(&["one"]).await;
    let due = NOW + THREE_MINUTES;
    let sessions: Vec<_> = (0..2_000).map(session).collect();
    for second in 0..180 {
        for session in &sessions {
            let outcome =
                world.sso.check(session, world.marketplace(), due + Duration::seconds(second)).await;
            assert_eq!(outcome, Check::Alive, "in second {second}");
        }
    }
    let calls = world.asked().await;
    assert!((36..=64 * 36).contains(&calls), "64 in each five seconds of three minutes: {calls}");
    // After the grace nobody is let in, and the platform is spared just as much.
    let late = due + Duration::seconds(180);
    for session in &sessions {
        assert_eq!(world.sso.check(session, world.marketplace(), late).await, Check::Unreachable);
    }
    assert!(world.asked().await - calls <= 64);
    // When it is back, everybody is in at the next look.
    world.platform.is_valid_until("2026-11-23T10:12:00Z");
    let back = late + Duration::seconds(5);
    let mut outcomes = [0, 0];
    for session in &sessions {
        let outcome = world.sso.check(session, world.marketplace(), back).await;
        outcomes[usize::from(outcome == Check::Alive)] += 1;
    }
    assert_eq!(outcomes, [0, 2_000]);
}

#[tokio::test]
async fn while_the_platform_hangs_only_the_first_pages_wait() {
    let world = Arc::new(World::new(&["one"]).await);
    let due = NOW + THREE_MINUTES;
    let closed = Arc::clone(&world.platform.door).write_owned().await;
    let first = Arc::clone(&world);
    let first = tokio::spawn(async move { first.sso.check(&session(0), first.marketplace(), due).await });
    while world.sso.health().checks_under_way == 0 {
        tokio::task::yield_now().await;
    }
    drop(closed);
    assert_eq!(first.await.unwrap(), Check::Alive);
    // It is known to be silent now: a page asks in the background, and does not wait.
    let _closed = Arc::clone(&world.platform.door).write_owned().await;
    let session = session(1);
    let mut check = std::pin::pin!(world.sso.check(&session, world.marketplace(), due));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(matches!(check.as_mut().poll(&mut context), std::task::Poll::Ready(Check::Alive)));
}

#[tokio::test]
async fn no_more_checks_are_under_way_than_allowed_and_nobody_is_turned_away_for_it() {
    let world = Arc::new(World::new(&["one"]).await);
    world.platform.is_valid_until("2026-11-23T10:12:00Z");
    // Long past the grace: these pages have to wait for an answer.
    let late = NOW + Duration::minutes(9);
    let closed = Arc::clone(&world.platform.door).write_owned().await;
    let waiting: Vec<_> = (0..300)
        .map(|number| {
            let world = Arc::clone(&world);
            tokio::spawn(async move { world.sso.check(&session(number), world.marketplace(), late).await })
        })
        .collect();
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!((world.sso.health().checks_under_way, world.platform.asked()), (64, 64));
    drop(closed);
    for check in waiting {
        assert_eq!(check.await.unwrap(), Check::Alive);
    }
    assert_eq!(world.asked().await, 300);
}

#[tokio::test]
async fn a_clock_that_jumps_makes_a_check_due_and_signs_nobody_out() {
    for jump in [Duration::hours(-2), Duration::hours(-10_000), Duration::hours(2)] {
        let world = World::new(&["one"]).await;
        let session = session(1);
        let check = async |after| world.sso.check(&session, world.marketplace(), NOW + after).await;
        world.platform.is_valid_until("2026-11-23T10:06:00Z");
        assert_eq!(check(THREE_MINUTES).await, Check::Alive);
        let jumped = THREE_MINUTES + jump;
        assert_eq!((check(jumped).await, world.asked().await), (Check::Alive, 2), "{jump}");
        // And an end is an end, whatever the clock says.
        world.platform.answers(200, r#"{"valid":false,"recheck":null}"#);
        let later = jumped + Duration::minutes(30);
        let _ = (check(later).await, world.asked().await);
        assert_eq!(check(later).await, Check::Ended, "{jump}");
        assert_eq!(check(THREE_MINUTES).await, Check::Ended, "{jump}");
    }
}

#[tokio::test]
async fn signing_out_ends_every_copy_of_the_session_and_a_later_one_is_in() {
    let world = World::new(&["one"]).await;
    world.sign_in("one", NOW).await;
    let copy = world.cookies.lock().unwrap().clone();
    let later = NOW + Duration::seconds(10);
    let request = world.request("POST", "/maestrano/logout", &[("sec-fetch-site", "same-origin")], "");
    assert_eq!(world.send(request, later).await.status(), StatusCode::SEE_OTHER);
    *world.cookies.lock().unwrap() = copy;
    let denied = world.check(later + Duration::seconds(1)).await.unwrap_err();
    assert!(header(&denied, &LOCATION).starts_with("https://crm.example.com/maestrano/auth/saml/init/one"));
    world.sign_in("one", later + Duration::seconds(2)).await;
    assert!(world.check(later + Duration::seconds(3)).await.is_ok());
    assert_eq!(world.asked().await, 0);
}

#[tokio::test]
async fn signing_out_again_with_a_copy_of_the_cookie_ends_nothing_more() {
    let memory = InProcess::default();
    let shared = Arc::new(memory.clone());
    let world = World::with(&["one"], None, Ok(SignIn::Allow), shared, Arrival::Redirect).await;
    world.sign_in("one", NOW).await;
    let copy = world.cookies.lock().unwrap().clone();
    for second in 1..100 {
        *world.cookies.lock().unwrap() = copy.clone();
        let request = world.request("POST", "/maestrano/logout", &[("sec-fetch-site", "same-origin")], "");
        let now = NOW + Duration::seconds(second);
        assert_eq!(world.send(request, now).await.status(), StatusCode::SEE_OTHER);
        *world.cookies.lock().unwrap() = copy.clone();
        assert!(world.check(now).await.is_err());
    }
    assert_eq!(memory.ended().len(), 1);
    // What it says is the time of the first, so a later session lives.
    world.sign_in("one", NOW + Duration::seconds(2)).await;
    assert!(world.check(NOW + Duration::seconds(101)).await.is_ok());
}

#[tokio::test]
async fn signing_out_works_while_the_memory_is_down() {
    let world = World::new(&["one"]).await;
    world.sign_in("one", NOW).await;
    let cookies = world.cookies.lock().unwrap().clone();
    let mut down =
        World::with(&["one"], None, Ok(SignIn::Allow), Arc::new(NoMemory::default()), Arrival::Redirect)
            .await;
    down.cookies = Mutex::new(cookies.clone());
    assert!(!down.sso.health().ready);
    let request = down.request("POST", "/maestrano/logout", &[("sec-fetch-site", "same-origin")], "");
    assert_eq!(down.send(request, NOW).await.status(), StatusCode::SEE_OTHER);
    down.cookies = Mutex::new(cookies);
    assert!(down.check(NOW).await.is_err(), "this process knows");
}

#[tokio::test]
async fn health_tells_of_a_silent_platform_and_of_its_return() {
    let world = World::new(&["one"]).await;
    let due = NOW + THREE_MINUTES;
    assert!(world.sso.health().ready && world.sso.health().platforms.is_empty());
    let platform = || world.sso.health().platforms[0].clone();
    world.sso.check(&session(1), world.marketplace(), due).await;
    assert_eq!((platform().silent_since, platform().answered), (Some(due), None));
    world.platform.is_valid_until("2026-11-23T10:12:00Z");
    let back = due + Duration::minutes(10);
    world.sso.check(&session(1), world.marketplace(), back).await;
    assert_eq!((platform().silent_since, platform().answered), (None, Some(back)));
    assert!(world.sso.health().ready);
}

/// Lets a future run until it waits for something.
async fn begin<T>(future: impl Future<Output = T>) {
    let mut future = Box::pin(future);
    std::future::poll_fn(|context| {
        let _ = future.as_mut().poll(context);
        std::task::Poll::Ready(())
    })
    .await;
    tokio::task::yield_now().await;
}

#[tokio::test(start_paused = true)]
async fn a_check_that_hangs_is_given_up_after_twice_its_time() {
    let world = World::new(&["one"]).await;
    world.sign_in("one", NOW).await;
    let _hangs = world.platform.door.write().await;
    let due = NOW + THREE_MINUTES;
    begin(world.check(due)).await;
    assert_eq!(world.platform.asked(), 1);
    tokio::time::advance(std::time::Duration::from_millis(4_999)).await;
    begin(world.check(due)).await;
    assert_eq!(world.platform.asked(), 1, "twice 2.5 seconds are not over");
    tokio::time::advance(std::time::Duration::from_millis(1)).await;
    begin(world.check(due)).await;
    assert_eq!(world.platform.asked(), 2);
}

#[tokio::test]
async fn the_platform_has_two_seconds_and_16_kib_for_its_answer() {
    let world = World::new(&["one"]).await;
    world.sign_in("one", NOW).await;
    world.platform.is_valid_until("2026-11-23T10:06:00Z");
    world.check(NOW + THREE_MINUTES).await.unwrap();
    let limits = *world.platform.limits.lock().unwrap();
    assert_eq!(limits, Some(Limits::new(std::time::Duration::from_secs(2), 16 * 1024)));
}
