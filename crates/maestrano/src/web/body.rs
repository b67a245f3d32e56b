//! The body of a request: read only for a route that takes one, up to the limit of that route, and in time.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use tokio::runtime::Handle;

/// The largest request body that any route takes, in bytes: 1 MiB.
pub const MAX_BODY: usize = 1024 * 1024;

/// A client that has not sent its whole body after this time gets 408.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// A request body that has been read, or could not be.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Body {
    /// The whole body.
    Whole(Bytes),
    /// The body is larger than the limit; no more than the limit was read.
    TooLarge,
    /// The connection failed before the body was complete.
    Incomplete,
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(bytes) => write!(formatter, "Whole({} bytes)", bytes.len()),
            Self::TooLarge => formatter.write_str("TooLarge"),
            Self::Incomplete => formatter.write_str("Incomplete"),
        }
    }
}

/// A request body that is not read before the route, and for webhooks the credentials, are known.
///
/// An adapter passes a closure that reads its framework's body:
///
/// ```
/// use http::Request;
/// use maestrano::{Body, Maestrano};
/// # async fn read_at_most(_: usize) -> Option<bytes::Bytes> { None }
///
/// # async fn answer(mno: &Maestrano, head: http::request::Parts) {
/// let request = Request::from_parts(head, async |limit: usize| match read_at_most(limit).await {
///     Some(bytes) => Body::Whole(bytes),
///     None => Body::TooLarge,
/// });
/// let response = mno.handle(request).await;
/// # }
/// ```
///
/// A [`Body`] that is complete already can be passed as it is.
pub trait RequestBody {
    /// Reads the body, but at most `limit` bytes of it.
    fn read(self, limit: usize) -> impl Future<Output = Body>;
}

impl RequestBody for Body {
    async fn read(self, limit: usize) -> Self {
        match self {
            Self::Whole(bytes) if bytes.len() > limit => Self::TooLarge,
            body => body,
        }
    }
}

impl<F, R> RequestBody for F
where
    F: FnOnce(usize) -> R,
    R: Future<Output = Body>,
{
    async fn read(self, limit: usize) -> Body {
        self(limit).await
    }
}

/// Why a route does not get the body of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    TooLarge,
    TimedOut,
    Incomplete,
}

/// Reads the body of a request. A body whose announced length is above the limit is not read at all.
pub(super) async fn read(
    body: impl RequestBody,
    headers: &HeaderMap,
    limit: usize,
) -> Result<Bytes, BodyError> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit)) {
        return Err(BodyError::TooLarge);
    }
    let body = body.read(limit);
    // Without a runtime there is no timer; then there is no slow connection either.
    let body = match Handle::try_current() {
        Ok(_) => tokio::time::timeout(BODY_TIMEOUT, body).await.map_err(|_| BodyError::TimedOut)?,
        Err(_) => body.await,
    };
    match body {
        Body::Whole(bytes) if bytes.len() <= limit => Ok(bytes),
        Body::Whole(_) | Body::TooLarge => Err(BodyError::TooLarge),
        Body::Incomplete => Err(BodyError::Incomplete),
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    const LIMIT: usize = 100;

    fn headers(length: Option<&'static str>) -> HeaderMap {
        length.map(|length| (CONTENT_LENGTH, length.parse().unwrap())).into_iter().collect()
    }

    async fn whole(length: usize) -> Body {
        Body::Whole(vec![b'a'; length].into())
    }

    #[tokio::test(start_paused = true)]
    async fn stalled_body_times_out_after_15_seconds() {
        let start = Instant::now();
        let stalled = async |_: usize| std::future::pending().await;
        assert_eq!(read(stalled, &headers(Some("10")), LIMIT).await, Err(BodyError::TimedOut));
        assert_eq!(start.elapsed(), Duration::from_secs(15));
    }

    #[tokio::test(start_paused = true)]
    async fn slow_body_is_read_within_15_seconds() {
        let slow = async |_: usize| {
            tokio::time::sleep(Duration::from_millis(14_999)).await;
            whole(10).await
        };
        assert_eq!(read(slow, &headers(None), LIMIT).await.map(|body| body.len()), Ok(10));
    }

    #[tokio::test]
    async fn announced_length_above_the_limit_is_refused_unread() {
        for length in ["101", "1000000", "18446744073709551615"] {
            let unread = async |_: usize| panic!("the body is read");
            assert_eq!(read(unread, &headers(Some(length)), LIMIT).await, Err(BodyError::TooLarge));
        }
    }

    #[tokio::test]
    async fn body_up_to_the_limit_is_read() {
        for (length, header) in [(LIMIT, Some("100")), (LIMIT, None), (0, None)] {
            let body = async |limit: usize| {
                assert_eq!(limit, LIMIT);
                whole(length).await
            };
            assert_eq!(read(body, &headers(header), LIMIT).await.map(|body| body.len()), Ok(length));
        }
    }

    #[tokio::test]
    async fn body_above_the_limit_is_refused() {
        // Neither a closure that ignores the limit nor a body that is complete already exceeds it.
        let ignores = async |_: usize| whole(LIMIT + 1).await;
        let complete = whole(LIMIT + 1).await;
        let stops = async |_: usize| Body::TooLarge;
        assert_eq!(read(ignores, &headers(Some("10")), LIMIT).await, Err(BodyError::TooLarge));
        assert_eq!(read(complete, &headers(None), LIMIT).await, Err(BodyError::TooLarge));
        assert_eq!(read(stops, &headers(None), LIMIT).await, Err(BodyError::TooLarge));
    }

    #[tokio::test]
    async fn broken_connection_leaves_the_body_incomplete() {
        let broken = async |_: usize| Body::Incomplete;
        assert_eq!(read(broken, &headers(Some("10")), LIMIT).await, Err(BodyError::Incomplete));
    }

    #[test]
    fn documented_limits_are_those_of_the_code() {
        let documented = include_str!("../../../../docs/adapters.md");
        for limit in [
            format!("notification {} MiB", MAX_BODY / 1024 / 1024),
            format!("not there after {} seconds", BODY_TIMEOUT.as_secs()),
        ] {
            let words = documented.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.contains(&limit), "{limit}");
        }
    }

    #[test]
    fn without_a_runtime_the_body_is_read_without_a_time_limit() {
        let mut reading = std::pin::pin!(async {
            read(Body::Whole(Bytes::from_static(b"a")), &headers(None), LIMIT).await
        });
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let outcome = reading.as_mut().poll(&mut context);
        assert_eq!(outcome, std::task::Poll::Ready(Ok(Bytes::from_static(b"a"))));
    }
}
