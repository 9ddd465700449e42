//! The streams of `powershell.exe`, as text and as CLIXML.

use std::sync::Arc;

use winrm_proto::clixml::{Encoder, ErrorRecord, Object, ProgressRecord, Properties, Stream, Value};
use winrm_script::value::{Fault, Outcome};

use super::super::super::console::{Console, Sink};
use super::super::super::pipe::Broken;
use super::super::display::Display;
use super::super::failure::not_simulated;
use super::super::options::Format;
use super::super::{Emission, Fatal};

/// Writes what a script says to the two streams that a process has.
pub(super) struct Writer {
    format: Format,
    display: Display,
    /// What stands in the one CLIXML document that goes to standard output.
    objects: Vec<(Stream, Value)>,
    /// The same for standard error.
    records: Vec<(Stream, Value)>,
}

impl Writer {
    pub(super) fn new(format: Format) -> Self {
        Self { format, display: Display::default(), objects: Vec::new(), records: Vec::new() }
    }

    pub(super) async fn emission(&mut self, emission: Emission, console: &Console) -> Result<(), Broken> {
        match emission {
            Emission::Output(item) if self.format == Format::Clixml => {
                self.objects.push((Stream::Output, item.to_clixml()));
                Ok(())
            }
            Emission::Output(item) => {
                let text = self.display.push(item);
                self.show(text, console).await
            }
            Emission::Host(line) if self.format == Format::Clixml => {
                let pieces = [Value::from(line.as_str()), Value::from("\r\n")];
                self.objects.extend(pieces.map(|piece| (Stream::Output, piece)));
                Ok(())
            }
            Emission::Host(line) => console.stdout.line(&line).await,
            // `-NonInteractive`: there is nobody to ask. Only whole scripts, which do not come here, exit.
            Emission::Ask { .. } | Emission::Exit(_) => Ok(()),
            Emission::Error(record) | Emission::Fatal(Fatal(record)) => self.error(&record, console).await,
            Emission::Warning(text) => self.message("WARNING", Stream::Warning, &text, console).await,
            Emission::Progress(record) => {
                self.progress(*record);
                Ok(())
            }
            Emission::Verbose(text) => self.message("VERBOSE", Stream::Verbose, &text, console).await,
            Emission::Debug(text) => self.message("DEBUG", Stream::Debug, &text, console).await,
            // `$InformationPreference` is SilentlyContinue.
            Emission::Information(_) if self.format == Format::Text => Ok(()),
            Emission::Information(record) => {
                self.records.push((Stream::Information, record.to_value()));
                Ok(())
            }
        }
    }

    async fn show(&mut self, text: Outcome<String>, console: &Console) -> Result<(), Broken> {
        match text {
            Ok(text) => console.stdout.write(text).await,
            Err(fault) => self.error(&not_displayed(&fault), console).await,
        }
    }

    async fn error(&mut self, record: &ErrorRecord, console: &Console) -> Result<(), Broken> {
        match self.format {
            Format::Text => {
                for line in error_lines(record) {
                    console.stderr.line(&line).await?;
                }
            }
            Format::ErrorsAsClixml => {
                let lines = error_lines(record).into_iter().map(|line| Value::from(format!("{line}\r\n")));
                self.records.extend(lines.map(|value| (Stream::Error, value)));
            }
            Format::Clixml => self.records.push((Stream::Error, record.to_value())),
        }
        Ok(())
    }

    async fn message(
        &mut self,
        label: &str,
        stream: Stream,
        text: &str,
        console: &Console,
    ) -> Result<(), Broken> {
        match self.format {
            Format::Text => console.stdout.line(&format!("{label}: {text}")).await,
            Format::ErrorsAsClixml | Format::Clixml => {
                self.records.push((stream, Value::from(text)));
                Ok(())
            }
        }
    }

    pub(super) fn progress(&mut self, record: ProgressRecord) {
        if self.format == Format::Text {
            // A console shows it for a moment, and keeps nothing.
            return;
        }
        let properties =
            Properties::new().with("SourceId", 1_i64).with("Record", Value::Progress(Arc::new(record)));
        self.records.push((Stream::Progress, Value::object(Object::custom(properties))));
    }

    pub(super) async fn finish(mut self, console: &Console) -> Result<(), Broken> {
        let text = self.display.finish();
        self.show(text, console).await?;
        write_document(&self.objects, &console.stdout).await?;
        write_document(&self.records, &console.stderr).await
    }
}

/// A stream's one document, as PowerShell that started this one reads it.
async fn write_document(values: &[(Stream, Value)], sink: &Sink) -> Result<(), Broken> {
    if values.is_empty() {
        return Ok(());
    }
    // Nothing that is written here is a secure string, which alone cannot be.
    let document = Encoder::new().document(values.iter().map(|(stream, value)| (Some(*stream), value)));
    sink.write("#< CLIXML\r\n").await?;
    sink.write(document.unwrap_or_default()).await
}

/// What cannot be shown as PowerShell would show it.
fn not_displayed(fault: &Fault) -> ErrorRecord {
    let reason = match fault {
        Fault::Thrown(thrown) => thrown.message.clone(),
        Fault::Unsupported(reason) => reason.to_string(),
    };
    not_simulated(&reason).record("Out-Default", None, "")
}

/// An error as Windows PowerShell shows it in a console of 80 columns, line by line.
fn error_lines(record: &ErrorRecord) -> Vec<String> {
    let message = record.message.as_str();
    let activity = record.category.activity.as_str();
    let mut text = if activity.is_empty() { message.to_owned() } else { format!("{activity} : {message}") };
    if let Some(position) = &record.position_message {
        text.push_str("\r\n");
        text.push_str(position.as_str());
    }
    text.push_str("\r\n    + CategoryInfo          : ");
    text.push_str(&record.category.message());
    text.push_str("\r\n    + FullyQualifiedErrorId : ");
    text.push_str(record.fully_qualified_error_id.as_str());
    text.push_str("\r\n ");
    text.lines().flat_map(wrapped).collect()
}

/// Cuts a line where the console's buffer ends.
fn wrapped(line: &str) -> Vec<String> {
    let characters: Vec<char> = line.chars().collect();
    if characters.is_empty() {
        return vec![String::new()];
    }
    characters.chunks(WIDTH).map(|piece| piece.iter().collect()).collect()
}

/// Columns of the console's buffer, the last of which stays empty.
const WIDTH: usize = 79;
