//! Arguments of commands: evaluated, and bound to parameters.

use super::interpreter::Interpreter;
use super::output::ErrorAction;
use super::simple::number_value;
use super::unwind::{Flow, Unwind};
use crate::commands::{self, ArgumentType, BoundValue, Typed};
use crate::plan::prefix::GATHERING;
use crate::tree::{CommandElement, Expression, ExpressionKind, Quote};
use crate::typed;
use crate::value::Value;

/// An argument, and how it was written where that is more than the value.
#[derive(Clone, Debug)]
pub(super) struct Argument {
    pub(super) value: Value,
    /// A number as it was written: bound to a string it is this text.
    pub(super) text: Option<String>,
}

/// A parameter or a value behind a command's name.
#[derive(Clone, Debug)]
pub(super) enum Element {
    /// `-Name`, or `-Name:value`.
    Parameter { name: String, value: Option<Argument> },
    /// A value.
    Value(Argument),
}

/// What stands behind a command's name.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments {
    pub(super) elements: Vec<Element>,
}

/// Arguments under the full names of their parameters.
#[derive(Debug, Default)]
pub(super) struct Bound {
    given: Vec<(&'static str, Value)>,
    pub(super) common: Common,
}

/// The parameters that every command has, as far as they mean something here.
#[derive(Clone, Debug, Default)]
pub(super) struct Common {
    pub(super) error_action: Option<ErrorAction>,
    pub(super) error_variable: Option<String>,
    pub(super) out_variable: Option<String>,
    /// All of them as they were given, for a host.
    pub(super) given: Vec<(&'static str, Value)>,
}

impl Argument {
    pub(super) fn plain(value: Value) -> Self {
        Self { value, text: None }
    }

    fn of_constant(expression: &Expression) -> Option<Self> {
        let text = match &expression.kind {
            ExpressionKind::Number(number) => Some(number.text.clone()),
            _ => None,
        };
        typed::constant(expression, "").map(|value| Self { value, text })
    }
}

impl Arguments {
    /// What stands behind a command's name, where nothing of it is computed.
    pub(super) fn of_constants(elements: &[CommandElement]) -> Option<Self> {
        let elements = elements.iter().map(|element| match element {
            CommandElement::Parameter(parameter) => {
                let value = match &parameter.argument {
                    Some(argument) => Some(Argument::of_constant(argument)?),
                    None => None,
                };
                Some(Element::Parameter { name: parameter.name.clone(), value })
            }
            CommandElement::Argument(argument) => Argument::of_constant(argument).map(Element::Value),
        });
        Some(Self { elements: elements.collect::<Option<_>>()? })
    }

    /// The same as the binder takes it.
    pub(super) fn for_binding(&self) -> Vec<commands::Element<'_, Argument>> {
        self.elements
            .iter()
            .map(|own| match own {
                Element::Parameter { name, value } => {
                    commands::Element::Parameter { name, value: value.clone() }
                }
                Element::Value(value) => commands::Element::Value(value.clone()),
            })
            .collect()
    }
}

impl Typed for Argument {
    fn argument_type(&self) -> ArgumentType {
        match &self.value {
            Value::String(_) => ArgumentType::String,
            Value::Int32(_) => ArgumentType::Int32,
            Value::Int64(_) => ArgumentType::Int64,
            Value::Double(_) => ArgumentType::Double,
            Value::Decimal(_) => ArgumentType::Decimal,
            Value::Block(_) => ArgumentType::ScriptBlock,
            Value::Table(_) => ArgumentType::Hashtable,
            Value::Array(_) => ArgumentType::Array,
            _ => ArgumentType::Object,
        }
    }
}

impl Interpreter {
    /// Evaluates what stands behind a command's name.
    pub(super) async fn arguments(&mut self, elements: &[CommandElement]) -> Flow<Arguments> {
        let mut evaluated = Vec::with_capacity(elements.len());
        for element in elements {
            self.tick()?;
            let before = evaluated.len();
            match element {
                CommandElement::Parameter(parameter) => {
                    let value = match &parameter.argument {
                        Some(argument) => Some(self.argument(argument).await?),
                        None => None,
                    };
                    evaluated.push(Element::Parameter { name: parameter.name.clone(), value });
                }
                CommandElement::Argument(argument) => match &argument.kind {
                    ExpressionKind::Variable(variable) if variable.splatted => {
                        let value = self.variable(&variable.name)?;
                        splat(value, &mut evaluated)?;
                    }
                    _ => evaluated.push(Element::Value(self.argument(argument).await?)),
                },
            }
            for own in evaluated.get(before..).unwrap_or_default() {
                if let Element::Parameter { value: Some(argument), .. } | Element::Value(argument) = own {
                    self.fits(&argument.value)?;
                }
            }
        }
        Ok(Arguments { elements: evaluated })
    }

