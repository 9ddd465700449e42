//! Get-Date, Start-Sleep, and the commands that write to a stream or to none.

use std::time::Duration;

use winrm_proto::clixml::{
    Content, InformationRecord, Object, ProgressRecord, ProgressRecordType, Properties, Value,
};

use winrm_script::value::Value as Item;

use super::super::Emission;
use super::super::binding::{Bound, missing_mandatory};
use super::super::cmdlet::{Cmdlet, Takes};
use super::super::convert::like;
use super::super::failure::{Failure, Problem, Target};
use super::super::stage::Stage;
use super::drives::variable;

pub(in super::super) const CMDLETS: [Cmdlet; 10] = [
    Cmdlet {
        name: "Get-Date",
        class: "Microsoft.PowerShell.Commands.GetDateCommand",
        takes: Takes::Only(&["Format"]),
        run: |stage, bound| Box::pin(get_date(stage, bound)),
    },
    Cmdlet {
        name: "Get-Variable",
        class: "Microsoft.PowerShell.Commands.GetVariableCommand",
        takes: Takes::Only(&["Name", "ValueOnly", "Scope"]),
        run: |stage, bound| Box::pin(get_variable(stage, bound)),
    },
    Cmdlet {
        name: "Start-Sleep",
        class: "Microsoft.PowerShell.Commands.StartSleepCommand",
        takes: Takes::Only(&["Seconds", "Milliseconds"]),
        run: |stage, bound| Box::pin(start_sleep(stage, bound)),
    },
    Cmdlet {
        name: "Write-Debug",
        class: "Microsoft.PowerShell.Commands.WriteDebugCommand",
        takes: Takes::Only(&["Message"]),
        run: |stage, bound| Box::pin(stage.say_in_detail(bound.text("Message").unwrap_or_default())),
    },
    Cmdlet {
        name: "Write-Error",
        class: "Microsoft.PowerShell.Commands.WriteErrorException",
        takes: Takes::Only(&["Message"]),
        run: |stage, bound| Box::pin(write_error(stage, bound)),
    },
    Cmdlet {
        name: "Write-Information",
        class: "Microsoft.PowerShell.Commands.WriteInformationCommand",
        takes: Takes::Only(&["MessageData", "Tags"]),
        run: |stage, bound| Box::pin(write_information(stage, bound)),
    },
    Cmdlet {
        name: "Write-Output",
        class: "Microsoft.PowerShell.Commands.WriteOutputCommand",
        takes: Takes::Only(&["InputObject", "NoEnumerate"]),
        run: |stage, bound| Box::pin(write_output(stage, bound)),
    },
    Cmdlet {
        name: "Write-Progress",
        class: "Microsoft.PowerShell.Commands.WriteProgressCommand",
        takes: Takes::Only(&[
            "Activity",
            "Status",
            "Id",
            "PercentComplete",
            "SecondsRemaining",
            "CurrentOperation",
            "ParentId",
            "Completed",
        ]),
        run: |stage, bound| Box::pin(write_progress(stage, bound)),
    },
    Cmdlet {
        name: "Write-Verbose",
        class: "Microsoft.PowerShell.Commands.WriteVerboseCommand",
        takes: Takes::Only(&["Message"]),
        run: |stage, bound| Box::pin(stage.say_verbosely(bound.text("Message").unwrap_or_default())),
    },
    Cmdlet {
        name: "Write-Warning",
        class: "Microsoft.PowerShell.Commands.WriteWarningCommand",
        takes: Takes::Only(&["Message"]),
        run: |stage, bound| Box::pin(stage.warn(bound.text("Message").unwrap_or_default())),
    },
];

async fn get_date(stage: &Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let now = stage.machine.now();
    if let Some(format) = bound.text("Format") {
        return stage.put(Value::from(now.formatted(&format).as_str())).await;
    }
    stage
        .put(Value::object(Object {
            content: Content::Primitive(now.to_value()),
            to_string: Some(now.general().into()),
            extended: Properties::new().with("DateTime", now.long().as_str()),
            ..Object::typed(&["System.DateTime", "System.ValueType", "System.Object"])
        }))
        .await
}

