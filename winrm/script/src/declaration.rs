//! What a script declares before its first statement: its parameters, and what its help says of them.
//!
//! [`Declaration::read`] looks at the head of a script alone, up to the end of `param( … )`. What stands behind may be any
//! PowerShell, also such as [`parse::script`] refuses.

mod attributes;
mod help;

use self::help::Help;
use crate::parse::{self, Refusal};
use crate::tree::{Case, Span};
use crate::value::convert::convert;
use crate::value::type_name::Plain;
use crate::value::{Type, Value};

/// The head of a script.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Declaration {
    /// Its parameters, as they are written one after the other.
    pub parameters: Vec<Declared>,
    /// `.SYNOPSIS` of its help.
    pub synopsis: Option<String>,
}

/// A parameter of a script.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// From its first attribute to its default.
    pub span: Span,
    /// What it takes.
    pub takes: Takes,
    /// Whether it must be given: it is mandatory, and not only in some of several parameter sets.
    pub required: bool,
    /// What its values must be besides.
    pub checks: Vec<Check>,
    /// What the script's help says of it, or else its `HelpMessage`.
    pub help: Option<String>,
}

/// What a parameter takes by its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Takes {
    /// It names no type.
    Anything,
    /// Values of a type that is known here.
    Values(Type),
    /// Something else, as it is written.
    Other(String),
}

/// What a value must be, by an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Check {
    /// `[ValidateSet()]`.
    Set(Vec<String>, Case),
    /// `[ValidateRange()]`, both ends included.
    Range(f64, f64),
    /// `[ValidateLength()]`, in UTF-16 units.
    Length(u32, u32),
    /// `[ValidateCount()]`.
    Count(u32, u32),
    /// `[ValidateNotNullOrEmpty()]`.
    NotEmpty,
}

impl Declaration {
    /// Reads the head of a script.
    ///
    /// # Errors
    /// A [`Refusal`] where `param( … )` cannot be read, with its place.
    pub fn read(text: &str) -> Result<Self, Refusal> {
        let block = parse::parameters_of_script(text)?;
        let head = block.as_ref().map_or(text.len(), |block| block.span.start);
        let help = Help::read(text.get(..head).unwrap_or_default());
        let parameters = block.iter().flat_map(|block| &block.parameters);
        let parameters = parameters.map(|definition| {
            let told = help.parameter(&definition.variable.name).map(str::to_owned);
            let declared = Declared::of(definition);
            Declared { help: told.or(declared.help), ..declared }
        });
        Ok(Self { parameters: parameters.collect(), synopsis: help.synopsis })
    }

    /// The parameter of this name, whatever its case.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&Declared> {
        self.parameters.iter().find(|own| own.name.eq_ignore_ascii_case(name))
    }
}

impl Declared {
    /// Whether it is there or not, without a value.
    #[must_use]
    pub fn is_switch(&self) -> bool {
        self.takes == Takes::Values(Type::Plain(Plain::Switch))
    }

    /// What is amiss with a value that has the parameter's type: the first check that it fails.
    #[must_use]
    pub fn failed(&self, value: &Value) -> Option<&Check> {
        self.checks.iter().find(|check| !check.holds(value))
    }
}

impl Takes {
    /// The type of this name, as it stands between brackets; that of `[Nullable[int]]` is `int`.
    fn named(written: &str) -> Self {
        let name: String = written.chars().filter(|letter| !letter.is_whitespace()).collect();
        let inner = ["nullable[", "system.nullable["].iter().find_map(|begin| {
            let (head, rest) = name.split_at_checked(begin.len())?;
            rest.strip_suffix(']').filter(|_| head.eq_ignore_ascii_case(begin))
        });
        match Type::named(inner.unwrap_or(&name)) {
            // PowerShell makes a list of an array.
            Some(Type::ListOf(element)) => Self::Values(Type::ArrayOf(element)),
            Some(known) => Self::Values(known),
            None => Self::Other(written.to_owned()),
        }
    }
}

impl Check {
    /// Whether a value passes.
    #[must_use]
    pub fn holds(&self, value: &Value) -> bool {
        let each = |holds: &dyn Fn(&Value) -> bool| match value {
            Value::Array(items) => items.to_vec().iter().all(holds),
            one => holds(one),
        };
        match self {
            Self::Set(names, case) => each(&|value| {
                let text = value.to_text();
                names.iter().any(|name| match case {
                    Case::Sensitive => name == text.as_str(),
                    Case::Insensitive => name.to_lowercase() == text.as_str().to_lowercase(),
                })
            }),
            Self::Range(least, greatest) => each(&|value| {
                let number = convert(value, Type::Plain(Plain::Double));
                matches!(number, Ok(Value::Double(number)) if (*least..=*greatest).contains(&number))
            }),
            Self::Length(least, greatest) => {
                each(&|value| within(value.to_text().as_str().encode_utf16().count(), *least, *greatest))
            }
            Self::Count(least, greatest) => match value {
                Value::Array(items) => within(items.len(), *least, *greatest),
                _ => within(1, *least, *greatest),
            },
            Self::NotEmpty => match value {
                Value::Array(items) if items.is_empty() => false,
                _ => each(&|value| !value.is_null() && !value.to_text().as_str().is_empty()),
            },
        }
    }
}

fn within(count: usize, least: u32, greatest: u32) -> bool {
    u32::try_from(count).is_ok_and(|count| (least..=greatest).contains(&count))
}

#[cfg(test)]
mod tests;
