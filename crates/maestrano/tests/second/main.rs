//! Two verifiers, one opinion: the whole hostile table, the right documents, mutations of them, and random
//! documents are put before ours and before samael with xmlsec1. Every difference that is left is named here,
//! with its reason.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod canonical;
mod changes;
mod dice;
mod differences;
mod logins;
mod mutations;
mod table;
mod tally;
mod witness;

#[path = "../saml/hostile/mod.rs"]
#[allow(dead_code, reason = "the tests of the first verifier use all of it")]
mod hostile;
#[path = "../saml/valid.rs"]
#[allow(dead_code, reason = "the tests of the first verifier use all of it")]
mod valid;
#[path = "../saml/keys.rs"]
#[allow(dead_code, reason = "the tests of the first verifier use all of it")]
mod keys;
#[path = "../saml/kit.rs"]
#[allow(dead_code, reason = "the tests of the first verifier use all of it")]
mod kit;
