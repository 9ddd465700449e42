//! Bytes of a Windows program as text.
//!
//! Shells are opened with code page 65001, so UTF-8 is the rule. Some programs write the machine's OEM or ANSI
//! code page all the same. A byte that is no UTF-8 is therefore read by itself: as Windows-1252, until a byte comes
//! that is a letter in code page 437 (0x80 to 0xA5) and next to nothing in Windows-1252; from there on as code
//! page 437. Text of one kind that looks like the other is read wrong; nothing is lost by that but its accents.
//! A stream that begins with the byte order mark of UTF-16LE is UTF-16LE to its end.

/// Decodes one stream that comes in pieces; a character across pieces is decoded once it is whole.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    form: Form,
    fallback: Fallback,
    /// INVARIANT: at most three bytes, the beginning of a character.
    held: Vec<u8>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Form {
    /// Too few bytes so far to see a byte order mark.
    #[default]
    Unknown,
    Utf8,
    Utf16,
}

/// How a byte that is no UTF-8 is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Fallback {
    #[default]
    Windows1252,
    /// A byte came that is a letter here.
    CodePage437,
}

impl Decoder {
    /// Appends to `out` what the bytes say.
    pub fn push(&mut self, bytes: &[u8], out: &mut String) {
        let mut joined = std::mem::take(&mut self.held);
        joined.extend_from_slice(bytes);
        let mut rest = joined.as_slice();
        if self.form == Form::Unknown {
            match rest {
                [] | [0xFF] => {
                    self.held = rest.to_vec();
                    return;
                }
                [0xFF, 0xFE, after @ ..] => {
                    self.form = Form::Utf16;
                    rest = after;
                }
                _ => self.form = Form::Utf8,
            }
        }
        let held = match self.form {
            Form::Utf16 => utf16(rest, out),
            Form::Utf8 | Form::Unknown => utf8(rest, &mut self.fallback, out),
        };
        self.held = held.to_vec();
    }

    /// Ends the stream: a character that stayed incomplete is read byte by byte.
    pub fn finish(&mut self, out: &mut String) {
        for byte in std::mem::take(&mut self.held) {
            out.push(self.fallback.read(byte));
        }
    }
}

impl Fallback {
    fn read(&mut self, byte: u8) -> char {
        if (0x80..=0xA5).contains(&byte) {
            *self = Self::CodePage437;
        }
        match self {
            _ if byte.is_ascii() => char::from(byte),
            // Windows-1252 agrees with Unicode from 0xA0 on, and below it the other one was chosen.
            Self::Windows1252 => char::from(byte),
            Self::CodePage437 => {
                let letter = CP437.get(usize::from(byte) - 0x80);
                letter.copied().unwrap_or(char::REPLACEMENT_CHARACTER)
            }
        }
    }
}

/// Gives back the beginning of a character at the end.
fn utf8<'b>(mut bytes: &'b [u8], fallback: &mut Fallback, out: &mut String) -> &'b [u8] {
    loop {
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                out.push_str(text);
                return &[];
            }
            Err(error) => {
                let (valid, rest) = bytes.split_at_checked(error.valid_up_to()).unwrap_or((bytes, &[]));
                out.push_str(std::str::from_utf8(valid).unwrap_or_default());
                let Some(length) = error.error_len() else { return rest };
                let (bad, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
                out.extend(bad.iter().map(|&byte| fallback.read(byte)));
                bytes = after;
            }
        }
    }
}

/// Gives back an odd byte, or the first half of a pair with it, at the end.
fn utf16<'b>(bytes: &'b [u8], out: &mut String) -> &'b [u8] {
    let (units, odd) = bytes.as_chunks::<2>();
    let is_high = |unit: &[u8; 2]| (0xD800..0xDC00).contains(&u16::from_le_bytes(*unit));
    let held = odd.len() + if units.last().is_some_and(is_high) { 2 } else { 0 };
    let (whole, rest) = bytes.split_at_checked(bytes.len() - held).unwrap_or((bytes, &[]));
    let units = whole.as_chunks::<2>().0.iter().copied().map(u16::from_le_bytes);
    out.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
    rest
}

/// Code page 437 from 0x80 on.
#[rustfmt::skip]
const CP437: [char; 128] = [
    'Ç', 'ü', 'é', 'â', 'ä', 'à', 'å', 'ç', 'ê', 'ë', 'è', 'ï', 'î', 'ì', 'Ä', 'Å',
    'É', 'æ', 'Æ', 'ô', 'ö', 'ò', 'û', 'ù', 'ÿ', 'Ö', 'Ü', '¢', '£', '¥', '₧', 'ƒ',
    'á', 'í', 'ó', 'ú', 'ñ', 'Ñ', 'ª', 'º', '¿', '⌐', '¬', '½', '¼', '¡', '«', '»',
    '░', '▒', '▓', '│', '┤', '╡', '╢', '╖', '╕', '╣', '║', '╗', '╝', '╜', '╛', '┐',
    '└', '┴', '┬', '├', '─', '┼', '╞', '╟', '╚', '╔', '╩', '╦', '╠', '═', '╬', '╧',
    '╨', '╤', '╥', '╙', '╘', '╒', '╓', '╫', '╪', '┘', '┌', '█', '▄', '▌', '▐', '▀',
    'α', 'ß', 'Γ', 'π', 'Σ', 'σ', 'µ', 'τ', 'Φ', 'Θ', 'Ω', 'δ', '∞', 'φ', 'ε', '∩',
    '≡', '±', '≥', '≤', '⌠', '⌡', '÷', '≈', '°', '∙', '·', '√', 'ⁿ', '²', '■', '\u{a0}',
];
