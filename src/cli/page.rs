//! Text for a terminal of 80 columns.

use crate::redact::sanitize;

/// Writes what cannot be seen as `\u{…}`; line breaks and all that can be seen stay.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        let mut bytes = [0; 4];
        let alone = letter.encode_utf8(&mut bytes);
        if letter == '\n' || (letter != '\t' && sanitize(alone).0 == *alone) {
            shown.push(letter);
        } else {
            shown.extend(letter.escape_unicode());
        }
    }
    shown
}

/// Breaks text into lines that begin with so many spaces, at spaces where there are some. Nothing is left out.
pub(super) fn wrapped(text: &str, indent: usize) -> Vec<String> {
    let width = COLUMNS.saturating_sub(indent).max(1);
    let indent = " ".repeat(indent);
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let mut rest = line;
        while let Some((end, _)) = rest.char_indices().nth(width) {
            let (fitting, _) = rest.split_at(end);
            // Of a break at a space the space goes; a break within a word loses nothing.
            let at = fitting.rfind(' ').filter(|&at| at > 0).unwrap_or(end);
            let (head, tail) = rest.split_at(at);
            lines.push(format!("{indent}{head}"));
            rest = tail.strip_prefix(' ').unwrap_or(tail);
        }
        lines.push(format!("{indent}{rest}").trim_end().to_owned());
    }
    lines
}

/// A rule as a configuration has it. It is to be pasted, so it is not wrapped.
pub(super) fn rule(toml: &str) -> Vec<String> {
    let mut lines = vec!["  the narrowest rule that would allow it:".to_owned()];
    lines.extend(visible(toml.trim_end()).lines().map(|line| format!("    {line}")));
    lines
}

/// Seconds as people say them.
pub(super) fn span(seconds: i64) -> String {
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

/// Columns of the narrowest terminal that people use.
const COLUMNS: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_written_out() {
        assert_eq!(visible("a\tb\n\u{202e}c\u{1b}[1m ü"), "a\\u{9}b\n\\u{202e}c\\u{1b}[1m ü");
    }

    #[test]
    fn lines_fit_and_nothing_is_lost() {
        let words = "Restart-Service -Name 'W32Time' ".repeat(10);
        let long = "x".repeat(200);
        for text in [&words, &long] {
            let lines = wrapped(text, 2);
            assert!(lines.iter().all(|line| line.chars().count() <= 80), "{lines:?}");
            let joined: String = lines.concat();
            assert_eq!(joined.replace(' ', ""), text.replace(' ', ""));
        }
        assert_eq!(wrapped("", 2), [""]);
        assert_eq!(span(252), "4 min 12 s");
    }
}
