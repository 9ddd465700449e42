//! The binder against what PowerShell binds.

use std::collections::BTreeMap;

use serde_json::Value;
use winrm_script::commands::{BoundValue, Element, Input, Parameter, find};
use winrm_script::parse;
use winrm_script::tree::{Expression, ExpressionKind};

use crate::shared;

/// Whatever is resolved is what PowerShell bound, and nearly all that it binds without an error is resolved.
#[test]
fn bindings_are_powershells() {
    for records in [shared::fixture("binding.jsonl"), shared::measured("binding.jsonl")] {
        compare(&records);
    }
}

fn compare(records: &[Value]) {
    let mut wrong = Vec::new();
    let mut refused: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let (mut without_error, mut resolved) = (0, 0);
    for record in records {
        let call = record["call"].as_str().expect("a call");
        let valid = record["errors"].as_object().is_some_and(serde_json::Map::is_empty);
        without_error += usize::from(valid);
        match bind(call) {
            Ok(ours) => {
                resolved += usize::from(valid);
                let theirs: BTreeMap<String, String> = record["bound"]
                    .as_object()
                    .expect("an object")
                    .iter()
                    .map(|(name, value)| (name.clone(), text(value)))
                    .collect();
                if !valid || ours != theirs {
                    wrong
                        .push(format!("{call}\n  ours   {ours:?}\n  theirs {theirs:?} {}", record["errors"]));
                }
            }
            Err(why) if valid => {
                let entry = refused.entry(why).or_insert((0, call.to_owned()));
                entry.0 += 1;
            }
            Err(_) => {}
        }
    }
    eprintln!("{resolved} of {without_error} bindings without an error are resolved");
    let mut refused: Vec<_> = refused.into_iter().collect();
    refused.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    for (why, (count, example)) in refused.iter().take(40) {
        eprintln!("  {count:4} {why}: {example}");
    }
    let shown = wrong.iter().take(40).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} are wrong\n{shown}", wrong.len());
    assert!(resolved * 100 >= without_error * 90, "too few are resolved");
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

fn bind(call: &str) -> Result<BTreeMap<String, String>, String> {
    let tree = parse::script(call).map_err(|refusal| refusal.to_string())?;
    let (parsed, _) = tree.commands().next().ok_or("no command")?;
    let command = find(parsed.name.as_string().ok_or("no name")?).ok_or("unknown command")?;
    let elements: Vec<Element<'_, &Expression>> = parsed.elements.iter().map(Element::from).collect();
    let bound = command.bind(&elements).map_err(|refusal| refusal.to_string())?;
    let mut result = BTreeMap::new();
    for argument in bound.arguments {
        let value = match argument.value {
            BoundValue::Switch => "=True".to_owned(),
            BoundValue::Given(value) => value.span.text(call).to_owned(),
            // The measurement shows the first of them.
            BoundValue::Remaining(values) => match &values[0].kind {
                ExpressionKind::Array(elements) => elements[0].span.text(call).to_owned(),
                _ => values[0].span.text(call).to_owned(),
            },
        };
        // The measurement leaves out a switch that is off.
        if argument.parameter.is_switch() && value.eq_ignore_ascii_case("$false") {
            continue;
        }
        result.insert(argument.parameter.name().to_owned(), value);
    }
    Ok(result)
}

/// What assistants write is in the table, and binds: programs, functions of their own and mistakes aside.
#[test]
fn assistants_commands_bind() {
    let (mut commands, mut bound) = (0, 0);
    let files = ["oneliners.jsonl", "golden.jsonl", "golden-change.jsonl"].map(shared::measured);
    for records in files.into_iter().chain([shared::fixture("oneliners.jsonl")]) {
        for record in records {
            let script = record["script"].as_str().expect("a script");
            let tree = parse::script(script).expect("it parses");
            for (parsed, span) in tree.commands() {
                let Some(name) =
                    parsed.name.as_string().filter(|name| name.contains('-') || find(name).is_some())
                else {
                    continue;
                };
                commands += 1;
                let elements: Vec<Element<'_, &Expression>> = parsed
                    .elements
                    .iter()
                    .map(Element::from)
                    .filter(|element| !matches!(element, Element::Value(value) if is_splatted(value)))
                    .collect();
                let Some(command) = find(name) else {
                    eprintln!("{}: {name} is not in the table", record["id"]);
                    continue;
                };
                match command.bind(&elements) {
                    Ok(_) => bound += 1,
                    Err(refusal) => eprintln!("{}: {}\n    {refusal}", record["id"], span.text(script)),
                }
            }
        }
    }
    eprintln!("{bound} of {commands} commands bind");
    assert!(bound * 100 >= commands * 97, "too few bind");
}

/// Objects from the pipeline go to the parameters that the record says.
#[test]
fn input_binds_as_recorded() {
    let mut seen = 0;
    for record in ["golden.jsonl", "golden-change.jsonl"].map(shared::measured).into_iter().flatten() {
        for call in record["calls"].as_array().expect("calls") {
            for input in call["pipeline"].as_array().into_iter().flatten() {
                let Some(bound) = input["bound"].as_object() else { continue };
                let (Some((parameter, value)), 1) = (bound.iter().next(), bound.len()) else { continue };
                // Only an object that was bound whole shows its types here.
                let value = value.as_str().unwrap_or_default();
                let types = between(value, "<T>", "</T>");
                let types: Vec<&str> = types.into_iter().skip_while(|name| is_wrapper(name)).collect();
                let properties = between(value, " N=\"", "\"");
                if types.is_empty() || properties.is_empty() {
                    continue;
                }
                let command = find(call["command"].as_str().expect("a name")).expect("it is in the table");
                let given: Vec<&str> =
                    call["parameters"].as_object().expect("an object").keys().map(String::as_str).collect();
                let object = Input { type_names: &types, properties: &properties };
                let binding =
                    command.bind_input(&given, object).unwrap_or_else(|refusal| panic!("{refusal}"));
                let whole = binding.whole.map(Parameter::name);
                assert_eq!(whole, Some(parameter.as_str()), "{} {types:?}", command.name());
                seen += 1;
            }
        }
    }
    eprintln!("{seen} objects bind as recorded");
}

/// An array around the object, which the binder made.
fn is_wrapper(name: &str) -> bool {
    name.ends_with("[]") || name == "System.Array"
}

fn between<'text>(text: &'text str, before: &str, after: &str) -> Vec<&'text str> {
    text.split(before).skip(1).filter_map(|rest| rest.split(after).next()).collect()
}

fn is_splatted(expression: &Expression) -> bool {
    matches!(&expression.kind, ExpressionKind::Variable(variable) if variable.splatted)
}
