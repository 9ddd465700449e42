//! The command line: exit codes that can be trusted, output as it comes, and JSON.

use std::{
    io::Read as _,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use winrm_host::{Act, Ended, Event, Mark, Misbehaviour, Operation, Trigger};

use crate::support::{CANARY, Site, errors};

#[test]
fn words_are_data() {
    let site = Site::new();
    let output = site.run(&["exec", "--", "Write-Output", "a; b | c $(d) 'e'"], &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "a; b | c $(d) 'e'\n");
}

#[test]
fn remote_exit_codes_pass_through() {
    let site = Site::new();
    // What the remote program exits with, the codes that count as success, what the process exits with.
    let cases = [
        ("0", "0", 0),
        ("7", "0", 7),
        ("3010", "0", 194),
        ("512", "0", 1),
        ("-1", "0", 255),
        ("3010", "0,3010", 0),
    ];
    for (remote, success, expected) in cases {
        let arguments = ["exec", "--native", "--success-codes", success, "--", "exit", remote];
        let output = site.run(&arguments, &[("ALLOW", Some("exit"))]);
        assert_eq!(output.status.code(), Some(expected), "{remote}: {output:?}");
        let named = errors(&output).lines().last().is_some_and(|line| line.ends_with(&format!(" {remote}")));
        assert_eq!(named, remote != expected.to_string(), "{remote}: {}", errors(&output));
    }
}

#[test]
fn a_command_that_failed_is_no_success() {
    let site = Site::new();
    let output = site.run(&["exec", "--", "Get-Service", "nope"], &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(errors(&output).contains("nope"), "{}", errors(&output));
    let output = site.run(&["exec", "--json", "--", "Get-Service", "nope"], &[]);
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&result["status"], &result["exit"]["code"]), (&json!("failed"), &json!(1)), "{result}");

    let script = site.path("s.ps1");
    let cases = [
        ("Get-Service nope; Get-Service W32Time", 0),
        ("Get-Service W32Time; Get-Service nope", 1),
        ("if (1) { Get-Service nope }", 1),
        ("try { Get-Service nope -ErrorAction Stop } catch { 'none' }", 0),
        ("Get-Service nope; exit 7", 7),
        ("Get-Service nope; exit 0", 0),
        ("throw 'x'", 1),
    ];
    for (text, expected) in cases {
        std::fs::write(&script, text).unwrap();
        let output = site.run(&["exec", "--script", script.to_str().unwrap()], &[]);
        assert_eq!(output.status.code(), Some(expected), "{text}: {output:?}");
    }
}

#[test]
fn json_holds_the_true_exit_code_and_whose_it_is() {
    let site = Site::new();
    let output = site.run(&["exec", "--json", "--native", "--", "exit", "3010"], &[("ALLOW", Some("exit"))]);
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["exit"], json!({ "code": 3010, "source": "remote" }));
    assert!(output.stderr.is_empty(), "{}", errors(&output));

    let output = site.run(&["exec", "--json", "--", "Stop-Computer"], &[]);
    assert_eq!(output.status.code(), Some(126));
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["exit"], json!({ "code": 126, "source": "local" }));
    assert_eq!((&result["status"], &result["ran"]), (&json!("denied"), &json!("no")));
}

#[test]
fn a_denial_tells_the_operator_what_would_allow_it() {
    let site = Site::new();
    let output = site.run(&["exec", "--", "Restart-Service", "-Name", "W32Time"], &[]);
    assert_eq!(output.status.code(), Some(126));
    assert!(errors(&output).contains("to allow it: "), "{}", errors(&output));
    assert!(site.record().entries().is_empty());
}

#[test]
fn standard_input_reaches_a_program() {
    let site = Site::new();
    let data = "pear\r\napple\r\n";
    std::fs::write(site.path("fruit.txt"), data).unwrap();
    let file = site.path("fruit.txt");
    let arguments = ["exec", "--native", "--stdin", file.to_str().unwrap(), "--", "sort"];
    let output = site.run(&arguments, &[("ALLOW", Some("sort"))]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "apple\npear\n", "{output:?}");
}

#[test]
fn a_script_file_is_judged_as_text() {
    let site = Site::new();
    std::fs::write(site.path("one.ps1"), "\u{feff}Get-Service -Name 'W32Time'\n").unwrap();
    std::fs::write(site.path("two.ps1"), "Get-Service\nStop-Computer\n").unwrap();
    let run = |name: &str| site.run(&["exec", "--script", site.path(name).to_str().unwrap()], &[]);
    assert!(String::from_utf8_lossy(&run("one.ps1").stdout).contains("W32Time"));
    let output = run("two.ps1");
    assert_eq!(output.status.code(), Some(126));
    assert!(errors(&output).contains("line 2"), "{}", errors(&output));
}

