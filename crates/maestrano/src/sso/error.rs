//! Why a login does not open a session.

use super::ticket::MAX_TICKET_CHARS;
use crate::app::Failure;
use crate::memory::MemoryError;
use crate::rejection::Rejection;
use crate::seal::SealFailed;

/// Why a login does not open a session.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoginError {
    #[error("the response is refused: {0}")]
    Rejected(#[from] Rejection),
    #[error(
        "the response answers a request that this application has not sealed: its cookie keys were changed, or \
         the login was begun by another application"
    )]
    UnknownRequest,
    #[error(
        "the response holds more text than a ticket of {MAX_TICKET_CHARS} characters or a session cookie can carry"
    )]
    TooLarge,
    #[error("the ticket was not sealed by this application")]
    TicketInvalid,
    #[error(transparent)]
    Superfluous(#[from] Superfluous),
    #[error("the request is made in the background, but only a navigation finishes a login")]
    NavigationRequired,
    #[error("since this login was begun, the user or the group was removed, or the user has signed out")]
    Overtaken,
    #[error(
        "four logins in a row were finished and the session cookie did not come back: the browser does not keep it, \
         or the application is opened at another address than the configured one"
    )]
    RedirectLoop,
    #[error(transparent)]
    Memory(#[from] MemoryError),
    #[error("the application refuses the user")]
    ByApp,
    #[error("the application's sign_in failed")]
    AppFailed(#[source] Failure),
    #[error(transparent)]
    Broken(#[from] SealFailed),
}

/// Why a login cannot be finished although nothing about it is hostile: it is old, or there are two of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Superfluous {
    #[error("the response was used before")]
    Replayed,
    #[error("the response is no longer valid")]
    ResponseExpired,
    #[error("the login was begun too long ago")]
    LoginExpired,
    #[error("the browser came back with its ticket too late")]
    TicketExpired,
    #[error(
        "the browser sends no cookie of any login: it keeps no cookies, or opened the application elsewhere"
    )]
    NoLoginCookie,
    #[error(
        "the browser sends cookies of other logins, but none of this one: it was finished, or begun elsewhere"
    )]
    OtherLogin,
    #[error("the cookie of this login was not made by this application: its cookie keys were changed")]
    LoginCookieInvalid,
    #[error("the login was finished before")]
    Finished,
}

impl LoginError {
    /// A stable name for log lines and counters.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Rejected(rejection) => rejection.code(),
            Self::UnknownRequest => "unknown_request",
            Self::TooLarge => "login_too_large",
            Self::TicketInvalid => "ticket_invalid",
            Self::Superfluous(superfluous) => superfluous.code(),
            Self::NavigationRequired => "navigation_required",
            Self::Overtaken => "overtaken",
            Self::RedirectLoop => "redirect_loop",
            Self::Memory(_) => "memory_unavailable",
            Self::ByApp => "refused_by_app",
            Self::AppFailed(_) => "app_failed",
            Self::Broken(_) => "broken",
        }
    }
}

impl Superfluous {
    pub(crate) const ALL: [Self; 8] = [
        Self::Replayed,
        Self::ResponseExpired,
        Self::LoginExpired,
        Self::TicketExpired,
        Self::NoLoginCookie,
        Self::OtherLogin,
        Self::LoginCookieInvalid,
        Self::Finished,
    ];

    /// A stable name for log lines and counters.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Replayed => "replayed",
            Self::ResponseExpired => "response_expired",
            Self::LoginExpired => "login_expired",
            Self::TicketExpired => "ticket_expired",
            Self::NoLoginCookie => "no_login_cookie",
            Self::OtherLogin => "other_login",
            Self::LoginCookieInvalid => "login_cookie_invalid",
            Self::Finished => "login_finished",
        }
    }
}
