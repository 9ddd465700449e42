//! Get-Service, Start-Service, Stop-Service, Restart-Service.

use winrm_proto::clixml::{Object, Properties, Value};

use super::super::super::services::{ControlError, Dependents, Service, Start, State};
use super::super::binding::Bound;
use super::super::cmdlet::{Cmdlet, Takes};
use super::super::convert::like;
use super::super::failure::{Failure, Problem, Target};
use super::super::stage::Stage;

pub(in super::super) const CMDLETS: [Cmdlet; 4] = [
    Cmdlet {
        name: "Get-Service",
        class: "Microsoft.PowerShell.Commands.GetServiceCommand",
        takes: Takes::Only(&[
            "Name",
            "DisplayName",
            "Include",
            "Exclude",
            "DependentServices",
            "RequiredServices",
        ]),
        run: |stage, bound| Box::pin(get(stage, bound)),
    },
    Cmdlet {
        name: "Restart-Service",
        class: "Microsoft.PowerShell.Commands.RestartServiceCommand",
        takes: Takes::Only(&CHANGING),
        run: |stage, bound| Box::pin(change(stage, bound, Change::Restart)),
    },
    Cmdlet {
        name: "Start-Service",
        class: "Microsoft.PowerShell.Commands.StartServiceCommand",
        takes: Takes::Only(&CHANGING),
        run: |stage, bound| Box::pin(change(stage, bound, Change::Start)),
    },
    Cmdlet {
        name: "Stop-Service",
        class: "Microsoft.PowerShell.Commands.StopServiceCommand",
        takes: Takes::Only(&CHANGING),
        run: |stage, bound| Box::pin(change(stage, bound, Change::Stop)),
    },
];

/// What to do to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Start,
    Stop,
    Restart,
}

async fn get(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let mut services = selected(stage, bound).await?;
    if bound.switch("DependentServices") {
        services = related(stage, &services, |service, other| service.dependents.contains(&other.name));
    } else if bound.switch("RequiredServices") {
        services = related(stage, &services, |service, other| other.dependents.contains(&service.name));
    }
    for service in services {
        stage.put(object(stage, &service)).await?;
    }
    Ok(())
}

async fn change(stage: &mut Stage<'_>, bound: &Bound, change: Change) -> Result<(), Failure> {
    let dependents = if bound.switch("Force") { Dependents::StopToo } else { Dependents::Refuse };
    for service in selected(stage, bound).await? {
        let target = format!("{} ({})", service.display_name, service.name);
        if !stage.should_process(&target).await? {
            continue;
        }
        let services = &stage.machine.services;
        let outcome = match change {
            Change::Start => services.start(service.name),
            Change::Stop => services.stop(service.name, dependents),
            Change::Restart => {
                let running = services.running_dependents(service.name);
                services
                    .stop(service.name, dependents)
                    .and_then(|()| services.start(service.name))
                    .and_then(|()| running.into_iter().try_for_each(|dependent| services.start(dependent)))
            }
        };
        match outcome {
            Ok(()) if bound.switch("PassThru") => {
                if let Some(service) = stage.machine.services.find(service.name) {
                    stage.put(object(stage, &service)).await?;
                }
            }
            Ok(()) => {}
            Err(error) => stage.complain(refused(stage, &service, change, error)).await?,
        }
    }
    Ok(())
}

/// The services that the parameters or the pipeline name. A name without wildcards that is no service is an error.
async fn selected(stage: &mut Stage<'_>, bound: &Bound) -> Result<Vec<Service>, Failure> {
    let all = stage.machine.services.all();
    let names = match (bound.texts("Name"), bound.texts("DisplayName")) {
        (Some(names), _) => Some(names),
        (None, None) if stage.has_input() => Some(piped(stage).await),
        (None, _) => None,
    };
    let mut found: Vec<Service> = match (names, bound.texts("DisplayName")) {
        (Some(patterns), _) => matching(stage, &all, patterns, Naming::Name).await?,
        (None, Some(patterns)) => matching(stage, &all, patterns, Naming::DisplayName).await?,
        (None, None) => all,
    };
    if let Some(include) = bound.texts("Include") {
        found.retain(|service| include.iter().any(|pattern| like(pattern, service.name)));
    }
    if let Some(exclude) = bound.texts("Exclude") {
        found.retain(|service| !exclude.iter().any(|pattern| like(pattern, service.name)));
    }
    Ok(found)
}

/// Which of a service's names a pattern is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Naming {
    Name,
    DisplayName,
}

async fn matching(
    stage: &Stage<'_>,
    all: &[Service],
    patterns: Vec<String>,
    naming: Naming,
) -> Result<Vec<Service>, Failure> {
    let mut found = Vec::new();
    for pattern in patterns {
        let name = |service: &Service| match naming {
            Naming::Name => service.name,
            Naming::DisplayName => service.display_name,
        };
        let matches: Vec<&Service> = all.iter().filter(|service| like(&pattern, name(service))).collect();
        if matches.is_empty() && !pattern.contains(['*', '?']) {
            stage.complain(unknown(&pattern, naming)).await?;
        }
        found.extend(matches.into_iter().cloned());
    }
    Ok(found)
}

