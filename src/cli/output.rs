//! The only place that writes to standard output and standard error, besides the MCP transport and tracing.
//!
//! A broken pipe is not an error here: the reader has seen enough. [`Console::gone`] tells, so that long work can end.

use std::{
    fmt,
    io::{self, IsTerminal as _, Write},
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::redact::KnownSecrets;

/// Standard output and standard error of this process.
#[derive(Debug, Default)]
pub(super) struct Console {
    gone: AtomicBool,
    known: OnceLock<KnownSecrets>,
}

impl Console {
    /// From now on these secrets, and those that join them, are replaced in everything that is written.
    pub(super) fn protect(&self, known: &KnownSecrets) {
        self.known.get_or_init(|| known.clone());
    }

    /// Writes `text` to standard output as it is.
    pub(super) fn out(&self, text: impl fmt::Display) {
        let text = self.scrub(text);
        let mut out = io::stdout().lock();
        if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
            self.gone.store(true, Ordering::Relaxed);
        }
    }

    /// Writes `text` and a newline to standard output.
    pub(super) fn line(&self, text: impl fmt::Display) {
        self.out(format_args!("{text}\n"));
    }

    /// Writes `text` to standard error as it is.
    pub(super) fn error(&self, text: impl fmt::Display) {
        let text = self.scrub(text);
        let mut err = io::stderr().lock();
        // Nobody is left to be told when this fails.
        drop(err.write_all(text.as_bytes()).and_then(|()| err.flush()));
    }

    /// Writes `text` and a newline to standard error.
    pub(super) fn error_line(&self, text: impl fmt::Display) {
        self.error(format_args!("{text}\n"));
    }

    fn scrub(&self, text: impl fmt::Display) -> String {
        let text = text.to_string();
        self.known.get().map(|known| known.scrub(&text)).unwrap_or(text)
    }

    /// Whether a person sees standard error.
    pub(super) fn is_watched(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// Whether the reader of standard output has gone away.
    pub(super) fn gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }
}
