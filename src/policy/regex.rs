//! Regular expressions that run on a host.
//!
//! .NET's engine backtracks: a few letters burn a core for hours, and it ignores a stop. What is let through cannot:
//! no group that is repeated holds a repetition or a choice, few repetitions take nearly any character, and nothing
//! refers back or looks around.

use winrm_script::value::Value;

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
    /// Too many open repetitions, or two side by side that take the same characters.
    #[error("it repeats too much: two repetitions of nearly any character side by side, or too many")]
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
        wide: 0,
        open: 0,
    };
    reader.read()
}

struct Reader {
    rest: std::iter::Peekable<std::vec::IntoIter<char>>,
    /// The groups that are open, the whole expression first.
    groups: Vec<Group>,
    /// Open repetitions of nearly any character.
    wide: usize,
    /// Open repetitions.
    open: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Group {
    /// It holds a repetition or a choice.
    varies: bool,
    last: Option<Atom>,
    /// The item before the last one was an open repetition of nearly any character.
    after_wide: bool,
}

/// What a quantifier would repeat.
#[derive(Debug, Clone, Copy)]
struct Atom {
    /// It takes nearly any character.
    wide: bool,
    /// It is a group that holds a repetition or a choice.
    varies: bool,
}

/// How often something may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Times {
    /// At most once.
    Once,
    /// A few times, or a fixed number of times.
    Few,
    /// Without a bound that helps.
    Open,
}

impl Reader {
    fn read(&mut self) -> Result<(), RegexFault> {
        while let Some(letter) = self.rest.next() {
            match letter {
                '(' => self.open_group()?,
                ')' => self.close_group()?,
                '|' => {
                    let group = self.group()?;
                    *group = Group { varies: true, ..Group::default() };
                }
                '[' => {
                    let wide = self.class()?;
                    self.atom(wide)?;
                }
                '\\' => {
                    let wide = self.escape()?;
                    self.atom(wide)?;
                }
                '.' => self.atom(true)?,
                '^' | '$' => self.group()?.last = None,
                '*' | '+' => self.repeat(Times::Open)?,
                '?' => self.repeat(Times::Once)?,
                '{' => match self.counted() {
                    Some(times) => self.repeat(times)?,
                    None => self.atom(false)?,
                },
                _ => self.atom(false)?,
            }
        }
        if self.groups.len() == 1 { Ok(()) } else { Err(RegexFault::Syntax) }
    }

    fn group(&mut self) -> Result<&mut Group, RegexFault> {
        self.groups.last_mut().ok_or(RegexFault::Syntax)
    }

    fn atom(&mut self, wide: bool) -> Result<(), RegexFault> {
        let group = self.group()?;
        if group.last.is_some() {
            group.after_wide = false;
        }
        group.last = Some(Atom { wide, varies: false });
        Ok(())
    }

    fn repeat(&mut self, times: Times) -> Result<(), RegexFault> {
        // A lazy one repeats no less.
        self.rest.next_if_eq(&'?');
        let group = self.group()?;
        let Atom { wide, varies } = group.last.take().ok_or(RegexFault::Syntax)?;
        group.varies = true;
        if varies && times != Times::Once {
            return Err(RegexFault::Nested);
        }
        if times != Times::Open {
            group.after_wide = false;
            return Ok(());
        }
        if wide && group.after_wide {
            return Err(RegexFault::Repetitions);
        }
        group.after_wide = wide;
        self.open += 1;
        self.wide += usize::from(wide);
        if self.wide > MOST_WIDE || self.open > MOST_OPEN { Err(RegexFault::Repetitions) } else { Ok(()) }
    }

    fn open_group(&mut self) -> Result<(), RegexFault> {
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
        self.groups.push(Group::default());
        if self.groups.len() > DEEPEST { Err(RegexFault::Syntax) } else { Ok(()) }
    }

    fn name(&mut self, end: char) -> Result<(), RegexFault> {
        let mut length = 0;
        while self.rest.next_if(|letter| letter.is_ascii_alphanumeric() || *letter == '_').is_some() {
            length += 1;
        }
        if length > 0 && self.rest.next() == Some(end) { Ok(()) } else { Err(RegexFault::Group) }
    }

    fn close_group(&mut self) -> Result<(), RegexFault> {
        let closed = self.groups.pop().ok_or(RegexFault::Syntax)?;
        let group = self.group()?;
        if group.last.is_some() {
            group.after_wide = false;
        }
        group.last = Some(Atom { wide: closed.after_wide, varies: closed.varies });
        // What varies inside varies outside, whatever repeats it there.
        group.varies |= closed.varies;
        Ok(())
    }

