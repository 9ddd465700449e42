//! Operands: constants, variables, brackets of all kinds, and members.

use super::refusal::{Reason, Stop};
use super::scanner::{END, Mode};
use super::token::{Kind, Piece, Pieces};
use super::{Comma, Parser};
use crate::characters::{is_line_end, is_space};
use crate::tree::{
    Access, Entry, Expandable, Expression, ExpressionKind, Index, Invoke, Member, Number, Part, Quote, Span,
    StatementBlock, StringConstant, Variable,
};

/// Whether `[` reaches into what stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Brackets {
    Included,
    Excluded,
}

/// How the next member is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Member(Access),
    Index,
}

impl Parser<'_> {
    /// An operand and its members, or nothing.
    pub(super) fn primary_with_members(&mut self) -> Result<Option<Expression>, Stop> {
        let Some(operand) = self.primary()? else { return Ok(None) };
        let Some(reach) = self.member_operator(Brackets::Included)? else {
            if self.mode == Mode::Expression && super::command::is_splatted(&operand) {
                return Err(Stop::new(operand.span, Reason::Splat));
            }
            return Ok(Some(operand));
        };
        if super::command::is_splatted(&operand) {
            return Err(Stop::new(operand.span, Reason::Splat));
        }
        self.members(reach, operand).map(Some)
    }

    fn primary(&mut self) -> Result<Option<Expression>, Stop> {
        let token = self.next()?;
        let span = token.span;
        match token.kind {
            Kind::Variable(name) => {
                self.expression(span, ExpressionKind::Variable(Variable { name, splatted: false })).map(Some)
            }
            Kind::Splatted(name) => {
                self.expression(span, ExpressionKind::Variable(Variable { name, splatted: true })).map(Some)
            }
            Kind::Number(value) => {
                let text = span.text(self.scanner.text).to_owned();
                self.expression(span, ExpressionKind::Number(Number { text, value })).map(Some)
            }
            Kind::String(pieces, quote) => self.string(span, pieces, quote).map(Some),
            Kind::LeftParenthesis => self.parenthesis(span).map(Some),
            Kind::AtParenthesis => self.statements_inside(span, ExpressionKind::ArrayExpression).map(Some),
            Kind::DollarParenthesis => self.statements_inside(span, ExpressionKind::SubExpression).map(Some),
            Kind::AtBrace => self.deeper(|parser| parser.hashtable(span)).map(Some),
            Kind::LeftBrace => self.script_block(span).map(Some),
            _ => {
                self.unread(token);
                Ok(None)
            }
        }
    }

    /// A string, its inner expressions parsed.
    pub(super) fn string(&mut self, span: Span, pieces: Pieces, quote: Quote) -> Result<Expression, Stop> {
        let pieces = match pieces.into_text() {
            Ok(value) => {
                return self.expression(span, ExpressionKind::String(StringConstant { value, quote }));
            }
            Err(pieces) => pieces,
        };
        let mut parts = Vec::with_capacity(pieces.pieces.len());
        for piece in pieces.pieces {
            parts.push(match piece {
                Piece::Text(text) => Part::Text(text),
                Piece::Variable { span, name } => {
                    let variable = Variable { name, splatted: false };
                    Part::Expression(self.expression(span, ExpressionKind::Variable(variable))?)
                }
                Piece::SubExpression(span) => Part::Expression(self.sub_expression_in_string(span)?),
            });
        }
        self.expression(span, ExpressionKind::Expandable(Expandable { parts, quote }))
    }

    /// A word that nothing makes anything else, as the name of a command.
    pub(super) fn raw_word(&mut self, span: Span, pieces: &Pieces) -> Result<Expression, Stop> {
        let text = self.scanner.text;
        let value = pieces
            .pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.as_str(),
                Piece::Variable { span, .. } | Piece::SubExpression(span) => span.text(text),
            })
            .collect();
        self.expression(span, ExpressionKind::String(StringConstant { value, quote: Quote::Bare }))
    }

    /// `$( … )` in a string ends where its parentheses say, and nothing may be left when it is parsed.
    fn sub_expression_in_string(&mut self, span: Span) -> Result<Expression, Stop> {
        let mut inner = self.within(span)?;
        inner.mode = Mode::Expression;
        let expression = inner.primary_with_members()?;
        self.nodes = inner.nodes;
        match expression {
            Some(expression) if expression.span == span => Ok(expression),
            _ => Err(Stop::new(span, Reason::ParenthesisInside)),
        }
    }

    fn parenthesis(&mut self, start: Span) -> Result<Expression, Stop> {
        let inside = self.with_comma(Comma::Array, |parser| {
            parser.in_mode(Mode::Command, |parser| {
                parser.skip_lines()?;
                let Some(inside) = parser.pipeline_or_assignment()? else {
                    return parser.refuse_next(Reason::MissingValue);
                };
                parser.skip_lines()?;
                Ok(inside)
            })
        })?;
        let end = self.expect(|kind| matches!(kind, Kind::RightParenthesis), Reason::MissingParenthesis)?;
        self.expression(start.to(end), ExpressionKind::Parenthesis(Box::new(inside)))
    }

    /// `@( … )` and `$( … )`.
    fn statements_inside(
        &mut self,
        start: Span,
        kind: fn(StatementBlock) -> ExpressionKind,
    ) -> Result<Expression, Stop> {
        let (statements, span) = self.with_comma(Comma::Array, |parser| {
            parser.in_mode(Mode::Command, |parser| {
                parser.skip_lines()?;
                let inside = parser.statements()?;
                parser.skip_lines()?;
                Ok(inside)
            })
        })?;
        let end = self.expect(|kind| matches!(kind, Kind::RightParenthesis), Reason::MissingParenthesis)?;
        let block = StatementBlock { span: span.unwrap_or_default(), statements };
        self.expression(start.to(end), kind(block))
    }

    fn script_block(&mut self, brace: Span) -> Result<Expression, Stop> {
        let block = self.deeper(|parser| {
            parser.with_comma(Comma::Array, |parser| {
                parser.in_mode(Mode::Command, |parser| parser.script_block_body(brace, Some(brace)))
            })
        })?;
        self.expression(block.span, ExpressionKind::ScriptBlock(Box::new(block)))
    }

    fn hashtable(&mut self, start: Span) -> Result<Expression, Stop> {
        self.skip_lines()?;
        let mut entries: Vec<Entry> = Vec::new();
        let mut keys = std::collections::HashSet::new();
        while let Some(entry) = self.entry()? {
            let constant = match &entry.key.kind {
                ExpressionKind::String(constant) => Some(constant.value.clone()),
                ExpressionKind::Number(number) => Some(number.value.to_string()),
                _ => None,
            };
            if constant.is_some_and(|key| !keys.insert(super::statement::folded(&key))) {
                return Err(Stop::new(entry.key.span, Reason::DuplicateKey));
            }
            entries.push(entry);
            if !matches!(self.peek()?.kind, Kind::LineEnd | Kind::Semicolon) {
                break;
            }
            self.skip_lines_and_semicolons()?;
        }
        let end = self.expect(|kind| matches!(kind, Kind::RightBrace), Reason::MissingBrace)?;
        self.expression(start.to(end), ExpressionKind::Hashtable(entries))
    }

    fn entry(&mut self) -> Result<Option<Entry>, Stop> {
        let key = self.in_mode(Mode::Expression, |parser| {
            let key = parser.label_or_key()?;
            if key.is_some() {
                parser.expect(super::statement::is_plain_assignment, Reason::MissingEquals)?;
            }
            Ok(key)
        })?;
        let Some(key) = key else { return Ok(None) };
        self.in_mode(Mode::Command, |parser| {
            parser.skip_lines()?;
            match parser.any_statement()? {
                Some(value) => Ok(Some(Entry { key, value })),
                None => parser.refuse_next(Reason::MissingValue),
            }
        })
    }

    /// What reaches into the thing before it, without any space between.
    pub(super) fn member_operator(&mut self, brackets: Brackets) -> Result<Option<Reach>, Stop> {
        if self.peeked.is_some() {
            return Ok(None);
        }
        let begin = self.scanner.at;
        while self.scanner.starts_with("<#") {
            self.scanner.skip_block_comment()?;
        }
        let scanner = &mut self.scanner;
        let operator = scanner.at;
        let reach = match scanner.bump() {
            '.' if scanner.peek() != '.' => Some(Reach::Member(Access::Instance)),
            ':' if scanner.take(':') => Some(Reach::Member(Access::Static)),
            '[' if brackets == Brackets::Included => return Ok(Some(Reach::Index)),
            '?' if scanner.peek() == '.' || (scanner.peek() == '[' && brackets == Brackets::Included) => {
                return scanner.stop(operator, Reason::NullOperator);
            }
            _ => None,
        };
        let next = scanner.peek();
        let detached = self.mode == Mode::Command && (is_space(next) || is_line_end(next) || next == END);
        if reach.is_none() || detached {
            self.scanner.at = if operator == begin { begin } else { operator };
            return Ok(None);
        }
        Ok(reach)
    }

    /// All members, one behind the other.
    pub(super) fn members(&mut self, first: Reach, target: Expression) -> Result<Expression, Stop> {
        let mut target = target;
        let mut reach = Some(first);
        while let Some(next) = reach {
            self.skip_lines()?;
            target = match next {
                Reach::Member(access) => self.member(access, target)?,
                Reach::Index => self.index(target)?,
            };
            reach = self.member_operator(Brackets::Included)?;
        }
        Ok(target)
    }

    fn member(&mut self, access: Access, target: Expression) -> Result<Expression, Stop> {
        let name = match self.simple_name()? {
            Some(name) => name,
            None => match self.primary()? {
                Some(name) if !super::command::is_splatted(&name) => name,
                _ => return self.refuse_next(Reason::MissingMember),
            },
        };
        if self.peeked.is_none() {
            let start = self.scanner.at;
            if self.scanner.take('(') {
                return self.invoke(access, target, name);
            }
            if self.scanner.take('{') {
                let brace = Span::new(start, self.scanner.at);
                self.skip_lines()?;
                let argument = self.script_block(brace)?;
                let span = target.span.to(argument.span);
                let invoke = Invoke { target, name, access, arguments: vec![argument] };
                return self.expression(span, ExpressionKind::Invoke(Box::new(invoke)));
            }
        }
        let span = target.span.to(name.span);
        self.expression(span, ExpressionKind::Member(Box::new(Member { target, name, access })))
    }

    /// From behind the `(`.
    fn invoke(&mut self, access: Access, target: Expression, name: Expression) -> Result<Expression, Stop> {
        let arguments = self.with_comma(Comma::Separator, |parser| {
            let mut arguments = Vec::new();
            loop {
                parser.skip_lines()?;
                match parser.any_expression()? {
                    Some(argument) => arguments.push(argument),
                    None if arguments.is_empty() => return Ok(arguments),
                    None => return parser.refuse_next(Reason::MissingValue),
                }
                parser.skip_lines()?;
                if parser.take(|kind| matches!(kind, Kind::Comma))?.is_none() {
                    return Ok(arguments);
                }
            }
        })?;
        self.skip_lines()?;
        let end = self.expect(|kind| matches!(kind, Kind::RightParenthesis), Reason::MissingParenthesis)?;
        let span = target.span.to(end);
        let invoke = Invoke { target, name, access, arguments };
        self.expression(span, ExpressionKind::Invoke(Box::new(invoke)))
    }

    /// From behind the `[`.
    fn index(&mut self, target: Expression) -> Result<Expression, Stop> {
        let Some(index) = self.with_comma(Comma::Array, Self::any_expression)? else {
            return self.refuse_next(Reason::MissingValue);
        };
        self.skip_lines()?;
        let end = self.expect(|kind| matches!(kind, Kind::RightBracket), Reason::MissingBracket)?;
        let span = target.span.to(end);
        self.expression(span, ExpressionKind::Index(Box::new(Index { target, index })))
    }
}
