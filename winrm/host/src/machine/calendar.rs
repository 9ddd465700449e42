//! Dates and times as an English (United States) Windows in UTC shows them.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

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

    pub(super) fn date_time(self) -> OffsetDateTime {
        self.0
    }

    pub(super) fn before(self, span: Duration) -> Self {
        Self(self.0 - span)
    }

    fn format(self, description: &[BorrowedFormatItem<'_>]) -> String {
        // The descriptions above name only what every date has.
        self.0.format(description).unwrap_or_default()
    }
}

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
        assert_eq!(noon.long(), "Saturday, November 21, 2026 12:00:03 PM");
    }
}
