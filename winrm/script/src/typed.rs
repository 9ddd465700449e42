//! Commands of a host with values: what is judged, and what is sent.
//!
//! A [`TypedCommand`] is one command whose arguments are data. It is made of a call that a script makes
//! ([`TypedCommand::from_call`]), of a [`StaticCommand`](crate::static_command::StaticCommand), or of parts. Its values
//! are the scalars that travel to any host, arrays and hashtables; they are copied when it is made, so nothing that the
//! script does later changes what was judged. What cannot travel as data (live objects, script blocks) is refused with a
//! [`Reason`].
//!
//! [`TypedCommand::render`] writes it as PowerShell text that can mean nothing else: for people, for the record, and for
//! hosts that only take text.

mod constant;
mod freeze;
mod from_call;
mod from_static;
mod reason;
mod render;

use std::fmt;

pub use constant::constant;
pub use from_call::stays_here;
pub use reason::Reason;

use crate::commands::{ArgumentType, Element, Typed};
use crate::static_command::{CommandName, ParameterName};
use crate::value::Value;

/// One command of a host, with values.
#[derive(Clone, PartialEq, Eq)]
pub struct TypedCommand {
    name: CommandName,
    /// INVARIANT: every value went through `freeze`.
    arguments: Vec<Argument>,
}

/// An argument, in its place.
#[derive(Debug, Clone)]
pub enum Argument {
    /// `-Name`, or `-Name value`. A value that is an [`Argument::Value`] behind a parameter without one belongs to it,
    /// unless the parameter is a switch: only the command's own table knows.
    Parameter {
        /// The name without its dash.
        name: ParameterName,
        /// The value; nothing for a switch that is there.
        value: Option<Value>,
    },
    /// A value that stands by itself.
    Value(Value),
}

/// One command, or one and the filters that its output goes through on the host. Never empty.
#[derive(Clone, PartialEq, Eq)]
pub struct TypedPipeline {
    first: TypedCommand,
    filters: Vec<TypedCommand>,
}

impl TypedCommand {
    /// Puts a command together. Its values are copied as they are now.
    ///
    /// # Errors
    /// A [`Reason`] where a value cannot travel as data.
    pub fn new(name: CommandName, arguments: Vec<Argument>) -> Result<Self, Reason> {
        let mut budget = freeze::Budget::default();
        let arguments = arguments.into_iter().map(|argument| {
            Ok(match argument {
                Argument::Parameter { name, value } => {
                    let value = value.map(|value| budget.freeze(&value)).transpose()?;
                    Argument::Parameter { name, value }
                }
                Argument::Value(value) => Argument::Value(budget.freeze(&value)?),
            })
        });
        Ok(Self { name, arguments: arguments.collect::<Result<_, Reason>>()? })
    }

    /// The command's name without its module.
    #[must_use]
    pub fn name(&self) -> &str {
        let name = self.name.as_str();
        name.rsplit_once('\\').map_or(name, |(_, plain)| plain)
    }

    /// The module that it is looked for in, if one is named.
    #[must_use]
    pub fn module(&self) -> Option<&str> {
        self.name.as_str().rsplit_once('\\').map(|(module, _)| module)
    }

    /// The name with its module, as it is written.
    #[must_use]
    pub fn qualified_name(&self) -> &str {
        self.name.as_str()
    }

    /// The arguments in their order.
    #[must_use]
    pub fn arguments(&self) -> &[Argument] {
        &self.arguments
    }

    /// The arguments as the binder takes them.
    #[must_use]
    pub fn elements(&self) -> Vec<Element<'_, &Value>> {
        self.arguments.iter().map(Argument::element).collect()
    }

    /// PowerShell text that means this command and nothing else, on one line but for line breaks inside strings.
    #[must_use]
    pub fn render(&self) -> String {
        render::command(self)
    }
}

impl Argument {
    fn element(&self) -> Element<'_, &Value> {
        match self {
            Self::Parameter { name, value } => {
                Element::Parameter { name: name.as_str(), value: value.as_ref() }
            }
            Self::Value(value) => Element::Value(value),
        }
    }
}

impl TypedPipeline {
    /// One command alone.
    #[must_use]
    pub fn one(command: TypedCommand) -> Self {
        Self { first: command, filters: Vec::new() }
    }

    /// A command whose output goes through filters on the host.
    #[must_use]
    pub fn new(command: TypedCommand, filters: Vec<TypedCommand>) -> Self {
        Self { first: command, filters }
    }

    /// This pipeline, and behind it the commands of another.
    #[must_use]
    pub fn then(mut self, filters: Self) -> Self {
        self.filters.push(filters.first);
        self.filters.extend(filters.filters);
        self
    }

    /// The command at the front.
    #[must_use]
    pub fn first(&self) -> &TypedCommand {
        &self.first
    }

    /// The filters behind it.
    #[must_use]
    pub fn filters(&self) -> &[TypedCommand] {
        &self.filters
    }

    /// All of them, in order.
    pub fn commands(&self) -> impl Iterator<Item = &TypedCommand> {
        std::iter::once(&self.first).chain(&self.filters)
    }

    /// PowerShell text that means this pipeline and nothing else.
    #[must_use]
    pub fn render(&self) -> String {
        let stages: Vec<String> = self.commands().map(TypedCommand::render).collect();
        stages.join(" | ")
    }
}

impl From<TypedCommand> for TypedPipeline {
    fn from(command: TypedCommand) -> Self {
        Self::one(command)
    }
}

impl PartialEq for Argument {
    /// Values of the same type that are written the same are the same.
    fn eq(&self, other: &Self) -> bool {
        render::argument(self, None) == render::argument(other, None)
    }
}

impl Eq for Argument {}

impl fmt::Debug for TypedCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TypedCommand").field(&self.render()).finish()
    }
}

impl fmt::Debug for TypedPipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TypedPipeline").field(&self.render()).finish()
    }
}

impl Typed for Value {
    fn argument_type(&self) -> ArgumentType {
        match self {
            Self::String(_) => ArgumentType::String,
            Self::Int32(_) => ArgumentType::Int32,
            Self::Int64(_) => ArgumentType::Int64,
            Self::Double(_) => ArgumentType::Double,
            Self::Decimal(_) => ArgumentType::Decimal,
            Self::Block(_) => ArgumentType::ScriptBlock,
            Self::Table(_) => ArgumentType::Hashtable,
            Self::Array(_) => ArgumentType::Array,
            _ => ArgumentType::Object,
        }
    }
}

#[cfg(test)]
mod tests;