#[test]
fn a_timeout_says_what_became_of_the_command() {
    let site = Site::new();
    let arguments = ["exec", "--timeout", "0.5", "--", "simulate", "sleep", "60"];
    let output = site.run(&arguments, &[("ALLOW", Some("simulate"))]);
    assert_eq!(output.status.code(), Some(124), "{output:?}");
    assert!(errors(&output).contains("the remote command was stopped"), "{}", errors(&output));
    assert!(site.wait_for(Mark::default(), terminated));
}

#[test]
fn a_script_that_does_not_end_says_what_ran() {
    let site = Site::new();
    let script = site.path("s.ps1");
    let run = |text: &str| {
        std::fs::write(&script, text).unwrap();
        let arguments = ["exec", "--timeout", "1.5", "--script", script.to_str().unwrap()];
        let output = site.run(&arguments, &[("ALLOW", Some("Get-Service,Get-Process"))]);
        (output.status.code(), errors(&output))
    };
    let (code, told) = run("while (1) { }");
    assert_eq!(code, Some(124), "{told}");
    assert!(told.contains("nothing ran on the host") && !told.contains("1. "), "{told}");
    let (code, told) = run("$s = Get-Service W32Time; while (1) { }");
    assert_eq!(code, Some(124), "{told}");
    assert!(
        told.contains("  1. Microsoft.PowerShell.Management\\Get-Service -Name 'W32Time': completed"),
        "{told}"
    );
}

#[cfg(unix)]
#[test]
fn an_interrupt_stops_the_remote_command() {
    let site = Site::new();
    let arguments = ["exec", "--", "simulate", "sleep", "60"];
    let mut command = site.command(&arguments, &[("ALLOW", Some("simulate"))]);
    let process = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    assert!(site.wait_for(Mark::default(), |event| matches!(event, Event::Command { .. })));
    let id = rustix::process::Pid::from_child(&process);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    // Interrupted before the client has heard that the command runs, it ends with its shell instead of by a Signal.
    assert!(site.wait_for(Mark::default(), |event| {
        matches!(event, Event::CommandEnded { how: Ended::Terminated | Ended::ShellDeleted, .. })
    }));
}

#[cfg(unix)]
#[test]
fn a_second_signal_ends_it_at_once() {
    use rustix::process::{Pid, Signal, kill_process};

    let silent = |operation| Misbehaviour::always(Trigger::On(operation), Act::Hang);
    let site = Site::with(|builder| {
        builder.misbehave(silent(Operation::Signal)).misbehave(silent(Operation::Delete))
    });
    for (second, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mark = site.record().mark();
        let arguments = ["exec", "--", "simulate", "sleep", "60"];
        let mut command = site.command(&arguments, &[("ALLOW", Some("simulate"))]);
        let mut process = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        assert!(site.wait_for(mark, |event| matches!(event, Event::Command { .. })));
        let id = Pid::from_child(&process);
        kill_process(id, Signal::INT).unwrap();
        std::thread::sleep(Duration::from_millis(500));
        assert_eq!(process.try_wait().unwrap(), None, "the host has not confirmed that it stopped");
        let began = Instant::now();
        kill_process(id, second).unwrap();
        assert_eq!(process.wait().unwrap().code(), Some(code));
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    }
}

#[test]
fn output_streams_as_it_comes_and_a_broken_pipe_ends_quietly() {
    let site = Site::new();
    let mut command =
        site.command(&["exec", "--native", "--", "ping", "-t", "127.0.0.1"], &[("ALLOW", Some("ping"))]);
    let mut process =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut output = process.stdout.take().unwrap();
    let mut some = [0; 16];
    output.read_exact(&mut some).unwrap();
    drop(output);
    let output = process.wait_with_output().unwrap();
    assert_eq!(errors(&output), "");
    assert!(site.wait_for(Mark::default(), terminated));
}

