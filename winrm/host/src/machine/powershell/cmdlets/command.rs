//! Get-Command and Get-Help.

use winrm_proto::clixml::{Object, Properties, Value};
use winrm_script::commands::Variant;

use super::super::binding::Bound;
use super::super::cmdlet::{Cmdlet, Takes};
use super::super::convert::like;
use super::super::failure::{Failure, Problem, Target, unknown_command};
use super::super::metadata::command_info;
use super::super::stage::Stage;

pub(in super::super) const CMDLETS: [Cmdlet; 2] = [
    Cmdlet {
        name: "Get-Command",
        class: "Microsoft.PowerShell.Commands.GetCommandCommand",
        takes: Takes::Only(&[
            "Name",
            "Module",
            "Noun",
            "Verb",
            "CommandType",
            "TotalCount",
            "All",
            "ListImported",
            "ArgumentList",
        ]),
        run: |stage, bound| Box::pin(get_command(stage, bound)),
    },
    Cmdlet {
        name: "Get-Help",
        class: "Microsoft.PowerShell.Commands.GetHelpCommand",
        takes: Takes::Only(&["Name", "Category", "Full", "Detailed", "Examples"]),
        run: |stage, bound| Box::pin(get_help(stage, bound)),
    },
];

/// The commands that the session sees.
pub(in super::super) async fn get_command(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let patterns = bound.texts("Name").unwrap_or_else(|| vec!["*".to_owned()]);
    let passes = |name: &str, text: &str| {
        bound.texts(name).is_none_or(|patterns| patterns.iter().any(|pattern| like(pattern, text)))
    };
    let mut left = bound.count("TotalCount").unwrap_or(usize::MAX);
    for pattern in patterns {
        let mut found = false;
        let seen = stage.runspace.scope().cmdlets();
        for cmdlet in seen.into_iter().filter(|cmdlet| like(&pattern, cmdlet.name)) {
            let (verb, noun) = cmdlet.name.split_once('-').unwrap_or((cmdlet.name, ""));
            if passes("Verb", verb) && passes("Noun", noun) && passes("Module", cmdlet.module()) && left > 0 {
                found = true;
                left -= 1;
                stage.put(command_info(cmdlet)).await?;
            }
        }
        if !found && !pattern.contains(['*', '?']) {
            stage.complain(unknown_command(&pattern)).await?;
        }
    }
    Ok(())
}

/// What there is to say of a command without help files: its syntax.
pub(in super::super) async fn get_help(stage: &mut Stage<'_>, bound: &Bound) -> Result<(), Failure> {
    let Some(pattern) = bound.text("Name") else { return Ok(()) };
    let seen = stage.runspace.scope().cmdlets();
    let found: Vec<&Cmdlet> = seen.into_iter().filter(|cmdlet| like(&pattern, cmdlet.name)).collect();
    if found.is_empty() && !pattern.contains(['*', '?']) {
        return stage.complain(no_help(&pattern)).await;
    }
    for cmdlet in found {
        stage.put(help(cmdlet)).await?;
    }
    Ok(())
}

fn help(cmdlet: &Cmdlet) -> Value {
    let parameters = cmdlet.variant().into_iter().flat_map(Variant::parameters);
    let own = parameters.filter(|parameter| !parameter.is_common() && cmdlet.takes.has(parameter.name()));
    let syntax = own.map(|parameter| {
        if parameter.is_switch() {
            format!(" [-{}]", parameter.name())
        } else {
            format!(" [-{} <{}>]", parameter.name(), parameter.type_name())
        }
    });
    let syntax = std::iter::once(cmdlet.name.to_owned()).chain(syntax).collect::<String>();
    Value::object(Object {
        to_string: Some(cmdlet.name.into()),
        extended: Properties::new()
            .with("Name", cmdlet.name)
            .with("Category", "Cmdlet")
            .with("Synopsis", syntax)
            .with("ModuleName", cmdlet.module()),
        ..Object::typed(&["ExtendedCmdletHelpInfo", "CmdletHelpInfo", "HelpInfo"])
    })
}

fn no_help(name: &str) -> Problem {
    Problem {
        message: format!("Get-Help could not find {name} in a help file in this session."),
        category: "ResourceUnavailable",
        exception: "Microsoft.PowerShell.Commands.HelpNotFoundException",
        id: "HelpNotFound",
        target: Target::Nothing,
    }
}
