//! Why a script is not run.

use crate::commands;
use crate::position::Position;
use crate::tree::Span;

/// A construct that cannot be evaluated: where, why, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {reason}; {}", .reason.suggestion())]
pub struct Refusal {
    span: Span,
    position: Position,
    reason: Reason,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// `&` on something else than a script block.
    #[error("`&` calls script blocks only")]
    CallOperator,
    /// A command's name with quotes, dashes of other kinds, or other characters that no command has.
    #[error("`{0}` is not a command's name")]
    CommandName(String),
    /// A noun alone, before which PowerShell would put `Get-`.
    #[error("`{0}` is not a command's full name")]
    BareNoun(String),
    /// A command that runs text or code, or loads it.
    #[error("`{0}` runs or loads code")]
    Code(&'static str),
    /// A command's arguments that do not bind.
    #[error("{0}")]
    Binding(commands::Refusal),
    /// A script block for a command of the host.
    #[error("script blocks are evaluated here and do not travel to a host")]
    ScriptBlockArgument,
    /// A redirection other than one to `$null`, and `2>&1`.
    #[error("only redirections to `$null`, and `2>&1`, are taken")]
    Redirection,
    /// `[name]`.
    #[error("the type `[{0}]` is not known here")]
    Type(String),
    /// `[type]::member`.
    #[error("`{0}` is not known here")]
    Static(String),
    /// An assignment to `[type]::member`.
    #[error("static members cannot be set")]
    StaticAssignment,
    /// A method that no value has.
    #[error("`.{0}()` would call a method of a remote object")]
    Method(String),
    /// A method, or a static member, whose name or type is computed.
    #[error("the name of a method, and the type of a static member, must be written out")]
    ComputedMember,
    /// `$env:name`.
    #[error("`$env:{0}` is not a fact of the host that is known here")]
    Environment(String),
    /// `$script:x`, `$function:x`…
    #[error("`${0}` names a scope or a drive")]
    QualifiedVariable(String),
    /// `$PROFILE`, `$Host`…
    #[error("`${0}` is not there")]
    AutomaticVariable(String),
    /// An assignment to what cannot be assigned.
    #[error("`${0}` cannot be assigned")]
    Assignment(String),
    /// `[name( … )]` before a parameter or `param`.
    #[error("the attribute `[{0}]` is not taken as it is written here")]
    Attribute(String),
    /// `begin` and `process`.
    #[error("blocks with names stand in functions only")]
    NamedBlock,
}

impl Refusal {
    pub(super) fn new(text: &str, span: Span, reason: Reason) -> Self {
        Self { span, position: Position::in_text(text, span.start), reason }
    }

    /// The extent that is at fault.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// Where that begins.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// What is wrong.
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.reason
    }
}

impl Reason {
    /// A member that objects of a host have as a method, called through `ForEach-Object Name`.
    pub(super) fn method_by_name(name: &str) -> Option<Self> {
        let is_known =
            |(method, _): &(&str, &str)| method.eq_ignore_ascii_case(name) && !PROPERTIES.contains(method);
        METHODS.iter().find(|row| is_known(row)).map(|_| Self::Method(name.to_owned()))
    }

