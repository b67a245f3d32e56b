//! What holds while Redis is away, and when it is back.

use std::time::Duration as Wait;

use maestrano::memory::{Ended, Memory};
use maestrano_redis::Redis;
use time::{Duration, UtcDateTime};

use crate::rules::ends;
use crate::server::{Engine, Server, engines, eventually};

const HOUR: Duration = Duration::HOUR;

async fn two_processes(engine: Engine) -> (Server, Redis, Redis) {
    let server = Server::start(engine);
    let connect = async || server.memory().timeout(Wait::from_millis(300)).connect().await.unwrap();
    let (here, there) = (connect().await, connect().await);
    (server, here, there)
}

async fn is_back(memory: &Redis) {
    eventually("the memory is back", async || memory.is_reachable()).await;
}

#[tokio::test]
async fn while_the_server_is_gone_nothing_is_spent_and_what_is_known_stays_known() {
    let now = UtcDateTime::now();
    for engine in engines() {
        let (mut server, here, there) = two_processes(engine).await;
        let [first, second, third] = ends(now);
        here.end(first, now).await.unwrap();
        eventually("the end is known there", async || there.ended().len() == 1).await;

        server.kill();
        let error = here.spend("a", now + HOUR, now).await.unwrap_err();
        assert!(error.to_string().contains(&format!("Redis at 127.0.0.1:{}", server.port())), "{error}");
        assert!(here.spend("a", now + HOUR, now).await.is_err());
        assert!(!here.is_reachable());
        assert!(here.end(second, now).await.is_err());
        assert_eq!(here.ended().len(), 2);
        eventually("it is noticed without being asked", async || !there.is_reachable()).await;
        assert_eq!(there.ended().len(), 1);

        server.restart();
        is_back(&here).await;
        is_back(&there).await;
        eventually("the second end is known there", async || there.ended().len() == 2).await;
        assert_eq!(here.ended().len(), 2);
        assert!(here.spend("a", now + HOUR, now).await.unwrap());
        assert!(!there.spend("a", now + HOUR, now).await.unwrap());
        there.end(third, now).await.unwrap();
        eventually("the third end is known here", async || here.ended().len() == 3).await;
    }
}

#[tokio::test]
async fn ends_that_could_not_be_told_are_told_when_the_server_is_back() {
    let now = UtcDateTime::now();
    for engine in engines() {
        let (mut server, here, there) = two_processes(engine).await;
        let [group, member, visit] = ends(now);
        // It goes away while it is asked, it is away, and the one who asked is away as well.
        server.signal("STOP");
        assert!(here.end(group, now).await.is_err());
        assert!(here.end(member, now).await.is_err());
        drop(here.end(visit, now));
        server.kill();
        server.restart();
        eventually("all ends are known there", async || there.ended().len() == 3).await;
        assert_eq!(server.memory().connect().await.unwrap().ended().len(), 3);
    }
}

#[tokio::test]
async fn more_ends_than_are_told_at_once_are_told_when_the_server_is_back() {
    let now = UtcDateTime::now();
    for engine in engines() {
        let (mut server, here, there) = two_processes(engine).await;
        server.kill();
        let visit = ends(now)[2].clone();
        for number in 0..2_500 {
            let key = visit.key().replace("2f", &format!("{number:x}"));
            let _ = here.end(Ended::from_key(&key, visit.until()).unwrap(), now).await;
        }
        server.restart();
        eventually("all ends are known there", async || there.ended().len() == 2_500).await;
    }
}

#[tokio::test]
async fn while_the_server_hangs_every_answer_is_an_error_in_time() {
    let now = UtcDateTime::now();
    for engine in engines() {
        let (server, here, there) = two_processes(engine).await;
        server.signal("STOP");
        assert!(there.end(ends(now)[0].clone(), now).await.is_err());
        assert_eq!(there.ended().len(), 1);
        for process in [&here, &there] {
            assert!(process.spend("a", now + HOUR, now).await.is_err());
            assert!(!process.is_reachable());
        }
        server.signal("CONT");
        is_back(&here).await;
        is_back(&there).await;
        assert!(here.spend("b", now + HOUR, now).await.unwrap());
        assert!(!there.spend("b", now + HOUR, now).await.unwrap());
    }
}

#[tokio::test]
async fn who_has_lost_touch_reads_all_that_was_told_meanwhile() {
    let now = UtcDateTime::now();
    for engine in engines() {
        let (server, here, there) = two_processes(engine).await;
        for (known, end) in (1..).zip(ends(now)) {
            // As if told long ago: it is no news.
            let set = if end.is_visit() { "maestrano:ended:visits" } else { "maestrano:ended:removals" };
            let words = ["ZADD", set, "+inf", &end.key()];
            let _: i64 = server.say_words(&words).await;
            let _: i64 = server.say("CLIENT KILL TYPE normal SKIPME yes").await;
            for process in [&here, &there] {
                eventually("the end is known", async || process.ended().len() == known).await;
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_has_become_a_replica_is_given_up_until_it_can_be_written_to() {
    let now = UtcDateTime::now();
    for engine in engines() {
        let (server, here, there) = two_processes(engine).await;
        let _: String = server.say("REPLICAOF 127.0.0.1 1").await;
        assert!(here.spend("a", now + HOUR, now).await.is_err());
        assert!(!here.is_reachable());
        let _: String = server.say("REPLICAOF NO ONE").await;
        is_back(&here).await;
        assert!(here.spend("a", now + HOUR, now).await.unwrap());
        assert!(!there.spend("a", now + HOUR, now).await.unwrap());
    }
}

#[tokio::test]
async fn a_server_that_lets_nobody_in_for_a_while_locks_nobody_out_for_good() {
    let now = UtcDateTime::now();
    for engine in engines() {
        let (server, here, _) = two_processes(engine).await;
        let _: String = server.say("ACL SETUSER keeper on nopass ~* +@all").await;
        let keeper =
            ::redis::Client::open(format!("redis://keeper:any@127.0.0.1:{}", server.port())).unwrap();
        let mut keeper = keeper.get_multiplexed_async_connection().await.unwrap();
        let mut acl = async |words: &[&str]| -> Vec<Vec<::redis::Value>> {
            let mut acl = ::redis::cmd("ACL");
            acl.arg(words).query_async(&mut keeper).await.unwrap_or_default()
        };
        acl(&["SETUSER", "default", "-@all"]).await;
        assert!(here.spend("a", now + HOUR, now).await.is_err());
        assert!(!here.is_reachable());
        acl(&["LOG", "RESET"]).await;
        eventually("the server has refused again", async || !acl(&["LOG"]).await.is_empty()).await;
        assert!(!here.is_reachable());
        acl(&["SETUSER", "default", "+@all"]).await;
        is_back(&here).await;
        assert!(here.spend("a", now + HOUR, now).await.unwrap());
    }
}
