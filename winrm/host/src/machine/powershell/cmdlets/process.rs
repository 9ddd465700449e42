//! Get-Process, Stop-Process.

use winrm_proto::clixml::{Object, Properties, Value};

use super::super::super::processes::{KillError, Process};
use super::super::binding::Bound;
use super::super::cmdlet::{Cmdlet, Takes};
use super::super::convert::like;
use super::super::failure::{Failure, Problem, Target};
use super::super::stage::Stage;

pub(in super::super) const CMDLETS: [Cmdlet; 2] = [
    Cmdlet {
        name: "Get-Process",
        class: "Microsoft.PowerShell.Commands.GetProcessCommand",
        takes: Takes::Only(&["Name", "Id"]),
        run: |stage, bound| Box::pin(get(stage, bound)),
    },
    Cmdlet {
        name: "Stop-Process",
        class: "Microsoft.PowerShell.Commands.StopProcessCommand",
        takes: Takes::Only(&["Name", "Id", "Force", "PassThru"]),
        run: |stage, bound| Box::pin(stop(stage, bound)),
    },
];

async fn get(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    for process in selected(stage, bound).await? {
        stage.put(object(stage, &process)).await?;
    }
    Ok(())
}

async fn stop(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    for process in selected(stage, bound).await? {
        let target = format!("{} ({})", process.name, process.id);
        if !stage.should_process(&target).await? {
            continue;
        }
        match stage.machine.processes.kill(process.id) {
            Ok(()) if bound.switch("PassThru") => stage.put(object(stage, &process)).await?,
            Ok(()) | Err(KillError::NoSuchProcess) => {}
            Err(KillError::AccessDenied) => {
                let problem = Problem {
                    message: format!(
                        "Cannot stop process \"{target}\" because of the following error: Access is denied"
                    ),
                    category: "CloseError",
                    exception: "Microsoft.PowerShell.Commands.ProcessCommandException",
                    id: "CouldNotStopProcess",
                    target: Target::Object {
                        value: object(stage, &process),
                        name: format!("System.Diagnostics.Process ({})", process.name),
                        type_name: "Process",
                    },
                };
                stage.complain(problem).await?;
            }
        }
    }
    Ok(())
}

/// The processes that the parameters or the pipeline name.
async fn selected(stage: &mut Stage<'_>, bound: &Bound) -> Result<Vec<Process>, Failure> {
    let mut all = stage.machine.processes.all();
    all.sort_by_cached_key(|process| process.name.to_lowercase());
    let ids = match (bound.numbers("Id"), bound.value("Name")) {
        (Some(ids), _) => Some(ids),
        (None, None) if stage.has_input() => Some(piped(stage).await),
        (None, _) => None,
    };
    let mut found = Vec::new();
    match (ids, bound.texts("Name")) {
        (Some(ids), _) => {
            for id in ids {
                let process = all.iter().find(|process| f64::from(process.id).total_cmp(&id).is_eq());
                match process {
                    Some(process) => found.push(process.clone()),
                    None => stage.complain(unknown("process identifier", &id.to_string(), ID)).await?,
                }
            }
        }
        (None, Some(patterns)) => {
            for pattern in patterns {
                let matches: Vec<&Process> =
                    all.iter().filter(|process| like(&pattern, &process.name)).collect();
                if matches.is_empty() && !pattern.contains(['*', '?']) {
                    stage.complain(unknown("name", &pattern, NAME)).await?;
                }
                found.extend(matches.into_iter().cloned());
            }
        }
        (None, None) => found = all,
    }
    Ok(found)
}

async fn piped(stage: &mut Stage<'_>) -> Vec<f64> {
    let mut ids = Vec::new();
    while let Some(value) = stage.take().await {
        let id = value.property("Id").unwrap_or(&value).as_int32();
        ids.extend(id.map(f64::from));
    }
    ids
}

fn unknown(kind: &str, wanted: &str, id: &'static str) -> Problem {
    let shown = if kind == "name" { format!("\"{wanted}\"") } else { wanted.to_owned() };
    let message = format!(
        "Cannot find a process with the {kind} {shown}. Verify the process {} and call the cmdlet again.",
        if kind == "name" { "name" } else { "identifier" }
    );
    Problem {
        message,
        category: "ObjectNotFound",
        exception: "Microsoft.PowerShell.Commands.ProcessCommandException",
        id,
        target: Target::Text(wanted.to_owned()),
    }
}

/// `System.Diagnostics.Process` as it is serialised, but for the properties that nobody reads remotely.
fn object(stage: &Stage<'_>, process: &Process) -> Value {
    let bytes = |kilobytes: u32| i64::from(kilobytes) * 1024;
    let id = i32::try_from(process.id).unwrap_or(i32::MAX);
    let handles = i32::try_from(process.handles).unwrap_or(i32::MAX);
    let session = i32::try_from(process.session).unwrap_or(i32::MAX);
    let cpu = process.cpu.map(|hundredths| f64::from(hundredths) / 100.0);
    let adapted = Properties::new()
        .with("BasePriority", 8)
        .with("HasExited", false)
        .with("Id", id)
        .with("MachineName", ".")
        .with("HandleCount", handles)
        .with("NonpagedSystemMemorySize64", bytes(process.nonpaged))
        .with("PagedMemorySize64", bytes(process.paged))
        .with("ProcessName", process.name.as_str())
        .with("Responding", true)
        .with("SessionId", session)
        .with("WorkingSet64", bytes(process.working_set));
    let extended = Properties::new()
        .with("Name", process.name.as_str())
        .with("SI", session)
        .with("Handles", handles)
        .with("WS", bytes(process.working_set))
        .with("PM", bytes(process.paged))
        .with("NPM", bytes(process.nonpaged))
        .with("CPU", cpu.map_or(Value::Null, Value::Double))
        .with("Path", path(stage, process));
    Value::object(Object {
        to_string: Some(format!("System.Diagnostics.Process ({})", process.name).into()),
        adapted,
        extended,
        ..Object::typed(&[
            "System.Diagnostics.Process",
            "System.ComponentModel.Component",
            "System.MarshalByRefObject",
            "System.Object",
        ])
    })
}

fn path(stage: &Stage<'_>, process: &Process) -> Value {
    let root = stage.machine.environment_of(&stage.runspace.user);
    match (process.cpu, root.value("SystemRoot")) {
        (Some(_), Some(root)) => Value::from(format!("{root}\\system32\\{}.exe", process.name).as_str()),
        _ => Value::Null,
    }
}

const NAME: &str = "NoProcessFoundForGivenName";
const ID: &str = "NoProcessFoundForGivenId";
