//! What the policy makes of scripts: values judged as they are sent, denials half-way, rehearsals, and what waits.

use serde_json::{Value, json};
use winrm_host::{DEMO_ENDPOINT, Event, Mark};

use crate::{
    script::pipelines,
    support::{Server, Site, text},
};

/// Only `W32Time` may be restarted.
fn restarts(site: &Site) -> Server {
    let rule = "version = 1\n[[policy.rule]]\nname = \"restarts\"\ncommands = [\"Restart-Service\"]\n\
                parameters = { Name = { values = [\"W32Time\"] } }\n";
    let path = site.path("restarts.toml");
    std::fs::write(&path, rule).unwrap();
    site.serve(&[("CONFIG", path.to_str())])
}

#[test]
fn a_value_is_judged_however_it_reaches_its_command() {
    let site = Site::new();
    let mut server = restarts(&site);
    for script in [
        "Restart-Service -Name Spooler",
        "$n = 'Spooler'; Restart-Service -Name $n",
        "$n = 'Spo' + 'oler'; Restart-Service $n",
        "Restart-Service -Name ('spooler'.ToUpper())",
        "Restart-Service -Name W32Time, $('Spooler')",
        "Restart-Service -Name \"$(Get-Service -Name Spooler | ForEach-Object Name)\"",
        "Get-Service -Name Spooler | Restart-Service",
        "Get-Service | Where-Object Name -eq Spooler | Restart-Service",
        "'Spooler' | Restart-Service",
        "[pscustomobject]@{ Name = 'Spooler' } | Restart-Service",
        "'{\"Name\":\"Spooler\"}' | ConvertFrom-Json | Restart-Service",
        "\"Name`nSpooler\" | ConvertFrom-Csv | Restart-Service",
        "$p = @{ Name = 'Spooler' }; Restart-Service @p",
        "function f($n) { Restart-Service -Name $n }; f Spooler",
        "& { Restart-Service -Name $args[0] } Spooler",
        "$n = @('W32Time'); $n += 'Spooler'; Restart-Service -Name $n",
    ] {
        let result = server.call("execute_command", &json!({ "command": script }));
        assert_eq!(result["structuredContent"]["status"], "denied", "{script}: {result}");
    }
    assert!(!sent(&site, "Restart-Service"), "{:?}", pipelines(&site, Mark::default()));
    let result = server.call("execute_command", &json!({ "command": "$n = 'W32Time'; Restart-Service $n" }));
    assert_eq!(result["structuredContent"]["status"], "success", "{result}");
    assert!(sent(&site, "Restart-Service"));
}

