//! Assignments and pipelines.

use super::Parser;
use super::refusal::{Reason, Stop};
use super::scanner::Mode;
use super::token::Kind;
use super::types::is_void;
use crate::characters::{is_line_end, is_space};
use crate::tree::{
    Assignment, AssignmentOperator, Expression, ExpressionKind, Pipeline, PipelineElement,
    PipelineElementKind, Statement, StatementKind,
};

impl Parser<'_> {
    /// A pipeline, or an assignment, or nothing.
    pub(super) fn pipeline_or_assignment(&mut self) -> Result<Option<Statement>, Stop> {
        let (expression, operator) = self.in_mode(Mode::Expression, |parser| {
            let Some(expression) = parser.any_expression()? else { return Ok((None, None)) };
            let Kind::Assign(operator) = parser.peek()?.kind else { return Ok((Some(expression), None)) };
            parser.next()?;
            Ok((Some(expression), Some(operator)))
        })?;
        let statement = match (expression, operator) {
            (Some(target), Some(operator)) => self.assignment(target, operator).map(Some)?,
            (expression, _) => self.pipeline(expression)?,
        };
        match self.peek()?.kind {
            Kind::Chain => self.refuse_next(Reason::Chain),
            Kind::Ampersand if statement.is_some() => self.refuse_next(Reason::Background),
            _ => Ok(statement),
        }
    }

    fn assignment(&mut self, target: Expression, operator: AssignmentOperator) -> Result<Statement, Stop> {
        check_assignable(&target, operator)?;
        self.skip_lines()?;
        let Some(value) = self.any_statement()? else { return self.refuse_next(Reason::MissingValue) };
        let span = target.span.to(value.span);
        self.statement(span, StatementKind::Assignment(Box::new(Assignment { target, operator, value })))
    }

    fn pipeline(&mut self, first: Option<Expression>) -> Result<Option<Statement>, Stop> {
        let mut elements: Vec<PipelineElement> = Vec::new();
        let mut expression = first;
        loop {
            if expression.is_none() && !elements.is_empty() {
                expression = self.in_mode(Mode::Expression, Self::any_expression)?;
                if let Some(expression) = &expression {
                    return Err(Stop::new(expression.span, Reason::ExpressionNotFirst));
                }
            }
            let element = match expression.take() {
                Some(expression) => Some(self.expression_element(expression)?),
                None => self.command()?,
            };
            match element {
                Some(element) => elements.push(element),
                None if !elements.is_empty() || matches!(self.peek()?.kind, Kind::Pipe) => {
                    return self.refuse_next(Reason::EmptyPipeElement);
                }
                None => {}
            }
            let span = self.peek()?.span;
            if matches!(self.peek()?.kind, Kind::LineEnd) && self.pipe_continues(span.end) {
                self.skip_lines()?;
            }
            match self.peek()?.kind {
                Kind::Semicolon
                | Kind::LineEnd
                | Kind::RightParenthesis
                | Kind::RightBrace
                | Kind::EndOfInput
                | Kind::Chain
                | Kind::Ampersand => break,
                Kind::Pipe => {
                    self.next()?;
                    self.skip_lines()?;
                }
                Kind::Question | Kind::Coalesce => {
                    let reason = if matches!(self.peek()?.kind, Kind::Question) {
                        Reason::Ternary
                    } else {
                        Reason::NullOperator
                    };
                    return self.refuse_next(reason);
                }
                _ => return self.refuse_next(Reason::Unexpected),
            }
        }
        let (Some(first), Some(last)) = (elements.first(), elements.last()) else { return Ok(None) };
        let span = first.span.to(last.span);
        self.statement(span, StatementKind::Pipeline(Pipeline { elements })).map(Some)
    }

    fn expression_element(&mut self, expression: Expression) -> Result<PipelineElement, Stop> {
        let mut redirections = Vec::new();
        while matches!(self.peek()?.kind, Kind::Merge(_) | Kind::ToFile { .. }) {
            let token = self.next()?;
            self.redirection(&token, &mut redirections)?;
        }
        let end = redirections.last().map_or(expression.span, |last| last.span);
        let span = expression.span.to(end);
        Ok(PipelineElement { span, kind: PipelineElementKind::Expression(expression), redirections })
    }

    /// Whether the next line that is neither blank nor a comment begins with `|`. A blank line ends the search.
    fn pipe_continues(&self, from: usize) -> bool {
        let mut rest = self.scanner.text.get(from..).unwrap_or_default();
        let mut blank = true;
        loop {
            rest = rest.trim_start_matches(is_space);
            if rest.starts_with(is_line_end) {
                if blank {
                    return false;
                }
                blank = true;
                rest = rest.strip_prefix("\r\n").or_else(|| rest.get(1..)).unwrap_or_default();
            } else if rest.starts_with('#') {
                blank = false;
                rest = rest.trim_start_matches(|next| !is_line_end(next));
            } else if let Some(comment) = rest.strip_prefix("<#") {
                blank = false;
                let Some((_, after)) = comment.split_once("#>") else { return false };
                rest = after;
            } else {
                return rest.starts_with('|');
            }
        }
    }
}

/// Variables, members, elements, casts of these, and for `=` lists of these can be assigned to.
pub(super) fn check_assignable(target: &Expression, operator: AssignmentOperator) -> Result<(), Stop> {
    let refused = Err(Stop::new(target.span, Reason::NotAssignable));
    match &target.kind {
        ExpressionKind::Variable(_) | ExpressionKind::Member(_) | ExpressionKind::Index(_) => Ok(()),
        ExpressionKind::Convert(convert) => {
            let automatic = matches!(&convert.value.kind, ExpressionKind::Variable(variable)
                if AUTOMATIC.iter().any(|name| variable.name.eq_ignore_ascii_case(name)));
            if automatic || is_void(&convert.to) {
                refused
            } else {
                check_assignable(&convert.value, operator)
            }
        }
        ExpressionKind::Array(values) if operator == AssignmentOperator::Assign => {
            values.iter().try_for_each(|value| check_assignable(value, operator))
        }
        ExpressionKind::Parenthesis(inside) => match inside.as_expression() {
            Some(inside) => check_assignable(inside, operator),
            None => refused,
        },
        _ => refused,
    }
}

/// Variables whose type is PowerShell's own.
const AUTOMATIC: [&str; 9] = [
    "_",
    "args",
    "this",
    "input",
    "PSCmdlet",
    "PSBoundParameters",
    "MyInvocation",
    "PSScriptRoot",
    "PSCommandPath",
];
