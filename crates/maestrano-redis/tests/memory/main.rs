//! What must hold of every memory, and what must hold of the one on Redis.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod rules;
mod redis;
mod outage;
mod server;
mod tls;
