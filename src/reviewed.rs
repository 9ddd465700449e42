//! Scripts that a human has reviewed: their files as they are now, what their parameters take, and the work that a call
//! of one is.
//!
//! Whether a file is what was reviewed, and where it may run, is the policy's to say. It is read anew each time, so that
//! an edit counts at once, and the bytes that are judged are the bytes that are sent.

mod parameter;

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::Path,
};

use serde_json::{Map, Value as Json};
use winrm_script::{declaration::Declared, parse, typed::Argument};

pub use self::parameter::{Form, Parameter, SHARED};
use crate::{
    call::Work,
    policy::{Policy, ScriptFault, ScriptSettings},
    remedy::{Code, Remedy},
};

/// A script with its file as it was read.
#[derive(Debug)]
pub struct Script<'s> {
    settings: &'s ScriptSettings,
    content: Result<Vec<u8>, io::ErrorKind>,
}

/// What a script can be given.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Interface {
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// Parameters that need not be given, and cannot be; each with why, as a clause.
    pub left_out: Vec<(String, &'static str)>,
    /// What its own help says that it does.
    pub synopsis: Option<String>,
}

/// What is wrong with what a script is given. It never repeats a value, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentFault {
    /// It must be given.
    #[error("the parameter {0} is missing")]
    Missing(String),
    /// The script has no such parameter, or it cannot be given.
    #[error("there is no parameter {name}; known: {known}")]
    Unknown {
        /// What was given.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// It takes something else.
    #[error("the parameter {name} takes {expected}")]
    Value {
        /// The parameter.
        name: String,
        /// What it takes.
        expected: String,
    },
    /// No script has this name.
    #[error("there is no reviewed script {name}; known: {known}")]
    NoScript {
        /// What was asked for.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A word that belongs to no parameter.
    #[error("word {0} belongs to no parameter")]
    Stray(usize),
    /// Its parameters cannot be read, or cannot be given.
    #[error(transparent)]
    Script(#[from] ScriptFault),
}

impl<'s> Script<'s> {
    /// Reads the file.
    #[must_use]
    pub fn read(settings: &'s ScriptSettings) -> Self {
        Self { settings, content: content(&settings.file).map_err(|error| error.kind()) }
    }

    /// The same of the script of this name.
    ///
    /// # Errors
    /// [`ArgumentFault::NoScript`].
    pub fn named(policy: &'s Policy, name: &str) -> Result<Self, ArgumentFault> {
        let scripts = policy.scripts();
        let found = scripts.iter().find(|settings| settings.name.is(name));
        found.map(Self::read).ok_or_else(|| {
            let names: Vec<&str> = scripts.iter().map(|settings| settings.name.as_str()).collect();
            ArgumentFault::NoScript { name: name.to_owned(), known: names.join(", ") }
        })
    }

    /// What the configuration says of it.
    #[must_use]
    pub fn settings(&self) -> &'s ScriptSettings {
        self.settings
    }

    /// What it can be given, if it is what was reviewed.
    ///
    /// # Errors
    /// [`ScriptFault`].
    pub fn interface(&self) -> Result<Interface, ScriptFault> {
        let text = self.settings.reviewed(&self.content)?;
        Interface::of(text, &self.settings.file)
    }

    /// The work of a call that gives JSON values by name.
    ///
    /// # Errors
    /// [`ArgumentFault`] of the first argument that does not fit.
    pub fn given(&self, arguments: &Map<String, Json>) -> Result<Work, ArgumentFault> {
        let Some(interface) = self.of_reviewed()? else { return Ok(self.work(None)) };
        let mut given = Vec::new();
        for (name, value) in arguments {
            given.push(interface.parameter(name)?.given(value)?);
        }
        Ok(self.work(Some(interface.in_order(&given)?)))
    }

    /// The same of words as a shell splits them: `-Name value`, `-Name:value`, `-Switch`, and several values behind the
    /// name of a parameter that takes several.
    ///
    /// # Errors
    /// As [`Script::given`].
    pub fn given_words(&self, words: &[String]) -> Result<Work, ArgumentFault> {
        let Some(interface) = self.of_reviewed()? else { return Ok(self.work(None)) };
        let mut given = Vec::new();
        let mut words = (1..).zip(words).peekable();
        while let Some((number, word)) = words.next() {
            let written = name_in(word).ok_or(ArgumentFault::Stray(number))?;
            let (name, own) =
                written.split_once(':').map_or((written, None), |(name, own)| (name, Some(own)));
            let parameter = interface.parameter(name)?;
            let mut values: Vec<&str> = own.into_iter().collect();
            let takes = |values: &[&str]| match parameter.form {
                Form::Switch => false,
                _ => own.is_none() && (values.is_empty() || parameter.several),
            };
            while takes(&values)
                && let Some((_, word)) = words.next_if(|(_, word)| name_in(word).is_none())
            {
                values.push(word);
            }
            given.push(parameter.given_words(&values)?);
        }
        Ok(self.work(Some(interface.in_order(&given)?)))
    }

    /// What it can be given; nothing where it is not what was reviewed, which is for the policy to deny.
    fn of_reviewed(&self) -> Result<Option<Interface>, ArgumentFault> {
        match self.interface() {
            Ok(interface) => Ok(Some(interface)),
            Err(fault @ (ScriptFault::Parameters { .. } | ScriptFault::Parameter { .. })) => {
                Err(fault.into())
            }
            Err(
                ScriptFault::Unreadable { .. } | ScriptFault::Edited { .. } | ScriptFault::NotUtf8 { .. },
            ) => Ok(None),
        }
    }

    fn work(&self, arguments: Option<Vec<Argument>>) -> Work {
        let (script, content) = (self.settings.name.as_str().to_owned(), self.content.clone());
        Work::Reviewed { script, content, arguments }
    }
}

impl Interface {
    /// Reads the head of a script's text.
    ///
    /// # Errors
    /// [`ScriptFault`] where the parameters cannot be read, or one that must be given cannot be.
    pub fn of(text: &str, file: &Path) -> Result<Self, ScriptFault> {
        let declaration = winrm_script::declaration::Declaration::read(text);
        let unreadable = |refusal: parse::Refusal| ScriptFault::Parameters { file: file.to_owned(), refusal };
        let declaration = declaration.map_err(unreadable)?;
        let mut interface = Self { synopsis: declaration.synopsis, ..Self::default() };
        for declared in declaration.parameters {
            let Declared { name, required, .. } = &declared;
            let (name, required) = (name.clone(), *required);
            match Parameter::of(declared) {
                Ok(parameter) => interface.parameters.push(parameter),
                Err(why) if required => {
                    return Err(ScriptFault::Parameter { file: file.to_owned(), parameter: name, why });
                }
                Err(why) => interface.left_out.push((name, why)),
            }
        }
        Ok(interface)
    }

    fn parameter(&self, name: &str) -> Result<&Parameter, ArgumentFault> {
        let found = self.parameters.iter().find(|own| own.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| {
            let names: Vec<&str> = self.parameters.iter().map(Parameter::name).collect();
            ArgumentFault::Unknown { name: name.to_owned(), known: names.join(", ") }
        })
    }

    /// What was given, in the order in which the script declares it, so that the same work looks the same. All is there
    /// that must be, and nothing twice.
    fn in_order(&self, given: &[Argument]) -> Result<Vec<Argument>, ArgumentFault> {
        let mut ordered = Vec::new();
        for parameter in &self.parameters {
            let name = parameter.name();
            let is = |argument: &&Argument| matches!(argument, Argument::Parameter { name: own, .. } if own.as_str() == name);
            let mut own = given.iter().filter(is);
            match (own.next(), own.next()) {
                (Some(only), None) => ordered.push(only.clone()),
                (None, _) if parameter.declared.required => {
                    return Err(ArgumentFault::Missing(name.to_owned()));
                }
                (None, _) => {}
                (Some(_), Some(_)) => {
                    let (name, expected) = (name.to_owned(), "a value once".to_owned());
                    return Err(ArgumentFault::Value { name, expected });
                }
            }
        }
        Ok(ordered)
    }
}

impl Remedy for ArgumentFault {
    fn code(&self) -> Code {
        Code::Usage
    }

    fn fix(&self) -> Option<String> {
        Some(match self {
            Self::NoScript { .. } => "name one, or add a [[script]] to the configuration".to_owned(),
            Self::Stray(_) => "name each value: -Parameter value".to_owned(),
            Self::Script(fault) => return fault.fix(),
            _ => "give what the script's parameters take".to_owned(),
        })
    }
}

/// The name in a word that begins a parameter: `-5` is a number.
fn name_in(word: &str) -> Option<&str> {
    word.strip_prefix('-').filter(|rest| rest.starts_with(|first: char| first.is_ascii_alphabetic()))
}

/// The bytes of a script's file, which is one and not longer than a script may be.
///
/// # Errors
/// What the system says.
pub fn content(path: &Path) -> io::Result<Vec<u8>> {
    // Opening a pipe would wait for its writer.
    if !fs::metadata(path)?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let limit = u64::try_from(parse::MAX_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() > parse::MAX_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
