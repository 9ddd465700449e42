//! What single characters mean to PowerShell, as it was measured.

mod letters;

/// Separates words and ends no statement.
pub(crate) fn is_space(character: char) -> bool {
    matches!(
        character,
        '\t' | '\u{B}' | '\u{C}' | ' ' | '\u{85}' | '\u{A0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200A}' | '\u{2028}' | '\u{2029}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
    )
}

/// Ends a line.
pub(crate) fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r')
}

/// Opens and closes a single-quoted string.
pub(crate) fn is_single_quote(character: char) -> bool {
    matches!(character, '\'' | '\u{2018}'..='\u{201B}')
}

/// Writes a text between single quotes. Every character that would close it, the typographic ones too, is doubled.
pub(crate) fn push_single_quoted(value: &str, text: &mut String) {
    text.push('\'');
    for character in value.chars() {
        if is_single_quote(character) {
            text.push(character);
        }
        text.push(character);
    }
    text.push('\'');
}

/// Opens and closes a double-quoted string.
pub(crate) fn is_double_quote(character: char) -> bool {
    matches!(character, '"' | '\u{201C}'..='\u{201E}')
}

/// Begins a parameter or an operator.
pub(crate) fn is_dash(character: char) -> bool {
    matches!(character, '-' | '\u{2013}'..='\u{2015}')
}

/// A letter, as .NET sees one UTF-16 unit: nothing beyond the basic plane is one.
pub(crate) fn is_letter(character: char) -> bool {
    character.is_ascii_alphabetic() || in_ranges(&letters::LETTERS, character)
}

/// A decimal digit of any script, in the basic plane.
pub(crate) fn is_digit(character: char) -> bool {
    character.is_ascii_digit() || in_ranges(&letters::DIGITS, character)
}

/// A letter or a digit.
pub(crate) fn is_letter_or_digit(character: char) -> bool {
    is_letter(character) || is_digit(character)
}

/// Begins a word that may be a keyword, a label, or a member's name.
pub(crate) fn begins_identifier(character: char) -> bool {
    character == '_' || is_letter(character)
}

/// Continues such a word.
pub(crate) fn continues_identifier(character: char) -> bool {
    character == '_' || is_letter_or_digit(character)
}

/// Begins the name of a variable without braces.
pub(crate) fn begins_variable(character: char) -> bool {
    matches!(character, '$' | '?' | '^' | ':' | '_') || is_letter_or_digit(character)
}

/// Ends a word, whatever the word is.
pub(crate) fn ends_word(character: char) -> bool {
    matches!(character, '&' | '(' | ')' | ',' | ';' | '{' | '|' | '}')
        || is_line_end(character)
        || is_space(character)
}

/// Ends a number in an expression, besides what ends a word.
pub(crate) fn ends_number(character: char) -> bool {
    matches!(character, '!' | '#' | '%' | '*' | '+' | '-' | '.' | '/' | '<' | '=' | '>' | ']')
}

fn in_ranges(ranges: &[(u16, u16)], character: char) -> bool {
    let Ok(unit) = u16::try_from(u32::from(character)) else { return false };
    let after = ranges.partition_point(|&(first, _)| first <= unit);
    after.checked_sub(1).and_then(|index| ranges.get(index)).is_some_and(|&(_, last)| unit <= last)
}
