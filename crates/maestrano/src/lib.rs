#![doc = include_str!("../README.md")]

// Top to bottom: a module uses only what stands below it. order.rs holds us to it.
mod maestrano;
#[cfg(test)]
mod properties;
mod web;
mod sso;
mod app;
pub mod webhook;
pub mod memory;
mod session;
mod login;
mod seal;
mod query;
pub mod config;
pub mod saml;
pub mod transport;
mod error;
mod rejection;
mod ids;
mod secret;
mod telemetry;
mod clock;

#[cfg(test)]
mod order;

pub use app::{PartnerApp, SignIn};
pub use clock::{Clock, SystemClock};
pub use error::{Error, Problem, Problems};
pub use ids::{AppId, GroupId, InvalidId, MarketplaceName, OrganizationId, ResellerId, UserId};
pub use login::{Group, Login, Membership, Reseller, Role, User};
pub use maestrano::{Builder, Maestrano};
pub use rejection::{AlgorithmName, Rejection};
pub use secret::{ApiKey, CookieKey, EnvironmentSecret, SessionToken};
pub use session::Session;
pub use sso::{Health, Platform};
pub use web::{Arrival, Body, Denied, GuardedRequest, MAX_BODY, RequestBody};
