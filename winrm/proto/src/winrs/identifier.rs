use std::fmt;

use uuid::Uuid;

use crate::wsman::{Header, InvalidIdentifier, ResourceUri, SelectorSet, Target};

/// MS-WSMV 2.2.4.37: names a shell on its host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ShellId(Box<str>);

/// MS-WSMV 2.2.4.5: names a command in its shell.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CommandId(Box<str>);

/// A shell as a request must name it: the host refuses any other resource URI than the one it was created with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ShellReference {
    /// The resource that the shell was created as.
    pub resource_uri: ResourceUri,
    /// The shell.
    pub shell_id: ShellId,
}

impl ShellId {
    /// The UUID in upper case, as Windows writes it.
    #[must_use]
    pub fn from_uuid(uuid: Uuid) -> Self {
        Self(upper(uuid))
    }

    /// The identifier in `text`, white space around it removed.
    ///
    /// # Errors
    /// [`InvalidIdentifier`].
    pub fn parse(text: &str) -> Result<Self, InvalidIdentifier> {
        crate::wsman::check_identifier(text).map(|text| Self(text.into()))
    }

    /// The identifier as it stands in a message.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The identifier as a UUID, with or without `uuid:` before it; PSRP needs it so.
    #[must_use]
    pub fn to_uuid(&self) -> Option<Uuid> {
        to_uuid(&self.0)
    }
}

impl CommandId {
    /// The UUID in upper case, as Windows writes it.
    #[must_use]
    pub fn from_uuid(uuid: Uuid) -> Self {
        Self(upper(uuid))
    }

    /// The identifier in `text`, white space around it removed.
    ///
    /// # Errors
    /// [`InvalidIdentifier`].
    pub fn parse(text: &str) -> Result<Self, InvalidIdentifier> {
        crate::wsman::check_identifier(text).map(|text| Self(text.into()))
    }

    /// The identifier as it stands in a message.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The identifier as a UUID, with or without `uuid:` before it; PSRP needs it so.
    #[must_use]
    pub fn to_uuid(&self) -> Option<Uuid> {
        to_uuid(&self.0)
    }
}

impl ShellReference {
    /// The shell as the target of a request.
    #[must_use]
    pub fn target(&self) -> Target {
        Target {
            resource_uri: self.resource_uri.clone(),
            selectors: SelectorSet::new().with(SHELL_ID, self.shell_id.as_str()),
        }
    }

    /// The shell that a request names, where it names one.
    #[must_use]
    pub fn from_header(header: &Header) -> Option<Self> {
        let shell_id = ShellId::parse(header.selectors.value(SHELL_ID)?).ok()?;
        Some(Self { resource_uri: header.resource_uri.clone()?, shell_id })
    }
}

impl fmt::Display for ShellId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The selector that names a shell.
pub(super) const SHELL_ID: &str = "ShellId";

fn upper(uuid: Uuid) -> Box<str> {
    let mut buffer = Uuid::encode_buffer();
    (&*uuid.hyphenated().encode_upper(&mut buffer)).into()
}

fn to_uuid(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text.strip_prefix("uuid:").unwrap_or(text)).ok()
}
