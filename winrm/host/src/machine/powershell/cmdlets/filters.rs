//! The cmdlets that only work on what comes down the pipeline.

use super::super::cmdlet::{Cmdlet, Takes};
use super::super::filter::{filter, run_text};

pub(in super::super) const CMDLETS: [Cmdlet; 18] = [
    filter("Compare-Object", "Microsoft.PowerShell.Commands.CompareObjectCommand"),
    filter("ConvertFrom-Csv", "Microsoft.PowerShell.Commands.ConvertFromCsvCommand"),
    filter("ConvertFrom-Json", "Microsoft.PowerShell.Commands.ConvertFromJsonCommand"),
    filter("ConvertTo-Csv", "Microsoft.PowerShell.Commands.ConvertToCsvCommand"),
    writes_text("ConvertTo-Json", "Microsoft.PowerShell.Commands.ConvertToJsonCommand"),
    filter("ForEach-Object", "Microsoft.PowerShell.Commands.ForEachObjectCommand"),
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

const fn writes_text(name: &'static str, class: &'static str) -> Cmdlet {
    Cmdlet { name, class, takes: Takes::All, run: run_text }
}
