//! The string of .NET: UTF-16 code units that need not be well-formed.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A string as PowerShell holds it; cloning shares the text.
///
/// .NET strings are sequences of UTF-16 code units, and a surrogate may stand alone in one (CLIXML writes
/// it as `_xD83D_`). Nearly every string is well-formed, so the text is kept as UTF-8 and is always at hand
/// through [`as_str`](Self::as_str). Only a string with a lone surrogate keeps its code units beside it: there
/// `as_str` shows U+FFFD in the surrogate's place, while comparison, hashing and writing use the units, so
/// that what was read is what is written again.
#[derive(Clone)]
pub struct PsString {
    text: Arc<str>,
    /// INVARIANT: present only when the units are not well-formed UTF-16, so that equal strings are equal in both fields.
    units: Option<Arc<Vec<u16>>>,
}

impl PsString {
    /// Makes a string from UTF-16 code units, which may be ill-formed.
    #[must_use]
    pub fn from_utf16(units: &[u16]) -> Self {
        match String::from_utf16(units) {
            Ok(text) => Self::from(text),
            Err(_) => {
                Self { text: String::from_utf16_lossy(units).into(), units: Some(Arc::new(units.to_vec())) }
            }
        }
    }

    /// The text, with U+FFFD in the place of every lone surrogate.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether [`as_str`](Self::as_str) is the whole truth: no surrogate stands alone.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        self.units.is_none()
    }

    /// The UTF-16 code units, as .NET counts and indexes them.
    #[must_use]
    pub fn to_utf16(&self) -> Vec<u16> {
        match &self.units {
            Some(units) => units.as_ref().clone(),
            None => self.text.encode_utf16().collect(),
        }
    }

    /// The code units, when they cannot be told from the text.
    pub(super) fn ill_formed_units(&self) -> Option<&[u16]> {
        self.units.as_ref().map(|units| units.as_slice())
    }

    /// The number of UTF-16 code units, what PowerShell calls `Length`.
    #[must_use]
    pub fn length(&self) -> usize {
        match &self.units {
            Some(units) => units.len(),
            None if self.text.is_ascii() => self.text.len(),
            None => self.text.encode_utf16().count(),
        }
    }

    /// Compares as PowerShell compares names: ordinal, ignoring case.
    #[must_use]
    pub fn eq_ignore_case(&self, other: &str) -> bool {
        self.is_well_formed() && eq_ignore_case(&self.text, other)
    }
}

/// Whether two names are the same to .NET's `OrdinalIgnoreCase`: each character in simple upper case.
#[must_use]
pub fn eq_ignore_case(left: &str, right: &str) -> bool {
    if left.is_ascii() && right.is_ascii() {
        return left.eq_ignore_ascii_case(right);
    }
    left.chars().map(upper).eq(right.chars().map(upper))
}

/// The form under which names that differ only in case are the same key.
pub(super) fn fold(name: &str) -> String {
    name.chars().map(upper).collect()
}

/// .NET's simple mapping: a character whose upper case is several characters stays itself.
fn upper(character: char) -> char {
    let mut mapped = character.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(single), None) => single,
        _ => character,
    }
}

impl From<&str> for PsString {
    fn from(text: &str) -> Self {
        Self { text: text.into(), units: None }
    }
}

impl From<String> for PsString {
    fn from(text: String) -> Self {
        Self { text: text.into(), units: None }
    }
}

impl From<Arc<str>> for PsString {
    fn from(text: Arc<str>) -> Self {
        Self { text, units: None }
    }
}

impl Default for PsString {
    fn default() -> Self {
        Self::from("")
    }
}

impl PartialEq for PsString {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.units == other.units
    }
}

impl Eq for PsString {}

impl PartialEq<str> for PsString {
    fn eq(&self, other: &str) -> bool {
        self.is_well_formed() && self.as_str() == other
    }
}

impl PartialEq<&str> for PsString {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl Hash for PsString {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl AsRef<str> for PsString {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for PsString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for PsString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_surrogate_is_kept_and_compared() {
        let lone = PsString::from_utf16(&[0x61, 0xD83D]);
        assert_eq!(lone.as_str(), "a\u{FFFD}");
        assert_eq!(lone.to_utf16(), [0x61, 0xD83D]);
        assert_ne!(lone, PsString::from_utf16(&[0x61, 0xDE00]));
        assert_ne!(lone, PsString::from("a\u{FFFD}"));
        assert_eq!(lone.length(), 2);
    }

    #[test]
    fn a_pair_is_one_character_and_two_units() {
        let grin = PsString::from_utf16(&[0xD83D, 0xDE00]);
        assert_eq!(grin, "\u{1F600}");
        assert!(grin.is_well_formed());
        assert_eq!(grin.length(), 2);
    }

    #[test]
    fn names_ignore_case_one_character_at_a_time() {
        assert!(PsString::from("Straße").eq_ignore_case("STRAßE"));
        assert!(!PsString::from("Straße").eq_ignore_case("STRASSE"));
        assert!(PsString::from("État").eq_ignore_case("éTAT"));
    }
}
