//! What lies in Redis, who learns of it, and who gets no memory at all.

use std::error::Error as _;
use std::net::TcpListener;
use std::time::Duration as Wait;

use maestrano::memory::{Ended, Memory};
use maestrano_redis::{Error, Redis};
use time::{Duration, UtcDateTime};

use crate::rules::ends;
use crate::server::{Server, engines, eventually};

const HOUR: Duration = Duration::HOUR;
const VISITS: &str = "maestrano:ended:visits";
const REMOVALS: &str = "maestrano:ended:removals";
const NEWS: &str = "maestrano:news";

fn set(end: &Ended) -> &'static str {
    if end.is_visit() { VISITS } else { REMOVALS }
}

async fn score(server: &Server, set: &str, key: &str) -> i64 {
    server.say_words::<f64>(&["ZSCORE", set, key]).await as i64
}

fn milliseconds(time: UtcDateTime) -> i64 {
    (time.unix_timestamp_nanos() / 1_000_000) as i64
}

/// What a person gets to read, and all that a log could hold.
fn all_of(error: &Error) -> String {
    format!("{error}\n{error:?}\n{:?}\n{}", error.source(), error.source().unwrap())
}

#[tokio::test]
async fn who_begins_later_knows_of_every_end_however_long_ago_it_was_told() {
    let now = UtcDateTime::now();
    for engine in engines() {
        let server = Server::start(engine);
        let first = server.memory().connect().await.unwrap();
        for end in ends(now) {
            first.end(end, now).await.unwrap();
        }
        assert_eq!(server.memory().connect().await.unwrap().ended().len(), 3);
        let _: i64 = server.say("DEL maestrano:news").await;
        assert_eq!(server.memory().connect().await.unwrap().ended().len(), 3);
    }
}

#[tokio::test]
async fn an_end_that_is_told_again_and_again_is_there_once_and_for_longest() {
    let now = UtcDateTime::now();
    for engine in engines() {
        let server = Server::start(engine);
        let (here, there) =
            (server.memory().connect().await.unwrap(), server.memory().connect().await.unwrap());
        let order = [5, 9, 1, 7, 0];
        for seconds in order {
            for end in ends(now + Duration::seconds(seconds)) {
                here.end(end, now).await.unwrap();
            }
        }
        for (set, count) in [("ended:visits", 1), ("ended:removals", 2), ("news", 3)] {
            assert_eq!(server.say::<i64>(&format!("ZCARD maestrano:{set}")).await, count, "{set}");
        }
        for end in ends(now + Duration::seconds(9)) {
            assert_eq!(score(&server, set(&end), &end.key()).await, milliseconds(end.until()));
        }
        eventually("the ends are known there", async || there.ended().len() == 3).await;
    }
}

#[tokio::test]
async fn ends_of_visits_push_out_each_other_and_not_those_of_groups_and_members() {
    let now = UtcDateTime::now();
    for engine in engines() {
        let [group, member, visit] = ends(now);
        let server = Server::start(engine);
        let memory = server.memory().connect().await.unwrap();
        memory.end(group, now).await.unwrap();
        let later = milliseconds(visit.until());
        for part in 0..20 {
            let scored = (0..10_000).flat_map(|number| {
                let number = 10_000 * part + number;
                [(later + 1 + number).to_string(), format!("1\nvisit\n{number:x}")]
            });
            let words: Vec<_> = ["ZADD", VISITS].map(str::to_owned).into_iter().chain(scored).collect();
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            let _: i64 = server.say_words(&words).await;
        }
        memory.end(member, now).await.unwrap();
        memory.end(visit.clone(), now).await.unwrap();
        assert_eq!(server.say::<i64>(&format!("ZCARD {VISITS}")).await, 200_000);
        assert_eq!(server.say::<i64>(&format!("ZCARD {REMOVALS}")).await, 2);
        let words = ["ZSCORE", VISITS, &visit.key()];
        assert_eq!(server.say_words::<Option<f64>>(&words).await, None);
    }
}

