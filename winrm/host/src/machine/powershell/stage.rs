//! One command of a pipeline while it runs: what it reads, what it puts out, what it complains about.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;
use winrm_proto::clixml::{ErrorRecord, Value};
use winrm_proto::psrp::Merge;

use super::super::Machine;
use super::super::console::{Console, Sink, Source};
use super::super::pipe::{Stream, pipe};
use super::super::programs::Program;
use winrm_script::value::Value as Item;

use super::binding::{Feed, bind};
use super::cmdlet::Cmdlet;
use super::emission::Destination;
use super::failure::{Failure, Problem, Target, unknown_command};
use super::{Emission, Emissions, Fatal, Runspace, TypedArgument, TypedCommand};

/// What `$?` says when a pipeline has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Success {
    Yes,
    /// There were errors.
    No,
    /// An error ended it.
    Terminated,
}

/// What comes down the pipeline.
#[derive(Debug)]
pub(super) enum Input {
    Nothing,
    Values(mpsc::Receiver<Item>),
}

/// Where output goes.
#[derive(Debug)]
pub(super) enum Output {
    /// To the next command.
    Next(mpsc::Sender<Item>),
    /// Out of the pipeline.
    Pipeline,
}

/// A command that runs.
#[derive(Debug)]
pub(super) struct Stage<'m> {
    pub(super) machine: &'m Machine,
    pub(super) runspace: &'m Runspace,
    /// The cmdlet, whose own name stands in errors, whatever alias was used.
    cmdlet: Option<&'static Cmdlet>,
    text: String,
    input: Input,
    output: Output,
    emissions: Emissions,
    merge: Merge,
    /// The input of a later command that takes this one's errors, unless they are merged into its output.
    errors: Option<mpsc::Sender<Item>>,
    action: ErrorAction,
    what_if: bool,
    verbose: bool,
    debug: bool,
    complained: AtomicBool,
}

/// `-ErrorAction`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ErrorAction {
    Continue,
    SilentlyContinue,
    Ignore,
    Stop,
}

impl<'m> Stage<'m> {
    pub(super) fn new(
        machine: &'m Machine,
        runspace: &'m Runspace,
        command: &TypedCommand,
        input: Input,
        output: Output,
        emissions: &Emissions,
        errors: Option<mpsc::Sender<Item>>,
    ) -> Self {
        Self {
            machine,
            runspace,
            cmdlet: None,
            text: command.text.clone(),
            input,
            output,
            emissions: emissions.clone(),
            merge: command.merge,
            errors,
            action: ErrorAction::Continue,
            what_if: false,
            verbose: false,
            debug: false,
            complained: AtomicBool::new(false),
        }
    }

    /// Runs a cmdlet.
    pub(super) async fn run(mut self, cmdlet: &'static Cmdlet, command: TypedCommand) -> Success {
        self.cmdlet = Some(cmdlet);
        let feed = if self.has_input() { Feed::Pipeline } else { Feed::Nothing };
        let bound = match bind(cmdlet, &command.arguments, feed) {
            Ok(bound) => bound,
            Err(problem) => {
                let ended = Failure::Error(Box::new(self.record(problem)));
                return self.finish(Err(ended)).await;
            }
        };
        self.action = match bound.text("ErrorAction").map(|action| action.to_lowercase()).as_deref() {
            Some("silentlycontinue" | "0") => ErrorAction::SilentlyContinue,
            Some("ignore" | "4") => ErrorAction::Ignore,
            Some("stop" | "1") => ErrorAction::Stop,
            _ => ErrorAction::Continue,
        };
        self.what_if = bound.switch("WhatIf");
        self.verbose = bound.switch("Verbose");
        self.debug = bound.switch("Debug");
        let ended = (cmdlet.run)(&mut self, &bound).await;
        self.finish(ended).await
    }

    /// Runs a native program; each line of its output is a string.
    pub(super) async fn run_program(mut self, program: Program, command: TypedCommand) -> Success {
        let ended = self.native(program, command.arguments).await;
        self.finish(ended).await
    }

    /// Says that there is no such command.
    pub(super) async fn refuse(self, name: &str) -> Success {
        let record = unknown_command(name).record("", None, &self.text);
        self.finish(Err(Failure::Error(Box::new(record)))).await
    }

