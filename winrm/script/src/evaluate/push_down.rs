//! Pipelines of which a part runs on the host.
//!
//! The [plan](crate::plan) says which filters travel; here they get their values. A value of a kind that does not travel
//! exactly keeps its filter here, and those behind it. A filter that travels has a stand-in here, and its own stage at
//! hand: where a filter on the host reports an error, the command is called once more alone, so that the error is the
//! one that the script itself would have given.

use winrm_proto::clixml::{DateTime, DateTimeKind};

use super::arguments::{Arguments, Bound};
use super::call::{FilterCall, Reply};
use super::failure::Failure;
use super::filter::{self, Stage};
use super::interpreter::{Interpreter, Turn};
use super::unwind::{Flow, Unwind};
use crate::plan::condition::{Condition, parameter, same_if_missing};
use crate::plan::prefix::{Move, Prefix};
use crate::plan::scope::{Functions, Scope};
use crate::plan::stage::Stage as Planned;
use crate::tree::{Comparison, PipelineElement, PipelineElementKind, Span};
use crate::value::convert::convert;
use crate::value::type_name::Plain;
use crate::value::{Type, Value};

/// What a filter becomes: what travels, and what is done here of what comes back.
struct Travelling {
    calls: Vec<FilterCall>,
    rest: Rest,
}

/// What is done here of what comes back.
enum Rest {
    /// Nothing.
    Nothing,
    /// What did not travel.
    Stage(Box<dyn Stage>),
    /// All of it once more.
    Whole,
}

impl Interpreter {
    /// The stages of a pipeline that begins on a host: the host's command with the filters that travel, and a stage for
    /// each of these. There are none where nothing travels.
    pub(super) async fn push_down(&mut self, elements: &[PipelineElement]) -> Flow<Vec<Box<dyn Stage>>> {
        let functions: Functions =
            self.scopes.iter().flat_map(|scope| scope.functions.keys().map(String::as_str)).collect();
        let scope = Scope::of(elements, &functions, self.uses_matches);
        let pipeline = Planned::all(elements, &functions);
        let Ok(mut prefix) = Prefix::of(&pipeline, &scope) else { return Ok(Vec::new()) };
        if prefix.moves.is_empty() && prefix.columns(&pipeline, 1, &scope).is_err() {
            return Ok(Vec::new());
        }
        let Some((Planned { element: first, .. }, filters)) = pipeline.split_first() else {
            return Ok(Vec::new());
        };
        let PipelineElementKind::Command(command) = &first.kind else { return Ok(Vec::new()) };
        let mut host = self.host_stage(command, first.span).await.map_err(|unwind| unwind.at(first.span))?;
        let (mut calls, mut stages, mut wholes) = (Vec::new(), Vec::new(), Vec::new());
        let mut boundary = 1;
        let moves = std::mem::take(&mut prefix.moves);
        let mut fetches = !host.common().gathers();
        for (own, planned) in moves.iter().zip(filters) {
            let element = planned.element;
            let PipelineElementKind::Command(command) = &element.kind else { break };
            let at = |unwind: Unwind| unwind.at(element.span);
            let arguments = self.arguments(&command.elements).await.map_err(at)?;
            let whole = self.filter_stage(own.name(), &arguments).map_err(at)?;
            let travelling = match host.common().gathers() {
                true => None,
                false => self.travelling(own, &arguments, element.span).await.map_err(at)?,
            };
            let Some(travelling) = travelling else {
                stages.push(whole);
                prefix.known.forget_implied();
                break;
            };
            calls.extend(travelling.calls);
            let done = own.is_done(planned);
            match travelling.rest {
                Rest::Whole => {
                    stages.push(whole);
                    wholes.push(None);
                }
                Rest::Stage(stage) => {
                    stages.push(stage);
                    wholes.push(Some(whole));
                }
                Rest::Nothing => {
                    stages.push(Box::new(Through));
                    wholes.push(Some(whole));
                }
            }
            if !done {
                break;
            }
            boundary += 1;
            fetches &= !own.makes_something_new();
        }
        if fetches && let Ok(columns) = prefix.columns(&pipeline, boundary, &scope) {
            fetch(columns, first.span, &mut calls);
        }
        host.take_along(calls, wholes);
        stages.insert(0, Box::new(host));
        Ok(stages)
    }

    /// The filters that a stage becomes, with their values; nothing where a value does not travel.
    async fn travelling(
        &mut self,
        own: &Move<'_>,
        arguments: &Arguments,
        span: Span,
    ) -> Flow<Option<Travelling>> {
        match own {
            Move::Condition(condition) => self.condition_call(condition, span).await,
            Move::Typed { name, travel } => self.typed_call(name, travel, arguments, span),
        }
    }

    async fn condition_call(&mut self, condition: &Condition<'_>, span: Span) -> Flow<Option<Travelling>> {
        let mut calls = Vec::with_capacity(condition.tests.len());
        for test in &condition.tests {
            let mut parameters = vec![("Property", Value::string(test.property))];
            if let Some((comparison, case, value)) = test.comparison {
                let value = match self.value(value).await {
                    Ok(value) => value,
                    // Whether this is computed at all depends on whether there is an object.
                    Err(Unwind::Statement(_) | Unwind::Script(_)) => return Ok(None),
                    Err(unwind) => return Err(unwind),
                };
                let several = matches!(comparison, Comparison::In | Comparison::NotIn);
                let (Some(value), Some(name)) = (plain(&value, several), parameter(comparison, case)) else {
                    return Ok(None);
                };
                if !same_if_missing(test.property, comparison, case, &value) {
                    return Ok(None);
                }
                parameters.extend([(name, Value::Boolean(true)), ("Value", value)]);
            }
            calls.push(FilterCall { name: "Where-Object", parameters, span });
        }
        let rest = if condition.left.is_none() { Rest::Nothing } else { Rest::Whole };
        Ok(Some(Travelling { calls, rest }))
    }

