//! Measure-Object.

use std::cmp::Ordering;

use winrm_proto::clixml::PsString;

use super::Stage;
use super::property::{Spec, is_pattern};
use crate::evaluate::arguments::{Bound, Common};
use crate::evaluate::failure::Failure;
use crate::evaluate::interpreter::{Interpreter, Turn};
use crate::evaluate::unwind::{Flow, Unwind};
use crate::tree::Case;
use crate::value::compare::{collate, order, text_of};
use crate::value::convert::convert;
use crate::value::format_operator::to_display;
use crate::value::type_name::Plain;
use crate::value::{Members, Object, Type, Value};

pub(super) fn measure(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let properties = match bound.take("Property") {
        Some(value) => Spec::read(value, &[])?,
        None => Vec::new(),
    };
    if properties.iter().any(is_pattern) {
        return Err(Unwind::refused("Measure-Object by a wildcard; name the properties"));
    }
    let all = bound.switch("AllStats");
    let wanted = Wanted {
        sum: bound.switch("Sum") || all,
        average: bound.switch("Average") || all,
        maximum: bound.switch("Maximum") || all,
        minimum: bound.switch("Minimum") || all,
        deviation: bound.switch("StandardDeviation") || all,
    };
    let text = Text {
        lines: bound.switch("Line"),
        words: bound.switch("Word"),
        characters: bound.switch("Character"),
        ignore_blanks: bound.switch("IgnoreWhiteSpace"),
    };
    let input = bound.take("InputObject");
    let common = bound.finish("Measure-Object")?;
    let any_text = text.lines || text.words || text.characters;
    let columns = properties.iter().map(|spec| Column::new(Some(spec.clone()))).collect();
    Ok(Box::new(Measure {
        by_property: !properties.is_empty(),
        columns,
        wanted,
        text: any_text.then_some(text),
        common,
        input,
        failed: false,
    }))
}

#[derive(Clone, Copy)]
struct Wanted {
    sum: bool,
    average: bool,
    maximum: bool,
    minimum: bool,
    deviation: bool,
}

#[derive(Clone, Copy)]
struct Text {
    lines: bool,
    words: bool,
    characters: bool,
    ignore_blanks: bool,
}

struct Measure {
    by_property: bool,
    columns: Vec<Column>,
    wanted: Wanted,
    text: Option<Text>,
    common: Common,
    input: Option<Value>,
    /// Whether something that was to be added up was no number.
    failed: bool,
}

struct Column {
    spec: Option<Spec>,
    count: i32,
    sum: f64,
    /// The sum before the last number, and the running variance.
    sum_before: f64,
    variance: f64,
    maximum: Option<Value>,
    minimum: Option<Value>,
    lines: i32,
    words: i32,
    characters: i32,
}

impl Column {
    fn new(spec: Option<Spec>) -> Self {
        Self {
            spec,
            count: 0,
            sum: 0.0,
            sum_before: 0.0,
            variance: 0.0,
            maximum: None,
            minimum: None,
            lines: 0,
            words: 0,
            characters: 0,
        }
    }

    fn add_text(&mut self, text: &str, wanted: Text) {
        // What ends a line begins none.
        let lines = text.lines().count();
        self.lines = self.lines.saturating_add(i32::try_from(lines).unwrap_or(i32::MAX));
        self.words =
            self.words.saturating_add(i32::try_from(text.split_whitespace().count()).unwrap_or(i32::MAX));
        let characters = if wanted.ignore_blanks {
            text.chars().filter(|character| !character.is_whitespace()).map(char::len_utf16).sum()
        } else {
            text.encode_utf16().count()
        };
        self.characters = self.characters.saturating_add(i32::try_from(characters).unwrap_or(i32::MAX));
    }

    fn add_number(&mut self, number: f64) {
        self.sum_before = self.sum;
        self.sum += number;
        if self.count > 1 {
            let count = f64::from(self.count);
            let step = number - self.sum_before / (count - 1.0);
            self.variance *= (count - 2.0) / (count - 1.0);
            self.variance += step * step / count;
        }
    }

    fn add_extremes(&mut self, value: &Value, wanted: Wanted) -> Flow<()> {
        if wanted.minimum && replaces(self.minimum.as_ref(), value, Ordering::Less)? {
            self.minimum = Some(value.clone());
        }
        if wanted.maximum && replaces(self.maximum.as_ref(), value, Ordering::Greater)? {
            self.maximum = Some(value.clone());
        }
        Ok(())
    }
}

/// Whether a value is more extreme than the one so far: as numbers where they are, as text where only one is.
fn replaces(current: Option<&Value>, value: &Value, wanted: Ordering) -> Flow<bool> {
    let Some(current) = current.filter(|current| !current.is_null()) else { return Ok(true) };
    let comparable = |value: &Value| number_of(value).map_or_else(|| value.base(), Value::Double);
    let (mut current, mut value) = (comparable(current), comparable(value));
    if !value.is_null() && current.type_name() != value.type_name() {
        current = Value::string(text_of(&current));
        value = Value::string(text_of(&value));
    }
    if let (Value::String(current), Value::String(value)) = (&current, &value) {
        return Ok(collate(value.as_str(), current.as_str(), Case::Sensitive)? == wanted);
    }
    Ok(order(&current, &value, Case::Sensitive)
        .map_err(|fault| Unwind::of_command(fault, COMMAND))?
        .reverse()
        == wanted)
}

fn number_of(value: &Value) -> Option<f64> {
    match convert(value, Type::Plain(Plain::Double)) {
        Ok(Value::Double(number)) => Some(number),
        _ => None,
    }
}

