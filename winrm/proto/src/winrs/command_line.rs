//! The words of a native program as its shell and then the program itself take them apart (MS-WSMV 2.2.4.7).
//!
//! WinRS hands the line to `cmd.exe /C`, whatever `WINRS_SKIP_CMD_SHELL` says, and the program gets what
//! `CommandLineToArgvW` makes of it. So an argument is quoted for the second, and what the first would
//! interpret even inside quotes is refused.

/// Characters, in UTF-16 units, of the longest line that is sent.
///
/// cmd.exe takes 8,191 and can cut what is longer and still answer 0. Its own name and `/C` stand before the
/// line.
pub const LONGEST_COMMAND_LINE: usize = 8191 - "C:\\Windows\\system32\\cmd.exe /C ".len();

/// Why words cannot be sent as one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unquotable {
    /// cmd.exe interprets it, and no quoting prevents that.
    #[error("cmd.exe on the host would interpret {0:?}")]
    Character(char),
    /// A line break or another control character.
    #[error("a control character (U+{:04X}) cannot stand in a command line", u32::from(*.0))]
    Control(char),
    /// cmd.exe would cut it.
    #[error("the command line has {length} characters and cmd.exe takes {LONGEST_COMMAND_LINE}")]
    TooLong {
        /// Its UTF-16 units.
        length: usize,
    },
}

/// Quotes an argument so that `CommandLineToArgvW` gives it back.
///
/// # Errors
/// [`Unquotable::Character`] and [`Unquotable::Control`].
pub fn argument(text: &str) -> Result<String, Unquotable> {
    check(text)?;
    let needs_quotes =
        text.is_empty() || text.contains([' ', '"', '(', ')', '@', ',', ';', '\u{a0}', '\u{3000}']);
    if !needs_quotes {
        return Ok(text.to_owned());
    }
    let mut quoted = String::from('"');
    let mut backslashes = 0;
    for letter in text.chars() {
        match letter {
            '\\' => backslashes += 1,
            '"' => {
                // Each backslash before a quote counts half, and the quote itself needs one.
                quoted.push_str(&"\\".repeat(backslashes * 2 + 1));
                quoted.push('"');
                backslashes = 0;
            }
            _ => {
                quoted.push_str(&"\\".repeat(backslashes));
                quoted.push(letter);
                backslashes = 0;
            }
        }
    }
    quoted.push_str(&"\\".repeat(backslashes * 2));
    quoted.push('"');
    Ok(quoted)
}

/// Quotes an executable's path, each part by itself: `C:\"Program Files"\x.exe`.
///
/// A line that begins with a quote loses it, and its last one, to `cmd.exe /C`.
///
/// # Errors
/// [`Unquotable::Character`] and [`Unquotable::Control`].
pub fn executable(path: &str) -> Result<String, Unquotable> {
    check(path)?;
    let part = |part: &str| {
        let plain = |letter: char| {
            letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | ':' | '+' | '~')
        };
        if part.chars().all(plain) { part.to_owned() } else { format!("\"{part}\"") }
    };
    Ok(path.split('\\').map(part).collect::<Vec<_>>().join("\\"))
}

/// Measures a whole line.
///
/// # Errors
/// [`Unquotable::TooLong`].
pub fn measure(line: &str) -> Result<(), Unquotable> {
    let length = line.encode_utf16().count();
    if length > LONGEST_COMMAND_LINE { Err(Unquotable::TooLong { length }) } else { Ok(()) }
}

fn check(text: &str) -> Result<(), Unquotable> {
    for letter in text.chars() {
        if matches!(letter, '&' | '|' | '<' | '>' | '^' | '%' | '!') {
            return Err(Unquotable::Character(letter));
        }
        if letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}') {
            return Err(Unquotable::Control(letter));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_quoted_argument_is_read_back(argument in "[a \\\\\"()@,;é]{0,12}") {
            let quoted = super::argument(&argument).unwrap();
            prop_assert_eq!(command_line_to_argv(&format!("x {quoted} y")), vec!["x".to_owned(), argument, "y".to_owned()]);
        }
    }

    #[test]
    fn what_cmd_would_interpret_is_refused() {
        for letter in "&|<>^%!".chars() {
            assert_eq!(argument(&format!("a {letter} b")), Err(Unquotable::Character(letter)));
            assert_eq!(executable(&format!("C:\\{letter}.exe")), Err(Unquotable::Character(letter)));
        }
        for letter in ['\n', '\r', '\0', '\u{1b}', '\u{2028}'] {
            assert_eq!(argument(&letter.to_string()), Err(Unquotable::Control(letter)));
        }
    }

    /// What the documentation of `CommandLineToArgvW` says, for everything but the first word.
    fn command_line_to_argv(line: &str) -> Vec<String> {
        let mut words = Vec::new();
        let mut word: Option<String> = None;
        let mut quoted = false;
        let mut letters = line.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => {
                    let mut count = 1;
                    while letters.next_if_eq(&'\\').is_some() {
                        count += 1;
                    }
                    let text = word.get_or_insert_default();
                    if letters.peek() == Some(&'"') {
                        text.push_str(&"\\".repeat(count / 2));
                        if count % 2 == 1 {
                            letters.next();
                            text.push('"');
                        }
                    } else {
                        text.push_str(&"\\".repeat(count));
                    }
                }
                '"' => {
                    word.get_or_insert_default();
                    quoted = !quoted;
                }
                ' ' | '\t' if !quoted => words.extend(word.take()),
                _ => word.get_or_insert_default().push(letter),
            }
        }
        words.extend(word);
        words
    }
}
