//! This process, as the names of its shells tell it apart from others that are gone.
//!
//! A shell's name holds the instance's id, and a file of that id is locked for as long as the process lives. Where a
//! host has too many shells, those whose instance's file is there and not locked were left behind by a crash, and may
//! be closed. A name without a file is somebody else's.

use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use winrm::OrphanRule;

use crate::call::CallId;

/// This process's id and its lock, given up when it ends, however it ends.
#[derive(Debug)]
pub(super) struct Instance {
    id: CallId,
    folder: PathBuf,
    _lock: File,
}

impl Instance {
    /// Takes an id and locks its file in `folder`, which has to exist; files of long-dead instances go.
    pub(super) fn begin(folder: &Path, id: CallId) -> io::Result<Self> {
        remove_old(folder);
        let lock = OpenOptions::new().write(true).create_new(true).open(file_of(folder, id.as_str()))?;
        lock.lock()?;
        Ok(Self { id, folder: folder.to_owned(), _lock: lock })
    }

    /// What an administrator sees who lists the shells of a host.
    pub(super) fn shell_name(&self) -> String {
        format!("{PREFIX}{}", self.id)
    }

    /// Tells by its name whether a shell was left behind by an instance of this user's that is gone.
    pub(super) fn orphans(&self) -> OrphanRule {
        let folder = self.folder.clone();
        OrphanRule::new(move |name| is_orphan(&folder, name))
    }

    /// Ends in order: no shell is left, so that nobody needs to know of this instance.
    pub(super) fn end(&self) {
        // A file that is gone already is what is wanted.
        drop(std::fs::remove_file(file_of(&self.folder, self.id.as_str())));
    }
}

fn is_orphan(folder: &Path, name: &str) -> bool {
    let id = name.strip_prefix(PREFIX).filter(|id| id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    id.is_some_and(|id| is_dead(&file_of(folder, id)))
}

/// Whether the file is there and nobody holds its lock.
fn is_dead(file: &Path) -> bool {
    OpenOptions::new().write(true).open(file).is_ok_and(|file| file.try_lock().is_ok())
}

/// Hosts close idle shells after minutes, so what is left of an older instance is of no use.
fn remove_old(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let old = || entry.metadata().ok()?.modified().ok()?.elapsed().ok().map(|age| age > KEPT);
        if path.extension().is_some_and(|extension| extension == EXTENSION)
            && old().unwrap_or(false)
            && is_dead(&path)
        {
            drop(std::fs::remove_file(path));
        }
    }
}

fn file_of(folder: &Path, id: &str) -> PathBuf {
    folder.join(id).with_extension(EXTENSION)
}

const PREFIX: &str = "winrm-mcp ";
const EXTENSION: &str = "instance";
const KEPT: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_shells_of_dead_instances_are_orphans() {
        let folder = tempfile::tempdir().unwrap();
        let begin = |bits| Instance::begin(folder.path(), CallId::from_random(bits)).unwrap();
        let (ours, other, crashed) = (begin(1), begin(2), begin(3));
        let (other_name, crashed_name) = (other.shell_name(), crashed.shell_name());
        let is_orphan = |name: &str| is_orphan(folder.path(), name);
        assert!(!is_orphan(&ours.shell_name()));
        assert!(!is_orphan(&other_name));
        assert!(!is_orphan(&crashed_name));
        drop(crashed);
        assert!(is_orphan(&crashed_name), "its lock went with it");
        assert!(!is_orphan(&other_name));
        other.end();
        drop(other);
        for name in [other_name.as_str(), "winrm-mcp ../x", "winrm-mcp", "somebody else's"] {
            assert!(!is_orphan(name), "{name}");
        }
    }
}
