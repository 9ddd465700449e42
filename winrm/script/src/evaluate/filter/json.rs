//! ConvertTo-Json and ConvertFrom-Json.

use winrm_proto::clixml::format_double;

use super::Stage;
use crate::evaluate::arguments::Bound;
use crate::evaluate::interpreter::{Interpreter, Turn};
use crate::evaluate::unwind::{Flow, Unwind};
use crate::value::format_operator::to_format;
use crate::value::{Fault, Members, Object, Shape, Table, Value};

pub(super) fn to_json(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let depth = bound.count("Depth")?.unwrap_or(2);
    let style = Style {
        compress: bound.switch("Compress"),
        enums_as_names: bound.switch("EnumsAsStrings"),
        depth: depth.min(100),
    };
    let as_array = bound.switch("AsArray");
    let input = bound.take("InputObject");
    bound.finish("ConvertTo-Json")?;
    Ok(Box::new(ToJson { style, as_array, input, items: Vec::new(), alone: false }))
}

#[derive(Clone, Copy)]
struct Style {
    compress: bool,
    enums_as_names: bool,
    depth: usize,
}

struct ToJson {
    style: Style,
    as_array: bool,
    input: Option<Value>,
    items: Vec<Value>,
    alone: bool,
}

impl Stage for ToJson {
    fn alone<'a>(&'a mut self, _: &'a mut Interpreter) -> Turn<'a, ()> {
        self.alone = true;
        self.items = vec![self.input.take().unwrap_or_default()];
        Box::pin(async { Ok(()) })
    }

    fn process<'a>(&'a mut self, _: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        self.items.push(item);
        Box::pin(async { Ok(()) })
    }

    fn end<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            if self.items.is_empty() {
                return Ok(());
            }
            let mut items = std::mem::take(&mut self.items);
            let value = match (items.len(), self.as_array) {
                (1, false) => items.pop().unwrap_or_default(),
                _ => Value::array(items),
            };
            let mut out = String::new();
            write(&value, self.style, 0, &mut out)?;
            interpreter.make(out.len())?;
            interpreter.emit(Value::string(out)).await
        })
    }
}

/// Writes a value. What lies deeper than asked for is written as its string.
fn write(value: &Value, style: Style, level: usize, out: &mut String) -> Flow<()> {
    if out.len() > crate::value::arithmetic::MAX_SIZE {
        return Err(Unwind::refused("JSON of more than 16 million characters"));
    }
    match value {
        Value::Null => out.push_str("null"),
        Value::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::String(text) | Value::Uri(text) => push_string(text.as_str(), out),
        Value::Char(_) | Value::Guid(_) => push_string(value.to_text().as_str(), out),
        Value::Version(_) | Value::TimeSpan(_) if level > style.depth => {
            push_string(value.to_text().as_str(), out);
        }
        Value::Double(number) => {
            if !number.is_finite() {
                push_string(value.to_text().as_str(), out);
            } else {
                push_real(&format_double(*number), out);
            }
        }
        Value::Single(number) => push_real(&winrm_proto::clixml::format_single(*number), out),
        Value::Decimal(number) => push_real(&number.to_string(), out),
        Value::DateTime(time) => {
            let text = to_format(&Value::DateTime(*time), "yyyy-MM-ddTHH:mm:ss.FFFFFFFK")?;
            push_string(&text, out);
        }
        Value::Enum(own) if style.enums_as_names => push_string(own.name.as_str(), out),
        Value::Enum(own) => out.push_str(&own.number.to_string()),
        Value::Array(array) => {
            if level > style.depth {
                push_string(value.to_text().as_str(), out);
                return Ok(());
            }
            let items = array.to_vec();
            write_sequence(&items, style, level, out)?;
        }
        Value::Table(table) => {
            if level > style.depth {
                push_string(value.to_text().as_str(), out);
                return Ok(());
            }
            let entries: Vec<(String, Value)> = table
                .entries()
                .into_iter()
                .map(|(key, value)| (key.to_text().as_str().to_owned(), value))
                .collect();
            write_object(&entries, style, level, out)?;
        }
        Value::Object(object) => match object.wrapped() {
            Some(inner) if object.names().is_empty() => write(&inner, style, level, out)?,
            Some(inner) => {
                let mut entries = vec![("value".to_owned(), inner)];
                entries.extend(
                    object.members().into_iter().map(|own| (own.name.as_str().to_owned(), own.value)),
                );
                write_object(&entries, style, level, out)?;
            }
            None if level > style.depth => push_string(value.to_text().as_str(), out),
            None => {
                let members = object.members();
                let entries: Vec<(String, Value)> =
                    members.into_iter().map(|own| (own.name.as_str().to_owned(), own.value)).collect();
                write_object(&entries, style, level, out)?;
            }
        },
        Value::TimeSpan(_) | Value::Version(_) => {
            let mut entries = Vec::new();
            for name in crate::evaluate::member::property_names(value) {
                let own = crate::evaluate::member::property(value, &name)?.unwrap_or_default();
                entries.push((name, own));
            }
            write_object(&entries, style, level, out)?;
        }
        other => match other.as_integer() {
            Some(number) => out.push_str(&number.to_string()),
            None => return Err(Unwind::refused(format!("[{}] as JSON", other.type_name()))),
        },
    }
    Ok(())
}

