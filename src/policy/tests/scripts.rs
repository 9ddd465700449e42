//! Whole scripts, evaluated with canned answers, each call judged with the values that it has then.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;
use winrm_script::{
    check,
    evaluate::{CallKind, Ending, Evaluator, Facts, Limits, PushDown, Reply, Setup, Step},
    parse,
    typed::TypedPipeline,
    value::Value,
};

use super::{Lines, NOW, call, policy, settings_of, target, unqualified};
use crate::{
    call::Work,
    policy::{Denial, Judgement, Policy},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    group: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    #[serde(default)]
    policy: Lines,
    #[serde(default)]
    push_down: bool,
    rows: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    text: String,
    #[serde(default)]
    answers: BTreeMap<String, String>,
    #[serde(default)]
    sends: Vec<String>,
    denied: Option<String>,
    approval: Option<String>,
    foreseen: Option<String>,
    #[serde(default)]
    refused: bool,
    /// The script fails before it sends anything.
    #[serde(default)]
    failed: bool,
}

/// What came of a script.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    sends: Vec<String>,
    denied: Option<String>,
    approval: Option<String>,
    refused: bool,
    failed: bool,
}

#[test]
fn scripts_are_judged_with_the_values_that_they_have_when_they_run() {
    let table: Table = toml::from_str(include_str!("../../../fixtures/policy/scripts.toml")).unwrap();
    let mut complaints = Vec::new();
    for group in table.group {
        let policy = policy(&settings_of(&group.policy));
        let push_down = if group.push_down { PushDown::On } else { PushDown::Off };
        for row in &group.rows {
            let expected = Outcome {
                sends: row.sends.clone(),
                denied: row.denied.clone(),
                approval: row.approval.clone(),
                refused: row.refused,
                failed: row.failed,
            };
            let foreseen = foreseen(&policy, &row.text);
            if foreseen != Ok(row.foreseen.clone()) && !(row.refused && foreseen.is_err()) {
                complaints.push(format!("{}: foreseen is {foreseen:?}", row.text));
                continue;
            }
            // What is certain beforehand never runs; that the same is denied then is for the rows that say so.
            if row.foreseen.is_some() && row.denied.is_none() {
                continue;
            }
            let outcome = run(&policy, &row.text, &row.answers, push_down);
            if outcome != expected {
                complaints.push(format!("{}: {outcome:?}", row.text));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// The rule that denies the script before it runs; an error where it is not taken at all.
fn foreseen(policy: &Policy, text: &str) -> Result<Option<String>, ()> {
    let tree = parse::script(text).map_err(drop)?;
    let commands = check::script(text, &tree, &check::Standard).map_err(drop)?;
    let call = call(Work::PowerShell { text: text.to_owned() });
    Ok(policy.foresee(&call, text, &commands, &target()).err().map(|denial| denial.rule))
}

fn run(policy: &Policy, text: &str, answers: &BTreeMap<String, String>, push_down: PushDown) -> Outcome {
    let mut outcome = Outcome::default();
    let Ok(tree) = parse::script(text) else { return Outcome { refused: true, ..outcome } };
    if check::script(text, &tree, &check::Standard).is_err() {
        return Outcome { refused: true, ..outcome };
    }
    let mut evaluator = Evaluator::with_setup(text, tree, Setup { push_down, ..Setup::default() });
    loop {
        match evaluator.step(Duration::ZERO) {
            Step::Call(asked) => {
                let work = match asked.kind {
                    CallKind::Command => {
                        TypedPipeline::from_call(&asked).map(Work::Command).map_err(Denial::from)
                    }
                    CallKind::Program => Ok(Work::Program {
                        executable: asked.name.clone(),
                        arguments: asked.arguments.iter().map(|word| word.to_text().to_string()).collect(),
                        stdin: None,
                        working_directory: None,
                    }),
                };
                match work.map(|work| policy.judge(&call(work), &target(), NOW)) {
                    Ok(Judgement::Allowed(authorized)) => {
                        outcome.sends.push(unqualified(authorized.judged()));
                    }
                    Ok(Judgement::NeedsApproval(unapproved)) => {
                        outcome.approval = Some(unqualified(unapproved.wanted().judged()));
                        return outcome;
                    }
                    Ok(Judgement::Denied(denial)) | Err(denial) => {
                        outcome.denied = Some(denial.rule);
                        return outcome;
                    }
                    Ok(Judgement::Rehearsed(_)) => panic!("{text}: nothing is rehearsed"),
                }
                let output = answers.get(&asked.name).map(|answer| values(answer)).unwrap_or_default();
                evaluator.answer(Reply { output, ..Reply::default() });
            }
            Step::Refused(_) => return Outcome { failed: true, ..outcome },
            Step::Done(ending) => return Outcome { failed: ending == Ending::Failed, ..outcome },
            _ => {}
        }
    }
}

/// What an expression gives.
fn values(expression: &str) -> Vec<Value> {
    let tree = parse::script(expression).unwrap();
    let mut evaluator = Evaluator::new(expression, tree, Facts::default(), Limits::default());
    let mut values = Vec::new();
    loop {
        match evaluator.step(Duration::ZERO) {
            Step::Output(value) => values.push(value),
            Step::Done(_) => return values,
            _ => {}
        }
    }
}
