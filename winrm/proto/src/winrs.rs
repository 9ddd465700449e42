//! The remote shell: MS-WSMV sections 2.2.4 and 3.1.4, one file per message.
//!
//! Each message is a [`Request`](crate::wsman::Request) or [`Response`](crate::wsman::Response) with reader and
//! writer. A client addresses a shell with [`ShellReference::target`]; a host reads what came with [`Call::read`].

mod call;
mod command;
mod create_shell;
mod delete;
mod identifier;
mod receive;
mod send;
mod shell;
mod signal;
mod stream;

pub use call::Call;
pub use command::{Command, CommandResponse, ConsoleMode, Interpreter};
pub use create_shell::{CreateShell, CreateShellResponse, Profile};
pub use delete::{Delete, DeleteResponse};
pub use identifier::{CommandId, ShellId, ShellReference};
pub use receive::{CommandState, ExecutionState, Receive, ReceiveResponse};
pub use send::{Send, SendResponse};
pub use shell::Shell;
pub use signal::{Signal, SignalCode, SignalResponse};
pub use stream::{Stream, StreamEnd, StreamName, StreamSet};
