//! `CREATE_PIPELINE` and `GET_COMMAND_METADATA`.

use super::bag::Bag;
use super::pool::apartment_state;
use super::{HostInfo, MessageError, MessageType, enumeration};
use crate::clixml::{Content, Object, Properties, PsString, Value, Version};

/// A pipeline to run (MS-PSRP 2.2.2.10 `CREATE_PIPELINE`).
#[derive(Clone, PartialEq, Debug)]
pub struct PowerShell {
    /// What runs one after the other: each statement is commands that pass objects on.
    pub statements: Vec<Vec<Command>>,
    /// Whether input will be sent.
    pub input: Input,
    /// The host that the commands see.
    pub host: HostInfo,
    /// Which records tell the invocation that wrote them.
    pub stream_options: RemoteStreamOptions,
    /// Whether the pipeline enters the runspace's history.
    pub add_to_history: bool,
    /// What the history shows.
    pub history: Option<PsString>,
    /// Whether the pipeline runs inside another that waits for it.
    pub is_nested: bool,
    /// Whether errors of the shell itself go where those of the commands go.
    pub redirect_shell_error: bool,
    /// `ApartmentState`: 0 STA, 1 MTA, 2 unknown.
    pub apartment_state: i32,
}

/// Whether a pipeline has input.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Input {
    /// It has none.
    None,
    /// Objects will be sent to it, and then the end.
    Open,
}

/// Which records come with their `InvocationInfo` (MS-PSRP 2.2.3.8 `RemoteStreamOptions`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RemoteStreamOptions(pub i32);

/// A command in a pipeline, or a script in its place (MS-PSRP 2.2.3.11 `Command`).
#[derive(Clone, PartialEq, Debug)]
pub struct Command {
    /// The command's name, or the script's text.
    pub text: PsString,
    /// Which of the two.
    pub kind: CommandKind,
    /// Whether it runs in a scope of its own; `None` leaves that to the server.
    pub use_local_scope: Option<bool>,
    /// Parameters and arguments, in their order.
    pub parameters: Vec<Parameter>,
    /// Which streams are merged into others.
    pub merge: Merge,
}

/// Whether the text of a command is a name or code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CommandKind {
    /// A name.
    Command,
    /// Code.
    Script,
}

/// A named parameter, a switch or a positional argument (MS-PSRP 2.2.3.13 `Command Parameter`).
#[derive(Clone, PartialEq, Debug)]
pub struct Parameter {
    /// The name, without a dash. Only a letter with letters and digits after it is ever written.
    pub name: Option<PsString>,
    /// The value; `true` for a switch.
    pub value: Value,
}

/// Where each stream of a command goes (MS-PSRP 2.2.3.31 `PipelineResultTypes`); none is merged by default.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Merge {
    /// The stream that is merged (older form).
    pub my_result: PipelineResultTypes,
    /// What it is merged into (older form).
    pub to_result: PipelineResultTypes,
    /// What is taken over from the commands before.
    pub previous_results: PipelineResultTypes,
    /// Where errors go.
    pub error: PipelineResultTypes,
    /// Where warnings go.
    pub warning: PipelineResultTypes,
    /// Where verbose messages go.
    pub verbose: PipelineResultTypes,
    /// Where debug messages go.
    pub debug: PipelineResultTypes,
    /// Where information goes.
    pub information: PipelineResultTypes,
}

/// A set of streams: 0 none, 1 output, 2 error, 3 both; and 8, nowhere at all.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct PipelineResultTypes(pub i32);

/// A question for what commands there are (MS-PSRP 2.2.2.14 `GET_COMMAND_METADATA`).
#[derive(Clone, PartialEq, Debug)]
pub struct GetCommandMetadata {
    /// Names, with wildcards.
    pub names: Vec<PsString>,
    /// `CommandTypes`, a sum: 1 alias, 2 function, 4 filter, 8 cmdlet, 16 external script, 32 application, 64 script.
    pub command_type: i32,
    /// Modules, with wildcards; empty for all.
    pub namespaces: Vec<PsString>,
    /// What the dynamic parameters depend on.
    pub arguments: Vec<Value>,
}

