//! The measurements of real PowerShell, where they are at hand.

use std::path::PathBuf;

use serde_json::Value;

/// The lines of a JSON-lines file of the measurements, or nothing, said loudly, where they are absent.
pub(crate) fn lines(file: &str) -> Option<Vec<Value>> {
    let folder = std::env::var_os("WINRM_POWERSHELL").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/powershell"),
        PathBuf::from,
    );
    let path = folder.join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("SKIPPED: {} is not there; set WINRM_POWERSHELL to the measurements", path.display());
        return None;
    };
    Some(
        text.lines()
            .map(|line| serde_json::from_str(line).expect("the measurements are JSON lines"))
            .collect(),
    )
}
