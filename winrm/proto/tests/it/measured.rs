//! Where the measured and recorded data lie that are too large to be part of the project.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests may fail as tests do")]

use std::path::{Path, PathBuf};

/// The folder of what real PowerShell was measured to do, if it is there.
pub(crate) fn powershell(folder: &str) -> Option<PathBuf> {
    find("WINRM_POWERSHELL", "powershell", folder)
}

/// The folder of what was recorded from real hosts and other clients, if it is there.
pub(crate) fn recorded(folder: &str) -> Option<PathBuf> {
    find("WINRM_RECORDED", "recorded", folder)
}

/// The files of a folder with this extension, in the order of their names.
pub(crate) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|own| own == extension))
        .collect();
    files.sort();
    files
}

fn find(variable: &str, default: &str, folder: &str) -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let root = match std::env::var_os(variable) {
        Some(path) => PathBuf::from(path),
        None => workspace.join("../shared").join(default),
    };
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("SKIPPED: {} is not there; set {variable} to the folder that holds {folder}", path.display());
    None
}
