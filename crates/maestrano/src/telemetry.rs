//! What is counted: with the feature `metrics` through the facade of that name, else nothing. docs/architecture.md lists the names.
//!
//! Labels hold names of marketplaces and of rules, never anything of a person.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use time::UtcDateTime;

/// Events that anybody can cause as often as they like: all are counted, and of each kind one a second is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeated {
    NotFound,
    MethodNotAllowed,
    TooLarge,
    TimedOut,
    Incomplete,
    DroppedParameters,
}

impl Repeated {
    const COUNT: usize = 6;

    /// A stable name for log lines and counters.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::TooLarge => "body_too_large",
            Self::TimedOut => "body_timeout",
            Self::Incomplete => "body_incomplete",
            Self::DroppedParameters => "parameters_dropped",
        }
    }
}

/// The second in which each kind of event was logged last.
pub(crate) struct LogLimit {
    seconds: [AtomicI64; Repeated::COUNT],
}

impl Default for LogLimit {
    fn default() -> Self {
        Self { seconds: [const { AtomicI64::new(i64::MIN) }; Repeated::COUNT] }
    }
}

impl LogLimit {
    /// Whether this event may be logged: the first of its kind in a second.
    pub(crate) fn allows(&self, kind: Repeated, now: UtcDateTime) -> bool {
        let second = now.unix_timestamp();
        let last = self.seconds.get(kind as usize);
        last.is_some_and(|last| last.swap(second, Ordering::Relaxed) != second)
    }
}

/// A request reached no route, or no further than its body.
pub(crate) fn request_refused(kind: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!("maestrano_requests_refused_total", "kind" => kind).increment(1);
    #[cfg(not(feature = "metrics"))]
    let _ = kind;
}

/// A login has come to its end.
pub(crate) fn login(marketplace: &str) {
    count("maestrano_logins_total", marketplace, &[]);
}

/// A login has come to nothing, by which rule.
pub(crate) fn refusal(marketplace: &str, rule: &'static str) {
    count("maestrano_login_refusals_total", marketplace, &[("rule", rule)]);
}

/// The platform was asked about a session.
pub(crate) fn recheck(marketplace: &str, outcome: &'static str, took: Duration) {
    count("maestrano_rechecks_total", marketplace, &[("outcome", outcome)]);
    #[cfg(feature = "metrics")]
    metrics::histogram!("maestrano_recheck_seconds", "marketplace" => marketplace.to_owned()).record(took);
    #[cfg(not(feature = "metrics"))]
    let _ = took;
}

/// Sessions were ended before their time.
pub(crate) fn ended(marketplace: &str, cause: &'static str) {
    count("maestrano_sessions_ended_total", marketplace, &[("cause", cause)]);
}

/// A webhook was answered.
pub(crate) fn webhook(marketplace: &str, kind: &'static str, outcome: &'static str) {
    count("maestrano_webhooks_total", marketplace, &[("kind", kind), ("outcome", outcome)]);
}

#[cfg(feature = "metrics")]
fn count(name: &'static str, marketplace: &str, labels: &[(&'static str, &'static str)]) {
    let marketplace = metrics::Label::new("marketplace", marketplace.to_owned());
    let labels = labels.iter().map(|(key, value)| metrics::Label::from_static_parts(key, value));
    let labels: Vec<_> = std::iter::once(marketplace).chain(labels).collect();
    metrics::counter!(name, labels).increment(1);
}

#[cfg(not(feature = "metrics"))]
fn count(_: &'static str, _: &str, _: &[(&'static str, &'static str)]) {}

#[cfg(test)]
mod tests {
    use time::macros::utc_datetime;

    use super::*;

    #[test]
    fn one_event_of_a_kind_is_logged_a_second() {
        let (limit, now) = (LogLimit::default(), utc_datetime!(2026-11-23 10:00));
        assert!(limit.allows(Repeated::NotFound, now));
        assert!(!limit.allows(Repeated::NotFound, now));
        assert!(limit.allows(Repeated::DroppedParameters, now));
        assert!(limit.allows(Repeated::NotFound, now + Duration::from_secs(1)));
    }
}
