//! Operators, casts and lists.

use super::pipeline::check_assignable;
use super::refusal::{Reason, Stop};
use super::scanner::{Expect, Mode};
use super::token::Kind;
use super::{Comma, Parser};
use crate::tree::expression::Binary;
use crate::tree::operator::DashOperator;
use crate::tree::{
    AssignmentOperator, BinaryOperator, Convert, Expression, ExpressionKind, NotForm, Quote, Span,
    StringConstant, TypeName, Unary, UnaryOperator,
};

impl Parser<'_> {
    /// An expression, or nothing.
    pub(super) fn any_expression(&mut self) -> Result<Option<Expression>, Stop> {
        let expression = self.deeper(|parser| parser.in_mode(Mode::Expression, Self::binary))?;
        if expression.is_some() && self.mode == Mode::Expression {
            match self.peek()?.kind {
                Kind::Question => return self.refuse_next(Reason::Ternary),
                Kind::Coalesce => return self.refuse_next(Reason::NullOperator),
                _ => {}
            }
        }
        Ok(expression)
    }

    /// Operands with operators between them. All operators are left-associative, so an operator takes what is on
    /// its left as soon as one comes that binds no closer.
    fn binary(&mut self) -> Result<Option<Expression>, Stop> {
        let Some(first) = self.array()? else { return Ok(None) };
        let mut operands = vec![first];
        let mut operators: Vec<BinaryOperator> = Vec::new();
        while let Some(operator) = self.binary_operator()? {
            while operators.last().is_some_and(|last| operator.precedence() <= last.precedence()) {
                self.combine(&mut operands, &mut operators)?;
            }
            operators.push(operator);
            self.skip_lines()?;
            match self.array()? {
                Some(operand) => operands.push(operand),
                None => return self.refuse_next(Reason::MissingValue),
            }
        }
        while !operators.is_empty() {
            self.combine(&mut operands, &mut operators)?;
        }
        Ok(operands.pop())
    }

    fn binary_operator(&mut self) -> Result<Option<BinaryOperator>, Stop> {
        let operator = match self.peek()?.kind {
            Kind::Symbol(operator) | Kind::Dash(DashOperator::Binary(operator)) => operator,
            Kind::Parameter { .. } => return self.refuse_next(Reason::UnknownOperator),
            _ => return Ok(None),
        };
        self.next()?;
        Ok(Some(operator))
    }

    fn combine(
        &mut self,
        operands: &mut Vec<Expression>,
        operators: &mut Vec<BinaryOperator>,
    ) -> Result<(), Stop> {
        if let (Some(right), Some(left), Some(operator)) = (operands.pop(), operands.pop(), operators.pop()) {
            let span = left.span.to(right.span);
            let kind = ExpressionKind::Binary(Box::new(Binary { operator, left, right }));
            operands.push(self.expression(span, kind)?);
        }
        Ok(())
    }

    /// Operands with commas between them.
    fn array(&mut self) -> Result<Option<Expression>, Stop> {
        let Some(first) = self.unary()? else { return Ok(None) };
        if self.comma == Comma::Separator || !matches!(self.peek()?.kind, Kind::Comma) {
            return Ok(Some(first));
        }
        let mut span = first.span;
        let mut values = vec![first];
        while self.take(|kind| matches!(kind, Kind::Comma))?.is_some() {
            self.skip_lines()?;
            let Some(value) = self.unary()? else { return self.refuse_next(Reason::MissingValue) };
            span = span.to(value.span);
            values.push(value);
        }
        self.expression(span, ExpressionKind::Array(values)).map(Some)
    }

    /// An operand with what stands before and behind it.
    pub(super) fn unary(&mut self) -> Result<Option<Expression>, Stop> {
        self.deeper(Self::unary_here)
    }

    fn unary_here(&mut self) -> Result<Option<Expression>, Stop> {
        // A dash that was read as an operator may be the sign of a number.
        if let Some(minus) =
            self.peeked.take_if(|token| matches!(token.kind, Kind::Symbol(BinaryOperator::Subtract)))
        {
            self.scanner.at = minus.span.start;
        }
        let comma = self.comma;
        let token = self.peek_expecting(Expect::Operand)?;
        let span = token.span;
        let expression = match unary_operator(&token.kind) {
            Some(Prefix::Comma) if comma == Comma::Separator => return Ok(None),
            Some(prefix) => Some(self.prefixed(prefix, span)?),
            None if matches!(token.kind, Kind::LeftBracket) => self.typed()?,
            None => self.primary_with_members()?,
        };
        let Some(expression) = expression else { return Ok(None) };
        let operator = match self.peek()?.kind {
            Kind::PlusPlus => UnaryOperator::PostIncrement,
            Kind::MinusMinus => UnaryOperator::PostDecrement,
            _ => return Ok(Some(expression)),
        };
        let end = self.next()?.span;
        self.unary_expression(expression.span.to(end), operator, expression).map(Some)
    }

    fn prefixed(&mut self, prefix: Prefix, start: Span) -> Result<Expression, Stop> {
        self.next()?;
        self.skip_lines()?;
        let Some(operand) = self.unary()? else { return self.refuse_next(Reason::MissingValue) };
        let span = start.to(operand.span);
        match prefix {
            Prefix::Comma => self.expression(span, ExpressionKind::Array(vec![operand])),
            Prefix::Operator(operator) => self.unary_expression(span, operator, operand),
        }
    }

    fn unary_expression(
        &mut self,
        span: Span,
        operator: UnaryOperator,
        operand: Expression,
    ) -> Result<Expression, Stop> {
        let assigns = matches!(
            operator,
            UnaryOperator::PreIncrement
                | UnaryOperator::PreDecrement
                | UnaryOperator::PostIncrement
                | UnaryOperator::PostDecrement
        );
        if assigns {
            check_assignable(&operand, AssignmentOperator::Add)?;
        }
        self.expression(span, ExpressionKind::Unary(Box::new(Unary { operator, operand })))
    }

    /// `[type]`, alone, before a member, or as a cast.
    fn typed(&mut self) -> Result<Option<Expression>, Stop> {
        let mut types = self.types()?;
        let reference =
            |name: &TypeName| REFERENCES.iter().any(|reference| name.name.eq_ignore_ascii_case(reference));
        if let (Some(name), [_, _, ..]) = (types.iter().find(|name| reference(name)), types.as_slice()) {
            return Err(Stop::new(name.span, Reason::TypeName));
        }
        let Some(last) = types.pop() else { return Ok(None) };
        let mut expression = self.innermost_cast(last)?;
        while let Some(to) = types.pop() {
            expression = self.cast(to, expression)?;
        }
        Ok(Some(expression))
    }

    fn innermost_cast(&mut self, last: TypeName) -> Result<Expression, Stop> {
        if let Some(access) = self.member_operator(super::primary::Brackets::Excluded)? {
            let span = last.span;
            let target = self.expression(span, ExpressionKind::Type(last))?;
            return self.members(access, target);
        }
        if !matches!(self.peek()?.kind, Kind::LineEnd | Kind::Comma)
            && let Some(value) = self.unary()?
        {
            return self.cast(last, value);
        }
        self.expression(last.span, ExpressionKind::Type(last))
    }

    fn cast(&mut self, to: TypeName, value: Expression) -> Result<Expression, Stop> {
        let ordered = to.name.eq_ignore_ascii_case("ordered");
        if ordered && !matches!(value.kind, ExpressionKind::Hashtable(_)) {
            return Err(Stop::new(to.span, Reason::Ordered));
        }
        let span = to.span.to(value.span);
        self.expression(span, ExpressionKind::Convert(Box::new(Convert { to, value })))
    }

    /// A label behind `break`, or the key of a hashtable: a word, or an expression.
    pub(super) fn label_or_key(&mut self) -> Result<Option<Expression>, Stop> {
        if let Some(name) = self.simple_name()? {
            return Ok(Some(name));
        }
        if matches!(self.peek()?.kind, Kind::LineEnd | Kind::Semicolon) {
            return Ok(None);
        }
        self.with_comma(Comma::Separator, Self::unary)
    }

    /// A word of letters, digits and underscores.
    pub(super) fn simple_name(&mut self) -> Result<Option<Expression>, Stop> {
        let token = self.peek_expecting(Expect::Name)?;
        if !matches!(token.kind, Kind::Identifier) {
            return Ok(None);
        }
        let span = self.next()?.span;
        let value = span.text(self.scanner.text).to_owned();
        self.expression(span, ExpressionKind::String(StringConstant { value, quote: Quote::Bare })).map(Some)
    }
}

/// The type that stands alone if it stands at all.
const REFERENCES: [&str; 3] = ["ref", "psreference", "System.Management.Automation.PSReference"];

/// What may stand before an operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prefix {
    Comma,
    Operator(UnaryOperator),
}

fn unary_operator(kind: &Kind) -> Option<Prefix> {
    let operator = match kind {
        Kind::Comma => return Some(Prefix::Comma),
        Kind::PlusPlus => UnaryOperator::PreIncrement,
        Kind::MinusMinus => UnaryOperator::PreDecrement,
        Kind::Exclamation => UnaryOperator::Not(NotForm::Exclamation),
        Kind::Symbol(BinaryOperator::Add) => UnaryOperator::Plus,
        Kind::Symbol(BinaryOperator::Subtract) => UnaryOperator::Minus,
        Kind::Dash(operator) => operator.as_unary()?,
        _ => return None,
    };
    Some(Prefix::Operator(operator))
}
