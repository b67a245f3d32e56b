//! What the guard reads of a request, so that an adapter translates no more of it.

use std::borrow::Cow;

use http::header::COOKIE;
use http::request::Parts;

/// A request for a page of the application, as a framework holds it.
///
/// For every page the guard reads the cookies; the rest it reads only when the answer is not the page. An adapter
/// whose framework does not use the crate `http` implements it for its own request, so that pages that are shown cost
/// no translation.
pub trait GuardedRequest {
    /// The values of all `Cookie` header fields, each as it came.
    fn cookies(&self) -> impl Iterator<Item = &[u8]>;

    /// Method, header fields, and the whole address as the browser sees it.
    ///
    /// # Errors
    /// When the framework has taken something that the crate `http` refuses; the answer is 400 then.
    fn head(&self) -> http::Result<Cow<'_, Parts>>;
}

impl GuardedRequest for Parts {
    fn cookies(&self) -> impl Iterator<Item = &[u8]> {
        self.headers.get_all(COOKIE).iter().map(http::HeaderValue::as_bytes)
    }

    fn head(&self) -> http::Result<Cow<'_, Parts>> {
        Ok(Cow::Borrowed(self))
    }
}
