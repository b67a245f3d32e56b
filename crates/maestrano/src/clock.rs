//! The time, as something that is handed over.

use std::fmt;

use time::UtcDateTime;

/// Tells what time it is.
///
/// Every decision of the library that depends on the time takes it as an argument; only the doors of
/// [`Maestrano`](crate::Maestrano) ask a clock. Tests hand over one that stands still.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The time now, in UTC.
    fn now(&self) -> UtcDateTime;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UtcDateTime {
        UtcDateTime::now()
    }
}
