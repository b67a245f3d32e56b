//! Requests for a guarded page, each by a visitor who is drawn at random, and how long they took.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::connection::Connection;

/// More than the application makes checks at once, so that pages which wait for the platform leave connections
/// to the others.
const CONNECTIONS: usize = 256;

/// How requests follow each other.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// So many in each second, whatever becomes of those before. A request that finds every connection waiting
    /// waits too, and that is a part of its time.
    Steady(u32),
    /// By so many connections, each as fast as it is answered.
    Full(usize),
}

/// What was seen of a load.
pub(crate) struct Figures {
    pub(crate) a_second: f64,
    /// Answers with another status than 200.
    pub(crate) refused: usize,
    times: Vec<Duration>,
}

impl Figures {
    /// The time that this share of the requests kept within, in milliseconds.
    pub(crate) fn within(&self, share: f64) -> f64 {
        let at = (self.times.len() as f64 * share) as usize;
        self.times[at.min(self.times.len() - 1)].as_secs_f64() * 1000.0
    }
}

/// Asks for the page at this pace for so long.
pub(crate) async fn load(
    address: SocketAddr,
    requests: &Arc<Vec<String>>,
    pace: Pace,
    lasting: Duration,
) -> Figures {
    let (connections, a_second) = match pace {
        Pace::Steady(a_second) => (CONNECTIONS, Some(a_second)),
        Pace::Full(connections) => (connections, None),
    };
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Connection::open(address).await.unwrap());
    }
    let start = Instant::now();
    let numbers = Arc::new(AtomicU64::new(0));
    let asking: JoinSet<_> = open
        .into_iter()
        .map(|mut connection| {
            let (requests, numbers) = (Arc::clone(requests), Arc::clone(&numbers));
            async move {
                let (mut times, mut refused) = (Vec::new(), 0);
                loop {
                    let number = numbers.fetch_add(1, Ordering::Relaxed);
                    let now = Instant::now();
                    let due = a_second.map_or(now, |a_second| start + Duration::from_secs(number) / a_second);
                    if due > start + lasting {
                        return (times, refused);
                    }
                    if due > now {
                        sleep_until(due).await;
                    }
                    // The timer may wake late; that is not the application's time.
                    let asked = if due > now { Instant::now() } else { due };
                    let request = &requests[drawn(number, requests.len())];
                    let answer = connection.ask(request.as_bytes()).await.unwrap();
                    refused += usize::from(answer.status() != "200");
                    times.push(asked.elapsed());
                }
            }
        })
        .collect();
    let asked = asking.join_all().await;
    let took = start.elapsed();
    let refused = asked.iter().map(|(_, refused)| refused).sum();
    let mut times: Vec<Duration> = asked.into_iter().flat_map(|(times, _)| times).collect();
    times.sort_unstable();
    Figures { a_second: times.len() as f64 / took.as_secs_f64(), refused, times }
}

/// A number below `many`, as good as random and the same in every run (SplitMix64).
fn drawn(number: u64, many: usize) -> usize {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) % many as u64) as usize
}
