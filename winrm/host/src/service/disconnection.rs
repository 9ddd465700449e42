//! MS-WSMV 3.1.4.15 to 3.1.4.17: Connect, Disconnect and Reconnect of runspace pools.

use std::sync::Arc;

use winrm_proto::winrs::{Connect, ConnectResponse, Disconnect, DisconnectResponse, ReconnectResponse};
use winrm_proto::wsman::Header;

use super::fault::WindowsFault;
use super::pool::Pool;
use super::shells::{Connection, Content, Shell};
use crate::world::World;

/// Leaves a pool to itself: what waits for its output is answered, and its pipelines go on.
pub(super) fn disconnect(
    world: &World,
    user: &str,
    header: &Header,
    _request: Disconnect,
) -> Result<DisconnectResponse, WindowsFault> {
    let shell = world.shells.named(user, header)?;
    let pool = pool(&shell)?;
    if shell.connection() == Connection::Disconnected || !shell.is_of_session(header) {
        return Err(WindowsFault::CANNOT_DISCONNECT);
    }
    pool.disconnect()?;
    shell.set_connection(Connection::Disconnected);
    Ok(DisconnectResponse)
}

/// The client that left it takes it up again.
pub(super) fn reconnect(
    world: &World,
    user: &str,
    header: &Header,
) -> Result<ReconnectResponse, WindowsFault> {
    let shell = world.shells.named(user, header)?;
    let pool = pool(&shell)?;
    if shell.connection() == Connection::Connected || !shell.is_of_session(header) {
        return Err(WindowsFault::CANNOT_RECONNECT);
    }
    pool.reconnect()?;
    shell.set_connection(Connection::Connected);
    Ok(ReconnectResponse)
}

/// Another client takes over the pool, or one of its pipelines.
pub(super) fn connect(
    world: &World,
    user: &str,
    header: &Header,
    request: &Connect,
) -> Result<ConnectResponse, WindowsFault> {
    let shell = world.shells.named(user, header)?;
    let pool = pool(&shell)?;
    if let Some(command_id) = &request.command_id {
        pool.has(command_id)?;
        return Ok(ConnectResponse::default());
    }
    if shell.connection() == Connection::Connected {
        return Err(WindowsFault::CANNOT_RECONNECT);
    }
    let messages = request.connect_xml.as_ref().ok_or(WindowsFault::SCHEMA)?;
    let answer = pool.connect(messages)?;
    shell.take_over(header);
    shell.set_connection(Connection::Connected);
    Ok(ConnectResponse {
        input_streams: shell.origin.input_streams.clone(),
        output_streams: shell.origin.output_streams.clone(),
        connect_response_xml: Some(answer),
    })
}

/// Only runspace pools can be left.
fn pool(shell: &Shell) -> Result<&Arc<Pool>, WindowsFault> {
    match &shell.content {
        Content::PowerShell(pool) => Ok(pool),
        Content::Cmd(_) => Err(WindowsFault::DISCONNECT_NOT_SUPPORTED),
    }
}
