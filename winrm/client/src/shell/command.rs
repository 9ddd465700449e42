//! A command and its command line, on which data stays data.

use std::fmt;

use winrm_proto::winrs::{self, ConsoleMode, Interpreter};

/// What to start in a shell.
///
/// The host joins the words of a command with spaces and hands the line to a program, or to `cmd.exe` first, so
/// that words have to be quoted here. [`Command::program`] does that for every argument, or refuses it.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    line: Line,
}

/// Why a program cannot be started with these words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// There is no program.
    #[error("the name of the program is empty")]
    Empty,
    /// The name needs quoting that `cmd.exe` does not have.
    #[error(
        "the program's name holds {character:?}, which cmd.exe gives a meaning; \
         name the program by its full path"
    )]
    Name {
        /// The first such character.
        character: char,
    },
    /// An argument cannot be quoted for `cmd.exe`, which looks up the program.
    #[error(
        "argument {position} holds {character:?}, which cmd.exe cannot be kept from interpreting; \
         name the program by its full path, so that no cmd.exe is in between"
    )]
    Argument {
        /// Which argument, counted from 1.
        position: usize,
        /// The first such character.
        character: char,
    },
    /// Longer lines are cut, sometimes without an error.
    #[error("the command line has {length} characters; {limit} is the limit")]
    TooLong {
        /// Its length in UTF-16 units.
        length: usize,
        /// The limit.
        limit: usize,
    },
}

#[derive(Clone, PartialEq, Eq)]
enum Line {
    Program { executable: String, arguments: Vec<String> },
    Cmd(String),
}

impl Command {
    /// A program and its arguments as data: what the program sees are these words, whatever they hold.
    ///
    /// A full path (`C:\Windows\System32\whoami.exe`) is started directly. A bare name (`whoami`) is looked up by
    /// `cmd.exe`, which takes no argument with `"`, `%` or a line break.
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
        let (command, arguments, interpreter) = match &self.line {
            Line::Cmd(line) => (line.clone(), Vec::new(), Interpreter::Cmd),
            Line::Program { executable, arguments } if is_full_path(executable) => {
                (quoted(executable), arguments.iter().map(|word| quoted(word)).collect(), Interpreter::None)
            }
            Line::Program { executable, arguments } => {
                (plain_name(executable)?, for_cmd(arguments)?, Interpreter::Cmd)
            }
        };
        if command.trim().is_empty() {
            return Err(CommandError::Empty);
        }
        let limit = match interpreter {
            Interpreter::Cmd => CMD_LIMIT,
            Interpreter::None => CREATE_PROCESS_LIMIT,
        };
        let words = std::iter::once(&command).chain(&arguments);
        let length = words.map(|word| word.encode_utf16().count().saturating_add(1)).sum();
        if length > limit {
            return Err(CommandError::TooLong { length, limit });
        }
        Ok(winrs::Command {
            command,
            arguments,
            console_mode: Some(ConsoleMode::Pipe),
            interpreter: Some(interpreter),
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

/// `C:\…` or `\\server\…`: what `CreateProcess` finds without a search.
fn is_full_path(executable: &str) -> bool {
    let mut characters = executable.chars();
    let drive = characters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && characters.next() == Some(':')
        && matches!(characters.next(), Some('\\' | '/'));
    drive || executable.starts_with("\\\\")
}

/// The name of a program that means nothing else to `cmd.exe`.
fn plain_name(executable: &str) -> Result<String, CommandError> {
    let is_plain =
        |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '\\' | '/' | ':' | '+' | '~' | '#');
    match executable.chars().find(|c| !is_plain(*c)) {
        Some(character) => Err(CommandError::Name { character }),
        None => Ok(executable.to_owned()),
    }
}

/// Inside quotation marks `cmd.exe` leaves alone everything but the mark itself and variables.
fn for_cmd(arguments: &[String]) -> Result<Vec<String>, CommandError> {
    let fits = |(index, word): (usize, &String)| match word
        .chars()
        .find(|c| matches!(c, '"' | '%' | '\r' | '\n' | '\0'))
    {
        Some(character) => Err(CommandError::Argument { position: index.saturating_add(1), character }),
        None if word.chars().any(|c| CMD_METACHARACTERS.contains(c)) => Ok(enclosed(word)),
        None => Ok(quoted(word)),
    };
    arguments.iter().enumerate().map(fits).collect()
}

/// The word as `CommandLineToArgvW` reads it back.
fn quoted(word: &str) -> String {
    let needs_marks = word.is_empty() || word.contains([' ', '\t', '\n', '\u{b}', '"']);
    if needs_marks { enclosed(word) } else { word.to_owned() }
}

/// The word in quotation marks: a mark inside takes a backslash, and backslashes before a mark are doubled.
fn enclosed(word: &str) -> String {
    let mut line = String::with_capacity(word.len().saturating_add(2));
    line.push('"');
    let mut backslashes = 0_usize;
    for character in word.chars() {
        match character {
            '\\' => backslashes = backslashes.saturating_add(1),
            '"' => {
                line.extend(std::iter::repeat_n('\\', backslashes.saturating_add(1)));
                backslashes = 0;
            }
            _ => backslashes = 0,
        }
        line.push(character);
    }
    line.extend(std::iter::repeat_n('\\', backslashes));
    line.push('"');
    line
}

const CMD_METACHARACTERS: &str = "&|<>^()!";
const CMD_LIMIT: usize = 8_191;
const CREATE_PROCESS_LIMIT: usize = 32_767;

#[cfg(test)]
mod tests;
