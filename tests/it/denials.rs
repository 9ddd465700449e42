//! The rule that a denial proposes: pasted into a configuration it allows that, and nothing beside it.

use std::{fs, path::PathBuf};

use serde_json::Value;
use winrm_mcp::{
    call::{Call, Purpose, Work},
    config::{self, Arguments},
    explain::{self, Case, Decision, Explanation},
    inventory::Target,
    policy::Policy,
    secret::Environment,
};

use crate::support::Site;

/// A configuration file, rewritten for each policy.
struct Desk {
    folder: tempfile::TempDir,
    target: Target,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), target: explain::any_host().unwrap() }
    }

    /// The policy of a configuration with these rules.
    fn policy(&self, rules: &str) -> Policy {
        let path = self.folder.path().join("winrm-mcp.toml");
        fs::write(&path, format!("version = 1\n{rules}")).unwrap();
        let arguments = Arguments { config: Some(path), ..Arguments::default() };
        let loaded = config::load_without_hosts(&Environment::of_this_process(), &arguments);
        loaded.map_err(|error| format!("{error}\n{rules}")).unwrap().policy_in_force
    }

    fn explain(&self, policy: &Policy, script: &str) -> Explanation {
        let call = self.call(script);
        Case::new(policy, &call, &self.target).explain()
    }

    fn would_allow(&self, policy: &Policy, script: &str) -> Option<String> {
        let call = self.call(script);
        Case::new(policy, &call, &self.target).would_allow()
    }

    fn call(&self, script: &str) -> Call {
        let work = Work::PowerShell { text: script.to_owned() };
        Call::imagined(self.target.name.clone(), work, Purpose::Agent)
    }
}

/// The scripts of a file, one JSON object a line.
fn scripts(text: &str) -> Vec<String> {
    let script =
        |line: &str| serde_json::from_str::<Value>(line).unwrap()["script"].as_str().unwrap().to_owned();
    text.lines().map(script).collect()
}

/// Every script of the fixtures, and of the shared measurements where they are there.
#[expect(clippy::print_stderr, reason = "who runs the tests is told what was not tried")]
fn all() -> Vec<String> {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut all = scripts(&fs::read_to_string(workspace.join("fixtures/policy/attacks.jsonl")).unwrap());
    let shared = std::env::var_os("WINRM_POWERSHELL").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| workspace.join("../shared/powershell"));
    // Of the generated ones every fourth tells enough.
    for (name, step) in [("oneliners.jsonl", 1), ("golden-change.jsonl", 1), ("parsed/scripts.jsonl", 4)] {
        match fs::read_to_string(shared.join(name)) {
            Ok(text) => all.extend(scripts(&text).into_iter().step_by(step)),
            Err(_) => eprintln!("SKIPPED: {} is not there", shared.join(name).display()),
        }
    }
    all
}

/// A command line with another value in place of its first one.
fn sibling(form: &str) -> Option<String> {
    let (before, rest) = form.split_once('\'')?;
    let (_, after) = rest.split_once('\'')?;
    (!after.starts_with('\'')).then(|| format!("{before}'something-else'{after}"))
}

#[test]
fn pasted_it_allows_what_was_denied_and_no_sibling() {
    let desk = Desk::new();
    let standard = desk.policy("");
    let (mut tried, mut siblings) = (0, 0);
    for script in all() {
        let before = desk.explain(&standard, &script);
        let Some(rule) = desk.would_allow(&standard, &script) else { continue };
        assert_eq!(before.decision, Decision::Denied, "{script:?}: {rule}");
        let policy = desk.policy(&rule);
        let after = desk.explain(&policy, &script);
        let denied = |explanation: &Explanation| {
            explanation.commands.iter().filter(|command| command.decision == Decision::Denied).count()
        };
        assert!(denied(&after) < denied(&before), "{script:?}: {rule}\n{after:?}");
        tried += 1;
        for (was, is) in before.commands.iter().zip(&after.commands) {
            if was.decision != Decision::Denied || is.decision != Decision::Allowed {
                continue;
            }
            let form = is.judged_form.as_deref().unwrap();
            if rule.starts_with("# Its parameters are not known here") {
                continue;
            }
            for other in [sibling(form), Some(format!("{form} something-else"))].into_iter().flatten() {
                let other = desk.explain(&policy, &other);
                // It may be allowed as it was before, and what a cast computes is judged when it runs.
                let allowed = other.decision == Decision::Allowed;
                assert!(!(allowed && other.rule.contains(" on any-host")), "{form}: {rule}\n{other:?}");
                siblings += usize::from(!allowed);
            }
        }
    }
    assert!(tried > 40 && siblings > 40, "{tried} rules, {siblings} siblings");
}

#[test]
fn denials_are_listed_with_the_rule_that_would_allow_them() {
    let site = Site::new();
    let output = site.run(&["denials"], &[]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "nothing was denied\n");
    for _ in 0..2 {
        let words = ["exec", "--", "Restart-Service", "-Name", "W32Time"];
        assert_eq!(site.run(&words, &[]).status.code(), Some(126));
    }
    let rows: Value = serde_json::from_slice(&site.run(&["denials", "--json"], &[]).stdout).unwrap();
    let [denied] = &rows.as_array().unwrap()[..] else { panic!("{rows}") };
    assert_eq!((&denied["times"], &denied["host"]), (&2.into(), &"localhost".into()));
    let rule = denied["would_allow"].as_str().unwrap();
    // Pasted, it allows exactly this.
    let config = site.path("winrm-mcp.toml");
    fs::write(&config, format!("version = 1\n{rule}")).unwrap();
    let run = |service: &str| {
        let words = ["exec", "--config", config.to_str().unwrap(), "--", "Restart-Service", "-Name", service];
        site.run(&words, &[]).status.code()
    };
    assert_eq!((run("W32Time"), run("Spooler")), (Some(0), Some(126)), "{rule}");
    let output = site.run(&["denials"], &[]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains(" localhost by exec, 2 times\n  denied by observe"), "{text}");
    assert!(text.contains("\n  the narrowest rule that would allow it:\n    [[policy.rule]]\n"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn denials_are_shown_without_what_moves_the_cursor_and_foreign_lines_are_passed_over() {
    let site = Site::new();
    let state = site.path("state");
    fs::create_dir_all(&state).unwrap();
    let line = |host: &str| {
        serde_json::json!({
            "event": "decided", "decision": "denied", "time": "2026-11-21T10:00:00Z", "host": host, "tool": "exec",
            "principal": "local", "rule": "observe", "reason": "r"
        })
        .to_string()
    };
    let mut audit = format!("{}\r\ngarbage\n\n", line("a\u{1b}[31m")).into_bytes();
    audit.extend(b"\xff\xfe\n");
    audit.extend("x".repeat(3 << 20).into_bytes());
    audit.extend(format!("\n{}\n{}", line("b"), line("cut").split_at(40).0).into_bytes());
    fs::write(state.join("audit.jsonl"), audit).unwrap();
    // Nobody has to have a host to look.
    let output = site.run(&["denials"], &[("HOST", None), ("USERNAME", None), ("PASSWORD", None)]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("Z  a\\u{1b}[31m by exec\n") && text.contains("Z  b by exec\n"), "{text}");
    assert!(!text.contains("cut") && !text.contains('\u{1b}'), "{text}");
    let output = site.run(&["pending"], &[("HOST", None), ("USERNAME", None), ("PASSWORD", None)]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "nothing waits for approval\n", "{output:?}");
}
