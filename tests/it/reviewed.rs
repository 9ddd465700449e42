//! Reviewed scripts as tools, through the finished program: from the configuration to the host's record.

use serde_json::{Value, json};
use winrm_host::{CommandKind, Event, HostBuilder, PipelineCommand};

use crate::support::{CANARY, Server, Site, errors, text};

const RESTART: &str = "<#
.SYNOPSIS
  Restarts services and says how they are.
.PARAMETER Name
  The services.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [ValidateNotNullOrEmpty()] [string[]] $Name,
    [ValidateSet('Gentle', 'Hard')] [string] $Mode = 'Gentle',
    [int] $Tries = 2,
    [switch] $Fail
)
$seen = @{}
foreach ($one in $Name) {
    Restart-Service -Name $one
    $seen[$one] = (Get-Service -Name $one).Status
    Write-Warning \"restarted $one, $Mode\"
}
if ($Fail) { exit 3 }
[pscustomobject]@{ Restarted = $seen.Count; Mode = $Mode; Tries = $Tries; Kind = $Tries.GetType().Name }
";

/// The configuration of a site with this script, and what else it says.
fn configure(site: &Site, script: &str, more: &str) {
    std::fs::write(site.path("restart.ps1"), RESTART).unwrap();
    let digest = digest(site, "restart.ps1");
    let (folder, port) = (site.folder.path().display(), site.host.addr().port());
    let config = format!(
        "version = 1\nstate_dir = '{folder}/state'\n\
         [defaults]\nuser = 'operator'\npassword = 'env:WINRM_MCP_PASSWORD'\nport = {port}\nca_file = 'ca.pem'\n\
         [[host]]\nname = 'localhost'\ntags = ['web']\n\
         [[host]]\nname = 'other'\nendpoint = 'localhost'\n\
         [[script]]\nname = 'restart_them'\nfile = 'restart.ps1'\nsha256 = '{digest}'\n\
         description = 'Restarts services.'\n{script}\n{more}\n"
    );
    std::fs::write(site.path("winrm-mcp.toml"), config).unwrap();
}

/// What `policy script` prints for a file of the site's.
fn digest(site: &Site, file: &str) -> String {
    let output = site.run(&["policy", "script", site.path(file).to_str().unwrap()], &[]);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}");
    let line = printed.lines().find_map(|line| line.strip_prefix("sha256 = \"")).unwrap();
    line.trim_end_matches('"').to_owned()
}

/// Runs the program by that configuration.
fn run(site: &Site, arguments: &[&str]) -> std::process::Output {
    let config = site.path("winrm-mcp.toml");
    let mut command = crate::support::bare(arguments, site.folder.path());
    command.env("WINRM_MCP_CONFIG", config).env("WINRM_MCP_PASSWORD", CANARY);
    command.stdin(std::process::Stdio::null()).output().unwrap()
}

fn serve(site: &Site) -> Server {
    let mut command = crate::support::bare(&["serve"], site.folder.path());
    command.env("WINRM_MCP_CONFIG", site.path("winrm-mcp.toml")).env("WINRM_MCP_PASSWORD", CANARY);
    Server::start(command)
}

fn restart(server: &mut Server, arguments: &Value) -> Value {
    let mut all = json!({ "host": "localhost", "Name": ["W3SVC"] });
    for (name, value) in arguments.as_object().unwrap() {
        all[name] = value.clone();
    }
    server.call("restart_them", &all)
}

/// Every command of every pipeline that the host was sent.
fn commands(site: &Site) -> Vec<PipelineCommand> {
    let pipelines = site.record().entries().into_iter().filter_map(|entry| match entry.event {
        Event::Pipeline { commands, .. } => Some(commands),
        _ => None,
    });
    pipelines.flatten().collect()
}

