//! What single characters mean to PowerShell, as it was measured.

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

/// Opens and closes a double-quoted string.
pub(crate) fn is_double_quote(character: char) -> bool {
    matches!(character, '"' | '\u{201C}'..='\u{201E}')
}

/// Begins a parameter or an operator.
pub(crate) fn is_dash(character: char) -> bool {
    matches!(character, '-' | '\u{2013}'..='\u{2015}')
}
