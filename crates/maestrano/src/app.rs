//! What the application does when Maestrano speaks.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use http::request::Parts;

use crate::login::Login;

/// The application of the partner: it knows its own users.
///
/// ```
/// use maestrano::{Login, PartnerApp, SignIn};
///
/// struct Crm;
///
/// impl PartnerApp for Crm {
///     type Error = std::io::Error;
///
///     async fn sign_in(&self, login: &Login, _: &http::request::Parts) -> Result<SignIn, Self::Error> {
///         println!("{} of {} signs in", login.user().id(), login.group().id());
///         Ok(SignIn::Allow)
///     }
/// }
/// ```
pub trait PartnerApp: Send + Sync + 'static {
    /// Why the application could not do its part.
    type Error: Into<Box<dyn StdError + Send + Sync>>;

    /// A user has come in with a verified login: find or create the user, the group and the membership,
    /// keyed by marketplace and id, never by e-mail (users.md 9.1), or refuse.
    ///
    /// The request is the one that finishes the login, made by the user's browser to the application itself:
    /// it carries the application's own cookies, and in axum the extensions that its layers have put there.
    ///
    /// # Errors
    /// When the application cannot decide, for example because its database is down. The browser sees a page
    /// with a reference; the error goes to the log under the same reference.
    fn sign_in(
        &self,
        login: &Login,
        request: &Parts,
    ) -> impl Future<Output = Result<SignIn, Self::Error>> + Send;
}

/// What the application says to a login.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignIn {
    /// The user may come in and goes to the page that was asked for.
    Allow,
    /// The user may come in and goes to this path of the application, such as a page that asks whether to
    /// link an existing account. Anything but a path of the application itself becomes `/`.
    AllowAt(String),
    /// The user may not come in and is shown the platform's page that says so.
    Refuse,
}

/// What an application says, to come.
type Answer<'a> = Pin<Box<dyn Future<Output = Result<SignIn, Box<dyn StdError + Send + Sync>>> + Send + 'a>>;

/// An application with its type forgotten, so that nothing a user of the library names has a parameter.
pub(crate) trait AnyApp: Send + Sync {
    fn sign_in<'a>(&'a self, login: &'a Login, request: &'a Parts) -> Answer<'a>;
}

impl<A: PartnerApp> AnyApp for A {
    fn sign_in<'a>(&'a self, login: &'a Login, request: &'a Parts) -> Answer<'a> {
        Box::pin(async move { PartnerApp::sign_in(self, login, request).await.map_err(Into::into) })
    }
}

impl fmt::Debug for dyn AnyApp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PartnerApp")
    }
}
