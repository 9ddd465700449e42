//! The types that a script may name.

/// A type that a script may name: a closed list.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Type {
    /// One of the types by itself.
    Plain(Plain),
    /// An array of it.
    ArrayOf(Plain),
    /// `System.Collections.Generic.List[…]` of it.
    ListOf(Plain),
}

/// A type by itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "each has PowerShell's own name")]
pub enum Plain {
    Object,
    String,
    Char,
    Boolean,
    SByte,
    Byte,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Int64,
    UInt64,
    Single,
    Double,
    Decimal,
    DateTime,
    TimeSpan,
    Guid,
    Version,
    Uri,
    Array,
    ArrayList,
    Hashtable,
    Ordered,
    Custom,
    ScriptBlock,
    Switch,
    Void,
    Math,
    Regex,
    Convert,
    Path,
    Type,
    ValueType,
    Enum,
    DayOfWeek,
    StringComparison,
    MidpointRounding,
    DateTimeKind,
    ActionPreference,
    CultureInfo,
    StringSplitOptions,
}

impl Type {
    /// The type of this name, as it stands between brackets, without regard to case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = name.trim();
        if name.is_empty() {
            return None;
        }
        if let Some(element) = name.strip_suffix("[]") {
            return match Self::named(element)? {
                Self::Plain(plain) => Some(Self::ArrayOf(plain)),
                Self::ArrayOf(_) | Self::ListOf(_) => None,
            };
        }
        let lower = name.to_ascii_lowercase();
        if let Some(element) = lower.strip_suffix(']') {
            let begin = LISTS.iter().find_map(|begin| element.strip_prefix(begin));
            return match Self::named(begin?)? {
                // What is wrapped in a property bag is itself.
                Self::Plain(Plain::Object | Plain::Custom) => Some(Self::ListOf(Plain::Object)),
                Self::Plain(plain) if LISTED.contains(&plain) => Some(Self::ListOf(plain)),
                _ => None,
            };
        }
        let plain = lower.strip_prefix("system.").unwrap_or(&lower);
        let accelerator = NAMES.iter().find(|(_, short, ..)| *short == lower);
        let full = || NAMES.iter().find(|(_, _, own)| own.eq_ignore_ascii_case(&lower));
        let without = || {
            let is =
                |own: &str| own.strip_prefix("System.").is_some_and(|own| own.eq_ignore_ascii_case(plain));
            NAMES.iter().find(|(_, _, own)| is(own))
        };
        accelerator.or_else(full).or_else(without).map(|(plain, ..)| Self::Plain(*plain)).or_else(|| {
            ALIASES.iter().find(|(alias, _)| *alias == lower).map(|(_, plain)| Self::Plain(*plain))
        })
    }

    /// The full name.
    #[must_use]
    pub fn full_name(self) -> String {
        match self {
            Self::Plain(plain) => plain.full_name().to_owned(),
            Self::ArrayOf(plain) => format!("{}[]", plain.full_name()),
            Self::ListOf(plain) => format!("System.Collections.Generic.List`1[[{}]]", plain.full_name()),
        }
    }

    /// The name without its namespace.
    #[must_use]
    pub fn short_name(self) -> String {
        self.full_name().rsplit('.').next().unwrap_or_default().to_owned()
    }

    /// The name as PowerShell writes it: the short one where there is one.
    #[must_use]
    pub fn shown(self) -> String {
        match self {
            Self::Plain(plain) => plain.shown().to_owned(),
            Self::ArrayOf(plain) => format!("{}[]", plain.shown()),
            Self::ListOf(plain) => format!("System.Collections.Generic.List[{}]", plain.shown()),
        }
    }
}

impl Plain {
    /// The full name.
    #[must_use]
    pub fn full_name(self) -> &'static str {
        NAMES.iter().find(|(own, ..)| *own == self).map_or("System.Object", |(_, _, full)| full)
    }

    /// The short name, if there is one, else the full one.
    #[must_use]
    pub fn shown(self) -> &'static str {
        match NAMES.iter().find(|(own, ..)| *own == self) {
            Some((_, "", full)) => full,
            Some((_, short, _)) => short,
            None => "System.Object",
        }
    }

    /// The full name of the enum, if it is one that is known.
    #[must_use]
    pub fn as_enum(self) -> Option<&'static str> {
        match self {
            Self::DayOfWeek
            | Self::StringComparison
            | Self::MidpointRounding
            | Self::DateTimeKind
            | Self::ActionPreference
            | Self::StringSplitOptions => Some(self.full_name()),
            _ => None,
        }
    }
}

