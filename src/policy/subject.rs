//! A command as the rules see it: its full name, and its arguments by the full names of their parameters.

use std::borrow::Cow;

use winrm_script::{
    check::HostCommand,
    commands::{self, Bound, BoundValue, Command, Parameter, Source, Variant},
    static_command::{CommandName, ParameterName, Reason as NotStatic},
    tree::Expression,
    typed::{self, Argument, TypedCommand},
    value::{Type, Value, convert::convert},
};

use super::{
    authorized::Risk,
    denial::{Denial, Reason},
    names::CmdletName,
    path::{Reach, Root},
    rule::filled,
};

/// What is judged.
#[derive(Debug, Clone)]
pub(super) struct Subject<'a> {
    /// Spelled as the table spells it, or as it was written where the table lacks it.
    pub(super) name: String,
    pub(super) written: Cow<'a, TypedCommand>,
    pub(super) arguments: Arguments,
    /// `None` where the table lacks it.
    command: Option<Command>,
    risk: Risk,
}

/// What a command is given.
#[derive(Debug, Clone)]
pub(super) enum Arguments {
    /// By parameters of the table.
    Bound(Vec<Given>),
    /// The same, and others come through a pipeline when the script runs.
    Piped(Vec<Given>),
    /// The table has the command, and PowerShell would not take these.
    Unbound(commands::Refusal),
    /// The table lacks the command.
    Unknown,
    /// What a script will give it is known when it runs.
    Later,
}

/// A parameter and what it is given.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) parameter: Parameter,
    /// `None` for a switch that is there, and for a value that comes later.
    pub(super) value: Option<Value>,
    /// Its value is computed when the script runs.
    pub(super) is_later: bool,
    /// Whether it chooses among what lies in a folder that another parameter names.
    pub(super) chooses_in_folder: bool,
}

impl<'a> Subject<'a> {
    /// Finds the command in the table; `None` where neither the table nor its shape says that it is a command.
    pub(super) fn new(written: &'a TypedCommand) -> Option<Self> {
        Self::with_arguments(Cow::Borrowed(written), |command| Arguments::new(command, written))
    }

    fn with_arguments(
        written: Cow<'a, TypedCommand>,
        arguments: impl FnOnce(Command) -> Arguments,
    ) -> Option<Self> {
        let Some(command) = commands::find(written.qualified_name()) else {
            let name = written.qualified_name().to_owned();
            return CmdletName::is_full(&name).then_some(Self {
                name,
                written,
                arguments: Arguments::Unknown,
                command: None,
                risk: Risk::Change,
            });
        };
        let arguments = arguments(command);
        let risk = match command.risk() {
            commands::Risk::Read if !arguments.change() => Risk::Read,
            commands::Risk::Read | commands::Risk::Change => Risk::Change,
        };
        Some(Self { name: command.name().to_owned(), written, arguments, command: Some(command), risk })
    }

    /// A command of a script that does not run yet, with the values that its text gives away; `None` for a program.
    pub(super) fn foreseen(written: &HostCommand<'_>) -> Option<Self> {
        let name = CommandName::new(written.name).ok()?;
        let named = TypedCommand::new(name, Vec::new()).ok()?;
        let subject = Self::with_arguments(Cow::Owned(named), |command| match &written.bound {
            Some(bound) => Arguments::foreseen(command, bound, written.piped),
            None => Arguments::Later,
        })?;
        // Of what the table lacks nobody knows what it will be given.
        Some(if subject.is_known() { subject } else { Self { arguments: Arguments::Later, ..subject } })
    }

    /// Whether all that it will be given stands in the script.
    pub(super) fn is_written_out(&self) -> bool {
        matches!(&self.arguments, Arguments::Bound(given) if given.iter().all(|given| !given.is_later))
    }

