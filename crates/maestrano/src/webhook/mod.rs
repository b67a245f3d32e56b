//! What the platform sends to the application by itself (contract/webhooks.md): who may send it, and what it
//! says.

mod credentials;
mod notification;
mod removal;

pub(crate) use credentials::are_right;
pub(crate) use notification::Malformed;
pub use notification::{Entity, EntityError, Notification};
pub use removal::{GroupRemoved, MemberRemoved};
