//! One suite for every framework: an application is started as its users start it, a browser that obeys `SameSite`
//! walks through it, and the sandbox plays the platform.
//!
//! An example becomes a subject by one line in its `tests/conformance.rs`, see [`suite!`].
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a failed case panics")]
#![allow(
    clippy::exhaustive_structs,
    clippy::exhaustive_enums,
    reason = "nobody outside this workspace builds on it"
)]

pub mod ask;
pub mod browser;
pub mod cases;
pub mod chromium;
pub mod cluster;
pub mod crm;
pub mod process;
pub mod servers;
pub mod shop;
pub mod subject;
mod suite;
pub mod world;

pub use subject::Subject;
pub use world::{Setting, World};

/// Plays a case to its end.
///
/// # Panics
///
/// When the case fails.
pub fn play(case: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("a runtime starts").block_on(case);
}
