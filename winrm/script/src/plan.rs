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
pub(crate) mod stage;
mod render;

use std::fmt;

pub use reason::Reason;

use crate::position::{Position, Positions};
use crate::tree::{Node, ScriptBlock, Span, StatementKind};
use prefix::{Move, Prefix};
use scope::{Functions, Scope};
use stage::Stage;

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
        let (mut functions, mut pipelines) = (Vec::new(), Vec::new());
        for node in Node::Script(tree).walk() {
            let Node::Statement(statement) = node else { continue };
            match &statement.kind {
                StatementKind::Function(function) => functions.push(function.name.as_str()),
                StatementKind::Pipeline(pipeline) => pipelines.push((statement.span, pipeline)),
                _ => {}
            }
        }
        let functions: Functions = functions.into_iter().collect();
        pipelines.sort_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
        let uses_matches = mentions_matches(text);
        let mut positions = Positions::new(text);
        let mut plan = Self::default();
        for (span, pipeline) in pipelines {
            let stages = Stage::all(&pipeline.elements, &functions);
            if stages.iter().any(Stage::is_of_host) {
                let scope = Scope::of(&pipeline.elements, &functions, uses_matches);
                let stages = StagePlan::all(text, &stages, &scope);
                plan.pipelines.push(PipelinePlan { span, position: positions.at(span.start), stages });
            }
        }
        plan
    }
}

impl StagePlan {
    fn all(text: &str, pipeline: &[Stage<'_>], scope: &Scope<'_>) -> Vec<Self> {
        let mut stages = Vec::new();
        let (boundary, mut reason) = match Prefix::of(pipeline, scope) {
            Ok(prefix) => {
                let boundary = Self::host(text, pipeline, scope, &prefix, &mut stages);
                (boundary, prefix.stays)
            }
            Err(reason) if pipeline.len() > 1 => (0, Some(reason)),
            Err(_) => (0, None),
        };
        for (at, stage) in pipeline.iter().enumerate().skip(boundary) {
            let written = render::written(text, stage.element.span);
            stages.push(match (stage.is_of_host(), at) {
                (true, 0) => Self::Host { commands: vec![render::command(text, stage)] },
                (true, _) => Self::Each { command: written },
                // The reason is that of the first stage behind the host's command.
                (false, _) => {
                    Self::Here { stage: written, reason: if at == 0 { None } else { reason.take() } }
                }
            });
        }
        stages
    }

    /// The part that runs on the host, and how many stages are done with it.
    fn host(
        text: &str,
        pipeline: &[Stage<'_>],
        scope: &Scope<'_>,
        prefix: &Prefix<'_>,
        stages: &mut Vec<Self>,
    ) -> usize {
        let Some((first, filters)) = pipeline.split_first() else { return 0 };
        let mut commands = vec![render::command(text, first)];
        let mut boundary = 1;
        for (own, stage) in prefix.moves.iter().zip(filters) {
            render::filters(text, own, stage, &mut commands);
            boundary += usize::from(own.is_done(stage));
        }
        let new = prefix.moves.last().is_some_and(Move::makes_something_new);
        if !new && let Ok(columns) = prefix.columns(pipeline, boundary, scope) {
            render::fetch(&columns, &mut commands);
        }
        stages.push(Self::Host { commands });
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
    let is_there = |own: &[u8]| matches!(own.first(), Some(b'm' | b'M')) && own.eq_ignore_ascii_case(wanted);
    text.as_bytes().windows(wanted.len()).any(is_there)
}

#[cfg(test)]
mod tests;
