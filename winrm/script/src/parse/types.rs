//! Names of types, and attributes.

use super::refusal::{Reason, Stop};
use super::scanner::Mode;
use super::token::Kind;
use super::{Comma, Parser};
use crate::characters::{begins_identifier, is_letter_or_digit, is_line_end};
use crate::tree::{Attribute, AttributeArgument, Expression, ExpressionKind, MAX_HEIGHT, Span, TypeName};

/// What stands before a parameter or `param`: types and attributes in any order.
#[derive(Debug, Default)]
pub(super) struct Annotations {
    /// The first of them.
    pub(super) start: Option<Span>,
    pub(super) types: Vec<TypeName>,
    pub(super) attributes: Vec<Attribute>,
}

/// `[`, a name, and what ends it.
struct Opening {
    /// Where the bracket stands.
    start: usize,
    name: String,
    end: Ending,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// `]`: a type.
    Bracket,
    /// `(`: an attribute.
    Parenthesis,
}

impl Parser<'_> {
    /// `[a][b]`, on one line.
    pub(super) fn types(&mut self) -> Result<Vec<TypeName>, Stop> {
        let mut types = Vec::new();
        while let Some(name) = self.one_type()? {
            if types.len() > MAX_HEIGHT {
                return Err(Stop::new(name.span, Reason::TooDeep));
            }
            types.push(name);
        }
        Ok(types)
    }

    /// `[name]`, `[name[]]`, `[name[name]]`, or nothing.
    pub(super) fn one_type(&mut self) -> Result<Option<TypeName>, Stop> {
        let Some(opening) = self.opening()? else { return Ok(None) };
        match opening.end {
            Ending::Bracket => Ok(Some(self.type_name(opening))),
            Ending::Parenthesis => self.scanner.stop(opening.start, Reason::Attribute),
        }
    }

    /// Types and attributes, on lines of their own if need be.
    pub(super) fn annotations(&mut self) -> Result<Annotations, Stop> {
        let mut annotations = Annotations::default();
        while let Some(opening) = self.opening()? {
            let span = match opening.end {
                Ending::Bracket => {
                    let name = self.type_name(opening);
                    let span = name.span;
                    annotations.types.push(name);
                    span
                }
                Ending::Parenthesis => {
                    let attribute = self.attribute(opening)?;
                    let span = attribute.span;
                    annotations.attributes.push(attribute);
                    span
                }
            };
            self.count(span, 1)?;
            annotations.start.get_or_insert(span);
            self.skip_lines()?;
        }
        Ok(annotations)
    }

    fn opening(&mut self) -> Result<Option<Opening>, Stop> {
        match self.peeked.take() {
            Some(token) if matches!(token.kind, Kind::LeftBracket) => self.scanner.at = token.span.start,
            Some(token) => {
                self.unread(token);
                return Ok(None);
            }
            None => {}
        }
        let begin = self.scanner.at;
        self.scanner.skip_space()?;
        let start = self.scanner.at;
        if !self.scanner.take('[') {
            self.scanner.at = begin;
            return Ok(None);
        }
        self.scanner.skip_lines(is_line_end)?;
        let mut name = String::new();
        self.name_of_type(start, MOST_GENERIC_DEPTH, &mut name)?;
        let end = match self.scanner.bump() {
            ']' => Ending::Bracket,
            '(' => Ending::Parenthesis,
            ',' | '`' | '+' | '#' | '\\' => return self.scanner.stop(start, Reason::TypeName),
            _ => return self.scanner.stop(start, Reason::MissingBracket),
        };
        Ok(Some(Opening { start, name, end }))
    }

    fn type_name(&self, opening: Opening) -> TypeName {
        TypeName { span: Span::new(opening.start, self.scanner.at), name: opening.name }
    }

    /// A name, then `[a, b]` of a generic type, then `[]` of arrays; written without spaces, as PowerShell writes it.
    fn name_of_type(&mut self, start: usize, depth: usize, name: &mut String) -> Result<(), Stop> {
        let scanner = &mut self.scanner;
        let begin = scanner.at;
        if !begins_identifier(scanner.peek()) {
            return scanner.stop(start, Reason::MissingType);
        }
        while matches!(scanner.peek(), '.' | '_') || is_letter_or_digit(scanner.peek()) {
            scanner.bump();
        }
        name.push_str(scanner.text.get(begin..scanner.at).unwrap_or_default());
        scanner.skip_space()?;
        let mut generic = false;
        while self.scanner.take('[') {
            self.scanner.skip_space()?;
            if name.len() > MOST_TYPE_BYTES {
                return self.scanner.stop(start, Reason::TooDeep);
            }
            name.push('[');
            if !self.scanner.take(']') {
                if generic || name.ends_with("[][") || !begins_identifier(self.scanner.peek()) {
                    return self.scanner.stop(start, Reason::TypeName);
                }
                generic = true;
                self.generic_arguments(start, depth, name)?;
            }
            name.push(']');
            self.scanner.skip_space()?;
        }
        Ok(())
    }

    /// The types in brackets behind a generic type's name, up to the closing bracket.
    fn generic_arguments(&mut self, start: usize, depth: usize, name: &mut String) -> Result<(), Stop> {
        let Some(depth) = depth.checked_sub(1) else { return self.scanner.stop(start, Reason::TypeName) };
        loop {
            self.name_of_type(start, depth, name)?;
            if self.scanner.take(']') {
                return Ok(());
            }
            if !self.scanner.take(',') {
                return self.scanner.stop(start, Reason::TypeName);
            }
            self.scanner.skip_space()?;
            name.push(',');
        }
    }

    /// From behind the `(`.
    fn attribute(&mut self, opening: Opening) -> Result<Attribute, Stop> {
        let arguments = self.deeper(|parser| {
            parser.with_comma(Comma::Separator, |parser| {
                parser.in_mode(Mode::Expression, Self::attribute_arguments)
            })
        })?;
        self.skip_lines()?;
        self.expect(|kind| matches!(kind, Kind::RightParenthesis), Reason::MissingParenthesis)?;
        self.skip_lines()?;
        let end = self.expect(|kind| matches!(kind, Kind::RightBracket), Reason::MissingBracket)?;
        Ok(Attribute { span: Span::new(opening.start, end.end), name: opening.name, arguments })
    }

    fn attribute_arguments(&mut self) -> Result<Vec<AttributeArgument>, Stop> {
        let mut arguments = Vec::new();
        let mut names = std::collections::HashSet::new();
        loop {
            self.skip_lines()?;
            let Some(argument) = self.attribute_argument()? else {
                return if arguments.is_empty() {
                    Ok(arguments)
                } else {
                    self.refuse_next(Reason::MissingValue)
                };
            };
            if let AttributeArgument::Named { span, name, .. } = &argument
                && !names.insert(super::statement::folded(name))
            {
                return Err(Stop::new(*span, Reason::DuplicateKey));
            }
            arguments.push(argument);
            self.skip_lines()?;
            if self.take(|kind| matches!(kind, Kind::Comma))?.is_none() {
                return Ok(arguments);
            }
        }
    }

    fn attribute_argument(&mut self) -> Result<Option<AttributeArgument>, Stop> {
        let Some(name) = self.simple_name()? else {
            return Ok(self.constant()?.map(AttributeArgument::Positional));
        };
        let value = if self.take(super::statement::is_plain_assignment)?.is_some() {
            self.skip_lines()?;
            match self.constant()? {
                Some(value) => Some(value),
                None => return self.refuse_next(Reason::MissingValue),
            }
        } else {
            None
        };
        let span = name.span.to(value.as_ref().map_or(name.span, |value| value.span));
        let name = name.as_string().unwrap_or_default().to_owned();
        Ok(Some(AttributeArgument::Named { span, name, value }))
    }

    fn constant(&mut self) -> Result<Option<Expression>, Stop> {
        let value = self.any_expression()?;
        match &value {
            Some(value) if !is_constant(value) => Err(Stop::new(value.span, Reason::AttributeArgument)),
            _ => Ok(value),
        }
    }
}

