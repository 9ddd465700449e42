//! Errors of commands, with the identifiers and words of Windows PowerShell 5.1.

use winrm_proto::clixml::{ErrorCategory, ErrorRecord, Value};

/// What ends a command.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Failure {
    /// A terminating error, which is reported.
    Error(Box<ErrorRecord>),
    /// Nobody takes what it puts out.
    Abandoned,
}

/// An error in the making.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) message: String,
    /// The category's name.
    pub(super) category: &'static str,
    /// The exception's full type name.
    pub(super) exception: &'static str,
    /// The first part of the identifier.
    pub(super) id: &'static str,
    pub(super) target: Target,
}

/// What an error is about.
#[derive(Clone, Debug)]
pub(super) enum Target {
    Nothing,
    Text(String),
    /// An object, with the words for it.
    Object {
        value: Value,
        name: String,
        type_name: &'static str,
    },
}

impl Problem {
    /// The record, as raised by this command and class.
    pub(super) fn record(self, activity: &str, class: Option<&str>, text: &str) -> ErrorRecord {
        let (target_object, target_name, target_type) = match self.target {
            Target::Nothing => (Value::Null, String::new(), ""),
            Target::Text(text) => (Value::from(text.as_str()), text, "String"),
            Target::Object { value, name, type_name } => (value, name, type_name),
        };
        let reason = self.exception.rsplit_once('.').map_or(self.exception, |(_, name)| name);
        let id = match class {
            Some(class) => format!("{},{class}", self.id),
            None => self.id.to_owned(),
        };
        ErrorRecord {
            message: self.message.as_str().into(),
            exception_type: self.exception.into(),
            exception_message: self.message.as_str().into(),
            target_object,
            fully_qualified_error_id: id.into(),
            category: ErrorCategory {
                code: ErrorCategory::code_of(self.category).unwrap_or_default(),
                activity: activity.into(),
                reason: reason.into(),
                target_name: target_name.into(),
                target_type: target_type.into(),
            },
            recommended_action: None,
            position_message: (!text.is_empty()).then(|| position(text).into()),
            script_stack_trace: None,
        }
    }
}

/// The place of an error in a script that is one line.
fn position(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let tildes = "~".repeat(line.chars().count());
    format!("At line:1 char:1\r\n+ {line}\r\n+ {tildes}")
}

/// The words for a name that is no command.
pub(super) fn unknown_command(name: &str) -> Problem {
    Problem {
        message: format!(
            "The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable \
             program. Check the spelling of the name, or if a path was included, verify that the path is correct \
             and try again."
        ),
        category: "ObjectNotFound",
        exception: "System.Management.Automation.CommandNotFoundException",
        id: "CommandNotFoundException",
        target: Target::Text(name.to_owned()),
    }
}

/// A script for a runspace that takes commands only.
pub(super) fn no_language() -> Problem {
    Problem {
        message: "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode."
            .to_owned(),
        category: "ParserError",
        exception: "System.Management.Automation.ParseException",
        id: "ScriptsNotAllowed",
        target: Target::Nothing,
    }
}

/// What is more than this machine's PowerShell does.
pub(super) fn not_simulated(refusal: &str) -> Problem {
    Problem {
        message: format!("This machine only simulates a part of PowerShell. {refusal}"),
        category: "ParserError",
        exception: "System.Management.Automation.ParseException",
        id: "NotSimulated",
        target: Target::Nothing,
    }
}
