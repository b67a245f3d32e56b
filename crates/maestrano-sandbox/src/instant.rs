//! Instants as they go over the wire: UTC, whole seconds.

use time::{
    Duration, OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description, util,
};

const FORM: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// `2016-03-01T10:00:00Z`.
pub(crate) fn written(instant: OffsetDateTime) -> String {
    instant.to_offset(time::UtcOffset::UTC).format(FORM).unwrap_or_default()
}

/// The same day and hour of the next month, or that month's last day.
pub(crate) fn a_month_after(instant: OffsetDateTime) -> OffsetDateTime {
    let month = instant.month().next();
    let year = if month == time::Month::January { instant.year() + 1 } else { instant.year() };
    let day = instant.day().min(util::days_in_month(month, year));
    instant
        .replace_day(1)
        .and_then(|it| it.replace_year(year))
        .and_then(|it| it.replace_month(month))
        .and_then(|it| it.replace_day(day))
        .unwrap_or(instant + Duration::days(30))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_month_later_is_the_same_day_or_the_months_last() {
        for (from, to) in [
            (datetime!(2026-11-23 10:20:37 UTC), "2026-12-23T10:20:37Z"),
            (datetime!(2026-12-31 00:00:00 UTC), "2027-01-31T00:00:00Z"),
            (datetime!(2027-01-31 00:00:00.5 UTC), "2027-02-28T00:00:00Z"),
        ] {
            assert_eq!(written(a_month_after(from)), to);
        }
    }
}
