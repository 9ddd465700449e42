//! What a pipeline says while it runs, and where a command's streams go.

use tokio::sync::{mpsc, oneshot};
use winrm_proto::clixml::{ErrorRecord, InformationRecord, MessageRecord, ProgressRecord, Stream, Value};
use winrm_proto::psrp::{Merge, PipelineResultTypes};
use winrm_script::value::Value as Item;

/// What a pipeline says while it runs.
#[derive(Debug)]
pub(crate) enum Emission {
    Output(Item),
    Error(Box<ErrorRecord>),
    /// The error that ended the pipeline.
    Fatal(Fatal),
    Warning(String),
    Verbose(String),
    Debug(String),
    /// What `Write-Information` and a script's `Write-Host` write.
    Information(Box<InformationRecord>),
    Progress(Box<ProgressRecord>),
    /// A question for whoever sits before the host. Who drops the answer's place cannot be asked.
    Ask {
        question: String,
        answer: oneshot::Sender<Value>,
    },
    /// A line for whoever sits before the host, such as `What if: …`.
    Host(String),
    /// `exit`, with its code.
    Exit(i32),
}

/// An error that ends a pipeline.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fatal(pub(crate) Box<ErrorRecord>);

/// Where emissions go. A pipeline whose emissions nobody takes ends.
pub(crate) type Emissions = mpsc::Sender<Emission>;

/// Where a command's emission goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    Own,
    Output,
    Nowhere,
}

impl Emission {
    /// The record that it is, and the stream that it belongs to; what is for somebody before the host is none.
    pub(crate) fn into_record(self) -> Result<(Stream, Value), Self> {
        let message = |kind, text: String| MessageRecord::new(kind, text.into()).source;
        Ok(match self {
            Self::Output(item) => (Stream::Output, item.to_clixml()),
            Self::Error(record) => (Stream::Error, record.to_value()),
            Self::Warning(text) => (Stream::Warning, message("Warning", text)),
            Self::Verbose(text) => (Stream::Verbose, message("Verbose", text)),
            Self::Debug(text) => (Stream::Debug, message("Debug", text)),
            Self::Information(record) => (Stream::Information, record.to_value()),
            Self::Progress(record) => (Stream::Progress, record.to_value()),
            other @ (Self::Fatal(_) | Self::Ask { .. } | Self::Host(_) | Self::Exit(_)) => return Err(other),
        })
    }

    /// Where it goes when the command merges its streams like this.
    pub(super) fn destination(&self, merge: &Merge) -> Destination {
        let chosen = match self {
            Self::Error(_) if merge.error == PipelineResultTypes::default() => merge.to_result,
            Self::Error(_) => merge.error,
            Self::Warning(_) => merge.warning,
            Self::Verbose(_) => merge.verbose,
            Self::Debug(_) => merge.debug,
            Self::Information(_) => merge.information,
            Self::Output(_)
            | Self::Fatal(_)
            | Self::Progress(_)
            | Self::Ask { .. }
            | Self::Host(_)
            | Self::Exit(_) => {
                return Destination::Own;
            }
        };
        match chosen {
            PipelineResultTypes::OUTPUT => Destination::Output,
            // Errors are never dropped.
            PipelineResultTypes::NULL if !matches!(self, Self::Error(_)) => Destination::Nowhere,
            _ => Destination::Own,
        }
    }
}
