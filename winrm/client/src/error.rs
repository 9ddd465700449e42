//! Why an operation on a host failed, and whether anything ran.

use std::fmt;

use winrm_proto::{
    auth::{MalformedCertificate, Scheme},
    connection,
    exchange::{Failure, FailureKind, Step},
    psrp,
    wsman::{self, Fault},
    xml::WriteError,
};

use crate::{
    powershell::LockError,
    shell::CommandError,
    transport::{ConnectError, HttpError, ProxyError, TlsError},
};

/// An operation on a host that failed: what was under way, why, and whether a command ran.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{cause}")]
pub struct Error {
    during: Operation,
    cause: Cause,
    reached: Reached,
}

/// Why an operation on a host failed. No variant holds a secret.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Cause {
    /// No TCP connection came about.
    #[error(transparent)]
    Connect(ConnectError),
    /// The proxy opened no tunnel.
    #[error(transparent)]
    Proxy(ProxyError),
    /// No TLS connection came about.
    #[error(transparent)]
    Tls(TlsError),
    /// The host refused the credential. NTLM does not say why.
    #[error(
        "{user} was refused by {scheme}: the password is wrong or expired, or the account is disabled, locked out \
         or not allowed to log on over the network"
    )]
    RefusedCredential {
        /// The account.
        user: String,
        /// How it was offered.
        scheme: Scheme,
    },
    /// The credential was refused before, by this host or another, and was not sent again.
    #[error("{user} was refused before; the same secret is not sent again")]
    RememberedRefusal {
        /// The account.
        user: String,
    },
    /// The authentication failed before the credential was judged, or what answered is no WinRM service: a proxy,
    /// a load balancer or another web server.
    #[error(transparent)]
    Connection(connection::Error),
    /// The server's certificate cannot be read, so that the proof cannot be bound to it.
    #[error(transparent)]
    MalformedCertificate(MalformedCertificate),
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    NoRandomBytes,
    /// The connection was lost, or its answer cannot be used.
    #[error(transparent)]
    Http(HttpError),
    /// The host answered with a fault.
    #[error("{}", fault_text(.0))]
    Fault(Box<Fault>),
    /// The command cannot be written as a command line; it was not sent.
    #[error(transparent)]
    Command(CommandError),
    /// The request holds a character that XML cannot carry; it was not sent.
    #[error(transparent)]
    Unwritable(WriteError),
    /// The answer is not a message that this client accepts.
    #[error("the host's answer cannot be used: {0}")]
    Unusable(wsman::Error),
    /// The answer says that it belongs to another request.
    #[error("the host's answer belongs to another request")]
    Unrelated,
    /// The name of the session configuration cannot be part of a URI; nothing was sent.
    #[error("{0:?} is not the name of a session configuration")]
    ConfigurationName(String),
    /// The pipeline or the pool cannot be what it was asked to be; nothing was sent.
    #[error("PowerShell remoting refuses this: {0}")]
    PowerShell(psrp::Error),
    /// What the host sent for its runspace pool cannot be, so that the pool was thrown away.
    #[error("the host broke PowerShell's remoting protocol: {0}")]
    BrokenProtocol(psrp::Error),
    /// The runspace pool is gone, or broken on the host.
    #[error("the runspace pool is gone{}", said(.message.as_deref()))]
    PoolLost {
        /// What the host says about it.
        message: Option<String>,
    },
    /// The runspace pool was closed because a pipeline in it did not stop.
    #[error("the runspace pool was closed because a pipeline in it did not stop")]
    PoolDiscarded,
    /// The host does not give the pool that many runspaces.
    #[error("the host refuses to give the runspace pool {count} runspaces")]
    RunspacesRefused {
        /// The number that was asked for.
        count: i32,
    },
    /// What is to be taken over is no runspace pool; nothing was sent.
    #[error("the shell {shell} is no runspace pool")]
    NotARunspacePool {
        /// The shell's identifier.
        shell: String,
    },
    /// The runspace pool is not locked as it was to be; where it had been opened, it was deleted.
    #[error(transparent)]
    Lock(LockError),
    /// The client was shut down.
    #[error("the client has been shut down")]
    ShutDown,
}

/// What was under way, by the names of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Asking the service what it is.
    Identify,
    /// Opening a shell.
    Create,
    /// Starting a command.
    Command,
    /// Waiting for output.
    Receive,
    /// Sending input.
    Send,
    /// Stopping a command, or ending one that is over.
    Signal,
    /// Taking over a runspace pool that another process left, or a pipeline in it.
    Connect,
    /// Leaving a runspace pool.
    Disconnect,
    /// Taking up a runspace pool again that this client left.
    Reconnect,
    /// Closing a shell.
    Delete,
    /// Listing the host's shells.
    Enumerate,
}

