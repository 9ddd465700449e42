//! The known name that looks most like one that is not known.

/// The candidate nearest to `asked`, if one is near enough to be a slip of the fingers.
///
/// Near is: the same but for case, or at most a third of its letters (one at least) inserted, deleted,
/// replaced or swapped with their neighbour; or one is the beginning of the other. Names beyond 128
/// characters are not compared. The first of several equally near ones wins.
#[must_use]
pub fn nearest<'n>(asked: &str, candidates: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let wanted: Vec<char> = asked.chars().flat_map(char::to_lowercase).take(LONGEST + 1).collect();
    if wanted.len() > LONGEST {
        return None;
    }
    let allowed = (wanted.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let name: Vec<char> = candidate.chars().flat_map(char::to_lowercase).take(LONGEST + 1).collect();
        if name.len() > LONGEST {
            continue;
        }
        let begins = wanted.len() >= 3
            && (name.starts_with(&wanted) || (name.len() >= 3 && wanted.starts_with(&name)));
        let distance = distance(&wanted, &name);
        if !begins && distance > allowed {
            continue;
        }
        let rank = if begins { distance.min(allowed) } else { distance };
        if best.is_none_or(|(least, _)| rank < least) {
            best = Some((rank, candidate));
        }
    }
    best.map(|(_, name)| name)
}

/// Optimal string alignment: Levenshtein with swaps of neighbours.
fn distance(from: &[char], to: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, &a) in from.iter().enumerate() {
        let mut current = Vec::with_capacity(to.len() + 1);
        current.push(row + 1);
        for (column, &b) in to.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&last, column) + usize::from(a != b);
            let mut cost = replaced.min(at(&last, column + 1) + 1).min(at(&current, column) + 1);
            let swapped =
                row > 0 && column > 0 && from.get(row - 1) == Some(&b) && to.get(column - 1) == Some(&a);
            if swapped {
                cost = cost.min(at(&before, column - 1) + 1);
            }
            current.push(cost);
        }
        before = std::mem::replace(&mut last, current);
    }
    last.last().copied().unwrap_or(0)
}

/// Characters of the longest name that is compared.
const LONGEST: usize = 128;
