//! Methods, by the type of their receiver. On an object of a host there is none: its methods act on the host.

mod collection;
mod date;
mod text;

use std::sync::Arc;

use super::block::Block;
use super::interpreter::Interpreter;
use super::unwind::{Flow, Unwind};
use crate::tree::{Access, Case, ExpressionKind, Invoke};
use crate::value::compare::{equals, order};
use crate::value::convert::convert;
use crate::value::format_operator::to_format;
use crate::value::type_name::Plain;
use crate::value::{Fault, Type, Value};

impl Interpreter {
    /// `target.name( … )`.
    pub(super) async fn invoke(&mut self, invoke: &Invoke) -> Flow<Value> {
        let Some(name) = invoke.name.as_string() else {
            return Err(Unwind::refused("a method whose name is computed"));
        };
        if invoke.access == Access::Static {
            let ExpressionKind::Type(of) = &invoke.target.kind else {
                return Err(Unwind::refused("static methods of what is no type"));
            };
            let arguments = self.arguments_of(invoke).await?;
            return self.static_method(&of.name, name, &arguments);
        }
        let target = self.value(&invoke.target).await?;
        let arguments = self.arguments_of(invoke).await?;
        if let Some(Value::Block(block)) = arguments.first() {
            return self.with_block_argument(&target, name, Arc::clone(block), &arguments).await;
        }
        self.method(&target, name, &arguments)
    }

    async fn arguments_of(&mut self, invoke: &Invoke) -> Flow<Vec<Value>> {
        let mut arguments = Vec::with_capacity(invoke.arguments.len());
        for argument in &invoke.arguments {
            arguments.push(self.value(argument).await?);
        }
        Ok(arguments)
    }

    /// A method of a value that is there.
    fn method(&mut self, target: &Value, name: &str, arguments: &[Value]) -> Flow<Value> {
        self.tick()?;
        for value in arguments {
            self.fits(value)?;
            self.ties.note(target, value);
        }
        if let Value::Array(array) = target {
            self.tick_items(array.len())?;
        }
        let lower = name.to_ascii_lowercase();
        if lower == "gettype"
            && arguments.is_empty()
            && let Some(own) = Type::named(target.base().type_name().as_str())
            && !matches!(target.base(), Value::Object(_))
        {
            return Ok(Value::Type(own));
        }
        let value = match target {
            Value::Null => {
                return Err(Fault::thrown(
                    "InvokeMethodOnNull",
                    "System.Management.Automation.RuntimeException",
                    "You cannot call a method on a null-valued expression.",
                )
                .into());
            }
            Value::String(text) => {
                self.room(text::size(text, &lower, arguments))?;
                text::call(text, &lower, arguments)?
            }
            Value::DateTime(time) => {
                let offset = self.facts.now.map(|now| now.kind());
                date::of_date(*time, &lower, arguments, offset)?
            }
            Value::TimeSpan(span) => date::of_span(*span, &lower, arguments)?,
            Value::Table(table) => collection::of_table(table, &lower, arguments)?,
            Value::Array(array) => match collection::of_array(array, &lower, arguments)? {
                Some(value) => Some(value),
                None => return self.method_of_items(array.to_vec(), name, arguments),
            },
            Value::Object(object) => match object.wrapped() {
                Some(inner) => return self.method(&inner, name, arguments),
                None if lower == "tostring" && arguments.is_empty() => Some(Value::String(target.to_text())),
                None if lower == "gettype" => {
                    return Err(Unwind::refused("`.GetType()`; use -is, or the property that tells"));
                }
                None if object.is_of_host() => {
                    return Err(Unwind::refused(format!(
                        "`.{name}()` is a method of an object on the host; use the command that does it, with its name or id"
                    )));
                }
                None => None,
            },
            other => of_scalar(other, &lower, arguments)?,
        };
        let Some(value) = value else {
            return Err(Unwind::refused(format!(
                "the method `.{name}()` of [{}] with these arguments",
                target.type_name()
            )));
        };
        self.make_value(&value)?;
        Ok(value)
    }

