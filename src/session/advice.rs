//! What to do about what hosts and networks answer.

use winrm::{ConnectError, HttpError, TlsError};
use winrm_proto::{
    connection,
    wsman::{
        Fault,
        fault::{Cause, Retry},
    },
};

use crate::remedy::Code;

/// The class of a failure on the host or on the way there.
pub(super) fn code(cause: &winrm::Cause) -> Code {
    match cause {
        winrm::Cause::Connect(_) | winrm::Cause::Http(_) | winrm::Cause::Proxy(_) => Code::Unreachable,
        winrm::Cause::Tls(_) | winrm::Cause::MalformedCertificate(_) => Code::Tls,
        winrm::Cause::RefusedCredential { .. } | winrm::Cause::RememberedRefusal { .. } => {
            Code::Authentication
        }
        winrm::Cause::Connection(error) => connection_code(error),
        winrm::Cause::Fault(fault) => fault_code(fault),
        winrm::Cause::Command(_)
        | winrm::Cause::Unwritable(_)
        | winrm::Cause::ConfigurationName(_)
        | winrm::Cause::PowerShell(_) => Code::Usage,
        winrm::Cause::Unusable(_)
        | winrm::Cause::Unrelated
        | winrm::Cause::BrokenProtocol(_)
        | winrm::Cause::PoolLost { .. }
        | winrm::Cause::PoolDiscarded
        | winrm::Cause::RunspacesRefused { .. }
        | winrm::Cause::Lock(_)
        | winrm::Cause::NotARunspacePool { .. } => Code::Remote,
        winrm::Cause::NoRandomBytes | winrm::Cause::ShutDown => Code::Internal,
    }
}

/// One thing to do about it.
pub(super) fn fix(cause: &winrm::Cause) -> Option<String> {
    let fix = match cause {
        winrm::Cause::Connect(error) => connect_fix(error),
        winrm::Cause::Proxy(_) => "check the proxy's address and account, or list the host in NO_PROXY",
        winrm::Cause::Tls(error) => tls_fix(error),
        winrm::Cause::MalformedCertificate(_) => "give the host's HTTPS listener a well-formed certificate",
        winrm::Cause::RefusedCredential { .. } => {
            "check user and password; the same password is not tried again until the secret that is read differs"
        }
        winrm::Cause::RememberedRefusal { .. } => {
            "correct the secret where it lies; it is read again for each call"
        }
        winrm::Cause::Connection(error) => connection_fix(error),
        winrm::Cause::Http(HttpError::TimedOut) => {
            "the host is overloaded or a firewall drops the packets; try again later"
        }
        winrm::Cause::Http(HttpError::Closed | HttpError::Io(_)) => {
            "the host restarted or something on the way closes connections; check_host shows whether it is back"
        }
        winrm::Cause::Http(_) => "something other than WinRM answers on this port; check address and port",
        winrm::Cause::Fault(fault) => Cause::from_fault(fault).advice().fix,
        winrm::Cause::Command(_) => "shorten the command, or name the program by its full path",
        winrm::Cause::Unwritable(_) => "leave out control characters",
        winrm::Cause::ConfigurationName(_) => {
            "name an endpoint that Get-PSSessionConfiguration lists on the host"
        }
        winrm::Cause::PoolLost { .. } | winrm::Cause::PoolDiscarded => {
            "run it again, once it is clear what the first run did: it gets a new PowerShell session"
        }
        winrm::Cause::RunspacesRefused { .. } => {
            "ask for at least one runspace, and no fewer than the pool's minimum"
        }
        winrm::Cause::Lock(_) => {
            "nothing ran: name a JEA endpoint (configuration_name) instead of lockdown, or list commands that the host has"
        }
        winrm::Cause::NotARunspacePool { .. } => "name the shell of a PowerShell session",
        winrm::Cause::Unusable(_)
        | winrm::Cause::Unrelated
        | winrm::Cause::PowerShell(_)
        | winrm::Cause::BrokenProtocol(_)
        | winrm::Cause::NoRandomBytes
        | winrm::Cause::ShutDown => return None,
    };
    Some(fix.to_owned())
}

fn connection_code(error: &connection::Error) -> Code {
    use connection::Error;
    match error {
        Error::CredentialRefused(_)
        | Error::OnlyKerberos
        | Error::NotOffered { .. }
        | Error::Ntlm(_)
        | Error::AuthenticationLost
        | Error::ClosedDuringAuthentication => Code::Authentication,
        Error::NoScheme | Error::BasicWithoutTls | Error::Basic(_) => Code::Configuration,
        Error::NotWinRm { .. } | Error::Redirect { .. } => Code::Unreachable,
        Error::UnexpectedStatus(429 | 503) => Code::TryLater,
        _ => Code::Remote,
    }
}

fn connection_fix(error: &connection::Error) -> &'static str {
    use connection::Error;
    match error {
        Error::OnlyKerberos => {
            "enable Negotiate on the host (winrm set winrm/config/service/auth @{Negotiate=\"true\"})"
        }
        Error::NotOffered { .. } => "set WINRM_MCP_AUTH (or auth) to a scheme that the host offers",
        Error::ClosedDuringAuthentication | Error::AuthenticationLost => {
            "connect to the host itself: NTLM belongs to one connection, which a proxy or load balancer has to keep"
        }
        Error::NotWinRm { .. } => {
            "check host and port; winrm enumerate winrm/config/listener on the host shows them"
        }
        Error::Redirect { .. } => "name the WinRM host itself",
        Error::NoScheme | Error::BasicWithoutTls | Error::Basic(_) => {
            "set auth to negotiate or ntlm, or use HTTPS"
        }
        Error::UnexpectedStatus(429 | 503) => "try again later",
        _ => "check that a Windows WinRM service answers there; check_host shows what does",
    }
}

fn connect_fix(error: &ConnectError) -> &'static str {
    match error {
        ConnectError::UnknownHost { .. } => "check the host's name, or use its address",
        ConnectError::ResolutionTimedOut { .. } => "check the name servers, or use the host's address",
        ConnectError::Refused { .. } => {
            "enable the HTTPS listener on the host (winrm quickconfig -transport:https), or check the port"
        }
        _ => "check that the host is up and that a firewall lets port 5986 through",
    }
}

fn tls_fix(error: &TlsError) -> &'static str {
    match error {
        TlsError::UnknownIssuer | TlsError::Certificate(_) => {
            "name the authority's certificate with WINRM_MCP_CA_FILE (or ca_file)"
        }
        TlsError::Expired { .. } => "renew the certificate of the host's HTTPS listener",
        TlsError::NotValidYet { .. } => "set the clock here or on the host right",
        TlsError::NameMismatch { .. } => "use a name that the certificate carries",
        TlsError::NotForServers => "give the listener a certificate for server authentication",
        TlsError::NotPinned { .. } => {
            "if the host's certificate was renewed, correct the pin; else somebody is on the way"
        }
        TlsError::NoSharedSuite => "give the host an ECDSA certificate, or a newer Windows",
        _ => "check that the port is the HTTPS listener's, by default 5986",
    }
}

fn fault_code(fault: &Fault) -> Code {
    match Cause::from_fault(fault) {
        Cause::AccessDenied | Cause::LogonFailed | Cause::ElevationRequired => Code::Authentication,
        Cause::CommandTooLong | Cause::InvalidQuery | Cause::NotAProgram => Code::Usage,
        cause if cause.advice().retry != Retry::Never => Code::TryLater,
        _ => Code::Remote,
    }
}
