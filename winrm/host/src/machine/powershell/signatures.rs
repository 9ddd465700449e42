//! What each cmdlet is called and takes: names, aliases and positions are those of Windows PowerShell 5.1.

use super::cmdlet::{Cmdlet, Kind, Need, Parameter, Signature};

/// Parameters that every cmdlet has.
pub(super) const COMMON: [Parameter; 11] = [
    Parameter { aliases: &["vb"], ..switch("Verbose") },
    Parameter { aliases: &["db"], ..switch("Debug") },
    Parameter { aliases: &["ea"], ..text("ErrorAction") },
    Parameter { aliases: &["wa"], ..text("WarningAction") },
    Parameter { aliases: &["infa"], ..text("InformationAction") },
    Parameter { aliases: &["ev"], ..text("ErrorVariable") },
    Parameter { aliases: &["wv"], ..text("WarningVariable") },
    Parameter { aliases: &["iv"], ..text("InformationVariable") },
    Parameter { aliases: &["ov"], ..text("OutVariable") },
    Parameter { aliases: &["ob"], ..number("OutBuffer") },
    Parameter { aliases: &["pv"], ..text("PipelineVariable") },
];

const fn parameter(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, aliases: &[], kind, position: None, need: Need::Optional }
}

const fn switch(name: &'static str) -> Parameter {
    parameter(name, Kind::Switch)
}

const fn text(name: &'static str) -> Parameter {
    parameter(name, Kind::Text)
}

const fn texts(name: &'static str) -> Parameter {
    parameter(name, Kind::Texts)
}

const fn number(name: &'static str) -> Parameter {
    parameter(name, Kind::Number)
}

const fn numbers(name: &'static str) -> Parameter {
    parameter(name, Kind::Numbers)
}

impl Parameter {
    const fn at(mut self, position: usize) -> Self {
        self.position = Some(position);
        self
    }

