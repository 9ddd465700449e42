//! One command in a shell, against a host that a test writes the answers of.

use std::time::{Duration, Instant};

use bytes::Bytes;
use uuid::Uuid;
use winrm_proto::exchange::{
    Confirmation, Event, Execution, Failure, FailureKind, Lane, Outgoing, Output, SendId, Sent, ShellFate,
    Step,
};
use winrm_proto::winrs::{
    Call, Command, CommandId, CommandResponse, CommandState, ExecutionState, ReceiveResponse, SendResponse,
    ShellId, ShellReference, Signal, SignalCode, SignalResponse, Stream, StreamEnd, StreamName,
};
use winrm_proto::wsman::fault::FaultCode;
use winrm_proto::wsman::{
    Fault, Header, Incoming, MessageId, Preamble, ResourceUri, Response, SessionId, write_fault,
    write_response,
};
use winrm_proto::xml::Limits;

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

#[test]
fn input_goes_one_piece_at_a_time_and_ends_with_the_last() {
    let mut test = Conversation::start();
    test.expect_send(Lane::Poll);
    test.execution.write_stdin(Bytes::from_static(b"one"));
    test.execution.write_stdin(Bytes::from_static(b"two"));
    test.execution.close_stdin();
    let first = test.expect_send(Lane::Control);
    assert_eq!(sent(&first), (b"one".to_vec(), StreamEnd::Open));
    assert_eq!(test.poll(), Output::Pending);
    test.answer(&first, &SendResponse);
    let second = test.expect_send(Lane::Control);
    assert_eq!(sent(&second), (b"two".to_vec(), StreamEnd::Closed));
    test.answer(&second, &SendResponse);
    assert_eq!(test.poll(), Output::Pending);
}

#[test]
fn closing_empty_input_is_told_to_the_host() {
    let mut test = Conversation::start();
    test.expect_send(Lane::Poll);
    test.execution.close_stdin();
    let send = test.expect_send(Lane::Control);
    assert_eq!(sent(&send), (Vec::new(), StreamEnd::Closed));
}

#[test]
fn large_input_is_cut_so_that_each_envelope_fits() {
    let mut test = Conversation::start();
    test.expect_send(Lane::Poll);
    let data: Vec<u8> = (0_u8..=250).cycle().take(400_000).collect();
    test.execution.write_stdin(Bytes::from(data.clone()));
    test.execution.close_stdin();
    let mut received = Vec::new();
    loop {
        let send = test.expect_send(Lane::Control);
        assert!(send.outgoing.envelope.len() <= 153_600, "{} bytes", send.outgoing.envelope.len());
        let (piece, end) = sent(&send);
        received.extend(piece);
        test.answer(&send, &SendResponse);
        if end == StreamEnd::Closed {
            break;
        }
    }
    assert_eq!(received, data);
    assert_eq!(test.poll(), Output::Pending);
}

#[test]
fn a_busy_host_gets_the_same_input_later() {
    let mut test = Conversation::start();
    test.expect_send(Lane::Poll);
    test.execution.write_stdin(Bytes::from_static(b"data"));
    test.execution.close_stdin();
    let mut last_wait = Duration::ZERO;
    for code in [170, 0x8007_00AA, 170] {
        let send = test.expect_send(Lane::Control);
        assert_eq!(sent(&send), (b"data".to_vec(), StreamEnd::Closed));
        test.fault(&send, &fault(code));
        let Output::WaitUntil(time) = test.poll() else { panic!("no wait") };
        let wait = time - test.now;
        assert!(wait > last_wait && wait <= Duration::from_secs(1));
        last_wait = wait;
        test.now = time;
    }
    let send = test.expect_send(Lane::Control);
    test.answer(&send, &SendResponse);
    assert_eq!(test.poll(), Output::Pending);
}

