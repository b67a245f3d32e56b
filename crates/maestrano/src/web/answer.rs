//! What the browser sees: the table of answers, in one place (docs/adapters.md shows the same table).

use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderName};
use http::{HeaderValue, Response, StatusCode};

use super::page;
use super::visitor::Visitor;

/// A situation that has an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Go on there.
    SeeOther { to: String },
    /// Go on there by a page instead of a redirect.
    RefreshTo { to: String },
    /// Nobody is signed in.
    LoginRequired { init: String },
    /// The session has been ended.
    SessionEnded { init: String },
    /// The platform has been unreachable for longer than the outage grace period.
    PlatformUnreachable,
    /// The login cannot be finished in this browser, and beginning it again by itself has not helped.
    LoginNotBegun { again: String, reference: String, hint: Option<String> },
    /// The platform's response is refused.
    LoginRefused { again: String, reference: String },
    /// Login after login is finished, and no session comes back.
    RedirectLoop { again: String, reference: String },
    /// The application could not decide.
    AppFailed { reference: String },
    /// Whether the login was used before cannot be known.
    MemoryUnavailable { again: String, reference: String },
    /// Something is broken inside.
    Broken { reference: String },
    /// A webhook without the right credentials.
    Unauthorized,
    /// A webhook whose body cannot be read.
    Malformed { reference: String },
    /// A webhook that the application, or the memory, could not take.
    NotTaken { reference: String },
    /// A webhook that was taken.
    Taken,
    /// The marketplaces to choose from: name and address.
    Choose { marketplaces: Vec<(String, String)> },
    /// Whether to sign out: asked when the request does not prove that it comes from the application.
    ConfirmLogout { action: String, token: String },
    /// No such marketplace or path.
    NotFound,
    /// Another method is wanted.
    MethodNotAllowed { allow: &'static str },
    /// The body is too large.
    TooLarge,
    /// The body did not arrive in time, or not whole.
    RequestTimeout,
    /// The framework has taken a request that cannot be handed over.
    Unreadable,
    /// The browser asks before the user has: it may ask again.
    Prefetch,
    /// The request is made in the background, and the route is for navigations.
    NavigationRequired,
}

