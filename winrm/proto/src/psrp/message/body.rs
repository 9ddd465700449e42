//! The types of messages, and what each carries.

use super::MessageError;
use super::bag::Bag;
use super::capability::SessionCapability;
use super::host_call::{HostCall, HostResponse};
use super::keys::{EncryptedSessionKey, PublicKeyMessage};
use super::pipeline::{GetCommandMetadata, PowerShell};
use super::pool::{InitRunspacePool, RunspacePoolInitData};
use super::runspaces::{CallId, RunspaceAvailability, SetRunspaces};
use super::state::{PipelineStateMessage, RunspacePoolStateMessage};
use crate::clixml::{Decoder, Encoder, Properties, Value, Version};

macro_rules! message_types {
    ($($name:ident = $code:literal,)+) => {
        /// The type of a message (MS-PSRP 2.2.1).
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[expect(missing_docs, reason = "the names are the specification's")]
        pub enum MessageType {
            $($name,)+
            /// A type that we do not know.
            Unknown(u32),
        }

        const TYPES: &[(MessageType, u32)] = &[$((MessageType::$name, $code),)+];
    };
}

message_types! {
    PipelineOutput = 0x0004_1004,
    SessionCapability = 0x0001_0002,
    InitRunspacePool = 0x0001_0004,
    PublicKey = 0x0001_0005,
    EncryptedSessionKey = 0x0001_0006,
    PublicKeyRequest = 0x0001_0007,
    ConnectRunspacePool = 0x0001_0008,
    SetMaxRunspaces = 0x0002_1002,
    SetMinRunspaces = 0x0002_1003,
    RunspaceAvailability = 0x0002_1004,
    RunspacePoolState = 0x0002_1005,
    CreatePipeline = 0x0002_1006,
    GetAvailableRunspaces = 0x0002_1007,
    UserEvent = 0x0002_1008,
    ApplicationPrivateData = 0x0002_1009,
    GetCommandMetadata = 0x0002_100A,
    RunspacePoolInitData = 0x0002_100B,
    ResetRunspaceState = 0x0002_100C,
    RunspacePoolHostCall = 0x0002_1100,
    RunspacePoolHostResponse = 0x0002_1101,
    PipelineInput = 0x0004_1002,
    EndOfPipelineInput = 0x0004_1003,
    ErrorRecord = 0x0004_1005,
    PipelineState = 0x0004_1006,
    DebugRecord = 0x0004_1007,
    VerboseRecord = 0x0004_1008,
    WarningRecord = 0x0004_1009,
    ProgressRecord = 0x0004_1010,
    InformationRecord = 0x0004_1011,
    PipelineHostCall = 0x0004_1100,
    PipelineHostResponse = 0x0004_1101,
}

/// What a message carries. Records stay values: [`ErrorRecord`](crate::clixml::ErrorRecord) and its kind read them.
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs, reason = "the names are the specification's, and each names the type that it holds")]
pub enum Body {
    SessionCapability(SessionCapability),
    InitRunspacePool(InitRunspacePool),
    PublicKey(PublicKeyMessage),
    EncryptedSessionKey(EncryptedSessionKey),
    PublicKeyRequest,
    ConnectRunspacePool(Option<RunspacePoolInitData>),
    SetMaxRunspaces(SetRunspaces),
    SetMinRunspaces(SetRunspaces),
    RunspaceAvailability(RunspaceAvailability),
    RunspacePoolState(RunspacePoolStateMessage),
    CreatePipeline(Box<PowerShell>),
    GetAvailableRunspaces(CallId),
    UserEvent(Value),
    ApplicationPrivateData(Value),
    GetCommandMetadata(GetCommandMetadata),
    RunspacePoolInitData(RunspacePoolInitData),
    ResetRunspaceState(CallId),
    RunspacePoolHostCall(HostCall),
    RunspacePoolHostResponse(HostResponse),
    PipelineInput(Value),
    EndOfPipelineInput,
    PipelineOutput(Value),
    ErrorRecord(Value),
    PipelineState(PipelineStateMessage),
    DebugRecord(Value),
    VerboseRecord(Value),
    WarningRecord(Value),
    ProgressRecord(Value),
    InformationRecord(Value),
    PipelineHostCall(HostCall),
    PipelineHostResponse(HostResponse),
    /// A message of a type that we do not know; its body is not looked at.
    Unknown(u32),
}

impl MessageType {
    /// The type with this code.
    #[must_use]
    pub fn from_code(code: u32) -> Self {
        TYPES.iter().find(|(_, known)| *known == code).map_or(Self::Unknown(code), |(known, _)| *known)
    }

