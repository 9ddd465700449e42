//! Values as JSON expects them.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Map, Number, Value as Json};
use winrm_script::{
    format,
    value::{Array, Table, Value, format_operator::to_format},
};

use super::{Cleaner, View};
use crate::redact::Scrubber;

/// Writes objects of a script, up to a size.
pub(super) struct Writer<'a> {
    view: &'a View,
    scrubber: &'a Scrubber,
    cleaner: Cleaner,
    /// About how many bytes of JSON may follow.
    room: usize,
    /// Where something was cut.
    cut: Vec<String>,
    place: Vec<String>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(view: &'a View, scrubber: &'a Scrubber, room: usize) -> Self {
        Self { view, scrubber, cleaner: Cleaner::default(), room, cut: Vec::new(), place: Vec::new() }
    }

    /// The next object; nothing where there is no room for it.
    pub(super) fn item(&mut self, at: usize, value: &Value) -> Option<Map<String, Json>> {
        if at >= self.view.max_items || self.room == 0 {
            return None;
        }
        self.place = vec![format!("[{at}]")];
        if let Some(names) = self.names(value) {
            return Some(self.properties(value, names, self.view.depth));
        }
        Some(match self.value(value, self.view.depth.max(1)) {
            Json::Object(entries) => entries,
            written => Map::from_iter([("value".to_owned(), written)]),
        })
    }

    /// What was cut, and what the texts held.
    pub(super) fn finish(self) -> (Vec<String>, Cleaner) {
        (self.cut, self.cleaner)
    }

    /// The properties of an object that are written; `None` for what has none of its own.
    fn names(&self, value: &Value) -> Option<Vec<String>> {
        match self.view.select.as_slice() {
            [] => format::shown_properties(value),
            [all] if all == "*" => format::properties(value),
            select => format::properties(value).map(|_| select.to_vec()),
        }
    }

    fn properties(&mut self, value: &Value, names: Vec<String>, depth: usize) -> Map<String, Json> {
        let mut object = Map::new();
        for name in names {
            // A property that cannot be read here is as good as one that is not there.
            let own = format::property(value, &name).ok().flatten().unwrap_or_default();
            self.place.push(format!(".{name}"));
            let written = self.value(&own, depth);
            self.place.pop();
            let key = self.key(&name, &object);
            object.insert(key, written);
        }
        object
    }

    fn value(&mut self, value: &Value, depth: usize) -> Json {
        match value {
            Value::Null => Json::Null,
            Value::Boolean(value) => Json::Bool(*value),
            Value::Single(number) => self.real(f64::from(*number), value),
            Value::Double(number) => self.real(*number, value),
            Value::Decimal(_) => self.decimal(value),
            Value::DateTime(time) => {
                let text = to_format(&Value::DateTime(*time), ISO_8601);
                self.text(&text.unwrap_or_else(|_| value.to_text().as_str().to_owned()))
            }
            Value::Array(array) => self.array(array, value, depth),
            Value::Table(table) => self.table(table, value, depth),
            Value::Object(object) => match object.wrapped() {
                Some(inner) => self.value(&inner, depth),
                None => self.object(value, depth),
            },
            _ => match value.as_integer() {
                Some(number) => self.integer(number),
                None => self.text(value.to_text().as_str()),
            },
        }
    }

    fn object(&mut self, value: &Value, depth: usize) -> Json {
        let names = format::shown_properties(value).filter(|names| !names.is_empty());
        match names {
            Some(names) if depth > 0 => Json::Object(self.properties(value, names, depth - 1)),
            Some(_) => self.cut_short(value),
            None => self.text(value.to_text().as_str()),
        }
    }

    fn table(&mut self, table: &Table, value: &Value, depth: usize) -> Json {
        if depth == 0 {
            return self.cut_short(value);
        }
        let mut object = Map::new();
        for (key, value) in table.entries() {
            let name = key.to_text().as_str().to_owned();
            self.place.push(format!(".{name}"));
            let written = self.value(&value, depth - 1);
            self.place.pop();
            let key = self.key(&name, &object);
            object.insert(key, written);
        }
        Json::Object(object)
    }

    fn array(&mut self, array: &Array, value: &Value, depth: usize) -> Json {
        if let Some(bytes) = bytes(array) {
            let text = BASE64_STANDARD.encode(bytes);
            return self.text(&text);
        }
        if depth == 0 {
            return self.cut_short(value);
        }
        let mut items = Vec::new();
        for (at, item) in array.to_vec().iter().enumerate() {
            if at >= MOST_ITEMS || self.room == 0 {
                self.mark();
                break;
            }
            self.place.push(format!("[{at}]"));
            items.push(self.value(item, depth - 1));
            self.place.pop();
        }
        Json::Array(items)
    }

    /// What lies too deep is the text that PowerShell makes of it.
    fn cut_short(&mut self, value: &Value) -> Json {
        self.mark();
        self.text(value.to_text().as_str())
    }

    fn mark(&mut self) {
        if self.cut.len() < MOST_MARKS {
            let place = self.place.concat();
            let place = self.cleaner.clean(&place, self.scrubber);
            self.cut.push(place);
        }
    }

    /// Readers of JSON take numbers for doubles: what a double cannot hold is a string.
    fn integer(&mut self, number: i128) -> Json {
        self.spend(8);
        match i64::try_from(number) {
            Ok(number) if number.unsigned_abs() <= EXACT => Json::Number(number.into()),
            _ => Json::String(number.to_string()),
        }
    }

    /// JSON has no NaN and no infinity.
    fn real(&mut self, number: f64, value: &Value) -> Json {
        self.spend(8);
        match Number::from_f64(number) {
            Some(number) => Json::Number(number),
            None => self.text(value.to_text().as_str()),
        }
    }

    fn decimal(&mut self, value: &Value) -> Json {
        let text = value.to_text();
        let digits = text.as_str().bytes().filter(u8::is_ascii_digit).count();
        let number = text.as_str().parse().ok().filter(|_| digits <= EXACT_DIGITS).and_then(Number::from_f64);
        number.map_or_else(|| self.text(text.as_str()), Json::Number)
    }

    fn text(&mut self, text: &str) -> Json {
        self.spend(text.len() + 2);
        Json::String(self.cleaner.clean(text, self.scrubber))
    }

    /// A name that no other property has, once both are safe.
    fn key(&mut self, name: &str, object: &Map<String, Json>) -> String {
        self.spend(name.len() + 4);
        let clean = self.cleaner.clean(name, self.scrubber);
        let mut key = clean.clone();
        let mut number = 2;
        while object.contains_key(&key) {
            key = format!("{clean} ({number})");
            number += 1;
        }
        key
    }

    fn spend(&mut self, bytes: usize) {
        self.room = self.room.saturating_sub(bytes);
    }
}

/// The bytes, if it is a `byte[]`.
fn bytes(array: &Array) -> Option<Vec<u8>> {
    if array.type_name().as_str() != "System.Byte[]" {
        return None;
    }
    let byte = |item: &Value| if let Value::Byte(byte) = item { Some(*byte) } else { None };
    array.to_vec().iter().map(byte).collect()
}

/// .NET's round-trip form.
const ISO_8601: &str = "o";
/// The greatest integer up to which a double holds every one: 2^53.
const EXACT: u64 = 1 << 53;
/// Decimal digits that a double holds.
const EXACT_DIGITS: usize = 15;
/// Items of an array inside an object.
const MOST_ITEMS: usize = 1_000;
/// Places that are named as cut.
const MOST_MARKS: usize = 20;
