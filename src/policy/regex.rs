//! Regular expressions that run on a host.
//!
//! .NET's engine backtracks: a few letters burn a core for hours, and it ignores a stop. What is let through takes at most
//! a small power of a line's length: no group that is repeated holds a repetition or a choice, nothing refers back or looks
//! around, and a repetition ends where what follows begins. Of those that could end elsewhere too there are few.

mod letters;

use winrm_script::value::Value;

use self::letters::Letters;
use super::{
    denial::{Denial, Reason},
    values,
};

/// Why an expression is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegexFault {
    /// It is too long.
    #[error("it is longer than {LONGEST} characters")]
    TooLong,
    /// A repeated group that holds a repetition or a choice.
    #[error("a repeated group in it holds a repetition or a choice")]
    Nested,
    /// Two open repetitions side by side that take the same characters, or too much that can be read in several ways.
    #[error(
        "it repeats too much: two repetitions side by side take the same characters, or too many can end in several places"
    )]
    Repetitions,
    /// `\1`, `\k<name>`.
    #[error("it refers back to a group")]
    Backreference,
    /// It looks ahead or behind, has a condition, or is atomic.
    #[error("it has a group that is none of ( ), (?: ), (?<name> ) and (?i)")]
    Group,
    /// It is no regular expression, or one that is not read here.
    #[error("it is no regular expression that is read here")]
    Syntax,
}

/// Judges what a parameter takes as one expression or several.
pub(super) fn check_value(parameter: &str, value: &Value) -> Result<(), Denial> {
    let deny = |fault| {
        let reason = Reason::Regex { parameter: parameter.to_owned(), fault };
        Denial::new("regular-expressions", reason).instead(
            "write a plainer expression, or get the output and match it in the script, where it runs here",
        )
    };
    match value {
        Value::Array(items) => items.to_vec().iter().try_for_each(|item| check_value(parameter, item)),
        one => match values::text_of(one) {
            Some(text) => check(&text).map_err(deny),
            None => Ok(()),
        },
    }
}

/// Reads an expression to its end.
///
/// # Errors
/// [`RegexFault`].
pub(super) fn check(text: &str) -> Result<(), RegexFault> {
    if text.chars().count() > LONGEST {
        return Err(RegexFault::TooLong);
    }
    let mut reader = Reader {
        rest: text.chars().collect::<Vec<_>>().into_iter().peekable(),
        groups: vec![Group::default()],
        counted: Vec::new(),
        ambiguous: 0,
        ways: 1,
    };
    reader.read()
}

struct Reader {
    rest: std::iter::Peekable<std::vec::IntoIter<char>>,
    /// The groups that are open, the whole expression first.
    groups: Vec<Group>,
    /// For each repetition, whether it was found to end in several places.
    counted: Vec<bool>,
    /// Open repetitions that can end in several places.
    ambiguous: usize,
    /// In how many ways the bounded ones and the choices can be taken together.
    ways: u64,
}

#[derive(Debug, Clone, Default)]
struct Group {
    /// What could be going on where the group begins.
    before: Vec<Repetition>,
    /// Its choices but the last.
    choices: Vec<Choice>,
    /// The last choice.
    choice: Choice,
    /// It holds a repetition or a choice.
    varies: bool,
    last: Option<Item>,
}

/// One of the choices of a group, as far as it is read.
#[derive(Debug, Clone)]
struct Choice {
    /// What it can begin with.
    first: Letters,
    /// It may be empty.
    is_optional: bool,
    /// What could be going on here: the next character may be one more of it, or of what follows.
    going_on: Vec<Repetition>,
}

impl Default for Choice {
    fn default() -> Self {
        Self { first: Letters::default(), is_optional: true, going_on: Vec::new() }
    }
}

/// Something that comes an uncertain number of times.
#[derive(Debug, Clone, Copy)]
struct Repetition {
    /// What one more of it begins with.
    letters: Letters,
    /// In how many ways it can end; nothing where it is open.
    ends: Option<u64>,
    /// Its place in what is counted.
    number: usize,
}

