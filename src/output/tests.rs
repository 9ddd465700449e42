use std::time::Duration;

use proptest::prelude::*;
use secrecy::SecretString;

use super::*;
use crate::{
    call::{CallId, HostName, Outcome, Ran, StopReason},
    policy::{Policy, Settings},
    remedy::{Code, Remedy, Retry},
};

fn output(secrets: &[&str]) -> Output {
    let secrets: Vec<SecretString> = secrets.iter().map(|&secret| SecretString::from(secret)).collect();
    Output::new(SpoolLimits::default(), &Scrubber::new(&secrets))
}

fn stdout_of(bytes: &[u8]) -> String {
    let mut output = output(&[]);
    output.push(Channel::Stdout, bytes);
    output.into_captured().stdout.whole().unwrap()
}

fn stderr_of(chunks: &[&[u8]]) -> String {
    let mut output = output(&[]);
    for chunk in chunks {
        output.push(Channel::Stderr, chunk);
    }
    output.into_captured().stderr.whole().unwrap()
}

fn captured(stdout: &str, stderr: &str) -> Captured {
    let mut output = output(&[]);
    output.push(Channel::Stdout, stdout.as_bytes());
    output.push(Channel::Stderr, stderr.as_bytes());
    output.into_captured()
}

fn report(ending: Ending, captured: &Captured, limit: usize) -> Report {
    Report::new(Parts {
        call: &CallId::from_random(1),
        host: &HostName::new("web-01"),
        command: "Get-Service".to_owned(),
        ending,
        captured,
        elapsed: Duration::from_millis(1234),
        success_codes: &SuccessCodes::default(),
        limit,
    })
}

fn completed(code: i32) -> Ending {
    Ending::Sent(Outcome::Completed { exit_code: Some(code) })
}

#[test]
fn bytes_become_text() {
    let cases: &[(&[u8], &str)] = &[
        ("grüße ☃ 漢字 🦀".as_bytes(), "grüße ☃ 漢字 🦀"),
        (b"caf\xe9", "café"),
        (b"caf\x82", "café"),
        (b"\x81ber \x9fx", "über ƒx"),
        (b"Gr\x94\xe1e", "Größe"),
        (b"Gr\xf6\xdfe", "Größe"),
        (b"\x84 \xb3x\xb3", "ä │x│"),
        (b"ok\xe2\x82", "okâé"),
        (b"\xff\xfeh\0i\0\x03\x26", "hi☃"),
        (b"\xef\xbb\xbfbom", "bom"),
        (b"a\r\nb\x1b[0mc", "a\nbc"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(stdout_of(bytes), *expected, "{bytes:x?}");
    }
}

#[test]
fn what_is_shown_as_it_comes_is_what_is_kept() {
    let mut output = output(&["hunter22"]);
    let mut shown = String::new();
    for chunk in [&b"say hun"[..], b"ter22 and \xc3", b"\xa9 \x1b[3", b"1mred\r", b"\nend hunter"] {
        shown.push_str(&output.push(Channel::Stdout, chunk));
    }
    for (channel, text) in output.finish() {
        assert!(channel == Channel::Stdout || text.is_empty());
        shown.push_str(&text);
    }
    let captured = output.captured();
    assert_eq!(shown, "say [redacted] and é red\nend hunter");
    assert_eq!(captured.stdout.whole().unwrap(), shown);
    assert_eq!((captured.redactions, captured.removed), (1, 5));
}

#[test]
fn a_secret_between_invisible_characters_is_found() {
    let mut output = output(&["hunter22"]);
    output.push(Channel::Stdout, "h\u{200b}un\0ter\x1b[0m22".as_bytes());
    assert_eq!(output.into_captured().stdout.whole().unwrap(), "[redacted]");
}

#[test]
fn clixml_is_shown_as_a_console_shows_it_and_progress_is_gone() {
    let stream = include_bytes!("../../fixtures/output/stream-xml.stderr.clixml");
    let shown = stderr_of(&[stream]);
    assert_eq!(shown, "err\nWARNING: w\nVERBOSE: v\n");
    for size in [1, 7, 100] {
        assert_eq!(stderr_of(&stream.chunks(size).collect::<Vec<_>>()), shown, "pieces of {size}");
    }
    let thrown = include_bytes!("../../fixtures/output/stream-throw.stderr.clixml");
    assert_eq!(stderr_of(&[b"native caf\xc3", thrown, b"after"]), "native cafÃboom\nafter");
    // Standard output is a program's own business.
    assert!(stdout_of(stream).starts_with("#< CLIXML"));
}

#[test]
fn the_block_is_that_of_winrm_mcp_server() {
    let text = report(completed(0), &captured("\n  Running  W32Time \n\n", ""), 8192).text();
    let expected = "Command executed on web-01\nStatus: SUCCESS (Exit Code: 0)\nExecution Time: 1.23s\n\n\
                    === STDOUT ===\nRunning  W32Time\n";
    assert_eq!(text, expected);
    let text = report(completed(3), &captured("a", "b\n"), 8192).text();
    let expected = "Command executed on web-01\nStatus: FAILED (Exit Code: 3)\nExecution Time: 1.23s\n\n\
                    === STDOUT ===\na\n\n=== STDERR ===\nb\n";
    assert_eq!(text, expected);
    let text = report(completed(0), &captured(" \n", ""), 8192).text();
    assert_eq!(text, "Command executed on web-01\nStatus: SUCCESS (Exit Code: 0)\nExecution Time: 1.23s\n");
}

#[test]
fn other_endings_say_what_is_known() {
    let deadline = StopReason::Deadline;
    let cases = [
        (
            Ending::Sent(Outcome::Stopped(deadline)),
            "TIMED OUT after 1s (the remote command was stopped)",
            "timed_out",
            Ran::Yes,
        ),
        (
            Ending::Sent(Outcome::StillRunning(deadline)),
            "TIMED OUT after 1s (it may still run)",
            "timed_out",
            Ran::Yes,
        ),
        (
            Ending::Sent(Outcome::Stopped(StopReason::Cancelled)),
            "CANCELLED (the remote command was stopped)",
            "cancelled",
            Ran::Yes,
        ),
        (Ending::Sent(Outcome::Completed { exit_code: None }), "FAILED (Exit Code: n/a)", "failed", Ran::Yes),
        (
            Ending::Sent(Outcome::Unknown),
            "UNKNOWN (the connection was lost; it may have run)",
            "unknown",
            Ran::Unknown,
        ),
        (Ending::Running { job: "abc".to_owned() }, "RUNNING (job abc)", "running", Ran::Yes),
    ];
    for (ending, status, name, ran) in cases {
        let report = report(ending, &Captured::empty(), 8192);
        assert!(report.text().contains(&format!("Status: {status}\n")), "{}", report.text());
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["status"], name);
        assert_eq!(report.ran, ran);
        assert!(!report.success);
    }
}

