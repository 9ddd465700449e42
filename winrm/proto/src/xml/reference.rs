//! References and the characters that XML 1.0 allows.

use std::borrow::Cow;

use super::{Dialect, Error};

/// Appends what `&name;` stands for.
pub(super) fn resolve(name: &str, dialect: Dialect, out: &mut String) -> Result<(), Error> {
    match name {
        "amp" => out.push('&'),
        "lt" => out.push('<'),
        "gt" => out.push('>'),
        "quot" => out.push('"'),
        "apos" => out.push('\''),
        _ => return numeric(name, dialect, out),
    }
    Ok(())
}

/// Whether XML 1.0 (section 2.2) allows the character in a document.
pub(super) fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// Refuses text with a character that XML 1.0 forbids.
pub(super) fn check(text: &str) -> Result<(), Error> {
    // Only control characters and the lead byte of U+FFFE and U+FFFF can be wrong, so most text needs one fast scan.
    let suspicious = text.bytes().any(|byte| byte < b' ' || byte == 0xEF);
    if suspicious && !text.chars().all(is_allowed) {
        return Err(Error::ForbiddenCharacter);
    }
    Ok(())
}

/// An attribute's value: references resolved, white space made spaces (XML 1.0 section 3.3.3).
pub(super) fn attribute_value(raw: Cow<'_, str>, dialect: Dialect) -> Result<Cow<'_, str>, Error> {
    check(&raw)?;
    if !raw.contains(['&', '<', '\t', '\n', '\r']) {
        return Ok(raw);
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw.as_ref();
    while let Some((before, special, after)) = split_special(rest) {
        value.push_str(before);
        rest = match special {
            '&' => {
                let (name, after) = after.split_once(';').ok_or(Error::UnknownEntity)?;
                resolve(name, dialect, &mut value)?;
                after
            }
            '<' => return Err(Error::ForbiddenCharacter),
            '\r' => {
                value.push(' ');
                after.strip_prefix('\n').unwrap_or(after)
            }
            _ => {
                value.push(' ');
                after
            }
        };
    }
    value.push_str(rest);
    Ok(Cow::Owned(value))
}

fn numeric(name: &str, dialect: Dialect, out: &mut String) -> Result<(), Error> {
    let digits = name.strip_prefix('#').ok_or(Error::UnknownEntity)?;
    let (digits, radix) = digits.strip_prefix('x').map_or((digits, 10), |hexadecimal| (hexadecimal, 16));
    // `from_str_radix` would also take a sign.
    if !digits.starts_with(|first: char| first.is_digit(radix)) {
        return Err(Error::UnknownEntity);
    }
    let number = u32::from_str_radix(digits, radix).map_err(|_| Error::ForbiddenCharacter)?;
    match (char::from_u32(number), dialect) {
        (Some(character), _) if is_allowed(character) => out.push(character),
        (Some(character), Dialect::Clixml) => out.push(character),
        // A string here cannot hold half of a surrogate pair. CLIXML has a way to write one, which its reader undoes.
        (None, Dialect::Clixml) if number <= 0xFFFF => out.push_str(&format!("_x{number:04X}_")),
        _ => return Err(Error::ForbiddenCharacter),
    }
    Ok(())
}

fn split_special(text: &str) -> Option<(&str, char, &str)> {
    let (before, from) = text.split_at(text.find(['&', '<', '\t', '\n', '\r'])?);
    let mut characters = from.chars();
    let special = characters.next()?;
    Some((before, special, characters.as_str()))
}
