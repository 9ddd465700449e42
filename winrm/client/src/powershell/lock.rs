//! Runspaces that are locked to some commands before anything else runs in them.
//!
//! The script is `scripts/lock.ps1`. It leaves the runspace in PowerShell's no-language mode, in which no text is run and
//! only what it shows is found. It cannot take itself back, and half-way through it protects nothing: after any error, or
//! where the probes behind it find something else than a locked runspace, the pool is deleted.

use std::sync::Arc;

use winrm_proto::{
    clixml::{ErrorRecord, Value},
    psrp::{Command, PowerShell},
};

use super::{Event, Outcome, Pipeline, remote::Remote};
use crate::error::{Cause, Error, Operation, Reached};

/// The commands that a locked runspace shows. Everything else in it is hidden, and so is all script text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock(Vec<String>);

/// Why a pool is not locked. It is never used then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// The name is not one of a cmdlet or function as `Verb-Noun`, or it is `ForEach-Object`, which runs anything.
    #[error(
        "a runspace cannot be locked to {0:?}: only Verb-Noun names other than ForEach-Object can be shown"
    )]
    Name(String),
    /// A pool with more than one runspace would have some that are not locked.
    #[error("a locked pool has one runspace, not {0}")]
    Runspaces(i32),
    /// A locked pool is not left, because nobody has shown that the lock outlives that.
    #[error("a locked pool cannot be left")]
    Left,
    /// The host did not run the lock script to its end.
    #[error("the runspace could not be locked: {message} ({id})")]
    Failed {
        /// The error's fully qualified identifier.
        id: String,
        /// What the host says.
        message: String,
    },
    /// A command that must be hidden is not: the lock does not hold.
    #[error("the lock does not hold: the hidden command {command} should not be found, but it {found}")]
    Shown {
        /// The command.
        command: &'static str,
        /// What happened instead.
        found: Found,
    },
    /// Script text is not refused: the lock does not hold.
    #[error("the lock does not hold: script text should be refused, but it {0}")]
    Script(Found),
}

/// What became of something that should have been refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Found {
    /// It ran.
    #[error("ran")]
    Ran,
    /// It failed with another error, which proves nothing.
    #[error("failed with {id:?}: {message}")]
    Failed {
        /// The error's fully qualified identifier.
        id: String,
        /// What the host says.
        message: String,
    },
    /// It ended in a way that says nothing.
    #[error("ended without a word")]
    Unclear,
}

impl Lock {
    /// A lock that shows these commands, and no others but `Out-Default`, `Out-String` and `Out-Null`.
    ///
    /// # Errors
    ///
    /// [`LockError::Name`].
    pub fn to<N: Into<String>>(commands: impl IntoIterator<Item = N>) -> Result<Self, LockError> {
        let names = commands.into_iter().map(Into::into);
        names
            .map(|name| if is_lockable(&name) { Ok(name) } else { Err(LockError::Name(name)) })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The commands that it shows.
    #[must_use]
    pub fn commands(&self) -> &[String] {
        &self.0
    }

    /// Locks a fresh pool, and tries whether the lock holds.
    pub(super) async fn apply(&self, remote: &Arc<Remote>) -> Result<(), Error> {
        let names = self.0.iter().map(|name| Value::from(name.as_str())).collect();
        let script = Command::script(SCRIPT).parameter("Allowed", Value::array(names));
        match run(remote, script).await? {
            Answer::Completed => {}
            Answer::Error(record) => return Err(fail(LockError::failed(&record))),
            Answer::Unclear => {
                let message = "the script ended without a word".to_owned();
                return Err(fail(LockError::Failed { id: String::new(), message }));
            }
        }
        let hidden = Command::new(HIDDEN).parameter("MemberName", "Length");
        if let Some(found) = run(remote, hidden).await?.unless("CommandNotFoundException") {
            return Err(fail(LockError::Shown { command: HIDDEN, found }));
        }
        match run(remote, Command::script("$true")).await?.unless("ScriptsNotAllowed") {
            Some(found) => Err(fail(LockError::Script(found))),
            None => Ok(()),
        }
    }
}

impl LockError {
    fn failed(record: &ErrorRecord) -> Self {
        Self::Failed { id: record.fully_qualified_error_id.to_string(), message: record.message.to_string() }
    }
}

/// What a pipeline came to that writes nothing if all is well.
enum Answer {
    Completed,
    Error(Box<ErrorRecord>),
    Unclear,
}

impl Answer {
    /// What there is to say if the answer is not the error that is due.
    fn unless(self, due: &str) -> Option<Found> {
        match self {
            Self::Error(record) => {
                let id = record.fully_qualified_error_id.to_string();
                let is_due = id.split(',').next() == Some(due);
                (!is_due).then(|| Found::Failed { id, message: record.message.to_string() })
            }
            Self::Completed => Some(Found::Ran),
            Self::Unclear => Some(Found::Unclear),
        }
    }
}

/// Runs a command to its end. The first error counts, whether it ended the command or not.
async fn run(remote: &Arc<Remote>, command: Command) -> Result<Answer, Error> {
    let mut pipeline = Pipeline::start_unlimited(remote.clone(), PowerShell::new(vec![command])).await?;
    let mut first = None;
    while let Some(event) = pipeline.next().await? {
        if let Event::Error(record) = event {
            first.get_or_insert(record);
        }
    }
    Ok(match (first, pipeline.outcome()) {
        (Some(record), _) => Answer::Error(record),
        (None, Some(Outcome::Failed(Some(record)))) => Answer::Error(record.clone()),
        (None, Some(Outcome::Completed)) => Answer::Completed,
        (None, _) => Answer::Unclear,
    })
}

fn fail(error: LockError) -> Error {
    Error::new(Operation::Create, Cause::Lock(error), Reached::Refused)
}

/// What lock.ps1 accepts, so that a wrong name is an error here and not half a lock there.
fn is_lockable(name: &str) -> bool {
    let Some((verb, noun)) = name.split_once('-') else { return false };
    let is_word =
        |word: &str, is_part: fn(&char) -> bool| !word.is_empty() && word.chars().all(|c| is_part(&c));
    is_word(verb, char::is_ascii_alphabetic)
        && is_word(noun, char::is_ascii_alphanumeric)
        && !name.eq_ignore_ascii_case("ForEach-Object")
}

const SCRIPT: &str = include_str!("scripts/lock.ps1");
/// Hidden in every locked runspace, because it runs methods by their names; without input it does nothing.
const HIDDEN: &str = "ForEach-Object";

#[cfg(test)]
mod tests {
    use super::{Lock, LockError};

    #[test]
    fn what_a_runspace_can_be_locked_to() {
        assert_eq!(
            Lock::to(["Get-Service", "get-content2"]).unwrap().commands(),
            ["Get-Service", "get-content2"]
        );
        for name in [
            "",
            "-",
            "Get-",
            "-x",
            "dir",
            "Get-A-B",
            "M\\Get-X",
            "Get-Ä",
            "Get-X ",
            "G3t-X",
            "foreach-OBJECT",
            "__Set-X",
        ] {
            assert_eq!(Lock::to([name]), Err(LockError::Name(name.to_owned())), "{name}");
        }
    }
}