#[test]
fn a_denial_names_the_rule_and_an_alternative() {
    let policy = Policy::new(&Settings::default()).unwrap();
    let denial = denial(&policy, "Get-Servce");
    let report = report(Ending::Denied(denial), &Captured::empty(), 8192);
    let expected = "Command not executed on web-01\nStatus: DENIED (observe)\nExecution Time: 1.23s\n\
                    Reason: denied by observe: Get-Servce is not allowed here\nInstead: did you mean Get-Service?\n";
    assert_eq!(report.text(), expected);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["error"]["code"], "denied");
    assert_eq!(json["ran"], "no");
    assert!(json.get("exit").is_none() && json.get("status_code").is_none());
}

fn denial(policy: &Policy, text: &str) -> crate::policy::Denial {
    use crate::{
        call::{Call, Mode, Principal, Purpose, Work},
        inventory::{AuthScheme, Endpoint, Login, Remoting, Target, Timeouts, Trust},
        secret::Reference,
    };
    let target = Target {
        name: HostName::new("web-01"),
        endpoint: Endpoint::parse("web-01").unwrap(),
        login: Login {
            user: "u".to_owned(),
            password: Reference::Environment("P".to_owned()),
            scheme: AuthScheme::default(),
        },
        tags: std::collections::BTreeSet::new(),
        trust: Trust::default(),
        proxy: None,
        timeouts: Timeouts::default(),
        max_retries: 0,
        remoting: Remoting::default(),
    };
    let call = Call {
        id: CallId::from_random(1),
        principal: Principal::local(),
        host: HostName::new("web-01"),
        work: Work::PowerShell { text: text.to_owned() },
        purpose: Purpose::Agent,
        mode: Mode::Run,
        timeout: None,
    };
    policy.judge(&call, &target, time::OffsetDateTime::UNIX_EPOCH).into_result().unwrap_err()
}

