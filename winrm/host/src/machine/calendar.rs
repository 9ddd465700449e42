//! Dates and times as an English (United States) Windows in UTC shows them.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use winrm_proto::clixml::Value;

/// A moment on the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LocalTime(OffsetDateTime);

impl LocalTime {
    /// `Sat 11/21/2026`, as `date /t`.
    pub(super) fn short_date(self) -> String {
        self.format(format_description!("[weekday repr:short] [month]/[day]/[year]"))
    }

    /// `12:00 PM`, as `time /t`.
    pub(super) fn short_time(self) -> String {
        self.format(format_description!("[hour repr:12]:[minute] [period]"))
    }

    /// `11/21/2026, 12:00:00 PM`, as systeminfo.
    pub(super) fn date_and_time(self) -> String {
        self.format(format_description!(
            "[month padding:none]/[day padding:none]/[year], [hour repr:12 padding:none]:[minute]:[second] [period]"
        ))
    }

    /// `Saturday, November 21, 2026 12:00:00 PM`, as Get-Date.
    pub(super) fn long(self) -> String {
        self.format(format_description!(
            "[weekday], [month repr:long] [day padding:none], [year] [hour repr:12 padding:none]:[minute]:[second] [period]"
        ))
    }

    /// `11/21/2026 12:00:00 PM`, as a date becomes text.
    pub(super) fn general(self) -> String {
        self.formatted("G")
    }

    /// `2026-11-21T12:00:00.0000000Z`, the round-trip form.
    pub(super) fn iso(self) -> String {
        self.formatted("yyyy-MM-ddTHH:mm:ss.fffffffZ")
    }

    /// As .NET formats dates: one letter for a standard format, else runs of letters for parts.
    pub(super) fn formatted(self, format: &str) -> String {
        let format = STANDARD_FORMATS
            .iter()
            .find(|(letter, _)| *letter == format)
            .map_or(format, |(_, pattern)| *pattern);
        let mut text = String::new();
        let mut rest = format.chars().peekable();
        while let Some(letter) = rest.next() {
            let mut run = 1;
            while rest.next_if_eq(&letter).is_some() {
                run += 1;
            }
            text.push_str(&self.part(letter, run));
        }
        text
    }

    fn part(self, letter: char, run: usize) -> String {
        let Self(time) = self;
        let padded = |number: u32| format!("{number:0run$}");
        let (month, weekday) = (time.month().to_string(), time.weekday().to_string());
        let short = |name: &str| name.chars().take(3).collect::<String>();
        let half = if time.hour() < 12 { "AM" } else { "PM" };
        match (letter, run) {
            ('y', 1 | 2) => padded(time.year().rem_euclid(100).unsigned_abs()),
            ('y', _) => padded(time.year().unsigned_abs()),
            ('M', 1 | 2) => padded(u8::from(time.month()).into()),
            ('M', 3) => short(&month),
            ('M', _) => month,
            ('d', 1 | 2) => padded(time.day().into()),
            ('d', 3) => short(&weekday),
            ('d', _) => weekday,
            ('H', _) => padded(time.hour().into()),
            ('h', _) => padded((u32::from(time.hour()) + 11) % 12 + 1),
            ('m', _) => padded(time.minute().into()),
            ('s', _) => padded(time.second().into()),
            ('f', _) => format!("{:09}", time.nanosecond()).chars().take(run).collect(),
            ('t', 1) => short(half).chars().take(1).collect(),
            ('t', _) => half.to_owned(),
            (other, _) => std::iter::repeat_n(other, run).collect(),
        }
    }

    /// The moment as PowerShell serialises it.
    pub(super) fn to_value(self) -> Value {
        self.iso().parse().map_or(Value::Null, Value::DateTime)
    }

    pub(super) fn before(self, span: Duration) -> Self {
        Self(self.0 - span)
    }

    pub(super) fn after(self, span: Duration) -> Self {
        Self(self.0 + span)
    }

    fn format(self, description: &[BorrowedFormatItem<'_>]) -> String {
        // The descriptions above name only what every date has.
        self.0.format(description).unwrap_or_default()
    }
}

/// .NET's standard formats for en-US.
const STANDARD_FORMATS: [(&str, &str); 9] = [
    ("d", "M/d/yyyy"),
    ("D", "dddd, MMMM d, yyyy"),
    ("g", "M/d/yyyy h:mm tt"),
    ("G", "M/d/yyyy h:mm:ss tt"),
    ("o", "yyyy-MM-ddTHH:mm:ss.fffffffZ"),
    ("s", "yyyy-MM-ddTHH:mm:ss"),
    ("t", "h:mm tt"),
    ("T", "h:mm:ss tt"),
    ("u", "yyyy-MM-dd HH:mm:ssZ"),
];

impl From<SystemTime> for LocalTime {
    fn from(time: SystemTime) -> Self {
        Self(OffsetDateTime::from(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_look_as_on_an_american_windows() {
        let noon = LocalTime::from(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_262_403));
        assert_eq!(noon.short_date(), "Sat 11/21/2026");
        assert_eq!(noon.short_time(), "12:00 PM");
        assert_eq!(noon.date_and_time(), "11/21/2026, 12:00:03 PM");
        assert_eq!(noon.formatted("yyyy-MM-dd HH:mm:ss"), "2026-11-21 12:00:03");
        assert_eq!(noon.formatted("o"), "2026-11-21T12:00:03.0000000Z");
        assert_eq!(noon.general(), "11/21/2026 12:00:03 PM");
        assert_eq!(noon.long(), "Saturday, November 21, 2026 12:00:03 PM");
    }
}
