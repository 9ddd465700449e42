//! The hosts that the configuration names: where they are, who we are there, and how long things may take.
//!
//! Nothing else is ever contacted: a credential goes only to a host that stands here.

pub mod nearest;
mod remoting;

use std::{collections::BTreeSet, fmt, path::PathBuf, time::Duration};

pub use self::remoting::{ConfigurationName, Lockdown, NotAConfigurationName, Remoting};
// What a host is reached by are values of the client's; who reaches it is `session` alone.
use crate::{
    call::HostName,
    remedy::{Code, Remedy},
    secret::Reference,
};
pub use winrm::{Endpoint, EndpointError, NoProxy, Pin, Proxy, Transport};

/// All configured hosts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inventory {
    /// INVARIANT: no two names are the same but for case; in the order of the configuration.
    targets: Vec<Target>,
    /// The host of a call that names none, where there are several.
    preferred: Option<HostName>,
}

/// One configured host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What callers call it and the audit keeps.
    pub name: HostName,
    /// Where it listens.
    pub endpoint: Endpoint,
    /// Who we are there.
    pub login: Login,
    /// What groups it belongs to, for `@tag` and for rules.
    pub tags: BTreeSet<Tag>,
    /// Whom to believe that it is this host.
    pub trust: Trust,
    /// The HTTP proxy on the way, which may leave this host out.
    pub proxy: Option<Proxy>,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// How often a connection that failed before anything was sent is tried again.
    pub max_retries: u32,
    /// How PowerShell is spoken to.
    pub remoting: Remoting,
}

/// A user and where the password lies.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Login {
    /// `user`, `DOMAIN\user` or `user@realm`.
    pub user: String,
    /// Read each time that a connection authenticates.
    pub password: Reference,
    /// How to prove it.
    pub scheme: AuthScheme,
}

/// How to authenticate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AuthScheme {
    /// What the host offers, the strongest first; never Basic.
    #[default]
    Negotiate,
    /// NTLMv2 alone.
    Ntlm,
    /// Basic, over TLS that is verified and for local accounts alone.
    Basic,
}

/// Which certificate a host may show.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Trust {
    /// One that the system's authorities signed.
    #[default]
    SystemRoots,
    /// One that an authority of this PEM file signed.
    CaFile(PathBuf),
    /// Exactly this one, or this key.
    Pin(Pin),
    /// Any. Anybody on the way can be the host.
    Danger(danger::SkipVerification),
}

/// What weakens security, spelled out and logged at start.
pub mod danger {
    /// No certificate is verified. Made by `skip_verification = true` or `WINRM_MCP_SKIP_SSL_VERIFICATION`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct SkipVerification;
}

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Until a connection stands, TLS included.
    pub connect: Duration,
    /// Until a call ends, if the call does not say otherwise.
    pub command: Duration,
}

/// A group of hosts: letters, digits, `-`, `_` and `.`, compared without case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(String);

/// A text that is no tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a tag is letters, digits, '-', '_' and '.', not {0:?}")]
pub struct NotATag(pub String);

/// Why there is no such host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InventoryError {
    /// No host is configured at all.
    #[error("no host is configured")]
    Empty,
    /// The configuration does not name it.
    #[error("no host is called {asked:?} in the configuration")]
    Unknown {
        /// What was asked for.
        asked: String,
        /// The configured name that looks most like it.
        nearest: Option<HostName>,
    },
    /// No host has this tag.
    #[error("no host has the tag {asked:?}")]
    UnknownTag {
        /// What was asked for.
        asked: String,
        /// The tag in use that looks most like it.
        nearest: Option<Tag>,
    },
    /// Several hosts are configured, and the caller named none.
    #[error("{count} hosts are configured and the call names none")]
    Ambiguous {
        /// How many there are.
        count: usize,
    },
    /// Two hosts have one name.
    #[error("two hosts are called {0:?}")]
    Twice(HostName),
}

impl Inventory {
    /// Takes the hosts in the order in which lists show them.
    ///
    /// # Errors
    /// [`InventoryError::Twice`] where two names differ in case at most.
    pub fn new(targets: Vec<Target>) -> Result<Self, InventoryError> {
        let mut seen = BTreeSet::new();
        for target in &targets {
            if !seen.insert(target.name.as_str().to_lowercase()) {
                return Err(InventoryError::Twice(target.name.clone()));
            }
        }
        Ok(Self { targets, preferred: None })
    }