    /// How much of what it is given a path to it works on. What changes a folder changes what lies in it: it is moved,
    /// renamed or removed with it, or made in it by another parameter.
    pub(super) fn reach(&self) -> Reach {
        let (Arguments::Bound(given) | Arguments::Piped(given)) = &self.arguments else { return Reach::Tree };
        let is_on = |given: &Given| !given.is_later && !matches!(given.value, Some(Value::Boolean(false)));
        let recurses = |given: &Given| RECURSING.contains(&given.parameter.name()) && is_on(given);
        if self.risk == Risk::Change || given.iter().any(recurses) { Reach::Tree } else { Reach::Itself }
    }

    /// Whether it takes a path, was given none, and works on the folder where it is.
    pub(super) fn works_where_it_is(&self) -> bool {
        let Arguments::Bound(given) = &self.arguments else { return false };
        let path = self.command.and_then(|command| command.parameter("Path"));
        path.is_some_and(|path| path.is_path() && path.sets().any(|set| !set.mandatory))
            && !given.iter().any(|given| given.parameter.is_path())
    }

    /// Whether the table has it.
    pub(super) fn is_known(&self) -> bool {
        self.command.is_some()
    }

    /// What it can do by the table and by its parameters; what the table lacks can change something.
    pub(super) fn risk(&self) -> Risk {
        self.risk
    }

    /// The command anew: full names, paths as literal ones, and what a rule fills in.
    ///
    /// Refused where a part cannot be written: nothing is ever left out.
    pub(super) fn rebuilt(&self, fills: &[(String, String)]) -> Result<TypedCommand, Denial> {
        let Arguments::Bound(given) = &self.arguments else { return self.as_written() };
        let mut arguments = Vec::with_capacity(given.len() + fills.len());
        for Given { parameter, value, .. } in given {
            let name = if self.has_literal_form(*parameter) { LITERAL } else { self.spelled(*parameter) };
            let value = value
                .as_ref()
                .map(|value| if parameter.is_path() { value_as_path(value) } else { value.clone() })
                .map(|value| plainest(value, parameter.type_name()));
            push(&mut arguments, name, value).map_err(unwritable)?;
        }
        for (name, value) in fills {
            push(&mut arguments, name, Some(filled(value))).map_err(unwritable)?;
        }
        self.with(arguments)
    }

    /// The command by full names, with the values that it was given.
    pub(super) fn in_full(&self) -> Result<TypedCommand, Denial> {
        let Arguments::Bound(given) = &self.arguments else { return self.as_written() };
        let mut arguments = Vec::with_capacity(given.len());
        for Given { parameter, value, .. } in given {
            push(&mut arguments, self.spelled(*parameter), value.clone()).map_err(unwritable)?;
        }
        self.with(arguments)
    }

    /// The arguments as they were written, under the command's full name: nobody knows whose they are.
    fn as_written(&self) -> Result<TypedCommand, Denial> {
        self.with(self.written.arguments().to_vec())
    }

    /// Whether a parameter takes paths with wildcards, and another the same without.
    fn has_literal_form(&self, parameter: Parameter) -> bool {
        let literal = || self.command.and_then(|command| command.parameter(LITERAL));
        parameter.name() == "Path"
            && parameter.is_path()
            && literal().is_some_and(|literal| literal.name() == LITERAL)
    }

    /// The name of a parameter that every version knows: where PowerShell 7 has a new one, and takes that of Windows
    /// PowerShell as an alias, it is the old one.
    fn spelled(&self, parameter: Parameter) -> &'static str {
        let mut aliases = parameter.aliases().peekable();
        if aliases.peek().is_none() {
            return parameter.name();
        }
        let Some(desktop) = self.command.and_then(desktop) else { return parameter.name() };
        let has = |name: &str| desktop.parameters().any(|own| own.name().eq_ignore_ascii_case(name));
        if has(parameter.name()) {
            return parameter.name();
        }
        aliases.find(|alias| has(alias)).unwrap_or(parameter.name())
    }

    /// The module before the name keeps functions, other modules and programs of that name out of the way.
    fn with(&self, arguments: Vec<Argument>) -> Result<TypedCommand, Denial> {
        let name = match self.command.map(module) {
            Some(module) if !module.is_empty() => format!("{module}\\{}", self.name),
            _ => self.name.clone(),
        };
        let name = CommandName::new(&name).map_err(unwritable)?;
        TypedCommand::new(name, arguments).map_err(Denial::from)
    }
}