#[test]
fn a_denial_half_way_says_what_ran_and_what_did_not() {
    let site = Site::new();
    let mut server = restarts(&site);
    let script = "foreach ($n in 'W32Time', 'Spooler', 'W32Time') { Restart-Service -Name $n; \"$n done\" }";
    let result = server.call("execute_command", &json!({ "command": script }));
    let data = &result["structuredContent"];
    assert_eq!((&data["status"], &data["ran"]), (&json!("denied"), &json!("yes")), "{result}");
    let steps: Vec<(&str, &str)> = data["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["outcome"].as_str().unwrap(), step["ran"].as_str().unwrap()))
        .collect();
    assert_eq!(steps, [("completed", "yes"), ("denied", "no")]);
    assert!(data["steps"][1]["command"].as_str().unwrap().contains("Spooler"), "{data}");
    assert_eq!(data["stdout"], "W32Time done\n");
    assert!(text(&result).starts_with("[untrusted output of localhost begins "), "{result}");
    let restarts = pipelines(&site, Mark::default()).concat();
    assert_eq!(restarts.len(), 1, "{restarts:?}");
}

#[test]
fn each_step_is_on_record_before_it_is_sent_and_the_script_at_its_end() {
    let site = Site::new();
    let mut server = restarts(&site);
    let script = "$s = Get-Service -Name W32Time; Restart-Service -Name $s.Name; Restart-Service -Name ($s.Name + 'x')";
    server.call("execute_command", &json!({ "command": script }));
    let audit = std::fs::read_to_string(site.path("state/audit.jsonl")).unwrap();
    let lines: Vec<Value> = audit.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<(&str, Option<u64>, &str)> = lines
        .iter()
        .map(|line| {
            let what = line["decision"].as_str().or(line["status"].as_str()).unwrap();
            (line["event"].as_str().unwrap(), line["step"].as_u64(), what)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("decided", Some(1), "allowed"),
            ("finished", Some(1), "success"),
            ("decided", Some(2), "allowed"),
            ("finished", Some(2), "success"),
            ("decided", Some(3), "denied"),
            ("finished", Some(3), "denied"),
            ("ended", None, "denied"),
        ]
    );
    assert_eq!((&lines[6]["steps"], &lines[6]["ran"]), (&json!(3), &json!("yes")));
    assert!(lines.iter().all(|line| line["call"] == lines[0]["call"]), "one call");
    assert!(
        lines[2]["judged"].as_str().unwrap().ends_with("Restart-Service -Name 'W32Time'"),
        "{}",
        lines[2]
    );
}

#[test]
fn what_is_certainly_denied_keeps_the_whole_script_from_running() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let script = "Get-Service\nif ($false) { Stop-Computer }";
    let result = server.call("execute_command", &json!({ "command": script }));
    let data = &result["structuredContent"];
    assert_eq!((&data["status"], &data["ran"]), (&json!("denied"), &json!("no")), "{result}");
    assert!(data["error"]["message"].as_str().unwrap().contains("line 2, column"), "{data}");
    assert!(site.record().entries().is_empty());
}

#[test]
fn what_is_not_taken_is_refused_with_its_place_and_what_to_write_instead() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let script = "$p = Get-Process -Id 4\n$p.Kill()\n[System.IO.File]::ReadAllText('C:\\x')";
    let result = server.call("execute_command", &json!({ "command": script }));
    let error = &result["structuredContent"]["error"];
    let told = format!("{} {}", error["message"], error["fix"]);
    assert_eq!(result["structuredContent"]["ran"], "no", "{result}");
    for words in ["line 2", "Stop-Process -Id $_.Id", "line 3"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(site.record().entries().is_empty());
}

#[test]
fn a_query_never_changes_anything_whatever_the_policy_says() {
    let site = Site::new();
    let mut server = site.serve(&[("PROFILE", Some("unrestricted"))]);
    for script in
        ["Restart-Service -Name W32Time", "Get-Service -Name W32Time | Restart-Service", "simulate exit 0"]
    {
        let result = server.call("query_powershell", &json!({ "command": script }));
        assert_eq!(result["structuredContent"]["status"], "denied", "{script}: {result}");
        assert!(text(&result).contains("execute_command"), "{result}");
    }
    assert!(!sent(&site, "Restart-Service"));
}

#[test]
fn text_goes_whole_only_under_a_rule_that_says_raw() {
    let site = Site::new();
    let path = site.path("raw.toml");
    std::fs::write(&path, "version = 1\n[[policy.rule]]\nname = \"raw\"\nraw = true\n").unwrap();
    let mut server = site.serve(&[("CONFIG", path.to_str())]);
    // What can be evaluated is, whatever the rule says.
    let result = server.call("execute_command", &json!({ "command": "$x = 1 + 1; $x" }));
    assert_eq!(result["structuredContent"]["stdout"], "2\n", "{result}");
    assert!(site.record().entries().is_empty());
    server.call("execute_command", &json!({ "command": "[System.Net.Dns]::GetHostName()" }));
    assert!(site.wait_for(Mark::default(), |event| matches!(event, Event::Script { .. })));
    let refused = server.call("query_powershell", &json!({ "command": "[System.Net.Dns]::GetHostName()" }));
    assert_eq!(refused["structuredContent"]["status"], "denied", "text can change anything: {refused}");
}

