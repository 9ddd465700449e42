//! Parameter binding: `winrm-script` finds the parameter of each argument, and PowerShell's errors are said here.

use std::collections::BTreeMap;

use winrm_script::commands::{
    ArgumentType, BoundValue, Command, Element, Parameter, ParameterSet, Refusal, Typed, Variant,
};
use winrm_script::value::convert::convert;
use winrm_script::value::{Type, Value as Item};

use super::cmdlet::{Cmdlet, Takes};
use super::failure::{Problem, Target, not_simulated};
use super::{Given, TypedArgument};

/// What was bound to which parameter.
#[derive(Debug, Default)]
pub(super) struct Bound {
    values: BTreeMap<&'static str, Given>,
}

impl Bound {
    /// The value of a parameter.
    pub(super) fn value(&self, name: &str) -> Option<&Item> {
        self.values.get(name).map(|given| &given.value)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.values.get(name).map(Given::text)
    }

    /// The strings of a parameter that takes several; nothing where it was left out.
    pub(super) fn texts(&self, name: &str) -> Option<Vec<String>> {
        let given = self.values.get(name)?;
        Some(match given.value.enumerate() {
            Some(items) => items.iter().map(|item| item.to_text().to_string()).collect(),
            None => vec![given.text()],
        })
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.value(name).and_then(number)
    }

    pub(super) fn numbers(&self, name: &str) -> Option<Vec<f64>> {
        Some(self.value(name)?.clone().into_items().iter().filter_map(number).collect())
    }

    /// A number of things.
    pub(super) fn count(&self, name: &str) -> Option<usize> {
        let number = self.number(name)?.max(0.0);
        Some(format!("{number:.0}").parse().unwrap_or(usize::MAX))
    }

    pub(super) fn switch(&self, name: &str) -> bool {
        self.value(name).is_some_and(Item::is_true)
    }

    /// What was bound to the command's own parameters.
    pub(super) fn own(&self, command: Command) -> impl Iterator<Item = (&'static str, &Item)> {
        let is_own = move |name: &str| command.parameter(name).is_none_or(|parameter| !parameter.is_common());
        self.values.iter().map(|(name, given)| (*name, &given.value)).filter(move |(name, _)| is_own(name))
    }
}

/// Where a command's missing values may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feed {
    Pipeline,
    Nothing,
}

/// Binds a command's arguments.
pub(super) fn bind(cmdlet: &Cmdlet, arguments: &[TypedArgument], feed: Feed) -> Result<Bound, Problem> {
    let Some(command) = cmdlet.command() else { return Ok(Bound::default()) };
    let elements: Vec<Element<'_, Given>> = arguments.iter().map(element).collect();
    let found = match feed {
        Feed::Pipeline => command.bind_with_input(&elements),
        Feed::Nothing => command.bind_values(&elements),
    };
    let found = found.map_err(|refusal| refused(command, refusal, arguments))?;
    let mut bound = Bound::default();
    for argument in found.arguments {
        let parameter = argument.parameter;
        let given = match argument.value {
            BoundValue::Switch => Given::of(Item::Boolean(true)),
            BoundValue::Given(given) => given,
            BoundValue::Remaining(rest) => remaining(rest),
        };
        if !parameter.is_common() {
            permitted(cmdlet, parameter, &given)?;
        }
        fits(parameter, &given)?;
        bound.values.insert(parameter.name(), given);
    }
    match missing(command, &bound, feed) {
        Some(parameter) => Err(missing_mandatory(parameter)),
        None => Ok(bound),
    }
}

impl Typed for Given {
    fn argument_type(&self) -> ArgumentType {
        match &self.value {
            Item::String(_) => ArgumentType::String,
            Item::Int32(_) => ArgumentType::Int32,
            Item::Int64(_) => ArgumentType::Int64,
            Item::Double(_) => ArgumentType::Double,
            Item::Decimal(_) => ArgumentType::Decimal,
            Item::Table(_) => ArgumentType::Hashtable,
            Item::Array(_) => ArgumentType::Array,
            _ => ArgumentType::Object,
        }
    }
}