/// What a quantifier would repeat.
#[derive(Debug, Clone)]
enum Item {
    /// It takes one character.
    Letter(Letters),
    /// What lay in parentheses, with what could be going on before them.
    Group { choice: Choice, varies: bool, before: Vec<Repetition> },
}

/// What stands behind a backslash.
#[derive(Debug, Clone, Copy)]
enum Escape {
    Letter(char),
    Letters(Letters),
    /// Of Unicode; what is in it is not read.
    Category,
    /// It takes no character.
    Place,
}

/// How often something may come: at least, and at most where that is a bound that helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Times {
    least: u32,
    most: Option<u32>,
}

impl Times {
    const ONCE: Self = Self { least: 1, most: Some(1) };
}

impl Reader {
    fn read(&mut self) -> Result<(), RegexFault> {
        while let Some(letter) = self.rest.next() {
            match letter {
                '(' => self.open_group()?,
                ')' => self.close_group()?,
                '|' => self.next_choice()?,
                '[' => {
                    let letters = self.class()?;
                    self.item(Item::Letter(letters))?;
                }
                '\\' => match self.escape()? {
                    Escape::Letter(letter) => self.item(Item::Letter(Letters::of(letter)))?,
                    Escape::Letters(letters) => self.item(Item::Letter(letters))?,
                    Escape::Category => self.item(Item::Letter(Letters::ANY))?,
                    Escape::Place => self.end_item()?,
                },
                '.' => self.item(Item::Letter(Letters::ANY))?,
                // They take no character.
                '^' | '$' => self.end_item()?,
                '*' => self.repeat(Times { least: 0, most: None })?,
                '+' => self.repeat(Times { least: 1, most: None })?,
                '?' => self.repeat(Times { least: 0, most: Some(1) })?,
                '{' => match self.braces() {
                    Some(times) => self.repeat(times)?,
                    None => self.item(Item::Letter(Letters::of('{')))?,
                },
                letter => self.item(Item::Letter(Letters::of(letter)))?,
            }
        }
        self.end_item()?;
        if self.groups.len() == 1 { Ok(()) } else { Err(RegexFault::Syntax) }
    }

    fn group(&mut self) -> Result<&mut Group, RegexFault> {
        self.groups.last_mut().ok_or(RegexFault::Syntax)
    }

    /// The next item; the one before it came once.
    fn item(&mut self, item: Item) -> Result<(), RegexFault> {
        self.end_item()?;
        self.group()?.last = Some(item);
        Ok(())
    }

    fn end_item(&mut self) -> Result<(), RegexFault> {
        match self.group()?.last.take() {
            Some(item) => self.comes(item, Times::ONCE),
            None => Ok(()),
        }
    }

    fn repeat(&mut self, times: Times) -> Result<(), RegexFault> {
        // A lazy one repeats no less.
        self.rest.next_if_eq(&'?');
        let item = self.group()?.last.take().ok_or(RegexFault::Syntax)?;
        self.comes(item, times)
    }

    /// An item with its number of times: what is going on ends here, or can go on.
    fn comes(&mut self, item: Item, times: Times) -> Result<(), RegexFault> {
        let is_fixed = times.most == Some(times.least);
        let own = (!is_fixed).then(|| {
            self.counted.push(false);
            let ends = times.most.map(|most| u64::from(most.saturating_sub(times.least)) + 1);
            (ends, self.counted.len() - 1)
        });
        let repetition = |letters| own.map(|(ends, number)| Repetition { letters, ends, number });
        let choice = match item {
            Item::Letter(letters) => {
                let own = repetition(letters);
                let before = self.group()?.choice.going_on.clone();
                self.meet(&before, letters, own)?;
                let mut going_on = if times.least == 0 { before } else { Vec::new() };
                going_on.extend(own);
                Choice { first: letters, is_optional: times.least == 0, going_on }
            }
            Item::Group { mut choice, varies, before } => {
                if varies && times.most != Some(1) {
                    return Err(RegexFault::Nested);
                }
                let own = repetition(choice.first);
                self.meet(&before, choice.first, own)?;
                if times.least == 0 {
                    choice.going_on.extend(before);
                    choice.is_optional = true;
                }
                choice.going_on.extend(own);
                self.group()?.varies |= varies;
                choice
            }
        };
        let group = self.group()?;
        group.varies |= !is_fixed;
        if group.choice.is_optional {
            group.choice.first = group.choice.first.with(choice.first);
        }
        group.choice.is_optional &= choice.is_optional;
        group.choice.going_on = choice.going_on;
        Ok(())
    }

