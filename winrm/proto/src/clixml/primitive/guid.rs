//! `System.Guid`.

use uuid::Uuid;

/// Reads a GUID in the forms that .NET's constructor takes: 32 digits, with hyphens, with hyphens in braces or
/// parentheses, and as `{0x…,0x…,0x…,{0x…,…}}`.
pub(in crate::clixml) fn parse_guid(text: &str) -> Option<Uuid> {
    let text = text.trim();
    let inner = text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .or_else(|| text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')));
    match (inner.unwrap_or(text), inner.is_some()) {
        (digits, _) if digits.len() == HYPHENATED => Uuid::try_parse(digits).ok(),
        (digits, false) if digits.len() == SIMPLE => Uuid::try_parse(digits).ok(),
        (fields, true) if text.starts_with('{') => parse_fields(fields),
        _ => None,
    }
}

/// The fields of the form with `0x`, blanks anywhere between and in them.
fn parse_fields(text: &str) -> Option<Uuid> {
    let dense: String = text.chars().filter(|character| !character.is_whitespace()).collect();
    let (head, bytes) = dense.strip_suffix('}')?.split_once(",{")?;
    let mut head = head.split(',');
    let first = u32::from_str_radix(digits(head.next()?, 8)?, 16).ok()?;
    let mut half = || u16::from_str_radix(digits(head.next()?, 4)?, 16).ok();
    let (second, third) = (half()?, half()?);
    let bytes: Option<Vec<u8>> =
        bytes.split(',').map(|byte| u8::from_str_radix(digits(byte, 2)?, 16).ok()).collect();
    let last: [u8; 8] = bytes?.try_into().ok()?;
    head.next().is_none().then(|| Uuid::from_fields(first, second, third, &last))
}

/// The digits of a field: fewer than fit, or more with zeros before them.
fn digits(field: &str, most: usize) -> Option<&str> {
    let digits = field.strip_prefix("0x").or_else(|| field.strip_prefix("0X"))?;
    let fits = !digits.is_empty()
        && digits.trim_start_matches('0').len() <= most
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then_some(digits)
}

const HYPHENATED: usize = 36;
const SIMPLE: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_a_guid() {
        let guid = Uuid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);
        for form in [
            "00112233-4455-6677-8899-aabbccddeeff",
            " {00112233-4455-6677-8899-AABBCCDDEEFF} ",
            "(00112233-4455-6677-8899-aabbccddeeff)",
            "00112233445566778899aabbccddeeff",
            "{0x00112233,0x4455,0x6677,{0x88,0x99,0xaa,0xbb,0xcc,0xdd,0xee,0xff}}",
            "{ 0X112233, 0x4455,0x6677, {0x88,0x99,0xAA,0xbb,0xcc,0xdd,0xee,0xff } }",
        ] {
            assert_eq!(parse_guid(form), Some(guid), "{form}");
        }
        for refused in [
            "0",
            "{00112233445566778899aabbccddeeff}",
            "urn:uuid:00112233-4455-6677-8899-aabbccddeeff",
            "{0x0,0,0x0,{0x0,0x0,0x0,0x0,0x0,0x0,0x0,0x0}}",
            "{0x0,0x0,0x0,{0x0,0x0,0x0,0x0,0x0,0x0,0x0}}",
            "{0x0,0x0,0x0,{0x0,0x0,0x0,0x0,0x0,0x0,0x0,0x100}}",
        ] {
            assert_eq!(parse_guid(refused), None, "{refused}");
        }
    }
}
