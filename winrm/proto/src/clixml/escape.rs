//! `_xHHHH_`: how CLIXML carries UTF-16 code units that XML 1.0 cannot (MS-PSRP 2.2.5.3.2).

use std::borrow::Cow;

use super::string::PsString;

/// Decodes the escapes of a text that came out of the XML reader.
///
/// Four hexadecimal digits in either case, after `_x` or `_X`; anything else is literal.
pub(super) fn decode(text: &str) -> PsString {
    match first_escape(text.as_bytes()) {
        None => PsString::from(text),
        Some(_) => decode_units(text),
    }
}

/// The string with everything escaped that XML or an XML reader would not give back as it is; what is markup to XML is
/// left to the XML writer.
pub(super) fn encode(string: &PsString) -> Cow<'_, str> {
    if let Some(units) = string.ill_formed_units() {
        return Cow::Owned(encode_units(units));
    }
    let text = string.as_str();
    if text.bytes().all(|byte| matches!(byte, b' '..=b'^' | b'`'..=b'~')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + ESCAPE_LENGTH);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        encode_character(character, characters.peek().copied(), &mut out);
    }
    Cow::Owned(out)
}

fn decode_units(text: &str) -> PsString {
    let mut units = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, unit)) = first_escape(rest.as_bytes()) {
        let (plain, escaped) = (rest.get(..at).unwrap_or_default(), rest.get(at + ESCAPE_LENGTH..));
        units.extend(plain.encode_utf16());
        units.push(unit);
        rest = escaped.unwrap_or_default();
    }
    units.extend(rest.encode_utf16());
    PsString::from_utf16(&units)
}

/// The position and code unit of the first escape.
fn first_escape(bytes: &[u8]) -> Option<(usize, u16)> {
    let mut from = 0;
    while let Some(found) = bytes.get(from..)?.iter().position(|byte| *byte == b'_') {
        let at = from + found;
        if let Some(unit) = escape_at(bytes.get(at..)?) {
            return Some((at, unit));
        }
        from = at + 1;
    }
    None
}

fn escape_at(bytes: &[u8]) -> Option<u16> {
    let [b'_', b'x' | b'X', a, b, c, d, b'_', ..] = *bytes else {
        return None;
    };
    [a, b, c, d].into_iter().try_fold(0_u16, |unit, digit| {
        let digit = char::from(digit).to_digit(16).and_then(|digit| u16::try_from(digit).ok())?;
        Some(unit << 4 | digit)
    })
}

fn encode_units(units: &[u16]) -> String {
    let mut out = String::with_capacity(units.len() + ESCAPE_LENGTH);
    let mut decoded = char::decode_utf16(units.iter().copied()).peekable();
    while let Some(next) = decoded.next() {
        let follower = decoded.peek().and_then(|next| next.as_ref().ok().copied());
        match next {
            Ok(character) => encode_character(character, follower, &mut out),
            Err(lone) => push_escape(lone.unpaired_surrogate(), &mut out),
        }
    }
    out
}

fn encode_character(character: char, follower: Option<char>, out: &mut String) {
    match character {
        // What would read as an escape gets its underscore escaped, complete or not, as PowerShell does.
        '_' if matches!(follower, Some('x' | 'X')) => push_escape(u16::from(b'_'), out),
        // PowerShell's own serializer fails on the two noncharacters; its reader takes their escapes.
        '\0'..='\x1F' | '\x7F'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}' | '\u{10000}'.. => {
            let mut buffer = [0; 2];
            for unit in character.encode_utf16(&mut buffer) {
                push_escape(*unit, out);
            }
        }
        _ => out.push(character),
    }
}

fn push_escape(unit: u16, out: &mut String) {
    out.push_str("_x");
    for shift in [12, 8, 4, 0] {
        let digit = char::from_digit(u32::from(unit >> shift & 0xF), 16).unwrap_or('0');
        out.push(digit.to_ascii_uppercase());
    }
    out.push('_');
}

const ESCAPE_LENGTH: usize = "_x0000_".len();

#[cfg(test)]
mod tests {
    use super::*;

    /// The text in CLIXML, and the code units that it stands for.
    const BOTH_WAYS: &[(&str, &str)] = &[
        ("plain", "plain"),
        ("tab_x0009_", "tab\t"),
        ("crlf_x000D__x000A_", "crlf\r\n"),
        ("c1_x0085_", "c1\u{85}"),
        ("_x005F_x0041_", "_x0041_"),
        ("__x005F_x0041_", "__x0041_"),
        ("_x005F_x_", "_x_"),
        ("snake_case", "snake_case"),
        ("_xD83D__xDE00_", "\u{1F600}"),
        ("\u{2028}\u{FEFF}", "\u{2028}\u{FEFF}"),
        ("_xFFFE_", "\u{FFFE}"),
    ];

    #[test]
    fn escapes_read_and_write() {
        for (escaped, plain) in BOTH_WAYS {
            assert_eq!(decode(escaped), *plain, "{escaped}");
            assert_eq!(encode(&PsString::from(*plain)), *escaped);
        }
    }

    #[test]
    fn reading_is_lenient_about_case_and_strict_about_shape() {
        assert_eq!(decode("_x000a_"), "\n");
        assert_eq!(decode("_X000A_"), "\n");
        assert_eq!(decode("_x0A_"), "_x0A_");
        assert_eq!(decode("_xZZZZ_"), "_xZZZZ_");
        assert_eq!(decode("__x0041__x0041_"), "_AA");
        assert_eq!(decode("_x0041"), "_x0041");
        assert_eq!(decode("_x+041_"), "_x+041_");
    }

    #[test]
    fn lone_surrogates_survive() {
        let lone = decode("high _xD83D_ low _xDE00_ _x_");
        assert!(!lone.is_well_formed());
        assert_eq!(encode(&lone), "high _xD83D_ low _xDE00_ _x005F_x_");
    }
}
