//! The parser against PowerShell's own.

use std::collections::BTreeMap;

use serde_json::Value;
use winrm_script::parse::{self, Class};

use crate::dump::dump;
use crate::shared;

/// Accepted means the same tree; what PowerShell does not parse is refused.
#[test]
fn trees_are_powershells() {
    for file in ["parsed/scripts.jsonl", "parsed/attacks.jsonl"] {
        if let Some(records) = shared::lines(file) {
            compare(file, &records);
        }
    }
}

fn compare(file: &str, records: &[Value]) {
    let mut wrong = Vec::new();
    let mut refused: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let (mut accepted, mut parsed) = (0, 0);
    for record in records {
        let script = record["script"].as_str().expect("a script");
        let valid = record["errors"].as_array().is_some_and(Vec::is_empty);
        parsed += usize::from(valid);
        match parse::script(script) {
            Ok(tree) => {
                accepted += 1;
                let (mut ours, mut theirs) = (dump(script, &tree), record["tree"].clone());
                forget_empty_blocks(&mut ours);
                forget_empty_blocks(&mut theirs);
                if !valid {
                    wrong.push(format!(
                        "{} {script:?}\n  has {} and is accepted",
                        record["id"], record["errors"]
                    ));
                } else if ours != theirs {
                    wrong.push(format!(
                        "{} {script:?}\n  ours   {ours}\n  theirs {}",
                        record["id"], record["tree"]
                    ));
                }
            }
            Err(refusal) if valid => {
                let entry = refused
                    .entry(format!("{:?} {:?}", refusal.reason().class(), refusal.reason()))
                    .or_insert((0, script.to_owned()));
                entry.0 += 1;
                if script.len() < entry.1.len() {
                    script.clone_into(&mut entry.1);
                }
                if refusal.reason().class() == Class::Syntax {
                    wrong.push(format!("{} {script:?}\n  parses but: {refusal}", record["id"]));
                }
            }
            Err(_) => {}
        }
    }
    eprintln!("{file}: {accepted} of {parsed} that parse are accepted");
    for (reason, (count, example)) in refused {
        eprintln!("  {count:5} {reason}: {example:?}");
    }
    let shown = wrong.iter().take(25).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{file}: {} are wrong\n{shown}", wrong.len());
}

/// Where a block that holds nothing stands is an accident of line and column.
fn forget_empty_blocks(node: &mut Value) {
    let Value::Array(parts) = node else { return };
    if parts.len() == 4 && parts[0] == "NamedBlock" {
        parts[1] = Value::Null;
        parts[2] = Value::Null;
    }
    parts.iter_mut().skip(4).for_each(forget_empty_blocks);
}
