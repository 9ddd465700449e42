//! MS-WSMV 3.1.4.11: Command.

use std::sync::Arc;

use winrm_proto::winrs::{Command, CommandId, CommandResponse, Interpreter};
use winrm_proto::wsman::Header;

use super::execution::{Execution, Start};
use super::fault::WindowsFault;
use super::shells::{Commands, Content, Shell};
use crate::machine::{Interpretation, StartFailure};
use crate::record::Event;
use crate::world::World;

pub(super) async fn command(
    world: &World,
    user: &str,
    header: &Header,
    request: Command,
) -> Result<CommandResponse, WindowsFault> {
    let shell = world.shells.in_use(user, header)?;
    shell.count_command(&world.choices.quotas)?;
    let command_id = match &shell.content {
        Content::Cmd(commands) => line(world, user, &shell, commands, request)?,
        Content::PowerShell(pool) => pool.command(shell.id(), &request).await?,
    };
    Ok(CommandResponse { command_id })
}

/// Starts a command line.
fn line(
    world: &World,
    user: &str,
    shell: &Shell,
    commands: &Commands,
    request: Command,
) -> Result<CommandId, WindowsFault> {
    let command_id = request.command_id.unwrap_or_else(|| CommandId::from_uuid(world.ids.next()));
    if commands.find(Some(&command_id)).is_ok() {
        return Err(WindowsFault::INVALID_PARAMETER);
    }
    world.record.write(Event::Command {
        shell: shell.id().to_string(),
        command: command_id.to_string(),
        line: request.command.clone(),
        arguments: request.arguments.clone(),
    });
    let how = match request.interpreter {
        Some(Interpreter::None) => Interpretation::Direct,
        Some(Interpreter::Cmd) | None => Interpretation::Cmd,
    };
    let mut line = request.command;
    for argument in request.arguments {
        line.push(' ');
        line.push_str(&argument);
    }
    world.machine.check_start(&line, how).map_err(|failure| match failure {
        StartFailure::FileNotFound => WindowsFault::FILE_NOT_FOUND,
        StartFailure::TooLong => WindowsFault::TOO_LONG,
    })?;
    let start = Start {
        id: command_id.clone(),
        line,
        how,
        environment: commands.environment.clone(),
        directory: commands.directory.clone(),
        user: user.to_owned(),
    };
    commands.keep(Execution::start(Arc::clone(&world.machine), world.record.clone(), start));
    Ok(command_id)
}
