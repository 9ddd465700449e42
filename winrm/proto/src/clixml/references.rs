//! The tables behind `<Ref>` and `<TNRef>`.

use std::collections::HashMap;

/// What was stored under the `RefId` of an element.
///
/// Every writer counts from zero, so a vector serves nearly always; an identifier that skips ahead, or is not a number,
/// goes to a map.
#[derive(Debug)]
pub(super) struct References<T> {
    counted: Vec<T>,
    others: HashMap<String, T>,
}

impl<T> References<T> {
    /// Stores under an identifier; an earlier use of it is forgotten.
    pub(super) fn set(&mut self, id: &str, value: T) {
        match position(id) {
            Some(at) if at == self.counted.len() => self.counted.push(value),
            Some(at) if at < self.counted.len() => {
                if let Some(slot) = self.counted.get_mut(at) {
                    *slot = value;
                }
            }
            _ => {
                self.others.insert(id.to_owned(), value);
            }
        }
    }

    /// What the identifier names.
    pub(super) fn find(&self, id: &str) -> Option<&T> {
        // An identifier that once skipped ahead may have been counted up to since; the later use is the counted one.
        position(id).and_then(|at| self.counted.get(at)).or_else(|| self.others.get(id))
    }
}

impl<T> Default for References<T> {
    fn default() -> Self {
        Self { counted: Vec::new(), others: HashMap::new() }
    }
}

fn position(id: &str) -> Option<usize> {
    let canonical = id == "0" || id.bytes().next().is_some_and(|first| matches!(first, b'1'..=b'9'));
    if canonical { id.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_may_skip_repeat_and_be_words() {
        let mut references = References::default();
        for (id, value) in [("0", 'a'), ("7", 'b'), ("1", 'c'), ("0", 'd'), ("x", 'e'), ("01", 'f')] {
            references.set(id, value);
        }
        let found = ["0", "1", "7", "x", "01", "2"].map(|id| references.find(id).copied());
        assert_eq!(found, [Some('d'), Some('c'), Some('b'), Some('e'), Some('f'), None]);
    }
}
