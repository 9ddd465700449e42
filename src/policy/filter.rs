//! Filters of CIM queries: `DriveType = 3 and (Name like 'C%' or FreeSpace < 1000)`.
//!
//! A filter goes into a query as it is, so only what these rules can read is let through: conditions of one
//! property, one operator and one literal, joined by `and`, `or`, `not` and parentheses.

/// Why a text is no such filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum FilterFault {
    /// A property's name must stand here.
    #[error("a property's name is missing at character {0}")]
    Property(usize),
    /// An operator must stand here.
    #[error("one of =, <>, !=, <, <=, >, >= and LIKE is missing at character {0}")]
    Operator(usize),
    /// A number, a quoted string, TRUE, FALSE or NULL must stand here.
    #[error("a number, a quoted string, TRUE, FALSE or NULL is missing at character {0}")]
    Literal(usize),
    /// Something stands behind the end.
    #[error("AND, OR or the end is missing at character {0}")]
    End(usize),
    /// Too many parentheses in each other, or too long.
    #[error("the filter is too long or too deep")]
    TooLarge,
}

/// Reads a filter to its end.
///
/// # Errors
/// [`FilterFault`] with the place, in characters from 1.
pub(super) fn check(text: &str) -> Result<(), FilterFault> {
    if text.len() > LONGEST {
        return Err(FilterFault::TooLarge);
    }
    let letters: Vec<char> = text.chars().collect();
    let mut reader = Reader { letters: &letters, at: 0 };
    reader.conditions(DEEPEST)?;
    reader.skip_blanks();
    if reader.at == letters.len() { Ok(()) } else { Err(FilterFault::End(reader.at + 1)) }
}

struct Reader<'l> {
    letters: &'l [char],
    at: usize,
}

impl Reader<'_> {
    fn conditions(&mut self, depth: usize) -> Result<(), FilterFault> {
        loop {
            while self.word("not") {}
            if self.symbol("(") {
                self.conditions(depth.checked_sub(1).ok_or(FilterFault::TooLarge)?)?;
                if !self.symbol(")") {
                    return Err(FilterFault::End(self.at + 1));
                }
            } else {
                self.condition()?;
            }
            if !self.word("and") && !self.word("or") {
                return Ok(());
            }
        }
    }

    fn condition(&mut self) -> Result<(), FilterFault> {
        self.skip_blanks();
        let start = self.at;
        let name = self.take(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        // Names that begin with two underscores are the system's.
        if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return Err(FilterFault::Property(start + 1));
        }
        let null = if self.word("is") {
            while self.word("not") {}
            true
        } else if ["<>", "!=", "<=", ">=", "=", "<", ">"].into_iter().any(|symbol| self.symbol(symbol))
            || self.word("like")
        {
            false
        } else {
            return Err(FilterFault::Operator(self.at + 1));
        };
        if self.literal(null) { Ok(()) } else { Err(FilterFault::Literal(self.at + 1)) }
    }

    fn literal(&mut self, only_null: bool) -> bool {
        if self.word("null") {
            return true;
        }
        if only_null {
            return false;
        }
        if self.word("true") || self.word("false") {
            return true;
        }
        match self.letters.get(self.at) {
            Some(&quote @ ('\'' | '"')) => self.string(quote),
            _ => {
                let number = self.take(|letter| letter.is_ascii_digit() || matches!(letter, '-' | '.'));
                number.parse::<f64>().is_ok()
            }
        }
    }

    /// A backslash takes the next letter with it.
    fn string(&mut self, quote: char) -> bool {
        self.at += 1;
        while let Some(&letter) = self.letters.get(self.at) {
            self.at += if letter == '\\' { 2 } else { 1 };
            if letter == quote {
                return true;
            }
        }
        false
    }

    fn word(&mut self, word: &str) -> bool {
        self.skip_blanks();
        let start = self.at;
        if self.take(|letter| letter.is_alphanumeric() || letter == '_').eq_ignore_ascii_case(word) {
            return true;
        }
        self.at = start;
        false
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        self.skip_blanks();
        let rest = self.letters.get(self.at..).unwrap_or_default();
        let found = symbol.chars().enumerate().all(|(n, wanted)| rest.get(n) == Some(&wanted));
        if found {
            self.at += symbol.len();
        }
        found
    }

    fn take(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let rest = self.letters.get(self.at..).unwrap_or_default();
        let taken: String = rest.iter().copied().take_while(|&letter| wanted(letter)).collect();
        self.at += taken.chars().count();
        taken
    }

    fn skip_blanks(&mut self) {
        while self.letters.get(self.at).is_some_and(|letter| matches!(letter, ' ' | '\t')) {
            self.at += 1;
        }
    }
}

/// Bytes of the longest filter.
const LONGEST: usize = 1024;
/// How many parentheses may stand in each other.
const DEEPEST: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_read_to_their_end() {
        let good = [
            "DriveType=3",
            "DriveType = 3 AND FreeSpace < 1000000000",
            "Name like 'C%' or (Name = \"D:\" and not DriveType <> 5)",
            "State != 'Running' and StartMode='Auto'",
            "Description is not null and Size is null",
            "Name = 'O\\'Brien'",
            "IPEnabled = TRUE",
            "Load >= -1.5",
            "not not A=1",
            "((((((((A=1))))))))",
        ];
        for text in good {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        let bad = [
            ("", FilterFault::Property(1)),
            ("3=3", FilterFault::Property(1)),
            ("__PATH='x'", FilterFault::Property(1)),
            ("Name", FilterFault::Operator(5)),
            ("Name isa 'x'", FilterFault::Operator(6)),
            ("Name = Other", FilterFault::Literal(8)),
            ("Name = 'x", FilterFault::Literal(10)),
            ("Name = 'x\\'", FilterFault::Literal(12)),
            ("Name = 'x' group by Name", FilterFault::End(12)),
            ("Name = 'x' and", FilterFault::Property(15)),
            ("(Name = 'x'", FilterFault::End(12)),
            ("Name = 'x')", FilterFault::End(11)),
            ("A=1; B=2", FilterFault::End(4)),
            ("A is 3", FilterFault::Literal(6)),
            ("(((((((((A=1)))))))))", FilterFault::TooLarge),
        ];
        for (text, fault) in bad {
            assert_eq!(check(text), Err(fault), "{text}");
        }
        assert_eq!(check(&"not ".repeat(1000)), Err(FilterFault::TooLarge));
    }
}
