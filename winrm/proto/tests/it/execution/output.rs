//! Output, its end, and the order of requests.

use bytes::Bytes;
use winrm_proto::exchange::{Event, Lane, Output, ShellFate};
use winrm_proto::winrs::{
    Call, CommandId, CommandState, ExecutionState, ReceiveResponse, SendResponse, Signal, SignalCode,
    SignalResponse,
};
use winrm_proto::wsman::Fault;

use super::conversation::{Conversation, command_id, done, output};

#[test]
fn a_command_from_start_to_release() {
    let mut test = Conversation::start();
    let receive = test.expect_send(Lane::Poll);
    assert!(matches!(receive.call, Call::Receive(_)));
    test.expect_want_input();
    test.answer(&receive, &output(b"hello", b"oops"));
    test.expect_event(&Event::Stdout(Bytes::from_static(b"hello")));
    test.expect_event(&Event::Stderr(Bytes::from_static(b"oops")));
    let receive = test.expect_send(Lane::Poll);
    test.answer(&receive, &done(Some(3)));
    test.expect_event(&Event::Exited(Some(3)));
    let signal = test.expect_send(Lane::Control);
    assert_eq!(
        signal.call,
        Call::Signal(Signal { command_id: Some(command_id()), code: SignalCode::Terminate })
    );
    assert_eq!(test.poll(), Output::Pending);
    test.answer(&signal, &SignalResponse);
    assert_eq!(test.poll(), Output::Done);
    assert_eq!(test.execution.shell_fate(), ShellFate::Usable);
}

#[test]
fn output_and_end_in_one_answer() {
    let mut test = Conversation::start();
    let receive = test.expect_send(Lane::Poll);
    test.answer(&receive, &ReceiveResponse { streams: output(b"x", b"").streams, ..done(Some(0)) });
    test.expect_event(&Event::Stdout(Bytes::from_static(b"x")));
    test.expect_event(&Event::Exited(Some(0)));
}

#[test]
fn no_output_is_asked_for_while_events_are_undrained() {
    let mut test = Conversation::start();
    let receive = test.expect_send(Lane::Poll);
    test.answer(&receive, &output(b"1", b"2"));
    test.expect_event(&Event::Stdout(Bytes::from_static(b"1")));
    // The second event is still there, so no request may come out.
    test.expect_event(&Event::Stderr(Bytes::from_static(b"2")));
    test.expect_send(Lane::Poll);
}

#[test]
fn a_timed_out_receive_is_asked_again_at_once_with_a_new_message() {
    let mut test = Conversation::start();
    let mut seen = Vec::new();
    for empty in 1..=3 {
        let receive = test.expect_send(Lane::Poll);
        assert!(!seen.contains(&receive.header.message_id));
        seen.push(receive.header.message_id.clone());
        test.fault(&receive, &Fault::operation_timed_out("HOST"));
        assert_eq!(test.execution.empty_polls(), empty);
    }
    let receive = test.expect_send(Lane::Poll);
    test.answer(&receive, &output(b"at last", b""));
    assert_eq!(test.execution.empty_polls(), 0);
}

#[test]
fn only_the_state_done_ends_a_command() {
    for state in [ExecutionState::Running, ExecutionState::Pending, ExecutionState::Other("urn:x".into())] {
        let mut test = Conversation::start();
        let receive = test.expect_send(Lane::Poll);
        let state = CommandState { command_id: Some(command_id()), state, exit_code: Some(7) };
        test.answer(&receive, &ReceiveResponse { streams: Vec::new(), state: Some(state) });
        test.expect_send(Lane::Poll);
    }
}

#[test]
fn an_end_without_exit_code_is_not_zero() {
    let mut test = Conversation::start();
    let receive = test.expect_send(Lane::Poll);
    test.answer(&receive, &done(None));
    test.expect_event(&Event::Exited(None));
}

#[test]
fn what_belongs_to_another_command_is_passed_over() {
    let mut test = Conversation::start();
    let receive = test.expect_send(Lane::Poll);
    let other = CommandId::parse("OTHER").unwrap();
    let mut response = done(Some(1));
    response.streams = output(b"theirs", b"").streams;
    response.streams[0].command_id = Some(other.clone());
    response.state.as_mut().unwrap().command_id = Some(other);
    test.answer(&receive, &response);
    test.expect_send(Lane::Poll);
}

#[test]
fn hosts_that_leave_the_command_out_are_understood() {
    let mut test = Conversation::start();
    let receive = test.expect_send(Lane::Poll);
    let mut response = ReceiveResponse { streams: output(b"x", b"").streams, ..done(Some(0)) };
    response.streams[0].command_id = None;
    response.state.as_mut().unwrap().command_id = None;
    test.answer(&receive, &response);
    test.expect_event(&Event::Stdout(Bytes::from_static(b"x")));
    test.expect_event(&Event::Exited(Some(0)));
}

/// Both lanes at once, in every order of answers: the outcome is the same.
#[test]
fn answers_of_the_two_lanes_commute() {
    for order in [[0, 1, 2], [0, 2, 1], [2, 0, 1]] {
        let mut test = Conversation::start();
        let mut receive = test.expect_send(Lane::Poll);
        test.execution.write_stdin(Bytes::from_static(b"a"));
        test.execution.write_stdin(Bytes::from_static(b"b"));
        let mut send = test.expect_send(Lane::Control);
        let mut output_seen = Vec::new();
        for step in order {
            match step {
                2 => {
                    test.answer(&receive, &output(b"out", b""));
                    let Output::Event(Event::Stdout(data)) = test.poll() else { panic!("no output") };
                    output_seen.extend_from_slice(&data);
                    receive = test.expect_send(Lane::Poll);
                }
                1 => test.answer(&send, &SendResponse),
                _ => {
                    test.answer(&send, &SendResponse);
                    send = test.expect_send(Lane::Control);
                }
            }
        }
        assert_eq!(output_seen, b"out");
        assert_eq!(test.poll(), Output::WantInput);
    }
}
