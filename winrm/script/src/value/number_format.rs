//! Numbers as text under a format such as `N2` or `#,##0.0`, culture en-US.

mod custom;

use super::{Fault, Outcome, Value};
use custom::custom;
use winrm_proto::clixml::{format_double, format_single};

/// A number as decimal digits: `0.d₁d₂d₃… × 10^scale`.
#[derive(Clone, Debug)]
struct Digits {
    negative: bool,
    digits: Vec<u8>,
    scale: i32,
    /// Floating-point numbers keep the sign of a zero.
    float: bool,
}

/// The number under a format; `None` where the value is no number.
pub(super) fn format_number(value: &Value, format: &str) -> Option<Outcome<String>> {
    let integer = value.as_integer();
    if integer.is_none() && !matches!(value, Value::Single(_) | Value::Double(_) | Value::Decimal(_)) {
        return None;
    }
    Some(match standard(format) {
        Some((letter, precision)) => by_letter(value, letter, precision),
        None => Ok(custom(value, format)),
    })
}

/// A letter and up to nine digits.
fn standard(format: &str) -> Option<(char, Option<usize>)> {
    let mut characters = format.chars();
    let Some(letter) = characters.next() else { return Some(('G', None)) };
    let digits = characters.as_str();
    let standard =
        letter.is_ascii_alphabetic() && digits.len() <= 9 && digits.bytes().all(|b| b.is_ascii_digit());
    if !standard {
        return None;
    }
    if digits.is_empty() { Some((letter, None)) } else { Some((letter, digits.parse().ok())) }
}

fn by_letter(value: &Value, letter: char, precision: Option<usize>) -> Outcome<String> {
    if precision.is_some_and(|precision| precision > MAX_PRECISION) {
        return Err(Fault::unsupported("a number format with more than 100 places"));
    }
    if let Some(text) = not_finite(value)
        && !matches!(letter, 'D' | 'd' | 'X' | 'x' | 'B' | 'b')
    {
        return Ok(text);
    }
    match letter {
        'F' | 'f' => Ok(fixed(value, precision.unwrap_or(2), 0, false)),
        'N' | 'n' => Ok(fixed(value, precision.unwrap_or(2), 0, true)),
        'P' | 'p' => Ok(fixed(value, precision.unwrap_or(2), 2, true) + "%"),
        'C' | 'c' => {
            let text = fixed(value, precision.unwrap_or(2), 0, true);
            Ok(match text.strip_prefix('-') {
                Some(text) => format!("-${text}"),
                None => format!("${text}"),
            })
        }
        'E' | 'e' => Ok(scientific(value, letter, precision.unwrap_or(6))),
        'G' | 'g' | 'R' | 'r' => {
            general(value, letter, precision.filter(|_| letter.eq_ignore_ascii_case(&'g')))
        }
        'D' | 'd' => match value.as_integer() {
            Some(number) => {
                let sign = if number < 0 { "-" } else { "" };
                Ok(format!("{sign}{:0>width$}", number.unsigned_abs(), width = precision.unwrap_or(1)))
            }
            None => Err(invalid()),
        },
        'X' | 'x' => match two_complement(value) {
            Some(bits) if letter == 'X' => Ok(format!("{bits:0>width$X}", width = precision.unwrap_or(1))),
            Some(bits) => Ok(format!("{bits:0>width$x}", width = precision.unwrap_or(1))),
            None => Err(invalid()),
        },
        'B' | 'b' => match two_complement(value) {
            Some(bits) => Ok(format!("{bits:0>width$b}", width = precision.unwrap_or(1))),
            None => Err(invalid()),
        },
        _ => Err(invalid()),
    }
}

/// `FormatException`, which the caller wraps.
fn invalid() -> Fault {
    Fault::thrown("FormatException", "System.FormatException", "Format specifier was invalid.")
}

fn not_finite(value: &Value) -> Option<String> {
    let number = match value {
        Value::Single(number) => f64::from(*number),
        Value::Double(number) => *number,
        _ => return None,
    };
    if number.is_nan() {
        Some("NaN".to_owned())
    } else if number.is_infinite() {
        Some(if number > 0.0 { "∞" } else { "-∞" }.to_owned())
    } else {
        None
    }
}

