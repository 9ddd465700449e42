//! Values as the text of a cell, and how much room text takes.

use crate::value::format_operator::{to_display, to_format};
use crate::value::{Outcome, Value};

/// How many items of a sequence are shown.
const SHOWN: usize = 4;
/// What stands for what is cut off.
pub(crate) const ELLIPSIS: char = '…';

/// A value in a cell of a table: floating-point numbers have three decimals there.
pub(crate) fn cell_text(value: &Value) -> String {
    match value {
        Value::Double(number) if number.is_finite() => to_format(value, "F3").unwrap_or_default(),
        Value::Single(number) if number.is_finite() => to_format(value, "F3").unwrap_or_default(),
        Value::Decimal(_) => to_format(value, "F3").unwrap_or_default(),
        other => value_text(other),
    }
}

/// A value in a list, or anywhere that is no table.
pub(crate) fn value_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Array(_) | Value::Table(_) => sequence_text(value),
        Value::Object(object) => match object.wrapped() {
            Some(inner) => value_text(&inner),
            None => object_text(value),
        },
        other => to_display(other),
    }
}

/// `{a, b, c, d…}` for a sequence, `{[key, value]}` for a hashtable; anything else as it is.
pub(crate) fn sequence_text(value: &Value) -> String {
    let items: Vec<String> = match value {
        Value::Array(array) => array.to_vec().iter().take(SHOWN + 1).map(item_text).collect(),
        Value::Table(table) => table
            .entries()
            .iter()
            .take(SHOWN + 1)
            .map(|(key, value)| format!("[{}, {}]", item_text(key), item_text(value)))
            .collect(),
        other => return item_text(other),
    };
    let mut out = String::from("{");
    for (at, item) in items.iter().enumerate() {
        if at == SHOWN {
            out.push(ELLIPSIS);
            break;
        }
        if at > 0 {
            out.push_str(", ");
        }
        out.push_str(item);
    }
    out.push('}');
    out
}

/// An item of a sequence: no sequence in it is followed.
fn item_text(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Table(_) => value.to_element_text().as_str().to_owned(),
        Value::Object(object) if !object.is_wrapper() => object_text(value),
        other => to_display(other),
    }
}

/// `@{Name=value}` in the current culture.
fn object_text(value: &Value) -> String {
    let Value::Object(object) = value else { return to_display(value) };
    if object.text().is_some() || !object.is_custom() {
        return value.to_text().as_str().to_owned();
    }
    let members = object.members();
    if members.is_empty() {
        return String::new();
    }
    let texts: Vec<String> = members
        .iter()
        .map(|member| {
            let value = match &member.value {
                Value::Object(inner) if !inner.is_wrapper() => {
                    member.value.to_element_text().as_str().to_owned()
                }
                other => to_display(other),
            };
            format!("{}={value}", member.name)
        })
        .collect();
    format!("@{{{}}}", texts.join("; "))
}

/// A value under a format string, where it has one.
pub(crate) fn formatted(value: &Value, format: &str) -> Outcome<String> {
    if format.contains('{') {
        return crate::value::format_operator::format(format, std::slice::from_ref(value));
    }
    to_format(value, format)
}

/// The number of columns of a terminal that the text takes: characters of East Asia take two.
pub(crate) fn width_of(text: &str) -> usize {
    text.chars().map(width_of_character).sum()
}

fn width_of_character(character: char) -> usize {
    let wide = matches!(u32::from(character),
        0x1100..=0x115F | 0x2329 | 0x232A | 0x2E80..=0x303E | 0x3041..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF
        | 0xFE10..=0xFE19 | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6);
    if wide {
        2
    } else if u32::from(character) > 0xFFFF {
        // PowerShell counts each half of a character beyond the basic plane.
        2
    } else {
        1
    }
}

/// The longest beginning that fits.
pub(crate) fn take_width(text: &str, width: usize) -> &str {
    let mut used = 0;
    for (at, character) in text.char_indices() {
        used += width_of_character(character);
        if used > width {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

/// The longest end that fits.
pub(crate) fn take_width_from_end(text: &str, width: usize) -> &str {
    let mut used = 0;
    let mut from = text.len();
    for (at, character) in text.char_indices().rev() {
        used += width_of_character(character);
        if used > width {
            break;
        }
        from = at;
    }
    text.get(from..).unwrap_or_default()
}

/// Breaks a text into lines that fit, between words where it can; the blank stays on the line that it ends.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    if width == 0 {
        return lines;
    }
    for line in text.split('\n') {
        wrap_line(line.trim_end_matches('\r'), width, &mut lines);
    }
    lines
}

fn wrap_line(line: &str, width: usize, lines: &mut Vec<String>) {
    if width_of(line) <= width {
        lines.push(line.to_owned());
        return;
    }
    let mut current = String::new();
    let mut left = width;
    for word in words(line) {
        let hyphen = if word.is_soft && width_of(word.text) + 1 == left { "-" } else { "" };
        let text = format!("{}{hyphen}", word.text);
        let length = width_of(&text);
        if length <= width {
            if length > left {
                lines.push(std::mem::take(&mut current));
                left = width;
            }
            current.push_str(&text);
            left -= length;
            continue;
        }
        // A word that is longer than a line, its blank included, goes on where the line ends.
        for character in text.chars() {
            let (character, length) = match width_of_character(character) {
                length if length > width => ('?', 1),
                length => (character, length),
            };
            if length > left {
                lines.push(std::mem::take(&mut current));
                left = width;
            }
            current.push(character);
            left = left.saturating_sub(length);
        }
    }
    lines.push(current);
}

/// A word with the blank behind it.
struct Word<'a> {
    text: &'a str,
    /// Whether a soft hyphen follows, which is only written where a line ends at it.
    is_soft: bool,
}

/// The words of a line. What does not break is lost between them, as it is in PowerShell.
fn words(line: &str) -> impl Iterator<Item = Word<'_>> {
    line.split_inclusive([' ', '\t', SOFT_HYPHEN, HARD_HYPHEN, HARD_BLANK]).map(|text| Word {
        text: text.trim_end_matches([SOFT_HYPHEN, HARD_HYPHEN, HARD_BLANK]),
        is_soft: text.ends_with(SOFT_HYPHEN),
    })
}

const SOFT_HYPHEN: char = '\u{AD}';
const HARD_HYPHEN: char = '\u{2011}';
const HARD_BLANK: char = '\u{A0}';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_as_powershell_breaks_them() {
        for (text, width, expected) in [
            ("a long text", 7, vec!["a long ", "text"]),
            // A word and its blank are eight, so the word is cut where the line is full.
            ("or wrapped no", 7, vec!["or wrap", "ped no"]),
            ("3/4/2026 5:06:07 AM", 7, vec!["3/4/202", "6 5:06:", "07 AM"]),
            ("abcdefgh", 3, vec!["abc", "def", "gh"]),
            ("日本語", 3, vec!["日", "本", "語"]),
            ("日", 1, vec!["?"]),
            ("a\u{A0}b", 2, vec!["ab"]),
            ("one\ntwo three", 6, vec!["one", "two ", "three"]),
            ("", 5, vec![""]),
        ] {
            assert_eq!(wrap(text, width), expected, "{text:?} in {width}");
        }
    }
}
