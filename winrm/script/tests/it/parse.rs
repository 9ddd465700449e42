//! The parser against PowerShell's own.

use std::collections::BTreeMap;

use serde_json::Value;
use winrm_script::parse::{self, Class, Reason};

use crate::dump::dump;
use crate::shared;

/// Accepted means the same tree; what PowerShell does not parse is refused.
#[test]
fn trees_are_powershells() {
    compare("fixtures", &shared::fixture("parsed.jsonl"));
    for file in ["parsed/scripts.jsonl", "parsed/attacks.jsonl"] {
        compare(file, &shared::measured(file));
    }
}

#[test]
fn assistants_scripts_parse() {
    let files =
        ["oneliners.jsonl", "golden.jsonl", "golden-change.jsonl", "evaluated.jsonl"].map(shared::measured);
    for record in files.into_iter().flatten().chain(shared::fixture("oneliners.jsonl")) {
        let script = record["script"].as_str().expect("a script");
        if let Err(refusal) = parse::script(script) {
            panic!("{}: {refusal}\n{script}", record["id"]);
        }
    }
}

/// Any two quotes in a single-quoted string are one.
#[test]
fn quotes_pair_as_measured() {
    for record in shared::fixture("quoting.jsonl") {
        let text = record["text"].as_str().expect("a text");
        let value = parse::script(text).ok().and_then(|tree| match tree.blocks[0].statements.as_slice() {
            [only] => only.as_expression()?.as_string().map(str::to_owned),
            _ => None,
        });
        assert_eq!(value.as_deref(), record["value"].as_str(), "{text}");
    }
}

/// The type and value of numbers, but for those that Windows PowerShell 5.1 takes for strings.
#[test]
fn numbers_are_as_measured() {
    let mut refused = Vec::new();
    for record in shared::fixture("numbers.jsonl") {
        let text = record["text"].as_str().expect("a text");
        let argument = record["mode"] == "argument";
        let script = if argument { format!("Get-X {text}") } else { text.to_owned() };
        let valid = record["errors"].as_array().is_some_and(Vec::is_empty);
        let tree = match parse::script(&script) {
            Ok(tree) => tree,
            Err(refusal) => {
                if valid {
                    assert_eq!(refusal.reason(), Reason::NumberForm, "{script}");
                    refused.push(text.to_owned());
                }
                continue;
            }
        };
        assert!(valid, "{script} is accepted");
        let mut found = None;
        let start = if argument { "Get-X ".len() } else { 0 };
        find(&dump(&script, &tree), start, text, &mut found);
        let [node] = record["nodes"].as_array().expect("nodes").as_slice() else { continue };
        let name = node["node"].as_str().expect("a name").trim_end_matches("Ast");
        let found = found.unwrap_or_else(|| panic!("{script} has no node of its own"));
        assert_eq!(found[0], name, "{script}");
        if name == "ConstantExpression" {
            assert_eq!((&found[3]["type"], &found[3]["value"]), (&node["type"], &node["value"]), "{script}");
        } else if name == "StringConstantExpression" {
            assert_eq!(found[3]["value"], node["value"], "{script}");
        }
    }
    assert!(refused.len() < 40, "{refused:?}");
}

/// The outermost node below the pipeline that is all of `text`, which begins at `start`.
fn find(node: &Value, start: usize, text: &str, found: &mut Option<Value>) {
    let parts = node.as_array().expect("a node");
    let wrapper =
        ["ScriptBlock", "NamedBlock", "Pipeline", "CommandExpression"].iter().any(|kind| parts[0] == *kind);
    let end = start + text.trim_end_matches(';').encode_utf16().count();
    if !wrapper && found.is_none() && parts[1] == start && parts[2] == end {
        *found = Some(node.clone());
    }
    parts.iter().skip(4).for_each(|child| find(child, start, text, found));
}

/// What begins a statement of its own is no command, and anything is an argument.
#[test]
fn keywords_are_as_measured() {
    for record in shared::fixture("keywords.jsonl") {
        let word = record["word"].as_str().expect("a word");
        let is_command = record["flags"].as_str().is_some_and(|flags| flags.contains("CommandName"));
        let valid = record["errors"].as_array().is_some_and(Vec::is_empty);
        let commands = |script: &str| parse::script(script).ok().map(|tree| tree.commands().count());
        if valid && is_command && word != "#" {
            assert_eq!(commands(word), Some(1), "{word}");
        } else if !valid {
            assert_eq!(commands(word), None, "{word}");
        }
        if record["as_argument"] == "Generic" && word != "@" {
            assert_eq!(commands(&format!("Get-X {word}")), Some(1), "Get-X {word}");
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