fn two_complement(value: &Value) -> Option<u64> {
    Some(match *value {
        Value::SByte(number) => number.cast_unsigned().into(),
        Value::Byte(number) => number.into(),
        Value::Int16(number) => number.cast_unsigned().into(),
        Value::UInt16(number) => number.into(),
        Value::Int32(number) => number.cast_unsigned().into(),
        Value::UInt32(number) => number.into(),
        Value::Int64(number) => number.cast_unsigned(),
        Value::UInt64(number) => number,
        _ => return None,
    })
}

/// So many places after the point; `shift` of 2 is for per cent.
fn fixed(value: &Value, places: usize, shift: i32, grouped: bool) -> String {
    let wanted = places + usize::try_from(shift).unwrap_or_default();
    let mut digits = Digits::with_places(value, wanted);
    digits.scale += shift;
    let places = i32::try_from(places).unwrap_or_default();
    digits.round(digits.scale + places);
    let mut out = String::new();
    if digits.negative {
        out.push('-');
    }
    digits.push_whole(&mut out, grouped);
    if places > 0 {
        out.push('.');
        for at in 0..places {
            out.push(digits.at(digits.scale + at));
        }
    }
    out
}

fn scientific(value: &Value, letter: char, places: usize) -> String {
    let mut digits = Digits::significant(value, places + 1);
    digits.round(i32::try_from(places + 1).unwrap_or_default());
    let mut out = String::new();
    if digits.negative {
        out.push('-');
    }
    out.push(digits.at(0));
    if places > 0 {
        out.push('.');
        for at in 1..=places {
            out.push(digits.at(i32::try_from(at).unwrap_or_default()));
        }
    }
    let exponent = if digits.digits.is_empty() { 0 } else { digits.scale - 1 };
    let sign = if exponent < 0 { '-' } else { '+' };
    out.push_str(&format!("{letter}{sign}{:03}", exponent.unsigned_abs()));
    out
}

fn general(value: &Value, letter: char, precision: Option<usize>) -> Outcome<String> {
    let Some(precision) = precision.filter(|precision| *precision > 0) else {
        return Ok(match value {
            Value::Single(number) => format_single(*number),
            Value::Double(number) => format_double(*number),
            other => other.to_element_text().as_str().to_owned(),
        });
    };
    let mut digits = Digits::significant(value, precision);
    let precision = i32::try_from(precision).unwrap_or_default();
    digits.round(precision);
    let mut out = String::new();
    if digits.negative {
        out.push('-');
    }
    if digits.scale > precision || digits.scale < -4 {
        out.push(digits.at(0));
        if digits.digits.len() > 1 {
            out.push('.');
            out.extend(digits.digits.iter().skip(1).map(|digit| char::from(b'0' + digit)));
        }
        let exponent = digits.scale - 1;
        let sign = if exponent < 0 { '-' } else { '+' };
        let mark = if letter == 'g' { 'e' } else { 'E' };
        out.push_str(&format!("{mark}{sign}{:02}", exponent.unsigned_abs()));
        return Ok(out);
    }
    digits.push_whole(&mut out, false);
    let count = i32::try_from(digits.digits.len()).unwrap_or_default();
    if count > digits.scale {
        out.push('.');
        for at in digits.scale..count {
            out.push(digits.at(at));
        }
    }
    Ok(out)
}

impl Digits {
    /// The number with at least so many correct places after the point.
    fn with_places(value: &Value, places: usize) -> Self {
        match float(value) {
            // Rust rounds the exact value, ties to even, as .NET does.
            Some(number) => Self::read(&format!("{number:.places$}"), true),
            None => Self::exact(value),
        }
    }

    /// The number with at least so many correct digits.
    fn significant(value: &Value, count: usize) -> Self {
        match float(value) {
            Some(number) => Self::read_scientific(&format!("{number:.places$e}", places = count.max(1) - 1)),
            None => Self::exact(value),
        }
    }

    fn exact(value: &Value) -> Self {
        Self::read(value.to_element_text().as_str(), false)
    }

