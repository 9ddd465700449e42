//! MS-WSMV 3.1.4.5.2: Create.

use std::sync::Arc;
use std::time::Duration;

use winrm_proto::winrs::{CreateShell, CreateShellResponse, ShellId, ShellReference};
use winrm_proto::wsman::{Header, MustComply, ResourceUri};

use super::fault::WindowsFault;
use super::listing::describe;
use super::pool::Pool;
use super::shells::{Commands, Content, Origin, Shell};
use crate::machine;
use crate::record::Event;
use crate::world::World;

pub(super) fn create(
    world: &World,
    user: &str,
    header: &Header,
    request: CreateShell,
) -> Result<CreateShellResponse, WindowsFault> {
    let resource = header.resource_uri.clone().ok_or(WindowsFault::RESOURCE_NOT_FOUND)?;
    let id = request.shell_id.clone().unwrap_or_else(|| ShellId::from_uuid(world.ids.next()));
    let content = if resource == ResourceUri::CMD {
        cmd(world, user, header, &request)?
    } else if let Some(configuration) = resource.configuration() {
        powershell(world, user, header, configuration, &request)?
    } else {
        return Err(WindowsFault::RESOURCE_NOT_FOUND);
    };
    let reference = ShellReference { resource_uri: resource.clone(), shell_id: id };
    let origin = Origin {
        name: request.name.clone(),
        working_directory: request.working_directory,
        input_streams: request.input_streams,
        output_streams: request.output_streams,
        idle_timeout: request.idle_timeout.unwrap_or(IDLE_TIMEOUT),
    };
    let shell = Shell::new(reference, user, header.session_id.clone(), origin, content);
    let shell = world.shells.open(shell, &world.choices.quotas)?;
    world.record.write(Event::ShellCreated {
        shell: shell.id().to_string(),
        resource: resource.as_str().to_owned(),
        user: user.to_owned(),
        name: request.name,
        options: header.options.iter().map(|option| (option.name.clone(), option.value.clone())).collect(),
    });
    let description = Some(describe(world, &shell));
    Ok(CreateShellResponse { shell: shell.reference.clone(), description })
}

/// A shell for command lines.
fn cmd(world: &World, user: &str, header: &Header, request: &CreateShell) -> Result<Content, WindowsFault> {
    comply(header, &["WINRS_NOPROFILE", "WINRS_CODEPAGE"])?;
    let mut environment = world.machine.environment_of(user);
    for (name, value) in request.environment.iter() {
        environment.set(name, value);
    }
    let directory = request.working_directory.clone().unwrap_or_else(|| machine::home_of(user));
    Ok(Content::Cmd(Commands::new(environment, directory)))
}

/// A runspace pool, which begins with the client's first messages.
fn powershell(
    world: &World,
    user: &str,
    header: &Header,
    configuration: &str,
    request: &CreateShell,
) -> Result<Content, WindowsFault> {
    comply(header, &["protocolversion", "WINRS_NOPROFILE"])?;
    let scope = world.scope_of(configuration).ok_or(WindowsFault::RESOURCE_NOT_FOUND)?;
    let messages = request.creation_xml.as_ref().ok_or(WindowsFault::SCHEMA)?;
    if request.shell_id.is_none() {
        return Err(WindowsFault::SCHEMA);
    }
    let lock = world.choices.lock;
    let pool = Pool::new(Arc::clone(&world.machine), world.record.clone(), user, scope, lock);
    pool.open(messages)?;
    Ok(Content::PowerShell(pool))
}

/// An option that must be complied with has to be one that the shell has.
fn comply(header: &Header, known: &[&str]) -> Result<(), WindowsFault> {
    let unknown = header.options.iter().any(|option| {
        option.must_comply == MustComply::Yes
            && !known.iter().any(|known| known.eq_ignore_ascii_case(&option.name))
    });
    if unknown { Err(WindowsFault::INVALID_OPTIONS) } else { Ok(()) }
}

/// Windows' default.
const IDLE_TIMEOUT: Duration = Duration::from_secs(7_200);
