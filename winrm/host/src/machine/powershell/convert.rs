//! Values as parameters want them.

use winrm_proto::clixml::ErrorRecord;
use winrm_proto::psrp::{self, CommandKind};
use winrm_script::tree::Case;
use winrm_script::value::Value as Item;
use winrm_script::value::compare::equals;
use winrm_script::value::pattern::Wildcard;

use super::failure::{no_language, not_simulated};
use super::script_text::ScriptText;
use super::{Given, Lookup, Scope, TypedArgument, TypedCommand};

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

impl TypedCommand {
    /// The commands that one of a pipeline is. Text is taken where the runspace has a language.
    pub(crate) fn of_pipeline(command: &psrp::Command, scope: &Scope) -> Result<Vec<Self>, Box<ErrorRecord>> {
        if command.kind == CommandKind::Script {
            let mut commands = script(command.text.as_str(), scope)?.commands;
            commands.iter_mut().for_each(|typed| typed.merge = command.merge);
            return Ok(commands);
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
        let arguments = arguments.collect();
        Ok(vec![Self { name, lookup: Lookup::Shown, arguments, text: String::new(), merge: command.merge }])
    }
}

/// Reads text where it is taken.
pub(super) fn script(text: &str, scope: &Scope) -> Result<ScriptText, Box<ErrorRecord>> {
    if !scope.has_language() {
        return Err(Box::new(no_language().record("", None, text)));
    }
    ScriptText::read(text).map_err(|refusal| {
        let problem = not_simulated(&format!("It runs typed commands. {refusal}"));
        Box::new(problem.record("", None, text))
    })
}

/// PowerShell's `*` and `?`, without regard to case. A pattern that is none matches nothing.
pub(super) fn like(pattern: &str, text: &str) -> bool {
    Wildcard::new(pattern, Case::Insensitive).and_then(|pattern| pattern.matches(text)).unwrap_or(false)
}

/// `-eq`, without regard to case.
pub(super) fn equal(left: &Item, right: &Item) -> bool {
    equals(left, right, Case::Insensitive).unwrap_or(false)
}