#[test]
fn the_structured_result_has_the_old_fields_and_ours() {
    let report = report(completed(0), &captured("out", "err"), 8192);
    let json = serde_json::to_value(&report).unwrap();
    let expected = serde_json::json!({
        "hostname": "web-01", "command": "Get-Service", "status_code": 0, "stdout": "out", "stderr": "err",
        "execution_time_seconds": 1.234, "success": true,
        "host": "web-01", "status": "success", "ran": "yes", "exit": { "code": 0, "source": "remote" },
        "call_id": CallId::from_random(1).as_str(), "redactions": 0, "removed_characters": 0,
    });
    assert_eq!(json, expected);
}

#[test]
fn success_is_what_the_caller_says_it_is() {
    let codes = SuccessCodes::parse("0, 3010").unwrap();
    assert_eq!(completed(3010).status(&codes), Status::Success);
    assert_eq!(completed(1).status(&codes), Status::Failed);
    assert_eq!(SuccessCodes::parse("0,x"), None);
    assert_eq!(SuccessCodes::parse(""), None);
}

#[test]
fn a_long_result_keeps_both_ends_and_says_how_much_is_missing() {
    let lines: String = (0..10_000).map(|n| format!("line {n}\n")).collect();
    let report = report(completed(0), &captured(&lines, "short error"), 1000);
    assert!(report.stdout.len() < 1100, "{}", report.stdout.len());
    assert!(report.stdout.starts_with("line 0\n") && report.stdout.ends_with("line 9999\n"));
    let truncated = report.truncated.unwrap();
    let missing = truncated.stdout.omitted_bytes;
    assert_eq!(truncated.stdout.total_bytes, u64::try_from(lines.len()).unwrap());
    assert!(
        report.stdout.contains(&format!("\n[... {missing} of {} bytes left out ...]\nline ", lines.len()))
    );
    assert_eq!(truncated.stderr.omitted_bytes, 0);
    assert_eq!(report.stderr, "short error");
}

#[test]
fn what_follows_a_gap_never_joins_the_beginning() {
    let mut spool = Spool::new(SpoolLimits { head: 5, tail: 0 });
    for piece in ["a\na", "aéaéé", "a"] {
        spool.push(piece);
    }
    assert_eq!(spool.excerpt(10).text, "a\naa\n[... 8 of 12 bytes left out ...]\n");
}

#[test]
fn markers_stand_around_the_whole_block_and_differ_from_call_to_call() {
    let report = report(completed(0), &captured("text", ""), 8192);
    let fenced = report.fenced_text(5);
    let marker = CallId::from_random(5);
    assert!(fenced.starts_with(&format!("[untrusted output of web-01 begins {marker}]\nCommand executed")));
    assert!(fenced.ends_with(&format!("text\n[untrusted output of web-01 ends {marker}]\n")));
    assert_ne!(fenced, report.fenced_text(6));
}

#[derive(Debug, thiserror::Error)]
#[error("the cause")]
struct Failure(Code);

impl Remedy for Failure {
    fn code(&self) -> Code {
        self.0
    }

    fn fix(&self) -> Option<String> {
        Some("the fix".to_owned())
    }

    fn retry(&self) -> Retry {
        Retry::Later
    }
}

#[test]
fn errors_begin_with_the_words_of_winrm_mcp_server() {
    let cases = [
        (Code::Unreachable, "Error: Connection error to web-01: the cause (the fix)"),
        (Code::Tls, "Error: Connection error to web-01: the cause (the fix)"),
        (Code::Authentication, "Error: Authentication failed for svc@web-01: the cause (the fix)"),
        (Code::TimedOut, "Error: Command execution timed out on web-01: the cause (the fix)"),
        (Code::Remote, "Error: Failed to execute command on web-01: the cause (the fix)"),
    ];
    for (code, expected) in cases {
        assert_eq!(error_text("web-01", "svc", &Failure(code)), expected);
    }
}

