//! What attributes and types say of a parameter.

use super::{Check, Declared, Takes};
use crate::tree::{Attribute, AttributeArgument, Case, Expression, ParameterDefinition};
use crate::typed;
use crate::value::convert::convert;
use crate::value::type_name::Plain;
use crate::value::{Type, Value};

impl Declared {
    pub(crate) fn of(definition: &ParameterDefinition) -> Self {
        let parameter = || definition.attributes_named("Parameter");
        // A parameter of one set among several is for the host to miss.
        let everywhere = |attribute: &&Attribute| {
            value_of(attribute, "ParameterSetName").is_none_or(|name| {
                text(name).is_some_and(|name| name.eq_ignore_ascii_case("__AllParameterSets"))
            })
        };
        Self {
            takes: definition.types.last().map_or(Takes::Anything, |name| Takes::named(&name.name)),
            required: parameter().filter(everywhere).any(|attribute| attribute.is_set("Mandatory")),
            checks: definition.attributes.iter().filter_map(check).collect(),
            help: parameter().find_map(|attribute| text(value_of(attribute, "HelpMessage")?)),
            span: definition.span,
            name: definition.variable.name.clone(),
        }
    }
}

/// What an attribute checks; nothing where that is computed, or for the host alone.
fn check(attribute: &Attribute) -> Option<Check> {
    let is = |name: &str| attribute.is_called(name);
    if is("ValidateSet") {
        set(attribute)
    } else if is("ValidateRange") {
        bounds(attribute).map(|(least, greatest)| Check::Range(least, greatest))
    } else if is("ValidateLength") {
        counts(attribute).map(|(least, greatest)| Check::Length(least, greatest))
    } else if is("ValidateCount") {
        counts(attribute).map(|(least, greatest)| Check::Count(least, greatest))
    } else {
        (is("ValidateNotNullOrEmpty") || is("ValidateNotNullOrWhiteSpace")).then_some(Check::NotEmpty)
    }
}

/// The values of a set; nothing where one of them is computed.
fn set(attribute: &Attribute) -> Option<Check> {
    let ignores_case = value_of(attribute, "IgnoreCase").and_then(|value| typed::constant(value, ""));
    let case = match ignores_case {
        Some(value) if !value.is_true() => Case::Sensitive,
        _ => Case::Insensitive,
    };
    let values = attribute.positional().map(text).collect::<Option<Vec<_>>>()?;
    (!values.is_empty()).then_some(Check::Set(values, case))
}

fn bounds(attribute: &Attribute) -> Option<(f64, f64)> {
    let number = |own: &Expression| match convert(&typed::constant(own, "")?, Type::Plain(Plain::Double)) {
        Ok(Value::Double(number)) => Some(number),
        _ => None,
    };
    pair(attribute, number)
}

fn counts(attribute: &Attribute) -> Option<(u32, u32)> {
    pair(attribute, |own| u32::try_from(typed::constant(own, "")?.as_integer()?).ok())
}

fn pair<T>(attribute: &Attribute, read: impl Fn(&Expression) -> Option<T>) -> Option<(T, T)> {
    let mut positional = attribute.positional();
    match (positional.next(), positional.next(), positional.next()) {
        (Some(least), Some(greatest), None) => Some((read(least)?, read(greatest)?)),
        _ => None,
    }
}

fn text(written: &Expression) -> Option<String> {
    let constant = typed::constant(written, "").filter(|value| !value.is_null());
    constant.map(|value| value.to_text().as_str().to_owned())
}

/// What an argument with a name is given.
fn value_of<'a>(attribute: &'a Attribute, wanted: &str) -> Option<&'a Expression> {
    attribute.arguments.iter().find_map(|argument| match argument {
        AttributeArgument::Named { name, value, .. } if name.eq_ignore_ascii_case(wanted) => value.as_ref(),
        _ => None,
    })
}
