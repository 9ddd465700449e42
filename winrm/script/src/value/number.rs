//! The types of numbers, and strings that are read as one.

use winrm_proto::clixml::Decimal;

use super::type_name::Plain;
use super::{Outcome, Value, decimal};

/// A number in the widest form of its kind.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Integer(i128),
    Double(f64),
    Decimal(Decimal),
}

impl Number {
    /// The number that this value is; booleans and characters are none.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Single(number) => Self::Double(f64::from(*number)),
            Value::Double(number) => Self::Double(*number),
            Value::Decimal(number) => Self::Decimal(*number),
            other => Self::Integer(other.as_integer()?),
        })
    }

    /// The number as a double.
    pub(crate) fn to_double(self) -> f64 {
        match self {
            Self::Integer(number) => integer_to_double(number),
            Self::Double(number) => number,
            Self::Decimal(number) => decimal::to_double(number),
        }
    }

    /// The number as a decimal.
    pub(crate) fn to_decimal(self) -> Outcome<Decimal> {
        match self {
            Self::Integer(number) => decimal::of_integer(number),
            Self::Double(number) => decimal::of_double(number),
            Self::Decimal(number) => Ok(number),
        }
    }

    /// The nearest integer, a half to even; `None` for what is none or far too large.
    pub(crate) fn to_integer(self) -> Option<i128> {
        match self {
            Self::Integer(number) => Some(number),
            Self::Double(number) => double_to_integer(number.round_ties_even()),
            Self::Decimal(number) => decimal::to_integer(number).ok(),
        }
    }
}

/// The nearest double.
#[expect(clippy::as_conversions, reason = "the only conversion there is, and it rounds to the nearest")]
pub(crate) fn integer_to_double(number: i128) -> f64 {
    number as f64
}

/// A double without a fraction as an integer.
#[expect(clippy::as_conversions, reason = "the range is checked before")]
pub(crate) fn double_to_integer(number: f64) -> Option<i128> {
    (number.is_finite() && number.abs() < 1e37).then_some(number as i128)
}

/// The nearest single.
#[expect(clippy::as_conversions, reason = "the only conversion there is, and it rounds to the nearest")]
pub(crate) fn double_to_single(number: f64) -> f32 {
    number as f32
}

/// The integer in this type, if it fits.
pub(crate) fn integer_as(number: i128, plain: Plain) -> Option<Value> {
    Some(match plain {
        Plain::SByte => Value::SByte(number.try_into().ok()?),
        Plain::Byte => Value::Byte(number.try_into().ok()?),
        Plain::Int16 => Value::Int16(number.try_into().ok()?),
        Plain::UInt16 => Value::UInt16(number.try_into().ok()?),
        Plain::Int32 => Value::Int32(number.try_into().ok()?),
        Plain::UInt32 => Value::UInt32(number.try_into().ok()?),
        Plain::Int64 => Value::Int64(number.try_into().ok()?),
        Plain::UInt64 => Value::UInt64(number.try_into().ok()?),
        _ => return None,
    })
}

/// The type of a number.
pub(crate) fn plain_of(value: &Value) -> Option<Plain> {
    Some(match value {
        Value::SByte(_) => Plain::SByte,
        Value::Byte(_) => Plain::Byte,
        Value::Int16(_) => Plain::Int16,
        Value::UInt16(_) => Plain::UInt16,
        Value::Int32(_) => Plain::Int32,
        Value::UInt32(_) => Plain::UInt32,
        Value::Int64(_) => Plain::Int64,
        Value::UInt64(_) => Plain::UInt64,
        Value::Single(_) => Plain::Single,
        Value::Double(_) => Plain::Double,
        Value::Decimal(_) => Plain::Decimal,
        _ => return None,
    })
}