fn audit(site: &Site) -> Vec<Value> {
    let lines = std::fs::read_to_string(site.path("state/audit.jsonl")).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn shells(site: &Site, wanted: fn(&Event) -> bool) -> usize {
    site.record().entries().iter().filter(|entry| wanted(&entry.event)).count()
}

#[test]
fn a_script_is_a_tool_that_runs_as_a_whole_with_typed_values() {
    let site = Site::new();
    configure(&site, "", "[policy]\nprofile = 'operate'");
    let mut server = serve(&site);
    let tools = server.ask("tools/list", &json!({}));
    let tool =
        tools["result"]["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == "restart_them");
    let schema = &tool.unwrap()["inputSchema"];
    assert_eq!(schema["properties"]["Name"]["description"], "The services.", "{schema}");
    assert_eq!((&schema["required"], &schema["additionalProperties"]), (&json!(["Name"]), &json!(false)));

    let result = restart(&mut server, &json!({ "Name": ["W3SVC", "W32Time"], "Tries": 7 }));
    let data = &result["structuredContent"];
    assert_eq!(
        (&data["status"], &data["via"], &data["ran"]),
        (&json!("success"), &json!("psrp"), &json!("yes"))
    );
    let expected = json!([{ "Restarted": 2, "Mode": "Gentle", "Tries": 7, "Kind": "Int32" }]);
    assert_eq!(data["objects"], expected, "{data}");
    assert_eq!(data["warnings"], json!(["restarted W3SVC, Gentle", "restarted W32Time, Gentle"]), "{data}");

    // Another call of another kind has another runspace, and sends no text.
    server.call("query_powershell", &json!({ "host": "localhost", "command": "Get-Service -Name W3SVC" }));
    let sent = commands(&site);
    assert_eq!(sent[0].kind, CommandKind::Script);
    assert_eq!(sent[0].text, RESTART);
    let given = [("Name", "W3SVC W32Time"), ("Tries", "7")];
    let given = given.map(|(name, value)| (Some(name.to_owned()), value.to_owned()));
    assert_eq!(sent[0].parameters, given);
    assert!(sent[1..].iter().all(|command| command.kind == CommandKind::Command), "{sent:?}");
    assert_eq!(shells(&site, |event| matches!(event, Event::ShellCreated { .. })), 2);
    server.leave();
    assert_eq!(shells(&site, |event| matches!(event, Event::ShellDeleted { .. })), 2, "none is left");

    let lines = audit(&site);
    let decided = lines.iter().find(|line| line["tool"] == "restart_them").unwrap();
    assert_eq!((&decided["decision"], &decided["kind"]), (&json!("allowed"), &json!("reviewed_script")));
    assert_eq!((&decided["rule"], &decided["risk"]), (&json!("script restart_them"), &json!("change")));
    let judged = decided["judged"].as_str().unwrap();
    let digest = digest(&site, "restart.ps1");
    assert_eq!(
        judged,
        format!("restart_them -Name:@('W3SVC', 'W32Time') -Tries:7 (reviewed script, SHA-256 {digest})")
    );
}

#[test]
fn an_edit_stops_the_script_and_the_message_names_cause_and_fix() {
    let site = Site::new();
    configure(&site, "", "");
    let mut server = serve(&site);
    std::fs::write(site.path("restart.ps1"), RESTART.replace("Restart-Service", "Stop-Service")).unwrap();
    let result = restart(&mut server, &json!({ "Anything": 1 }));
    let shown = text(&result);
    let (expected, found) = (digest_of_config(&site), digest(&site, "restart.ps1"));
    assert!(shown.contains("restart.ps1 is not what was reviewed"), "{shown}");
    assert!(shown.contains(&expected) && shown.contains(&found), "{shown}");
    assert!(shown.contains("reviews the file again"), "{shown}");
    assert_eq!(result["structuredContent"]["status"], "denied");
    assert_eq!(commands(&site), []);

    // The same from the start on: the server starts, and says so.
    let (_, output) = server.leave();
    drop(output);
    let mut server = serve(&site);
    let tools = server.ask("tools/list", &json!({}));
    assert!(tools.to_string().contains("Not available now"), "{tools}");
    assert_eq!(restart(&mut server, &json!({}))["structuredContent"]["status"], "denied");
    let (_, output) = server.leave();
    assert!(errors(&output).contains("script restart_them: it cannot run"), "{}", errors(&output));
    let checked = run(&site, &["check-config"]);
    assert_eq!(checked.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&checked.stdout).contains("fix: the operator reviews the file again"));
    // Put back, it runs again: nothing is remembered.
    std::fs::write(site.path("restart.ps1"), RESTART).unwrap();
    let output =
        run(&site, &["exec", "--host", "localhost", "--reviewed", "restart_them", "--", "-Name", "W3SVC"]);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let denied = run(&site, &["denials", "--json"]);
    assert!(String::from_utf8_lossy(&denied.stdout).contains("is not what was reviewed"));
}

fn digest_of_config(site: &Site) -> String {
    let config = std::fs::read_to_string(site.path("winrm-mcp.toml")).unwrap();
    config.lines().find_map(|line| line.strip_prefix("sha256 = '")).unwrap().trim_end_matches('\'').to_owned()
}

#[test]
fn what_does_not_fit_reaches_no_host() {
    let site = Site::new();
    configure(
        &site,
        "hosts = ['@web']",
        "[[policy.rule]]\nname = 'only here'\nscripts = ['restart_them']\npurpose = ['agent']",
    );
    let mut server = serve(&site);
    for (arguments, expected) in [
        (json!({ "Name": [] }), "the argument `Name` is wrong"),
        (json!({ "Mode": "Odd" }), "the argument `Mode` is wrong"),
        (json!({ "Tries": "2" }), "the argument `Tries` is wrong"),
        (json!({ "Command": "Stop-Computer" }), "there is no argument `Command`"),
        (json!({ "host": "other" }), "it is for @web only"),
        (json!({ "host": "nowhere" }), "nowhere"),
    ] {
        let result = restart(&mut server, &arguments);
        assert_eq!(result["isError"], true, "{arguments}: {result}");
        assert!(text(&result).contains(expected), "{arguments}: {}", text(&result));
    }
    for (host, names) in [("localhost", json!(["restart_them"])), ("other", json!([]))] {
        let found = server.call("find_commands", &json!({ "host": host, "pattern": "restart_them" }));
        let found = found["structuredContent"]["scripts"].as_array().unwrap().iter();
        assert_eq!(found.map(|script| script["name"].clone()).collect::<Value>(), names, "{host}");
    }
    let rehearsed = restart(&mut server, &json!({ "dry_run": true }));
    assert!(text(&rehearsed).contains("restart_them -Name:"), "{}", text(&rehearsed));
    assert_eq!(rehearsed["structuredContent"]["ran"], "no");
    let output =
        run(&site, &["exec", "--host", "localhost", "--reviewed", "restart_them", "--", "-Name", "W3SVC"]);
    assert_eq!(output.status.code(), Some(126), "the rule is for agents: {}", errors(&output));
    assert_eq!(commands(&site), []);
}

#[test]
fn a_rule_that_denies_wins() {
    let site = Site::new();
    let rule = "[[policy.rule]]\nname = 'no restarts'\neffect = 'deny'\nscripts = ['restart_*']";
    configure(&site, "", rule);
    let result = restart(&mut serve(&site), &json!({}));
    assert!(text(&result).contains("denied by no restarts"), "{}", text(&result));
    assert_eq!(commands(&site), []);
}

#[test]
fn an_endpoint_without_a_language_or_none_at_all_is_said_and_nothing_goes_another_way() {
    let jea = |builder: HostBuilder| builder.restricted_endpoint("JEA_Web", ["Get-Service"]);
    for (site, host, expected) in [
        (Site::with(jea), "configuration_name = 'JEA_Web'", "the endpoint JEA_Web runs no scripts"),
        (Site::with(HostBuilder::without_powershell_endpoints), "", "has no PowerShell endpoint"),
        (Site::new(), "lockdown = true", "the runspaces of this host are locked"),
    ] {
        configure(&site, "", "");
        let config = std::fs::read_to_string(site.path("winrm-mcp.toml")).unwrap();
        let config = config.replace("[defaults]\n", &format!("[defaults]\n{host}\n"));
        std::fs::write(site.path("winrm-mcp.toml"), config).unwrap();
        let result = restart(&mut serve(&site), &json!({}));
        assert!(text(&result).contains(expected), "{}", text(&result));
        assert_eq!(result["structuredContent"]["ran"], "no", "{result}");
        let scripts = |event: &Event| matches!(event, Event::Script { .. } | Event::Command { .. });
        assert_eq!(shells(&site, scripts), 0, "no command line either");
    }
}

#[test]
fn the_command_line_passes_its_exit_code_on_and_explains() {
    let site = Site::new();
    configure(&site, "risk = 'read'", "");
    let exec = |more: &[&str]| {
        let mut arguments = vec!["exec", "--host", "localhost", "--reviewed", "restart_them"];
        arguments.extend_from_slice(more);
        run(&site, &arguments)
    };
    let output = exec(&["--json", "--", "-Name", "W3SVC", "W32Time", "-Tries", "5"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["objects"][0]["Restarted"], 2, "{report}");
    assert_eq!(exec(&["--", "-Name", "W3SVC", "-Fail"]).status.code(), Some(3));
    for (words, expected) in [
        (&["--", "-Tries", "1"][..], "the parameter Name is missing"),
        (&["--", "-Name", "x", "-Odd"], "there is no parameter Odd"),
        (&["--", "W3SVC"], "word 1 belongs to no parameter"),
    ] {
        let output = exec(words);
        assert_eq!(output.status.code(), Some(64));
        assert!(errors(&output).contains(expected), "{}", errors(&output));
    }
    let explain = ["explain", "--host", "localhost", "--reviewed", "restart_them", "--", "-Name", "W3SVC"];
    let explained = run(&site, &explain);
    let explained = String::from_utf8(explained.stdout).unwrap();
    assert!(explained.starts_with("allowed by script restart_them (read)"), "{explained}");
    let shown = String::from_utf8(run(&site, &["policy", "show"]).stdout).unwrap();
    assert!(shown.contains("reviewed script restart_them (read), on every host"), "{shown}");
    let unknown = run(&site, &["exec", "--host", "localhost", "--reviewed", "restart_all"]);
    assert!(errors(&unknown).contains("known: restart_them"), "{}", errors(&unknown));
}
