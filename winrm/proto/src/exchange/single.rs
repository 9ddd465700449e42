use super::requester::{InFlight, Requester};
use super::{Failure, FailureKind, IdSource, Lane, Outgoing, Output, SendId, Sent, Step};
use crate::wsman::{Preamble, Request, Target};
use crate::xml::Limits;

/// One request and its answer. It is sent once: what may have reached the host is never sent again.
#[derive(Debug)]
pub struct Single<R: Request, I> {
    requester: Requester<I>,
    target: Target,
    request: R,
    state: State<R::Response>,
}

/// How a [`Single`] ended.
pub type SingleEvent<R> = Result<<R as Request>::Response, Failure>;

#[derive(Debug)]
enum State<T> {
    ToSend,
    Waiting(InFlight),
    Answered(Result<T, Failure>),
    Over,
}

impl<R: Request, I: IdSource> Single<R, I> {
    /// A conversation that sends `request` to `target`.
    pub const fn new(preamble: Preamble, limits: Limits, ids: I, target: Target, request: R) -> Self {
        Self { requester: Requester::new(preamble, limits, ids), target, request, state: State::ToSend }
    }

    /// What the conversation wants next.
    pub fn poll(&mut self) -> Output<SingleEvent<R>> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::ToSend => self.send(),
            State::Waiting(in_flight) => {
                self.state = State::Waiting(in_flight);
                Output::Pending
            }
            State::Answered(answer) => Output::Event(answer),
            State::Over => Output::Done,
        }
    }

    /// The answer to the request came; a reply that nobody waits for is passed over.
    pub fn reply(&mut self, id: SendId, envelope: &[u8]) {
        if let State::Waiting(in_flight) = &self.state
            && in_flight.id == id
        {
            let answer = self.requester.answer::<R::Response>(in_flight, envelope);
            self.state = State::Answered(answer.map_err(failure));
        }
    }

    /// The connection was lost before the answer came.
    pub fn lost(&mut self, id: SendId, sent: Sent) {
        if let State::Waiting(in_flight) = &self.state
            && in_flight.id == id
        {
            self.state = match sent {
                Sent::Nothing => State::ToSend,
                Sent::Something => State::Answered(Err(failure(FailureKind::Lost))),
            };
        }
    }

    fn send(&mut self) -> Output<SingleEvent<R>> {
        match self.requester.request(Lane::Control, &self.target, &self.request) {
            Ok((in_flight, outgoing)) => self.wait(in_flight, outgoing),
            Err(error) => Output::Event(Err(failure(error))),
        }
    }

    fn wait(&mut self, in_flight: InFlight, outgoing: Outgoing) -> Output<SingleEvent<R>> {
        self.state = State::Waiting(in_flight);
        Output::Send(outgoing)
    }
}

fn failure(kind: impl Into<FailureKind>) -> Failure {
    Failure::new(Step::Request, kind)
}
