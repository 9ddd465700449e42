//! The faults of Windows: codes, subcodes and what a code says. The sentences are ours.

use winrm_proto::wsman::fault::{FaultCode, ProviderFault};
use winrm_proto::wsman::{Error, Fault};

/// A fault before it is addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WindowsFault {
    code: u32,
    blame: FaultCode,
    subcode: &'static str,
    message: &'static str,
    detail: Option<&'static str>,
    provider: Option<Provider>,
}

/// The part of Windows that reports the fault, where it is not WinRM itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Provider {
    name: &'static str,
    path: &'static str,
}

impl WindowsFault {
    /// `ERROR_INTERNAL_ERROR`.
    pub(super) const INTERNAL: Self = receiver(1359, "InternalError", "An internal error occurred.");
    /// `ERROR_WSMAN_PROVIDER_FAILURE`: PowerShell's plug-in does not understand what it was sent.
    pub(super) const BROKEN_POOL: Self =
        receiver(0x8033_8003, "InternalError", "The plug-in cannot read what the client sent.");
    /// `ERROR_WSMAN_OPERATION_TIMEDOUT`.
    pub(super) const TIMED_OUT: Self = receiver(
        0x8033_8029,
        "TimedOut",
        "The WS-Management service could not finish within the OperationTimeout of the request.",
    );
    /// `ERROR_OPERATION_ABORTED`: the command or its shell was ended under a waiting request.
    pub(super) const ABORTED: Self =
        receiver(995, "InternalError", "The I/O operation was ended by a thread's exit or by a request.");
    /// `ERROR_ACCESS_DENIED`.
    pub(super) const ACCESS_DENIED: Self = sender(5, "AccessDenied", "Access is denied.");
    /// `ERROR_INVALID_PARAMETER`.
    pub(super) const INVALID_PARAMETER: Self = sender(87, "InvalidParameter", "The parameter is incorrect.");
    /// `ERROR_NO_DATA`: nobody reads the input.
    pub(super) const PIPE_CLOSING: Self =
        receiver(0x8007_00E8, "InternalError", "The pipe is being closed.").by(CMD_PLUGIN);
    /// `ERROR_FILE_NOT_FOUND`, as the cmd plug-in reports it.
    pub(super) const FILE_NOT_FOUND: Self =
        receiver(0x8007_0002, "InternalError", "The system cannot find the file specified.").by(CMD_PLUGIN);
    /// `ERROR_FILENAME_EXCED_RANGE`, as the cmd plug-in reports it.
    pub(super) const TOO_LONG: Self =
        receiver(0x8007_00CE, "InternalError", "The filename or extension is too long.").by(CMD_PLUGIN);
    /// `ERROR_WSMAN_UNEXPECTED_SELECTORS` for a shell.
    pub(super) const SHELL_NOT_FOUND: Self = sender(
        0x8033_805B,
        "InvalidSelectors",
        "The request names a shell that the host does not have, or has as another resource.",
    )
    .detailed(UNEXPECTED_SELECTORS)
    .by(SHELL_PROVIDER);
    /// The same code for a command.
    pub(super) const COMMAND_NOT_FOUND: Self = sender(
        0x8033_805B,
        "InvalidSelectors",
        "The request names a command that the shell does not have: it has ended, or never was.",
    )
    .detailed(UNEXPECTED_SELECTORS);
    /// `ERROR_WSMAN_RESOURCE_NOT_FOUND`.
    pub(super) const RESOURCE_NOT_FOUND: Self =
        sender(0x8033_8000, "DestinationUnreachable", "The host has no resource with this URI.")
            .detailed("http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/InvalidResourceURI");
    /// `ERROR_WSMAN_INVALID_ACTIONURI`.
    pub(super) const INVALID_ACTION: Self =
        sender(0x8033_8001, "ActionNotSupported", "The host does not know this action for the resource.");
    /// `ERROR_WSMAN_SCHEMA_VALIDATION_ERROR`.
    pub(super) const SCHEMA: Self =
        sender(0x8033_8041, "SchemaValidationError", "The SOAP message does not match its schema.");
    /// `ERROR_WSMAN_INVALID_HEADER` and its relatives.
    pub(super) const INVALID_HEADER: Self =
        sender(0x8033_800F, "InvalidMessageInformationHeader", "A SOAP header holds an invalid value.");
    /// `ERROR_WSMAN_SOAP_FAULT_MUST_UNDERSTAND`.
    const MUST_UNDERSTAND: Self = sender(
        0x8033_8010,
        "MustUnderstand",
        "A SOAP header that the client wants to be understood is not known to the service.",
    );
    /// `ERROR_WSMAN_INVALID_OPTIONS`.
    pub(super) const INVALID_OPTIONS: Self = sender(
        0x8033_8039,
        "InvalidOptions",
        "The host cannot comply with an option that it must comply with.",
    );
    /// `ERROR_WSMAN_QUOTA_MAX_SHELLS`.
    pub(super) const TOO_MANY_SHELLS: Self =
        receiver(0x8033_81A5, "QuotaLimit", "The user has as many shells open as MaxShellsPerUser allows.");
    /// `ERROR_WSMAN_QUOTA_MAX_OPERATIONS`.
    pub(super) const TOO_MANY_OPERATIONS: Self = receiver(
        0x8033_81A6,
        "QuotaLimit",
        "The user has as many operations under way, or the shell has run as many, as the quota allows.",
    );

