//! The vocabulary of the language as it is documented.

use super::{Use, Vocabulary};

/// What the language has at least. An evaluator that knows more says so with a [`Vocabulary`] of its own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Standard;

impl Vocabulary for Standard {
    fn has_type(&self, name: &str) -> bool {
        contains(TYPES, short(name))
    }

    fn has_static(&self, type_name: &str, member: &str, _use_of: Use) -> bool {
        STATICS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(short(type_name)))
            .is_some_and(|(_, members)| contains(members, member))
    }

    fn has_method(&self, name: &str) -> bool {
        contains(METHODS, name)
    }

    fn has_automatic(&self, name: &str) -> bool {
        contains("_ PSItem Matches LASTEXITCODE ? PSVersionTable", name)
    }

    fn has_environment(&self, name: &str) -> bool {
        contains(ENVIRONMENT, name)
    }

    fn evaluates(&self, command: &str) -> bool {
        contains(COMMANDS, command)
    }
}

fn short(type_name: &str) -> &str {
    match type_name.get(..7) {
        Some(system) if system.eq_ignore_ascii_case("System.") => type_name.get(7..).unwrap_or_default(),
        _ => type_name,
    }
}

fn contains(words: &str, word: &str) -> bool {
    words.split_ascii_whitespace().any(|other| other.eq_ignore_ascii_case(word))
}

const TYPES: &str = "array bool boolean byte char datetime decimal double float guid hashtable int int16 int32 int64 \
                     ipaddress long object ordered pscustomobject psobject regex sbyte single short string switch \
                     timespan uint uint16 uint32 uint64 ulong uri ushort version void";

const STATICS: &[(&str, &str)] = &[
    ("math", "Abs Ceiling E Floor Log Log10 Log2 Max Min PI Pow Round Sign Sqrt Truncate"),
    ("string", "Compare Concat Empty Equals Format IsNullOrEmpty IsNullOrWhiteSpace Join"),
    (
        "datetime",
        "DaysInMonth FromFileTime FromFileTimeUtc IsLeapYear MaxValue MinValue Now Parse ParseExact SpecifyKind Today \
         UtcNow",
    ),
    ("timespan", "FromDays FromHours FromMilliseconds FromMinutes FromSeconds FromTicks Parse Zero"),
    ("int", "MaxValue MinValue Parse"),
    ("int32", "MaxValue MinValue Parse"),
    ("long", "MaxValue MinValue Parse"),
    ("int64", "MaxValue MinValue Parse"),
    ("double", "MaxValue MinValue Parse"),
    ("decimal", "MaxValue MinValue Parse Round"),
    ("char", "IsDigit IsLetter IsLetterOrDigit IsLower IsUpper IsWhiteSpace ToLower ToUpper"),
    ("guid", "Empty Parse"),
    ("regex", "Escape IsMatch Match Matches Replace Split"),
    ("version", "Parse"),
    ("bool", "Parse"),
];

const METHODS: &str = "Add AddDays AddHours AddMilliseconds AddMinutes AddMonths AddSeconds AddTicks AddYears Clear Clone \
                       CompareTo Contains ContainsKey ContainsValue EndsWith Equals ForEach GetEnumerator IndexOf \
                       Insert LastIndexOf PadLeft PadRight Remove Replace Split StartsWith Subtract Substring \
                       ToCharArray ToFileTime ToLocalTime ToLongDateString ToLongTimeString ToLower ToLowerInvariant \
                       ToShortDateString ToShortTimeString ToString ToUniversalTime ToUpper ToUpperInvariant Trim \
                       TrimEnd TrimStart Where";

const ENVIRONMENT: &str = "ALLUSERSPROFILE COMPUTERNAME CommonProgramFiles HOMEDRIVE NUMBER_OF_PROCESSORS OS \
                           PROCESSOR_ARCHITECTURE ProgramData ProgramFiles ProgramFiles(x86) ProgramW6432 PUBLIC \
                           SystemDrive SystemRoot USERDNSDOMAIN USERDOMAIN USERNAME USERPROFILE windir";

const COMMANDS: &str = "Add-Member Compare-Object ConvertFrom-Csv ConvertFrom-Json ConvertFrom-StringData ConvertTo-Csv \
                        ConvertTo-Json ForEach-Object Format-List Format-Table Format-Wide Get-Unique Group-Object \
                        Join-Path Measure-Object New-Object New-TimeSpan Out-Default Out-Host Out-Null Out-String Select-Object \
                        Sort-Object Split-Path Start-Sleep Tee-Object Where-Object Write-Debug Write-Error Write-Host \
                        Write-Information Write-Output Write-Progress Write-Verbose Write-Warning";
