//! Whole scripts: evaluated in the program, and of the host's record nothing but typed commands.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use winrm_host::{DEMO_ENDPOINT, Ended, Event, Mark};

use crate::support::{Server, Site, errors, text};

const TABLE: &str = r#"
$limit = 3
$names = foreach ($service in Get-Service | Where-Object Status -eq 'Running' | Sort-Object Name) {
    if ($names.Count -ge $limit) { break }
    $service.Name
}
function Get-Loud ($text) { $text.ToUpper() + '!' }
Get-Service -Name W32Time, Spooler |
    Format-Table Name, @{ Name = 'Loud'; Expression = { Get-Loud $_.Name } }, Status
"on ${env:COMPUTERNAME}: $($names[0]) and $($names.Count - 1) more"
"#;

#[test]
fn a_filter_that_may_not_run_on_the_host_is_done_here() {
    let site = Site::new();
    let script = "Get-Service | Where-Object Name -eq 'W32Time' | Select-Object -ExpandProperty Name";
    let told = [None, Some("Where-Object")].map(|excluded| {
        let mark = site.record().mark();
        let mut server = site.serve(&[("EXCLUDE", excluded)]);
        let result = server.call("query_powershell", &json!({ "command": script }));
        assert_eq!(result["structuredContent"]["stdout"].as_str().unwrap().trim(), "W32Time", "{result}");
        pipelines(&site, mark).concat().concat()
    });
    assert!(told[0].contains("Where-Object") && !told[1].contains("Where-Object"), "{told:?}");
}

#[test]
fn a_script_runs_alike_on_a_full_endpoint_and_on_one_that_refuses_scripts() {
    let site = Site::new();
    let outputs = [None, Some(DEMO_ENDPOINT)].map(|endpoint| {
        let mark = site.record().mark();
        let mut server = site.serve(&[("CONFIGURATION_NAME", endpoint)]);
        let result = server.call("query_powershell", &json!({ "command": TABLE }));
        assert_eq!(result["structuredContent"]["status"], "success", "{result}");
        let sent = pipelines(&site, mark);
        assert!(sent.iter().flatten().all(|command| !command.contains('{')), "{sent:?}");
        if endpoint.is_some() {
            assert!(sent.iter().all(|pipeline| pipeline.len() == 1), "no filter travels: {sent:?}");
        }
        result["structuredContent"]["stdout"].as_str().unwrap().to_owned()
    });
    assert_eq!(outputs[0], outputs[1]);
    let lines: Vec<&str> = outputs[0].lines().filter(|line| !line.trim().is_empty()).collect();
    assert!(lines[0].starts_with("Name ") && lines[0].contains("Loud"), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("W32TIME!") && line.contains("Running")), "{lines:?}");
    assert!(lines.last().unwrap().starts_with("on WEB-01: "), "{lines:?}");
}

#[test]
fn objects_come_as_data_beside_the_text() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let command = "Get-Service | Sort-Object Name";
    let data = |result: Value| result["structuredContent"].clone();
    let usual = data(server.call("query_powershell", &json!({ "command": command, "max_items": 2 })));
    assert_eq!(usual["objects"].as_array().unwrap().len(), 2, "{usual}");
    assert!(usual["objects"][0]["Status"].is_string(), "an enum is its name: {usual}");
    assert!(usual["truncated"]["omitted_objects"].as_u64().unwrap() > 0, "{usual}");
    let chosen = json!({ "command": command, "max_items": 1, "select": ["Name"] });
    let chosen = data(server.call("query_powershell", &chosen));
    assert_eq!(chosen["objects"][0].as_object().unwrap().len(), 1, "{chosen}");
    let one = json!({
        "cmdlet": "Get-Service", "parameters": { "Name": ["W32Time"] }, "host": "localhost", "select": ["Name"]
    });
    assert_eq!(data(server.call("invoke_cmdlet", &one))["objects"], json!([{ "Name": "W32Time" }]));
}

