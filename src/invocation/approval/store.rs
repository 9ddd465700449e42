//! The files: `ID.pending` asks, `ID.approved` grants. Each is written whole beside its place and renamed into it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    error::ApprovalError,
    owner::{self, Owner},
    proof::Proof,
    request::{ApprovalId, Background, Request},
};
use crate::{audit::private, call::CallId};

/// A request that waits for a human.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// Its name, which is its digest.
    pub id: ApprovalId,
    /// What would run.
    pub request: Request,
    /// What a human wants to know beside it.
    pub background: Background,
    /// When it was asked for last, in seconds since 1970.
    pub asked: i64,
    /// When it is dropped, in seconds since 1970.
    pub expires: i64,
}

/// A human's approval that nobody has redeemed yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Granted {
    /// What may run.
    pub request: Request,
    /// Who says so.
    pub by: String,
    /// Until when, in seconds since 1970.
    pub expires: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) proof: Option<Proof>,
    /// Who owns the file, which is what counts.
    #[serde(skip)]
    pub(super) owner: Option<Owner>,
}

/// Whether a request was there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// It is new.
    Anew,
    /// It waits on.
    Again,
}

/// A folder of requests and approvals.
#[derive(Debug, Clone)]
pub(super) struct Store {
    folder: PathBuf,
}

/// An approval that was taken away from its place.
#[derive(Debug)]
pub(super) struct Held {
    path: PathBuf,
    taken: PathBuf,
    granted: Granted,
}

impl Store {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Puts a request down, or renews it. One that was asked for twice waits once.
    pub(super) fn ask(&self, pending: &Pending) -> Result<Asked, ApprovalError> {
        let path = self.path(&pending.id, PENDING);
        let asked = if path.exists() { Asked::Again } else { Asked::Anew };
        if asked == Asked::Anew && self.files(PENDING)?.len() >= MOST_PENDING {
            return Err(ApprovalError::TooMany { limit: MOST_PENDING });
        }
        self.write(&path, pending)?;
        Ok(asked)
    }

    /// Every request; files that are none are passed over.
    pub(super) fn pending(&self) -> Result<Vec<Pending>, ApprovalError> {
        let read = |path: PathBuf| read::<Pending>(&path).ok().map(|(pending, _)| pending);
        let honest = |pending: &Pending| pending.request.id() == pending.id;
        Ok(self.files(PENDING)?.into_iter().filter_map(read).filter(honest).collect())
    }

    /// Drops a request; one that is gone is what was wanted.
    pub(super) fn drop_request(&self, id: &ApprovalId) -> Result<(), ApprovalError> {
        let path = self.path(id, PENDING);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file_error(&path, &error)),
            _ => Ok(()),
        }
    }

    /// Puts an approval down.
    pub(super) fn grant(&self, granted: &Granted) -> Result<(), ApprovalError> {
        self.write(&self.path(&granted.request.id(), APPROVED), granted)
    }

    /// Takes an approval away, so that nobody else can; `None` where there is none.
    pub(super) fn take(&self, id: &ApprovalId) -> Result<Option<Held>, ApprovalError> {
        let path = self.path(id, APPROVED);
        let taken = self.folder.join(format!("{}.{TAKEN}", CallId::random()?));
        match fs::rename(&path, &taken) {
            // Of several processes one renames it, and the others find nothing.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(file_error(&path, &error)),
            Ok(()) => {}
        }
        match read::<Granted>(&taken) {
            Ok((granted, owner)) => {
                let granted = Granted { owner: Some(owner), ..granted };
                Ok(Some(Held { path, taken, granted }))
            }
            Err(error) => {
                fs::remove_file(&taken).map_err(|error| file_error(&taken, &error))?;
                Err(match error.kind() {
                    io::ErrorKind::InvalidData => ApprovalError::Forged { id: id.clone() },
                    _ => file_error(&path, &error),
                })
            }
        }
    }

    /// Removes what nobody can use any more.
    pub(super) fn sweep(&self, now: i64) -> Result<(), ApprovalError> {
        for path in self.files(PENDING)? {
            remove_if(&path, || read::<Pending>(&path).map_or(true, |(pending, _)| pending.expires <= now));
        }
        for path in self.files(APPROVED)? {
            remove_if(&path, || read::<Granted>(&path).map_or(true, |(granted, _)| granted.expires <= now));
        }
        // Left behind by processes that were killed in the middle.
        for path in self.files(NEW)?.into_iter().chain(self.files(TAKEN)?) {
            remove_if(&path, || true);
        }
        Ok(())
    }

    fn path(&self, id: &ApprovalId, kind: &str) -> PathBuf {
        self.folder.join(format!("{id}.{kind}"))
    }

    /// The files of one kind; none where there is no folder.
    fn files(&self, kind: &str) -> Result<Vec<PathBuf>, ApprovalError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| self.folder_error(&error))?,
        };
        let of_kind = |path: &PathBuf| path.extension().is_some_and(|extension| extension == kind);
        let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).filter(of_kind);
        Ok(paths.take(MOST_FILES).collect())
    }

    fn write(&self, path: &Path, value: &impl Serialize) -> Result<(), ApprovalError> {
        private::create_folder(&self.folder).map_err(|error| self.folder_error(&error))?;
        let new = self.folder.join(format!("{}.{NEW}", CallId::random()?));
        let text = serde_json::to_vec_pretty(value).map_err(|_| file_error(path, &broken()))?;
        let written = create(&new).and_then(|mut file| {
            file.write_all(&text)?;
            file.sync_all()
        });
        written.and_then(|()| fs::rename(&new, path)).map_err(|error| {
            // What could not be put into place is of no use.
            drop(fs::remove_file(&new));
            file_error(path, &error)
        })
    }

    fn folder_error(&self, error: &io::Error) -> ApprovalError {
        ApprovalError::Folder { path: self.folder.clone(), kind: error.kind() }
    }
}

