//! The files themselves.

use std::collections::BTreeMap;

/// A command of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) module: &'static str,
    pub(super) name: String,
    pub(super) parameters: BTreeMap<String, Validation>,
}

/// What a role lets a parameter take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Validation {
    /// Anything.
    Any,
    /// One of these.
    Set(Vec<String>),
    /// What matches this.
    Pattern(String),
}

/// A GUID made of a digest, so that the same policy gives the same files.
pub(super) fn identity(digest: &str) -> String {
    let digits: String = digest.chars().chain(std::iter::repeat('0')).take(32).collect();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    // Version 8: made by rules of one's own.
    format!("{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

/// The role capability.
pub(super) fn role(identity: &str, entries: &[Entry]) -> String {
    let mut lines = vec![
        "# Made by winrm-mcp policy export-jea. Save it as RoleCapabilities\\winrm-mcp.psrc in a module of the host.".to_owned(),
        "@{".to_owned(),
        format!("    GUID = {}", quoted(identity)),
        "    VisibleProviders = 'FileSystem'".to_owned(),
        "    VisibleCmdlets = @(".to_owned(),
    ];
    let last = entries.len().saturating_sub(1);
    for (number, entry) in entries.iter().enumerate() {
        let comma = if number < last { "," } else { "" };
        lines.push(format!("        {}{comma}", command(entry)));
    }
    lines.extend(["    )".to_owned(), "}".to_owned(), String::new()]);
    lines.join("\r\n")
}

/// The session configuration.
pub(super) fn session(identity: &str, group: &str) -> String {
    let lines = [
        "# Made by winrm-mcp policy export-jea. Register it with".to_owned(),
        "# Register-PSSessionConfiguration -Name winrm-mcp -Path winrm-mcp.pssc".to_owned(),
        "@{".to_owned(),
        "    SchemaVersion = '2.0.0.0'".to_owned(),
        format!("    GUID = {}", quoted(identity)),
        "    SessionType = 'RestrictedRemoteServer'".to_owned(),
        "    LanguageMode = 'NoLanguage'".to_owned(),
        "    RunAsVirtualAccount = $true".to_owned(),
        format!("    RoleDefinitions = @{{ {} = @{{ RoleCapabilities = 'winrm-mcp' }} }}", quoted(group)),
        "}".to_owned(),
        String::new(),
    ];
    lines.join("\r\n")
}

fn command(entry: &Entry) -> String {
    let name = if entry.module.is_empty() {
        entry.name.clone()
    } else {
        format!("{}\\{}", entry.module, entry.name)
    };
    if entry.parameters.is_empty() {
        return quoted(&name);
    }
    let parameters: Vec<String> =
        entry.parameters.iter().map(|(name, validation)| parameter(name, validation)).collect();
    format!("@{{ Name = {}; Parameters = {} }}", quoted(&name), parameters.join(", "))
}

fn parameter(name: &str, validation: &Validation) -> String {
    let name = quoted(name);
    match validation {
        Validation::Any => format!("@{{ Name = {name} }}"),
        Validation::Set(values) => {
            let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
            format!("@{{ Name = {name}; ValidateSet = {} }}", values.join(", "))
        }
        Validation::Pattern(pattern) => {
            format!("@{{ Name = {name}; ValidatePattern = {} }}", quoted(pattern))
        }
    }
}

/// A string of a data file. Every character that PowerShell takes for a single quote is doubled.
fn quoted(text: &str) -> String {
    let mut out = "'".to_owned();
    for letter in text.chars() {
        if matches!(letter, '\'' | '\u{2018}'..='\u{201B}') {
            out.push(letter);
        }
        out.push(letter);
    }
    out.push('\'');
    out
}
