//! Commands, their arguments, and redirections.

use super::Parser;
use super::refusal::{Reason, Stop};
use super::scanner::Mode;
use super::token::{Kind, Token};
use crate::tree::{
    Call, Command, CommandElement, Expression, ExpressionKind, Parameter, PipelineElement,
    PipelineElementKind, Quote, Redirection, RedirectionTarget, Span, StringConstant,
};

/// What an argument is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// The name of a command, which nothing in it makes anything else.
    Name,
    /// The name behind `&`.
    CalledName,
    /// An argument, which may be a list.
    Argument,
    /// One value: a file, or what `switch` compares with.
    Single,
}

impl Parser<'_> {
    /// A command, or nothing.
    pub(super) fn command(&mut self) -> Result<Option<PipelineElement>, Stop> {
        self.in_mode(Mode::Command, Self::command_in_mode)
    }

    fn command_in_mode(&mut self) -> Result<Option<PipelineElement>, Stop> {
        let first = self.next()?;
        let start = first.span;
        let (call, mut token) = match first.kind {
            Kind::Dot => return Err(Stop::new(start, Reason::DotSource)),
            Kind::Ampersand => (Call::Operator, self.next()?),
            _ => (Call::Plain, first),
        };
        let mut name: Option<Expression> = None;
        let mut elements: Vec<CommandElement> = Vec::new();
        let mut redirections: Vec<Redirection> = Vec::new();
        let mut end = start;
        // After the first `--` nothing is a parameter any more.
        let mut only_arguments = false;
        loop {
            if ends_command(&token.kind) {
                self.unread(token);
                break;
            }
            if name.is_none() {
                let expression = self.command_name(call, token)?;
                end = expression.span;
                name = Some(expression);
                token = self.next()?;
                continue;
            }
            match token.kind {
                Kind::MinusMinus => {
                    end = token.span;
                    elements.push(if only_arguments {
                        CommandElement::Argument(self.bare_text(&token)?)
                    } else {
                        CommandElement::Parameter(Parameter {
                            span: token.span,
                            name: "-".to_owned(),
                            argument: None,
                        })
                    });
                    only_arguments = true;
                }
                Kind::Comma => return Err(Stop::new(token.span, Reason::MissingArgument)),
                Kind::Reserved => return Err(Stop::new(token.span, Reason::ReservedRedirection)),
                Kind::Parameter { .. } if only_arguments => {
                    end = token.span;
                    elements.push(CommandElement::Argument(self.bare_text(&token)?));
                }
                Kind::Parameter { name, colon } => {
                    let parameter = self.parameter_of_command(token.span, name, colon)?;
                    end = parameter.span;
                    elements.push(CommandElement::Parameter(parameter));
                }
                Kind::Merge(_) | Kind::ToFile { .. } => {
                    self.redirection(&token, &mut redirections)?;
                    end = redirections.last().map_or(end, |last| last.span);
                }
                // Even in quotes it stops the parsing, as an argument of its own or the first of a list.
                Kind::String(ref pieces, _) if pieces.as_text() == Some("--%") => {
                    return Err(Stop::new(token.span, Reason::StopParsing));
                }
                _ => {
                    let span = token.span;
                    let Some(argument) = self.argument(Purpose::Argument, token)? else {
                        return Err(Stop::new(span, Reason::Unexpected));
                    };
                    end = argument.span;
                    elements.push(CommandElement::Argument(argument));
                }
            }
            token = self.next()?;
        }
        let Some(name) = name else {
            return match call {
                Call::Plain => Ok(None),
                Call::Operator => Err(Stop::new(start, Reason::MissingValue)),
            };
        };
        let span = start.to(end);
        self.count(span, 0)?;
        let kind = PipelineElementKind::Command(Command { call, name, elements });
        Ok(Some(PipelineElement { span, kind, redirections }))
    }

    fn command_name(&mut self, call: Call, token: Token) -> Result<Expression, Stop> {
        let span = token.span;
        match token.kind {
            Kind::Comma => return Err(Stop::new(span, Reason::MissingArgument)),
            Kind::MinusMinus => return Err(Stop::new(span, Reason::Unexpected)),
            Kind::Parameter { .. } | Kind::Merge(_) | Kind::ToFile { .. } | Kind::Reserved => {
                return self.bare_text(&token);
            }
            _ => {}
        }
        let purpose = match call {
            Call::Plain => Purpose::Name,
            Call::Operator => Purpose::CalledName,
        };
        match self.argument(purpose, token)? {
            Some(name) => Ok(name),
            None => Err(Stop::new(span, Reason::Unexpected)),
        }
    }

    fn parameter_of_command(&mut self, start: Span, name: String, colon: bool) -> Result<Parameter, Stop> {
        self.count(start, 0)?;
        if !colon || matches!(self.peek()?.kind, Kind::Comma) {
            return Ok(Parameter { span: start, name, argument: None });
        }
        let token = self.next()?;
        let Some(argument) = self.argument(Purpose::Argument, token)? else {
            return Err(Stop::new(start, Reason::MissingParameterValue));
        };
        if is_splatted(&argument) {
            return Err(Stop::new(argument.span, Reason::Splat));
        }
        Ok(Parameter { span: start.to(argument.span), name, argument: Some(argument) })
    }

    /// One value, as a file name or in `switch`.
    pub(super) fn single_argument(&mut self) -> Result<Option<Expression>, Stop> {
        if matches!(self.peek()?.kind, Kind::Comma | Kind::EndOfInput) {
            return Ok(None);
        }
        let value = self.in_mode(Mode::Command, |parser| {
            let token = parser.next()?;
            parser.argument(Purpose::Single, token)
        })?;
        match value {
            Some(value) if is_splatted(&value) => Err(Stop::new(value.span, Reason::Splat)),
            value => Ok(value),
        }
    }

    /// An argument that begins with `token`, or nothing.
    fn argument(&mut self, purpose: Purpose, token: Token) -> Result<Option<Expression>, Stop> {
        let Some(first) = self.argument_value(purpose, token)? else { return Ok(None) };
        if purpose != Purpose::Argument || !matches!(self.peek()?.kind, Kind::Comma) {
            return Ok(Some(first));
        }
        let mut span = first.span;
        let mut values = vec![first];
        while let Some(comma) = self.take(|kind| matches!(kind, Kind::Comma))? {
            self.skip_lines()?;
            let token = self.next()?;
            let Some(value) = self.argument_value(purpose, token)? else {
                return Err(Stop::new(comma, Reason::MissingValue));
            };
            span = span.to(value.span);
            values.push(value);
        }
        if let Some(splatted) = values.iter().find(|value| is_splatted(value)) {
            return Err(Stop::new(splatted.span, Reason::Splat));
        }
        self.expression(span, ExpressionKind::Array(values)).map(Some)
    }

    fn argument_value(&mut self, purpose: Purpose, token: Token) -> Result<Option<Expression>, Stop> {
        match token.kind {
            _ if ends_command(&token.kind) => {
                self.unread(token);
                Ok(None)
            }
            Kind::Merge(_) | Kind::ToFile { .. } | Kind::Reserved | Kind::MinusMinus | Kind::Comma => {
                self.unread(token);
                Ok(None)
            }
            Kind::Splatted(_)
            | Kind::Variable(_)
            | Kind::Number(_)
            | Kind::String(..)
            | Kind::LeftParenthesis
            | Kind::DollarParenthesis
            | Kind::AtParenthesis
            | Kind::AtBrace
            | Kind::LeftBrace => {
                self.unread(token);
                self.primary_with_members()
            }
            Kind::Word(pieces) => {
                if pieces.as_text() == Some("--%") {
                    return Err(Stop::new(token.span, Reason::StopParsing));
                }
                if purpose == Purpose::Name && pieces.as_text().is_none() {
                    return self.raw_word(token.span, &pieces).map(Some);
                }
                self.string(token.span, pieces, Quote::Bare).map(Some)
            }
            _ => self.bare_text(&token).map(Some),
        }
    }

    /// A token that is a word here, whatever it might be elsewhere.
    fn bare_text(&mut self, token: &Token) -> Result<Expression, Stop> {
        let value = token.span.text(self.scanner.text).to_owned();
        self.expression(token.span, ExpressionKind::String(StringConstant { value, quote: Quote::Bare }))
    }

    /// A redirection that begins with `token`.
    pub(super) fn redirection(&mut self, token: &Token, before: &mut Vec<Redirection>) -> Result<(), Stop> {
        let (from, to, span) = match token.kind {
            Kind::Merge(from) => (from, RedirectionTarget::Output, token.span),
            Kind::ToFile { from, append } => {
                let Some(name) = self.single_argument()? else {
                    return Err(Stop::new(token.span, Reason::MissingTarget));
                };
                let span = token.span.to(name.span);
                let name = Box::new(name);
                let to = if append { RedirectionTarget::Append(name) } else { RedirectionTarget::File(name) };
                (from, to, span)
            }
            _ => return Err(Stop::new(token.span, Reason::Unexpected)),
        };
        if before.iter().any(|other: &Redirection| other.from == from) {
            return Err(Stop::new(span, Reason::StreamTwice));
        }
        before.push(Redirection { span, from, to });
        Ok(())
    }
}

/// Whether this is `@name`.
pub(super) fn is_splatted(expression: &Expression) -> bool {
    matches!(&expression.kind, ExpressionKind::Variable(variable) if variable.splatted)
}

fn ends_command(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Pipe
            | Kind::RightBrace
            | Kind::RightParenthesis
            | Kind::EndOfInput
            | Kind::LineEnd
            | Kind::Semicolon
            | Kind::Chain
            | Kind::Ampersand
    )
}
