//! MS-WSMV 3.1.4.2 and 3.1.4.8: Get and Enumerate of shells and of their commands.

use std::sync::Arc;

use winrm_proto::winrs::{
    CommandId, GetShellResponse, ListCommands, ListCommandsResponse, ListShellsResponse, ListedCommand,
    Shell as Description, ShellId,
};
use winrm_proto::wsman::{Header, ResourceUri};

use super::fault::WindowsFault;
use super::shells::{Content, Shell};
use crate::world::World;

/// How one shell is. It is asked for as an instance of all shells, whatever it was created as.
pub(super) fn get(world: &World, user: &str, header: &Header) -> Result<GetShellResponse, WindowsFault> {
    about_shells(header)?;
    let selector = header.selectors.value("ShellId").and_then(|id| ShellId::parse(id).ok());
    let id = selector.ok_or(WindowsFault::SHELL_NOT_FOUND)?;
    Ok(GetShellResponse { shell: describe(world, &*owned(world, user, &id)?) })
}

/// The user's shells, all of them in one answer.
pub(super) fn list(world: &World, user: &str, header: &Header) -> Result<ListShellsResponse, WindowsFault> {
    about_shells(header)?;
    let shells: Vec<Description> = world.shells.of(user).iter().map(|shell| describe(world, shell)).collect();
    Ok(ListShellsResponse(shells.into()))
}

fn about_shells(header: &Header) -> Result<(), WindowsFault> {
    if header.resource_uri == Some(ResourceUri::SHELL) {
        Ok(())
    } else {
        Err(WindowsFault::RESOURCE_NOT_FOUND)
    }
}

/// The commands of one of the user's shells whose end nobody was told of.
pub(super) fn list_commands(
    world: &World,
    user: &str,
    request: &ListCommands,
) -> Result<ListCommandsResponse, WindowsFault> {
    let shell = owned(world, user, &request.shell_id)?;
    let commands: Vec<ListedCommand> = match &shell.content {
        Content::Cmd(commands) => {
            commands.running().iter().map(|running| listed(running.id().clone(), running.line())).collect()
        }
        // A pipeline's commands are in messages that the service does not read.
        Content::PowerShell(pool) => pool.running().into_iter().map(|id| listed(id, "")).collect(),
    };
    Ok(ListCommandsResponse(commands.into()))
}

fn listed(id: CommandId, line: &str) -> ListedCommand {
    ListedCommand {
        command_id: Some(id),
        command_line: Some(line.to_owned()),
        state: Some("Running".to_owned()),
    }
}

fn owned(world: &World, user: &str, id: &ShellId) -> Result<Arc<Shell>, WindowsFault> {
    let shells = world.shells.of(user);
    shells.into_iter().find(|shell| shell.id() == id).ok_or(WindowsFault::SHELL_NOT_FOUND)
}

/// A shell as the host describes it.
pub(super) fn describe(world: &World, shell: &Shell) -> Description {
    Description {
        shell_id: Some(shell.id().clone()),
        name: shell.origin.name.clone(),
        resource_uri: Some(shell.reference.resource_uri.clone()),
        owner: Some(format!("{}\\{}", world.machine.hostname(), shell.owner())),
        client_ip: Some("127.0.0.1".to_owned()),
        working_directory: shell.origin.working_directory.clone(),
        idle_timeout: Some(shell.origin.idle_timeout),
        input_streams: shell.origin.input_streams.clone(),
        output_streams: shell.origin.output_streams.clone(),
        state: Some(shell.connection().name().to_owned()),
        run_time: Some(shell.age()),
        inactivity: Some(shell.inactivity()),
        ..Description::default()
    }
}
