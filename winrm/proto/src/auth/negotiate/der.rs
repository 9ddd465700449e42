//! As much DER (X.690) as SPNEGO needs: tags of one byte, definite lengths in their shortest form.
//!
//! Two dozen lines are less to audit than a general decoder, of which this module would use one function.

/// A tag of one byte.
pub(super) type Tag = u8;

pub(super) const OCTET_STRING: Tag = 0x04;
pub(super) const OBJECT_IDENTIFIER: Tag = 0x06;
pub(super) const ENUMERATED: Tag = 0x0a;
pub(super) const SEQUENCE: Tag = 0x30;
pub(super) const APPLICATION_0: Tag = 0x60;

/// `[number]`, constructed.
pub(super) const fn context(number: u8) -> Tag {
    0xa0 | number
}

/// Reads values one after the other.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The next value whatever it is: its tag and its content.
    pub(super) fn any(&mut self) -> Option<(Tag, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (length, rest) = length(rest)?;
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// The content of the next value, which must have that tag.
    pub(super) fn expect(&mut self, tag: Tag) -> Option<&'a [u8]> {
        self.any().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }

    /// The content of the next value if it has that tag; otherwise nothing is read.
    pub(super) fn optional(&mut self, tag: Tag) -> Option<&'a [u8]> {
        if self.0.first() == Some(&tag) { self.expect(tag) } else { None }
    }

    /// Nothing may be left.
    pub(super) fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// The single value that fills `bytes`.
pub(super) fn only(bytes: &[u8], tag: Tag) -> Option<&[u8]> {
    let mut reader = Reader::new(bytes);
    let content = reader.expect(tag)?;
    reader.end().map(|()| content)
}

/// A value with that tag and content.
pub(super) fn value(tag: Tag, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut bytes = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => bytes.push(short),
        _ => {
            let significant: Vec<u8> =
                length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
            // A length has at most eight bytes.
            bytes.push(0x80 | u8::try_from(significant.len()).unwrap_or(8));
            bytes.extend(significant);
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    if first < 0x80 {
        return Some((usize::from(first), rest));
    }
    // Four bytes are more than any message here has room for; none at all would be BER's indefinite form.
    let count = usize::from(first & 0x7f);
    if !(1..=4).contains(&count) {
        return None;
    }
    let (digits, rest) = rest.split_at_checked(count)?;
    let length = digits.iter().fold(0_usize, |length, digit| (length << 8) | usize::from(*digit));
    let is_shortest = length >= 0x80 && digits.first() != Some(&0);
    is_shortest.then_some((length, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        for size in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let content = vec![7; size];
            let bytes = value(OCTET_STRING, &content);
            assert_eq!(only(&bytes, OCTET_STRING), Some(content.as_slice()), "{size}");
            assert_eq!(only(&bytes[..bytes.len() - 1], OCTET_STRING), None, "{size}");
        }
    }

    #[test]
    fn what_is_not_der() {
        let cases: &[&[u8]] = &[
            &[],
            &[4],
            &[4, 1],
            &[4, 0x80, 0, 0],
            &[4, 0x81, 1, 0],
            &[4, 0x82, 0, 0x80],
            &[4, 0x85, 1, 0, 0, 0, 0],
            &[4, 0xff],
            &[4, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x1f, 1, 0],
            &[5, 0],
            &[4, 0, 0],
        ];
        for bytes in cases {
            assert_eq!(only(bytes, OCTET_STRING), None, "{bytes:?}");
        }
    }
}
