//! `policy export-jea`: the policy as the two files of a constrained endpoint.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use clap::Args;
use time::OffsetDateTime;

use super::{
    super::{exit::Exit, page},
    Console,
};
use crate::{
    call::Purpose,
    config::{self, Arguments, ConfigError},
    explain::{self, NoTarget},
    policy::Jea,
    remedy::{Code, Remedy},
    secret::Environment,
};

/// What `policy export-jea` takes.
#[derive(Debug, Args)]
pub(super) struct ExportJea {
    /// Write the files into this directory
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    /// For this host, where rules tell hosts apart
    #[arg(long, value_name = "HOST")]
    host: Option<String>,

    /// The group that gets the role
    #[arg(long, value_name = "DOMAIN\\GROUP", default_value = "BUILTIN\\Remote Management Users")]
    group: String,

    /// Write what can be said, and leave out the rest
    #[arg(long)]
    partial: bool,

    /// Replace files that are there
    #[arg(long)]
    overwrite: bool,
}

/// Writes both files, or says what keeps it from that.
pub(super) fn run(
    asked: &ExportJea,
    environment: &Environment,
    arguments: &Arguments,
    console: &Console,
) -> Exit {
    let jea = match export(asked, environment, arguments) {
        Ok(jea) => jea,
        Err(error) => return Exit::failed(console, &error),
    };
    for left_out in &jea.left_out {
        let line = format!("left out: {} ({}): {}", left_out.name, left_out.rule, left_out.reason);
        page::wrapped(&line, 0).iter().for_each(|line| console.error_line(line));
    }
    for warning in &jea.warnings {
        page::wrapped(&format!("warning: {warning}"), 0).iter().for_each(|line| console.error_line(line));
    }
    if !jea.left_out.is_empty() && !asked.partial {
        return Exit::failed(console, &ExportError::Unsayable(jea.left_out.len()));
    }
    match write(asked, &jea) {
        Ok(written) => {
            written.iter().for_each(|path| console.line(path.display()));
            Exit::SUCCESS
        }
        Err(error) => Exit::failed(console, &error),
    }
}

/// Why there are no files.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error("{0}")]
    Config(ConfigError),
    #[error(transparent)]
    Host(#[from] NoTarget),
    #[error("a role cannot say {0} of the things that the policy allows; nothing is written")]
    Unsayable(usize),
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    #[error("{} cannot be written: {kind}", path.display())]
    File { path: PathBuf, kind: io::ErrorKind },
}

fn export(asked: &ExportJea, environment: &Environment, arguments: &Arguments) -> Result<Jea, ExportError> {
    let config = config::load_without_hosts(environment, arguments).map_err(ExportError::Config)?;
    let target = explain::target(&config.inventory, asked.host.as_deref())?;
    let now = OffsetDateTime::now_utc();
    Ok(config.policy_in_force.export_jea(&target, Purpose::Agent, now, &asked.group))
}

/// Writes the role where PowerShell looks for it, and the endpoint beside it.
fn write(asked: &ExportJea, jea: &Jea) -> Result<[PathBuf; 2], ExportError> {
    let roles = asked.folder.join("RoleCapabilities");
    let files = [(roles.join("winrm-mcp.psrc"), &jea.psrc), (asked.folder.join("winrm-mcp.pssc"), &jea.pssc)];
    if let Some((there, _)) = files.iter().find(|(path, _)| path.exists()).filter(|_| !asked.overwrite) {
        return Err(ExportError::Exists(there.clone()));
    }
    fs::create_dir_all(&roles).map_err(|error| file_error(&roles, &error))?;
    for (path, text) in &files {
        let written = create(path, asked.overwrite).and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| file_error(path, &error))?;
    }
    Ok(files.map(|(path, _)| path))
}

/// A new file; one that appeared meanwhile is not replaced unless that is wanted.
fn create(path: &Path, overwrite: bool) -> io::Result<File> {
    if overwrite { File::create(path) } else { File::create_new(path) }
}

fn file_error(path: &Path, error: &io::Error) -> ExportError {
    ExportError::File { path: path.to_owned(), kind: error.kind() }
}

impl Remedy for ExportError {
    fn code(&self) -> Code {
        match self {
            Self::Config(error) => error.code(),
            Self::Host(error) => error.code(),
            Self::Unsayable(_) | Self::File { .. } => Code::Configuration,
            Self::Exists(_) => Code::Usage,
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::Config(error) => error.sentence(),
            other => other.to_string(),
        }
    }

    fn fix(&self) -> Option<String> {
        match self {
            Self::Config(error) => error.fix(),
            Self::Host(error) => error.fix(),
            Self::Unsayable(_) => {
                Some("write rules that a role can say, or --partial to leave those out".to_owned())
            }
            Self::Exists(_) => Some("name another directory, or --overwrite".to_owned()),
            Self::File { .. } => Some("name a directory that you can write".to_owned()),
        }
    }
}
