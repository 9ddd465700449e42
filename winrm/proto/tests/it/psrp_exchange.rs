//! A runspace pool over WS-Management, against a host made of our own server's half.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail as tests do"
)]

use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;
use winrm_proto::clixml::{PsString, Stream as Records};
use winrm_proto::exchange::{
    Confirmation, FailureKind, PoolEvent, PoolOutput, Route, RunspacePool, Sent, ShellFate, Step,
};
use winrm_proto::psrp::client::Event as Message;
use winrm_proto::psrp::{
    Availability, Command, Input, PipelineState, PoolLimits, PowerShell, RunspacePoolState, client,
};
use winrm_proto::winrs::{
    Call, CommandId, CommandState, ExecutionState, ReceiveResponse, SignalCode, Stream, StreamEnd, StreamName,
};
use winrm_proto::wsman::fault::FaultCode;
use winrm_proto::wsman::{Fault, MessageId, write_fault};
use winrm_proto::xml::Limits;

mod harness;

use harness::{Test, ended, ids, message, output, preamble, read, shell};

const POOL: Uuid = Uuid::from_u128(0xaaaa);
const FIRST: Uuid = Uuid::from_u128(1);
const SECOND: Uuid = Uuid::from_u128(2);

type Pool = RunspacePool<Box<dyn FnMut() -> Uuid>>;

#[test]
fn a_pool_opens_with_a_create_and_receives() {
    let mut test = Test::new();
    let events = test.run();
    assert!(matches!(message(&events[0]), Message::Negotiated(_)));
    assert!(matches!(message(&events[1]), Message::PrivateData));
    assert_eq!(test.requests[0], (Route::Control, "Create".to_owned()));
    assert!(test.requests[1..].iter().all(|request| *request == (Route::Poll(None), "Receive".to_owned())));
    // Nothing hangs once the pool is open: whoever waits for nothing asks for nothing.
    assert!(test.hanging.is_empty());
}

#[test]
fn a_warm_call_is_a_command_and_a_receive_with_the_release_behind() {
    let mut test = Test::opened();
    test.start(FIRST, Input::None);
    assert_eq!(test.run(), [PoolEvent::Started(FIRST)]);
    test.host.psrp.write(FIRST, Records::Output, 5.into()).unwrap();
    test.finish(FIRST);
    assert_eq!(test.run(), [output(FIRST, 5), ended(FIRST, PipelineState::Completed)]);
    let expected = [
        (Route::Control, "Command".to_owned()),
        (Route::Poll(Some(FIRST)), "Receive".to_owned()),
        (Route::Control, "Signal terminate".to_owned()),
    ];
    assert_eq!(test.requests, expected);
    assert_eq!(test.pool.shell_fate(), ShellFate::Usable);
}

#[test]
fn pipelines_run_side_by_side_each_with_its_own_receive() {
    let mut test = Test::opened();
    test.start(FIRST, Input::None);
    test.start(SECOND, Input::None);
    test.run();
    assert!(test.hanging.contains_key(&Route::Poll(Some(FIRST))));
    assert!(test.hanging.contains_key(&Route::Poll(Some(SECOND))));
    test.host.psrp.write(SECOND, Records::Output, "x".repeat(2000).into()).unwrap();
    test.finish(SECOND);
    assert_eq!(test.run(), [output(SECOND, "x".repeat(2000)), ended(SECOND, PipelineState::Completed)]);
    assert!(test.hanging.contains_key(&Route::Poll(Some(FIRST))));
}

#[test]
fn input_follows_its_command_one_send_at_a_time() {
    let mut test = Test::opened();
    test.start(FIRST, Input::Open);
    test.pool.input(FIRST, "x".repeat(700_000).into()).unwrap();
    test.pool.end_input(FIRST).unwrap();
    assert!(test.pool.pending_input() > 700_000);
    let command = test.expect_send();
    assert!(matches!(test.pool.poll(test.now), PoolOutput::Pending), "input may not overtake its command");
    test.serve(command);
    test.run();
    assert_eq!(test.pool.pending_input(), 0);
    assert_eq!(test.kinds().iter().filter(|kind| **kind == "Send").count(), 2);
}

#[test]
fn a_stop_goes_out_at_once_and_the_last_state_comes() {
    let mut test = Test::opened();
    test.start(FIRST, Input::None);
    test.run();
    test.requests.clear();
    test.pool.stop(FIRST).unwrap();
    let events = test.run();
    let stopping = PoolEvent::Stopping { pipeline: FIRST, confirmation: Confirmation::Confirmed };
    assert_eq!(events, [stopping, ended(FIRST, PipelineState::Stopped)]);
    assert_eq!(test.requests[0], (Route::Urgent, "Signal crtl_c".to_owned()));
    assert_eq!(test.kinds().last(), Some(&"Signal terminate"));
    assert!(test.pool.stop(FIRST).is_err());
}

