use super::Cause;

/// What to tell a person about a [`Cause`], and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// The cause, as a clause without capital and full stop, so that it can follow the name of a host.
    pub sentence: &'static str,
    /// What to do about it, as such a clause.
    pub fix: &'static str,
    /// Whether trying again makes sense.
    pub retry: Retry,
}

/// Whether, and how, the same request may succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Retry {
    /// It fails in the same way until somebody changes something.
    Never,
    /// At once: the request only took longer than one request may.
    AtOnce,
    /// After a while.
    Later,
    /// In a new shell.
    InNewShell,
    /// After the shell was reconnected.
    AfterReconnect,
}

impl Cause {
    /// What to tell a person, and what to do.
    #[must_use]
    pub const fn advice(self) -> Advice {
        match self {
            Self::OperationTimedOut => advice(
                "the host had nothing to report within one request's time",
                "ask again; raise the operation timeout if it happens on a request other than for output",
                Retry::AtOnce,
            ),
            Self::ShellGone => advice(
                "the remote shell or its command does not exist any more",
                "run the command again in a new shell; a host that restarted, or an idle timeout, ends shells",
                Retry::InNewShell,
            ),
            Self::TooManyShells => advice(
                "the account has as many remote shells on the host as it may have",
                "close shells that are not needed, or raise MaxShellsPerUser: Set-Item \
                 WSMan:\\localhost\\Shell\\MaxShellsPerUser 100",
                Retry::Later,
            ),
            Self::TooManyOperations => advice(
                "the shell has used up the operations that the host allows it",
                "use a new shell; on hosts where it recurs raise MaxConcurrentOperationsPerUser",
                Retry::InNewShell,
            ),
            Self::TooManyCommands => advice(
                "the shell holds as many commands as the host allows",
                "use a new shell, and end each command with a Signal",
                Retry::InNewShell,
            ),
            Self::TooManyUsers => advice(
                "as many users as the host allows have remote shells",
                "try again later, or raise MaxConcurrentUsers: Set-Item WSMan:\\localhost\\Shell\\MaxConcurrentUsers 100",
                Retry::Later,
            ),
            Self::Overloaded => advice(
                "the host limits how fast it takes requests",
                "wait and send fewer requests at a time",
                Retry::Later,
            ),
            Self::Busy => advice(
                "the host is still busy with an earlier request for the same command or shell",
                "send the request again after a moment",
                Retry::Later,
            ),
            Self::Aborted => advice(
                "the host aborted the operation: the shell was closed, or the host shuts down",
                "find out whether the command had run, and run it again once the host is back",
                Retry::Later,
            ),
            Self::InputClosed => advice(
                "the command reads no more input",
                "look at its output and exit code; it may have ended",
                Retry::Never,
            ),
            Self::Unavailable => advice(
                "the WinRM service of the host is starting or stopping",
                "try again in a minute; if it stays so, look at the WinRM service and its event log",
                Retry::Later,
            ),
            Self::AccessDenied => advice(
                "the account may not do this on the host",
                "add it to Remote Management Users and use a PowerShell endpoint, or to Administrators for the command \
                 shell; a local administrator other than the built-in one also needs LocalAccountTokenFilterPolicy = 1",
                Retry::Never,
            ),
            Self::LogonFailed => advice(
                "the host could not log the account on",
                "check user name and password, and whether the account is disabled, locked, expired or must change its \
                 password",
                Retry::Never,
            ),
            Self::RunAsFailed => advice(
                "the endpoint runs as another account, which the host could not log on",
                "have the endpoint's RunAs account or virtual account repaired on the host",
                Retry::Never,
            ),
            Self::ElevationRequired => advice(
                "the program needs an elevated account",
                "use an account whose token is not filtered, or a scheduled task",
                Retry::Never,
            ),
            Self::RemoteShellsDisabled => advice(
                "the host does not allow remote shells",
                "allow them on the host: Set-Item WSMan:\\localhost\\Shell\\AllowRemoteShellAccess $true, or by group \
                 policy",
                Retry::Never,
            ),
            Self::RemoteAccessDisabled => advice(
                "the WinRM service or the endpoint does not allow remote access",
                "run Enable-PSRemoting on the host, or Enable-PSSessionConfiguration for the endpoint",
                Retry::Never,
            ),
            Self::ResourceNotFound => advice(
                "the host has no such endpoint or resource",
                "check the endpoint's name with Get-PSSessionConfiguration on the host",
                Retry::Never,
            ),
            Self::ShellDisconnected => advice(
                "the shell is disconnected from its client",
                "reconnect to it before anything else",
                Retry::AfterReconnect,
            ),
            Self::ConnectedElsewhere => advice(
                "the shell is connected to another client",
                "disconnect it there, or use another shell",
                Retry::InNewShell,
            ),
            Self::EnvelopeTooLarge => advice(
                "a message is larger than one of the sides takes",
                "ask for less at a time, or raise MaxEnvelopeSizekb on the host",
                Retry::Never,
            ),
            Self::InvalidRequest => advice(
                "the host finds our request malformed, which is a defect of this program or of its settings",
                "report it together with the request; check timeouts and options that were configured",
                Retry::Never,
            ),
            Self::Unsupported => advice(
                "the host does not know this operation or one of its options",
                "use another way to do it; the host may be too old, or not be Windows",
                Retry::Never,
            ),
            Self::InvalidQuery => advice(
                "the host cannot process the query or its filter",
                "check the names of class, properties and namespace, and the WQL syntax",
                Retry::Never,
            ),
            Self::ProgramNotFound => {
                advice("the host has no such program", "check its name, or give its full path", Retry::Never)
            }
            Self::NotAProgram => advice(
                "the file is not a program that the host can run",
                "run it with the interpreter it needs, or a version for the host's processor",
                Retry::Never,
            ),
            Self::CommandTooLong => advice(
                "the command line is longer than the host takes",
                "hand the data over by standard input or as a PowerShell script",
                Retry::Never,
            ),
            Self::DirectoryNotFound => advice(
                "the working directory does not exist on the host, or is not a directory",
                "check the path, and remember that mapped drives do not exist in a remote shell",
                Retry::Never,
            ),
            Self::CodePageUnsupported => {
                advice("the host cannot set the code page", "leave the code page to the host", Retry::Never)
            }
            Self::OutOfMemory => advice(
                "the host, or the shell within its quota, has no memory left",
                "free memory on the host, or raise MaxMemoryPerShellMB",
                Retry::Later,
            ),
            Self::PluginFailed => advice(
                "a plugin of the host's WinRM service failed",
                "look at the Windows Remote Management log of the host, and restart its WinRM service",
                Retry::Never,
            ),
            Self::Configuration => advice(
                "the host's WinRM configuration is wrong",
                "check it on the host with: winrm get winrm/config",
                Retry::Never,
            ),
            Self::Eventing => advice(
                "the host answers about event subscriptions, which were not asked for",
                "check that the address is a WinRM service and not an event collector",
                Retry::Never,
            ),
            Self::ClientLibrary => advice(
                "the answer comes from a Windows client library, so the request went through another client",
                "check for a gateway or proxy between here and the host",
                Retry::Never,
            ),
            Self::Other => advice(
                "the host refused the request",
                "read the host's own message, and its Windows Remote Management log",
                Retry::Never,
            ),
        }
    }
}

const fn advice(sentence: &'static str, fix: &'static str, retry: Retry) -> Advice {
    Advice { sentence, fix, retry }
}
