//! `System.DateTime`.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use super::duration::push_fraction;
use super::{split_digits, trim_xml};

/// A date and time in ticks of 100 ns since the start of the year 1, and what its clock was (MS-PSRP 2.2.5.1.8).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct DateTime {
    ticks: u64,
    kind: DateTimeKind,
}

/// Which clock a [`DateTime`] was read from.
///
/// .NET turns a time with an offset into the local time of whoever reads it. Here the offset is kept: the reader's own
/// zone says nothing about the host.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DateTimeKind {
    /// Nobody said.
    Unspecified,
    /// Coordinated universal time.
    Utc,
    /// The local time of a place that was so many minutes ahead of UTC.
    Offset(i16),
}

/// The text is not a date and time of the years 1 to 9999.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a date and time such as 2026-01-02T03:04:05.678Z")]
pub struct DateTimeError;

/// The parts of the calendar and the clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::clixml) struct Civil {
    pub(in crate::clixml) year: u64,
    pub(in crate::clixml) month: u64,
    pub(in crate::clixml) day: u64,
    pub(in crate::clixml) hour: u64,
    pub(in crate::clixml) minute: u64,
    pub(in crate::clixml) second: u64,
    /// Ticks below a second.
    pub(in crate::clixml) fraction: u64,
}

impl DateTime {
    /// Makes a time from ticks of 100 ns since the start of the year 1.
    ///
    /// # Errors
    /// The time is after the year 9999.
    pub fn from_ticks(ticks: u64, kind: DateTimeKind) -> Result<Self, DateTimeError> {
        (ticks <= MAX_TICKS).then_some(Self { ticks, kind }).ok_or(DateTimeError)
    }

    /// Ticks of 100 ns since the start of the year 1, on the clock that [`kind`](Self::kind) names.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        self.ticks
    }

    /// Which clock the time was read from.
    #[must_use]
    pub fn kind(&self) -> DateTimeKind {
        self.kind
    }

    /// The same instant in UTC; a time that nobody placed is taken for UTC. `None` at the ends of the calendar.
    #[must_use]
    pub fn to_utc(&self) -> Option<Self> {
        let offset = match self.kind {
            DateTimeKind::Offset(minutes) => i64::from(minutes) * TICKS_PER_MINUTE.cast_signed(),
            DateTimeKind::Unspecified | DateTimeKind::Utc => 0,
        };
        let ticks = self.ticks.checked_add_signed(-offset)?;
        Self::from_ticks(ticks, DateTimeKind::Utc).ok()
    }

    /// Appends the XML Schema form, as `XmlConvert.ToString` writes it with `RoundtripKind`.
    pub(in crate::clixml) fn push_xml(&self, out: &mut String) {
        let Civil { year, month, day, hour, minute, second, fraction } = self.civil();
        // Writing to a String cannot fail.
        let _ = write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        push_fraction(fraction, out);
        match self.kind {
            DateTimeKind::Unspecified => {}
            DateTimeKind::Utc => out.push('Z'),
            DateTimeKind::Offset(minutes) => {
                let (sign, minutes) = (if minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs());
                let _ = write!(out, "{sign}{:02}:{:02}", minutes / 60, minutes % 60);
            }
        }
    }

    pub(in crate::clixml) fn civil(&self) -> Civil {
        let seconds = self.ticks / TICKS_PER_SECOND;
        let (year, month, day) = civil_from_days(seconds / 86_400);
        Civil {
            year,
            month,
            day,
            hour: seconds / 3_600 % 24,
            minute: seconds / 60 % 60,
            second: seconds % 60,
            fraction: self.ticks % TICKS_PER_SECOND,
        }
    }
}

impl FromStr for DateTime {
    type Err = DateTimeError;

    /// Reads `yyyy-mm-dd`, optionally `Thh:mm:ss[.f…]`, optionally a zone. The eighth decimal is rounded. Parts of a date
    /// are read as .NET reads them: `2026-05` and `2026` from their first day, and what has no year in 1904.
    fn from_str(text: &str) -> Result<Self, DateTimeError> {
        let text = trim_xml(text);
        parse_full(text).or_else(|| parse_part(text)).ok_or(DateTimeError)
    }
}

