//! The `#< CLIXML` that a PowerShell process writes to its standard streams.

use std::fmt;

use super::decode::{Decoder, Item, Limits};
use super::value::Value;

/// One of PowerShell's streams, the attribute `S` of a value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Stream {
    /// Objects.
    Output,
    /// Error records, or their text, line by line.
    Error,
    /// Warnings.
    Warning,
    /// Verbose messages.
    Verbose,
    /// Debug messages.
    Debug,
    /// Progress records.
    Progress,
    /// Information records, what `Write-Host` writes among them.
    Information,
    /// A stream that PowerShell does not have.
    Unknown,
}

/// A piece of what a process wrote to one of its standard streams.
#[derive(Clone, PartialEq, Debug)]
pub enum Piece {
    /// Bytes that are not CLIXML, or looked like it and could not be read.
    Text(Vec<u8>),
    /// A value out of a CLIXML block.
    Value {
        /// The stream it was written to; error where the block does not say.
        stream: Stream,
        /// What was written.
        value: Value,
    },
}

/// Takes CLIXML blocks out of a byte stream, wherever they stand and however the stream is cut.
///
/// `powershell.exe` begins its standard error with `#< CLIXML` as soon as it is not run interactively, then writes one or
/// more `<Objs>` documents; what native programs and a dying PowerShell write stands before, between and after.
#[derive(Debug)]
pub struct TextDecoder {
    decoder: Decoder,
    limit: usize,
    pending: Vec<u8>,
    /// How much of the pending block was searched for its end.
    searched: usize,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// In plain text: a marker may come.
    Text,
    /// After a marker or a document: another document may come.
    Between,
    /// Inside a document.
    Document,
}

impl Stream {
    /// The stream of this name; PowerShell writes both `Error` and `error`.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let known = NAMES.iter().find(|(_, known)| known.eq_ignore_ascii_case(name));
        known.map_or(Self::Unknown, |(stream, _)| *stream)
    }

    /// The name that PowerShell writes.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(stream, _)| *stream == self).map_or("", |(_, name)| name)
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Piece {
    /// The piece as text to show: bytes as UTF-8, an error or message as PowerShell's string of it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Self::Value { value, .. } => value.to_string(),
        }
    }
}

impl TextDecoder {
    /// A decoder that gives up on a block, and passes it on as text, beyond the limit on size.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            decoder: Decoder::new(limits),
            limit: limits.size,
            pending: Vec::new(),
            searched: 0,
            place: Place::Text,
        }
    }

    /// Takes the next bytes and returns what they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Piece> {
        self.pending.extend_from_slice(bytes);
        let mut pieces = Vec::new();
        while self.step(&mut pieces) {}
        pieces
    }

    /// Ends the stream: what is still held back is text.
    #[must_use]
    pub fn finish(mut self) -> Option<Piece> {
        let held = std::mem::take(&mut self.pending);
        let blank = self.place == Place::Between && held.iter().all(u8::is_ascii_whitespace);
        (!held.is_empty() && !blank).then_some(Piece::Text(held))
    }

    /// Moves on by one piece or one change of place; `false` when more bytes are needed.
    fn step(&mut self, pieces: &mut Vec<Piece>) -> bool {
        match self.place {
            Place::Text => self.text(pieces),
            Place::Between => self.between(),
            Place::Document => self.document(pieces),
        }
    }

    fn text(&mut self, pieces: &mut Vec<Piece>) -> bool {
        if let Some(at) = find(&self.pending, MARKER) {
            push_text(self.pending.drain(..at).collect(), pieces);
            self.pending.drain(..MARKER.len());
            self.place = Place::Between;
            return true;
        }
        // The end may be the beginning of a marker.
        let keep = partial_suffix(&self.pending, MARKER);
        let rest = self.pending.len() - keep;
        push_text(self.pending.drain(..rest).collect(), pieces);
        false
    }

    fn between(&mut self) -> bool {
        let blanks = self.pending.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let rest = self.pending.get(blanks..).unwrap_or_default();
        if rest.starts_with(OPENING) {
            self.pending.drain(..blanks);
            self.searched = 0;
            self.place = Place::Document;
            return true;
        }
        if OPENING.starts_with(rest) && self.pending.len() <= MAX_BLANKS {
            return false;
        }
        // Plain text again. The line end after the last document belonged to it.
        let line_end = match self.pending.as_slice() {
            [b'\r', b'\n', ..] => 2,
            [b'\n', ..] => 1,
            _ => 0,
        };
        self.pending.drain(..line_end);
        self.place = Place::Text;
        true
    }

    fn document(&mut self, pieces: &mut Vec<Piece>) -> bool {
        let from = self.searched.saturating_sub(CLOSING.len());
        let unsearched = self.pending.get(from..).unwrap_or_default();
        if let Some(at) = find(unsearched, CLOSING) {
            let document: Vec<u8> = self.pending.drain(..from + at + CLOSING.len()).collect();
            self.read(document, pieces);
            self.place = Place::Between;
            return true;
        }
        self.searched = self.pending.len();
        if self.pending.len() > self.limit {
            push_text(std::mem::take(&mut self.pending), pieces);
            self.place = Place::Text;
        }
        false
    }

    fn read(&mut self, document: Vec<u8>, pieces: &mut Vec<Piece>) {
        match self.decoder.document(&document) {
            Ok(items) => pieces.extend(items.into_iter().map(Piece::from)),
            Err(_) => push_text(document, pieces),
        }
    }
}

impl Default for TextDecoder {
    fn default() -> Self {
        Self::new(Limits { size: 16 << 20, ..Limits::default() })
    }
}

impl From<Item> for Piece {
    fn from(item: Item) -> Self {
        Self::Value { stream: item.stream.unwrap_or(Stream::Error), value: item.value }
    }
}

fn push_text(bytes: Vec<u8>, pieces: &mut Vec<Piece>) {
    if !bytes.is_empty() {
        pieces.push(Piece::Text(bytes));
    }
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes.windows(pattern.len()).position(|window| window == pattern)
}

/// How many bytes at the end could be the beginning of the pattern.
fn partial_suffix(bytes: &[u8], pattern: &[u8]) -> usize {
    (1..pattern.len())
        .rev()
        .find(|length| pattern.get(..*length).is_some_and(|start| bytes.ends_with(start)))
        .unwrap_or(0)
}

const NAMES: [(Stream, &str); 7] = [
    (Stream::Output, "Output"),
    (Stream::Error, "Error"),
    (Stream::Warning, "Warning"),
    (Stream::Verbose, "Verbose"),
    (Stream::Debug, "Debug"),
    (Stream::Progress, "Progress"),
    (Stream::Information, "Information"),
];
const MARKER: &[u8] = b"#< CLIXML";
const OPENING: &[u8] = b"<Objs";
const CLOSING: &[u8] = b"</Objs>";
/// How many blanks after a document are held back for another one.
const MAX_BLANKS: usize = 64;

#[cfg(test)]
mod tests;
