//! Which parameter each argument belongs to.

use super::table::{Command, Parameter, ParameterSet, Source, Variant};
use crate::static_command;
use crate::tree::{CommandElement, Expression, ExpressionKind, NumberValue};

/// What stands behind a command's name, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Element<'name, T> {
    /// `-Name`, or `-Name:value`.
    Parameter {
        /// The name, perhaps shortened, without its dash.
        name: &'name str,
        /// The value after a colon.
        value: Option<T>,
    },
    /// A value.
    Value(T),
}

/// What a value is, as far as binding minds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArgumentType {
    /// A string.
    String,
    /// An `int`.
    Int32,
    /// A `long`.
    Int64,
    /// A `double`.
    Double,
    /// A `decimal`.
    Decimal,
    /// A script block.
    ScriptBlock,
    /// A hashtable.
    Hashtable,
    /// An array.
    Array,
    /// Anything else, or not known.
    Object,
}

/// A value that can say what it is.
pub trait Typed {
    /// What it is.
    fn argument_type(&self) -> ArgumentType;
}

/// Arguments with the parameters that they belong to.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound<T> {
    /// In the order in which they were bound: those with names first.
    pub arguments: Vec<BoundArgument<T>>,
}

/// An argument and its parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundArgument<T> {
    /// The parameter.
    pub parameter: Parameter,
    /// What it is given.
    pub value: BoundValue<T>,
}

/// What a parameter is given.
#[derive(Debug, Clone, PartialEq)]
pub enum BoundValue<T> {
    /// A switch that is there.
    Switch,
    /// A value.
    Given(T),
    /// All values that were left.
    Remaining(Vec<T>),
}