    async fn native(&mut self, program: Program, arguments: Vec<TypedArgument>) -> Result<(), Failure> {
        let words: Vec<String> = arguments.into_iter().map(word).collect();
        let text = words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
        let (output, reader) = pipe(PIPE_SIZE);
        let mut console = Console {
            stdin: Source::Empty,
            stdout: Sink::Pipe(output.clone(), Stream::Stdout),
            stderr: Sink::Pipe(output, Stream::Stderr),
            environment: self.machine.environment_of(&self.runspace.user),
            directory: super::super::home_of(&self.runspace.user),
            user: self.runspace.user.clone(),
        };
        let machine = self.machine;
        let running = async move { machine.run_program(program, &words, &text, &mut console).await };
        let reading = async {
            let mut lines = Lines::default();
            while let Some(chunk) = reader.read().await {
                for (stream, line) in lines.push(chunk.stream, &chunk.bytes) {
                    self.native_line(stream, line).await?;
                }
            }
            for (stream, line) in lines.rest() {
                self.native_line(stream, line).await?;
            }
            Ok(())
        };
        let (code, read): (_, Result<(), Failure>) = tokio::join!(running, reading);
        // A program whose output nobody reads any more has no exit code that anybody could ask for.
        if let Ok(code) = code {
            self.runspace.set_last_exit_code(code);
        }
        if code != Ok(0) {
            self.complained.store(true, Ordering::Relaxed);
        }
        read
    }

    async fn native_line(&self, stream: Stream, line: String) -> Result<(), Failure> {
        if stream == Stream::Stderr {
            let problem = Problem {
                message: line.clone(),
                category: "NotSpecified",
                exception: "System.Management.Automation.RemoteException",
                id: "NativeCommandError",
                target: Target::Text(line),
            };
            return self.emit(Emission::Error(Box::new(problem.record("", None, "")))).await;
        }
        self.put(Value::from(line.as_str())).await
    }

    async fn finish(self, ended: Result<(), Failure>) -> Success {
        match ended {
            Ok(()) | Err(Failure::Abandoned) if self.complained.load(Ordering::Relaxed) => Success::No,
            Ok(()) | Err(Failure::Abandoned) => Success::Yes,
            Err(Failure::Error(record)) => {
                // A pipeline that nobody listens to any more has nobody to tell.
                let _told = self.emit(Emission::Fatal(Fatal(record))).await;
                Success::Terminated
            }
        }
    }

    /// The next value from the command before, or nothing at the end.
    pub(super) async fn take_item(&mut self) -> Option<Item> {
        match &mut self.input {
            Input::Nothing => None,
            Input::Values(values) => values.recv().await,
        }
    }

    /// The same as the machine's own cmdlets read values.
    pub(super) async fn take(&mut self) -> Option<Value> {
        self.take_item().await.map(|item| item.to_clixml())
    }

