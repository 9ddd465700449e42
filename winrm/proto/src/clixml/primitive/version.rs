//! `System.Version`.

use std::fmt;
use std::str::FromStr;

use super::parse_integer;

/// A version of two to four numbers, each below 2^31; a missing number sorts before zero (MS-PSRP 2.2.5.1.21).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Version {
    major: i32,
    minor: i32,
    /// −1 where it is absent, which is also what .NET says.
    build: i32,
    revision: i32,
}

/// The text is not two to four numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a version is two to four numbers with dots between them")]
pub struct VersionError;

impl Version {
    /// A version of two numbers.
    #[must_use]
    pub fn new(major: u16, minor: u16) -> Self {
        Self { major: major.into(), minor: minor.into(), build: ABSENT, revision: ABSENT }
    }

    /// The first number.
    #[must_use]
    pub fn major(&self) -> i32 {
        self.major
    }

    /// The second number.
    #[must_use]
    pub fn minor(&self) -> i32 {
        self.minor
    }

    /// The third number, if there is one.
    #[must_use]
    pub fn build(&self) -> Option<i32> {
        (self.build != ABSENT).then_some(self.build)
    }

    /// The fourth number, if there is one.
    #[must_use]
    pub fn revision(&self) -> Option<i32> {
        (self.revision != ABSENT).then_some(self.revision)
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let mut parts = text.split('.');
        let mut next = || parts.next().map(number).transpose();
        let (major, minor, build, revision) = (next()?, next()?, next()?, next()?);
        match (major, minor, parts.next()) {
            (Some(major), Some(minor), None) => Ok(Self {
                major,
                minor,
                build: build.unwrap_or(ABSENT),
                revision: revision.unwrap_or(ABSENT),
            }),
            _ => Err(VersionError),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        for part in [self.build(), self.revision()].into_iter().flatten() {
            write!(f, ".{part}")?;
        }
        Ok(())
    }
}

fn number(text: &str) -> Result<i32, VersionError> {
    parse_integer(text).filter(|number| *number >= 0).ok_or(VersionError)
}

const ABSENT: i32 = -1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_two_to_four_numbers() {
        for text in ["2.3", "1.1.0", "5.1.17134.1"] {
            assert_eq!(text.parse::<Version>().unwrap().to_string(), text);
        }
        for refused in ["", "1", "1.2.3.4.5", "1.-2", "1.x", "1..2", "1.2147483648"] {
            assert_eq!(refused.parse::<Version>(), Err(VersionError), "{refused}");
        }
        assert!("2.2".parse::<Version>().unwrap() < "2.2.0".parse().unwrap());
    }
}
