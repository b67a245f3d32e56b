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
