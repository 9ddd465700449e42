//! A parameter of a reviewed script, and the values that it takes.

use serde_json::Value as Json;
use winrm_script::{
    declaration::{Check, Declared, Takes},
    static_command::ParameterName,
    typed::Argument,
    value::{Plain, Type, Value, convert::convert},
};

use super::ArgumentFault;

/// A parameter that can be given.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// What the script says of it.
    pub declared: Declared,
    /// How a value of it is written.
    pub form: Form,
    /// Whether it takes several values.
    pub several: bool,
    name: ParameterName,
    /// The type of one value.
    element: Plain,
}

/// How a value is written where there are no types of PowerShell's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Text: strings, dates, spans of time, and whatever else is written as text.
    Text,
    /// A whole number.
    Whole,
    /// A number.
    Number,
    /// True or false.
    Truth,
    /// True or false, and false where nobody says anything.
    Switch,
}

impl Parameter {
    /// The parameter, or why no tool can give it.
    pub(super) fn of(declared: Declared) -> Result<Self, &'static str> {
        let name = ParameterName::new(&declared.name).map_err(|_| "its name is not letters and digits")?;
        if SHARED.iter().any(|reserved| reserved.eq_ignore_ascii_case(&declared.name)) {
            return Err("every tool has an argument of this name");
        }
        let (element, several) = match &declared.takes {
            Takes::Anything => (Plain::String, false),
            Takes::Values(Type::Plain(plain)) => (*plain, false),
            Takes::Values(Type::ArrayOf(plain) | Type::ListOf(plain)) => (*plain, true),
            Takes::Other(_) => return Err("its type is none of texts, numbers, dates and switches"),
        };
        let form = Form::of(element).ok_or("its type is none of texts, numbers, dates and switches")?;
        Ok(Self { declared, form, several, name, element })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// What it takes, in words.
    #[must_use]
    pub fn expected(&self) -> String {
        let of_check = |check: &Check| match check {
            Check::Set(values, _) => format!("one of {}", values.join(", ")),
            Check::Range(least, greatest) => format!("a number from {least} to {greatest}"),
            Check::Length(least, greatest) => format!("from {least} to {greatest} characters"),
            Check::Count(least, greatest) => format!("from {least} to {greatest} values"),
            Check::NotEmpty => "what is not empty".to_owned(),
        };
        let mut words = vec![format!("{}{}", self.element.shown(), if self.several { "[]" } else { "" })];
        words.extend(self.declared.checks.iter().map(of_check));
        words.join(", ")
    }

    /// The argument of a JSON value.
    pub(super) fn given(&self, json: &Json) -> Result<Argument, ArgumentFault> {
        let value = match json {
            Json::Array(items) if self.several => {
                let values = items.iter().map(|item| self.one(item));
                values.collect::<Option<Vec<_>>>().map(Value::array)
            }
            one => self.one(one),
        };
        self.argument(value)
    }

    /// The argument of the words behind its name.
    pub(super) fn given_words(&self, words: &[&str]) -> Result<Argument, ArgumentFault> {
        let value = match words {
            [] if self.form == Form::Switch => Some(Value::Boolean(true)),
            [only] => self.one_word(only),
            [] => None,
            several => {
                let values = several.iter().map(|word| self.one_word(word));
                values.collect::<Option<Vec<_>>>().map(Value::array)
            }
        };
        self.argument(value)
    }

    fn argument(&self, value: Option<Value>) -> Result<Argument, ArgumentFault> {
        match value.filter(|value| self.declared.failed(value).is_none()) {
            Some(value) => Ok(Argument::Parameter { name: self.name.clone(), value: Some(value) }),
            None => Err(ArgumentFault::Value { name: self.name().to_owned(), expected: self.expected() }),
        }
    }

    fn one(&self, json: &Json) -> Option<Value> {
        let value = match (self.form, json) {
            (Form::Text, Json::String(text)) => Value::string(text.as_str()),
            (Form::Whole, Json::Number(number)) => match number.as_i64() {
                Some(number) => Value::Int64(number),
                None => Value::UInt64(number.as_u64()?),
            },
            (Form::Number, Json::Number(number)) => Value::Double(number.as_f64()?),
            (Form::Truth | Form::Switch, Json::Bool(value)) => return Some(Value::Boolean(*value)),
            _ => return None,
        };
        self.typed(&value)
    }

    fn one_word(&self, word: &str) -> Option<Value> {
        if matches!(self.form, Form::Truth | Form::Switch) {
            let word = word.strip_prefix('$').unwrap_or(word).to_ascii_lowercase();
            return match word.as_str() {
                "true" | "1" => Some(Value::Boolean(true)),
                "false" | "0" => Some(Value::Boolean(false)),
                _ => None,
            };
        }
        self.typed(&Value::string(word))
    }

    /// In the parameter's own type: that is what travels.
    fn typed(&self, value: &Value) -> Option<Value> {
        convert(value, Type::Plain(self.element)).ok()
    }
}

impl Form {
    fn of(plain: Plain) -> Option<Self> {
        Some(match plain {
            Plain::String
            | Plain::Char
            | Plain::Guid
            | Plain::Version
            | Plain::Uri
            | Plain::DateTime
            | Plain::TimeSpan => Self::Text,
            Plain::SByte
            | Plain::Byte
            | Plain::Int16
            | Plain::UInt16
            | Plain::Int32
            | Plain::UInt32
            | Plain::Int64
            | Plain::UInt64 => Self::Whole,
            Plain::Single | Plain::Double | Plain::Decimal => Self::Number,
            Plain::Boolean => Self::Truth,
            Plain::Switch => Self::Switch,
            other => return other.as_enum().map(|_| Self::Text),
        })
    }
}

/// What the tool of every script is given besides.
pub const SHARED: [&str; 3] = ["host", "timeout_seconds", "dry_run"];
