//! Any order of answers, losses and wishes, and what must hold in all of them.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use winrm_proto::exchange::{Confirmation, Event, Output, Sent};
use winrm_proto::winrs::{Call, CommandResponse, SendResponse, SignalCode, SignalResponse, StreamEnd};
use winrm_proto::wsman::Fault;

use super::conversation::{Conversation, Request, command_id, done, fault, output};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_schedule_ends_and_loses_nothing(actions in proptest::collection::vec(action(), 0..60)) {
        let mut world = World::new();
        for action in actions {
            world.act(action);
            world.drain();
        }
        world.finish();
        let exited = world.events.contains(&Event::Exited(Some(7)));
        let stopped = world.events.contains(&Event::Stopped(Confirmation::Confirmed));
        prop_assert!(exited || stopped, "{:?}", world.events);
        prop_assert!(world.stop_asked || !stopped);
        prop_assert!(!world.events.iter().any(|event| matches!(event, Event::Failed(_))), "{:?}", world.events);
        if exited {
            prop_assert_eq!(world.output(), OUTPUT.concat());
        } else {
            prop_assert!(OUTPUT.concat().starts_with(&world.output()));
        }
        prop_assert!(world.written.starts_with(&world.taken));
    }

    #[test]
    fn every_schedule_ends_whatever_the_host_answers(
        actions in proptest::collection::vec(prop_oneof![3 => action(), 1 => nonsense()], 0..60),
    ) {
        let mut world = World::new();
        for action in actions {
            world.act(action);
            world.drain();
        }
        world.finish();
        let ends = world.events.iter().filter(|event| {
            matches!(event, Event::Exited(_) | Event::Failed(_) | Event::Stopped(_))
        });
        prop_assert!(ends.count() >= 1, "{:?}", world.events);
        prop_assert!(OUTPUT.concat().starts_with(&world.output()));
    }
}

const OUTPUT: [&str; 4] = ["one ", "two ", "three ", "four"];

#[derive(Debug, Clone, Copy)]
enum Action {
    /// The host answers one of the requests that are on their way.
    Answer(usize),
    /// A connection is lost before a byte of its request left.
    Lose(usize),
    /// The host is busy, if the request is a Send.
    Busy(usize),
    /// Nothing happened on the host, if the request is a Receive.
    TimeOut(usize),
    /// A connection is lost after something of its request left; the host had not acted.
    LoseLate(usize),
    /// The host answers with this fault.
    Fault(usize, u32),
    /// The host answers something else.
    Garbage(usize, &'static str),
    Write,
    Close,
    Interrupt,
    Stop,
    Wait,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        10 => (0..3_usize).prop_map(Action::Answer),
        2 => (0..3_usize).prop_map(Action::Lose),
        2 => (0..3_usize).prop_map(Action::Busy),
        2 => (0..3_usize).prop_map(Action::TimeOut),
        4 => Just(Action::Write),
        1 => Just(Action::Close),
        1 => Just(Action::Interrupt),
        1 => Just(Action::Stop),
        1 => Just(Action::Wait),
    ]
}

fn nonsense() -> impl Strategy<Value = Action> {
    let codes = vec![5, 170, 995, 109, 0x8033_8029, 0x8033_805B, 0x8033_81A6, 0x8033_81E9, 0x8033_8003, 4242];
    let garbage = vec![
        "",
        "<html/>",
        "<",
        "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body/></s:Envelope>",
    ];
    prop_oneof![
        (0..3_usize).prop_map(Action::LoseLate),
        (0..3_usize, proptest::sample::select(codes)).prop_map(|(index, code)| Action::Fault(index, code)),
        (0..3_usize, proptest::sample::select(garbage))
            .prop_map(|(index, text)| Action::Garbage(index, text)),
    ]
}