impl PowerShell {
    /// One statement, without input, with the host of its pool.
    #[must_use]
    pub fn new(commands: Vec<Command>) -> Self {
        Self {
            statements: vec![commands],
            input: Input::None,
            host: HostInfo::of_the_pool(),
            stream_options: RemoteStreamOptions(0),
            add_to_history: false,
            history: None,
            is_nested: false,
            redirect_shell_error: true,
            apartment_state: 2,
        }
    }

    /// Refuses what must not be sent.
    ///
    /// # Errors
    /// A parameter's name is not one, or there is no command.
    pub(in crate::psrp) fn check(&self) -> Result<(), MessageError> {
        if self.statements.is_empty() || self.statements.iter().any(Vec::is_empty) {
            return Err(MessageError::NoCommand);
        }
        let parameters = self.statements.iter().flatten().flat_map(|command| &command.parameters);
        let mut names = parameters.filter_map(|parameter| parameter.name.as_ref());
        match names.find(|name| !is_parameter_name(name)) {
            Some(name) => Err(MessageError::ParameterName(name.as_str().to_owned())),
            None => Ok(()),
        }
    }

    pub(super) fn from_value(value: &Value) -> Result<Self, MessageError> {
        let bag = Bag { message: MessageType::CreatePipeline, value };
        let shell = bag.inside(bag.required("PowerShell")?);
        let extra = shell.items("ExtraCmds")?;
        let statements = if extra.is_empty() {
            vec![statement(&shell)?]
        } else {
            extra.iter().map(|value| statement(&shell.inside(value))).collect::<Result<_, _>>()?
        };
        Ok(Self {
            statements,
            input: if bag.flag("NoInput")? { Input::None } else { Input::Open },
            host: HostInfo::from_bag(&bag)?,
            stream_options: RemoteStreamOptions(bag.int32("RemoteStreamOptions")?),
            add_to_history: bag.flag("AddToHistory")?,
            history: shell.optional("History").and_then(Value::as_string).cloned(),
            is_nested: bag.flag("IsNested")? || shell.flag("IsNested")?,
            redirect_shell_error: shell.flag("RedirectShellErrorOutputPipe")?,
            apartment_state: bag.int32("ApartmentState")?,
        })
    }

    /// The body for a server of this protocol: older ones know fewer ways to merge streams.
    pub(super) fn to_value(&self, protocol: Version) -> Result<Value, MessageError> {
        self.check()?;
        let commands = |statement: &Vec<Command>| {
            list(PS_OBJECT_LIST, statement.iter().map(|command| command.to_value(protocol)).collect())
        };
        let first = self.statements.first().map_or(Value::Null, commands);
        let extra = match self.statements.as_slice() {
            [_] => Value::Null,
            all => {
                let statement = |all| Value::bag(Properties::new().with("Cmds", commands(all)));
                list(PS_OBJECT_LIST, all.iter().map(statement).collect())
            }
        };
        let shell = Properties::new()
            .with("IsNested", self.is_nested)
            .with("ExtraCmds", extra)
            .with("Cmds", first)
            .with("History", self.history.clone())
            .with("RedirectShellErrorOutputPipe", self.redirect_shell_error);
        Ok(Value::bag(
            Properties::new()
                .with("NoInput", self.input == Input::None)
                .with("ApartmentState", apartment_state(self.apartment_state))
                .with("RemoteStreamOptions", self.stream_options.to_value())
                .with("AddToHistory", self.add_to_history)
                .with("HostInfo", self.host.to_value())
                .with("PowerShell", Value::bag(shell))
                .with("IsNested", self.is_nested),
        ))
    }
}

