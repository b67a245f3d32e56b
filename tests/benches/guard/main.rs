//! What the guard costs a whole page, for each framework: `cargo bench -p maestrano-conformance --bench guard`.
//!
//! One worker thread serves, and one drives it by connections that are kept alive. The same request, session
//! cookie included, asks in turns for a page without a guard and for the same page with it: for one that is
//! there already, and for one that is made each time. What else the machine does falls on both of a pair of
//! short rounds, so every figure is the median of many pairs. The table is ready for docs/performance.md.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a measurement that cannot go on fails")]

#[path = "../shared/connection.rs"]
mod connection;
mod desk;
mod login;
mod server;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::connection::Connection;

const CONNECTIONS: usize = 16;
const ROUNDS: usize = 41;
const ROUND: Duration = Duration::from_millis(100);

/// What a browser says of itself with every page.
const BROWSER: &str = "host: localhost:3000\r\n\
    user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0\r\n\
    accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
    accept-language: en-GB,en;q=0.5\r\n\
    accept-encoding: gzip, deflate, br, zstd\r\n\
    referer: http://localhost:3000/invoices\r\n\
    upgrade-insecure-requests: 1\r\n\
    sec-fetch-dest: document\r\n\
    sec-fetch-mode: navigate\r\n\
    sec-fetch-site: same-origin\r\n";

fn main() {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run());
}

async fn run() {
    let platform = login::platform().await;
    let mno = login::maestrano(&platform).await;
    let axum = server::axum(mno.clone());
    let cookie = login::session_cookie(axum).await;
    let servers =
        [("axum", axum), ("actix-web", server::actix(mno.clone())), ("Rocket", server::rocket(mno))];

    let mut pages: Vec<Page> = servers.into_iter().flat_map(Page::of).collect();
    for _ in 0..ROUNDS {
        for page in &mut pages {
            let open = rate(page.server, &format!("/open/{}", page.name), &cookie).await;
            let guarded = rate(page.server, &format!("/guarded/{}", page.name), &cookie).await;
            page.rounds.push((open, guarded));
        }
    }

    println!("| framework | page | unguarded, requests a second | guarded | ratio | µs more |");
    println!("|---|---|---:|---:|---:|---:|");
    for Page { framework, name, rounds, .. } in &pages {
        let open = median(rounds.iter().map(|(open, _)| *open));
        let guarded = median(rounds.iter().map(|(_, guarded)| *guarded));
        let ratio = median(rounds.iter().map(|(open, guarded)| guarded / open));
        let more = median(rounds.iter().map(|(open, guarded)| 1e6 / guarded - 1e6 / open));
        println!("| {framework} | {name} | {open:.0} | {guarded:.0} | {ratio:.2} | {more:.1} |");
    }
}

/// A page of one framework, with what was measured: the rates without and with the guard.
struct Page {
    framework: &'static str,
    server: SocketAddr,
    name: &'static str,
    rounds: Vec<(f64, f64)>,
}

impl Page {
    fn of((framework, server): (&'static str, SocketAddr)) -> [Self; 2] {
        ["still", "desk"].map(|name| Self { framework, server, name, rounds: Vec::new() })
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Requests a second in one round.
async fn rate(server: SocketAddr, path: &str, cookie: &str) -> f64 {
    let request = format!("GET {path} HTTP/1.1\r\n{BROWSER}cookie: {cookie}\r\n\r\n");
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(server).await.unwrap());
    }
    let start = Instant::now();
    let asking: JoinSet<usize> = connections
        .into_iter()
        .map(|mut connection| {
            let request = request.clone();
            async move {
                let mut answers = 0;
                while start.elapsed() < ROUND {
                    let answer = connection.ask(request.as_bytes()).await.unwrap();
                    assert_eq!(answer.status(), "200");
                    answers += 1;
                }
                answers
            }
        })
        .collect();
    let answers: usize = asking.join_all().await.into_iter().sum();
    answers as f64 / start.elapsed().as_secs_f64()
}
