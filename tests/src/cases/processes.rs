//! An application of several processes is one application: nginx hands each request to another of them.

use http::{Method, StatusCode};
use url::Position;

use super::ended::{CREDENTIALS, webhook};
use crate::ask::{CLIENT, ask_until, assert_quiet, reference, with_cookies};
use crate::browser::{Browser, Page, Request, Tab};
use crate::cluster::Cluster;
use crate::crm::{is_signed_in, me, me_until, sign_out};
use crate::subject::Subject;
use crate::world::{JANE, JOHN, MARKETPLACE, Person, World};

/// A login whose steps are served by different processes opens a session at all.
pub async fn sign_in_at_one_process_and_use_the_other(subject: &Subject) {
    let mut cluster = Cluster::new(subject).await;
    let (browser, _) = signed_in(cluster.world(), &JOHN).await;
    let init = cluster.served_by(&format!("GET /maestrano/auth/saml/init/{MARKETPLACE}")).await;
    let consume = cluster.served_by(&format!("POST /maestrano/auth/saml/consume/{MARKETPLACE}")).await;
    let finish = cluster.served_by("GET /maestrano/auth/saml/finish").await;
    assert!(init != consume && consume != finish, "{init}, {consume}, {finish}: one after the other");
    for tab in cluster.tabs(&browser).await {
        assert_eq!(me(&tab).await["uid"], JOHN.uid);
    }
}

/// Of two processes that are asked at once, one takes the platform's response, and one takes the ticket. At the other
/// the login begins again.
pub async fn a_response_spent_at_one_process_is_refused_at_the_other(subject: &Subject) {
    const PLATFORM: &str = "/api/v1/auth/saml";
    let cluster = Cluster::new(subject).await;
    let browser = cluster.world().browser();
    let response = cluster.world().response_for(&mut browser.tab(), "/me").await;
    let mut tabs = cluster.tabs(&browser).await;
    let [first, second] = tabs.as_mut_slice() else { panic!("two processes") };
    first.pause_before("/finish");
    second.pause_before("/finish");
    let (at_first, at_second) = tokio::join!(first.go(response.clone()), second.go(response.clone()));
    let tickets = [at_first, at_second].map(|finish| finish.expect("a ticket"));
    let mut taken = Vec::new();
    for ticket in tickets {
        let mut tabs = cluster.tabs(&browser).await;
        let [first, second] = tabs.as_mut_slice() else { panic!("two processes") };
        first.pause_before(PLATFORM);
        second.pause_before(PLATFORM);
        let (at_first, at_second) = tokio::join!(first.go(ticket.clone()), second.go(ticket));
        for (tab, restarted) in [(first, at_first), (second, at_second)] {
            match restarted {
                None => {
                    assert_eq!((tab.page().status, tab.page().url.path()), (StatusCode::OK, "/me"));
                    assert!(is_signed_in(tab).await);
                    taken.push(tab.page().url.clone());
                }
                Some(request) => assert_eq!(request.url.path(), PLATFORM),
            }
        }
    }
    assert_eq!(taken.len(), 1, "one ticket was good, at one process");
}

/// First one user, then the whole company: out everywhere, whichever process has heard of it.
pub async fn a_removal_that_arrives_at_one_ends_the_sessions_at_all(subject: &Subject) {
    let cluster = Cluster::new(subject).await;
    let world = cluster.world();
    let (john, _) = signed_in(world, &JOHN).await;
    let (jane, _) = signed_in(world, &JANE).await;
    let (johns, janes) = (cluster.tabs(&john).await, cluster.tabs(&jane).await);
    assert_all_signed_in(&johns).await;
    let answer = webhook(world, "DELETE", "account/groups/cld-1/users/usr-1", CREDENTIALS, "").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_all_ended(&johns).await;
    assert_all_signed_in(&janes).await;
    let answer = webhook(world, "DELETE", "account/groups/cld-1", CREDENTIALS, "").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_all_ended(&janes).await;
    // The platform of this case still lets John in: a later sign-in works, everywhere.
    let (john, _) = signed_in(world, &JOHN).await;
    assert_all_signed_in(&cluster.tabs(&john).await).await;
}

/// While Redis is away the platform is told so, and what it sends again later arrives everywhere.
pub async fn a_removal_that_cannot_be_told_to_all_is_to_be_sent_again(subject: &Subject) {
    let mut cluster = Cluster::new(subject).await;
    let (john, _) = signed_in(cluster.world(), &JOHN).await;
    let tabs = cluster.tabs(&john).await;
    cluster.redis().kill().await;
    let send = async || webhook(cluster.world(), "DELETE", "account/groups/cld-1", CREDENTIALS, "").await;
    let answer = send().await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", answer.body);
    assert_eq!(answer.json()["error"], "not_taken");
    cluster.redis().restart().await;
    let send = async || webhook(cluster.world(), "DELETE", "account/groups/cld-1", CREDENTIALS, "").await;
    ask_until(send, |answer| answer.status == StatusCode::OK).await;
    assert_all_ended(&tabs).await;
}

/// Whichever is asked: a copy of the cookie is worth nothing anywhere.
pub async fn signing_out_at_one_is_signing_out_at_all(subject: &Subject) {
    let cluster = Cluster::new(subject).await;
    let (browser, mut tab) = signed_in(cluster.world(), &JOHN).await;
    let stolen = cluster.tabs(&browser).await;
    assert_all_signed_in(&stolen).await;
    sign_out(&mut tab).await;
    assert!(tab.page().url.as_str().starts_with(cluster.world().sandbox().url()), "{}", tab.page().url);
    assert_all_ended(&stolen).await;
    let (browser, _) = signed_in(cluster.world(), &JOHN).await;
    assert_all_signed_in(&cluster.tabs(&browser).await).await;
}

