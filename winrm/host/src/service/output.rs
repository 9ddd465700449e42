//! MS-WSMV 3.1.4.14: Receive.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::time::{Instant, sleep, timeout_at};
use winrm_proto::winrs::{
    CommandId, CommandState, ExecutionState, Receive, ReceiveResponse, Stream, StreamEnd, StreamName,
};
use winrm_proto::wsman::Header;

use super::execution::Execution;
use super::fault::WindowsFault;
use super::shells::Content;
use crate::machine::pipe::{self, Chunk};
use crate::record::Ended;
use crate::world::World;

/// Waits for output or the end, whichever comes first, and gives a quick command the moment it needs to end, so
/// that its exit code rides with its output.
pub(super) async fn receive(
    world: &World,
    user: &str,
    header: &Header,
    request: Receive,
    stray: Option<i32>,
) -> Result<ReceiveResponse, WindowsFault> {
    let shell = world.shells.in_use(user, header)?;
    let room = room(header, world);
    let deadline = Instant::now() + header.operation_timeout.unwrap_or(OPERATION_TIMEOUT);
    let commands = match &shell.content {
        Content::Cmd(commands) => commands,
        Content::PowerShell(pool) => return pool.receive(request.command_id.as_ref(), room, deadline).await,
    };
    let execution = commands.find(request.command_id.as_ref())?;
    if execution.is_told() {
        return Err(WindowsFault::COMMAND_NOT_FOUND);
    }
    let waited = timeout_at(deadline, wait(&execution, room)).await;
    let reading = match waited {
        Ok(Ok(reading)) => reading,
        Ok(Err(TakenAway)) => return Err(WindowsFault::ABORTED),
        Err(_elapsed) => return Err(WindowsFault::TIMED_OUT),
    };
    let response = collect(&execution, room, stray);
    drop(reading);
    Ok(response)
}

/// The command was terminated, or its shell deleted, under the waiting request.
struct TakenAway;

async fn wait(execution: &Execution, room: usize) -> Result<tokio::sync::MutexGuard<'_, ()>, TakenAway> {
    let ready = async {
        let reading = execution.reading.lock().await;
        execution.output.readable().await;
        tokio::select! {
            () = execution.output.filled(room) => {}
            () = sleep(MOMENT) => {}
        }
        reading
    };
    tokio::select! {
        biased;
        () = execution.taken_away() => Err(TakenAway),
        reading = ready => Ok(reading),
    }
}

fn collect(execution: &Execution, room: usize, stray: Option<i32>) -> ReceiveResponse {
    let id = execution.id();
    let mut streams: Vec<Stream> =
        joined(execution.output.take(room)).into_iter().map(|chunk| stream(id, chunk)).collect();
    let state = |state, exit_code| Some(CommandState { command_id: Some(id.clone()), state, exit_code });
    if let Some(code) = stray {
        return ReceiveResponse { streams, state: state(ExecutionState::Running, Some(code)) };
    }
    let Some(how) = execution.how().filter(|_| execution.output.ended()) else {
        return ReceiveResponse { streams, state: state(ExecutionState::Running, None) };
    };
    let _first = execution.tell();
    for name in [StreamName::Stdout, StreamName::Stderr] {
        let command_id = Some(id.clone());
        streams.push(Stream { name, command_id, data: Bytes::new(), end: StreamEnd::Closed });
    }
    let exit_code = match how {
        Ended::Exited(code) => code,
        Ended::Interrupted => CONTROL_C_EXIT,
        Ended::Terminated | Ended::ShellDeleted => 1,
    };
    ReceiveResponse { streams, state: state(ExecutionState::Done, Some(exit_code)) }
}

/// An answer with these pieces of standard output.
pub(super) fn made_up(command_id: Option<CommandId>, pieces: Vec<Bytes>) -> ReceiveResponse {
    let streams = pieces.into_iter().map(|data| Stream {
        name: StreamName::Stdout,
        command_id: command_id.clone(),
        data,
        end: StreamEnd::Open,
    });
    let streams = streams.collect();
    let state = command_id.map(|id| CommandState {
        command_id: Some(id),
        state: ExecutionState::Running,
        exit_code: None,
    });
    ReceiveResponse { streams, state }
}

/// One piece for neighbours of the same stream.
fn joined(chunks: Vec<Chunk>) -> Vec<Chunk> {
    let mut pieces: Vec<(pipe::Stream, Vec<Bytes>)> = Vec::new();
    for chunk in chunks {
        match pieces.last_mut() {
            Some((stream, bytes)) if *stream == chunk.stream => bytes.push(chunk.bytes),
            _ => pieces.push((chunk.stream, vec![chunk.bytes])),
        }
    }
    let join = |bytes: Vec<Bytes>| match <[Bytes; 1]>::try_from(bytes) {
        Ok([only]) => only,
        Err(several) => {
            let mut all = BytesMut::with_capacity(several.iter().map(Bytes::len).sum());
            several.iter().for_each(|bytes| all.extend_from_slice(bytes));
            all.freeze()
        }
    };
    pieces.into_iter().map(|(stream, bytes)| Chunk { stream, bytes: join(bytes) }).collect()
}

fn stream(id: &CommandId, chunk: Chunk) -> Stream {
    let name = match chunk.stream {
        pipe::Stream::Stderr => StreamName::Stderr,
        pipe::Stream::Stdout | pipe::Stream::Stdin => StreamName::Stdout,
    };
    Stream { name, command_id: Some(id.clone()), data: chunk.bytes, end: StreamEnd::Open }
}

/// Bytes of output that the client's envelope has room for, once they are base64.
fn room(header: &Header, world: &World) -> usize {
    let asked = header.max_envelope_size.and_then(|size| usize::try_from(size).ok());
    let size = asked.unwrap_or(ENVELOPE_SIZE).min(world.choices.quotas.max_envelope_size);
    (size.saturating_sub(ENVELOPE_OVERHEAD) / 4 * 3).max(SMALLEST_ROOM)
}

/// How long output waits for more output or the end. A quick command needs less.
pub(super) const MOMENT: Duration = Duration::from_millis(5);
/// Windows' `MaxTimeoutms`, for a request that names no time.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(60);
/// The smallest envelope that every service must take, and what Windows' clients ask for.
const ENVELOPE_SIZE: usize = 153_600;
const ENVELOPE_OVERHEAD: usize = 3_072;
const SMALLEST_ROOM: usize = 1_024;
/// `STATUS_CONTROL_C_EXIT`.
const CONTROL_C_EXIT: i32 = 0xC000_013A_u32.cast_signed();
