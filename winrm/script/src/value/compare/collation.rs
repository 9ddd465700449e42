//! The order of strings: the Unicode collation of the root locale, which culture en-US and the invariant culture share,
//! for the characters whose weights this crate knows.

use std::cmp::Ordering;
use std::sync::OnceLock;

use winrm_proto::clixml::PsString;

use crate::tree::Case;
use crate::value::text::fold;
use crate::value::{Fault, Outcome};

/// The order of two strings.
///
/// # Errors
/// A refusal where the order hangs on a character whose weight is not known.
pub fn collate(left: &str, right: &str, case: Case) -> Outcome<Ordering> {
    if left == right {
        return Ok(Ordering::Equal);
    }
    if let (Some(left), Some(right)) = (ascii_key(left, case), ascii_key(right, case)) {
        return Ok(left.cmp(&right));
    }
    let (left, right) = (weights(left)?, weights(right)?);
    let primary = left.iter().map(|weight| weight.primary).cmp(right.iter().map(|weight| weight.primary));
    let secondary =
        || left.iter().map(|weight| weight.secondary).cmp(right.iter().map(|weight| weight.secondary));
    let tertiary = || left.iter().map(|weight| weight.upper).cmp(right.iter().map(|weight| weight.upper));
    let order = primary.then_with(secondary);
    Ok(match case {
        Case::Insensitive => order,
        Case::Sensitive => order.then_with(tertiary),
    })
}

/// Whether two strings are the same to the culture.
pub(crate) fn same_text(left: &PsString, right: &PsString, case: Case) -> Outcome<bool> {
    if left == right {
        return Ok(true);
    }
    if case == Case::Insensitive && left.is_well_formed() && right.is_well_formed() {
        let (left, right) = (left.as_str(), right.as_str());
        if left.is_ascii() && right.is_ascii() {
            if left.eq_ignore_ascii_case(right) {
                return Ok(true);
            }
        } else if fold(left) == fold(right) {
            return Ok(true);
        }
    }
    if special(left.as_str()) || special(right.as_str()) {
        return collate(left.as_str(), right.as_str(), case).map(|order| order == Ordering::Equal);
    }
    Ok(false)
}

/// Bytes that are ordered as the text is; nothing for a text that is not plain ASCII.
pub(super) fn ascii_key(text: &str, case: Case) -> Option<Box<[u8]>> {
    if !text.is_ascii() {
        return None;
    }
    let table = ASCII.get_or_init(ascii_weights);
    let weight = |byte: u8| table.get(usize::from(byte)).copied().filter(|weight| *weight > 0);
    let room = if case == Case::Sensitive { 2 * text.len() + 1 } else { text.len() };
    let mut key = Vec::with_capacity(room);
    key.extend(text.bytes().filter_map(weight));
    if case == Case::Sensitive {
        // No weight is zero, so what follows counts only where all weights are the same.
        key.push(0);
        key.extend(
            text.bytes()
                .filter(|byte| weight(*byte).is_some())
                .map(|byte| u8::from(byte.is_ascii_uppercase())),
        );
    }
    Some(key.into_boxed_slice())
}

static ASCII: OnceLock<[u8; 128]> = OnceLock::new();

/// The primary weight of each character of ASCII; zero for those that weigh nothing.
fn ascii_weights() -> [u8; 128] {
    let mut table = [0; 128];
    for (slot, byte) in table.iter_mut().zip(0_u8..) {
        *slot = match byte {
            letter if letter.is_ascii_alphabetic() => 128 + (letter.to_ascii_lowercase() - b'a'),
            other => {
                let at = BEFORE_LETTERS.chars().position(|own| own == char::from(other));
                at.and_then(|at| u8::try_from(at + 1).ok()).unwrap_or_default()
            }
        };
    }
    table
}

#[derive(Clone, Copy)]
struct Weight {
    primary: u32,
    secondary: u8,
    upper: bool,
}

fn weights(text: &str) -> Outcome<Vec<Weight>> {
    let mut weights = Vec::with_capacity(text.len());
    for character in text.chars() {
        if is_ignored(character) {
            continue;
        }
        match weight(character) {
            Some(weight) => weights.push(weight),
            None => {
                return Err(Fault::unsupported(format!(
                    "the place of U+{:04X} in the order of strings",
                    u32::from(character)
                )));
            }
        }
    }
    Ok(weights)
}

/// Control characters weigh nothing.
fn is_ignored(character: char) -> bool {
    matches!(character, '\0'..='\u{8}' | '\u{E}'..='\u{1F}' | '\u{7F}'..='\u{84}' | '\u{86}'..='\u{9F}')
}

/// Whether the culture may find a string equal to another that has other characters than these.
fn special(text: &str) -> bool {
    text.chars().any(|character| match character {
        ' '..='~' | '\t' | '\n' | '\r' => false,
        '\u{C0}'..='\u{24F}' => !(character.is_alphabetic() && accented(character).is_some()),
        '\u{370}'..='\u{3FF}' | '\u{410}'..='\u{44F}' | '\u{3041}'..='\u{30FF}' | '\u{4E00}'..='\u{9FFF}' => {
            false
        }
        '\u{AC00}'..='\u{D7A3}'
        | '°'
        | '§'
        | '©'
        | '®'
        | '€'
        | '£'
        | '–'
        | '—'
        | '“'
        | '”'
        | '‘'
        | '’'
        | '•' => false,
        _ => true,
    })
}