    fn typed_call(
        &mut self,
        name: &'static str,
        travel: &[&'static str],
        arguments: &Arguments,
        span: Span,
    ) -> Flow<Option<Travelling>> {
        let mut bound = Bound::of(name, arguments)?;
        let mut parameters = Vec::with_capacity(travel.len());
        for parameter in travel {
            let Some(value) = bound.take(parameter) else { continue };
            let Some(value) = typed_value(name, parameter, &value, travel) else { return Ok(None) };
            parameters.push((*parameter, value));
        }
        let rest = match name {
            "Select-Object" => match filter::find(name) {
                Some(constructor) => Rest::Stage(constructor(self, bound)?),
                None => return Ok(None),
            },
            "Measure-Object" => Rest::Stage(filter::measured()),
            _ => Rest::Nothing,
        };
        Ok(Some(Travelling { calls: vec![FilterCall { name, parameters, span }], rest }))
    }

    fn filter_stage(&mut self, name: &str, arguments: &Arguments) -> Flow<Box<dyn Stage>> {
        match filter::find(name) {
            Some(constructor) => constructor(self, Bound::of(name, arguments)?),
            None => Err(Unwind::refused(format!("`{name}` is no filter"))),
        }
    }
}

/// Adds the selection of what is fetched.
fn fetch(names: Vec<String>, span: Span, calls: &mut Vec<FilterCall>) {
    let properties = ("Property", Value::array(names.into_iter().map(Value::string).collect()));
    match calls.last_mut().filter(|last| last.name == "Select-Object") {
        Some(last) => last.parameters.push(properties),
        None => calls.push(FilterCall { name: "Select-Object", parameters: vec![properties], span }),
    }
}

/// A parameter's value in the type that it has there, if it travels.
fn typed_value(filter: &str, parameter: &str, value: &Value, travel: &[&str]) -> Option<Value> {
    match (filter, parameter) {
        ("Where-Object", "Property") => plain(value, false),
        ("Where-Object", "Value") => {
            let several = travel.iter().any(|name| ["In", "NotIn", "CIn", "CNotIn"].contains(name));
            plain(value, several)
        }
        ("Select-Object", "Index") => {
            let places: Option<Vec<Value>> = value.clone().into_items().iter().map(count).collect();
            places.map(Value::array)
        }
        // It takes nothing at all, which is for here to do.
        ("Select-Object", "First") => count(value).filter(|count| count.as_integer() != Some(0)),
        ("Select-Object", _) => count(value),
        (_, "Property") => {
            let names = value.clone().into_items();
            let names: Option<Vec<Value>> =
                names.iter().map(|name| name.as_str().map(Value::string)).collect();
            names.map(Value::array)
        }
        // The others are switches.
        _ => value.is_true().then_some(Value::Boolean(true)),
    }
}

fn count(value: &Value) -> Option<Value> {
    let number = convert(value, Type::Plain(Plain::Int32)).ok()?;
    number.as_integer().filter(|number| *number >= 0)?;
    Some(number)
}

/// A value that a host reads as what it is here.
fn plain(value: &Value, several: bool) -> Option<Value> {
    match value.base() {
        Value::Array(items) if several => {
            let items: Option<Vec<Value>> = items.to_vec().iter().map(|item| plain(item, false)).collect();
            items.map(Value::array)
        }
        // Dates are compared by what the clock shows; with an offset the host would turn them to its own zone.
        Value::DateTime(time) => {
            DateTime::from_ticks(time.ticks(), DateTimeKind::Unspecified).ok().map(Value::DateTime)
        }
        own @ (Value::Null
        | Value::Boolean(_)
        | Value::SByte(_)
        | Value::Byte(_)
        | Value::Int16(_)
        | Value::UInt16(_)
        | Value::Int32(_)
        | Value::UInt32(_)
        | Value::Int64(_)
        | Value::UInt64(_)
        | Value::Single(_)
        | Value::Double(_)
        | Value::Decimal(_)
        | Value::String(_)
        | Value::TimeSpan(_)
        | Value::Guid(_)
        | Value::Version(_)) => Some(own),
        _ => None,
    }
}

/// Whether a filter on the host reported an error, or is not there.
pub(super) fn filter_failed(reply: &Reply) -> bool {
    let by_filter = |failure: &Failure| {
        let (id, origin) = failure.id.split_once(',').unwrap_or((&failure.id, ""));
        let names = |text: &str| FILTERS.iter().any(|(name, _)| name.eq_ignore_ascii_case(text));
        FILTERS.iter().any(|(_, class)| *class == origin)
            || (id == "CommandNotFoundException" && names(failure.target.to_text().as_str()))
    };
    reply.errors.iter().chain(&reply.terminating).any(by_filter)
}

/// The stand-in of a filter that travelled whole.
struct Through;

impl Stage for Through {
    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        interpreter.emit(item)
    }
}

const FILTERS: [(&str, &str); 4] = [
    ("Where-Object", "Microsoft.PowerShell.Commands.WhereObjectCommand"),
    ("Sort-Object", "Microsoft.PowerShell.Commands.SortObjectCommand"),
    ("Select-Object", "Microsoft.PowerShell.Commands.SelectObjectCommand"),
    ("Measure-Object", "Microsoft.PowerShell.Commands.MeasureObjectCommand"),
];
