//! How ends of sessions lie in Redis: in two sorted sets of all that matter, and one of the news.
//!
//! An end's key is the member of a set, so that it is there once however often it is told. `ended:visits` and
//! `ended:removals`, which has the ends of groups and members, order by until when an end is to be kept,
//! which is only ever raised, in milliseconds by the clocks of the processes. `news` orders by when it was
//! told, in milliseconds by Redis's own clock. Whoever tells an end sweeps all three. Who begins, or has lost
//! touch, reads all ends; who is in touch reads what is new.

use maestrano::memory::Ended;
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, RedisResult, cmd, pipe};
use time::UtcDateTime;

use crate::keys::Keys;

/// How many ends a set keeps: as many as a process keeps. When there are more, the ones that could be
/// forgotten first are.
pub(crate) const MOST: isize = 200_000;

/// For how many milliseconds an end is news.
pub(crate) const NEWS: i64 = 120_000;

/// How many ends are read at once, and how many are news.
pub(crate) const PAGE: isize = 5_000;

/// Tells ends.
pub(crate) async fn tell(
    mut connection: MultiplexedConnection,
    keys: &Keys,
    ends: &[Ended],
    now: UtcDateTime,
) -> RedisResult<()> {
    let time = time(cmd("TIME").query_async(&mut connection).await?);
    let mut tell = pipe();
    // First where those who begin look, then where those who follow do.
    for end in ends {
        tell.cmd("ZADD").arg(keys.set(end)).arg("GT").arg(milliseconds(end.until())).arg(end.key());
    }
    for end in ends {
        tell.zadd(&keys.news, end.key(), time);
    }
    // A clock that is ahead, Redis's or ours, is no reason to forget.
    let over = time.min(milliseconds(now));
    for set in keys.sets() {
        tell.zrembyscore(set, "-inf", over).zremrangebyrank(set, 0, -MOST - 1);
    }
    tell.zrembyscore(&keys.news, "-inf", time - NEWS).zremrangebyrank(&keys.news, 0, -PAGE - 1);
    tell.exec_async(&mut connection).await
}

/// Tries whether this Redis can be written to, and whether it knows and allows what it takes to tell an end:
/// a replica, a full one, an old one, or one whose rules forbid it, is to be noticed now rather than at
/// somebody's login.
pub(crate) async fn probe(mut connection: MultiplexedConnection, keys: &Keys) -> RedisResult<()> {
    let mut probe = pipe();
    probe.cmd("SET").arg(&keys.writable).arg("").arg("PX").arg(1000);
    for set in keys.sets() {
        // Changes nothing.
        probe.cmd("ZADD").arg(set).arg("XX").arg("GT").arg(0).arg("");
        probe.zrembyscore(set, "-inf", "-inf").zremrangebyrank(set, 1, 0);
    }
    probe.exec_async(&mut connection).await
}

/// Redis's time, and the keys of ends that were told since a time of it; none where there are more than a
/// page.
pub(crate) async fn news(
    mut connection: MultiplexedConnection,
    keys: &Keys,
    since: i64,
) -> RedisResult<(i64, Option<Vec<String>>)> {
    let mut read = pipe();
    read.cmd("TIME").zrangebyscore_limit(&keys.news, since, "+inf", 0, PAGE);
    let (clock, news): ((i64, i64), Vec<String>) = read.query_async(&mut connection).await?;
    // As many as are kept as news: there may have been more.
    let is_page = isize::try_from(news.len()).is_ok_and(|length| length < PAGE);
    Ok((time(clock), is_page.then_some(news)))
}

/// The ends with these keys that matter, and until when.
pub(crate) async fn find(
    mut connection: MultiplexedConnection,
    keys: &Keys,
    news: Vec<String>,
) -> RedisResult<Vec<(String, f64)>> {
    if news.is_empty() {
        return Ok(Vec::new());
    }
    let mut read = pipe();
    for set in keys.sets() {
        read.cmd("ZMSCORE").arg(set).arg(&news);
    }
    let (visits, removals): (Vec<Option<f64>>, Vec<Option<f64>>) = read.query_async(&mut connection).await?;
    let untils = visits.into_iter().zip(removals).map(|(visit, removal)| visit.or(removal));
    Ok(news.into_iter().zip(untils).filter_map(|(key, until)| Some((key, until?))).collect())
}

/// A page of all ends of a set that matter at a time, and until when, the last to be forgotten first: what is
/// forgotten meanwhile hides none from who goes on to the next page, and what is told meanwhile is news.
pub(crate) async fn page(
    mut connection: MultiplexedConnection,
    set: &str,
    now: UtcDateTime,
    offset: isize,
) -> RedisResult<Vec<(String, f64)>> {
    let now = format!("({}", milliseconds(now));
    connection.zrevrangebyscore_limit_withscores(set, "+inf", now, offset, PAGE).await
}

const fn time((seconds, micros): (i64, i64)) -> i64 {
    seconds.saturating_mul(1000).saturating_add(micros / 1000)
}

fn milliseconds(time: UtcDateTime) -> i64 {
    time.unix_timestamp().saturating_mul(1000).saturating_add(i64::from(time.millisecond()))
}
