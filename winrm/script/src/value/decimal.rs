//! Arithmetic of `System.Decimal`: exact, or refused where more than 128 bits would be needed on the way.

use winrm_proto::clixml::Decimal;

use super::{Fault, Outcome};

/// A decimal with its sign inside the coefficient.
#[derive(Clone, Copy)]
struct Signed {
    coefficient: i128,
    scale: u8,
}

pub(super) fn add(left: Decimal, right: Decimal) -> Outcome<Decimal> {
    let (left, right, scale) = aligned(left, right)?;
    left.checked_add(right).ok_or_else(too_wide).and_then(|sum| fit(sum, scale))
}

pub(super) fn subtract(left: Decimal, right: Decimal) -> Outcome<Decimal> {
    let (left, right, scale) = aligned(left, right)?;
    left.checked_sub(right).ok_or_else(too_wide).and_then(|sum| fit(sum, scale))
}

pub(super) fn multiply(left: Decimal, right: Decimal) -> Outcome<Decimal> {
    let (left, right) = (signed(left)?, signed(right)?);
    let product = left.coefficient.checked_mul(right.coefficient).ok_or_else(too_wide)?;
    fit(product, left.scale + right.scale)
}

/// `None` is a division by zero.
pub(super) fn divide(left: Decimal, right: Decimal) -> Option<Outcome<Decimal>> {
    if right.coefficient() == 0 {
        return None;
    }
    Some(quotient(left, right))
}

/// `None` is a division by zero.
pub(super) fn remainder(left: Decimal, right: Decimal) -> Option<Outcome<Decimal>> {
    if right.coefficient() == 0 {
        return None;
    }
    let rest = aligned(left, right).and_then(|(left, right, scale)| fit(left % right, scale));
    Some(rest)
}

pub(super) fn compare(left: Decimal, right: Decimal) -> Outcome<std::cmp::Ordering> {
    if left.scale() == right.scale() {
        return Ok(signed(left)?.coefficient.cmp(&signed(right)?.coefficient));
    }
    match aligned(left, right) {
        Ok((left, right, _)) => Ok(left.cmp(&right)),
        // Where they cannot be aligned they are far apart.
        Err(_) => Ok(to_double(left).total_cmp(&to_double(right))),
    }
}

pub(super) fn negate(number: Decimal) -> Decimal {
    Decimal::new(!number.is_negative(), number.coefficient(), number.scale()).unwrap_or(number)
}

/// How a half is rounded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rounding {
    ToEven,
    AwayFromZero,
    ToZero,
    Down,
    Up,
}

/// The number with at most so many places.
pub(crate) fn round(number: Decimal, places: u8, rounding: Rounding) -> Outcome<Decimal> {
    if number.scale() <= places {
        return Ok(number);
    }
    let divisor = 10_u128.pow(u32::from(number.scale() - places));
    let (mut kept, rest) = (number.coefficient() / divisor, number.coefficient() % divisor);
    let up = match rounding {
        Rounding::ToEven => rest * 2 > divisor || (rest * 2 == divisor && kept % 2 == 1),
        Rounding::AwayFromZero => rest * 2 >= divisor,
        Rounding::ToZero => false,
        Rounding::Down => number.is_negative() && rest > 0,
        Rounding::Up => !number.is_negative() && rest > 0,
    };
    kept += u128::from(up);
    Decimal::new(number.is_negative(), kept, places).map_err(|_| overflow())
}

pub(super) fn of_integer(number: i128) -> Outcome<Decimal> {
    Decimal::new(number < 0, number.unsigned_abs(), 0).map_err(|_| overflow())
}

