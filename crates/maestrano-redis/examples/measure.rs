//! What a memory on Redis costs: `cargo run --release --example measure -p maestrano-redis -- URL`.

use std::env;
use std::error::Error;
use std::time::{Duration, Instant};

use maestrano::memory::{Ended, Memory};
use maestrano_redis::Redis;
use time::UtcDateTime;
use tokio::time::sleep;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).unwrap_or_else(|| "redis://127.0.0.1:6379".to_owned());
    let now = UtcDateTime::now();
    // Keys of an earlier run are in nobody's way.
    let prefix = format!("measure:{}:", now.unix_timestamp_nanos());
    let connect = async || Redis::at(&url).prefix(&prefix).connect().await;
    let (here, there) = (connect().await?, connect().await?);
    let until = now + Duration::from_secs(60);

    let mut spends = Vec::new();
    for number in 0..20_000 {
        let begun = Instant::now();
        here.spend(&number.to_string(), until, now).await?;
        spends.push(begun.elapsed());
    }
    print("a spend, one after the other", spends);

    let begun = Instant::now();
    let tasks: Vec<_> = (0..64)
        .map(|task| {
            let memory = here.clone();
            tokio::spawn(async move {
                for number in 0..1_000 {
                    memory.spend(&format!("{task}/{number}"), until, now).await?;
                }
                Ok::<_, maestrano::memory::MemoryError>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    println!("spends, 64 at once: {:.0} a second", 64_000.0 / begun.elapsed().as_secs_f64());

    let (mut tellings, mut arrivals) = (Vec::new(), Vec::new());
    for number in 1..=40 {
        let group = format!("cld-{number}").parse()?;
        let begun = Instant::now();
        here.end(Ended::group(&"measure".parse()?, &group, now, until), now).await?;
        tellings.push(begun.elapsed());
        while there.ended().len() < number {
            sleep(Duration::from_millis(1)).await;
        }
        arrivals.push(begun.elapsed());
    }
    print("an end, until it is told", tellings);
    print("an end, until another process knows", arrivals);
    Ok(())
}

fn print(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: f64| times.get((times.len() as f64 * part) as usize).copied().unwrap_or_default();
    println!("{what}: median {:?}, 99 of 100 within {:?}", at(0.5), at(0.99));
}
