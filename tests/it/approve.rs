//! `pending` and `approve`: a human on a terminal, and everything that is none.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};

use rustix::pty;
use serde_json::Value;
use winrm_mcp::{
    invocation::approval::{Approval, Approvals, Background, Request, Settings},
    redact::KnownSecrets,
    secret::{Environment, Reference, Secrets},
};

use crate::support::{Site, errors};

/// The program with a terminal of its own, and what the human sees and types.
struct Seat {
    process: Child,
    terminal: File,
    seen: String,
}

impl Seat {
    fn new(program: &Command) -> Self {
        let terminal = pty::openpt(pty::OpenptFlags::RDWR | pty::OpenptFlags::NOCTTY).unwrap();
        pty::grantpt(&terminal).unwrap();
        pty::unlockpt(&terminal).unwrap();
        let name = pty::ptsname(&terminal, Vec::new()).unwrap();
        let inner = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        // A session of its own, whose controlling terminal this becomes.
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait"]).arg(program.get_program()).args(program.get_args()).env_clear();
        for (name, value) in program.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command.env("PATH", std::env::var_os("PATH").unwrap());
        let process = command.stdin(inner).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Self { process, terminal: File::from(terminal), seen: String::new() }
    }

    /// Waits until the human has seen this.
    fn sees(&mut self, text: &str) {
        let mut some = [0; 1024];
        while !self.seen.contains(text) {
            let length = self.terminal.read(&mut some).unwrap_or(0);
            assert_ne!(length, 0, "the terminal closed after {:?}", self.seen);
            self.seen.push_str(&String::from_utf8_lossy(&some[..length]));
        }
    }

    fn types(&mut self, text: &str) {
        self.terminal.write_all(text.as_bytes()).unwrap();
    }

    /// All that was seen, and how it ended.
    fn leave(self) -> (String, Output) {
        (self.seen, self.process.wait_with_output().unwrap())
    }
}

fn approvals(site: &Site, passphrase: Option<PathBuf>) -> Approvals {
    let settings = Settings {
        folder: site.path("state").join("approvals"),
        user: None,
        passphrase: passphrase.map(Reference::File),
        webhook: None,
    };
    Approvals::new(settings, Secrets::new(Environment::of_this_process(), KnownSecrets::default()))
}

fn request(form: &str) -> Request {
    Request {
        principal: "local".to_owned(),
        host: "localhost".to_owned(),
        configuration_name: None,
        policy: "p1".to_owned(),
        kind: "powershell".to_owned(),
        form: form.to_owned(),
    }
}

/// Takes the approval, or asks for it as a call does.
fn redeem(approvals: &Approvals, request: &Request) -> Option<Approval> {
    let background = Background {
        tool: "execute_command".to_owned(),
        rule: "restarts".to_owned(),
        risk: "change".to_owned(),
    };
    let taken = approvals.claim(request).unwrap().map(|claim| claim.use_up().unwrap());
    if taken.is_none() {
        approvals.put(request, &background).unwrap();
    }
    taken
}

const RESTART: &str = "Microsoft.PowerShell.Management\\Restart-Service -Name 'W32Time'";

#[test]
fn a_human_reads_the_whole_form_and_says_yes() {
    let site = Site::new();
    let approvals = approvals(&site, None);
    let long = request(&format!("{RESTART} -Verbose '{}\u{202e}end'", "x".repeat(500)));
    assert!(redeem(&approvals, &long).is_none());
    let id = long.id();
    let mut seat = Seat::new(&site.command(&["approve", id.as_str()], &[]));
    seat.sees("Type yes");
    seat.types("yes\n");
    let (seen, output) = seat.leave();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("approved once for localhost"));
    let (_, form) = seen.split_once("This would run, as powershell:").unwrap();
    let form: String = form.split("Type yes").next().unwrap().split_whitespace().collect();
    assert_eq!(form, long.form.replace('\u{202e}', "\\u{202e}").replace(' ', ""));
    assert!(seen.lines().all(|line| line.trim_end().chars().count() <= 80), "{seen}");
    assert!(seen.contains("Rule      restarts (change)"), "{seen}");
    assert!(seen.contains("Host      localhost, https://localhost:"), "{seen}");
    assert!(redeem(&approvals, &long).is_some());
    assert!(redeem(&approvals, &long).is_none());
}

