//! Reads text and words into a static command.

use super::{
    Argument, CommandName, Literal, Location, Number, ParameterName, Reason, Refusal, StaticCommand,
};
use crate::characters::{ends_word, is_dash, is_line_end, is_space};
use crate::parse;
use crate::position::Position;
use crate::tree::{
    Call, Command, CommandElement, Expression, ExpressionKind, PipelineElement, PipelineElementKind, Quote,
    ScriptBlock, Span, Statement, StatementBlock, StatementKind, Variable,
};

/// The longest text or sum of words, in bytes.
const MAX_BYTES: usize = 256 * 1024;
/// The most arguments, and the most elements of an array.
const MAX_ARGUMENTS: usize = 1024;

/// Reads the one command in `text`.
pub(super) fn command(text: &str) -> Result<StaticCommand, Refusal> {
    let refuse = |offset, reason| Refusal::new(Location::Text(Position::in_text(text, offset)), reason);
    if text.len() > MAX_BYTES {
        return Err(refuse(0, Reason::TooLong));
    }
    // A statement such as `if` is no command, whatever else is wrong with it.
    let start = text.len() - text.trim_start_matches(is_white).len();
    let first = text.get(start..).and_then(|rest| rest.split(ends_word).next()).unwrap_or_default();
    if CommandName::new(first) == Err(Reason::Keyword) {
        return Err(refuse(start, Reason::Keyword));
    }
    let tree = parse::script(text).map_err(|refusal| {
        Refusal::new(Location::Text(refusal.position()), Reason::Script(refusal.reason()))
    })?;
    from_tree(&tree, text).map_err(|Stop { span, reason }| refuse(span.start, reason))
}

/// Takes the name and the arguments from words.
pub(super) fn words(words: &[String]) -> Result<StaticCommand, Refusal> {
    let refuse = |number, reason| Refusal::new(Location::Word(number), reason);
    let Some((name, rest)) = words.split_first() else { return Err(refuse(1, Reason::NoCommand)) };
    let name = CommandName::new(name).map_err(|reason| refuse(1, reason))?;
    if rest.len() > MAX_ARGUMENTS || words.iter().map(String::len).sum::<usize>() > MAX_BYTES {
        return Err(refuse(1, Reason::TooLong));
    }
    let arguments = rest
        .iter()
        .zip(2..)
        .map(|(word, number)| word_argument(word).map_err(|reason| refuse(number, reason)))
        .collect::<Result<_, _>>()?;
    Ok(StaticCommand { name, arguments })
}

/// A dash and a letter begin a parameter, everything else is a string.
fn word_argument(word: &str) -> Result<Argument, Reason> {
    if word.contains('\0') {
        return Err(Reason::Nul);
    }
    let mut characters = word.chars();
    let parameter =
        characters.next().is_some_and(is_dash) && characters.next().is_some_and(char::is_alphabetic);
    if word == "--%" {
        return Err(Reason::Script(parse::Reason::StopParsing));
    }
    if !parameter {
        return Ok(Argument::Value(Literal::String(word.to_owned())));
    }
    let Some(body) = word.strip_prefix('-') else { return Err(Reason::Dash) };
    let (name, value) = match body.split_once(':') {
        Some((name, "")) => (name, None),
        Some((name, value)) => (name, Some(word_value(value))),
        None => (body, None),
    };
    Ok(Argument::Parameter { name: ParameterName::new(name)?, value })
}

fn word_value(value: &str) -> Literal {
    if value.eq_ignore_ascii_case("$true") {
        Literal::Boolean(true)
    } else if value.eq_ignore_ascii_case("$false") {
        Literal::Boolean(false)
    } else {
        Literal::String(value.to_owned())
    }
}

/// Why and where reading stopped.
struct Stop {
    span: Span,
    reason: Reason,
}

fn stop<T>(span: Span, reason: Reason) -> Result<T, Stop> {
    Err(Stop { span, reason })
}

fn from_tree(tree: &ScriptBlock, text: &str) -> Result<StaticCommand, Stop> {
    if let Some(parameters) = &tree.parameters {
        return stop(parameters.span, Reason::NotCommand);
    }
    let mut statements = tree.blocks.iter().flat_map(|block| &block.statements);
    let Some(first) = statements.next() else {
        return stop(Span::new(text.len(), text.len()), Reason::NoCommand);
    };
    let (span, command) = only_command(first, text)?;
    if let Some(second) = statements.next() {
        return stop(second.span, Reason::Statement);
    }
    let name = command_name(span, command, text)?;
    if command.elements.len() > MAX_ARGUMENTS {
        return stop(span, Reason::TooLong);
    }
    let arguments = command.elements.iter().map(argument).collect::<Result<_, _>>()?;
    Ok(StaticCommand { name, arguments })
}