fn element(argument: &TypedArgument) -> Element<'_, Given> {
    match argument {
        TypedArgument::Named(name, value) => Element::Parameter { name, value: value.clone() },
        TypedArgument::Positional(value) => Element::Value(value.clone()),
    }
}

/// What is left becomes one array; an array that is all that is left is taken as it is.
fn remaining(rest: Vec<Given>) -> Given {
    match <[Given; 1]>::try_from(rest) {
        Ok([only]) => only,
        Err(rest) => Given::of(Item::array(rest.into_iter().map(|given| given.value).collect())),
    }
}

/// Whether the command has the parameter here, and whether it may be given this.
fn permitted(cmdlet: &Cmdlet, parameter: Parameter, given: &Given) -> Result<(), Problem> {
    if !cmdlet.takes.has(parameter.name()) {
        return Err(unknown_parameter(parameter.name()));
    }
    if !cmdlet.takes.simulates(parameter.name()) {
        return Err(not_simulated(&format!("-{} of {} is not simulated.", parameter.name(), cmdlet.name)));
    }
    let Takes::Restricted(own) = cmdlet.takes else { return Ok(()) };
    let values = own.iter().find(|own| own.parameter == parameter.name()).map_or(&[][..], |own| own.values);
    let outside = given
        .value
        .clone()
        .into_items()
        .iter()
        .map(|item| item.to_text().to_string())
        .find(|text| !values.is_empty() && !values.iter().any(|value| value.eq_ignore_ascii_case(text)));
    match outside {
        Some(text) => Err(not_in_set(parameter.name(), &text, values)),
        None => Ok(()),
    }
}

/// Whether the value can become what the parameter takes, where that is a type that PowerShell converts to.
fn fits(parameter: Parameter, given: &Given) -> Result<(), Problem> {
    let type_name = parameter.type_name();
    let element = type_name.strip_suffix("[]").unwrap_or(type_name);
    let full = match element {
        "scriptblock" => return Err(no_script_block(parameter, given)),
        "string" if type_name == element && given.value.enumerate().is_some() => Some("System.String"),
        "int" | "long" | "double" | "byte" | "uint32" | "uint64" | "uint16" | "datetime" | "timespan"
        | "guid" | "version" => Type::named(element).map(|_| element),
        _ => None,
    };
    let Some(wanted) = full.and_then(|_| Type::named(type_name)) else { return Ok(()) };
    let converted =
        given.value.enumerate().is_none_or(|_| type_name != element) && convert(&given.value, wanted).is_ok();
    if converted { Ok(()) } else { Err(unconvertible(parameter, given, &wanted.full_name())) }
}

/// A mandatory parameter that is missing in every set which the bound ones leave possible.
fn missing(command: Command, bound: &Bound, feed: Feed) -> Option<&'static str> {
    let knows = |variant: &Variant| {
        bound.values.keys().all(|name| variant.parameters().any(|own| own.is_called(name)))
    };
    let variant = command.variants().find(knows)?;
    let parameters: Vec<Parameter> = variant.parameters().collect();
    let is_in = |facts: ParameterSet, set: u32| facts.set.is_none_or(|own| own == set);
    let possible = |set: &u32| {
        parameters
            .iter()
            .filter(|parameter| bound.has(parameter.name()))
            .all(|parameter| parameter.sets().any(|facts| is_in(facts, *set)))
    };
    // The syntax of a command does not say what the pipeline may give.
    let says_pipeline = parameters
        .iter()
        .any(|parameter| parameter.sets().any(|facts| facts.by_value || facts.by_property_name));
    let fed = |facts: ParameterSet| {
        feed == Feed::Pipeline && (!says_pipeline || facts.by_value || facts.by_property_name)
    };
    let wanting = |set: u32| {
        parameters.iter().find(|parameter| {
            !bound.has(parameter.name())
                && parameter.sets().any(|facts| is_in(facts, set) && facts.mandatory && !fed(facts))
        })
    };
    let sets: Vec<u32> = (0..variant.sets().max(1)).filter(possible).collect();
    if sets.iter().any(|set| wanting(*set).is_none()) {
        return None;
    }
    let shown = variant.default_set().filter(|set| sets.contains(set)).or_else(|| sets.first().copied())?;
    wanting(shown).map(|parameter| parameter.name())
}

