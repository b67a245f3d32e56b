//! What the guard reads of a request's header fields, so that an adapter need not translate the others.

use http::HeaderName;
use http::header::{ACCEPT, COOKIE, REFERER};

/// The header fields that [`Maestrano::check`](crate::Maestrano::check) reads, and no others: an adapter that
/// translates requests may hand it these alone, each with all its lines.
/// [`Maestrano::handle`](crate::Maestrano::handle) is given every field.
pub static CHECKED_HEADERS: &[HeaderName] = &NAMES;

static NAMES: [HeaderName; 9] = [
    COOKIE,
    ACCEPT,
    REFERER,
    HeaderName::from_static("sec-fetch-mode"),
    HeaderName::from_static("sec-fetch-dest"),
    HeaderName::from_static("sec-purpose"),
    HeaderName::from_static("purpose"),
    HeaderName::from_static("x-purpose"),
    HeaderName::from_static("x-moz"),
];