#[test]
fn an_error_says_where_in_the_script_it_arose() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let script = "$names = 'W3SVC', 'Nothing-Here'\nforeach ($n in $names) {\n  Get-Service -Name $n | Select-Object Name\n}\n1/0";
    let result = server.call("execute_command", &json!({ "command": script }));
    let errors = &result["structuredContent"]["errors"];
    assert_eq!(
        errors[0]["position"],
        "At line:3 char:3\n+   Get-Service -Name $n | Select-Object Name\n+   ~~~~~~~~~~~~~~~~~~~~",
        "{result}"
    );
    assert_eq!(errors[1]["position"], "At line:5 char:1\n+ 1/0\n+ ~~~", "{result}");
    let shown = "RuntimeException:\nLine |\n   5 |  1/0\n     |  ~~~\n     | Attempted to divide by zero.\n";
    assert!(text(&result).contains(shown), "{}", text(&result));
    let result = server.call("execute_command", &json!({ "command": "Get-Service -Name Nothing-Here" }));
    let data = &result["structuredContent"];
    assert!(
        data["stderr"].as_str().unwrap().starts_with("Get-Service: Cannot find"),
        "one line needs no place: {data}"
    );
    assert_eq!(data["errors"][0]["position"].as_str().unwrap().lines().next(), Some("At line:1 char:1"));
    let own = "try {\n  Get-Service nope -ErrorAction Stop\n} catch {\n  \"$($_.InvocationInfo.ScriptLineNumber): $($_.InvocationInfo.Line)\"\n}";
    let result = server.call("execute_command", &json!({ "command": own }));
    assert_eq!(
        result["structuredContent"]["stdout"], "2:   Get-Service nope -ErrorAction Stop\n",
        "{result}"
    );
}

#[test]
fn programs_are_part_of_scripts() {
    let site = Site::new();
    let allow = [("ALLOW", Some("simulate,Get-Service"))];
    let mut server = site.serve(&allow);
    let mut run = |command: &str| {
        server.call("execute_command", &json!({ "command": command }))["structuredContent"].clone()
    };
    let data =
        run("$lines = 'b', 'a' | simulate cat; \"$($lines.Count): $($lines | Sort-Object)\"; $LASTEXITCODE");
    assert_eq!((&data["stdout"], &data["status_code"]), (&json!("2: a b\n0\n"), &json!(0)), "{data}");
    let data = run("simulate exit 3; \"code $LASTEXITCODE, $?\"");
    assert_eq!((&data["stdout"], &data["status_code"]), (&json!("code 3, False\n"), &json!(3)), "{data}");
    assert_eq!(data["status"], "failed");
    let data = run("simulate stderr trouble; $x = simulate stderr more 2>&1; \"got $x\"");
    assert_eq!(data["stdout"], "got more\n", "{data}");
    assert!(data["stderr"].as_str().unwrap().contains("trouble"), "{data}");
    let data = run("simulate 'a & b'");
    assert_eq!(data["status"], "denied", "{data}");
}

#[test]
fn exit_codes_say_how_a_script_ended() {
    let site = Site::new();
    let allow = [("ALLOW", Some("simulate,Get-Service"))];
    for (script, code) in [
        ("Get-Service -Name NoSuch; 'goes on'", 0),
        ("throw 'no'", 1),
        ("Get-Service -Name NoSuch -ErrorAction Stop", 1),
        ("exit 7", 7),
        ("try { throw 'x' } catch { 'caught' }", 0),
        ("simulate exit 5; Get-Service W32Time | Out-Null", 5),
        ("simulate exit 0; throw 'after'", 1),
    ] {
        std::fs::write(site.path("s.ps1"), script).unwrap();
        let output = site.run(&["exec", "--script", site.path("s.ps1").to_str().unwrap()], &allow);
        assert_eq!(output.status.code(), Some(code), "{script}: {output:?}");
    }
}

#[test]
fn streams_stay_apart_on_the_command_line() {
    let site = Site::new();
    let script = "'out'; Write-Warning 'careful'; Write-Error 'bad'; Write-Verbose 'more' -Verbose; Write-Host 'shown'";
    std::fs::write(site.path("s.ps1"), script).unwrap();
    let output = site.run(&["exec", "--script", site.path("s.ps1").to_str().unwrap()], &[]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "out\nshown\n", "{output:?}");
    for words in ["WARNING: careful", "bad", "VERBOSE: more"] {
        assert!(errors(&output).contains(words), "{words}: {}", errors(&output));
    }
}

#[test]
fn a_cancel_in_the_middle_stops_the_host_and_nothing_follows() {
    let site = Site::new();
    let mut server = site.serve(&[("ALLOW", Some("simulate,Get-Service"))]);
    let script = "Get-Service W32Time | Out-Null; simulate sleep 60; Get-Service Spooler";
    let call = json!({ "name": "execute_command", "arguments": { "command": script } });
    let id = server.begin("tools/call", &call);
    assert!(site.wait_for(
        Mark::default(),
        |event| matches!(event, Event::Command { line, .. } if line.contains("simulate"))
    ));
    let cancelled = json!({ "requestId": id });
    server.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": cancelled }));
    let stopped = |event: &Event| {
        matches!(event, Event::CommandEnded { how: Ended::Terminated | Ended::Interrupted, .. })
    };
    assert!(site.wait_for(Mark::default(), stopped));
    let after = server.call("list_hosts", &json!({}));
    assert_eq!(after["isError"], json!(false));
    assert_eq!(pipelines(&site, Mark::default()).len(), 1, "nothing came after what was stopped");
}

