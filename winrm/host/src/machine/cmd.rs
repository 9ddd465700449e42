//! `cmd.exe /c`: the line, its built-in commands, and the programs it starts.

mod builtin;
mod listing;
mod parse;

pub(super) use parse::words;

use super::Machine;
use super::console::{Console, Sink, Source};
use super::pipe::{Broken, Stream, pipe};
use super::programs::{Program, Resolved};
use builtin::Builtin;
use parse::{Condition, Line, ParseError, Pipeline, Redirection, Simple};

/// A command interpreter that runs one line.
pub(super) struct Interpreter<'m> {
    machine: &'m Machine,
    /// `%ERRORLEVEL%`.
    level: i32,
    /// Set by `exit`.
    leaving: bool,
}

/// Runs a line the way `cmd /c` does, and gives the exit code.
pub(super) async fn run(machine: &Machine, line: &str, console: &mut Console) -> Result<i32, Broken> {
    if line.chars().count() > LINE_LIMIT {
        console.stderr.line("The command line is too long.").await?;
        return Ok(1);
    }
    let line = without_outer_quotes(line);
    match parse::parse(line, &console.environment) {
        Ok(line) => {
            let mut interpreter = Interpreter { machine, level: 0, leaving: false };
            interpreter.line(line, console).await?;
            Ok(interpreter.level)
        }
        Err(ParseError::Unexpected(operator)) => {
            console.stderr.line(&format!("{operator} was unexpected at this time.")).await?;
            Ok(255)
        }
        Err(ParseError::Syntax) => {
            console.stderr.line("The syntax of the command is incorrect.").await?;
            Ok(1)
        }
    }
}

impl Interpreter<'_> {
    async fn line(&mut self, line: Line, console: &mut Console) -> Result<(), Broken> {
        for (condition, pipeline) in line.steps {
            let runs = match condition {
                Condition::Always => true,
                Condition::Success => self.level == 0,
                Condition::Failure => self.level != 0,
            };
            if runs {
                self.pipeline(pipeline, console).await?;
            }
            if self.leaving {
                break;
            }
        }
        Ok(())
    }

    /// Runs commands joined by `|` at the same time. What a built-in one changes stays its own, as on Windows.
    async fn pipeline(&mut self, mut pipeline: Pipeline, console: &mut Console) -> Result<(), Broken> {
        let Some(last) = pipeline.pop() else { return Ok(()) };
        if pipeline.is_empty() {
            return self.simple(last, console).await;
        }
        let mut stdin = std::mem::replace(&mut console.stdin, Source::Empty);
        let mut running = Vec::new();
        for simple in pipeline {
            let (writer, reader) = pipe(PIPE_SIZE);
            let stdout = Sink::Pipe(writer, Stream::Stdout);
            let stage = stage(console, std::mem::replace(&mut stdin, Source::Pipe(reader)), stdout);
            running.push(Box::pin(self.stage(simple, stage)));
        }
        let end = stage(console, stdin, console.stdout.clone());
        let end = Box::pin(self.stage(last, end));
        let (level, _others) = tokio::join!(end, all(running));
        self.level = level?;
        Ok(())
    }

    async fn stage(&self, simple: Simple, mut console: Console) -> Result<i32, Broken> {
        let mut interpreter = Interpreter { machine: self.machine, level: 0, leaving: false };
        Box::pin(interpreter.simple(simple, &mut console)).await?;
        Ok(interpreter.level)
    }

    async fn simple(&mut self, simple: Simple, console: &mut Console) -> Result<(), Broken> {
        let (stdout, stderr) = (console.stdout.clone(), console.stderr.clone());
        let redirected = redirect(&simple.redirections, console).await?;
        if redirected {
            Box::pin(self.command(simple.text.trim_start(), console)).await?;
        } else {
            self.level = 1;
        }
        (console.stdout, console.stderr) = (stdout, stderr);
        Ok(())
    }

    async fn command(&mut self, text: &str, console: &mut Console) -> Result<(), Broken> {
        let text = text.trim_start_matches('@');
        if let Some((builtin, rest)) = Builtin::split(text) {
            return self.builtin(builtin, rest, console).await;
        }
        let words = words(text);
        let Some((name, arguments)) = words.split_first() else { return Ok(()) };
        self.level = match Program::resolve(name) {
            Resolved::Program(program) => {
                let arguments_text = text.get(first_word(text)..).unwrap_or_default();
                self.machine.run_program(program, arguments, arguments_text, console).await?
            }
            Resolved::NoSuchPath => {
                console.stderr.line("The system cannot find the path specified.").await?;
                1
            }
            Resolved::Unknown => {
                let message = format!(
                    "'{name}' is not recognized as an internal or external command,\r\noperable program or batch file."
                );
                console.stderr.line(&message).await?;
                // In a batch file %ERRORLEVEL% is 9009; `cmd /c` itself ends with 1.
                1
            }
        };
        Ok(())
    }
}

/// Bytes of the part of a command's text that names the program.
fn first_word(text: &str) -> usize {
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            ' ' | '\t' if !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

/// `cmd /c "…"` takes quotes around a whole line away, unless they hold nothing but a program's name.
fn without_outer_quotes(line: &str) -> &str {
    let inner = line.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inner {
        Some(inner) if !matches!(Program::resolve(inner), Resolved::Program(_)) => inner,
        _ => line,
    }
}

/// A console for one end of a `|`.
fn stage(console: &Console, stdin: Source, stdout: Sink) -> Console {
    Console {
        stdin,
        stdout,
        stderr: console.stderr.clone(),
        environment: console.environment.clone(),
        directory: console.directory.clone(),
        user: console.user.clone(),
    }
}

/// Sends streams elsewhere. Only `NUL` can be written to and read from: this machine keeps no files for cmd.
async fn redirect(redirections: &[Redirection], console: &mut Console) -> Result<bool, Broken> {
    for redirection in redirections {
        match redirection {
            Redirection::StderrToStdout => console.stderr = console.stdout.clone(),
            Redirection::StdoutToStderr => console.stdout = console.stderr.clone(),
            Redirection::StdinFrom(name) if is_nul(name) => console.stdin = Source::Empty,
            Redirection::StdoutTo(name) if is_nul(name) => console.stdout = Sink::Nowhere,
            Redirection::StderrTo(name) if is_nul(name) => console.stderr = Sink::Nowhere,
            Redirection::StdinFrom(_) => {
                console.stderr.line("The system cannot find the file specified.").await?;
                return Ok(false);
            }
            Redirection::StdoutTo(_) | Redirection::StderrTo(_) => {
                console.stderr.line("Access is denied.").await?;
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn is_nul(name: &str) -> bool {
    name.eq_ignore_ascii_case("nul")
}

/// Runs futures at the same time, to their ends.
async fn all<F: Future + Unpin>(mut futures: Vec<F>) {
    std::future::poll_fn(|context| {
        futures.retain_mut(|future| std::pin::Pin::new(future).poll(context).is_pending());
        if futures.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

/// Characters of the longest line that cmd.exe takes.
const LINE_LIMIT: usize = 8_191;
/// Bytes between two programs of a pipeline.
const PIPE_SIZE: usize = 4_096;
