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
use winrm_proto::clixml::{Limits, Piece, TextDecoder};
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
                    Err(spoiled) => return Err(self.spoiled(spoiled, &mut execution).await),
                },
            };
            if let Err(spoiled) = taken {
                return Err(self.spoiled(spoiled, &mut execution).await);
            }
        }
    }

    async fn spoiled(&self, spoiled: Spoiled, execution: &mut Execution) -> SessionError {
        let stopped = execution.stop(lease::STOP_PATIENCE).await;
        match spoiled {
            Spoiled::Full => SessionError::TooMuch { limit: self.room, stopped },
            Spoiled::Unreadable => SessionError::UnreadableObjects,
        }
    }
}

/// Why what came back is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spoiled {
    Full,
    /// What should be objects is no CLIXML.
    Unreadable,
}

impl From<Full> for Spoiled {
    fn from(_: Full) -> Self {
        Self::Full
    }
}

/// Both streams of the process.
struct Reading {
    gathering: Gathering,
    /// How many bytes may still come: a document is kept until its end.
    room: usize,
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
        let limits = Limits { size: room, ..Limits::default() };
        Self {
            gathering: Gathering::new(Via::WinRs, room),
            room,
            stdout: TextDecoder::new(limits),
            stderr: TextDecoder::new(limits),
            lines: Lines::default(),
            error_lines: Lines::default(),
        }
    }

    fn stdout(&mut self, bytes: &[u8], progress: impl Fn(&ProgressRecord)) -> Result<(), Spoiled> {
        self.spend(bytes)?;
        self.stdout.push(bytes).into_iter().try_for_each(|piece| self.output(piece, &progress))
    }

    fn stderr(&mut self, bytes: &[u8], progress: impl Fn(&ProgressRecord)) -> Result<(), Spoiled> {
        self.spend(bytes)?;
        self.stderr.push(bytes).into_iter().try_for_each(|piece| self.message(piece, &progress))
    }

    fn spend(&mut self, bytes: &[u8]) -> Result<(), Full> {
        self.room = self.room.checked_sub(bytes.len()).ok_or(Full)?;
        Ok(())
    }

    fn output(&mut self, piece: Piece, progress: impl Fn(&ProgressRecord)) -> Result<(), Spoiled> {
        match piece {
            Piece::Text(bytes) if is_document(&bytes) => Err(Spoiled::Unreadable),
            Piece::Text(bytes) => {
                for line in self.lines.push(&bytes) {
                    self.gathering.output(line.into())?;
                }
                Ok(())
            }
            Piece::Value { stream: Stream::Output, value } => Ok(self.gathering.output(value)?),
            Piece::Value { stream, value } => Ok(self.record(stream, value, progress)?),
        }
    }

    fn message(&mut self, piece: Piece, progress: impl Fn(&ProgressRecord)) -> Result<(), Spoiled> {
        match piece {
            Piece::Text(bytes) if is_document(&bytes) => Err(Spoiled::Unreadable),
            Piece::Text(bytes) => {
                for line in self.error_lines.push(&bytes) {
                    self.gathering.error(ErrorRecord::from_value(&line.into()))?;
                }
                Ok(())
            }
            Piece::Value { stream, value } => Ok(self.record(stream, value, progress)?),
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

    fn finish(mut self) -> Result<Gathering, Spoiled> {
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

/// Whether text is a document that could not be read, or never ended.
fn is_document(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(b"<Objs")
}

/// The record as PowerShell wraps it for this stream, or as it is.
fn progress_of(value: &Value) -> Option<ProgressRecord> {
    ProgressRecord::from_value(value.property("Record").unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STDOUT: &str = concat!(
        "#< CLIXML\r\n<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">",
        "<S S=\"Output\">one</S><I32 S=\"Output\">2</I32></Objs>",
    );
    const STDERR: &str = concat!(
        "a line\r\n#< CLIXML\r\n<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">",
        "<S S=\"warning\">mind</S><S S=\"verbose\">more</S><S S=\"Error\">bad</S></Objs>",
    );

    fn read(stdout: &str, stderr: &str, room: usize, piece: usize) -> Result<Called, Spoiled> {
        let mut reading = Reading::new(room);
        for bytes in stdout.as_bytes().chunks(piece) {
            reading.stdout(bytes, |_| {})?;
        }
        for bytes in stderr.as_bytes().chunks(piece) {
            reading.stderr(bytes, |_| {})?;
        }
        Ok(reading.finish()?.exited(Some(1)))
    }

    #[test]
    fn objects_and_records_are_read_however_the_streams_are_cut() {
        for piece in [1, 7, 64, 1000] {
            let called = read(STDOUT, STDERR, 1 << 20, piece).unwrap();
            assert_eq!(called.output, ["one".into(), Value::Int32(2)]);
            assert_eq!(
                called.records,
                [(Stream::Warning, "mind".into()), (Stream::Verbose, "more".into())],
                "{piece}"
            );
            assert_eq!(called.errors[0].message.as_str(), "a line");
            assert_eq!(
                called.terminating.unwrap().message.as_str(),
                "bad",
                "the exit code says that one ended it"
            );
        }
    }

    #[test]
    fn what_a_program_writes_is_lines_of_the_output() {
        let called = read("first\r\nsecond", "", 1 << 20, 3).unwrap();
        assert_eq!(called.output, ["first".into(), "second".into()]);
    }

    #[test]
    fn broken_objects_and_too_many_are_no_output() {
        let half = STDOUT.trim_end_matches("bjs>");
        assert_eq!(read(half, "", 1 << 20, 50), Err(Spoiled::Unreadable));
        let broken = STDOUT.replace("<I32", "<I33");
        assert_eq!(read(&broken, "", 1 << 20, 50), Err(Spoiled::Unreadable));
        assert_eq!(read(STDOUT, "", 100, 50), Err(Spoiled::Full));
    }
}
