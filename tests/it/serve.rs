//! The program as an MCP server.

use std::{process::Stdio, time::Duration};

use serde_json::{Value, json};
use winrm_host::{Ended, Event, Operation};

use crate::support::{Site, bare, errors, text};

#[test]
fn a_cold_command_takes_four_requests_and_a_warm_one_two() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let run = json!({ "executable": "hostname", "host": "localhost" });

    let result = server.call("run_executable", &run);
    assert_eq!(result["structuredContent"]["stdout"], "WEB-01\n", "{result}");
    let cold = site.operations(start());
    assert_eq!(
        waited_for(&cold),
        [Operation::Empty, Operation::Create, Operation::Command, Operation::Receive]
    );

    // The Signal of the first command goes out behind its back; the second one starts when it is over.
    assert!(site.wait_for(start(), |event| matches!(event, Event::Signal { .. })));
    std::thread::sleep(Duration::from_millis(100));
    let mark = site.record().mark();
    server.call("run_executable", &run);
    assert_eq!(waited_for(&site.operations(mark)), [Operation::Command, Operation::Receive]);
}

#[test]
fn the_result_is_the_one_of_winrm_mcp_server() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let result = server
        .call("execute_command", &json!({ "command": "Write-Output 'Gr\u{f6}\u{df}e \u{65e5}\u{672c}'" }));
    let lines: Vec<&str> = text(&result).lines().collect();
    assert!(lines[0].starts_with("[untrusted output of localhost begins "), "{lines:?}");
    assert_eq!(lines[1..3], ["Command executed on localhost", "Status: SUCCESS (Exit Code: 0)"]);
    assert!(lines[3].starts_with("Execution Time: 0.") && lines[3].ends_with('s'), "{lines:?}");
    assert_eq!(lines[4..7], ["", "=== STDOUT ===", "Gr\u{f6}\u{df}e \u{65e5}\u{672c}"]);
    let data = &result["structuredContent"];
    for (field, value) in [
        ("hostname", json!("localhost")),
        ("status_code", json!(0)),
        ("stdout", json!("Gr\u{f6}\u{df}e \u{65e5}\u{672c}\n")),
        ("stderr", json!("")),
        ("success", json!(true)),
        // It was evaluated here.
        ("ran", json!("no")),
        ("status", json!("success")),
    ] {
        assert_eq!(data[field], value, "{field}");
    }
    assert!(data["execution_time_seconds"].is_number());
    assert_eq!(result["isError"], json!(false));
}

#[test]
fn a_remote_failure_is_an_error_with_its_exit_code() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let command = "Get-Service -Name NoSuch -ErrorAction Stop";
    let result = server.call("execute_command", &json!({ "command": command }));
    assert_eq!(result["isError"], json!(true));
    assert!(text(&result).contains("Status: FAILED (Exit Code: 1)"), "{result}");
    assert!(text(&result).contains("=== STDERR ==="));
    assert!(!text(&result).contains("CLIXML"));
}

#[test]
fn what_is_denied_never_reaches_the_host() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    for command in [
        "Restart-Computer",
        "Get-Service; Restart-Computer",
        "Get-Service | Stop-Service",
        "Get-Service $(Restart-Computer)",
        "& { Restart-Computer }",
        "Get-Process -ComputerName db-01",
        "powershell -Command Restart-Computer",
        "cmd /c del x",
    ] {
        let result = server.call("execute_command", &json!({ "command": command }));
        assert_eq!(result["structuredContent"]["status"], "denied", "{command}: {result}");
        assert_eq!(result["structuredContent"]["ran"], "no", "{command}");
        assert_eq!(result["isError"], json!(true));
    }
    assert!(site.record().entries().is_empty());
}

#[test]
fn a_timeout_stops_the_remote_command() {
    let site = Site::new();
    let mut server = site.serve(&[("ALLOW", Some("Start-Sleep"))]);
    let result = server.call("invoke_cmdlet", &sleep(&json!(0.5)));
    assert!(
        text(&result).contains("Status: TIMED OUT after 1s (the remote command was stopped)"),
        "{result}"
    );
    assert_eq!(result["structuredContent"]["status"], "timed_out");
    assert!(site.wait_for(start(), terminated));
}

#[test]
fn a_cancelled_request_stops_the_remote_command() {
    let site = Site::new();
    let mut server = site.serve(&[("ALLOW", Some("Start-Sleep,hostname"))]);
    let call = json!({ "name": "invoke_cmdlet", "arguments": sleep(&json!(300)) });
    let id = server.begin("tools/call", &call);
    assert!(site.wait_for(start(), |event| matches!(event, Event::Pipeline { .. })));
    server.send(&json!({
        "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id }
    }));
    assert!(site.wait_for(start(), terminated));
    let after = server.call("run_executable", &json!({ "executable": "hostname", "host": "localhost" }));
    assert_eq!(after["structuredContent"]["status"], "success", "the server goes on");
}

