//! MS-WSMV 3.1.4.13: Send.

use std::time::Duration;

use winrm_proto::winrs::{Send, SendResponse, Stream, StreamEnd, StreamName};
use winrm_proto::wsman::Header;

use super::fault::WindowsFault;
use super::shells::{Commands, Content};
use crate::machine::pipe;
use crate::record::Event;
use crate::world::World;

pub(super) async fn send(
    world: &World,
    user: &str,
    header: &Header,
    request: Send,
) -> Result<SendResponse, WindowsFault> {
    let shell = world.shells.in_use(user, header)?;
    let patience = header.operation_timeout.unwrap_or(OPERATION_TIMEOUT);
    match &shell.content {
        Content::Cmd(commands) => {
            for stream in request.streams {
                deliver(world, commands, stream, patience).await?;
            }
        }
        Content::PowerShell(pool) => {
            let delivered = tokio::time::timeout(patience, pool.send(request.streams)).await;
            delivered.unwrap_or(Err(WindowsFault::TIMED_OUT))?;
        }
    }
    Ok(SendResponse)
}

/// Gives a program input, after waiting for room.
async fn deliver(
    world: &World,
    commands: &Commands,
    stream: Stream,
    patience: Duration,
) -> Result<(), WindowsFault> {
    let execution = commands.find(stream.command_id.as_ref())?;
    if stream.name != StreamName::Stdin {
        return Err(WindowsFault::INVALID_PARAMETER);
    }
    let end = stream.end == StreamEnd::Closed;
    let command = execution.id().to_string();
    world.record.write(Event::Input { command, size: stream.data.len(), end });
    if !stream.data.is_empty() {
        let stdin = execution.stdin().ok_or(WindowsFault::PIPE_CLOSING)?;
        match tokio::time::timeout(patience, stdin.write(pipe::Stream::Stdin, stream.data)).await {
            Ok(Ok(())) => {}
            Ok(Err(_broken)) => return Err(WindowsFault::PIPE_CLOSING),
            Err(_elapsed) => return Err(WindowsFault::TIMED_OUT),
        }
    }
    if end {
        execution.close_stdin();
    }
    Ok(())
}

/// Windows' `MaxTimeoutms`, for a request that names no time.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(60);
