//! Reads text and words into a static command.

use super::{
    Argument, CommandName, Literal, Location, Number, ParameterName, Reason, Refusal, StaticCommand,
};
use crate::characters::{is_dash, is_double_quote, is_line_end, is_single_quote, is_space};
use crate::position::Position;

/// The longest text or sum of words, in bytes.
pub(super) const MAX_BYTES: usize = 256 * 1024;
/// The most arguments, and the most elements of an array.
pub(super) const MAX_ARGUMENTS: usize = 1024;

/// Reads the one command in `text`.
pub(super) fn command(text: &str) -> Result<StaticCommand, Refusal> {
    let mut reader = Reader { text, offset: 0 };
    reader.whole_command().map_err(|Stop { offset, reason }| {
        Refusal::new(Location::Text(Position::in_text(text, offset)), reason)
    })
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
    offset: usize,
    reason: Reason,
}

/// How a value is written: as an argument, or inside `@( )` where a bare word would be a command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Argument,
    Element,
}

struct Reader<'text> {
    text: &'text str,
    offset: usize,
}

impl<'text> Reader<'text> {
    fn whole_command(&mut self) -> Result<StaticCommand, Stop> {
        if self.text.len() > MAX_BYTES {
            return self.stop(Reason::TooLong);
        }
        if let Some(offset) = self.text.find('\0') {
            return Err(Stop { offset, reason: Reason::Nul });
        }
        self.skip(|character| is_space(character) || is_line_end(character));
        let name = self.name()?;
        let mut arguments = Vec::new();
        loop {
            self.skip(is_space);
            let Some(next) = self.peek() else { break };
            if is_line_end(next) || next == ';' {
                self.end_of_statement()?;
                break;
            }
            if arguments.len() == MAX_ARGUMENTS {
                return self.stop(Reason::TooLong);
            }
            arguments.push(self.argument(next)?);
        }
        Ok(StaticCommand { name, arguments })
    }

    fn name(&mut self) -> Result<CommandName, Stop> {
        let start = self.offset;
        match self.peek() {
            None => return self.stop(Reason::NoCommand),
            Some('.') => return self.stop(Reason::Operator),
            Some(next) if is_single_quote(next) || is_double_quote(next) => {
                return self.stop(Reason::CommandName);
            }
            Some(_) => {}
        }
        let word = self.take(|character| !ends_word(character) && !never_bare(character));
        if let Some(next) = self.peek().filter(|&next| !ends_word(next)) {
            return self.stop(special(next));
        }
        CommandName::new(word).map_err(|reason| Stop { offset: start, reason })
    }

    /// After a semicolon or line break nothing may follow.
    fn end_of_statement(&mut self) -> Result<(), Stop> {
        self.skip(|character| is_space(character) || is_line_end(character) || character == ';');
        if self.peek().is_some() { self.stop(Reason::Statement) } else { Ok(()) }
    }

    fn argument(&mut self, first: char) -> Result<Argument, Stop> {
        if !is_dash(first) {
            return self.value().map(Argument::Value);
        }
        let start = self.offset;
        if first != '-' {
            return self.stop(Reason::Dash);
        }
        let rest = self.rest_after(first);
        if rest.starts_with("-%") {
            return self.stop(Reason::StopParsing);
        }
        if rest.starts_with(|next: char| next.is_ascii_digit()) {
            return self.negative_number().map(Argument::Value);
        }
        self.offset += first.len_utf8();
        let name = self.take(|character| character.is_ascii_alphanumeric());
        let Ok(name) = ParameterName::new(name) else {
            return Err(Stop { offset: start, reason: Reason::Dash });
        };
        match self.peek() {
            Some(':') => {
                self.offset += 1;
                self.skip(is_space);
                let value = match self.peek() {
                    Some(next) if is_dash(next) => self.negative_number()?,
                    Some(next) if !is_line_end(next) && next != ';' => self.value()?,
                    _ => return self.stop(Reason::ParameterName),
                };
                Ok(Argument::Parameter { name, value: Some(value) })
            }
            Some(next) if !is_space(next) && !is_line_end(next) && next != ';' => {
                let reason = if never_bare(next) { special(next) } else { Reason::ParameterName };
                self.stop(reason)
            }
            _ => Ok(Argument::Parameter { name, value: None }),
        }
    }

