//! What a scripted misbehaviour makes of a request.

use bytes::BytesMut;
use http::StatusCode;
use http::request::Parts;

use super::act::{Instead, Taken, instead};
use super::answer::Answer;
use super::authentication::Verdict;
use super::respond::Session;
use crate::misbehaviour::Act;
use crate::record::Event;
use crate::service::Asked;

impl Session {
    /// Answers a request as the act wants it, or takes the stream away from HTTP.
    pub(super) async fn misbehave(&self, head: &Parts, verdict: Verdict, asked: Asked, act: Act) -> Answer {
        self.world.record.write(Event::Misbehaved { connection: self.connection });
        if !act.performs() {
            return self.instead(&asked, act).await;
        }
        let stray = if let Act::StrayExitCode(code) = act { Some(code) } else { None };
        let answer = self.answer_truly(head, verdict, asked, stray).await;
        self.tamper(answer, act).await
    }

    /// What comes in place of an answer.
    async fn instead(&self, asked: &Asked, act: Act) -> Answer {
        let nothing = || Answer::empty(StatusCode::INTERNAL_SERVER_ERROR);
        match act {
            Act::Refuse => self.refusal(),
            Act::Replay => self.last().unwrap_or_else(nothing),
            Act::Envelope(envelope) => self.sealed(StatusCode::OK, envelope),
            Act::Fault(code) => {
                let (status, envelope) = self.world.fault(asked, code);
                self.sealed(status, envelope)
            }
            Act::Output(pieces) => {
                let (status, envelope) = self.world.made_up_output(asked, pieces);
                self.sealed(status, envelope)
            }
            act => match instead(act) {
                Some(Instead::Answer(answer)) => answer,
                Some(Instead::Take(taken)) => match self.take_over(taken).await {},
                None => nothing(),
            },
        }
    }

    /// What becomes of a true answer.
    async fn tamper(&self, answer: Answer, act: Act) -> Answer {
        let taken = match act {
            Act::CloseAfterAnswer => return answer.closing(),
            Act::Corrupt => return corrupt(answer),
            Act::PerformAndClose => Taken::Close,
            Act::CloseMidBody => {
                let missing = answer.body.len().div_ceil(2);
                let mut bytes = answer.into_bytes();
                bytes.truncate(bytes.len() - missing);
                Taken::Write(bytes)
            }
            Act::Drip(pause) => Taken::Drip(answer.into_bytes(), pause),
            _ => return answer,
        };
        match self.take_over(taken).await {}
    }
}

fn corrupt(answer: Answer) -> Answer {
    let mut body = BytesMut::from(answer.body);
    if let Some(last) = body.last_mut() {
        *last ^= 0xFF;
    }
    Answer { body: body.freeze(), ..answer }
}
