//! What the trait `Memory` promises: held against the memory of one process and the one on Redis alike.

use std::sync::Arc;
use std::task::{Context, Waker};

use maestrano::memory::{Ended, InProcess, Memory};
use time::{Duration, UtcDateTime};

use crate::server::{Server, engines, eventually};

/// An application of two processes, with what they share.
struct App {
    processes: [Arc<dyn Memory>; 2],
    _server: Option<Server>,
}

/// The application on each memory.
async fn apps() -> Vec<App> {
    let one = InProcess::default();
    let mut apps = vec![App { processes: [Arc::new(one.clone()), Arc::new(one)], _server: None }];
    for engine in engines() {
        let server = Server::start(engine);
        let (one, two) = (server.memory().connect().await.unwrap(), server.memory().connect().await.unwrap());
        apps.push(App { processes: [Arc::new(one), Arc::new(two)], _server: Some(server) });
    }
    apps
}

/// One end of each kind.
pub(crate) fn ends(now: UtcDateTime) -> [Ended; 3] {
    let (uat, group, user) = ("uat".parse().unwrap(), "cld-1".parse().unwrap(), "usr-1".parse().unwrap());
    let until = now + Duration::hours(12);
    let group_end = Ended::group(&uat, &group, now, until);
    let visit = group_end.key().replace("group\nuat\ncld-1", "visit\n2f");
    [group_end, Ended::member(&uat, &group, &user, now, until), Ended::from_key(&visit, until).unwrap()]
}

#[tokio::test]
async fn an_id_is_spent_once_in_all_processes() {
    let now = UtcDateTime::now();
    let until = now + Duration::minutes(5);
    for App { processes: [here, there], .. } in apps().await {
        assert!(here.spend("a", until, now).await.unwrap());
        assert!(!here.spend("a", until, now).await.unwrap());
        assert!(!there.spend("a", until, now).await.unwrap());
        assert!(there.spend("b", until, now).await.unwrap());
        assert!(!here.spend("b", until, now).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_ask_at_once_one_is_first() {
    let now = UtcDateTime::now();
    for App { processes, .. } in apps().await {
        for id in ["a", "b", "c"] {
            let tasks: Vec<_> = (0..50)
                .flat_map(|_| processes.clone())
                .map(|memory| {
                    tokio::spawn(async move { memory.spend(id, now + Duration::minutes(5), now).await })
                })
                .collect();
            let mut first = 0;
            for task in tasks {
                first += u32::from(task.await.unwrap().unwrap());
            }
            assert_eq!(first, 1, "{processes:?}");
        }
    }
}

#[tokio::test]
async fn an_id_may_be_used_again_when_it_has_expired() {
    for App { processes: [here, there], .. } in apps().await {
        let now = UtcDateTime::now();
        assert!(here.spend("a", now + Duration::milliseconds(50), now).await.unwrap());
        eventually("the id may be used again", async || {
            let now = UtcDateTime::now();
            there.spend("a", now + Duration::minutes(5), now).await.unwrap()
        })
        .await;
        assert!(!here.spend("a", now + Duration::minutes(5), UtcDateTime::now()).await.unwrap());
    }
}

#[tokio::test]
async fn an_id_whose_time_is_over_is_no_error() {
    let now = UtcDateTime::now();
    for App { processes: [here, _], .. } in apps().await {
        assert!(here.spend("a", now - Duration::hours(1), now).await.unwrap());
        assert!(here.spend("b", now, now).await.unwrap());
        assert!(here.spend("c", UtcDateTime::MAX, now).await.unwrap());
        assert!(!here.spend("c", UtcDateTime::MAX, now).await.unwrap());
    }
}

#[tokio::test]
async fn ids_of_any_length_and_of_any_characters_are_told_apart() {
    let now = UtcDateTime::now();
    let until = now + Duration::minutes(5);
    let long = "x".repeat(100_000);
    let ids = [
        "",
        " ",
        "a",
        "A",
        "a ",
        "a\n",
        "a\r\nb",
        "a\0b",
        "a:b",
        "a*",
        "é",
        "\u{fffd}",
        &long,
        &format!("{long}y"),
    ];
    for App { processes: [here, there], .. } in apps().await {
        for id in ids {
            assert!(here.spend(id, until, now).await.unwrap(), "{id:?}");
        }
        for id in ids {
            assert!(!there.spend(id, until, now).await.unwrap(), "{id:?}");
        }
    }
}

#[tokio::test]
async fn an_end_is_known_here_as_soon_as_it_is_begun_to_be_told() {
    let now = UtcDateTime::now();
    for App { processes: [here, _], .. } in apps().await {
        for (known, end) in (1..).zip(ends(now)) {
            let mut telling = here.end(end, now);
            let first = telling.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert_eq!(here.ended().len(), known);
            if first.is_pending() {
                telling.await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn an_end_is_known_in_every_process() {
    let now = UtcDateTime::now();
    for App { processes: [here, there], .. } in apps().await {
        for (known, end) in (1..).zip(ends(now)) {
            here.end(end, now).await.unwrap();
            eventually("the end is known there", async || there.ended().len() == known).await;
        }
        assert_eq!(here.ended().len(), 3);
    }
}

#[tokio::test]
async fn ends_are_told_in_both_directions_and_at_once() {
    let now = UtcDateTime::now();
    for App { processes: [here, there], .. } in apps().await {
        let group = |number| format!("cld-{number}").parse().unwrap();
        let end =
            |number| Ended::group(&"uat".parse().unwrap(), &group(number), now, now + Duration::hours(1));
        for number in 0..100 {
            let (one, other) =
                tokio::join!(here.end(end(2 * number), now), there.end(end(2 * number + 1), now));
            one.and(other).unwrap();
        }
        for process in [here, there] {
            eventually("all are known", async || process.ended().len() == 200).await;
        }
    }
}

#[tokio::test]
async fn the_same_end_may_be_told_again() {
    let now = UtcDateTime::now();
    for App { processes: [here, there], .. } in apps().await {
        for process in [&here, &there, &here] {
            for end in ends(now) {
                process.end(end, now).await.unwrap();
            }
        }
        for process in [here, there] {
            eventually("three are known", async || process.ended().len() == 3).await;
        }
    }
}

#[tokio::test]
async fn an_end_is_told_though_nobody_waits_for_it() {
    let now = UtcDateTime::now();
    for App { processes: [here, there], .. } in apps().await {
        for (known, end) in (1..).zip(ends(now)) {
            let mut telling = here.end(end, now);
            let _ = telling.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            drop(telling);
            eventually("the end is known there", async || there.ended().len() == known).await;
        }
    }
}

#[tokio::test]
async fn a_memory_that_works_is_reachable() {
    for App { processes, .. } in apps().await {
        for process in processes {
            assert!(process.is_reachable(), "{process:?}");
        }
    }
}
