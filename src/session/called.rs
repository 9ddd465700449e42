//! What came back from typed commands.

use winrm::powershell::{self, ErrorRecord, Event, ProgressRecord, Stream, Value};
use winrm_script::evaluate::{self, Failure, Reply};

use crate::{call::Outcome, output::weight};

/// What came back from typed commands, in the host's own values.
#[derive(Debug, Clone, PartialEq)]
pub struct Called {
    /// How they ended. The exit code is 1 after a terminating error, else 0, or what a command asked the host to exit
    /// with; nobody knows it where the host did not say how they ended.
    pub outcome: Outcome,
    /// The objects that they wrote.
    pub output: Vec<Value>,
    /// The errors that ended nothing, in order.
    pub errors: Vec<ErrorRecord>,
    /// The error that ended them.
    pub terminating: Option<ErrorRecord>,
    /// What they wrote to other streams, in order: warnings, verbose and debug messages as strings, information as
    /// what was written. Progress is not kept.
    pub records: Vec<(Stream, Value)>,
    /// How many objects were passed on as they came, and are not in `output`.
    pub passed_on: u64,
    /// How they reached the host.
    pub via: Via,
}

/// Something that commands wrote, passed on as it came.
#[derive(Debug)]
pub enum Written {
    /// An object.
    Output(winrm_script::value::Value),
    /// A record of another stream but that of errors.
    Record(evaluate::Stream, winrm_script::value::Value),
}

/// How commands reached a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Via {
    /// As data, in PowerShell's own remoting protocol.
    Psrp,
    /// As text of ours for `powershell.exe`, because the host has no PowerShell endpoint.
    WinRs,
}

/// Collects what commands write, up to a limit.
#[derive(Debug)]
pub(super) struct Gathering {
    called: Called,
    exit_code: Option<i32>,
    room: usize,
}

/// More came back than one call may gather.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

impl Called {
    /// The same as the evaluator takes it for the answer to its call.
    #[must_use]
    pub fn into_reply(self) -> Reply {
        let exit_code = match self.outcome {
            Outcome::Completed { exit_code } => exit_code,
            Outcome::Stopped(_) | Outcome::StillRunning(_) | Outcome::Unknown => None,
        };
        let value = |value: &Value| winrm_script::value::Value::from_clixml(value);
        Reply {
            output: self.output.iter().map(value).collect(),
            errors: self.errors.iter().map(Failure::of_record).collect(),
            terminating: self.terminating.as_ref().map(Failure::of_record),
            records: self
                .records
                .iter()
                .filter_map(|(stream, record)| Some((evaluated(*stream)?, value(record))))
                .collect(),
            exit_code,
        }
    }
}

impl Via {
    /// As results name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Psrp => "psrp",
            Self::WinRs => "winrs",
        }
    }
}

impl Gathering {
    /// Begins empty, with room for about so many bytes.
    pub(super) fn new(via: Via, room: usize) -> Self {
        let called = Called {
            outcome: Outcome::Unknown,
            output: Vec::new(),
            errors: Vec::new(),
            terminating: None,
            records: Vec::new(),
            passed_on: 0,
            via,
        };
        Self { called, exit_code: None, room }
    }

    /// What of an event is passed on instead of being kept.
    pub(super) fn pass_on(&mut self, event: Event) -> Result<Written, Event> {
        let value = |value: &Value| winrm_script::value::Value::from_clixml(value);
        Ok(match event {
            Event::Output(object) => {
                self.called.passed_on += 1;
                Written::Output(value(&object))
            }
            Event::Warning(record) => {
                Written::Record(evaluate::Stream::Warning, value(&record.message.into()))
            }
            Event::Verbose(record) => {
                Written::Record(evaluate::Stream::Verbose, value(&record.message.into()))
            }
            Event::Debug(record) => Written::Record(evaluate::Stream::Debug, value(&record.message.into())),
            Event::Information(record) => {
                Written::Record(evaluate::Stream::Information, value(&record.message_data))
            }
            other => return Err(other),
        })
    }

    /// Takes what a pipeline wrote; a progress record comes back, for nobody keeps it.
    pub(super) fn take(&mut self, event: Event) -> Result<Option<ProgressRecord>, Full> {
        match event {
            Event::Output(value) => {
                self.spend(weight(&value))?;
                self.called.output.push(value);
            }
            Event::Error(record) => self.error(*record)?,
            Event::Warning(record) => self.record(Stream::Warning, record.message.into())?,
            Event::Verbose(record) => self.record(Stream::Verbose, record.message.into())?,
            Event::Debug(record) => self.record(Stream::Debug, record.message.into())?,
            Event::Information(record) => self.record(Stream::Information, record.message_data)?,
            Event::Unreadable(stream, value) => self.record(stream, value)?,
            Event::Progress(record) => return Ok(Some(record)),
            Event::HostCall(call, _) => self.exit_code = call.exit_code().or(self.exit_code),
            _ => {}
        }
        Ok(None)
    }

    pub(super) fn error(&mut self, record: ErrorRecord) -> Result<(), Full> {
        self.spend(error_weight(&record))?;
        self.called.errors.push(record);
        Ok(())
    }

    pub(super) fn record(&mut self, stream: Stream, value: Value) -> Result<(), Full> {
        self.spend(weight(&value))?;
        self.called.records.push((stream, value));
        Ok(())
    }

    pub(super) fn output(&mut self, value: Value) -> Result<(), Full> {
        self.spend(weight(&value))?;
        self.called.output.push(value);
        Ok(())
    }

    /// The pipeline ended by itself.
    pub(super) fn ended(mut self, end: Option<&powershell::Outcome>) -> Called {
        let exit_code = match end {
            Some(powershell::Outcome::Completed) => self.exit_code.or(Some(0)),
            Some(powershell::Outcome::Failed(error)) => {
                self.called.terminating = error.as_deref().cloned();
                self.exit_code.or(Some(1))
            }
            // Nobody here stopped it.
            Some(powershell::Outcome::Stopped | powershell::Outcome::Unknown) | None => self.exit_code,
        };
        self.with(Outcome::Completed { exit_code })
    }

    /// A process ended with this exit code: with any but 0, its last error is what ended it.
    pub(super) fn exited(mut self, exit_code: Option<i32>) -> Called {
        if exit_code.is_some_and(|code| code != 0) {
            self.called.terminating = self.called.errors.pop();
        }
        self.with(Outcome::Completed { exit_code })
    }

    /// It ended otherwise.
    pub(super) fn with(self, outcome: Outcome) -> Called {
        Called { outcome, ..self.called }
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Full> {
        self.room = self.room.checked_sub(bytes).ok_or(Full)?;
        Ok(())
    }
}

fn evaluated(stream: Stream) -> Option<evaluate::Stream> {
    match stream {
        Stream::Warning => Some(evaluate::Stream::Warning),
        Stream::Verbose => Some(evaluate::Stream::Verbose),
        Stream::Debug => Some(evaluate::Stream::Debug),
        Stream::Information => Some(evaluate::Stream::Information),
        Stream::Output | Stream::Error | Stream::Progress | Stream::Unknown => None,
    }
}

fn error_weight(record: &ErrorRecord) -> usize {
    let optional = |text: &Option<powershell::PsString>| text.as_ref().map_or(0, |text| text.as_str().len());
    let texts = [&record.message, &record.exception_message, &record.fully_qualified_error_id];
    size_of::<ErrorRecord>()
        + texts.iter().map(|text| text.as_str().len()).sum::<usize>()
        + optional(&record.position_message)
        + optional(&record.script_stack_trace)
        + weight(&record.target_object)
}
