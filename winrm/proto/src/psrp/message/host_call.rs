//! Host calls: what a command on the server asks of the client's host.

use super::bag::Bag;
use super::runspaces::CallId;
use super::{MessageError, MessageType, enumeration};
use crate::clixml::{Content, ErrorRecord, Object, Properties, Value};

/// A call to the client's host (MS-PSRP 2.2.2.15 `RUNSPACEPOOL_HOST_CALL` and 2.2.2.27 `PIPELINE_HOST_CALL`).
#[derive(Clone, PartialEq, Debug)]
pub struct HostCall {
    /// The call; [`CallId::VOID`] where no answer is wanted.
    pub call: CallId,
    /// What is called.
    pub method: HostMethod,
    /// Its parameters.
    pub parameters: Vec<Value>,
}

/// The answer to a host call (MS-PSRP 2.2.2.16 `RUNSPACEPOOL_HOST_RESPONSE` and 2.2.2.28 `PIPELINE_HOST_RESPONSE`).
#[derive(Clone, PartialEq, Debug)]
pub struct HostResponse {
    /// The call that is answered.
    pub call: CallId,
    /// What was called.
    pub method: HostMethod,
    /// What came of it.
    pub reply: HostReply,
}

/// What came of a host call.
#[derive(Clone, PartialEq, Debug)]
pub enum HostReply {
    /// It is done, and there is nothing to return.
    Done,
    /// It returned a value.
    Value(Value),
    /// It failed with a serialised error record.
    Failed(Value),
}

macro_rules! host_methods {
    ($($name:ident = $number:literal,)+) => {
        /// A method of PowerShell's host interface (MS-PSRP 2.2.3.17 `RemoteHostMethodId`).
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[expect(missing_docs, reason = "the names are those of PSHost, PSHostUserInterface and PSHostRawUserInterface")]
        pub enum HostMethod {
            $($name,)+
            /// A method that we do not know.
            Unknown(i32),
        }

        const METHODS: &[(HostMethod, i32, &str)] = &[$((HostMethod::$name, $number, stringify!($name)),)+];
    };
}

host_methods! {
    GetName = 1,
    GetVersion = 2,
    GetInstanceId = 3,
    GetCurrentCulture = 4,
    GetCurrentUICulture = 5,
    SetShouldExit = 6,
    EnterNestedPrompt = 7,
    ExitNestedPrompt = 8,
    NotifyBeginApplication = 9,
    NotifyEndApplication = 10,
    ReadLine = 11,
    ReadLineAsSecureString = 12,
    Write1 = 13,
    Write2 = 14,
    WriteLine1 = 15,
    WriteLine2 = 16,
    WriteLine3 = 17,
    WriteErrorLine = 18,
    WriteDebugLine = 19,
    WriteProgress = 20,
    WriteVerboseLine = 21,
    WriteWarningLine = 22,
    Prompt = 23,
    PromptForCredential1 = 24,
    PromptForCredential2 = 25,
    PromptForChoice = 26,
    GetForegroundColor = 27,
    SetForegroundColor = 28,
    GetBackgroundColor = 29,
    SetBackgroundColor = 30,
    GetCursorPosition = 31,
    SetCursorPosition = 32,
    GetWindowPosition = 33,
    SetWindowPosition = 34,
    GetCursorSize = 35,
    SetCursorSize = 36,
    GetBufferSize = 37,
    SetBufferSize = 38,
    GetWindowSize = 39,
    SetWindowSize = 40,
    GetWindowTitle = 41,
    SetWindowTitle = 42,
    GetMaxWindowSize = 43,
    GetMaxPhysicalWindowSize = 44,
    GetKeyAvailable = 45,
    ReadKey = 46,
    FlushInputBuffer = 47,
    SetBufferContents1 = 48,
    SetBufferContents2 = 49,
    GetBufferContents = 50,
    ScrollBufferContents = 51,
    PushRunspace = 52,
    PopRunspace = 53,
    GetIsRunspacePushed = 54,
    GetRunspace = 55,
    PromptForChoiceMultipleSelection = 56,
}

impl CallId {
    /// The call to a method that returns nothing and is not waited for.
    pub const VOID: Self = Self(-100);
}

impl HostMethod {
    /// The method with this number.
    #[must_use]
    pub fn from_number(number: i32) -> Self {
        let known = METHODS.iter().find(|(_, known, _)| *known == number);
        known.map_or(Self::Unknown(number), |(method, ..)| *method)
    }