/// From its first answer on.
pub async fn a_process_that_starts_later_knows_who_was_removed(subject: &Subject) {
    let mut cluster = Cluster::new(subject).await;
    let (john, _) = signed_in(cluster.world(), &JOHN).await;
    let (jane, _) = signed_in(cluster.world(), &JANE).await;
    let removed = "account/groups/cld-1/users/usr-1";
    let answer = webhook(cluster.world(), "DELETE", removed, CREDENTIALS, "").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    cluster.join().await;
    let (johns, janes) = (cluster.tabs(&john).await, cluster.tabs(&jane).await);
    let ([.., johns], [.., janes]) = (johns.as_slice(), janes.as_slice()) else { panic!("three processes") };
    assert_ended(&johns.fetch(Method::GET, "/me").await);
    assert!(is_signed_in(janes).await);
}

/// Row "it cannot be known whether a login was used"; pages go on, and logins do when Redis is back.
pub async fn without_redis_nobody_signs_in_and_everybody_stays_in(subject: &Subject) {
    let mut cluster = Cluster::new(subject).await;
    let (john, _) = signed_in(cluster.world(), &JOHN).await;
    let (responding, finishing) = (cluster.world().browser(), cluster.world().browser());
    let response = cluster.world().response_for(&mut responding.tab(), "/me").await;
    let finish = about_to_finish(cluster.world(), &finishing).await;
    let open = cluster.tabs(&john).await;

    cluster.redis().kill().await;
    assert_all_signed_in(&open).await;
    for mut tab in cluster.tabs(&responding).await {
        tab.go(response.clone()).await;
        assert_eq!(tab.page().status, StatusCode::SERVICE_UNAVAILABLE, "{}", tab.page().text());
        assert!(tab.page().text().contains("try again"), "{}", tab.page().text());
        let again = tab.page().links().into_iter().find(|link| link.url.path().contains("/init"));
        assert!(again.is_some(), "no way to begin again: {}", tab.page().body);
        assert_not_known(tab.page());
    }
    let cookies = cluster.world().cookies(&finishing);
    let finish = &finish.url[Position::BeforePath..];
    let told = cluster.world().ask(Method::GET, finish, &with_cookies(CLIENT, &cookies), "").await;
    assert_eq!(told.status, StatusCode::SERVICE_UNAVAILABLE, "{}", told.body);
    assert_eq!(told.json()["error"], "memory_unavailable");
    let login = told.json()["login"].as_str().map(str::to_owned);
    assert!(login.is_some_and(|login| login.contains("/init")), "{}", told.body);
    assert_not_known(&told);
    let mut tabs = cluster.tabs(&responding).await;
    let [first, ..] = tabs.as_mut_slice() else { panic!("two processes") };
    first.go(response.clone()).await;
    let line = cluster.log_line(&reference(first.page())).await;
    assert!(line.contains("memory_unavailable") && line.contains("Redis at"), "{line}");
    assert_all_signed_in(&open).await;

    cluster.redis().restart().await;
    let [first, second] = tabs.as_mut_slice() else { panic!("two processes") };
    let back = after_the_outage(second, &response).await;
    assert_eq!((back.status, back.url.path()), (StatusCode::OK, "/me"), "the same response signs in");
    after_the_outage(first, &response).await;
    let line = cluster.log_line("login restarted").await;
    assert!(line.contains("code=\"replayed\""), "{line}");
    let (jane, _) = signed_in(cluster.world(), &JANE).await;
    assert_all_signed_in(&cluster.tabs(&jane).await).await;
    assert_all_signed_in(&open).await;
}

/// A browser in which the person has signed in to the application, in `cld-1`.
async fn signed_in(world: &World, person: &Person) -> (Browser, Tab) {
    let browser = world.browser();
    let mut tab = browser.tab();
    tab.open(&world.app(&format!("/maestrano/auth/saml/init/{MARKETPLACE}?group_id=cld-1&return_to=/me")))
        .await;
    world.sign_in(&mut tab, person).await;
    assert_eq!(tab.page().url.as_str(), world.app("/me"), "{}", tab.page().text());
    (browser, tab)
}

/// The request that finishes John's login in this browser.
async fn about_to_finish(world: &World, browser: &Browser) -> Request {
    let mut tab = browser.tab();
    let response = world.response_for(&mut tab, "/me").await;
    tab.pause_before("/finish");
    tab.go(response).await.expect("the response is good")
}

/// Where the response leads as soon as the process knows again which are used.
async fn after_the_outage(tab: &mut Tab, response: &Request) -> Page {
    let post = async || {
        tab.go(response.clone()).await;
        tab.page().clone()
    };
    ask_until(post, |page| page.status != StatusCode::SERVICE_UNAVAILABLE).await
}

async fn assert_all_signed_in(tabs: &[Tab]) {
    for tab in tabs {
        me(tab).await;
    }
}

/// That every process says so, sooner or later.
async fn assert_all_ended(tabs: &[Tab]) {
    for tab in tabs {
        assert_ended(&me_until(tab, |answer| answer.status == StatusCode::UNAUTHORIZED).await);
    }
}

fn assert_ended(answer: &Page) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.body);
    assert_eq!(answer.json()["error"], "session_ended", "{}", answer.body);
}

/// That nobody is let in and nothing is given away.
fn assert_not_known(answer: &Page) {
    assert!(!answer.cookies_set().iter().any(|name| name.contains("mno_session")));
    assert!(!answer.header("retry-after").is_empty());
    assert!(!reference(answer).is_empty() && !answer.body.contains("Redis"), "{}", answer.body);
    assert_quiet(answer);
}
