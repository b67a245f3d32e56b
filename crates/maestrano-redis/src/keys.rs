//! The keys of an application in Redis.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use maestrano::memory::Ended;

/// All begin with the application's prefix.
#[derive(Clone)]
pub(crate) struct Keys {
    prefix: String,
    pub(crate) visits: String,
    pub(crate) removals: String,
    pub(crate) news: String,
    pub(crate) writable: String,
}

impl Keys {
    pub(crate) fn new(prefix: String) -> Self {
        let [visits, removals, news, writable] =
            ["ended:visits", "ended:removals", "news", "writable"].map(|key| format!("{prefix}{key}"));
        Self { prefix, visits, removals, news, writable }
    }

    /// The sets of ends: what the first holds, rechecks find as well; what the second holds, they do not.
    pub(crate) fn sets(&self) -> [&str; 2] {
        [&self.visits, &self.removals]
    }

    /// The set that an end belongs to.
    pub(crate) fn set(&self, end: &Ended) -> &str {
        if end.is_visit() { &self.visits } else { &self.removals }
    }

    /// The key of a spent id: as long for every id, however long that is and whatever it is made of.
    pub(crate) fn spent(&self, id: &str) -> String {
        let digest = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, id.as_bytes()));
        format!("{}spent:{digest}", self.prefix)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.prefix)
    }
}
