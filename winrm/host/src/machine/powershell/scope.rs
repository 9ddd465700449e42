//! Which commands a session sees.

use winrm_proto::clixml::{Object, Properties, Value};

use super::super::programs::{Program, Resolved};
use super::cmdlet::{Cmdlet, Kind, Signature};
use super::convert::like;

/// What a session configuration lets its sessions see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everything, and the language.
    Everything,
    /// These commands, those that every restricted session has, and no language.
    Only(Vec<String>),
}

/// What a command's name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callable {
    Cmdlet(Cmdlet),
    Program(Program),
}

impl Scope {
    pub(crate) fn everything() -> Self {
        Self::Everything
    }

    pub(crate) fn has_language(&self) -> bool {
        *self == Self::Everything
    }

    pub(super) fn shows(&self, callable: &Callable) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(names) => {
                let name = callable.name();
                let named = |known: &str| {
                    let known = known.strip_suffix(".exe").unwrap_or(known);
                    known.eq_ignore_ascii_case(name)
                };
                RESTRICTED.iter().any(|known| named(known)) || names.iter().any(|known| named(known))
            }
        }
    }
}

impl Callable {
    /// Looks a name up as PowerShell does: a cmdlet or its alias, a program, and then a cmdlet with `Get-` before it.
    pub(super) fn named(name: &str) -> Option<Self> {
        if let Some(cmdlet) = Cmdlet::find(name) {
            return Some(Self::Cmdlet(cmdlet));
        }
        match Program::resolve(name) {
            Resolved::Program(program) => Some(Self::Program(program)),
            Resolved::NoSuchPath | Resolved::Unknown => {
                Cmdlet::find(&format!("Get-{name}")).map(Self::Cmdlet)
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Cmdlet(cmdlet) => cmdlet.signature().name,
            Self::Program(program) => program.image(),
        }
    }
}

/// The answer to `GET_COMMAND_METADATA`: how many commands there are, then each (MS-PSRP 2.2.3.22).
pub(crate) fn describe(scope: &Scope, patterns: &[String]) -> Vec<Value> {
    let found: Vec<&Signature> = Cmdlet::all()
        .filter(|signature| scope.shows(&Callable::Cmdlet(signature.cmdlet)))
        .filter(|signature| {
            patterns.is_empty() || patterns.iter().any(|pattern| like(pattern, signature.name))
        })
        .collect();
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

fn metadata(signature: &Signature) -> Value {
    let parameters = signature.parameters.iter().map(|parameter| {
        let (name, type_name) = (parameter.name, type_name(parameter.kind));
        let aliases = parameter.aliases.iter().copied().map(Value::from).collect();
        let description = Properties::new()
            .with("Name", name)
            .with("ParameterType", type_name)
            .with("Aliases", Value::array(aliases))
            .with("SwitchParameter", parameter.kind == Kind::Switch)
            .with("IsDynamic", false);
        (Value::from(name), Value::bag(description))
    });
    Value::object(Object {
        to_string: Some(signature.name.into()),
        extended: Properties::new()
            .with("Name", signature.name)
            .with("Namespace", module(signature.class))
            .with("HelpUri", "")
            .with("CommandType", Value::enumeration("System.Management.Automation.CommandTypes", "Cmdlet", 8))
            .with("ResolvedCommandName", Value::Null)
            .with("OutputType", Value::array(Vec::new()))
            .with("Parameters", Value::hashtable(parameters.collect())),
        ..Object::typed(&["Selected.System.Management.Automation.CmdletInfo", "System.Object"])
    })
}

/// The module that a cmdlet of this class comes from.
pub(super) fn module(class: &str) -> &'static str {
    const UTILITY: [&str; 8] = ["Date", "Write", "Select", "Sort", "Measure", "Json", "OutString", "Sleep"];
    if UTILITY.iter().any(|part| class.contains(part)) {
        "Microsoft.PowerShell.Utility"
    } else {
        "Microsoft.PowerShell.Management"
    }
}

fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Switch => "System.Management.Automation.SwitchParameter",
        Kind::Text => "System.String",
        Kind::Texts => "System.String[]",
        Kind::Number => "System.Int32",
        Kind::Numbers => "System.Int32[]",
        Kind::Script => "System.Management.Automation.ScriptBlock",
        Kind::Value | Kind::Values => "System.Object",
    }
}

/// What every session has that a role capability restricts.
const RESTRICTED: [&str; 5] =
    ["Get-Command", "Measure-Object", "Out-Default", "Select-Object", "Write-Output"];
