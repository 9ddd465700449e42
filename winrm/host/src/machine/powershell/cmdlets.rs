//! What the cmdlets do.

mod process;
mod service;
mod utility;

use super::binding::{Bound, missing_mandatory};
use super::cmdlet::{Cmdlet, Need};
use super::failure::Failure;
use super::stage::Stage;

/// Runs a cmdlet with its bound parameters.
pub(super) async fn run(stage: &mut Stage<'_>, cmdlet: Cmdlet, bound: &Bound) -> Result<(), Failure> {
    let missing = cmdlet.signature().parameters.iter().find(|parameter| {
        parameter.need == Need::MandatoryWithoutInput
            && bound.given(parameter.name).is_none()
            && !stage.has_input()
    });
    if let Some(parameter) = missing
        && bound.given("DisplayName").is_none()
    {
        return Err(stage.fail(missing_mandatory(parameter.name)));
    }
    match cmdlet {
        Cmdlet::GetDate => utility::get_date(stage, bound).await,
        Cmdlet::GetProcess => process::get(stage, bound).await,
        Cmdlet::GetService => service::get(stage, bound).await,
        Cmdlet::RestartService => service::change(stage, bound, service::Change::Restart).await,
        Cmdlet::StartService => service::change(stage, bound, service::Change::Start).await,
        Cmdlet::StartSleep => utility::start_sleep(stage, bound).await,
        Cmdlet::StopProcess => process::stop(stage, bound).await,
        Cmdlet::StopService => service::change(stage, bound, service::Change::Stop).await,
        Cmdlet::WriteError => utility::write_error(stage, bound).await,
        Cmdlet::WriteOutput => utility::write_output(stage, bound).await,
        Cmdlet::WriteWarning => stage.warn(bound.text("Message").unwrap_or_default()).await,
    }
}