async fn piped(stage: &mut Stage<'_>) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(value) = stage.take().await {
        let name = value.property("Name").unwrap_or(&value).to_string();
        names.push(name);
    }
    names
}

fn related(stage: &Stage<'_>, of: &[Service], is: impl Fn(&Service, &Service) -> bool) -> Vec<Service> {
    let all = stage.machine.services.all().into_iter();
    all.filter(|other| of.iter().any(|service| is(service, other))).collect()
}

fn unknown(name: &str, naming: Naming) -> Problem {
    let (kind, id) = match naming {
        Naming::Name => ("service name", "NoServiceFoundForGivenName"),
        Naming::DisplayName => ("display name", "NoServiceFoundForGivenDisplayName"),
    };
    Problem {
        message: format!("Cannot find any service with {kind} '{name}'."),
        category: "ObjectNotFound",
        exception: "Microsoft.PowerShell.Commands.ServiceCommandException",
        id,
        target: Target::Text(name.to_owned()),
    }
}

fn refused(stage: &Stage<'_>, service: &Service, change: Change, error: ControlError) -> Problem {
    let Service { name, display_name, .. } = service;
    let (verb, id) = match change {
        Change::Start => ("started", "CouldNotStartService"),
        Change::Stop | Change::Restart => ("stopped", "CouldNotStopService"),
    };
    let (message, category, id) = match error {
        ControlError::DependentsRun => (
            format!(
                "Cannot stop service '{display_name} ({name})' because it has dependent services. It can only be \
                 stopped if the Force flag is set."
            ),
            "InvalidOperation",
            "ServiceHasDependentServices",
        ),
        ControlError::AccessDenied => (
            format!(
                "Service '{display_name} ({name})' cannot be {verb} due to the following error: Cannot open {name} \
                 service on computer '.'."
            ),
            "PermissionDenied",
            id,
        ),
        ControlError::Disabled => (
            format!(
                "Service '{display_name} ({name})' cannot be {verb} due to the following error: Cannot start service \
                 {name} on computer '.'."
            ),
            "OpenError",
            "CouldNotStartService",
        ),
        ControlError::NoSuchService => return unknown(name, Naming::Name),
    };
    let type_name = "ServiceController";
    let target = Target::Object { value: object(stage, service), name: TYPE.to_owned(), type_name };
    Problem {
        message,
        category,
        exception: "Microsoft.PowerShell.Commands.ServiceCommandException",
        id,
        target,
    }
}

/// `System.ServiceProcess.ServiceController` as it is serialised.
fn object(stage: &Stage<'_>, service: &Service) -> Value {
    let running = service.state == State::Running;
    let status = match service.state {
        State::Stopped => ("Stopped", 1),
        State::Running => ("Running", 4),
    };
    let start = match service.start {
        Start::Automatic => ("Automatic", 2),
        Start::Manual => ("Manual", 3),
        Start::Disabled => ("Disabled", 4),
    };
    let names = |services: Vec<Service>| {
        Value::array(services.iter().map(|service| Value::from(service.name)).collect())
    };
    let required =
        related(stage, std::slice::from_ref(service), |one, other| other.dependents.contains(&one.name));
    let dependent =
        related(stage, std::slice::from_ref(service), |one, other| one.dependents.contains(&other.name));
    let adapted = Properties::new()
        .with("CanPauseAndContinue", false)
        .with("CanShutdown", running)
        .with("CanStop", running)
        .with("DisplayName", service.display_name)
        .with("DependentServices", names(dependent))
        .with("MachineName", ".")
        .with("ServiceName", service.name)
        .with("ServicesDependedOn", names(required.clone()))
        .with("ServiceHandle", Value::Null)
        .with(
            "Status",
            Value::enumeration("System.ServiceProcess.ServiceControllerStatus", status.0, status.1),
        )
        .with("ServiceType", Value::enumeration("System.ServiceProcess.ServiceType", "Win32ShareProcess", 32))
        .with("StartType", Value::enumeration("System.ServiceProcess.ServiceStartMode", start.0, start.1))
        .with("Site", Value::Null)
        .with("Container", Value::Null);
    Value::object(Object {
        to_string: Some(TYPE.into()),
        adapted,
        extended: Properties::new().with("Name", service.name).with("RequiredServices", names(required)),
        ..Object::typed(&[
            TYPE,
            "System.ComponentModel.Component",
            "System.MarshalByRefObject",
            "System.Object",
        ])
    })
}

const CHANGING: [&str; 6] = ["Name", "DisplayName", "Include", "Exclude", "PassThru", "Force"];
const TYPE: &str = "System.ServiceProcess.ServiceController";