    async fn argument(&mut self, expression: &Expression) -> Flow<Argument> {
        match &expression.kind {
            ExpressionKind::Number(number) => {
                Ok(Argument { value: number_value(number), text: Some(number.text.clone()) })
            }
            ExpressionKind::Array(items)
                if items.iter().all(|item| matches!(item.kind, ExpressionKind::Number(_))) =>
            {
                let value = self.value(expression).await?;
                Ok(Argument { value, text: None })
            }
            ExpressionKind::String(constant) if constant.quote == Quote::Bare => {
                Ok(Argument::plain(Value::string(constant.value.as_str())))
            }
            _ => Ok(Argument::plain(self.value(expression).await?)),
        }
    }
}

/// `@name`: a hashtable's entries are parameters, an array's items values.
fn splat(value: Value, into: &mut Vec<Element>) -> Flow<()> {
    match value {
        Value::Table(table) => {
            for (key, value) in table.entries() {
                let name = key.to_text().as_str().to_owned();
                into.push(Element::Parameter { name, value: Some(Argument::plain(value)) });
            }
        }
        Value::Array(array) => {
            into.extend(array.to_vec().into_iter().map(|item| Element::Value(Argument::plain(item))));
        }
        Value::Null => {}
        _ => return Err(Unwind::refused("splatting of what is no hashtable or array")),
    }
    Ok(())
}

impl Bound {
    /// Binds the arguments of a command that runs here.
    pub(super) fn of(name: &str, arguments: &Arguments) -> Flow<Self> {
        let Some(command) = commands::find(name) else {
            return Err(Unwind::refused(format!("`{name}` is not in the table of commands")));
        };
        let bound = command
            .bind_values(&arguments.for_binding())
            .map_err(|refusal| Unwind::refused(refusal.to_string()))?;
        let mut own = Self::default();
        for argument in bound.arguments {
            let value = match argument.value {
                BoundValue::Switch => Value::Boolean(true),
                BoundValue::Given(argument) => argument.value,
                BoundValue::Remaining(rest) => {
                    Value::array(rest.into_iter().map(|argument| argument.value).collect())
                }
            };
            if argument.parameter.is_common() {
                own.common.take(argument.parameter.name(), value)?;
            } else {
                own.given.push((argument.parameter.name(), value));
            }
        }
        Ok(own)
    }

    /// Takes a parameter's value.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.given.iter().position(|(own, _)| own.eq_ignore_ascii_case(name))?;
        Some(self.given.remove(at).1)
    }

    /// Takes a parameter that is a string.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.take(name).map(|value| value.to_text().as_str().to_owned())
    }

    /// Takes a parameter that is a number of things.
    pub(super) fn count(&mut self, name: &str) -> Flow<Option<usize>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let number = crate::value::convert::convert(
            &value,
            crate::value::Type::Plain(crate::value::type_name::Plain::Int32),
        )?;
        match number.as_integer().and_then(|number| usize::try_from(number).ok()) {
            Some(number) => Ok(Some(number)),
            None => Err(Unwind::refused(format!("a negative number for `-{name}`"))),
        }
    }

    /// Takes a switch.
    pub(super) fn switch(&mut self, name: &str) -> bool {
        self.take(name).is_some_and(|value| value.is_true())
    }

    /// Refuses what nobody took.
    pub(super) fn finish(self, command: &str) -> Flow<Common> {
        match self.given.first() {
            None => Ok(self.common),
            Some((name, _)) => Err(Unwind::refused(format!("`{command} -{name}`"))),
        }
    }

    /// Takes the first parameter of those that are left.
    pub(super) fn take_any(&mut self) -> Option<(&'static str, Value)> {
        if self.given.is_empty() { None } else { Some(self.given.remove(0)) }
    }
}

impl Common {
    /// Whether something is gathered of what the command writes.
    pub(super) fn gathers(&self) -> bool {
        self.given.iter().any(|(name, _)| GATHERING.contains(name))
    }

    pub(super) fn take(&mut self, name: &'static str, value: Value) -> Flow<()> {
        let text = || value.to_text().as_str().to_owned();
        match name.to_ascii_lowercase().as_str() {
            "erroraction" => self.error_action = Some(ErrorAction::of(&value)?),
            "errorvariable" => self.error_variable = Some(text()),
            "outvariable" => self.out_variable = Some(text()),
            "pipelinevariable" => return Err(Unwind::refused("`-PipelineVariable`")),
            _ => {}
        }
        self.given.push((name, value));
        Ok(())
    }
}