#[tokio::test]
async fn more_news_than_are_kept_are_all_known() {
    let now = UtcDateTime::now();
    for engine in engines() {
        let server = Server::start(engine);
        let (here, there) =
            (server.memory().connect().await.unwrap(), server.memory().connect().await.unwrap());
        let until = (milliseconds(now) + 3_600_000).to_string();
        let keys: Vec<_> = (0..6_000).map(|number| format!("1\nvisit\n{number:x}")).collect();
        let (seconds, _): (i64, i64) = server.say("TIME").await;
        let time = ((seconds + 60) * 1000).to_string();
        for (set, score) in [(VISITS, &until), (NEWS, &time)] {
            let scored = keys.iter().flat_map(|key| [score.as_str(), key.as_str()]);
            let words: Vec<_> = ["ZADD", set].into_iter().chain(scored).collect();
            let _: i64 = server.say_words(&words).await;
        }
        let [group, ..] = ends(now);
        here.end(group, now).await.unwrap();
        assert_eq!(server.say::<i64>(&format!("ZCARD {NEWS}")).await, 5_000);
        for process in [here, there] {
            eventually("all are known", async || process.ended().len() == 6_001).await;
        }
    }
}

#[tokio::test]
async fn who_begins_reads_more_ends_than_one_answer_holds_and_none_that_has_expired() {
    let now = UtcDateTime::now();
    let [_, _, visit] = ends(now);
    for engine in engines() {
        let server = Server::start(engine);
        let key = |number| visit.key().replace("2f", &format!("{number:x}"));
        for scores in [1, milliseconds(now + HOUR)] {
            let members: Vec<_> = (0..6_001).map(|number| key(scores + number)).collect();
            let score = scores.to_string();
            let scored = members.iter().flat_map(|member| [score.as_str(), member.as_str()]);
            let words: Vec<_> = ["ZADD", VISITS].into_iter().chain(scored).collect();
            let _: i64 = server.say_words(&words).await;
        }
        assert_eq!(server.memory().connect().await.unwrap().ended().len(), 6_001);
    }
}

#[tokio::test]
async fn who_tells_an_end_sweeps_what_has_expired() {
    let now = UtcDateTime::now();
    for engine in engines() {
        let server = Server::start(engine);
        let memory = server.memory().connect().await.unwrap();
        for set in [VISITS, REMOVALS, NEWS] {
            let _: i64 = server.say(&format!("ZADD {set} 1 old 2 older")).await;
        }
        let [group, _, visit] = ends(now);
        memory.end(group.clone(), now).await.unwrap();
        for (set, expected) in [(VISITS, None), (REMOVALS, Some(group.key())), (NEWS, Some(group.key()))] {
            let members: Vec<String> = server.say(&format!("ZRANGE {set} 0 -1")).await;
            assert_eq!(members, Vec::from_iter(expected), "{set}");
        }
        memory.end(visit.clone(), now).await.unwrap();
        assert_eq!(score(&server, VISITS, &visit.key()).await, milliseconds(visit.until()));
    }
}

#[tokio::test]
async fn who_tells_an_end_by_a_clock_that_is_ahead_sweeps_nothing_that_matters() {
    let now = UtcDateTime::now();
    for engine in engines() {
        let server = Server::start(engine);
        let memory = server.memory().connect().await.unwrap();
        let [group, member, _] = ends(now);
        memory.end(group, now).await.unwrap();
        memory.end(member, now + Duration::days(1000)).await.unwrap();
        assert_eq!(server.say::<i64>(&format!("ZCARD {REMOVALS}")).await, 2);
    }
}

