//! Why something cannot travel as a typed command.

use crate::static_command;

/// Why there is no typed command.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Reason {
    /// The call is for a program.
    #[error("`{0}` is a program, not a command")]
    Program(String),
    /// The name of the command or of a parameter is none.
    #[error("`{name}`: {reason}")]
    Name {
        /// What stands there.
        name: String,
        /// What is wrong with it.
        reason: static_command::Reason,
    },
    /// An object would have to travel whole.
    #[error("an object of type {0} cannot be sent as a value")]
    Object(String),
    /// An object from the pipeline that no parameter names.
    #[error("`{command}` would take an object of type {type_name} from the pipeline whole")]
    LiveObject {
        /// The command.
        command: String,
        /// The type of the object.
        type_name: String,
        /// Parameters that name what the command works on, with dashes.
        parameters: Vec<String>,
    },
    /// A script block.
    #[error("a script block cannot be sent as a value")]
    Block,
    /// A value that is none of data: a type, what Format-Table writes, a secure string.
    #[error("a value of type {0} cannot be sent")]
    Value(String),
    /// A key of a hashtable that is no string and no whole number.
    #[error("a hashtable's keys must be strings or whole numbers to be sent")]
    Key,
    /// A string with a NUL, or with half of a surrogate pair.
    #[error("a string with a NUL character or half a character cannot be sent")]
    Text,
    /// Arrays or hashtables that lie in each other too deep, or in themselves.
    #[error("values that lie in each other deeper than {0} cannot be sent")]
    Depth(usize),
    /// Too many values, or too long ones.
    #[error("the values of one command are too many or too long to be sent")]
    TooLarge,
}

impl Reason {
    /// What to write instead, as a clause.
    #[must_use]
    pub fn suggestion(&self) -> String {
        if let Self::LiveObject { command, parameters, .. } = self
            && let Some(first) = parameters.first()
        {
            let all = parameters.join(" or ");
            return format!(
                "name the object by {all}, as in `ForEach-Object {{ {command} {first} $_.Name }}`"
            );
        }
        self.fixed_suggestion().to_owned()
    }

    fn fixed_suggestion(&self) -> &'static str {
        match self {
            Self::Program(_) => "run it as a program",
            Self::Name { reason, .. } => reason.suggestion(),
            Self::Object(_) => "give a property of it, such as `$_.Name`",
            Self::LiveObject { .. } => "name the object by a parameter, with a property of `$_`",
            Self::Block => "use parameters instead of code, or filter the output",
            Self::Value(_) | Self::Key => "give a string or a number",
            Self::Text => "remove what is no character",
            Self::Depth(_) | Self::TooLarge => "send less at once",
        }
    }
}