    /// What to write instead, as a clause.
    #[must_use]
    pub fn suggestion(&self) -> String {
        let fixed = match self {
            Self::CallOperator => "write the command's name without `&` and without quotes",
            Self::CommandName(_) => "write the full name in ASCII, without quotes",
            Self::BareNoun(noun) => return format!("write `Get-{noun}`"),
            Self::Code(name) => match CODE.iter().find(|(command, _)| command == name) {
                Some((_, instead)) => instead,
                None => "write the statements themselves",
            },
            Self::Binding(_) => "see the command's parameters",
            Self::ScriptBlockArgument => {
                "use the command's other parameters, or filter its output with `Where-Object`"
            }
            Self::Redirection => "use `| Out-Null` to drop output; output and errors come back apart",
            Self::Type(_) => {
                "use a value type such as `[int]`, `[string]`, `[datetime]`, `[pscustomobject]`, or no cast"
            }
            Self::Static(name) => {
                let type_name = name.trim_start_matches('[').split(']').next().unwrap_or_default();
                let short = type_name.rsplit('.').next().unwrap_or_default();
                match STATICS.iter().find(|(own, _)| own.eq_ignore_ascii_case(short)) {
                    Some((_, instead)) => instead,
                    None => "use a command, an operator, or `[math]`, `[string]`, `[datetime]`, `[timespan]`",
                }
            }
            Self::StaticAssignment => "use a variable",
            Self::Method(name) => {
                match METHODS.iter().find(|(method, _)| method.eq_ignore_ascii_case(name)) {
                    Some((_, instead)) => instead,
                    None => "use a command that does it, with the object's name or id",
                }
            }
            Self::ComputedMember => "write `[type]::Name` or `.Name()`",
            Self::Environment(_) => {
                "use `$env:COMPUTERNAME`, `$env:SystemRoot` and the like, or `Get-CimInstance`"
            }
            Self::QualifiedVariable(_) => "use a plain variable",
            Self::AutomaticVariable(_) => "write the value, or get it with a command",
            Self::Assignment(_) => "use another variable",
            Self::Attribute(_) => {
                "use `[CmdletBinding()]`, `[Parameter(Mandatory)]`, `[Alias()]` and `[ValidateSet()]`, or check the value with `if`"
            }
            Self::NamedBlock => "use `ForEach-Object`, or a function",
        };
        fixed.to_owned()
    }
}

/// Types whose members tell of a host, and what tells the same.
const STATICS: [(&str, &str); 7] = [
    ("Directory", "use `Get-ChildItem` or `Test-Path`"),
    ("Dns", "use `Resolve-DnsName`"),
    ("DriveInfo", "use `Get-Volume` or `Get-CimInstance Win32_LogicalDisk`"),
    ("Environment", "use `$env:COMPUTERNAME` and the like, or `Get-CimInstance Win32_OperatingSystem`"),
    ("File", "use `Get-Content`, `Get-Item` or `Test-Path`"),
    ("ManagementDateTimeConverter", "use `Get-CimInstance`, whose dates are dates"),
    ("WindowsIdentity", "use `whoami`"),
];

/// Commands that run or load code, and what does what people want of them.
const CODE: [(&str, &str); 8] = [
    ("Import-Module", "leave it out, a host loads a module when one of its commands is called"),
    ("Invoke-Command", "call the command itself, on the host that it is meant for"),
    ("Measure-Command", "take `Get-Date` before and after, and subtract"),
    ("New-Alias", "write the commands' full names"),
    ("New-Object", "use `[pscustomobject]@{ … }`, a hashtable, or a command"),
    ("New-Variable", "write `$name = …`"),
    ("Set-Alias", "write the commands' full names"),
    ("Set-Variable", "write `$name = …`"),
];

/// Of these, what may as well be a property.
const PROPERTIES: [&str; 2] = ["GetValue", "Start"];

/// Methods of remote objects that people call, and the commands that do the same.
const METHODS: [(&str, &str); 12] = [
    ("ConvertToDateTime", "use `Get-CimInstance`, whose dates are dates"),
    ("Kill", "use `Stop-Process -Id $_.Id`"),
    ("Stop", "use `Stop-Service -Name $_.Name`"),
    ("Start", "use `Start-Service -Name $_.Name`"),
    ("Restart", "use `Restart-Service -Name $_.Name`"),
    ("Delete", "use `Remove-Item -LiteralPath $_.FullName`"),
    ("Refresh", "get the object again"),
    ("WaitForStatus", "ask for it again in a loop with `Start-Sleep`"),
    ("WaitForExit", "use `Wait-Process -Id $_.Id`"),
    ("GetValue", "use `Get-ItemPropertyValue`, or the property"),
    ("ToXml", "use the event's `Properties` or `Message`"),
    ("GetOwner", "use `Get-Process -IncludeUserName`"),
];
