//! One script that needs no host.

use std::error::Error;
use std::time::Duration;

use serde_json::{Value as Json, json};
use winrm_proto::clixml::encode;
use winrm_script::evaluate::{Evaluator, Facts, Limits, Step, Stream};
use winrm_script::parse;
use winrm_script::value::Value;

/// What a script comes to: `{output: [CLIXML], errors, refused}`.
pub(crate) fn run(script: &str) -> Result<serde_json::Map<String, Json>, Box<dyn Error>> {
    let refused = |reason: String| {
        let result = json!({"output": [], "errors": [], "refused": reason});
        result.as_object().cloned().unwrap_or_default()
    };
    let tree = match parse::script(script) {
        Ok(tree) => tree,
        Err(refusal) => return Ok(refused(refusal.to_string())),
    };
    // The record is of PowerShell on Linux, where `sort` is a program and no alias of Sort-Object.
    if script.split('|').any(|stage| stage.split_whitespace().next() == Some("sort")) {
        return Ok(refused("`sort` is a program where this was recorded".to_owned()));
    }
    let facts = Facts { now: "2026-11-21T12:00:00+00:00".parse().ok(), ..Facts::default() };
    let mut evaluator = Evaluator::new(script, tree, facts, Limits::default());
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    loop {
        match evaluator.step(Duration::ZERO) {
            Step::Output(value) => {
                let document = encode(&value.to_clixml())?;
                output.push(Json::String(String::from_utf8(document)?));
            }
            Step::Record(Stream::Error, record) => errors.push(Json::String(id_of(&record))),
            Step::Record(..) | Step::Working | Step::Sleep(_) => {}
            Step::Call(call) => return Ok(refused(format!("`{}` needs a host", call.name))),
            Step::Refused(refusal) => return Ok(refused(refusal.to_string())),
            Step::Done(_) => break,
        }
    }
    let result = json!({"output": output, "errors": errors, "refused": null});
    Ok(result.as_object().cloned().unwrap_or_default())
}

fn id_of(record: &Value) -> String {
    match record {
        Value::Object(object) => {
            object.property("FullyQualifiedErrorId").unwrap_or_default().to_text().as_str().to_owned()
        }
        other => other.to_text().as_str().to_owned(),
    }
}
