//! .NET's regular expressions on an engine of linear time.
//!
//! A pattern is rewritten into the engine's syntax. What the engine lacks — lookaround, backreferences, atomic groups,
//! conditions, class subtraction — is refused: no pattern can take more than linear time.

mod translate;

use regex::{Captures, Match, RegexBuilder};
use winrm_proto::clixml::PsString;

use crate::tree::Case;
use crate::value::{Fault, Outcome};

/// A regular expression.
#[derive(Clone, Debug)]
pub struct Expression {
    regex: regex::Regex,
    /// `$` matches before a last line break too, which the engine does not do.
    minds_last_break: bool,
    /// The engine's group number of each of .NET's: unnamed groups come first.
    groups: Vec<Group>,
}

#[derive(Clone, Debug)]
struct Group {
    name: Option<String>,
    at: usize,
}

/// A group of a match.
#[derive(Debug)]
pub struct Capture {
    /// Its name, or its number.
    pub name: String,
    /// Where it begins in UTF-16 units, and its text, if it took part.
    pub found: Option<(usize, String)>,
}

/// What one match found: each group's name or number with its text.
#[derive(Clone, Debug)]
pub struct Groups(pub Vec<(Result<PsString, i32>, PsString)>);

impl Expression {
    /// Reads a pattern.
    ///
    /// # Errors
    /// A refusal of what the engine lacks, and of what is no pattern.
    pub fn new(pattern: &str, case: Case) -> Outcome<Self> {
        let translated = translate::translate(pattern)?;
        let regex = RegexBuilder::new(&translated.pattern)
            .case_insensitive(case == Case::Insensitive)
            .size_limit(1 << 20)
            .dfa_size_limit(1 << 20)
            .nest_limit(64)
            .build()
            .map_err(|_| Fault::unsupported("this regular expression"))?;
        let mut unnamed = Vec::new();
        let mut named = Vec::new();
        for (at, name) in regex.capture_names().enumerate() {
            match name {
                None => unnamed.push(Group { name: None, at }),
                Some(name) => named.push(Group { name: Some(name.to_owned()), at }),
            }
        }
        unnamed.append(&mut named);
        Ok(Self { regex, minds_last_break: translated.minds_last_break, groups: unnamed })
    }

    /// Whether it matches somewhere in the text.
    ///
    /// # Errors
    /// A text whose last line break the engine would treat otherwise than .NET.
    pub fn is_match(&self, text: &str) -> Outcome<bool> {
        self.check(text)?;
        Ok(self.regex.is_match(text))
    }

    /// The groups of the first match, those that took part.
    ///
    /// # Errors
    /// As [`is_match`](Self::is_match).
    pub fn groups(&self, text: &str) -> Outcome<Option<Groups>> {
        self.check(text)?;
        let Some(captures) = self.regex.captures(text) else { return Ok(None) };
        let mut groups = Vec::new();
        for (number, group) in self.groups.iter().enumerate() {
            if let Some(found) = captures.get(group.at) {
                let key = match &group.name {
                    Some(name) => Ok(PsString::from(name.as_str())),
                    None => Err(i32::try_from(number).unwrap_or_default()),
                };
                groups.push((key, found.as_str().into()));
            }
        }
        Ok(Some(Groups(groups)))
    }

    /// The groups of each of the first matches, the whole match first; those that took no part have no place and text.
    ///
    /// # Errors
    /// As [`is_match`](Self::is_match), and more matches than anybody looks at.
    pub fn captures(&self, text: &str, most: usize) -> Outcome<Vec<Vec<Capture>>> {
        self.check(text)?;
        let mut matches = Vec::new();
        let (mut units, mut counted) = (0, 0);
        let length = |from: usize, to: usize| text.get(from..to).unwrap_or_default().encode_utf16().count();
        for captures in self.regex.captures_iter(text).take(most) {
            if matches.len() >= MAX_MATCHES {
                return Err(Fault::unsupported("more than 100,000 matches of a regular expression"));
            }
            let start = captures.get(0).map_or(counted, |whole| whole.start());
            units += length(counted, start);
            counted = start;
            let group = |(number, group): (usize, &Group)| {
                let name = group.name.clone().unwrap_or_else(|| number.to_string());
                let place = |found: Match<'_>| units + length(start, found.start());
                let found = captures.get(group.at).map(|found| (place(found), found.as_str().to_owned()));
                Capture { name, found }
            };
            matches.push(self.groups.iter().enumerate().map(group).collect());
        }
        Ok(matches)
    }

    /// The text with every match replaced.
    ///
    /// # Errors
    /// As [`is_match`](Self::is_match).
    pub fn replace(&self, text: &str, replacement: &str) -> Outcome<String> {
        self.check(text)?;
        let mut out = String::new();
        let mut last = 0;
        for captures in self.regex.captures_iter(text) {
            let Some(whole) = captures.get(0) else { continue };
            out.push_str(text.get(last..whole.start()).unwrap_or_default());
            self.expand(replacement, text, &captures, &mut out);
            last = whole.end();
            if out.len() > crate::value::arithmetic::MAX_SIZE {
                return Err(Fault::unsupported("a replacement of more than 16 million characters"));
            }
        }
        out.push_str(text.get(last..).unwrap_or_default());
        Ok(out)
    }