#[test]
fn the_end_of_input_ends_the_process_within_a_second_and_deletes_its_shells() {
    let site = Site::new();
    let mut server = site.serve(&[("ALLOW", Some("Start-Sleep,hostname"))]);
    server.call("run_executable", &json!({ "executable": "hostname", "host": "localhost" }));
    server.begin("tools/call", &json!({ "name": "invoke_cmdlet", "arguments": sleep(&json!(300)) }));
    assert!(site.wait_for(start(), |event| matches!(event, Event::Pipeline { .. })));
    let (lived, output) = server.leave();
    assert!(lived < Duration::from_secs(1), "{lived:?}");
    assert!(output.status.success(), "{output:?}");
    let entries = site.record().entries();
    let count = |wanted: fn(&Event) -> bool| entries.iter().filter(|entry| wanted(&entry.event)).count();
    // One for programs, one for PowerShell.
    assert_eq!(count(|event| matches!(event, Event::ShellCreated { .. })), 2);
    assert_eq!(count(|event| matches!(event, Event::ShellDeleted { .. })), 2);
}

#[test]
fn calls_that_are_about_to_end_are_answered_after_the_end_of_input() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    server.call("run_executable", &json!({ "executable": "hostname", "host": "localhost" }));
    server.begin("tools/call", &json!({ "name": "list_hosts", "arguments": {} }));
    let (_, output) = server.leave();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("localhost"), "{output:?}");
}

#[cfg(unix)]
#[test]
fn sigterm_takes_the_same_way_out() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    server.call("run_executable", &json!({ "executable": "hostname", "host": "localhost" }));
    let id = rustix::process::Pid::from_child(&server.process);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    let status = server.process.wait().unwrap();
    assert!(status.success(), "{status:?}");
    assert!(site.wait_for(start(), |event| matches!(event, Event::ShellDeleted { .. })));
}

#[test]
fn nothing_on_standard_input_is_a_usage_error() {
    let site = Site::new();
    for arguments in [&[][..], &["serve"]] {
        let output = site.run(arguments, &[]);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert_eq!(errors(&output), "winrm-mcp: no client and no command; did you mean `exec --`?\n");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn an_unknown_tool_is_invalid_params() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let answer = server.ask("tools/call", &json!({ "name": "format_disk", "arguments": {} }));
    assert_eq!(answer["error"]["code"], json!(-32602), "{answer}");
    assert_eq!(answer["error"]["message"], "unknown tool: format_disk");
}

#[test]
fn capabilities_that_were_not_declared_are_no_methods() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    for method in ["prompts/list", "resources/list", "resources/templates/list", "logging/setLevel"] {
        let answer = server.ask(method, &json!({ "level": "info" }));
        assert_eq!(answer["error"]["code"], json!(-32601), "{method}: {answer}");
    }
}

#[test]
fn wrong_arguments_name_the_field() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let result = server.call("execute_command", &json!({ "comand": "Get-Date" }));
    assert_eq!(result["isError"], json!(true));
    assert!(text(&result).contains("there is no argument `comand`"), "{result}");
    assert_eq!(result["structuredContent"]["ran"], "no");
}

#[test]
fn an_empty_command_has_the_words_of_winrm_mcp_server() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let result = server.call("execute_command", &json!({ "command": " " }));
    assert!(text(&result).starts_with("Unexpected error: Command cannot be empty"), "{result}");
}

#[test]
fn check_host_runs_nothing() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let result = server.call("check_host", &json!({}));
    assert_eq!(result["structuredContent"]["status"], "success", "{result}");
    assert!(text(&result).contains("Microsoft"), "{result}");
    let opened =
        site.record().entries().iter().any(|entry| matches!(entry.event, Event::ShellCreated { .. }));
    assert!(!opened);
}

#[test]
fn list_hosts_contacts_nobody() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let result = server.call("list_hosts", &json!({}));
    assert_eq!(result["structuredContent"]["hosts"][0]["name"], "localhost");
    assert!(site.record().entries().is_empty());
}

#[test]
fn a_line_that_is_not_json_does_not_end_the_session() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    server.write(b"this is not JSON\n\xff\xfe\n{\"jsonrpc\":\"2.0\"}\n");
    let result = server.call("list_hosts", &json!({}));
    assert_eq!(result["isError"], json!(false));
}

#[test]
fn the_other_name_serves_too() {
    let site = Site::new();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_winrm-mcp-server"))
        .env_clear()
        .envs(site.environment())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(64), "{output:?}");
}

#[test]
fn a_missing_variable_is_named_on_a_line_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let output = bare(&["serve"], home.path()).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(78), "{output:?}");
    let lines = errors(&output);
    for name in ["WINRM_MCP_HOST", "WINRM_MCP_USERNAME", "WINRM_MCP_PASSWORD"] {
        assert_eq!(lines.lines().filter(|line| line.contains(name)).count(), 1, "{name}: {lines}");
    }
}

/// The beginning of the record.
fn start() -> winrm_host::Mark {
    winrm_host::Mark::default()
}

/// A call that sleeps on the host for a minute.
fn sleep(timeout: &Value) -> Value {
    let parameters = json!({ "Seconds": 60 });
    json!({ "cmdlet": "Start-Sleep", "parameters": parameters, "host": "localhost", "timeout_seconds": timeout })
}

fn terminated(event: &Event) -> bool {
    matches!(event, Event::CommandEnded { how: Ended::Terminated | Ended::Interrupted, .. })
}

/// What a user waits for: everything up to the Receive that brought the end.
fn waited_for(operations: &[Operation]) -> &[Operation] {
    let receive = operations.iter().position(|operation| *operation == Operation::Receive);
    &operations[..receive.map_or(operations.len(), |receive| receive + 1)]
}