/// Runs a script until its output or errors hold some text, and interrupts it. What there was until then, what came after,
/// and the exit code.
#[cfg(unix)]
fn interrupted_at(site: &Site, script: &str, wanted: &str) -> (String, String, Option<i32>) {
    use rustix::process::{Pid, Signal, kill_process};

    std::fs::write(site.path("s.ps1"), script).unwrap();
    let path = site.path("s.ps1");
    let arguments = ["exec", "--script", path.to_str().unwrap()];
    let mut command = site.command(&arguments, &[("ALLOW", Some("Get-Service,Start-Sleep,ping"))]);
    let (mut both, inner) = std::io::pipe().unwrap();
    let errors = inner.try_clone().unwrap();
    let mut process = command.stdin(Stdio::null()).stdout(inner).stderr(errors).spawn().unwrap();
    drop(command);
    let (mut seen, mut some) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&seen).contains(wanted) {
        let length = both.read(&mut some).unwrap();
        assert_ne!(length, 0, "it ended with {}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&some[..length]);
    }
    assert_eq!(process.try_wait().unwrap(), None);
    kill_process(Pid::from_child(&process), Signal::INT).unwrap();
    let mut rest = String::new();
    both.read_to_string(&mut rest).unwrap();
    (String::from_utf8(seen).unwrap(), rest, process.wait().unwrap().code())
}

#[cfg(unix)]
#[test]
fn what_a_script_writes_is_seen_while_it_runs() {
    let site = Site::new();
    let table = "Get-Service W3SVC | Select-Object Name; Start-Sleep -Seconds 60; 'never'";
    for (script, wanted) in [
        ("'first'; while (1) { }", "first\n"),
        (table, "\nName\n----\nW3SVC\n"),
        ("Get-Service nope; Start-Sleep -Seconds 60", "Get-Service: Cannot find"),
        ("Write-Warning 'mind'; while (1) { }", "WARNING: mind\n"),
        (
            "foreach ($n in 'a', 'b') { $n; Start-Sleep -Milliseconds 10 }; Write-Host 'c'; while (1) { }",
            "a\nb\nc\n",
        ),
        ("ping -t 127.0.0.1", "Reply from 127.0.0.1"),
    ] {
        let (seen, rest, code) = interrupted_at(&site, script, wanted);
        assert_eq!(code, Some(130), "{script}: {seen}{rest}");
        assert!(rest.contains("interrupted") && !rest.contains("never"), "{script}: {seen}{rest}");
    }
}