impl Arguments {
    fn new(command: Command, written: &TypedCommand) -> Self {
        match command.bind(&written.elements()) {
            Ok(Bound { arguments }) => {
                let given = arguments.into_iter().map(|argument| {
                    let value = match argument.value {
                        BoundValue::Switch => None,
                        BoundValue::Given(value) => Some(value.clone()),
                        BoundValue::Remaining(values) => match values.as_slice() {
                            [only] => Some((*only).clone()),
                            _ => Some(Value::array(flattened(&values))),
                        },
                    };
                    let parameter = argument.parameter;
                    Given {
                        parameter,
                        is_later: false,
                        chooses_in_folder: chooses_in_folder(command, parameter),
                        value: value.map(|value| as_bound(value, parameter.type_name())),
                    }
                });
                Self::Bound(given.collect())
            }
            Err(refusal) => Self::Unbound(refusal),
        }
    }

    /// Whether a parameter makes a command write that only looks otherwise.
    fn change(&self) -> bool {
        let (Self::Bound(given) | Self::Piped(given)) = self else { return false };
        given.iter().any(|given| {
            let is_off = matches!(given.value, Some(Value::Boolean(false)));
            !is_off && writes(given.parameter.name())
        })
    }

    /// The arguments that a script's text gives away.
    fn foreseen(command: Command, bound: &Bound<&Expression>, piped: bool) -> Self {
        let given = bound.arguments.iter().map(|argument| {
            let parameter = argument.parameter;
            let constant = |value: &&Expression| {
                typed::constant(value, parameter.type_name())
                    .map(|value| as_bound(value, parameter.type_name()))
            };
            let value = match &argument.value {
                BoundValue::Switch => None,
                BoundValue::Given(value) => constant(value),
                BoundValue::Remaining(values) => {
                    let values = values.iter().map(constant).collect::<Option<Vec<_>>>();
                    values.map(|values| Value::array(flattened(&values.iter().collect::<Vec<_>>())))
                }
            };
            let is_later = value.is_none() && !matches!(argument.value, BoundValue::Switch);
            Given { parameter, value, is_later, chooses_in_folder: chooses_in_folder(command, parameter) }
        });
        let travels = |given: &Given| !typed::stays_here(given.parameter.name(), given.value.as_ref());
        let given = given.filter(travels).collect();
        if piped { Self::Piped(given) } else { Self::Bound(given) }
    }
}

/// Whether a parameter takes a pattern of names, in a command that works on paths.
pub(super) fn chooses_in_folder(command: Command, parameter: Parameter) -> bool {
    let takes_paths = |variant: Variant| variant.parameters().any(Parameter::is_path);
    PATTERNS.contains(&parameter.name()) && command.variants().any(takes_paths)
}

/// The module in Windows PowerShell, which is what a host runs; in PowerShell 7 where only that has the command.
fn module(command: Command) -> &'static str {
    desktop(command).map_or_else(|| command.module(), Variant::module)
}

/// What Windows PowerShell says of a command.
fn desktop(command: Command) -> Option<Variant> {
    command.variants().find(|variant| variant.source() == Source::Desktop)
}

/// The value of a parameter that takes all that remains is one array, whatever arrays it was written with.
fn flattened(values: &[&Value]) -> Vec<Value> {
    let elements = values.iter().flat_map(|value| match value {
        Value::Array(elements) => elements.to_vec(),
        one => vec![(*one).clone()],
    });
    elements.collect()
}

/// What the parameter converts by itself, in the plainest way: one element for an array of one, and an `int` for
/// another whole number.
fn plainest(value: Value, type_name: &str) -> Value {
    let element_type = type_name.strip_suffix("[]");
    let value = match (&value, element_type) {
        (Value::Array(items), Some(_)) if items.len() == 1 => match items.item(0) {
            Some(item) if !matches!(item, Value::Array(_) | Value::Null) => item,
            _ => value,
        },
        _ => value,
    };
    let is_whole = WHOLE.contains(&element_type.unwrap_or(type_name));
    match value.as_integer().and_then(|number| i32::try_from(number).ok()) {
        Some(number) if is_whole => Value::Int32(number),
        _ => value,
    }
}

