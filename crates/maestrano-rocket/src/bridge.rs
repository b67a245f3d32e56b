//! The way back from `PartnerApp::sign_in` to the request that it is called for.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use bytes::Bytes;
use http::request::Parts;
use maestrano::{Maestrano, RequestBody};
use rocket::Request;
use rocket::tokio::sync::mpsc::{self, UnboundedSender};
use rocket::tokio::sync::oneshot;

/// Calls a function with Rocket's own request, and gives what it returns.
///
/// [`PartnerApp::sign_in`](maestrano::PartnerApp::sign_in) reaches the application's own session by it: `parts` are
/// the ones that it is given.
///
/// ```
/// # use http::request::Parts;
/// # async fn sign_in(parts: &Parts) -> Result<(), maestrano_rocket::NoRequest> {
/// let language = maestrano_rocket::with_request(parts, |request| {
///     request.cookies().get("language").map(|cookie| cookie.value().to_owned())
/// });
/// let language = language.await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`NoRequest`].
pub async fn with_request<T>(
    parts: &Parts,
    call: impl FnOnce(&Request<'_>) -> T + Send + 'static,
) -> Result<T, NoRequest>
where
    T: Send + 'static,
{
    let Bridge(calls) = parts.extensions.get().ok_or(NoRequest)?;
    let (returned, outcome) = oneshot::channel();
    // Nobody waits for the outcome any more when it cannot be sent.
    let call: Call = Box::new(move |request| _ = returned.send(call(request)));
    calls.send(call).map_err(|_| NoRequest)?;
    outcome.await.map_err(|_| NoRequest)
}

/// There is no request of Rocket behind these parts: they do not come from a request that this crate's routes
/// are answering, or it has been answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no request of Rocket is being answered here: pass on the parts that sign_in is given, before it returns"
)]
#[non_exhaustive]
pub struct NoRequest;

type Call = Box<dyn FnOnce(&Request<'_>) + Send>;

/// Stands in the parts for the request, which does not live long enough to be in there.
#[derive(Clone)]
struct Bridge(UnboundedSender<Call>);

/// Lets the core answer, and meanwhile makes the calls that come over the bridge.
pub(crate) async fn handle(
    mno: &Maestrano,
    mut asked: http::Request<impl RequestBody>,
    request: &Request<'_>,
) -> http::Response<Bytes> {
    let (bridge, mut calls) = mpsc::unbounded_channel::<Call>();
    asked.extensions_mut().insert(Bridge(bridge));
    let mut answering = pin!(mno.handle(asked));
    poll_fn(|context| {
        while let Poll::Ready(Some(call)) = calls.poll_recv(context) {
            call(request);
        }
        answering.as_mut().poll(context)
    })
    .await
}