impl fmt::Display for DateTime {
    /// As PowerShell turns a date into a string: the invariant culture's, which drops what is below a second.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Civil { year, month, day, hour, minute, second, .. } = self.civil();
        write!(f, "{month:02}/{day:02}/{year:04} {hour:02}:{minute:02}:{second:02}")
    }
}

fn parse_full(text: &str) -> Option<DateTime> {
    let (date, rest) = text.split_at_checked(10)?;
    let days = parse_date(date)?;
    let (ticks, zone) = match rest.strip_prefix('T') {
        Some(time) => parse_time(time)?,
        None => (0, rest),
    };
    DateTime::from_ticks(days * TICKS_PER_DAY + ticks, parse_zone(zone)?).ok()
}

/// XML Schema's `gYearMonth`, `gYear`, `gMonthDay`, `gDay` and `gMonth`.
fn parse_part(text: &str) -> Option<DateTime> {
    PARTS.iter().find_map(|(length, left_out, before, after)| {
        let (part, zone) = text.split_at_checked(*length)?;
        let days = parse_date(&format!("{before}{}{after}", part.strip_prefix(left_out)?))?;
        DateTime::from_ticks(days * TICKS_PER_DAY, parse_zone(zone)?).ok()
    })
}

/// Days since the start of the year 1.
fn parse_date(text: &str) -> Option<u64> {
    let mut fields = text.split('-');
    let (year, month, day) =
        (field(fields.next()?, 4)?, field(fields.next()?, 2)?, field(fields.next()?, 2)?);
    let in_range = fields.next().is_none() && year >= 1 && (1..=12).contains(&month);
    if !in_range || !(1..=days_in_month(year, month)).contains(&day) {
        return None;
    }
    Some(days_before_year(year) + (1..month).map(|month| days_in_month(year, month)).sum::<u64>() + day - 1)
}

/// Ticks since midnight, and what follows the time.
fn parse_time(text: &str) -> Option<(u64, &str)> {
    let (clock, rest) = text.split_at_checked(8)?;
    let mut fields = clock.split(':');
    let (hour, minute, second) =
        (field(fields.next()?, 2)?, field(fields.next()?, 2)?, field(fields.next()?, 2)?);
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => {
            let (digits, rest) = split_digits(rest);
            (round_fraction(digits)?, rest)
        }
        None => (0, rest),
    };
    let midnight = hour == 24 && minute == 0 && second == 0 && fraction == 0;
    if fields.next().is_some() || !(hour < 24 || midnight) || minute > 59 || second > 59 {
        return None;
    }
    Some(((hour * 3_600 + minute * 60 + second) * TICKS_PER_SECOND + fraction, rest))
}

/// Rounds decimals of a second to ticks, half to even.
fn round_fraction(digits: &str) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    let (kept, dropped) = digits.split_at_checked(7).unwrap_or((digits, ""));
    let ticks: u64 = format!("{kept:0<7}").parse().ok()?;
    let half = "5";
    let dropped = dropped.trim_end_matches('0');
    let up = dropped > half || (dropped == half && ticks % 2 == 1);
    Some(ticks + u64::from(up))
}

fn parse_zone(text: &str) -> Option<DateTimeKind> {
    let sign = match text.as_bytes().first() {
        None => return Some(DateTimeKind::Unspecified),
        Some(b'Z') if text.len() == 1 => return Some(DateTimeKind::Utc),
        Some(b'+') => 1,
        Some(b'-') => -1,
        Some(_) => return None,
    };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let minutes = field(hours, 2)? * 60 + field(minutes, 2).filter(|minutes| *minutes < 60)?;
    let minutes = i16::try_from(minutes).ok().filter(|minutes| *minutes <= 14 * 60)?;
    Some(DateTimeKind::Offset(sign * minutes))
}