    /// The same hosts, of which this one is meant when a call names none.
    #[must_use]
    pub fn preferring(self, name: &HostName) -> Self {
        Self { preferred: Some(name.clone()), ..self }
    }

    /// The host of this name, whatever its case.
    ///
    /// # Errors
    /// [`InventoryError::Unknown`] with the nearest name.
    pub fn find(&self, name: &HostName) -> Result<&Target, InventoryError> {
        let asked = name.as_str().to_lowercase();
        self.targets.iter().find(|target| target.name.as_str().to_lowercase() == asked).ok_or_else(|| {
            if self.targets.is_empty() {
                return InventoryError::Empty;
            }
            let names = self.targets.iter().map(|target| target.name.as_str());
            let nearest = nearest::nearest(name.as_str(), names).map(HostName::new);
            InventoryError::Unknown { asked: name.as_str().to_owned(), nearest }
        })
    }

    /// The only host, or the preferred one, for a caller who names none.
    ///
    /// # Errors
    /// [`InventoryError::Empty`] and [`InventoryError::Ambiguous`].
    pub fn only(&self) -> Result<&Target, InventoryError> {
        if let Some(name) = &self.preferred {
            return self.find(name);
        }
        match self.targets.as_slice() {
            [] => Err(InventoryError::Empty),
            [target] => Ok(target),
            several => Err(InventoryError::Ambiguous { count: several.len() }),
        }
    }

    /// The hosts that `@tag` or a name selects, in order, at least one.
    ///
    /// # Errors
    /// [`InventoryError::UnknownTag`] and what [`Inventory::find`] says.
    pub fn select(&self, text: &str) -> Result<Vec<&Target>, InventoryError> {
        let Some(tag) = text.strip_prefix('@') else {
            return self.find(&HostName::new(text)).map(|target| vec![target]);
        };
        let wanted = tag.to_ascii_lowercase();
        let selected: Vec<_> =
            self.targets.iter().filter(|target| target.tags.iter().any(|tag| tag.0 == wanted)).collect();
        if !selected.is_empty() {
            return Ok(selected);
        }
        let tags = self.targets.iter().flat_map(|target| &target.tags).map(Tag::as_str);
        let nearest = nearest::nearest(&wanted, tags).map(|tag| Tag(tag.to_owned()));
        Err(InventoryError::UnknownTag { asked: tag.to_owned(), nearest })
    }

    /// Every host, in the order of the configuration.
    #[must_use]
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }
}

impl AuthScheme {
    /// Every spelling in a configuration.
    pub const NAMES: [&'static str; 3] = ["negotiate", "ntlm", "basic"];

    /// Reads a configuration's spelling, whatever its case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "negotiate" => Some(Self::Negotiate),
            "ntlm" => Some(Self::Ntlm),
            "basic" => Some(Self::Basic),
            _ => None,
        }
    }

    /// The spelling in a configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Negotiate => "negotiate",
            Self::Ntlm => "ntlm",
            Self::Basic => "basic",
        }
    }
}

impl Tag {
    /// Reads a tag; its letters become small.
    ///
    /// # Errors
    /// [`NotATag`].
    pub fn parse(text: &str) -> Result<Self, NotATag> {
        let valid = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
        if text.is_empty() || !text.chars().all(valid) {
            return Err(NotATag(text.to_owned()));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The tag in small letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(30), command: Duration::from_secs(300) }
    }
}

impl Remedy for InventoryError {
    fn code(&self) -> Code {
        match self {
            Self::Empty | Self::Twice(_) => Code::Configuration,
            Self::Unknown { .. } | Self::UnknownTag { .. } | Self::Ambiguous { .. } => Code::Usage,
        }
    }

    fn fix(&self) -> Option<String> {
        Some(match self {
            Self::Empty => "set WINRM_MCP_HOST, or name hosts in winrm-mcp.toml".to_owned(),
            Self::Unknown { nearest: Some(name), .. } => format!("did you mean {:?}?", name.as_str()),
            Self::Unknown { nearest: None, .. } => {
                "list_hosts and check-config show the hosts there are".to_owned()
            }
            Self::UnknownTag { nearest: Some(tag), .. } => format!("did you mean \"@{tag}\"?"),
            Self::UnknownTag { nearest: None, .. } => {
                "list_hosts and check-config show the tags in use".to_owned()
            }
            Self::Ambiguous { .. } => {
                "name the host (--host on the command line); list_hosts and check-config show them".to_owned()
            }
            Self::Twice(name) => format!("rename one of the hosts called {:?}", name.as_str()),
        })
    }
}

#[cfg(test)]
mod tests;
