//! Fragments: messages cut to what one request can carry (MS-PSRP 2.2.4 Packet Fragment).

use bytes::{Buf as _, Bytes, BytesMut};

/// Why a stream of fragments makes no message; what follows in the stream cannot be trusted either.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FragmentError {
    /// A message grows beyond the limit.
    #[error("a message is longer than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// A fragment continues a message that did not begin.
    #[error("a fragment of message {object_id} comes without the beginning")]
    NoStart {
        /// The message that the fragment claims to be part of.
        object_id: u64,
    },
    /// A message begins, or another continues, before the last one ended.
    #[error("message {found} comes in the middle of message {open}")]
    Interleaved {
        /// The message that was not complete.
        open: u64,
        /// The message that came.
        found: u64,
    },
    /// A fragment was left out or came twice.
    #[error("fragment {found} of message {object_id} came instead of fragment {expected}")]
    OutOfOrder {
        /// The message.
        object_id: u64,
        /// The number that was due.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// The start flag and the number of a fragment contradict one another.
    #[error("fragment {fragment_id} of message {object_id} is marked wrongly as its start or not")]
    StartFlag {
        /// The message.
        object_id: u64,
        /// The fragment's number.
        fragment_id: u64,
    },
    /// The stream ended inside a fragment or a message.
    #[error("the stream ends in the middle of a message")]
    Truncated,
}

/// Puts the messages of one stream together again, however its bytes are cut.
#[derive(Debug)]
pub struct Defragmenter {
    limit: usize,
    pending: BytesMut,
    open: Option<Open>,
    failed: Option<FragmentError>,
}

/// A message of which some fragments are there.
#[derive(Debug)]
struct Open {
    object_id: u64,
    next: u64,
    data: BytesMut,
}

/// A fragment's header.
#[derive(Clone, Copy, Debug)]
struct Header {
    object_id: u64,
    fragment_id: u64,
    start: bool,
    end: bool,
    length: usize,
}

impl Defragmenter {
    /// A defragmenter that refuses messages longer than `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, pending: BytesMut::new(), open: None, failed: None }
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.pending.extend_from_slice(bytes);
        }
    }

    /// The next complete message, header included, or `None` when more bytes are needed.
    ///
    /// # Errors
    /// The fragments do not fit together. Every further call says the same.
    pub fn next_message(&mut self) -> Result<Option<Bytes>, FragmentError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.advance().inspect_err(|error| {
            self.failed = Some(*error);
            self.pending = BytesMut::new();
            self.open = None;
        })
    }

    /// Says that the stream is over.
    ///
    /// # Errors
    /// Something was left incomplete.
    pub fn finish(&self) -> Result<(), FragmentError> {
        let complete = self.pending.is_empty() && self.open.is_none();
        if complete { Ok(()) } else { Err(FragmentError::Truncated) }
    }

    fn advance(&mut self) -> Result<Option<Bytes>, FragmentError> {
        while let Some(header) = Header::read(&self.pending) {
            self.check(header)?;
            if self.pending.len() - HEADER_LENGTH < header.length {
                break;
            }
            self.pending.advance(HEADER_LENGTH);
            let data = self.pending.split_to(header.length);
            if let Some(message) = self.append(header, data) {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    /// Judges a fragment by its header alone, before its data is waited for.
    fn check(&self, header: Header) -> Result<(), FragmentError> {
        let Header { object_id, fragment_id, start, length, .. } = header;
        if start != (fragment_id == 0) {
            return Err(FragmentError::StartFlag { object_id, fragment_id });
        }
        let collected = match &self.open {
            Some(open) if open.object_id != object_id => {
                return Err(FragmentError::Interleaved { open: open.object_id, found: object_id });
            }
            Some(open) if open.next != fragment_id => {
                return Err(FragmentError::OutOfOrder { object_id, expected: open.next, found: fragment_id });
            }
            Some(open) => open.data.len(),
            None if !start => return Err(FragmentError::NoStart { object_id }),
            None => 0,
        };
        if collected.saturating_add(length) > self.limit {
            return Err(FragmentError::TooLong { limit: self.limit });
        }
        Ok(())
    }

    fn append(&mut self, header: Header, data: BytesMut) -> Option<Bytes> {
        let data = match self.open.take() {
            None => data,
            Some(mut open) => {
                open.data.unsplit(data);
                open.data
            }
        };
        if header.end {
            return Some(data.freeze());
        }
        self.open =
            Some(Open { object_id: header.object_id, next: header.fragment_id.saturating_add(1), data });
        None
    }
}

impl Header {
    fn read(bytes: &BytesMut) -> Option<Self> {
        let (mut header, _) = bytes.split_at_checked(HEADER_LENGTH)?;
        let (object_id, fragment_id, flags) = (header.get_u64(), header.get_u64(), header.get_u8());
        // A length that no address space holds is too long by any limit.
        let length = usize::try_from(header.get_u32()).unwrap_or(usize::MAX);
        Some(Self { object_id, fragment_id, start: flags & START != 0, end: flags & END != 0, length })
    }
}

/// A message on its way out, cut as it is sent.
#[derive(Debug)]
pub(super) struct Outgoing {
    object_id: u64,
    next: u64,
    data: Bytes,
}

impl Outgoing {
    pub(super) fn new(object_id: u64, data: Bytes) -> Self {
        Self { object_id, next: 0, data }
    }

    /// Whether nothing of it was sent yet.
    pub(super) fn is_untouched(&self) -> bool {
        self.next == 0
    }

    /// The bytes that are still to be sent.
    pub(super) fn len(&self) -> usize {
        self.data.len()
    }

    /// Appends a fragment that takes at most `room` bytes, header included; `true` when it was the last. Nothing is
    /// appended where there is no room for a byte of data.
    pub(super) fn write(&mut self, room: usize, out: &mut Vec<u8>) -> bool {
        let Some(room) = room.checked_sub(HEADER_LENGTH).filter(|room| *room > 0) else {
            return false;
        };
        // The length travels in 32 bits.
        let length = self.data.len().min(room).min(MAX_FRAGMENT);
        let data = self.data.split_to(length);
        let last = self.data.is_empty();
        let flags = if self.next == 0 { START } else { 0 } | if last { END } else { 0 };
        out.extend_from_slice(&self.object_id.to_be_bytes());
        out.extend_from_slice(&self.next.to_be_bytes());
        out.push(flags);
        out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(&data);
        self.next += 1;
        last
    }
}

/// The length of a fragment's header.
pub const HEADER_LENGTH: usize = 21;

const START: u8 = 1;
const END: u8 = 2;
const MAX_FRAGMENT: usize = 1 << 30;

#[cfg(test)]
mod tests;
