//! Numbers.

use super::refusal::Reason;
use crate::characters::{ends_number, ends_word, is_dash};
use crate::tree::NumberValue;

/// A number at the beginning of some text.
#[derive(Debug)]
pub(super) struct Scanned {
    /// How many bytes it takes.
    pub(super) length: usize,
    /// What it is, or why it is none that we take.
    pub(super) value: Result<NumberValue, Reason>,
}

/// What may follow a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surroundings {
    /// A word of a command: the number must be all of it.
    Command,
    /// An expression: an operator may follow.
    Expression,
}

/// Reads a number, perhaps with a sign, from the beginning of `text`. Nothing where this is some other word.
pub(super) fn scan(text: &str, surroundings: Surroundings) -> Option<Scanned> {
    let mut rest = Rest { text };
    let sign = rest.take_if(|next| next == '+' || is_dash(next));
    let negative = sign.is_some_and(is_dash);
    let shape = rest.shape()?;
    let suffix = rest.suffix()?;
    let multiplier = rest.multiplier()?;
    let ended = match rest.peek() {
        None => true,
        Some(next) => ends_word(next) || (surroundings == Surroundings::Expression && ends_number(next)),
    };
    let length = text.len() - rest.text.len();
    ended.then(|| Scanned { length, value: shape.value(negative, suffix, multiplier) })
}

/// The digits, as they stand.
enum Shape<'text> {
    Hexadecimal(&'text str),
    Binary,
    Integer(&'text str),
    Real { whole: &'text str, fraction: &'text str, exponent: Option<Exponent<'text>> },
}

struct Exponent<'text> {
    negative: bool,
    digits: &'text str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Suffix {
    None,
    Long,
    Decimal,
    /// `u`, `y`, `s`, `n` and their combinations: PowerShell 7 only.
    Newer,
}

struct Rest<'text> {
    text: &'text str,
}

impl<'text> Rest<'text> {
    fn peek(&self) -> Option<char> {
        self.text.chars().next()
    }

    fn take_if(&mut self, wanted: impl FnOnce(char) -> bool) -> Option<char> {
        let next = self.peek().filter(|&next| wanted(next))?;
        self.text = self.text.get(next.len_utf8()..)?;
        Some(next)
    }

    fn take_letter(&mut self, letter: char) -> bool {
        self.take_if(|next| next.eq_ignore_ascii_case(&letter)).is_some()
    }

    fn take_while(&mut self, wanted: impl Fn(&u8) -> bool) -> &'text str {
        let length = self.text.bytes().take_while(wanted).count();
        let (taken, rest) = self.text.split_at_checked(length).unwrap_or((self.text, ""));
        self.text = rest;
        taken
    }

    fn digits(&mut self) -> &'text str {
        self.take_while(u8::is_ascii_digit)
    }

    fn shape(&mut self) -> Option<Shape<'text>> {
        if let Some(rest) = self.text.strip_prefix("0x").or_else(|| self.text.strip_prefix("0X")) {
            self.text = rest;
            return Some(Shape::Hexadecimal(self.take_while(u8::is_ascii_hexdigit)));
        }
        if let Some(rest) = self.text.strip_prefix("0b").or_else(|| self.text.strip_prefix("0B")) {
            self.text = rest;
            self.take_while(|byte| matches!(byte, b'0' | b'1'));
            return Some(Shape::Binary);
        }
        let whole = self.digits();
        let range = self.text.starts_with("..");
        if !range && self.take_letter('.') {
            let fraction = self.digits();
            let exponent = self.exponent()?;
            return Some(Shape::Real { whole, fraction, exponent });
        }
        if whole.is_empty() {
            return None;
        }
        match self.exponent()? {
            None => Some(Shape::Integer(whole)),
            exponent => Some(Shape::Real { whole, fraction: "", exponent }),
        }
    }

    /// The outer nothing means that this is no number.
    #[expect(clippy::option_option, reason = "an exponent may be absent, and it may be wrong")]
    fn exponent(&mut self) -> Option<Option<Exponent<'text>>> {
        if !self.take_letter('e') {
            return Some(None);
        }
        let sign = self.take_if(|next| next == '+' || is_dash(next));
        let digits = self.digits();
        (!digits.is_empty()).then_some(Some(Exponent { negative: sign.is_some_and(is_dash), digits }))
    }

    fn suffix(&mut self) -> Option<Suffix> {
        let is_suffix = |next: char| matches!(next.to_ascii_lowercase(), 'u' | 's' | 'l' | 'd' | 'y' | 'n');
        let Some(first) = self.take_if(is_suffix) else { return Some(Suffix::None) };
        match (first.to_ascii_lowercase(), self.take_if(is_suffix).map(|next| next.to_ascii_lowercase())) {
            ('l', None) => Some(Suffix::Long),
            ('d', None) => Some(Suffix::Decimal),
            ('u', Some('l' | 's' | 'y')) | (_, None) => Some(Suffix::Newer),
            (_, Some(_)) => None,
        }
    }

    fn multiplier(&mut self) -> Option<u32> {
        for (letter, shift) in [('k', 10), ('m', 20), ('g', 30), ('t', 40), ('p', 50)] {
            if self.take_letter(letter) {
                return self.take_letter('b').then_some(shift);
            }
        }
        Some(0)
    }
}

