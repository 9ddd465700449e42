//! MS-WSMV 3.1.4.12: Signal.

use winrm_proto::winrs::{Signal, SignalCode, SignalResponse};
use winrm_proto::wsman::Header;

use super::fault::WindowsFault;
use super::shells::{Commands, Content};
use crate::record::{Ended, Event};
use crate::world::World;

/// Ends or interrupts a command, and answers when it has ended.
pub(super) async fn signal(
    world: &World,
    user: &str,
    header: &Header,
    request: Signal,
) -> Result<SignalResponse, WindowsFault> {
    let shell = world.shells.in_use(user, header)?;
    let code = request.code.uri();
    let code = code.rsplit_once('/').map_or(code, |(_, last)| last).to_owned();
    let command = request.command_id.as_ref().map(ToString::to_string);
    world.record.write(Event::Signal { command, code });
    match &shell.content {
        Content::Cmd(commands) => to_command(commands, request).await?,
        Content::PowerShell(pool) => pool.signal(request).await?,
    }
    Ok(SignalResponse)
}

async fn to_command(commands: &Commands, request: Signal) -> Result<(), WindowsFault> {
    let how = match request.code {
        SignalCode::Terminate => Ended::Terminated,
        SignalCode::CtrlC | SignalCode::CtrlBreak => Ended::Interrupted,
        SignalCode::PowerShellCtrlC | SignalCode::Other(_) => return Err(WindowsFault::INVALID_PARAMETER),
    };
    let Some(id) = request.command_id else {
        commands.end_all(how).await;
        return Ok(());
    };
    let execution = commands.find(Some(&id))?;
    execution.stop(how);
    execution.ended().await;
    if how == Ended::Terminated {
        commands.forget(&id);
    }
    Ok(())
}
