//! What the evaluator knows, for the check before a script runs.

use super::filter;
use crate::check::{Use, Vocabulary};
use crate::value::Type;
use crate::value::type_name::Plain;

/// The evaluator's types, members, variables and commands.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known;

impl Vocabulary for Known {
    fn has_type(&self, name: &str) -> bool {
        Type::named(name).is_some()
    }

    fn has_static(&self, type_name: &str, member: &str, use_of: Use) -> bool {
        let plain = match Type::named(type_name) {
            Some(Type::Plain(plain)) => plain,
            Some(Type::ListOf(_)) => return use_of == Use::Method && member.eq_ignore_ascii_case("new"),
            Some(Type::ArrayOf(_)) | None => return false,
        };
        if plain.as_enum().is_some() {
            return use_of == Use::Property;
        }
        STATICS
            .iter()
            .any(|(own, form, members)| *own == plain && *form == use_of && contains(members, member))
    }

    fn has_method(&self, name: &str) -> bool {
        contains(METHODS, name)
    }

    fn has_automatic(&self, name: &str) -> bool {
        contains(AUTOMATIC, name)
    }

    fn has_environment(&self, name: &str) -> bool {
        contains(ENVIRONMENT, name)
    }

    fn evaluates(&self, command: &str) -> bool {
        filter::runs(command)
    }
}

fn contains(words: &str, word: &str) -> bool {
    words.split_ascii_whitespace().any(|own| own.eq_ignore_ascii_case(word))
}

const STATICS: [(Plain, Use, &str); 28] = [
    (Plain::Array, Use::Method, "IndexOf Reverse"),
    (Plain::Math, Use::Property, "E PI"),
    (Plain::Math, Use::Method, "Abs Ceiling Exp Floor Log Log10 Log2 Max Min Pow Round Sign Sqrt Truncate"),
    (Plain::String, Use::Property, "Empty"),
    (Plain::String, Use::Method, "Concat Equals Format IsNullOrEmpty IsNullOrWhiteSpace Join New"),
    (Plain::DateTime, Use::Property, "MaxValue MinValue Now Today UtcNow"),
    (
        Plain::DateTime,
        Use::Method,
        "DaysInMonth FromFileTime FromFileTimeUtc IsLeapYear New Parse ParseExact",
    ),
    (Plain::TimeSpan, Use::Property, "Zero"),
    (
        Plain::TimeSpan,
        Use::Method,
        "FromDays FromHours FromMilliseconds FromMinutes FromSeconds FromTicks New Parse",
    ),
    (Plain::Int32, Use::Property, "MaxValue MinValue"),
    (Plain::Int32, Use::Method, "Parse"),
    (Plain::Int64, Use::Property, "MaxValue MinValue"),
    (Plain::Int64, Use::Method, "Parse"),
    (Plain::UInt32, Use::Property, "MaxValue"),
    (Plain::UInt64, Use::Property, "MaxValue"),
    (Plain::Int16, Use::Property, "MaxValue"),
    (Plain::Byte, Use::Property, "MaxValue"),
    (Plain::Double, Use::Property, "MaxValue MinValue NaN NegativeInfinity PositiveInfinity"),
    (Plain::Double, Use::Method, "Parse"),
    (Plain::Decimal, Use::Method, "Ceiling Floor Parse Round Truncate"),
    (Plain::Guid, Use::Property, "Empty"),
    (Plain::Guid, Use::Method, "Parse"),
    (Plain::Version, Use::Method, "Parse"),
    (Plain::Boolean, Use::Method, "Parse"),
    (Plain::Char, Use::Method, "IsDigit IsLetter IsLetterOrDigit IsLower IsUpper IsWhiteSpace"),
    (Plain::Regex, Use::Method, "Escape IsMatch Match Matches Replace Split"),
    (
        Plain::Path,
        Use::Method,
        "Combine GetDirectoryName GetExtension GetFileName GetFileNameWithoutExtension",
    ),
    (Plain::Convert, Use::Method, "ToDecimal ToDouble ToInt32 ToInt64 ToString"),
];

const METHODS: &str = "Add AddDays AddHours AddMilliseconds AddMinutes AddMonths AddRange AddSeconds AddTicks AddYears \
                       Clear Clone CompareTo Contains ContainsKey ContainsValue Duration EndsWith Equals ForEach \
                       GetEnumerator GetType GetValue IndexOf Insert LastIndexOf Negate PadLeft PadRight Remove RemoveAt \
                       Replace Split StartsWith Substring Subtract ToArray ToCharArray ToFileTime ToFileTimeUtc ToLocalTime ToLongDateString \
                       ToLongTimeString ToLower ToLowerInvariant ToShortDateString ToShortTimeString ToString \
                       ToUniversalTime ToUpper ToUpperInvariant Trim TrimEnd TrimStart Where";

const AUTOMATIC: &str = "_ PSItem Matches LASTEXITCODE ? PSVersionTable Error args input ErrorActionPreference \
                         WarningPreference VerbosePreference DebugPreference InformationPreference \
                         ProgressPreference OFS";

const ENVIRONMENT: &str = "ALLUSERSPROFILE COMPUTERNAME CommonProgramFiles HOMEDRIVE NUMBER_OF_PROCESSORS OS \
                           PROCESSOR_ARCHITECTURE ProgramData ProgramFiles ProgramFiles(x86) ProgramW6432 PUBLIC \
                           SystemDrive SystemRoot USERDNSDOMAIN USERDOMAIN USERNAME USERPROFILE windir";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::evaluate::{Evaluator, Facts, Limits, Step};
    use crate::parse;

    /// Whatever the check lets through by this list is a member that the evaluator has.
    #[test]
    fn every_property_that_is_listed_is_there() {
        let facts = || Facts { now: "2026-11-21T12:00:00+00:00".parse().ok(), ..Facts::default() };
        for (plain, form, members) in STATICS {
            for member in members.split_ascii_whitespace().filter(|_| form == Use::Property) {
                let script = format!("[{}]::{member}", plain.full_name());
                let tree = parse::script(&script).unwrap();
                let mut evaluator = Evaluator::new(&script, tree, facts(), Limits::default());
                let step = evaluator.step(Duration::ZERO);
                assert!(matches!(step, Step::Output(_)), "{script}: {step:?}");
            }
        }
        assert!(Known.evaluates("where-object") && !Known.evaluates("Get-Service"));
        assert!(!Known.evaluates("Invoke-Expression"));
        assert!(Known.has_static("System.DayOfWeek", "Friday", Use::Property));
    }
}
