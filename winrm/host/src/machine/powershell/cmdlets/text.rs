//! Out-String, ConvertTo-Json, Write-Host and what else turns objects into text.

use tokio::sync::oneshot;
use winrm_proto::clixml::{PsString, Value};

use super::super::Emission;
use super::super::binding::Bound;
use super::super::display::Display;
use super::super::failure::{Failure, Problem, Target};
use super::super::stage::Stage;
use super::object::{next, whole};

/// `Out-String`: what the console would show, as one string or line by line.
pub(super) async fn out_string(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let mut display = Display::new();
    let mut text = String::new();
    let mut place = 0;
    while let Some(value) = next(stage, bound, place).await {
        place += 1;
        text.push_str(&display.push(&value));
    }
    text.push_str(&display.finish());
    if bound.switch("Stream") {
        for line in text.lines() {
            stage.put(Value::from(line)).await?;
        }
        return Ok(());
    }
    stage.put(Value::from(text.as_str())).await
}

/// `ConvertTo-Json`, in the layout of Windows PowerShell 5.1.
pub(super) async fn convert_to_json(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let depth = bound.number("Depth").map_or(2, whole);
    let mut values = Vec::new();
    match bound.given("InputObject") {
        Some(given) => values.push(given.clone().into_value()),
        None => {
            while let Some(value) = stage.take().await {
                values.push(value);
            }
        }
    }
    let value = match <[Value; 1]>::try_from(values) {
        Ok([only]) => only,
        Err(several) => Value::array(several),
    };
    let mut text = String::new();
    json(&value, depth, &Layout { compress: bound.switch("Compress"), level: 0 }, &mut text);
    stage.put(Value::from(text.as_str())).await
}

struct Layout {
    compress: bool,
    level: usize,
}

impl Layout {
    fn inside(&self) -> Self {
        Self { compress: self.compress, level: self.level + 1 }
    }

    fn line(&self, text: &mut String) {
        if !self.compress {
            text.push_str("\r\n");
            text.extend(std::iter::repeat_n("    ", self.level));
        }
    }
}

fn json(value: &Value, depth: usize, layout: &Layout, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Boolean(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::String(string) => quote(string.as_str(), text),
        value if value.items().is_some() => {
            let items = value.items().unwrap_or_default().iter();
            group(items, ('[', ']'), layout, text, |item, layout, text| {
                json(item, depth.saturating_sub(1), layout, text);
            });
        }
        Value::Object(object) if object.enum_value().is_some() => {
            json(object.enum_value().unwrap_or(&Value::Null), depth, layout, text);
        }
        Value::Object(object) if depth > 0 => {
            let entries: Vec<(PsString, Value)> = match object.entries() {
                Some(entries) => {
                    entries.iter().map(|(key, value)| (key.to_string().into(), value.clone())).collect()
                }
                None => object
                    .properties()
                    .map(|property| (property.name.clone(), property.value.clone()))
                    .collect(),
            };
            group(entries.iter(), ('{', '}'), layout, text, |(name, value), layout, text| {
                quote(name.as_str(), text);
                text.push_str(if layout.compress { ":" } else { ":  " });
                json(value, depth - 1, layout, text);
            });
        }
        value => match value.as_integer() {
            Some(number) => text.push_str(&number.to_string()),
            None if matches!(value, Value::Double(_) | Value::Single(_)) => text.push_str(&value.to_string()),
            None => quote(&value.to_string(), text),
        },
    }
}

fn group<T>(
    items: impl ExactSizeIterator<Item = T>,
    brackets: (char, char),
    layout: &Layout,
    text: &mut String,
    mut write: impl FnMut(T, &Layout, &mut String),
) {
    let inside = layout.inside();
    let empty = items.len() == 0;
    text.push(brackets.0);
    for (place, item) in items.enumerate() {
        if place > 0 {
            text.push(',');
        }
        inside.line(text);
        write(item, &inside, text);
    }
    if !empty {
        layout.line(text);
    }
    text.push(brackets.1);
}

fn quote(string: &str, text: &mut String) {
    text.push('"');
    for c in string.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\r' => text.push_str("\\r"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            '<' | '>' | '&' | '\'' => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            c if u32::from(c) < 0x20 => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => text.push(c),
        }
    }
    text.push('"');
}

pub(super) async fn write_host(stage: &Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let text = bound.texts("Object").unwrap_or_default().join(" ");
    stage.emit(Emission::Host(text)).await
}

/// `Read-Host`: asks whoever sits before the client's host, if anybody does.
pub(super) async fn read_host(stage: &Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let question = bound.texts("Prompt").unwrap_or_default().join(" ");
    let (answer, answered) = oneshot::channel();
    stage.emit(Emission::Ask { question: question.clone(), answer }).await?;
    match answered.await {
        Ok(value) => stage.put(value).await,
        Err(_dropped) => Err(stage.fail(nobody_to_ask(&question))),
    }
}

fn nobody_to_ask(question: &str) -> Problem {
    Problem {
        message: format!(
            "A command that prompts the user failed because the host program or the command type does not support user \
             interaction. The host was attempting to request confirmation with the following message: {question}"
        ),
        category: "NotImplemented",
        exception: "System.Management.Automation.Host.HostException",
        id: "HostFunctionNotImplemented",
        target: Target::Nothing,
    }
}
