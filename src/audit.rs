//! The record of what was asked, decided and done: one JSON object a line.
//!
//! Each piece of work has a line `decided` and a line `finished`. A script has both for each of its steps, which share
//! its call's id and count from 1, and a line `ended`; before its first step, a line `approved` for each approval that
//! it uses up. Where the configuration changes while the program runs there is a line `reloaded`.
//!
//! A decision is on disk before a byte leaves: [`Audit::decided`] writes and syncs. If that fails, a call that
//! could change something is refused; one that only reads goes on, and its [`Entry`] says that it is not on
//! record. Nothing else is written here: not the text that arrived, only the judged form, without known secrets.

pub mod private;
mod record;

use std::{
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use time::OffsetDateTime;

use self::record::{Decided, Ended, Finished, Line, Reloaded};
use crate::{
    call::{Call, CallId, Ran},
    output::Status,
    policy::{Judgement, ProfileName, Risk},
    redact::KnownSecrets,
    remedy::{Code, Remedy, Retry},
};

/// The audit file. Cheap to clone; all clones write to one file, line by line.
#[derive(Debug, Clone)]
pub struct Audit {
    file: Arc<Mutex<File>>,
    path: Arc<Path>,
    known: KnownSecrets,
    now: fn() -> OffsetDateTime,
}

/// A decision that is on record, whose end is still to be written.
#[derive(Debug)]
#[must_use = "what a call did is to be written with `finished`"]
pub struct Entry {
    audit: Audit,
    call: CallId,
    step: Option<u32>,
    began: Instant,
    lost: Option<AuditError>,
}

/// What was asked and by which tool, for a decision.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The call.
    pub call: &'a Call,
    /// Which step of a script it is, counted from 1; `None` where the call is no script.
    pub step: Option<u32>,
    /// The tool or subcommand that made it.
    pub tool: &'a str,
    /// The profile in force.
    pub profile: ProfileName,
    /// The version of the policy that judged, by [`Policy::version`](crate::policy::Policy::version).
    pub policy: &'a str,
    /// The narrowest rule that would allow what is denied, where there is one.
    pub would_allow: Option<&'a str>,
    /// Which human approved it, where one had to.
    pub approved_by: Option<&'a str>,
}

/// An approval that a script uses up before it runs, whether the step that it is for is reached or not.
#[derive(Debug, Clone, Copy)]
pub struct Approved<'a> {
    /// The call.
    pub call: &'a Call,
    /// Names the approval.
    pub id: &'a str,
    /// Which human gave it.
    pub by: &'a str,
    /// The rule that wants one.
    pub rule: &'a str,
    /// What kind of work was approved.
    pub kind: &'a str,
    /// Its judged form.
    pub form: &'a str,
}

/// How a call ended, for the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finish<'a> {
    /// How it stands.
    pub status: Status,
    /// Whether anything ran.
    pub ran: Ran,
    /// The remote exit code.
    pub exit_code: Option<i32>,
    /// What went wrong, by [`Code::name`].
    pub error: Option<&'a str>,
    /// How long it took.
    pub duration: Duration,
}

/// Why nothing could be put on record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// The folder could not be made.
    #[error("the folder {} cannot be created: {kind}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// The file could not be opened for appending.
    #[error("the audit file {} cannot be opened: {kind}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// It is a folder, a device or a pipe.
    #[error("the audit file {} is not a regular file", path.display())]
    NotAFile {
        /// What is there.
        path: PathBuf,
    },
    /// A line could not be written and synced.
    #[error("the audit file {} cannot be written: {kind}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        kind: io::ErrorKind,
    },
}

impl Audit {
    /// Opens the file for appending, and makes it and its folder for this user alone where they are missing.
    ///
    /// # Errors
    /// [`AuditError`], but never [`AuditError::Write`] for a file that is whole.
    pub fn open(path: &Path, known: KnownSecrets) -> Result<Self, AuditError> {
        Self::open_with_clock(path, known, OffsetDateTime::now_utc)
    }

