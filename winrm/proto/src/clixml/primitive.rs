//! The primitive types that have no counterpart in Rust, and the text forms of those that have.
//!
//! Reading follows .NET's `XmlConvert`, which PowerShell uses, in what is accepted: blanks around a number,
//! a leading `+`, `1` for true. Writing follows it to the letter.

mod date_time;
mod decimal;
mod duration;
mod guid;
mod number;
mod version;

pub use date_time::{DateTime, DateTimeError, DateTimeKind};
pub use decimal::{Decimal, DecimalError};
pub use duration::{Duration, DurationError};
pub use number::{format_double, format_single};
pub use version::{Version, VersionError};

pub(super) use guid::parse_guid;
pub(super) use number::{parse_boolean, parse_double, parse_integer, parse_single, push_double, push_single};

/// The blanks that XML knows, which `XmlConvert` removes from both ends.
fn trim_xml(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

/// The blanks that .NET's number parsers skip.
fn trim_number(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n', '\u{B}', '\u{C}'])
}

/// Takes a run of ASCII digits from the front; the run may be empty.
fn split_digits(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}
