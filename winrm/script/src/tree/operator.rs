//! Operators.

/// An operator with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOperator {
    /// `+`.
    Plus,
    /// `-`.
    Minus,
    /// `!` and `-not`, which are the same.
    Not(NotForm),
    /// `-bnot`.
    BitNot,
    /// `-join`.
    Join,
    /// `-split`, `-isplit`, `-csplit`.
    Split(Case),
    /// `++` before.
    PreIncrement,
    /// `--` before.
    PreDecrement,
    /// `++` after.
    PostIncrement,
    /// `--` after.
    PostDecrement,
}

/// How "not" was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotForm {
    /// `!`.
    Exclamation,
    /// `-not`.
    Word,
}

/// An operator with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    /// `*`.
    Multiply,
    /// `/`.
    Divide,
    /// `%`.
    Remainder,
    /// `+`.
    Add,
    /// `-`.
    Subtract,
    /// `-f`.
    Format,
    /// `..`.
    Range,
    /// `-and`.
    And,
    /// `-or`.
    Or,
    /// `-xor`.
    Xor,
    /// `-band`.
    BitAnd,
    /// `-bor`.
    BitOr,
    /// `-bxor`.
    BitXor,
    /// `-shl`.
    ShiftLeft,
    /// `-shr`.
    ShiftRight,
    /// `-join`.
    Join,
    /// `-is`.
    Is,
    /// `-isnot`.
    IsNot,
    /// `-as`.
    As,
    /// An operator that comes in a form that minds the case (`-ceq`) and one that does not (`-eq`, `-ieq`).
    Compare(Comparison, Case),
}

/// What is compared, or done to text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `-eq`.
    Equal,
    /// `-ne`.
    NotEqual,
    /// `-ge`.
    GreaterOrEqual,
    /// `-gt`.
    Greater,
    /// `-lt`.
    Less,
    /// `-le`.
    LessOrEqual,
    /// `-like`.
    Like,
    /// `-notlike`.
    NotLike,
    /// `-match`.
    Match,
    /// `-notmatch`.
    NotMatch,
    /// `-replace`.
    Replace,
    /// `-contains`.
    Contains,
    /// `-notcontains`.
    NotContains,
    /// `-in`.
    In,
    /// `-notin`.
    NotIn,
    /// `-split`.
    Split,
}

/// Whether upper and lower case differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Case {
    /// They are the same.
    #[default]
    Insensitive,
    /// They differ.
    Sensitive,
}

/// An operator that assigns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AssignmentOperator {
    /// `=`.
    Assign,
    /// `+=`.
    Add,
    /// `-=`.
    Subtract,
    /// `*=`.
    Multiply,
    /// `/=`.
    Divide,
    /// `%=`.
    Remainder,
}

/// An operator that is a dash and a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DashOperator {
    Unary(UnaryOperator),
    Binary(BinaryOperator),
}

impl DashOperator {
    /// The operator with this name, without its dash, in any case.
    pub(crate) fn named(name: &str) -> Option<Self> {
        if let Some((_, operator)) = PLAIN.iter().find(|(plain, _)| plain.eq_ignore_ascii_case(name)) {
            return Some(*operator);
        }
        let compared = |name: &str, case| {
            let (_, comparison) = COMPARISONS.iter().find(|(plain, _)| plain.eq_ignore_ascii_case(name))?;
            Some(Self::Binary(BinaryOperator::Compare(*comparison, case)))
        };
        compared(name, Case::Insensitive)
            .or_else(|| compared(name.strip_prefix(['i', 'I'])?, Case::Insensitive))
            .or_else(|| compared(name.strip_prefix(['c', 'C'])?, Case::Sensitive))
    }

    /// The operator as one with an operand after it only.
    pub(crate) fn as_unary(self) -> Option<UnaryOperator> {
        match self {
            Self::Unary(operator) => Some(operator),
            Self::Binary(BinaryOperator::Join) => Some(UnaryOperator::Join),
            Self::Binary(BinaryOperator::Compare(Comparison::Split, case)) => {
                Some(UnaryOperator::Split(case))
            }
            Self::Binary(_) => None,
        }
    }
}

impl BinaryOperator {
    /// The higher, the closer it binds. All are left-associative.
    #[must_use]
    pub fn precedence(self) -> u8 {
        match self {
            Self::And | Self::Or | Self::Xor => 1,
            Self::BitAnd | Self::BitOr | Self::BitXor => 2,
            Self::Compare(..)
            | Self::Join
            | Self::Is
            | Self::IsNot
            | Self::As
            | Self::ShiftLeft
            | Self::ShiftRight => 3,
            Self::Add | Self::Subtract => 4,
            Self::Multiply | Self::Divide | Self::Remainder => 5,
            Self::Format => 6,
            Self::Range => 7,
        }
    }
}

const PLAIN: [(&str, DashOperator); 15] = [
    ("f", DashOperator::Binary(BinaryOperator::Format)),
    ("and", DashOperator::Binary(BinaryOperator::And)),
    ("or", DashOperator::Binary(BinaryOperator::Or)),
    ("xor", DashOperator::Binary(BinaryOperator::Xor)),
    ("band", DashOperator::Binary(BinaryOperator::BitAnd)),
    ("bor", DashOperator::Binary(BinaryOperator::BitOr)),
    ("bxor", DashOperator::Binary(BinaryOperator::BitXor)),
    ("shl", DashOperator::Binary(BinaryOperator::ShiftLeft)),
    ("shr", DashOperator::Binary(BinaryOperator::ShiftRight)),
    ("join", DashOperator::Binary(BinaryOperator::Join)),
    ("is", DashOperator::Binary(BinaryOperator::Is)),
    ("isnot", DashOperator::Binary(BinaryOperator::IsNot)),
    ("as", DashOperator::Binary(BinaryOperator::As)),
    ("not", DashOperator::Unary(UnaryOperator::Not(NotForm::Word))),
    ("bnot", DashOperator::Unary(UnaryOperator::BitNot)),
];

const COMPARISONS: [(&str, Comparison); 16] = [
    ("eq", Comparison::Equal),
    ("ne", Comparison::NotEqual),
    ("ge", Comparison::GreaterOrEqual),
    ("gt", Comparison::Greater),
    ("lt", Comparison::Less),
    ("le", Comparison::LessOrEqual),
    ("like", Comparison::Like),
    ("notlike", Comparison::NotLike),
    ("match", Comparison::Match),
    ("notmatch", Comparison::NotMatch),
    ("replace", Comparison::Replace),
    ("contains", Comparison::Contains),
    ("notcontains", Comparison::NotContains),
    ("in", Comparison::In),
    ("notin", Comparison::NotIn),
    ("split", Comparison::Split),
];
