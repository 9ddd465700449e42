//! The cmdlets that there are; what they take stands in `signatures`.

use super::signatures::{FALLBACK, SIGNATURES};

/// A cmdlet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cmdlet {
    ConvertToJson,
    ForEachObject,
    GetChildItem,
    GetCimInstance,
    GetCommand,
    GetContent,
    GetDate,
    GetHotFix,
    GetItem,
    GetProcess,
    GetService,
    GetVariable,
    GetWinEvent,
    MeasureObject,
    OutDefault,
    OutNull,
    OutString,
    ReadHost,
    RestartService,
    SelectObject,
    SortObject,
    StartService,
    StartSleep,
    StopProcess,
    StopService,
    TestPath,
    WhereObject,
    WriteError,
    WriteHost,
    WriteOutput,
    WriteProgress,
    WriteVerbose,
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
    /// Any one value.
    Value,
    /// Everything that is left.
    Values,
    /// Code, which cannot come as a value.
    Script,
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