#[tokio::test]
async fn an_end_that_was_written_a_while_after_its_time_was_read_is_not_missed() {
    for engine in engines() {
        let server = Server::start(engine);
        let memory = server.memory().timeout(Wait::from_secs(30)).connect().await.unwrap();
        for (known, end) in (1..).zip(ends(UtcDateTime::now())) {
            let (seconds, _): (i64, i64) = server.say("TIME").await;
            let time = (seconds * 1000 - 15_000).to_string();
            let until = milliseconds(end.until()).to_string();
            let _: i64 = server.say_words(&["ZADD", set(&end), &until, &end.key()]).await;
            let _: i64 = server.say_words(&["ZADD", NEWS, &time, &end.key()]).await;
            eventually("the end is known", async || memory.ended().len() == known).await;
        }
    }
}

#[tokio::test]
async fn an_end_of_another_version_is_passed_over() {
    let now = UtcDateTime::now();
    for engine in engines() {
        let server = Server::start(engine);
        let _: i64 = server.say(&format!("ZADD {VISITS} +inf something-new")).await;
        let memory = server.memory().connect().await.unwrap();
        assert!(memory.ended().is_empty());
        let other = server.memory().connect().await.unwrap();
        let [end, ..] = ends(now);
        memory.end(end, now).await.unwrap();
        eventually("the end is known there", async || other.ended().len() == 1).await;
    }
}

#[tokio::test]
async fn a_spent_id_is_kept_for_as_long_as_it_could_be_used_whatever_the_clocks_show() {
    let now = UtcDateTime::now() - Duration::days(1000);
    for engine in engines() {
        let server = Server::start(engine);
        let memory = server.memory().prefix("crm:").connect().await.unwrap();
        assert!(memory.spend(&"long".repeat(1000), now + HOUR, now).await.unwrap());
        let keys: Vec<String> = server.say("KEYS crm:spent:*").await;
        let [key] = keys.as_slice() else { panic!("{keys:?}") };
        assert_eq!(key.len(), "crm:spent:".len() + 43);
        let left: i64 = server.say(&format!("PTTL {key}")).await;
        assert!((3_500_000..=3_600_001).contains(&left), "{left}");
        let [end, ..] = ends(now);
        memory.end(end.clone(), now).await.unwrap();
        assert_eq!(score(&server, "crm:ended:removals", &end.key()).await, milliseconds(end.until()));
    }
}

#[tokio::test]
async fn a_prefix_keeps_applications_apart() {
    let now = UtcDateTime::now();
    for engine in engines() {
        let server = Server::start(engine);
        let connect = async |prefix| server.memory().prefix(prefix).connect().await.unwrap();
        let (crm, shop, shop_too) = (connect("crm:").await, connect("shop:").await, connect("shop:").await);
        assert!(crm.spend("a", now + HOUR, now).await.unwrap());
        assert!(shop.spend("a", now + HOUR, now).await.unwrap());
        let [first, second, third] = ends(now);
        crm.end(first, now).await.unwrap();
        crm.end(second, now).await.unwrap();
        shop.end(third, now).await.unwrap();
        eventually("the end is known there", async || !shop_too.ended().is_empty()).await;
        assert_eq!((crm.ended().len(), shop.ended().len(), shop_too.ended().len()), (2, 1, 1));
        let mut keys: Vec<String> = server.say("KEYS *").await;
        keys.retain(|key| !key.starts_with("crm:") && !key.starts_with("shop:"));
        assert!(keys.is_empty(), "{keys:?}");
    }
}

#[tokio::test]
async fn the_last_clone_takes_its_connection_along() {
    for engine in engines() {
        let server = Server::start(engine);
        let memory = server.memory().connect().await.unwrap();
        let clone = memory.clone();
        drop(memory);
        let clients = async || {
            let list: String = server.say("CLIENT LIST").await;
            // One of them asks.
            list.lines().count() - 1
        };
        assert!(clone.spend("a", UtcDateTime::MAX, UtcDateTime::now()).await.unwrap());
        assert!(clients().await > 0);
        drop(clone);
        eventually("nobody is connected", async || clients().await == 0).await;
    }
}