fn number(value: &Item) -> Option<f64> {
    let double = Type::named("double")?;
    match convert(value, double).ok()? {
        Item::Double(number) => Some(number),
        _ => None,
    }
}

/// PowerShell's error for what cannot be bound.
fn refused(command: Command, refusal: Refusal, arguments: &[TypedArgument]) -> Problem {
    match refusal {
        Refusal::UnknownParameter { name, .. } => unknown_parameter(&name),
        Refusal::AmbiguousParameter { name, candidates } => problem(
            format!(
                "Parameter cannot be processed because the parameter name '{name}' is ambiguous. Possible matches \
                 include: {}.",
                candidates.join(" ").replace('`', "")
            ),
            "AmbiguousParameter",
        ),
        Refusal::Duplicate(name) => problem(
            format!(
                "Cannot bind parameter because parameter '{name}' is specified more than once. To provide multiple \
                 values to parameters that can accept multiple values, use the array syntax. For example, \
                 \"-parameter value1,value2,value3\"."
            ),
            "ParameterAlreadyBound",
        ),
        Refusal::MissingValue(name) => {
            let type_name = command.parameter(name).map_or("object", Parameter::type_name);
            problem(
                format!(
                    "Missing an argument for parameter '{name}'. Specify a parameter of type '{}' and try again.",
                    Type::named(type_name).map_or_else(|| type_name.to_owned(), Type::full_name)
                ),
                "MissingArgument",
            )
        }
        Refusal::TooManyValues(_) => {
            let last = arguments.iter().rev().find_map(|argument| match argument {
                TypedArgument::Positional(given) => Some(given.text()),
                TypedArgument::Named(..) => None,
            });
            problem(
                format!(
                    "A positional parameter cannot be found that accepts argument '{}'.",
                    last.unwrap_or_default()
                ),
                "PositionalParameterNotFound",
            )
        }
        Refusal::AmbiguousValue { .. } | Refusal::ParameterSet(_) | Refusal::NoInput(_) => problem(
            "Parameter set cannot be resolved using the specified named parameters.".to_owned(),
            "AmbiguousParameterSet",
        ),
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

fn unconvertible(parameter: Parameter, given: &Given, type_name: &str) -> Problem {
    problem(
        format!(
            "Cannot bind parameter '{}'. Cannot convert value \"{}\" to type \"{type_name}\". Error: \"Input string \
             was not in a correct format.\"",
            parameter.name(),
            given.text()
        ),
        "CannotConvertArgumentNoMessage",
    )
}

/// Code that travelled as a value is a string when it arrives.
fn no_script_block(parameter: Parameter, given: &Given) -> Problem {
    problem(
        format!(
            "Cannot bind parameter '{}'. Cannot convert the \"{}\" value of type \"System.String\" to type \
             \"System.Management.Automation.ScriptBlock\".",
            parameter.name(),
            given.text()
        ),
        "CannotConvertArgumentNoMessage",
    )
}

/// A value that the parameter's `ValidateSet` does not have.
fn not_in_set(parameter: &str, value: &str, values: &[&str]) -> Problem {
    Problem {
        message: format!(
            "Cannot validate argument on parameter '{parameter}'. The argument \"{value}\" does not belong to the set \
             \"{}\" specified by the ValidateSet attribute. Supply an argument that is in the set and then try the \
             command again.",
            values.join(",")
        ),
        category: "InvalidData",
        exception: "System.Management.Automation.ParameterBindingValidationException",
        id: "ParameterArgumentValidationError",
        target: Target::Nothing,
    }
}

/// The error for a mandatory parameter that nothing was given for. A person would be asked.
pub(super) fn missing_mandatory(name: &str) -> Problem {
    problem(
        format!("Cannot process command because of one or more missing mandatory parameters: {name}."),
        "MissingMandatoryParameter",
    )
}