proptest! {
    #[test]
    fn a_spool_keeps_both_ends_of_anything(pieces in prop::collection::vec("[a-zé\n]{0,40}", 0..40), head in 0..60usize, tail in 0..60usize, limit in 2..120usize) {
        let mut spool = Spool::new(SpoolLimits { head, tail });
        for piece in &pieces {
            spool.push(piece);
        }
        let whole = pieces.concat();
        prop_assert_eq!(spool.total_bytes(), u64::try_from(whole.len()).unwrap());
        if whole.len() <= head {
            prop_assert_eq!(spool.whole(), Some(whole.clone()));
        }
        let excerpt = spool.excerpt(limit);
        if let Some(kept) = spool.whole() {
            prop_assert_eq!(&kept, &whole);
        }
        if excerpt.omitted_bytes == 0 {
            prop_assert_eq!(&excerpt.text, &whole);
        } else {
            let (beginning, end) = excerpt.text.split_once("[... ").unwrap();
            let (_, end) = end.split_once(" ...]\n").unwrap();
            prop_assert!(whole.starts_with(beginning.trim_end_matches('\n')));
            prop_assert!(whole.ends_with(end));
            prop_assert!(end.len() <= tail.max(limit));
        }
    }

    #[test]
    fn decoding_in_pieces_is_decoding(bytes in prop::collection::vec(any::<u8>(), 0..60), cut in 0..60usize) {
        let whole = stdout_of(&bytes);
        let mut output = output(&[]);
        let (first, second) = bytes.split_at(cut.min(bytes.len()));
        output.push(Channel::Stdout, first);
        output.push(Channel::Stdout, second);
        prop_assert_eq!(output.into_captured().stdout.whole().unwrap(), whole);
    }
}

#[test]
fn a_result_holds_the_head_of_many_objects_and_says_what_is_missing() {
    let mut objects = Objects::new(SpoolLimits::default(), &Scrubber::default());
    for number in 0..2_000 {
        objects.output(&winrm_script::value::Value::Int32(number));
    }
    for number in 0..500 {
        objects.record(winrm_script::evaluate::Stream::Warning, &format!("warning {number}").as_str().into());
    }
    let captured = objects.finish(&View { max_items: 5_000, ..View::default() });
    let report = report(completed(0), &captured, 8 * 1024);
    let json = serde_json::to_value(&report).unwrap();
    let text = serde_json::to_string(&json).unwrap();
    assert!(text.len() < 10 * 1024, "{}", text.len());
    let shown = json["objects"].as_array().unwrap();
    assert_eq!(shown[0], serde_json::json!({ "value": 0 }));
    assert!(shown.len() > 50, "{}", shown.len());
    assert_eq!(json["truncated"]["total_objects"], 2_000);
    assert_eq!(json["truncated"]["omitted_objects"], 2_000 - shown.len());
    assert!(report.stdout.contains("bytes left out"), "{}", report.stdout);
    assert!(!json.as_object().unwrap().contains_key("verbose"), "what is not there takes no room");
}

#[test]
fn a_script_that_stopped_half_way_says_what_ran() {
    let mut objects = Objects::new(SpoolLimits::default(), &Scrubber::default());
    let step = |number, command: &str, outcome, ran| Step {
        number,
        command: command.to_owned(),
        outcome,
        ran,
        objects: 0,
        errors: 0,
    };
    objects.step(step(1, "Stop-Service -Name A", StepOutcome::Completed, Ran::Yes));
    objects.step(step(2, "Stop-Service -Name B", StepOutcome::NotSent, Ran::No));
    objects.via("winrs");
    let captured = objects.finish(&View::default());
    let report = report(completed(1), &captured, 8 * 1024);
    let text = report.text();
    assert!(
        text.contains("1. Stop-Service -Name A: completed\n2. Stop-Service -Name B: not sent\n"),
        "{text}"
    );
    assert!(text.contains("Via: powershell.exe, as text"), "{text}");
}

#[test]
fn lines_of_text_stand_once_and_nothing_counts_as_missing() {
    let result = |values: &[winrm_script::value::Value]| {
        let mut objects = Objects::new(SpoolLimits::default(), &Scrubber::default());
        values.iter().for_each(|value| objects.output(value));
        serde_json::to_value(report(completed(0), &objects.finish(&View::default()), 8_192)).unwrap()
    };
    let text = result(&["a line".into(), "another".into()]);
    assert_eq!(text["stdout"], "a line\nanother\n");
    assert!(text.get("objects").is_none() && text.get("truncated").is_none(), "{text}");
    let mixed = result(&["a line".into(), winrm_script::value::Value::Int32(1)]);
    assert_eq!(mixed["objects"], serde_json::json!([{ "value": "a line" }, { "value": 1 }]));
}

#[test]
fn time_that_ran_out_before_anything_was_sent_stopped_nothing_there() {
    let objects = Objects::new(SpoolLimits::default(), &Scrubber::default());
    let stopped = Ending::Sent(Outcome::Stopped(StopReason::Deadline));
    let captured = objects.finish(&View::default());
    let mut report = report(stopped, &captured, 8_192);
    report.ran = Ran::No;
    assert!(report.text().contains("(nothing ran on the host)"), "{}", report.text());
}
