//! Keeps secrets and hostile text out of everything that people and models read.
//!
//! [`Redacted`] wraps a value that `Debug` and `Display` must not show. [`KnownSecrets`] remembers every secret
//! that was read; its [`Scrubber`] replaces them, in the spellings in which they come back, in results, logs and
//! errors. [`Sanitizer`] removes what is invisible or controls a terminal from remote text.

mod forms;
mod scrubber;
mod text;

use std::fmt;

pub use self::{
    scrubber::{KnownSecrets, Learned, SHORTEST, ScrubStream, Scrubbed, Scrubber},
    text::{Sanitizer, sanitize},
};

/// What stands in place of a secret.
pub const MARK: &str = "[redacted]";

/// A value that is neither shown nor logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Redacted<T>(T);

impl<T> Redacted<T> {
    /// Wraps a value.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &T {
        &self.0
    }

    /// The value itself.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MARK)
    }
}

impl<T> fmt::Display for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MARK)
    }
}

#[cfg(test)]
mod tests;
