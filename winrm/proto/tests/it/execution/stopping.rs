//! Stop and control-C, whatever they meet.

use bytes::Bytes;
use winrm_proto::exchange::{Confirmation, Event, Lane, Output, Sent};
use winrm_proto::winrs::{Call, CommandResponse, SignalCode, SignalResponse};
use winrm_proto::wsman::Fault;

use super::conversation::{Conversation, command_id, done, fault, output};

#[test]
fn a_stop_goes_out_while_a_receive_hangs() {
    let mut test = Conversation::start();
    let receive = test.expect_send(Lane::Poll);
    test.execution.stop();
    let signal = test.expect_send(Lane::Control);
    assert!(matches!(&signal.call, Call::Signal(signal) if signal.code == SignalCode::Terminate));
    test.execution.stop();
    assert_eq!(test.poll(), Output::Pending);
    test.answer(&signal, &SignalResponse);
    test.expect_event(&Event::Stopped(Confirmation::Confirmed));
    assert_eq!(test.poll(), Output::Pending);
    test.fault(&receive, &fault(995));
    assert_eq!(test.poll(), Output::Done);
}

#[test]
fn a_stop_and_its_receive_may_be_answered_in_either_order() {
    let mut test = Conversation::start();
    let receive = test.expect_send(Lane::Poll);
    test.execution.stop();
    let signal = test.expect_send(Lane::Control);
    test.answer(&receive, &output(b"last words", b""));
    test.expect_event(&Event::Stdout(Bytes::from_static(b"last words")));
    assert_eq!(test.poll(), Output::Pending, "no new Receive after a stop");
    test.answer(&signal, &SignalResponse);
    test.expect_event(&Event::Stopped(Confirmation::Confirmed));
    assert_eq!(test.poll(), Output::Done);
}

#[test]
fn a_command_that_ends_while_it_is_stopped_reports_both() {
    let mut test = Conversation::start();
    let receive = test.expect_send(Lane::Poll);
    test.execution.stop();
    let signal = test.expect_send(Lane::Control);
    test.answer(&receive, &done(Some(0)));
    test.expect_event(&Event::Exited(Some(0)));
    test.fault(&signal, &fault(0x8033_8000));
    test.expect_event(&Event::Stopped(Confirmation::Confirmed));
    assert_eq!(test.poll(), Output::Done);
}

#[test]
fn a_refused_stop_is_unconfirmed() {
    let mut test = Conversation::start();
    let receive = test.expect_send(Lane::Poll);
    test.execution.stop();
    let signal = test.expect_send(Lane::Control);
    test.fault(&signal, &fault(5));
    test.expect_event(&Event::Stopped(Confirmation::Unconfirmed));
    test.fault(&receive, &Fault::operation_timed_out("HOST"));
    assert_eq!(test.poll(), Output::Done);
}

#[test]
fn a_stop_before_the_start_sends_nothing() {
    let mut test = Conversation::new();
    test.execution.stop();
    test.expect_event(&Event::Stopped(Confirmation::Confirmed));
    assert_eq!(test.poll(), Output::Done);
}

#[test]
fn a_stop_during_the_start_waits_for_the_command() {
    let mut test = Conversation::new();
    let command = test.expect_send(Lane::Control);
    test.execution.stop();
    assert_eq!(test.poll(), Output::Pending);
    test.answer(&command, &CommandResponse { command_id: command_id() });
    test.expect_event(&Event::Started(command_id()));
    let signal = test.expect_send(Lane::Control);
    test.answer(&signal, &SignalResponse);
    test.expect_event(&Event::Stopped(Confirmation::Confirmed));
    assert_eq!(test.poll(), Output::Done);
}

#[test]
fn a_stop_during_a_start_that_fails() {
    // A host that refuses has started nothing; one that went down, was too slow or cannot be understood may have.
    let refusal = [5, 0x8007_0002, 0x8033_805B, 0x8033_81A6];
    let open = [0x8033_8029, 995, 0x8033_8003, 0x8033_8026, 4242];
    let expectations = refusal
        .map(|code| (code, Confirmation::Confirmed))
        .into_iter()
        .chain(open.map(|code| (code, Confirmation::Unconfirmed)));
    for (code, expected) in expectations {
        let mut test = Conversation::new();
        let command = test.expect_send(Lane::Control);
        test.execution.stop();
        test.fault(&command, &fault(code));
        test.expect_event(&Event::Stopped(expected));
        assert_eq!(test.poll(), Output::Done, "{code:#x}");
    }
    let mut test = Conversation::new();
    let command = test.expect_send(Lane::Control);
    test.execution.stop();
    test.execution.lost(command.outgoing.id, Sent::Something);
    test.expect_event(&Event::Stopped(Confirmation::Unconfirmed));
    assert_eq!(test.poll(), Output::Done);
}

#[test]
fn control_c_leaves_the_end_to_the_command() {
    let mut test = Conversation::start();
    let receive = test.expect_send(Lane::Poll);
    test.execution.interrupt();
    let signal = test.expect_send(Lane::Control);
    assert!(matches!(&signal.call, Call::Signal(signal) if signal.code == SignalCode::CtrlC));
    test.answer(&signal, &SignalResponse);
    test.expect_event(&Event::Interrupted(Confirmation::Confirmed));
    test.answer(&receive, &done(Some(-1_073_741_510)));
    test.expect_event(&Event::Exited(Some(-1_073_741_510)));
    let release = test.expect_send(Lane::Control);
    assert!(matches!(&release.call, Call::Signal(signal) if signal.code == SignalCode::Terminate));
}

#[test]
fn a_stop_overtakes_control_c() {
    let mut test = Conversation::start();
    test.expect_send(Lane::Poll);
    test.execution.interrupt();
    test.expect_send(Lane::Control);
    test.execution.stop();
    let signal = test.expect_send(Lane::Control);
    assert!(matches!(&signal.call, Call::Signal(signal) if signal.code == SignalCode::Terminate));
    test.expect_event(&Event::Interrupted(Confirmation::Unconfirmed));
}

#[test]
fn a_lost_stop_is_repeated_once() {
    let mut test = Conversation::start();
    let receive = test.expect_send(Lane::Poll);
    test.execution.stop();
    for _ in 0..2 {
        let signal = test.expect_send(Lane::Control);
        test.execution.lost(signal.outgoing.id, Sent::Something);
    }
    test.expect_event(&Event::Stopped(Confirmation::Unconfirmed));
    test.execution.lost(receive.outgoing.id, Sent::Something);
    assert_eq!(test.poll(), Output::Done);
}

#[test]
fn a_stop_forgets_that_the_host_was_busy() {
    let mut test = Conversation::start();
    test.expect_send(Lane::Poll);
    test.execution.write_stdin(Bytes::from_static(b"data"));
    let send = test.expect_send(Lane::Control);
    test.execution.stop();
    test.expect_send(Lane::Control);
    test.fault(&send, &fault(170));
    // A time to wait until would never be past again, and whoever drives the conversation would spin.
    assert_eq!(test.poll(), Output::Pending);
}
