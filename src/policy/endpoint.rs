//! What a constrained endpoint offers, and the judgement by it.

use std::collections::BTreeMap;

use winrm_script::{
    static_command::CommandName,
    typed::{Argument, TypedCommand},
    value::Value,
};

use super::{
    Policy,
    denial::{Denial, Pass, Reason, Verdict},
    parameters,
    subject::{Arguments, Subject},
    values,
};

/// The commands that an endpoint offers, by its own metadata.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offered {
    /// By name in small letters.
    commands: BTreeMap<String, OfferedCommand>,
}

/// A command of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedCommand {
    /// Its name, as the endpoint spells it.
    pub name: String,
    /// Its parameters, the common ones too.
    pub parameters: Vec<OfferedParameter>,
}

/// A parameter of such a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedParameter {
    /// Its name.
    pub name: String,
    /// Its type, `System.String[]`; empty where the endpoint does not say.
    pub type_name: String,
}

impl Offered {
    /// What an endpoint says that it offers.
    pub fn new(commands: impl IntoIterator<Item = OfferedCommand>) -> Self {
        let by_name = |command: OfferedCommand| (command.name.to_lowercase(), command);
        Self { commands: commands.into_iter().map(by_name).collect() }
    }

    /// The command of this name, whatever its case.
    #[must_use]
    pub fn command(&self, name: &str) -> Option<&OfferedCommand> {
        self.commands.get(&name.to_lowercase())
    }

    /// All of them, by name.
    pub fn commands(&self) -> impl Iterator<Item = &OfferedCommand> {
        self.commands.values()
    }
}

impl OfferedCommand {
    fn parameter(&self, name: &str) -> Option<&OfferedParameter> {
        self.parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name))
    }
}

impl Policy {
    /// The parameters of an endpoint's command that may be given, without the common ones.
    pub fn usable_parameters<'o>(
        &self,
        command: &'o OfferedCommand,
    ) -> impl Iterator<Item = &'o OfferedParameter> {
        let parameters = command.parameters.iter();
        parameters.filter(|parameter| {
            !parameters::is_common(&parameter.name) && !self.profile.denied_type(&parameter.type_name)
        })
    }

    /// Judges a command by what the endpoint offers. It is sent by its plain name: an endpoint knows no other.
    pub(super) fn by_endpoint(&self, subject: &Subject<'_>, offered: Option<&Offered>) -> Verdict {
        let Some(offered) = offered else {
            return Err(Denial::new(RULE, Reason::EndpointNotKnown { name: subject.name.clone() }));
        };
        let Some(command) = offered.command(&subject.name) else {
            return Err(self.not_offered(subject, offered));
        };
        if self.exact_only_by_nature(subject) {
            return Err(self.not_by_pattern(subject));
        }
        let arguments = named(subject, command)?;
        for argument in &arguments {
            let Argument::Parameter { name, value } = argument else { continue };
            self.offered_parameter(command, name.as_str(), value.as_ref())?;
        }
        let name =
            CommandName::new(&command.name).map_err(|reason| Denial::new(RULE, Reason::NotStatic(reason)))?;
        Ok(Pass::command(RULE, subject.risk(), TypedCommand::new(name, arguments)?))
    }

    fn offered_parameter(
        &self,
        command: &OfferedCommand,
        name: &str,
        value: Option<&Value>,
    ) -> Result<(), Denial> {
        if parameters::is_harmless(name, value)? {
            return Ok(());
        }
        let Some(known) = command.parameter(name) else {
            let known = command.parameters.iter().map(|parameter| parameter.name.clone());
            let known = known.filter(|name| !parameters::is_common(name)).collect();
            return Err(Denial::new(
                RULE,
                Reason::ParameterNotListed { command: command.name.clone(), known },
            ));
        };
        if self.profile.denied_type(&known.type_name) {
            return Err(Denial::new(RULE, Reason::Parameter { parameter: known.name.clone() })
                .instead("leave it out"));
        }
        match value.and_then(values::objection) {
            // Which paths a command takes is the endpoint's business.
            None | Some(Reason::NamesDrive) => Ok(()),
            Some(reason) => Err(Denial::new("values", reason)),
        }
    }

    fn not_offered(&self, subject: &Subject<'_>, offered: &Offered) -> Denial {
        let names: Vec<String> = offered.commands().map(|command| command.name.clone()).collect();
        self.command_not_listed(&subject.name, RULE, &names.into())
    }
}

/// The arguments by the full names of their parameters.
fn named(subject: &Subject<'_>, command: &OfferedCommand) -> Result<Vec<Argument>, Denial> {
    if let Arguments::Bound(_) = &subject.arguments {
        // Some endpoints offer `-Path` alone.
        let takes_literal = command.parameter("LiteralPath").is_some();
        let anew = if takes_literal { subject.rebuilt(&[])? } else { subject.in_full()? };
        return Ok(anew.arguments().to_vec());
    }
    let mut named: Vec<Argument> = Vec::new();
    for argument in subject.written.arguments() {
        match (argument, named.last_mut()) {
            (Argument::Parameter { .. }, _) => named.push(argument.clone()),
            (Argument::Value(value), Some(Argument::Parameter { value: own @ None, .. })) => {
                *own = Some(value.clone());
            }
            // Metadata says nothing of positions.
            (Argument::Value(_), _) => {
                let known = command.parameters.iter().map(|parameter| parameter.name.clone());
                let known = known.filter(|name| !parameters::is_common(name)).collect();
                return Err(Denial::new(
                    RULE,
                    Reason::ParameterNotListed { command: command.name.clone(), known },
                )
                .instead("write the parameter's name before each value"));
            }
        }
    }
    Ok(named)
}

const RULE: &str = "endpoint";