    /// The type's code.
    #[must_use]
    pub fn code(self) -> u32 {
        match self {
            Self::Unknown(code) => code,
            known => TYPES.iter().find(|(own, _)| *own == known).map_or(0, |(_, code)| *code),
        }
    }
}

impl Body {
    /// The type that says so in the header.
    #[must_use]
    pub fn message_type(&self) -> MessageType {
        match self {
            Self::SessionCapability(_) => MessageType::SessionCapability,
            Self::InitRunspacePool(_) => MessageType::InitRunspacePool,
            Self::PublicKey(_) => MessageType::PublicKey,
            Self::EncryptedSessionKey(_) => MessageType::EncryptedSessionKey,
            Self::PublicKeyRequest => MessageType::PublicKeyRequest,
            Self::ConnectRunspacePool(_) => MessageType::ConnectRunspacePool,
            Self::SetMaxRunspaces(_) => MessageType::SetMaxRunspaces,
            Self::SetMinRunspaces(_) => MessageType::SetMinRunspaces,
            Self::RunspaceAvailability(_) => MessageType::RunspaceAvailability,
            Self::RunspacePoolState(_) => MessageType::RunspacePoolState,
            Self::CreatePipeline(_) => MessageType::CreatePipeline,
            Self::GetAvailableRunspaces(_) => MessageType::GetAvailableRunspaces,
            Self::UserEvent(_) => MessageType::UserEvent,
            Self::ApplicationPrivateData(_) => MessageType::ApplicationPrivateData,
            Self::GetCommandMetadata(_) => MessageType::GetCommandMetadata,
            Self::RunspacePoolInitData(_) => MessageType::RunspacePoolInitData,
            Self::ResetRunspaceState(_) => MessageType::ResetRunspaceState,
            Self::RunspacePoolHostCall(_) => MessageType::RunspacePoolHostCall,
            Self::RunspacePoolHostResponse(_) => MessageType::RunspacePoolHostResponse,
            Self::PipelineInput(_) => MessageType::PipelineInput,
            Self::EndOfPipelineInput => MessageType::EndOfPipelineInput,
            Self::PipelineOutput(_) => MessageType::PipelineOutput,
            Self::ErrorRecord(_) => MessageType::ErrorRecord,
            Self::PipelineState(_) => MessageType::PipelineState,
            Self::DebugRecord(_) => MessageType::DebugRecord,
            Self::VerboseRecord(_) => MessageType::VerboseRecord,
            Self::WarningRecord(_) => MessageType::WarningRecord,
            Self::ProgressRecord(_) => MessageType::ProgressRecord,
            Self::InformationRecord(_) => MessageType::InformationRecord,
            Self::PipelineHostCall(_) => MessageType::PipelineHostCall,
            Self::PipelineHostResponse(_) => MessageType::PipelineHostResponse,
            Self::Unknown(code) => MessageType::Unknown(*code),
        }
    }

    /// Reads the body of a message of this type; it may begin with a byte order mark, and be empty where it says nothing.
    pub(super) fn decode(
        message: MessageType,
        bytes: &[u8],
        decoder: &mut Decoder,
    ) -> Result<Self, MessageError> {
        if let MessageType::Unknown(code) = message {
            return Ok(Self::Unknown(code));
        }
        let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        let may_be_empty = matches!(message, MessageType::EndOfPipelineInput | MessageType::PipelineOutput);
        let value = if text.is_empty() && may_be_empty { Value::Null } else { decoder.value(text)? };
        Self::from_value(message, value)
    }

