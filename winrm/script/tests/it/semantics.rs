//! What PowerShell's own sources and tests say that is in no recorded data: `fixtures/semantics.tsv`.

use std::time::Duration;

use winrm_script::evaluate::{Evaluator, Facts, Limits, Step, Stream};
use winrm_script::parse;
use winrm_script::value::Value;

#[test]
fn small_scripts_follow_powershells_sources() {
    let mut different = Vec::new();
    let table = include_str!("../../fixtures/semantics.tsv");
    for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [script, expected, _] = columns[..] else { panic!("three columns: {line}") };
        let own = run(script);
        if own != expected {
            different.push(format!("{script}\n  expected {expected}\n  got      {own}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// The texts that a script writes, with `|` between them; behind `!` the identifiers of its errors.
fn run(script: &str) -> String {
    let tree = parse::script(script).expect("a script");
    let mut evaluator = Evaluator::new(script, tree, Facts::default(), Limits::default());
    let mut parts = Vec::new();
    loop {
        match evaluator.step(Duration::ZERO) {
            Step::Output(value) => parts.push(value.to_text().as_str().to_owned()),
            Step::Record(Stream::Error, Value::Object(record)) => {
                let id = record.property("FullyQualifiedErrorId").unwrap_or_default();
                parts.push(format!("!{}", id.to_text()));
            }
            Step::Record(..) | Step::Working | Step::Sleep(_) => {}
            Step::Call(call) => return format!("calls {}", call.name),
            Step::Refused(refusal) => return format!("refused: {}", refusal.reason),
            Step::Done(_) => return parts.join("|"),
        }
    }
}