/// Whether a command ran, for a caller who must decide whether to start it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ran {
    /// Nothing was started.
    No,
    /// It was started.
    Yes,
    /// It may have been started.
    Unknown,
}

/// How far a request got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reached {
    /// Not a byte of it left.
    Nobody,
    /// Some of it left, and no answer came that says what became of it.
    Perhaps,
    /// The host answered that it did not do it.
    Refused,
}

impl Error {
    pub(crate) fn new(during: Operation, cause: Cause, reached: Reached) -> Self {
        Self { during, cause, reached }
    }

    pub(crate) fn from_failure(during: Operation, failure: Failure) -> Self {
        let (cause, reached) = match failure.kind {
            FailureKind::Unwritable(error) => (Cause::Unwritable(error), Reached::Nobody),
            // A host that went down or was too slow may have started the command all the same.
            FailureKind::Fault(fault) if fault.cause().is_refusal() => {
                (Cause::Fault(fault), Reached::Refused)
            }
            FailureKind::Fault(fault) => (Cause::Fault(fault), Reached::Perhaps),
            FailureKind::Unusable(error) => (Cause::Unusable(error), Reached::Perhaps),
            FailureKind::Unrelated => (Cause::Unrelated, Reached::Perhaps),
            FailureKind::Lost => (Cause::Http(HttpError::Closed), Reached::Perhaps),
        };
        Self::new(during, cause, reached)
    }

    /// What was under way.
    #[must_use]
    pub fn during(&self) -> Operation {
        self.during
    }

    /// Why it failed.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// Whether the command had been started when this happened.
    ///
    /// A shell that is created runs nothing, so the loss of a Create answers [`Ran::No`]; the host closes a
    /// shell that nobody uses.
    #[must_use]
    pub fn ran(&self) -> Ran {
        self.during.ran(self.reached)
    }

    /// How far the request got.
    pub(crate) fn reached(&self) -> Reached {
        self.reached
    }

    /// The host's fault, where that is the cause.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        match &self.cause {
            Cause::Fault(fault) => Some(fault),
            _ => None,
        }
    }
}

impl Operation {
    /// What a step of a conversation is.
    pub(crate) fn from_step(step: Step) -> Self {
        match step {
            Step::Request => Self::Identify,
            Step::Create => Self::Create,
            Step::Command => Self::Command,
            Step::Receive => Self::Receive,
            Step::Send => Self::Send,
            Step::Signal => Self::Signal,
            Step::Connect => Self::Connect,
            Step::Disconnect => Self::Disconnect,
            Step::Reconnect => Self::Reconnect,
            Step::Delete => Self::Delete,
        }
    }

    fn ran(self, reached: Reached) -> Ran {
        match (self, reached) {
            (Self::Identify | Self::Create | Self::Enumerate, _)
            | (Self::Command, Reached::Nobody | Reached::Refused) => Ran::No,
            (Self::Command, Reached::Perhaps) => Ran::Unknown,
            (
                Self::Receive
                | Self::Send
                | Self::Signal
                | Self::Connect
                | Self::Disconnect
                | Self::Reconnect
                | Self::Delete,
                _,
            ) => Ran::Yes,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identify => "Identify",
            Self::Create => "Create",
            Self::Command => "Command",
            Self::Receive => "Receive",
            Self::Send => "Send",
            Self::Signal => "Signal",
            Self::Connect => "Connect",
            Self::Disconnect => "Disconnect",
            Self::Reconnect => "Reconnect",
            Self::Delete => "Delete",
            Self::Enumerate => "Enumerate",
        })
    }
}

/// The host's own words, one line of them, and its code.
fn fault_text(fault: &Fault) -> String {
    let text = one_line(fault.message().unwrap_or("no message"));
    match fault.wsman_code() {
        Some(code) => format!("the host answered with the fault 0x{code:08X}: {text}"),
        None => format!("the host answered with a fault: {text}"),
    }
}

/// What the host said, behind a colon.
fn said(message: Option<&str>) -> String {
    message.map_or_else(String::new, |message| format!(": {}", one_line(message)))
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().filter(|c| !c.is_control()).take(MAX_FAULT_TEXT).collect()
}

const MAX_FAULT_TEXT: usize = 500;
