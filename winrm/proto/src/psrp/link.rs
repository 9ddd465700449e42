//! What both halves share: bytes in, messages out, and back.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

use super::error::Error;
use super::fragment::{Defragmenter, FragmentError, Outgoing};
use super::key::SharedCipher;
use super::message::{Body, Destination, Message, MessageType, SessionCapability};
use crate::clixml::{Decoder, Encoder, Limits, NoCipher, Version};

/// Which stream of the transport bytes came from, or go to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Channel {
    /// The pipeline's stream, or the pool's.
    pub pipeline: Option<Uuid>,
    /// Which of its two streams.
    pub priority: Priority,
}

/// A pool and each pipeline have two streams towards the server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Priority {
    /// `stdin`, and everything from the server.
    Default,
    /// `pr`: answers to host calls, which do not wait behind input.
    PromptResponse,
}

/// Bytes to be sent, and what with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payload {
    /// Whose they are.
    pub channel: Channel,
    /// What carries them.
    pub carrier: Carrier,
    /// Whole fragments.
    pub bytes: Bytes,
}

/// What a payload travels in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Carrier {
    /// The request that creates the pool's shell.
    Create,
    /// The request that connects to a pool, or the response to it.
    Connect,
    /// The request that starts the pipeline; one fragment.
    Command,
    /// Any request or response that carries data.
    Data,
}

/// What a peer may cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PoolLimits {
    /// Bytes of one message.
    pub message: usize,
    /// Pipelines at the same time.
    pub pipelines: usize,
    /// What the body of a message may hold.
    pub values: Limits,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self { message: 64 << 20, pipelines: 1000, values: Limits::default() }
    }
}

/// The part of a pool that turns bytes to messages and messages to bytes.
pub(super) struct Link {
    pub(super) pool: Uuid,
    /// What our messages are written for.
    pub(super) protocol: Version,
    pub(super) cipher: Option<SharedCipher>,
    own: Destination,
    limits: PoolLimits,
    decoder: Decoder,
    channels: HashMap<Channel, Defragmenter>,
    inbox: VecDeque<Result<Bytes, FragmentError>>,
    outbox: VecDeque<Queued>,
    /// INVARIANT: the bytes of all messages in the outbox that are still to be sent.
    pending: usize,
    objects: u64,
}

struct Queued {
    channel: Channel,
    carrier: Carrier,
    message: Outgoing,
}

impl Link {
    pub(super) fn new(own: Destination, pool: Uuid, limits: PoolLimits) -> Self {
        Self {
            pool,
            protocol: SessionCapability::ours().protocol_version,
            cipher: None,
            own,
            decoder: Decoder::new(limits.values),
            limits,
            channels: HashMap::new(),
            inbox: VecDeque::new(),
            outbox: VecDeque::new(),
            pending: 0,
            objects: 0,
        }
    }

    pub(super) fn limits(&self) -> &PoolLimits {
        &self.limits
    }

    /// Takes bytes; what is wrong with them comes out of [`next_message`](Self::next_message) in its turn.
    pub(super) fn receive(&mut self, channel: Channel, bytes: &[u8]) -> Result<(), Error> {
        // Each pipeline has two channels, and so has the pool.
        let limit = self.limits.pipelines;
        if self.channels.len() > limit.saturating_mul(2) + 2 && !self.channels.contains_key(&channel) {
            return Err(Error::TooManyPipelines { limit });
        }
        let message = self.limits.message;
        let defragmenter = self.channels.entry(channel).or_insert_with(|| Defragmenter::new(message));
        defragmenter.push(bytes);
        while let Some(message) = defragmenter.next_message().transpose() {
            let failed = message.is_err();
            self.inbox.push_back(message);
            if failed {
                break;
            }
        }
        Ok(())
    }

    /// The next message that came, in the order in which they were complete.
    pub(super) fn next_message(&mut self) -> Result<Option<Message>, Error> {
        let Some(bytes) = self.inbox.pop_front().transpose()? else {
            return Ok(None);
        };
        let message = Message::decode(&bytes, &mut self.decoder)?;
        let message_type = message.body.message_type();
        if message.destination != self.own {
            return Err(Error::WrongWay(message_type));
        }
        // Servers leave the name out of what the session rather than the pool says: the capability and the key.
        let named = !message.runspace_pool.is_nil();
        let first = message_type == MessageType::SessionCapability && self.pool.is_nil();
        if named && !first && message.runspace_pool != self.pool {
            return Err(Error::WrongPool(message.runspace_pool));
        }
        Ok(Some(message))
    }