/// Why arguments are not bound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No parameter has this name or begins so.
    #[error("`{command}` has no parameter `-{name}`; see its syntax")]
    UnknownParameter {
        /// The command.
        command: &'static str,
        /// What was written.
        name: String,
    },
    /// Several parameters begin so.
    #[error("`-{name}` may be {}; write it out", .candidates.join(" or "))]
    AmbiguousParameter {
        /// What was written.
        name: String,
        /// The parameters, with dashes.
        candidates: Vec<String>,
    },
    /// A parameter is given twice.
    #[error("`-{0}` is given twice")]
    Duplicate(&'static str),
    /// A parameter that needs a value has none.
    #[error("`-{0}` needs a value; where the value begins with a dash, quote it")]
    MissingValue(&'static str),
    /// A value that no parameter takes by its position.
    #[error("`{0}` takes no further value without a parameter name")]
    TooManyValues(&'static str),
    /// A value that several parameters would take.
    #[error("this value may be for {}; write the parameter's name", .candidates.join(" or "))]
    AmbiguousValue {
        /// The parameters, with dashes.
        candidates: Vec<String>,
    },
    /// An object from the pipeline that no parameter takes.
    #[error("`{0}` takes no such object from the pipeline; give it by a parameter")]
    NoInput(&'static str),
    /// Parameters that exclude each other, or that do not say which set is meant.
    #[error("these parameters of `{0}` cannot be used together, or do not say enough")]
    ParameterSet(&'static str),
}

impl Command {
    /// Finds the parameter of each argument.
    ///
    /// What is bound is what PowerShell binds, by the best source that knows all the names. The full names in the
    /// result mean the same to every version that has them.
    ///
    /// # Errors
    /// A [`Refusal`] where PowerShell would fail too, and where only the host could know.
    pub fn bind<T: Typed + Clone>(self, elements: &[Element<'_, T>]) -> Result<Bound<T>, Refusal> {
        self.bind_as(elements, Input::None, Conversions::Unknown)
    }

    /// The same for values that are there, as when the command runs: one that fits no parameter of its position goes
    /// to that of the default set, if it can be converted for sure. `Start-Sleep 5` is `-Seconds 5`.
    ///
    /// # Errors
    /// As [`Command::bind`].
    pub fn bind_values<T: Typed + Clone>(self, elements: &[Element<'_, T>]) -> Result<Bound<T>, Refusal> {
        self.bind_as(elements, Input::None, Conversions::Made)
    }

    /// The same for a command behind a `|`: what is missing may come from there.
    ///
    /// # Errors
    /// As [`Command::bind`].
    pub fn bind_with_input<T: Typed + Clone>(self, elements: &[Element<'_, T>]) -> Result<Bound<T>, Refusal> {
        self.bind_as(elements, Input::Expected, Conversions::Made)
    }

    fn bind_as<T: Typed + Clone>(
        self,
        elements: &[Element<'_, T>],
        input: Input,
        conversions: Conversions,
    ) -> Result<Bound<T>, Refusal> {
        if elements.is_empty() {
            return Ok(Bound { arguments: Vec::new() });
        }
        let mut first = None;
        for variant in self.variants() {
            // Another version's parameters are only believed where they are written out.
            if first.is_some() && !all_written_out(variant, elements) {
                continue;
            }
            match Binding::new(self, variant, input, conversions).bind(elements) {
                Err(refusal @ Refusal::UnknownParameter { .. }) => {
                    first.get_or_insert(refusal);
                }
                result => return result,
            }
        }
        Err(first.unwrap_or(Refusal::TooManyValues(self.name())))
    }
}

fn all_written_out<T>(variant: Variant, elements: &[Element<'_, T>]) -> bool {
    elements.iter().all(|element| match element {
        Element::Parameter { name, .. } => variant.parameters().any(|parameter| parameter.is_called(name)),
        Element::Value(_) => true,
    })
}

/// Whether objects come from the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    None,
    Expected,
}

/// Whether a value may be taken to be converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Conversions {
    Unknown,
    Made,
}

/// A binding under way.
struct Binding<T> {
    command: Command,
    variant: Variant,
    input: Input,
    conversions: Conversions,
    parameters: &'static [Parameter],
    bound: Vec<BoundArgument<T>>,
    /// The sets that are still possible, a bit for each.
    sets: u64,
}

impl<T: Typed + Clone> Binding<T> {
    fn new(command: Command, variant: Variant, input: Input, conversions: Conversions) -> Self {
        let sets = if variant.sets() < 64 { (1 << variant.sets()) - 1 } else { u64::MAX };
        let parameters = variant.all_parameters();
        Self { command, variant, input, conversions, parameters, bound: Vec::new(), sets }
    }

    fn bind(mut self, elements: &[Element<'_, T>]) -> Result<Bound<T>, Refusal> {
        let values = self.bind_named(elements)?;
        let values = self.bind_positions(values)?;
        self.bind_remaining(values)?;
        self.check_sets()?;
        Ok(Bound { arguments: self.bound })
    }

    /// Binds what has a name, and gives back the values that have none.
    fn bind_named(&mut self, elements: &[Element<'_, T>]) -> Result<Vec<T>, Refusal> {
        let mut values = Vec::new();
        let mut elements = elements.iter().peekable();
        while let Some(element) = elements.next() {
            let (name, value) = match element {
                Element::Value(value) => {
                    values.push(value.clone());
                    continue;
                }
                Element::Parameter { name, value } => (name, value),
            };
            let parameter = self.named(name)?;
            let value = match value {
                Some(value) => BoundValue::Given(value.clone()),
                None if parameter.is_switch() => BoundValue::Switch,
                None => match elements.next_if(|next| matches!(next, Element::Value(_))) {
                    Some(Element::Value(value)) => BoundValue::Given(value.clone()),
                    _ => return Err(Refusal::MissingValue(parameter.name())),
                },
            };
            self.give(parameter, value)?;
            self.narrow(parameter.mask())?;
        }
        Ok(values)
    }

    /// A full name or alias first, then the only parameter that begins so; a common one yields to the command's own.
    fn named(&self, name: &str) -> Result<Parameter, Refusal> {
        let by_name = self.parameters.iter().find(|parameter| parameter.name().eq_ignore_ascii_case(name));
        let by_alias = || self.parameters.iter().find(|parameter| parameter.is_called(name));
        if let Some(&parameter) = by_name.or_else(by_alias) {
            return Ok(parameter);
        }
        let candidates: Vec<Parameter> =
            self.parameters.iter().filter(|parameter| parameter.begins_with(name)).copied().collect();
        let own: Vec<Parameter> =
            candidates.iter().filter(|parameter| !parameter.is_common()).copied().collect();
        match (candidates.as_slice(), own.as_slice()) {
            ([only], _) | (_, [only]) => Ok(*only),
            ([], _) => Err(Refusal::UnknownParameter { command: self.command.name(), name: name.to_owned() }),
            _ => Err(Refusal::AmbiguousParameter {
                name: name.to_owned(),
                candidates: with_dashes(&candidates),
            }),
        }
    }

    /// Goes through the positions in order. A value is for the default set's parameter if its type fits, then for any
    /// parameter whose type fits, then for the default set's parameter if it is converted, then for any parameter.
    fn bind_positions(&mut self, values: Vec<T>) -> Result<Vec<T>, Refusal> {
        if values.is_empty() {
            return Ok(values);
        }
        let mut positions: Vec<u32> = self
            .unbound()
            .flat_map(|parameter| {
                parameter.sets().filter(|set| !set.remaining).filter_map(|set| set.position)
            })
            .collect();
        positions.sort_unstable();
        positions.dedup();
        let mut values = values.into_iter();
        for position in positions {
            if self.candidates(position, self.sets).is_empty() {
                continue;
            }
            let Some(value) = values.next() else { break };
            let parameter = self.positioned(position, value.argument_type())?;
            self.give(parameter, BoundValue::Given(value))?;
            self.narrow(parameter.mask())?;
        }
        Ok(values.collect())
    }

    fn positioned(&self, position: u32, value: ArgumentType) -> Result<Parameter, Refusal> {
        let fits = |parameter: &Parameter| value.fits(parameter.type_name());
        let default = self.variant.default_set().map_or(0, |set| 1 << set) & self.sets;
        let converts = |parameter: &Parameter| {
            self.conversions == Conversions::Made && value.converts(parameter.type_name())
        };
        let all = || self.candidates(position, self.sets);
        let chosen = |mut found: Vec<Parameter>, wanted: &dyn Fn(&Parameter) -> bool| {
            found.retain(wanted);
            (!found.is_empty()).then_some(found)
        };
        let found = chosen(self.candidates(position, default), &fits)
            .or_else(|| chosen(all(), &fits))
            .or_else(|| chosen(self.candidates(position, default), &converts))
            .unwrap_or_else(all);
        match found.as_slice() {
            [only] => Ok(*only),
            _ => Err(Refusal::AmbiguousValue { candidates: with_dashes(&found) }),
        }
    }

    /// The unbound parameters at a position in some of the sets.
    fn candidates(&self, position: u32, sets: u64) -> Vec<Parameter> {
        let here = |set: ParameterSet| {
            set.position == Some(position) && !set.remaining && sets != 0 && set.bit() & sets != 0
        };
        self.unbound().filter(|parameter| parameter.sets().any(here)).collect()
    }

    fn bind_remaining(&mut self, values: Vec<T>) -> Result<(), Refusal> {
        if values.is_empty() {
            return Ok(());
        }
        let sets = self.sets;
        let takes =
            |parameter: &Parameter| parameter.sets().any(|set| set.remaining && set.bit() & sets != 0);
        let found: Vec<Parameter> = self.unbound().filter(takes).collect();
        match found.as_slice() {
            [] => Err(Refusal::TooManyValues(self.command.name())),
            [only] => {
                self.give(*only, BoundValue::Remaining(values))?;
                self.narrow(only.mask())
            }
            _ => Err(Refusal::AmbiguousValue { candidates: with_dashes(&found) }),
        }
    }

    /// If a parameter says which set is meant, one set must be left, or the default one, or only one whose mandatory
    /// parameters are all there. Where the default set is not known, only the host can tell.
    fn check_sets(&self) -> Result<(), Refusal> {
        let default = self.variant.default_set();
        let specified = self.bound.iter().any(|bound| bound.parameter.sets().all(|set| set.set.is_some()));
        let left = |set: u32| self.sets & (1 << set) != 0;
        if (default.is_none() && self.variant.source() != Source::Newest)
            || !specified
            || self.sets.is_power_of_two()
            || default.is_some_and(left)
        {
            return Ok(());
        }
        let wanting = |set: u32| {
            self.unbound().any(|parameter| {
                parameter
                    .sets()
                    .any(|facts| facts.mandatory && facts.bit() & (1 << set) != 0 && !self.fed(facts))
            })
        };
        let complete = (0..self.variant.sets()).filter(|&set| left(set) && !wanting(set));
        if complete.count() == 1 { Ok(()) } else { Err(Refusal::ParameterSet(self.command.name())) }
    }

    /// Whether the pipeline may give what is missing.
    fn fed(&self, facts: ParameterSet) -> bool {
        self.input == Input::Expected && (facts.by_value || facts.by_property_name)
    }

    fn unbound(&self) -> impl Iterator<Item = Parameter> {
        let bound = |parameter: &Parameter| self.bound.iter().any(|other| other.parameter.is(*parameter));
        self.parameters.iter().copied().filter(move |parameter| !bound(parameter))
    }

    fn give(&mut self, parameter: Parameter, value: BoundValue<T>) -> Result<(), Refusal> {
        if self.bound.iter().any(|other| other.parameter.is(parameter)) {
            return Err(Refusal::Duplicate(parameter.name()));
        }
        self.bound.push(BoundArgument { parameter, value });
        Ok(())
    }

    fn narrow(&mut self, sets: u64) -> Result<(), Refusal> {
        self.sets &= sets;
        if self.sets == 0 { Err(Refusal::ParameterSet(self.command.name())) } else { Ok(()) }
    }
}

impl ArgumentType {
    /// Whether a parameter of this type takes such a value without converting it.
    fn fits(self, type_name: &str) -> bool {
        let element = type_name.strip_suffix("[]");
        let own = match self {
            Self::Object => return true,
            _ if type_name == "object" => return true,
            Self::Array => return element.is_some(),
            Self::String => "string",
            Self::Int32 => "int",
            Self::Int64 => "long",
            Self::Double => "double",
            Self::Decimal => "decimal",
            Self::ScriptBlock => "scriptblock",
            Self::Hashtable => "hashtable",
        };
        element.unwrap_or(type_name) == own
    }

    /// Whether every value of this kind can be converted to a parameter's type.
    fn converts(self, type_name: &str) -> bool {
        let element = type_name.strip_suffix("[]").unwrap_or(type_name);
        match self {
            Self::Int32 => matches!(element, "string" | "long" | "double" | "decimal"),
            Self::Int64 => matches!(element, "string" | "double" | "decimal"),
            Self::Double | Self::Decimal => matches!(element, "string" | "double"),
            Self::Array => type_name == "string[]",
            _ => element == "string",
        }
    }
}

impl<T: Typed> Typed for &T {
    fn argument_type(&self) -> ArgumentType {
        (**self).argument_type()
    }
}

impl Typed for Expression {
    fn argument_type(&self) -> ArgumentType {
        match &self.kind {
            ExpressionKind::String(_) | ExpressionKind::Expandable(_) => ArgumentType::String,
            ExpressionKind::Number(number) => match number.value {
                NumberValue::Int32(_) => ArgumentType::Int32,
                NumberValue::Int64(_) => ArgumentType::Int64,
                NumberValue::Double(_) => ArgumentType::Double,
                NumberValue::Decimal { .. } => ArgumentType::Decimal,
            },
            ExpressionKind::ScriptBlock(_) => ArgumentType::ScriptBlock,
            ExpressionKind::Hashtable(_) => ArgumentType::Hashtable,
            ExpressionKind::Array(_) | ExpressionKind::ArrayExpression(_) => ArgumentType::Array,
            _ => ArgumentType::Object,
        }
    }
}

impl Typed for static_command::Literal {
    fn argument_type(&self) -> ArgumentType {
        match self {
            Self::String(_) => ArgumentType::String,
            Self::Number(number) => match number.value() {
                Some(NumberValue::Int32(_)) => ArgumentType::Int32,
                Some(NumberValue::Int64(_)) => ArgumentType::Int64,
                Some(NumberValue::Double(_)) => ArgumentType::Double,
                Some(NumberValue::Decimal { .. }) => ArgumentType::Decimal,
                None => ArgumentType::Object,
            },
            Self::Boolean(_) | Self::Null => ArgumentType::Object,
            Self::Array(_) => ArgumentType::Array,
        }
    }
}

impl<'tree> From<&'tree CommandElement> for Element<'tree, &'tree Expression> {
    fn from(element: &'tree CommandElement) -> Self {
        match element {
            CommandElement::Parameter(parameter) => {
                Self::Parameter { name: &parameter.name, value: parameter.argument.as_ref() }
            }
            CommandElement::Argument(argument) => Self::Value(argument),
        }
    }
}

impl<'command> From<&'command static_command::Argument> for Element<'command, static_command::Literal> {
    fn from(argument: &'command static_command::Argument) -> Self {
        match argument {
            static_command::Argument::Parameter { name, value } => {
                Self::Parameter { name: name.as_str(), value: value.clone() }
            }
            static_command::Argument::Value(value) => Self::Value(value.clone()),
        }
    }
}

fn with_dashes(parameters: &[Parameter]) -> Vec<String> {
    parameters.iter().map(|parameter| format!("`-{}`", parameter.name())).collect()
}

#[cfg(test)]
mod tests;
