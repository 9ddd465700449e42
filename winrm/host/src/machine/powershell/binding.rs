//! Parameter binding: names, prefixes of names, aliases, positions, switches.

use std::collections::BTreeMap;

use super::cmdlet::{Kind, Need, Parameter, Signature};
use super::failure::{Problem, Target};
use super::signatures::COMMON;
use super::{Given, TypedArgument};

/// What was bound to which parameter.
#[derive(Debug, Default)]
pub(super) struct Bound {
    values: BTreeMap<&'static str, Given>,
}

impl Bound {
    pub(super) fn given(&self, name: &str) -> Option<&Given> {
        self.values.get(name)
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.given(name).map(Given::text)
    }

    /// The strings of a parameter that takes several; nothing where it was left out.
    pub(super) fn texts(&self, name: &str) -> Option<Vec<String>> {
        self.given(name).map(|given| given.each().into_iter().map(Given::text).collect())
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.given(name).and_then(Given::number)
    }

    pub(super) fn numbers(&self, name: &str) -> Option<Vec<f64>> {
        self.given(name).map(|given| given.each().into_iter().filter_map(Given::number).collect())
    }

    pub(super) fn switch(&self, name: &str) -> bool {
        use winrm_proto::clixml::Value;
        self.given(name).is_some_and(|given| match given {
            Given::One { value: Value::Boolean(value), .. } => *value,
            _ => true,
        })
    }
}

/// Binds a command's arguments.
pub(super) fn bind(signature: &Signature, arguments: Vec<TypedArgument>) -> Result<Bound, Problem> {
    let mut bound = Bound::default();
    let mut positional = Vec::new();
    let mut rest = arguments.into_iter().peekable();
    while let Some(argument) = rest.next() {
        let (name, value) = match argument {
            TypedArgument::Positional(value) => {
                positional.push(value);
                continue;
            }
            TypedArgument::Named(name, value) => (name, value),
        };
        let parameter = find(signature, &name)?;
        let value = match (parameter.kind, value) {
            (_, Some(value)) => value,
            (Kind::Switch, None) => Given::One { value: true.into(), spelled: None },
            (_, None) => match rest.next() {
                Some(TypedArgument::Positional(value)) => value,
                _ => return Err(missing_argument(parameter)),
            },
        };
        if bound.values.contains_key(parameter.name) {
            return Err(bound_twice(parameter));
        }
        check(parameter, &value)?;
        bound.values.insert(parameter.name, value);
    }
    bind_positions(signature, &mut bound, positional)?;
    let missing = signature
        .parameters
        .iter()
        .find(|parameter| parameter.need == Need::Mandatory && !bound.values.contains_key(parameter.name));
    missing.map_or(Ok(bound), |parameter| Err(missing_mandatory(parameter.name)))
}

fn bind_positions(signature: &Signature, bound: &mut Bound, values: Vec<Given>) -> Result<(), Problem> {
    let mut open: Vec<&Parameter> = signature
        .parameters
        .iter()
        .filter(|parameter| parameter.position.is_some() && !bound.values.contains_key(parameter.name))
        .collect();
    open.sort_by_key(|parameter| parameter.position);
    let mut open = open.into_iter().peekable();
    let mut values = values.into_iter();
    while let Some(value) = values.next() {
        let Some(parameter) = open.next() else { return Err(no_position(&value)) };
        let value = if parameter.kind == Kind::Values {
            let mut all = vec![value];
            all.extend(values.by_ref());
            if all.len() == 1 { all.remove(0) } else { Given::Many(all) }
        } else {
            value
        };
        check(parameter, &value)?;
        bound.values.insert(parameter.name, value);
    }
    Ok(())
}

/// The parameter of that name, of that alias, or the only one that begins so.
fn find(signature: &Signature, name: &str) -> Result<&'static Parameter, Problem> {
    let all = || signature.parameters.iter().chain(&COMMON);
    let exact = all().find(|parameter| {
        parameter.name.eq_ignore_ascii_case(name)
            || parameter.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    });
    if let Some(parameter) = exact {
        return Ok(parameter);
    }
    let begins = |known: &str| known.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name));
    let own: Vec<_> = signature.parameters.iter().filter(|parameter| begins(parameter.name)).collect();
    let found = if own.is_empty() { all().filter(|parameter| begins(parameter.name)).collect() } else { own };
    match found.as_slice() {
        [only] => Ok(only),
        [] => Err(unknown_parameter(name)),
        several => Err(ambiguous(name, several)),
    }
}

