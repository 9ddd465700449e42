//! Send: one piece of input at a time, because the host keeps no order between two.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::Execution;
use crate::exchange::requester::InFlight;
use crate::exchange::{Failure, FailureKind, IdSource, Lane, Outgoing, SendId, Sent, Step};
use crate::winrs::{Send, SendResponse, Stream, StreamEnd, StreamName};
use crate::wsman::fault::Cause;

/// Input that the host has not taken yet.
pub(super) struct Input {
    queue: VecDeque<Bytes>,
    end: End,
    /// The piece that is on its way.
    waiting: Option<(InFlight, Piece)>,
    /// The host was busy: the next attempt is not before this time.
    retry_at: Option<Instant>,
    busy: u32,
    /// The largest piece, in bytes.
    piece: usize,
}

#[derive(Clone)]
struct Piece {
    data: Bytes,
    end: StreamEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// More may be written.
    Open,
    /// The last piece is still to be sent.
    Closing,
    /// The host has been told, or wants no input.
    Closed,
}

impl Input {
    pub(super) fn new(max_envelope_size: u32) -> Self {
        let envelope = usize::try_from(max_envelope_size).unwrap_or(usize::MAX);
        // Base64 makes four bytes of three; the header takes the rest.
        let piece = envelope.saturating_sub(HEADER_ROOM) / 4 * 3;
        Self {
            queue: VecDeque::new(),
            end: End::Open,
            waiting: None,
            retry_at: None,
            busy: 0,
            piece: piece.max(SMALLEST_PIECE),
        }
    }

    pub(super) fn push(&mut self, data: Bytes) {
        if self.end == End::Open && !data.is_empty() {
            self.queue.push_back(data);
        }
    }

    pub(super) fn close(&mut self) {
        if self.end == End::Open {
            self.end = End::Closing;
        }
    }

    /// Forgets what is unsent, and takes no more.
    pub(super) fn discard(&mut self) {
        self.queue.clear();
        self.end = End::Closed;
        self.retry_at = None;
    }

    pub(super) fn waits_for(&self, id: SendId) -> bool {
        self.waiting.as_ref().is_some_and(|(in_flight, _)| in_flight.id == id)
    }

    pub(super) const fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.end == End::Open && self.queue.is_empty() && self.waiting.is_none()
    }

    pub(super) const fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    /// The next piece, if it may be sent now.
    fn next(&mut self, now: Instant) -> Option<Piece> {
        if self.waiting.is_some() || self.retry_at.is_some_and(|time| now < time) {
            return None;
        }
        let data = match self.queue.front_mut() {
            Some(front) => front.split_to(front.len().min(self.piece)),
            None if self.end == End::Closing => Bytes::new(),
            None => return None,
        };
        if self.queue.front().is_some_and(Bytes::is_empty) {
            self.queue.pop_front();
        }
        self.retry_at = None;
        let last = self.end == End::Closing && self.queue.is_empty();
        Some(Piece { data, end: if last { StreamEnd::Closed } else { StreamEnd::Open } })
    }

    /// Puts a piece back that the host has not taken.
    fn put_back(&mut self, piece: Piece) {
        if self.end != End::Closed && !piece.data.is_empty() {
            self.queue.push_front(piece.data);
        }
    }

    fn taken(&mut self, end: StreamEnd) {
        self.busy = 0;
        if end == StreamEnd::Closed {
            self.end = End::Closed;
        }
    }

    /// Waits longer each time the host is busy in a row, up to a second.
    fn wait(&mut self, now: Instant) {
        if self.end == End::Closed {
            return;
        }
        let factor = 1_u32.checked_shl(self.busy).unwrap_or(u32::MAX);
        self.busy = self.busy.saturating_add(1);
        self.retry_at = now.checked_add(FIRST_WAIT.saturating_mul(factor).min(LONGEST_WAIT));
    }
}

/// Shows how much there is, not what it says: input may hold secrets.
impl fmt::Debug for Input {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Input")
            .field("queue", &format_args!("{} bytes", self.queue.iter().map(Bytes::len).sum::<usize>()))
            .field("end", &self.end)
            .field("waiting", &self.waiting.as_ref().map(|(in_flight, _)| in_flight))
            .field("retry_at", &self.retry_at)
            .finish_non_exhaustive()
    }
}

impl<I: IdSource> Execution<I> {
    pub(super) fn next_send(&mut self, now: Instant) -> Option<Outgoing> {
        let command_id = self.starting.command_id()?.clone();
        let piece = self.input.next(now)?;
        let stream = Stream {
            name: StreamName::Stdin,
            command_id: Some(command_id),
            data: piece.data.clone(),
            end: piece.end,
        };
        match self.requester.request(Lane::Control, &self.shell.target(), &Send { streams: vec![stream] }) {
            Ok((in_flight, outgoing)) => {
                self.input.waiting = Some((in_flight, piece));
                Some(outgoing)
            }
            Err(error) => {
                self.fail(Failure::new(Step::Send, error));
                None
            }
        }
    }

    pub(super) fn send_answered(&mut self, now: Instant, envelope: &[u8]) {
        let Some((in_flight, piece)) = self.input.waiting.take() else { return };
        match self.requester.answer::<SendResponse>(&in_flight, envelope) {
            Ok(SendResponse) => self.input.taken(piece.end),
            // After the end of the command nobody misses its input.
            Err(kind) if self.receiving.is_over() => self.note(&kind),
            Err(FailureKind::Fault(fault)) if fault.cause() == Cause::Busy => {
                self.input.put_back(piece);
                self.input.wait(now);
            }
            // The command reads no more, or has ended: the answer to the Receive will tell.
            Err(FailureKind::Fault(fault))
                if matches!(fault.cause(), Cause::InputClosed | Cause::ShellGone) =>
            {
                self.input.discard();
            }
            Err(kind) => self.fail(Failure::new(Step::Send, kind)),
        }
    }

    pub(super) fn send_lost(&mut self, sent: Sent) {
        let Some((_, piece)) = self.input.waiting.take() else { return };
        match sent {
            Sent::Nothing => self.input.put_back(piece),
            Sent::Something if self.receiving.is_over() => {}
            Sent::Something => self.fail(Failure::new(Step::Send, FailureKind::Lost)),
        }
    }
}

const HEADER_ROOM: usize = 8 * 1024;
const SMALLEST_PIECE: usize = 1024;
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
