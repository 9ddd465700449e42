//! `System.TimeSpan`, which XML Schema calls a duration.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use super::{split_digits, trim_xml};

/// A span of time in ticks of 100 ns, negative or not (MS-PSRP 2.2.5.1.9).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Duration {
    ticks: i64,
}

/// The text is not an XML Schema duration that fits a `TimeSpan`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a duration such as P1DT2H3M4.567S")]
pub struct DurationError;

impl Duration {
    /// Makes a span of so many ticks of 100 ns.
    #[must_use]
    pub fn from_ticks(ticks: i64) -> Self {
        Self { ticks }
    }

    /// The length in ticks of 100 ns.
    #[must_use]
    pub fn ticks(&self) -> i64 {
        self.ticks
    }

    /// Appends the XML Schema form, as `XmlConvert.ToString` writes it.
    pub(in crate::clixml) fn push_xml(self, out: &mut String) {
        let parts = Parts::of(self);
        if self.ticks < 0 {
            out.push('-');
        }
        out.push('P');
        let seconds = parts.seconds > 0 || parts.fraction > 0;
        let has_time = parts.hours > 0 || parts.minutes > 0 || seconds;
        // Writing to a String cannot fail.
        if parts.days > 0 {
            let _ = write!(out, "{}D", parts.days);
        }
        if has_time {
            out.push('T');
        }
        for (amount, unit) in [(parts.hours, 'H'), (parts.minutes, 'M')] {
            if amount > 0 {
                let _ = write!(out, "{amount}{unit}");
            }
        }
        if seconds {
            let _ = write!(out, "{}", parts.seconds);
            push_fraction(parts.fraction, out);
            out.push('S');
        }
        if parts.days == 0 && !has_time {
            out.push_str("T0S");
        }
    }
}

impl FromStr for Duration {
    type Err = DurationError;

    /// Reads `-PnYnMnDTnHnMn.nS`: a year is 365 days and a month 30, and what is below a tick is dropped, as in .NET.
    fn from_str(text: &str) -> Result<Self, DurationError> {
        let text = trim_xml(text);
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let text = text.strip_prefix('P').ok_or(DurationError)?;
        let (date, time) = match text.split_once('T') {
            Some((_, "")) => return Err(DurationError),
            Some((date, time)) => (date, time),
            None if text.is_empty() => return Err(DurationError),
            None => (text, ""),
        };
        let mut ticks =
            fields(date, &[('Y', 365 * TICKS_PER_DAY), ('M', 30 * TICKS_PER_DAY), ('D', TICKS_PER_DAY)])?;
        ticks += fields(time, &[('H', TICKS_PER_HOUR), ('M', TICKS_PER_MINUTE), ('S', TICKS_PER_SECOND)])?;
        let ticks = if negative { -ticks } else { ticks };
        i64::try_from(ticks).map(Self::from_ticks).map_err(|_| DurationError)
    }
}

impl fmt::Display for Duration {
    /// .NET's constant format: `[-][d.]hh:mm:ss[.fffffff]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = Parts::of(*self);
        if self.ticks < 0 {
            f.write_char('-')?;
        }
        if parts.days > 0 {
            write!(f, "{}.", parts.days)?;
        }
        write!(f, "{:02}:{:02}:{:02}", parts.hours, parts.minutes, parts.seconds)?;
        if parts.fraction > 0 {
            write!(f, ".{:07}", parts.fraction)?;
        }
        Ok(())
    }
}

/// The units that a span is written in, without its sign.
struct Parts {
    days: u64,
    hours: u64,
    minutes: u64,
    seconds: u64,
    /// Ticks below a second.
    fraction: u64,
}

impl Parts {
    fn of(duration: Duration) -> Self {
        let ticks = duration.ticks.unsigned_abs();
        let seconds = ticks / 10_000_000;
        Self {
            days: seconds / 86_400,
            hours: seconds / 3_600 % 24,
            minutes: seconds / 60 % 60,
            seconds: seconds % 60,
            fraction: ticks % 10_000_000,
        }
    }
}

/// Appends a fraction of a second, without trailing zeros.
pub(super) fn push_fraction(fraction: u64, out: &mut String) {
    if fraction > 0 {
        let digits = format!("{fraction:07}");
        out.push('.');
        out.push_str(digits.trim_end_matches('0'));
    }
}

/// Sums the fields of one half, which must come in order, each at most once; only seconds have a fraction.
fn fields(mut text: &str, units: &[(char, i128)]) -> Result<i128, DurationError> {
    let mut ticks = 0;
    let mut units = units.iter();
    while !text.is_empty() {
        let (whole, rest) = split_digits(text);
        let (fraction, rest) = match rest.strip_prefix('.') {
            Some(rest) => {
                let (fraction, rest) = split_digits(rest);
                (Some(fraction), rest)
            }
            None => (None, rest),
        };
        let letter = rest.chars().next().ok_or(DurationError)?;
        let (_, unit) = units.find(|(unit, _)| *unit == letter).ok_or(DurationError)?;
        if (letter != 'S' && (fraction.is_some() || whole.is_empty()))
            || (whole.is_empty() && fraction.is_none())
        {
            return Err(DurationError);
        }
        let amount: u32 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| DurationError)? };
        ticks += i128::from(amount) * unit;
        ticks += fraction_ticks(fraction.unwrap_or_default());
        text = rest.get(1..).unwrap_or_default();
    }
    Ok(ticks)
}

fn fraction_ticks(digits: &str) -> i128 {
    digits
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(7)
        .fold(0, |ticks, digit| ticks * 10 + i128::from(digit - b'0'))
}

const TICKS_PER_SECOND: i128 = 10_000_000;
const TICKS_PER_MINUTE: i128 = 60 * TICKS_PER_SECOND;
const TICKS_PER_HOUR: i128 = 60 * TICKS_PER_MINUTE;
const TICKS_PER_DAY: i128 = 24 * TICKS_PER_HOUR;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_write() {
        for (xml, display) in [
            ("P1DT2H3M4.567S", "1.02:03:04.5670000"),
            ("-PT0.001S", "-00:00:00.0010000"),
            ("P10675199DT2H48M5.4775807S", "10675199.02:48:05.4775807"),
            ("-P10675199DT2H48M5.4775808S", "-10675199.02:48:05.4775808"),
            ("PT0S", "00:00:00"),
            ("P3D", "3.00:00:00"),
            ("PT5H30M", "05:30:00"),
        ] {
            let duration: Duration = xml.parse().unwrap();
            let mut out = String::new();
            duration.push_xml(&mut out);
            assert_eq!((out.as_str(), duration.to_string().as_str()), (xml, display));
        }
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for refused in
            ["", "P", "PT", "P1DT", "1:02:03", "P1S", "PT1D", "P1.5D", "PT1M1H", "P1", "PD", "P99999999999D"]
        {
            assert_eq!(refused.parse::<Duration>(), Err(DurationError), "{refused}");
        }
        assert_eq!(" P1Y1M\n".parse::<Duration>().unwrap().to_string(), "395.00:00:00");
        assert_eq!("PT1.99999999S".parse::<Duration>().unwrap().ticks(), 19_999_999);
    }
}
