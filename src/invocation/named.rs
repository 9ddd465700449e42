//! Named sessions: variables and functions of scripts that outlive them, here and not on the host.
//!
//! A session belongs to one principal and one host, serves one script at a time, and is forgotten when nobody has
//! used it for a while. Nothing of it lies on the host, so closing one asks nobody.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use winrm_script::{evaluate, value::Value};

use crate::{
    call::{HostName, Principal},
    remedy::{Code, Remedy, Retry},
};

/// The named sessions of this process.
#[derive(Debug, Default)]
pub struct NamedSessions {
    open: Mutex<BTreeMap<Key, Entry>>,
}

/// A session's name: 1 to 64 ASCII letters, digits, dots, dashes and underscores.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionName(String);

/// A session as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: SessionName,
    /// Its host.
    pub host: HostName,
    /// Whether a script uses it now.
    pub busy: bool,
    /// The variables that it keeps; none while it is busy.
    pub variables: Vec<String>,
    /// The functions that it keeps; none while it is busy.
    pub functions: Vec<String>,
    /// For how long nobody has used it.
    pub idle: Duration,
}

/// A session that a script uses. What it was before comes back when this is dropped without
/// [`Borrowed::give_back`].
#[derive(Debug)]
pub(super) struct Borrowed<'s> {
    sessions: &'s NamedSessions,
    key: Key,
    before: evaluate::Session,
}

/// Why a session cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionsError {
    /// The name holds something else than names do.
    #[error("a session's name has 1 to 64 letters, digits, dots, dashes and underscores")]
    Name,
    /// Another script of the same session runs.
    #[error("the session {name} is busy with another call")]
    Busy {
        /// Its name.
        name: String,
    },
    /// There are as many as there may be.
    #[error("there are {MOST} sessions already")]
    TooMany,
    /// The script left more than a session holds.
    #[error("the session {name} would hold more than {} MB; it is as it was before", LARGEST >> 20)]
    TooLarge {
        /// Its name.
        name: String,
    },
    /// No session has this name.
    #[error("no session is called {name} on {host}")]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The host that was asked for.
        host: HostName,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    principal: String,
    host: HostName,
    name: SessionName,
}

#[derive(Debug)]
struct Entry {
    /// Nothing while a script uses it.
    session: Option<evaluate::Session>,
    used: Instant,
}

impl NamedSessions {
    /// Takes a session for one script; a new one where there is none of this name.
    pub(super) fn borrow(
        &self,
        principal: &Principal,
        host: &HostName,
        name: &SessionName,
    ) -> Result<Borrowed<'_>, SessionsError> {
        let key = Key::new(principal, host, name);
        let mut open = self.lock();
        let full = open.len() >= MOST;
        let before = match open.get_mut(&key) {
            Some(entry) => {
                entry.session.take().ok_or_else(|| SessionsError::Busy { name: name.to_string() })?
            }
            None if full => return Err(SessionsError::TooMany),
            None => {
                open.insert(key.clone(), Entry { session: None, used: Instant::now() });
                evaluate::Session::default()
            }
        };
        Ok(Borrowed { sessions: self, key, before })
    }

    /// The sessions of one principal, by host and name.
    #[must_use]
    pub fn list(&self, principal: &Principal) -> Vec<Listed> {
        let open = self.lock();
        let own = open.iter().filter(|(key, _)| key.principal == principal.as_str());
        own.map(|(key, entry)| {
            let names = |names: fn(&evaluate::Session) -> Vec<String>| {
                entry.session.as_ref().map(names).unwrap_or_default()
            };
            Listed {
                name: key.name.clone(),
                host: key.host.clone(),
                busy: entry.session.is_none(),
                variables: names(|session| session.variables().map(|(name, _)| name.to_owned()).collect()),
                functions: names(|session| session.functions().map(str::to_lowercase).collect()),
                idle: entry.used.elapsed(),
            }
        })
        .collect()
    }

    /// Forgets a session.
    ///
    /// # Errors
    /// There is none of this name, or a script uses it.
    pub fn close(
        &self,
        principal: &Principal,
        host: &HostName,
        name: &SessionName,
    ) -> Result<(), SessionsError> {
        let key = Key::new(principal, host, name);
        let mut open = self.lock();
        match open.get(&key) {
            None => Err(SessionsError::Unknown { name: name.to_string(), host: host.clone() }),
            Some(Entry { session: None, .. }) => Err(SessionsError::Busy { name: name.to_string() }),
            Some(_) => {
                open.remove(&key);
                Ok(())
            }
        }
    }

    /// The sessions, without those that nobody has used for long.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Entry>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, entry| entry.session.is_none() || entry.used.elapsed() < IDLE);
        open
    }
}

