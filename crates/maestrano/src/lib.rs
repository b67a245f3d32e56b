//! The partner SDK of the Maestrano marketplace. (The crate doc becomes the README.)

mod clock;
pub mod config;
mod ids;
mod rejection;
pub mod saml;
mod secret;
pub mod transport;

pub use clock::{Clock, SystemClock};
pub use ids::{AppId, GroupId, InvalidId, MarketplaceName, OrganizationId, ResellerId, UserId};
pub use secret::{ApiKey, CookieKey, EnvironmentSecret, SessionToken};