    /// Whether the class takes nearly any character.
    fn class(&mut self) -> Result<bool, RegexFault> {
        let negated = self.rest.next_if_eq(&'^').is_some();
        let mut wide = negated;
        let mut first = true;
        loop {
            match self.rest.next().ok_or(RegexFault::Syntax)? {
                ']' if !first => return Ok(wide),
                // Classes in classes, and subtractions.
                '[' => return Err(RegexFault::Syntax),
                '\\' => wide |= self.escape()?,
                _ => {}
            }
            first = false;
        }
    }

    /// Whether the escape takes nearly any character.
    fn escape(&mut self) -> Result<bool, RegexFault> {
        match self.rest.next().ok_or(RegexFault::Syntax)? {
            '1'..='9' | 'k' => Err(RegexFault::Backreference),
            'W' | 'S' | 'D' | 'w' => Ok(true),
            letter @ ('p' | 'P') => {
                if self.rest.next() != Some('{') {
                    return Err(RegexFault::Syntax);
                }
                self.rest.by_ref().find(|&letter| letter == '}').ok_or(RegexFault::Syntax)?;
                Ok(letter == 'P')
            }
            _ => Ok(false),
        }
    }

    /// What stands in braces, if it counts; else the brace is a letter and nothing is taken.
    fn counted(&mut self) -> Option<Times> {
        let mut ahead = self.rest.clone();
        let inside: String = ahead.by_ref().take_while(|&letter| letter != '}').collect();
        let number =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u32>().ok())?;
        let times = match inside.split_once(',') {
            None => number(&inside).map(|most| (most, most))?,
            Some((least, "")) => (number(least)?, u32::MAX),
            Some((least, most)) => (number(least)?, number(most)?),
        };
        self.rest = ahead;
        Some(match times {
            (_, 0 | 1) => Times::Once,
            (least, most) if least == most && most <= FEW => Times::Few,
            (_, most) if most <= FEW => Times::Few,
            _ => Times::Open,
        })
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
/// The most open repetitions of nearly any character.
const MOST_WIDE: usize = 4;
/// The most open repetitions.
const MOST_OPEN: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_that_end_pass() {
        for text in [
            "",
            "error",
            "^Win",
            "(?i)failed|denied",
            "a.*b.*c",
            r"\d+\.\d+\.\d+\.\d+",
            r"\S+\s+\S+",
            "[a-z]+@[a-z]+",
            "(?:ab){2}",
            "(ab)+",
            "(?<year>[0-9]{4})-[0-9]{2}",
            "(a|b)?c",
            "[]x]+",
            "[^]]*",
            r"\p{Lu}x*",
            "a{,3}",
            "x{",
            r"C:\\Windows\\.*\.exe",
            "a+?b",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn expressions_that_burn_are_refused() {
        let long = "a".repeat(201);
        let cases = [
            ("(a+)+", RegexFault::Nested),
            ("(a|aa)+$", RegexFault::Nested),
            ("((a)*b)*", RegexFault::Nested),
            ("(?:a?){20}", RegexFault::Nested),
            ("(([a-z])+.)+[A-Z]", RegexFault::Nested),
            (".*.*x", RegexFault::Repetitions),
            (r"\w+\w+@", RegexFault::Repetitions),
            (".*a.*b.*c.*d.*e", RegexFault::Repetitions),
            (".{0,500}.{0,500}", RegexFault::Repetitions),
            (r"(a)\1", RegexFault::Backreference),
            (r"(?<x>a)\k<x>", RegexFault::Backreference),
            ("(?=a)", RegexFault::Group),
            ("(?!a)", RegexFault::Group),
            ("(?<=a)", RegexFault::Group),
            ("(?<!a)", RegexFault::Group),
            ("(?>a+)", RegexFault::Group),
            ("(?(a)b|c)", RegexFault::Group),
            ("(?x) a", RegexFault::Group),
            ("(?i:a)", RegexFault::Group),
            ("(?#", RegexFault::Group),
            ("(", RegexFault::Syntax),
            (")", RegexFault::Syntax),
            ("[a", RegexFault::Syntax),
            ("[a-z-[aeiou]]", RegexFault::Syntax),
            ("*a", RegexFault::Syntax),
            ("a**", RegexFault::Syntax),
            ("a\\", RegexFault::Syntax),
            (&long, RegexFault::TooLong),
        ];
        for (text, fault) in cases {
            assert_eq!(check(text), Err(fault), "{text}");
        }
    }
}