    /// `-1` and `-1.5` are strings to the parser; the command that they are given to makes numbers of them.
    fn negative_number(&mut self) -> Result<Literal, Stop> {
        let start = self.offset;
        let word = self.take(|character| matches!(character, '-' | '.') || character.is_ascii_digit());
        let number = word.strip_prefix('-').is_some_and(|digits| Decimal::of(digits).is_some());
        let ended = self.peek().is_none_or(|next| is_space(next) || is_line_end(next) || next == ';');
        if number && ended {
            Ok(Literal::String(word.to_owned()))
        } else {
            Err(Stop { offset: start, reason: Reason::Dash })
        }
    }

    /// One literal, or several with commas between them.
    fn value(&mut self) -> Result<Literal, Stop> {
        let start = self.offset;
        let first = self.literal(Mode::Argument)?;
        let mut values = vec![first];
        loop {
            let before = self.offset;
            self.skip(is_space);
            if self.peek() != Some(',') {
                self.offset = before;
                break;
            }
            self.offset += 1;
            self.skip(is_space);
            if values.len() == MAX_ARGUMENTS {
                return self.stop(Reason::TooLong);
            }
            values.push(self.literal(Mode::Argument)?);
        }
        if values.len() == 1 {
            return Ok(values.swap_remove(0));
        }
        self.array_of(values, start)
    }

    /// INVARIANT: an array holds no array, since `@( @( ) )` would unroll it, and no number whose notation
    /// would be lost: in an array `007` becomes 7 before a parameter sees it.
    fn array_of(&self, values: Vec<Literal>, start: usize) -> Result<Literal, Stop> {
        for value in &values {
            match value {
                Literal::Array(_) => return Err(Stop { offset: start, reason: Reason::NestedArray }),
                Literal::Number(number) if !is_plain_integer(number.as_str()) => {
                    return Err(Stop { offset: start, reason: Reason::ArrayNumber });
                }
                _ => {}
            }
        }
        Ok(Literal::Array(values))
    }

    fn literal(&mut self, mode: Mode) -> Result<Literal, Stop> {
        match self.peek() {
            Some(quote) if is_single_quote(quote) => self.quoted(is_single_quote, quote),
            Some(quote) if is_double_quote(quote) => self.quoted(is_double_quote, quote),
            Some('$') => self.constant(),
            Some('@') => self.at_sign(mode),
            Some(next) if can_begin_word(next) => self.bare_word(mode),
            Some(',') | None => self.stop(Reason::Comma),
            Some(next) if is_line_end(next) || is_space(next) => self.stop(Reason::Comma),
            Some(next) if is_dash(next) => self.stop(Reason::Dash),
            Some(next) => self.stop(special(next)),
        }
    }

    /// A string ends at any quote of its kind that is not doubled; of a pair the second one is the value.
    fn quoted(&mut self, is_quote: fn(char) -> bool, quote: char) -> Result<Literal, Stop> {
        let start = self.offset;
        self.offset += quote.len_utf8();
        let mut value = String::new();
        loop {
            let Some(next) = self.peek() else {
                return Err(Stop { offset: start, reason: Reason::Unterminated });
            };
            if is_quote(next) {
                self.offset += next.len_utf8();
                match self.peek() {
                    Some(second) if is_quote(second) => {
                        value.push(second);
                        self.offset += second.len_utf8();
                        continue;
                    }
                    Some(after) if !ends_literal(after) => return self.stop(Reason::Adjacent),
                    _ => return Ok(Literal::String(value)),
                }
            }
            if is_double_quote(quote) && matches!(next, '$' | '`') {
                return self.stop(special(next));
            }
            value.push(next);
            self.offset += next.len_utf8();
        }
    }