    fn read(text: &str, float: bool) -> Self {
        let (negative, text) = match text.strip_prefix('-') {
            Some(text) => (true, text),
            None => (false, text),
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = whole.bytes().chain(fraction.bytes()).map(|byte| byte.wrapping_sub(b'0')).collect();
        let scale = i32::try_from(whole.len()).unwrap_or_default();
        Self { negative, digits, scale, float }.normalized()
    }

    fn read_scientific(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let mut digits = Self::read(mantissa, true);
        if !digits.digits.is_empty() {
            digits.scale += exponent.parse::<i32>().unwrap_or_default();
        }
        digits
    }

    fn normalized(mut self) -> Self {
        let zeros = self.digits.iter().take_while(|digit| **digit == 0).count();
        self.digits.drain(..zeros);
        self.scale -= i32::try_from(zeros).unwrap_or_default();
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
        if self.digits.is_empty() {
            self.scale = 0;
            self.negative &= self.float;
        }
        self
    }

    /// Keeps so many digits; a half goes away from zero.
    fn round(&mut self, keep: i32) {
        match usize::try_from(keep) {
            Err(_) => self.digits.clear(),
            Ok(keep) => {
                let up = self.digits.get(keep).is_some_and(|next| *next >= 5);
                self.digits.truncate(keep);
                if up {
                    self.increment();
                }
            }
        }
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
        if self.digits.is_empty() {
            self.scale = 0;
            self.negative &= self.float;
        }
    }

    /// Adds one to the last digit.
    fn increment(&mut self) {
        while self.digits.last() == Some(&9) {
            self.digits.pop();
        }
        match self.digits.last_mut() {
            Some(last) => *last += 1,
            None => {
                self.digits.push(1);
                self.scale += 1;
            }
        }
    }

    /// A digit by its number from the first; zero on both sides of what there is.
    fn at(&self, at: i32) -> char {
        let digit = usize::try_from(at).ok().and_then(|at| self.digits.get(at)).copied().unwrap_or_default();
        char::from(b'0' + digit)
    }

    fn push_whole(&self, out: &mut String, grouped: bool) {
        if self.scale <= 0 {
            out.push('0');
            return;
        }
        for at in 0..self.scale {
            if grouped && at > 0 && (self.scale - at) % 3 == 0 {
                out.push(',');
            }
            out.push(self.at(at));
        }
    }
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Single(number) => Some(f64::from(*number)),
        Value::Double(number) => Some(*number),
        _ => None,
    }
}

/// .NET takes up to 999,999,999 places, which is an attack and no number.
const MAX_PRECISION: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: impl Into<Value>, format: &str) -> String {
        format_number(&value.into(), format).unwrap().unwrap_or_else(|fault| fault.to_string())
    }

    #[test]
    fn standard_formats_are_dotnets() {
        for (value, format, text) in [
            (1_234_567.891, "N2", "1,234,567.89"),
            (0.5, "P0", "50%"),
            (-1234.5, "C", "-$1,234.50"),
            (0.000_123, "E2", "1.23E-004"),
            (1234.5, "F0", "1234"),
            (-0.001, "N2", "-0.00"),
            (1e21, "N0", "1,000,000,000,000,000,000,000"),
            (1234.5678, "G3", "1.23E+03"),
            (0.1, "R", "0.1"),
            (2.5, "X", "Format specifier was invalid."),
        ] {
            assert_eq!(shown(value, format), text, "{value} {format}");
        }
        assert_eq!(shown(-5, "D4"), "-0005");
        assert_eq!(shown(255, "x4"), "00ff");
        assert_eq!(shown(-1, "X"), "FFFFFFFF");
        assert_eq!(shown("2.5".parse::<winrm_proto::clixml::Decimal>().unwrap(), "N0"), "3");
    }

    #[test]
    fn custom_formats_are_dotnets() {
        for (value, format, text) in [
            (1234.5, "#,##0.00", "1,234.50"),
            (0.126, "0.0%", "12.6%"),
            (5.0, "000", "005"),
            (0.0, "#", ""),
            (-3.0, "0;(0)", "(3)"),
            (0.0, "0;-0;zero", "zero"),
            (-0.5, "HH:mm", "-HH:mm"),
            (1_234_567.0, "0,,.0M", "1.2M"),
            (12.0, "'n'0", "n12"),
            (12345.0, "0.00E+0", "1.23E+4"),
        ] {
            assert_eq!(shown(value, format), text, "{value} {format}");
        }
    }
}
