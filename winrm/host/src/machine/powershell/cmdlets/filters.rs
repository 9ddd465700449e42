//! The cmdlets that only work on what comes down the pipeline.

use winrm_proto::clixml::Value;

use super::super::binding::Bound;
use super::super::cmdlet::{Cmdlet, Running, Takes};
use super::super::failure::Failure;
use super::super::filter::{filter, run, run_text};
use super::super::stage::Stage;
use super::files::FILE;

pub(in super::super) const CMDLETS: [Cmdlet; 18] = [
    filter("Compare-Object", "Microsoft.PowerShell.Commands.CompareObjectCommand"),
    filter("ConvertFrom-Csv", "Microsoft.PowerShell.Commands.ConvertFromCsvCommand"),
    filter("ConvertFrom-Json", "Microsoft.PowerShell.Commands.ConvertFromJsonCommand"),
    filter("ConvertTo-Csv", "Microsoft.PowerShell.Commands.ConvertToCsvCommand"),
    writes_text("ConvertTo-Json", "Microsoft.PowerShell.Commands.ConvertToJsonCommand"),
    Cmdlet {
        name: "ForEach-Object",
        class: "Microsoft.PowerShell.Commands.ForEachObjectCommand",
        takes: Takes::All,
        run: for_each,
    },
    filter("Format-List", "Microsoft.PowerShell.Commands.FormatListCommand"),
    filter("Format-Table", "Microsoft.PowerShell.Commands.FormatTableCommand"),
    filter("Format-Wide", "Microsoft.PowerShell.Commands.FormatWideCommand"),
    filter("Get-Unique", "Microsoft.PowerShell.Commands.GetUniqueCommand"),
    filter("Group-Object", "Microsoft.PowerShell.Commands.GroupObjectCommand"),
    filter("Join-Path", "Microsoft.PowerShell.Commands.JoinPathCommand"),
    filter("Measure-Object", "Microsoft.PowerShell.Commands.MeasureObjectCommand"),
    filter("New-TimeSpan", "Microsoft.PowerShell.Commands.NewTimeSpanCommand"),
    writes_text("Out-String", "Microsoft.PowerShell.Commands.OutStringCommand"),
    filter("Select-Object", "Microsoft.PowerShell.Commands.SelectObjectCommand"),
    filter("Sort-Object", "Microsoft.PowerShell.Commands.SortObjectCommand"),
    filter("Where-Object", "Microsoft.PowerShell.Commands.WhereObjectCommand"),
];

/// `ForEach-Object -MemberName` reads a property, or calls a method: on the machine its objects are alive.
fn for_each<'a>(stage: &'a mut Stage<'_>, bound: &'a Bound) -> Running<'a> {
    match bound.text("MemberName") {
        Some(name) if name.eq_ignore_ascii_case("Delete") => Box::pin(delete(stage)),
        _ => run(stage, bound),
    }
}

/// `Delete` of each file that comes. Other objects have no such method.
async fn delete(stage: &mut Stage<'_>) -> Result<(), Failure> {
    while let Some(value) = stage.take().await {
        let path = value.property("FullName").map(ToString::to_string);
        let is_file = value.own_object().is_some_and(|object| object.type_names.is(FILE));
        match path.filter(|_| is_file) {
            // .NET's method says nothing where there is no file.
            Some(path) => drop(stage.machine.files.delete(&path)),
            None => stage.put(Value::Null).await?,
        }
    }
    Ok(())
}

const fn writes_text(name: &'static str, class: &'static str) -> Cmdlet {
    Cmdlet { name, class, takes: Takes::All, run: run_text }
}
