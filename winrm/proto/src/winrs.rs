//! The remote shell: MS-WSMV sections 2.2.4 and 3.1.4, one file per message.
//!
//! Each message is a [`Request`](crate::wsman::Request) or [`Response`](crate::wsman::Response) with reader and
//! writer. A client addresses a shell with [`ShellReference::target`]; a host reads what came with [`Call::read`].

mod call;
mod command;
pub mod command_line;
mod connect;
mod create_shell;
mod delete;
mod disconnect;
mod environment;
mod get_shell;
mod identifier;
mod list;
mod list_commands;
mod list_shells;
mod receive;
mod send;
mod shell;
mod signal;
mod stream;

pub use call::Call;
pub use command::{Command, CommandResponse, ConsoleMode, Interpreter};
pub use connect::{Connect, ConnectResponse};
pub use create_shell::{CreateShell, CreateShellResponse, Profile};
pub use delete::{Delete, DeleteResponse};
pub use disconnect::{BufferMode, Disconnect, DisconnectResponse, Reconnect, ReconnectResponse};
pub use environment::Environment;
pub use get_shell::{GetShell, GetShellResponse};
pub use identifier::{CommandId, ShellId, ShellReference};
pub use list::List;
pub use list_commands::{ListCommands, ListCommandsResponse, ListedCommand};
pub use list_shells::{ListShells, ListShellsResponse, PullShells, PullShellsResponse};
pub use receive::{CommandState, ExecutionState, Receive, ReceiveResponse};
pub use send::{Send, SendResponse};
pub use shell::Shell;
pub use signal::{Signal, SignalCode, SignalResponse};
pub use stream::{Stream, StreamEnd, StreamName, StreamSet};
