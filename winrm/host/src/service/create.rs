//! MS-WSMV 3.1.4.5.2: Create.

use std::time::Duration;

use winrm_proto::winrs::{CreateShell, CreateShellResponse, Shell as Description, ShellId};
use winrm_proto::wsman::{Header, MustComply, ResourceUri};

use super::fault::WindowsFault;
use super::shells::{Shell, reference};
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
    if resource != ResourceUri::CMD {
        return Err(WindowsFault::RESOURCE_NOT_FOUND);
    }
    comply(header)?;
    let id = request.shell_id.unwrap_or_else(|| ShellId::from_uuid(world.ids.next()));
    let mut environment = world.machine.environment_of(user);
    for (name, value) in &request.environment {
        environment.set(name, value);
    }
    let directory = request.working_directory.unwrap_or_else(|| machine::home_of(user));
    let idle_timeout = request.idle_timeout.unwrap_or(IDLE_TIMEOUT);
    let shell =
        Shell::new(reference(resource.clone(), id), user, environment, directory.clone(), idle_timeout);
    let shell = world.shells.open(shell, &world.choices.quotas)?;
    world.record.write(Event::ShellCreated {
        shell: shell.id().to_string(),
        resource: resource.as_str().to_owned(),
        user: user.to_owned(),
        name: request.name.clone(),
        options: header.options.iter().map(|option| (option.name.clone(), option.value.clone())).collect(),
    });
    let description = Description {
        shell_id: Some(shell.id().clone()),
        name: request.name,
        resource_uri: Some(resource),
        owner: Some(format!("{}\\{user}", world.machine.hostname())),
        client_ip: Some("127.0.0.1".to_owned()),
        working_directory: Some(directory),
        idle_timeout: Some(idle_timeout),
        input_streams: request.input_streams,
        output_streams: request.output_streams,
        state: Some("Connected".to_owned()),
        run_time: Some(Duration::ZERO),
        inactivity: Some(Duration::ZERO),
        ..Description::default()
    };
    Ok(CreateShellResponse { shell: shell.reference.clone(), description: Some(description) })
}

/// An option that must be complied with has to be one that a cmd shell has.
fn comply(header: &Header) -> Result<(), WindowsFault> {
    let unknown = header.options.iter().any(|option| {
        option.must_comply == MustComply::Yes
            && !OPTIONS.iter().any(|known| known.eq_ignore_ascii_case(&option.name))
    });
    if unknown { Err(WindowsFault::INVALID_OPTIONS) } else { Ok(()) }
}

const OPTIONS: [&str; 2] = ["WINRS_NOPROFILE", "WINRS_CODEPAGE"];
/// Windows' default.
const IDLE_TIMEOUT: Duration = Duration::from_secs(7_200);