/// Whether it is the same whenever it is computed. A block is, as a value. PowerShell takes a little more.
fn is_constant(value: &Expression) -> bool {
    match &value.kind {
        ExpressionKind::Number(_)
        | ExpressionKind::String(_)
        | ExpressionKind::Type(_)
        | ExpressionKind::ScriptBlock(_) => true,
        ExpressionKind::Variable(variable) => {
            !variable.splatted && CONSTANTS.iter().any(|name| variable.name.eq_ignore_ascii_case(name))
        }
        ExpressionKind::Array(values) => values.iter().all(is_constant),
        ExpressionKind::Unary(unary) => matches!(unary.operand.kind, ExpressionKind::Number(_)),
        ExpressionKind::Parenthesis(inside) => inside.as_expression().is_some_and(is_constant),
        ExpressionKind::Member(member) => {
            matches!(
                (&member.target.kind, &member.name.kind),
                (ExpressionKind::Type(_), ExpressionKind::String(_))
            )
        }
        _ => false,
    }
}

pub(super) fn is_void(name: &TypeName) -> bool {
    ["void", "System.Void"].iter().any(|void| name.name.eq_ignore_ascii_case(void))
}

const CONSTANTS: [&str; 3] = ["true", "false", "null"];
/// The longest name of a type, brackets included.
const MOST_TYPE_BYTES: usize = 256;
/// How often generic types may stand in each other.
const MOST_GENERIC_DEPTH: usize = 8;