fn weight(character: char) -> Option<Weight> {
    // Other blanks weigh as much as the plain one.
    let character = if matches!(character, '\u{A0}' | '\u{202F}' | '\u{2007}') { ' ' } else { character };
    if let Some(at) = BEFORE_LETTERS.chars().position(|own| own == character) {
        return Some(Weight { primary: u32::try_from(at).ok()? + 1, secondary: 0, upper: false });
    }
    let (letter, secondary) = match character {
        'a'..='z' | 'A'..='Z' => (character, 0),
        '\u{4E00}'..='\u{9FFF}' => {
            return Some(Weight { primary: 0x10_0000 + u32::from(character), secondary: 0, upper: false });
        }
        other => accented(other)?,
    };
    let primary = 0x1000 + u32::from(letter.to_ascii_lowercase());
    Some(Weight { primary, secondary, upper: character.is_uppercase() })
}

/// The letter and the accent on it.
fn accented(character: char) -> Option<(char, u8)> {
    let lower = character.to_lowercase().next()?;
    let (_, letter, accent) = ACCENTED.iter().find(|(own, ..)| *own == lower)?;
    Some((*letter, *accent))
}

/// Whitespace, punctuation, symbols and digits in their order.
const BEFORE_LETTERS: &str = "\t\n\u{B}\u{C}\r\u{85} _-‐‑‒–—,;:!¡?¿.…·'‘’‚‹›\"“”„«»()[]{}§¶@*/\\&#%‰†‡•`´^¨°©®+±÷×<=>|¦~¢$£¥€0123456789";

const ACUTE: u8 = 1;
const GRAVE: u8 = 2;
const BREVE: u8 = 3;
const CIRCUMFLEX: u8 = 4;
const CARON: u8 = 5;
const RING: u8 = 6;
const DIAERESIS: u8 = 7;
const DOUBLE_ACUTE: u8 = 8;
const TILDE: u8 = 9;
const DOT: u8 = 10;
const CEDILLA: u8 = 11;
const OGONEK: u8 = 12;
const MACRON: u8 = 13;

const ACCENTED: [(char, char, u8); 62] = [
    ('á', 'a', ACUTE),
    ('à', 'a', GRAVE),
    ('ă', 'a', BREVE),
    ('â', 'a', CIRCUMFLEX),
    ('å', 'a', RING),
    ('ä', 'a', DIAERESIS),
    ('ã', 'a', TILDE),
    ('ą', 'a', OGONEK),
    ('ā', 'a', MACRON),
    ('ć', 'c', ACUTE),
    ('ĉ', 'c', CIRCUMFLEX),
    ('č', 'c', CARON),
    ('ċ', 'c', DOT),
    ('ç', 'c', CEDILLA),
    ('ď', 'd', CARON),
    ('é', 'e', ACUTE),
    ('è', 'e', GRAVE),
    ('ĕ', 'e', BREVE),
    ('ê', 'e', CIRCUMFLEX),
    ('ě', 'e', CARON),
    ('ë', 'e', DIAERESIS),
    ('ė', 'e', DOT),
    ('ę', 'e', OGONEK),
    ('ē', 'e', MACRON),
    ('ğ', 'g', BREVE),
    ('ĝ', 'g', CIRCUMFLEX),
    ('ġ', 'g', DOT),
    ('í', 'i', ACUTE),
    ('ì', 'i', GRAVE),
    ('î', 'i', CIRCUMFLEX),
    ('ï', 'i', DIAERESIS),
    ('į', 'i', OGONEK),
    ('ī', 'i', MACRON),
    ('ń', 'n', ACUTE),
    ('ň', 'n', CARON),
    ('ñ', 'n', TILDE),
    ('ó', 'o', ACUTE),
    ('ò', 'o', GRAVE),
    ('ô', 'o', CIRCUMFLEX),
    ('ö', 'o', DIAERESIS),
    ('ő', 'o', DOUBLE_ACUTE),
    ('õ', 'o', TILDE),
    ('ō', 'o', MACRON),
    ('ŕ', 'r', ACUTE),
    ('ř', 'r', CARON),
    ('ś', 's', ACUTE),
    ('š', 's', CARON),
    ('ş', 's', CEDILLA),
    ('ť', 't', CARON),
    ('ú', 'u', ACUTE),
    ('ù', 'u', GRAVE),
    ('ŭ', 'u', BREVE),
    ('û', 'u', CIRCUMFLEX),
    ('ů', 'u', RING),
    ('ü', 'u', DIAERESIS),
    ('ű', 'u', DOUBLE_ACUTE),
    ('ū', 'u', MACRON),
    ('ý', 'y', ACUTE),
    ('ÿ', 'y', DIAERESIS),
    ('ź', 'z', ACUTE),
    ('ž', 'z', CARON),
    ('ż', 'z', DOT),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_ordered_by_alphabet_then_accent_then_case() {
        let sensitive = |left, right| collate(left, right, Case::Sensitive).unwrap();
        for (left, right) in [
            ("a", "B"),
            ("a", "A"),
            ("e", "é"),
            ("é", "f"),
            ("_", "a"),
            ("9", "a"),
            ("-", "0"),
            ("a b", "ab"),
            ("z", "日"),
        ] {
            assert_eq!(sensitive(left, right), Ordering::Less, "{left} {right}");
        }
        assert_eq!(collate("ABC", "abc", Case::Insensitive).unwrap(), Ordering::Equal);
        assert_eq!(sensitive("a\u{1}", "a"), Ordering::Equal);
        assert!(collate("ß", "ss", Case::Sensitive).is_err());
    }
}
