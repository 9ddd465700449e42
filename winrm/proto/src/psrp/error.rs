//! Why a pool refuses something.

use uuid::Uuid;

use super::fragment::FragmentError;
use super::message::{CallId, MessageError, MessageType, PipelineState, RunspacePoolState};
use crate::clixml::Version;

/// Why a runspace pool refuses what came from its peer, or what it was asked to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// The peer's fragments do not fit together.
    #[error(transparent)]
    Fragment(#[from] FragmentError),
    /// A message cannot be read or written.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A message is meant for the half that sent it.
    #[error("a message of the type {0:?} came that only goes the other way")]
    WrongWay(MessageType),
    /// A message belongs to another pool.
    #[error("a message for the runspace pool {0} came")]
    WrongPool(Uuid),
    /// A message belongs to a pipeline that this pool never had.
    #[error("a message for the pipeline {0} came, which this pool never had")]
    UnknownPipeline(Uuid),
    /// A message about a pipeline does not say which.
    #[error("a message of the type {0:?} came without its pipeline")]
    NoPipeline(MessageType),
    /// A message comes at a time when it cannot.
    #[error("a message of the type {message:?} came while the pool was {state:?}")]
    Unexpected {
        /// The message.
        message: MessageType,
        /// The pool's state.
        state: RunspacePoolState,
    },
    /// An answer to a call that was not made.
    #[error("an answer came to the call {0:?}, which was not made")]
    UnknownCall(CallId),
    /// The session key cannot be decrypted, or came without being asked for.
    #[error("the session key is not usable")]
    SessionKey,
    /// More pipelines at once than a pool can have.
    #[error("more than {limit} pipelines at once")]
    TooManyPipelines {
        /// The limit.
        limit: usize,
    },
    /// The pool failed before and is to be thrown away.
    #[error("the runspace pool is broken")]
    Broken,
    /// The pool is not in a state in which that can be asked of it.
    #[error("the runspace pool is {0:?}")]
    PoolState(RunspacePoolState),
    /// The pipeline is not in a state in which that can be asked of it.
    #[error("the pipeline is {0:?}")]
    PipelineState(PipelineState),
    /// There is a pipeline of this name already.
    #[error("there is a pipeline {0} already")]
    DuplicatePipeline(Uuid),
    /// The pipeline was started without input, or its input was ended.
    #[error("the pipeline takes no input")]
    NoInput,
    /// The numbers of runspaces make no sense.
    #[error("a pool has at least one runspace, and no fewer than its minimum")]
    RunspaceCount,
    /// The application arguments hold a name that is the server's to set.
    #[error("the application argument {0} is reserved")]
    ReservedArgument(String),
    /// The server speaks an older protocol.
    #[error("this needs version {needed} of the protocol")]
    Unsupported {
        /// The version that can do it.
        needed: Version,
    },
}
