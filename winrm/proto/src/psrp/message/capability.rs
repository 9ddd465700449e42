//! `SESSION_CAPABILITY`.

use super::bag::Bag;
use super::{MessageError, MessageType};
use crate::clixml::{Properties, Value, Version};

/// What a half can do (MS-PSRP 2.2.2.1 `SESSION_CAPABILITY`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionCapability {
    /// The protocol: 2.1 is Windows 7, 2.2 PowerShell 3 and 4, 2.3 PowerShell 5 and later.
    pub protocol_version: Version,
    /// The version of PowerShell that the half is compatible with, always 2.0.
    pub ps_version: Version,
    /// The version of CLIXML, always 1.1.0.1.
    pub serialization_version: Version,
}

impl SessionCapability {
    /// What we can do.
    #[must_use]
    pub fn ours() -> Self {
        Self {
            protocol_version: Version::new(2, 3),
            ps_version: Version::new(2, 0),
            // The text is constant and right; were it not, 1.1 would say the same.
            serialization_version: "1.1.0.1".parse().unwrap_or(Version::new(1, 1)),
        }
    }

    pub(super) fn from_value(value: &Value) -> Result<Self, MessageError> {
        let bag = Bag { message: MessageType::SessionCapability, value };
        let version = |property| match bag.required(property)? {
            Value::Version(version) => Ok(*version),
            _ => Err(bag.improper(property)),
        };
        Ok(Self {
            protocol_version: version("protocolversion")?,
            ps_version: version("PSVersion")?,
            serialization_version: version("SerializationVersion")?,
        })
    }

    pub(super) fn to_value(&self) -> Value {
        Value::bag(
            Properties::new()
                .with("protocolversion", self.protocol_version)
                .with("PSVersion", self.ps_version)
                .with("SerializationVersion", self.serialization_version),
        )
    }
}