    /// The pieces between matches, with what the groups found among them; `limit` of 0 is none.
    ///
    /// # Errors
    /// As [`is_match`](Self::is_match).
    pub fn split(&self, text: &str, limit: usize) -> Outcome<Vec<String>> {
        self.check(text)?;
        let mut pieces = Vec::new();
        let (mut last, mut count) = (0, 1);
        for captures in self.regex.captures_iter(text) {
            if limit > 0 && count >= limit {
                break;
            }
            let Some(whole) = captures.get(0) else { continue };
            pieces.push(text.get(last..whole.start()).unwrap_or_default().to_owned());
            for group in self.groups.iter().skip(1) {
                if let Some(found) = captures.get(group.at) {
                    pieces.push(found.as_str().to_owned());
                }
            }
            last = whole.end();
            count += 1;
        }
        pieces.push(text.get(last..).unwrap_or_default().to_owned());
        Ok(pieces)
    }

    /// How many pieces [`split`](Self::split) makes, at most.
    ///
    /// # Errors
    /// As [`is_match`](Self::is_match).
    pub fn count(&self, text: &str, limit: usize) -> Outcome<usize> {
        self.check(text)?;
        let most = if limit == 0 { usize::MAX } else { limit };
        let matches = self.regex.find_iter(text).take(most).count();
        Ok(matches.saturating_add(1).saturating_mul(self.groups.len().max(1)))
    }

    fn expand(&self, replacement: &str, text: &str, captures: &Captures<'_>, out: &mut String) {
        let mut rest = replacement;
        while let Some(at) = rest.find('$') {
            out.push_str(rest.get(..at).unwrap_or_default());
            rest = rest.get(at + 1..).unwrap_or_default();
            let taken = self.reference(rest, text, captures, out);
            match taken {
                Some(length) => rest = rest.get(length..).unwrap_or_default(),
                None => out.push('$'),
            }
        }
        out.push_str(rest);
    }

    /// Writes what follows a dollar sign stands for; the length of it, or nothing where it stands for itself.
    fn reference(&self, rest: &str, text: &str, captures: &Captures<'_>, out: &mut String) -> Option<usize> {
        let whole = captures.get(0)?;
        match rest.chars().next()? {
            '$' => out.push('$'),
            '&' => out.push_str(whole.as_str()),
            '_' => out.push_str(text),
            '`' => out.push_str(text.get(..whole.start())?),
            '\'' => out.push_str(text.get(whole.end()..)?),
            '+' => {
                let last = self.groups.last().and_then(|group| captures.get(group.at));
                out.push_str(last.map(|found| found.as_str()).unwrap_or_default());
            }
            '{' => {
                let (name, _) = rest.get(1..)?.split_once('}')?;
                let group = self.named(name)?;
                out.push_str(captures.get(group).map(|found| found.as_str()).unwrap_or_default());
                return Some(name.len() + 2);
            }
            '0'..='9' => {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                let group = self.named(rest.get(..digits)?)?;
                out.push_str(captures.get(group).map(|found| found.as_str()).unwrap_or_default());
                return Some(digits);
            }
            _ => return None,
        }
        Some(1)
    }

    fn named(&self, name: &str) -> Option<usize> {
        if let Ok(number) = name.parse::<usize>() {
            return self.groups.get(number).map(|group| group.at);
        }
        self.groups.iter().find(|group| group.name.as_deref() == Some(name)).map(|group| group.at)
    }

    fn check(&self, text: &str) -> Outcome<()> {
        if self.minds_last_break && text.ends_with('\n') {
            return Err(Fault::unsupported(
                "`$` in a regular expression on a text that ends in a line break",
            ));
        }
        Ok(())
    }
}

/// A pattern that matches the text itself.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{C}' => out.push_str("\\f"),
            '\\' | '*' | '+' | '?' | '|' | '{' | '[' | '(' | ')' | '^' | '$' | '.' | '#' | ' ' => {
                out.push('\\');
                out.push(character);
            }
            other => out.push(other),
        }
    }
    out
}

/// Each match is an object of its own, and so is each of its groups.
const MAX_MATCHES: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn expression(pattern: &str) -> Expression {
        Expression::new(pattern, Case::Insensitive).unwrap()
    }

    #[test]
    fn patterns_match_as_in_dotnet() {
        for (pattern, text) in [
            (r"^\d{3}-\w+$", "123-ab"),
            (r"[[a]", "["),
            (r"a{,2}", "a{,2}"),
            (r"\x41\u0042\cA?", "AB"),
            (r"(?<year>\d+)-(?'m'\d+)", "2026-01"),
            (r"[^\w\s]", "!"),
            (r"\Aa\z", "A"),
            (r"a#b", "a#b"),
        ] {
            assert!(expression(pattern).is_match(text).unwrap(), "{pattern}");
        }
        for refused in [r"(?=a)", r"(a)\1", r"(?>a)", r"[a-z-[aeiou]]", r"(?<=a)b", r"(", r"a**", r"(?(1)a)"]
        {
            assert!(Expression::new(refused, Case::Insensitive).is_err(), "{refused}");
        }
    }

    #[test]
    fn named_groups_come_after_the_others() {
        let groups = expression(r"(?<n>a)(b)").groups("ab").unwrap().unwrap();
        let keys: Vec<_> = groups.0.into_iter().map(|(key, text)| format!("{key:?}={text}")).collect();
        assert_eq!(keys, ["Err(0)=ab", "Err(1)=b", "Ok(\"n\")=a"]);
    }

    #[test]
    fn replacement_and_splitting_are_dotnets() {
        assert_eq!(expression("(a)(b)").replace("xaby", "$2$1$$$3$&${1}").unwrap(), "xba$$3abay");
        assert_eq!(expression("").split("ab", 0).unwrap(), ["", "a", "b", ""]);
        assert_eq!(expression("(,)").split("a,b", 0).unwrap(), ["a", ",", "b"]);
        assert_eq!(expression(",").split("a,b,c", 2).unwrap(), ["a", "b,c"]);
    }
}
