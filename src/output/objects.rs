//! What a script wrote: objects and records, made safe to read, bounded, as text and as data.
//!
//! The text is what PowerShell would print, formatted here over all objects, so that it costs no round trip and works where
//! an endpoint hides `Out-String`. The data holds the properties that PowerShell shows by default, or those that were
//! asked for.

mod error;
mod json;
mod text;

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value as Json};
use winrm_proto::clixml;
use winrm_script::{evaluate::Stream, format::Display, value::Value};

pub use self::error::ErrorItem;
pub(super) use self::text::printed;
use self::{json::Writer, text::GoesOn};
use super::{Captured, Channel, Output, Piece, Spool, SpoolLimits, weight};
use crate::{
    call::Ran,
    redact::{Sanitizer, Scrubber},
};

/// Collects what a script writes, as it comes.
#[derive(Debug)]
pub struct Objects {
    scrubber: Scrubber,
    limits: SpoolLimits,
    /// Objects, and between them what was written to the screen.
    shown: Vec<Shown>,
    /// What was written since somebody looked; nothing where nobody watches. Then nothing is kept for the end.
    fresh: Option<Vec<Piece>>,
    /// What was written to the screen of a line that goes on: to whoever watches, the last of it.
    begun: String,
    room: usize,
    omitted: u64,
    /// Errors, warnings and messages as PowerShell 7 prints them, already safe.
    stderr: Spool,
    written: Written,
}

/// How objects are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The properties in the data, `*` for all; empty for those that PowerShell shows.
    pub select: Vec<String>,
    /// How deep the data follows what lies inside an object's properties.
    pub depth: usize,
    /// How many objects the data holds.
    pub max_items: usize,
    /// Columns of the text.
    pub width: usize,
}

/// What a script wrote, as data: safe to read, and bounded but for a result's own limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// Its objects, from the first on. What is no object with properties stands under `value`.
    pub objects: Vec<Map<String, Json>>,
    /// How many there were.
    pub total_objects: u64,
    /// What was cut inside the objects that are here: `[0].Modules`.
    pub cut: Vec<String>,
    /// Its errors, in order.
    pub errors: Vec<ErrorItem>,
    /// Its warnings.
    pub warnings: Vec<String>,
    /// Its verbose and debug messages.
    pub verbose: Vec<String>,
    /// What it wrote to the screen or the information stream.
    pub information: Vec<String>,
    /// What it had hosts do, in order.
    pub steps: Vec<Step>,
    /// How commands reached the host, where any did.
    pub via: Option<&'static str>,
    /// How many errors and messages were left out.
    pub omitted_records: u64,
    /// How many secrets were replaced in this data.
    pub redactions: u64,
    /// How many invisible or controlling characters were removed from this data.
    pub removed: u64,
}

/// One thing that a script had a host do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Counted from 1.
    pub number: u32,
    /// The judged form, without known secrets.
    pub command: String,
    /// What became of it.
    pub outcome: StepOutcome,
    /// Whether it ran.
    #[serde(serialize_with = "super::report::ran_name")]
    pub ran: Ran,
    /// How many objects it gave.
    pub objects: u64,
    /// How many errors.
    pub errors: u64,
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// It ended by itself.
    Completed,
    /// An error, or an exit code, ended it.
    Failed,
    /// The policy denied it.
    Denied,
    /// It never left.
    NotSent,
    /// It was stopped, and the host confirmed that it ended.
    Stopped,
    /// It was told to stop, and may still run.
    StillRunning,
    /// The connection was lost, and nobody knows.
    Unknown,
}

impl StepOutcome {
    /// A word or two for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Denied => "denied",
            Self::NotSent => "not sent",
            Self::Stopped => "stopped",
            Self::StillRunning => "may still run",
            Self::Unknown => "nobody knows whether it ran",
        }
    }
}

#[derive(Debug)]
enum Shown {
    Object(Value),
    /// Text on the screen, which is no object.
    Screen(Value),
}

/// Makes strings safe.
#[derive(Debug, Default)]
struct Cleaner {
    redactions: u64,
    removed: u64,
}

impl Default for View {
    fn default() -> Self {
        Self { select: Vec::new(), depth: 2, max_items: 1_000, width: TOOL_WIDTH }
    }
}

impl Objects {
    /// Begins empty. `scrubber` holds the secrets that are known by now, the host's password among them.
    #[must_use]
    pub fn new(limits: SpoolLimits, scrubber: &Scrubber) -> Self {
        Self {
            scrubber: scrubber.clone(),
            limits,
            shown: Vec::new(),
            fresh: None,
            begun: String::new(),
            room: ROOM,
            omitted: 0,
            stderr: Spool::new(limits),
            written: Written::default(),
        }
    }