impl Held {
    pub(super) fn granted(&self) -> &Granted {
        &self.granted
    }

    /// Removes it for good.
    pub(super) fn remove(self) -> Result<(), ApprovalError> {
        fs::remove_file(&self.taken).map_err(|error| file_error(&self.taken, &error))
    }

    /// Puts it back into its place. One that was given there meanwhile stays, for it lasts longer.
    pub(super) fn put_back(self) -> Result<(), ApprovalError> {
        if self.path.exists() {
            return self.remove();
        }
        fs::rename(&self.taken, &self.path).map_err(|error| file_error(&self.path, &error))
    }
}

/// A new file, readable by this user alone; where the folder is another's, by its group too, who made it so that the
/// server and the human share it.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    mode::restrict(&mut options, path);
    options.open(path)
}

fn read<T: DeserializeOwned>(path: &Path) -> io::Result<(T, Owner)> {
    // A pipe would hang the open, and a link leads elsewhere.
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(broken());
    }
    let file = File::open(path)?;
    let owner = owner::of(&file)?;
    let mut text = Vec::new();
    file.take(LONGEST).read_to_end(&mut text)?;
    let value = serde_json::from_slice(&text).map_err(|_| broken())?;
    Ok((value, owner))
}

/// Removes a file that was not touched for a while, if it is to go. What another process is writing stays.
fn remove_if(path: &Path, goes: impl Fn() -> bool) {
    let age = fs::symlink_metadata(path).and_then(|there| there.modified());
    let old =
        age.is_ok_and(|modified| SystemTime::now().duration_since(modified).is_ok_and(|age| age > UNTOUCHED));
    if old && goes() {
        // Another process may have been quicker.
        drop(fs::remove_file(path));
    }
}

fn file_error(path: &Path, error: &io::Error) -> ApprovalError {
    ApprovalError::File { path: path.to_owned(), kind: error.kind() }
}

fn broken() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

#[cfg(unix)]
mod mode {
    use std::{
        fs::{self, OpenOptions},
        os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
        path::Path,
    };

    pub(super) fn restrict(options: &mut OpenOptions, path: &Path) {
        options.mode(if is_shared(path) { 0o640 } else { 0o600 });
    }

    /// A folder whose group may write into it was made for several users.
    fn is_shared(path: &Path) -> bool {
        let folder = path.parent().and_then(|folder| fs::metadata(folder).ok());
        folder.is_some_and(|folder| folder.mode() & 0o020 != 0)
    }
}

#[cfg(not(unix))]
mod mode {
    use std::{fs::OpenOptions, path::Path};

    pub(super) fn restrict(_options: &mut OpenOptions, _path: &Path) {}
}

const PENDING: &str = "pending";
const APPROVED: &str = "approved";
const NEW: &str = "new";
const TAKEN: &str = "taken";
/// More requests at a time than a human reads.
const MOST_PENDING: usize = 100;
/// No more files of a kind are looked at.
const MOST_FILES: usize = 10_000;
/// Bytes of the longest file: a form of 16 KiB, escaped.
const LONGEST: u64 = 256 * 1024;
/// Nobody is still busy with a file that is older.
const UNTOUCHED: Duration = Duration::from_secs(60);