#[test]
fn a_deadline_holds_while_a_script_is_evaluated() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    for script in ["while ($true) {}", "Start-Sleep -Seconds 60", "for (;;) { $x = 1..100 | Sort-Object }"] {
        let begin = Instant::now();
        let result = server.call("execute_command", &json!({ "command": script, "timeout_seconds": 0.3 }));
        assert_eq!(result["structuredContent"]["status"], "timed_out", "{script}: {result}");
        assert!(begin.elapsed() < Duration::from_secs(3), "{script}: {:?}", begin.elapsed());
    }
}

#[test]
fn what_would_take_too_much_ends_with_its_place() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let deep = format!("{}1{}", "(".repeat(5_000), ")".repeat(5_000));
    for (script, words) in [
        ("\n'x' * 1gb", "line 2"),
        ("$a = 'x' * 1mb; while ($true) { $a += $a }", "line 1"),
        ("function f { f }\nf", "too deep"),
        ("1..9000 | ForEach-Object { 'x' * 1mb } | Measure-Object", "too much"),
        (deep.as_str(), "line 1"),
    ] {
        let begin = Instant::now();
        let result = server.call("execute_command", &json!({ "command": script }));
        let short: String = script.chars().take(80).collect();
        assert_eq!(result["isError"], json!(true), "{short}: {result}");
        let message = result["structuredContent"]["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(words), "{short}: {result}");
        assert_eq!(result["structuredContent"]["ran"], "no", "{short}");
        assert!(begin.elapsed() < Duration::from_secs(60), "{short}: {:?}", begin.elapsed());
    }
    // A regular expression that would take a backtracking engine for ever.
    let result = server.call("execute_command", &json!({ "command": "('a' * 40 + 'b') -match '^(a+)+$'" }));
    assert_eq!(result["structuredContent"]["stdout"], "False\n", "{result}");
    assert!(site.record().entries().is_empty());
}

#[test]
fn facts_are_asked_for_only_where_they_are_used_and_by_judged_commands() {
    let site = Site::new();
    let mut server = site.serve(&[("EXCLUDE", Some("Get-CimInstance"))]);
    let result = server.call("query_powershell", &json!({ "command": "\"$env:OS $env:USERNAME\"" }));
    assert_eq!(result["structuredContent"]["stdout"], "Windows_NT operator\n", "{result}");
    assert!(site.record().entries().is_empty(), "nothing had to be asked");
    let result = server.call("query_powershell", &json!({ "command": "$env:COMPUTERNAME" }));
    let message = result["structuredContent"]["error"]["message"].as_str().unwrap();
    assert!(message.contains("the host's name") && message.contains("Get-CimInstance"), "{message}");
    assert!(site.record().entries().is_empty());
    let command = "[datetime]::Now.Year -gt 2000";
    let result = server.call("query_powershell", &json!({ "command": command }));
    assert_eq!(result["structuredContent"]["stdout"], "True\n", "{result}");
    assert_eq!(result["structuredContent"]["steps"].as_array().unwrap().len(), 1);
}

#[test]
fn the_version_is_what_the_pool_says_of_itself_and_costs_no_command() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let mut run = |command: &str| server.call("query_powershell", &json!({ "command": command }));
    let table =
        "$t = $PSVersionTable; \"$($t.PSVersion.Major) $($t.PSEdition) $($t.WSManStackVersion) [$($t.OS)]\"";
    let result = run(table);
    assert_eq!(result["structuredContent"]["stdout"], "5 Desktop 3.0 []\n", "{result}");
    assert!(pipelines(&site, Mark::default()).is_empty());
    run("if ($PSVersionTable.PSVersion -lt '6.0') { Get-Service -Name W32Time }");
    assert_eq!(pipelines(&site, Mark::default()), [["Get-Service"]]);
    let shells = site.record().entries().into_iter();
    let shells = shells.filter(|entry| matches!(entry.event, Event::ShellCreated { .. }));
    assert_eq!(shells.count(), 1, "the same pool serves both");
}

