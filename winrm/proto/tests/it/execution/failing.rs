//! Hosts that refuse, vanish or answer nonsense, and connections that are lost.

use bytes::Bytes;
use winrm_proto::exchange::{Event, Failure, FailureKind, Lane, Output, Sent, ShellFate, Step};
use winrm_proto::winrs::{Call, Command, SignalCode, SignalResponse};

use super::conversation::{Conversation, done, fault, message_id, output};

#[test]
fn a_command_that_does_not_start() {
    for (code, fate) in [
        (0x8007_0002, ShellFate::Usable),
        (0x8033_805B, ShellFate::Gone),
        (995, ShellFate::Gone),
        (0x8033_81A6, ShellFate::Spent),
        (0x8033_81E8, ShellFate::Spent),
        (0x8033_81E9, ShellFate::Spent),
    ] {
        let mut test = Conversation::new();
        let command = test.expect_send(Lane::Control);
        test.fault(&command, &fault(code));
        let failure = Failure { step: Step::Command, kind: FailureKind::Fault(Box::new(fault(code))) };
        test.expect_event(&Event::Failed(failure));
        assert_eq!(test.poll(), Output::Done);
        assert_eq!(test.execution.shell_fate(), fate);
    }
}

#[test]
fn a_shell_that_vanishes_is_not_signalled() {
    let mut test = Conversation::start();
    let receive = test.expect_send(Lane::Poll);
    test.fault(&receive, &fault(0x8033_805B));
    assert!(matches!(test.poll(), Output::Event(Event::Failed(failure)) if failure.step == Step::Receive));
    assert_eq!(test.poll(), Output::Done);
    assert_eq!(test.execution.shell_fate(), ShellFate::Gone);
}

#[test]
fn a_command_whose_output_is_unusable_is_ended() {
    for body in [&b""[..], b"<html/>", b"<s:Envelope", b"\xFF\xFE"] {
        let mut test = Conversation::start();
        let receive = test.expect_send(Lane::Poll);
        test.execution.reply(test.now, receive.outgoing.id, body);
        assert!(matches!(
            test.poll(),
            Output::Event(Event::Failed(Failure { step: Step::Receive, kind: FailureKind::Unusable(_) }))
        ));
        let signal = test.expect_send(Lane::Control);
        assert!(matches!(&signal.call, Call::Signal(signal) if signal.code == SignalCode::Terminate));
        test.answer(&signal, &SignalResponse);
        assert_eq!(test.poll(), Output::Done);
    }
}

#[test]
fn an_answer_to_another_request_is_refused() {
    let mut test = Conversation::start();
    let mut receive = test.expect_send(Lane::Poll);
    receive.header.message_id = Some(message_id(999));
    test.answer(&receive, &output(b"stale", b""));
    let failure = Failure { step: Step::Receive, kind: FailureKind::Unrelated };
    test.expect_event(&Event::Failed(failure));
}

#[test]
fn a_lost_receive_is_asked_again() {
    for (sent, lost_answers) in [(Sent::Nothing, 0), (Sent::Something, 1)] {
        let mut test = Conversation::start();
        let receive = test.expect_send(Lane::Poll);
        test.execution.lost(receive.outgoing.id, sent);
        assert_eq!(test.execution.lost_answers(), lost_answers);
        let again = test.expect_send(Lane::Poll);
        assert_ne!(receive.header.message_id, again.header.message_id);
        test.answer(&again, &done(Some(0)));
        test.expect_event(&Event::Exited(Some(0)));
    }
}

#[test]
fn a_command_is_never_sent_twice() {
    let mut test = Conversation::new();
    let command = test.expect_send(Lane::Control);
    test.execution.lost(command.outgoing.id, Sent::Nothing);
    let command = test.expect_send(Lane::Control);
    assert!(matches!(command.call, Call::Command(_)));
    test.execution.lost(command.outgoing.id, Sent::Something);
    test.expect_event(&Event::Failed(Failure { step: Step::Command, kind: FailureKind::Lost }));
    assert_eq!(test.poll(), Output::Done);
}

#[test]
fn replies_that_nobody_waits_for_are_passed_over() {
    let mut test = Conversation::start();
    let receive = test.expect_send(Lane::Poll);
    test.answer(&receive, &output(b"x", b""));
    test.answer(&receive, &output(b"x", b""));
    test.execution.lost(receive.outgoing.id, Sent::Something);
    test.expect_event(&Event::Stdout(Bytes::from_static(b"x")));
    test.expect_send(Lane::Poll);
    assert_eq!(test.poll(), Output::WantInput);
}

#[test]
fn a_command_that_xml_cannot_carry_is_not_sent() {
    let mut test = Conversation::with(Command { command: "a\u{1}b".to_owned(), ..Command::default() });
    let Output::Event(Event::Failed(failure)) = test.poll() else { panic!("no failure") };
    assert!(matches!(failure.kind, FailureKind::Unwritable(_)) && failure.step == Step::Command);
    assert!(failure.nothing_was_done());
    assert_eq!(test.poll(), Output::Done);
}

#[test]
fn what_a_failure_left_hanging_is_waited_for_and_dropped() {
    let mut test = Conversation::start();
    let receive = test.expect_send(Lane::Poll);
    test.execution.write_stdin(Bytes::from_static(b"data"));
    let send = test.expect_send(Lane::Control);
    test.fault(&send, &fault(5));
    assert!(matches!(test.poll(), Output::Event(Event::Failed(failure)) if failure.step == Step::Send));
    let signal = test.expect_send(Lane::Control);
    test.answer(&signal, &SignalResponse);
    assert_eq!(test.poll(), Output::Pending, "the Receive still hangs on its connection");
    test.answer(&receive, &output(b"late", b""));
    assert_eq!(test.poll(), Output::Done);
}
