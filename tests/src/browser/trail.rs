//! What a browser did, for the reader of a failed case.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use http::{Method, StatusCode};
use url::Url;

/// The hops of all browsers of one case, shared by its clones. Written out it is one line a hop.
#[derive(Clone, Debug, Default)]
pub struct Trail(Arc<Mutex<Vec<Hop>>>);

/// One request and its answer.
#[derive(Clone, Debug)]
pub struct Hop {
    /// The method.
    pub method: Method,
    /// The address.
    pub url: Url,
    /// The status of the answer.
    pub status: StatusCode,
    /// The names of the cookies that went along.
    pub sent: Vec<String>,
    /// The names of the cookies the answer set; those the browser dropped have a `!` in front.
    pub set: Vec<String>,
}

impl Trail {
    /// Everything so far.
    #[must_use]
    pub fn hops(&self) -> Vec<Hop> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn add(&self, hop: Hop) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(hop);
    }
}

impl fmt::Display for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, hop) in self.hops().iter().enumerate() {
            let url: String = hop.url.as_str().chars().take(120).collect();
            write!(f, "{:>3}  {} {:<4} {url}", number + 1, hop.status.as_u16(), hop.method.as_str())?;
            for (word, names) in [("sent", &hop.sent), ("set", &hop.set)] {
                if !names.is_empty() {
                    write!(f, "  [{word} {}]", names.join(", "))?;
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
