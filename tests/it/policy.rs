//! `winrm-mcp policy`: what may run, and the lists that say so.

use std::{fs, process::Output};

use serde_json::json;

use crate::support::{Site, errors};

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Runs `policy` on a file of its own, where no host is configured.
fn policy(site: &Site, arguments: &[&str]) -> Output {
    let config = site.path("winrm-mcp.toml");
    let arguments = [&["policy", "--config", config.to_str().unwrap()], arguments].concat();
    crate::support::bare(&arguments, &site.path("home")).output().unwrap()
}

#[test]
fn a_list_is_edited_and_all_else_in_the_file_stays() {
    let site = Site::new();
    let path = site.path("winrm-mcp.toml");
    let before = "\
# ours
version = 1

[policy] # who may what
profile = \"observe\"
allow = [
    # services
    \"Get-Service\", # all of them
    \"Get-Process\",
]
exclude = []

[[host]]
name = \"web-01\" # first
user = 'svc'
password = 'env:P'
";
    fs::write(&path, before).unwrap();
    let output = policy(&site, &["allow", "add", "Restart-Service", "get-service"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let told = printed(&output);
    assert!(told.starts_with("allow holds Restart-Service now ("), "{told}");
    assert!(told.contains("allow held get-service already"), "{told}");
    let after = before.replace("    \"Get-Process\",\n", "    \"Get-Process\",\n    \"Restart-Service\",\n");
    assert_eq!(fs::read_to_string(&path).unwrap(), after);

    assert_eq!(policy(&site, &["allow", "remove", "get-PROCESS", "Restart-Service"]).status.code(), Some(0));
    let output = policy(&site, &["exclude", "add", "Stop-*"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let after = before.replace("    \"Get-Process\",\n", "").replace("[]", "[\"Stop-*\"]");
    assert_eq!(fs::read_to_string(&path).unwrap(), after);
}

#[test]
fn what_a_new_or_empty_list_means_is_told() {
    let site = Site::new();
    let path = site.path("winrm-mcp.toml");
    fs::write(&path, "version = 1\n").unwrap();
    let told = printed(&policy(&site, &["include", "add", "Get-*"]));
    assert!(told.contains("include is new: it replaces what the profile allows"), "{told}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "version = 1\n\n[policy]\ninclude = [\"Get-*\"]\n");
    let told = printed(&policy(&site, &["include", "remove", "Get-*"]));
    assert!(told.contains("include is empty now, so nothing is allowed"), "{told}");
    let told = printed(&policy(&site, &["allow", "add", "Get-Servce"]));
    assert!(
        told.contains("warning: Get-Servce is not in the table of commands; did you mean Get-Service?"),
        "{told}"
    );
}

#[test]
fn a_file_that_is_not_there_is_made_where_nobody_named_it() {
    let site = Site::new();
    let home = site.path("home");
    let output =
        crate::support::bare(&["policy", "exclude", "add", "Stop-Computer"], &home).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = fs::read_to_string(home.join(".config/winrm-mcp/winrm-mcp.toml")).unwrap();
    assert_eq!(text, "version = 1\n\n[policy]\nexclude = [\"Stop-Computer\"]\n");
}

#[test]
fn a_file_stays_as_it_is_where_the_change_is_none() {
    let site = Site::new();
    let path = site.path("winrm-mcp.toml");
    let raw = "version = 1\n[policy]\nallow = ['Get-Service']\n[[policy.rule]]\nname = 'all'\nraw = true\n";
    for (before, arguments, code, words) in [
        (raw, &["allow", "add", "a b"][..], 64, "neither a command's full name"),
        (raw, &["allow", "remove", "Get-Servise"], 64, "did you mean Get-Service?"),
        (raw, &["include", "remove", "x"], 64, "holds no list include"),
        (raw, &["exclude", "add", "Stop-Computer"], 78, "with this change the file would not load"),
        ("version = 1\n[policy\n", &["allow", "add", "x"], 78, ":2:"),
        ("version = 1\n[policy]\nallow = 'x'\n", &["allow", "add", "x"], 78, ":3:9: allow must be"),
    ] {
        fs::write(&path, before).unwrap();
        let output = policy(&site, arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
        assert!(errors(&output).contains(words), "{arguments:?}: {}", errors(&output));
        assert_eq!(fs::read_to_string(&path).unwrap(), before, "{arguments:?}");
        assert_eq!(fs::read_dir(site.folder.path()).unwrap().count(), 2, "{arguments:?}");
    }
}

#[test]
fn a_file_keeps_the_ways_of_the_system_that_it_is_from() {
    let site = Site::new();
    let path = site.path("winrm-mcp.toml");
    for (before, after) in [
        (
            "version = 1\r\n[policy]\r\nallow = [\r\n  \"Get-Date\", # why\r\n]\r\n",
            "version = 1\r\n[policy]\r\nallow = [\r\n  \"Get-Date\", # why\r\n  \"Get-Service\",\r\n]\r\n",
        ),
        (
            "\u{feff}version = 1\npolicy.allow = [\"Get-Date\"] # d\n",
            "\u{feff}version = 1\npolicy.allow = [\"Get-Date\", \"Get-Service\"] # d\n",
        ),
        (
            "version = 1\npolicy = { allow = ['Get-Date'] } # i\n",
            "version = 1\npolicy = { allow = ['Get-Date', \"Get-Service\"] } # i\n",
        ),
    ] {
        fs::write(&path, before).unwrap();
        let output = policy(&site, &["allow", "add", "Get-Service"]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), after);
    }
}

#[test]
fn edits_at_the_same_time_follow_each_other() {
    let site = Site::new();
    let path = site.path("winrm-mcp.toml");
    fs::write(&path, "version = 1\n").unwrap();
    std::thread::scope(|scope| {
        for number in 0..3 {
            let (site, name) = (&site, format!("Stop-Thing{number}"));
            scope.spawn(move || {
                let output = policy(site, &["exclude", "add", &name]);
                assert_eq!(output.status.code(), Some(0), "{output:?}");
            });
        }
    });
    let text = fs::read_to_string(&path).unwrap();
    assert!((0..3).all(|number| text.contains(&format!("Stop-Thing{number}"))), "{text}");

    // Left behind by one that was killed.
    fs::write(site.path("winrm-mcp.new"), "").unwrap();
    let output = policy(&site, &["exclude", "add", "Stop-Computer"]);
    assert_eq!(output.status.code(), Some(75), "{output:?}");
    assert!(errors(&output).contains("\n  fix: if nobody does, remove "), "{}", errors(&output));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_a_file_keeps_its_mode() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = Site::new();
    let real = site.path("real.toml");
    fs::write(&real, "version = 1\n").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&real, site.path("winrm-mcp.toml")).unwrap();
    assert_eq!(policy(&site, &["allow", "add", "Get-Date"]).status.code(), Some(0));
    assert!(fs::symlink_metadata(site.path("winrm-mcp.toml")).unwrap().is_symlink());
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fs::read_to_string(&real).unwrap().contains("Get-Date"));
    fs::set_permissions(&real, fs::Permissions::from_mode(0o440)).unwrap();
    let output = policy(&site, &["allow", "add", "Get-Volume"]);
    assert_eq!(output.status.code(), Some(78), "{output:?}");
    assert!(errors(&output).contains("real.toml is read-only\n  fix: "), "{}", errors(&output));
}

#[test]
fn the_rules_in_force_are_shown_with_their_places() {
    let site = Site::new();
    let path = site.path("winrm-mcp.toml");
    fs::write(
        &path,
        "version = 1\n[policy]\nexclude = ['Get-LocalUser']\n[[policy.rule]]\nname = 'restarts'\ncommands = \
         ['Restart-Service']\nhosts = ['web-*']\n[policy.rule.parameters.Name]\nvalues = ['W32Time', 'Spooler']\n",
    )
    .unwrap();
    let text = printed(&policy(&site, &["show"]));
    assert!(text.lines().all(|line| line.chars().count() <= 80 || line.contains("winrm-mcp.toml")), "{text}");
    let file = path.display();
    assert!(
        text.starts_with(&format!(
            "profile observe   (default)\nexclude   ({file}:3:11)\n    Get-LocalUser\n"
        )),
        "{text}"
    );
    let rule = format!(
        "{file}:4:1\n  allow restarts\n      Restart-Service\n        -Name: values: W32Time, Spooler\n      hosts: web-*\n"
    );
    assert!(text.contains(&rule), "{text}");
    assert!(text.contains("\nprofile observe\n  allow inventory\n      Get-Process, Get-Service"), "{text}");

    let denied = "\nprofile observe, where no closed rule says otherwise\n  deny parameters\n      ComputerName, *ComputerName";
    assert!(text.contains(denied), "{text}");
    for always in [
        "\nalways\n",
        "      cmd, command, powershell",
        "      Invoke-Expression, ",
        "*\\.ssh",
        "unattend*.xml",
    ] {
        assert!(text.contains(always), "{always}: {text}");
    }

    let shown: serde_json::Value =
        serde_json::from_slice(&policy(&site, &["show", "--json"]).stdout).unwrap();
    assert_eq!(shown["profile"]["name"], "observe");
    assert_eq!(shown["deny"][0]["source"], "profile observe");
    assert!(shown["deny"][0]["types"].as_array().unwrap().contains(&"ScriptBlock".into()), "{shown}");
    assert!(
        shown["always"]["interpreters"]["builtins"].as_array().unwrap().contains(&"del".into()),
        "{shown}"
    );
    assert_eq!(shown["rules"][0]["commands"], serde_json::json!(["Restart-Service"]));
    assert_eq!(shown["rules"][0]["source"], format!("{file}:4:1"));
    assert_eq!(shown["version"].as_str().unwrap().len(), 64);
}

#[test]
fn scripts_are_judged_by_the_line_and_compared_with_what_is_expected() {
    let site = Site::new();
    fs::write(site.path("winrm-mcp.toml"), "version = 1\n").unwrap();
    let cases = site.path("cases.jsonl");
    let run = |lines: &[&str], arguments: &[&str]| {
        fs::write(&cases, lines.join("\n")).unwrap();
        policy(&site, &[&["test", cases.to_str().unwrap()], arguments].concat())
    };
    let lines = [
        r#"{"script": "Get-Service -Name W32Time", "expect": "allowed", "id": "a1"}"#,
        "",
        r#"{"script": "$s = Get-Service\nStop-Service $s.Name", "expect": "denied"}"#,
        r#"{"script": "Get-Service -Name $name"}"#,
    ];
    let output = run(&lines, &["--json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let rows: Vec<serde_json::Value> =
        printed(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        rows,
        [
            json!({
                "decision": "allowed",
                "rule": "observe: inventory",
                "reason": null,
                "position": null,
                "judged_form": "Microsoft.PowerShell.Management\\Get-Service -Name 'W32Time'",
                "commands": [
                    { "name": "Get-Service", "arguments": [{ "parameter": "Name", "value": "W32Time" }] }
                ],
            }),
            json!({
                "decision": "denied",
                "rule": "observe",
                "reason": "Stop-Service is not allowed here; Get-Service is allowed here",
                "position": { "line": 2, "column": 1, "text": "line 2, column 1" },
                "judged_form": null,
                "commands": [
                    { "name": "Get-Service", "arguments": [] },
                    { "name": "Stop-Service", "arguments": [{ "computed": "$s.Name" }] },
                ],
            }),
            json!({
                "decision": "allowed",
                "rule": "judged when it runs",
                "reason": null,
                "position": null,
                "judged_form": null,
                "commands": [
                    { "name": "Get-Service", "arguments": [{ "parameter": "Name", "computed": "$name" }] }
                ],
            }),
        ]
    );

    let output = run(&[r#"{"script": "Stop-Computer", "expect": "allow"}"#], &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(printed(&output).contains("DIFFERS: expected allowed"), "{output:?}");
    assert!(errors(&output).contains("1 denied; 1 differ"), "{}", errors(&output));
    let output = run(&["", r#"{"script": "Stop-Computer", "expect": "allow"}"#], &["--json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(errors(&output).contains("cases.jsonl:2: expected allowed, and it is denied\n"), "{output:?}");

    // From another system, and broken further on: what comes before is told.
    let output = run(&["\u{feff}{\"script\": \"Get-Date\"}\r", " \r", "{\"script\": 1}\r"], &["--json"]);
    assert_eq!(output.status.code(), Some(64), "{output:?}");
    assert!(printed(&output).starts_with("{\"decision\":\"allowed\""), "{output:?}");
    assert!(
        errors(&output).contains("cases.jsonl:3: column 12: invalid type: integer"),
        "{}",
        errors(&output)
    );
    fs::write(&cases, b"{\"script\": \"\xff\"}\n").unwrap();
    let output = policy(&site, &["test", cases.to_str().unwrap()]);
    assert!(errors(&output).contains("cases.jsonl:1: this is not UTF-8"), "{}", errors(&output));
    let output = policy(&site, &["test", "absent.jsonl"]);
    assert_eq!(output.status.code(), Some(64), "{output:?}");
    assert!(errors(&output).contains("absent.jsonl cannot be read: entity not found\n  fix: "), "{output:?}");
    let long = format!(r#"{{"script": "'{}'", "expect": "denied"}}"#, "x".repeat(10 << 20));
    assert_eq!(run(&[&long], &[]).status.code(), Some(0));

    for (line, words) in [
        ("Get-Service", "cases.jsonl:1: column 1: "),
        (r#"{"text": "x"}"#, "missing field `script`"),
        (r#"{"script": "x", "expect": "maybe"}"#, "expect is allowed, needs_approval or denied"),
        (r#"{"script": "x", "host": "web-01"}"#, "no host is configured"),
    ] {
        let output = run(&[line], &[]);
        assert_ne!(output.status.code(), Some(0), "{line}");
        assert!(errors(&output).contains(words), "{line}: {}", errors(&output));
    }
}

#[test]
fn a_command_is_explained_without_a_host() {
    let site = Site::new();
    let mark = site.record().entries().len();
    let explain = |words: &[&str]| site.run(&[&["explain"], words].concat(), &[]);
    let output = explain(&["--", "Get-Service", "-Name", "W32Time"]);
    assert_eq!(
        printed(&output),
        "allowed by observe: inventory (read)\nwould be sent:\n  Microsoft.PowerShell.Management\\Get-Service -Name \
         'W32Time'\n"
    );
    let output = explain(&["--", "Restart-Service", "-Name", "W32Time"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = printed(&output);
    assert!(
        text.starts_with("denied by observe at line 1, column 1: Restart-Service is not allowed here\n"),
        "{text}"
    );
    let rule = "\n  the narrowest rule that would allow it:\n    [[policy.rule]]\n    name = \"Restart-Service on localhost\"\n";
    assert!(text.contains(rule), "{text}");
    fs::write(site.path("here.ps1"), "1 + 1\n").unwrap();
    let here = site.path("here.ps1");
    assert_eq!(printed(&explain(&["--script", here.to_str().unwrap()])), "allowed: nothing is sent (read)\n");
    fs::write(site.path("two.ps1"), "Get-Service $x\nipconfig /all\n").unwrap();
    let script = site.path("two.ps1");
    let text = printed(&explain(&["--script", script.to_str().unwrap()]));
    assert!(text.contains("line 1, column 1: Get-Service, its values are judged when it runs\n"), "{text}");
    assert!(
        text.contains("line 2, column 1: ipconfig, allowed by observe: programs\n    ipconfig /all\n"),
        "{text}"
    );
    let output = explain(&["--json", "--native", "--", "cmd", "/c", "dir"]);
    let explanation: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(explanation["decision"], "denied");
    assert_eq!(explain(&["--host", "web-99", "--", "Get-Date"]).status.code(), Some(64));
    assert_eq!(site.record().entries().len(), mark, "nobody was contacted");
}

/// A file with two hosts, and more behind them.
fn with_hosts(more: &str) -> String {
    let host = |name: &str, tag: &str| {
        format!("[[host]]\nname = '{name}'\nuser = 'svc'\npassword = 'env:P'\ntags = ['{tag}']\n")
    };
    format!("version = 1\n{}{}{more}", host("web-01", "web"), host("db-01", "sql"))
}

#[test]
fn two_files_are_compared_by_what_they_allow() {
    let site = Site::new();
    let (old, new) = (site.path("old.toml"), site.path("new.toml"));
    let restarts = "[[policy.rule]]\nname = 'restarts'\ncommands = ['Restart-Service']\ntags = ['web']\napproval = true\n";
    fs::write(&old, with_hosts("[policy]\nexclude = ['Get-Volume']\n")).unwrap();
    fs::write(&new, with_hosts(&format!("[policy]\nexclude = ['Get-LocalUser']\n{restarts}"))).unwrap();
    let run = |arguments: &[&str]| {
        let arguments = [&["diff", old.to_str().unwrap(), new.to_str().unwrap()], arguments].concat();
        policy(&site, &arguments)
    };
    assert_eq!(
        printed(&run(&[])),
        "newly allowed\n  Get-Volume on web-01, db-01\n    after: observe: disks\n  Restart-Service on web-01\n    \
         after: restarts, after a human has approved\nno longer allowed\n  Get-LocalUser on web-01, db-01\n    \
         before: observe: inventory\n"
    );
    let changes: serde_json::Value = serde_json::from_slice(&run(&["--json"]).stdout).unwrap();
    assert_eq!(changes[1]["change"], "newly_allowed");
    assert_eq!(
        (&changes[1]["name"], &changes[1]["hosts"]),
        (&"Restart-Service".into(), &serde_json::json!(["web-01"]))
    );
    let same = policy(&site, &["diff", old.to_str().unwrap(), old.to_str().unwrap()]);
    assert_eq!(printed(&same), "the two allow the same\n");

    fs::copy(&new, site.path("winrm-mcp.toml")).unwrap();
    let who_can = |arguments: &[&str]| policy(&site, &[&["who-can"], arguments].concat());
    assert_eq!(printed(&who_can(&["Restart-Service"])), "web-01\n  restarts, after a human has approved\n");
    assert_eq!(
        printed(&who_can(&["restart-service", "--tag", "sql"])),
        "restart-service is allowed on no host\n"
    );
    assert!(
        printed(&who_can(&["ipconfig"])).contains("db-01\n  observe: programs, with no arguments | /all\n")
    );
    let granted: serde_json::Value =
        serde_json::from_slice(&who_can(&["Get-WinEvent", "--json"]).stdout).unwrap();
    assert_eq!(granted[0]["host"], "web-01");
    assert_eq!(who_can(&["Get-Date", "--tag", "sq"]).status.code(), Some(64));
    assert!(errors(&who_can(&["Get-*"])).contains("\"Get-*\" is a pattern"));
    let absent = policy(&site, &["diff", old.to_str().unwrap(), "absent.toml"]);
    assert_eq!(
        errors(&absent),
        "winrm-mcp: absent.toml:1:1: the file cannot be read: entity not found\n  fix: create it, or leave --config \
         and WINRM_MCP_CONFIG out\n"
    );
}

#[test]
fn a_policy_becomes_the_files_of_a_constrained_endpoint() {
    let site = Site::new();
    let folder = site.path("jea");
    let export = |rules: &str, arguments: &[&str]| {
        fs::write(
            site.path("winrm-mcp.toml"),
            format!("version = 1\n[policy]\nallow = ['Get-Volume']\n{rules}"),
        )
        .unwrap();
        policy(&site, &[&["export-jea", folder.to_str().unwrap()], arguments].concat())
    };
    let restarts = |more: &str| {
        format!(
            "[[policy.rule]]\nname = 'restarts'\ncommands = ['Restart-Service']\n{more}[policy.rule.parameters.Name]\n\
             values = ['W32Time', 'Spooler']\noptional = true\n"
        )
    };
    let output = export(&restarts(""), &["--group", "CONTOSO\\Helpdesk"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let (role, endpoint) = (folder.join("RoleCapabilities/winrm-mcp.psrc"), folder.join("winrm-mcp.pssc"));
    assert_eq!(printed(&output), format!("{}\n{}\n", role.display(), endpoint.display()));
    let text = fs::read_to_string(&role).unwrap();
    assert!(
        text.contains("Restart-Service") && text.contains("W32Time") && text.contains("Get-Volume"),
        "{text}"
    );
    assert!(!text.contains("Get-Service'"), "{text}");
    assert!(fs::read_to_string(&endpoint).unwrap().contains("CONTOSO\\Helpdesk"));

    // What is there stays, unless somebody says otherwise.
    let output = export("", &[]);
    assert_eq!(output.status.code(), Some(64), "{output:?}");
    assert!(errors(&output).contains("is there already"), "{}", errors(&output));
    assert_eq!(fs::read_to_string(&role).unwrap(), text);
    assert_eq!(export("", &["--overwrite"]).status.code(), Some(0));
    assert!(!fs::read_to_string(&role).unwrap().contains("Restart-Service"));

    // What a role cannot say is not left out silently.
    fs::remove_dir_all(&folder).unwrap();
    let output = export(&restarts("approval = true\n"), &[]);
    assert_eq!(output.status.code(), Some(78), "{output:?}");
    assert!(errors(&output).contains("left out: Restart-Service (restarts)"), "{}", errors(&output));
    assert!(!folder.exists());
    assert_eq!(export(&restarts("approval = true\n"), &["--partial"]).status.code(), Some(0));
    assert!(!fs::read_to_string(&role).unwrap().contains("Restart-Service"));
}
