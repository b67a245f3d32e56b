#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod command;
mod doors;
mod error;
mod fault;
mod instant;
mod keys;
mod options;
mod password;
mod platform;
mod saml;
mod secret;
mod seed;
mod server;
mod store;

pub use error::Error;
pub use fault::Fault;
pub use options::{Options, Port};
pub use seed::{DEFAULT_PASSWORD, Seed};
pub use server::{Account, Running, Sandbox};
pub use store::Environment;