#[test]
fn a_session_keeps_variables_and_functions_and_nothing_on_the_host() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let run = |server: &mut Server, command: &str, session: Option<&str>| {
        let mut arguments = json!({ "command": command });
        if let Some(session) = session {
            arguments["session"] = json!(session);
        }
        server.call("execute_command", &arguments)["structuredContent"].clone()
    };
    run(&mut server, "$x = 40; function Add-Two ($n) { $n + 2 }", Some("a"));
    assert_eq!(run(&mut server, "Add-Two $x", Some("a"))["stdout"], "42\n");
    assert_eq!(run(&mut server, "\"[$x]\"", Some("b"))["stdout"], "[]\n", "another session");
    assert_eq!(run(&mut server, "\"[$x]\"", None)["stdout"], "[]\n", "no session");
    // A script that fails leaves what was there.
    run(&mut server, "$x = 1; while ($true) { $y = 'x' * 64mb }", Some("a"));
    assert_eq!(run(&mut server, "$x", Some("a"))["stdout"], "40\n");

    let listed = server.call("list_sessions", &json!({}))["structuredContent"]["sessions"].clone();
    assert_eq!(listed[0]["name"], "a", "{listed}");
    assert_eq!((&listed[0]["variables"], &listed[0]["functions"]), (&json!(["x"]), &json!(["add-two"])));
    let closed = server.call("close_session", &json!({ "session": "a" }));
    assert_eq!(closed["isError"], json!(false), "{closed}");
    assert_eq!(run(&mut server, "\"[$x]\"", Some("a"))["stdout"], "[]\n");
    let again = server.call("close_session", &json!({ "session": "nobody" }));
    assert_eq!(again["isError"], json!(true), "{again}");
    assert!(site.record().entries().is_empty());
}

#[test]
fn a_session_serves_one_call_at_a_time() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let sleep = json!({ "command": "Start-Sleep -Seconds 2; 'slept'", "session": "a" });
    let first = server.begin("tools/call", &json!({ "name": "execute_command", "arguments": sleep }));
    std::thread::sleep(Duration::from_millis(300));
    let result = server.call("execute_command", &json!({ "command": "1", "session": "a" }));
    assert_eq!(result["isError"], json!(true));
    assert!(text(&result).contains("busy"), "{result}");
    assert_eq!(server.answer(first)["result"]["structuredContent"]["stdout"], "slept\n");
}

/// `powershell.exe` stands behind no endpoint and no lock.
#[test]
fn text_does_not_go_round_an_endpoint() {
    let site = Site::new();
    let path = site.path("raw.toml");
    std::fs::write(&path, "version = 1\n[[policy.rule]]\nname = \"raw\"\nraw = true\n").unwrap();
    for (name, value) in [("CONFIGURATION_NAME", "PowerShell.7"), ("LOCKDOWN", "true")] {
        let mut server = site.serve(&[("CONFIG", path.to_str()), (name, Some(value))]);
        let result = server.call("execute_command", &json!({ "command": "[System.Net.Dns]::GetHostName()" }));
        assert!(text(&result).contains("goes to powershell.exe, round the endpoint or the lock"), "{result}");
    }
    assert!(!site.record().entries().iter().any(|entry| matches!(entry.event, Event::Script { .. })));
}

#[test]
fn a_dry_run_leaves_a_session_as_it_was() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let in_session =
        |command: &str, dry_run: bool| json!({ "command": command, "session": "s", "dry_run": dry_run });
    server.call("execute_command", &in_session("$kept = 1; $svc = Get-Service -Name Spooler", false));
    server.call("execute_command", &in_session("$kept = 2; $svc = Get-Service -Name nobody", true));
    let result = server.call("execute_command", &in_session("\"$kept $($svc.Name)\"", false));
    assert_eq!(result["structuredContent"]["stdout"], "1 Spooler\n", "{result}");
}

/// The pipelines that the host was sent, each command by its name without its module.
pub(crate) fn pipelines(site: &Site, mark: Mark) -> Vec<Vec<String>> {
    let commands = |event: &Event| match event {
        Event::Pipeline { commands, .. } => {
            let name = |text: &str| text.rsplit('\\').next().unwrap().to_owned();
            Some(commands.iter().map(|command| name(&command.text)).collect())
        }
        _ => None,
    };
    site.record().since(mark).iter().filter_map(|entry| commands(&entry.event)).collect()
}

