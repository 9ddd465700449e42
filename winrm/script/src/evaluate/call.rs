//! What a host is asked for, and what it answers.

use super::arguments::Arguments;
use super::host::Host;
use super::{Failure, Stream};
use crate::check::HostCommand;
use crate::tree::Span;
use crate::value::Value;

/// What a host must do.
#[derive(Clone, Debug)]
pub struct Call {
    /// A command by its full name, or a program as it was written.
    pub name: String,
    /// Whether it is a program, and not a command.
    pub kind: CallKind,
    /// Where the script names it.
    pub span: Span,
    /// Where what it returns goes.
    pub returns: Returns,
    /// Parameters by their full names, in the order in which they were bound; switches are `$true`.
    pub parameters: Vec<(String, Value)>,
    /// Arguments of a program, or those of a command whose parameters are not known.
    pub arguments: Vec<Value>,
    /// What was piped in and no parameter could be given by value: these objects themselves.
    pub input: Vec<Value>,
    /// The object for which this call is made, where it came through a pipeline, and what names it is among
    /// `parameters`.
    pub piped: Option<Value>,
    /// Filters that travel with the command, in the order of the pipeline; only with [`PushDown::On`].
    ///
    /// [`PushDown::On`]: super::PushDown::On
    pub filters: Vec<FilterCall>,
}

impl Call {
    /// The call that a command of a script makes whatever the script does; nothing where an argument is computed, or
    /// objects come to the command through a pipeline.
    #[must_use]
    pub fn of_constants(command: &HostCommand<'_>) -> Option<Self> {
        if command.piped {
            return None;
        }
        let name = command.known.map_or(command.name, |known| known.name());
        let host = Host::new(name, Arguments::of_constants(command.elements)?, command.span).ok()?;
        Some(host.into_call())
    }
}

/// A filter that a host applies to what its command returns.
#[derive(Clone, Debug)]
pub struct FilterCall {
    /// `Where-Object`, `Sort-Object`, `Select-Object` or `Measure-Object`.
    pub name: &'static str,
    /// Parameters by their full names; switches are `$true`. Their values are plain ones, and arrays of plain ones.
    pub parameters: Vec<(&'static str, Value)>,
    /// Where the script says it.
    pub span: Span,
}

/// What a call is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallKind {
    /// A command of PowerShell.
    Command,
    /// A program.
    Program,
}

/// Where what a call returns goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Returns {
    /// To the script, which computes with it.
    #[default]
    ToScript,
    /// Through the script to its output, as it is, and other records to their streams. The caller may take them there as
    /// they come, and leave them out of its [`Reply`].
    ToOutput,
}

/// What came of a call.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// What it returned.
    pub output: Vec<Value>,
    /// Its errors, in order, none of which ended it.
    pub errors: Vec<Failure>,
    /// The error that ended it.
    pub terminating: Option<Failure>,
    /// Other records.
    pub records: Vec<(Stream, Value)>,
    /// The exit code of a program.
    pub exit_code: Option<i32>,
}

impl Reply {
    /// The answer to a call whose filters may not run on the host: they are done here, and the command is called alone.
    #[must_use]
    pub fn without_filters(call: &Call) -> Self {
        let name = call.filters.first().map_or("", |filter| filter.name);
        let absent = Failure {
            id: "CommandNotFoundException".to_owned(),
            target: Value::string(name),
            ..Failure::default()
        };
        Self { terminating: Some(absent), ..Self::default() }
    }
}
