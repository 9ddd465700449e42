//! Windows time.

use std::time::Duration;

/// A `FILETIME` (MS-DTYP 2.3.3): 100-nanosecond steps since 1601-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileTime(u64);

impl FileTime {
    /// The time that is this long after 1970-01-01 UTC, capped at the end of the range.
    #[must_use]
    pub fn from_unix(since_epoch: Duration) -> Self {
        let steps = since_epoch.as_nanos() / 100 + u128::from(UNIX_EPOCH);
        Self(u64::try_from(steps).unwrap_or(u64::MAX))
    }

    /// The time as it is written in a message.
    #[must_use]
    pub fn from_le_bytes(bytes: [u8; 8]) -> Self {
        Self(u64::from_le_bytes(bytes))
    }

    /// The bytes of a message.
    #[must_use]
    pub fn to_le_bytes(self) -> [u8; 8] {
        self.0.to_le_bytes()
    }
}

/// 1970-01-01 as a `FILETIME`.
const UNIX_EPOCH: u64 = 116_444_736_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_unix() {
        assert_eq!(FileTime::from_unix(Duration::ZERO), FileTime(UNIX_EPOCH));
        // 2026-11-21T10:00:00Z
        assert_eq!(
            FileTime::from_unix(Duration::from_secs(1_795_255_200)),
            FileTime(134_397_288_000_000_000)
        );
        assert_eq!(FileTime::from_unix(Duration::MAX), FileTime(u64::MAX));
    }
}