    /// The cmdlet that runs; a program is none.
    pub(super) fn cmdlet(&self) -> Option<&'static Cmdlet> {
        self.cmdlet
    }

    /// Whether a command stands before this one.
    pub(super) fn has_input(&self) -> bool {
        matches!(self.input, Input::Values(_))
    }

    /// Puts a value out.
    pub(super) async fn put(&self, value: Value) -> Result<(), Failure> {
        self.put_item(Item::from_clixml(&value)).await
    }

    /// Puts out what came from another command.
    pub(super) async fn put_item(&self, item: Item) -> Result<(), Failure> {
        match &self.output {
            Output::Next(next) => next.send(item).await.map_err(|_| Failure::Abandoned),
            Output::Pipeline => self.send(Emission::Output(item)).await,
        }
    }

    /// Reports an error and goes on, unless the caller wants otherwise.
    pub(super) async fn complain(&self, problem: Problem) -> Result<(), Failure> {
        self.complain_of(self.record(problem)).await
    }

    /// The same for an error that is a record already.
    pub(super) async fn complain_of(&self, record: ErrorRecord) -> Result<(), Failure> {
        self.complained.store(true, Ordering::Relaxed);
        match self.action {
            ErrorAction::Continue => self.emit(Emission::Error(Box::new(record))).await,
            ErrorAction::SilentlyContinue | ErrorAction::Ignore => Ok(()),
            ErrorAction::Stop => Err(Failure::Error(Box::new(stopping(record)))),
        }
    }

    /// An error that ends the command, whatever the caller wants.
    pub(super) fn fail(&self, problem: Problem) -> Failure {
        Failure::Error(Box::new(self.record(problem)))
    }

    pub(super) async fn warn(&self, text: String) -> Result<(), Failure> {
        self.emit(Emission::Warning(text)).await
    }

    /// Says something that only `-Verbose` lets through.
    pub(super) async fn say_verbosely(&self, text: String) -> Result<(), Failure> {
        if self.verbose { self.emit(Emission::Verbose(text)).await } else { Ok(()) }
    }

    /// The same for `-Debug`.
    pub(super) async fn say_in_detail(&self, text: String) -> Result<(), Failure> {
        if self.debug { self.emit(Emission::Debug(text)).await } else { Ok(()) }
    }

    /// Whether to go on with a change. With `-WhatIf` it only says what it would do; with `-Verbose` it says so too.
    pub(super) async fn should_process(&self, target: &str) -> Result<bool, Failure> {
        self.should_process_as(self.activity(), target).await
    }

    /// The same for an operation that has a name of its own.
    pub(super) async fn should_process_as(&self, operation: &str, target: &str) -> Result<bool, Failure> {
        let what = format!("Performing the operation \"{operation}\" on target \"{target}\".");
        if self.what_if {
            self.emit(Emission::Host(format!("What if: {what}"))).await?;
            return Ok(false);
        }
        if self.verbose {
            self.emit(Emission::Verbose(what)).await?;
        }
        Ok(true)
    }

    /// Says something on a stream of the command's, or where that is merged into.
    pub(super) async fn emit(&self, emission: Emission) -> Result<(), Failure> {
        match (emission.destination(&self.merge), emission, &self.errors) {
            (Destination::Nowhere, ..) => Ok(()),
            (Destination::Output, emission, _) => match emission.into_record() {
                Ok((_, record)) => self.put(record).await,
                Err(emission) => self.send(emission).await,
            },
            (Destination::Own, Emission::Error(record), Some(next)) => {
                let item = Item::from_clixml(&record.to_value());
                next.send(item).await.map_err(|_| Failure::Abandoned)
            }
            (Destination::Own, emission, _) => self.send(emission).await,
        }
    }

    async fn send(&self, emission: Emission) -> Result<(), Failure> {
        self.emissions.send(emission).await.map_err(|_| Failure::Abandoned)
    }

    fn record(&self, problem: Problem) -> ErrorRecord {
        problem.record(self.activity(), self.cmdlet.map(|cmdlet| cmdlet.class), &self.text)
    }

    fn activity(&self) -> &'static str {
        self.cmdlet.map_or("", |cmdlet| cmdlet.name)
    }
}

/// The error that `-ErrorAction Stop` makes of another: the same identity, other words.
fn stopping(record: ErrorRecord) -> ErrorRecord {
    let message = format!(
        "The running command stopped because the preference variable \"ErrorActionPreference\" or common parameter is \
         set to Stop: {}",
        record.message
    );
    ErrorRecord {
        message: message.as_str().into(),
        exception_type: "System.Management.Automation.ActionPreferenceStopException".into(),
        exception_message: message.into(),
        ..record
    }
}

/// An argument as a native program receives it.
fn word(argument: TypedArgument) -> String {
    match argument {
        TypedArgument::Named(name, None) => format!("-{name}"),
        TypedArgument::Named(name, Some(value)) => format!("-{name}:{}", value.text()),
        TypedArgument::Positional(value) => value.text(),
    }
}

fn quoted(word: &str) -> String {
    if word.is_empty() || word.contains([' ', '\t']) { format!("\"{word}\"") } else { word.to_owned() }
}

/// Cuts what a program writes into lines, each stream by itself.
#[derive(Debug, Default)]
struct Lines {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Lines {
    fn push(&mut self, stream: Stream, bytes: &[u8]) -> Vec<(Stream, String)> {
        let pending = if stream == Stream::Stderr { &mut self.stderr } else { &mut self.stdout };
        pending.extend_from_slice(bytes);
        let Some(end) = pending.iter().rposition(|byte| *byte == b'\n') else { return Vec::new() };
        let rest = pending.split_off(end + 1);
        let whole = std::mem::replace(pending, rest);
        String::from_utf8_lossy(&whole).lines().map(|line| (stream, line.to_owned())).collect()
    }

    fn rest(self) -> Vec<(Stream, String)> {
        [(Stream::Stdout, self.stdout), (Stream::Stderr, self.stderr)]
            .into_iter()
            .filter(|(_, bytes)| !bytes.is_empty())
            .map(|(stream, bytes)| (stream, String::from_utf8_lossy(&bytes).into_owned()))
            .collect()
    }
}

const PIPE_SIZE: usize = 64 * 1024;