async fn start_sleep(stage: &Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let seconds = match (bound.number("Seconds"), bound.number("Milliseconds")) {
        (_, Some(milliseconds)) => milliseconds / 1000.0,
        (Some(seconds), None) => seconds,
        (None, None) => return Err(stage.fail(missing_mandatory("Seconds"))),
    };
    let Ok(duration) = Duration::try_from_secs_f64(seconds) else {
        return Err(stage.fail(out_of_range(seconds)));
    };
    tokio::time::sleep(duration).await;
    Ok(())
}

async fn write_error(stage: &Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    stage
        .complain(Problem {
            message: bound.text("Message").unwrap_or_default(),
            category: "NotSpecified",
            exception: "Microsoft.PowerShell.Commands.WriteErrorException",
            id: "Microsoft.PowerShell.Commands.WriteErrorException",
            target: Target::Nothing,
        })
        .await
}

/// Each item of an array by itself, unless `-NoEnumerate` says otherwise.
async fn write_output(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    match bound.value("InputObject") {
        Some(value) if bound.switch("NoEnumerate") => stage.put_item(value.clone()).await,
        Some(value) => {
            for item in value.clone().into_items() {
                stage.put_item(item).await?;
            }
            Ok(())
        }
        None => {
            while let Some(item) = stage.take_item().await {
                stage.put_item(item).await?;
            }
            Ok(())
        }
    }
}

/// `Get-Variable`: the variables that say how things are. A session without a language has no others.
async fn get_variable(stage: &Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let variables = stage.runspace.variables();
    for pattern in bound.texts("Name").unwrap_or_else(|| vec!["*".to_owned()]) {
        let found = variables.iter().filter(|(name, _)| like(&pattern, name));
        let found: Vec<&(&str, Value)> = found.collect();
        if found.is_empty() && !pattern.contains(['*', '?']) {
            stage.complain(no_variable(&pattern)).await?;
        }
        for (name, value) in found {
            let value = value.clone();
            let value = if bound.switch("ValueOnly") { value } else { variable(name, value) };
            stage.put(value).await?;
        }
    }
    Ok(())
}

fn no_variable(name: &str) -> Problem {
    Problem {
        message: format!("Cannot find a variable with the name '{name}'."),
        category: "ObjectNotFound",
        exception: "System.Management.Automation.ItemNotFoundException",
        id: "VariableNotFound",
        target: Target::Text(name.to_owned()),
    }
}

async fn write_information(stage: &Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let record = InformationRecord {
        message_data: bound.value("MessageData").map(Item::to_clixml).unwrap_or_default(),
        source: "Write-Information".into(),
        time_generated: stage.machine.now().iso().parse().ok(),
        tags: bound.texts("Tags").unwrap_or_default().into_iter().map(Into::into).collect(),
        user: stage.runspace.user.as_str().into(),
        computer: stage.machine.hostname().into(),
        ..InformationRecord::default()
    };
    stage.emit(Emission::Information(Box::new(record))).await
}

async fn write_progress(stage: &Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let number = |name: &str, otherwise: i32| {
        bound.number(name).and_then(|number| format!("{number:.0}").parse().ok()).unwrap_or(otherwise)
    };
    let text = |name: &str| bound.text(name).unwrap_or_default();
    let completed = bound.switch("Completed");
    let record = ProgressRecord {
        activity: text("Activity").into(),
        activity_id: number("Id", 0),
        status_description: bound.text("Status").unwrap_or_else(|| "Processing".to_owned()).into(),
        current_operation: bound.text("CurrentOperation").map(Into::into),
        parent_activity_id: number("ParentId", -1),
        percent_complete: number("PercentComplete", -1),
        record_type: if completed { ProgressRecordType::Completed } else { ProgressRecordType::Processing },
        seconds_remaining: number("SecondsRemaining", -1),
    };
    stage.emit(Emission::Progress(Box::new(record))).await
}

fn out_of_range(seconds: f64) -> Problem {
    Problem {
        message: format!(
            "Cannot validate argument on parameter 'Seconds'. The {seconds} argument is less than the minimum allowed \
             range of 0. Supply an argument that is greater than or equal to 0 and then try the command again."
        ),
        category: "InvalidData",
        exception: "System.Management.Automation.ParameterBindingValidationException",
        id: "ParameterArgumentValidationError",
        target: Target::Nothing,
    }
}