impl Measure {
    async fn add(&mut self, interpreter: &mut Interpreter, at: usize, value: Value) -> Flow<()> {
        let (wanted, text) = (self.wanted, self.text);
        let Some(column) = self.columns.get_mut(at) else { return Ok(()) };
        column.count += 1;
        if let Some(text) = text {
            column.add_text(&to_display(&value), text);
            return Ok(());
        }
        if wanted.sum || wanted.average || wanted.deviation {
            match number_of(&value) {
                Some(number) => column.add_number(number),
                None => {
                    let failure = Failure {
                        id: format!("NonNumericInputObject,{COMMAND}"),
                        message: format!("Input object \"{}\" is not numeric.", value.to_text()),
                        exception: "System.Management.Automation.PSInvalidCastException".to_owned(),
                        category: "InvalidType".to_owned(),
                        target: value.clone(),
                        activity: "Measure-Object".to_owned(),
                        ..Failure::default()
                    };
                    self.failed = true;
                    return interpreter.report_of(&self.common, failure).await;
                }
            }
        }
        column.add_extremes(&value, wanted)
    }

    fn result(&self, column: &Column) -> Value {
        let property = column.spec.as_ref().map_or(Value::Null, |spec| Value::string(spec.name()));
        if let Some(text) = self.text {
            let number = |wanted: bool, number: i32| if wanted { Value::Int32(number) } else { Value::Null };
            return text_info(
                number(text.lines, column.lines),
                number(text.words, column.words),
                number(text.characters, column.characters),
                property,
            );
        }
        // One value that is no number leaves all without a sum.
        let number = |wanted: bool, number: f64| match wanted && !self.failed {
            true => Value::Double(number),
            false => Value::Null,
        };
        let average = column.sum / f64::from(column.count);
        let (mut maximum, mut minimum) =
            (column.maximum.clone().unwrap_or_default(), column.minimum.clone().unwrap_or_default());
        // Both are numbers or neither is.
        let as_number = |value: &Value| {
            if value.is_null() { Some(Value::Null) } else { number_of(value).map(Value::Double) }
        };
        let name = match (as_number(&maximum), as_number(&minimum)) {
            (Some(own), Some(other)) => {
                (maximum, minimum) = (own, other);
                GENERIC
            }
            _ => "Microsoft.PowerShell.Commands.GenericObjectMeasureInfo",
        };
        number_info(
            name,
            [
                Value::Int32(column.count),
                number(self.wanted.average && column.count > 0, average),
                number(self.wanted.sum, column.sum),
                maximum,
                minimum,
                number(self.wanted.deviation, column.variance.sqrt()),
                property,
            ],
        )
    }
}

/// What a host measured, as it would have been measured here: Windows PowerShell knows no deviation.
pub(super) struct Measured;

impl Stage for Measured {
    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        let own = |name: &str| super::property::existing(&item, name).ok().flatten().map(|(_, value)| value);
        let value = |name: &str| own(name).unwrap_or_default();
        let result = if own("Lines").is_some() {
            text_info(value("Lines"), value("Words"), value("Characters"), value("Property"))
        } else {
            number_info(
                GENERIC,
                [
                    value("Count"),
                    value("Average"),
                    value("Sum"),
                    value("Maximum"),
                    value("Minimum"),
                    Value::Null,
                    value("Property"),
                ],
            )
        };
        Box::pin(async move { interpreter.emit(result).await })
    }
}

fn text_info(lines: Value, words: Value, characters: Value, property: Value) -> Value {
    let members = Members::new()
        .with("Lines", lines)
        .with("Words", words)
        .with("Characters", characters)
        .with("Property", property);
    typed("Microsoft.PowerShell.Commands.TextMeasureInfo", members)
}

fn number_info(name: &str, values: [Value; 7]) -> Value {
    const NAMES: [&str; 7] =
        ["Count", "Average", "Sum", "Maximum", "Minimum", "StandardDeviation", "Property"];
    typed(name, NAMES.into_iter().map(PsString::from).zip(values).collect())
}

fn typed(name: &str, members: Members) -> Value {
    let names = [name, "Microsoft.PowerShell.Commands.MeasureInfo", "System.Object"].into_iter().collect();
    Value::Object(Object::with_text(names, members, name))
}

impl Stage for Measure {
    fn input(&mut self) -> Option<Value> {
        self.input.take()
    }

    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        Box::pin(async move {
            if item.is_null() {
                return Ok(());
            }
            if !self.by_property {
                if self.columns.is_empty() {
                    self.columns.push(Column::new(None));
                }
                return self.add(interpreter, 0, item).await;
            }
            for at in 0..self.columns.len() {
                let Some(spec) = self.columns.get(at).and_then(|column| column.spec.clone()) else {
                    continue;
                };
                if let Some(value) = spec.value(interpreter, &item).await? {
                    self.add(interpreter, at, value).await?;
                }
            }
            Ok(())
        })
    }

    fn end<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            if !self.by_property && self.columns.is_empty() {
                self.columns.push(Column::new(None));
            }
            for at in 0..self.columns.len() {
                let Some(column) = self.columns.get(at) else { continue };
                if column.count == 0 && self.by_property {
                    continue;
                }
                let result = self.result(column);
                interpreter.emit(result).await?;
            }
            Ok(())
        })
    }
}

const COMMAND: &str = "Microsoft.PowerShell.Commands.MeasureObjectCommand";
const GENERIC: &str = "Microsoft.PowerShell.Commands.GenericMeasureInfo";
