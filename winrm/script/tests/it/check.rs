//! What assistants write, checked.

use serde_json::Value;
use winrm_script::check::{self, Standard};
use winrm_script::parse;

use crate::shared;

/// Nine of ten scripts for read-only questions pass, and most that change something.
#[test]
fn assistants_scripts_pass() {
    for (name, records, least) in [
        ("fixtures", shared::fixture("oneliners.jsonl"), 90),
        ("oneliners.jsonl", shared::measured("oneliners.jsonl"), 90),
        ("golden.jsonl", shared::measured("golden.jsonl"), 90),
        ("golden-change.jsonl", shared::measured("golden-change.jsonl"), 85),
    ] {
        let passed = records.iter().filter(|record| passes(record)).count();
        eprintln!("{name}: {passed} of {} pass", records.len());
        assert!(passed * 100 >= records.len() * least, "{name}: only {passed} of {} pass", records.len());
    }
}

fn passes(record: &Value) -> bool {
    let script = record["script"].as_str().expect("a script");
    let tree = parse::script(script).expect("it parses");
    let Err(refusals) = check::script(script, &tree, &Standard) else { return true };
    for refusal in refusals {
        eprintln!("  {}: {refusal}\n      {}", record["id"], refusal.span().text(script));
    }
    false
}
