//! Get-Date, Start-Sleep, Write-Error, Write-Output.

use std::time::Duration;

use winrm_proto::clixml::{DateTime, Object, Properties, Value};

use super::super::binding::{Bound, missing_mandatory};
use super::super::failure::{Failure, Problem, Target};
use super::super::stage::Stage;

pub(super) async fn get_date(stage: &Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let now = stage.machine.now();
    if let Some(format) = bound.text("Format") {
        return stage.put(Value::from(now.formatted(&format).as_str())).await;
    }
    let text = now.iso();
    let Ok(date) = text.parse::<DateTime>() else { return Ok(()) };
    stage
        .put(Value::object(Object {
            content: winrm_proto::clixml::Content::Primitive(Value::DateTime(date)),
            to_string: Some(now.general().into()),
            extended: Properties::new().with("DateTime", now.long().as_str()),
            ..Object::typed(&["System.DateTime", "System.ValueType", "System.Object"])
        }))
        .await
}

pub(super) async fn start_sleep(stage: &Stage<'_>, bound: &Bound) -> Result<(), Failure> {
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

pub(super) async fn write_error(stage: &Stage<'_>, bound: &Bound) -> Result<(), Failure> {
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
pub(super) async fn write_output(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    if let Some(given) = bound.given("InputObject") {
        if bound.switch("NoEnumerate") {
            return stage.put(given.clone().into_value()).await;
        }
        for value in given.each() {
            stage.put(value.clone().into_value()).await?;
        }
        return Ok(());
    }
    while let Some(value) = stage.take().await {
        stage.put(value).await?;
    }
    Ok(())
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