#[test]
fn a_stop_whose_answer_is_lost_is_asked_once_more_and_then_unconfirmed() {
    let mut test = Test::opened();
    test.start(FIRST, Input::None);
    test.run();
    test.pool.stop(FIRST).unwrap();
    for _ in 0..2 {
        let signal = test.expect_send();
        assert_eq!(signal.route, Route::Urgent);
        test.pool.lost(signal.id, Sent::Something);
    }
    let stopping = PoolEvent::Stopping { pipeline: FIRST, confirmation: Confirmation::Unconfirmed };
    assert_eq!(test.expect_event(), stopping);
    assert_eq!(test.pool.poll(test.now), PoolOutput::Pending);
}

#[test]
fn a_pipeline_that_the_host_has_not_heard_of_is_taken_back() {
    let mut test = Test::opened();
    test.start(FIRST, Input::None);
    test.pool.stop(FIRST).unwrap();
    assert_eq!(test.run(), [ended(FIRST, PipelineState::Stopped)]);
    assert_eq!(test.requests, []);
}

#[test]
fn calls_about_the_pool_have_it_asked_for_messages() {
    let mut test = Test::opened();
    let call = test.pool.available_runspaces().unwrap();
    let answer = Availability::Count(4);
    assert_eq!(test.run(), [PoolEvent::Message(Message::Answer { call, answer })]);
    assert_eq!(test.kinds(), ["Send", "Receive"]);
    assert!(test.hanging.is_empty());
}

#[test]
fn a_timed_out_receive_is_asked_again_and_a_lost_one_too() {
    let mut test = Test::opened();
    test.start(FIRST, Input::None);
    let command = test.expect_send();
    test.serve(command);
    assert_eq!(test.expect_event(), PoolEvent::Started(FIRST));
    let receive = test.expect_send();
    let (header, _) = read(&receive.envelope);
    let fault =
        write_fault(&header, MessageId::from_uuid(FIRST), &Fault::operation_timed_out("HOST")).unwrap();
    test.pool.reply(test.now, receive.id, &fault);
    let again = test.expect_send();
    assert_ne!((again.id, &again.envelope), (receive.id, &receive.envelope));
    test.pool.lost(again.id, Sent::Something);
    let again = test.expect_send();
    assert_eq!(again.route, Route::Poll(Some(FIRST)));
}

#[test]
fn a_lost_command_is_never_sent_again_once_a_byte_had_left() {
    let mut test = Test::opened();
    test.start(FIRST, Input::None);
    let command = test.expect_send();
    test.pool.lost(command.id, Sent::Nothing);
    let command = test.expect_send();
    test.pool.lost(command.id, Sent::Something);
    let PoolEvent::PipelineFailed { pipeline: FIRST, failure } = test.expect_event() else { panic!() };
    assert_eq!((failure.step, failure.kind), (Step::Command, FailureKind::Lost));
    // It may run: the host is told to end it.
    let signal = test.expect_send();
    assert!(matches!(read(&signal.envelope).1, Call::Signal(signal) if signal.code == SignalCode::Terminate));
    assert_eq!(test.pool.poll(test.now), PoolOutput::Pending);
}

#[test]
fn a_fault_ends_one_pipeline_and_tells_about_the_shell() {
    let mut test = Test::opened();
    test.start(FIRST, Input::None);
    test.start(SECOND, Input::None);
    let command = test.expect_send();
    let (header, _) = read(&command.envelope);
    let fault = Fault::new(FaultCode::Sender, "QuotaLimit", 0x8033_81A6, "HOST", "used up");
    let fault = write_fault(&header, MessageId::from_uuid(FIRST), &fault).unwrap();
    test.pool.reply(test.now, command.id, &fault);
    assert!(matches!(test.expect_event(), PoolEvent::PipelineFailed { pipeline: FIRST, .. }));
    assert_eq!(test.pool.shell_fate(), ShellFate::Spent);
    assert_eq!(test.run(), [PoolEvent::Started(SECOND)]);
}

#[test]
fn output_that_ends_without_a_last_state_is_told() {
    let mut test = Test::opened();
    test.start(FIRST, Input::None);
    let command = test.expect_send();
    test.serve(command);
    test.expect_event();
    let receive = test.expect_send();
    let (header, _) = read(&receive.envelope);
    let state = CommandState { command_id: None, state: ExecutionState::Done, exit_code: None };
    let response = ReceiveResponse { streams: Vec::new(), state: Some(state) };
    let answer = test.host.respond(&header, &response);
    test.pool.reply(test.now, receive.id, &answer);
    assert_eq!(test.run(), [PoolEvent::PipelineEnded(FIRST)]);
    assert_eq!(test.kinds(), ["Command", "Signal terminate"]);
}

