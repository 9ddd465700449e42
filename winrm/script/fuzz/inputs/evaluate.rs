//! Bytes as a script that runs.

use std::time::Duration;

use winrm_script::evaluate::{Evaluator, Failure, Limits, PushDown, Reply, Setup, Step};
use winrm_script::format::out_string;
use winrm_script::parse;
use winrm_script::plan::Plan;
use winrm_script::tree::ScriptBlock;
use winrm_script::value::Value;

/// Runs the script within small limits, answers its calls with a few values, and shows what it writes.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(tree) = parse::script(text) else { return };
    drop(Plan::of(text, &tree).to_string());
    for push_down in [PushDown::Off, PushDown::On] {
        evaluate(text, tree.clone(), push_down);
    }
}

fn evaluate(text: &str, tree: ScriptBlock, push_down: PushDown) {
    let limits = Limits {
        steps: 20_000,
        memory: 4 << 20,
        output: 200,
        time: Duration::from_secs(1),
        ..Limits::default()
    };
    let mut evaluator = Evaluator::with_setup(text, tree, Setup { limits, push_down, ..Setup::default() });
    let mut output = Vec::new();
    // Every step does a bounded amount of work, and the limits bound the number of steps.
    for turn in 0..20_000 {
        match evaluator.step(Duration::from_micros(turn)) {
            Step::Output(value) => {
                drop(value.to_clixml());
                output.push(value);
            }
            Step::Record(..) | Step::Working | Step::Sleep(_) => {}
            Step::Call(call) => {
                let answers =
                    [Value::Null, Value::from("a"), Value::from(1), Value::array(vec![Value::from(2.5)])];
                // A host may say anything of the filters that travel.
                let failed = call.filters.first().filter(|_| turn % 2 == 0).map(|_| Failure {
                    id: "X,Microsoft.PowerShell.Commands.WhereObjectCommand".to_owned(),
                    ..Failure::default()
                });
                let reply = Reply {
                    terminating: failed,
                    output: answers.into_iter().chain(call.piped).collect(),
                    ..Reply::default()
                };
                evaluator.answer(reply);
            }
            Step::Refused(refusal) => {
                assert!(refusal.position.offset <= text.len() && !refusal.reason.is_empty());
                break;
            }
            Step::Done(_) => break,
        }
    }
    drop(out_string(&output, 40));
}