/// A number of exactly so many digits.
fn field(text: &str, width: usize) -> Option<u64> {
    let digits = text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

fn days_before_year(year: u64) -> u64 {
    let years = year - 1;
    years * 365 + years / 4 - years / 100 + years / 400
}

fn days_in_month(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Year, month and day of a day that is counted from the start of the year 1.
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    // The estimate is never too small and at most one too large.
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

/// For each part of a date its length, the hyphens that stand for what is left out, and what completes the rest.
const PARTS: [(usize, &str, &str, &str); 5] = [
    (7, "", "", "-01"),
    (4, "", "", "-01-01"),
    (7, "-", "1904", ""),
    (5, "--", "1904-01", ""),
    (4, "-", "1904", "-01"),
];
const TICKS_PER_SECOND: u64 = 10_000_000;
const TICKS_PER_MINUTE: u64 = 60 * TICKS_PER_SECOND;
const TICKS_PER_DAY: u64 = 86_400 * TICKS_PER_SECOND;
/// 9999-12-31T23:59:59.9999999.
const MAX_TICKS: u64 = 3_155_378_975_999_999_999;

#[cfg(test)]
mod tests {
    use super::*;

    fn again(text: &str) -> String {
        let mut out = String::new();
        text.parse::<DateTime>().unwrap().push_xml(&mut out);
        out
    }

    #[test]
    fn times_read_and_write() {
        for text in [
            "2026-01-02T03:04:05.678Z",
            "2024-12-31T09:36:07.8901234Z",
            "2024-02-29T00:00:00",
            "0001-01-01T00:00:00",
            "9999-12-31T23:59:59.9999999",
            "2026-01-02T03:04:05-05:30",
        ] {
            assert_eq!(again(text), text);
        }
        assert_eq!(again(" 2026-01-02 "), "2026-01-02T00:00:00");
        assert_eq!(again("2025-12-31T24:00:00Z"), "2026-01-01T00:00:00Z");
        assert_eq!(again("2026-01-02T03:04:05.12345678Z"), "2026-01-02T03:04:05.1234568Z");
        assert_eq!(again("2026-01-02T03:04:05.99999999Z"), "2026-01-02T03:04:06Z");
    }

    #[test]
    fn parts_of_a_date_are_completed() {
        for (part, whole) in [
            ("2026-05", "2026-05-01T00:00:00"),
            ("2026Z", "2026-01-01T00:00:00Z"),
            ("2026-05:30", "2026-01-01T00:00:00-05:30"),
            ("--02-29", "1904-02-29T00:00:00"),
            ("---31", "1904-01-31T00:00:00"),
            ("--12", "1904-12-01T00:00:00"),
        ] {
            assert_eq!(again(part), whole, "{part}");
        }
    }

    #[test]
    fn an_offset_is_kept_and_gives_the_instant() {
        let time: DateTime = "2026-01-02T03:04:05+05:30".parse().unwrap();
        assert_eq!(time.kind(), DateTimeKind::Offset(330));
        assert_eq!(time.to_utc(), "2026-01-01T21:34:05Z".parse().ok());
        assert_eq!("0001-01-01T00:00:00+01:00".parse::<DateTime>().unwrap().to_utc(), None);
        assert_eq!(time.to_string(), "01/02/2026 03:04:05");
    }

    #[test]
    fn what_is_not_a_time_is_refused() {
        for refused in [
            "",
            "202",
            "--13",
            "---32",
            "03:04:05",
            "0000-01-01T00:00:00",
            "2025-02-29T00:00:00",
            "2026-13-01T00:00:00",
            "2026-01-02T24:00:01",
            "2026-01-02T03:04",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05+15:00",
            "2026-01-02T03:04:05z",
            "2026-01-02 03:04:05",
            "９026-01-02",
            "9999-12-31T24:00:00",
        ] {
            assert_eq!(refused.parse::<DateTime>(), Err(DateTimeError), "{refused}");
        }
    }
}
