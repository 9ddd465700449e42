//! `winrm-mcp policy`: what may run, and the lists that say so.

mod compare;
mod export_jea;
mod lists;
mod script;
mod show;
mod test;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{exit::Exit, output::Console};
use crate::{config::Arguments, secret::Environment};

/// What `policy` takes.
#[derive(Debug, Args)]
pub(super) struct Policy {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the rules in force, and where each stands
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Judge each script of a file, and compare with what is expected
    Test(test::Test),
    /// Tell what a new configuration file allows newly and no longer
    Diff {
        /// The file as it was
        old: PathBuf,
        /// The file as it would be
        new: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Tell on which hosts, and by which rules, a command or program is allowed
    WhoCan {
        /// Such as Restart-Service or ipconfig
        #[arg(value_name = "COMMAND")]
        name: String,
        /// Of the hosts with this tag only
        #[arg(long, value_name = "TAG")]
        tag: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a reviewed script's [[script]], with its digest, for the configuration file
    Script(script::Review),
    /// Write the policy as a role and an endpoint of Just Enough Administration
    ExportJea(export_jea::ExportJea),
    /// Change the allow list of the configuration file
    Allow(Edit),
    /// Change the include list of the configuration file
    Include(Edit),
    /// Change the exclude list of the configuration file
    Exclude(Edit),
}

#[derive(Debug, Args)]
struct Edit {
    #[command(subcommand)]
    change: Change,
}

#[derive(Debug, Subcommand)]
enum Change {
    /// Add names of commands, patterns of names, or programs
    Add {
        /// Such as Get-Service, Get-Net* or ipconfig.exe
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
    },
    /// Remove names, as they stand in the list
    Remove {
        /// Whatever their case
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
    },
}

/// Runs what was asked for.
pub(super) fn run(
    policy: Policy,
    environment: &Environment,
    arguments: &Arguments,
    console: &Console,
) -> Exit {
    match policy.command {
        Command::Show { json } => show::run(json, environment, arguments, console),
        Command::Test(asked) => test::run(&asked, environment, arguments, console),
        Command::Diff { old, new, json } => {
            compare::diff([&old, &new], json, environment, arguments, console)
        }
        Command::WhoCan { name, tag, json } => {
            compare::who_can(&name, tag.as_deref(), json, environment, arguments, console)
        }
        Command::Script(asked) => script::run(&asked, console),
        Command::ExportJea(asked) => export_jea::run(&asked, environment, arguments, console),
        Command::Allow(edit) => lists::edit("allow", &edit.change, environment, arguments, console),
        Command::Include(edit) => lists::edit("include", &edit.change, environment, arguments, console),
        Command::Exclude(edit) => lists::edit("exclude", &edit.change, environment, arguments, console),
    }
}
