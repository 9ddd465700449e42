use crate::value::arithmetic::{Arithmetic, compute};
use crate::value::convert::convert;
use crate::value::format_operator::{format, to_format};
use crate::value::type_name::Plain;
use crate::value::{Outcome, Type, Value};

/// What PowerShell's own views compute of a property.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Formula {
    /// Bytes as whole kibibytes.
    Kibibytes,
    /// Bytes as mebibytes with two decimals.
    Mebibytes,
    /// A number with two decimals.
    Hundredths,
    /// A date and a time of day, each in its place.
    Modified,
    /// The month, day and time of an entry.
    Entry,
}

impl Formula {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "kibibytes" => Self::Kibibytes,
            "mebibytes" => Self::Mebibytes,
            "hundredths" => Self::Hundredths,
            "modified" => Self::Modified,
            "entry" => Self::Entry,
            _ => return None,
        })
    }

    /// What is shown; nothing where it cannot be computed, as in PowerShell.
    pub(super) fn of(self, value: &Value) -> Value {
        self.compute(value).unwrap_or_default()
    }

    fn compute(self, value: &Value) -> Outcome<Value> {
        match self {
            Self::Kibibytes => {
                let kibibytes = compute(Arithmetic::Divide, value, &Value::Int32(1 << 10))?;
                convert(&kibibytes, Type::Plain(Plain::Int64))
            }
            Self::Mebibytes => hundredths(&compute(Arithmetic::Divide, value, &Value::Int32(1 << 20))?),
            Self::Hundredths => hundredths(value),
            Self::Modified => {
                let parts = [Value::string(to_format(value, "d")?), Value::string(to_format(value, "t")?)];
                format("{0,10}  {1,8}", &parts).map(Value::string)
            }
            Self::Entry => to_format(value, "MMM dd HH:mm").map(Value::string),
        }
    }
}

/// `$null` counts as 0.
fn hundredths(value: &Value) -> Outcome<Value> {
    let number = convert(value, Type::Plain(Plain::Single))?;
    to_format(&number, "N2").map(Value::string)
}