impl Answer {
    /// The answer as a response for this visitor.
    pub(crate) fn response(self, visitor: Visitor) -> Response<Bytes> {
        let status = self.status(visitor);
        let mut response = if status == StatusCode::SEE_OTHER {
            Response::new(Bytes::new())
        } else if self == Self::Taken {
            typed(r#"{"success":true}"#.to_owned(), "application/json")
        } else if visitor == Visitor::Program && status != StatusCode::OK {
            typed(self.json(), "application/json")
        } else {
            typed(page::page(&self), "text/html; charset=utf-8")
        };
        *response.status_mut() = status;
        let headers = response.headers_mut();
        for (name, value) in COMMON {
            headers.insert(name, HeaderValue::from_static(value));
        }
        match self {
            Self::SeeOther { to } | Self::LoginRequired { init: to } | Self::SessionEnded { init: to }
                if status == StatusCode::SEE_OTHER =>
            {
                // Paths and addresses from the configuration are ASCII without control characters.
                let to = HeaderValue::try_from(to).unwrap_or(HeaderValue::from_static("/"));
                headers.insert(header::LOCATION, to);
            }
            Self::LoginRequired { .. } | Self::SessionEnded { .. } => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Maestrano"));
                if visitor == Visitor::Frame {
                    // This page alone may be framed: it holds a link, and nothing else.
                    headers.remove(header::X_FRAME_OPTIONS);
                    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(FRAMED_POLICY));
                }
            }
            Self::PlatformUnreachable | Self::MemoryUnavailable { .. } => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER.as_secs()));
            }
            Self::Unauthorized => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(REALM));
            }
            Self::MethodNotAllowed { allow } => {
                headers.insert(header::ALLOW, HeaderValue::from_static(allow));
            }
            _ => {}
        }
        response
    }

    fn status(&self, visitor: Visitor) -> StatusCode {
        match self {
            Self::SeeOther { .. } => StatusCode::SEE_OTHER,
            Self::LoginRequired { .. } | Self::SessionEnded { .. } if visitor == Visitor::Navigation => {
                StatusCode::SEE_OTHER
            }
            Self::LoginRequired { .. } | Self::SessionEnded { .. } => StatusCode::UNAUTHORIZED,
            Self::RefreshTo { .. } | Self::Choose { .. } | Self::ConfirmLogout { .. } | Self::Taken => {
                StatusCode::OK
            }
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Malformed { .. } | Self::NavigationRequired | Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::LoginNotBegun { .. } | Self::LoginRefused { .. } | Self::RedirectLoop { .. } => {
                StatusCode::FORBIDDEN
            }
            Self::PlatformUnreachable | Self::MemoryUnavailable { .. } | Self::Prefetch => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::AppFailed { .. } | Self::Broken { .. } | Self::NotTaken { .. } => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
        }
    }

    /// A stable name for programs.
    fn code(&self) -> &'static str {
        match self {
            Self::SeeOther { .. } | Self::RefreshTo { .. } => "see_other",
            Self::LoginRequired { .. } => "login_required",
            Self::SessionEnded { .. } => "session_ended",
            Self::PlatformUnreachable => "platform_unreachable",
            Self::LoginNotBegun { .. } => "login_not_begun",
            Self::LoginRefused { .. } => "login_refused",
            Self::RedirectLoop { .. } => "redirect_loop",
            Self::AppFailed { .. } => "app_failed",
            Self::MemoryUnavailable { .. } => "memory_unavailable",
            Self::Broken { .. } => "broken",
            Self::Unauthorized => "invalid_credentials",
            Self::Malformed { .. } => "malformed",
            Self::NotTaken { .. } => "not_taken",
            Self::Taken => "taken",
            Self::Choose { .. } => "choose",
            Self::ConfirmLogout { .. } => "confirm_logout",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::TooLarge => "too_large",
            Self::RequestTimeout => "request_timeout",
            Self::Unreadable => "unreadable",
            Self::Prefetch => "prefetch",
            Self::NavigationRequired => "navigation_required",
        }
    }

    /// The heading of the page.
    pub(crate) fn heading(&self) -> &'static str {
        match self {
            Self::SeeOther { .. } | Self::RefreshTo { .. } => "One moment",
            Self::LoginRequired { .. } => "Please sign in",
            Self::SessionEnded { .. } => "Your session has ended",
            Self::PlatformUnreachable | Self::MemoryUnavailable { .. } => "Sign-in is unavailable",
            Self::LoginNotBegun { .. } | Self::RedirectLoop { .. } => "Sign-in did not complete",
            Self::LoginRefused { .. } | Self::AppFailed { .. } => "Sign-in failed",
            Self::Choose { .. } => "Choose your marketplace",
            Self::ConfirmLogout { .. } => "Sign out?",
            Self::NotFound => "Page not found",
            Self::TooLarge => "The request is too large",
            Self::RequestTimeout => "The request took too long",
            Self::Taken => "Done",
            Self::Broken { .. }
            | Self::Unauthorized
            | Self::Malformed { .. }
            | Self::NotTaken { .. }
            | Self::MethodNotAllowed { .. }
            | Self::Unreadable
            | Self::Prefetch
            | Self::NavigationRequired => "Something went wrong",
        }
    }

    /// One sentence for the person. It never holds the reason.
    pub(crate) fn message(&self) -> &'static str {
        match self {
            Self::SeeOther { .. } | Self::RefreshTo { .. } => "The page opens by itself.",
            Self::LoginRequired { .. } => "Sign in to continue.",
            Self::SessionEnded { .. } => "Sign in again to continue.",
            Self::PlatformUnreachable => {
                "Your session cannot be confirmed right now. Please try again in a moment."
            }
            Self::LoginNotBegun { .. } => {
                "This browser could not be matched with the sign-in, which may have been started elsewhere."
            }
            Self::LoginRefused { .. } => "This sign-in could not be verified.",
            Self::RedirectLoop { .. } => {
                "You were signed in several times, but this browser did not keep the session. Cookies may be \
                 blocked, or the application may be open at another address than the one that is set up."
            }
            Self::AppFailed { .. } => "The application could not sign you in. Please try again later.",
            Self::MemoryUnavailable { .. } => {
                "Signing in is not possible right now. Please try again in a moment."
            }
            Self::Broken { .. } => "Please try again later.",
            Self::Unauthorized => "The credentials are missing or wrong.",
            Self::Malformed { .. } => "The body cannot be read.",
            Self::NotTaken { .. } => "The request could not be completed. Please send it again later.",
            Self::Taken => "The request was completed.",
            Self::Choose { .. } => "Sign in with the marketplace that you use.",
            Self::ConfirmLogout { .. } => "You will be signed out of this application.",
            Self::NotFound => "There is nothing at this address.",
            Self::MethodNotAllowed { .. } => "This address does not take requests of this kind.",
            Self::TooLarge => "Please send less.",
            Self::RequestTimeout => "The request did not arrive in time. Please try again.",
            Self::Unreadable => "The request cannot be read.",
            Self::Prefetch => "This page cannot be loaded ahead of time.",
            Self::NavigationRequired => "This address can only be opened as a page.",
        }
    }

    /// What this browser in particular may have to do.
    pub(crate) fn hint(&self) -> Option<&str> {
        match self {
            Self::LoginNotBegun { hint, .. } => hint.as_deref(),
            _ => None,
        }
    }

    /// The address where a login starts, where it helps.
    pub(crate) fn again(&self) -> Option<&str> {
        match self {
            Self::LoginRequired { init: again }
            | Self::SessionEnded { init: again }
            | Self::LoginNotBegun { again, .. }
            | Self::LoginRefused { again, .. }
            | Self::RedirectLoop { again, .. }
            | Self::MemoryUnavailable { again, .. } => Some(again),
            _ => None,
        }
    }

    /// What the link to that address says.
    pub(crate) fn again_label(&self) -> &'static str {
        match self {
            Self::LoginRequired { .. } => "Sign in",
            _ => "Sign in again",
        }
    }

    /// The reference that the log line of the same event carries.
    pub(crate) fn reference(&self) -> Option<&str> {
        match self {
            Self::LoginNotBegun { reference, .. }
            | Self::LoginRefused { reference, .. }
            | Self::RedirectLoop { reference, .. }
            | Self::AppFailed { reference }
            | Self::MemoryUnavailable { reference, .. }
            | Self::Broken { reference }
            | Self::Malformed { reference }
            | Self::NotTaken { reference } => Some(reference),
            _ => None,
        }
    }

    fn json(&self) -> String {
        let mut json = serde_json::json!({ "error": self.code(), "message": self.message() });
        let optional = [("hint", self.hint()), ("reference", self.reference()), ("login", self.again())];
        for (name, value) in optional {
            if let Some(value) = value {
                json[name] = value.into();
            }
        }
        json.to_string()
    }
}

/// Who may send webhooks (webhooks.md 5.1).
const REALM: &str = "Basic realm=\"maestrano\"";

/// When to come back after a 503.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// On every answer: nothing is stored, framed, sniffed or told to the next page.
const COMMON: [(HeaderName, &str); 5] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    ),
];

/// That of the one page that other pages may frame. Browsers that know `frame-ancestors` ignore an `X-Frame-Options`
/// that the framework adds, as Rocket does.
const FRAMED_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors *";

fn typed(body: String, content_type: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