    /// The method's number.
    #[must_use]
    pub fn number(self) -> i32 {
        match self {
            Self::Unknown(number) => number,
            known => METHODS.iter().find(|(method, ..)| *method == known).map_or(0, |(_, number, _)| *number),
        }
    }

    /// Whether the method returns something, so that its caller waits.
    #[must_use]
    pub fn returns(self) -> bool {
        !matches!(
            self,
            Self::SetShouldExit
                | Self::NotifyBeginApplication
                | Self::NotifyEndApplication
                | Self::Write1
                | Self::Write2
                | Self::WriteLine1
                | Self::WriteLine2
                | Self::WriteLine3
                | Self::WriteErrorLine
                | Self::WriteDebugLine
                | Self::WriteProgress
                | Self::WriteVerboseLine
                | Self::WriteWarningLine
                | Self::SetForegroundColor
                | Self::SetBackgroundColor
                | Self::SetCursorPosition
                | Self::SetWindowPosition
                | Self::SetCursorSize
                | Self::SetBufferSize
                | Self::SetWindowSize
                | Self::SetWindowTitle
                | Self::FlushInputBuffer
                | Self::SetBufferContents1
                | Self::SetBufferContents2
                | Self::ScrollBufferContents
                | Self::EnterNestedPrompt
                | Self::ExitNestedPrompt
        )
    }

    fn from_bag(bag: &Bag<'_>) -> Result<Self, MessageError> {
        bag.int32("mi").map(Self::from_number)
    }

    fn to_value(self) -> Value {
        let number = self.number();
        let name = METHODS.iter().find(|(method, ..)| *method == self).map(|(.., name)| (number, *name));
        let names = name.as_slice();
        enumeration::value(
            enumeration::enum_type!("System.Management.Automation.Remoting.RemoteHostMethodId"),
            names,
            number,
        )
    }
}

impl HostCall {
    /// Whether the server waits for an answer.
    #[must_use]
    pub fn wants_reply(&self) -> bool {
        self.call != CallId::VOID
    }

    /// The exit code, when the call is `SetShouldExit`.
    #[must_use]
    pub fn exit_code(&self) -> Option<i32> {
        match (self.method, self.parameters.first()) {
            (HostMethod::SetShouldExit, Some(code)) => code.as_int32(),
            _ => None,
        }
    }

    pub(super) fn from_value(message: MessageType, value: &Value) -> Result<Self, MessageError> {
        let bag = Bag { message, value };
        Ok(Self {
            call: CallId(bag.int64("ci")?),
            method: HostMethod::from_bag(&bag)?,
            parameters: bag.items("mp")?.to_vec(),
        })
    }

    pub(super) fn to_value(&self) -> Value {
        let parameters = Value::object(Object {
            content: Content::List(self.parameters.clone()),
            ..Object::typed(&["System.Collections.ArrayList", "System.Object"])
        });
        Value::bag(
            Properties::new()
                .with("ci", self.call.0)
                .with("mi", self.method.to_value())
                .with("mp", parameters),
        )
    }
}

impl HostResponse {
    /// The refusal of a call that would have to ask somebody.
    #[must_use]
    pub fn refusal(call: &HostCall) -> Self {
        let message = format!("nobody can answer {:?}: this session is not interactive", call.method);
        let record = ErrorRecord {
            message: message.as_str().into(),
            exception_type: "System.Management.Automation.Host.HostException".into(),
            exception_message: message.into(),
            fully_qualified_error_id: "NotInteractive".into(),
            category: crate::clixml::ErrorCategory {
                code: crate::clixml::ErrorCategory::code_of("NotImplemented").unwrap_or_default(),
                reason: "HostException".into(),
                ..Default::default()
            },
            ..ErrorRecord::default()
        };
        Self { call: call.call, method: call.method, reply: HostReply::Failed(record.to_value()) }
    }

    pub(super) fn from_value(message: MessageType, value: &Value) -> Result<Self, MessageError> {
        let bag = Bag { message, value };
        let reply = match (bag.optional("me"), value.property("mr")) {
            (Some(error), _) => HostReply::Failed(error.clone()),
            (None, Some(value)) => HostReply::Value(value.clone()),
            (None, None) => HostReply::Done,
        };
        Ok(Self { call: CallId(bag.int64("ci")?), method: HostMethod::from_bag(&bag)?, reply })
    }

    pub(super) fn to_value(&self) -> Value {
        let properties = Properties::new().with("ci", self.call.0).with("mi", self.method.to_value());
        Value::bag(match &self.reply {
            HostReply::Done => properties,
            HostReply::Value(value) => properties.with("mr", value.clone()),
            HostReply::Failed(error) => properties.with("me", error.clone()),
        })
    }
}
