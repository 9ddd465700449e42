//! The list of attributes that a server sends and a client's proof covers (`AV_PAIR`, MS-NLMP 2.2.2.1).

use ntlmclient::{TargetInfoEntry, TargetInfoType};

use super::{Error, Field, FileTime};

/// A list of AV pairs without its `MsvAvEOL`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct AvPairs(Vec<TargetInfoEntry>);

impl AvPairs {
    /// Reads up to `MsvAvEOL`, which must be there; what follows it is ignored.
    pub(super) fn parse(mut bytes: &[u8], field: Field) -> Result<Self, Error> {
        let mut pairs = Vec::new();
        while pairs.len() < MAX_PAIRS {
            // The parser copies a value only after it has checked that the value lies within the bytes.
            let (pair, rest) = TargetInfoEntry::try_from_bytes(bytes).map_err(|_| Error::Malformed(field))?;
            if pair.entry_type == TargetInfoType::Terminator {
                return Ok(Self(pairs));
            }
            pairs.push(pair);
            bytes = rest;
        }
        Err(Error::Malformed(field))
    }

    pub(super) fn push(&mut self, kind: TargetInfoType, data: Vec<u8>) {
        self.0.push(TargetInfoEntry { entry_type: kind, data });
    }

    /// The first pair of that kind.
    pub(super) fn find(&self, kind: TargetInfoType) -> Option<&[u8]> {
        self.0.iter().find(|pair| pair.entry_type == kind).map(|pair| pair.data.as_slice())
    }

    /// `MsvAvTimestamp`.
    pub(super) fn timestamp(&self) -> Option<FileTime> {
        let bytes = <[u8; 8]>::try_from(self.find(TargetInfoType::Timestamp)?).ok()?;
        Some(FileTime::from_le_bytes(bytes))
    }

    /// Without the pairs that are a client's to say.
    pub(super) fn without_clients(mut self) -> Self {
        self.0.retain(|pair| {
            !matches!(
                pair.entry_type,
                TargetInfoType::Flags
                    | TargetInfoType::SingleHost
                    | TargetInfoType::TargetName
                    | TargetInfoType::ChannelBindings
            )
        });
        self
    }

    /// The list with its `MsvAvEOL`.
    pub(super) fn to_bytes(&self, field: Field) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        for pair in &self.0 {
            // The writer of `ntlmclient` panics where a value does not fit its length field.
            let length = u16::try_from(pair.data.len()).map_err(|_| Error::Malformed(field))?;
            bytes.extend_from_slice(&u16::from(pair.entry_type).to_le_bytes());
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(&pair.data);
        }
        bytes.extend_from_slice(&[0; 4]);
        Ok(bytes)
    }
}

/// `MsvAvFlags`: the message carries an integrity code.
pub(super) const MIC_PROVIDED: u32 = 0x2;

/// MS-NLMP defines ten kinds.
const MAX_PAIRS: usize = 64;
