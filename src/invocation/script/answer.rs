//! Between a script's calls and what goes to a host and comes back.

use winrm_script::{
    evaluate::{Failure as Error, Reply},
    value::Value,
};

use crate::{
    call::Outcome,
    invocation::{
        failure::ScriptError,
        way::{Answer, PROGRAM},
    },
};

/// Whether an answer is whole: a script must not compute on the beginning of an output.
pub(super) fn check(answer: &Answer, name: &str) -> Result<(), ScriptError> {
    match answer {
        Answer::Ran(_, captured) if captured.stdout.whole().is_none() => {
            Err(ScriptError::ProgramOutput { program: name.to_owned(), limit: PROGRAM.head })
        }
        _ => Ok(()),
    }
}

/// The answer as the evaluator takes it, or how the work ended if not by itself.
pub(super) fn reply(answer: Answer) -> Result<Reply, Outcome> {
    let Outcome::Completed { exit_code } = answer.outcome() else { return Err(answer.outcome()) };
    Ok(match answer {
        // A command sets no `$LASTEXITCODE`.
        Answer::Called(called) => Reply { exit_code: None, ..called.into_reply() },
        Answer::Ran(_, captured) => Reply {
            output: captured.stdout.whole().unwrap_or_default().lines().map(Value::string).collect(),
            errors: captured.stderr.excerpt(usize::MAX).text.lines().map(error).collect(),
            exit_code,
            ..Reply::default()
        },
        // Whoever watches has what it wrote.
        Answer::Shown(..) => Reply { exit_code, ..Reply::default() },
        // The script goes on as if nothing had come back, so that what it would do next is judged too.
        Answer::Rehearsed => Reply::default(),
    })
}

/// A line of a program's standard error, as PowerShell makes a record of it.
fn error(line: &str) -> Error {
    Error {
        id: "NativeCommandError".to_owned(),
        message: line.to_owned(),
        exception: "System.Management.Automation.RemoteException".to_owned(),
        category: "NotSpecified".to_owned(),
        target: Value::string(line),
        ..Error::default()
    }
}
