//! Ten thousand sessions at one process, with a platform that answers, hangs, and is gone:
//! `cargo bench -p maestrano-conformance --bench sessions`. `MNO_SESSIONS` sets another number of sessions.
//!
//! The application is the example on axum, built for release. Every session comes from a login over HTTP and is
//! to be checked again every few seconds; pages are asked for at a steady pace, by users drawn at random. The
//! tables are ready for docs/performance.md.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a measurement that cannot go on fails")]

mod application;
#[path = "../shared/connection.rs"]
mod connection;
#[allow(dead_code, reason = "a load needs no wrong keys")]
#[path = "../../../crates/maestrano/tests/saml/keys.rs"]
mod keys;
#[allow(dead_code, reason = "a load needs no wrong responses")]
#[path = "../../../crates/maestrano/tests/saml/kit.rs"]
mod kit;
mod load;
mod platform;
mod visitor;

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use maestrano_conformance::world::free_port;
use tokio::task::JoinSet;

use crate::application::Application;
use crate::connection::Connection;
use crate::load::{Figures, Pace, load};
use crate::platform::{Platform, RECHECK};

/// Signed in before memory is measured: what a process needs with any session is not counted.
const FIRST: usize = 100;
const LOGINS_AT_ONCE: usize = 16;
/// Less than the process can do, so that times are those of pages and not of a queue.
const STEADY: Pace = Pace::Steady(2000);
const FULL: Pace = Pace::Full(32);

fn main() {
    let sessions = std::env::var("MNO_SESSIONS").map_or(10_000, |number| number.parse().unwrap());
    assert!(sessions > FIRST, "MNO_SESSIONS: more than {FIRST}");
    let port = free_port();
    let app = format!("http://localhost:{port}");
    let platform = Platform::start(&app);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(run(sessions, port, app, platform));
}

async fn run(sessions: usize, port: u16, app: String, platform: Platform) {
    let application = Application::start(port, &platform.url()).await;
    let address = application.address();

    let mut requests = sign_in(&application, &app, 0..FIRST).await;
    let warm = Arc::new(requests.clone());
    load(address, &warm, FULL, Duration::from_secs(2)).await;
    load(address, &warm, STEADY, Duration::from_secs(2)).await;
    let before = application.memory();
    let start = Instant::now();
    requests.extend(sign_in(&application, &app, FIRST..sessions).await);
    let logins = (sessions - FIRST) as f64 / start.elapsed().as_secs_f64();
    let signed_in = application.memory();
    let requests = Arc::new(requests);

    let checks = || platform.checks();
    let full = Row::of(checks, load(address, &requests, FULL, Duration::from_secs(5))).await;
    let answers = Row::of(checks, load(address, &requests, STEADY, Duration::from_secs(10))).await;
    let rechecked = application.memory();
    platform.hang(true);
    let hangs = Row::of(checks, load(address, &requests, STEADY, Duration::from_secs(10))).await;
    platform.hang(false);
    let again = Row::of(checks, load(address, &requests, STEADY, Duration::from_secs(5))).await;
    drop(platform);
    let refuses = load(address, &requests, STEADY, Duration::from_secs(10));
    let refuses = Row::of(|| application.unanswered(), refuses).await;
    let after = application.memory();

    println!("{sessions} sessions, each to be checked {} seconds after the last check.", RECHECK.as_secs());
    println!("They came of {logins:.0} logins a second.\n");
    println!("| the platform | requests a second | p50, ms | p99, ms | slowest, ms | not 200 | its calls |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    full.print("answers; as many requests as can be");
    answers.print("answers");
    hangs.print("hangs");
    again.print("answers again");
    refuses.print("refuses connections");

    let each = |memory: f64| (memory - before) / (sessions - FIRST) as f64;
    println!("\n| memory of the process (`VmRSS`) | MB | bytes for each session |");
    println!("|---|---:|---:|");
    println!("| with {FIRST} sessions, after a load | {:.1} | |", before / MEGABYTE);
    for (when, memory) in
        [("all signed in", signed_in), ("all checked", rechecked), ("after two outages", after)]
    {
        println!("| {when} | {:.1} | {:.0} |", memory / MEGABYTE, each(memory));
    }
}

const MEGABYTE: f64 = 1024.0 * 1024.0;

/// Signs in the users of these numbers, and gives each one's request for a guarded page.
async fn sign_in(application: &Application, app: &str, numbers: Range<usize>) -> Vec<String> {
    let signing_in: JoinSet<Vec<String>> = (0..LOGINS_AT_ONCE)
        .map(|first| {
            let (address, app) = (application.address(), app.to_owned());
            let numbers = numbers.clone().skip(first).step_by(LOGINS_AT_ONCE);
            async move {
                let mut connection = Connection::open(address).await.unwrap();
                let mut requests = Vec::new();
                for number in numbers {
                    let cookie = visitor::sign_in(&mut connection, &app, number).await;
                    let host = app.trim_start_matches("http://");
                    requests.push(format!("GET /me HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\n\r\n"));
                }
                requests
            }
        })
        .collect();
    signing_in.join_all().await.concat()
}

/// What was seen of a load, and how many calls to the platform came of it.
struct Row {
    figures: Figures,
    calls: u64,
}

impl Row {
    async fn of(calls: impl Fn() -> u64, load: impl Future<Output = Figures>) -> Self {
        let before = calls();
        let figures = load.await;
        Self { figures, calls: calls() - before }
    }

    fn print(&self, platform: &str) {
        let Figures { a_second, refused, .. } = self.figures;
        let [half, most, slowest] = [0.5, 0.99, 1.0].map(|share| self.figures.within(share));
        let calls = self.calls;
        println!(
            "| {platform} | {a_second:.0} | {half:.1} | {most:.1} | {slowest:.1} | {refused} | {calls} |"
        );
    }
}