#[test]
fn anything_but_yes_approves_nothing() {
    let site = Site::new();
    let approvals = approvals(&site, None);
    for (answer, told, waits) in [
        ("no\n", "declined", 0),
        ("y\n", "still waits", 1),
        ("\n", "still waits", 1),
        ("\u{4}", "still waits", 1),
    ] {
        assert!(redeem(&approvals, &request(RESTART)).is_none());
        let mut seat = Seat::new(&site.command(&["approve", request(RESTART).id().as_str()], &[]));
        seat.sees("Type yes");
        seat.types(answer);
        let (_, output) = seat.leave();
        assert_eq!(output.status.code(), Some(79), "{answer:?}: {output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains(told), "{answer:?}: {output:?}");
        assert_eq!(approvals.pending().unwrap().len(), waits, "{answer:?}");
    }
    assert!(redeem(&approvals, &request(RESTART)).is_none());
}

#[test]
fn without_a_terminal_nobody_approves() {
    let site = Site::new();
    let approvals = approvals(&site, None);
    assert!(redeem(&approvals, &request(RESTART)).is_none());
    let id = request(RESTART).id();
    // A session without a terminal, into which somebody pipes the answer.
    let program = site.command(&["approve", id.as_str()], &[]);
    let mut command = Command::new("setsid");
    command.arg("--wait").arg(program.get_program()).args(program.get_args());
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut process =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It may have left without reading.
    drop(process.stdin.take().unwrap().write_all(b"yes\nyes\n"));
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(64), "{output:?}");
    assert!(errors(&output).contains("needs a terminal"), "{}", errors(&output));
    assert!(redeem(&approvals, &request(RESTART)).is_none());
}

#[test]
fn a_passphrase_is_asked_for_and_not_shown() {
    let site = Site::new();
    std::fs::write(site.path("word"), "correct horse\n").unwrap();
    std::fs::write(site.path("winrm-mcp.toml"), "version = 1\n[approval]\npassphrase = 'file:word'\n")
        .unwrap();
    let approvals = approvals(&site, Some(site.path("word")));
    let config = site.path("winrm-mcp.toml");
    for (typed, code) in [("wrong\n", 79), ("correct horse\n", 0)] {
        assert!(redeem(&approvals, &request(RESTART)).is_none());
        let id = request(RESTART).id();
        let arguments = ["approve", id.as_str(), "--config", config.to_str().unwrap()];
        let mut seat = Seat::new(&site.command(&arguments, &[]));
        seat.sees("Type yes");
        seat.types("yes\n");
        seat.sees("Passphrase: ");
        // Typed before the terminal keeps it from showing it would be seen, and dropped.
        std::thread::sleep(std::time::Duration::from_millis(200));
        seat.types(typed);
        let mut rest = String::new();
        // The terminal ends with an error when its other side is gone.
        drop(seat.terminal.read_to_string(&mut rest));
        let (seen, output) = seat.leave();
        assert_eq!(output.status.code(), Some(code), "{typed}: {output:?}");
        assert!(!seen.contains("horse") && !rest.contains("horse"), "{seen}{rest}");
    }
    assert!(redeem(&approvals, &request(RESTART)).is_some());
}

#[test]
fn one_approval_covers_the_hosts_of_a_tag() {
    let site = Site::new();
    let host = |name: &str, tag: &str| {
        format!("[[host]]\nname = '{name}'\nuser = 'svc'\npassword = 'env:P'\ntags = ['{tag}']\n")
    };
    let file =
        format!("version = 1\n{}{}{}", host("localhost", "web"), host("web-02", "web"), host("db", "sql"));
    std::fs::write(site.path("winrm-mcp.toml"), file).unwrap();
    let config = site.path("winrm-mcp.toml");
    let approvals = approvals(&site, None);
    assert!(redeem(&approvals, &request(RESTART)).is_none());
    let id = request(RESTART).id();
    let command = |hosts: &str| {
        site.command(&["approve", id.as_str(), "--hosts", hosts, "--config", config.to_str().unwrap()], &[])
    };
    let output = command("@sql").stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(64), "{output:?}");
    let mut seat = Seat::new(&command("@web"));
    seat.sees("Type yes");
    seat.types("yes\n");
    let (seen, output) = seat.leave();
    assert_eq!(output.status.code(), Some(0));
    let seen = seen.replace('\r', "");
    for row in [
        "\nHosts     localhost, https://localhost:",
        ", tagged web\n          web-02, https://web-02:5986/wsman as svc, tagged web\n",
        " by execute_command, for local\nExpires   20",
        "\nRule      restarts (change)\nPolicy    not the one in force here",
    ] {
        assert!(seen.contains(row), "{row}: {seen}");
    }
    for host in ["web-02", "localhost"] {
        let on = Request { host: host.to_owned(), ..request(RESTART) };
        assert!(redeem(&approvals, &on).is_some(), "{host}");
        assert!(redeem(&approvals, &on).is_none(), "{host}");
    }
}

