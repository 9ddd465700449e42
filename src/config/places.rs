//! Where configuration and state lie by default, on Windows and elsewhere.

use std::path::PathBuf;

use crate::secret::Environment;

/// The file that is read when nobody names one.
pub(super) fn config_file(environment: &Environment) -> Option<PathBuf> {
    config_folder(environment).map(|folder| folder.join("winrm-mcp").join("winrm-mcp.toml"))
}

/// The folder for what has to outlive the process.
pub(super) fn state_folder(environment: &Environment) -> Option<PathBuf> {
    state_root(environment).map(|folder| folder.join("winrm-mcp"))
}

/// The machine's policy, which bounds every other.
#[cfg(windows)]
pub(super) fn machine_policy(environment: &Environment) -> Option<PathBuf> {
    environment.path("ProgramData").map(|folder| folder.join("winrm-mcp").join("policy.toml"))
}

/// The machine's policy, which bounds every other.
#[cfg(not(windows))]
pub(super) fn machine_policy(_environment: &Environment) -> Option<PathBuf> {
    Some(PathBuf::from("/etc/winrm-mcp/policy.toml"))
}

#[cfg(windows)]
fn config_folder(environment: &Environment) -> Option<PathBuf> {
    environment.path("APPDATA")
}

#[cfg(windows)]
fn state_root(environment: &Environment) -> Option<PathBuf> {
    environment.path("LOCALAPPDATA")
}

#[cfg(not(windows))]
fn config_folder(environment: &Environment) -> Option<PathBuf> {
    xdg(environment, "XDG_CONFIG_HOME", ".config")
}

#[cfg(not(windows))]
fn state_root(environment: &Environment) -> Option<PathBuf> {
    xdg(environment, "XDG_STATE_HOME", ".local/state")
}

/// The XDG specification ignores a variable that holds a relative path.
#[cfg(not(windows))]
fn xdg(environment: &Environment, variable: &str, below_home: &str) -> Option<PathBuf> {
    environment
        .path(variable)
        .filter(|path| path.is_absolute())
        .or_else(|| environment.path("HOME").map(|home| home.join(below_home)))
}
