//! The elements that hold text only (MS-PSRP 2.2.5.1).

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

use super::error::{DecodeError, unexpected};
use crate::clixml::escape;
use crate::clixml::primitive::{parse_boolean, parse_double, parse_guid, parse_integer, parse_single};
use crate::clixml::secure_string::SecureString;
use crate::clixml::value::Value;
use crate::xml;
use crate::xml::{Element, Reader};

/// Reads the element that has just begun, up to its end.
pub(super) fn read(xml: &mut Reader<'_>, element: &Element<'_>) -> Result<Value, DecodeError> {
    let Some((name, parse)) = LEAVES.iter().find(|(name, _)| *name == element.local()) else {
        return Err(unexpected(element));
    };
    let text = xml.text_content()?;
    parse(&text).ok_or(DecodeError::Primitive { element: name })
}

/// Whether there is such an element.
pub(super) fn is_one(name: &str) -> bool {
    LEAVES.iter().any(|(own, _)| *own == name)
}

/// Whether PowerShell reads the element in any namespace: it looks at that of those only whose text may have escapes.
pub(super) fn is_of_any_namespace(element: &Element<'_>) -> bool {
    is_one(element.local()) && !matches!(element.local(), "S" | "URI" | "SBK" | "XD")
}

type Parse = fn(&str) -> Option<Value>;

/// The most frequent first.
const LEAVES: [(&str, Parse); 23] = [
    ("S", |text| Some(Value::String(escape::decode(text)))),
    ("I32", |text| parse_integer(text).map(Value::Int32)),
    ("B", |text| parse_boolean(text).map(Value::Boolean)),
    ("I64", |text| parse_integer(text).map(Value::Int64)),
    ("DT", |text| text.parse().ok().map(Value::DateTime)),
    ("TS", |text| text.parse().ok().map(Value::Duration)),
    ("U32", |text| parse_integer(text).map(Value::UInt32)),
    ("U64", |text| parse_integer(text).map(Value::UInt64)),
    ("Db", |text| parse_double(text).map(Value::Double)),
    ("G", |text| parse_guid(text).map(Value::Guid)),
    ("Version", |text| text.parse().ok().map(Value::Version)),
    ("BA", |text| decode_base64(text).map(Value::Bytes)),
    ("U16", |text| parse_integer(text).map(Value::UInt16)),
    ("I16", |text| parse_integer(text).map(Value::Int16)),
    ("By", |text| parse_integer(text).map(Value::Byte)),
    ("SB", |text| parse_integer(text).map(Value::SByte)),
    ("C", |text| parse_integer(text).map(Value::Char)),
    ("D", |text| text.parse().ok().map(Value::Decimal)),
    ("Sg", |text| parse_single(text).map(Value::Single)),
    ("URI", |text| Some(Value::Uri(escape::decode(text)))),
    ("SBK", |text| Some(Value::ScriptBlock(escape::decode(text)))),
    ("XD", parse_xml),
    ("SS", |text| decode_base64(text).map(SecureString::from_encrypted).map(Value::SecureString)),
];

/// `Convert.FromBase64String`: blanks anywhere, padding required, stray bits in the last digit ignored.
fn decode_base64(text: &str) -> Option<Bytes> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let decoded = if text.bytes().any(|byte| blank(&byte)) {
        BASE64.decode(text.bytes().filter(|byte| !blank(byte)).collect::<Vec<_>>())
    } else {
        BASE64.decode(text)
    };
    decoded.ok().map(Bytes::from)
}

/// An XML document, as text; it must be well-formed as far as we look. One with a document type may define entities, so
/// we look no further.
fn parse_xml(text: &str) -> Option<Value> {
    let decoded = escape::decode(text);
    let limits = xml::Limits::default();
    let reader = Reader::with_dialect(decoded.as_str().as_bytes(), &limits, xml::Dialect::Clixml);
    let read = reader.and_then(Reader::finish);
    let malformed = matches!(
        read,
        Err(xml::Error::Truncated
            | xml::Error::MismatchedTag
            | xml::Error::NoRoot
            | xml::Error::ContentOutsideRoot
            | xml::Error::DuplicateAttribute
            | xml::Error::UnboundPrefix
            | xml::Error::UnknownEntity
            // An XML declaration that is not at the beginning.
            | xml::Error::ProcessingInstruction
            | xml::Error::Malformed { .. })
    );
    (!malformed).then_some(Value::Xml(decoded))
}

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);
