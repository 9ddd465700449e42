//! Messages (MS-PSRP 2.2.1 and 2.2.2): each can be written and read, whichever half it belongs to.

mod bag;
mod body;
mod capability;
mod enumeration;
mod host_call;
mod keys;
mod pipeline;
mod pool;
mod runspaces;
mod state;

use bytes::Bytes;
use uuid::Uuid;

use crate::clixml::{DecodeError, Decoder, EncodeError, Encoder, Version};

pub use body::{Body, MessageType};
pub use capability::SessionCapability;
pub use host_call::{HostCall, HostMethod, HostReply, HostResponse};
pub use keys::{EncryptedSessionKey, PublicKeyMessage};
pub use pipeline::{
    Command, CommandKind, GetCommandMetadata, Input, Merge, Parameter, PipelineResultTypes, PowerShell,
    RemoteStreamOptions,
};
pub(super) use pool::primitive_dictionary;
pub use pool::{HostInfo, InitRunspacePool, RunspacePoolInitData};
pub use runspaces::{Availability, CallId, RunspaceAvailability, SetRunspaces};
pub use state::{PipelineState, PipelineStateMessage, RunspacePoolState, RunspacePoolStateMessage};

/// A message with its header.
#[derive(Clone, PartialEq, Debug)]
pub struct Message {
    /// Who it is for.
    pub destination: Destination,
    /// The runspace pool; all zeros in a server's `SESSION_CAPABILITY`.
    pub runspace_pool: Uuid,
    /// The pipeline, for a message about one.
    pub pipeline: Option<Uuid>,
    /// What it says.
    pub body: Body,
}

/// The half that a message is sent to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Destination {
    /// The client.
    Client,
    /// The server.
    Server,
}

/// Why bytes are not a message, or a message cannot be written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MessageError {
    /// There is less than a header.
    #[error("a message is shorter than its header")]
    Truncated,
    /// The destination is neither client nor server.
    #[error("a message goes to {0}, which is neither client nor server")]
    Destination(u32),
    /// The body is not CLIXML.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The body cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The body lacks a property, or has it with a value of another type or out of range.
    #[error("{message:?} lacks a proper {property}")]
    Property {
        /// The message.
        message: MessageType,
        /// The property.
        property: &'static str,
    },
    /// A parameter's name is not a letter with letters and digits after it. Others could be taken for something else
    /// by the host's parser, so they are never sent.
    #[error("{0:?} is not a parameter name")]
    ParameterName(String),
    /// A pipeline has no command.
    #[error("a pipeline without a command cannot run")]
    NoCommand,
}

impl Message {
    /// Reads a message that was put together from its fragments.
    ///
    /// # Errors
    /// The header or the body is not one.
    pub fn decode(bytes: &Bytes, decoder: &mut Decoder) -> Result<Self, MessageError> {
        let Some((header, body)) = bytes.split_first_chunk::<HEADER_LENGTH>() else {
            return Err(MessageError::Truncated);
        };
        let destination = match u32_at(header, 0) {
            1 => Destination::Client,
            2 => Destination::Server,
            other => return Err(MessageError::Destination(other)),
        };
        let pipeline = uuid_at(header, 24);
        Ok(Self {
            destination,
            runspace_pool: uuid_at(header, 8),
            pipeline: (!pipeline.is_nil()).then_some(pipeline),
            body: Body::decode(MessageType::from_code(u32_at(header, 4)), body, decoder)?,
        })
    }

    /// Writes the message, header and body, for a peer of our own protocol version.
    ///
    /// # Errors
    /// The body cannot be written.
    pub fn encode(&self, encoder: &Encoder<'_>) -> Result<Bytes, MessageError> {
        self.encode_for(SessionCapability::ours().protocol_version, encoder)
    }

    /// Writes the message for a peer of this protocol version.
    pub(super) fn encode_for(&self, protocol: Version, encoder: &Encoder<'_>) -> Result<Bytes, MessageError> {
        let body = self.body.encode(protocol, encoder)?;
        let destination: u32 = match self.destination {
            Destination::Client => 1,
            Destination::Server => 2,
        };
        let mut bytes = Vec::with_capacity(HEADER_LENGTH + body.len());
        bytes.extend_from_slice(&destination.to_le_bytes());
        bytes.extend_from_slice(&self.body.message_type().code().to_le_bytes());
        // Identifiers travel as .NET lays a GUID out in memory: the first three fields little-endian.
        bytes.extend_from_slice(&self.runspace_pool.to_bytes_le());
        bytes.extend_from_slice(&self.pipeline.unwrap_or_default().to_bytes_le());
        bytes.extend_from_slice(&body);
        Ok(bytes.into())
    }
}

fn u32_at(header: &[u8; HEADER_LENGTH], at: usize) -> u32 {
    header.get(at..).and_then(|rest| rest.first_chunk()).copied().map_or(0, u32::from_le_bytes)
}

fn uuid_at(header: &[u8; HEADER_LENGTH], at: usize) -> Uuid {
    header.get(at..).and_then(|rest| rest.first_chunk()).copied().map_or(Uuid::nil(), Uuid::from_bytes_le)
}

const HEADER_LENGTH: usize = 40;
