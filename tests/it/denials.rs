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
