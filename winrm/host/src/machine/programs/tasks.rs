//! Programs that show and change processes and services.

use super::super::console::Console;
use super::super::pipe::Broken;
use super::super::processes::KillError;
use super::super::services::{ControlError, Dependents, Service, State};
use super::super::{Machine, thousands};

pub(super) async fn tasklist(
    machine: &Machine,
    arguments: &[String],
    console: &Console,
) -> Result<i32, Broken> {
    if let Some(option) = arguments.first() {
        let message =
            format!("ERROR: Invalid argument/option - '{option}'.\r\nType \"TASKLIST /?\" for usage.");
        console.stderr.line(&message).await?;
        return Ok(1);
    }
    let mut text = format!(
        "\r\n{:<25} {:>8} {:<16} {:>11} {:>12}\r\n{:=<25} {:=<8} {:=<16} {:=<11} {:=<12}\r\n",
        "Image Name", "PID", "Session Name", "Session#", "Mem Usage", "", "", "", "", ""
    );
    for process in machine.processes.all() {
        let image = match process.name.as_str() {
            "Idle" => "System Idle Process".to_owned(),
            name @ ("System" | "Registry") => name.to_owned(),
            name => format!("{name}.exe"),
        };
        let memory = format!("{} K", thousands(process.working_set.into()));
        text.push_str(&format!(
            "{image:<25} {:>8} {:<16} {:>11} {memory:>12}\r\n",
            process.id, "Services", process.session
        ));
    }
    console.stdout.write(text).await?;
    Ok(0)
}

/// `taskkill [/f] /pid ID | /im NAME.exe`.
pub(super) async fn taskkill(
    machine: &Machine,
    arguments: &[String],
    console: &Console,
) -> Result<i32, Broken> {
    let option = |name: &str| {
        let at = arguments.iter().position(|argument| argument.eq_ignore_ascii_case(name))?;
        arguments.get(at + 1).map(String::as_str)
    };
    let targets: Vec<(u32, String)> = match (option("/pid"), option("/im")) {
        (Some(id), _) => id.parse().ok().map(|id: u32| (id, id.to_string())).into_iter().collect(),
        (None, Some(image)) => {
            let name = image.strip_suffix(".exe").unwrap_or(image);
            let all = machine.processes.all().into_iter();
            all.filter(|process| process.name.eq_ignore_ascii_case(name))
                .map(|p| (p.id, image.to_owned()))
                .collect()
        }
        (None, None) => {
            let message = "ERROR: Invalid syntax. Neither /FI nor /PID nor /IM were specified.\r\n\
                           Type \"TASKKILL /?\" for usage.";
            console.stderr.line(message).await?;
            return Ok(1);
        }
    };
    if targets.is_empty() {
        let wanted = option("/pid").or(option("/im")).unwrap_or_default();
        console.stderr.line(&format!("ERROR: The process \"{wanted}\" not found.")).await?;
        return Ok(128);
    }
    let mut level = 0;
    for (id, shown) in targets {
        match machine.processes.kill(id) {
            Ok(()) => {
                console
                    .stdout
                    .line(&format!("SUCCESS: The process with PID {id} has been terminated."))
                    .await?;
            }
            Err(KillError::NoSuchProcess) => {
                console.stderr.line(&format!("ERROR: The process \"{shown}\" not found.")).await?;
                level = 128;
            }
            Err(KillError::AccessDenied) => {
                let message = format!(
                    "ERROR: The process with PID {id} could not be terminated.\r\nReason: Access is denied."
                );
                console.stderr.line(&message).await?;
                level = 1;
            }
        }
    }
    Ok(level)
}

/// `sc query NAME`, `sc start NAME`, `sc stop NAME`.
pub(super) async fn service_control(
    machine: &Machine,
    arguments: &[String],
    console: &Console,
) -> Result<i32, Broken> {
    let verb = arguments.first().map(|verb| verb.to_ascii_lowercase()).unwrap_or_default();
    let services = &machine.services;
    let outcome = match (verb.as_str(), arguments.get(1)) {
        ("query", None) => {
            let running = services.all().into_iter().filter(|service| service.state == State::Running);
            console.stdout.write(running.map(|service| status(&service)).collect::<String>()).await?;
            return Ok(0);
        }
        ("query", Some(name)) => services.find(name).map(drop).ok_or(ControlError::NoSuchService),
        ("start", Some(name)) => services.start(name),
        ("stop", Some(name)) => services.stop(name, Dependents::Refuse),
        _ => {
            console.stderr.line("The simulated machine's sc.exe knows query, start and stop only.").await?;
            return Ok(1639);
        }
    };
    let found = arguments.get(1).and_then(|name| services.find(name));
    match (outcome, found) {
        (Ok(()), Some(service)) => {
            console.stdout.write(status(&service)).await?;
            Ok(0)
        }
        (Ok(()), None) => Ok(0),
        (Err(error), _) => {
            let (code, reason) = control_error(error);
            let call = if verb == "query" { "EnumQueryServicesStatus:OpenService" } else { "OpenService" };
            console.stdout.line(&format!("[SC] {call} FAILED {code}:\r\n\r\n{reason}\r\n")).await?;
            Ok(code)
        }
    }
}

fn status(service: &Service) -> String {
    let state = match service.state {
        State::Running => {
            "4  RUNNING \r\n                                (STOPPABLE, NOT_PAUSABLE, ACCEPTS_SHUTDOWN)"
        }
        State::Stopped => "1  STOPPED ",
    };
    format!(
        "\r\nSERVICE_NAME: {} \r\n        TYPE               : 20  WIN32_SHARE_PROCESS  \r\n        \
         STATE              : {state}\r\n        WIN32_EXIT_CODE    : 0  (0x0)\r\n        \
         SERVICE_EXIT_CODE  : 0  (0x0)\r\n        CHECKPOINT         : 0x0\r\n        WAIT_HINT          : 0x0\r\n",
        service.name
    )
}

/// Windows' code for the failure and its words for the code.
fn control_error(error: ControlError) -> (i32, &'static str) {
    match error {
        ControlError::NoSuchService => {
            (1060, "The specified service does not exist as an installed service.")
        }
        ControlError::AccessDenied => (5, "Access is denied."),
        ControlError::DependentsRun => {
            (1051, "A stop control has been sent to a service that other running services are dependent on.")
        }
        ControlError::Disabled => (
            1058,
            "The service cannot be started, either because it is disabled or because it has no enabled devices associated with it.",
        ),
    }
}
