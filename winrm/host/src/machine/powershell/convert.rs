//! Values as parameters want them.

use winrm_proto::clixml::ErrorRecord;
use winrm_proto::psrp::{self, CommandKind};
use winrm_script::static_command::{Argument, Literal, Number, StaticCommand};
use winrm_script::tree::{Case, NumberValue};
use winrm_script::value::Value as Item;
use winrm_script::value::compare::equals;
use winrm_script::value::pattern::Wildcard;

use super::failure::{no_language, not_simulated};
use super::{Given, Scope, TypedArgument, TypedCommand};

impl Given {
    /// A value that came as a value.
    pub(super) fn of(value: Item) -> Self {
        Self { value, spelled: None }
    }

    /// As a string parameter receives it.
    pub(super) fn text(&self) -> String {
        self.spelled.clone().unwrap_or_else(|| self.value.to_text().to_string())
    }
}

impl From<&StaticCommand> for TypedCommand {
    fn from(command: &StaticCommand) -> Self {
        let arguments = command.arguments().iter().map(|argument| match argument {
            Argument::Parameter { name, value } => {
                TypedArgument::Named(name.as_str().to_owned(), value.as_ref().map(given))
            }
            Argument::Value(value) => TypedArgument::Positional(given(value)),
        });
        Self { name: command.name().to_owned(), arguments: arguments.collect(), text: command.render() }
    }
}

impl TypedCommand {
    /// A command of a pipeline. Text is taken where the runspace has a language, and then it is one static command.
    pub(crate) fn of_pipeline(command: &psrp::Command, scope: &Scope) -> Result<Self, Box<ErrorRecord>> {
        if command.kind == CommandKind::Script {
            return Self::of_script(command.text.as_str(), scope);
        }
        let arguments = command.parameters.iter().map(|parameter| {
            let value = Given::of(Item::from_clixml(&parameter.value));
            match &parameter.name {
                Some(name) => {
                    TypedArgument::Named(name.as_str().trim_start_matches('-').to_owned(), Some(value))
                }
                None => TypedArgument::Positional(value),
            }
        });
        let name = command.text.to_string();
        Ok(Self { name, arguments: arguments.collect(), text: String::new() })
    }

    /// The one command that a text may be.
    pub(crate) fn of_script(text: &str, scope: &Scope) -> Result<Self, Box<ErrorRecord>> {
        if !scope.has_language() {
            return Err(Box::new(no_language().record("", None, text)));
        }
        match StaticCommand::parse(text) {
            Ok(command) => Ok(Self { text: text.trim().to_owned(), ..Self::from(&command) }),
            Err(refusal) => Err(Box::new(
                not_simulated(&format!("It runs one command with literal arguments. {refusal}"))
                    .record("", None, text),
            )),
        }
    }
}

fn given(literal: &Literal) -> Given {
    match literal {
        Literal::String(text) => Given::of(Item::string(text.as_str())),
        Literal::Number(word) => Given { value: number(word), spelled: Some(word.as_str().to_owned()) },
        Literal::Boolean(value) => Given::of(Item::Boolean(*value)),
        Literal::Null => Given::of(Item::Null),
        Literal::Array(items) => Given::of(Item::array(items.iter().map(|item| given(item).value).collect())),
    }
}

/// What a number's spelling is worth.
fn number(word: &Number) -> Item {
    match word.value() {
        Some(NumberValue::Int32(number)) => Item::Int32(number),
        Some(NumberValue::Int64(number)) => Item::Int64(number),
        Some(NumberValue::Double(number)) => Item::Double(number),
        // A decimal has no other spelling than itself.
        Some(NumberValue::Decimal { .. }) | None => Item::string(word.as_str()),
    }
}

/// PowerShell's `*` and `?`, without regard to case. A pattern that is none matches nothing.
pub(super) fn like(pattern: &str, text: &str) -> bool {
    Wildcard::new(pattern, Case::Insensitive).and_then(|pattern| pattern.matches(text)).unwrap_or(false)
}

/// `-eq`, without regard to case.
pub(super) fn equal(left: &Item, right: &Item) -> bool {
    equals(left, right, Case::Insensitive).unwrap_or(false)
}