    /// Queues a message.
    pub(super) fn send(&mut self, pipeline: Option<Uuid>, body: Body) -> Result<(), Error> {
        self.send_by(Carrier::Data, pipeline, body)
    }

    pub(super) fn send_by(
        &mut self,
        carrier: Carrier,
        pipeline: Option<Uuid>,
        body: Body,
    ) -> Result<(), Error> {
        let priority = match body {
            Body::PipelineHostResponse(_) | Body::RunspacePoolHostResponse(_) => Priority::PromptResponse,
            _ => Priority::Default,
        };
        let destination = match self.own {
            Destination::Client => Destination::Server,
            Destination::Server => Destination::Client,
        };
        let message = Message { destination, runspace_pool: self.pool, pipeline, body };
        let cipher = self.cipher.as_ref().map(Arc::clone);
        let encoder = match &cipher {
            Some(cipher) => Encoder::with_cipher(cipher.as_ref()),
            None => Encoder::with_cipher(&NoCipher),
        };
        let data = message.encode_for(self.protocol, &encoder)?;
        self.objects += 1;
        let message = Outgoing::new(self.objects, data);
        self.pending += message.len();
        self.outbox.push_back(Queued { channel: Channel { pipeline, priority }, carrier, message });
        Ok(())
    }

    /// Bytes that wait to be sent, without the headers of their fragments.
    pub(super) fn pending(&self) -> usize {
        self.pending
    }

    /// The next bytes to send, at most `room`: as many fragments of one channel as fit and may travel together.
    pub(super) fn next_payload(&mut self, room: usize) -> Option<Payload> {
        let at = self.next_in_line()?;
        self.take_payload(at, room)
    }

    /// The next bytes of one channel.
    pub(super) fn next_payload_of(&mut self, channel: Channel, room: usize) -> Option<Payload> {
        let at = self.outbox.iter().position(|queued| queued.channel == channel)?;
        self.take_payload(at, room)
    }

    fn take_payload(&mut self, at: usize, room: usize) -> Option<Payload> {
        let (channel, carrier) = self.outbox.get(at).map(|first| (first.channel, first.carrier))?;
        let mut bytes = Vec::new();
        while let Some(queued) = self.outbox.get_mut(at).filter(|queued| queued.goes_with(channel, carrier)) {
            let (before, unsent) = (bytes.len(), queued.message.len());
            let last = queued.message.write(room.saturating_sub(before), &mut bytes);
            self.pending = self.pending.saturating_sub(unsent.saturating_sub(queued.message.len()));
            if last {
                self.outbox.remove(at);
            } else {
                // What did not fit follows as data.
                if bytes.len() > before {
                    queued.carrier = Carrier::Data;
                }
                break;
            }
            if carrier == Carrier::Command {
                break;
            }
        }
        (!bytes.is_empty()).then(|| Payload { channel, carrier, bytes: bytes.into() })
    }

    /// Answers to host calls go first, but for one whose pipeline has not been started.
    fn next_in_line(&self) -> Option<usize> {
        let prompt =
            self.outbox.iter().position(|queued| queued.channel.priority == Priority::PromptResponse);
        prompt.or_else(|| (!self.outbox.is_empty()).then_some(0))
    }

    /// Forgets what came for a pipeline; what goes out still does.
    pub(super) fn ignore(&mut self, pipeline: Uuid) {
        self.channels.retain(|channel, _| channel.pipeline != Some(pipeline));
    }

    /// Forgets what is left of a pipeline's traffic.
    pub(super) fn forget(&mut self, pipeline: Uuid) {
        self.ignore(pipeline);
        // What the peer has not seen the beginning of, it need not see. A message cut in half it must see to the end.
        self.outbox
            .retain(|queued| queued.channel.pipeline != Some(pipeline) || !queued.message.is_untouched());
        self.pending = self.outbox.iter().map(|queued| queued.message.len()).sum();
    }

    /// Begins the fragments anew, for a peer that does not know what was before.
    pub(super) fn restart(&mut self) {
        self.channels.clear();
        self.inbox.clear();
        self.outbox.clear();
        self.pending = 0;
    }
}

impl Queued {
    fn goes_with(&self, channel: Channel, carrier: Carrier) -> bool {
        self.channel == channel && self.carrier == carrier
    }
}