    fn from_value(message: MessageType, value: Value) -> Result<Self, MessageError> {
        Ok(match message {
            MessageType::SessionCapability => Self::SessionCapability(SessionCapability::from_value(&value)?),
            MessageType::InitRunspacePool => Self::InitRunspacePool(InitRunspacePool::from_value(&value)?),
            MessageType::PublicKey => Self::PublicKey(PublicKeyMessage::from_value(&value)?),
            MessageType::EncryptedSessionKey => {
                Self::EncryptedSessionKey(EncryptedSessionKey::from_value(&value)?)
            }
            MessageType::PublicKeyRequest => Self::PublicKeyRequest,
            MessageType::ConnectRunspacePool => Self::ConnectRunspacePool(connect(&value)?),
            MessageType::SetMaxRunspaces => Self::SetMaxRunspaces(SetRunspaces::from_value(message, &value)?),
            MessageType::SetMinRunspaces => Self::SetMinRunspaces(SetRunspaces::from_value(message, &value)?),
            MessageType::RunspaceAvailability => {
                Self::RunspaceAvailability(RunspaceAvailability::from_value(&value)?)
            }
            MessageType::RunspacePoolState => {
                Self::RunspacePoolState(RunspacePoolStateMessage::from_value(&value)?)
            }
            MessageType::CreatePipeline => Self::CreatePipeline(Box::new(PowerShell::from_value(&value)?)),
            MessageType::GetAvailableRunspaces => {
                Self::GetAvailableRunspaces(CallId::from_value(message, &value)?)
            }
            MessageType::UserEvent => Self::UserEvent(value),
            MessageType::ApplicationPrivateData => Self::ApplicationPrivateData(private_data(&value)?),
            MessageType::GetCommandMetadata => {
                Self::GetCommandMetadata(GetCommandMetadata::from_value(&value)?)
            }
            MessageType::RunspacePoolInitData => {
                Self::RunspacePoolInitData(RunspacePoolInitData::from_value(&value)?)
            }
            MessageType::ResetRunspaceState => Self::ResetRunspaceState(CallId::from_value(message, &value)?),
            MessageType::RunspacePoolHostCall => {
                Self::RunspacePoolHostCall(HostCall::from_value(message, &value)?)
            }
            MessageType::RunspacePoolHostResponse => {
                Self::RunspacePoolHostResponse(HostResponse::from_value(message, &value)?)
            }
            MessageType::PipelineInput => Self::PipelineInput(value),
            MessageType::EndOfPipelineInput => Self::EndOfPipelineInput,
            MessageType::PipelineOutput => Self::PipelineOutput(value),
            MessageType::ErrorRecord => Self::ErrorRecord(value),
            MessageType::PipelineState => Self::PipelineState(PipelineStateMessage::from_value(&value)?),
            MessageType::DebugRecord => Self::DebugRecord(value),
            MessageType::VerboseRecord => Self::VerboseRecord(value),
            MessageType::WarningRecord => Self::WarningRecord(value),
            MessageType::ProgressRecord => Self::ProgressRecord(value),
            MessageType::InformationRecord => Self::InformationRecord(value),
            MessageType::PipelineHostCall => Self::PipelineHostCall(HostCall::from_value(message, &value)?),
            MessageType::PipelineHostResponse => {
                Self::PipelineHostResponse(HostResponse::from_value(message, &value)?)
            }
            MessageType::Unknown(code) => Self::Unknown(code),
        })
    }

    /// Writes the body for a peer of this protocol version.
    pub(super) fn encode(&self, protocol: Version, encoder: &Encoder<'_>) -> Result<Vec<u8>, MessageError> {
        let message = self.message_type();
        let value = match self {
            Self::EndOfPipelineInput | Self::Unknown(_) => return Ok(Vec::new()),
            Self::UserEvent(value)
            | Self::PipelineInput(value)
            | Self::PipelineOutput(value)
            | Self::ErrorRecord(value)
            | Self::DebugRecord(value)
            | Self::VerboseRecord(value)
            | Self::WarningRecord(value)
            | Self::ProgressRecord(value)
            | Self::InformationRecord(value) => return Ok(encoder.value(value)?),
            Self::SessionCapability(body) => body.to_value(),
            Self::InitRunspacePool(body) => body.to_value(),
            Self::PublicKey(body) => body.to_value(),
            Self::EncryptedSessionKey(body) => body.to_value(),
            Self::PublicKeyRequest | Self::ConnectRunspacePool(None) => Value::from(""),
            Self::ConnectRunspacePool(Some(body)) | Self::RunspacePoolInitData(body) => body.to_value(),
            Self::SetMaxRunspaces(body) | Self::SetMinRunspaces(body) => body.to_value(message),
            Self::RunspaceAvailability(body) => body.to_value(),
            Self::RunspacePoolState(body) => body.to_value(),
            Self::PipelineState(body) => body.to_value(),
            Self::CreatePipeline(body) => body.to_value(protocol)?,
            Self::GetAvailableRunspaces(call) | Self::ResetRunspaceState(call) => call.to_value(),
            Self::ApplicationPrivateData(data) => {
                Value::bag(Properties::new().with("ApplicationPrivateData", data.clone()))
            }
            Self::GetCommandMetadata(body) => body.to_value(),
            Self::RunspacePoolHostCall(body) | Self::PipelineHostCall(body) => body.to_value(),
            Self::RunspacePoolHostResponse(body) | Self::PipelineHostResponse(body) => body.to_value(),
        };
        Ok(encoder.value(&value)?)
    }
}

/// The numbers in a `CONNECT_RUNSPACEPOOL` are optional.
fn connect(value: &Value) -> Result<Option<RunspacePoolInitData>, MessageError> {
    match value.property("MinRunspaces") {
        None => Ok(None),
        Some(_) => RunspacePoolInitData::from_value(value).map(Some),
    }
}

fn private_data(value: &Value) -> Result<Value, MessageError> {
    let bag = Bag { message: MessageType::ApplicationPrivateData, value };
    bag.required("ApplicationPrivateData").cloned()
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
