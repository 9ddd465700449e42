//! From .NET's syntax to the engine's.

use std::iter::Peekable;
use std::str::Chars;

use crate::value::{Fault, Outcome};

/// A pattern in the engine's syntax.
pub(super) struct Translated {
    pub(super) pattern: String,
    pub(super) minds_last_break: bool,
}

pub(super) fn translate(pattern: &str) -> Outcome<Translated> {
    if pattern.len() > MAX_PATTERN {
        return Err(Fault::unsupported("a regular expression of more than 16 KiB"));
    }
    let mut translation =
        Translation { out: String::new(), minds_last_break: false, rest: pattern.chars().peekable() };
    translation.run()?;
    Ok(Translated { pattern: translation.out, minds_last_break: translation.minds_last_break })
}

struct Translation<'p> {
    rest: Peekable<Chars<'p>>,
    out: String,
    minds_last_break: bool,
}

impl Translation<'_> {
    fn run(&mut self) -> Outcome<()> {
        while let Some(character) = self.rest.next() {
            match character {
                '\\' => self.escape(false)?,
                '[' => self.class()?,
                '(' => self.group()?,
                '$' => {
                    self.minds_last_break = true;
                    self.out.push('$');
                }
                '{' => {
                    let before = self.out.len();
                    self.brace();
                    if !self.out.get(before..).unwrap_or_default().starts_with('\\') {
                        self.quantified()?;
                    }
                }
                '*' | '+' | '?' => {
                    self.out.push(character);
                    self.quantified()?;
                }
                '}' | ']' | '&' | '~' => {
                    self.out.push('\\');
                    self.out.push(character);
                }
                other => self.out.push(other),
            }
        }
        Ok(())
    }

    /// After a quantifier: it may be lazy, and no other may follow.
    fn quantified(&mut self) -> Outcome<()> {
        if self.rest.next_if_eq(&'?').is_some() {
            self.out.push('?');
        }
        match self.rest.peek() {
            Some('*' | '+' | '?') => Err(lacking("a quantifier after a quantifier")),
            _ => Ok(()),
        }
    }

    fn group(&mut self) -> Outcome<()> {
        self.out.push('(');
        if self.rest.next_if_eq(&'?').is_none() {
            return Ok(());
        }
        match self.rest.next() {
            Some(':') => self.out.push_str("?:"),
            Some(open @ ('<' | '\'')) => {
                let close = if open == '<' { '>' } else { '\'' };
                let mut name = String::new();
                for character in self.rest.by_ref() {
                    if character == close {
                        break;
                    }
                    name.push(character);
                }
                let plain = name.chars().all(|character| character.is_alphanumeric() || character == '_');
                if name.is_empty() || !plain || name.starts_with(|first: char| first.is_ascii_digit()) {
                    return Err(lacking("lookbehind, balancing and numbered groups"));
                }
                self.out.push_str("?P<");
                self.out.push_str(&name);
                self.out.push('>');
            }
            Some('=' | '!') => return Err(lacking("lookahead")),
            Some('>') => return Err(lacking("atomic groups")),
            Some('#') => return Err(lacking("comments")),
            Some(flag) if matches!(flag, 'i' | 's' | 'm' | '-') => {
                let mut flags = String::from(flag);
                let end = loop {
                    match self.rest.next() {
                        Some(end @ (')' | ':')) => break end,
                        Some(flag @ ('i' | 's' | 'm' | '-')) => flags.push(flag),
                        _ => return Err(lacking("this option")),
                    }
                };
                if flags.contains('m') {
                    // Line ends differ: .NET's `$` then stands before a line feed only, as the engine's does.
                    self.minds_last_break = false;
                }
                self.out.push('?');
                self.out.push_str(&flags);
                self.out.push(end);
            }
            _ => return Err(lacking("this kind of group")),
        }
        Ok(())
    }

    /// A brace is a quantifier where it reads as one, else itself.
    fn brace(&mut self) {
        let ahead: String = self.rest.clone().take_while(|character| *character != '}').take(12).collect();
        let closed = self.rest.clone().nth(ahead.chars().count()) == Some('}');
        let (low, high) = ahead.split_once(',').unwrap_or((&ahead, "0"));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !(closed && !low.is_empty() && digits(low) && digits(high)) {
            self.out.push('\\');
        }
        self.out.push('{');
        if self.out.ends_with("\\{") {
            return;
        }
        self.out.push_str(&ahead);
        self.out.push('}');
        for _ in 0..=ahead.chars().count() {
            self.rest.next();
        }
    }

    fn class(&mut self) -> Outcome<()> {
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            match self.rest.next() {
                None => return Err(lacking("a class without its end")),
                Some(']') if !first => break,
                Some('\\') => self.escape(true)?,
                Some('-') => {
                    if self.rest.peek() == Some(&'[') {
                        return Err(lacking("class subtraction"));
                    }
                    let literal = first || self.rest.peek() == Some(&']');
                    self.out.push_str(if literal { "\\-" } else { "-" });
                }
                Some(character @ ('[' | ']' | '&' | '~' | '^')) => {
                    self.out.push('\\');
                    self.out.push(character);
                }
                Some(other) => self.out.push(other),
            }
            first = false;
        }
        self.out.push(']');
        Ok(())
    }

    fn escape(&mut self, in_class: bool) -> Outcome<()> {
        let Some(character) = self.rest.next() else { return Err(lacking("a backslash at the end")) };
        match character {
            'd' | 'D' | 's' | 'S' | 't' | 'r' | 'n' | 'f' | 'v' => {
                self.out.push('\\');
                self.out.push(character);
            }
            'w' if in_class => self.out.push_str(r"\p{L}\p{Mn}\p{Nd}\p{Pc}"),
            'w' => self.out.push_str(r"[\p{L}\p{Mn}\p{Nd}\p{Pc}]"),
            'W' => self.out.push_str(r"[^\p{L}\p{Mn}\p{Nd}\p{Pc}]"),
            'b' if in_class => self.out.push_str(r"\x08"),
            'b' | 'B' | 'A' | 'z' if !in_class => {
                self.out.push('\\');
                self.out.push(character);
            }
            'Z' if !in_class => {
                self.minds_last_break = true;
                self.out.push_str(r"\z");
            }
            'a' => self.out.push_str(r"\x07"),
            'e' => self.out.push_str(r"\x1B"),
            'x' => self.code(2)?,
            'u' => self.code(4)?,
            'c' => match self.rest.next() {
                Some(letter) if letter.is_ascii_alphabetic() => {
                    let code = u32::from(letter.to_ascii_uppercase()) - u32::from('@');
                    self.out.push_str(&format!(r"\x{code:02X}"));
                }
                _ => return Err(lacking("this escape")),
            },
            '0' => self.out.push_str(r"\x00"),
            'p' | 'P' => {
                let name: String = self.rest.by_ref().take_while(|own| *own != '}').collect();
                let name = name.strip_prefix('{').unwrap_or_default();
                if name.is_empty() || name.len() > 2 {
                    return Err(lacking("Unicode blocks"));
                }
                self.out.push_str(&format!(r"\{character}{{{name}}}"));
            }
            digit if digit.is_ascii_digit() => return Err(lacking("backreferences")),
            letter if letter.is_alphanumeric() || letter == '_' => return Err(lacking("this escape")),
            other => {
                if other.is_ascii_punctuation() {
                    self.out.push('\\');
                }
                self.out.push(other);
            }
        }
        Ok(())
    }

    fn code(&mut self, digits: usize) -> Outcome<()> {
        let code: String = self.rest.by_ref().take(digits).collect();
        match u32::from_str_radix(&code, 16).ok().and_then(char::from_u32) {
            Some(_) if code.len() == digits => self.out.push_str(&format!(r"\x{{{code}}}")),
            _ => return Err(lacking("this escape")),
        }
        Ok(())
    }
}

fn lacking(what: &str) -> Fault {
    Fault::unsupported(format!("{what} in a regular expression"))
}

const MAX_PATTERN: usize = 16 << 10;
