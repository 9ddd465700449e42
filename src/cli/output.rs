//! The only place that writes to standard output and standard error, besides the MCP transport and tracing.
//!
//! A broken pipe is not an error here: the reader has seen enough. [`Console::gone`] tells, so that long work can end.

use std::{
    fmt,
    io::{self, Write},
    sync::atomic::{AtomicBool, Ordering},
};

/// Standard output and standard error of this process.
#[derive(Debug, Default)]
pub(super) struct Console {
    gone: AtomicBool,
}

impl Console {
    /// Writes `text` to standard output as it is.
    pub(super) fn out(&self, text: impl fmt::Display) {
        self.bytes(text.to_string().as_bytes());
    }

    /// Writes `text` and a newline to standard output.
    pub(super) fn line(&self, text: impl fmt::Display) {
        self.bytes(format!("{text}\n").as_bytes());
    }

    /// Writes bytes to standard output and flushes them.
    pub(super) fn bytes(&self, bytes: &[u8]) {
        let mut out = io::stdout().lock();
        if out.write_all(bytes).and_then(|()| out.flush()).is_err() {
            self.gone.store(true, Ordering::Relaxed);
        }
    }

    /// Writes `text` to standard error as it is.
    pub(super) fn error(&self, text: impl fmt::Display) {
        let mut err = io::stderr().lock();
        // Nobody is left to be told when this fails.
        drop(write!(err, "{text}").and_then(|()| err.flush()));
    }

    /// Writes `text` and a newline to standard error.
    pub(super) fn error_line(&self, text: impl fmt::Display) {
        self.error(format_args!("{text}\n"));
    }

    /// Whether the reader of standard output has gone away.
    pub(super) fn gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }
}
