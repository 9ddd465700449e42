//! PowerShell as this machine has it: typed commands over the machine's state.
//!
//! A command is a name and arguments that are data already, whether they came as text to `powershell.exe` or as a
//! pipeline over PSRP. What cmdlets put out are [`Value`]s. The language is `winrm-script`'s: it evaluates a
//! [`WholeScript`], whose commands come here.

mod binding;
mod cmdlet;
mod cmdlets;
mod convert;
mod display;
mod emission;
mod executable;
mod failure;
mod filter;
mod lock;
mod metadata;
mod options;
mod restricted;
mod runspace;
mod scope;
mod script_text;
mod stage;
mod whole_script;

use futures_util::future::join_all;
use tokio::sync::mpsc;
use winrm_proto::psrp::{Merge, PipelineResultTypes};
use winrm_script::value::Value as Item;

pub(crate) use emission::{Emission, Emissions, Fatal};
pub(super) use executable::run;
pub(crate) use lock::Lock;
pub(crate) use metadata::describe;
pub(crate) use runspace::Runspace;
pub(crate) use scope::Scope;
pub(crate) use stage::Success;
pub(crate) use whole_script::WholeScript;

use super::Machine;
use cmdlet::Cmdlet;
use scope::Callable;
use stage::{Input, Output, Stage};

/// A command before its parameters are bound.
#[derive(Clone, Debug)]
pub(crate) struct TypedCommand {
    pub(crate) name: String,
    /// Where the name is looked up.
    lookup: Lookup,
    pub(crate) arguments: Vec<TypedArgument>,
    /// The command as a caller wrote it, for the position in an error; empty where nobody wrote text.
    pub(crate) text: String,
    /// Which of its streams go where its output goes.
    merge: Merge,
}

/// Where a command's name is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lookup {
    /// Among what the runspace shows.
    Shown,
    /// Among all cmdlets: it stands for a constant, which no runspace hides.
    Everywhere,
}

/// An argument.
#[derive(Clone, Debug)]
pub(crate) enum TypedArgument {
    /// `-Name`, with the value that belongs to it where that is known without the command's parameters.
    Named(String, Option<Given>),
    /// A value by its position, or the value of the parameter before it.
    Positional(Given),
}

/// A value as it was given.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) value: Item,
    /// The spelling of a number, which a string parameter receives: `007` stays `007`.
    pub(crate) spelled: Option<String>,
}

/// Runs commands joined by `|` to their end. Dropping the future stops them.
pub(crate) async fn run_pipeline(
    machine: &Machine,
    runspace: &Runspace,
    commands: Vec<TypedCommand>,
    input: Option<mpsc::Receiver<Item>>,
    emissions: Emissions,
) -> Success {
    let mut first = input.map_or(Input::Nothing, Input::Values);
    let mut output = Output::Pipeline;
    let mut errors = None;
    let mut stages = Vec::new();
    // From the last to the first, because a command may take the errors of those before it.
    for (place, command) in commands.into_iter().enumerate().rev() {
        let (input, feeding) = if place == 0 {
            (std::mem::replace(&mut first, Input::Nothing), None)
        } else {
            let (sender, receiver) = mpsc::channel(QUEUE);
            (Input::Values(receiver), Some(sender))
        };
        let stage = Stage::new(machine, runspace, &command, input, output, &emissions, errors.clone());
        if command.merge.previous_results != PipelineResultTypes::default() {
            errors.clone_from(&feeding);
        }
        output = feeding.map_or(Output::Pipeline, Output::Next);
        stages.push(async move {
            let found = match command.lookup {
                Lookup::Shown => runspace.scope().find(&command.name),
                Lookup::Everywhere => Cmdlet::named(&command.name).map(Callable::Cmdlet),
            };
            match found {
                Some(Callable::Cmdlet(cmdlet)) => stage.run(cmdlet, command).await,
                Some(Callable::Program(program)) => stage.run_program(program, command).await,
                None => stage.refuse(&command.name).await,
            }
        });
    }
    drop((emissions, output, errors));
    stages.reverse();
    join_all(stages).await.into_iter().max().unwrap_or(Success::Yes)
}

/// Values between two commands of a pipeline.
const QUEUE: usize = 64;
