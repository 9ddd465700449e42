//! Typed commands on a host that has no PowerShell endpoint: text that we write, and objects that we read back.
//!
//! `powershell.exe -OutputFormat XML` writes its streams as CLIXML, so that objects and error records come back as they
//! do from a runspace.

use winrm::{
    Event, Execution,
    powershell::{
        EncodedScript, ErrorRecord, InformationRecord, MessageRecord, ProgressRecord, Stream, Value,
    },
};
use winrm_proto::clixml::{Piece, TextDecoder};
use winrm_script::typed::TypedPipeline;

use super::{
    SessionError,
    called::{Called, Full, Gathering, Via},
    lease::{self, Lease, Prepared},
};
use crate::output::decode::Decoder;

impl Lease {
    pub(super) async fn call_as_text(
        &self,
        commands: &TypedPipeline,
        progress: &(impl Fn(&ProgressRecord) + Send),
    ) -> Result<Called, SessionError> {
        let script = EncodedScript::objects(&commands.render());
        let mut execution = self.start(Prepared::script(script)).await?;
        let mut reading = Reading::new(self.room);
        loop {
            let event = tokio::select! {
                biased;
                reason = self.over() => {
                    let outcome = lease::stop(&mut execution, reason).await;
                    return Ok(reading.gathering.with(outcome));
                }
                event = execution.next() => event?,
            };
            let taken = match event {
                Some(Event::Stdout(bytes)) => reading.stdout(&bytes, progress),
                Some(Event::Stderr(bytes)) => reading.stderr(&bytes, progress),
                None => match reading.finish() {
                    Ok(gathering) => return Ok(gathering.exited(execution.exit_code())),
                    Err(Full) => return Err(self.too_much(&mut execution).await),
                },
            };
            if let Err(Full) = taken {
                return Err(self.too_much(&mut execution).await);
            }
        }
    }

    async fn too_much(&self, execution: &mut Execution) -> SessionError {
        SessionError::TooMuch { limit: self.room, stopped: execution.stop(lease::STOP_PATIENCE).await }
    }
}

/// Both streams of the process.
struct Reading {
    gathering: Gathering,
    stdout: TextDecoder,
    stderr: TextDecoder,
    /// What a native program, or a dying PowerShell, wrote between the objects.
    lines: Lines,
    error_lines: Lines,
}

/// Text that comes in pieces, line by line.
#[derive(Default)]
struct Lines {
    decoder: Decoder,
    held: String,
}

impl Reading {
    fn new(room: usize) -> Self {
        Self {
            gathering: Gathering::new(Via::WinRs, room),
            stdout: TextDecoder::default(),
            stderr: TextDecoder::default(),
            lines: Lines::default(),
            error_lines: Lines::default(),
        }
    }

    fn stdout(&mut self, bytes: &[u8], progress: impl Fn(&ProgressRecord)) -> Result<(), Full> {
        self.stdout.push(bytes).into_iter().try_for_each(|piece| self.output(piece, &progress))
    }

    fn stderr(&mut self, bytes: &[u8], progress: impl Fn(&ProgressRecord)) -> Result<(), Full> {
        self.stderr.push(bytes).into_iter().try_for_each(|piece| self.message(piece, &progress))
    }

    fn output(&mut self, piece: Piece, progress: impl Fn(&ProgressRecord)) -> Result<(), Full> {
        match piece {
            Piece::Text(bytes) => {
                for line in self.lines.push(&bytes) {
                    self.gathering.output(line.into())?;
                }
                Ok(())
            }
            Piece::Value { stream: Stream::Output, value } => self.gathering.output(value),
            Piece::Value { stream, value } => self.record(stream, value, progress),
        }
    }

    fn message(&mut self, piece: Piece, progress: impl Fn(&ProgressRecord)) -> Result<(), Full> {
        match piece {
            Piece::Text(bytes) => {
                for line in self.error_lines.push(&bytes) {
                    self.gathering.error(ErrorRecord::from_value(&line.into()))?;
                }
                Ok(())
            }
            Piece::Value { stream, value } => self.record(stream, value, progress),
        }
    }

    fn record(
        &mut self,
        stream: Stream,
        value: Value,
        progress: impl Fn(&ProgressRecord),
    ) -> Result<(), Full> {
        match stream {
            Stream::Error => self.gathering.error(ErrorRecord::from_value(&value)),
            Stream::Warning | Stream::Verbose | Stream::Debug => {
                self.gathering.record(stream, MessageRecord::from_value(value).message.into())
            }
            Stream::Information => match InformationRecord::from_value(&value) {
                Some(record) => self.gathering.record(stream, record.message_data),
                None => self.gathering.record(stream, value),
            },
            Stream::Progress => {
                if let Some(record) = progress_of(&value) {
                    progress(&record);
                }
                Ok(())
            }
            Stream::Output | Stream::Unknown => self.gathering.output(value),
        }
    }

    fn finish(mut self) -> Result<Gathering, Full> {
        if let Some(piece) = std::mem::take(&mut self.stdout).finish() {
            self.output(piece, |_| {})?;
        }
        if let Some(piece) = std::mem::take(&mut self.stderr).finish() {
            self.message(piece, |_| {})?;
        }
        if let Some(line) = self.lines.finish() {
            self.gathering.output(line.into())?;
        }
        if let Some(line) = self.error_lines.finish() {
            self.gathering.error(ErrorRecord::from_value(&line.into()))?;
        }
        Ok(self.gathering)
    }
}

impl Lines {
    /// The lines that are complete now, without their ends.
    fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        self.decoder.push(bytes, &mut self.held);
        let Some(end) = self.held.rfind('\n') else { return Vec::new() };
        let rest = self.held.split_off(end + 1);
        std::mem::replace(&mut self.held, rest).lines().map(str::to_owned).collect()
    }

    fn finish(mut self) -> Option<String> {
        self.decoder.finish(&mut self.held);
        (!self.held.is_empty()).then_some(self.held)
    }
}

/// The record as PowerShell wraps it for this stream, or as it is.
fn progress_of(value: &Value) -> Option<ProgressRecord> {
    ProgressRecord::from_value(value.property("Record").unwrap_or(value))
}
