//! Script blocks, blocks, and the choice of a statement.

use super::refusal::{Class, Reason, Stop};
use super::scanner::Mode;
use super::token::{Keyword, Kind};
use super::types::{Annotations, is_void};
use super::{Around, Comma, Parser};
use crate::tree::{
    BlockName, Expression, NamedBlock, ParameterBlock, ParameterDefinition, ScriptBlock, Span, Statement,
    StatementBlock, StatementKind, Variable,
};

impl Parser<'_> {
    /// Everything after an opening brace, or a whole script.
    pub(super) fn script_block_body(
        &mut self,
        whole: Span,
        brace: Option<Span>,
    ) -> Result<ScriptBlock, Stop> {
        let around = std::mem::take(&mut self.around);
        let body = self.script_block_parts(whole, brace)?;
        self.around = around;
        Ok(body)
    }

    fn script_block_parts(&mut self, whole: Span, brace: Option<Span>) -> Result<ScriptBlock, Stop> {
        let parameters = self.parameter_block()?;
        self.skip_lines_and_semicolons()?;
        let named =
            matches!(self.peek()?.kind, Kind::Keyword(Keyword::Begin | Keyword::Process | Keyword::End));
        let blocks =
            if named { self.named_blocks()? } else { vec![self.unnamed_block(parameters.as_ref())?] };
        let end = if brace.is_some() {
            self.expect(|kind| matches!(kind, Kind::RightBrace), Reason::MissingBrace)?
        } else {
            self.expect(|kind| matches!(kind, Kind::EndOfInput), Reason::Unexpected)?
        };
        let span = brace.map_or(whole, |brace| brace.to(end));
        Ok(ScriptBlock { span, parameters, blocks })
    }

    fn unnamed_block(&mut self, parameters: Option<&ParameterBlock>) -> Result<NamedBlock, Stop> {
        let (statements, span) = self.statements()?;
        let span = match (parameters, span) {
            (Some(parameters), Some(span)) => parameters.span.to(span),
            (Some(parameters), None) => parameters.span,
            (None, span) => span.unwrap_or_default(),
        };
        Ok(NamedBlock { span, name: BlockName::Unnamed, statements })
    }

    fn named_blocks(&mut self) -> Result<Vec<NamedBlock>, Stop> {
        let mut blocks: Vec<NamedBlock> = Vec::new();
        loop {
            let token = self.next()?;
            let name = match token.kind {
                Kind::Keyword(Keyword::Begin) => BlockName::Begin,
                Kind::Keyword(Keyword::Process) => BlockName::Process,
                Kind::Keyword(Keyword::End) => BlockName::End,
                Kind::Keyword(Keyword::Unsupported) => return Err(Stop::new(token.span, Reason::Statement)),
                Kind::RightBrace | Kind::EndOfInput => {
                    self.unread(token);
                    return Ok(blocks);
                }
                _ => return Err(Stop::new(token.span, Reason::BlockTwice)),
            };
            if blocks.iter().any(|block| block.name == name) {
                return Err(Stop::new(token.span, Reason::BlockTwice));
            }
            let block = self.block()?;
            blocks.push(NamedBlock { span: token.span.to(block.span), name, statements: block.statements });
            self.skip_lines_and_semicolons()?;
        }
    }

    /// `param( … )`, or nothing.
    pub(super) fn parameter_block(&mut self) -> Result<Option<ParameterBlock>, Stop> {
        self.skip_lines()?;
        let begin = self.here();
        let annotations = self.annotations_before_parameters()?;
        self.skip_lines()?;
        let start = self.take(|kind| matches!(kind, Kind::Keyword(Keyword::Param)))?;
        let parenthesis = match start {
            Some(_) => {
                self.skip_lines()?;
                self.take(|kind| matches!(kind, Kind::LeftParenthesis))?
            }
            None => None,
        };
        let (Some(start), Some(_)) = (start, parenthesis) else {
            // A type begins a statement; an attribute belongs to something, and here is nothing.
            if let Some(attribute) = annotations.attributes.first() {
                return Err(Stop::new(attribute.span, Reason::Attribute));
            }
            self.rewind(begin);
            return Ok(None);
        };
        if let Some(first) = annotations.types.first() {
            return Err(Stop::new(first.span, Reason::Unexpected));
        }
        let parameters = self.parameter_list()?;
        let end = self.expect(|kind| matches!(kind, Kind::RightParenthesis), Reason::MissingParenthesis)?;
        Ok(Some(ParameterBlock { span: start.to(end), attributes: annotations.attributes, parameters }))
    }

    /// What stands before `param`. What is neither type nor attribute is a statement, and is read as one.
    fn annotations_before_parameters(&mut self) -> Result<Annotations, Stop> {
        let begin = self.here();
        match self.annotations() {
            Err(stop) if stop.reason.class() == Class::Syntax => {
                self.rewind(begin);
                Ok(Annotations::default())
            }
            result => result,
        }
    }

    /// Parameters up to the closing parenthesis, which is left.
    pub(super) fn parameter_list(&mut self) -> Result<Vec<ParameterDefinition>, Stop> {
        let mut parameters: Vec<ParameterDefinition> = Vec::new();
        let mut names = std::collections::HashSet::new();
        loop {
            let parameter = self
                .with_comma(Comma::Separator, |parser| parser.in_mode(Mode::Expression, Self::parameter))?;
            match parameter {
                Some(parameter) => {
                    if !names.insert(folded(&parameter.variable.name)) {
                        return Err(Stop::new(parameter.span, Reason::DuplicateParameter));
                    }
                    parameters.push(parameter);
                }
                None if parameters.is_empty() => return Ok(parameters),
                None => return self.refuse_next(Reason::MissingValue),
            }
            self.skip_lines()?;
            if self.take(|kind| matches!(kind, Kind::Comma))?.is_none() {
                return Ok(parameters);
            }
        }
    }

    fn parameter(&mut self) -> Result<Option<ParameterDefinition>, Stop> {
        self.skip_lines()?;
        let Annotations { start, types, attributes } = self.annotations()?;
        let token = self.next()?;
        let name = match token.kind {
            Kind::Variable(name) => name,
            _ if start.is_none() => {
                self.unread(token);
                return Ok(None);
            }
            _ => return Err(Stop::new(token.span, Reason::Unexpected)),
        };
        if let Some(ordered) = types.iter().find(|name| name.name.eq_ignore_ascii_case("ordered")) {
            return Err(Stop::new(ordered.span, Reason::Ordered));
        }
        if let Some(void) = types.iter().find(|name| is_void(name)) {
            return Err(Stop::new(void.span, Reason::NotAssignable));
        }
        self.skip_lines()?;
        let default = if self.take(is_plain_assignment)?.is_some() {
            self.skip_lines()?;
            match self.any_expression()? {
                Some(default) => Some(default),
                None => return self.refuse_next(Reason::MissingValue),
            }
        } else {
            None
        };
        let start = start.unwrap_or(token.span);
        let end = default.as_ref().map_or(token.span, |default| default.span);
        Ok(Some(ParameterDefinition {
            span: start.to(end),
            types,
            attributes,
            variable: Variable { name, splatted: false },
            variable_span: token.span,
            default,
        }))
    }

    /// `{ … }` as part of a statement.
    pub(super) fn block(&mut self) -> Result<StatementBlock, Stop> {
        self.skip_lines()?;
        let start = self.expect(|kind| matches!(kind, Kind::LeftBrace), Reason::MissingBlock)?;
        let (statements, _) = self.deeper(Self::statements)?;
        let end = self.expect(|kind| matches!(kind, Kind::RightBrace), Reason::MissingBrace)?;
        Ok(StatementBlock { span: start.to(end), statements })
    }

    /// Statements up to something that is none, and where they stand.
    pub(super) fn statements(&mut self) -> Result<(Vec<Statement>, Option<Span>), Stop> {
        let mut statements: Vec<Statement> = Vec::new();
        self.skip_lines_and_semicolons()?;
        while let Some(statement) = self.any_statement()? {
            statements.push(statement);
            self.skip_lines_and_semicolons()?;
            if matches!(self.peek()?.kind, Kind::RightParenthesis | Kind::RightBrace) {
                break;
            }
        }
        let span = match (statements.first(), statements.last()) {
            (Some(first), Some(last)) => Some(first.span.to(last.span)),
            _ => None,
        };
        Ok((statements, span))
    }

    pub(super) fn any_statement(&mut self) -> Result<Option<Statement>, Stop> {
        self.deeper(|parser| parser.in_mode(Mode::Command, Self::chosen_statement))
    }

    fn chosen_statement(&mut self) -> Result<Option<Statement>, Stop> {
        let token = self.next()?;
        let start = token.span;
        let keyword = match token.kind {
            Kind::Keyword(keyword) => keyword,
            Kind::Label(label) => return self.labeled(start, label),
            Kind::EndOfInput => {
                self.unread(token);
                return Ok(None);
            }
            _ => {
                self.unread(token);
                return self.pipeline_or_assignment();
            }
        };
        match keyword {
            Keyword::If => self.if_statement(start).map(Some),
            Keyword::Switch | Keyword::ForEach | Keyword::For | Keyword::While | Keyword::Do => {
                self.loop_statement(start, keyword, None).map(Some)
            }
            Keyword::Function => self.function(start).map(Some),
            Keyword::Try => self.try_statement(start).map(Some),
            Keyword::Return => {
                if self.around.contains(&Around::Finally) {
                    return Err(Stop::new(start, Reason::LeavingFinally));
                }
                self.leaving_with_value(start, StatementKind::Return)
            }
            Keyword::Throw => self.leaving_with_value(start, StatementKind::Throw),
            Keyword::Exit => self.leaving_with_value(start, StatementKind::Exit),
            Keyword::Break => self.leaving_loop(start, StatementKind::Break),
            Keyword::Continue => self.leaving_loop(start, StatementKind::Continue),
            Keyword::Unsupported => Err(Stop::new(start, Reason::Statement)),
            _ => {
                self.rewind(start.start);
                self.pipeline_or_assignment()
            }
        }
    }

    fn labeled(&mut self, start: Span, label: String) -> Result<Option<Statement>, Stop> {
        self.skip_lines()?;
        let token = self.next()?;
        match token.kind {
            Kind::Keyword(
                keyword @ (Keyword::Switch | Keyword::ForEach | Keyword::For | Keyword::While | Keyword::Do),
            ) => self.loop_statement(start, keyword, Some(label)).map(Some),
            _ => {
                self.rewind(start.start);
                self.pipeline_or_assignment()
            }
        }
    }

    fn leaving_with_value(
        &mut self,
        start: Span,
        kind: fn(Option<Box<Statement>>) -> StatementKind,
    ) -> Result<Option<Statement>, Stop> {
        let value = self.pipeline_or_assignment()?;
        let end = value.as_ref().map_or(start, |value| value.span);
        self.statement(start.to(end), kind(value.map(Box::new))).map(Some)
    }

    /// `break` and `continue` leave everything up to the loop that they mean, but no `finally`.
    fn check_leaving(&self, start: Span, label: Option<&Expression>) -> Result<(), Stop> {
        let name = label.map_or(Some(""), Expression::as_string);
        let stays = |around: &&Around| match (around, name) {
            (Around::Finally, _) | (Around::Loop(_), None) => false,
            (Around::Loop(_), Some("")) => true,
            (Around::Loop(label), Some(name)) => {
                label.as_ref().is_some_and(|label| folded(label) == folded(name))
            }
        };
        let left = self.around.iter().rev().take_while(|around| !stays(around));
        if left.into_iter().any(|around| *around == Around::Finally) {
            return Err(Stop::new(start, Reason::LeavingFinally));
        }
        Ok(())
    }

    fn leaving_loop(
        &mut self,
        start: Span,
        kind: fn(Option<Box<Expression>>) -> StatementKind,
    ) -> Result<Option<Statement>, Stop> {
        let label = self.label_or_key()?;
        self.check_leaving(start, label.as_ref())?;
        let end = label.as_ref().map_or(start, |label| label.span);
        self.statement(start.to(end), kind(label.map(Box::new))).map(Some)
    }
}

/// A name as it is compared where case does not matter. Names that differ for PowerShell may be the same here: what is
/// compared must differ, and so no mistake is missed.
pub(super) fn folded(name: &str) -> String {
    name.to_lowercase().to_uppercase()
}

/// `=`.
pub(super) fn is_plain_assignment(kind: &Kind) -> bool {
    matches!(kind, Kind::Assign(crate::tree::AssignmentOperator::Assign))
}
