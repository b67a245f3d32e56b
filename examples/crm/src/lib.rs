//! A small CRM whose users come from Maestrano, without a web framework: its database, its pages, and what it
//! does when somebody signs in. The examples beside it put a framework around it. As many processes as are wanted can
//! run behind a proxy: `DATABASE` names a file, and `REDIS_URL` a Redis, that they share.
//!
//! ```no_run
//! # async fn run(session: maestrano::Session) -> Result<(), crm::Failure> {
//! let crm = crm::Crm::from_env()?;
//! let builder = maestrano::Maestrano::from_settings(crm::settings()?).app(crm.clone());
//! let mno = builder.memory(crm::memory().await?).connect().await?;
//! // … in a handler, with the session that the adapter found:
//! let page = crm.desk(&session).await?.page();
//! # Ok(())
//! # }
//! ```

mod app;
mod pages;
mod database;
mod place;
mod memory;
mod contact;
mod request;
mod process;

pub use app::{Crm, Desk, Error};
pub use contact::{Contact, InvalidContact, NewContact};
pub use database::Member;
pub use memory::memory;
pub use place::{base, settings};
pub use process::{Address, Failure, HEAD_TIMEOUT, SHUTDOWN_GRACE, exit, log, shutdown_is_over, stopped};
pub use request::{is_own_form, prefers_json};
