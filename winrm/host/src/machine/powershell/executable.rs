//! `powershell.exe`: a script in, text and CLIXML out.

use std::sync::Arc;

use tokio::sync::mpsc;
use winrm_proto::clixml::{
    Encoder, ErrorRecord, Object, ProgressRecord, ProgressRecordType, Properties, Stream, Value,
};
use winrm_script::value::{Fault, Outcome};

use super::super::Machine;
use super::super::console::Console;
use super::super::pipe::Broken;
use super::display::Display;
use super::failure::not_simulated;
use super::options::{ErrorFormat, Options, Refused, Script};
use super::{Emission, Fatal, Scope, Session, Success, TypedCommand, run_pipeline};
use crate::record::Event;

/// Runs `powershell.exe` with these arguments.
pub(in super::super) async fn run(
    machine: &Machine,
    arguments: &[String],
    console: &mut Console,
) -> Result<i32, Broken> {
    let options = match Options::parse(arguments) {
        Ok(options) => options,
        Err(refused) => {
            console.stderr.line(&words_for(&refused)).await?;
            return Ok(FAILED_START);
        }
    };
    let script = match options.script {
        Script::Text(text) => text,
        Script::Stdin => String::from_utf8_lossy(&console.stdin.read_to_end().await).into_owned(),
        Script::File(file) => {
            let message = format!(
                "The argument '{file}' to the -File parameter does not exist. Provide the path to an existing '.ps1' \
                 file as an argument to the -File parameter."
            );
            console.stderr.line(&message).await?;
            return Ok(FAILED_START);
        }
    };
    machine.record.write(Event::Script { text: script.clone() });
    let mut writer = Writer { errors: options.errors, records: Vec::new(), display: Display::default() };
    let success = evaluate(machine, &script, console, &mut writer).await?;
    writer.finish(console).await?;
    Ok(i32::from(success != Success::Yes))
}

/// What a script of this machine may be: one command with literal arguments, or the line that reads one from
/// standard input. Settings of the streams before it change nothing here.
async fn evaluate(
    machine: &Machine,
    script: &str,
    console: &mut Console,
    writer: &mut Writer,
) -> Result<Success, Broken> {
    let statement = without_settings(script);
    if dense(statement) == BOOTSTRAP {
        let input = console.stdin.read_to_end().await;
        let text = String::from_utf8_lossy(&input).into_owned();
        machine.record.write(Event::Script { text: text.clone() });
        return Box::pin(evaluate(machine, &text, console, writer)).await;
    }
    let session = Session::new(&console.user, Arc::new(Scope::everything()));
    let command = match TypedCommand::of_script(statement, &session.scope()) {
        Ok(command) => command,
        Err(record) => {
            writer.emission(Emission::Fatal(Fatal(record)), console).await?;
            return Ok(Success::Terminated);
        }
    };
    if !script.contains(QUIET) {
        writer.progress(preparing_modules());
    }
    let (sender, mut receiver) = mpsc::channel(64);
    let running = run_pipeline(machine, &session, vec![command], None, sender);
    let writing = async {
        while let Some(emission) = receiver.recv().await {
            writer.emission(emission, console).await?;
        }
        Ok(())
    };
    let (success, written): (_, Result<(), Broken>) = tokio::join!(running, writing);
    written?;
    Ok(success)
}

/// Writes what a script says to the two streams that a process has.
struct Writer {
    errors: ErrorFormat,
    /// What stands in the one CLIXML document that a process writes to standard error.
    records: Vec<(Stream, Value)>,
    display: Display,
}

impl Writer {
    async fn emission(&mut self, emission: Emission, console: &Console) -> Result<(), Broken> {
        match emission {
            Emission::Output(item) => {
                let text = self.display.push(item);
                self.show(text, console).await
            }
            Emission::Host(line) => console.stdout.line(&line).await,
            // `-NonInteractive`: there is nobody to ask.
            Emission::Ask { .. } => Ok(()),
            Emission::Error(record) | Emission::Fatal(Fatal(record)) => self.error(&record, console).await,
            Emission::Warning(text) => self.message("WARNING", Stream::Warning, &text, console).await,
            Emission::Progress(record) => {
                self.progress(*record);
                Ok(())
            }
            Emission::Verbose(text) => self.message("VERBOSE", Stream::Verbose, &text, console).await,
        }
    }

