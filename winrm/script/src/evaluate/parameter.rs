//! Which parameter of a function each value is for, and what attributes say of the parameter.

use super::unwind::{Flow, Unwind};
use crate::declaration::{Check, Declared};
use crate::tree::{
    Attribute, AttributeArgument, Expression, ExpressionKind, NumberValue, ParameterDefinition, ScriptBlock,
};
use crate::value::Value;

/// The values that a function is called with.
pub(super) struct Assigned {
    /// One for each parameter; nothing for those that have none.
    pub(super) given: Vec<Option<Value>>,
    /// What no parameter takes.
    pub(super) rest: Vec<Value>,
}

/// Where a function's values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// From its call alone.
    Arguments,
    /// From what is piped to it, too.
    Pipeline,
}

impl Assigned {
    /// Finds the parameter for each value: by its name, by an alias, by the only beginning; else by position.
    pub(super) fn of(
        parameters: &[ParameterDefinition],
        named: Vec<(String, Value)>,
        positional: Vec<Value>,
        source: Source,
    ) -> Flow<Self> {
        let mut given: Vec<Option<Value>> = vec![None; parameters.len()];
        for (name, value) in named {
            let found = find(parameters, &name);
            let slot = parameters
                .iter()
                .zip(&mut given)
                .find(|(own, _)| found.is_some_and(|it| std::ptr::eq(*own, it)));
            match slot {
                Some((_, slot)) if slot.is_none() => *slot = Some(value),
                Some(_) => return Err(Unwind::refused(format!("`-{name}` of a function is given twice"))),
                None => return Err(Unwind::refused(format!("`-{name}` is no parameter of the function"))),
            }
        }
        let mut positional = positional.into_iter();
        for at in in_order_of_position(parameters) {
            if let Some(slot @ None) = given.get_mut(at) {
                *slot = positional.next();
            }
        }
        for (own, value) in parameters.iter().zip(&given) {
            let fed = source == Source::Pipeline && takes_input(own);
            if value.is_none() && own.is_mandatory() && !fed {
                let name = &own.variable.name;
                return Err(Unwind::refused(format!("`-{name}` must be given; nobody is asked for it")));
            }
        }
        Ok(Self { given, rest: positional.collect() })
    }

    /// The parameter that takes what is piped.
    pub(super) fn takes_input<'a>(
        &self,
        parameters: &'a [ParameterDefinition],
        advanced: bool,
    ) -> Flow<Option<&'a ParameterDefinition>> {
        let free =
            parameters.iter().zip(&self.given).filter(|(own, value)| takes_input(own) && value.is_none());
        match (free.map(|(own, _)| own).collect::<Vec<_>>().as_slice(), advanced) {
            ([only], _) => Ok(Some(*only)),
            ([], false) => Ok(None),
            _ => Err(Unwind::refused("what is piped to a function that has not one parameter for it")),
        }
    }
}

/// Whether a function takes nothing but what it declares.
pub(super) fn is_advanced(body: &ScriptBlock, parameters: &[ParameterDefinition]) -> bool {
    let binding = |attribute: &Attribute| attribute.is_called("CmdletBinding");
    body.parameters.iter().flat_map(|block| &block.attributes).any(binding)
        || parameters.iter().any(|own| own.attributes_named("Parameter").next().is_some())
}

/// The parameter of this name or alias, or the only one that begins so.
pub(super) fn find<'a>(parameters: &'a [ParameterDefinition], name: &str) -> Option<&'a ParameterDefinition> {
    let exact = |own: &&ParameterDefinition| names(own).any(|own| own.eq_ignore_ascii_case(name));
    let begins = |own: &&ParameterDefinition| {
        names(own).any(|own| own.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name)))
    };
    parameters.iter().find(exact).or_else(|| {
        let mut found = parameters.iter().filter(begins);
        found.next().filter(|_| found.next().is_none())
    })
}

/// Whether a parameter is there or not, without a value.
pub(super) fn is_switch(parameter: &ParameterDefinition) -> bool {
    parameter.types.iter().any(|name| name.name.eq_ignore_ascii_case("switch"))
}

/// Refuses a value that a parameter's attributes do not let pass.
pub(super) fn check_given(parameter: &ParameterDefinition, value: &Value) -> Flow<()> {
    if parameter.attributes.is_empty() {
        return Ok(());
    }
    let declared = Declared::of(parameter);
    let fails = match declared.failed(value) {
        Some(_) => true,
        None => declared.required && !may_be_empty(parameter, value) && !Check::NotEmpty.holds(value),
    };
    if fails {
        let name = &parameter.variable.name;
        return Err(Unwind::refused(format!("a value that `-{name}` of the function does not take")));
    }
    Ok(())
}

fn may_be_empty(parameter: &ParameterDefinition, value: &Value) -> bool {
    let attribute = match value {
        Value::Null => "AllowNull",
        Value::Array(_) => "AllowEmptyCollection",
        _ => "AllowEmptyString",
    };
    parameter.attributes_named(attribute).next().is_some()
}

/// The parameters that take values without names: those that say which comes first, or else all but switches.
fn in_order_of_position(parameters: &[ParameterDefinition]) -> Vec<usize> {
    let said: Vec<Option<i32>> = parameters.iter().map(position).collect();
    if said.iter().all(Option::is_none) {
        return (0..parameters.len()).filter(|at| !parameters.get(*at).is_some_and(is_switch)).collect();
    }
    let mut order: Vec<(i32, usize)> =
        said.iter().enumerate().filter_map(|(at, position)| Some(((*position)?, at))).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, at)| at).collect()
}

fn position(parameter: &ParameterDefinition) -> Option<i32> {
    parameter.attributes_named("Parameter").flat_map(|attribute| &attribute.arguments).find_map(|argument| {
        match argument {
            AttributeArgument::Named {
                name,
                value: Some(Expression { kind: ExpressionKind::Number(number), .. }),
                ..
            } if name.eq_ignore_ascii_case("Position") => match number.value {
                NumberValue::Int32(position) => Some(position),
                _ => None,
            },
            _ => None,
        }
    })
}

fn takes_input(parameter: &ParameterDefinition) -> bool {
    parameter.attributes_named("Parameter").any(|attribute| attribute.is_set("ValueFromPipeline"))
}

/// The name, then the aliases.
fn names(parameter: &ParameterDefinition) -> impl Iterator<Item = &str> {
    let aliases = parameter.attributes_named("Alias").flat_map(Attribute::positional);
    std::iter::once(parameter.variable.name.as_str()).chain(aliases.filter_map(Expression::as_string))
}
