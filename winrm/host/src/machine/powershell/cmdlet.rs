//! The cmdlets that there are, and what they take.

/// A cmdlet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cmdlet {
    GetDate,
    GetProcess,
    GetService,
    RestartService,
    StartService,
    StartSleep,
    StopProcess,
    StopService,
    WriteError,
    WriteOutput,
    WriteWarning,
}

/// What a cmdlet is called and takes.
#[derive(Debug)]
pub(super) struct Signature {
    pub(super) cmdlet: Cmdlet,
    pub(super) name: &'static str,
    pub(super) aliases: &'static [&'static str],
    /// The .NET class, which stands in error identifiers.
    pub(super) class: &'static str,
    pub(super) parameters: &'static [Parameter],
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) aliases: &'static [&'static str],
    pub(super) kind: Kind,
    pub(super) position: Option<usize>,
    pub(super) need: Need,
}

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Switch,
    Text,
    Texts,
    Number,
    Numbers,
    /// Everything that is left.
    Values,
}

/// Whether a parameter can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Optional,
    Mandatory,
    /// Mandatory, unless something comes down the pipeline.
    MandatoryWithoutInput,
}

impl Cmdlet {
    /// Looks up a command's name: its own, an alias, or its module and its name.
    pub(super) fn find(name: &str) -> Option<Self> {
        let name = name.rsplit_once('\\').map_or(name, |(_, name)| name);
        let is = |known: &&str| known.eq_ignore_ascii_case(name);
        let found =
            SIGNATURES.iter().find(|signature| is(&signature.name) || signature.aliases.iter().any(is));
        found.map(|signature| signature.cmdlet)
    }

    /// All cmdlets, in alphabetical order.
    pub(super) fn all() -> impl Iterator<Item = &'static Signature> {
        SIGNATURES.iter()
    }

    pub(super) fn signature(self) -> &'static Signature {
        // INVARIANT: SIGNATURES has each cmdlet; a test compares.
        SIGNATURES.iter().find(|signature| signature.cmdlet == self).unwrap_or(&FALLBACK)
    }
}

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
const FALLBACK: Signature =
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

const SIGNATURES: [Signature; 11] = [
    Signature {
        cmdlet: Cmdlet::GetDate,
        name: "Get-Date",
        aliases: &[],
        class: "Microsoft.PowerShell.Commands.GetDateCommand",
        parameters: &[text("Format"), text("UFormat"), text("DisplayHint")],
    },
    Signature {
        cmdlet: Cmdlet::GetProcess,
        name: "Get-Process",
        aliases: &["gps", "ps"],
        class: "Microsoft.PowerShell.Commands.GetProcessCommand",
        parameters: &[
            texts("Name").alias(&["ProcessName"]).at(0),
            parameter("Id", Kind::Numbers).alias(&["PID"]),
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
        cmdlet: Cmdlet::RestartService,
        name: "Restart-Service",
        aliases: &[],
        class: "Microsoft.PowerShell.Commands.RestartServiceCommand",
        parameters: &SERVICE_CHANGE,
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
            parameter("Id", Kind::Numbers).at(0),
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
        cmdlet: Cmdlet::WriteError,
        name: "Write-Error",
        aliases: &[],
        class: "Microsoft.PowerShell.Commands.WriteErrorException",
        parameters: &[text("Message").alias(&["Msg"]).at(0).needed(Need::Mandatory)],
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
        cmdlet: Cmdlet::WriteWarning,
        name: "Write-Warning",
        aliases: &[],
        class: "Microsoft.PowerShell.Commands.WriteWarningCommand",
        parameters: &[text("Message").alias(&["Msg"]).at(0).needed(Need::Mandatory)],
    },
];
