use std::{collections::BTreeSet, fs};

use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;
use time::macros::datetime;

use super::*;
use crate::{
    call::{HostName, Mode, Principal, Purpose, Work},
    inventory::{AuthScheme, Endpoint, Login, Remoting, Target, Timeouts, Trust},
    policy::{Policy, Settings},
    secret::Reference,
};

fn noon() -> OffsetDateTime {
    datetime!(2026-11-21 12:00:00 UTC)
}

fn open(path: &Path) -> Audit {
    let known = KnownSecrets::default();
    let _searched = known.learn(&SecretString::from("hunter22"));
    Audit::open_with_clock(path, known, noon).unwrap()
}

fn call(text: &str) -> Call {
    Call {
        id: CallId::from_random(1),
        principal: Principal::local(),
        host: HostName::new("web-01"),
        work: Work::PowerShell { text: text.to_owned() },
        purpose: Purpose::Agent,
        mode: Mode::Run,
        timeout: None,
    }
}

fn judged(call: &Call) -> Judgement {
    let target = Target {
        name: HostName::new("web-01"),
        endpoint: Endpoint::parse("web-01").unwrap(),
        login: Login {
            user: "u".to_owned(),
            password: Reference::Environment("P".to_owned()),
            scheme: AuthScheme::default(),
        },
        tags: BTreeSet::new(),
        trust: Trust::default(),
        proxy: None,
        timeouts: Timeouts::default(),
        max_retries: 0,
        remoting: Remoting::default(),
    };
    let allow = Some(vec!["Get-Service".to_owned(), "Stop-Service".to_owned()]);
    let allow =
        if matches!(&call.work, Work::PowerShell { text } if text == "Get-Process") { None } else { allow };
    Policy::new(&Settings { allow, ..Settings::default() }).unwrap().judge(
        call,
        &target,
        OffsetDateTime::UNIX_EPOCH,
    )
}

fn decide(audit: &Audit, text: &str) -> Result<Entry, AuditError> {
    let call = call(text);
    let asked = Asked {
        call: &call,
        step: None,
        tool: "execute_command",
        profile: ProfileName::Observe,
        policy: "0a1b",
        would_allow: None,
        approved_by: None,
    };
    audit.decided(asked, &judged(&call))
}

fn finish() -> Finish<'static> {
    Finish {
        status: Status::Success,
        ran: Ran::Yes,
        exit_code: Some(0),
        error: None,
        duration: Duration::from_millis(1234),
    }
}

fn lines(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_changed_configuration_leaves_a_line() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("audit.jsonl");
    let audit = Audit::open(&path, KnownSecrets::default()).unwrap();
    audit.reloaded("0a1b", None).unwrap();
    audit.reloaded("0a1b", Some("winrm-mcp.toml:3:1: no")).unwrap();
    let [taken, refused] = lines(&path).try_into().unwrap();
    assert_eq!((taken["event"].as_str(), taken["policy"].as_str()), (Some("reloaded"), Some("0a1b")));
    assert_eq!(taken.get("refused"), None);
    assert_eq!(refused["refused"], "winrm-mcp.toml:3:1: no");
}

#[test]
fn a_call_leaves_two_lines() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("new/audit.jsonl");
    let audit = open(&path);
    let entry = decide(&audit, "Stop-Service hunter22").unwrap();
    assert!(entry.lost().is_none());
    let id = CallId::from_random(1);
    let decided = serde_json::json!({
        "version": 1, "time": "2026-11-21T12:00:00Z", "event": "decided", "call": id.as_str(),
        "principal": "local", "host": "web-01", "tool": "execute_command", "profile": "observe",
        "policy": "0a1b", "decision": "allowed", "rule": "allow", "kind": "powershell", "risk": "change",
        "judged": "Microsoft.PowerShell.Management\\Stop-Service -Name '[redacted]'",
    });
    assert_eq!(lines(&path), std::slice::from_ref(&decided), "the decision is there before anything is sent");
    entry.finished(finish()).unwrap();
    let finished = serde_json::json!({
        "version": 1, "time": "2026-11-21T12:00:00Z", "event": "finished", "call": id.as_str(),
        "status": "success", "ran": "yes", "exit_code": 0, "duration_seconds": 1.234,
    });
    assert_eq!(lines(&path), [decided, finished]);
}

#[test]
fn a_denial_says_why_and_holds_nothing_of_the_text() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("audit.jsonl");
    let entry = decide(&open(&path), "Get-Service | Out-File canary").unwrap();
    drop(entry);
    let line = lines(&path).remove(0);
    assert_eq!((&line["decision"], &line["rule"]), (&"denied".into(), &"one-static-command".into()));
    assert!(line["reason"].as_str().unwrap().contains("line 1, column 13"));
    assert!(!line.to_string().contains("canary"));
}

#[test]
fn lines_of_several_writers_do_not_mix() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("audit.jsonl");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            // Each its own file handle, as another process would have.
            let audit = open(&path);
            scope.spawn(move || {
                for _ in 0..25 {
                    drop(decide(&audit, "Get-Service").unwrap());
                }
            });
        }
    });
    assert_eq!(lines(&path).len(), 100);
}

#[test]
fn a_line_that_a_crash_cut_is_not_joined_to_the_next() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("audit.jsonl");
    fs::write(&path, "{\"event\":\"deci").unwrap();
    drop(decide(&open(&path), "Get-Service").unwrap());
    let text = fs::read_to_string(&path).unwrap();
    let last = text.lines().last().unwrap();
    assert_eq!(text.lines().count(), 2);
    assert_eq!(serde_json::from_str::<Value>(last).unwrap()["event"], "decided");
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = TempDir::new().unwrap();
    let refused = Audit::open(folder.path(), KnownSecrets::default()).unwrap_err();
    assert_eq!(refused, AuditError::NotAFile { path: folder.path().to_owned() });
    let below = folder.path().join("file");
    fs::write(&below, "").unwrap();
    let refused = Audit::open(&below.join("audit.jsonl"), KnownSecrets::default()).unwrap_err();
    assert!(matches!(refused, AuditError::Folder { .. }), "{refused}");
    assert!(refused.fix().unwrap().contains("WINRM_MCP_AUDIT_FILE"));
}

#[cfg(unix)]
#[test]
fn file_and_folder_are_this_users_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state/audit.jsonl");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    drop(open(&path));
    assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o700, 0o600));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    drop(open(&path));
    assert_eq!(mode(&path), 0o600);
}

/// `/dev/full` takes no byte, as a full disk does; it is no regular file, so it is put in place of one.
#[cfg(target_os = "linux")]
#[test]
fn without_a_record_what_changes_something_is_refused_and_what_reads_goes_on() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("audit.jsonl");
    let audit = open(&path);
    *audit.file.lock().unwrap() = fs::OpenOptions::new().append(true).open("/dev/full").unwrap();
    let refused = decide(&audit, "Stop-Service x").unwrap_err();
    assert!(matches!(refused, AuditError::Write { .. }), "{refused}");
    assert_eq!((refused.code().exit(), refused.retry()), (75, Retry::Later));
    let entry = decide(&audit, "Get-Process").unwrap();
    assert!(matches!(entry.lost(), Some(AuditError::Write { .. })));
    let denied = decide(&audit, "Remove-Item x").unwrap();
    assert!(denied.lost().is_some());
}