#[test]
fn what_waits_is_listed() {
    let site = Site::new();
    let output = site.run(&["pending"], &[]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "nothing waits for approval\n");
    let approvals = approvals(&site, None);
    let long = request(&"Get-Service -Name 'a' ".repeat(40));
    for request in [&request(RESTART), &long] {
        assert!(redeem(&approvals, request).is_none());
    }
    let output = site.run(&["pending"], &[]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(text.contains(&format!("\n  {RESTART}\n")) && text.contains("  …\n"), "{text}");
    let output = site.run(&["pending", "--json"], &[]);
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    let row = rows.as_array().unwrap().iter().find(|row| row["judged_form"] == RESTART).unwrap();
    assert_eq!(row["approve"], format!("winrm-mcp approve {}", request(RESTART).id()));
    assert_eq!((&row["host"], &row["rule"]), (&"localhost".into(), &"restarts".into()));
    let output = site.run(&["approve", "abcdefgh"], &[]);
    assert_eq!(output.status.code(), Some(64), "{output:?}");
}

/// A site whose policy wants a human for restarts.
pub(crate) fn guarded() -> (Site, String) {
    let site = Site::new();
    let path = site.path("winrm-mcp.toml");
    std::fs::write(
        &path,
        "version = 1\n[[policy.rule]]\nname = 'restarts'\ncommands = ['Restart-Service']\napproval = true\n",
    )
    .unwrap();
    let config = path.to_str().unwrap().to_owned();
    (site, config)
}

fn approve(site: &Site, config: &str, id: &str) {
    let mut seat = Seat::new(&site.command(&["approve", id, "--config", config], &[]));
    seat.sees("Type yes");
    seat.types("yes\n");
    let (_, output) = seat.leave();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn what_a_rule_wants_a_human_for_runs_once_after_one_said_yes() {
    let (site, config) = guarded();
    let run = || {
        site.run(&["exec", "--json", "--config", &config, "--", "Restart-Service", "-Name", "W32Time"], &[])
    };
    let mark = site.record().entries().len();
    let output = run();
    assert_eq!(output.status.code(), Some(79), "{output:?}");
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&result["status"], &result["ran"]), (&"approval_required".into(), &"no".into()), "{result}");
    assert_eq!(site.record().entries().len(), mark, "nothing was sent");
    let listed = site.run(&["pending", "--json", "--config", &config], &[]);
    let rows: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let id = rows[0]["id"].as_str().unwrap().to_owned();
    assert!(
        result["error"]["fix"].as_str().unwrap().contains(&format!("winrm-mcp approve {id}")),
        "{result}"
    );

    approve(&site, &config, &id);
    let output = run();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(run().status.code(), Some(79), "an approval is used once");
    let audit = std::fs::read_to_string(site.path("state").join("audit.jsonl")).unwrap();
    assert!(
        audit.contains("\"decision\":\"needs_approval\"") && audit.contains("\"approved_by\":"),
        "{audit}"
    );
}

#[test]
fn a_script_asks_for_all_its_approvals_before_any_of_it_runs() {
    let (site, config) = guarded();
    let script = site.path("two.ps1");
    std::fs::write(&script, "Get-Service -Name W32Time\nRestart-Service W32Time\nRestart-Service Spooler\n")
        .unwrap();
    let run = || site.run(&["exec", "--config", &config, "--script", script.to_str().unwrap()], &[]);
    let mark = site.record().entries().len();
    assert_eq!(run().status.code(), Some(79));
    assert_eq!(site.record().entries().len(), mark, "not even what needs no approval was sent");
    let listed = site.run(&["pending", "--json", "--config", &config], &[]);
    let rows: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let ids: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2);
    approve(&site, &config, ids[0]);
    assert_eq!(run().status.code(), Some(79));
    assert_eq!(site.record().entries().len(), mark);
    approve(&site, &config, ids[1]);
    let output = run();
    assert_eq!(output.status.code(), Some(0), "{output:?}");

    std::fs::write(&script, "$name = 'W32Time'\nRestart-Service $name\n").unwrap();
    let output = run();
    assert_eq!(output.status.code(), Some(126), "{output:?}");
    assert!(errors(&output).contains("must be written out"), "{}", errors(&output));
}

#[test]
fn what_needs_a_human_runs_once_for_each_approval() {
    let (site, config) = guarded();
    let script = site.path("one.ps1");
    for text in [
        "foreach ($n in 1, 2) { Restart-Service W32Time }",
        "function Again { Restart-Service W32Time }; Again; Again",
        "1, 2 | ForEach-Object { Restart-Service W32Time }",
        "Restart-Service W32Time; Restart-Service -Name 'W32Time'",
    ] {
        std::fs::write(&script, text).unwrap();
        let output = site.run(&["exec", "--config", &config, "--script", script.to_str().unwrap()], &[]);
        assert_eq!(output.status.code(), Some(126), "{text}: {output:?}");
        assert!(errors(&output).contains("it may run more than once"), "{text}: {}", errors(&output));
        let output = site.run(&["explain", "--config", &config, "--script", script.to_str().unwrap()], &[]);
        let told = String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("-Name") || told.contains("it may run more than once"), "{text}: {told}");
    }
    assert!(site.record().entries().is_empty());
}