#[test]
fn fragments_that_cannot_be_break_the_pool_and_nothing_more_is_asked() {
    let mut test = Test::opened();
    test.start(FIRST, Input::None);
    let command = test.expect_send();
    test.serve(command);
    test.expect_event();
    let receive = test.expect_send();
    let (header, _) = read(&receive.envelope);
    let stream = Stream {
        name: StreamName::Stdout,
        command_id: None,
        data: Bytes::from_static(&[0xFF; 64]),
        end: StreamEnd::Open,
    };
    let answer = test.host.respond(&header, &ReceiveResponse { streams: vec![stream], state: None });
    test.pool.reply(test.now, receive.id, &answer);
    assert!(matches!(test.expect_event(), PoolEvent::Broken(_)));
    assert_eq!(test.pool.poll(test.now), PoolOutput::Pending);
    assert_ne!(test.pool.shell_fate(), ShellFate::Usable);
    test.pool.close();
    assert_eq!(test.run(), [PoolEvent::Closed(Confirmation::Confirmed)]);
    assert_eq!(test.kinds().last(), Some(&"Delete"));
    assert_eq!(test.pool.poll(test.now), PoolOutput::Done);
}

#[test]
fn a_pool_is_left_and_taken_up_again() {
    let mut test = Test::opened();
    test.start(FIRST, Input::None);
    test.run();
    test.pool.disconnect(Some(Duration::from_secs(60))).unwrap();
    // The host ends what hung when a client leaves.
    let (hung, header, _) = test.hanging.remove(&Route::Poll(Some(FIRST))).unwrap();
    let fault = Fault::new(FaultCode::Sender, "InvalidSelectors", 0x8033_81C4, "HOST", "disconnected");
    let fault = write_fault(&header, MessageId::from_uuid(FIRST), &fault).unwrap();
    test.pool.reply(test.now, hung.id, &fault);
    assert_eq!(test.run(), [PoolEvent::Disconnected]);
    assert!(test.pool.start(SECOND, PowerShell::new(vec![Command::new("x")])).is_err());
    test.host.psrp.write(FIRST, Records::Output, 1.into()).unwrap();
    assert_eq!(test.run(), []);
    test.pool.reconnect().unwrap();
    assert_eq!(test.run(), [PoolEvent::Reconnected, output(FIRST, 1)]);
}

#[test]
fn another_process_takes_a_pool_over_with_its_pipeline() {
    let mut test = Test::opened();
    test.start(FIRST, Input::None);
    test.run();
    test.host.psrp.disconnected().unwrap();
    test.host.psrp.write(FIRST, Records::Output, 1.into()).unwrap();
    test.hanging.clear();
    let psrp = client::RunspacePool::connect(POOL, PsString::from("other"), PoolLimits::default()).unwrap();
    test.pool = Pool::connect(preamble(), Limits::default(), ids(), shell(), psrp);
    test.run();
    assert_eq!(test.pool.psrp().state(), RunspacePoolState::Opened);
    test.pool.attach(FIRST, CommandId::from_uuid(FIRST)).unwrap();
    test.finish(FIRST);
    let events = test.run();
    assert_eq!(events, [PoolEvent::Started(FIRST), output(FIRST, 1), ended(FIRST, PipelineState::Completed)]);
}

#[test]
fn a_pool_that_does_not_open_says_so_and_is_over() {
    let mut test = Test::new();
    let create = test.expect_send();
    test.pool.lost(create.id, Sent::Nothing);
    let create = test.expect_send();
    let (header, _) = read(&create.envelope);
    let fault = Fault::new(FaultCode::Sender, "AccessDenied", 5, "HOST", "no");
    let fault = write_fault(&header, MessageId::from_uuid(FIRST), &fault).unwrap();
    test.pool.reply(test.now, create.id, &fault);
    let PoolEvent::Failed(failure) = test.expect_event() else { panic!() };
    assert_eq!(failure.fault().unwrap().wsman_code(), Some(5));
    assert_eq!(test.pool.poll(test.now), PoolOutput::Done);

    let mut unasked = Test::new();
    unasked.pool.close();
    assert_eq!(unasked.run(), [PoolEvent::Closed(Confirmation::Confirmed)]);
    assert_eq!(unasked.requests, []);
}