    /// `ERROR_WINRS_SHELL_DISCONNECTED`.
    pub(super) const SHELL_DISCONNECTED: Self =
        receiver(0x8033_81C4, "InternalError", "The shell was left and has to be taken up again first.");
    /// `ERROR_WSMAN_SERVICE_STREAM_DISCONNECTED`: the shell was left under a waiting request.
    pub(super) const STREAM_DISCONNECTED: Self =
        receiver(0x8033_81DE, "InternalError", "The shell was left; its streams are disconnected.");
    /// `ERROR_WINRS_SHELL_DISCONNECT_NOT_SUPPORTED`.
    pub(super) const DISCONNECT_NOT_SUPPORTED: Self =
        receiver(0x8033_81C5, "InternalError", "A shell of this kind cannot be left.");
    /// `ERROR_WINRS_SHELL_DISCONNECT_OPERATION_NOT_VALID`.
    pub(super) const CANNOT_DISCONNECT: Self =
        receiver(0x8033_81CF, "InternalError", "The shell was left already, or belongs to another session.");
    /// `ERROR_WINRS_SHELL_RECONNECT_OPERATION_NOT_VALID`.
    pub(super) const CANNOT_RECONNECT: Self =
        receiver(0x8033_81D0, "InternalError", "The shell was not left, or belongs to another session.");
    /// `ERROR_WSMAN_INVALID_ENUMERATION_CONTEXT` as the end of an enumeration.
    pub(super) const ENUMERATION_ENDED: Self =
        sender(0x8033_8007, "InvalidEnumerationContext", "The enumeration has ended.");

    /// The fault of that code, for a host that is told to fail with it.
    pub(super) fn of_code(code: u32) -> Self {
        let known = [
            Self::TIMED_OUT,
            Self::ABORTED,
            Self::ACCESS_DENIED,
            Self::SHELL_NOT_FOUND,
            Self::RESOURCE_NOT_FOUND,
            Self::INVALID_ACTION,
            Self::SCHEMA,
            Self::TOO_MANY_SHELLS,
            Self::TOO_MANY_OPERATIONS,
        ];
        let quota = matches!(code, 0x8033_81A5..=0x8033_81AB | 0x8033_81E4..=0x8033_81EA);
        let subcode = if quota { "QuotaLimit" } else { "InternalError" };
        let other = receiver(code, subcode, "The host was told to fail with this code.");
        known.into_iter().find(|fault| fault.code == code).unwrap_or(other)
    }

    pub(super) fn code(&self) -> u32 {
        self.code
    }

    /// The fault as the machine of that name reports it.
    pub(super) fn on(&self, machine: &str) -> Fault {
        let mut fault = Fault::new(self.blame, self.subcode, self.code, machine, self.message);
        fault.fault_detail = self.detail.map(str::to_owned);
        if let (Some(provider), Some(wsman)) = (self.provider, &mut fault.wsman) {
            let message = wsman.message.take();
            wsman.provider = Some(Box::new(ProviderFault {
                provider: Some(provider.name.to_owned()),
                path: Some(provider.path.to_owned()),
                message,
                fault: None,
            }));
        }
        fault
    }

    const fn by(mut self, provider: Provider) -> Self {
        self.provider = Some(provider);
        self
    }

    const fn detailed(mut self, detail: &'static str) -> Self {
        self.detail = Some(detail);
        self
    }
}

/// The fault for a message that could not be read.
pub(super) fn of_unreadable(error: &Error) -> WindowsFault {
    match error {
        Error::Xml(_) | Error::NotSoap | Error::NoBody | Error::Missing { .. } => WindowsFault::SCHEMA,
        Error::Invalid { .. } => WindowsFault::INVALID_HEADER,
        Error::NotUnderstood { .. } => WindowsFault::MUST_UNDERSTAND,
        Error::UnknownAction => WindowsFault::INVALID_ACTION,
    }
}

const fn sender(code: u32, subcode: &'static str, message: &'static str) -> WindowsFault {
    WindowsFault { code, blame: FaultCode::Sender, subcode, message, detail: None, provider: None }
}

const fn receiver(code: u32, subcode: &'static str, message: &'static str) -> WindowsFault {
    WindowsFault { code, blame: FaultCode::Receiver, subcode, message, detail: None, provider: None }
}

const UNEXPECTED_SELECTORS: &str =
    "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/UnexpectedSelectors";
const SHELL_PROVIDER: Provider =
    Provider { name: "Shell provider", path: "%systemroot%\\system32\\WsmSvc.dll" };
const CMD_PLUGIN: Provider =
    Provider { name: "Shell cmd plugin", path: "%systemroot%\\system32\\winrscmd.dll" };
