//! How ends of sessions lie in Redis: in two sorted sets, one of all that matter, one of the news.
//!
//! `ended` orders by when an end may be forgotten, `news` by when it was told, both by Redis's own clock in
//! milliseconds, so that the clocks of the processes do not matter. Whoever tells an end sweeps both. Who
//! begins, or has lost touch, reads all of `ended`; who is in touch reads what is new in `news`.

use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, RedisResult, cmd, pipe};

use crate::keys::Keys;

/// How many ends are kept: as many as a process keeps. When there are more, the ones that could be forgotten
/// first are.
pub(crate) const MOST: isize = 200_000;

/// For how many milliseconds an end is news.
pub(crate) const NEWS: i64 = 120_000;

/// Tells an end that is to be kept for some milliseconds.
pub(crate) async fn tell(
    mut connection: MultiplexedConnection,
    keys: &Keys,
    end: &str,
    left: i64,
) -> RedisResult<()> {
    let (seconds, micros): (i64, i64) = cmd("TIME").query_async(&mut connection).await?;
    let now = milliseconds(seconds, micros);
    let Keys { ended, news, .. } = keys;
    let mut tell = pipe();
    // First where those who begin look, then where those who follow do.
    tell.zadd(ended, end, now.saturating_add(left)).zadd(news, end, now);
    tell.zrembyscore(ended, "-inf", now).zremrangebyrank(ended, 0, -MOST - 1);
    tell.zrembyscore(news, "-inf", now - NEWS);
    tell.exec_async(&mut connection).await
}

/// Redis's time, and the ends that were told since a time of it.
pub(crate) async fn news(
    mut connection: MultiplexedConnection,
    keys: &Keys,
    since: i64,
) -> RedisResult<(i64, Vec<String>)> {
    let mut read = pipe();
    read.cmd("TIME").zrangebyscore(&keys.news, since, "+inf");
    let ((seconds, micros), ends): ((i64, i64), Vec<String>) = read.query_async(&mut connection).await?;
    Ok((milliseconds(seconds, micros), ends))
}

/// A page of all ends that matter at a time of Redis, the last to be forgotten first: what is told or
/// forgotten meanwhile hides none from who goes on to the next page.
pub(crate) async fn page(
    mut connection: MultiplexedConnection,
    keys: &Keys,
    now: i64,
    offset: isize,
    length: isize,
) -> RedisResult<Vec<String>> {
    connection.zrevrangebyscore_limit(&keys.ended, "+inf", format!("({now}"), offset, length).await
}

const fn milliseconds(seconds: i64, micros: i64) -> i64 {
    seconds.saturating_mul(1000).saturating_add(micros / 1000)
}
