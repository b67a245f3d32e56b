//! The sandbox as its neighbours see it: over HTTP, with xmlsec1 as the judge of signatures.

#![allow(clippy::expect_used, clippy::panic, reason = "in a test they are how it fails")]

mod browser;
mod configuration;
mod console;
mod contract;
mod faults;
mod lifecycle;
mod session_check;
mod signature;
mod single_sign_on;
