//! Signed by the right one, too late or too early: each bound of each time, at its second.

use maestrano::Rejection;
use time::UtcDateTime;
use time::macros::utc_datetime;

use super::Row;
use crate::kit::Draft;

const CONFIRMED_UNTIL: &str = "NotOnOrAfter=\"2026-03-01T10:03:00Z\"";

pub(super) fn rows() -> Vec<Row> {
    [times(), broken_times()].into_iter().flatten().collect()
}

/// Each bound of each time, at its second.
fn times() -> Vec<Row> {
    let long = || Draft::new().before(CONFIRMED_UNTIL, "NotOnOrAfter=\"2026-03-01T12:00:00Z\"");
    let begun = || {
        let early =
            Draft::new().before("NotBefore=\"2026-03-01T09:59:55Z\"", "NotBefore=\"2026-03-01T09:00:00Z\"");
        early.before(CONFIRMED_UNTIL, &format!("NotBefore=\"2026-03-01T10:00:00Z\" {CONFIRMED_UNTIL}"))
    };
    let at = |name: &str, draft: Draft, rejection: Rejection, now: UtcDateTime, allowance| {
        Row::new(name, draft, rejection).at(now, allowance)
    };
    vec![
        at(
            "the conditions begin in a second",
            Draft::new(),
            Rejection::NotYetValid,
            utc_datetime!(2026-03-01 09:59:54),
            0,
        ),
        at(
            "the conditions begin in 61 seconds",
            Draft::new(),
            Rejection::NotYetValid,
            utc_datetime!(2026-03-01 09:58:54),
            60,
        ),
        at(
            "the conditions begin in 301 seconds, and an hour is allowed",
            Draft::new(),
            Rejection::NotYetValid,
            utc_datetime!(2026-03-01 09:54:54),
            3_600,
        ),
        at("the conditions have ended", long(), Rejection::Expired, utc_datetime!(2026-03-01 11:00:00), 0),
        at(
            "the conditions ended 60 seconds ago",
            long(),
            Rejection::Expired,
            utc_datetime!(2026-03-01 11:01:00),
            60,
        ),
        at(
            "the conditions ended 300 seconds ago, and an hour is allowed",
            long(),
            Rejection::Expired,
            utc_datetime!(2026-03-01 11:05:00),
            3_600,
        ),
        at(
            "the confirmation begins in a second",
            begun(),
            Rejection::NotYetValid,
            utc_datetime!(2026-03-01 09:59:59),
            0,
        ),
        at(
            "the confirmation begins in 61 seconds",
            begun(),
            Rejection::NotYetValid,
            utc_datetime!(2026-03-01 09:58:59),
            60,
        ),
        at(
            "the confirmation has ended",
            Draft::new(),
            Rejection::ConfirmationExpired,
            utc_datetime!(2026-03-01 10:03:00),
            0,
        ),
        at(
            "the confirmation ended 60 seconds ago",
            Draft::new(),
            Rejection::ConfirmationExpired,
            utc_datetime!(2026-03-01 10:04:00),
            60,
        ),
        at(
            "the confirmation ended 300 seconds ago, and an hour is allowed",
            Draft::new(),
            Rejection::ConfirmationExpired,
            utc_datetime!(2026-03-01 10:08:00),
            3_600,
        ),
        at(
            "the response arrives a year later",
            Draft::new(),
            Rejection::ConfirmationExpired,
            utc_datetime!(2027-03-01 10:00:30),
            60,
        ),
        at(
            "the response arrives a year before",
            Draft::new(),
            Rejection::NotYetValid,
            utc_datetime!(2025-03-01 10:00:30),
            60,
        ),
    ]
}

fn broken_times() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, time) in [
        ("empty", ""),
        ("a word", "now"),
        ("a day", "2026-03-01"),
        ("in a month that is none", "2026-13-01T11:00:00Z"),
        ("on a day that is none", "2026-02-30T11:00:00Z"),
        ("in the year 99999", "99999-03-01T11:00:00Z"),
        ("without seconds", "2026-03-01T11:00Z"),
        ("surrounded by blanks", " 2026-03-01T11:00:00Z "),
    ] {
        rows.push(Row::new(
            format!("the end of the conditions is {name}"),
            Draft::new().before("2026-03-01T11:00:00Z", time),
            Rejection::Time { what: "NotOnOrAfter" },
        ));
        rows.push(Row::new(
            format!("the end of the confirmation is {name}"),
            Draft::new().before(CONFIRMED_UNTIL, &format!("NotOnOrAfter=\"{time}\"")),
            Rejection::Time { what: "NotOnOrAfter" },
        ));
    }
    rows.push(Row::new(
        "the beginning of the conditions is a word",
        Draft::new().before("2026-03-01T09:59:55Z", "always"),
        Rejection::Time { what: "NotBefore" },
    ));
    rows.push(Row::new(
        "the beginning of the confirmation is a word",
        Draft::new().before(CONFIRMED_UNTIL, &format!("NotBefore=\"always\" {CONFIRMED_UNTIL}")),
        Rejection::Time { what: "NotBefore" },
    ));
    rows
}
