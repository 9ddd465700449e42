//! What came back from a host, made safe to read, bounded, and shown.
//!
//! Bytes become text ([`decode`]), CLIXML on standard error becomes what PowerShell meant, what is invisible or
//! controls a terminal goes, known secrets go, and a bounded [`Spool`] keeps the rest. A [`Report`] is the
//! result of a call in the shape that clients of `winrm-mcp-server` know, as text and as data.

mod block;
mod data;
pub mod decode;
mod messages;
mod objects;
mod report;
mod screen;
mod spool;
mod weight;

pub use self::{
    block::{error_text, fence},
    data::{Data, DataCut},
    objects::{ErrorItem, Objects, Step, StepOutcome, View, Written},
    report::{Ending, ErrorReport, Exit, ExitSource, Parts, Report, Size, Status, SuccessCodes, Truncation},
    screen::{Piece, Screen},
    spool::{Excerpt, Spool, SpoolLimits},
    weight::weight,
};
use self::{decode::Decoder, messages::Messages};
use crate::redact::{Sanitizer, ScrubStream, Scrubber};

/// Which of the two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Both streams of one call as they come in.
#[derive(Debug)]
pub struct Output {
    stdout: Stream,
    stderr: Stream,
}

/// Both streams of a call that ended, or of one that still runs, as they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// Standard output.
    pub stdout: Spool,
    /// Standard error.
    pub stderr: Spool,
    /// How many secrets were replaced in both.
    pub redactions: u64,
    /// How many invisible or controlling characters were removed from both.
    pub removed: u64,
    /// What a script wrote as objects, of which the streams are the text.
    pub written: Option<Written>,
}

#[derive(Debug)]
struct Stream {
    /// Standard error's alone: nothing on standard output is taken for CLIXML.
    messages: Option<Messages>,
    decoder: Decoder,
    sanitizer: Sanitizer,
    scrubber: ScrubStream,
    spool: Spool,
}

impl Output {
    /// Begins empty. `scrubber` holds the secrets that are known by now, the host's password among them.
    #[must_use]
    pub fn new(limits: SpoolLimits, scrubber: &Scrubber) -> Self {
        let stream = |messages| Stream {
            messages,
            decoder: Decoder::default(),
            sanitizer: Sanitizer::default(),
            scrubber: scrubber.stream(),
            spool: Spool::new(limits),
        };
        Self { stdout: stream(None), stderr: stream(Some(Messages::default())) }
    }

    /// Takes bytes as they came and gives back the safe text that they add, for whoever watches.
    ///
    /// An end that could begin a secret or a character is held back until it is known not to.
    pub fn push(&mut self, channel: Channel, bytes: &[u8]) -> String {
        self.stream(channel).push(bytes)
    }

    /// Ends both streams: what was held back follows.
    pub fn finish(&mut self) -> [(Channel, String); 2] {
        [Channel::Stdout, Channel::Stderr].map(|channel| (channel, self.stream(channel).finish()))
    }

    /// What is there so far.
    #[must_use]
    pub fn captured(&self) -> Captured {
        let both = [&self.stdout, &self.stderr];
        Captured {
            stdout: self.stdout.spool.clone(),
            stderr: self.stderr.spool.clone(),
            redactions: both.iter().map(|stream| stream.scrubber.redactions()).sum(),
            removed: both.iter().map(|stream| stream.sanitizer.removed()).sum(),
            written: None,
        }
    }

    /// Ends both streams and gives what is kept.
    #[must_use]
    pub fn into_captured(mut self) -> Captured {
        let _rest = self.finish();
        let redactions = self.stdout.scrubber.redactions() + self.stderr.scrubber.redactions();
        let removed = self.stdout.sanitizer.removed() + self.stderr.sanitizer.removed();
        Captured { stdout: self.stdout.spool, stderr: self.stderr.spool, redactions, removed, written: None }
    }

    fn stream(&mut self, channel: Channel) -> &mut Stream {
        match channel {
            Channel::Stdout => &mut self.stdout,
            Channel::Stderr => &mut self.stderr,
        }
    }
}

impl Captured {
    /// Nothing on either stream.
    #[must_use]
    pub fn empty() -> Self {
        Output::new(SpoolLimits::default(), &Scrubber::default()).into_captured()
    }
}

impl Stream {
    fn push(&mut self, bytes: &[u8]) -> String {
        let mut meant = Vec::new();
        let bytes = match &mut self.messages {
            Some(messages) => {
                messages.push(bytes, &mut meant);
                &meant
            }
            None => bytes,
        };
        let mut decoded = String::new();
        self.decoder.push(bytes, &mut decoded);
        self.text(&decoded)
    }

    fn finish(&mut self) -> String {
        let mut meant = Vec::new();
        if let Some(messages) = &mut self.messages {
            messages.finish(&mut meant);
        }
        let mut decoded = String::new();
        self.decoder.push(&meant, &mut decoded);
        self.decoder.finish(&mut decoded);
        let mut shown = self.text(&decoded);
        let mut rest = String::new();
        self.sanitizer.finish(&mut rest);
        let mut last = String::new();
        self.scrubber.push(&rest, &mut last);
        self.scrubber.finish(&mut last);
        self.spool.push(&last);
        shown.push_str(&last);
        shown
    }

    fn text(&mut self, decoded: &str) -> String {
        let mut clean = String::new();
        self.sanitizer.push(decoded, &mut clean);
        let mut shown = String::new();
        self.scrubber.push(&clean, &mut shown);
        self.spool.push(&shown);
        shown
    }
}

#[cfg(test)]
mod tests;
