//! `System.Decimal`.

use std::fmt;
use std::str::FromStr;

use super::number::{split_decimal, split_sign};
use super::trim_number;

/// A decimal number of 96 bits with up to 28 decimal places; trailing zeros count (MS-PSRP 2.2.5.1.18).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Decimal {
    low: u64,
    high: u32,
    scale: u8,
    negative: bool,
}

/// The text or the parts are not a decimal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a decimal of 96 bits and at most 28 places")]
pub struct DecimalError;

impl Decimal {
    /// Makes `±coefficient × 10^-scale`.
    ///
    /// # Errors
    /// The coefficient needs more than 96 bits, or the scale is above 28.
    pub fn new(negative: bool, coefficient: u128, scale: u8) -> Result<Self, DecimalError> {
        if coefficient > MAX_COEFFICIENT || scale > MAX_SCALE {
            return Err(DecimalError);
        }
        let low = u64::try_from(coefficient & u128::from(u64::MAX)).map_err(|_| DecimalError)?;
        let high = u32::try_from(coefficient >> 64).map_err(|_| DecimalError)?;
        // .NET keeps the sign of a zero and never shows it.
        Ok(Self { low, high, scale, negative: negative && coefficient != 0 })
    }

    /// The digits as an integer below 2^96.
    #[must_use]
    pub fn coefficient(&self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }

    /// How many of the digits stand after the point.
    #[must_use]
    pub fn scale(&self) -> u8 {
        self.scale
    }

    /// Whether the number is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.negative
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Reads a sign, digits and a point. Digits beyond what fits are rounded half to even, as .NET does.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let (negative, digits) = split_sign(trim_number(text));
        let (whole, fraction) = split_decimal(digits).ok_or(DecimalError)?;
        let mut coefficient = 0_u128;
        for digit in whole.bytes() {
            coefficient = append(coefficient, digit).ok_or(DecimalError)?;
        }
        let mut scale = 0;
        let mut fraction = fraction.bytes();
        while let Some(digit) = fraction.next() {
            match append(coefficient, digit) {
                Some(longer) if scale < MAX_SCALE => (coefficient, scale) = (longer, scale + 1),
                _ => {
                    let exactly_half = digit == b'5' && fraction.all(|digit| digit == b'0');
                    if digit > b'5' || (digit == b'5' && (!exactly_half || coefficient % 2 == 1)) {
                        coefficient += 1;
                    }
                    break;
                }
            }
        }
        if coefficient > MAX_COEFFICIENT && scale > 0 {
            (coefficient, scale) = (coefficient / 10, scale - 1);
        }
        Self::new(negative, coefficient, scale)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        let scale = usize::from(self.scale);
        let digits = format!("{:0>width$}", self.coefficient(), width = scale + 1);
        let (whole, fraction) = digits.split_at_checked(digits.len() - scale).ok_or(fmt::Error)?;
        match fraction {
            "" => write!(f, "{sign}{whole}"),
            _ => write!(f, "{sign}{whole}.{fraction}"),
        }
    }
}

/// One more digit, unless the 96 bits are full.
fn append(coefficient: u128, digit: u8) -> Option<u128> {
    let longer = coefficient * 10 + u128::from(digit.wrapping_sub(b'0'));
    (longer <= MAX_COEFFICIENT).then_some(longer)
}

const MAX_COEFFICIENT: u128 = (1 << 96) - 1;
const MAX_SCALE: u8 = 28;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_their_trailing_zeros() {
        for text in ["0", "1.500", "-0.05", "79228162514264337593543950335", "-79228162514264337593543950335"]
        {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), text);
        }
        assert_eq!("-0.0".parse::<Decimal>().unwrap().to_string(), "0.0");
        assert_eq!(" +.5 ".parse::<Decimal>().unwrap().to_string(), "0.5");
    }

    #[test]
    fn digits_beyond_the_last_place_are_rounded_half_to_even() {
        for (text, rounded) in [
            ("0.00000000000000000000000000005", "0.0000000000000000000000000000"),
            ("0.00000000000000000000000000015", "0.0000000000000000000000000002"),
            ("0.000000000000000000000000000051", "0.0000000000000000000000000001"),
        ] {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), rounded);
        }
        for refused in ["", ".", "1e3", "79228162514264337593543950336", "1,5", "--1"] {
            assert_eq!(refused.parse::<Decimal>(), Err(DecimalError), "{refused}");
        }
    }
}
