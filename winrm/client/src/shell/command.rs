//! A command and its command line, on which data stays data.

use std::fmt;

use winrm_proto::winrs::{
    self, ConsoleMode, Interpreter,
    command_line::{self, Unquotable},
};

/// What to start in a shell.
///
/// The host joins the words of a command with spaces and hands the line to a program, or to `cmd.exe` first, so
/// that words have to be quoted here. [`Command::program`] does that for every argument, or refuses it.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    line: Line,
}

/// Why a program cannot be started with these words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// There is no program.
    #[error("the name of the program is empty")]
    Empty,
    /// The name or path cannot be sent.
    #[error("the program's name cannot be sent: {0}")]
    Name(Unquotable),
    /// An argument cannot be sent.
    #[error("argument {position} cannot be sent: {reason}")]
    Argument {
        /// Which argument, counted from 1.
        position: usize,
        /// Why.
        reason: Unquotable,
    },
    /// The line is too long.
    #[error(transparent)]
    Line(Unquotable),
}

#[derive(Clone, PartialEq, Eq)]
enum Line {
    Program { executable: String, arguments: Vec<String> },
    Cmd(String),
}

impl Command {
    /// A program and its arguments as data: what the program sees are these words. A word that no quoting keeps
    /// `cmd.exe` from interpreting is refused when the command is started.
    #[must_use]
    pub fn program(executable: impl Into<String>) -> Self {
        Self { line: Line::Program { executable: executable.into(), arguments: Vec::new() } }
    }

    /// A line for `cmd.exe`, which interprets all of it. Never put data into it that somebody else chose.
    #[must_use]
    pub fn cmd_line(line: impl Into<String>) -> Self {
        Self { line: Line::Cmd(line.into()) }
    }

    /// Adds an argument. A [`Command::cmd_line`] has none; there it is a word more, as it stands.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<String>) -> Self {
        match &mut self.line {
            Line::Program { arguments, .. } => arguments.push(argument.into()),
            Line::Cmd(line) => {
                line.push(' ');
                line.push_str(&argument.into());
            }
        }
        self
    }

    /// Adds several arguments.
    #[must_use]
    pub fn arguments<A: Into<String>>(self, arguments: impl IntoIterator<Item = A>) -> Self {
        arguments.into_iter().fold(self, Self::argument)
    }

    /// The request that starts it.
    pub(super) fn request(&self) -> Result<winrs::Command, CommandError> {
        let (command, arguments) = match &self.line {
            Line::Cmd(line) => (line.clone(), Vec::new()),
            Line::Program { executable, arguments } => {
                let quote = |(index, word): (usize, &String)| {
                    let position = index.saturating_add(1);
                    command_line::argument(word).map_err(|reason| CommandError::Argument { position, reason })
                };
                let arguments = arguments.iter().enumerate().map(quote).collect::<Result<Vec<_>, _>>()?;
                (command_line::executable(executable).map_err(CommandError::Name)?, arguments)
            }
        };
        if command.trim().is_empty() {
            return Err(CommandError::Empty);
        }
        let words: Vec<&str> = std::iter::once(&command).chain(&arguments).map(String::as_str).collect();
        command_line::measure(&words.join(" ")).map_err(CommandError::Line)?;
        Ok(winrs::Command {
            command,
            arguments,
            console_mode: Some(ConsoleMode::Pipe),
            // Windows since 2012 R2 takes cmd.exe whatever is asked for.
            interpreter: Some(Interpreter::Cmd),
            command_id: None,
        })
    }
}

impl fmt::Debug for Command {
    /// Arguments may hold what belongs into no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.line {
            Line::Program { executable, arguments } => f
                .debug_struct("Command")
                .field("executable", executable)
                .field("arguments", &arguments.len())
                .finish(),
            Line::Cmd(_) => f.debug_struct("Command").finish_non_exhaustive(),
        }
    }
}

#[cfg(test)]
mod tests;
