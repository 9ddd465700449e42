//! The command line, as clap reads it.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::{denials::Denials, explain::Explain, policy::Policy};
use crate::{call, config};

/// Runs allowed work on remote Windows hosts over WinRM.
#[derive(Debug, Parser)]
#[command(name = "winrm-mcp", version, disable_help_subcommand = true, after_help = AFTER_HELP)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) settings: Settings,

    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// Settings that stand above environment and file.
#[derive(Debug, Args)]
pub(super) struct Settings {
    /// Read this configuration file
    #[arg(long, global = true, value_name = "FILE", help_heading = SETTINGS)]
    config: Option<PathBuf>,

    /// Judge by this profile
    #[arg(long, global = true, value_name = "NAME", help_heading = SETTINGS)]
    profile: Option<String>,

    /// Allow only these names, separated by commas
    #[arg(long, global = true, value_name = "NAMES", value_delimiter = ',', help_heading = SETTINGS)]
    allow: Option<Vec<String>>,

    /// Allow only what these patterns match
    #[arg(long, global = true, value_name = "PATTERNS", value_delimiter = ',', help_heading = SETTINGS)]
    include: Option<Vec<String>>,

    /// Deny what these patterns match; this always wins
    #[arg(long, global = true, value_name = "PATTERNS", value_delimiter = ',', help_heading = SETTINGS)]
    exclude: Vec<String>,

    /// Write the audit to this file
    #[arg(long, global = true, value_name = "FILE", help_heading = SETTINGS)]
    audit_file: Option<PathBuf>,

    /// Keep state in this directory
    #[arg(long, global = true, value_name = "DIRECTORY", help_heading = SETTINGS)]
    state_dir: Option<PathBuf>,

    /// Filter of the log on standard error
    #[arg(long, global = true, value_name = "FILTER", help_heading = SETTINGS)]
    log: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve MCP on standard input and output (the same as no command)
    Serve,
    /// Run a command or a script on a host
    Exec(Exec),
    /// Tell what would become of a command or script; contact nobody
    Explain(Explain),
    /// Look at what may run, and change the lists
    Policy(Policy),
    /// List what was denied, with the narrowest rule that would allow it
    Denials(Denials),
    /// List what waits for a human's approval
    Pending {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Read what would run, on a terminal, and approve it
    Approve(Approve),
    /// Show it all with a loopback host: no Windows needed
    Demo,
    /// Keep a loopback host running and print the environment to reach it
    Host(Host),
    /// Look at the configuration
    Config(Config),
    /// Check the configuration and contact nobody
    CheckConfig {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// What `exec` takes.
#[derive(Debug, Args)]
pub(super) struct Exec {
    /// The host, where there is more than one
    #[arg(long, value_name = "HOST")]
    pub(super) host: Option<String>,

    /// Stop the remote command after this long
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(super) timeout: Option<Duration>,

    /// Print one JSON object instead of output
    #[arg(long)]
    pub(super) json: bool,

    /// Put these properties of objects into the JSON (* for all)
    #[arg(long, value_name = "PROPERTIES", value_delimiter = ',', requires = "json")]
    pub(super) select: Vec<String>,

    /// Follow what lies inside objects this deep into the JSON
    #[arg(long, value_name = "LEVELS", requires = "json")]
    pub(super) depth: Option<usize>,

    /// What the command is for; without it, ci where the variable CI is set
    #[arg(long, value_name = "PURPOSE")]
    pub(super) purpose: Option<Purpose>,

    /// COMMAND is a program, not PowerShell
    #[arg(long, conflicts_with = "script")]
    pub(super) native: bool,

    /// A program's standard input (- is ours)
    #[arg(long, value_name = "FILE", requires = "native")]
    pub(super) stdin: Option<PathBuf>,

    /// Start a program in this directory
    #[arg(long, value_name = "DIRECTORY", requires = "native")]
    pub(super) working_directory: Option<String>,

    /// Codes that mean success
    #[arg(
        long,
        value_name = "CODES",
        value_delimiter = ',',
        default_value = "0",
        allow_hyphen_values = true
    )]
    pub(super) success_codes: Vec<i32>,

    /// Take a PowerShell script from FILE (or -)
    #[arg(long, value_name = "FILE", conflicts_with = "words")]
    pub(super) script: Option<PathBuf>,

    /// Run a reviewed script of the configuration; what follows are its -Parameters and values
    #[arg(long, value_name = "NAME", conflicts_with_all = ["script", "native"])]
    pub(super) reviewed: Option<String>,

    /// Command name, -Parameters and values; each word is data
    #[arg(last = true, value_name = "COMMAND ARG…", required_unless_present_any = ["script", "reviewed"])]
    pub(super) words: Vec<String>,
}

/// What `approve` takes.
#[derive(Debug, Args)]
pub(super) struct Approve {
    /// The request, or the beginning of its id
    #[arg(value_name = "ID")]
    pub(super) id: String,

    /// Approve the same for each of these hosts (names and @tags), once
    #[arg(long, value_name = "HOSTS", value_delimiter = ',')]
    pub(super) hosts: Option<Vec<String>>,
}

/// What a command is for, as rules tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Purpose {
    /// A person asks
    User,
    /// A pipeline of continuous integration asks
    Ci,
}

/// What `host` takes.
#[derive(Debug, Args)]
pub(super) struct Host {
    /// Port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub(super) port: u16,

    /// Print one JSON line instead of shell variables
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Config {
    #[command(subcommand)]
    pub(super) command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Show each setting with its value and where it came from; never a secret
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl From<Purpose> for call::Purpose {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::User => Self::User,
            Purpose::Ci => Self::Ci,
        }
    }
}

impl From<Settings> for config::Arguments {
    fn from(settings: Settings) -> Self {
        let Settings { config, profile, allow, include, exclude, audit_file, state_dir, log } = settings;
        Self { config, profile, allow, include, exclude, audit_file, state_dir, log }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a number of seconds above 0");
    let seconds: f64 = text.parse().map_err(|_| wrong())?;
    if seconds <= 0.0 {
        return Err(wrong());
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}

const SETTINGS: &str = "Settings, above environment and file";

const AFTER_HELP: &str = "\
Examples:
  winrm-mcp demo
  winrm-mcp exec --host web-01 -- Get-Service -Name W32Time
  winrm-mcp exec --native --json -- ipconfig /all

Settings come from WINRM_MCP_* variables and winrm-mcp.toml; see README.md.";
