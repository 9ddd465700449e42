//! A server takes up a changed configuration without a restart, and keeps the old one where the new one cannot be used.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::support::{Server, Site, errors, text};

/// A site with a file that says what may run, and a server that read it.
struct Running {
    site: Site,
    server: Server,
    path: PathBuf,
}

impl Running {
    fn new(policy: &str) -> Self {
        let site = Site::new();
        // Where a file need not be: nobody names it.
        let path = site.path(".config/winrm-mcp/winrm-mcp.toml");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, file(policy)).unwrap();
        let server = site.serve(&[("LOG", Some("info"))]);
        Self { site, server, path }
    }

    fn say(&self, policy: &str) {
        fs::write(&self.path, file(policy)).unwrap();
    }

    fn ask(&mut self, command: &str) -> Value {
        self.server.call("execute_command", &json!({ "command": command }))
    }

    fn status(&mut self, command: &str) -> String {
        self.ask(command)["structuredContent"]["status"].as_str().unwrap().to_owned()
    }

    /// The lines of the audit that have an event of this name.
    fn recorded(&self, event: &str) -> Vec<Value> {
        let audit = fs::read_to_string(self.site.path("state").join("audit.jsonl")).unwrap();
        let lines = audit.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["event"] == event).collect()
    }

    /// What the log said of changes, line by line.
    fn log(self) -> Vec<String> {
        let (_, output) = self.server.leave();
        errors(&output).lines().filter(|line| line.contains("configuration")).map(str::to_owned).collect()
    }
}

fn file(policy: &str) -> String {
    format!("version = 1\n\n{policy}\n")
}

const ALLOWED: &str = "[policy]\nallow = [\"Get-Service\"]";
const DENIED: &str = "[policy]\nallow = [\"Get-Service\"]\nexclude = [\"Get-Service\"]";
const BROKEN: &str = "[policy]\nallow = [\"Get-Service\"]\nexclud = []";

#[test]
fn what_is_denied_now_is_denied_from_the_next_call_on() {
    let mut running = Running::new(ALLOWED);
    assert_eq!(running.status("Get-Service W32Time"), "success");
    running.say(DENIED);
    let denied = running.ask("Get-Service W32Time");
    assert_eq!(denied["structuredContent"]["status"], "denied", "{denied}");
    assert!(text(&denied).contains("is excluded by"), "{denied}");
    running.say(ALLOWED);
    assert_eq!(running.status("Get-Service W32Time"), "success");

    // Each decision names the policy that made it; the third is the first again.
    let versions: Vec<Value> =
        running.recorded("decided").into_iter().map(|line| line["policy"].clone()).collect();
    let [first, second, third] = versions.try_into().unwrap();
    assert_eq!(first.as_str().unwrap().len(), 64, "{first}");
    assert_ne!(first, second);
    assert_eq!(first, third);
    let reloaded: Vec<Value> =
        running.recorded("reloaded").into_iter().map(|line| line["policy"].clone()).collect();
    assert_eq!(reloaded, [second, third]);
    assert_eq!(running.log().len(), 2);
}

#[test]
fn what_cannot_be_used_leaves_the_old_policy_in_force_and_is_told_once() {
    let mut running = Running::new(DENIED);
    running.say(BROKEN);
    for _ in 0..3 {
        assert_eq!(running.status("Get-Service W32Time"), "denied");
    }
    running.say("[policy\n");
    assert_eq!(running.status("Get-Service W32Time"), "denied");
    running.say(ALLOWED);
    assert_eq!(running.status("Get-Service W32Time"), "success");

    let (broken, policies) = (running.recorded("reloaded"), running.recorded("decided"));
    assert_eq!(broken.len(), 3, "{broken:?}");
    assert!(broken[0]["refused"].as_str().unwrap().contains("exclud"), "{broken:?}");
    assert_eq!(broken[0]["policy"], policies[0]["policy"]);
    let path = running.path.display().to_string();
    let log = running.log();
    assert_eq!(log.len(), 3, "{log:?}");
    assert!(log[0].contains(" ERROR "), "{log:?}");
    assert!(log[0].contains(&format!("{path}:5:1: there is no key \"exclud\" in [policy]")), "{log:?}");
    assert!(log[1].contains(&format!("{path}:3:")), "{log:?}");
    assert!(log[2].contains("its hosts and its policy are in force"), "{log:?}");
}

#[test]
fn a_file_that_is_gone_opens_nothing() {
    let mut running = Running::new(DENIED);
    fs::remove_file(&running.path).unwrap();
    assert_eq!(running.status("Get-Service W32Time"), "denied");
    running.say(ALLOWED);
    assert_eq!(running.status("Get-Service W32Time"), "success");
    let log = running.log();
    assert!(log[0].contains("the file cannot be read: entity not found"), "{log:?}");
}

#[test]
fn a_script_is_judged_by_one_policy_to_its_end() {
    let mut running = Running::new(ALLOWED);
    let mark = running.site.record().mark();
    let script = "$first = Get-Service Spooler; Start-Sleep -Seconds 1; (Get-Service W32Time).Name";
    let id = running
        .server
        .begin("tools/call", &json!({ "name": "execute_command", "arguments": { "command": script } }));
    let started = |event: &winrm_host::Event| matches!(event, winrm_host::Event::Pipeline { .. });
    assert!(running.site.wait_for(mark, started));
    running.say(DENIED);
    assert_eq!(running.status("Get-Service W32Time"), "denied");
    let answer = running.server.answer(id);
    assert_eq!(answer["result"]["structuredContent"]["status"], "success", "{answer}");
    let decided = running.recorded("decided");
    let of_script: Vec<&Value> = decided.iter().filter(|line| line.get("step").is_some()).collect();
    assert_eq!(of_script.len(), 2, "{decided:?}");
    assert_eq!(of_script[0]["policy"], of_script[1]["policy"]);
}

#[test]
fn a_host_that_is_added_is_there_and_what_takes_a_restart_is_named() {
    let mut running = Running::new(ALLOWED);
    let listed = |running: &mut Running| {
        running.server.call("list_hosts", &json!({}))["structuredContent"].to_string()
    };
    assert!(!listed(&mut running).contains("web-02"));
    let port = running.site.host.addr().port();
    let host = format!(
        "{ALLOWED}\n[[host]]\nname = \"web-02\"\nendpoint = \"localhost\"\nport = {port}\n\
        user = \"operator\"\npassword = \"env:WINRM_MCP_PASSWORD\""
    );
    running.say(&format!("max_output = 4096\n{host}"));
    assert!(listed(&mut running).contains("web-02"));
    let (_, output) = running.server.leave();
    let log = errors(&output);
    assert!(log.contains("taken up at the next start only: max_output"), "{log}");
}