    fn method_of_items(&mut self, items: Vec<Value>, name: &str, arguments: &[Value]) -> Flow<Value> {
        let mut found = Vec::new();
        for item in items {
            if let Value::Array(_) = item {
                return Err(Unwind::refused("a method of arrays inside an array"));
            }
            match self.method(&item, name, arguments)? {
                Value::Null => {}
                value => found.extend(value.into_items()),
            }
        }
        Ok(Value::of_output(found))
    }

    /// `.Where({ … })` and `.ForEach({ … })`.
    async fn with_block_argument(
        &mut self,
        target: &Value,
        name: &str,
        block: Arc<Block>,
        arguments: &[Value],
    ) -> Flow<Value> {
        let wanted = match arguments {
            [_] => "default".to_owned(),
            [_, mode] => mode.to_text().as_str().to_ascii_lowercase(),
            _ => return Err(Unwind::refused(format!("`.{name}()` with these arguments"))),
        };
        // A generic list has a method of this name, which knows no `$_`.
        if matches!(target, Value::Array(array) if array.is_list() && array.element().is_some())
            && name.eq_ignore_ascii_case("foreach")
        {
            return Err(Unwind::refused("`.ForEach()` of a generic list; use ForEach-Object"));
        }
        let items = if target.is_null() { Vec::new() } else { target.clone().into_items() };
        let mut kept = Vec::new();
        match name.to_ascii_lowercase().as_str() {
            "foreach" if wanted == "default" => {
                for item in items {
                    self.breathe().await?;
                    kept.extend(self.invoke_with_item(&block, item).await?);
                }
            }
            "where" => {
                for item in items {
                    self.breathe().await?;
                    let output = self.invoke_with_item(&block, item.clone()).await?;
                    if Value::of_output(output).is_true() {
                        kept.push(item);
                    }
                    if wanted == "first" && !kept.is_empty() {
                        break;
                    }
                }
                match wanted.as_str() {
                    "default" | "first" => {}
                    "last" => kept = kept.pop().into_iter().collect(),
                    _ => return Err(Unwind::refused("this mode of `.Where()`")),
                }
            }
            _ => return Err(Unwind::refused(format!("`.{name}()` with a script block"))),
        }
        Ok(Value::Array(crate::value::Array::list(kept)))
    }
}

/// Methods that any plain value has.
fn of_scalar(value: &Value, name: &str, arguments: &[Value]) -> Flow<Option<Value>> {
    Ok(match (name, arguments) {
        ("tostring", []) => Some(Value::string(to_format(value, "").map_err(Unwind::from)?)),
        ("tostring", [format, ..]) if matches!(format, Value::String(_)) => {
            Some(Value::string(formatted(value, format.to_text().as_str())?))
        }
        ("equals", [other]) => Some(Value::Boolean(
            value.type_name() == other.type_name() && equals(value, other, Case::Sensitive)?,
        )),
        ("compareto", [other]) => {
            let order = order(value, other, Case::Sensitive)?;
            Some(Value::Int32(match order {
                std::cmp::Ordering::Less => -1,
                std::cmp::Ordering::Equal => 0,
                std::cmp::Ordering::Greater => 1,
            }))
        }
        _ => None,
    })
}

/// `ToString(format)`; a format that the type does not know is an error of the method.
fn formatted(value: &Value, format: &str) -> Flow<String> {
    to_format(value, format).map_err(|fault| match fault {
        Fault::Thrown(thrown) => {
            exception("FormatException", "System.FormatException", "ToString", 1, &thrown.message)
        }
        fault @ Fault::Unsupported(_) => fault.into(),
    })
}

/// `Exception calling "Name" with "1" argument(s): "message"`.
fn exception(id: &'static str, exception: &'static str, method: &str, count: usize, message: &str) -> Unwind {
    Fault::thrown(
        id,
        exception,
        format!("Exception calling \"{method}\" with \"{count}\" argument(s): \"{message}\""),
    )
    .in_category("NotSpecified")
    .into()
}

fn integer(value: &Value) -> Flow<i64> {
    let number = convert(value, Type::Plain(Plain::Int32))?;
    Ok(number.as_integer().and_then(|number| i64::try_from(number).ok()).unwrap_or_default())
}

fn double(value: &Value) -> Flow<f64> {
    match convert(value, Type::Plain(Plain::Double))? {
        Value::Double(number) => Ok(number),
        _ => Ok(0.0),
    }
}
