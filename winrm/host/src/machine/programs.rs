//! The programs that the machine has.

mod network;
mod query;
mod simulate;
mod system;
mod tasks;
mod text;

use super::Machine;
use super::console::Console;
use super::pipe::Broken;
use super::{cmd, powershell};

/// A program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    Cmd,
    Find,
    Findstr,
    Hostname,
    Ipconfig,
    More,
    Netstat,
    Ping,
    PowerShell,
    QueryUser,
    ServiceControl,
    Simulate,
    Sort,
    Systeminfo,
    Taskkill,
    Tasklist,
    TimeService,
    Timeout,
    Whoami,
}

/// What a name on a command line stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resolved {
    Program(Program),
    /// A path to a directory that is not there.
    NoSuchPath,
    Unknown,
}

impl Program {
    /// Looks a name up on the search path, or a path on the disk.
    pub(super) fn resolve(name: &str) -> Resolved {
        let name = name.replace('/', "\\").to_ascii_lowercase();
        let (directory, file) = name.rsplit_once('\\').unwrap_or(("", &name));
        let image = file.strip_suffix(".exe").or_else(|| file.strip_suffix(".com")).unwrap_or(file);
        let found = PROGRAMS.iter().find(|(_, known, _)| *known == image);
        match (directory, found) {
            ("", Some(&(program, ..))) => Resolved::Program(program),
            ("", None) => Resolved::Unknown,
            (directory, Some(&(program, _, home))) if home == directory => Resolved::Program(program),
            (directory, _) if super::is_directory(directory) => Resolved::Unknown,
            _ => Resolved::NoSuchPath,
        }
    }

    /// The name in the table of processes.
    pub(super) fn image(self) -> &'static str {
        PROGRAMS.iter().find(|(program, ..)| *program == self).map_or("", |(_, image, _)| *image)
    }
}

/// Runs a program. `text` is the command line behind its name, quotes and all, for those that read it themselves.
pub(super) async fn run(
    machine: &Machine,
    program: Program,
    arguments: &[String],
    text: &str,
    console: &mut Console,
) -> Result<i32, Broken> {
    match program {
        Program::Cmd => interpreter(machine, text, console).await,
        Program::Find => text::find(arguments, console).await,
        Program::Findstr => text::findstr(arguments, console).await,
        Program::Hostname => system::hostname(machine, arguments, console).await,
        Program::Ipconfig => network::ipconfig(machine, arguments, console).await,
        Program::More => text::more(console).await,
        Program::Netstat => query::netstat(machine, arguments, console).await,
        Program::Ping => network::ping(machine, arguments, console).await,
        Program::PowerShell => Box::pin(powershell::run(machine, arguments, console)).await,
        Program::QueryUser => query::quser(machine, console).await,
        Program::ServiceControl => tasks::service_control(machine, arguments, console).await,
        Program::Simulate => simulate::simulate(arguments, console).await,
        Program::Sort => text::sort(arguments, console).await,
        Program::Systeminfo => system::systeminfo(machine, console).await,
        Program::Taskkill => tasks::taskkill(machine, arguments, console).await,
        Program::Tasklist => tasks::tasklist(machine, arguments, console).await,
        Program::TimeService => query::w32tm(machine, arguments, console).await,
        Program::Timeout => system::timeout(console).await,
        Program::Whoami => system::whoami(machine, arguments, console).await,
    }
}

/// `cmd.exe` started by name: `/c LINE` runs a line; without it, lines come from stdin until its end.
async fn interpreter(machine: &Machine, text: &str, console: &mut Console) -> Result<i32, Broken> {
    let lower = text.to_ascii_lowercase();
    let switch = ["/c", "/k", "/r"].iter().filter_map(|switch| lower.find(switch)).min();
    if let Some(at) = switch {
        let line = text.get(at + 2..).unwrap_or_default().to_owned();
        return Box::pin(cmd::run(machine, &line, console)).await;
    }
    let input = console.stdin.read_to_end().await;
    let mut level = 0;
    for line in String::from_utf8_lossy(&input).lines() {
        level = Box::pin(cmd::run(machine, line, console)).await?;
    }
    Ok(level)
}

/// Program, file name without extension, directory.
const PROGRAMS: [(Program, &str, &str); 19] = [
    (Program::Cmd, "cmd", SYSTEM),
    (Program::Find, "find", SYSTEM),
    (Program::Findstr, "findstr", SYSTEM),
    (Program::Hostname, "hostname", SYSTEM),
    (Program::Ipconfig, "ipconfig", SYSTEM),
    (Program::More, "more", SYSTEM),
    (Program::Netstat, "netstat", SYSTEM),
    (Program::Ping, "ping", SYSTEM),
    (Program::PowerShell, "powershell", "c:\\windows\\system32\\windowspowershell\\v1.0"),
    (Program::QueryUser, "quser", SYSTEM),
    (Program::ServiceControl, "sc", SYSTEM),
    (Program::Simulate, "simulate", SYSTEM),
    (Program::Sort, "sort", SYSTEM),
    (Program::Systeminfo, "systeminfo", SYSTEM),
    (Program::Taskkill, "taskkill", SYSTEM),
    (Program::Tasklist, "tasklist", SYSTEM),
    (Program::TimeService, "w32tm", SYSTEM),
    (Program::Timeout, "timeout", SYSTEM),
    (Program::Whoami, "whoami", SYSTEM),
];
const SYSTEM: &str = "c:\\windows\\system32";
