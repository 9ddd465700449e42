//! Who approves, as the operating system knows them: whoever wrote the approval owns its file.

use std::fmt;

/// A user who alone may approve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approver {
    name: String,
    id: u32,
}

/// Why a user cannot be the one who approves.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnApprover {
    /// The system does not know them.
    #[error("this system has no user {0:?}")]
    Unknown(String),
    /// The system does not say who owns a file.
    #[error("another user cannot be told apart on this system")]
    Unsupported,
}

/// Who owns a file or a process; `None` where the system does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    id: Option<u32>,
}

impl Approver {
    /// Takes a user's name, or a number where the name is kept elsewhere than in this system's own list.
    ///
    /// # Errors
    /// [`NotAnApprover`].
    pub fn parse(text: &str) -> Result<Self, NotAnApprover> {
        let id = system::id_of(text)?;
        Ok(Self { name: text.to_owned(), id })
    }

    /// Whether this is that user.
    pub(super) fn is(&self, owner: &Owner) -> bool {
        owner.id == Some(self.id)
    }
}

/// The user of this process.
pub(super) fn me() -> Owner {
    Owner { id: system::own_id() }
}

/// The owner of an open file.
pub(super) fn of(file: &std::fs::File) -> std::io::Result<Owner> {
    Ok(Owner { id: system::owner(&file.metadata()?) })
}

/// Whether a file of this owner is an approval: the wanted user's, or else ours or the administrator's.
pub(super) fn counts(owner: Option<&Owner>, wanted: Option<&Approver>) -> bool {
    match (owner, wanted) {
        (None, _) => false,
        (Some(owner), Some(wanted)) => wanted.is(owner),
        (Some(owner), None) => owner.id == system::own_id() || owner.id == Some(ADMINISTRATOR),
    }
}

impl fmt::Display for Approver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id {
            Some(id) => match system::name_of(id) {
                Some(name) => f.write_str(&name),
                None => write!(f, "user {id}"),
            },
            None => f.write_str("a user of this system"),
        }
    }
}

/// root
const ADMINISTRATOR: u32 = 0;

#[cfg(unix)]
mod system {
    use std::{fs, fs::Metadata, os::unix::fs::MetadataExt as _};

    use super::NotAnApprover;

    pub(super) fn id_of(text: &str) -> Result<u32, NotAnApprover> {
        if let Ok(id) = text.parse() {
            return Ok(id);
        }
        let list = fs::read_to_string(USERS).unwrap_or_default();
        let found = list.lines().filter_map(entry).find(|(name, _)| *name == text);
        found.map(|(_, id)| id).ok_or_else(|| NotAnApprover::Unknown(text.to_owned()))
    }

    pub(super) fn name_of(id: u32) -> Option<String> {
        let list = fs::read_to_string(USERS).ok()?;
        list.lines().filter_map(entry).find(|(_, known)| *known == id).map(|(name, _)| name.to_owned())
    }

    pub(super) fn own_id() -> Option<u32> {
        Some(rustix::process::geteuid().as_raw())
    }

    pub(super) fn owner(metadata: &Metadata) -> Option<u32> {
        Some(metadata.uid())
    }

    /// Name and number of a line `name:x:1000:…`.
    fn entry(line: &str) -> Option<(&str, u32)> {
        let mut fields = line.split(':');
        let name = fields.next()?;
        Some((name, fields.nth(1)?.parse().ok()?))
    }

    const USERS: &str = "/etc/passwd";
}

/// Elsewhere the folder is this user's alone, and nobody else can be asked for.
#[cfg(not(unix))]
mod system {
    use std::fs::Metadata;

    use super::NotAnApprover;

    pub(super) fn id_of(_text: &str) -> Result<u32, NotAnApprover> {
        Err(NotAnApprover::Unsupported)
    }

    pub(super) fn name_of(_id: u32) -> Option<String> {
        None
    }

    pub(super) fn own_id() -> Option<u32> {
        None
    }

    pub(super) fn owner(_metadata: &Metadata) -> Option<u32> {
        None
    }
}
