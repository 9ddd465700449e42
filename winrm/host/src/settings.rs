//! What a host is made of, each choice a type that cannot say something else.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address that only this machine can reach. The host binds nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loopback(IpAddr);

impl Loopback {
    /// `127.0.0.1`.
    pub const V4: Self = Self(IpAddr::V4(Ipv4Addr::LOCALHOST));
    /// `::1`.
    pub const V6: Self = Self(IpAddr::V6(Ipv6Addr::LOCALHOST));

    /// The address itself.
    #[must_use]
    pub fn address(self) -> IpAddr {
        self.0
    }
}

impl TryFrom<IpAddr> for Loopback {
    type Error = NotLoopback;

    fn try_from(address: IpAddr) -> Result<Self, NotLoopback> {
        if address.is_loopback() { Ok(Self(address)) } else { Err(NotLoopback(address)) }
    }
}

/// The address would be reachable from other machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a loopback address; the simulated host is never offered to a network")]
pub struct NotLoopback(pub IpAddr);

/// How the bytes travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TLS 1.3 and 1.2, as Windows Server 2022.
    Https,
    /// TLS 1.2 only, as Windows Server 2016 and 2019.
    HttpsTls12,
    /// Plain TCP. Envelopes must be sealed, as `AllowUnencrypted=false` demands.
    Http,
}

/// An authentication scheme that a host offers in `WWW-Authenticate` and a client names in `Authorization`.
///
/// The host offers whatever it is told to, but it accepts only Negotiate, NTLM and Basic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Raw NTLM messages or SPNEGO tokens.
    Negotiate,
    /// Raw NTLM messages.
    Ntlm,
    /// Offered only.
    Kerberos,
    /// Offered only.
    CredSsp,
    /// User name and password, accepted over TLS only.
    Basic,
}

impl Scheme {
    /// The scheme's name as HTTP spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Negotiate => "Negotiate",
            Self::Ntlm => "NTLM",
            Self::Kerberos => "Kerberos",
            Self::CredSsp => "CredSSP",
            Self::Basic => "Basic",
        }
    }

    /// The challenge that offers this scheme, as WinRM writes it.
    pub(crate) fn offer(self) -> &'static str {
        match self {
            Self::Basic => "Basic realm=\"WSMAN\"",
            other => other.name(),
        }
    }

    /// Reads the scheme of an `Authorization` header's first word.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Negotiate, Self::Ntlm, Self::Kerberos, Self::CredSsp, Self::Basic]
            .into_iter()
            .find(|scheme| scheme.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the host does about channel binding tokens (`CbtHardeningLevel`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HardeningLevel {
    /// The token is not looked at.
    None,
    /// A token that is there must be right. Windows' default.
    Relaxed,
    /// A token must be there and right.
    Strict,
}

/// What becomes of a runspace on which a client puts the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LockOutcome {
    /// It is locked.
    #[default]
    Holds,
    /// The script fails half-way, and the runspace stays open.
    Fails,
    /// The script says nothing, and the hidden commands still run.
    LeavesCommands,
    /// The script says nothing, and the runspace still takes scripts.
    LeavesLanguage,
}

/// The limits that Windows keeps under `winrm/config/winrs` and `winrm/config/service`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Open shells of one user. Windows' default is 30.
    pub max_shells_per_user: usize,
    /// Operations of one user that are under way at the same time. Windows' default is 1,500.
    pub max_concurrent_operations_per_user: usize,
    /// Commands that one shell ever runs; they are not given back. Windows' default is 1,500, 15 on old hosts.
    pub max_operations_per_shell: usize,
    /// Bytes of the largest request. Windows' default is 500 KB.
    pub max_envelope_size: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            max_shells_per_user: 30,
            max_concurrent_operations_per_user: 1_500,
            max_operations_per_shell: 1_500,
            max_envelope_size: 512_000,
        }
    }
}