    const fn alias(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    const fn needed(mut self, need: Need) -> Self {
        self.need = need;
        self
    }
}

const WHAT_IF: Parameter = switch("WhatIf").alias(&["wi"]);
const CONFIRM: Parameter = switch("Confirm").alias(&["cf"]);
const SERVICE_NAME: Parameter = texts("Name").alias(&["ServiceName"]).at(0);
/// What a cmdlet without a signature would have.
pub(super) const FALLBACK: Signature =
    Signature { cmdlet: Cmdlet::WriteOutput, name: "", aliases: &[], class: "", parameters: &[] };

/// What Start-, Stop- and Restart-Service share.
const SERVICE_CHANGE: [Parameter; 9] = [
    SERVICE_NAME.needed(Need::MandatoryWithoutInput),
    texts("DisplayName"),
    texts("Include"),
    texts("Exclude"),
    switch("PassThru"),
    switch("Force"),
    switch("NoWait"),
    WHAT_IF,
    CONFIRM,
];

/// All signatures, by name.
pub(super) const SIGNATURES: &[Signature] = &[
    Signature {
        cmdlet: Cmdlet::ConvertToJson,
        name: "ConvertTo-Json",
        aliases: &[],
        class: "Microsoft.PowerShell.Commands.ConvertToJsonCommand",
        parameters: &[parameter("InputObject", Kind::Values).at(0), number("Depth"), switch("Compress")],
    },
    Signature {
        cmdlet: Cmdlet::ForEachObject,
        name: "ForEach-Object",
        aliases: &["foreach", "%"],
        class: "Microsoft.PowerShell.Commands.ForEachObjectCommand",
        parameters: &[
            parameter("Process", Kind::Script).at(0),
            text("MemberName"),
            parameter("InputObject", Kind::Value),
        ],
    },
    Signature {
        cmdlet: Cmdlet::GetChildItem,
        name: "Get-ChildItem",
        aliases: &["dir", "gci", "ls"],
        class: "Microsoft.PowerShell.Commands.GetChildItemCommand",
        parameters: &[
            texts("Path").at(0),
            texts("LiteralPath").alias(&["PSPath"]),
            text("Filter").at(1),
            texts("Include"),
            texts("Exclude"),
            switch("Recurse").alias(&["s"]),
            number("Depth"),
            switch("Force"),
            switch("Name"),
            switch("File").alias(&["af"]),
            switch("Directory").alias(&["ad", "d"]),
            switch("Hidden").alias(&["ah", "h"]),
        ],
    },
    Signature {
        cmdlet: Cmdlet::GetCimInstance,
        name: "Get-CimInstance",
        aliases: &["gcim"],
        class: "Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand",
        parameters: &[
            text("ClassName").at(0).needed(Need::Mandatory),
            text("Namespace"),
            text("Filter"),
            texts("Property").alias(&["SelectProperties"]),
            number("OperationTimeoutSec").alias(&["OT"]),
            switch("KeyOnly"),
        ],
    },
    Signature {
        cmdlet: Cmdlet::GetCommand,
        name: "Get-Command",
        aliases: &["gcm"],
        class: "Microsoft.PowerShell.Commands.GetCommandCommand",
        parameters: &[
            texts("Name").at(0),
            texts("Module").alias(&["PSSnapin"]),
            texts("Noun"),
            texts("Verb"),
            text("CommandType").alias(&["Type"]),
            number("TotalCount"),
            switch("Syntax"),
            switch("All"),
        ],
    },
    Signature {
        cmdlet: Cmdlet::GetContent,
        name: "Get-Content",
        aliases: &["cat", "gc", "type"],
        class: "Microsoft.PowerShell.Commands.GetContentCommand",
        parameters: &[
            texts("Path").at(0),
            texts("LiteralPath").alias(&["PSPath"]),
            number("TotalCount").alias(&["First", "Head"]),
            number("Tail").alias(&["Last"]),
            number("ReadCount"),
            switch("Raw"),
            text("Encoding"),
            switch("Force"),
        ],
    },
    Signature {
        cmdlet: Cmdlet::GetDate,
        name: "Get-Date",
        aliases: &[],
        class: "Microsoft.PowerShell.Commands.GetDateCommand",
        parameters: &[text("Format"), text("UFormat"), text("DisplayHint")],
    },
    Signature {
        cmdlet: Cmdlet::GetHotFix,
        name: "Get-HotFix",
        aliases: &[],
        class: "Microsoft.PowerShell.Commands.GetHotFixCommand",
        parameters: &[
            texts("Id").alias(&["HFID"]).at(0),
            texts("Description"),
            texts("ComputerName").alias(&["Cn"]),
        ],
    },
    Signature {
        cmdlet: Cmdlet::GetItem,
        name: "Get-Item",
        aliases: &["gi"],
        class: "Microsoft.PowerShell.Commands.GetItemCommand",
        parameters: &[
            texts("Path").at(0).needed(Need::MandatoryWithoutInput),
            texts("LiteralPath").alias(&["PSPath"]),
            switch("Force"),
        ],
    },
    Signature {
        cmdlet: Cmdlet::GetProcess,
        name: "Get-Process",
        aliases: &["gps", "ps"],
        class: "Microsoft.PowerShell.Commands.GetProcessCommand",
        parameters: &[
            texts("Name").alias(&["ProcessName"]).at(0),
            numbers("Id").alias(&["PID"]),
            texts("ComputerName").alias(&["Cn"]),
            switch("Module"),
            switch("FileVersionInfo").alias(&["FV", "FVI"]),
            switch("IncludeUserName"),
        ],
    },
    Signature {
        cmdlet: Cmdlet::GetService,
        name: "Get-Service",
        aliases: &["gsv"],
        class: "Microsoft.PowerShell.Commands.GetServiceCommand",
        parameters: &[
            SERVICE_NAME,
            texts("DisplayName"),
            texts("Include"),
            texts("Exclude"),
            texts("ComputerName").alias(&["Cn"]),
            switch("DependentServices").alias(&["DS"]),
            switch("RequiredServices").alias(&["SDO", "ServicesDependedOn"]),
        ],
    },
    Signature {
        cmdlet: Cmdlet::GetVariable,
        name: "Get-Variable",
        aliases: &["gv"],
        class: "Microsoft.PowerShell.Commands.GetVariableCommand",
        parameters: &[
            texts("Name").at(0),
            switch("ValueOnly"),
            text("Scope"),
            texts("Include"),
            texts("Exclude"),
        ],
    },
    Signature {
        cmdlet: Cmdlet::GetWinEvent,
        name: "Get-WinEvent",
        aliases: &[],
        class: "Microsoft.PowerShell.Commands.GetWinEventCommand",
        parameters: &[
            texts("LogName").at(0),
            texts("ProviderName"),
            parameter("FilterHashtable", Kind::Value),
            texts("ListLog"),
            number("MaxEvents"),
            switch("Oldest"),
            switch("Force"),
        ],
    },
    Signature {
        cmdlet: Cmdlet::MeasureObject,
        name: "Measure-Object",
        aliases: &["measure"],
        class: "Microsoft.PowerShell.Commands.MeasureObjectCommand",
        parameters: &[
            texts("Property").at(0),
            parameter("InputObject", Kind::Value),
            switch("Sum"),
            switch("Average"),
            switch("Maximum"),
            switch("Minimum"),
            switch("Line"),
            switch("Word"),
            switch("Character"),
        ],
    },
    Signature {
        cmdlet: Cmdlet::OutDefault,
        name: "Out-Default",
        aliases: &[],
        class: "Microsoft.PowerShell.Commands.OutDefaultCommand",
        parameters: &[parameter("InputObject", Kind::Value), switch("Transcript")],
    },
    Signature {
        cmdlet: Cmdlet::OutNull,
        name: "Out-Null",
        aliases: &[],
        class: "Microsoft.PowerShell.Commands.OutNullCommand",
        parameters: &[parameter("InputObject", Kind::Value)],
    },
    Signature {
        cmdlet: Cmdlet::OutString,
        name: "Out-String",
        aliases: &["oss"],
        class: "Microsoft.PowerShell.Commands.OutStringCommand",
        parameters: &[parameter("InputObject", Kind::Value), number("Width"), switch("Stream")],
    },
    Signature {
        cmdlet: Cmdlet::ReadHost,
        name: "Read-Host",
        aliases: &[],
        class: "Microsoft.PowerShell.Commands.ReadHostCommand",
        parameters: &[parameter("Prompt", Kind::Values).at(0), switch("AsSecureString")],
    },
    Signature {
        cmdlet: Cmdlet::RestartService,
        name: "Restart-Service",
        aliases: &[],
        class: "Microsoft.PowerShell.Commands.RestartServiceCommand",
        parameters: &SERVICE_CHANGE,
    },
    Signature {
        cmdlet: Cmdlet::SelectObject,
        name: "Select-Object",
        aliases: &["select"],
        class: "Microsoft.PowerShell.Commands.SelectObjectCommand",
        parameters: &[
            texts("Property").at(0),
            parameter("InputObject", Kind::Value),
            texts("ExcludeProperty"),
            text("ExpandProperty"),
            switch("Unique"),
            number("First"),
            number("Last"),
            number("Skip"),
            number("SkipLast"),
            numbers("Index"),
            switch("Wait"),
        ],
    },
    Signature {
        cmdlet: Cmdlet::SortObject,
        name: "Sort-Object",
        aliases: &["sort"],
        class: "Microsoft.PowerShell.Commands.SortObjectCommand",
        parameters: &[
            texts("Property").at(0),
            parameter("InputObject", Kind::Value),
            switch("Descending"),
            switch("Unique"),
            text("Culture"),
            switch("CaseSensitive"),
        ],
    },
    Signature {
        cmdlet: Cmdlet::StartService,
        name: "Start-Service",
        aliases: &["sasv"],
        class: "Microsoft.PowerShell.Commands.StartServiceCommand",
        parameters: &SERVICE_CHANGE,
    },
    Signature {
        cmdlet: Cmdlet::StartSleep,
        name: "Start-Sleep",
        aliases: &["sleep"],
        class: "Microsoft.PowerShell.Commands.StartSleepCommand",
        parameters: &[number("Seconds").at(0), number("Milliseconds")],
    },
    Signature {
        cmdlet: Cmdlet::StopProcess,
        name: "Stop-Process",
        aliases: &["spps", "kill"],
        class: "Microsoft.PowerShell.Commands.StopProcessCommand",
        parameters: &[
            numbers("Id").at(0),
            texts("Name").alias(&["ProcessName"]),
            switch("Force"),
            switch("PassThru"),
            WHAT_IF,
            CONFIRM,
        ],
    },
    Signature {
        cmdlet: Cmdlet::StopService,
        name: "Stop-Service",
        aliases: &["spsv"],
        class: "Microsoft.PowerShell.Commands.StopServiceCommand",
        parameters: &SERVICE_CHANGE,
    },
    Signature {
        cmdlet: Cmdlet::TestPath,
        name: "Test-Path",
        aliases: &[],
        class: "Microsoft.PowerShell.Commands.TestPathCommand",
        parameters: &[
            texts("Path").at(0).needed(Need::MandatoryWithoutInput),
            texts("LiteralPath").alias(&["PSPath"]),
            text("PathType").alias(&["Type"]),
            switch("IsValid"),
        ],
    },
    Signature {
        cmdlet: Cmdlet::WhereObject,
        name: "Where-Object",
        aliases: &["?", "where"],
        class: "Microsoft.PowerShell.Commands.WhereObjectCommand",
        parameters: &[
            text("Property").at(0),
            parameter("Value", Kind::Value).at(1),
            parameter("FilterScript", Kind::Script),
            parameter("InputObject", Kind::Value),
            switch("EQ").alias(&["IEQ"]),
            switch("NE").alias(&["INE"]),
            switch("GT").alias(&["IGT"]),
            switch("GE").alias(&["IGE"]),
            switch("LT").alias(&["ILT"]),
            switch("LE").alias(&["ILE"]),
            switch("Like").alias(&["ILike"]),
            switch("NotLike").alias(&["INotLike"]),
            switch("Match").alias(&["IMatch"]),
            switch("NotMatch").alias(&["INotMatch"]),
            switch("Contains").alias(&["IContains"]),
            switch("NotContains").alias(&["INotContains"]),
            switch("In").alias(&["IIn"]),
            switch("NotIn").alias(&["INotIn"]),
            switch("CEQ"),
            switch("CNE"),
        ],
    },
    Signature {
        cmdlet: Cmdlet::WriteError,
        name: "Write-Error",
        aliases: &[],
        class: "Microsoft.PowerShell.Commands.WriteErrorException",
        parameters: &[text("Message").alias(&["Msg"]).at(0).needed(Need::Mandatory)],
    },
    Signature {
        cmdlet: Cmdlet::WriteHost,
        name: "Write-Host",
        aliases: &[],
        class: "Microsoft.PowerShell.Commands.WriteHostCommand",
        parameters: &[
            parameter("Object", Kind::Values).at(0),
            switch("NoNewline"),
            text("ForegroundColor"),
            text("BackgroundColor"),
            text("Separator"),
        ],
    },
    Signature {
        cmdlet: Cmdlet::WriteOutput,
        name: "Write-Output",
        aliases: &["echo", "write"],
        class: "Microsoft.PowerShell.Commands.WriteOutputCommand",
        parameters: &[
            parameter("InputObject", Kind::Values).at(0).needed(Need::MandatoryWithoutInput),
            switch("NoEnumerate"),
        ],
    },
    Signature {
        cmdlet: Cmdlet::WriteProgress,
        name: "Write-Progress",
        aliases: &[],
        class: "Microsoft.PowerShell.Commands.WriteProgressCommand",
        parameters: &[
            text("Activity").at(0).needed(Need::Mandatory),
            text("Status").at(1),
            number("Id").at(2),
            number("PercentComplete"),
            number("SecondsRemaining"),
            text("CurrentOperation"),
            number("ParentId"),
            switch("Completed"),
        ],
    },
    Signature {
        cmdlet: Cmdlet::WriteVerbose,
        name: "Write-Verbose",
        aliases: &[],
        class: "Microsoft.PowerShell.Commands.WriteVerboseCommand",
        parameters: &[text("Message").alias(&["Msg"]).at(0).needed(Need::Mandatory)],
    },
    Signature {
        cmdlet: Cmdlet::WriteWarning,
        name: "Write-Warning",
        aliases: &[],
        class: "Microsoft.PowerShell.Commands.WriteWarningCommand",
        parameters: &[text("Message").alias(&["Msg"]).at(0).needed(Need::Mandatory)],
    },
];
