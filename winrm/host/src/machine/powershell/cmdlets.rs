//! What the cmdlets do.

mod cim;
mod command;
mod event;
mod files;
mod object;
mod process;
mod service;
mod text;
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
        Cmdlet::ConvertToJson => text::convert_to_json(stage, bound).await,
        Cmdlet::ForEachObject => utility::for_each_member(stage, bound).await,
        Cmdlet::GetChildItem => files::get_child_item(stage, bound).await,
        Cmdlet::GetCimInstance => cim::get_cim_instance(stage, bound).await,
        Cmdlet::GetCommand => command::get_command(stage, bound).await,
        Cmdlet::GetContent => files::get_content(stage, bound).await,
        Cmdlet::GetDate => utility::get_date(stage, bound).await,
        Cmdlet::GetHotFix => event::get_hot_fix(stage, bound).await,
        Cmdlet::GetItem => files::get_item(stage, bound).await,
        Cmdlet::GetProcess => process::get(stage, bound).await,
        Cmdlet::GetService => service::get(stage, bound).await,
        Cmdlet::GetVariable => utility::get_variable(stage, bound).await,
        Cmdlet::GetWinEvent => event::get_win_event(stage, bound).await,
        Cmdlet::MeasureObject => object::measure(stage, bound).await,
        Cmdlet::OutDefault => utility::pass_on(stage, bound).await,
        Cmdlet::OutNull => utility::swallow(stage, bound).await,
        Cmdlet::OutString => text::out_string(stage, bound).await,
        Cmdlet::ReadHost => text::read_host(stage, bound).await,
        Cmdlet::RestartService => service::change(stage, bound, service::Change::Restart).await,
        Cmdlet::SelectObject => object::select(stage, bound).await,
        Cmdlet::SortObject => object::sort(stage, bound).await,
        Cmdlet::StartService => service::change(stage, bound, service::Change::Start).await,
        Cmdlet::StartSleep => utility::start_sleep(stage, bound).await,
        Cmdlet::StopProcess => process::stop(stage, bound).await,
        Cmdlet::StopService => service::change(stage, bound, service::Change::Stop).await,
        Cmdlet::TestPath => files::test_path(stage, bound).await,
        Cmdlet::WhereObject => object::filter(stage, bound).await,
        Cmdlet::WriteError => utility::write_error(stage, bound).await,
        Cmdlet::WriteHost => text::write_host(stage, bound).await,
        Cmdlet::WriteOutput => utility::write_output(stage, bound).await,
        Cmdlet::WriteProgress => utility::write_progress(stage, bound).await,
        Cmdlet::WriteVerbose => stage.say_verbosely(bound.text("Message").unwrap_or_default()).await,
        Cmdlet::WriteWarning => stage.warn(bound.text("Message").unwrap_or_default()).await,
    }
}
