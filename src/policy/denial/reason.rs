use winrm_proto::winrs::command_line::Unquotable;
use winrm_script::{commands, static_command::Reason as NotStatic, typed};

use crate::policy::{path::PathFault, regex::RegexFault, reviewed::ScriptFault, rule::Rate};

/// What a rule objects to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The text is not one command with literal arguments.
    #[error("{0}")]
    NotStatic(NotStatic),
    /// What a script does is not taken here.
    #[error("{what}{}", also(.more))]
    NotTaken {
        /// What stands at the first place.
        what: String,
        /// The same of other places, each with what to write instead.
        more: Vec<String>,
    },
    /// A value or an object of a call that cannot travel as data.
    #[error("{0}")]
    NotTyped(Box<typed::Reason>),
    /// It could change something, and was asked for as a query.
    #[error("a query changes nothing, and this could: {form}")]
    MayChange {
        /// What would be sent.
        form: String,
    },
    /// A person has to approve of it first.
    #[error("a person has to approve of it first")]
    NotApproved,
    /// The profile goes by what the endpoint offers, and nobody has asked it yet.
    #[error("{name} is not judged: nobody knows yet what the endpoint offers")]
    EndpointNotKnown {
        /// The command.
        name: String,
    },
    /// It was asked for as a dry run.
    #[error("this is a dry run: nothing is sent")]
    OnlyRehearsed,
    /// What needs approval is not written out in the script.
    #[error("{name} needs a person's approval, so what it is given must be written out in the script")]
    NotWrittenOut {
        /// The command.
        name: String,
    },
    /// What needs approval may run more than once in a script.
    #[error("{name} needs a person's approval, which is for one run, and here it may run more than once")]
    MoreThanOnce {
        /// The command.
        name: String,
    },
    /// A script needs more approvals than a human is asked for.
    #[error("it has more than {limit} commands that need a person's approval")]
    TooManyApprovals {
        /// How many there may be.
        limit: usize,
    },
    /// It was allowed too often already.
    #[error("this is allowed {rate} on a host, and it was that often")]
    TooOften {
        /// How often.
        rate: Rate,
    },
    /// Nothing allows this command.
    #[error("{name} is not allowed here")]
    CommandNotListed {
        /// The command.
        name: String,
    },
    /// The name is no full command name.
    #[error("{name} is neither a full command name such as Get-Service nor an allowed program")]
    NotACommandName {
        /// What stands in its place.
        name: String,
    },
    /// A module, or a path to one, before the name.
    #[error("a module before a command's name can load code")]
    ModuleQualified,
    /// The exclude list names it.
    #[error("{name} is excluded by {pattern:?}")]
    Excluded {
        /// The command or program.
        name: String,
        /// The entry.
        pattern: String,
    },
    /// It runs whatever it is given, so only its exact name in a list allows it.
    #[error("{name} can run anything, so no wildcard and no profile allows it")]
    Interpreter {
        /// The command or program.
        name: String,
    },
    /// A parameter that reaches further than the command's name says.
    #[error("the parameter -{parameter} is not allowed here")]
    Parameter {
        /// As it was written.
        parameter: String,
    },
    /// A parameter that a closed rule does not name.
    #[error("{command} is allowed with -{} only", .known.join(", -"))]
    ParameterNotListed {
        /// The command.
        command: String,
        /// The parameters that the rule names.
        known: Vec<String>,
    },
    /// A closed rule wants it.
    #[error("{command} needs the parameter -{parameter} here")]
    ParameterMissing {
        /// The command.
        command: String,
        /// The parameter.
        parameter: String,
    },
    /// An abbreviation that can mean a parameter that is denied.
    #[error("-{parameter} can be short for -{full}, which is not allowed here")]
    Abbreviation {
        /// As it was written.
        parameter: String,
        /// What it can mean.
        full: String,
    },
    /// A value that the rule does not list.
    #[error("-{parameter} takes {expected} here")]
    Value {
        /// The parameter.
        parameter: String,
        /// What it takes.
        expected: String,
    },
    /// A path that is none, or can mean several.
    #[error("-{parameter} is not a path that can be judged: {fault}")]
    Path {
        /// The parameter.
        parameter: String,
        /// What is wrong with it.
        fault: PathFault,
    },
    /// A path elsewhere.
    #[error("-{parameter} must lie under {}", .roots.join(" or "))]
    PathOutside {
        /// The parameter.
        parameter: String,
        /// Where it may lie.
        roots: Vec<String>,
    },
    /// A path to what no rule opens.
    #[error("-{parameter} points to where secrets are kept")]
    PathHoldsSecrets {
        /// The parameter.
        parameter: String,
    },
    /// A regular expression that can burn a core of the host.
    #[error("-{parameter} is an expression that is not sent: {fault}")]
    Regex {
        /// The parameter.
        parameter: String,
        /// What is wrong with it.
        fault: RegexFault,
    },
    /// A command behind another that is no filter.
    #[error("{name} is no filter that runs behind a command on the host")]
    NotAFilter {
        /// The command.
        name: String,
    },
    /// No rule says which paths a parameter may have.
    #[error("-{parameter} is a path, and no rule says which")]
    PathNotRuled {
        /// The parameter.
        parameter: String,
    },
    /// PowerShell would not take these arguments, or only the host could know.
    #[error("{0}")]
    Unbound(commands::Refusal),
    /// It would change what later calls find in the runspace.
    #[error(
        "{name} would change the runspace for later calls: where it is, its drives, or what names stand for"
    )]
    ChangesRunspace {
        /// The command.
        name: String,
    },
    /// The table lacks the command, so only its exact name in a list or an open rule allows it.
    #[error("{name} is not in the table of commands, so no pattern and no rule on parameters allows it")]
    NotInTable {
        /// The command.
        name: String,
    },
    /// A rule denies it.
    #[error("{name} is denied by this rule")]
    DeniedByRule {
        /// The command or program.
        name: String,
    },
    /// A string that names another host or a type.
    #[error("a value here begins with two slashes, or holds '::' or '://': it can reach beyond the host")]
    ReachesOut,
    /// A string that names a drive.
    #[error("a value here names a drive, and no rule for paths covers this parameter")]
    NamesDrive,
    /// Nothing allows this program.
    #[error("the program {name} is not allowed here")]
    ProgramNotListed {
        /// As it was written.
        name: String,
    },
    /// The program is allowed with other arguments.
    #[error("{name} is allowed here only as: {}", .forms.join(" | "))]
    ProgramForm {
        /// The program.
        name: String,
        /// The command lines that are.
        forms: Vec<String>,
    },
    /// The form that allows the program says nothing about standard input.
    #[error("{name} is allowed here without standard input only")]
    ProgramInput {
        /// The program.
        name: String,
    },
    /// The program's name or path is none.
    #[error("the program's path is not usable: {0}")]
    ProgramPath(PathFault),
    /// A script, or something without an extension in a folder.
    #[error("only .exe and .com files are run, not scripts")]
    ProgramExtension,
    /// A built-in command of cmd.exe.
    #[error("{name} is part of cmd.exe, which can run anything")]
    ShellBuiltin {
        /// The command.
        name: String,
    },
    /// What cmd.exe would interpret or cut.
    #[error(transparent)]
    Unquotable(#[from] Unquotable),
    /// The program is named without its folder, and the caller chooses the folder where it starts.
    #[error("a program without its full path would be looked for in the working directory first")]
    WorkingDirectory,
    /// A script that is not what was reviewed, or cannot be.
    #[error("{0}")]
    Script(Box<ScriptFault>),
    /// A reviewed script that is for other hosts.
    #[error("it is for {} only", .hosts.join(", "))]
    ScriptElsewhere {
        /// The hosts that it is for.
        hosts: Vec<String>,
    },
    /// A reviewed script, for a host whose runspaces are locked.
    #[error("the runspaces of this host are locked, so that no script runs there")]
    ScriptWhereLocked,
    /// A reviewed script that became what was reviewed only after its arguments were to be read.
    #[error("the script was another one when its arguments were read; call it again")]
    ScriptArgumentsUnread,
    /// A value that a program cannot get.
    #[error("a program takes strings and numbers, not arrays and constants")]
    ProgramArgument,
}

fn also(more: &[String]) -> String {
    more.iter().map(|more| format!("; also {more}")).collect()
}