/// Whether a command ever reached the host.
fn sent(site: &Site, name: &str) -> bool {
    pipelines(site, Mark::default()).concat().iter().any(|command| command == name)
}

#[test]
fn a_dry_run_says_what_would_run_and_sends_nothing() {
    let site = Site::new();
    let mut server = restarts(&site);
    let mut dry = |command: &str| {
        let result = server.call("execute_command", &json!({ "command": command, "dry_run": true }));
        assert!(site.record().entries().is_empty(), "{command}: {result}");
        result
    };
    let result =
        dry("foreach ($n in 'W32Time', 'W32Time') { Restart-Service -Name $n }; Get-Service | Stop-Service");
    assert_eq!(result["structuredContent"]["status"], "denied", "{result}");
    let result = dry("foreach ($n in 'W32Time', 'W32Time') { Restart-Service -Name $n }");
    let data = &result["structuredContent"];
    assert_eq!((&data["status"], &data["ran"]), (&json!("success"), &json!("no")), "{result}");
    assert_eq!(data["steps"].as_array().unwrap().len(), 2);
    assert_eq!(data["steps"][1]["outcome"], "not_sent");
    assert!(text(&result).contains("Status: ALLOWED (nothing was sent)"), "{result}");
    assert!(
        text(&result).contains("2. Microsoft.PowerShell.Management\\Restart-Service -Name 'W32Time'"),
        "{result}"
    );
    let result = dry("$n = 'Spo' + 'oler'; Restart-Service -Name $n");
    assert_eq!(result["structuredContent"]["status"], "denied", "{result}");
    let cmdlet = json!({
        "cmdlet": "Restart-Service", "parameters": { "Name": "W32Time" }, "host": "localhost", "dry_run": true
    });
    let result = server.call("invoke_cmdlet", &cmdlet);
    assert!(text(&result).contains("ALLOWED (nothing was sent)"), "{result}");
    assert!(site.record().entries().is_empty());
}

#[test]
fn what_needs_a_human_waits_for_one_and_says_how() {
    let site = Site::new();
    let rule = "version = 1\n[[policy.rule]]\nname = \"restarts\"\ncommands = [\"Restart-Service\"]\napproval = true\n";
    let path = site.path("asking.toml");
    std::fs::write(&path, rule).unwrap();
    let mut server = site.serve(&[("CONFIG", path.to_str())]);
    let script = "$s = Get-Service -Name W32Time; Restart-Service -Name W32Time; $s.Name";
    let result = server.call("execute_command", &json!({ "command": script }));
    let data = &result["structuredContent"];
    assert_eq!(data["status"], "approval_required", "{result}");
    assert_eq!(data["error"]["code"], "approval_missing", "{result}");
    assert!(text(&result).contains("winrm-mcp approve "), "{result}");
    assert!(!sent(&site, "Restart-Service"));
    let audit = std::fs::read_to_string(site.path("state/audit.jsonl")).unwrap();
    assert!(audit.contains("\"approval_required\""), "{audit}");
}

#[test]
fn an_endpoint_of_its_own_says_itself_what_may_run() {
    let site = Site::new();
    let mut server =
        site.serve(&[("PROFILE", Some("endpoint")), ("CONFIGURATION_NAME", Some(DEMO_ENDPOINT))]);
    let run = |server: &mut Server, command: &str| {
        server.call("execute_command", &json!({ "command": command }))["structuredContent"].clone()
    };
    let data = run(&mut server, "$s = Get-Service -Name W32Time; Restart-Service -Name $s.Name; $s.Name");
    assert_eq!((&data["status"], &data["stdout"]), (&json!("success"), &json!("W32Time\n")), "{data}");
    let data = run(&mut server, "Get-Service -Name W32Time | Stop-Service");
    assert_eq!(data["status"], "denied", "{data}");
    assert!(!sent(&site, "Stop-Service"));
}
