//! The log: structured events on standard error, without known secrets.

use std::io::{self, Write};

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use crate::{
    redact::KnownSecrets,
    remedy::{Code, Remedy},
};

/// A filter that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the log filter {filter:?} cannot be read: {problem}")]
pub struct FilterError {
    filter: String,
    problem: String,
}

/// Starts the log of this process. A second start in one process changes nothing.
///
/// # Errors
///
/// [`FilterError`].
pub fn start(filter: Option<&str>, known: &KnownSecrets) -> Result<(), FilterError> {
    let text = filter.unwrap_or(DEFAULT_FILTER);
    let filter = EnvFilter::builder()
        .parse(format!("{QUIET},{text}"))
        .map_err(|error| FilterError { filter: text.to_owned(), problem: error.to_string() })?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Scrubbing { known: known.clone() })
        .with_ansi(false)
        .finish();
    // Tests start several programs' worth of code in one process; the first log stays.
    drop(tracing::subscriber::set_global_default(subscriber));
    Ok(())
}

impl Remedy for FilterError {
    fn code(&self) -> Code {
        Code::Configuration
    }

    fn fix(&self) -> Option<String> {
        Some("write a level (warn, info, debug) or target=level, separated by commas".to_owned())
    }
}

/// Standard error behind the scrubber.
#[derive(Debug, Clone)]
struct Scrubbing {
    known: KnownSecrets,
}

/// One event, scrubbed when it is whole, so that no secret is cut in two.
#[derive(Debug)]
struct Event {
    known: KnownSecrets,
    text: Vec<u8>,
}

impl MakeWriter<'_> for Scrubbing {
    type Writer = Event;

    fn make_writer(&self) -> Event {
        Event { known: self.known.clone(), text: Vec::new() }
    }
}

impl Write for Event {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let text = self.known.scrub(&String::from_utf8_lossy(&self.text));
        self.text.clear();
        io::stderr().lock().write_all(text.as_bytes())
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        // Nobody is left to be told when standard error is gone.
        drop(self.flush());
    }
}

const DEFAULT_FILTER: &str = "warn";

/// rmcp writes whole requests into its debug log, so its level is named apart: a filter has to ask for it by name.
const QUIET: &str = "rmcp=warn,hyper=warn,rustls=warn";