#[test]
fn usage_is_64() {
    let site = Site::new();
    for arguments in [
        &["exec"][..],
        &["exec", "--timeout", "0", "--", "Get-Date"],
        &["exec", "--timeout", "soon", "--", "Get-Date"],
        &["exec", "--script", "x", "--", "Get-Date"],
        &["exec", "--stdin", "x", "--", "Get-Date"],
        &["exec", "--host", "web-99", "--", "Get-Date"],
        &["exec", "--native", "--stdin", "/no/such/file", "--", "sort"],
        &["frobnicate"],
    ] {
        let output = site.run(arguments, &[]);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {output:?}");
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn each_way_to_fail_has_its_exit_code_one_sentence_and_one_fix() {
    let site = Site::new();
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let other_ca = Site::new();
    let other_ca = other_ca.path("ca.pem");
    type Different<'a> = &'a [(&'a str, Option<&'a str>)];
    let cases: &[(&str, Different<'_>, i32, &str)] = &[
        ("wrong password", &[("PASSWORD", Some("wrong"))], 77, "refused"),
        ("unknown name", &[("HOST", Some("no-such-host.invalid"))], 69, "no address is known"),
        ("nothing listens", &[("CONNECTION_PORT", Some(&unused))], 69, "nothing listens there"),
        ("another authority", &[("CA_FILE", other_ca.to_str())], 76, "trusted issuer"),
        ("no such file", &[("CA_FILE", Some("/no/such.pem"))], 78, "/no/such.pem"),
        ("a missing variable", &[("PASSWORD", None)], 78, "WINRM_MCP_PASSWORD"),
        ("an unknown variable", &[("EXCLUD", Some("x"))], 78, "WINRM_MCP_EXCLUDE"),
        ("two hosts", &[("HOSTNAME", Some("other"))], 78, "HOSTNAME"),
        ("a pin that is none", &[("TLS_PIN", Some("sha1:00"))], 78, "sha256:"),
        ("another pin", &[("TLS_PIN", Some(OTHER_PIN))], 76, "not the pinned one"),
        ("a proxy that is none", &[("PROXY", Some("socks5://x"))], 78, "http://host:port"),
        ("a profile that is none", &[("PROFILE", Some("obsrve"))], 78, "observe"),
    ];
    for (what, different, code, words) in cases {
        let output = site.run(&["exec", "--native", "--", "hostname"], different);
        assert_eq!(output.status.code(), Some(*code), "{what}: {output:?}");
        let told = errors(&output);
        assert!(told.contains(words), "{what}: {told}");
        assert!(told.lines().count() <= 3, "{what}: {told}");
        assert!(!told.contains(CANARY) && !told.contains("wrong\n"), "{what}: {told}");
    }
}

#[test]
fn an_ipv6_literal_reaches_the_host() {
    let site = Site::with(|builder| builder.loopback(winrm_host::Loopback::V6));
    for literal in ["::1", "[::1]"] {
        let output = site.run(&["exec", "--native", "--", "hostname"], &[("HOST", Some(literal))]);
        assert_eq!(output.status.code(), Some(0), "{literal}: {output:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_password_that_is_not_utf8_is_named_and_not_shown() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
    let site = Site::new();
    let mut command = site.command(&["exec", "--native", "--", "hostname"], &[]);
    let output = command.env("WINRM_MCP_PASSWORD", OsStr::from_bytes(b"pass\xffword")).output().unwrap();
    assert_eq!(output.status.code(), Some(78), "{output:?}");
    let told = errors(&output);
    assert!(told.contains("WINRM_MCP_PASSWORD") && told.contains("UTF-8"), "{told}");
    assert!(!told.contains("word"), "{told}");
}

#[test]
fn a_proxy_of_the_environment_is_used_unless_the_host_is_left_out() {
    let site = Site::new();
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let run = |name: &str, value: &str| {
        let mut command = site.command(&["exec", "--native", "--", "hostname"], &[]);
        command.env("HTTPS_PROXY", format!("http://{unused}")).env(name, value).output().unwrap()
    };
    assert_eq!(run("UNRELATED", "").status.code(), Some(69));
    assert_eq!(run("NO_PROXY", "localhost").status.code(), Some(0));
    assert_eq!(run("WINRM_MCP_PROXY", "none").status.code(), Some(0));
}

fn terminated(event: &Event) -> bool {
    matches!(event, Event::CommandEnded { how: Ended::Terminated, .. })
}

const OTHER_PIN: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// What a person sees on a terminal of so many columns.
#[cfg(unix)]
fn on_a_terminal(
    site: &Site,
    arguments: &[&str],
    different: &[(&str, Option<&str>)],
    columns: u16,
) -> String {
    use rustix::{pty, termios};

    let terminal = pty::openpt(pty::OpenptFlags::RDWR | pty::OpenptFlags::NOCTTY).unwrap();
    pty::grantpt(&terminal).unwrap();
    pty::unlockpt(&terminal).unwrap();
    let name = pty::ptsname(&terminal, Vec::new()).unwrap();
    let inner = std::fs::File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let size = termios::Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    termios::tcsetwinsize(&inner, size).unwrap();
    let mut command = site.command(arguments, different);
    let errors = inner.try_clone().unwrap();
    let mut process = command.stdin(Stdio::null()).stdout(inner).stderr(errors).spawn().unwrap();
    drop(command);
    let (mut terminal, mut seen, mut some) = (std::fs::File::from(terminal), Vec::new(), [0; 1024]);
    while let Ok(length @ 1..) = terminal.read(&mut some) {
        seen.extend_from_slice(&some[..length]);
    }
    process.wait().unwrap();
    String::from_utf8(seen).unwrap()
}

#[cfg(unix)]
#[test]
fn a_table_is_as_wide_as_the_terminal() {
    let site = Site::new();
    let words = ["exec", "--", "Get-Service"];
    let widest = |seen: &str| seen.lines().map(|line| line.trim_end().chars().count()).max().unwrap();
    let (narrow, wide) = (on_a_terminal(&site, &words, &[], 40), on_a_terminal(&site, &words, &[], 200));
    assert!(widest(&narrow) <= 40, "{narrow}");
    assert!(widest(&wide) > 40 && widest(&wide) < 200, "{wide}");
    assert!(narrow.contains('\u{2026}'), "what does not fit is cut: {narrow}");
}

#[cfg(unix)]
#[test]
fn a_person_who_waits_hears_of_the_step() {
    let site = Site::new();
    let script = "Get-Service W32Time | Out-Null; simulate sleep 3";
    std::fs::write(site.path("s.ps1"), script).unwrap();
    let arguments = ["exec", "--script", site.path("s.ps1").to_str().unwrap()].map(str::to_owned);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let seen = on_a_terminal(&site, &arguments, &[("ALLOW", Some("Get-Service,simulate"))], 80);
    assert!(seen.contains("winrm-mcp: step 2: simulate"), "{seen}");
}
