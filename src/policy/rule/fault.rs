//! What can be wrong with a rule.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::NotARate;
use crate::{
    policy::path::PathFault,
    remedy::{Code, Remedy},
};

/// Why a rule is refused when it is loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rule {rule:?}: {fault}")]
pub struct RuleError {
    /// The rule's name.
    pub rule: String,
    /// Its number among the rules of its file, from 0.
    pub index: usize,
    /// What is wrong.
    pub fault: RuleFault,
}

/// What can be wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleFault {
    /// It names neither command, program nor script and is not raw.
    #[error("it can never match: it names no command, no program and no script")]
    MatchesNothing,
    /// An entry in `commands` is neither name nor pattern.
    #[error("{0:?} is neither a command's full name nor a pattern of names")]
    CommandName(String),
    /// A pattern in `commands` that no name of the table matches.
    #[error("it can never match: no command of the table is called {0:?}")]
    PatternOfNothing(String),
    /// A program that cannot be called so.
    #[error("it can never match: {0:?} is neither a program's file name nor its full path")]
    ProgramName(String),
    /// A program without any list of arguments that it may have.
    #[error("it can never match: {0:?} has no list of arguments; leave `arguments` out to allow any")]
    ProgramWithoutForm(String),
    /// An entry in `scripts` is neither name, pattern nor digest.
    #[error(
        "{0:?} is neither a script's name, nor a pattern of names, nor a SHA-256 of 64 hexadecimal digits"
    )]
    ScriptName(String),
    /// A rule of the machine's policy that names a script by its name.
    #[error("{0:?} is a name, which users choose: it says nothing of what a script holds")]
    ScriptByName(String),
    /// `purpose` is empty.
    #[error("it can never match: purpose names no occasion")]
    NoPurpose,
    /// Parameters without commands.
    #[error("parameters say nothing about programs: the rule names no command")]
    ParametersWithoutCommands,
    /// `approval`, `rate` or `what_if` in a rule that denies.
    #[error("a rule that denies has neither approval nor rate nor what_if")]
    TermsOfDenial,
    /// A command lacks a parameter of a closed rule.
    #[error("it can never match: {command} has no parameter {parameter:?}")]
    UnknownParameter {
        /// The command.
        command: String,
        /// What the rule says.
        parameter: String,
        /// The parameter that looks most like it.
        nearest: Option<&'static str>,
    },
    /// No value can be taken.
    #[error("it can never match: no value fits {parameter:?}")]
    EmptyParameter {
        /// The parameter.
        parameter: String,
    },
    /// Several kinds of values for one parameter.
    #[error(
        "{parameter:?} takes one of values, pattern, range, paths, names, filter, xpath, keys and forbidden"
    )]
    Kinds {
        /// The parameter.
        parameter: String,
    },
    /// The value to fill in is none that the rule would take.
    #[error("the value to fill in for {parameter:?} is none that this rule takes")]
    Fill {
        /// The parameter.
        parameter: String,
    },
    /// A pattern of values is no regular expression.
    #[error("the pattern of {parameter:?} is no regular expression: {message}")]
    Pattern {
        /// The parameter.
        parameter: String,
        /// What is wrong with it.
        message: String,
    },
    /// A folder or registry key is none.
    #[error("{path:?} is no root for paths: {fault}")]
    Path {
        /// What the rule says.
        path: String,
        /// What is wrong with it.
        fault: PathFault,
    },
    /// `expires` is no time.
    #[error("{0:?} is no time such as 2026-12-31T18:00:00Z")]
    Expires(String),
    /// `rate` is none.
    #[error(transparent)]
    Rate(#[from] NotARate),
    /// A raw rule beside an exclude list or a rule that denies, which cannot look into raw text.
    #[error("raw text cannot be searched for what is excluded or denied")]
    RawWithExclude,
    /// A raw rule that names commands, or denies.
    #[error(
        "a raw rule allows text as a whole: it takes no commands, programs, parameters or what_if, and cannot deny"
    )]
    RawWithCommands,
}

impl Remedy for RuleError {
    fn code(&self) -> Code {
        Code::Configuration
    }

    fn fix(&self) -> Option<String> {
        match &self.fault {
            RuleFault::UnknownParameter { nearest: Some(nearest), .. } => {
                Some(format!("did you mean {nearest}?"))
            }
            RuleFault::MatchesNothing => Some("add commands, programs or scripts".to_owned()),
            RuleFault::ScriptByName(_) => {
                Some("write the script's SHA-256, or * for every script".to_owned())
            }
            RuleFault::RawWithExclude => Some("remove the raw rule, or what excludes and denies".to_owned()),
            _ => None,
        }
    }
}

/// Reads when a rule ends.
pub(super) fn time(text: &str) -> Result<OffsetDateTime, RuleFault> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|_| RuleFault::Expires(text.to_owned()))
}
