//! What is counted: with the feature `metrics` through the facade of that name, else nothing. docs/architecture.md lists the names.
//!
//! Labels hold names of marketplaces and of rules, never anything of a person.

use std::time::Duration;

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