#[test]
fn a_command_that_reads_no_more_does_not_fail() {
    for code in [109, 232, 0x8007_006D, 0x8007_00E8, 0x8033_805B] {
        let mut test = Conversation::start();
        let receive = test.expect_send(Lane::Poll);
        test.execution.write_stdin(Bytes::from_static(b"unread"));
        let send = test.expect_send(Lane::Control);
        test.fault(&send, &fault(code));
        assert_eq!(test.poll(), Output::Pending);
        test.answer(&receive, &done(Some(0)));
        test.expect_event(&Event::Exited(Some(0)));
    }
}

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
    for (fails, expected) in [(true, Confirmation::Confirmed), (false, Confirmation::Unconfirmed)] {
        let mut test = Conversation::new();
        let command = test.expect_send(Lane::Control);
        test.execution.stop();
        if fails {
            test.fault(&command, &fault(5));
        } else {
            test.execution.lost(command.outgoing.id, Sent::Something);
        }
        test.expect_event(&Event::Stopped(expected));
        assert_eq!(test.poll(), Output::Done);
    }
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
    for sent in [Sent::Nothing, Sent::Something] {
        let mut test = Conversation::start();
        let receive = test.expect_send(Lane::Poll);
        test.execution.lost(receive.outgoing.id, sent);
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
fn input_is_never_sent_twice() {
    let mut test = Conversation::start();
    test.expect_send(Lane::Poll);
    test.execution.write_stdin(Bytes::from_static(b"data"));
    let send = test.expect_send(Lane::Control);
    test.execution.lost(send.outgoing.id, Sent::Nothing);
    let send = test.expect_send(Lane::Control);
    assert_eq!(sent(&send).0, b"data");
    test.execution.lost(send.outgoing.id, Sent::Something);
    test.expect_event(&Event::Failed(Failure { step: Step::Send, kind: FailureKind::Lost }));
    let signal = test.expect_send(Lane::Control);
    assert!(matches!(signal.call, Call::Signal(_)));
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
    let event = test.poll();
    assert!(matches!(
        event,
        Output::Event(Event::Failed(Failure { step: Step::Command, kind: FailureKind::Unwritable(_) }))
    ));
    assert_eq!(test.poll(), Output::Done);
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

/// A request as the host sees it.
struct Request {
    outgoing: Outgoing,
    header: Header,
    call: Call,
}

struct Conversation {
    execution: Execution<Box<dyn FnMut() -> Uuid>>,
    now: Instant,
}

impl Conversation {
    /// A conversation that has sent nothing.
    fn new() -> Self {
        Self::with(Command { command: "hostname".to_owned(), ..Command::default() })
    }

    fn with(command: Command) -> Self {
        let mut last = 0_u128;
        let ids = move || {
            last += 1;
            Uuid::from_u128(last)
        };
        let preamble = Preamble::new("https://host:5986/wsman".to_owned(), SessionId::from_uuid(Uuid::nil()));
        let shell = ShellReference {
            resource_uri: ResourceUri::CMD,
            shell_id: ShellId::from_uuid(Uuid::from_u128(0x51)),
        };
        let ids: Box<dyn FnMut() -> Uuid> = Box::new(ids);
        Self {
            execution: Execution::new(preamble, Limits::default(), ids, shell, command),
            now: Instant::now(),
        }
    }

    /// A conversation whose command has started.
    fn start() -> Self {
        let mut conversation = Self::new();
        let command = conversation.expect_send(Lane::Control);
        assert!(matches!(&command.call, Call::Command(command) if command.command == "hostname"));
        assert_eq!(conversation.poll(), Output::Pending);
        conversation.answer(&command, &CommandResponse { command_id: command_id() });
        conversation.expect_event(&Event::Started(command_id()));
        conversation
    }

    fn poll(&mut self) -> Output<Event> {
        self.execution.poll(self.now)
    }

    fn expect_send(&mut self, lane: Lane) -> Request {
        let output = self.poll();
        let Output::Send(outgoing) = output else { panic!("expected a request, got {output:?}") };
        assert_eq!(outgoing.lane, lane);
        let incoming = Incoming::open(&outgoing.envelope, &Limits::default()).unwrap();
        let (header, call) = Call::read(incoming).unwrap();
        assert_eq!(header.selectors.value("ShellId"), Some("00000000-0000-0000-0000-000000000051"));
        assert_eq!(header.resource_uri, Some(ResourceUri::CMD));
        Request { outgoing, header, call }
    }

    fn expect_event(&mut self, expected: &Event) {
        assert_eq!(self.poll(), Output::Event(expected.clone()));
    }

    fn expect_want_input(&mut self) {
        assert_eq!(self.poll(), Output::WantInput);
    }

    fn answer<R: Response>(&mut self, request: &Request, response: &R) {
        let envelope = write_response(&request.header, message_id(0xFF), response).unwrap();
        self.deliver(request.outgoing.id, &envelope);
    }

    fn fault(&mut self, request: &Request, fault: &Fault) {
        let envelope = write_fault(&request.header, message_id(0xFF), fault).unwrap();
        self.deliver(request.outgoing.id, &envelope);
    }

    fn deliver(&mut self, id: SendId, envelope: &[u8]) {
        self.execution.reply(self.now, id, envelope);
    }
}

fn sent(request: &Request) -> (Vec<u8>, StreamEnd) {
    let Call::Send(send) = &request.call else { panic!("not a Send") };
    let [stream] = send.streams.as_slice() else { panic!("not one stream") };
    assert_eq!((&stream.name, &stream.command_id), (&StreamName::Stdin, &Some(command_id())));
    (stream.data.to_vec(), stream.end)
}

fn output(stdout: &'static [u8], stderr: &'static [u8]) -> ReceiveResponse {
    let stream = |name, data| Stream {
        name,
        command_id: Some(command_id()),
        data: Bytes::from_static(data),
        end: StreamEnd::Open,
    };
    ReceiveResponse {
        streams: vec![stream(StreamName::Stdout, stdout), stream(StreamName::Stderr, stderr)],
        state: None,
    }
}

fn done(exit_code: Option<i32>) -> ReceiveResponse {
    let state = CommandState { command_id: Some(command_id()), state: ExecutionState::Done, exit_code };
    ReceiveResponse { streams: Vec::new(), state: Some(state) }
}

fn fault(code: u32) -> Fault {
    Fault::new(FaultCode::Receiver, "InternalError", code, "HOST", "no")
}

fn command_id() -> CommandId {
    CommandId::from_uuid(Uuid::from_u128(0xC0))
}

fn message_id(number: u128) -> MessageId {
    MessageId::from_uuid(Uuid::from_u128(number))
}