impl PowerShell {
    /// With every command that does not say otherwise in a scope of its own, so that none leaves variables to the next.
    #[must_use]
    pub fn in_local_scopes(mut self) -> Self {
        for command in self.statements.iter_mut().flatten() {
            command.use_local_scope.get_or_insert(true);
        }
        self
    }
}

impl Command {
    /// A command by name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            text: name.into(),
            kind: CommandKind::Command,
            use_local_scope: None,
            parameters: Vec::new(),
            merge: Merge::default(),
        }
    }

    /// A script.
    #[must_use]
    pub fn script(text: &str) -> Self {
        Self { kind: CommandKind::Script, ..Self::new(text) }
    }

    /// With a named parameter.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.parameters.push(Parameter { name: Some(name.into()), value: value.into() });
        self
    }

    /// With a positional argument.
    #[must_use]
    pub fn argument(mut self, value: impl Into<Value>) -> Self {
        self.parameters.push(Parameter { name: None, value: value.into() });
        self
    }

    /// In a scope of its own.
    #[must_use]
    pub fn in_local_scope(mut self) -> Self {
        self.use_local_scope = Some(true);
        self
    }

    fn from_bag(bag: &Bag<'_>) -> Result<Self, MessageError> {
        let use_local_scope = match bag.optional("UseLocalScope") {
            None => None,
            Some(value) => Some(value.as_boolean().ok_or_else(|| bag.improper("UseLocalScope"))?),
        };
        let parameters = bag.items("Args")?.iter();
        Ok(Self {
            text: bag.string("Cmd")?,
            kind: if bag.flag("IsScript")? { CommandKind::Script } else { CommandKind::Command },
            use_local_scope,
            parameters: parameters
                .map(|value| Parameter::from_bag(&bag.inside(value)))
                .collect::<Result<_, _>>()?,
            merge: Merge::from_bag(bag),
        })
    }

    fn to_value(&self, protocol: Version) -> Value {
        let parameters = self.parameters.iter().map(Parameter::to_value).collect();
        let properties = Properties::new()
            .with("Cmd", self.text.clone())
            .with("IsScript", self.kind == CommandKind::Script)
            .with("UseLocalScope", self.use_local_scope);
        Value::bag(self.merge.add_to(properties, protocol).with("Args", list(PS_OBJECT_LIST, parameters)))
    }
}

impl Parameter {
    fn from_bag(bag: &Bag<'_>) -> Result<Self, MessageError> {
        let name = bag.optional("N").map(|name| name.as_string().cloned().ok_or_else(|| bag.improper("N")));
        Ok(Self { name: name.transpose()?, value: bag.required("V")?.clone() })
    }

    fn to_value(&self) -> Value {
        Value::bag(Properties::new().with("N", self.name.clone()).with("V", self.value.clone()))
    }
}

impl Merge {
    fn from_bag(bag: &Bag<'_>) -> Self {
        let types = |property| {
            PipelineResultTypes(bag.optional(property).and_then(Value::as_int32).unwrap_or_default())
        };
        Self {
            my_result: types("MergeMyResult"),
            to_result: types("MergeToResult"),
            previous_results: types("MergePreviousResults"),
            error: types("MergeError"),
            warning: types("MergeWarning"),
            verbose: types("MergeVerbose"),
            debug: types("MergeDebug"),
            information: types("MergeInformation"),
        }
    }

    fn add_to(self, properties: Properties, protocol: Version) -> Properties {
        let properties = properties
            .with("MergeMyResult", self.my_result.to_value())
            .with("MergeToResult", self.to_result.to_value())
            .with("MergePreviousResults", self.previous_results.to_value());
        if protocol < Version::new(2, 2) {
            return properties;
        }
        let properties = properties
            .with("MergeError", self.error.to_value())
            .with("MergeWarning", self.warning.to_value())
            .with("MergeVerbose", self.verbose.to_value())
            .with("MergeDebug", self.debug.to_value());
        if protocol < Version::new(2, 3) {
            return properties;
        }
        properties.with("MergeInformation", self.information.to_value())
    }
}

