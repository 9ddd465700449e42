//! `powershell.exe`: a script in, text and CLIXML out.

mod writer;

use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;
use winrm_proto::clixml::{ProgressRecord, ProgressRecordType};

use super::super::Machine;
use super::super::console::Console;
use super::super::pipe::Broken;
use super::options::{Options, Refused, Script};
use super::script_text::Exit;
use super::{Emission, Fatal, Runspace, Scope, Success, convert, run_pipeline};
use crate::record::Event;
use writer::Writer;

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
    let mut writer = Writer::new(options.format);
    let code = evaluate(machine, &script, console, &mut writer).await?;
    writer.finish(console).await?;
    Ok(code)
}

/// What a script of this machine may be: a pipeline of typed commands, or the line that reads one from standard input.
/// Settings of the streams before it change nothing here. Gives the exit code.
async fn evaluate(
    machine: &Machine,
    script: &str,
    console: &mut Console,
    writer: &mut Writer,
) -> Result<i32, Broken> {
    let statement = without_settings(script);
    if dense(statement) == BOOTSTRAP {
        let input = console.stdin.read_to_end().await;
        let text = String::from_utf8_lossy(&input).into_owned();
        machine.record.write(Event::Script { text: text.clone() });
        return Box::pin(evaluate(machine, &text, console, writer)).await;
    }
    let environment = Arc::new(Mutex::new(console.environment.clone()));
    let runspace = Runspace::new(&console.user, Arc::new(Scope::everything()), environment);
    let script_text = match convert::script(statement, &runspace.scope()) {
        Ok(script_text) => script_text,
        Err(record) => {
            writer.emission(Emission::Fatal(Fatal(record)), console).await?;
            return Ok(FAILED);
        }
    };
    if !script.contains(QUIET) {
        writer.progress(preparing_modules());
    }
    let (sender, mut receiver) = mpsc::channel(64);
    let running = run_pipeline(machine, &runspace, script_text.commands, None, sender);
    let writing = async {
        while let Some(emission) = receiver.recv().await {
            writer.emission(emission, console).await?;
        }
        Ok(())
    };
    let (success, written): (_, Result<(), Broken>) = tokio::join!(running, writing);
    written?;
    Ok(match (success, script_text.exit) {
        (Success::Terminated, _) | (Success::No, Exit::ByErrors) => FAILED,
        (Success::Yes, Exit::ByErrors) => 0,
        (Success::Yes | Success::No, Exit::With(code)) => code,
    })
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
/// What a script ends with that an error ended.
const FAILED: i32 = 1;
/// What `powershell.exe` ends with when it does not like its command line.
const FAILED_START: i32 = -196_608;
