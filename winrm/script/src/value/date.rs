//! Dates and spans: their parts, their formats, and the texts that are read as one.

mod format;
mod parse;
mod span;

use winrm_proto::clixml::{DateTime, DateTimeKind};

pub(crate) use format::format_date;
pub(crate) use parse::{parse_date, parse_exact};
pub(crate) use span::{format_span, parse_span};

/// Ticks of 100 ns in a second.
pub(crate) const TICKS_PER_SECOND: u64 = 10_000_000;
/// Ticks in a day.
pub(crate) const TICKS_PER_DAY: u64 = 86_400 * TICKS_PER_SECOND;

/// The parts of the calendar and the clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Civil {
    pub(crate) year: u64,
    pub(crate) month: u64,
    pub(crate) day: u64,
    pub(crate) hour: u64,
    pub(crate) minute: u64,
    pub(crate) second: u64,
    /// Ticks below a second.
    pub(crate) fraction: u64,
}

impl Civil {
    /// The parts of a time.
    pub(crate) fn of(time: DateTime) -> Self {
        let seconds = time.ticks() / TICKS_PER_SECOND;
        let (year, month, day) = civil_from_days(seconds / 86_400);
        Self {
            year,
            month,
            day,
            hour: seconds / 3_600 % 24,
            minute: seconds / 60 % 60,
            second: seconds % 60,
            fraction: time.ticks() % TICKS_PER_SECOND,
        }
    }

    /// The time with these parts; `None` where the calendar has no such day or the clock no such time.
    pub(crate) fn to_date(self, kind: DateTimeKind) -> Option<DateTime> {
        let days = days_before(self.year, self.month, self.day)?;
        if self.hour > 23 || self.minute > 59 || self.second > 59 || self.fraction >= TICKS_PER_SECOND {
            return None;
        }
        let seconds = days * 86_400 + self.hour * 3_600 + self.minute * 60 + self.second;
        DateTime::from_ticks(seconds * TICKS_PER_SECOND + self.fraction, kind).ok()
    }
}

/// The number of the week's day, Sunday 0.
pub(crate) fn day_of_week(time: DateTime) -> u64 {
    // The first day of the year 1 was a Monday.
    (time.ticks() / TICKS_PER_DAY + 1) % 7
}

/// The number of the day in its year, from 1.
pub(crate) fn day_of_year(time: DateTime) -> u64 {
    let civil = Civil::of(time);
    let first = days_before(civil.year, 1, 1).unwrap_or_default();
    time.ticks() / TICKS_PER_DAY - first + 1
}

pub(crate) fn days_in_month(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

pub(crate) fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// The same time some months on; the day is the month's last where it has fewer.
pub(crate) fn add_months(time: DateTime, months: i64) -> Option<DateTime> {
    let mut civil = Civil::of(time);
    let total = i64::try_from(civil.year * 12 + civil.month - 1).ok()?.checked_add(months)?;
    let total = u64::try_from(total).ok()?;
    (civil.year, civil.month) = (total / 12, total % 12 + 1);
    if !(1..=9999).contains(&civil.year) {
        return None;
    }
    civil.day = civil.day.min(days_in_month(civil.year, civil.month));
    civil.to_date(time.kind())
}

/// The same time some ticks on.
pub(crate) fn add_ticks(time: DateTime, ticks: i64) -> Option<DateTime> {
    let ticks = time.ticks().checked_add_signed(ticks)?;
    DateTime::from_ticks(ticks, time.kind()).ok()
}

/// Days since the start of the year 1.
fn days_before(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1..=9999).contains(&year)
        || !(1..=12).contains(&month)
        || !(1..=days_in_month(year, month)).contains(&day)
    {
        return None;
    }
    Some(days_before_year(year) + (1..month).map(|month| days_in_month(year, month)).sum::<u64>() + day - 1)
}

fn days_before_year(year: u64) -> u64 {
    let years = year - 1;
    years * 365 + years / 4 - years / 100 + years / 400
}

fn civil_from_days(days: u64) -> (u64, u64, u64) {
    // The estimate is never too small and at most a few too large.
    let mut year = days / 365 + 1;
    while days_before_year(year) > days {
        year -= 1;
    }
    let mut day = days - days_before_year(year);
    let mut month = 1;
    while day >= days_in_month(year, month) {
        day -= days_in_month(year, month);
        month += 1;
    }
    (year, month, day + 1)
}

pub(crate) const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
