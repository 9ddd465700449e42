//! Scripted misbehaviour: what a broken, an overloaded or a hostile host does.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use crate::record::Operation;

/// When and how often the host misbehaves, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misbehaviour {
    trigger: Trigger,
    act: Act,
    repeat: Repeat,
}

impl Misbehaviour {
    /// The act takes hold of the first request that the trigger names.
    #[must_use]
    pub fn once(trigger: Trigger, act: Act) -> Self {
        Self { trigger, act, repeat: Repeat::Times(1) }
    }

    /// The act takes hold of each request that the trigger names.
    #[must_use]
    pub fn always(trigger: Trigger, act: Act) -> Self {
        Self { trigger, act, repeat: Repeat::Always }
    }

    /// The act takes hold as often as `repeat` says.
    #[must_use]
    pub fn repeated(self, repeat: Repeat) -> Self {
        Self { repeat, ..self }
    }
}

/// Which requests a [`Misbehaviour`] is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Any request, authenticated or not.
    Request,
    /// Requests for this operation.
    On(Operation),
    /// Each n-th request of those that arrive while the misbehaviour is armed, the first of them counted as 1.
    Nth(u32),
}

/// How often a [`Misbehaviour`] takes hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// That often, then never again.
    Times(u32),
    /// For ever.
    Always,
}

/// What the host does instead of answering, or to its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Nothing is performed; the connection is closed without a byte.
    Close,
    /// Nothing is performed and nothing is answered; the connection stays open.
    Hang,
    /// Nothing is performed; these bytes are written, HTTP or not, and the connection is closed.
    Raw(Bytes),
    /// Nothing is performed; a status line and then header fields without an end.
    EndlessHeader,
    /// Nothing is performed; a success whose body never ends.
    EndlessBody,
    /// Nothing is performed; 503 with a page of HTML, as a load balancer without a target answers.
    HtmlUnavailable,
    /// Nothing is performed; 302 to this address.
    Redirect(String),
    /// Nothing is performed; 401 with the offered schemes, whatever the credential.
    Refuse,
    /// Nothing is performed; this status, these header fields and this body.
    Reply {
        /// The status.
        status: u16,
        /// Names and values.
        headers: Vec<(String, String)>,
        /// The body, as it is.
        body: Bytes,
    },
    /// Nothing is performed; the connection's answer before this one once more, sealed as it was.
    Replay,
    /// Nothing is performed; 200 with this body as the envelope.
    Envelope(Bytes),
    /// Nothing is performed; a WS-Management fault with this code.
    Fault(u32),
    /// Nothing is performed; a Receive is answered with these pieces of standard output, which a runspace pool's
    /// client takes for fragments. The command still runs, and its true output follows with the next Receive.
    Output(Vec<Bytes>),
    /// The request is performed; the connection is closed without an answer.
    PerformAndClose,
    /// The request is performed; half of the answer's body is written, then the connection is closed.
    CloseMidBody,
    /// The request is performed; the answer comes byte by byte with this pause between two.
    Drip(Duration),
    /// The request is performed; the last byte of the answer's body is not what it was.
    Corrupt,
    /// The request is performed and answered; then the connection is closed as `Connection: close` announces.
    CloseAfterAnswer,
    /// The request is performed; a Receive answer says that the command still runs and names this exit code
    /// all the same. The true state follows with the next Receive.
    StrayExitCode(i32),
}

impl Act {
    /// Whether the request is performed before the act takes hold of the answer.
    pub(crate) fn performs(&self) -> bool {
        matches!(
            self,
            Self::PerformAndClose
                | Self::CloseMidBody
                | Self::Drip(_)
                | Self::Corrupt
                | Self::CloseAfterAnswer
                | Self::StrayExitCode(_)
        )
    }
}

/// The misbehaviours that are armed, in the order in which they were.
#[derive(Debug, Default)]
pub(crate) struct Armed {
    list: Mutex<Vec<Counted>>,
}

impl Armed {
    pub(crate) fn arm(&self, misbehaviour: Misbehaviour) {
        self.lock().push(Counted { misbehaviour, seen: 0 });
    }

    /// The act for a request, if one is due. The first armed one that fits wins.
    pub(crate) fn due(&self, operation: Operation) -> Option<Act> {
        let mut list = self.lock();
        let mut act = None;
        for counted in list.iter_mut() {
            let fits = counted.fits(operation);
            if act.is_none() && fits && counted.spend() {
                act = Some(counted.misbehaviour.act.clone());
            }
        }
        act
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Counted>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Counted {
    misbehaviour: Misbehaviour,
    seen: u32,
}

impl Counted {
    fn fits(&mut self, operation: Operation) -> bool {
        self.seen = self.seen.wrapping_add(1);
        match self.misbehaviour.trigger {
            Trigger::Request => true,
            Trigger::On(wanted) => wanted == operation,
            Trigger::Nth(n) => n != 0 && self.seen.is_multiple_of(n),
        }
    }

    fn spend(&mut self) -> bool {
        match &mut self.misbehaviour.repeat {
            Repeat::Always => true,
            Repeat::Times(0) => false,
            Repeat::Times(left) => {
                *left -= 1;
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_takes_hold_as_often_as_it_is_told() {
        let armed = Armed::default();
        armed.arm(Misbehaviour::once(Trigger::On(Operation::Receive), Act::Close));
        assert_eq!(armed.due(Operation::Create), None);
        assert_eq!(armed.due(Operation::Receive), Some(Act::Close));
        assert_eq!(armed.due(Operation::Receive), None);
    }

    #[test]
    fn the_nth_request_is_counted_from_the_arming() {
        let armed = Armed::default();
        armed.arm(Misbehaviour::always(Trigger::Nth(3), Act::Hang));
        let due: Vec<bool> = (0..6).map(|_| armed.due(Operation::Empty).is_some()).collect();
        assert_eq!(due, [false, false, true, false, false, true]);
    }

    #[test]
    fn two_acts_for_one_request_take_hold_one_after_the_other() {
        let armed = Armed::default();
        armed.arm(Misbehaviour::once(Trigger::Request, Act::Close));
        armed.arm(Misbehaviour::once(Trigger::Request, Act::Hang));
        assert_eq!(armed.due(Operation::Create), Some(Act::Close));
        assert_eq!(armed.due(Operation::Create), Some(Act::Hang));
    }
}