fn write_sequence(items: &[Value], style: Style, level: usize, out: &mut String) -> Flow<()> {
    out.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        line(style, level + 1, out);
        write(item, style, level + 1, out)?;
    }
    if !items.is_empty() {
        line(style, level, out);
    }
    out.push(']');
    Ok(())
}

fn write_object(entries: &[(String, Value)], style: Style, level: usize, out: &mut String) -> Flow<()> {
    out.push('{');
    for (at, (name, value)) in entries.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        line(style, level + 1, out);
        push_string(name, out);
        out.push_str(if style.compress { ":" } else { ": " });
        write(value, style, level + 1, out)?;
    }
    if !entries.is_empty() {
        line(style, level, out);
    }
    out.push('}');
    Ok(())
}

fn line(style: Style, level: usize, out: &mut String) {
    if !style.compress {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", level));
    }
}

/// A real number always has a point or an exponent.
fn push_real(text: &str, out: &mut String) {
    out.push_str(text);
    if !text.contains(['.', 'E', 'e']) {
        out.push_str(".0");
    }
}

fn push_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{C}' => out.push_str("\\f"),
            '\0'..='\u{1F}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

pub(super) fn from_json(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let as_table = bound.switch("AsHashtable");
    let whole = bound.switch("NoEnumerate");
    bound.take("Depth");
    let input = bound.take("InputObject");
    bound.finish("ConvertFrom-Json")?;
    Ok(Box::new(FromJson { as_table, whole, input, text: String::new() }))
}

struct FromJson {
    as_table: bool,
    whole: bool,
    input: Option<Value>,
    text: String,
}

impl Stage for FromJson {
    fn alone<'a>(&'a mut self, _: &'a mut Interpreter) -> Turn<'a, ()> {
        if let Some(input) = self.input.take() {
            self.text = input.to_text().as_str().to_owned();
        }
        Box::pin(async { Ok(()) })
    }