    /// The same with another clock, for tests.
    ///
    /// # Errors
    /// As [`Audit::open`].
    pub fn open_with_clock(
        path: &Path,
        known: KnownSecrets,
        now: fn() -> OffsetDateTime,
    ) -> Result<Self, AuditError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            private::create_folder(folder)
                .map_err(|error| AuditError::Folder { path: folder.to_owned(), kind: error.kind() })?;
        }
        let open_error = |error: io::Error| AuditError::Open { path: path.to_owned(), kind: error.kind() };
        // A pipe would hang the open, so the kind is looked at first.
        match std::fs::metadata(path) {
            Ok(there) if !there.is_file() => return Err(AuditError::NotAFile { path: path.to_owned() }),
            _ => {}
        }
        let mut file = private::open_for_append(path).map_err(open_error)?;
        if !ends_a_line(path).map_err(open_error)? {
            // A crash cut the last line; what follows must not be joined to it.
            file.write_all(b"\n")
                .map_err(|error| AuditError::Write { path: path.to_owned(), kind: error.kind() })?;
        }
        Ok(Self { file: Arc::new(Mutex::new(file)), path: path.into(), known, now })
    }

    /// Puts a decision on record, durably. Blocks until the disk has it.
    ///
    /// # Errors
    /// [`AuditError::Write`] where the call was allowed and could change something: it must not be sent. For
    /// any other call the failure is in [`Entry::lost`].
    pub fn decided(&self, asked: Asked<'_>, judgement: &Judgement) -> Result<Entry, AuditError> {
        let began = Instant::now();
        let line = Line::Decided(Box::new(Decided::new(asked, judgement, &self.known)));
        let written = self.append(&line).and_then(|()| self.sync());
        let lost = match (written, judgement) {
            (Ok(()), _) => None,
            (Err(error), Judgement::Allowed(authorized)) if authorized.risk() == Risk::Change => {
                return Err(error);
            }
            (Err(error), _) => Some(error),
        };
        Ok(Entry { audit: self.clone(), call: asked.call.id.clone(), step: asked.step, began, lost })
    }

    /// Writes that an approval is used up. The disk has it with the decision of the first step at the latest.
    ///
    /// # Errors
    /// [`AuditError::Write`]: then the script must not run.
    pub fn approved(&self, approved: Approved<'_>) -> Result<(), AuditError> {
        self.append(&Line::Approved(record::Approved::new(approved, &self.known)))
    }

    /// Writes how a script ended that took this many steps. Nothing was sent by the script itself, so nothing waits
    /// for the disk.
    ///
    /// # Errors
    /// [`AuditError::Write`]; the work is done all the same.
    pub fn ended(&self, call: &CallId, steps: u32, finish: Finish<'_>) -> Result<(), AuditError> {
        self.append(&Line::Ended(Ended::new(call, steps, finish)))
    }

    /// Writes that the configuration changed while the program ran: the version of the policy in force from now on, and
    /// what kept a changed one from being taken up.
    ///
    /// # Errors
    /// [`AuditError::Write`].
    pub fn reloaded(&self, policy: &str, refused: Option<&str>) -> Result<(), AuditError> {
        self.append(&Line::Reloaded(Reloaded::new(policy, refused, &self.known)))
    }

    /// Where the record is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn append(&self, line: &Line) -> Result<(), AuditError> {
        let write_error = |kind: io::ErrorKind| AuditError::Write { path: self.path.to_path_buf(), kind };
        let text = line.render((self.now)()).map_err(|_| write_error(io::ErrorKind::InvalidData))?;
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // One write a line: with O_APPEND the lines of several processes do not mix.
        file.write_all(text.as_bytes()).map_err(|error| write_error(error.kind()))
    }

    /// Waits until the disk has what was written.
    fn sync(&self) -> Result<(), AuditError> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.sync_data()
            .map_err(|error| AuditError::Write { path: self.path.to_path_buf(), kind: error.kind() })
    }
}

impl Entry {
    /// Writes how the call ended. The disk has it with the next decision at the latest: nothing hangs on it, and the
    /// caller waits for its answer.
    ///
    /// # Errors
    /// [`AuditError::Write`]; the work is done all the same.
    pub fn finished(self, finish: Finish<'_>) -> Result<(), AuditError> {
        self.audit.append(&Line::Finished(Finished::new(&self.call, self.step, finish)))
    }

    /// When the decision was made, for the duration.
    #[must_use]
    pub fn began(&self) -> Instant {
        self.began
    }

    /// Why the decision is not on record, for the log; `None` where it is.
    #[must_use]
    pub fn lost(&self) -> Option<&AuditError> {
        self.lost.as_ref()
    }
}

impl Remedy for AuditError {
    fn code(&self) -> Code {
        match self {
            Self::Write { .. } => Code::TryLater,
            Self::Folder { .. } | Self::Open { .. } | Self::NotAFile { .. } => Code::Configuration,
        }
    }

    fn fix(&self) -> Option<String> {
        Some(match self {
            Self::Folder { path, .. } | Self::Open { path, .. } => {
                format!("let this user write to {}, or set WINRM_MCP_AUDIT_FILE", path.display())
            }
            Self::NotAFile { .. } => "set WINRM_MCP_AUDIT_FILE to the path of a file".to_owned(),
            Self::Write { path, .. } => format!("make room for {}; nothing ran", path.display()),
        })
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Write { .. } => Retry::Later,
            Self::Folder { .. } | Self::Open { .. } | Self::NotAFile { .. } => Retry::Never,
        }
    }
}

fn ends_a_line(path: &Path) -> io::Result<bool> {
    use io::{Read as _, Seek as _};
    let mut file = match File::open(path) {
        // A file that may be written and not read is as whole as can be known.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(true),
        opened => opened?,
    };
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    file.seek(io::SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests;