    /// Where what follows can begin with what is going on, nobody knows where the one ends and the other begins.
    fn meet(
        &mut self,
        going_on: &[Repetition],
        next: Letters,
        own: Option<Repetition>,
    ) -> Result<(), RegexFault> {
        let is_open = own.is_some_and(|own| own.ends.is_none());
        for repetition in going_on.iter().filter(|repetition| repetition.letters.meets(next)) {
            if is_open && repetition.ends.is_none() {
                return Err(RegexFault::Repetitions);
            }
            let counted = self.counted.get_mut(repetition.number).ok_or(RegexFault::Syntax)?;
            if !std::mem::replace(counted, true) {
                match repetition.ends {
                    None => self.ambiguous += 1,
                    Some(ends) => self.ways = self.ways.saturating_mul(ends),
                }
            }
        }
        if self.ambiguous > MOST_AMBIGUOUS || self.ways > MOST_WAYS {
            return Err(RegexFault::Repetitions);
        }
        Ok(())
    }

    fn open_group(&mut self) -> Result<(), RegexFault> {
        self.end_item()?;
        if self.rest.next_if_eq(&'?').is_some() {
            match self.rest.next() {
                Some(':') => {}
                Some(quote @ ('<' | '\'')) => {
                    let end = if quote == '<' { '>' } else { '\'' };
                    self.name(end)?;
                }
                Some(option) if is_option(option) => {
                    while self.rest.next_if(|&letter| is_option(letter)).is_some() {}
                    // Options for what follows; they take no character.
                    return if self.rest.next() == Some(')') { Ok(()) } else { Err(RegexFault::Group) };
                }
                _ => return Err(RegexFault::Group),
            }
        }
        let before = self.group()?.choice.going_on.clone();
        let choice = Choice { going_on: before.clone(), ..Choice::default() };
        self.groups.push(Group { before, choice, ..Group::default() });
        if self.groups.len() > DEEPEST { Err(RegexFault::Syntax) } else { Ok(()) }
    }

    fn name(&mut self, end: char) -> Result<(), RegexFault> {
        let mut length = 0;
        while self.rest.next_if(|letter| letter.is_ascii_alphanumeric() || *letter == '_').is_some() {
            length += 1;
        }
        if length > 0 && self.rest.next() == Some(end) { Ok(()) } else { Err(RegexFault::Group) }
    }

    fn next_choice(&mut self) -> Result<(), RegexFault> {
        self.end_item()?;
        if self.groups.len() == 1 {
            // Each choice of the whole is tried by itself.
            (self.ambiguous, self.ways) = (0, 1);
        }
        let group = self.group()?;
        group.varies = true;
        let next = Choice { going_on: group.before.clone(), ..Choice::default() };
        let choice = std::mem::replace(&mut group.choice, next);
        group.choices.push(choice);
        Ok(())
    }

    fn close_group(&mut self) -> Result<(), RegexFault> {
        self.end_item()?;
        let Group { before, choices, choice, varies, .. } = self.groups.pop().ok_or(RegexFault::Syntax)?;
        let mut whole = choice;
        let mut ways = 1;
        for choice in choices {
            // Choices that begin alike, or may be empty, can both be taken.
            let is_uncertain = whole.is_optional || choice.is_optional || whole.first.meets(choice.first);
            ways += u64::from(is_uncertain);
            whole.first = whole.first.with(choice.first);
            whole.is_optional |= choice.is_optional;
            whole.going_on.extend(choice.going_on);
        }
        self.ways = self.ways.saturating_mul(ways);
        if self.ways > MOST_WAYS || whole.going_on.len() > LONGEST {
            return Err(RegexFault::Repetitions);
        }
        let group = self.group()?;
        group.last = Some(Item::Group { choice: whole, varies, before });
        Ok(())
    }

