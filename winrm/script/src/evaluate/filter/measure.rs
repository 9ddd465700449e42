//! Measure-Object.

use std::cmp::Ordering;

use winrm_proto::clixml::PsString;

use super::Stage;
use super::property::Spec;
use crate::evaluate::arguments::{Bound, Common};
use crate::evaluate::failure::Failure;
use crate::evaluate::interpreter::{Interpreter, Turn};
use crate::evaluate::unwind::Flow;
use crate::tree::Case;
use crate::value::compare::sort_order;
use crate::value::number::{Number, integer_to_double};
use crate::value::{Members, Object, Value};

pub(super) fn measure(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let properties = match bound.take("Property") {
        Some(value) => Spec::read(value, &[])?,
        None => Vec::new(),
    };
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
}

struct Column {
    spec: Option<Spec>,
    count: i32,
    sum: f64,
    /// Welford's running mean and sum of squares.
    mean: f64,
    squares: f64,
    numbers: i32,
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
            mean: 0.0,
            squares: 0.0,
            numbers: 0,
            maximum: None,
            minimum: None,
            lines: 0,
            words: 0,
            characters: 0,
        }
    }

    fn add_text(&mut self, text: &str, wanted: Text) {
        let lines = text.split('\n').count();
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
        self.sum += number;
        self.numbers += 1;
        let step = number - self.mean;
        self.mean += step / f64::from(self.numbers);
        self.squares += step * (number - self.mean);
    }

    fn add_extremes(&mut self, value: &Value, wanted: Wanted) -> Flow<()> {
        let as_number = number_of(value).map(Value::Double);
        let value = as_number.unwrap_or_else(|| value.clone());
        if wanted.maximum && replaces(self.maximum.as_ref(), &value, Ordering::Greater)? {
            self.maximum = Some(value.clone());
        }
        if wanted.minimum && replaces(self.minimum.as_ref(), &value, Ordering::Less)? {
            self.minimum = Some(value);
        }
        Ok(())
    }
}

/// Whether a value is more extreme than the one so far. What is no number is compared as it is.
fn replaces(current: Option<&Value>, value: &Value, wanted: Ordering) -> Flow<bool> {
    let Some(current) = current else { return Ok(true) };
    Ok(sort_order(value, current, Case::Insensitive)? == wanted)
}

fn number_of(value: &Value) -> Option<f64> {
    let base = value.base();
    if let Some(number) = Number::of(&base) {
        return Some(number.to_double());
    }
    match &base {
        Value::String(text) => crate::value::number::scan(text.as_str())
            .filter(|_| !text.as_str().trim().is_empty())
            .and_then(|number| Number::of(&number))
            .map(Number::to_double),
        Value::Boolean(value) => Some(f64::from(u8::from(*value))),
        Value::Enum(value) => Some(integer_to_double(value.number.into())),
        _ => None,
    }
}

impl Measure {
    async fn add(&mut self, interpreter: &mut Interpreter, at: usize, value: Value) -> Flow<()> {
        let (wanted, text) = (self.wanted, self.text);
        let Some(column) = self.columns.get_mut(at) else { return Ok(()) };
        column.count += 1;
        if let Some(text) = text {
            column.add_text(value.to_text().as_str(), text);
            return Ok(());
        }
        if wanted.sum || wanted.average || wanted.deviation {
            match number_of(&value) {
                Some(number) => column.add_number(number),
                None => {
                    let failure = Failure {
                        id: "NonNumericInputObject,Microsoft.PowerShell.Commands.MeasureObjectCommand"
                            .to_owned(),
                        message: format!("Input object \"{}\" is not numeric.", value.to_text()),
                        exception: "System.Management.Automation.PSInvalidCastException".to_owned(),
                        category: "InvalidType".to_owned(),
                        target: value.clone(),
                        activity: "Measure-Object".to_owned(),
                        ..Failure::default()
                    };
                    column.count -= 1;
                    return interpreter.report(failure, self.common.error_action).await;
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
        let number = |wanted: bool, number: f64| if wanted { Value::Double(number) } else { Value::Null };
        let average = if column.numbers > 0 { column.sum / f64::from(column.numbers) } else { 0.0 };
        let deviation = match column.numbers {
            0 => 0.0,
            1 => f64::NAN,
            count => (column.squares / f64::from(count - 1)).sqrt(),
        };
        let deviation = if column.numbers == 1 { Value::Double(0.0) } else { Value::Double(deviation) };
        number_info([
            Value::Int32(column.count),
            number(self.wanted.average, average),
            number(self.wanted.sum, column.sum),
            column.maximum.clone().unwrap_or_default(),
            column.minimum.clone().unwrap_or_default(),
            if self.wanted.deviation { deviation } else { Value::Null },
            property,
        ])
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
            number_info([
                value("Count"),
                value("Average"),
                value("Sum"),
                value("Maximum"),
                value("Minimum"),
                Value::Null,
                value("Property"),
            ])
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

fn number_info(values: [Value; 7]) -> Value {
    const NAMES: [&str; 7] =
        ["Count", "Average", "Sum", "Maximum", "Minimum", "StandardDeviation", "Property"];
    let is_number = |value: &Value| matches!(value, Value::Double(_) | Value::Null);
    let [_, _, _, maximum, minimum, ..] = &values;
    let name = if is_number(maximum) && is_number(minimum) {
        "Microsoft.PowerShell.Commands.GenericMeasureInfo"
    } else {
        "Microsoft.PowerShell.Commands.GenericObjectMeasureInfo"
    };
    typed(name, NAMES.into_iter().map(PsString::from).zip(values).collect())
}

fn typed(name: &str, members: Members) -> Value {
    let names = [name, "Microsoft.PowerShell.Commands.MeasureInfo", "System.Object"].into_iter().collect();
    Value::Object(Object::with_text(names, members, name))
}

impl Stage for Measure {
    fn alone<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            for item in self.input.take().map(Value::into_items).unwrap_or_default() {
                self.process(interpreter, item).await?;
            }
            Ok(())
        })
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
                match spec.value(interpreter, &item).await? {
                    None | Some(Value::Null) => {}
                    Some(value) => self.add(interpreter, at, value).await?,
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
