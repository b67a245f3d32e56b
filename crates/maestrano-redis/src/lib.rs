#![doc = include_str!("../README.md")]

// Top to bottom: a module uses only what stands below it.
mod builder;
mod error;
mod memory;
mod follower;
mod teller;
mod ends;
mod server;
mod keys;

pub use builder::Builder;
pub use error::Error;
pub use memory::Redis;
