//! The words of a native program as its shell and then the program itself take them apart.
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
pub(super) fn argument(text: &str) -> Result<String, Unquotable> {
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
pub(super) fn executable(path: &str) -> Result<String, Unquotable> {
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
pub(super) fn measure(line: &str) -> Result<(), Unquotable> {
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