/// Whether a value can become what the parameter takes.
fn check(parameter: &Parameter, value: &Given) -> Result<(), Problem> {
    let fits = match parameter.kind {
        Kind::Number => value.number().is_some(),
        Kind::Numbers => value.each().into_iter().all(|value| value.number().is_some()),
        Kind::Text => value.each().len() == 1,
        Kind::Switch | Kind::Texts | Kind::Value | Kind::Values => true,
        Kind::Script => false,
    };
    match (fits, parameter.kind) {
        (true, _) => Ok(()),
        (false, Kind::Script) => Err(no_script_block(parameter, value)),
        (false, _) => Err(unconvertible(parameter, value)),
    }
}

fn problem(message: String, id: &'static str) -> Problem {
    Problem {
        message,
        category: "InvalidArgument",
        exception: "System.Management.Automation.ParameterBindingException",
        id,
        target: Target::Nothing,
    }
}

fn unknown_parameter(name: &str) -> Problem {
    problem(
        format!("A parameter cannot be found that matches parameter name '{name}'."),
        "NamedParameterNotFound",
    )
}

fn no_position(value: &Given) -> Problem {
    problem(
        format!("A positional parameter cannot be found that accepts argument '{}'.", value.text()),
        "PositionalParameterNotFound",
    )
}

fn ambiguous(name: &str, several: &[&Parameter]) -> Problem {
    let matches: Vec<String> = several.iter().map(|parameter| format!("-{}", parameter.name)).collect();
    problem(
        format!(
            "Parameter cannot be processed because the parameter name '{name}' is ambiguous. Possible matches \
             include: {}.",
            matches.join(" ")
        ),
        "AmbiguousParameter",
    )
}

fn missing_argument(parameter: &Parameter) -> Problem {
    problem(
        format!(
            "Missing an argument for parameter '{}'. Specify a parameter of type '{}' and try again.",
            parameter.name,
            type_name(parameter.kind)
        ),
        "MissingArgument",
    )
}

fn bound_twice(parameter: &Parameter) -> Problem {
    problem(
        format!(
            "Cannot bind parameter because parameter '{}' is specified more than once. To provide multiple values \
             to parameters that can accept multiple values, use the array syntax. For example, \"-parameter \
             value1,value2,value3\".",
            parameter.name
        ),
        "ParameterAlreadyBound",
    )
}

fn unconvertible(parameter: &Parameter, value: &Given) -> Problem {
    problem(
        format!(
            "Cannot bind parameter '{}'. Cannot convert value \"{}\" to type \"{}\". Error: \"Input string was not \
             in a correct format.\"",
            parameter.name,
            value.text(),
            type_name(parameter.kind)
        ),
        "CannotConvertArgumentNoMessage",
    )
}

/// Code that travelled as a value is a string when it arrives.
fn no_script_block(parameter: &Parameter, value: &Given) -> Problem {
    problem(
        format!(
            "Cannot bind parameter '{}'. Cannot convert the \"{}\" value of type \"System.String\" to type \
             \"System.Management.Automation.ScriptBlock\".",
            parameter.name,
            value.text()
        ),
        "CannotConvertArgumentNoMessage",
    )
}

/// The error for a mandatory parameter that nothing was given for. A person would be asked.
pub(super) fn missing_mandatory(name: &str) -> Problem {
    problem(
        format!("Cannot process command because of one or more missing mandatory parameters: {name}."),
        "MissingMandatoryParameter",
    )
}

fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Switch => "System.Management.Automation.SwitchParameter",
        Kind::Text => "System.String",
        Kind::Texts => "System.String[]",
        Kind::Number => "System.Int32",
        Kind::Numbers => "System.Int32[]",
        Kind::Script => "System.Management.Automation.ScriptBlock",
        Kind::Value | Kind::Values => "System.Management.Automation.PSObject",
    }
}
