//! How often something is allowed.

use std::{fmt, str::FromStr};

use time::Duration;

/// A number of times in a span of time, `5/hour`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    most: u32,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
}

/// A text that is no rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no rate such as 5/hour: a number from 1 to {MOST}, a slash, and second, minute, hour or day"
)]
pub struct NotARate(String);

impl Rate {
    /// How many times.
    #[must_use]
    pub fn most(self) -> u32 {
        self.most
    }

    /// In which span of time.
    #[must_use]
    pub fn span(self) -> Duration {
        match self.unit {
            Unit::Second => Duration::SECOND,
            Unit::Minute => Duration::MINUTE,
            Unit::Hour => Duration::HOUR,
            Unit::Day => Duration::DAY,
        }
    }
}

impl FromStr for Rate {
    type Err = NotARate;

    fn from_str(text: &str) -> Result<Self, NotARate> {
        let refuse = || NotARate(text.to_owned());
        let (most, unit) = text.split_once('/').ok_or_else(refuse)?;
        let most: u32 = most.trim().parse().map_err(|_| refuse())?;
        let unit = match unit.trim() {
            "second" => Unit::Second,
            "minute" => Unit::Minute,
            "hour" => Unit::Hour,
            "day" => Unit::Day,
            _ => return Err(refuse()),
        };
        if (1..=MOST).contains(&most) { Ok(Self { most, unit }) } else { Err(refuse()) }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Second => "second",
            Unit::Minute => "minute",
            Unit::Hour => "hour",
            Unit::Day => "day",
        };
        write!(f, "{}/{unit}", self.most)
    }
}

/// The most times that a rate can say: each use is remembered.
const MOST: u32 = 10_000;
