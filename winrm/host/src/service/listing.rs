//! MS-WSMV 3.1.4.2 and 3.1.4.7: Get and Enumerate of shells.

use winrm_proto::winrs::{GetShellResponse, ListShellsResponse, Shell as Description, ShellId, ShellList};
use winrm_proto::wsman::{Header, ResourceUri};

use super::fault::WindowsFault;
use super::shells::Shell;
use crate::world::World;

/// How one shell is. It is asked for as an instance of all shells, whatever it was created as.
pub(super) fn get(world: &World, user: &str, header: &Header) -> Result<GetShellResponse, WindowsFault> {
    about_shells(header)?;
    let selector = header.selectors.value("ShellId").and_then(|id| ShellId::parse(id).ok());
    let id = selector.ok_or(WindowsFault::SHELL_NOT_FOUND)?;
    let shells = world.shells.of(user);
    let shell = shells.iter().find(|shell| *shell.id() == id).ok_or(WindowsFault::SHELL_NOT_FOUND)?;
    Ok(GetShellResponse { shell: describe(world, shell) })
}

/// The user's shells, all of them in one answer.
pub(super) fn list(world: &World, user: &str, header: &Header) -> Result<ListShellsResponse, WindowsFault> {
    about_shells(header)?;
    let shells = world.shells.of(user).iter().map(|shell| describe(world, shell)).collect();
    Ok(ListShellsResponse(ShellList { shells, context: None }))
}

fn about_shells(header: &Header) -> Result<(), WindowsFault> {
    if header.resource_uri == Some(ResourceUri::SHELL) {
        Ok(())
    } else {
        Err(WindowsFault::RESOURCE_NOT_FOUND)
    }
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
