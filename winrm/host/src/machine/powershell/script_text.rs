//! Text as this machine's PowerShell takes it: one pipeline of commands whose arguments are constants, or a constant.
//!
//! Literals, arrays, hashtables and casts of them are constants; their value is what `winrm-script` computes. Clients
//! that write typed commands as text put `try { … } catch { throw }` around them and `exit 0` behind.

use std::time::Duration;

use winrm_proto::psrp::Merge;
use winrm_script::evaluate::{Evaluator, Facts, Limits, Step};
use winrm_script::parse;
use winrm_script::position::Position;
use winrm_script::tree::{
    BlockName, Call, Command, CommandElement, Expression, ExpressionKind, Node, NumberValue, Pipeline,
    PipelineElementKind, ScriptBlock, Span, Statement, StatementKind, Try,
};
use winrm_script::value::Value as Item;

use super::{Given, Lookup, TypedArgument, TypedCommand};

/// A pipeline that came as text.
#[derive(Debug)]
pub(super) struct ScriptText {
    pub(super) commands: Vec<TypedCommand>,
    pub(super) exit: Exit,
}

/// What a process ends with that ran the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// 1 if there were errors.
    ByErrors,
    /// The code behind `exit`, unless an error ended the script before.
    With(i32),
}

/// Text that is something else: where, and what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct NotTyped(String);

impl ScriptText {
    pub(super) fn read(text: &str) -> Result<Self, NotTyped> {
        let tree = parse::script(text).map_err(|refusal| NotTyped(refusal.to_string()))?;
        let (pipeline, exit) = pipeline(text, &tree)?;
        let commands = pipeline.elements.iter().map(|element| match &element.kind {
            _ if !element.redirections.is_empty() => Err(refused(text, element.span)),
            PipelineElementKind::Command(command) => typed(text, element.span, command),
            PipelineElementKind::Expression(value) => output(text, value),
        });
        Ok(Self { commands: commands.collect::<Result<_, _>>()?, exit })
    }
}

/// The one pipeline of a script, perhaps in the words that clients put around it.
fn pipeline<'t>(text: &str, tree: &'t ScriptBlock) -> Result<(&'t Pipeline, Exit), NotTyped> {
    let statements = match tree.blocks.as_slice() {
        [only] if only.name == BlockName::Unnamed && tree.parameters.is_none() => only.statements.as_slice(),
        _ => &[],
    };
    let (first, exit) = match statements {
        [only] => (only, Exit::ByErrors),
        [first, Statement { kind: StatementKind::Exit(Some(code)), .. }] => match code.as_expression() {
            Some(Expression { kind: ExpressionKind::Number(number), .. }) => match number.value {
                NumberValue::Int32(code) => (first, Exit::With(code)),
                _ => return Err(refused(text, code.span)),
            },
            _ => return Err(refused(text, code.span)),
        },
        [first, second, ..] => {
            return Err(refused(text, if is_rethrowing(first).is_some() { first.span } else { second.span }));
        }
        [] => return Err(refused(text, tree.span)),
    };
    match &is_rethrowing(first).unwrap_or(first).kind {
        StatementKind::Pipeline(pipeline) => Ok((pipeline, exit)),
        _ => Err(refused(text, first.span)),
    }
}

/// What stands in `try { … } catch { throw }`.
fn is_rethrowing(statement: &Statement) -> Option<&Statement> {
    let StatementKind::Try(guarded) = &statement.kind else { return None };
    let Try { body, catches, finally: None } = &**guarded else { return None };
    let [catch] = catches.as_slice() else { return None };
    match (body.statements.as_slice(), catch.body.statements.as_slice()) {
        ([inside], [Statement { kind: StatementKind::Throw(None), .. }]) if catch.types.is_empty() => {
            Some(inside)
        }
        _ => None,
    }
}

fn typed(text: &str, span: Span, command: &Command) -> Result<TypedCommand, NotTyped> {
    let (Call::Plain, Some(name)) = (command.call, command.name.as_string()) else {
        return Err(refused(text, span));
    };
    let mut arguments = Vec::with_capacity(command.elements.len());
    for element in &command.elements {
        arguments.push(match element {
            CommandElement::Parameter(parameter) => {
                let value =
                    parameter.argument.as_ref().map(|argument| constant(text, argument)).transpose()?;
                TypedArgument::Named(parameter.name.clone(), value)
            }
            CommandElement::Argument(argument) => TypedArgument::Positional(constant(text, argument)?),
        });
    }
    let text = span.text(text).to_owned();
    Ok(TypedCommand {
        name: name.to_owned(),
        lookup: Lookup::Shown,
        arguments,
        text,
        merge: Merge::default(),
    })
}

/// A constant that stands before the first `|` goes down the pipeline.
fn output(text: &str, value: &Expression) -> Result<TypedCommand, NotTyped> {
    let given = Given::of(computed(text, value)?);
    let arguments = vec![TypedArgument::Named("InputObject".to_owned(), Some(given))];
    let text = value.span.text(text).to_owned();
    Ok(TypedCommand {
        name: "Write-Output".to_owned(),
        lookup: Lookup::Everywhere,
        arguments,
        text,
        merge: Merge::default(),
    })
}

fn constant(text: &str, argument: &Expression) -> Result<Given, NotTyped> {
    match &argument.kind {
        ExpressionKind::String(string) => Ok(Given::of(Item::string(string.value.as_str()))),
        // A list of words is no expression: `Get-Service W32Time,Spooler`.
        ExpressionKind::Array(items) => {
            let items = items.iter().map(|item| Ok(constant(text, item)?.value));
            Ok(Given::of(Item::array(items.collect::<Result<_, NotTyped>>()?)))
        }
        ExpressionKind::Number(number) => {
            let spelled = Some(number.text.clone());
            Ok(Given { value: computed(text, argument)?, spelled })
        }
        _ => computed(text, argument).map(Given::of),
    }
}

/// The value of an expression in which nothing varies.
fn computed(text: &str, argument: &Expression) -> Result<Item, NotTyped> {
    let refused = || refused(text, argument.span);
    let varies = Node::Expression(argument).walk().any(|node| match node {
        Node::Expression(inside) => match &inside.kind {
            ExpressionKind::Variable(variable) => {
                variable.splatted
                    || !["true", "false", "null"].iter().any(|own| variable.name.eq_ignore_ascii_case(own))
            }
            ExpressionKind::ScriptBlock(_) => true,
            _ => false,
        },
        _ => false,
    });
    if varies {
        return Err(refused());
    }
    // The comma keeps an array from being taken apart on its way out.
    let source = format!(",({})", argument.span.text(text));
    let tree = parse::script(&source).map_err(|_| refused())?;
    let limits = Limits { steps: MOST_STEPS, ..Limits::default() };
    let mut evaluator = Evaluator::new(&source, tree, Facts::default(), limits);
    let mut values = Vec::new();
    loop {
        match evaluator.step(Duration::ZERO) {
            Step::Output(value) => values.push(value),
            Step::Working => {}
            Step::Done(_) => return Ok(Item::of_output(values)),
            Step::Call(_) | Step::Record(..) | Step::Refused(_) | Step::Sleep(_) => return Err(refused()),
        }
    }
}

fn refused(text: &str, at: Span) -> NotTyped {
    let position = Position::in_text(text, at.start);
    NotTyped(format!("{position}: this is more than one pipeline of commands with constant arguments."))
}

/// What the longest list of constants takes.
const MOST_STEPS: u64 = 100_000;
