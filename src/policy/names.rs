use std::fmt;

/// A command's full name: letters, a dash, letters and digits; `Get-Service`. Compared without case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CmdletName(String);

/// A name in which `*` stands for any characters and `?` for one, whatever the case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NamePattern {
    /// As it was written.
    text: String,
    /// INVARIANT: the text in small letters, runs of `*` as one.
    folded: Vec<char>,
    is_wildcard: bool,
}

impl CmdletName {
    /// Takes a full name; an alias, a bare noun or a module before the name is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::is_full(text).then(|| Self(text.to_owned()))
    }

    /// Whether a text is a full name.
    #[must_use]
    pub fn is_full(text: &str) -> bool {
        let Some((verb, noun)) = text.split_once('-') else { return false };
        !verb.is_empty()
            && !noun.is_empty()
            && verb.bytes().all(|byte| byte.is_ascii_alphabetic())
            && noun.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether two names are the same command.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.0.eq_ignore_ascii_case(name)
    }
}

impl NamePattern {
    /// Takes any text; what a list may hold is its own matter.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut folded: Vec<char> = text.chars().map(small).collect();
        folded.dedup_by(|next, last| *next == '*' && *last == '*');
        let is_wildcard = folded.iter().any(|letter| matches!(letter, '*' | '?'));
        Self { text: text.to_owned(), folded, is_wildcard }
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it holds `*` or `?`.
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        self.is_wildcard
    }

    /// Whether it matches the whole name. Time is at most the product of the lengths.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        if name.is_ascii() {
            // Nearly every name; ten thousand rules are to be judged without an allocation each, and most names
            // differ in length already.
            if !self.is_wildcard && self.folded.len() != name.len() {
                return false;
            }
            let letter =
                |at: usize| name.as_bytes().get(at).map(|byte| char::from(byte.to_ascii_lowercase()));
            return self.matches_letters(letter);
        }
        let name: Vec<char> = name.chars().map(small).collect();
        self.matches_letters(|at| name.get(at).copied())
    }

    /// Whether something that begins so may match, whatever the case.
    pub(super) fn may_begin_with(&self, text: &str) -> bool {
        let letters: Vec<char> = text.chars().map(small).collect();
        let until_wildcard = self.folded.iter().take_while(|letter| !matches!(letter, '*' | '?'));
        let is_shorter = !self.is_wildcard && letters.len() > self.folded.len();
        !is_shorter && until_wildcard.zip(&letters).all(|(own, letter)| own == letter)
    }

    fn matches_letters(&self, letter: impl Fn(usize) -> Option<char>) -> bool {
        let (mut at, mut pattern_at) = (0, 0);
        // Where to go on when a star has to take one character more.
        let mut star: Option<(usize, usize)> = None;
        while let Some(next) = letter(at) {
            match self.folded.get(pattern_at) {
                Some('*') => {
                    star = Some((pattern_at + 1, at));
                    pattern_at += 1;
                }
                Some(&wanted) if wanted == '?' || wanted == next => {
                    at += 1;
                    pattern_at += 1;
                }
                _ => {
                    let Some((after_star, taken)) = star else { return false };
                    star = Some((after_star, taken + 1));
                    pattern_at = after_star;
                    at = taken + 1;
                }
            }
        }
        self.folded.iter().skip(pattern_at).all(|&rest| rest == '*')
    }
}

/// The small letter, one for one. A letter that is not in ASCII never becomes one that is: to Windows the Kelvin sign is no `k`.
fn small(letter: char) -> char {
    if letter.is_ascii() {
        return letter.to_ascii_lowercase();
    }
    let mut letters = letter.to_lowercase();
    match (letters.next(), letters.next()) {
        (Some(small), None) if !small.is_ascii() => small,
        _ => letter,
    }
}

impl fmt::Display for CmdletName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
