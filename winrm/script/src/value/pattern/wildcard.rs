//! `-like`: `*`, `?`, `[a-z]` and a backtick before a character that means itself.

use crate::tree::Case;
use crate::value::text::upper;
use crate::value::{Fault, Outcome};

/// A wildcard pattern.
#[derive(Clone, Debug)]
pub struct Wildcard {
    parts: Vec<Part>,
    case: Case,
}

#[derive(Clone, Debug)]
enum Part {
    Any,
    One,
    Character(char),
    Class(Vec<(char, char)>),
}

impl Wildcard {
    /// Reads a pattern.
    ///
    /// # Errors
    /// A bracket without its end.
    pub fn new(pattern: &str, case: Case) -> Outcome<Self> {
        let folded = |character| if case == Case::Insensitive { upper(character) } else { character };
        let mut parts: Vec<Part> = Vec::new();
        let mut rest = pattern.chars();
        while let Some(character) = rest.next() {
            match character {
                '*' if matches!(parts.last(), Some(Part::Any)) => {}
                '*' => parts.push(Part::Any),
                '?' => parts.push(Part::One),
                '`' => parts.push(Part::Character(folded(rest.next().unwrap_or('`')))),
                '[' => parts.push(Part::Class(class(&mut rest, folded)?)),
                other => parts.push(Part::Character(folded(other))),
            }
        }
        Ok(Self { parts, case })
    }

    /// Whether the whole text matches.
    ///
    /// # Errors
    /// A text and pattern so long that trying would take seconds.
    pub fn matches(&self, text: &str) -> Outcome<bool> {
        let characters: Vec<char> = match self.case {
            Case::Insensitive => text.chars().map(upper).collect(),
            Case::Sensitive => text.chars().collect(),
        };
        if characters.len().saturating_mul(self.parts.len()) > MAX_WORK {
            return Err(Fault::unsupported("a wildcard pattern on a text of this length"));
        }
        let (mut at, mut part) = (0, 0);
        // Where the last `*` stands, and up to where it has eaten.
        let mut star: Option<(usize, usize)> = None;
        while let Some(character) = characters.get(at) {
            let fits = match self.parts.get(part) {
                Some(Part::Any) => {
                    star = Some((part, at));
                    part += 1;
                    continue;
                }
                Some(Part::One) => true,
                Some(Part::Character(own)) => own == character,
                Some(Part::Class(ranges)) => {
                    ranges.iter().any(|(low, high)| low <= character && character <= high)
                }
                None => false,
            };
            match (fits, star) {
                (true, _) => (at, part) = (at + 1, part + 1),
                (false, Some((own, eaten))) => {
                    star = Some((own, eaten + 1));
                    (at, part) = (eaten + 1, own + 1);
                }
                (false, None) => return Ok(false),
            }
        }
        Ok(self.parts.iter().skip(part).all(|part| matches!(part, Part::Any)))
    }
}

/// The characters between brackets, as ranges.
fn class(rest: &mut std::str::Chars<'_>, folded: impl Fn(char) -> char) -> Outcome<Vec<(char, char)>> {
    let mut characters = Vec::new();
    loop {
        match rest.next() {
            None => return Err(Fault::unsupported("a wildcard pattern with a `[` that has no end")),
            // A bracket right after the opening one is itself.
            Some(']') if !characters.is_empty() => break,
            Some('`') => characters.push((rest.next().unwrap_or('`'), true)),
            Some(other) => characters.push((other, false)),
        }
    }
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some((low, _)) = characters.get(at) {
        match (characters.get(at + 1), characters.get(at + 2)) {
            (Some(('-', false)), Some((high, _))) => {
                ranges.push((folded(*low), folded(*high)));
                at += 3;
            }
            _ => {
                ranges.push((folded(*low), folded(*low)));
                at += 1;
            }
        }
    }
    Ok(ranges)
}

const MAX_WORK: usize = 200_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_powershell() {
        let like = |text, pattern| Wildcard::new(pattern, Case::Insensitive).unwrap().matches(text).unwrap();
        for (text, pattern) in [
            ("file.TXT", "*.txt"),
            ("abc", "a?c"),
            ("b", "[abc]"),
            ("B", "[a-c]"),
            ("!", "[!a]"),
            ("x*y", "x`*y"),
            ("", ""),
            ("", "*"),
            ("aXbXc", "a*b*c"),
            ("]", "[]]"),
        ] {
            assert!(like(text, pattern), "{text} {pattern}");
        }
        for (text, pattern) in [("xzy", "x`*y"), ("abc", "a?"), ("d", "[a-c]"), ("", "?"), ("ab", "b*")] {
            assert!(!like(text, pattern), "{text} {pattern}");
        }
        assert!(Wildcard::new("[a", Case::Insensitive).is_err());
    }
}
