//! Settings as they were written, each with where it stands.

use std::{fmt, path::PathBuf};

use serde::{Serialize, Serializer};

use super::approval::ApprovalSettings;
use crate::{
    inventory::{AuthScheme, ConfigurationName, Pin, Proxy, Tag},
    policy::{RuleSettings, ScriptSettings},
    secret::Reference,
};

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// A place in a file; line and column from 1.
    File {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The column, in characters.
        column: usize,
    },
    /// A variable, by its name.
    Variable(String),
    /// An argument, as it is written.
    Argument(&'static str),
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sourced<T> {
    pub(super) value: T,
    pub(super) source: Source,
}

/// Which proxy is on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ProxyChoice {
    /// None, whatever the environment says.
    Direct,
    /// This one.
    Through(Proxy),
}

/// What can be said about a host, or about all that do not say otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct HostSettings {
    pub(super) name: Option<Sourced<String>>,
    pub(super) endpoint: Option<Sourced<String>>,
    pub(super) user: Option<Sourced<String>>,
    pub(super) password: Option<Sourced<Reference>>,
    pub(super) auth: Option<Sourced<AuthScheme>>,
    pub(super) https: Option<Sourced<bool>>,
    pub(super) port: Option<Sourced<u16>>,
    pub(super) http_port: Option<Sourced<u16>>,
    pub(super) https_port: Option<Sourced<u16>>,
    pub(super) ca_file: Option<Sourced<PathBuf>>,
    pub(super) tls_pin: Option<Sourced<Pin>>,
    pub(super) proxy: Option<Sourced<ProxyChoice>>,
    pub(super) skip_verification: Option<Sourced<bool>>,
    pub(super) connect_timeout: Option<Sourced<u32>>,
    pub(super) command_timeout: Option<Sourced<u32>>,
    pub(super) max_retries: Option<Sourced<u32>>,
    pub(super) configuration_name: Option<Sourced<ConfigurationName>>,
    pub(super) lockdown: Option<Sourced<bool>>,
    pub(super) tags: Vec<Tag>,
    /// Where the host as a whole stands.
    pub(super) place: Option<Source>,
}

/// What holds for the whole process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Globals {
    pub(super) profile: Option<Sourced<String>>,
    pub(super) allow: Option<Sourced<Vec<String>>>,
    pub(super) include: Option<Sourced<Vec<String>>>,
    pub(super) exclude: Option<Sourced<Vec<String>>>,
    /// Only a file has rules.
    pub(super) rules: Vec<Sourced<RuleSettings>>,
    /// And only a file has scripts.
    pub(super) scripts: Vec<Sourced<ScriptSettings>>,
    pub(super) approval: ApprovalSettings,
    pub(super) audit_file: Option<Sourced<PathBuf>>,
    pub(super) state_dir: Option<Sourced<PathBuf>>,
    pub(super) log: Option<Sourced<String>>,
    pub(super) max_output: Option<Sourced<u32>>,
    pub(super) handover_seconds: Option<Sourced<u32>>,
}

impl ProxyChoice {
    /// Reads `none` or a proxy's address; the text may hold a password, so an error does not repeat it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("none") {
            return Some(Self::Direct);
        }
        Proxy::parse(text).ok().map(Self::Through)
    }
}

impl<T> Sourced<T> {
    pub(super) fn new(value: T, source: Source) -> Self {
        Self { value, source }
    }
}

impl HostSettings {
    /// What `self` does not say comes from `other`; name, endpoint and tags stay.
    pub(super) fn or(self, other: &Self) -> Self {
        Self {
            user: self.user.or_else(|| other.user.clone()),
            password: self.password.or_else(|| other.password.clone()),
            auth: self.auth.or_else(|| other.auth.clone()),
            https: self.https.or_else(|| other.https.clone()),
            port: self.port.or_else(|| other.port.clone()),
            http_port: self.http_port.or_else(|| other.http_port.clone()),
            https_port: self.https_port.or_else(|| other.https_port.clone()),
            ca_file: self.ca_file.or_else(|| other.ca_file.clone()),
            tls_pin: self.tls_pin.or_else(|| other.tls_pin.clone()),
            proxy: self.proxy.or_else(|| other.proxy.clone()),
            skip_verification: self.skip_verification.or_else(|| other.skip_verification.clone()),
            connect_timeout: self.connect_timeout.or_else(|| other.connect_timeout.clone()),
            command_timeout: self.command_timeout.or_else(|| other.command_timeout.clone()),
            max_retries: self.max_retries.or_else(|| other.max_retries.clone()),
            configuration_name: self.configuration_name.or_else(|| other.configuration_name.clone()),
            lockdown: self.lockdown.or_else(|| other.lockdown.clone()),
            ..self
        }
    }
}

impl Globals {
    /// What `self` does not say comes from `other`; the exclude lists stay apart, for they add up.
    pub(super) fn or(self, other: &Self) -> Self {
        Self {
            profile: self.profile.or_else(|| other.profile.clone()),
            allow: self.allow.or_else(|| other.allow.clone()),
            include: self.include.or_else(|| other.include.clone()),
            audit_file: self.audit_file.or_else(|| other.audit_file.clone()),
            state_dir: self.state_dir.or_else(|| other.state_dir.clone()),
            log: self.log.or_else(|| other.log.clone()),
            max_output: self.max_output.or_else(|| other.max_output.clone()),
            handover_seconds: self.handover_seconds.or_else(|| other.handover_seconds.clone()),
            ..self
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Argument(name) => f.write_str(name),
        }
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