impl Borrowed<'_> {
    /// What the session holds, made anew: a script that does not come to its end changes nothing of it.
    pub(super) fn session(&self) -> evaluate::Session {
        self.before.deep_clone()
    }

    /// Keeps what the script left.
    pub(super) fn give_back(mut self, after: evaluate::Session) -> Result<(), SessionsError> {
        let mut left = LARGEST;
        if !after.variables().all(|(_, value)| fits(value, &mut left, DEPTH)) {
            return Err(SessionsError::TooLarge { name: self.key.name.to_string() });
        }
        self.before = after;
        Ok(())
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        let mut open = self.sessions.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = open.get_mut(&self.key) {
            *entry = Entry { session: Some(std::mem::take(&mut self.before)), used: Instant::now() };
        }
    }
}

impl SessionName {
    /// Takes a name as it was written.
    ///
    /// # Errors
    /// [`SessionsError::Name`].
    pub fn parse(name: &str) -> Result<Self, SessionsError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if (1..=64).contains(&name.len()) && name.bytes().all(plain) {
            Ok(Self(name.to_owned()))
        } else {
            Err(SessionsError::Name)
        }
    }
}

impl Key {
    fn new(principal: &Principal, host: &HostName, name: &SessionName) -> Self {
        Self { principal: principal.as_str().to_owned(), host: host.clone(), name: name.clone() }
    }
}

impl fmt::Display for SessionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Remedy for SessionsError {
    fn code(&self) -> Code {
        match self {
            Self::Busy { .. } | Self::TooMany => Code::TryLater,
            Self::Name | Self::TooLarge { .. } | Self::Unknown { .. } => Code::Usage,
        }
    }

    fn fix(&self) -> Option<String> {
        Some(match self {
            Self::Name => "name it like inventory-1".to_owned(),
            Self::Busy { .. } => "wait for that call to end, or use another name".to_owned(),
            Self::TooMany => "close one with close_session; list_sessions names them".to_owned(),
            Self::TooLarge { .. } => "keep less in variables: names and ids instead of objects".to_owned(),
            Self::Unknown { .. } => "list_sessions names those that are open".to_owned(),
        })
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Busy { .. } => Retry::Later,
            _ => Retry::Never,
        }
    }
}

/// Whether a value takes no more than what is left, which it then uses up.
fn fits(value: &Value, left: &mut usize, depth: usize) -> bool {
    let own = size_of::<Value>() + value.as_str().map_or(0, str::len);
    let Some(rest) = left.checked_sub(own) else { return false };
    *left = rest;
    let Some(depth) = depth.checked_sub(1) else { return false };
    match value {
        Value::Array(array) => array.to_vec().iter().all(|item| fits(item, left, depth)),
        Value::Table(table) => {
            table.entries().iter().all(|(key, value)| fits(key, left, depth) && fits(value, left, depth))
        }
        Value::Object(object) => object.members().iter().all(|member| fits(&member.value, left, depth)),
        _ => true,
    }
}

/// Sessions of one process.
const MOST: usize = 32;
/// Bytes of one session, about.
const LARGEST: usize = 64 << 20;
/// Arrays and objects inside one another.
const DEPTH: usize = 64;
/// A session that nobody has used for this long is forgotten.
const IDLE: Duration = Duration::from_mins(20);

#[cfg(test)]
mod tests;