impl Shape<'_> {
    /// The multiplier is a power of two, given by its exponent.
    fn value(self, negative: bool, suffix: Suffix, multiplier: u32) -> Result<NumberValue, Reason> {
        if suffix == Suffix::Newer {
            return Err(Reason::NumberForm);
        }
        match self {
            Self::Binary => Err(Reason::NumberForm),
            Self::Hexadecimal(digits) => hexadecimal(digits, suffix, negative, multiplier),
            Self::Integer(digits) => integer(digits, suffix, negative, multiplier),
            Self::Real { whole, fraction, exponent } if suffix == Suffix::Decimal => match exponent {
                Some(_) => Err(Reason::NumberForm),
                None => decimal(whole, fraction, negative, multiplier),
            },
            Self::Real { .. } if suffix == Suffix::Long => Err(Reason::NumberForm),
            Self::Real { whole, fraction, exponent } => real(whole, fraction, exponent, negative, multiplier),
        }
    }
}

/// Eight digits are 32 bits and sixteen are 64 bits with a sign; other lengths have none.
fn hexadecimal(digits: &str, suffix: Suffix, negative: bool, multiplier: u32) -> Result<NumberValue, Reason> {
    if digits.is_empty() {
        return Err(Reason::NumberForm);
    }
    let magnitude = u128::from_str_radix(digits, 16).map_err(|_| Reason::NumberTooLarge)?;
    let bits = match (digits.len(), suffix) {
        (8, Suffix::None) => 32,
        (16, _) => 64,
        _ => 127,
    };
    let magnitude = i128::try_from(magnitude).map_err(|_| Reason::NumberTooLarge)?;
    let signed = if magnitude >> (bits - 1) == 0 { magnitude } else { magnitude - (1 << bits) };
    let value = shifted(if negative { -signed } else { signed }, multiplier)?;
    let long = suffix == Suffix::Long || matches!(digits.len(), 15 | 16);
    match i32::try_from(value) {
        Ok(value) if !long => Ok(NumberValue::Int32(value)),
        _ => i64::try_from(value).map(NumberValue::Int64).map_err(|_| Reason::NumberTooLarge),
    }
}

/// The first type that holds it of `Int32`, `Int64`, `Decimal` and `Double`.
fn integer(digits: &str, suffix: Suffix, negative: bool, multiplier: u32) -> Result<NumberValue, Reason> {
    let magnitude = digits.parse::<i128>().ok().and_then(|magnitude| magnitude.checked_mul(1 << multiplier));
    let value = magnitude.map(|magnitude| if negative { -magnitude } else { magnitude });
    let decimal = value
        .filter(|&value| fits_decimal(value))
        .map(|coefficient| NumberValue::Decimal { coefficient, scale: 0 });
    let int32 = value.and_then(|value| i32::try_from(value).ok()).map(NumberValue::Int32);
    let int64 = value.and_then(|value| i64::try_from(value).ok()).map(NumberValue::Int64);
    match suffix {
        Suffix::Long => int64.ok_or(Reason::NumberTooLarge),
        Suffix::Decimal => decimal.ok_or(Reason::NumberTooLarge),
        Suffix::None | Suffix::Newer => match int32.or(int64).or(decimal) {
            Some(value) => Ok(value),
            None => real(digits, "", None, negative, multiplier),
        },
    }
}

fn decimal(whole: &str, fraction: &str, negative: bool, multiplier: u32) -> Result<NumberValue, Reason> {
    let scale = u32::try_from(fraction.len()).map_err(|_| Reason::NumberTooLarge)?;
    if whole.len() + fraction.len() > 28 {
        return Err(Reason::NumberTooLarge);
    }
    let magnitude: i128 = format!("{whole}{fraction}").parse().map_err(|_| Reason::NumberForm)?;
    let coefficient = shifted(if negative { -magnitude } else { magnitude }, multiplier)?;
    if fits_decimal(coefficient) {
        Ok(NumberValue::Decimal { coefficient, scale })
    } else {
        Err(Reason::NumberTooLarge)
    }
}

fn real(
    whole: &str,
    fraction: &str,
    exponent: Option<Exponent<'_>>,
    negative: bool,
    multiplier: u32,
) -> Result<NumberValue, Reason> {
    if whole.is_empty() && fraction.is_empty() {
        return Err(Reason::NumberTooLarge);
    }
    let sign = if negative { "-" } else { "" };
    let power = exponent.map_or(String::new(), |exponent| {
        format!("e{}{}", if exponent.negative { "-" } else { "" }, exponent.digits)
    });
    let value: f64 =
        format!("{sign}{whole}.{fraction}0{power}").parse().map_err(|_| Reason::NumberTooLarge)?;
    let factor = (1..=multiplier).fold(1.0_f64, |factor, _| factor * 2.0);
    Ok(NumberValue::Double(value * factor))
}

fn shifted(value: i128, multiplier: u32) -> Result<i128, Reason> {
    value.checked_mul(1 << multiplier).ok_or(Reason::NumberTooLarge)
}

fn fits_decimal(value: i128) -> bool {
    value.unsigned_abs() >> 96 == 0
}
