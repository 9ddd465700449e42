//! Create or Connect: the pool's first messages travel in the request that makes the shell, or takes it over.

use super::{PoolRequest, Purpose, Route, RunspacePool};
use crate::exchange::requester::InFlight;
use crate::exchange::{FailureKind, IdSource, SendId, Sent, Step};
use crate::psrp::{Channel, Payload, Priority};
use crate::winrs::{Connect, ConnectResponse, CreateShell, CreateShellResponse};

/// How far the opening has come.
#[derive(Debug)]
pub(super) enum Opening {
    /// The request is to be sent.
    ToSend(First),
    Waiting(InFlight, First),
    /// The shell is there.
    Answered,
    Over,
}

/// The request that begins the conversation.
#[derive(Debug, Clone)]
pub(super) enum First {
    Create(Box<CreateShell>),
    Connect(Connect),
}

impl Opening {
    pub(super) fn create(template: CreateShell) -> Self {
        Self::ToSend(First::Create(Box::new(template)))
    }

    pub(super) fn connect() -> Self {
        Self::ToSend(First::Connect(Connect::default()))
    }

    pub(super) fn waits_for(&self, id: SendId) -> bool {
        matches!(self, Self::Waiting(in_flight, _) if in_flight.id == id)
    }

    /// Whether the host has made the shell.
    pub(super) fn is_answered(&self) -> bool {
        matches!(self, Self::Answered)
    }

    /// Whether there is no shell, and none is to come.
    pub(super) fn is_over(&self) -> bool {
        matches!(self, Self::Over)
    }
}

impl First {
    fn step(&self) -> Step {
        match self {
            Self::Create(_) => Step::Create,
            Self::Connect(_) => Step::Connect,
        }
    }
}

impl<I: IdSource> RunspacePool<I> {
    pub(super) fn next_opening(&mut self) -> Option<PoolRequest> {
        if !matches!(self.opening, Opening::ToSend(_)) || self.ending.is_begun() {
            return None;
        }
        let Opening::ToSend(first) = std::mem::replace(&mut self.opening, Opening::Over) else { return None };
        let first = self.with_fragments(first);
        let purpose = Purpose { step: first.step(), pipeline: None };
        let written = match &first {
            First::Create(create) => {
                let target = self.shell.resource_uri.clone().into();
                self.request(Route::Control, purpose, &target, create.as_ref())
            }
            First::Connect(connect) => self.request(Route::Control, purpose, &self.shell.target(), connect),
        };
        match written {
            Ok((in_flight, request)) => {
                self.opening = Opening::Waiting(in_flight, first);
                Some(request)
            }
            Err(error) => {
                self.fail(first.step(), error);
                None
            }
        }
    }

    /// Puts the first payload into the request; one that is sent again has it already.
    fn with_fragments(&mut self, first: First) -> First {
        let room = self.room();
        match first {
            First::Create(template) if template.creation_xml.is_none() => {
                let bytes =
                    self.psrp.next_payload(room).map(|Payload { bytes, .. }| bytes).unwrap_or_default();
                let base = CreateShell::powershell(self.shell.shell_id.clone(), PROTOCOL, bytes);
                First::Create(Box::new(CreateShell {
                    name: template.name,
                    idle_timeout: template.idle_timeout,
                    lifetime: template.lifetime,
                    profile: template.profile,
                    ..base
                }))
            }
            First::Connect(connect) if connect.connect_xml.is_none() => {
                let connect_xml = self.psrp.next_payload(room).map(|Payload { bytes, .. }| bytes);
                First::Connect(Connect {
                    connect_xml,
                    protocol_version: Some(PROTOCOL.to_owned()),
                    ..connect
                })
            }
            complete => complete,
        }
    }

    pub(super) fn opening_answered(&mut self, envelope: &[u8]) {
        let Opening::Waiting(in_flight, first) = std::mem::replace(&mut self.opening, Opening::Over) else {
            return;
        };
        let step = first.step();
        let answered = match first {
            First::Create(_) => self.created(&in_flight, envelope),
            First::Connect(_) => self.connected(&in_flight, envelope),
        };
        match answered {
            Ok(()) => self.opening = Opening::Answered,
            Err(kind) => self.fail(step, kind),
        }
    }

    fn created(&mut self, in_flight: &InFlight, envelope: &[u8]) -> Result<(), FailureKind> {
        // A host that lets the client choose repeats its choice; an older one has its own.
        self.shell = self.requester.answer::<CreateShellResponse>(in_flight, envelope)?.shell;
        Ok(())
    }

    fn connected(&mut self, in_flight: &InFlight, envelope: &[u8]) -> Result<(), FailureKind> {
        let answer = self.requester.answer::<ConnectResponse>(in_flight, envelope)?;
        let channel = Channel { pipeline: None, priority: Priority::Default };
        self.take(channel, &answer.connect_response_xml.unwrap_or_default());
        Ok(())
    }

    pub(super) fn opening_lost(&mut self, sent: Sent) {
        let Opening::Waiting(_, first) = std::mem::replace(&mut self.opening, Opening::Over) else { return };
        match sent {
            Sent::Nothing => self.opening = Opening::ToSend(first),
            Sent::Something => self.fail(first.step(), FailureKind::Lost),
        }
    }

    /// The bytes of fragments that fit in a request.
    pub(super) fn room(&self) -> usize {
        let envelope = usize::try_from(self.requester.max_envelope_size()).unwrap_or(usize::MAX);
        // Base64 makes four bytes of three; the header takes the rest.
        (envelope.saturating_sub(HEADER_ROOM) / 4 * 3).max(SMALLEST_ROOM)
    }

    /// Hands bytes to the protocol; what is wrong with them is told in its turn.
    pub(super) fn take(&mut self, channel: Channel, bytes: &[u8]) {
        if let Err(error) = self.psrp.receive(channel, bytes) {
            self.events.push_back(super::PoolEvent::Broken(error));
            self.break_off();
        }
    }
}

const PROTOCOL: &str = "2.3";
const HEADER_ROOM: usize = 8 * 1024;
const SMALLEST_ROOM: usize = 1024;
