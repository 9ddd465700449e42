//! What to do about what hosts and networks answer.

use winrm::{Cause, ConnectError, HttpError, TlsError};
use winrm_proto::{connection, wsman::Fault};

use crate::remedy::Code;

/// The class of a failure on the host or on the way there.
pub(super) fn code(cause: &Cause) -> Code {
    match cause {
        Cause::Connect(_) | Cause::Http(_) | Cause::Proxy(_) => Code::Unreachable,
        Cause::Tls(_) | Cause::MalformedCertificate(_) => Code::Tls,
        Cause::RefusedCredential { .. } | Cause::RememberedRefusal { .. } => Code::Authentication,
        Cause::Connection(error) => connection_code(error),
        Cause::Fault(fault) => fault_code(fault),
        Cause::Command(_) | Cause::Unwritable(_) => Code::Usage,
        Cause::Unusable(_) | Cause::Unrelated => Code::Remote,
        Cause::NoRandomBytes | Cause::ShutDown => Code::Internal,
    }
}

/// One thing to do about it.
pub(super) fn fix(cause: &Cause) -> Option<String> {
    let fix = match cause {
        Cause::Connect(error) => connect_fix(error),
        Cause::Proxy(_) => "check the proxy's address and account, or list the host in NO_PROXY",
        Cause::Tls(error) => tls_fix(error),
        Cause::MalformedCertificate(_) => "give the host's HTTPS listener a well-formed certificate",
        Cause::RefusedCredential { .. } => {
            "check user and password; the same password is not tried again until the secret that is read differs"
        }
        Cause::RememberedRefusal { .. } => "correct the secret where it lies; it is read again for each call",
        Cause::Connection(error) => connection_fix(error),
        Cause::Http(HttpError::TimedOut) => {
            "the host is overloaded or a firewall drops the packets; try again later"
        }
        Cause::Http(HttpError::Closed | HttpError::Io(_)) => {
            "the host restarted or something on the way closes connections; check_host shows whether it is back"
        }
        Cause::Http(_) => "something other than WinRM answers on this port; check address and port",
        Cause::Fault(fault) => return fault_fix(fault).map(str::to_owned),
        Cause::Command(_) => "shorten the command, or name the program by its full path",
        Cause::Unwritable(_) => "leave out control characters",
        Cause::Unusable(_) | Cause::Unrelated | Cause::NoRandomBytes | Cause::ShutDown => return None,
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
    match fault.wsman_code() {
        Some(0x8033_81A5 | 0x8033_81E4 | 0x8033_81A6 | 0x8033_81E8 | 0x8033_81E9) => Code::TryLater,
        Some(0x8033_81A8 | 0x8033_81AB | 170 | 995 | 0x8033_81C4 | 0x8033_81DE) => Code::TryLater,
        Some(5) => Code::Authentication,
        _ => Code::Remote,
    }
}

fn fault_fix(fault: &Fault) -> Option<&'static str> {
    Some(match fault.wsman_code()? {
        5 => {
            "let the account use WinRM: local group Remote Management Users, or Administrators \
             (a local administrator also needs LocalAccountTokenFilterPolicy=1)"
        }
        170 => "the command is busy; try again later",
        995 => "the host closed the operation, perhaps to restart; try again later",
        0x8033_81A5 | 0x8033_81E4 => {
            "close shells that nobody uses on the host, or raise MaxShellsPerUser in winrm/config/winrs"
        }
        0x8033_81A6 | 0x8033_81E8 | 0x8033_81E9 => {
            "the shell's quota is used up; the next call gets a new one"
        }
        0x8033_81A8 | 0x8033_81AB => "the host is busy; try again later",
        0x8033_81AC => "allow remote shells on the host (AllowRemoteShellAccess in winrm/config/winrs)",
        0x8007_0002 => "there is no such program on the host; check its name",
        0x8007_00CE => "the command line is too long for the host",
        _ => return None,
    })
}
