//! What the browser sees: the table of answers, in one place (docs/adapters.md shows the same table).

use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderName};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use super::page;

/// A situation that has an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Go on there.
    SeeOther { to: String },
    /// Go on there by a page instead of a redirect, for applications whose own cookie is `SameSite=Strict`.
    Arrive { to: String },
    /// Nobody is signed in.
    LoginRequired { init: String },
    /// The session has been ended.
    SessionEnded { init: String },
    /// The platform has been silent for longer than the grace.
    PlatformUnreachable,
    /// The login was not begun in this browser, too long ago, finished already, or overtaken by a removal.
    LoginNotBegun { again: String, reference: String },
    /// The platform's response is refused.
    LoginRefused { again: String, reference: String },
    /// The browser begins login after login.
    Circles { again: String, reference: String },
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
    /// Whether to sign out: asked when a link, not a form, led here.
    ConfirmLogout { action: String },
    /// No such marketplace or path.
    NotFound,
    /// Another method is wanted.
    MethodNotAllowed { allow: &'static str },
    /// The body is too large.
    TooLarge,
    /// The body did not arrive in time, or not whole.
    RequestTimeout,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visitor {
    /// A browser that goes to a page.
    Navigation,
    /// Something else that would rather see a page: a form posted by an old browser.
    Person,
    /// A program: scripts of pages, API clients.
    Program,
}

impl Visitor {
    /// `Sec-Fetch-Mode` tells; where it is missing, GET or HEAD that accepts HTML is a navigation
    /// (security.md 4.1).
    pub(crate) fn of(request: &Parts) -> Self {
        let accepts_page = accepts_html(&request.headers);
        match request.headers.get("sec-fetch-mode").map(HeaderValue::as_bytes) {
            Some(b"navigate") => Self::Navigation,
            Some(_) => Self::Program,
            None if accepts_page && matches!(request.method, Method::GET | Method::HEAD) => Self::Navigation,
            None if accepts_page => Self::Person,
            None => Self::Program,
        }
    }
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
            Self::Arrive { .. } | Self::Choose { .. } | Self::ConfirmLogout { .. } | Self::Taken => {
                StatusCode::OK
            }
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Malformed { .. } => StatusCode::BAD_REQUEST,
            Self::LoginNotBegun { .. } | Self::LoginRefused { .. } | Self::Circles { .. } => {
                StatusCode::FORBIDDEN
            }
            Self::PlatformUnreachable | Self::MemoryUnavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
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
            Self::SeeOther { .. } | Self::Arrive { .. } => "see_other",
            Self::LoginRequired { .. } => "login_required",
            Self::SessionEnded { .. } => "session_ended",
            Self::PlatformUnreachable => "platform_unreachable",
            Self::LoginNotBegun { .. } => "login_not_begun",
            Self::LoginRefused { .. } => "login_refused",
            Self::Circles { .. } => "login_in_circles",
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
        }
    }

    /// One sentence for the person. It never holds the reason.
    pub(crate) fn message(&self) -> &'static str {
        match self {
            Self::SeeOther { .. } | Self::Arrive { .. } => "You are being taken to the page.",
            Self::LoginRequired { .. } => "Sign in to go on.",
            Self::SessionEnded { .. } => "Your session has ended. Sign in again to go on.",
            Self::PlatformUnreachable => {
                "Your session cannot be confirmed right now. Please try again in a moment."
            }
            Self::LoginNotBegun { .. } => {
                "This sign-in was not begun in this browser, took too long, or was finished before."
            }
            Self::LoginRefused { .. } => "This sign-in could not be verified.",
            Self::Circles { .. } => {
                "Signing in has been tried several times without coming to an end. Most likely this browser does \
                 not keep the application's session cookie, or the application is opened under another address \
                 than the one that the marketplace knows."
            }
            Self::AppFailed { .. } => "The application could not sign you in. Please try again later.",
            Self::MemoryUnavailable { .. } => {
                "Signing in is not possible right now. Please try again in a moment."
            }
            Self::Broken { .. } => "Something went wrong.",
            Self::Unauthorized => "The credentials are missing or wrong.",
            Self::Malformed { .. } => "The body cannot be read.",
            Self::NotTaken { .. } => "This could not be taken. Please send it again later.",
            Self::Taken => "This was taken.",
            Self::Choose { .. } => "Where do you come from?",
            Self::ConfirmLogout { .. } => "Do you want to sign out?",
            Self::NotFound => "There is nothing at this address.",
            Self::MethodNotAllowed { .. } => "This address cannot be used in this way.",
            Self::TooLarge => "The request is too large.",
            Self::RequestTimeout => "The request did not arrive in time. Please try again.",
        }
    }

    /// The address where a login starts, where it helps.
    pub(crate) fn again(&self) -> Option<&str> {
        match self {
            Self::LoginRequired { init: again }
            | Self::SessionEnded { init: again }
            | Self::LoginNotBegun { again, .. }
            | Self::LoginRefused { again, .. }
            | Self::Circles { again, .. }
            | Self::MemoryUnavailable { again, .. } => Some(again),
            _ => None,
        }
    }

    /// What the log line of the same event carries.
    pub(crate) fn reference(&self) -> Option<&str> {
        match self {
            Self::LoginNotBegun { reference, .. }
            | Self::LoginRefused { reference, .. }
            | Self::Circles { reference, .. }
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
        if let Some(reference) = self.reference() {
            json["reference"] = reference.into();
        }
        if let Some(again) = self.again() {
            json["login"] = again.into();
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

fn typed(body: String, content_type: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn accepts_html(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter();
    values.filter_map(|value| value.to_str().ok()).any(|value| value.contains("text/html"))
}
