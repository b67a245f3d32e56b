//! The verifier of responses, and the login that comes of one: what is accepted, and what is refused for
//! which reason.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod contract;
mod hostile;
mod identity;
mod kit;
mod keys;
mod properties;
mod requests;
mod sign_in;
mod table;
mod transcripts;
mod valid;
mod vectors;
