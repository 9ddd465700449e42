use super::Cause;

/// What to tell a person about a [`Cause`], and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// The cause, as one sentence.
    pub sentence: &'static str,
    /// What to do about it, as one sentence.
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
                "The host had nothing to report within one request's time.",
                "Ask again; raise the operation timeout if it happens on a request other than for output.",
                Retry::AtOnce,
            ),
            Self::ShellGone => advice(
                "The remote shell or its command does not exist any more.",
                "Run the command again in a new shell; a host that restarted, or an idle timeout, ends shells.",
                Retry::InNewShell,
            ),
            Self::TooManyShells => advice(
                "The account has as many remote shells on the host as it may have.",
                "Close shells that are not needed, or raise MaxShellsPerUser: Set-Item \
                 WSMan:\\localhost\\Shell\\MaxShellsPerUser 100.",
                Retry::Later,
            ),
            Self::TooManyOperations => advice(
                "The shell has used up the operations that the host allows it.",
                "Use a new shell; on hosts where it recurs raise MaxConcurrentOperationsPerUser.",
                Retry::InNewShell,
            ),
            Self::TooManyCommands => advice(
                "The shell holds as many commands as the host allows.",
                "Use a new shell, and end each command with a Signal.",
                Retry::InNewShell,
            ),
            Self::TooManyUsers => advice(
                "As many users as the host allows have remote shells.",
                "Try again later, or raise MaxConcurrentUsers: Set-Item WSMan:\\localhost\\Shell\\MaxConcurrentUsers 100.",
                Retry::Later,
            ),
            Self::Overloaded => advice(
                "The host limits how fast it takes requests.",
                "Wait and send fewer requests at a time.",
                Retry::Later,
            ),
            Self::Busy => advice(
                "The host is still busy with an earlier request for the same command or shell.",
                "Send the request again after a moment.",
                Retry::Later,
            ),
            Self::Aborted => advice(
                "The host aborted the operation: the shell was closed, or the host shuts down.",
                "Find out whether the command had run, and run it again once the host is back.",
                Retry::Later,
            ),
            Self::InputClosed => advice(
                "The command reads no more input.",
                "Look at its output and exit code; it may have ended.",
                Retry::Never,
            ),
            Self::Unavailable => advice(
                "The WinRM service of the host is starting or stopping.",
                "Try again in a minute; if it stays so, look at the WinRM service and its event log.",
                Retry::Later,
            ),
            Self::AccessDenied => advice(
                "The account may not do this on the host.",
                "Add it to Remote Management Users and use a PowerShell endpoint, or to Administrators for the command \
                 shell; a local administrator other than the built-in one also needs LocalAccountTokenFilterPolicy = 1.",
                Retry::Never,
            ),
            Self::LogonFailed => advice(
                "The host could not log the account on.",
                "Check user name and password, and whether the account is disabled, locked, expired or must change its \
                 password.",
                Retry::Never,
            ),
            Self::RunAsFailed => advice(
                "The endpoint runs as another account, which the host could not log on.",
                "Have the endpoint's RunAs account or virtual account repaired on the host.",
                Retry::Never,
            ),
            Self::ElevationRequired => advice(
                "The program needs an elevated account.",
                "Use an account whose token is not filtered, or a scheduled task.",
                Retry::Never,
            ),
            Self::RemoteShellsDisabled => advice(
                "The host does not allow remote shells.",
                "Allow them on the host: Set-Item WSMan:\\localhost\\Shell\\AllowRemoteShellAccess $true, or by group \
                 policy.",
                Retry::Never,
            ),
            Self::RemoteAccessDisabled => advice(
                "The WinRM service or the endpoint does not allow remote access.",
                "Run Enable-PSRemoting on the host, or Enable-PSSessionConfiguration for the endpoint.",
                Retry::Never,
            ),
            Self::ResourceNotFound => advice(
                "The host has no such endpoint or resource.",
                "Check the endpoint's name with Get-PSSessionConfiguration on the host.",
                Retry::Never,
            ),
            Self::ShellDisconnected => advice(
                "The shell is disconnected from its client.",
                "Reconnect to it before anything else.",
                Retry::AfterReconnect,
            ),
            Self::ConnectedElsewhere => advice(
                "The shell is connected to another client.",
                "Disconnect it there, or use another shell.",
                Retry::InNewShell,
            ),
            Self::EnvelopeTooLarge => advice(
                "A message is larger than one of the sides takes.",
                "Ask for less at a time, or raise MaxEnvelopeSizekb on the host.",
                Retry::Never,
            ),
            Self::InvalidRequest => advice(
                "The host finds our request malformed, which is a defect of this program or of its settings.",
                "Report it together with the request; check timeouts and options that were configured.",
                Retry::Never,
            ),
            Self::Unsupported => advice(
                "The host does not know this operation or one of its options.",
                "Use another way to do it; the host may be too old, or not be Windows.",
                Retry::Never,
            ),
            Self::InvalidQuery => advice(
                "The host cannot process the query or its filter.",
                "Check the names of class, properties and namespace, and the WQL syntax.",
                Retry::Never,
            ),
            Self::ProgramNotFound => advice(
                "The host has no such program.",
                "Check its name, or give its full path.",
                Retry::Never,
            ),
            Self::NotAProgram => advice(
                "The file is not a program that the host can run.",
                "Run it with the interpreter it needs, or a version for the host's processor.",
                Retry::Never,
            ),
            Self::CommandTooLong => advice(
                "The command line is longer than the host takes.",
                "Hand the data over by standard input or as a PowerShell script.",
                Retry::Never,
            ),
            Self::DirectoryNotFound => advice(
                "The working directory does not exist on the host, or is not a directory.",
                "Check the path, and remember that mapped drives do not exist in a remote shell.",
                Retry::Never,
            ),
            Self::CodePageUnsupported => {
                advice("The host cannot set the code page.", "Leave the code page to the host.", Retry::Never)
            }
            Self::OutOfMemory => advice(
                "The host, or the shell within its quota, has no memory left.",
                "Free memory on the host, or raise MaxMemoryPerShellMB.",
                Retry::Later,
            ),
            Self::PluginFailed => advice(
                "A plugin of the host's WinRM service failed.",
                "Look at the Windows Remote Management log of the host, and restart its WinRM service.",
                Retry::Never,
            ),
            Self::Configuration => advice(
                "The host's WinRM configuration is wrong.",
                "Check it on the host with: winrm get winrm/config.",
                Retry::Never,
            ),
            Self::Eventing => advice(
                "The host answers about event subscriptions, which were not asked for.",
                "Check that the address is a WinRM service and not an event collector.",
                Retry::Never,
            ),
            Self::ClientLibrary => advice(
                "The answer comes from a Windows client library, so the request went through another client.",
                "Check for a gateway or proxy between here and the host.",
                Retry::Never,
            ),
            Self::Other => advice(
                "The host refused the request.",
                "Read the host's own message, and its Windows Remote Management log.",
                Retry::Never,
            ),
        }
    }
}

const fn advice(sentence: &'static str, fix: &'static str, retry: Retry) -> Advice {
    Advice { sentence, fix, retry }
}
