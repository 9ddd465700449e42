//! What is asked of the pool itself: its runspaces and its key.

use tokio::sync::oneshot;
use winrm_proto::psrp::{Availability, ClientKey, SharedCipher};

use super::{Driver, Question};
use crate::error::{Cause, Error, Operation, Reached};

impl Driver {
    pub(super) fn ask(&mut self, question: Question, asked: oneshot::Sender<Result<Availability, Error>>) {
        let call = match question {
            Question::Available => self.conversation.available_runspaces(),
            Question::AtLeast(count) => self.conversation.set_min_runspaces(count),
            Question::AtMost(count) => self.conversation.set_max_runspaces(count),
            Question::Reset => self.conversation.reset_state(),
        };
        match call {
            Ok(call) => drop(self.questions.insert(call, asked)),
            Err(error) => {
                let error = Error::new(Operation::Send, Cause::PowerShell(error), Reached::Nobody);
                let _unheard = asked.send(Err(error));
            }
        }
    }

    pub(super) fn exchange_key(
        &mut self,
        key: Box<dyn ClientKey>,
        done: oneshot::Sender<Result<SharedCipher, Error>>,
    ) {
        let answer = match (self.conversation.psrp().cipher().cloned(), self.conversation.exchange_key(key)) {
            (Some(cipher), _) => Ok(cipher),
            (None, Ok(())) => return self.keys.push(done),
            (None, Err(error)) => Err(Error::new(Operation::Send, Cause::PowerShell(error), Reached::Nobody)),
        };
        let _unheard = done.send(answer);
    }
}
