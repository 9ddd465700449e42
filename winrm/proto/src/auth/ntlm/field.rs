//! Reading and writing the parts that all three messages share.

use super::{Error, Field, SIGNATURE};

/// Checks size, signature and type of a message.
pub(super) fn check_header(message: &[u8], expected: u32, shortest: usize) -> Result<(), Error> {
    if message.len() > MAX_MESSAGE {
        return Err(Error::TooLong(message.len()));
    }
    if !message.starts_with(&SIGNATURE) {
        return Err(Error::NotNtlm);
    }
    let found = u32_at(message, SIGNATURE.len())?;
    if found != expected {
        return Err(Error::WrongType { expected, found });
    }
    if message.len() < shortest {
        return Err(Error::TooShort(message.len()));
    }
    Ok(())
}

/// A little-endian number of the fixed part.
pub(super) fn u32_at(message: &[u8], offset: usize) -> Result<u32, Error> {
    array_at(message, offset).map(u32::from_le_bytes)
}

/// Some bytes of the fixed part.
pub(super) fn array_at<const N: usize>(message: &[u8], offset: usize) -> Result<[u8; N], Error> {
    message.get(offset..).and_then(<[u8]>::first_chunk).copied().ok_or(Error::TooShort(message.len()))
}

/// Where a variable field lies: length (2), allocated length (2, ignored) and offset (4), MS-NLMP 2.2.1.1.
pub(super) fn span(message: &[u8], at: usize, field: Field) -> Result<std::ops::Range<usize>, Error> {
    let length = usize::from(u16::from_le_bytes(array_at(message, at)?));
    if length == 0 {
        return Ok(0..0);
    }
    let start =
        usize::try_from(u32_at(message, at.saturating_add(4))?).map_err(|_| Error::OutOfBounds(field))?;
    let end =
        start.checked_add(length).filter(|end| *end <= message.len()).ok_or(Error::OutOfBounds(field))?;
    Ok(start..end)
}

/// Text in UTF-16LE.
pub(super) fn text(bytes: &[u8], field: Field) -> Result<String, Error> {
    let (units, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Error::Malformed(field));
    }
    let units: Vec<u16> = units.iter().copied().map(u16::from_le_bytes).collect();
    String::from_utf16(&units).map_err(|_| Error::Malformed(field))
}

/// UTF-16LE of text.
pub(super) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Collects variable fields: their descriptors go to the fixed part, their bytes behind it.
pub(super) struct Payload {
    start: usize,
    bytes: Vec<u8>,
}

impl Payload {
    /// `start` is the length of the fixed part.
    pub(super) fn new(start: usize) -> Self {
        Self { start, bytes: Vec::new() }
    }

    /// Appends a field and returns its descriptor.
    pub(super) fn add(&mut self, value: &[u8], field: Field) -> Result<[u8; 8], Error> {
        let length = u16::try_from(value.len()).map_err(|_| Error::OutOfBounds(field))?.to_le_bytes();
        let offset = u32::try_from(self.start.saturating_add(self.bytes.len()))
            .map_err(|_| Error::OutOfBounds(field))?
            .to_le_bytes();
        self.bytes.extend_from_slice(value);
        let ([a, b], [c, d, e, f]) = (length, offset);
        Ok([a, b, a, b, c, d, e, f])
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Windows' own messages stay below 3 KB: five names of at most 255 characters and a few fixed values.
const MAX_MESSAGE: usize = 16 * 1024;
