//! Pipelines: values go through the stages one by one, as they come.

use std::sync::Arc;

use super::PushDown;
use super::filter::Stage;
use super::function::Definition;
use super::interpreter::Interpreter;
use super::output::{Pipe, Target};
use super::redirection::Redirection;
use super::unwind::{Flow, Unwind};
use crate::tree::{Command, Expression, ExpressionKind, Pipeline, PipelineElement, PipelineElementKind};
use crate::value::Value;
use crate::value::text::fold;

impl Interpreter {
    /// Runs a pipeline; its output goes where output goes.
    pub(super) async fn pipeline(&mut self, pipeline: &Pipeline) -> Flow<()> {
        self.breathe().await?;
        match pipeline.elements.as_slice() {
            [] => Ok(()),
            [only] => match &only.kind {
                PipelineElementKind::Expression(expression) => {
                    let before = self.redirect(&Redirection::of(&only.redirections)?);
                    let result = self.expression_statement(expression).await;
                    self.restore(before);
                    result
                }
                PipelineElementKind::Command(_) => self.stages(None, std::slice::from_ref(only)).await,
            },
            [first, rest @ ..] => match &first.kind {
                PipelineElementKind::Expression(expression) => {
                    let redirection = Redirection::of(&first.redirections)?;
                    let before = self.redirect(&redirection);
                    let value = self.value(expression).await;
                    self.restore(before);
                    let value = if redirection.drops_output() { Value::array(Vec::new()) } else { value? };
                    self.stages(Some(value), rest).await
                }
                PipelineElementKind::Command(_) => self.stages(None, &pipeline.elements).await,
            },
        }
    }

    async fn expression_statement(&mut self, expression: &Expression) -> Flow<()> {
        let value = self.value(expression).await?;
        self.succeeded = true;
        // `$i++` and `[void]…` have no output.
        let silent = match &expression.kind {
            ExpressionKind::Unary(unary) => {
                use crate::tree::UnaryOperator as Operator;
                matches!(
                    unary.operator,
                    Operator::PreIncrement
                        | Operator::PreDecrement
                        | Operator::PostIncrement
                        | Operator::PostDecrement
                )
            }
            ExpressionKind::Convert(convert) => convert.to.name.eq_ignore_ascii_case("void"),
            ExpressionKind::Invoke(invoke) if value.is_null() => {
                // Methods that return nothing; one that returns null cannot be told from them here.
                invoke.name.as_string().is_some_and(|name| {
                    ["add", "remove", "clear", "addrange", "removeat", "insert", "reverse"]
                        .iter()
                        .any(|own| own.eq_ignore_ascii_case(name))
                })
            }
            // What a block or statement in parentheses wrote may be nothing at all.
            ExpressionKind::SubExpression(_) | ExpressionKind::ArrayExpression(_) => value.is_null(),
            ExpressionKind::Parenthesis(inner) => value.is_null() && inner.as_expression().is_none(),
            _ => false,
        };
        if silent { Ok(()) } else { self.emit_items(value).await }
    }

    async fn stages(&mut self, input: Option<Value>, elements: &[PipelineElement]) -> Flow<()> {
        self.enter()?;
        let end = self.target;
        let errors_to = self.errors_to;
        let depth = (self.pipes.len(), self.scopes.len(), self.silenced.len());
        let result = self.run_stages(input, elements, end).await;
        self.pipes.truncate(depth.0);
        self.scopes.truncate(depth.1);
        self.silenced.truncate(depth.2);
        self.target = end;
        self.errors_to = errors_to;
        self.leave();
        result
    }

    async fn run_stages(
        &mut self,
        input: Option<Value>,
        elements: &[PipelineElement],
        end: Target,
    ) -> Flow<()> {
        let before = self.succeeded;
        let mut stages: Vec<Option<Box<dyn Stage>>> = Vec::new();
        let mut spans = Vec::new();
        if self.push_down == PushDown::On && input.is_none() && elements.len() > 1 {
            for (stage, element) in self.push_down(elements).await?.into_iter().zip(elements) {
                stages.push(Some(Redirection::of(&element.redirections)?.around(stage)));
                spans.push(element.span);
            }
        }
        for element in elements.iter().skip(stages.len()) {
            let PipelineElementKind::Command(command) = &element.kind else {
                return Err(Unwind::refused("an expression behind `|`"));
            };
            let redirection = Redirection::of(&element.redirections)?;
            let stage =
                self.command(command, element.span).await.map_err(|unwind| unwind.at(element.span))?;
            for stage in stage {
                stages.push(Some(redirection.around(stage)));
                spans.push(element.span);
            }
        }
        self.succeeded = before;
        let count = stages.len();
        self.pipes.push(Pipe { stages, spans, end });
        let pipe = self.pipes.len() - 1;
        self.succeeded = true;
        for at in 0..count {
            self.at_stage(pipe, at, Phase::Begin).await?;
        }
        let fed = match input {
            Some(value) => {
                let mut result = Ok(());
                for item in value.into_items() {
                    result = self.feed(pipe, 0, item).await;
                    if result.is_err() {
                        break;
                    }
                }
                result
            }
            None => self.at_stage(pipe, 0, Phase::Alone).await,
        };
        match fed {
            Ok(()) => {}
            Err(Unwind::Enough(own)) if own == pipe => {}
            Err(unwind) => return Err(unwind),
        }
        for at in 0..count {
            match self.at_stage(pipe, at, Phase::End).await {
                Ok(()) => {}
                Err(Unwind::Enough(own)) if own == pipe => {}
                Err(unwind) => return Err(unwind),
            }
        }
        Ok(())
    }

    async fn at_stage(&mut self, pipe: usize, at: usize, phase: Phase) -> Flow<()> {
        let Some(mut stage) = self.take_stage(pipe, at) else { return Ok(()) };
        let next = self.after(pipe, at);
        let before = self.go_to(pipe, at, next);
        let result = match phase {
            Phase::Begin => stage.begin(self).await,
            Phase::Alone => stage.alone(self).await,
            Phase::End => stage.end(self).await,
        };
        self.put_stage(pipe, at, stage);
        self.come_back(before, result)
    }

    /// A pipeline that a later stage has enough of.
    pub(super) fn enough(&self) -> Unwind {
        Unwind::Enough(self.pipes.len().saturating_sub(1))
    }

    /// The function of this name.
    pub(super) fn function(&self, name: &str) -> Option<Arc<Definition>> {
        let key = fold(name);
        self.scopes.iter().rev().find_map(|scope| scope.functions.get(&key)).map(Arc::clone)
    }

    /// The name that a command was written with, where that is a word.
    pub(super) fn command_name(command: &Command) -> Option<&str> {
        command.name.as_string()
    }
}

enum Phase {
    Begin,
    Alone,
    End,
}
