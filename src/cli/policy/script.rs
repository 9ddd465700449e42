//! `policy script`: a reviewed script as the configuration file takes it, its digest above all.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{super::exit::Exit, Console};
use crate::{
    policy::{Risk, ScriptDigest, ScriptName, ScriptSettings},
    reviewed::{Interface, Parameter, content},
};

/// What `policy script` takes.
#[derive(Debug, Args)]
pub(super) struct Review {
    /// The script, which somebody has read
    file: PathBuf,
}

/// Prints a `[[script]]` to paste.
pub(super) fn run(asked: &Review, console: &Console) -> Exit {
    // The bytes that are read now are the ones that the digest is of.
    let content = content(&asked.file).map_err(|error| error.kind());
    let sha256 = ScriptDigest::of(content.as_deref().unwrap_or_default());
    let settings = ScriptSettings {
        name: name_of(&asked.file),
        file: std::path::absolute(&asked.file).unwrap_or_else(|_| asked.file.clone()),
        sha256,
        risk: Risk::Change,
        hosts: Vec::new(),
        description: String::new(),
    };
    let interface = settings.reviewed(&content).and_then(|text| Interface::of(text, &asked.file));
    match interface {
        Ok(interface) => {
            console.out(block(&settings, &interface));
            Exit::SUCCESS
        }
        Err(fault) => Exit::failed(console, &fault),
    }
}

fn block(settings: &ScriptSettings, interface: &Interface) -> String {
    let text = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut lines = vec![
        "[[script]]".to_owned(),
        format!("name = {}", text(settings.name.as_str())),
        format!("file = {}", text(&settings.file.display().to_string())),
        format!("sha256 = {}", text(&settings.sha256.to_string())),
        format!("risk = {}   # or \"read\", where it changes nothing", text(settings.risk.name())),
        "hosts = []   # names, patterns and \"@tag\"; none means every host".to_owned(),
        format!("description = {}", text(interface.synopsis.as_deref().unwrap_or("What it does"))),
    ];
    lines.extend(interface.parameters.iter().map(parameter));
    let left_out = interface.left_out.iter();
    lines.extend(left_out.map(|(name, why)| format!("# -{name}: left out, {why}")));
    lines.join("\n") + "\n"
}

fn parameter(parameter: &Parameter) -> String {
    let needed = if parameter.declared.required { ", needed" } else { "" };
    format!("# -{}: {}{needed}", parameter.name(), parameter.expected())
}

/// The file's name as a tool's: `Restart-App.ps1` is `restart_app`.
fn name_of(file: &Path) -> ScriptName {
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().to_lowercase()).unwrap_or_default();
    let letters = stem.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' });
    let name: String = letters.collect();
    ScriptName::parse(&name).or_else(|| ScriptName::parse("script")).unwrap_or_else(|| unreachable!())
}
