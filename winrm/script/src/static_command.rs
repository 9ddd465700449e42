//! One static command: a name and literal arguments, as data.
//!
//! [`StaticCommand::parse`] reads PowerShell text and accepts exactly one command whose arguments are
//! literals; [`StaticCommand::from_words`] takes words that a shell has already separated. Both give the same
//! data, and [`StaticCommand::render`] writes it anew as text that can mean nothing else. Variables, pipelines,
//! script blocks, redirections and everything else that would be computed are refused, with the place, the reason
//! and what to write instead.
//!
//! A word that Windows PowerShell 5.1 and PowerShell 7 read differently is refused as well: `1u` is a number in
//! one and a string in the other.

use crate::tree::NumberValue;

mod read;
mod refusal;
mod render;

pub use refusal::{Location, Reason, Refusal};

/// One command with literal arguments.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StaticCommand {
    name: CommandName,
    arguments: Vec<Argument>,
}

/// The name of a command that can be written without quotes: `Get-Service`, `Module\Get-Service`, `ipconfig`,
/// `C:\Windows\System32\ipconfig.exe`. Never a keyword.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CommandName(String);

/// An argument, in the order in which it was written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Argument {
    /// `-Name`, or `-Name:value`. The value that follows after a space is an [`Argument::Value`] of its own:
    /// only the command's own table knows whether `-Name` is a switch.
    Parameter {
        /// The name without its dash.
        name: ParameterName,
        /// The value after a colon.
        value: Option<Literal>,
    },
    /// A value that stands by itself.
    Value(Literal),
}

/// The name of a parameter: an ASCII letter, then ASCII letters and digits. Possibly abbreviated.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ParameterName(String);

/// A value that is known without computing anything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Literal {
    /// A string, quoted or a bare word.
    String(String),
    /// A word that is a number in every PowerShell.
    Number(Number),
    /// `$true` or `$false`.
    Boolean(bool),
    /// `$null`.
    Null,
    /// An array.
    Array(Vec<Literal>),
}

/// A number exactly as it was written: bound to a string parameter, `007` stays `007`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Number(String);

impl StaticCommand {
    /// Reads PowerShell text that holds exactly one command with literal arguments.
    ///
    /// # Errors
    /// A [`Refusal`] that names the place and the reason.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        read::command(text)
    }

    /// Takes words as a shell has separated them: the name, then `-Parameter`, `-Parameter:value` and strings.
    ///
    /// Every value is a string, whatever it looks like, but for `-Parameter:$true` and `-Parameter:$false`,
    /// without which no switch could be turned off.
    ///
    /// # Errors
    /// A [`Refusal`] that names the word.
    pub fn from_words(words: &[String]) -> Result<Self, Refusal> {
        read::words(words)
    }

    /// Puts a command together from parts that are known, such as full names out of the table.
    ///
    /// # Errors
    /// A [`Reason`] where [`StaticCommand::parse`] would not read the rendering back as the same value.
    pub fn new(name: CommandName, arguments: Vec<Argument>) -> Result<Self, Reason> {
        for argument in &arguments {
            match argument {
                Argument::Parameter { value: Some(value), .. } | Argument::Value(value) => {
                    check_literal(value)?;
                }
                Argument::Parameter { value: None, .. } => {}
            }
        }
        Ok(Self { name, arguments })
    }

    /// The command's name as it was written.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The arguments in the order in which they were written.
    #[must_use]
    pub fn arguments(&self) -> &[Argument] {
        &self.arguments
    }

    /// Its parts.
    pub(crate) fn into_parts(self) -> (CommandName, Vec<Argument>) {
        (self.name, self.arguments)
    }

    /// Writes the command as PowerShell text on which Windows PowerShell 5.1 and PowerShell 7 agree, and which
    /// [`StaticCommand::parse`] reads back as the same value.
    #[must_use]
    pub fn render(&self) -> String {
        render::command(self)
    }
}

impl CommandName {
    /// Takes a name that needs no quotes and is no keyword.
    ///
    /// # Errors
    /// [`Reason::CommandName`] for anything else, [`Reason::Keyword`] for a keyword.
    pub fn new(name: &str) -> Result<Self, Reason> {
        let (first, rest) = match name.as_bytes() {
            [letter, b':', b'\\', rest @ ..] if letter.is_ascii_alphabetic() => (letter, rest),
            [first, rest @ ..] => (first, rest),
            [] => return Err(Reason::NoCommand),
        };
        let plain = first.is_ascii_alphabetic()
            && rest
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'\\'));
        if !plain {
            return Err(Reason::CommandName);
        }
        if KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(name)) {
            return Err(Reason::Keyword);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ParameterName {
    /// Takes a name without its dash.
    ///
    /// # Errors
    /// [`Reason::ParameterName`] for anything but an ASCII letter and then ASCII letters and digits.
    pub fn new(name: &str) -> Result<Self, Reason> {
        let mut bytes = name.bytes();
        if bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
            && bytes.all(|byte| byte.is_ascii_alphanumeric())
        {
            Ok(Self(name.to_owned()))
        } else {
            Err(Reason::ParameterName)
        }
    }

    /// The name without its dash, as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Number {
    /// Takes a word that every PowerShell reads as a number: decimal or hexadecimal, with a fraction, an
    /// exponent, the suffixes `d` and `l`, and the multipliers `kb` to `pb`. A sign makes it a string.
    #[must_use]
    pub fn new(word: &str) -> Option<Self> {
        read::is_number(word).then(|| Self(word.to_owned()))
    }

    /// What it is to PowerShell, in the type that it has there.
    #[must_use]
    pub fn value(&self) -> Option<NumberValue> {
        crate::parse::number_value(&self.0)
    }

    /// The number as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What every literal of a command keeps: no NUL, no array in an array, no number in an array but a plain integer.
fn check_literal(value: &Literal) -> Result<(), Reason> {
    match value {
        Literal::String(text) if text.contains('\0') => Err(Reason::Nul),
        Literal::Array(elements) => elements.iter().try_for_each(|element| match element {
            Literal::Array(_) => Err(Reason::NestedArray),
            Literal::Number(number) if !number.as_str().bytes().all(|byte| byte.is_ascii_digit()) => {
                Err(Reason::ArrayNumber)
            }
            Literal::Number(number) if number.as_str().len() > 1 && number.as_str().starts_with('0') => {
                Err(Reason::ArrayNumber)
            }
            element => check_literal(element),
        }),
        Literal::String(_) | Literal::Number(_) | Literal::Boolean(_) | Literal::Null => Ok(()),
    }
}

/// The words that begin a statement of their own, or are reserved to do so, in any PowerShell.
const KEYWORDS: [&str; 39] = [
    "begin",
    "break",
    "catch",
    "class",
    "clean",
    "configuration",
    "continue",
    "data",
    "define",
    "do",
    "dynamicparam",
    "else",
    "elseif",
    "end",
    "enum",
    "exit",
    "filter",
    "finally",
    "for",
    "foreach",
    "from",
    "function",
    "if",
    "in",
    "inlinescript",
    "parallel",
    "param",
    "process",
    "return",
    "sequence",
    "switch",
    "throw",
    "trap",
    "try",
    "until",
    "using",
    "var",
    "while",
    "workflow",
];

#[cfg(test)]
mod tests;