    /// The characters of a class.
    fn class(&mut self) -> Result<Letters, RegexFault> {
        let is_negated = self.rest.next_if_eq(&'^').is_some();
        let mut letters = Letters::default();
        let mut last: Option<char> = None;
        let mut is_first = true;
        loop {
            let letter = self.rest.next().ok_or(RegexFault::Syntax)?;
            match letter {
                ']' if !is_first => break,
                // Classes in classes, and subtractions.
                '[' => return Err(RegexFault::Syntax),
                '\\' => match self.escape()? {
                    Escape::Letter(letter) => {
                        letters = letters.with(Letters::range(letter, letter));
                        last = Some(letter);
                    }
                    Escape::Letters(escaped) => {
                        letters = letters.with(escaped);
                        last = None;
                    }
                    Escape::Category if !is_negated => {
                        letters = Letters::ANY;
                        last = None;
                    }
                    Escape::Category | Escape::Place => return Err(RegexFault::Syntax),
                },
                '-' if last.is_some() && self.rest.peek().is_some_and(|&next| next != ']') => {
                    let end = self.rest.next().ok_or(RegexFault::Syntax)?;
                    let first = last.take().ok_or(RegexFault::Syntax)?;
                    if matches!(end, '\\' | '[') || end < first {
                        return Err(RegexFault::Syntax);
                    }
                    letters = letters.with(Letters::range(first, end));
                }
                letter => {
                    letters = letters.with(Letters::range(letter, letter));
                    last = Some(letter);
                }
            }
            is_first = false;
        }
        Ok(if is_negated { letters.rest() } else { letters.folded() })
    }

    fn escape(&mut self) -> Result<Escape, RegexFault> {
        let letter = self.rest.next().ok_or(RegexFault::Syntax)?;
        if let Some(letters) = Letters::named(letter) {
            return Ok(Escape::Letters(letters));
        }
        Ok(match letter {
            '1'..='9' | 'k' => return Err(RegexFault::Backreference),
            'b' | 'B' | 'A' | 'z' | 'Z' | 'G' => Escape::Place,
            'p' | 'P' => {
                if self.rest.next() != Some('{') {
                    return Err(RegexFault::Syntax);
                }
                self.rest.by_ref().find(|&letter| letter == '}').ok_or(RegexFault::Syntax)?;
                Escape::Category
            }
            'x' => Escape::Letter(self.numbered(2)?),
            'u' => Escape::Letter(self.numbered(4)?),
            't' => Escape::Letter('\t'),
            'n' => Escape::Letter('\n'),
            'r' => Escape::Letter('\r'),
            letter if !letter.is_alphanumeric() => Escape::Letter(letter),
            _ => return Err(RegexFault::Syntax),
        })
    }

    /// The character whose number stands here.
    fn numbered(&mut self, digits: usize) -> Result<char, RegexFault> {
        let number: String = self.rest.by_ref().take(digits).collect();
        let number = u32::from_str_radix(&number, 16).ok();
        number.and_then(char::from_u32).ok_or(RegexFault::Syntax)
    }

    /// What stands in braces, if it counts; else the brace is a letter and nothing is taken.
    fn braces(&mut self) -> Option<Times> {
        let mut ahead = self.rest.clone();
        let inside: String = ahead.by_ref().take_while(|&letter| letter != '}').collect();
        let number =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u32>().ok())?;
        let (least, most) = match inside.split_once(',') {
            None => number(&inside).map(|most| (most, Some(most)))?,
            Some((least, "")) => (number(least)?, None),
            Some((least, most)) => (number(least)?, Some(number(most)?)),
        };
        self.rest = ahead;
        Some(Times { least, most: most.filter(|&most| most <= FEW || most == least) })
    }
}

fn is_option(letter: char) -> bool {
    matches!(letter, 'i' | 'm' | 's' | 'n' | '-')
}

/// Characters of the longest expression.
const LONGEST: usize = 200;
/// How many groups may lie in each other.
const DEEPEST: usize = 16;
/// A number of times that is no trouble.
const FEW: u32 = 16;
/// The most open repetitions that can end in several places.
const MOST_AMBIGUOUS: usize = 2;
/// In how many ways all the rest may be read.
const MOST_WAYS: u64 = 256;

#[cfg(test)]
mod tests;
