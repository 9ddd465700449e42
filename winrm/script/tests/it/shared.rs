//! The measurements of real PowerShell: some always, all of them where they are at hand.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The lines of a file of `fixtures/`.
pub(crate) fn fixture(file: &str) -> Vec<Value> {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(file)).expect("the fixture is there")
}

/// The lines of a JSON-lines file of the measurements, or nothing, said loudly, where they are absent.
pub(crate) fn measured(file: &str) -> Vec<Value> {
    let folder = std::env::var_os("WINRM_POWERSHELL").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/powershell"),
        PathBuf::from,
    );
    let path = folder.join(file);
    read(&path).unwrap_or_else(|| {
        eprintln!("SKIPPED: {} is not there; set WINRM_POWERSHELL to the measurements", path.display());
        Vec::new()
    })
}

fn read(path: &Path) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.lines().map(|line| serde_json::from_str(line).expect("JSON lines")).collect())
}