#[tokio::test]
async fn every_kind_of_url_will_do() {
    let now = UtcDateTime::now();
    for engine in engines() {
        let server = Server::start_with(engine, &["--unixsocket", "socket"]);
        let (port, socket) = (server.port(), server.folder().join("socket"));
        let urls = [
            format!("redis://127.0.0.1:{port}"),
            format!("redis://127.0.0.1:{port}/1"),
            format!("valkey://default:any@localhost:{port}/2"),
            format!("redis+unix://{}?db=3", socket.display()),
        ];
        for url in urls {
            let memory = Redis::at(&url).connect().await.unwrap();
            assert!(memory.spend("a", now + HOUR, now).await.unwrap(), "{url}");
            assert!(!memory.spend("a", now + HOUR, now).await.unwrap(), "{url}");
        }
    }
}

#[tokio::test]
async fn a_wrong_password_is_an_error_that_does_not_tell_it() {
    for engine in engines() {
        let server = Server::start_with(engine, &["--requirepass", "right-one"]);
        let url = |password: &str| format!("redis://:{password}@127.0.0.1:{}", server.port());
        let error = Redis::at(url("wrong-one")).connect().await.unwrap_err();
        let all = all_of(&error);
        assert!(matches!(error, Error::Unavailable { .. }), "{all}");
        assert!(all.contains(&format!("127.0.0.1:{}", server.port())), "{all}");
        assert!(!all.contains("wrong-one") && !all.contains("right-one"), "{all}");
        let error = server.memory().connect().await.unwrap_err();
        assert!(error.to_string().contains("NOAUTH"), "{error}");

        let builder = Redis::at(url("right-one"));
        assert!(!format!("{builder:?}").contains("right-one"), "{builder:?}");
        let memory = builder.connect().await.unwrap();
        assert!(!format!("{memory:?}").contains("right-one"), "{memory:?}");
        assert!(memory.spend("a", UtcDateTime::MAX, UtcDateTime::now()).await.unwrap());
    }
}

#[tokio::test]
async fn a_url_that_is_none_is_an_error_that_does_not_quote_it() {
    let urls = [
        "",
        "secret",
        "http://:secret@localhost",
        "redis://:secret@",
        "redis://:secret@localhost:port",
        "redis://:secret@localhost/database",
        "redis://:secret%ff@localhost",
        "redis://:secret@0.0.0.0",
        "rediss://:secret@localhost/#secret",
    ];
    for url in urls {
        let error = Redis::at(url).connect().await.unwrap_err();
        let all = all_of(&error);
        assert!(matches!(error, Error::Url { .. }), "{url}: {all}");
        assert!(!all.contains("secret"), "{url}: {all}");
    }
}

#[tokio::test]
async fn a_server_that_may_not_be_written_to_is_refused_at_once() {
    let cases: [(&[&str], &str); 4] = [
        (&["--replicaof", "127.0.0.1", "1"], "READONLY"),
        (&["--maxmemory", "1"], "OOM"),
        (&["--user", "default", "on", "nopass", "~*", "+@all", "-set"], "NOPERM"),
        (&["--user", "default", "on", "nopass", "~*", "+@all", "-zadd"], "NOPERM"),
    ];
    for engine in engines() {
        for (options, says) in cases {
            let server = Server::start_with(engine, options);
            let error = server.memory().connect().await.unwrap_err();
            assert!(matches!(error, Error::Unavailable { .. }), "{error}");
            assert!(error.to_string().to_uppercase().contains(says), "{error}");
        }
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_or_says_nothing_is_an_error() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = Redis::at(format!("redis://{nobody}")).connect().await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error}");

    // The system accepts for it; nobody ever answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", silent.local_addr().unwrap());
    let error = Redis::at(url).connect_timeout(Wait::from_millis(50)).connect().await.unwrap_err();
    assert!(error.to_string().contains("has not answered within 50ms"), "{error}");
}
