use serde_json::{Value, json};

use super::*;

fn ask(tool: &str, arguments: Value) -> Result<Request, CallError> {
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    Toolbox::new().request(tool, arguments).map(|(_, request)| request)
}

fn listed() -> Value {
    let tools: Vec<Definition> = Toolbox::new().definitions().cloned().collect();
    serde_json::to_value(tools).unwrap()
}

#[test]
fn the_list_is_what_clients_were_told() {
    insta::assert_json_snapshot!(listed());
}

#[test]
fn the_list_costs_few_tokens() {
    let bytes = listed().to_string().len();
    assert!(bytes / 4 < 6_000, "{} tokens", bytes / 4);
    for tool in Toolbox::new().definitions() {
        assert!(tool.name.len() <= 40, "{}", tool.name);
        let description = tool.description.as_deref().unwrap();
        assert!(description.len() <= 400, "{}: {}", tool.name, description.len());
    }
}

#[test]
fn every_tool_has_all_four_hints() {
    for tool in Toolbox::new().definitions() {
        let hints = tool.annotations.clone().unwrap();
        let all =
            [hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint, hints.open_world_hint];
        assert!(all.iter().all(Option::is_some), "{}", tool.name);
    }
}

#[test]
fn schemas_hold_nothing_that_clients_reject() {
    fn walk(tool: &str, value: &Value) {
        match value {
            Value::Object(object) => {
                for key in ["$schema", "format", "anyOf", "oneOf", "allOf", "$ref"] {
                    assert!(!object.contains_key(key), "{tool}: {key}");
                }
                if let Some(kind) = object.get("type") {
                    assert!(kind.is_string() || kind.is_object(), "{tool}: a union of types");
                    assert!(
                        kind != "array" || object.contains_key("items"),
                        "{tool}: an array without items"
                    );
                }
                object.values().for_each(|value| walk(tool, value));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(tool, value)),
            _ => {}
        }
    }
    for tool in Toolbox::new().definitions() {
        for schema in [Some(&tool.input_schema), tool.output_schema.as_ref()].into_iter().flatten() {
            let schema = Value::Object(schema.as_ref().clone());
            jsonschema::validator_for(&schema).unwrap();
            walk(&tool.name, &schema);
        }
    }
}

#[test]
fn arguments_become_requests() {
    let work =
        |host: Option<&str>, work| Request::Work { host: host.map(HostName::new), work, timeout: None };
    let text = |text: &str| Work::PowerShell { text: text.to_owned() };
    assert_eq!(ask("execute_command", json!({ "command": "Get-Date" })), Ok(work(None, text("Get-Date"))));
    assert_eq!(
        ask("execute_command", json!({ "command": "Get-Date", "host": "web-01", "timeout_seconds": 1.5 })),
        Ok(Request::Work {
            host: Some(HostName::new("web-01")),
            work: text("Get-Date"),
            timeout: Some(Duration::from_millis(1500)),
        })
    );
    assert_eq!(
        ask("run_executable", json!({ "executable": "ping", "arguments": ["-n", "1"], "host": "web-01" })),
        Ok(work(
            Some("web-01"),
            Work::Program {
                executable: "ping".to_owned(),
                arguments: vec!["-n".to_owned(), "1".to_owned()],
                stdin: None,
                working_directory: None,
            }
        ))
    );
    assert_eq!(ask("check_host", json!({})), Ok(work(None, Work::Check)));
    assert_eq!(ask("list_hosts", json!({})), Ok(Request::ListHosts));
}

#[test]
fn wrong_arguments_name_the_field() {
    let cases = [
        ("execute_command", json!({}), "the argument `command` is missing"),
        ("execute_command", json!({ "command": 1 }), "the argument `command` is wrong: "),
        (
            "execute_command",
            json!({ "comand": "x" }),
            "there is no argument `comand`; known: command, host, ",
        ),
        (
            "execute_command",
            json!({ "command": "x", "timeout_seconds": 0 }),
            "the argument `timeout_seconds` is ",
        ),
        (
            "execute_command",
            json!({ "command": "x", "timeout_seconds": 1e300 }),
            "the argument `timeout_seconds` ",
        ),
        ("run_executable", json!({ "executable": "x" }), "the argument `host` is missing"),
        ("run_executable", json!({ "executable": "", "host": "h" }), "the argument `executable` is wrong: "),
        (
            "run_executable",
            json!({ "executable": "x", "host": "h", "arguments": ["a", 2] }),
            "the argument `arguments/1` is wrong: ",
        ),
        ("check_host", json!({ "host": ["h"] }), "the argument `host` is wrong: "),
        ("list_hosts", json!({ "all": true }), "there is no argument `all`; known: "),
    ];
    for (tool, arguments, expected) in cases {
        let error = ask(tool, arguments.clone()).unwrap_err();
        assert!(matches!(error, CallError::Arguments(_)), "{tool} {arguments}: {error:?}");
        assert!(error.to_string().starts_with(expected), "{tool} {arguments}: {error}");
    }
}

#[test]
fn a_value_is_never_repeated() {
    let error = ask("execute_command", json!({ "command": 4711 })).unwrap_err();
    assert!(!error.to_string().contains("4711"), "{error}");
}

#[test]
fn an_unknown_tool_is_another_error() {
    let error = ask("format_disk", json!({})).unwrap_err();
    assert_eq!(error, CallError::UnknownTool { name: "format_disk".to_owned() });
}