/// Reads a string as the parser reads a number: `10`, `-1.5`, `1e3`, `0x1F`, `5MB`, `2.5d`, `7l`. Nothing at all is 0.
pub(crate) fn scan(text: &str) -> Option<Value> {
    let text = text.trim();
    if text.is_empty() {
        return Some(Value::Int32(0));
    }
    let (negative, body) = match text.strip_prefix(['-', '+']) {
        Some(body) => (text.starts_with('-'), body),
        None => (false, text),
    };
    let lower = body.to_ascii_lowercase();
    let (lower, multiplier) = split_multiplier(&lower);
    if let Some(hex) = lower.strip_prefix("0x") {
        let (hex, long) = match hex.strip_suffix('l') {
            Some(hex) => (hex, true),
            None => (hex, false),
        };
        if hex.is_empty() || hex.len() > 15 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let number = i128::from_str_radix(hex, 16).ok()?.checked_mul(multiplier)?;
        return integer(if negative { -number } else { number }, long);
    }
    let (digits, suffix) = match lower.strip_suffix(['d', 'l']) {
        Some(digits) => (digits, lower.chars().next_back()),
        None => (lower, None),
    };
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let real = is_real(digits);
    match suffix {
        Some('d') if real => {
            let number: Decimal = digits.parse().ok()?;
            let number = decimal::multiply(number, decimal::of_integer(multiplier).ok()?).ok()?;
            Some(Value::Decimal(if negative { decimal::negate(number) } else { number }))
        }
        Some(_) if !plain => None,
        suffix if plain => {
            let number = digits.parse::<i128>().ok()?.checked_mul(multiplier)?;
            integer(if negative { -number } else { number }, suffix == Some('l'))
        }
        _ if real => {
            let number = digits.parse::<f64>().ok()? * integer_to_double(multiplier);
            Some(Value::Double(if negative { -number } else { number }))
        }
        _ => None,
    }
}

/// The integer as the parser types it: the first of `int`, `long`, `decimal`, `double` that holds it.
fn integer(number: i128, long: bool) -> Option<Value> {
    if !long && let Ok(number) = i32::try_from(number) {
        return Some(Value::Int32(number));
    }
    if let Ok(number) = i64::try_from(number) {
        return Some(Value::Int64(number));
    }
    match decimal::of_integer(number) {
        Ok(number) => Some(Value::Decimal(number)),
        Err(_) => Some(Value::Double(integer_to_double(number))),
    }
}

fn split_multiplier(text: &str) -> (&str, i128) {
    for (suffix, factor) in
        [("kb", 1_i128 << 10), ("mb", 1 << 20), ("gb", 1 << 30), ("tb", 1 << 40), ("pb", 1 << 50)]
    {
        if let Some(rest) = text.strip_suffix(suffix)
            && !text.starts_with("0x")
        {
            return (rest, factor);
        }
    }
    (text, 1)
}

/// Digits, perhaps a point, perhaps an exponent.
fn is_real(text: &str) -> bool {
    let (mantissa, exponent) =
        text.split_once('e').map_or((text, None), |(mantissa, rest)| (mantissa, Some(rest)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa = digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    let exponent = exponent.is_none_or(|text| {
        let text = text.strip_prefix(['-', '+']).unwrap_or(text);
        !text.is_empty() && digits(text)
    });
    mantissa && exponent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_numbers_as_the_parser_sees_them() {
        for (text, shown) in [
            ("10", Some("10 System.Int32")),
            (" -1.5 ", Some("-1.5 System.Double")),
            ("1e3", Some("1000 System.Double")),
            ("0x1F", Some("31 System.Int32")),
            ("5MB", Some("5242880 System.Int32")),
            ("2.50d", Some("2.50 System.Decimal")),
            ("7l", Some("7 System.Int64")),
            ("9999999999", Some("9999999999 System.Int64")),
            ("", Some("0 System.Int32")),
            ("abc", None),
            ("1,5", None),
            ("1.2.3", None),
            ("0x", None),
            ("e3", None),
        ] {
            let found = scan(text).map(|value| format!("{} {}", value.to_text(), value.type_name()));
            assert_eq!(found.as_deref(), shown, "{text}");
        }
    }
}