/// The command that a statement is, and nothing else.
fn only_command<'tree>(statement: &'tree Statement, text: &str) -> Result<(Span, &'tree Command), Stop> {
    let StatementKind::Pipeline(pipeline) = &statement.kind else {
        return stop(statement.span, Reason::NotCommand);
    };
    let Some((PipelineElement { span, kind, redirections }, more)) = pipeline.elements.split_first() else {
        return stop(statement.span, Reason::NoCommand);
    };
    let PipelineElementKind::Command(command) = kind else { return stop(*span, Reason::NotCommand) };
    if let Some(redirection) = redirections.first() {
        return stop(redirection.span, Reason::Redirection);
    }
    match more.first() {
        Some(next) => {
            let between = Span::new(span.end, next.span.start);
            let pipe = between.text(text).find('|').unwrap_or_default();
            stop(Span::new(span.end + pipe, next.span.end), Reason::Pipeline)
        }
        None => Ok((*span, command)),
    }
}

/// The name, which must be written as it is: quotes and backticks in a name only ever hide it.
fn command_name(span: Span, command: &Command, text: &str) -> Result<CommandName, Stop> {
    if command.call == Call::Operator {
        return stop(span, Reason::Operator);
    }
    match &command.name.kind {
        ExpressionKind::String(name)
            if name.quote == Quote::Bare && name.value == command.name.span.text(text) =>
        {
            CommandName::new(&name.value).or_else(|reason| stop(command.name.span, reason))
        }
        _ => stop(command.name.span, Reason::CommandName),
    }
}

fn argument(element: &CommandElement) -> Result<Argument, Stop> {
    match element {
        CommandElement::Argument(value) => literal(value).map(Argument::Value),
        CommandElement::Parameter(parameter) => {
            let name = ParameterName::new(&parameter.name).or_else(|reason| stop(parameter.span, reason))?;
            let value = parameter.argument.as_ref().map(literal).transpose()?;
            Ok(Argument::Parameter { name, value })
        }
    }
}

fn literal(expression: &Expression) -> Result<Literal, Stop> {
    let span = expression.span;
    match &expression.kind {
        ExpressionKind::String(constant) => Ok(Literal::String(constant.value.clone())),
        ExpressionKind::Number(number) => match Number::new(&number.text) {
            Some(number) => Ok(Literal::Number(number)),
            None => stop(span, Reason::Number),
        },
        ExpressionKind::Variable(variable) => {
            constant(variable).map_or_else(|| stop(span, Reason::Variable), Ok)
        }
        ExpressionKind::Array(values) => array(span, values),
        ExpressionKind::ArrayExpression(block) => array_expression(span, block),
        ExpressionKind::Expandable(_) | ExpressionKind::SubExpression(_) => stop(span, Reason::Variable),
        ExpressionKind::Hashtable(_) => stop(span, Reason::Hashtable),
        ExpressionKind::ScriptBlock(_) => stop(span, Reason::ScriptBlock),
        _ => stop(span, Reason::Computed),
    }
}

fn constant(variable: &Variable) -> Option<Literal> {
    let is = |name: &str| !variable.splatted && variable.name.eq_ignore_ascii_case(name);
    if is("true") {
        Some(Literal::Boolean(true))
    } else if is("false") {
        Some(Literal::Boolean(false))
    } else {
        is("null").then_some(Literal::Null)
    }
}

/// `@( )` unrolls what it holds, so what it holds must be values one by one.
fn array_expression(span: Span, block: &StatementBlock) -> Result<Literal, Stop> {
    match block.statements.as_slice() {
        [] => Ok(Literal::Array(Vec::new())),
        [only] => match only.as_expression() {
            Some(Expression { kind: ExpressionKind::Array(values), .. }) => array(span, values),
            Some(value) => array(span, std::slice::from_ref(value)),
            None => stop(only.span, Reason::Computed),
        },
        [_, second, ..] => stop(second.span, Reason::Statement),
    }
}

/// INVARIANT: an array holds no array, since `@( @( ) )` would unroll it, and no number whose notation would be lost:
/// in an array `007` becomes 7 before a parameter sees it.
fn array(span: Span, values: &[Expression]) -> Result<Literal, Stop> {
    if values.len() > MAX_ARGUMENTS {
        return stop(span, Reason::TooLong);
    }
    let element = |expression: &Expression| match literal(expression)? {
        Literal::Array(_) => stop(expression.span, Reason::NestedArray),
        Literal::Number(number) if !is_plain_integer(number.as_str()) => {
            stop(expression.span, Reason::ArrayNumber)
        }
        value => Ok(value),
    };
    values.iter().map(element).collect::<Result<_, _>>().map(Literal::Array)
}

fn is_white(character: char) -> bool {
    is_space(character) || is_line_end(character)
}

/// Every PowerShell takes the word for a number, and for the same one.
pub(super) fn is_number(word: &str) -> bool {
    // A double need not be finite, and Windows PowerShell 5.1 has no infinite ones.
    let unsigned = word.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    unsigned
        && match parse::number_value(word) {
            Some(crate::tree::NumberValue::Double(value)) => value.is_finite(),
            value => value.is_some(),
        }
}

fn is_plain_integer(word: &str) -> bool {
    let digits = !word.is_empty() && word.bytes().all(|digit| digit.is_ascii_digit());
    word == "0" || (digits && word.len() <= 18 && !word.starts_with('0'))
}
