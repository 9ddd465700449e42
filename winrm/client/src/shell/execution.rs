//! One running command.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::{Instant, sleep, sleep_until, timeout_at},
};
use winrm_proto::{
    exchange::{self, Confirmation, Outgoing, Output, SendId, Sent, ShellFate},
    winrs,
    xml::Limits,
};

use super::{
    Host, Remote, Stdin,
    host::{IDS, Ids},
};
use crate::{
    error::{Cause, Error, Operation, Reached},
    lanes::{
        InFlight, Lane,
        retry::{Retries, may_ask_again},
    },
};

/// A command that runs, or has run, on the host.
///
/// Output is asked for only while [`Execution::next`] is awaited, and not before what came is taken: who reads slowly
/// slows the command down. Dropped before its end, the command is stopped in the background.
#[derive(Debug)]
pub struct Execution {
    host: Host,
    remote: Arc<Remote>,
    command_id: Option<winrs::CommandId>,
    conversation: exchange::Execution<Ids>,
    in_flight: InFlight<(SendId, Operation)>,
    input: Option<mpsc::Receiver<Bytes>>,
    state: State,
    spare_due: Option<Instant>,
    closing: Closing,
    retries: Retries,
    _permit: Arc<OwnedSemaphorePermit>,
}

/// A piece of output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The command wrote this to its standard output.
    Stdout(Bytes),
    /// The command wrote this to its standard error.
    Stderr(Bytes),
}

/// What became of a command that was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum Stopped {
    /// The host confirmed that it does not run any more, or it had ended by itself.
    Confirmed,
    /// The host did not confirm it in time: it may still run.
    Unconfirmed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    /// It was told to stop, which the next request on lane Control will say.
    Stopping,
    Stopped,
    Exited(Option<i32>),
    Failed,
}

/// When the end of the input is told to the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closing {
    /// Nobody has written anything or asked for the end.
    NotAsked,
    /// There was input, and its last piece says that it is the last.
    AfterInput,
    /// There was none, so that the end takes a request of its own.
    Due(Instant),
}

/// Whether the conversation takes input now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Input {
    Welcome,
    NotNow,
}

/// What came of driving the conversation a little further.
enum Driven {
    Event(exchange::Event),
    Over,
}

impl Execution {
    /// Starts a command. It runs as a task of its own: a caller who stops waiting leaves no command behind.
    pub(super) async fn start(
        host: Host,
        remote: Arc<Remote>,
        permit: Arc<OwnedSemaphorePermit>,
        command: winrs::Command,
    ) -> Result<Self, Error> {
        let conversation = exchange::Execution::new(
            host.preamble().clone(),
            Limits::default(),
            IDS,
            remote.reference.clone(),
            command,
        );
        let retries = host.retries();
        let mut execution = Self {
            host,
            remote,
            command_id: None,
            conversation,
            in_flight: InFlight::default(),
            input: None,
            state: State::Running,
            spare_due: None,
            closing: Closing::NotAsked,
            retries,
            _permit: permit,
        };
        let started = tokio::spawn(async move { execution.started().await.map(|()| execution) });
        started
            .await
            .unwrap_or_else(|_| Err(Error::new(Operation::Command, Cause::ShutDown, Reached::Perhaps)))
    }

    /// Waits for the next piece of output; `None` means that the command has ended.
    ///
    /// Dropping the future loses nothing: what it waited for is there the next time.
    ///
    /// # Errors
    ///
    /// [`Error`], when the command cannot be followed any more. It may still run and is stopped in the background.
    pub async fn next(&mut self) -> Result<Option<Event>, Error> {
        loop {
            match self.state {
                State::Running => {}
                State::Stopping | State::Stopped | State::Exited(_) | State::Failed => return Ok(None),
            }
            match self.drive().await {
                Ok(Driven::Event(exchange::Event::Stdout(data))) => return Ok(Some(Event::Stdout(data))),
                Ok(Driven::Event(exchange::Event::Stderr(data))) => return Ok(Some(Event::Stderr(data))),
                Ok(Driven::Event(exchange::Event::Exited(code))) => self.exited(code),
                Ok(Driven::Event(exchange::Event::Failed(failure))) => {
                    self.state = State::Failed;
                    return Err(Error::from_failure(Operation::from_step(failure.step), failure));
                }
                Ok(Driven::Event(_)) => {}
                Ok(Driven::Over) => self.state = State::Failed,
                Err(error) => {
                    self.state = State::Failed;
                    return Err(error);
                }
            }
        }
    }

    /// The exit code, once the command has ended and if the host gave one.
    #[must_use]
    pub fn exit_code(&self) -> Option<i32> {
        match self.state {
            State::Exited(code) => code,
            State::Running | State::Stopping | State::Stopped | State::Failed => None,
        }
    }

