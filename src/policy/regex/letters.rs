//! Sets of characters, as far as it matters whether two can take the same one.

/// The characters of ASCII one by one, and all others by kind. It may hold more than an expression takes, never less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Letters {
    ascii: u128,
    others: u8,
}

impl Letters {
    /// Nearly any character: `.` and what is not read closely.
    pub(super) const ANY: Self = Self { ascii: u128::MAX, others: ALL };

    /// One character, in either case.
    pub(super) fn of(letter: char) -> Self {
        Self::range(letter, letter).folded()
    }

    /// From the first to the last, as they are written.
    pub(super) fn range(first: char, last: char) -> Self {
        let ascii = ('\0'..='\x7f').filter(|letter| (first..=last).contains(letter));
        let ascii = ascii.fold(0, |bits, letter| bits | 1 << u32::from(letter));
        let others = match (last.is_ascii(), first == last && last.is_whitespace()) {
            (true, _) => 0,
            (false, true) => SPACES,
            (false, false) => ALL,
        };
        Self { ascii, others }
    }

    /// What `\d`, `\w`, `\s` and their opposites take.
    pub(super) fn named(name: char) -> Option<Self> {
        let digits = Self { others: DIGITS, ..Self::range('0', '9') };
        let spaces = Self { ascii: 1 << 0x20 | 0x1f << 0x09, others: SPACES };
        let words = Self::range('A', 'Z').with(Self::range('a', 'z')).with(Self::of('_')).with(digits);
        let words = Self { others: WORDS | DIGITS, ..words };
        Some(match name {
            'd' => digits,
            'D' => digits.opposite(),
            's' => spaces,
            'S' => spaces.opposite(),
            'w' => words,
            'W' => words.opposite(),
            _ => return None,
        })
    }

    /// Both.
    pub(super) fn with(self, other: Self) -> Self {
        Self { ascii: self.ascii | other.ascii, others: self.others | other.others }
    }

    /// All that are not in it. Only for what takes all characters of each kind that it has.
    pub(super) fn opposite(self) -> Self {
        Self { ascii: !self.ascii, others: ALL & !self.others }
    }

    /// All that are not certainly in it: of characters beyond ASCII it may hold a few of a kind.
    pub(super) fn rest(self) -> Self {
        Self { ascii: !self.ascii, others: ALL }
    }

    /// The same in either case.
    pub(super) fn folded(self) -> Self {
        let letters = |from: u32| self.ascii >> from & ((1 << 26) - 1);
        let both = letters(u32::from('A')) | letters(u32::from('a'));
        let ascii = self.ascii | both << u32::from('A') | both << u32::from('a');
        // The Kelvin sign is a k, and of some languages an i has a dot where another has none.
        let has_relatives = ['i', 'k'].into_iter().any(|letter| ascii >> u32::from(letter) & 1 == 1);
        Self { ascii, others: self.others | if has_relatives { WORDS } else { 0 } }
    }

    /// Whether some character is in both.
    pub(super) fn meets(self, other: Self) -> bool {
        self.ascii & other.ascii != 0 || self.others & other.others != 0
    }
}

/// Kinds of characters beyond ASCII.
const DIGITS: u8 = 1;
const WORDS: u8 = 2;
const SPACES: u8 = 4;
const ALL: u8 = 15;
