//! Values of enums.

use winrm_proto::clixml::{PsString, TypeNames};

use super::type_name::Plain;

/// A value of an enum: its type, its name and its number.
#[derive(Clone, Debug)]
pub struct Enumeration {
    /// The type's full name.
    pub type_name: PsString,
    /// The type and its base types.
    pub type_names: TypeNames,
    /// The value's name; several with `, ` between them for flags.
    pub name: PsString,
    /// Its number.
    pub number: i64,
    /// The type of the number.
    pub underlying: Plain,
}

impl Enumeration {
    /// A value of one of the enums that this crate knows by name.
    #[must_use]
    pub fn known(type_name: &'static str, number: i64) -> Option<Self> {
        let (full, names) = KNOWN.iter().find(|(full, _)| *full == type_name)?;
        let (name, number) = names.iter().find(|(_, own)| *own == number)?;
        Some(Self::new(full, name, *number))
    }

    /// A value of a known enum by its name, or by what only its name begins with, without regard to case.
    #[must_use]
    pub fn named(type_name: &'static str, name: &str) -> Option<Self> {
        let (full, names) = KNOWN.iter().find(|(full, _)| *full == type_name)?;
        let begins = |(own, _): &&(&str, i64)| {
            own.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name))
        };
        let exact = names.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        let mut beginning = names.iter().filter(begins);
        let (name, number) = exact.or_else(|| beginning.next().filter(|_| beginning.next().is_none()))?;
        Some(Self::new(full, name, *number))
    }

    /// The type's name, if its values are known here.
    #[must_use]
    pub fn known_type(type_name: &str) -> Option<&'static str> {
        KNOWN.iter().find(|(full, _)| *full == type_name).map(|(full, _)| *full)
    }

    /// The names of a known enum, for messages.
    #[must_use]
    pub fn names_of(type_name: &str) -> Option<Vec<&'static str>> {
        let (_, names) = KNOWN.iter().find(|(full, _)| *full == type_name)?;
        Some(names.iter().map(|(name, _)| *name).collect())
    }

    fn new(type_name: &str, name: &str, number: i64) -> Self {
        Self {
            type_name: type_name.into(),
            type_names: [type_name, "System.Enum", "System.ValueType", "System.Object"].into_iter().collect(),
            name: name.into(),
            number,
            underlying: Plain::Int32,
        }
    }
}

type Names = &'static [(&'static str, i64)];

const KNOWN: [(&str, Names); 6] = [
    ("System.StringSplitOptions", &[("None", 0), ("RemoveEmptyEntries", 1), ("TrimEntries", 2)]),
    (
        "System.DayOfWeek",
        &[
            ("Sunday", 0),
            ("Monday", 1),
            ("Tuesday", 2),
            ("Wednesday", 3),
            ("Thursday", 4),
            ("Friday", 5),
            ("Saturday", 6),
        ],
    ),
    (
        "System.StringComparison",
        &[
            ("CurrentCulture", 0),
            ("CurrentCultureIgnoreCase", 1),
            ("InvariantCulture", 2),
            ("InvariantCultureIgnoreCase", 3),
            ("Ordinal", 4),
            ("OrdinalIgnoreCase", 5),
        ],
    ),
    (
        "System.MidpointRounding",
        &[
            ("ToEven", 0),
            ("AwayFromZero", 1),
            ("ToZero", 2),
            ("ToNegativeInfinity", 3),
            ("ToPositiveInfinity", 4),
        ],
    ),
    ("System.DateTimeKind", &[("Unspecified", 0), ("Utc", 1), ("Local", 2)]),
    (
        "System.Management.Automation.ActionPreference",
        &[
            ("SilentlyContinue", 0),
            ("Stop", 1),
            ("Continue", 2),
            ("Inquire", 3),
            ("Ignore", 4),
            ("Suspend", 5),
            ("Break", 6),
        ],
    ),
];