#[test]
fn what_is_filtered_on_the_host_moves_a_hundredth_of_the_bytes() {
    let site = Site::with(|builder| builder.restricted_endpoint("Files", ["Get-ChildItem"]));
    let path = site.path("archive.toml");
    let rule = "version = 1\n[[policy.rule]]\nname = \"archive\"\ncommands = [\"Get-ChildItem\"]\npaths = ['D:\\Archive']\n";
    std::fs::write(&path, rule).unwrap();
    let script =
        "Get-ChildItem -Path D:\\Archive | Where-Object { $_.Length -gt 1GB } | Select-Object Name, Length";
    let [pushed, whole] = [None, Some("Files")].map(|endpoint| {
        let mark = site.record().mark();
        let mut server = site.serve(&[("CONFIG", path.to_str()), ("CONFIGURATION_NAME", endpoint)]);
        let result = server.call("query_powershell", &json!({ "command": script }));
        let size = |event: &Event| if let Event::Answered { size, .. } = event { *size } else { 0 };
        let bytes: usize = site.record().since(mark).iter().map(|entry| size(&entry.event)).sum();
        (result, bytes, pipelines(&site, mark).concat())
    });
    assert_eq!(pushed.0["structuredContent"]["objects"].as_array().unwrap().len(), 100);
    assert_eq!(pushed.2, ["Get-ChildItem", "Where-Object", "Select-Object"]);
    assert_eq!(whole.2, ["Get-ChildItem"]);
    assert!(pushed.1 * 100 <= whole.1, "{} bytes against {}", pushed.1, whole.1);
}

#[test]
fn what_is_selected_of_a_cmdlet_is_chosen_on_the_host_where_that_can_be_and_is_the_same_everywhere() {
    let site = Site::with(|builder| builder.restricted_endpoint("Files", ["Get-Service", "Restart-Service"]));
    let path = site.path("all.toml");
    let rule =
        "version = 1\n[[policy.rule]]\nname = \"all\"\ncommands = [\"Get-Service\", \"Restart-Service\"]\n";
    std::fs::write(&path, rule).unwrap();
    let arguments = json!({
        "cmdlet": "Get-Service", "parameters": { "Name": "W*" }, "host": "localhost",
        "select": ["Name", "Status", "Nothing"], "max_items": 2,
    });
    let [pushed, here] = [None, Some("Files")].map(|endpoint| {
        let mark = site.record().mark();
        let mut server = site.serve(&[("CONFIG", path.to_str()), ("CONFIGURATION_NAME", endpoint)]);
        let data = server.call("invoke_cmdlet", &arguments)["structuredContent"].clone();
        (
            data["objects"].clone(),
            data["stdout"].clone(),
            data["truncated"].clone(),
            pipelines(&site, mark).concat(),
        )
    });
    assert_eq!(pushed.3, ["Get-Service", "Select-Object"]);
    assert_eq!(here.3, ["Get-Service"]);
    assert_eq!(
        pushed.0,
        json!([
            { "Name": "W32Time", "Status": "Running", "Nothing": null },
            { "Name": "W3SVC", "Status": "Running", "Nothing": null },
        ])
    );
    assert_eq!((&pushed.0, &pushed.1, &pushed.2), (&here.0, &here.1, &here.2));
    // Behind a command that changes something, having enough would keep it from its work.
    let mark = site.record().mark();
    let mut server = site.serve(&[("CONFIG", path.to_str())]);
    let restart = json!({
        "cmdlet": "Restart-Service", "parameters": { "Name": "W32Time", "PassThru": true }, "host": "localhost",
        "select": ["Name"], "max_items": 1,
    });
    let data = server.call("invoke_cmdlet", &restart)["structuredContent"].clone();
    assert_eq!(data["objects"], json!([{ "Name": "W32Time" }]), "{data}");
    assert_eq!(pipelines(&site, mark).concat(), ["Restart-Service"]);
}

#[test]
fn a_script_that_throws_leaves_its_session_as_it_was() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    let mut run = |command: &str| {
        let result = server.call("execute_command", &json!({ "command": command, "session": "s" }));
        (result["structuredContent"]["status"].clone(), result["structuredContent"]["stdout"].clone())
    };
    assert_eq!(run("$h = @{ a = 1 }; $l = @(1, 2)").0, "success");
    assert_eq!(run("$h.a = 2; $l[0] = 99; throw 'x'").0, "failed");
    assert_eq!(run("\"$($h.a) $($l[0])\"").1, "1 1\n");
}

#[test]
fn the_server_leaves_in_time_while_scripts_compute() {
    let site = Site::new();
    let mut server = site.serve(&[]);
    for script in
        ["while (1) { }", "1..9999999 | Sort-Object", "'a' * 300mb -replace 'a', 'b'", "while (1) { }"]
    {
        server.begin("tools/call", &json!({ "name": "execute_command", "arguments": { "command": script } }));
    }
    std::thread::sleep(Duration::from_millis(300));
    let (time, output) = server.leave();
    assert!(output.status.success() && time < Duration::from_secs(3), "{time:?}: {output:?}");
}
