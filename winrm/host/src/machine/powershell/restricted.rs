//! The functions that every session of a JEA endpoint has in place of the commands of the same name.
//!
//! `SessionType = 'RestrictedRemoteServer'` makes them; they take few parameters, and of some of them few values, so
//! that a client can ask what commands there are and nothing more.

use super::cmdlet::{Cmdlet, Restriction, Takes};
use super::cmdlets::{command, text};
use super::filter;

/// All of them, by name.
pub(super) const FUNCTIONS: [Cmdlet; 8] = [
    Cmdlet {
        name: "Clear-Host",
        class: "Clear-Host",
        takes: Takes::Restricted(&[]),
        run: |_, _| Box::pin(async { Ok(()) }),
    },
    Cmdlet {
        name: "Exit-PSSession",
        class: "Microsoft.PowerShell.Commands.ExitPSSessionCommand",
        takes: Takes::Restricted(&[]),
        run: |_, _| Box::pin(async { Ok(()) }),
    },
    Cmdlet {
        name: "Get-Command",
        class: "Microsoft.PowerShell.Commands.GetCommandCommand",
        takes: Takes::Restricted(&[
            any("Name"),
            any("Module"),
            any("ArgumentList"),
            any("CommandType"),
            any("ListImported"),
            any("ShowCommandInfo"),
        ]),
        run: |stage, bound| Box::pin(command::get_command(stage, bound)),
    },
    Cmdlet {
        name: "Get-FormatData",
        class: "Microsoft.PowerShell.Commands.GetFormatDataCommand",
        takes: Takes::Restricted(&[any("TypeName")]),
        run: |_, _| Box::pin(async { Ok(()) }),
    },
    Cmdlet {
        name: "Get-Help",
        class: "Microsoft.PowerShell.Commands.GetHelpCommand",
        takes: Takes::Restricted(&[any("Name"), any("Category")]),
        run: |stage, bound| Box::pin(command::get_help(stage, bound)),
    },
    Cmdlet {
        name: "Measure-Object",
        class: "Microsoft.PowerShell.Commands.MeasureObjectCommand",
        takes: Takes::Restricted(&[any("InputObject")]),
        run: filter::run,
    },
    Cmdlet {
        name: "Out-Default",
        class: "Microsoft.PowerShell.Commands.OutDefaultCommand",
        takes: Takes::Restricted(&[any("InputObject")]),
        run: |stage, bound| Box::pin(text::pass_on(stage, bound)),
    },
    Cmdlet {
        name: "Select-Object",
        class: "Microsoft.PowerShell.Commands.SelectObjectCommand",
        takes: Takes::Restricted(&[
            Restriction { parameter: "Property", values: &SELECTED },
            any("InputObject"),
        ]),
        run: filter::run,
    },
];

/// What an alias of a restricted session stands for.
pub(super) fn alias(name: &str) -> Option<&'static str> {
    ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(name)).map(|(_, name)| *name)
}

const fn any(parameter: &'static str) -> Restriction {
    Restriction { parameter, values: &[] }
}

/// What a client needs of a command's description.
const SELECTED: [&str; 11] = [
    "ModuleName",
    "Namespace",
    "OutputType",
    "Count",
    "HelpUri",
    "Name",
    "CommandType",
    "ResolvedCommandName",
    "DefaultParameterSet",
    "CmdletBinding",
    "Parameters",
];
const ALIASES: [(&str, &str); 7] = [
    ("clear", "Clear-Host"),
    ("cls", "Clear-Host"),
    ("exsn", "Exit-PSSession"),
    ("gcm", "Get-Command"),
    ("help", "Get-Help"),
    ("measure", "Measure-Object"),
    ("select", "Select-Object"),
];
