//! The command line: reads arguments, puts the house together, starts and stops it.

mod approve;
mod arguments;
mod config;
mod demo;
mod denials;
mod exec;
mod explain;
mod exit;
mod host;
mod input;
mod output;
mod page;
mod pending;
mod policy;
mod renewal;
mod serve;
mod setup;
mod signals;
mod stdio;
mod terminal;
mod width;

use std::{
    io::{self, IsTerminal as _},
    process::ExitCode,
    time::Duration,
};

use clap::Parser as _;

use crate::{remedy::Code, secret::Environment};
use arguments::{Arguments, Command, ConfigCommand};
use exit::Exit;
use output::Console;

/// Runs the program on the arguments and the environment of this process.
#[must_use]
pub fn main() -> ExitCode {
    let console = Console::default();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(problem) => return usage(&console, &problem).into(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build();
    let Ok(runtime) = runtime else {
        console.error_line("winrm-mcp: the operating system gave no threads");
        return Exit::of(Code::Internal).into();
    };
    let exit = runtime.block_on(dispatch(arguments, &console));
    // Standard input may be read by a thread that nothing can interrupt.
    runtime.shutdown_timeout(Duration::from_millis(10));
    exit.into()
}

async fn dispatch(arguments: Arguments, console: &Console) -> Exit {
    let environment = Environment::of_this_process();
    let settings = arguments.settings;
    match arguments.command {
        None if io::stdin().is_terminal() => {
            console.error(SHORT_HELP);
            Exit::of(Code::Usage)
        }
        None | Some(Command::Serve) => serve::run(&environment, &settings.into(), console).await,
        Some(Command::Exec(exec)) => exec::run(exec, &environment, &settings.into(), console).await,
        Some(Command::Demo) => demo::run(console).await,
        Some(Command::Host(host)) => host::run(host, console).await,
        Some(Command::Config(arguments::Config { command: ConfigCommand::Show { json } })) => {
            config::show(json, &environment, &settings.into(), console)
        }
        Some(Command::Policy(asked)) => policy::run(asked, &environment, &settings.into(), console),
        Some(Command::Explain(asked)) => explain::run(asked, &environment, &settings.into(), console),
        Some(Command::Denials(asked)) => denials::run(&asked, &environment, &settings.into(), console),
        Some(Command::Pending { json }) => pending::run(json, &environment, &settings.into(), console),
        Some(Command::Approve(asked)) => approve::run(&asked, &environment, &settings.into(), console),
        Some(Command::CheckConfig { json }) => config::check(json, &environment, &settings.into(), console),
    }
}

/// Help and version go to standard output and are no failure; everything else that clap says is.
fn usage(console: &Console, problem: &clap::Error) -> Exit {
    use clap::error::ErrorKind;
    match problem.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            console.out(problem.render());
            Exit::SUCCESS
        }
        _ => {
            console.error(problem.render());
            Exit::of(Code::Usage)
        }
    }
}

const SHORT_HELP: &str = "\
winrm-mcp runs allowed work on remote Windows hosts over WinRM.

  winrm-mcp demo                        see it work, no Windows needed
  winrm-mcp exec -- Get-Service         run one command
  winrm-mcp check-config                check the configuration
  winrm-mcp --help                      everything else

Without a command it is an MCP server on standard input and output, for an
assistant to start; from a terminal there is no one to talk to.
";

/// A call waits for the network; two threads keep up with it.
const WORKERS: usize = 2;
