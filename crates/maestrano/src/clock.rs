//! The time, as something that is handed over.

use std::fmt;

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcDateTime};

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

/// Reads a time as the platform and its older libraries write it (session.md 2.1): RFC 3339, also with
/// `+0000` for the zone, or without a zone, which means UTC. None when it is no such time.
pub(crate) fn instant(text: &str) -> Option<UtcDateTime> {
    let zoned = match text.as_bytes() {
        [.., b'+' | b'-', a, b, c, d] if [a, b, c, d].into_iter().all(u8::is_ascii_digit) => {
            let (hours, minutes) = text.split_at_checked(text.len() - 2)?;
            format!("{hours}:{minutes}")
        }
        [.., b'0'..=b'9'] if !text.get(10..)?.contains(['+', '-']) => format!("{text}Z"),
        _ => return read(text),
    };
    read(&zoned)
}

fn read(text: &str) -> Option<UtcDateTime> {
    // Near the year 9999 a time of another zone may not exist in UTC.
    OffsetDateTime::parse(text, &Rfc3339).ok()?.checked_to_utc()
}

#[cfg(test)]
mod tests {
    use time::macros::utc_datetime;

    use super::*;

    #[test]
    fn times_of_the_platform_and_of_older_libraries_are_read() {
        let texts = [
            "2016-03-01T10:03:00Z",
            "2016-03-01T10:03:00.000Z",
            "2016-03-01T10:03:00+00:00",
            "2016-03-01T10:03:00+0000",
            "2016-03-01T10:03:00",
            "2016-03-01T12:03:00+0200",
            "2016-03-01T09:03:00-01:00",
        ];
        for text in texts {
            assert_eq!(instant(text), Some(utc_datetime!(2016-03-01 10:03)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_time() {
        let texts = [
            "",
            "now",
            "2016-03-01",
            "10:03:00",
            "2016-03-01T10:03",
            "2016-02-30T10:03:00Z",
            "1",
            "9999-12-31T23:59:59-01:00",
            "0000-01-01T00:00:00+01:00",
            "2016-03-01T10:03:00+00000",
            "é+0000",
            "-0000",
        ];
        for text in texts {
            let read = instant(text);
            assert!(read.is_none() || text.starts_with("0000"), "{text}: {read:?}");
        }
    }
}
