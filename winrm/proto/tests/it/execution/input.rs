//! Input, piece by piece.

use std::time::Duration;

use bytes::Bytes;
use winrm_proto::exchange::{Event, Failure, FailureKind, Lane, Output, Sent, Step};
use winrm_proto::winrs::{Call, SendResponse, StreamEnd};

use super::conversation::{Conversation, done, fault, sent};

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
    for code in [170, 0x8007_00AA, 170, 170, 170] {
        let send = test.expect_send(Lane::Control);
        assert_eq!(sent(&send), (b"data".to_vec(), StreamEnd::Closed));
        test.fault(&send, &fault(code));
        let Output::WaitUntil(time) = test.poll() else { panic!("no wait") };
        let wait = time - test.now;
        assert!(wait > last_wait && wait <= Duration::from_secs(1));
        last_wait = wait;
        test.now = time;
    }
    for _ in 0..40 {
        let send = test.expect_send(Lane::Control);
        test.fault(&send, &fault(170));
        let Output::WaitUntil(time) = test.poll() else { panic!("no wait") };
        assert_eq!(time - test.now, Duration::from_secs(1));
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