    fn process<'a>(&'a mut self, _: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(item.to_text().as_str());
        Box::pin(async { Ok(()) })
    }

    fn end<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            if self.text.trim().is_empty() {
                return Ok(());
            }
            interpreter.make(self.text.len())?;
            let mut reader = Reader { text: &self.text, at: 0, as_table: self.as_table };
            let parsed = reader.value(0).and_then(|value| {
                reader.blanks();
                if reader.at == self.text.len() { Ok(value) } else { Err(invalid()) }
            });
            let value = parsed.map_err(|fault| {
                Unwind::of_command(fault, "Microsoft.PowerShell.Commands.ConvertFromJsonCommand")
            })?;
            if self.whole { interpreter.emit(value).await } else { interpreter.emit_items(value).await }
        })
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    as_table: bool,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blanks(&mut self) {
        let blanks = self.rest().len() - self.rest().trim_start_matches([' ', '\t', '\r', '\n']).len();
        self.at += blanks;
    }

    fn take(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.at += expected.len();
        }
        found
    }

    fn value(&mut self, depth: usize) -> Result<Value, Fault> {
        if depth > 100 {
            return Err(Fault::unsupported("JSON that is nested more than 100 deep"));
        }
        self.blanks();
        match self.rest().chars().next() {
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some('"') => self.string().map(Value::string),
            Some('t') if self.take("true") => Ok(Value::Boolean(true)),
            Some('f') if self.take("false") => Ok(Value::Boolean(false)),
            Some('n') if self.take("null") => Ok(Value::Null),
            Some('-' | '0'..='9') => self.number(),
            _ => Err(invalid()),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Fault> {
        self.take("{");
        let (mut members, table) = (Members::new(), Table::new(Shape::Ordered));
        self.blanks();
        if !self.take("}") {
            loop {
                self.blanks();
                let name = self.string()?;
                self.blanks();
                if !self.take(":") {
                    return Err(invalid());
                }
                let value = self.value(depth + 1)?;
                if self.as_table {
                    table.set(Value::string(name), value)?;
                } else {
                    if members.value(&name).is_some() || name.is_empty() {
                        return Err(Fault::unsupported("JSON with a key twice, or an empty one"));
                    }
                    members.set(name.into(), value);
                }
                self.blanks();
                if self.take("}") {
                    break;
                }
                if !self.take(",") {
                    return Err(invalid());
                }
            }
        }
        Ok(if self.as_table { Value::Table(table) } else { Value::Object(Object::custom(members)) })
    }

    fn array(&mut self, depth: usize) -> Result<Value, Fault> {
        self.take("[");
        let mut items = Vec::new();
        self.blanks();
        if self.take("]") {
            return Ok(Value::array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.blanks();
            if self.take("]") {
                return Ok(Value::array(items));
            }
            if !self.take(",") {
                return Err(invalid());
            }
        }
    }

    fn string(&mut self) -> Result<String, Fault> {
        if !self.take("\"") {
            return Err(invalid());
        }
        let mut units: Vec<u16> = Vec::new();
        loop {
            let Some(character) = self.rest().chars().next() else { return Err(invalid()) };
            self.at += character.len_utf8();
            let unit = match character {
                '"' => break,
                '\\' => {
                    let Some(escaped) = self.rest().chars().next() else { return Err(invalid()) };
                    self.at += escaped.len_utf8();
                    match escaped {
                        '"' | '\\' | '/' => escaped,
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        'b' => '\u{8}',
                        'f' => '\u{C}',
                        'u' => {
                            let code =
                                self.rest().get(..4).and_then(|code| u16::from_str_radix(code, 16).ok());
                            units.push(code.ok_or_else(invalid)?);
                            self.at += 4;
                            continue;
                        }
                        _ => return Err(invalid()),
                    }
                }
                other => other,
            };
            units.extend(unit.encode_utf16(&mut [0; 2]).iter());
        }
        let text = String::from_utf16(&units).map_err(|_| Fault::unsupported("half a character in JSON"))?;
        if looks_like_date(&text) {
            return Err(Fault::unsupported("a date in JSON, which PowerShell turns into a [datetime]"));
        }
        Ok(text)
    }

    fn number(&mut self) -> Result<Value, Fault> {
        let length = self
            .rest()
            .bytes()
            .take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E'))
            .count();
        let text = self.rest().get(..length).unwrap_or_default().to_owned();
        self.at += length;
        if let Ok(number) = text.parse::<i64>() {
            return Ok(Value::Int64(number));
        }
        match text.parse::<f64>() {
            Ok(number) if text.contains(['.', 'e', 'E']) => Ok(Value::Double(number)),
            Ok(_) => Err(Fault::unsupported("an integer of more than 64 bits in JSON")),
            Err(_) => Err(invalid()),
        }
    }
}

/// PowerShell turns strings of this form into dates.
fn looks_like_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let is = |at: usize, byte: u8| bytes.get(at) == Some(&byte);
    (0..4).all(digit) && is(4, b'-') && is(7, b'-') && is(10, b'T') && is(13, b':')
}

fn invalid() -> Fault {
    Fault::thrown(
        "System.ArgumentException",
        "System.ArgumentException",
        "Conversion from JSON failed with error: it is not JSON.",
    )
}
