//! Typed commands through the finished program: how many requests they take, and where there is no endpoint for them.

use serde_json::{Value, json};
use winrm_host::{Event, HostBuilder, Mark, Operation};

use crate::support::{Server, Site, errors, text};

fn get_service(server: &mut Server) -> Value {
    server.call("query_powershell", &json!({ "command": "Get-Service -Name W3SVC, Nothing-Here" }))
}

#[test]
fn a_cold_command_takes_six_requests_at_most_and_a_warm_one_two() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let mut command = || server.call("query_powershell", &json!({ "command": "Get-Service -Name W3SVC" }));
    assert_eq!(command()["structuredContent"]["objects"].as_array().unwrap().len(), 1);
    let cold: Vec<Operation> = site
        .operations(Mark::default())
        .into_iter()
        .filter(|operation| *operation != Operation::Signal)
        .collect();
    assert_eq!(cold[..3], [Operation::Empty, Operation::Create, Operation::Receive]);
    assert_eq!(cold[cold.len() - 2..], [Operation::Command, Operation::Receive]);
    assert!(cold.len() <= 6, "the second Receive of the opening is for a host that answers in two: {cold:?}");

    // What releases the first pipeline goes out behind its back.
    assert!(site.wait_for(Mark::default(), |event| matches!(event, Event::Signal { .. })));
    std::thread::sleep(std::time::Duration::from_millis(100));
    let mark = site.record().mark();
    command();
    let warm: Vec<Operation> =
        site.operations(mark).into_iter().filter(|operation| *operation != Operation::Signal).collect();
    assert_eq!(warm, [Operation::Command, Operation::Receive]);
}

#[test]
fn a_result_is_what_the_schema_of_its_tool_says() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let tools = server.ask("tools/list", &json!({}));
    let tools = tools["result"]["tools"].as_array().unwrap();
    let tool = tools.iter().find(|tool| tool["name"] == "query_powershell").unwrap();
    let schema = jsonschema::validator_for(&tool["outputSchema"]).unwrap();
    for command in [
        "Get-Service -Name W3SVC, Nothing-Here; Write-Warning mind; Write-Host shown",
        "Get-Process | Select-Object -First 2 Name, Id, StartTime, @{ n = 'Deep'; e = { @{ A = @{ B = @{ C = 1 } } } } }",
        "1, 'two', 3.5, [datetime]'2026-11-21', $null",
        "throw 'no'",
    ] {
        let result = server.call("query_powershell", &json!({ "command": command }));
        let data = &result["structuredContent"];
        let problems: Vec<String> = schema.iter_errors(data).map(|error| error.to_string()).collect();
        assert!(problems.is_empty(), "{command}: {problems:?}\n{data}");
        assert!(data["objects"].is_array(), "{command}: {data}");
    }
}

#[test]
fn errors_come_as_records_and_as_powershell_prints_them() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let result = get_service(&mut server);
    let data = &result["structuredContent"];
    let error = &data["errors"][0];
    assert_eq!(error["category"], "ObjectNotFound", "{data}");
    assert_eq!(error["command"], "Get-Service", "{data}");
    assert!(error["id"].as_str().unwrap().starts_with("NoServiceFoundForGivenName,"), "{data}");
    assert_eq!(error["target"], "Nothing-Here", "{data}");
    let line = format!("Get-Service: {}", error["message"].as_str().unwrap());
    assert!(text(&result).contains(&line), "{}", text(&result));
}

#[test]
fn a_host_without_an_endpoint_is_reached_by_text_of_ours_and_the_result_says_so() {
    let site = Site::with(HostBuilder::without_powershell_endpoints);
    let mut server = site.serve(&[]);
    for _ in 0..2 {
        let result = get_service(&mut server);
        let data = &result["structuredContent"];
        assert_eq!((&data["via"], data["objects"].as_array().unwrap().len()), (&json!("winrs"), 1), "{data}");
        assert_eq!(data["errors"][0]["category"], "ObjectNotFound", "{data}");
        assert!(text(&result).contains("\nVia: powershell.exe, as text"), "{}", text(&result));
    }
    let (_, output) = server.leave();
    let log = errors(&output);
    assert_eq!(log.matches("no PowerShell endpoint").count(), 1, "{log}");
}

#[test]
fn an_endpoint_that_is_named_and_not_there_is_an_error_with_its_fix() {
    let site = Site::new();
    let output = site.run(&["exec", "--", "Get-Service"], &[("CONFIGURATION_NAME", Some("JEA_Nobody"))]);
    assert_ne!(output.status.code(), Some(0));
    assert!(errors(&output).contains("Get-PSSessionConfiguration"), "{}", errors(&output));
    let shells = site.record().entries().into_iter();
    assert_eq!(shells.filter(|entry| matches!(entry.event, Event::ShellCreated { .. })).count(), 0);
}

#[test]
fn a_host_that_is_to_be_locked_and_cannot_be_runs_nothing() {
    let site = Site::with(HostBuilder::without_powershell_endpoints);
    let output = site.run(&["exec", "--", "Get-Service"], &[("LOCKDOWN", Some("true"))]);
    assert_ne!(output.status.code(), Some(0));
    let operations = site.operations(Mark::default());
    assert!(!operations.contains(&Operation::Command), "{operations:?}");
}

#[test]
fn under_the_profile_endpoint_what_the_endpoint_offers_is_the_list() {
    let jea = |builder: HostBuilder| builder.restricted_endpoint("JEA_Web", ["Get-Service"]);
    let site = Site::with(jea);
    let mut server = site.serve(&[("CONFIGURATION_NAME", Some("JEA_Web")), ("PROFILE", Some("endpoint"))]);
    let result = get_service(&mut server);
    let objects = result["structuredContent"]["objects"].as_array().unwrap();
    assert_eq!(objects.len(), 1, "{result}");
    let denied = server.call("query_powershell", &json!({ "command": "Get-Process -Name lsass" }));
    assert_eq!(denied["structuredContent"]["status"], "denied", "{denied}");
    let sent = site.record().entries().into_iter();
    let sent = sent.filter(|entry| matches!(&entry.event, Event::Pipeline { .. }));
    assert_eq!(sent.count(), 1, "the endpoint is asked once, and what it does not offer is not sent");
}