/// .NET keeps 15 digits of a double.
pub(super) fn of_double(number: f64) -> Outcome<Decimal> {
    if !number.is_finite() || number.abs() >= 7.922_816_251_426_434e28 {
        return Err(overflow());
    }
    let text = format!("{number:.14e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let negative = mantissa.starts_with('-');
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let trimmed = digits.trim_end_matches('0');
    let coefficient: u128 = if trimmed.is_empty() { 0 } else { trimmed.parse().unwrap_or_default() };
    if coefficient == 0 {
        return Decimal::new(negative, 0, 0).map_err(|_| overflow());
    }
    let places = i32::try_from(trimmed.len()).unwrap_or_default() - 1 - exponent;
    if places <= 0 {
        let factor = 10_u128.pow(places.unsigned_abs());
        return Decimal::new(negative, coefficient * factor, 0).map_err(|_| overflow());
    }
    if let Ok(places @ 0..=28) = u8::try_from(places) {
        return Decimal::new(negative, coefficient, places).map_err(|_| overflow());
    }
    // What lies below the 28th place is rounded away.
    let sign = if negative { "-" } else { "" };
    let width = usize::try_from(places).unwrap_or_default();
    format!("{sign}0.{coefficient:0>width$}").parse().map_err(|_| overflow())
}

pub(super) fn to_double(number: Decimal) -> f64 {
    number.to_string().parse().unwrap_or_default()
}

/// The nearest integer, a half to even.
pub(super) fn to_integer(number: Decimal) -> Outcome<i128> {
    let whole = round(number, 0, Rounding::ToEven)?;
    Ok(signed(whole)?.coefficient)
}

fn quotient(left: Decimal, right: Decimal) -> Outcome<Decimal> {
    let negative = left.is_negative() != right.is_negative();
    let divisor = right.coefficient();
    let mut scale = i32::from(left.scale()) - i32::from(right.scale());
    let mut dividend = left.coefficient();
    while scale < 0 {
        dividend = dividend.checked_mul(10).ok_or_else(too_wide)?;
        scale += 1;
    }
    let (mut result, mut rest) = (dividend / divisor, dividend % divisor);
    if result > MAX {
        return Err(overflow());
    }
    while rest > 0 && scale < 28 {
        let next = rest.checked_mul(10).ok_or_else(too_wide)?;
        let longer = result * 10 + next / divisor;
        if longer > MAX {
            break;
        }
        (result, rest, scale) = (longer, next % divisor, scale + 1);
    }
    if rest > 0 {
        let twice = rest.checked_mul(2).ok_or_else(too_wide)?;
        if twice > divisor || (twice == divisor && result % 2 == 1) {
            result += 1;
        }
        while scale > 0 && result % 10 == 0 {
            (result, scale) = (result / 10, scale - 1);
        }
    }
    let scale = u8::try_from(scale).map_err(|_| overflow())?;
    Decimal::new(negative && result > 0, result, scale).map_err(|_| overflow())
}

fn signed(number: Decimal) -> Outcome<Signed> {
    let coefficient = i128::try_from(number.coefficient()).map_err(|_| too_wide())?;
    let coefficient = if number.is_negative() { -coefficient } else { coefficient };
    Ok(Signed { coefficient, scale: number.scale() })
}

fn aligned(left: Decimal, right: Decimal) -> Outcome<(i128, i128, u8)> {
    let (left, right) = (signed(left)?, signed(right)?);
    let scale = left.scale.max(right.scale);
    let raise = |number: Signed| {
        let factor = 10_i128.checked_pow(u32::from(scale - number.scale)).ok_or_else(too_wide)?;
        number.coefficient.checked_mul(factor).ok_or_else(too_wide)
    };
    Ok((raise(left)?, raise(right)?, scale))
}

/// Rounds, half to even, until the coefficient fits 96 bits and the scale 28 places.
fn fit(coefficient: i128, scale: u8) -> Outcome<Decimal> {
    let (mut digits, mut places) = (coefficient.unsigned_abs(), scale);
    let (mut rest, mut power) = (0_u128, 1_u128);
    while places > 28 || (digits > MAX && places > 0) {
        rest += digits % 10 * power;
        power = power.checked_mul(10).ok_or_else(too_wide)?;
        digits /= 10;
        places -= 1;
    }
    if rest * 2 > power || (power > 1 && rest * 2 == power && digits % 2 == 1) {
        digits += 1;
    }
    Decimal::new(coefficient < 0, digits, places).map_err(|_| overflow())
}

fn too_wide() -> Fault {
    Fault::unsupported("decimal arithmetic on numbers of this many digits")
}

fn overflow() -> Fault {
    Fault::thrown(
        "RuntimeException",
        "System.OverflowException",
        "Value was either too large or too small for a Decimal.",
    )
}

const MAX: u128 = (1 << 96) - 1;
