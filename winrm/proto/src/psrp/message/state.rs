//! `RUNSPACEPOOL_STATE` and `PIPELINE_STATE`.

use super::bag::Bag;
use super::{MessageError, MessageType};
use crate::clixml::{Properties, Value};

/// Where a runspace pool is in its life (MS-PSRP 2.2.3.4 `RunspacePoolState`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RunspacePoolState {
    /// It was made and not opened.
    BeforeOpen,
    /// It is being opened.
    Opening,
    /// It takes pipelines.
    Opened,
    /// It is gone.
    Closed,
    /// It is being closed.
    Closing,
    /// It failed.
    Broken,
    /// The client said what it can do.
    NegotiationSent,
    /// The server said what it can do.
    NegotiationSucceeded,
    /// It is being connected to again.
    Connecting,
    /// It lives on without a client.
    Disconnected,
}

/// Where a pipeline is in its life (MS-PSRP 2.2.3.5 `PSInvocationState`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PipelineState {
    /// It was made and not started.
    NotStarted,
    /// It runs.
    Running,
    /// It is being stopped.
    Stopping,
    /// It was stopped.
    Stopped,
    /// It ran to its end.
    Completed,
    /// A terminating error ended it.
    Failed,
    /// It runs on without a client.
    Disconnected,
}

/// A pool's new state (MS-PSRP 2.2.2.9 `RUNSPACEPOOL_STATE`).
#[derive(Clone, PartialEq, Debug)]
pub struct RunspacePoolStateMessage {
    /// The state.
    pub state: RunspacePoolState,
    /// What broke the pool, as a serialised error record.
    pub error: Option<Value>,
}

/// A pipeline's new state (MS-PSRP 2.2.2.21 `PIPELINE_STATE`).
#[derive(Clone, PartialEq, Debug)]
pub struct PipelineStateMessage {
    /// The state.
    pub state: PipelineState,
    /// What ended the pipeline, as a serialised error record.
    pub error: Option<Value>,
}

impl PipelineState {
    /// Whether nothing more will come from the pipeline.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Stopped | Self::Completed | Self::Failed)
    }
}

impl RunspacePoolStateMessage {
    pub(super) fn from_value(value: &Value) -> Result<Self, MessageError> {
        let bag = Bag { message: MessageType::RunspacePoolState, value };
        let state = find(&POOL_STATES, bag.int32("RunspaceState")?);
        Ok(Self { state: state.ok_or_else(|| bag.improper("RunspaceState"))?, error: error(&bag) })
    }

    pub(super) fn to_value(&self) -> Value {
        body("RunspaceState", number(&POOL_STATES, &self.state), self.error.as_ref())
    }
}

impl PipelineStateMessage {
    pub(super) fn from_value(value: &Value) -> Result<Self, MessageError> {
        let bag = Bag { message: MessageType::PipelineState, value };
        let state = find(&PIPELINE_STATES, bag.int32("PipelineState")?);
        Ok(Self { state: state.ok_or_else(|| bag.improper("PipelineState"))?, error: error(&bag) })
    }

    pub(super) fn to_value(&self) -> Value {
        body("PipelineState", number(&PIPELINE_STATES, &self.state), self.error.as_ref())
    }
}

fn error(bag: &Bag<'_>) -> Option<Value> {
    bag.optional("ExceptionAsErrorRecord").cloned()
}

fn body(property: &str, state: i32, error: Option<&Value>) -> Value {
    let properties = Properties::new().with(property, state);
    Value::bag(match error {
        Some(error) => properties.with("ExceptionAsErrorRecord", error.clone()),
        None => properties,
    })
}

fn find<S: Copy>(states: &[S], number: i32) -> Option<S> {
    usize::try_from(number).ok().and_then(|number| states.get(number)).copied()
}

fn number<S: PartialEq>(states: &[S], state: &S) -> i32 {
    states.iter().position(|known| known == state).and_then(|at| at.try_into().ok()).unwrap_or_default()
}

/// In the order of their numbers.
const POOL_STATES: [RunspacePoolState; 10] = [
    RunspacePoolState::BeforeOpen,
    RunspacePoolState::Opening,
    RunspacePoolState::Opened,
    RunspacePoolState::Closed,
    RunspacePoolState::Closing,
    RunspacePoolState::Broken,
    RunspacePoolState::NegotiationSent,
    RunspacePoolState::NegotiationSucceeded,
    RunspacePoolState::Connecting,
    RunspacePoolState::Disconnected,
];

/// In the order of their numbers.
const PIPELINE_STATES: [PipelineState; 7] = [
    PipelineState::NotStarted,
    PipelineState::Running,
    PipelineState::Stopping,
    PipelineState::Stopped,
    PipelineState::Completed,
    PipelineState::Failed,
    PipelineState::Disconnected,
];
