//! Broken and hostile hosts against the finished binary: one sentence, the right exit code, no hang, nothing run twice.

use std::time::{Duration, Instant};

use winrm_host::{Act, Certificate, Event, Misbehaviour, Operation, Scheme, Transport, Trigger};

use crate::support::{CANARY, Site, errors};

struct Case {
    what: &'static str,
    trigger: Trigger,
    act: Act,
    /// The exit codes that say what happened.
    exit: &'static [i32],
    /// Words of the sentence.
    words: &'static str,
}

#[test]
fn each_is_one_sentence_with_the_right_exit_code() {
    let doctype = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><s:Envelope/>";
    let envelope = |text: &str| Act::Envelope(text.to_owned().into());
    let case = |what, trigger, act, exit, words| Case { what, trigger, act, exit, words };
    let on = Trigger::On;
    let cases = [
        case("closes", Trigger::Request, Act::Close, &[69, 77], ""),
        case("closes mid-body", on(Operation::Create), Act::CloseMidBody, &[69, 77], "closed"),
        case("answers HTML", Trigger::Request, Act::HtmlUnavailable, &[69, 75], ""),
        case(
            "redirects",
            Trigger::Request,
            Act::Redirect("https://evil.example/wsman".to_owned()),
            &[69],
            "redirects are not followed",
        ),
        case("401 for ever", Trigger::Request, Act::Refuse, &[77], ""),
        case("a DOCTYPE", on(Operation::Create), envelope(doctype), &[70], "cannot be used"),
        case("deep", on(Operation::Create), envelope(&"<a>".repeat(100_000)), &[70], "cannot be used"),
        case("deeper", on(Operation::Create), envelope(&"<a>".repeat(500_000)), &[69, 70], ""),
        case("an endless body", on(Operation::Create), Act::EndlessBody, &[69, 70], "larger than"),
        case("an endless header", on(Operation::Create), Act::EndlessHeader, &[69, 70], "header"),
        case("not HTTP", Trigger::Request, Act::Raw("SSH-2.0-x\r\n".into()), &[69, 70], ""),
        case(
            "a Type 2 that drops what we need",
            on(Operation::Empty),
            Act::Reply {
                status: 401,
                headers: vec![("WWW-Authenticate".to_owned(), format!("Negotiate {BARE_TYPE_2}"))],
                body: "".into(),
            },
            &[77],
            "",
        ),
        case("a quota", on(Operation::Create), Act::Fault(0x8033_81E4), &[75], ""),
        case("access denied", on(Operation::Create), Act::Fault(5), &[77], ""),
        case("an unknown fault", on(Operation::Create), Act::Fault(0x8033_9999), &[70], "0x80339999"),
    ];
    let mut wrong = Vec::new();
    for Case { what, trigger, act, exit, words } in cases {
        let site = Site::with(|builder| builder.misbehave(Misbehaviour::always(trigger, act)));
        let begin = Instant::now();
        let arguments = ["exec", "--native", "--timeout", "5", "--", "hostname"];
        let output = site.run(&arguments, &[("CONNECTION_TIMEOUT", Some("3")), ("MAX_RETRIES", Some("1"))]);
        let told = errors(&output);
        let code = output.status.code().unwrap();
        let right = exit.contains(&code) && told.contains(words) && told.lines().count() <= 2;
        // The command's deadline, and what the host may take to delete a shell.
        let in_time = begin.elapsed() < Duration::from_secs(12);
        if !right || !in_time || told.contains(CANARY) || commands(&site) != 0 {
            wrong.push(format!("{what}: exit {code} after {:?}: {told}", begin.elapsed()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_host_that_is_silent_or_drips_ends_at_the_deadline() {
    for act in [Act::Hang, Act::Drip(Duration::from_millis(300))] {
        let misbehaviour = Misbehaviour::always(Trigger::On(Operation::Receive), act.clone());
        let site = Site::with(|builder| builder.misbehave(misbehaviour));
        let begin = Instant::now();
        let output = site.run(&["exec", "--native", "--timeout", "1", "--", "hostname"], &[]);
        assert_eq!(output.status.code(), Some(124), "{act:?}: {output:?}");
        assert!(begin.elapsed() < Duration::from_secs(12), "{act:?}: {:?}", begin.elapsed());
        assert_eq!(commands(&site), 1, "{act:?}");
    }
}

/// What stands in an answer to Receive in place of a pool's messages. That of a pool that is being opened comes third, after
/// the two requests of the handshake, that of its first pipeline fifth.
#[test]
fn a_pool_that_is_lied_to_is_one_sentence_and_no_hang() {
    let output = |bytes: &[u8]| Act::Output(vec![bytes.to_vec().into()]);
    let start = [[0; 7].as_slice(), &[9], &[0; 8], &[1, 0, 0, 0, 4], b"half"].concat();
    let second = [[0; 7].as_slice(), &[9], &[0; 7], &[1, 2, 0, 0, 0, 4], b"half"].concat();
    let mut endless = start.clone();
    endless[17..21].copy_from_slice(&[0xFF; 4]);
    let acts = [
        ("no fragments", output(&[0xFF; 64])),
        ("the second half first", output(&second)),
        ("the same half twice", output(&[start.clone(), start].concat())),
        ("a message without end", output(&endless)),
        ("an answer of another kind", Act::Envelope("<s:Envelope/>".into())),
        ("a body without end", Act::EndlessBody),
        ("closes mid-body", Act::CloseMidBody),
    ];
    let mut wrong = Vec::new();
    for (what, act) in acts {
        for request in [3, 5] {
            let lie = Misbehaviour::once(Trigger::Nth(request), act.clone());
            let site = Site::with(|builder| builder.misbehave(lie));
            let begin = Instant::now();
            let output = site.run(&["exec", "--timeout", "5", "--", "Get-Service", "W32Time"], &[]);
            let (told, code) = (errors(&output), output.status.code().unwrap());
            let lied =
                site.record().entries().iter().any(|entry| matches!(entry.event, Event::Misbehaved { .. }));
            let in_time = begin.elapsed() < Duration::from_secs(12);
            if code == 0 || !lied || !in_time || told.lines().count() > 2 || told.contains(CANARY) {
                wrong.push(format!("{what} at {request}: exit {code} after {:?}: {told}", begin.elapsed()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_may_have_run_is_not_run_again_and_said_to_be_unknown() {
    for act in [Act::PerformAndClose, Act::CloseMidBody] {
        let misbehaviour = Misbehaviour::always(Trigger::On(Operation::Command), act.clone());
        let site = Site::with(|builder| builder.misbehave(misbehaviour));
        let output = site.run(&["exec", "--json", "--native", "--", "hostname"], &[]);
        let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(result["ran"], "unknown", "{act:?}: {result}");
        assert_eq!(commands(&site), 1, "{act:?}");
    }
}

#[test]
fn a_sealed_answer_that_was_changed_or_replayed_is_refused() {
    for act in [Act::Corrupt, Act::Replay] {
        let misbehaviour = Misbehaviour::always(Trigger::On(Operation::Command), act.clone());
        let site = Site::with(|builder| builder.transport(Transport::Http).misbehave(misbehaviour));
        let output = site
            .run(&["exec", "--native", "--timeout", "5", "--", "hostname"], &[("USE_HTTPS", Some("false"))]);
        assert_ne!(output.status.code(), Some(0), "{act:?}: {output:?}");
        assert!(output.stdout.is_empty(), "{act:?}: {output:?}");
    }
}

#[test]
fn certificates_are_refused_in_words() {
    let cases = [
        (Certificate::Expired, "expired"),
        (Certificate::NotYetValid, "not valid yet"),
        (Certificate::Names("db-01.example".to_owned()), "is not for localhost but for db-01.example"),
    ];
    for (certificate, words) in cases {
        let site = Site::with(|builder| builder.certificate(certificate));
        let output = site.run(&["exec", "--native", "--", "hostname"], &[]);
        assert_eq!(output.status.code(), Some(76), "{words}: {output:?}");
        assert!(errors(&output).contains(words), "{words}: {}", errors(&output));
    }
}

#[test]
fn only_kerberos_is_named() {
    let site = Site::with(|builder| builder.offer([Scheme::Kerberos]));
    let output = site.run(&["exec", "--native", "--", "hostname"], &[]);
    assert_eq!(output.status.code(), Some(77), "{output:?}");
    assert!(errors(&output).contains("Kerberos"), "{}", errors(&output));
}

#[test]
fn basic_is_refused_where_it_would_hand_the_password_over() {
    let site = Site::with(|builder| builder.offer([Scheme::Basic]));
    let cases: [&[(&str, Option<&str>)]; 3] = [
        &[("AUTH", Some("basic")), ("USERNAME", Some("CORP\\operator"))],
        &[("AUTH", Some("basic")), ("SKIP_SSL_VERIFICATION", Some("true"))],
        &[("AUTH", Some("basic")), ("USE_HTTPS", Some("false"))],
    ];
    for different in cases {
        let output = site.run(&["exec", "--native", "--", "hostname"], different);
        assert_eq!(output.status.code(), Some(78), "{different:?}: {output:?}");
    }
    // Not asked for, it is not used.
    assert_eq!(site.run(&["exec", "--native", "--", "hostname"], &[]).status.code(), Some(77));
    let requests = site.record().requests_since(winrm_host::Mark::default());
    let proofs = requests.iter().filter(|request| request.scheme == Some(Scheme::Basic));
    assert_eq!(proofs.count(), 0, "no password left");
}

fn commands(site: &Site) -> usize {
    site.record().entries().iter().filter(|entry| matches!(entry.event, Event::Command { .. })).count()
}

/// A `CHALLENGE_MESSAGE` with Unicode and NTLM alone: no extended session security, no key exchange, no target information.
const BARE_TYPE_2: &str = "TlRMTVNTUAACAAAAAAAAADgAAAABAgAAASNFZ4mrze8AAAAAAAAAAAAAAAA4AAAACgAAAAAAAA8=";
