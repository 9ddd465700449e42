//! Booleans, integers and floating-point numbers.

use std::fmt::Write as _;
use std::str::FromStr;

use super::{split_digits, trim_number, trim_xml};

/// `XmlConvert.ToBoolean`.
pub(in crate::clixml) fn parse_boolean(text: &str) -> Option<bool> {
    match trim_xml(text) {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// An integer of any width: blanks around it and one sign, then decimal digits only.
pub(in crate::clixml) fn parse_integer<T: FromStr>(text: &str) -> Option<T> {
    let text = trim_number(text);
    match text.strip_prefix('-') {
        // .NET takes a negative zero for an unsigned type.
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte == b'0') => "0".parse().ok(),
        _ => text.parse().ok(),
    }
}

/// `XmlConvert.ToDouble`: what is too large becomes an infinity, as in .NET Core 3.0 and later.
pub(in crate::clixml) fn parse_double(text: &str) -> Option<f64> {
    match named(text) {
        Some(named) => Some(named),
        None => decimal_notation(text)?.parse().ok(),
    }
}

/// `XmlConvert.ToSingle`.
pub(in crate::clixml) fn parse_single(text: &str) -> Option<f32> {
    match named(text) {
        Some(named) if named.is_nan() => Some(f32::NAN),
        Some(named) if named > 0.0 => Some(f32::INFINITY),
        Some(_) => Some(f32::NEG_INFINITY),
        None => decimal_notation(text)?.parse().ok(),
    }
}

/// Appends a double as `XmlConvert.ToString` writes it.
pub(in crate::clixml) fn push_double(value: f64, out: &mut String) {
    match xml_name(value) {
        Some(name) => out.push_str(name),
        None => out.push_str(&format_double(value)),
    }
}

/// Appends a single as `XmlConvert.ToString` writes it.
pub(in crate::clixml) fn push_single(value: f32, out: &mut String) {
    match xml_name(f64::from(value)) {
        Some(name) => out.push_str(name),
        None => out.push_str(&format_single(value)),
    }
}

/// The shortest text that reads back as the same double, in .NET's layout: `0.0001`, `1E-05`, `1E+15`.
#[must_use]
pub fn format_double(value: f64) -> String {
    layout(&format!("{value:E}"), 15)
}

/// The shortest text that reads back as the same single, in .NET's layout.
#[must_use]
pub fn format_single(value: f32) -> String {
    layout(&format!("{value:E}"), 7)
}

fn xml_name(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value == f64::INFINITY {
        Some("INF")
    } else if value == f64::NEG_INFINITY {
        Some("-INF")
    } else {
        None
    }
}

/// XML Schema's names, and those that .NET's own parser knows in the invariant culture.
fn named(text: &str) -> Option<f64> {
    match trim_xml(text) {
        "INF" => return Some(f64::INFINITY),
        "-INF" => return Some(f64::NEG_INFINITY),
        _ => {}
    }
    let text = trim_number(text);
    let is = |name: &str| text.eq_ignore_ascii_case(name);
    if is("NaN") || is("+NaN") || is("-NaN") {
        Some(f64::NAN)
    } else if is("Infinity") || is("+Infinity") {
        Some(f64::INFINITY)
    } else if is("-Infinity") {
        Some(f64::NEG_INFINITY)
    } else {
        None
    }
}

/// The text without blanks, when it is digits, a point and an exponent: Rust's parser alone would take `inf`.
fn decimal_notation(text: &str) -> Option<&str> {
    let text = trim_number(text);
    let is_number = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E');
    text.bytes().all(is_number).then_some(text)
}

/// Lays out Rust's `d.dddEn` as .NET's general format: scientific when the point falls outside the digits by
/// more than `precision` places, or more than four zeros would follow it.
fn layout(scientific: &str, precision: i32) -> String {
    let (sign, rest) = match scientific.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", scientific),
    };
    let Some((mantissa, exponent)) = rest.split_once('E') else {
        return match rest {
            "inf" => format!("{sign}Infinity"),
            _ => "NaN".to_owned(),
        };
    };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let mut out = String::from(sign);
    if digits == "0" {
        out.push('0');
        return out;
    }
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let point = exponent + 1;
    if point > count.max(precision) || point < -4 + 1 {
        push_scientific(&digits, exponent, &mut out);
    } else {
        push_fixed(&digits, point, &mut out);
    }
    out
}

fn push_scientific(digits: &str, exponent: i32, out: &mut String) {
    let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
    out.push_str(first);
    if !rest.is_empty() {
        out.push('.');
        out.push_str(rest);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    // Writing to a String cannot fail.
    let _ = write!(out, "E{sign}{:02}", exponent.unsigned_abs());
}

fn push_fixed(digits: &str, point: i32, out: &mut String) {
    let Ok(whole) = usize::try_from(point) else {
        return push_fraction(digits, point.unsigned_abs(), out);
    };
    match digits.split_at_checked(whole) {
        Some(("", fraction)) => push_fraction(fraction, 0, out),
        Some((whole, "")) => out.push_str(whole),
        Some((whole, fraction)) => {
            out.push_str(whole);
            out.push('.');
            out.push_str(fraction);
        }
        None => {
            out.push_str(digits);
            out.extend(std::iter::repeat_n('0', whole.saturating_sub(digits.len())));
        }
    }
}

fn push_fraction(digits: &str, zeros: u32, out: &mut String) {
    out.push_str("0.");
    out.extend((0..zeros).map(|_| '0'));
    out.push_str(digits);
}

/// Splits off a sign.
pub(super) fn split_sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Splits `digits[.digits]`; at least one digit must be there, and nothing else may follow.
pub(super) fn split_decimal(text: &str) -> Option<(&str, &str)> {
    let (whole, rest) = split_digits(text);
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => split_digits(rest),
        None => ("", rest),
    };
    (rest.is_empty() && !(whole.is_empty() && fraction.is_empty())).then_some((whole, fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_laid_out_as_dotnet_does() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (100.0, "100"),
            (1e14, "100000000000000"),
            (1e15, "1E+15"),
            (1_234_567_890_123_456.0, "1234567890123456"),
            (0.0001, "0.0001"),
            (0.00001, "1E-05"),
            (-1.25e-7, "-1.25E-07"),
            (5e-324, "5E-324"),
            (1.797_693_134_862_315_7e308, "1.7976931348623157E+308"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(format_double(value), text);
        }
        assert_eq!(format_single(1e7), "1E+07");
        assert_eq!(format_single(1_234_567.0), "1234567");
        assert_eq!(format_single(1e-45), "1E-45");
    }

    #[test]
    fn numbers_are_read_as_xmlconvert_reads_them() {
        assert_eq!(parse_integer::<i32>(" +5\n"), Some(5));
        assert_eq!(parse_integer::<u8>("-0"), Some(0));
        for refused in ["", "0x5", "5 5", "2147483648", "1.0", "٣", "--1", "-"] {
            assert_eq!(parse_integer::<i32>(refused), None, "{refused}");
        }
        assert_eq!(parse_double("1e400"), Some(f64::INFINITY));
        assert_eq!(parse_double(" -infinity "), Some(f64::NEG_INFINITY));
        for refused in ["", "inf", "1,5", "1e", ".", "0x1p3"] {
            assert_eq!(parse_double(refused), None, "{refused}");
        }
        assert_eq!(parse_boolean(" 1 "), Some(true));
        assert_eq!(parse_boolean("True"), None);
    }
}
