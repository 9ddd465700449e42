//! The simulated Windows machine: its name, its clock, its services and processes, and the programs it runs.
//!
//! It is small and honest: what it has behaves as Windows' own does, state included, and what it lacks says so.

mod calendar;
mod cmd;
pub(crate) mod console;
mod files;
mod inventory;
pub(crate) mod pipe;
pub(crate) mod powershell;
mod processes;
mod programs;
mod registry;
mod services;

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::record::Record;
use calendar::LocalTime;
use console::{Console, Environment};
use files::Files;
use pipe::Broken;
use processes::Processes;
use programs::{Program, Resolved};
use services::Services;

/// The machine.
#[derive(Debug)]
pub(crate) struct Machine {
    hostname: String,
    clock: Clock,
    started: LocalTime,
    environment: Environment,
    services: Services,
    processes: Processes,
    files: Files,
    record: Record,
}

/// How a client wants a command to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interpretation {
    /// The line goes to `%COMSPEC% /C`.
    Cmd,
    /// The line starts a program directly (`WINRS_SKIP_CMD_SHELL`).
    Direct,
}

/// Windows could not start the program at all; WinRM answers the Command with a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartFailure {
    /// `ERROR_FILE_NOT_FOUND`.
    FileNotFound,
    /// `ERROR_FILENAME_EXCED_RANGE`.
    TooLong,
}

impl Machine {
    pub(crate) fn new(
        hostname: String,
        variables: &[(String, String)],
        clock: Clock,
        record: Record,
    ) -> Self {
        let mut environment = Environment::default();
        let computer = [("COMPUTERNAME", hostname.as_str()), ("USERDOMAIN", hostname.as_str())];
        let given = variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in VARIABLES.into_iter().chain(computer).chain(given) {
            environment.set(name, value);
        }
        let started = LocalTime::from(clock.now());
        let (services, processes) = (Services::new(), Processes::new());
        let files = Files::default();
        Self { hostname, clock, started, environment, services, processes, files, record }
    }

    /// The environment that a user's programs begin with.
    pub(crate) fn environment_of(&self, user: &str) -> Environment {
        let mut environment = self.environment.clone();
        environment.set("USERNAME", user);
        environment.set("USERPROFILE", &home_of(user));
        environment
    }

    pub(crate) fn hostname(&self) -> &str {
        &self.hostname
    }

    /// What `CreateProcess` would refuse before anything runs.
    pub(crate) fn check_start(&self, line: &str, how: Interpretation) -> Result<(), StartFailure> {
        if line.encode_utf16().count() > CREATE_PROCESS_LIMIT {
            return Err(StartFailure::TooLong);
        }
        match how {
            Interpretation::Cmd => Ok(()),
            Interpretation::Direct => match cmd::words(line).first().map(|name| Program::resolve(name)) {
                Some(Resolved::Program(_)) => Ok(()),
                _ => Err(StartFailure::FileNotFound),
            },
        }
    }

    /// Runs a command to its end and gives its exit code. Dropping the future ends the command.
    pub(crate) async fn run(&self, line: &str, how: Interpretation, mut console: Console) -> i32 {
        let ended = match how {
            Interpretation::Cmd => self.as_process("cmd", cmd::run(self, line, &mut console)).await,
            Interpretation::Direct => self.run_directly(line, &mut console).await,
        };
        ended.unwrap_or(BROKEN_PIPE)
    }

    async fn run_directly(&self, line: &str, console: &mut Console) -> Result<i32, Broken> {
        let words = cmd::words(line);
        match words.split_first().map(|(name, arguments)| (Program::resolve(name), arguments)) {
            Some((Resolved::Program(program), arguments)) => {
                let text = line.trim_start().split_once(' ').map_or("", |(_, text)| text);
                self.run_program(program, arguments, text, console).await
            }
            _ => Ok(NOT_FOUND),
        }
    }

    /// Runs a program as a process of the machine.
    async fn run_program(
        &self,
        program: Program,
        arguments: &[String],
        text: &str,
        console: &mut Console,
    ) -> Result<i32, Broken> {
        let running = Box::pin(programs::run(self, program, arguments, text, console));
        self.as_process(program.image(), running).await
    }

    /// Shows a running future in the table of processes, where it can be killed.
    async fn as_process(
        &self,
        image: &str,
        running: impl Future<Output = Result<i32, Broken>>,
    ) -> Result<i32, Broken> {
        let kill = CancellationToken::new();
        let entry =
            ProcessEntry { processes: &self.processes, id: self.processes.start(image, kill.clone()) };
        let ended = tokio::select! {
            ended = running => ended,
            () = kill.cancelled() => Ok(KILLED),
        };
        drop(entry);
        ended
    }

    fn now(&self) -> LocalTime {
        LocalTime::from(self.clock.now())
    }

    /// Windows' version as `ver` shows it.
    fn version(&self) -> &'static str {
        "10.0.20348.2849"
    }
}

/// A number with a comma before each group of three.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The directory that a user's programs begin in.
pub(crate) fn home_of(user: &str) -> String {
    format!("C:\\Users\\{user}")
}

/// Whether the machine has this directory.
fn is_directory(path: &str) -> bool {
    let home = files::normal(path).to_ascii_lowercase();
    let home = home.strip_prefix("c:\\users\\").is_some_and(|name| !name.contains('\\'));
    home || files::is_directory(path)
}

/// A row of the table of processes that goes when its future does, even when that is dropped half-way.
struct ProcessEntry<'m> {
    processes: &'m Processes,
    id: u32,
}

impl Drop for ProcessEntry<'_> {
    fn drop(&mut self) {
        self.processes.end(self.id);
    }
}

/// What every process of the machine finds in its environment.
const VARIABLES: [(&str, &str); 16] = [
    ("ALLUSERSPROFILE", "C:\\ProgramData"),
    ("CommonProgramFiles", "C:\\Program Files\\Common Files"),
    ("ComSpec", "C:\\Windows\\system32\\cmd.exe"),
    ("NUMBER_OF_PROCESSORS", "2"),
    ("OS", "Windows_NT"),
    ("Path", "C:\\Windows\\system32;C:\\Windows;C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\"),
    ("PATHEXT", ".COM;.EXE;.BAT;.CMD"),
    ("PROCESSOR_ARCHITECTURE", "AMD64"),
    ("ProgramData", "C:\\ProgramData"),
    ("ProgramFiles", "C:\\Program Files"),
    ("PROMPT", "$P$G"),
    ("PUBLIC", "C:\\Users\\Public"),
    ("SystemDrive", "C:"),
    ("SystemRoot", "C:\\Windows"),
    ("TEMP", "C:\\Windows\\TEMP"),
    ("windir", "C:\\Windows"),
];
/// UTF-16 units that `CreateProcess` takes.
const CREATE_PROCESS_LIMIT: usize = 32_767;
/// What a process that was killed ends with.
const KILLED: i32 = 1;
/// What a program whose output nobody reads ends with.
const BROKEN_PIPE: i32 = 109;
const NOT_FOUND: i32 = 2;
