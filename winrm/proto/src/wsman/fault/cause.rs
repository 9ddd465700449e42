use super::{Fault, symbolic_name};

/// Why a host refused, as far as it matters for what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Nothing happened within `OperationTimeout`.
    OperationTimedOut,
    /// The shell or the command does not exist (any more).
    ShellGone,
    /// The user, or the endpoint, has too many shells.
    TooManyShells,
    /// The shell or the user has used up its operations.
    TooManyOperations,
    /// The shell has too many commands.
    TooManyCommands,
    /// Too many users have shells.
    TooManyUsers,
    /// The host limits its load.
    Overloaded,
    /// The command or shell is busy with an earlier request.
    Busy,
    /// The operation was aborted: the shell was closed, or the host goes down.
    Aborted,
    /// The command reads no more input.
    InputClosed,
    /// The service starts or stops.
    Unavailable,
    /// The account may not do this.
    AccessDenied,
    /// The host could not log the account on.
    LogonFailed,
    /// The endpoint runs as another account, which could not be logged on.
    RunAsFailed,
    /// The program needs an elevated account.
    ElevationRequired,
    /// The host allows no remote shells.
    RemoteShellsDisabled,
    /// The service or endpoint allows no remote access.
    RemoteAccessDisabled,
    /// The resource or PowerShell endpoint does not exist.
    ResourceNotFound,
    /// The shell is disconnected.
    ShellDisconnected,
    /// The shell is connected to another client.
    ConnectedElsewhere,
    /// The message is larger than one side takes.
    EnvelopeTooLarge,
    /// The host finds our request wrong.
    InvalidRequest,
    /// The host does not know the operation or an option of it.
    Unsupported,
    /// A query or its filter is wrong.
    InvalidQuery,
    /// The program does not exist.
    ProgramNotFound,
    /// The file is not a program that the host can run.
    NotAProgram,
    /// The command line is too long.
    CommandTooLong,
    /// The working directory does not exist.
    DirectoryNotFound,
    /// The host cannot set the code page.
    CodePageUnsupported,
    /// The host, or the quota of the shell, has no memory left.
    OutOfMemory,
    /// A plugin of the host failed.
    PluginFailed,
    /// The host's configuration is wrong.
    Configuration,
    /// Event subscriptions, which we do not use.
    Eventing,
    /// Windows's own client library: a host does not send these.
    ClientLibrary,
    /// Anything else.
    Other,
}

impl Cause {
    /// The cause that a code names: one of WS-Management, an `HRESULT` or a Windows error.
    #[must_use]
    pub fn from_code(code: u32) -> Self {
        match code {
            0..=0xFFFF => Self::from_windows_error(code),
            0x8007_0000..=0x8007_FFFF => Self::from_windows_error(code & 0xFFFF),
            _ => Self::from_wsman(code)
                .unwrap_or_else(|| Self::from_name(symbolic_name(code).unwrap_or_default())),
        }
    }

    /// The cause of a fault: of its code, else of its subcode.
    #[must_use]
    pub fn from_fault(fault: &Fault) -> Self {
        match (fault.wsman_code(), fault.subcode.as_deref()) {
            (Some(code), _) => Self::from_code(code),
            (None, Some(subcode)) => Self::from_subcode(subcode),
            (None, None) => Self::Other,
        }
    }