    /// Whether the command has ended by itself.
    #[must_use]
    pub fn has_exited(&self) -> bool {
        matches!(self.state, State::Exited(_))
    }

    /// How often a connection was lost while the host may have been answering with output. Windows does not send output
    /// twice, so each of these answers may be missing from it; the command itself is not affected.
    #[must_use]
    pub fn lost_answers(&self) -> u32 {
        self.conversation.lost_answers()
    }

    /// Gives the command input, which is kept here until the host takes it while [`Execution::next`] is awaited. For
    /// more than fits into memory there is [`Execution::stdin`].
    pub fn write_stdin(&mut self, data: impl Into<Bytes>) {
        if !matches!(self.closing, Closing::Due(_)) {
            self.closing = Closing::AfterInput;
            self.conversation.write_stdin(data.into());
        }
    }

    /// Ends the input after what was written.
    ///
    /// Where nothing was written, the host is told so a moment later: most commands have ended by then without having
    /// looked at their input, and a request is saved.
    pub fn close_stdin(&mut self) {
        match self.closing {
            Closing::NotAsked => self.closing = Closing::Due(Instant::now() + END_PUT_OFF),
            Closing::AfterInput => self.conversation.close_stdin(),
            Closing::Due(_) => {}
        }
    }

    /// The input as a handle for another task, which waits while the host takes no more.
    pub fn stdin(&mut self) -> Stdin {
        let (stdin, pieces) = Stdin::new();
        self.closing = Closing::AfterInput;
        self.input = Some(pieces);
        stdin
    }

    /// Stops the command: a Signal goes out at once on a connection of its own, whatever else is under way. Waits for
    /// the host's confirmation as long as `patience` says; output that still comes is dropped.
    ///
    /// Without a confirmation the command goes on being stopped in the background.
    pub async fn stop(&mut self, patience: Duration) -> Stopped {
        let deadline = Instant::now() + patience;
        match self.state {
            State::Exited(_) | State::Stopped => return Stopped::Confirmed,
            State::Failed => return self.stop_unfollowed(deadline).await,
            State::Running => {
                self.conversation.stop();
                self.state = State::Stopping;
            }
            State::Stopping => {}
        }
        self.input = None;
        loop {
            match timeout_at(deadline, self.drive()).await {
                Ok(Ok(Driven::Event(exchange::Event::Stopped(Confirmation::Confirmed)))) => {
                    return self.stopped();
                }
                Ok(Ok(Driven::Event(exchange::Event::Exited(code)))) => {
                    self.exited(code);
                    return Stopped::Confirmed;
                }
                Ok(Ok(Driven::Event(
                    exchange::Event::Stopped(Confirmation::Unconfirmed) | exchange::Event::Failed(_),
                )))
                | Ok(Ok(Driven::Over))
                | Ok(Err(_))
                | Err(_) => return Stopped::Unconfirmed,
                Ok(Ok(Driven::Event(_))) => {}
            }
        }
    }

    /// A command that cannot be followed any more can still be stopped.
    async fn stop_unfollowed(&mut self, deadline: Instant) -> Stopped {
        let Some(command_id) = self.command_id.clone() else { return Stopped::Unconfirmed };
        let signal = winrs::Signal { command_id: Some(command_id), code: winrs::SignalCode::Terminate };
        let target = self.remote.reference.target();
        let answer = self.host.ask(Lane::Control, Operation::Signal, target, signal);
        match timeout_at(deadline, answer).await {
            Ok(Ok(_)) => self.stopped(),
            Ok(Err(error)) if self.remote.fate(&error) == ShellFate::Gone => self.stopped(),
            Ok(Err(_)) | Err(_) => Stopped::Unconfirmed,
        }
    }

    async fn started(&mut self) -> Result<(), Error> {
        loop {
            match self.drive().await? {
                Driven::Event(exchange::Event::Started(command_id)) => {
                    self.remote.registry.started(self.remote.key, command_id.clone());
                    self.command_id = Some(command_id);
                    return Ok(());
                }
                Driven::Event(exchange::Event::Failed(failure)) => {
                    return Err(Error::from_failure(Operation::Command, failure));
                }
                Driven::Event(_) => {}
                Driven::Over => {
                    return Err(Error::new(Operation::Command, Cause::ShutDown, Reached::Perhaps));
                }
            }
        }
    }

    fn exited(&mut self, code: Option<i32>) {
        self.state = State::Exited(code);
        self.input = None;
        if let Some(command_id) = &self.command_id {
            self.remote.registry.finished(self.remote.key, command_id);
        }
    }

    fn stopped(&mut self) -> Stopped {
        self.state = State::Stopped;
        if let Some(command_id) = &self.command_id {
            self.remote.registry.ended(self.remote.key, command_id);
        }
        Stopped::Confirmed
    }