    /// The same for somebody who watches: what is written is for [`fresh`](Self::fresh), and no object is kept.
    #[must_use]
    pub fn watched(self) -> Self {
        Self { fresh: Some(Vec::new()), ..self }
    }

    /// What was written since the last time, for somebody who watches.
    pub fn fresh(&mut self) -> Vec<Piece> {
        self.fresh.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Takes an object of the output, as it is now: the script may change it afterwards.
    pub fn output(&mut self, value: &Value) {
        self.written.total_objects += 1;
        self.end_line();
        self.show(Shown::Object(value.snapshot()));
    }

    /// Takes a record of another stream.
    pub fn record(&mut self, stream: Stream, value: &Value) {
        match stream {
            Stream::Error => self.error(value),
            Stream::Warning => self.message(value, Some("WARNING"), |written| &mut written.warnings),
            Stream::Verbose => self.message(value, Some("VERBOSE"), |written| &mut written.verbose),
            Stream::Debug => self.message(value, Some("DEBUG"), |written| &mut written.verbose),
            Stream::Information => {
                let message = text::of_information(value);
                self.write(&message, text::goes_on(value));
                self.message(&message, None, |written| &mut written.information);
            }
        }
    }

    /// Takes an error record.
    pub fn error(&mut self, record: &Value) {
        let mut cleaner = Cleaner::default();
        let item = ErrorItem::read(record, &mut |text| cleaner.clean(text, &self.scrubber));
        let has_room = self.written.errors.len() < MOST_RECORDS;
        self.line(&format!("{}\n", item.concise()), has_room);
        if has_room {
            self.written.errors.push(item);
            self.count(&cleaner);
        }
    }

    /// Takes what the script had a host do.
    pub fn step(&mut self, mut step: Step) {
        if self.written.steps.len() >= MOST_RECORDS {
            self.written.omitted_records += 1;
            return;
        }
        let mut cleaner = Cleaner::default();
        step.command = cleaner.clean(&step.command, &self.scrubber);
        self.written.steps.push(step);
        self.count(&cleaner);
    }

    /// Takes how commands reached the host, by [`Via::name`](crate::session::Via::name).
    pub fn via(&mut self, via: &'static str) {
        self.written.via = Some(via);
    }

    /// Ends the script, and shows what it wrote: standard output holds the objects as PowerShell would print them, standard
    /// error its errors, warnings and messages.
    #[must_use]
    pub fn finish(mut self, view: &View) -> Captured {
        let mut output = Output::new(self.limits, &self.scrubber);
        self.end_line();
        let shown = std::mem::take(&mut self.shown);
        let values: Vec<Value> = shown.iter().map(|shown| shown.value().clone()).collect();
        let mut display = Display::new(view.width);
        let text = printed(&mut display, &values) + &display.end();
        output.push(Channel::Stdout, text.as_bytes());
        if self.omitted > 0 {
            let line = format!("[... {} more objects left out ...]\n", self.omitted);
            output.push(Channel::Stdout, line.as_bytes());
        }
        let mut writer = Writer::new(view, &self.scrubber, self.limits.head.saturating_add(self.limits.tail));
        for (at, value) in shown.iter().filter_map(Shown::object).enumerate() {
            match writer.item(at, value) {
                Some(object) => self.written.objects.push(object),
                None => break,
            }
        }
        let (cut, cleaner) = writer.finish();
        self.written.cut = cut;
        self.count(&cleaner);
        if self.written.omitted_records > 0 {
            let line = format!("[... {} more records left out ...]\n", self.written.omitted_records);
            self.stderr.push(&line);
        }
        let mut captured = output.into_captured();
        captured.stderr = self.stderr;
        captured.redactions += self.written.redactions;
        captured.removed += self.written.removed;
        captured.written = Some(self.written);
        captured
    }

    /// Writes to the screen: a line, or a part of one that goes on.
    fn write(&mut self, message: &Value, goes_on: GoesOn) {
        let text = message.to_text();
        let Some(fresh) = &mut self.fresh else {
            self.begun.push_str(text.as_str());
            if goes_on == GoesOn::No || self.begun.len() > LONGEST_LINE {
                let line = std::mem::take(&mut self.begun);
                self.show(Shown::Screen(Value::string(line)));
            }
            return;
        };
        if goes_on == GoesOn::No && self.begun.is_empty() {
            return self.show(Shown::Screen(message.clone()));
        }
        let mut text = Cleaner::default().clean(text.as_str(), &self.scrubber);
        match goes_on {
            GoesOn::Yes => text.clone_into(&mut self.begun),
            GoesOn::No => {
                text.push('\n');
                self.begun.clear();
            }
        }
        fresh.push(Piece::Text(Channel::Stdout, text));
    }

    /// Ends the line that was begun, if there is one; whoever watches has seen it.
    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.begun);
        if !line.is_empty() && self.fresh.is_none() {
            self.show(Shown::Screen(Value::string(line)));
        }
    }

    fn show(&mut self, shown: Shown) {
        if let Some(fresh) = &mut self.fresh {
            fresh.push(Piece::Value(shown.into_value()));
            return;
        }
        match self.room.checked_sub(size(shown.value(), DEPTH)) {
            // What came first stays: an object after a gap would look as if it stood there.
            Some(room) if self.omitted == 0 => {
                self.room = room;
                self.shown.push(shown);
            }
            _ => self.omitted += 1,
        }
    }

    /// Keeps a message, and shows it on standard error under this label.
    fn message(
        &mut self,
        value: &Value,
        label: Option<&str>,
        list: impl FnOnce(&mut Written) -> &mut Vec<String>,
    ) {
        let mut cleaner = Cleaner::default();
        let text = cleaner.clean(value.to_text().as_str(), &self.scrubber);
        let line = label.map(|label| format!("{label}: {text}\n")).unwrap_or_default();
        let list = list(&mut self.written);
        let has_room = list.len() < MOST_RECORDS;
        if has_room {
            list.push(text);
            self.count(&cleaner);
        }
        self.line(&line, has_room);
    }

    /// Shows a line on standard error: to whoever watches, or at the end, where there is room for it.
    fn line(&mut self, line: &str, has_room: bool) {
        match &mut self.fresh {
            Some(fresh) => fresh.push(Piece::Text(Channel::Stderr, line.to_owned())),
            None if has_room => self.stderr.push(line),
            None => self.written.omitted_records += 1,
        }
    }

    fn count(&mut self, cleaner: &Cleaner) {
        self.written.redactions += cleaner.redactions;
        self.written.removed += cleaner.removed;
    }
}

