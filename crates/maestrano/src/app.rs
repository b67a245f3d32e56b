//! What the application does when Maestrano speaks.

use std::error::Error as StdError;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{self, AssertUnwindSafe};
use std::pin::{Pin, pin};
use std::task::Poll;

use http::request::Parts;
use tracing::info;

use crate::login::Login;
use crate::webhook::{GroupRemoved, MemberRemoved, Notification};

/// The application of the partner: it knows its own users.
///
/// Only [`sign_in`](Self::sign_in) must be written. The other functions answer the platform's webhooks; each
/// may be called again with the same news, because the platform repeats what was not answered, so what is gone
/// already, or was never known, is no error.
///
/// ```
/// use maestrano::webhook::{GroupRemoved, MemberRemoved};
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
///
///     async fn group_removed(&self, removed: &GroupRemoved) -> Result<(), Self::Error> {
///         println!("{} has stopped using the CRM", removed.group());
///         Ok(())
///     }
///
///     async fn member_removed(&self, removed: &MemberRemoved) -> Result<(), Self::Error> {
///         println!("{} has left {}", removed.user(), removed.group());
///         Ok(())
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
    /// it carries the application's own cookies, and in axum the extensions that its layers have put there. In
    /// actix-web and Rocket, `with_request` of the adapter reaches the framework's own request.
    ///
    /// # Errors
    /// When the application cannot decide, for example because its database is down. The browser sees a page
    /// with a reference; the error goes to the log under the same reference. A panic is treated as an error.
    fn sign_in(
        &self,
        login: &Login,
        request: &Parts,
    ) -> impl Future<Output = Result<SignIn, Self::Error>> + Send;

    /// A group has stopped using the application (webhooks.md 5.2): stop exchanging data with it, and block or
    /// delete what is its own. Its sessions have ended already. It may come back later, under a new id.
    ///
    /// Does nothing by default.
    ///
    /// # Errors
    /// When it could not be done: the platform is told, and may send it again.
    fn group_removed(&self, removed: &GroupRemoved) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = removed;
        async { Ok(()) }
    }

    /// A user has left a group (webhooks.md 5.2): remove the membership, and block the user when none is left.
    /// The user's sessions in that group have ended already.
    ///
    /// Does nothing by default.
    ///
    /// # Errors
    /// When it could not be done: the platform is told, and may send it again.
    fn member_removed(
        &self,
        removed: &MemberRemoved,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = removed;
        async { Ok(()) }
    }

    /// Connec! has news (webhooks.md 5.3): take them in quickly, and work on them later. One notification may
    /// hold entities of several groups; those of groups and of kinds that the application does not know are to
    /// be skipped.
    ///
    /// By default the number of entities is logged and nothing else is done.
    ///
    /// # Errors
    /// When they could not be taken in: the platform is told, and may send them again.
    fn notified(&self, news: &Notification) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let (marketplace, entities) = (news.marketplace(), news.entities().len());
        info!(%marketplace, entities, "news of Connec! that nobody has asked for");
        async { Ok(()) }
    }
}

/// What the application says to a login.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignIn {
    /// The user may come in and goes to the page that was asked for.
    Allow,
    /// The user may come in and goes to this path of the application, such as a page that asks whether to
    /// link an existing account. Anything but a path of the application itself becomes its start page.
    AllowAt(String),
    /// The user may not come in and is shown the platform's page that says so.
    Refuse,
}

/// Why an application could not do its part, whatever its own type for that.
pub(crate) type Failure = Box<dyn StdError + Send + Sync>;

/// What an application says, to come.
type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// An application with its type forgotten, so that nothing a user of the library names has a parameter.
pub(crate) trait AnyApp: Send + Sync {
    fn sign_in<'a>(&'a self, login: &'a Login, request: &'a Parts) -> Answer<'a, SignIn>;
    fn group_removed<'a>(&'a self, removed: &'a GroupRemoved) -> Answer<'a, ()>;
    fn member_removed<'a>(&'a self, removed: &'a MemberRemoved) -> Answer<'a, ()>;
    fn notified<'a>(&'a self, news: &'a Notification) -> Answer<'a, ()>;
}

impl<A: PartnerApp> AnyApp for A {
    fn sign_in<'a>(&'a self, login: &'a Login, request: &'a Parts) -> Answer<'a, SignIn> {
        Box::pin(contained(
            async move { PartnerApp::sign_in(self, login, request).await.map_err(Into::into) },
        ))
    }

    fn group_removed<'a>(&'a self, removed: &'a GroupRemoved) -> Answer<'a, ()> {
        Box::pin(contained(async move { PartnerApp::group_removed(self, removed).await.map_err(Into::into) }))
    }

    fn member_removed<'a>(&'a self, removed: &'a MemberRemoved) -> Answer<'a, ()> {
        Box::pin(contained(
            async move { PartnerApp::member_removed(self, removed).await.map_err(Into::into) },
        ))
    }

    fn notified<'a>(&'a self, news: &'a Notification) -> Answer<'a, ()> {
        Box::pin(contained(async move { PartnerApp::notified(self, news).await.map_err(Into::into) }))
    }
}

/// Runs code of the application. A panic in it is a failure of the application, and not the end of the connection.
async fn contained<T>(code: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let mut code = pin!(code);
    poll_fn(|context| {
        let poll = || code.as_mut().poll(context);
        // After a panic the future is dropped without being polled again.
        panic::catch_unwind(AssertUnwindSafe(poll)).unwrap_or_else(|payload| {
            let message = payload.downcast_ref::<&str>().map(|message| (*message).to_owned());
            let message = message.or_else(|| payload.downcast_ref::<String>().cloned());
            Poll::Ready(Err(Box::new(Panicked(message.unwrap_or_default()))))
        })
    })
    .await
}

/// The application's code has panicked.
#[derive(Debug, thiserror::Error)]
#[error("panicked: {0}")]
struct Panicked(String);

impl fmt::Debug for dyn AnyApp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PartnerApp")
    }
}