    async fn show(&mut self, text: Outcome<String>, console: &Console) -> Result<(), Broken> {
        match text {
            Ok(text) => console.stdout.write(text).await,
            Err(fault) => self.error(&not_displayed(&fault), console).await,
        }
    }

    async fn error(&mut self, record: &ErrorRecord, console: &Console) -> Result<(), Broken> {
        let lines = error_lines(record);
        match self.errors {
            ErrorFormat::Text => {
                for line in lines {
                    console.stderr.line(&line).await?;
                }
                Ok(())
            }
            ErrorFormat::Clixml => {
                let values = lines.iter().map(|line| Value::from(format!("{line}\r\n")));
                self.records.extend(values.map(|value| (Stream::Error, value)));
                Ok(())
            }
        }
    }

    async fn message(
        &mut self,
        label: &str,
        stream: Stream,
        text: &str,
        console: &Console,
    ) -> Result<(), Broken> {
        match self.errors {
            ErrorFormat::Text => console.stdout.line(&format!("{label}: {text}")).await,
            ErrorFormat::Clixml => {
                self.records.push((stream, Value::from(text)));
                Ok(())
            }
        }
    }

    fn progress(&mut self, record: ProgressRecord) {
        let properties =
            Properties::new().with("SourceId", 1_i64).with("Record", Value::Progress(Arc::new(record)));
        self.records.push((Stream::Progress, Value::object(Object::custom(properties))));
    }

    async fn finish(mut self, console: &Console) -> Result<(), Broken> {
        let text = self.display.finish();
        self.show(text, console).await?;
        if self.errors == ErrorFormat::Text || self.records.is_empty() {
            return Ok(());
        }
        // Nothing that is written here is a secure string, which alone cannot be.
        let document =
            Encoder::new().document(self.records.iter().map(|(stream, value)| (Some(*stream), value)));
        console.stderr.write("#< CLIXML\r\n").await?;
        console.stderr.write(document.unwrap_or_default()).await
    }
}

/// What cannot be shown as PowerShell would show it.
fn not_displayed(fault: &Fault) -> ErrorRecord {
    let reason = match fault {
        Fault::Thrown(thrown) => thrown.message.clone(),
        Fault::Unsupported(reason) => reason.to_string(),
    };
    not_simulated(&reason).record("Out-Default", None, "")
}

/// What Windows PowerShell tells everyone who loads a module for the first time.
fn preparing_modules() -> ProgressRecord {
    ProgressRecord {
        activity: "Preparing modules for first use.".into(),
        activity_id: 0,
        status_description: " ".into(),
        current_operation: None,
        parent_activity_id: -1,
        percent_complete: -1,
        record_type: ProgressRecordType::Completed,
        seconds_remaining: -1,
    }
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

/// Leaves out the settings that clients put before their command.
fn without_settings(script: &str) -> &str {
    let mut rest = script.trim();
    while let Some((first, behind)) = rest.split_once([';', '\n']) {
        let setting = SETTINGS.iter().any(|name| first.trim_start().starts_with(name));
        if !setting {
            break;
        }
        rest = behind.trim_start();
    }
    rest
}

fn dense(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase()
}

fn words_for(refused: &Refused) -> String {
    match refused {
        Refused::Encoding => {
            "Cannot process the command because the value specified with -EncodedCommand is not properly \
                              encoded. The value must be Base64 encoded."
                .to_owned()
        }
        Refused::MissingValue(option) => {
            format!(
                "Cannot process the command because of a missing parameter. A command must follow -{option}."
            )
        }
    }
}

/// The line that reads a script from standard input, without its spaces.
const BOOTSTRAP: &str = "&([scriptblock]::create([console]::in.readtoend()))";
/// What silences progress.
const QUIET: &str = "$ProgressPreference";
const SETTINGS: [&str; 5] = [
    "$ProgressPreference",
    "$OutputEncoding",
    "[Console]::OutputEncoding",
    "[Console]::InputEncoding",
    "$ErrorActionPreference",
];
const WIDTH: usize = 79;
/// What `powershell.exe` ends with when it does not like its command line.
const FAILED_START: i32 = -196_608;
