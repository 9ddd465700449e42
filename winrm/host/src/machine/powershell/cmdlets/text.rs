//! Commands that talk to whoever sits before the host, and those that end a pipeline.

use tokio::sync::oneshot;

use super::super::Emission;
use super::super::binding::Bound;
use super::super::cmdlet::{Cmdlet, Takes};
use super::super::failure::{Failure, Problem, Target};
use super::super::stage::Stage;

pub(in super::super) const CMDLETS: [Cmdlet; 4] = [
    Cmdlet {
        name: "Out-Default",
        class: "Microsoft.PowerShell.Commands.OutDefaultCommand",
        takes: Takes::Only(&["InputObject", "Transcript"]),
        run: |stage, bound| Box::pin(pass_on(stage, bound)),
    },
    Cmdlet {
        name: "Out-Null",
        class: "Microsoft.PowerShell.Commands.OutNullCommand",
        takes: Takes::Only(&["InputObject"]),
        run: |stage, _| Box::pin(swallow(stage)),
    },
    Cmdlet {
        name: "Read-Host",
        class: "Microsoft.PowerShell.Commands.ReadHostCommand",
        takes: Takes::Only(&["Prompt"]),
        run: |stage, bound| Box::pin(read_host(stage, bound)),
    },
    Cmdlet {
        name: "Write-Host",
        class: "Microsoft.PowerShell.Commands.WriteHostCommand",
        takes: Takes::Only(&["Object", "NoNewline", "ForegroundColor", "BackgroundColor", "Separator"]),
        run: |stage, bound| Box::pin(write_host(stage, bound)),
    },
];

/// `Out-Default` on a remote machine: what comes goes on.
pub(in super::super) async fn pass_on(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    if let Some(value) = bound.value("InputObject") {
        return stage.put_item(value.clone()).await;
    }
    while let Some(item) = stage.take_item().await {
        stage.put_item(item).await?;
    }
    Ok(())
}

/// `Out-Null`.
async fn swallow(stage: &mut Stage<'_>) -> Result<(), Failure> {
    while stage.take_item().await.is_some() {}
    Ok(())
}

async fn write_host(stage: &Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let text = bound.texts("Object").unwrap_or_default().join(" ");
    stage.emit(Emission::Host(text)).await
}

/// `Read-Host`: asks whoever sits before the client's host, if anybody does.
async fn read_host(stage: &Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let question = bound.texts("Prompt").unwrap_or_default().join(" ");
    let (answer, answered) = oneshot::channel();
    stage.emit(Emission::Ask { question: question.clone(), answer }).await?;
    match answered.await {
        Ok(value) => stage.put(value).await,
        Err(_dropped) => Err(stage.fail(nobody_to_ask(&question))),
    }
}

fn nobody_to_ask(question: &str) -> Problem {
    Problem {
        message: format!(
            "A command that prompts the user failed because the host program or the command type does not support user \
             interaction. The host was attempting to request confirmation with the following message: {question}"
        ),
        category: "NotImplemented",
        exception: "System.Management.Automation.Host.HostException",
        id: "HostFunctionNotImplemented",
        target: Target::Nothing,
    }
}
