//! What of a script runs on a host, and what here.
//!
//! For each pipeline that begins with a command of the host which only looks, the longest prefix is found that can run
//! there as one typed pipeline: the command, then filters that say exactly what the script says. Of the objects that are
//! left only the properties are fetched that the rest needs. Whatever is in doubt is computed here.
//!
//! The plan of a script is static: [`Plan::of`] shows it before anything runs, with the variables whose values are only
//! known then. [`Evaluator`](crate::evaluate::Evaluator) follows the same plan with
//! [`PushDown::On`](crate::evaluate::PushDown::On), unless a value turns out to be of a kind that does not travel.

pub(crate) mod columns;
pub(crate) mod condition;
pub(crate) mod prefix;
pub(crate) mod properties;
mod reason;
pub(crate) mod scope;
mod render;

use std::fmt;

pub use reason::Reason;

use crate::commands;
use crate::evaluate::{CallKind, kind_of};
use crate::position::Position;
use crate::tree::{
    Call, Node, Pipeline, PipelineElement, PipelineElementKind, ScriptBlock, Span, StatementKind,
};
use prefix::{Move, Prefix};
use scope::{Functions, Scope};

/// What of a script runs where: its pipelines with commands of a host, in the order of the source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The pipelines.
    pub pipelines: Vec<PipelinePlan>,
}

/// What of a pipeline runs where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelinePlan {
    /// Its extent in the script.
    pub span: Span,
    /// Where it begins.
    pub position: Position,
    /// Its stages, in order.
    pub stages: Vec<StagePlan>,
}

/// What becomes of one or several stages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StagePlan {
    /// They run on the host as one typed pipeline.
    Host {
        /// The commands as they are sent. What is only known when the pipeline runs stands as it is written in the
        /// script, between `<` and `>`.
        commands: Vec<String>,
    },
    /// A command of the host that is called once for each object.
    Each {
        /// The command as it is written.
        command: String,
    },
    /// It is computed here.
    Here {
        /// The stage as it is written.
        stage: String,
        /// Why, where it could have run on the host.
        reason: Option<Reason>,
    },
}

impl Plan {
    /// Plans a script, the tree of `text`.
    #[must_use]
    pub fn of(text: &str, tree: &ScriptBlock) -> Self {
        let functions: Functions = Node::Script(tree)
            .walk()
            .filter_map(|node| match node {
                Node::Statement(statement) => match &statement.kind {
                    StatementKind::Function(function) => Some(function.name.as_str()),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        let uses_matches = mentions_matches(text);
        let mut plan = Self::default();
        for node in Node::Script(tree).walk() {
            let Node::Statement(statement) = node else { continue };
            let StatementKind::Pipeline(pipeline) = &statement.kind else { continue };
            if pipeline.elements.iter().any(|element| is_of_host(element, &functions)) {
                plan.pipelines.push(PipelinePlan::of(text, pipeline, &functions, uses_matches));
            }
        }
        plan.pipelines.sort_by_key(|pipeline| (pipeline.span.start, std::cmp::Reverse(pipeline.span.end)));
        plan
    }
}

impl PipelinePlan {
    fn of(text: &str, pipeline: &Pipeline, functions: &Functions, uses_matches: bool) -> Self {
        let elements = &pipeline.elements;
        let scope = Scope::of(elements, functions, uses_matches);
        let first = elements.first().map(|element| element.span).unwrap_or_default();
        let span = elements.last().map_or(first, |last| first.to(last.span));
        let mut stages = Vec::new();
        let (boundary, mut reason) = match Prefix::of(elements, &scope) {
            Ok(prefix) => {
                let boundary = Self::host(text, elements, &scope, &prefix, &mut stages);
                (boundary, prefix.stays)
            }
            Err(reason) if elements.len() > 1 => (0, Some(reason)),
            Err(_) => (0, None),
        };
        for (at, element) in elements.iter().enumerate().skip(boundary) {
            let written = render::written(text, element.span);
            stages.push(match (is_of_host(element, functions), at) {
                (true, 0) => StagePlan::Host { commands: vec![render::command(text, element)] },
                (true, _) => StagePlan::Each { command: written },
                // The reason is that of the first stage behind the host's command.
                (false, _) => {
                    StagePlan::Here { stage: written, reason: if at == 0 { None } else { reason.take() } }
                }
            });
        }
        Self { span, position: Position::in_text(text, span.start), stages }
    }

    /// The part that runs on the host, and how many stages are done with it.
    fn host(
        text: &str,
        elements: &[PipelineElement],
        scope: &Scope<'_>,
        prefix: &Prefix<'_>,
        stages: &mut Vec<StagePlan>,
    ) -> usize {
        let Some(first) = elements.first() else { return 0 };
        let mut commands = vec![render::command(text, first)];
        let mut boundary = 1;
        for (at, own) in prefix.moves.iter().enumerate() {
            let element = elements.get(at + 1);
            commands.extend(render::filters(text, own, element));
            if element.is_some_and(|element| prefix.is_done(own, element)) {
                boundary = at + 2;
            }
        }
        let new = prefix.moves.last().is_some_and(Move::makes_something_new);
        if !new && let Ok(columns) = prefix.columns(elements, boundary, scope) {
            render::fetch(&columns, &mut commands);
        }
        stages.push(StagePlan::Host { commands });
        boundary
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, pipeline) in self.pipelines.iter().enumerate() {
            if at > 0 {
                formatter.write_str("\n")?;
            }
            pipeline.fmt(formatter)?;
        }
        Ok(())
    }
}

impl fmt::Display for PipelinePlan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}:", self.position)?;
        for (at, stage) in self.stages.iter().enumerate() {
            if at > 0 {
                formatter.write_str("\n")?;
            }
            match stage {
                StagePlan::Host { commands } => write!(formatter, "  on the host: {}", commands.join(" | "))?,
                StagePlan::Each { command } => {
                    write!(formatter, "  for each object, on the host: {command}")?;
                }
                StagePlan::Here { stage, reason: None } => write!(formatter, "  here: {stage}")?,
                StagePlan::Here { stage, reason: Some(reason) } => {
                    write!(formatter, "  here: {stage}   ({reason})")?;
                }
            }
        }
        Ok(())
    }
}

/// Whether a script, or a function of a session, asks for `$Matches`: whatever sets it must do so here.
pub(crate) fn mentions_matches(text: &str) -> bool {
    let wanted = b"matches";
    text.as_bytes().windows(wanted.len()).any(|own| own.eq_ignore_ascii_case(wanted))
}

/// Whether a stage is a command or program of the host.
fn is_of_host(element: &PipelineElement, functions: &Functions) -> bool {
    let PipelineElementKind::Command(command) = &element.kind else { return false };
    let Some(name) = command.name.as_string() else { return false };
    if command.call == Call::Operator || functions.contains(name) {
        return false;
    }
    kind_of(name) == CallKind::Program
        || commands::find(name).is_none_or(|known| !prefix::is_evaluated(known, command))
}

#[cfg(test)]
mod tests;