/// What the audit says, line by line.
fn audit(site: &Site) -> Vec<Value> {
    let text = std::fs::read_to_string(site.path("state").join("audit.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The ids of all that waits.
pub(crate) fn waiting(site: &Site, config: &str) -> Vec<String> {
    let listed = site.run(&["pending", "--json", "--config", config], &[]);
    let rows: Value = serde_json::from_slice(&listed.stdout).unwrap();
    rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_approval_that_is_used_up_is_on_record_also_where_its_step_is_not_reached() {
    let (site, config) = guarded();
    let script = site.path("never.ps1");
    std::fs::write(&script, "if ((Get-Service -Name W32Time).Name -eq 'x') { Restart-Service Spooler }\n")
        .unwrap();
    let run = || site.run(&["exec", "--config", &config, "--script", script.to_str().unwrap()], &[]);
    assert_eq!(run().status.code(), Some(79));
    let [id] = &waiting(&site, &config)[..] else { panic!("one waits") };
    approve(&site, &config, id);
    assert_eq!(run().status.code(), Some(0));
    let lines = audit(&site);
    let used = lines.iter().position(|line| line["event"] == "approved").unwrap();
    let line = &lines[used];
    assert_eq!((&line["approval"], &line["rule"]), (&id.as_str().into(), &"restarts".into()), "{line}");
    assert!(
        line["approved_by"].is_string() && line["judged"].as_str().unwrap().ends_with("'Spooler'"),
        "{line}"
    );
    // Before anything of the script was sent.
    assert!(lines[..used].iter().all(|before| before["call"] != line["call"]), "{lines:?}");
    assert!(
        !lines.iter().any(|line| line["decision"] == "allowed" && line["rule"] == "restarts"),
        "{lines:?}"
    );
    assert_eq!(run().status.code(), Some(79), "it is used up");
}

#[test]
fn what_is_refused_for_its_rate_uses_up_no_approval_and_asks_nobody() {
    let (site, config) = guarded();
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text + "rate = '1/hour'\n").unwrap();
    let mut server = site.serve(&[("CONFIG", Some(&config))]);
    let mut call = |command: &str| {
        server.call("execute_command", &serde_json::json!({ "command": command }))["structuredContent"]
            .clone()
    };
    let once = "Restart-Service -Name W32Time";
    assert_eq!(call(once)["status"], "approval_required");
    let id = waiting(&site, &config).remove(0);
    approve(&site, &config, &id);
    // Approved for another time already, when it was that often.
    let desk = approvals(&site, None);
    let granted = site.path("state").join("approvals").join(format!("{id}.approved"));
    let again = std::fs::read(&granted).unwrap();
    assert_eq!(call(once)["status"], "success");
    assert!(!granted.exists());
    std::fs::write(&granted, again).unwrap();
    for command in [once, "$s = Get-Service -Name W32Time; Restart-Service -Name W32Time"] {
        let denied = call(command);
        assert_eq!(denied["status"], "denied", "{denied}");
        assert!(denied["error"]["message"].as_str().unwrap().contains("it was that often"), "{denied}");
        assert!(granted.exists(), "{command}");
    }
    assert_eq!(call("Restart-Service -Name Spooler")["status"], "denied");
    assert_eq!(desk.pending().unwrap(), []);
}

#[test]
fn a_dry_run_says_that_a_human_would_be_asked_and_asks_nobody() {
    let (site, config) = guarded();
    let mut server = site.serve(&[("CONFIG", Some(&config))]);
    let mut dry = |command: &str| {
        server.call("execute_command", &serde_json::json!({ "command": command, "dry_run": true }))
    };
    for command in [
        "Restart-Service -Name W32Time",
        "$s = Get-Service -Name W32Time; Restart-Service -Name W32Time; Restart-Service -Name Spooler; $s.Name",
    ] {
        let result = dry(command);
        let data = &result["structuredContent"];
        assert_eq!((&data["status"], &data["ran"]), (&"approval_required".into(), &"no".into()), "{result}");
        let text = crate::support::text(&result);
        assert!(text.contains("Status: APPROVAL REQUIRED") && !text.contains("ALLOWED"), "{text}");
        assert!(text.contains("a human would have to approve this (restarts): "), "{text}");
    }
    for command in [
        "foreach ($n in 1, 2) { Restart-Service W32Time }",
        "Restart-Service W32Time; Restart-Service -Name 'W32Time'",
    ] {
        let result = dry(command);
        assert_eq!(result["structuredContent"]["status"], "denied", "{result}");
        assert!(crate::support::text(&result).contains("it may run more than once"), "{result}");
    }
    assert_eq!(waiting(&site, &config), [""; 0]);
    assert!(site.record().entries().is_empty());
}
