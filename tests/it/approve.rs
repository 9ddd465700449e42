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
fn guarded() -> (Site, String) {
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
fn waiting(site: &Site, config: &str) -> Vec<String> {
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
    std::fs::write(&config, format!("version = 1\n{rule}")).unwrap();
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

/// A server that a webhook can tell, its certificate, and what it was told: one request a connection, each with the
/// same answer.
fn listener(
    folder: &std::path::Path,
    answer: &'static str,
) -> (u16, PathBuf, std::sync::mpsc::Receiver<String>) {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let ca = folder.join("webhook.pem");
    std::fs::write(&ca, certified.cert.pem()).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    let config = std::sync::Arc::new(config);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (told, tells) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for tcp in listener.incoming() {
            let connection = rustls::ServerConnection::new(std::sync::Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, tcp.unwrap());
            let (mut request, mut some) = (String::new(), [0; 4096]);
            while !request.ends_with('}') {
                let Ok(length @ 1..) = stream.read(&mut some) else { break };
                request.push_str(std::str::from_utf8(&some[..length]).unwrap());
            }
            // A client that does not trust us has left.
            drop(stream.write_all(answer.as_bytes()).and_then(|()| stream.flush()));
            if told.send(request).is_err() {
                break;
            }
        }
    });
    (port, ca, tells)
}

#[test]
fn a_webhook_is_told_of_each_request_once() {
    let (site, config) = guarded();
    let (port, ca, tells) = listener(site.folder.path(), "HTTP/1.1 204 No Content\r\n\r\n");
    let text = std::fs::read_to_string(&config).unwrap();
    let hook = format!("[approval]\nwebhook = 'https://localhost:{port}/hook?token=x'\n");
    std::fs::write(&config, text + &hook).unwrap();
    let run = |trusted: bool| {
        let words = ["exec", "--config", &config, "--", "Restart-Service", "-Name", "W32Time"];
        let mut command = site.command(&words, &[]);
        if trusted {
            command.env("SSL_CERT_FILE", &ca);
        }
        command.stdin(Stdio::null()).output().unwrap()
    };
    // Nobody is told who cannot show that they are the webhook.
    let output = run(false);
    assert_eq!(output.status.code(), Some(79), "{output:?}");
    assert!(errors(&output).contains("the webhook was not told"), "{}", errors(&output));
    assert!(!errors(&output).contains("token"), "{}", errors(&output));
    assert_eq!(tells.recv_timeout(std::time::Duration::from_secs(5)).as_deref(), Ok(""));

    std::fs::remove_dir_all(site.path("state").join("approvals")).unwrap();
    assert_eq!(run(true).status.code(), Some(79));
    let request = tells.recv_timeout(std::time::Duration::from_secs(5)).unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hook?token=x HTTP/1.1\r\n"), "{head}");
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!((&body["host"], &body["rule"]), (&"localhost".into(), &"restarts".into()));
    assert!(body["judged_form"].as_str().unwrap().ends_with("Restart-Service -Name 'W32Time'"), "{body}");
    assert!(body["digest"].as_str().unwrap().len() == 64 && body["approve"].is_string());
    // Asked again, it is the same request.
    assert_eq!(run(true).status.code(), Some(79));
    assert!(tells.recv_timeout(std::time::Duration::from_millis(300)).is_err());
}

#[test]
fn a_webhook_that_fails_is_told_of_and_keeps_nobody_from_asking() {
    for (answer, words) in [
        ("HTTP/1.1 302 Found\r\nLocation: https://localhost/elsewhere\r\n\r\n", "the webhook answered 302"),
        ("HTTP/1.1 500 Oops\r\n\r\n", "the webhook answered 500"),
        ("220 mail.example ESMTP\r\n", "the webhook's host did not speak HTTP"),
        ("", "the webhook "),
    ] {
        let (site, config) = guarded();
        let (port, ca, _tells) = listener(site.folder.path(), answer);
        let text = std::fs::read_to_string(&config).unwrap();
        let hook = format!("[approval]\nwebhook = 'https://localhost:{port}/hook?token=x'\n");
        std::fs::write(&config, text + &hook).unwrap();
        let words_of_call = ["exec", "--config", &config, "--", "Restart-Service", "-Name", "W32Time"];
        let output = site.command(&words_of_call, &[]).env("SSL_CERT_FILE", &ca).output().unwrap();
        assert_eq!(output.status.code(), Some(79), "{answer}: {output:?}");
        assert!(errors(&output).contains(words), "{answer}: {}", errors(&output));
        assert!(!errors(&output).contains("token"), "{}", errors(&output));
        assert_eq!(waiting(&site, &config).len(), 1, "{answer}");
    }
}

#[test]
fn denials_are_shown_without_what_moves_the_cursor_and_foreign_lines_are_passed_over() {
    let site = Site::new();
    let state = site.path("state");
    std::fs::create_dir_all(&state).unwrap();
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
    std::fs::write(state.join("audit.jsonl"), audit).unwrap();
    // Nobody has to have a host to look.
    let output = site.run(&["denials"], &[("HOST", None), ("USERNAME", None), ("PASSWORD", None)]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("Z  a\\u{1b}[31m by exec\n") && text.contains("Z  b by exec\n"), "{text}");
    assert!(!text.contains("cut") && !text.contains('\u{1b}'), "{text}");
    let output = site.run(&["pending"], &[("HOST", None), ("USERNAME", None), ("PASSWORD", None)]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "nothing waits for approval\n", "{output:?}");
}