    fn constant(&mut self) -> Result<Literal, Stop> {
        let start = self.offset;
        let word = self.take(|character| character == '$' || character.is_alphanumeric());
        let literal = match word.to_ascii_lowercase().as_str() {
            "$true" => Literal::Boolean(true),
            "$false" => Literal::Boolean(false),
            "$null" => Literal::Null,
            _ => return Err(Stop { offset: start, reason: Reason::Variable }),
        };
        match self.peek() {
            Some(next) if !ends_literal(next) => Err(Stop { offset: start, reason: Reason::Variable }),
            _ => Ok(literal),
        }
    }

    fn at_sign(&mut self, mode: Mode) -> Result<Literal, Stop> {
        let start = self.offset;
        match self.rest_after('@').chars().next() {
            Some('(') if mode == Mode::Element => self.stop(Reason::NestedArray),
            Some('(') => {
                self.offset += 2;
                self.array(start)
            }
            Some('{') => self.stop(Reason::Hashtable),
            Some(next) if is_single_quote(next) || is_double_quote(next) => self.stop(Reason::HereString),
            _ => self.stop(Reason::Splat),
        }
    }

    /// The rest of `@(a, b)`.
    fn array(&mut self, start: usize) -> Result<Literal, Stop> {
        let mut values = Vec::new();
        self.skip(is_space);
        while self.peek() != Some(')') {
            if !values.is_empty() {
                if self.peek() != Some(',') {
                    return self.stop(self.peek().map_or(Reason::Parenthesis, special));
                }
                self.offset += 1;
                self.skip(is_space);
            }
            if values.len() == MAX_ARGUMENTS {
                return self.stop(Reason::TooLong);
            }
            values.push(self.literal(Mode::Element)?);
            self.skip(is_space);
        }
        self.offset += 1;
        if self.peek().is_some_and(|next| !ends_literal(next)) {
            return self.stop(Reason::Adjacent);
        }
        self.array_of(values, start)
    }

    fn bare_word(&mut self, mode: Mode) -> Result<Literal, Stop> {
        let start = self.offset;
        let word = self.take(|character| !ends_literal(character) && !never_bare(character));
        let stop = |reason| Err(Stop { offset: start, reason });
        if let Some(next) = self.peek().filter(|&next| !ends_literal(next)) {
            return self.stop(special(next));
        }
        if let Some(bad) = word.find(|character| !can_be_in_word(character)) {
            return Err(Stop { offset: start + bad, reason: Reason::Character });
        }
        match Number::new(word) {
            Some(number) => Ok(Literal::Number(number)),
            None if is_almost_number(word) => stop(Reason::Number),
            None if mode == Mode::Element => stop(Reason::Parenthesis),
            None => Ok(Literal::String(word.to_owned())),
        }
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.offset..)?.chars().next()
    }

    fn rest_after(&self, first: char) -> &'text str {
        self.text.get(self.offset + first.len_utf8()..).unwrap_or_default()
    }

    fn skip(&mut self, skipped: impl Fn(char) -> bool) {
        self.take(skipped);
    }

    fn take(&mut self, taken: impl Fn(char) -> bool) -> &'text str {
        let rest = self.text.get(self.offset..).unwrap_or_default();
        let length = rest.find(|character| !taken(character)).unwrap_or(rest.len());
        self.offset += length;
        rest.get(..length).unwrap_or_default()
    }

    fn stop<T>(&self, reason: Reason) -> Result<T, Stop> {
        Err(Stop { offset: self.offset, reason })
    }
}

/// Ends a command's name.
fn ends_word(character: char) -> bool {
    is_space(character) || is_line_end(character) || character == ';'
}

/// Ends a literal; what it then means is for the reader of the next thing to say.
fn ends_literal(character: char) -> bool {
    ends_word(character) || matches!(character, ',' | ')')
}

