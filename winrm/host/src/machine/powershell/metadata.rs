//! What a session says of its commands.

use winrm_proto::clixml::{Object, Properties, Value, Version};
use winrm_script::commands::{Parameter, Variant};
use winrm_script::value::Type;

use super::cmdlet::{Cmdlet, Takes};
use super::convert::like;
use super::scope::Scope;

/// The answer to `GET_COMMAND_METADATA`: how many commands there are, then each (MS-PSRP 2.2.3.22).
pub(crate) fn describe(scope: &Scope, patterns: &[String]) -> Vec<Value> {
    let mut found = scope.cmdlets();
    found.retain(|cmdlet| patterns.is_empty() || patterns.iter().any(|pattern| like(pattern, cmdlet.name)));
    let count = i32::try_from(found.len()).unwrap_or(i32::MAX);
    let count = Value::object(Object {
        extended: Properties::new().with("Count", count),
        ..Object::typed(&[
            "Selected.Microsoft.PowerShell.Commands.GenericMeasureInfo",
            "System.Management.Automation.PSCustomObject",
            "System.Object",
        ])
    });
    std::iter::once(count).chain(found.into_iter().map(metadata)).collect()
}

/// A command as `GET_COMMAND_METADATA` describes it.
fn metadata(cmdlet: &'static Cmdlet) -> Value {
    let kind = Kind::of(cmdlet);
    Value::object(Object {
        to_string: Some(cmdlet.name.into()),
        extended: Properties::new()
            .with("Name", cmdlet.name)
            .with("Namespace", kind.module(cmdlet))
            .with("HelpUri", "")
            .with("CommandType", kind.value())
            .with("ResolvedCommandName", Value::Null)
            .with("OutputType", Value::array(Vec::new()))
            .with("Parameters", parameters(cmdlet)),
        ..Object::typed(&[&*format!("Selected.{}", kind.type_name()), "System.Object"])
    })
}

/// `System.Management.Automation.CmdletInfo` or `FunctionInfo` as it is serialised.
pub(super) fn command_info(cmdlet: &'static Cmdlet) -> Value {
    let kind = Kind::of(cmdlet);
    let version = match kind {
        Kind::Cmdlet => "3.1.0.0".parse::<Version>().map_or(Value::Null, Value::Version),
        Kind::Function => Value::Null,
    };
    Value::object(Object {
        to_string: Some(cmdlet.name.into()),
        adapted: Properties::new()
            .with("Name", cmdlet.name)
            .with("CommandType", kind.value())
            .with("Source", kind.module(cmdlet))
            .with("Version", version)
            .with("ModuleName", kind.module(cmdlet))
            .with("Parameters", parameters(cmdlet)),
        ..Object::typed(&[kind.type_name(), "System.Management.Automation.CommandInfo", "System.Object"])
    })
}

/// What a command is to PowerShell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Cmdlet,
    /// What stands for a cmdlet in a restricted session.
    Function,
}

impl Kind {
    fn of(cmdlet: &Cmdlet) -> Self {
        if matches!(cmdlet.takes, Takes::Restricted(_)) { Self::Function } else { Self::Cmdlet }
    }

    fn value(self) -> Value {
        let (name, number) = match self {
            Self::Cmdlet => ("Cmdlet", 8),
            Self::Function => ("Function", 2),
        };
        Value::enumeration("System.Management.Automation.CommandTypes", name, number)
    }

    fn type_name(self) -> &'static str {
        match self {
            Self::Cmdlet => "System.Management.Automation.CmdletInfo",
            Self::Function => "System.Management.Automation.FunctionInfo",
        }
    }

    fn module(self, cmdlet: &Cmdlet) -> &'static str {
        match self {
            Self::Cmdlet => cmdlet.module(),
            Self::Function => "",
        }
    }
}

/// The parameters that a command has here, by name.
fn parameters(cmdlet: &'static Cmdlet) -> Value {
    let all = cmdlet.variant().into_iter().flat_map(Variant::parameters);
    let own = all.filter(|parameter| parameter.is_common() || cmdlet.takes.has(parameter.name()));
    Value::hashtable(own.map(|parameter| (Value::from(parameter.name()), described(parameter))).collect())
}

fn described(parameter: Parameter) -> Value {
    Value::bag(
        Properties::new()
            .with("Name", parameter.name())
            .with("ParameterType", type_name(parameter))
            .with("Aliases", Value::array(parameter.aliases().map(Value::from).collect()))
            .with("SwitchParameter", parameter.is_switch())
            .with("IsDynamic", false),
    )
}

/// The full name of a parameter's type, where it is one of those that a script may name.
fn type_name(parameter: Parameter) -> String {
    let name = parameter.type_name();
    if parameter.is_switch() {
        return "System.Management.Automation.SwitchParameter".to_owned();
    }
    Type::named(name).map_or_else(|| name.to_owned(), Type::full_name)
}