    /// Sends what the conversation wants to send and waits for what comes back, until something happens.
    async fn drive(&mut self) -> Result<Driven, Error> {
        loop {
            let (until, input) = match self.conversation.poll(Instant::now().into_std()) {
                Output::Event(event) => return Ok(Driven::Event(event)),
                Output::Done => return Ok(Driven::Over),
                Output::Send(outgoing) => {
                    self.send(outgoing);
                    continue;
                }
                Output::WaitUntil(time) => (Some(Instant::from_std(time)), Input::NotNow),
                Output::WantInput => (None, Input::Welcome),
                Output::Pending => (None, Input::NotNow),
            };
            self.wait(until, input).await?;
        }
    }

    fn send(&mut self, outgoing: Outgoing) {
        let operation = self.operation(outgoing.lane);
        let lane = match operation {
            Operation::Send | Operation::Signal => Lane::Control,
            _ => Lane::Poll,
        };
        if operation == Operation::Receive && self.spare_due.is_none() {
            self.spare_due = Some(Instant::now() + SPARE_AFTER);
        }
        let answer = self.host.send(lane, operation, outgoing.envelope);
        self.in_flight.push((outgoing.id, operation), answer);
    }

    /// A conversation says on which lane a request goes but not what it is; what it may be follows from where the
    /// conversation stands.
    fn operation(&self, lane: exchange::Lane) -> Operation {
        match (lane, self.state) {
            (exchange::Lane::Poll, _) => Operation::Receive,
            (exchange::Lane::Control, _) if self.command_id.is_none() => Operation::Command,
            (exchange::Lane::Control, State::Running) => Operation::Send,
            (exchange::Lane::Control, _) => Operation::Signal,
        }
    }

    /// Waits for one answer, for input, or until a time. It can be dropped at any point and begun anew.
    async fn wait(&mut self, until: Option<Instant>, welcome: Input) -> Result<(), Error> {
        let Self { in_flight, spare_due, closing, host, conversation, input, .. } = self;
        let end_due = if let Closing::Due(time) = *closing { Some(time) } else { None };
        let ((id, operation), answer) = loop {
            tokio::select! {
                biased;
                answered = in_flight.answer() => break answered,
                piece = next_piece(input), if welcome == Input::Welcome => {
                    match piece {
                        Some(data) => conversation.write_stdin(data),
                        None => conversation.close_stdin(),
                    }
                    return Ok(());
                }
                () = sleep_until(end_due.unwrap_or_else(Instant::now)), if end_due.is_some() => {
                    *closing = Closing::AfterInput;
                    conversation.close_stdin();
                    return Ok(());
                }
                () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => return Ok(()),
                () = sleep_until(spare_due.unwrap_or_else(Instant::now)), if spare_due.is_some() => {
                    *spare_due = None;
                    host.keep_spare();
                }
            }
        };
        match answer {
            Ok(reply) => {
                self.conversation.reply(Instant::now().into_std(), id, &reply.body);
                if operation == Operation::Receive {
                    self.retries = self.host.retries();
                }
            }
            // What is being stopped may lose its output; the answer to the Signal is what counts, and a Signal
            // whose answer was lost is worth a second one.
            Err(_) if self.state == State::Stopping && operation != Operation::Command => {
                self.conversation.lost(id, Sent::Something);
            }
            Err(error) if operation == Operation::Receive && error.reached() == Reached::Perhaps => {
                return self.receive_lost(id, error).await;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Output is asked for again, after a while, where its connection was lost. The command goes on meanwhile.
    async fn receive_lost(&mut self, id: SendId, error: Error) -> Result<(), Error> {
        let pause = if may_ask_again(error.cause()) { self.retries.take() } else { None };
        let Some(pause) = pause else { return Err(error) };
        tracing::debug!(cause = %error.cause(), "asking for output again");
        // Before the wait, during which this future may be dropped.
        self.conversation.lost(id, Sent::Something);
        sleep(pause).await;
        Ok(())
    }
}

impl Drop for Execution {
    fn drop(&mut self) {
        let over = matches!(self.state, State::Exited(_) | State::Stopped);
        if let Some(command_id) = self.command_id.as_ref().filter(|_| !over) {
            self.remote.registry.abandoned(self.remote.key, command_id);
        }
    }
}

/// The next piece of input; `None` once, at its end, and nothing after that.
async fn next_piece(input: &mut Option<mpsc::Receiver<Bytes>>) -> Option<Bytes> {
    let Some(pieces) = input else { return std::future::pending().await };
    let piece = pieces.recv().await;
    if piece.is_none() {
        *input = None;
    }
    piece
}

/// A command that waits for the end of input waits this much longer for it.
const END_PUT_OFF: Duration = Duration::from_millis(200);
/// A command that runs this long may have to be stopped, and the stop should not wait for a handshake.
const SPARE_AFTER: Duration = Duration::from_secs(1);
