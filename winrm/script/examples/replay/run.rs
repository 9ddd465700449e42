//! One recorded run, replayed.

use std::error::Error;
use std::time::Duration;

use serde_json::{Value as Json, json};
use winrm_script::evaluate::{Evaluator, Facts, Limits, Step, Stream};
use winrm_script::format::{WIDTH, out_string};
use winrm_script::parse;
use winrm_script::value::Value;

use super::record::Record;
use super::same;

/// What a record's line comes to: `{id, calls_match, output_match, text_match, errors_match, refused, why}`.
pub(crate) fn replay(line: &Json) -> Result<Json, Box<dyn Error>> {
    let script = line.get("script").and_then(Json::as_str).unwrap_or_default();
    let id = line.get("id").cloned().unwrap_or(Json::Null);
    let refused = |reason: String| json!({"id": id, "refused": reason, "why": []});
    let tree = match parse::script(script) {
        Ok(tree) => tree,
        Err(refusal) => return Ok(refused(refusal.to_string())),
    };
    let mut record = Record::read(line)?;
    let mut evaluator = Evaluator::new(script, tree, facts(), Limits::default());
    let (mut output, mut errors, mut why) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        match evaluator.step(Duration::ZERO) {
            Step::Output(value) => output.push(value),
            Step::Record(Stream::Error, value) => errors.push(error_id(&value)),
            Step::Record(..) | Step::Working | Step::Sleep(_) => {}
            Step::Call(call) => match record.answer(&call) {
                Ok(reply) => evaluator.answer(reply),
                Err(reason) => {
                    why.push(reason);
                    return Ok(json!({
                        "id": id, "calls_match": false, "output_match": false, "text_match": false,
                        "errors_match": false, "refused": null, "why": why,
                    }));
                }
            },
            Step::Refused(refusal) => return Ok(refused(refusal.to_string())),
            Step::Done(_) => break,
        }
    }
    let missing = record.missing();
    let calls_match = missing.is_empty();
    why.extend(missing);
    let output_match = match &record.output {
        None => true,
        Some(expected) => match same::outputs(expected, &output) {
            Ok(()) => true,
            Err(reason) => {
                why.push(reason);
                false
            }
        },
    };
    let text_match = match out_string(&output, WIDTH) {
        Err(fault) => return Ok(refused(fault.to_string())),
        Ok(text) if trimmed(&text) == trimmed(&record.text) => true,
        Ok(text) => {
            why.push(format!("text:\n{text}\nexpected:\n{}", record.text));
            false
        }
    };
    let errors_match = errors == record.errors;
    if !errors_match {
        why.push(format!("errors {errors:?}, expected {:?}", record.errors));
    }
    Ok(json!({
        "id": id, "calls_match": calls_match, "output_match": output_match, "text_match": text_match,
        "errors_match": errors_match, "refused": null, "why": why,
    }))
}

/// What was true of the host that was recorded.
fn facts() -> Facts {
    let environment = [
        ("COMPUTERNAME", "WEB-01"),
        ("SystemRoot", r"C:\Windows"),
        ("windir", r"C:\Windows"),
        ("SystemDrive", "C:"),
        ("ProgramFiles", r"C:\Program Files"),
        ("ProgramData", r"C:\ProgramData"),
        ("USERDNSDOMAIN", "CONTOSO.COM"),
        ("USERDOMAIN", "CONTOSO"),
        ("OS", "Windows_NT"),
    ];
    Facts {
        environment: environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        now: "2026-11-21T12:00:00+00:00".parse().ok(),
        version: Some("7.6.5".to_owned()),
        ..Facts::default()
    }
}

/// The text without blanks at the ends of its lines, and without empty lines at its end. The blank before AM and PM
/// is narrow where PowerShell 7 takes it from Unicode's data, as in formatted.jsonl, and plain in these records.
fn trimmed(text: &str) -> String {
    let text = text.replace('\u{202F}', " ");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned()
}

fn error_id(record: &Value) -> String {
    match record {
        Value::Object(object) => {
            object.property("FullyQualifiedErrorId").unwrap_or_default().to_text().as_str().to_owned()
        }
        other => other.to_text().as_str().to_owned(),
    }
}
