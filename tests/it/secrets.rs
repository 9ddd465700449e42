//! A password that stands nowhere else must be found nowhere else.

use std::{fs, path::Path};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::json;
use winrm_host::Event;

use crate::support::{CANARY, Site, errors};

#[test]
fn a_planted_password_reaches_no_sink() {
    let site = Site::with(|builder| builder.environment("DEPLOY_TOKEN", CANARY));
    let loud = [("LOG", Some("trace")), ("ALLOW", Some("set,hostname,Get-Service,Write-Output"))];
    let mut sinks = Vec::new();

    let mut server = site.serve(&loud);
    for call in [
        json!({ "executable": "set", "host": "localhost" }),
        json!({ "executable": "hostname", "arguments": [CANARY], "host": "localhost" }),
        json!({ "executable": CANARY, "host": "localhost" }),
        json!({ "executable": "hostname", "host": CANARY }),
    ] {
        sinks.push(("tool result", server.call("run_executable", &call).to_string()));
    }
    for command in [format!("Write-Output '{}'", CANARY.replace('\'', "''")), format!("Get-{CANARY}")] {
        sinks.push((
            "tool result",
            server.call("execute_command", &json!({ "command": command })).to_string(),
        ));
    }
    sinks.push(("tool result", server.call("list_hosts", &json!({})).to_string()));
    let (_, output) = server.leave();
    sinks.push(("log", errors(&output)));

    let wrong = [("PASSWORD", Some("wrong-cAnary")), ("LOG", Some("trace"))];
    for arguments in [
        &["exec", "--native", "--", "set"][..],
        &["exec", "--json", "--native", "--", "set"],
        &["config", "show"],
        &["config", "show", "--json"],
        &["check-config"],
    ] {
        for different in [&loud[..], &wrong[..]] {
            let output = site.run(arguments, different);
            sinks.push(("stdout", String::from_utf8_lossy(&output.stdout).into_owned()));
            sinks.push(("stderr", errors(&output)));
        }
    }
    for file in files(&site.path("state")) {
        sinks.push(("state", String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned()));
    }

    assert!(sinks.iter().any(|(_, text)| text.contains("[redacted]")), "the canary came by");
    for form in forms(CANARY).into_iter().chain(["wrong-cAnary".to_owned()]) {
        for (sink, text) in &sinks {
            assert!(!text.contains(&form), "{sink} holds the password as {form:?}: {text}");
        }
    }
}

/// The password as different places would write it.
fn forms(secret: &str) -> Vec<String> {
    let utf16: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let json = serde_json::to_string(secret).unwrap();
    vec![
        secret.to_owned(),
        json.trim_matches('"').to_owned(),
        BASE64_STANDARD.encode(secret),
        BASE64_STANDARD.encode(format!("operator:{secret}")),
        BASE64_STANDARD.encode(utf16),
    ]
}

#[test]
fn a_refused_password_is_tried_once_and_a_changed_one_again() {
    let site = Site::new();
    fs::write(site.path("password"), "wrong\n").unwrap();
    fs::write(
        site.path("winrm-mcp.toml"),
        format!(
            "version = 1\n[defaults]\nuser = 'operator'\npassword = 'file:password'\nca_file = 'ca.pem'\n\
             [[host]]\nname = 'localhost'\nendpoint = 'localhost:{port}'\n\
             [[host]]\nname = 'again'\nendpoint = '127.0.0.1:{port}'\n",
            port = site.host.addr().port(),
        ),
    )
    .unwrap();
    let config = site.path("winrm-mcp.toml");
    let different = [
        ("CONFIG", config.to_str()),
        ("HOST", None),
        ("CONNECTION_PORT", None),
        ("USERNAME", None),
        ("PASSWORD", None),
        ("CA_FILE", None),
    ];
    let mut server = site.serve(&different);
    let mut ask = |host: &str| {
        let result = server.call("run_executable", &json!({ "executable": "hostname", "host": host }));
        (result["structuredContent"]["status"].clone(), result["structuredContent"]["error"]["code"].clone())
    };
    let refused = (json!("error"), json!("authentication"));
    for host in ["localhost", "localhost", "again"] {
        assert_eq!(ask(host), refused, "{host}");
    }
    assert_eq!(refusals(&site), 1);

    fs::write(site.path("password"), format!("{CANARY}\n")).unwrap();
    assert_eq!(ask("localhost").0, json!("success"));
    assert_eq!(ask("again").0, json!("success"));
    assert_eq!(refusals(&site), 1);
}

fn refusals(site: &Site) -> usize {
    site.record().entries().iter().filter(|entry| matches!(entry.event, Event::Refused { .. })).count()
}

#[test]
fn the_record_comes_first_and_is_for_its_owner_alone() {
    let site = Site::new();
    let output = site.run(&["exec", "--native", "--", "hostname"], &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let audit =
        files(&site.path("state")).into_iter().find(|file| file.extension().is_some_and(|e| e == "jsonl"));
    let audit = audit.expect("an audit file");
    let lines: Vec<serde_json::Value> =
        fs::read_to_string(&audit).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!((&lines[0]["event"], &lines[1]["event"]), (&json!("decided"), &json!("finished")));
    assert!(lines[0]["call"].is_string());
    assert_eq!(lines[0]["call"], lines[1]["call"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&audit), mode(&site.path("state"))), (0o600, 0o700));
    }
}

#[test]
fn what_cannot_be_recorded_and_could_change_something_is_not_done() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let site = Site::new();
    let full = [("AUDIT_FILE", Some("/dev/full")), ("ALLOW", Some("Restart-Service"))];
    let output = site.run(&["exec", "--", "Restart-Service", "-Name", "W32Time"], &full);
    assert_ne!(output.status.code(), Some(0), "{output:?}");
    assert!(site.record().entries().is_empty());
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
