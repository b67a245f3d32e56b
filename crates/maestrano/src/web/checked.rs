//! What the guard reads of a request's header fields, so that an adapter need not translate the others.

use http::HeaderName;
use http::header::{ACCEPT, COOKIE};

/// The header fields that [`Maestrano::check`](crate::Maestrano::check) reads, and no others: an adapter that
/// translates requests may hand it these alone, each with all its lines.
/// [`Maestrano::handle`](crate::Maestrano::handle) is given every field.
pub static CHECKED_HEADERS: &[HeaderName] = &NAMES;

static NAMES: [HeaderName; 3] = [COOKIE, ACCEPT, HeaderName::from_static("sec-fetch-mode")];
