//! MS-WSMV 3.1.4.11: Command.

use std::sync::Arc;

use winrm_proto::winrs::{Command, CommandId, CommandResponse, Interpreter};
use winrm_proto::wsman::Header;

use super::execution::{Execution, Start};
use super::fault::WindowsFault;
use crate::machine::{Interpretation, StartFailure};
use crate::record::Event;
use crate::world::World;

pub(super) fn command(
    world: &World,
    user: &str,
    header: &Header,
    request: Command,
) -> Result<CommandResponse, WindowsFault> {
    let shell = world.shells.named(user, header)?;
    let command_id = request.command_id.unwrap_or_else(|| CommandId::from_uuid(world.ids.next()));
    if shell.find(Some(&command_id)).is_ok() {
        return Err(WindowsFault::INVALID_PARAMETER);
    }
    shell.count_command(&world.choices.quotas)?;
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
        environment: shell.environment.clone(),
        directory: shell.directory.clone(),
        user: user.to_owned(),
    };
    shell.keep(Execution::start(Arc::clone(&world.machine), world.record.clone(), start));
    Ok(CommandResponse { command_id })
}