/// Means something to the parser wherever it stands outside quotes.
fn never_bare(character: char) -> bool {
    matches!(
        character,
        '$' | '`' | '|' | '&' | '<' | '>' | '(' | ')' | '{' | '}' | '[' | ']' | '#' | ',' | ';'
    ) || is_single_quote(character)
        || is_double_quote(character)
}

/// Begins nothing but a bare word.
fn can_begin_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '*' | '.' | '\\' | '/' | '_' | '~')
}

fn can_be_in_word(character: char) -> bool {
    can_begin_word(character) || matches!(character, '?' | ':' | '-' | '+' | '=' | '%' | '!' | '^' | '@')
}

fn special(character: char) -> Reason {
    match character {
        '$' => Reason::Variable,
        '`' => Reason::Escape,
        '|' => Reason::Pipeline,
        '&' => Reason::Operator,
        '<' | '>' => Reason::Redirection,
        '(' | ')' => Reason::Parenthesis,
        '{' | '}' => Reason::ScriptBlock,
        '[' | ']' => Reason::Bracket,
        '#' => Reason::Comment,
        ',' => Reason::Comma,
        ';' | '\n' | '\r' => Reason::Statement,
        other if is_single_quote(other) || is_double_quote(other) => Reason::Adjacent,
        _ => Reason::Character,
    }
}

/// Every PowerShell takes the word for a number, and for the same one.
pub(super) fn is_number(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    if let Some(digits) = word.strip_prefix("0x") {
        let digits = digits.strip_suffix('l').unwrap_or(digits);
        return (1..=16).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    }
    let without_multiplier = without_multiplier(&word);
    if without_multiplier.len() == word.len() {
        if let Some(integer) = word.strip_suffix('l') {
            return integer.len() <= 18 && all_digits(integer);
        }
        if let Some(decimal) = word.strip_suffix('d') {
            return Decimal::of(decimal).is_some_and(|decimal| !decimal.has_exponent && decimal.digits <= 28);
        }
    }
    Decimal::of(without_multiplier).is_some()
}

/// A word that some PowerShell takes for a number, or that is close enough to be meant as one.
fn is_almost_number(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let rest = without_multiplier(&word);
    let rest = rest.trim_end_matches(['u', 'y', 's', 'l', 'n', 'd']);
    let Some(rest) = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0b")) else {
        return rest.starts_with(|first: char| first.is_ascii_digit() || first == '.')
            && Decimal::of_any_size(rest).is_some();
    };
    rest.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn without_multiplier(word: &str) -> &str {
    ["kb", "mb", "gb", "tb", "pb"].iter().find_map(|suffix| word.strip_suffix(suffix)).unwrap_or(word)
}

fn is_plain_integer(word: &str) -> bool {
    word == "0" || (word.len() <= 18 && all_digits(word) && !word.starts_with('0'))
}

fn all_digits(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|digit| digit.is_ascii_digit())
}

/// The shape of a decimal number: digits, a fraction, an exponent.
struct Decimal {
    digits: usize,
    has_exponent: bool,
}

impl Decimal {
    /// A number that no PowerShell finds too large: at most 64 digits, an exponent of at most two.
    fn of(word: &str) -> Option<Self> {
        Self::of_any_size(word).filter(|decimal| decimal.digits <= 64).filter(|_| {
            word.rsplit_once(['e', 'E'])
                .is_none_or(|(_, exponent)| exponent.trim_start_matches(['+', '-']).len() <= 2)
        })
    }

    fn of_any_size(word: &str) -> Option<Self> {
        let (mantissa, exponent) = match word.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (word, None),
        };
        let exponent_fits =
            exponent.is_none_or(|exponent| all_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let only_digits = whole.bytes().chain(fraction.bytes()).all(|digit| digit.is_ascii_digit());
        let digits = whole.len() + fraction.len();
        (exponent_fits && only_digits && digits > 0)
            .then_some(Self { digits, has_exponent: exponent.is_some() })
    }
}
