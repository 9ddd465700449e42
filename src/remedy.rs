//! What a person does about an error: one sentence that names the cause, one that names the fix.

use std::fmt;

/// An error that can tell its reader what happened and what to do next.
///
/// Each module's error enum implements it; `cli` turns the [`Code`] into an exit code and `tools` into
/// `structuredContent.error.code`.
pub trait Remedy: std::error::Error {
    /// The class of the failure.
    fn code(&self) -> Code;

    /// One sentence that names the cause. Never holds a secret.
    fn sentence(&self) -> String {
        self.to_string()
    }

    /// One thing to do about it, if there is one.
    fn fix(&self) -> Option<String>;

    /// Whether the same call can succeed when it is made again.
    fn retry(&self) -> Retry {
        Retry::Never
    }
}

/// Failure classes, each with the exit code that the command line answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The caller used it wrongly.
    Usage,
    /// The host was not reached.
    Unreachable,
    /// A bug of ours.
    Internal,
    /// Quota, busy or rebooting: the same call may succeed later.
    TryLater,
    /// TLS failed or the certificate was not accepted.
    Tls,
    /// The host refused the credential.
    Authentication,
    /// The configuration is wrong.
    Configuration,
    /// A human did not approve.
    ApprovalMissing,
    /// Some of several hosts failed.
    SomeHostsFailed,
    /// The deadline passed.
    TimedOut,
    /// The policy denied it.
    Denied,
    /// The caller interrupted it.
    Interrupted,
    /// The host answered with a fault or broke the protocol.
    Remote,
}

/// Whether trying again makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same call fails in the same way.
    Never,
    /// The same call may succeed after a while; nothing has run.
    Later,
}

impl Code {
    /// The exit code, after sysexits.h and the shell's customs.
    #[must_use]
    pub fn exit(self) -> u8 {
        match self {
            Self::Usage => 64,
            Self::Unreachable => 69,
            Self::Internal | Self::Remote => 70,
            Self::TryLater => 75,
            Self::Tls => 76,
            Self::Authentication => 77,
            Self::Configuration => 78,
            Self::ApprovalMissing => 79,
            Self::SomeHostsFailed => 80,
            Self::TimedOut => 124,
            Self::Denied => 126,
            Self::Interrupted => 130,
        }
    }

    /// The name that JSON shows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Unreachable => "unreachable",
            Self::Internal => "internal",
            Self::TryLater => "try_later",
            Self::Tls => "tls",
            Self::Authentication => "authentication",
            Self::Configuration => "configuration",
            Self::ApprovalMissing => "approval_missing",
            Self::SomeHostsFailed => "some_hosts_failed",
            Self::TimedOut => "timed_out",
            Self::Denied => "denied",
            Self::Interrupted => "interrupted",
            Self::Remote => "remote",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
