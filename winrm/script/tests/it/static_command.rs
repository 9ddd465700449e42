//! Static commands against PowerShell's own parser, and written anew.

use proptest::prelude::*;
use serde_json::Value;
use winrm_script::static_command::{Argument, Literal, StaticCommand};

use crate::shared;

/// What is accepted is one pipeline of one command with these very elements.
#[test]
fn accepted_text_is_what_powershell_parses() {
    let mut accepted = 0;
    let files = ["parsed/scripts.jsonl", "parsed/attacks.jsonl"].map(shared::measured);
    for records in files.into_iter().chain([shared::fixture("parsed.jsonl")]) {
        for record in records {
            let script = record["script"].as_str().expect("a script");
            let Ok(command) = StaticCommand::parse(script) else { continue };
            accepted += 1;
            agree(&command, &record).unwrap_or_else(|why| panic!("{}: {script:?}: {why}", record["id"]));
            let again = StaticCommand::parse(&command.render()).expect("what is rendered is accepted");
            assert_eq!(again, command, "{script:?}");
        }
    }
    eprintln!("{accepted} scripts are static commands");
}

fn agree(command: &StaticCommand, record: &Value) -> Result<(), String> {
    let block = &record["tree"][4];
    let pipeline = &block[4];
    let parsed = &pipeline[4];
    if block.get(5).is_some() || pipeline.get(5).is_some() || parsed[0] != "Command" {
        return Err(format!("not one command: {}", record["tree"]));
    }
    let elements = parsed.as_array().and_then(|node| node.get(4..)).unwrap_or_default();
    let (name, arguments) = elements.split_first().ok_or("no name")?;
    if name[3]["value"] != command.name() || parsed[3].get("invocation").is_some() {
        return Err(format!("name {name}"));
    }
    if arguments.len() != command.arguments().len() {
        return Err(format!("{arguments:?}"));
    }
    for (theirs, ours) in arguments.iter().zip(command.arguments()) {
        let same = match ours {
            Argument::Parameter { name, value } => {
                theirs[0] == "CommandParameter"
                    && theirs[3]["parameter"] == name.as_str()
                    && value.as_ref().map_or(theirs.get(4).is_none(), |value| same_literal(value, &theirs[4]))
            }
            Argument::Value(value) => same_literal(value, theirs),
        };
        if !same {
            return Err(format!("{ours:?} is {theirs}"));
        }
    }
    Ok(())
}

fn same_literal(ours: &Literal, theirs: &Value) -> bool {
    match ours {
        Literal::String(value) => {
            theirs[0] == "StringConstantExpression" && theirs[3]["value"] == value.as_str()
        }
        Literal::Number(_) => theirs[0] == "ConstantExpression",
        Literal::Boolean(_) | Literal::Null => {
            theirs[0] == "VariableExpression" && theirs[3].get("splatted").is_none()
        }
        Literal::Array(values) => {
            let mut node = theirs;
            if node[0] == "ArrayExpression" {
                if values.is_empty() {
                    return node[4].get(4).is_none();
                }
                node = &node[4][4][4][4];
                if node[0] != "ArrayLiteral" {
                    return values.len() == 1 && same_literal(&values[0], node);
                }
            }
            let elements = node.as_array().and_then(|node| node.get(4..)).unwrap_or_default();
            node[0] == "ArrayLiteral"
                && elements.len() == values.len()
                && values.iter().zip(elements).all(|(ours, theirs)| same_literal(ours, theirs))
        }
    }
}

proptest! {
    #[test]
    fn words_survive_being_written(
        name in "[A-Za-z]{1,8}-[A-Za-z0-9]{1,8}",
        words in prop::collection::vec(word(), 0..6),
    ) {
        prop_assume!(!words.iter().any(|word| word == "--%"));
        let mut all = vec![name];
        all.extend(words);
        let command = StaticCommand::from_words(&all).expect("these words are fine");
        let text = command.render();
        prop_assert_eq!(StaticCommand::parse(&text), Ok(command), "{}", text);
    }

    #[test]
    fn anything_is_a_command_or_a_refusal(text in any_text()) {
        if let Ok(command) = StaticCommand::parse(&text) {
            let again = StaticCommand::parse(&command.render());
            prop_assert_eq!(again.as_ref(), Ok(&command));
            prop_assert_eq!(again.expect("just compared").render(), command.render());
        }
    }
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "-[A-Za-z][A-Za-z0-9]{0,6}",
        "-[A-Za-z][A-Za-z0-9]{0,6}:[^\u{0}]{0,6}",
        "[^\u{0}\\-\u{2013}-\u{2015}][^\u{0}]{0,12}",
        "[`$'\"\u{2018}-\u{201E}@(){};|&<>#,%\\[\\] \n]{0,8}",
        Just("-Confirm:$false".to_owned()),
    ]
}

fn any_text() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![
            Just("Get-Item ".to_owned()),
            "[-'\"`$@(){};|&<>#,. \n]",
            "-[A-Za-z]{1,4}:?",
            "[0-9a-fxkb.,]{1,6}",
            "[\u{2013}-\u{2029}\u{85}\u{A0}]",
            "@\\('?[a-z0-9]'?,? ?'[a-z]'\\)",
            Just("$true ".to_owned()),
            ".",
        ],
        0..12,
    )
    .prop_map(|pieces| pieces.concat())
}