impl Shown {
    fn into_value(self) -> Value {
        match self {
            Self::Object(value) | Self::Screen(value) => value,
        }
    }

    fn value(&self) -> &Value {
        match self {
            Self::Object(value) | Self::Screen(value) => value,
        }
    }

    fn object(&self) -> Option<&Value> {
        match self {
            // What Format-Table writes is text.
            Self::Object(Value::Document(_)) | Self::Screen(_) => None,
            Self::Object(value) => Some(value),
        }
    }
}

impl Cleaner {
    fn clean(&mut self, text: &str, scrubber: &Scrubber) -> String {
        let mut sanitizer = Sanitizer::default();
        let mut clean = String::with_capacity(text.len());
        sanitizer.push(text, &mut clean);
        sanitizer.finish(&mut clean);
        self.removed += sanitizer.removed();
        let scrubbed = scrubber.scrub(&clean);
        self.redactions += scrubbed.redactions;
        scrubbed.text.into_owned()
    }
}

/// About how many bytes a value takes in memory.
fn size(value: &Value, depth: usize) -> usize {
    let inside = match value {
        _ if depth == 0 => 0,
        Value::String(text) | Value::Uri(text) => text.as_str().len(),
        Value::Array(array) => array.to_vec().iter().map(|item| size(item, depth - 1)).sum(),
        Value::Table(table) => {
            table.entries().iter().map(|(key, value)| size(key, depth - 1) + size(value, depth - 1)).sum()
        }
        Value::Object(object) => match object.unchanged_host() {
            Some(host) => weight(&clixml::Value::Object(Arc::clone(host))),
            None => object
                .members()
                .iter()
                .map(|member| member.name.as_str().len() + size(&member.value, depth - 1))
                .sum(),
        },
        _ => 0,
    };
    size_of::<Value>() + inside
}

/// Wide enough for every column that matters, so that nothing is cut; trailing blanks are.
const TOOL_WIDTH: usize = 4_096;
/// Bytes of one line on the screen; a longer one is broken.
const LONGEST_LINE: usize = 1 << 20;
/// Bytes of objects that are kept, about.
const ROOM: usize = 64 << 20;
/// Errors, or messages of one stream, that are kept.
const MOST_RECORDS: usize = 1_000;
/// How deep an object is measured.
const DEPTH: usize = 16;

#[cfg(test)]
mod tests;
