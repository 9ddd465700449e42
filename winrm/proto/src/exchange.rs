//! Conversations with a host, without a socket or a clock.
//!
//! A conversation says what it wants by [`poll`](Execution::poll), one [`Output`] at a time, and is told what came of
//! it. Whoever drives it keeps two authenticated connections, one for each [`Lane`], because the request that asks for
//! output hangs until there is some. Replies carry the id of their request and may come in any order.
//!
//! * [`Single`] is one request and its answer: creating a shell, deleting it, asking what a service is.
//! * [`Execution`] is one command in a shell: its start, output, input, interruption and end.
//! * [`RunspacePool`] is a PowerShell session: its opening, any number of pipelines side by side, and its end. It wants a
//!   connection for every Receive that hangs, so it says a [`Route`] instead of a lane.
//!
//! Back-pressure reaches the host: no output is asked for while events are undrained, so poll only as fast as the
//! events are used up.

mod execution;
mod failure;
mod output;
mod requester;
mod runspace_pool;
mod single;

pub use execution::{Confirmation, Event, Execution};
pub use failure::{Failure, FailureKind, ShellFate, Step};
pub use output::{Lane, Outgoing, Output, SendId, Sent};
pub use requester::IdSource;
pub use runspace_pool::{PoolEvent, PoolOutput, PoolRequest, Purpose, Route, RunspacePool};
pub use single::{Single, SingleEvent};
