//! Parses the scripts of a JSON-lines file and prints the commands in each.
//!
//! `cargo run -p winrm-script --example parse FILE.jsonl` reads lines with `id` and `script` and prints, for each,
//! `{id, refused}` or `{id, commands: [{name, arguments: […]}]}`, names as written, in the order of the source.
//! A string is a string; everything else is an object with one key that says what it is: `number`, `variable`,
//! `array`, `parameter` (with `value`), or `computed` with the text of what would be computed.

#![expect(clippy::print_stdout, reason = "printing is what this is for")]

use std::error::Error;

use serde_json::{Value, json};
use winrm_script::parse;
use winrm_script::tree::{Command, CommandElement, Expression, ExpressionKind, Span};

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("usage: parse FILE.jsonl")?;
    for line in std::fs::read_to_string(file)?.lines().filter(|line| !line.trim().is_empty()) {
        let record: Value = serde_json::from_str(line)?;
        let script = record.get("script").and_then(Value::as_str).ok_or("a line has no `script`")?;
        let id = record.get("id").cloned().unwrap_or_default();
        let answer = match parse::script(script) {
            Ok(tree) => {
                let commands: Vec<Value> =
                    tree.commands().map(|(parsed, _)| command(script, parsed)).collect();
                json!({ "id": id, "commands": commands })
            }
            Err(refusal) => json!({ "id": id, "refused": refusal.to_string() }),
        };
        println!("{answer}");
    }
    Ok(())
}

fn command(script: &str, command: &Command) -> Value {
    let arguments: Vec<Value> = command
        .elements
        .iter()
        .map(|element| match element {
            CommandElement::Parameter(parameter) => match &parameter.argument {
                Some(value) => json!({ "parameter": parameter.name, "value": data(script, value) }),
                None => json!({ "parameter": parameter.name }),
            },
            CommandElement::Argument(argument) => data(script, argument),
        })
        .collect();
    let name =
        command.name.as_string().map_or_else(|| computed(script, command.name.span), |name| json!(name));
    json!({ "name": name, "arguments": arguments })
}

fn data(script: &str, expression: &Expression) -> Value {
    match &expression.kind {
        ExpressionKind::String(constant) => json!(constant.value),
        ExpressionKind::Number(number) => json!({ "number": number.text }),
        ExpressionKind::Variable(variable) if variable.splatted => json!({ "splatted": variable.name }),
        ExpressionKind::Variable(variable) => json!({ "variable": variable.name }),
        ExpressionKind::Array(values) => {
            json!({ "array": values.iter().map(|value| data(script, value)).collect::<Vec<_>>() })
        }
        _ => computed(script, expression.span),
    }
}

fn computed(script: &str, span: Span) -> Value {
    json!({ "computed": span.text(script) })
}
