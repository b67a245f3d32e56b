//! `maestrano demo`, run as people run it.
#![cfg(unix)]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a failed test panics")]

mod beginning_and_end;
mod process;
mod signing_in;
