//! Patterns of .NET for the values of parameters. Each is anchored at both ends.

use crate::policy::path::Root;

/// A text that names no other host, no type, no drive, and holds no wildcard.
pub(crate) const PLAIN: &str =
    r"\A(?!\s*[\\/]{2})(?!\s*[A-Za-z][A-Za-z0-9_.-]*:)(?![\s\S]*(?:::|://))[\s\S]*\z";

/// A pattern of names in one folder.
pub(crate) const IN_FOLDER: &str = r"\A[^\\/:]*\z";

/// A path under one of the roots, in a spelling that can mean only one thing.
pub(crate) fn paths(roots: &[Root]) -> String {
    let root = |root: &Root| escaped(root.to_string().trim_end_matches('\\'));
    let roots = roots.iter().map(root).collect::<Vec<_>>().join("|");
    format!(
        r#"\A(?:{roots})(?:\\(?![^\\]*~[0-9])(?![. ])[^\\/:*?"<>|\[\]`\x00-\x1f]*[^\\/:*?"<>|\[\]`\x00-\x1f. ])*\\?\z"#
    )
}

/// The whole numbers from the first to the last.
pub(crate) fn range(first: u64, last: u64) -> String {
    let mut parts = Vec::new();
    let mut next = Some(first);
    while let Some(from) = next.filter(|&from| from <= last) {
        let (part, after) = block(from, last);
        parts.push(part);
        next = after;
    }
    format!(r"\A(?:{})\z", parts.join("|"))
}

/// A pattern for numbers from this one on that differ in one digit and what stands behind it; and the next number.
fn block(from: u64, last: u64) -> (String, Option<u64>) {
    let mut unit: u64 = 1;
    let mut zeros = 0;
    while from > 0
        && unit.checked_mul(10).is_some_and(|larger| {
            from.is_multiple_of(larger) && from.checked_add(larger - 1).is_some_and(|end| end <= last)
        })
    {
        unit *= 10;
        zeros += 1;
    }
    let lowest = from / unit % 10;
    let fits = |digit: &u64| {
        let more = (digit - lowest).checked_add(1).and_then(|blocks| blocks.checked_mul(unit));
        more.and_then(|more| from.checked_add(more - 1)).is_some_and(|end| end <= last)
    };
    let highest = (lowest..=9).take_while(fits).last().unwrap_or(lowest);
    let before = from / unit / 10;
    let mut part = if before > 0 { before.to_string() } else { String::new() };
    if lowest == highest {
        part.push_str(&lowest.to_string());
    } else {
        part.push_str(&format!("[{lowest}-{highest}]"));
    }
    match zeros {
        0 => {}
        1 => part.push_str("[0-9]"),
        more => part.push_str(&format!("[0-9]{{{more}}}")),
    }
    let after = (highest - lowest + 1).checked_mul(unit).and_then(|count| from.checked_add(count));
    (part, after)
}

/// A text that means itself.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        if matches!(
            letter,
            '\\' | '*' | '+' | '?' | '|' | '{' | '}' | '[' | ']' | '(' | ')' | '^' | '$' | '.' | '#' | ' '
        ) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    #[test]
    fn a_range_matches_its_numbers_and_no_others() {
        for (first, last) in
            [(0, 0), (0, 9), (1, 10), (1, 500), (5, 23), (99, 101), (0, 65535), (7, 7), (90, 1234)]
        {
            let regex = Regex::new(&range(first, last)).unwrap();
            for number in 0..=70_000_u64 {
                let inside = (first..=last).contains(&number);
                assert_eq!(
                    regex.is_match(&number.to_string()),
                    inside,
                    "{number} in {first} to {last}: {regex}"
                );
            }
            assert!(!regex.is_match("01") && !regex.is_match("") && !regex.is_match("1\n"));
        }
        let all = Regex::new(&range(5, 4_294_967_295)).unwrap();
        assert!(all.is_match("4294967295") && !all.is_match("4294967296") && !all.is_match("4"));
        assert!(Regex::new(&range(1, u64::MAX)).unwrap().is_match(&u64::MAX.to_string()));
    }
}