/// The type, PowerShell's short name for it, and its full name.
const NAMES: [(Plain, &str, &str); 42] = [
    (Plain::Object, "", "System.Object"),
    (Plain::String, "string", "System.String"),
    (Plain::Char, "char", "System.Char"),
    (Plain::Boolean, "bool", "System.Boolean"),
    (Plain::SByte, "sbyte", "System.SByte"),
    (Plain::Byte, "byte", "System.Byte"),
    (Plain::Int16, "short", "System.Int16"),
    (Plain::UInt16, "ushort", "System.UInt16"),
    (Plain::Int32, "int", "System.Int32"),
    (Plain::UInt32, "uint", "System.UInt32"),
    (Plain::Int64, "long", "System.Int64"),
    (Plain::UInt64, "ulong", "System.UInt64"),
    (Plain::Single, "float", "System.Single"),
    (Plain::Double, "double", "System.Double"),
    (Plain::Decimal, "decimal", "System.Decimal"),
    (Plain::DateTime, "datetime", "System.DateTime"),
    (Plain::TimeSpan, "timespan", "System.TimeSpan"),
    (Plain::Guid, "guid", "System.Guid"),
    (Plain::Version, "version", "System.Version"),
    (Plain::Uri, "uri", "System.Uri"),
    (Plain::Array, "array", "System.Array"),
    (Plain::ArrayList, "", "System.Collections.ArrayList"),
    (Plain::Hashtable, "hashtable", "System.Collections.Hashtable"),
    (Plain::Ordered, "ordered", "System.Collections.Specialized.OrderedDictionary"),
    (Plain::Custom, "psobject", "System.Management.Automation.PSObject"),
    (Plain::ScriptBlock, "scriptblock", "System.Management.Automation.ScriptBlock"),
    (Plain::Switch, "switch", "System.Management.Automation.SwitchParameter"),
    (Plain::Void, "void", "System.Void"),
    (Plain::Math, "", "System.Math"),
    (Plain::Regex, "regex", "System.Text.RegularExpressions.Regex"),
    (Plain::Convert, "", "System.Convert"),
    (Plain::Path, "", "System.IO.Path"),
    (Plain::Type, "type", "System.Type"),
    (Plain::ValueType, "", "System.ValueType"),
    (Plain::Enum, "", "System.Enum"),
    (Plain::DayOfWeek, "", "System.DayOfWeek"),
    (Plain::StringComparison, "", "System.StringComparison"),
    (Plain::MidpointRounding, "", "System.MidpointRounding"),
    (Plain::DateTimeKind, "", "System.DateTimeKind"),
    (Plain::ActionPreference, "", "System.Management.Automation.ActionPreference"),
    (Plain::CultureInfo, "cultureinfo", "System.Globalization.CultureInfo"),
    (Plain::StringSplitOptions, "", "System.StringSplitOptions"),
];

/// How the names of generic lists begin.
const LISTS: [&str; 2] = ["system.collections.generic.list[", "collections.generic.list["];
/// What generic lists are made of.
const LISTED: [Plain; 6] =
    [Plain::String, Plain::Int32, Plain::Int64, Plain::Double, Plain::Boolean, Plain::DateTime];

const ALIASES: [(&str, Plain); 3] = [
    ("pscustomobject", Plain::Custom),
    ("system.management.automation.pscustomobject", Plain::Custom),
    ("single", Plain::Single),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_under_all_their_names() {
        for (name, full) in [
            ("int", "System.Int32"),
            ("Int32", "System.Int32"),
            ("System.Int32", "System.Int32"),
            ("LONG", "System.Int64"),
            ("string[]", "System.String[]"),
            ("PSCustomObject", "System.Management.Automation.PSObject"),
            ("DayOfWeek", "System.DayOfWeek"),
            ("System.Collections.ArrayList", "System.Collections.ArrayList"),
            ("Collections.Generic.List[PSObject]", "System.Collections.Generic.List`1[[System.Object]]"),
            ("System.Collections.Generic.List[string]", "System.Collections.Generic.List`1[[System.String]]"),
        ] {
            assert_eq!(Type::named(name).map(Type::full_name).as_deref(), Some(full), "{name}");
        }
        for refused in
            ["Management.Automation.PSObject", "Diagnostics.Process", "", "int[][]", "List[int]", "List[int"]
        {
            let known = Type::named(refused);
            assert!(known.is_none() || refused.starts_with("Management"), "{refused}: {known:?}");
        }
    }
}