/// The conversation, and a host with one command.
struct World {
    conversation: Conversation,
    in_flight: Vec<Request>,
    events: Vec<Event>,
    over: bool,
    stop_asked: bool,
    commands: usize,
    terminated: bool,
    output: VecDeque<&'static str>,
    written: Vec<u8>,
    taken: Vec<u8>,
    closed: bool,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            conversation: Conversation::new(),
            in_flight: Vec::new(),
            events: Vec::new(),
            over: false,
            stop_asked: false,
            commands: 0,
            terminated: false,
            output: OUTPUT.into(),
            written: Vec::new(),
            taken: Vec::new(),
            closed: false,
        };
        world.drain();
        world
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Answer(index) => self.answer(index),
            Action::Lose(index) => self.lose(index),
            Action::Busy(index) => self.refuse(index, |call| matches!(call, Call::Send(_)), &fault(170)),
            Action::TimeOut(index) => {
                self.refuse(
                    index,
                    |call| matches!(call, Call::Receive(_)),
                    &Fault::operation_timed_out("HOST"),
                );
            }
            Action::LoseLate(index) => {
                if let Some(request) = self.take(index) {
                    self.conversation.execution.lost(request.outgoing.id, Sent::Something);
                }
            }
            Action::Fault(index, code) => self.refuse(index, |_| true, &fault(code)),
            Action::Garbage(index, text) => {
                if let Some(request) = self.take(index) {
                    self.conversation.deliver(request.outgoing.id, text.as_bytes());
                }
            }
            Action::Write => self.write(),
            Action::Close => {
                self.closed = true;
                self.conversation.execution.close_stdin();
            }
            Action::Interrupt => self.conversation.execution.interrupt(),
            Action::Stop => {
                self.stop_asked = true;
                self.conversation.execution.stop();
            }
            Action::Wait => self.conversation.now += Duration::from_secs(1),
        }
    }

    /// Polls until there is nothing to do but wait.
    fn drain(&mut self) {
        for _ in 0..1000 {
            match self.conversation.poll() {
                Output::Send(outgoing) => {
                    assert!(!self.over, "a request after the end");
                    self.in_flight.push(Request::new(outgoing));
                    self.assert_one_of_each();
                }
                Output::Event(event) => self.events.push(event),
                Output::WaitUntil(time) => {
                    assert!(time > self.conversation.now);
                    return;
                }
                Output::WantInput | Output::Pending => return,
                Output::Done => {
                    self.over = true;
                    return;
                }
            }
        }
        panic!("the conversation never rests");
    }

    /// One Command, one Receive and one Send at a time, and nothing for a command that has not started.
    fn assert_one_of_each(&self) {
        let count =
            |wanted: fn(&Call) -> bool| self.in_flight.iter().filter(|request| wanted(&request.call)).count();
        assert!(count(|call| matches!(call, Call::Command(_))) <= 1);
        assert!(count(|call| matches!(call, Call::Receive(_))) <= 1);
        assert!(count(|call| matches!(call, Call::Send(_))) <= 1);
        assert!(self.commands > 0 || count(|call| !matches!(call, Call::Command(_))) == 0);
    }

    fn take(&mut self, index: usize) -> Option<Request> {
        (index < self.in_flight.len()).then(|| self.in_flight.remove(index))
    }

    fn answer(&mut self, index: usize) {
        let Some(request) = self.take(index) else { return };
        match &request.call {
            Call::Command(_) => {
                self.commands += 1;
                assert_eq!(self.commands, 1, "a command ran twice");
                self.conversation.answer(&request, &CommandResponse { command_id: command_id() });
            }
            Call::Receive(_) if self.terminated => self.conversation.fault(&request, &fault(995)),
            Call::Receive(_) => self.give_output(&request),
            Call::Send(send) => {
                for stream in &send.streams {
                    self.taken.extend_from_slice(&stream.data);
                    assert!(stream.end == StreamEnd::Open || self.closed);
                }
                self.conversation.answer(&request, &SendResponse);
            }
            Call::Signal(signal) => {
                self.terminated |= signal.code == SignalCode::Terminate;
                self.conversation.answer(&request, &SignalResponse);
            }
            other => panic!("unexpected {other:?}"),
        }
    }

    fn give_output(&mut self, request: &Request) {
        match self.output.pop_front() {
            Some(text) => self.conversation.answer(request, &output(text.as_bytes(), b"")),
            None => self.conversation.answer(request, &done(Some(7))),
        }
    }

    fn lose(&mut self, index: usize) {
        if let Some(request) = self.take(index) {
            self.conversation.execution.lost(request.outgoing.id, Sent::Nothing);
        }
    }

    fn refuse(&mut self, index: usize, applies: fn(&Call) -> bool, fault: &Fault) {
        if self.in_flight.get(index).is_some_and(|request| applies(&request.call)) {
            let request = self.in_flight.remove(index);
            self.conversation.fault(&request, fault);
        }
    }

    fn write(&mut self) {
        if !self.closed {
            let piece = format!("{} ", self.written.len());
            self.written.extend_from_slice(piece.as_bytes());
            self.conversation.execution.write_stdin(Bytes::from(piece));
        }
    }

    /// Lets the host answer everything until the conversation is over.
    fn finish(&mut self) {
        for _ in 0..1000 {
            if self.over {
                assert!(self.in_flight.iter().all(|request| is_overtaken(&request.call)));
                return;
            }
            self.act(Action::Wait);
            self.act(Action::Answer(0));
            self.drain();
        }
        panic!("the conversation never ends: {:?}", self.events);
    }

    fn output(&self) -> String {
        let pieces = self.events.iter().filter_map(|event| match event {
            Event::Stdout(data) => Some(String::from_utf8(data.to_vec()).unwrap()),
            _ => None,
        });
        pieces.collect()
    }
}

/// A control-C that a stop or the end overtook is not waited for.
fn is_overtaken(call: &Call) -> bool {
    matches!(call, Call::Signal(signal) if signal.code == SignalCode::CtrlC)
}