    /// Whether a host that answers so has done nothing of what it was asked. The others leave it open: a command may have
    /// started before its answer timed out or the service went down, so it must not be sent again.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        !matches!(
            self,
            Self::OperationTimedOut
                | Self::Aborted
                | Self::InputClosed
                | Self::Unavailable
                | Self::EnvelopeTooLarge
                | Self::PluginFailed
                | Self::ClientLibrary
                | Self::Other
        )
    }

    /// The codes of `winerror.h` that hosts were seen to send.
    const fn from_windows_error(code: u32) -> Self {
        match code {
            2 | 3 | 53 => Self::ProgramNotFound,
            5 => Self::AccessDenied,
            8 | 14 | 1450 | 1453 | 1455 => Self::OutOfMemory,
            109 | 232 => Self::InputClosed,
            995 => Self::Aborted,
            170 => Self::Busy,
            193 | 216 => Self::NotAProgram,
            206 | 8191 => Self::CommandTooLong,
            267 => Self::DirectoryNotFound,
            740 => Self::ElevationRequired,
            1058..=1062 | 1115 | 1717 | 1722 | 1726 => Self::Unavailable,
            1326..=1331 | 1385 | 1907 | 1909 => Self::LogonFailed,
            _ => Self::Other,
        }
    }

    /// The codes of `wsman.h` that mean something of their own to a client of shells.
    const fn from_wsman(code: u32) -> Option<Self> {
        Some(match code {
            0x8033_8029 | 0x8033_81DC => Self::OperationTimedOut,
            0x8033_805B | 0x8033_814A | 0x8033_814C | 0x8033_814D | 0x8033_814F | 0x8033_81CC => {
                Self::ShellGone
            }
            0x8033_81A5 | 0x8033_81E4 | 0x8033_81E6 => Self::TooManyShells,
            0x8033_81A6 | 0x8033_81E7 | 0x8033_81E8 => Self::TooManyOperations,
            0x8033_81E9 => Self::TooManyCommands,
            0x8033_81AB | 0x8033_81E5 => Self::TooManyUsers,
            0x8033_803F | 0x8033_81A7 | 0x8033_81A8 | 0x8033_81EA => Self::Overloaded,
            0x8033_8032 | 0x8033_8127 => Self::Busy,
            0x8033_8014 | 0x8033_8112 | 0x8033_816E | 0x8033_81FA => Self::Unavailable,
            0x8033_8104..=0x8033_8106 | 0x8033_81A9 => Self::AccessDenied,
            0x8033_8036 => Self::LogonFailed,
            0x8033_81C3 | 0x8033_81DF | 0x8033_81FB..=0x8033_81FD => Self::RunAsFailed,
            0x8033_81AC => Self::RemoteShellsDisabled,
            0x8033_81DD | 0x8033_81E3 => Self::RemoteAccessDisabled,
            0x8033_8000 | 0x8033_8012 | 0x8033_803B | 0x8033_8113 | 0x8033_815B => Self::ResourceNotFound,
            0x8033_81C4 | 0x8033_81DE => Self::ShellDisconnected,
            0x8033_81C6 | 0x8033_81CD => Self::ConnectedElsewhere,
            0x8033_8026 | 0x8033_8047..=0x8033_8049 | 0x8033_807E | 0x8033_8111 => Self::EnvelopeTooLarge,
            0x8033_800F | 0x8033_8011 | 0x8033_8027 | 0x8033_8041 | 0x8033_8043 | 0x8033_8081 => {
                Self::InvalidRequest
            }
            0x8033_8013 | 0x8033_8010 | 0x8033_8042 | 0x8033_8138 | 0x8033_81C5 => Self::Unsupported,
            0x8033_801A | 0x8033_8122 | 0x8033_8107 => Self::InvalidQuery,
            0x8033_8140 => Self::CodePageUnsupported,
            0x8033_8003 | 0x8033_8083 | 0x8033_809A | 0x8033_816D => Self::PluginFailed,
            0x8033_81F2 => Self::InvalidRequest,
            _ => return None,
        })
    }

    /// The families that the remaining names of `wsman.h` fall into; the first that fits counts.
    fn from_name(name: &str) -> Self {
        let family = FAMILIES.iter().find(|(_, words)| words.iter().any(|word| name.contains(word)));
        family.map_or(Self::Other, |(cause, _)| *cause)
    }

    /// The subcodes of DSP0226, for hosts that give no number.
    fn from_subcode(subcode: &str) -> Self {
        match subcode {
            "TimedOut" => Self::OperationTimedOut,
            "AccessDenied" => Self::AccessDenied,
            "InvalidSelectors" => Self::ShellGone,
            "QuotaLimit" => Self::Overloaded,
            "Concurrency" => Self::Busy,
            "EncodingLimit" => Self::EnvelopeTooLarge,
            "CannotProcessFilter" => Self::InvalidQuery,
            "DestinationUnreachable" | "InvalidResourceURI" => Self::ResourceNotFound,
            "EndpointUnavailable" => Self::Unavailable,
            "ActionNotSupported" | "UnsupportedFeature" | "MustUnderstand" => Self::Unsupported,
            "SchemaValidationError"
            | "InvalidParameter"
            | "InvalidOptions"
            | "InvalidMessageInformationHeader" => Self::InvalidRequest,
            _ => Self::Other,
        }
    }
}

/// Words in the names of `wsman.h`, and what they are about.
const FAMILIES: [(Cause, &[&str]); 6] = [
    (
        Cause::Eventing,
        &["EVENTING", "SUBSCRI", "HEARTBEAT", "BOOKMARK", "PUBLISHERS", "DELIVER", "RESUMPTION", "NO_ACK"],
    ),
    (
        Cause::Configuration,
        &[
            "CONFIG",
            "CERTMAPPING",
            "LISTENER",
            "IPFILTER",
            "POLICY",
            "URISECURITY",
            "URI_SECURITY",
            "FIREWALL",
            "CANNOT_CHANGE",
            "ADDRESSES",
            "MAC_ADDRESS",
            "SECURITY_UNMAPPED",
        ],
    ),
    (
        Cause::ClientLibrary,
        &[
            "CLIENT_",
            "NULL_",
            "HTTP",
            "HTML",
            "SSL",
            "PROXY",
            "REDIRECT",
            "CREDS",
            "CREDENTIAL",
            "CERT_",
            "RESPONSE",
            "IPADDRESS",
            "SESSION",
            "DESERIALIZER",
            "METADATA",
            "NETWORK_TIMEDOUT",
            "NAME_NOT_RESOLVED",
            "MUTUAL_AUTH",
            "NOT_TRUSTED",
            "CANNOT_DECRYPT",
            "CONNECTOR",
            "FILE_NOT_PRESENT",
        ],
    ),
    (
        Cause::InvalidQuery,
        &["ENUMERA", "FILTER", "FRAGMENT", "SELECTOR", "WMI", "CIM", "DMTF", "CLASS", "BATCH", "PULL_"],
    ),
    (Cause::Unsupported, &["SUPPORTED", "UNAVAILABLE", "DEPRECATED"]),
    (
        Cause::InvalidRequest,
        &[
            "INVALID",
            "MISSING",
            "XML",
            "LIMIT",
            "MISMATCH",
            "REQUIRED",
            "SHELL",
            "ENCODING",
            "CHARACTER_SET",
            "WHITESPACE",
            "EPR",
            "SYNTAX",
            "COMMANDID",
            "BAD_METHOD",
        ],
    ),
];
