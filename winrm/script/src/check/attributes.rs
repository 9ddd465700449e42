//! Attributes of parameters and of `param`.

use super::{Check, Reason, Vocabulary};
use crate::tree::{
    Attribute, AttributeArgument, Expression, ExpressionKind, ParameterDefinition, UnaryOperator,
};

impl<V: Vocabulary> Check<'_, '_, V> {
    /// What stands before `param`.
    pub(super) fn attributes_of_block(&mut self, attributes: &[Attribute]) {
        let taken = |attribute: &Attribute| {
            attribute.is_called("OutputType")
                || attribute.is_called("SuppressMessage")
                || (attribute.is_called("CmdletBinding") && only_named(attribute, &BINDING))
        };
        self.refuse_others(attributes, taken);
    }

    /// What stands before a parameter.
    pub(super) fn attributes_of_parameter(&mut self, parameter: &ParameterDefinition) {
        let taken = |attribute: &Attribute| {
            let is = |name: &str| attribute.is_called(name);
            let alone = attribute.arguments.is_empty();
            if is("Parameter") {
                only_named(attribute, &PARAMETER)
            } else if is("Alias") || is("ValidateSet") {
                positional(attribute, 1..=usize::MAX, is_plain)
            } else if is("ValidateRange") || is("ValidateLength") || is("ValidateCount") {
                positional(attribute, 2..=2, is_number)
            } else {
                alone && ALONE.iter().any(|name| is(name))
            }
        };
        self.refuse_others(&parameter.attributes, taken);
    }

    fn refuse_others(&mut self, attributes: &[Attribute], taken: impl Fn(&Attribute) -> bool) {
        for attribute in attributes.iter().filter(|attribute| !taken(attribute)) {
            self.refuse(attribute.span, Reason::Attribute(attribute.name.clone()));
        }
    }
}

/// Whether an attribute is given nothing but these, each by its name and plain.
fn only_named(attribute: &Attribute, names: &[&str]) -> bool {
    attribute.arguments.iter().all(|argument| match argument {
        AttributeArgument::Named { name, value, .. } => {
            names.iter().any(|own| own.eq_ignore_ascii_case(name)) && value.as_ref().is_none_or(is_plain)
        }
        AttributeArgument::Positional(_) => false,
    })
}

fn positional(
    attribute: &Attribute,
    count: std::ops::RangeInclusive<usize>,
    wanted: impl Fn(&Expression) -> bool,
) -> bool {
    count.contains(&attribute.arguments.len())
        && attribute.positional().filter(|value| wanted(value)).count() == attribute.arguments.len()
}

/// A number, a string, `$true` or `$false`.
fn is_plain(value: &Expression) -> bool {
    matches!(value.kind, ExpressionKind::String(_) | ExpressionKind::Variable(_)) || is_number(value)
}

fn is_number(value: &Expression) -> bool {
    match &value.kind {
        ExpressionKind::Number(_) => true,
        ExpressionKind::Unary(unary) => unary.operator == UnaryOperator::Minus && is_number(&unary.operand),
        _ => false,
    }
}

/// What `[CmdletBinding()]` may say. `-WhatIf` and `-Confirm` are no parameters of a function here, and are refused
/// where it is called.
const BINDING: [&str; 3] = ["ConfirmImpact", "HelpUri", "SupportsShouldProcess"];
/// What `[Parameter()]` may say.
const PARAMETER: [&str; 5] = ["DontShow", "HelpMessage", "Mandatory", "Position", "ValueFromPipeline"];
/// Attributes that are given nothing.
const ALONE: [&str; 4] = ["AllowEmptyCollection", "AllowEmptyString", "AllowNull", "ValidateNotNullOrEmpty"];