/// Whether a type is one of numbers, as the table writes it.
pub(super) fn is_number(type_name: &str) -> bool {
    WHOLE.contains(&type_name) || FRACTIONAL.contains(&type_name)
}

/// What the host would make of a value for a parameter that takes numbers or a preference, so that the rules see what it
/// sees: `0x4` and ` 4` are 4, and 0 as `-ErrorAction` is `SilentlyContinue`. What it would not take stays as it is.
pub(super) fn as_bound(value: Value, type_name: &str) -> Value {
    let type_name = type_name.trim_end_matches('?');
    let type_name = type_name.strip_suffix("[]").unwrap_or(type_name);
    let own = match type_name {
        PREFERENCE => Type::named("System.Management.Automation.ActionPreference"),
        _ if is_number(type_name) => Type::named(type_name),
        _ => None,
    };
    let Some(own) = own else { return value };
    match &value {
        Value::Null => value,
        Value::Array(elements) => {
            let elements = elements.to_vec().into_iter();
            Value::array(elements.map(|element| as_bound(element, type_name)).collect())
        }
        one => match convert(one, own) {
            Ok(Value::Enum(preference)) => Value::String(preference.name.clone()),
            Ok(number) => number,
            Err(_) => value,
        },
    }
}

/// Whether a parameter of this name writes a file, clears or repairs something, whatever the command.
fn writes(name: &str) -> bool {
    let begins = |start: &&str| name.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start));
    let names_file = |rest: &str| after(rest, "file").or_else(|| after(rest, "path")).is_some();
    WRITING.iter().any(begins)
        || name.eq_ignore_ascii_case("destination")
        || ["out", "destination"].into_iter().any(|word| after(name, word).is_some_and(names_file))
}

/// What stands in a name behind a word, whatever the case.
fn after<'n>(name: &'n str, word: &str) -> Option<&'n str> {
    let at =
        name.as_bytes().windows(word.len()).position(|part| part.eq_ignore_ascii_case(word.as_bytes()))?;
    name.get(at + word.len()..)
}

fn unwritable(reason: NotStatic) -> Denial {
    Denial::new("rendering", Reason::NotStatic(reason))
}

fn push(arguments: &mut Vec<Argument>, name: &str, value: Option<Value>) -> Result<(), NotStatic> {
    let name = ParameterName::new(name)?;
    arguments.push(Argument::Parameter { name, value });
    Ok(())
}

/// Paths with backslashes, as the rules saw them.
fn value_as_path(value: &Value) -> Value {
    match value {
        Value::String(text) => match Root::parse(text.as_str()) {
            Ok(path) => Value::string(path.to_string()),
            Err(_) => value.clone(),
        },
        Value::Array(elements) => Value::array(elements.to_vec().iter().map(value_as_path).collect()),
        other => other.clone(),
    }
}

/// The parameter for paths in which nothing is a wildcard.
const LITERAL: &str = "LiteralPath";
/// Types of whole numbers, as the table writes them.
const WHOLE: [&str; 12] = [
    "int", "int32", "long", "int64", "uint32", "uint64", "uint16", "int16", "byte", "sbyte", "uint", "ulong",
];
/// The type of `-ErrorAction` and its like.
pub(super) const PREFERENCE: &str = "ActionPreference";
/// Types of other numbers.
const FRACTIONAL: [&str; 4] = ["double", "float", "single", "decimal"];
/// What the name of a parameter begins with that changes something, in small letters.
const WRITING: [&str; 13] = [
    "clear",
    "repair",
    "refresh",
    "reset",
    "remove",
    "delete",
    "register",
    "save",
    "export",
    "fix",
    "logpath",
    "answerfile",
    "scratchdirectory",
];
/// Parameters with which a command goes down into folders.
const RECURSING: [&str; 2] = ["Recurse", "Depth"];
/// Parameters that take a pattern of names.
const PATTERNS: [&str; 3] = ["Filter", "Include", "Exclude"];
