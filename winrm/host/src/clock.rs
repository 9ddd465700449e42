//! Where the simulated machine's time and identifiers come from.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use uuid::Uuid;

/// The time of day on the simulated machine. Durations always pass in real time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// This machine's clock.
    #[default]
    System,
    /// A clock that stands still, for output that a test compares.
    Fixed(SystemTime),
}

impl Clock {
    pub(crate) fn now(self) -> SystemTime {
        match self {
            Self::System => SystemTime::now(),
            Self::Fixed(time) => time,
        }
    }
}

/// Where shell, command and message identifiers come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ids {
    /// Random UUIDs.
    #[default]
    Random,
    /// 00000000-0000-0000-0000-000000000001 and so on, for output that a test compares.
    Counting,
}

/// Hands out identifiers as [`Ids`] says.
#[derive(Debug)]
pub(crate) struct IdSource {
    kind: Ids,
    last: AtomicU64,
}

impl IdSource {
    pub(crate) fn new(kind: Ids) -> Self {
        Self { kind, last: AtomicU64::new(0) }
    }

    pub(crate) fn next(&self) -> Uuid {
        match self.kind {
            Ids::Random => Uuid::new_v4(),
            Ids::Counting => Uuid::from_u64_pair(0, self.last.fetch_add(1, Ordering::Relaxed) + 1),
        }
    }
}
