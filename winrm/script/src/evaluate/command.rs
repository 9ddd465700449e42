//! From a command in the tree to a stage of a pipeline.

use super::CallKind;
use super::arguments::{Arguments, Bound};
use super::filter::{self, Stage};
use super::host::Host;
use super::interpreter::{Interpreter, Turn};
use super::unwind::{Flow, Unwind};
use crate::commands;
use crate::tree::{Call, Command, Span};
use crate::value::Value;

impl Interpreter {
    /// The stages that a command is: one, and another that remembers its output where a parameter asks for it.
    pub(super) async fn command(&mut self, command: &Command, span: Span) -> Flow<Vec<Box<dyn Stage>>> {
        if command.call == Call::Operator {
            return self.called(command, span).await;
        }
        let Some(name) = Self::command_name(command) else {
            return Err(Unwind::refused("a command whose name is computed"));
        };
        let arguments = self.arguments(&command.elements).await?;
        if let Some(function) = self.function(name) {
            return Ok(vec![Box::new(Called {
                what: Some(Callee::Function(function)),
                arguments,
                input: Vec::new(),
            })]);
        }
        let full = commands::alias(name).unwrap_or(name);
        self.stage(full, arguments, span)
    }

    /// The stage that a command of the host is.
    pub(super) async fn host_stage(&mut self, command: &Command, span: Span) -> Flow<Host> {
        let name = Self::command_name(command).unwrap_or_default();
        let arguments = self.arguments(&command.elements).await?;
        Host::new(commands::alias(name).unwrap_or(name), arguments, span)
    }

    fn stage(&mut self, name: &str, arguments: Arguments, span: Span) -> Flow<Vec<Box<dyn Stage>>> {
        if name.eq_ignore_ascii_case("Select-String") {
            return self.select_string(arguments, span);
        }
        if let Some(constructor) = filter::find(name) {
            let bound = Bound::of(name, &arguments)?;
            let common = bound.common.clone();
            self.begin_errors(&common)?;
            let mut stages = vec![constructor(self, bound)?];
            if let Some(variable) = common.out_variable {
                stages.push(filter::remember(variable));
            }
            return Ok(stages);
        }
        let host = Host::new(name, arguments, span)?;
        self.begin_errors(host.common())?;
        let mut stages: Vec<Box<dyn Stage>> = Vec::new();
        let variable = host.common().out_variable.clone();
        stages.push(Box::new(host));
        stages.extend(variable.map(filter::remember));
        Ok(stages)
    }

    /// Select-String looks at text here, and at files on the host.
    fn select_string(&mut self, arguments: Arguments, span: Span) -> Flow<Vec<Box<dyn Stage>>> {
        const NAME: &str = "Select-String";
        let mut bound = Bound::of(NAME, &arguments)?;
        let files = bound.take("Path").is_some() || bound.take("LiteralPath").is_some();
        let host = Host::new(NAME, arguments, span)?;
        if files {
            return Ok(vec![Box::new(host)]);
        }
        let Some(constructor) = filter::find(NAME) else { return Ok(vec![Box::new(host)]) };
        Ok(vec![Box::new(TextOrFiles { text: constructor(self, bound)?, files: host })])
    }

    /// `& …`.
    async fn called(&mut self, command: &Command, span: Span) -> Flow<Vec<Box<dyn Stage>>> {
        let what = self.value(&command.name).await?;
        let arguments = self.arguments(&command.elements).await?;
        match what {
            Value::Block(block) => {
                Ok(vec![Box::new(Called { what: Some(Callee::Block(block)), arguments, input: Vec::new() })])
            }
            Value::String(text) if is_program(text.as_str()) => {
                Ok(vec![Box::new(Host::program(text.as_str(), arguments, span))])
            }
            Value::String(text) => match self.function(text.as_str()) {
                Some(function) => Ok(vec![Box::new(Called {
                    what: Some(Callee::Function(function)),
                    arguments,
                    input: Vec::new(),
                })]),
                None => Err(Unwind::refused("`&` on a string; write the command's name")),
            },
            _ => Err(Unwind::refused("`&` on this value")),
        }
    }
}

/// Whether a name is that of a program and not of a command.
pub(super) fn is_program(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let executable = [".exe", ".com", ".bat", ".cmd"].iter().any(|extension| lower.ends_with(extension));
    executable || name.contains(['\\', '/'])
}

/// What kind of call a name is.
pub(super) fn kind_of(name: &str) -> CallKind {
    if commands::find(name).is_some() { CallKind::Command } else { kind_of_unknown(name) }
}

/// What kind of call a name is that is not in the table of commands.
pub(crate) fn kind_of_unknown(name: &str) -> CallKind {
    if !is_program(name) && looks_like_command(name) { CallKind::Command } else { CallKind::Program }
}

/// `Verb-Noun`.
fn looks_like_command(name: &str) -> bool {
    name.split_once('-').is_some_and(|(verb, noun)| {
        !verb.is_empty() && !noun.is_empty() && verb.chars().all(|character| character.is_ascii_alphabetic())
    })
}

/// A function or block of the script's own as a stage.
struct Called {
    /// Nothing once it was called.
    what: Option<Callee>,
    arguments: Arguments,
    input: Vec<Value>,
}

enum Callee {
    Function(std::sync::Arc<super::function::Definition>),
    Block(std::sync::Arc<super::block::Block>),
}

impl Called {
    async fn call(&mut self, interpreter: &mut Interpreter, input: Option<Vec<Value>>) -> Flow<()> {
        let arguments = std::mem::take(&mut self.arguments);
        match self.what.take() {
            Some(Callee::Function(function)) => interpreter.call_function(&function, arguments, input).await,
            Some(Callee::Block(block)) => interpreter.call_block(&block, arguments, input).await,
            None => Ok(()),
        }
    }
}

impl Stage for Called {
    fn alone<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(self.call(interpreter, None))
    }

    fn process<'a>(&'a mut self, _: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        Box::pin(async move {
            self.input.push(item);
            Ok(())
        })
    }

    fn end<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            let input = std::mem::take(&mut self.input);
            self.call(interpreter, Some(input)).await
        })
    }
}

/// Select-String, which takes both.
struct TextOrFiles {
    text: Box<dyn Stage>,
    files: Host,
}

impl Stage for TextOrFiles {
    fn alone<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        self.text.alone(interpreter)
    }

    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        let is_file = matches!(&item, Value::Object(object) if object.type_names().is("System.IO.FileInfo"));
        if is_file { self.files.process(interpreter, item) } else { self.text.process(interpreter, item) }
    }

    fn end<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        self.text.end(interpreter)
    }
}
