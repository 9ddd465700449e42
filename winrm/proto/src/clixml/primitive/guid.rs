//! `System.Guid`.

use uuid::Uuid;

/// Reads a GUID in the forms that .NET's constructor takes: 32 digits, with hyphens, and with hyphens in braces or
/// parentheses. The form `{0x…,{…}}` is refused: nobody writes it.
pub(in crate::clixml) fn parse_guid(text: &str) -> Option<Uuid> {
    let text = text.trim();
    let inner = text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .or_else(|| text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')));
    match (inner.unwrap_or(text), inner.is_some()) {
        (digits, _) if digits.len() == HYPHENATED => Uuid::try_parse(digits).ok(),
        (digits, false) if digits.len() == SIMPLE => Uuid::try_parse(digits).ok(),
        _ => None,
    }
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
        ] {
            assert_eq!(parse_guid(form), Some(guid), "{form}");
        }
        for refused in
            ["0", "{00112233445566778899aabbccddeeff}", "urn:uuid:00112233-4455-6677-8899-aabbccddeeff"]
        {
            assert_eq!(parse_guid(refused), None, "{refused}");
        }
    }
}