impl PipelineResultTypes {
    /// Where output goes.
    pub const OUTPUT: Self = Self(1);
    /// Nowhere: what is written is dropped.
    pub const NULL: Self = Self(8);

    fn to_value(self) -> Value {
        const NAMES: [(i32, &str); 9] = [
            (0, "None"),
            (1, "Output"),
            (2, "Error"),
            (3, "Output, Error"),
            (4, "Verbose"),
            (5, "Debug"),
            (6, "Information"),
            (7, "All"),
            (8, "Null"),
        ];
        enumeration::value(
            enumeration::enum_type!("System.Management.Automation.Runspaces.PipelineResultTypes"),
            &NAMES,
            self.0,
        )
    }
}

impl RemoteStreamOptions {
    /// Every record tells its invocation.
    #[must_use]
    pub fn add_invocation_info() -> Self {
        Self(15)
    }

    fn to_value(self) -> Value {
        const NAMES: [(i32, &str); 2] = [(0, "0"), (15, "AddInvocationInfo")];
        enumeration::value(
            enumeration::enum_type!("System.Management.Automation.Runspaces.RemoteStreamOptions"),
            &NAMES,
            self.0,
        )
    }
}

impl GetCommandMetadata {
    /// Asks for every kind of command with one of these names.
    #[must_use]
    pub fn named(names: &[&str]) -> Self {
        Self {
            names: names.iter().copied().map(PsString::from).collect(),
            command_type: ALL_COMMANDS,
            namespaces: Vec::new(),
            arguments: Vec::new(),
        }
    }

    pub(super) fn from_value(value: &Value) -> Result<Self, MessageError> {
        let bag = Bag { message: MessageType::GetCommandMetadata, value };
        let strings = |property| {
            bag.items(property)?
                .iter()
                .map(|item| item.as_string().cloned().ok_or_else(|| bag.improper(property)))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            names: strings("Name")?,
            command_type: bag.int32("CommandType")?,
            namespaces: strings("Namespace")?,
            arguments: bag.items("ArgumentList")?.to_vec(),
        })
    }

    pub(super) fn to_value(&self) -> Value {
        let strings = |names: &[PsString]| match names {
            [] => Value::Null,
            _ => list(STRING_ARRAY, names.iter().cloned().map(Value::String).collect()),
        };
        let arguments =
            if self.arguments.is_empty() { Value::Null } else { Value::array(self.arguments.clone()) };
        let command_type = enumeration::value(
            enumeration::enum_type!("System.Management.Automation.CommandTypes"),
            &[(ALL_COMMANDS, "All")],
            self.command_type,
        );
        Value::bag(
            Properties::new()
                .with("Name", strings(&self.names))
                .with("CommandType", command_type)
                .with("Namespace", strings(&self.namespaces))
                .with("ArgumentList", arguments),
        )
    }
}

fn statement(bag: &Bag<'_>) -> Result<Vec<Command>, MessageError> {
    bag.items("Cmds")?.iter().map(|value| Command::from_bag(&bag.inside(value))).collect()
}

fn list(types: &[&str], items: Vec<Value>) -> Value {
    Value::object(Object { content: Content::List(items), ..Object::typed(types) })
}

/// `^[A-Za-z][A-Za-z0-9]*$`
fn is_parameter_name(name: &PsString) -> bool {
    let bytes = name.as_str().as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.iter().all(u8::is_ascii_alphanumeric)
}

/// Every `CommandTypes` of PowerShell 5.1 and later: aliases, functions, filters, cmdlets, scripts, applications,
/// configurations.
const ALL_COMMANDS: i32 = 383;
const STRING_ARRAY: &[&str] = &["System.String[]", "System.Array", "System.Object"];
const PS_OBJECT_LIST: &[&str] = &[
    concat!(
        "System.Collections.Generic.List`1[[System.Management.Automation.PSObject, System.Management.Automation, ",
        "Version=1.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]"
    ),
    "System.Object",
];
