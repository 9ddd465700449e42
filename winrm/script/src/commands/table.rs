//! The table of commands: text that stays as it is, with an index of its names.
//!
//! `data/commands.tsv` has one line for each command and source, sorted by name in lower case and then by source, the
//! best first: name, module, source (`7`, `x`, `5`, `6`), risk, default set or `-`, number of sets, and parameters
//! with spaces between them. A parameter is `Name:type:aliases:flags:sets`: aliases with commas between them; of the
//! flags `p` is a path and `c` a parameter that comes with `SupportsShouldProcess`; the sets are `*` for all of them
//! or `2,5` for some, each with its facts: `m` mandatory, `v` from the pipeline by value, `n` by property name, `r`
//! takes all that remains, `@0` the position. `data/aliases.tsv` has aliases and names.

use std::cmp::Ordering;
use std::sync::LazyLock;

/// A command of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    name: &'static str,
    /// The lines for this command, at least one.
    lines: &'static str,
}

/// What one source says of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    module: &'static str,
    source: Source,
    risk: Risk,
    default_set: Option<u32>,
    sets: u32,
    parameters: &'static str,
}

/// Where a variant comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// The metadata of PowerShell 7: aliases, positions, sets and pipeline binding are known.
    Newest,
    /// Written for this table from a command's documentation: a module of a server role. Only the syntax is known.
    Documentation,
    /// The syntax that Windows PowerShell 5.1 shows.
    Desktop,
    /// The syntax that PowerShell 6.1 shows on Windows.
    Core,
}

/// Whether a command may change anything. Unknown is change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Risk {
    /// It only looks, or works on what it is given.
    Read,
    /// It may change something, start something or run code.
    Change,
}

/// A parameter of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    name: &'static str,
    /// What stands behind the name in the table; taken apart when it is asked for.
    rest: &'static str,
}

/// What is true of a parameter in a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ParameterSet {
    /// The number of the set; nothing stands for all of them.
    pub set: Option<u32>,
    /// The position, from 0, of an argument without a name.
    pub position: Option<u32>,
    /// Whether it must be given.
    pub mandatory: bool,
    /// Whether it takes whole objects from the pipeline.
    pub by_value: bool,
    /// Whether it takes properties of that name from the pipeline.
    pub by_property_name: bool,
    /// Whether it takes all arguments that remain.
    pub remaining: bool,
}

/// The command with this name, or the one that an alias stands for. Upper and lower case are the same.
///
/// A name may be qualified with its module: `Microsoft.PowerShell.Management\Get-Item`.
#[must_use]
pub fn find(name: &str) -> Option<Command> {
    if let Some((module, name)) = name.split_once('\\') {
        let command = find_command(name)?;
        return command
            .variants()
            .any(|variant| variant.module.eq_ignore_ascii_case(module))
            .then_some(command);
    }
    find_command(name).or_else(|| find_command(alias(name)?))
}

/// The command that an alias stands for.
#[must_use]
pub fn alias(name: &str) -> Option<&'static str> {
    lines_named(&ALIAS_LINES, name)?.1.lines().next()?.split('\t').nth(1)
}

/// The names of all commands, sorted, each spelled as PowerShell spells it.
pub fn names() -> impl Iterator<Item = &'static str> {
    COMMAND_LINES.iter().map(|(name, _)| *name)
}

impl Command {
    /// The name, spelled as PowerShell spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }

    /// What the sources say, the best first. There is at least one.
    pub fn variants(self) -> impl Iterator<Item = Variant> {
        self.lines.lines().filter_map(Variant::parse)
    }

    /// The module, as the best source has it.
    #[must_use]
    pub fn module(self) -> &'static str {
        self.variants().next().map_or("", Variant::module)
    }

    /// The risk.
    #[must_use]
    pub fn risk(self) -> Risk {
        self.variants().map(Variant::risk).max().unwrap_or(Risk::Change)
    }

    /// The parameter with exactly this name or alias, from the best source that has it. Common ones are included.
    #[must_use]
    pub fn parameter(self, name: &str) -> Option<Parameter> {
        self.variants().find_map(|variant| variant.parameters().find(|parameter| parameter.is_called(name)))
    }
}

impl Variant {
    fn parse(line: &'static str) -> Option<Self> {
        let mut fields = line.split('\t').skip(1);
        Some(Self {
            module: fields.next()?,
            source: match fields.next()? {
                "7" => Source::Newest,
                "5" => Source::Desktop,
                "6" => Source::Core,
                _ => Source::Documentation,
            },
            risk: if fields.next()? == "read" { Risk::Read } else { Risk::Change },
            default_set: fields.next()?.parse().ok(),
            sets: fields.next()?.parse().ok()?,
            parameters: fields.next()?,
        })
    }

    /// The module.
    #[must_use]
    pub fn module(self) -> &'static str {
        self.module
    }

    /// Where this comes from.
    #[must_use]
    pub fn source(self) -> Source {
        self.source
    }

    /// The risk.
    #[must_use]
    pub fn risk(self) -> Risk {
        self.risk
    }

    /// The number of the default set, where it is known.
    #[must_use]
    pub fn default_set(self) -> Option<u32> {
        self.default_set
    }

    /// How many sets there are.
    #[must_use]
    pub fn sets(self) -> u32 {
        self.sets
    }

    /// The command's own parameters, then the common ones that this version of PowerShell has.
    pub fn parameters(self) -> impl Iterator<Item = Parameter> {
        let newest = self.source == Source::Newest;
        self.parameters
            .split(' ')
            .filter_map(Parameter::parse)
            .chain(COMMON_PARAMETERS.iter().copied().filter(move |common| newest || common.name != PROGRESS))
    }
}

impl Parameter {
    fn parse(text: &'static str) -> Option<Self> {
        let (name, rest) = text.split_once(':')?;
        Some(Self { name, rest })
    }

    /// Sets, flags, aliases and type. Only a type may hold colons of its own, as in `CimInstance#root/x:y`.
    fn field(self, index: usize) -> &'static str {
        self.rest.rsplitn(4, ':').nth(index).unwrap_or_default()
    }

    /// Whether this is the same entry of the table.
    pub(super) fn is(self, other: Self) -> bool {
        std::ptr::eq(self.name, other.name)
    }

    /// Whether it takes a value without a name in any set.
    pub(super) fn has_position(self) -> bool {
        self.rest.contains('@')
    }

    /// The full name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }

    /// The type, as the syntax of a command shows it: `string[]`, `switch`, `ServiceController[]`.
    #[must_use]
    pub fn type_name(self) -> &'static str {
        self.field(3)
    }

    /// Whether it is a switch.
    #[must_use]
    pub fn is_switch(self) -> bool {
        self.rest.starts_with("switch:")
    }

    /// The aliases that are known.
    pub fn aliases(self) -> impl Iterator<Item = &'static str> {
        self.field(2).split(',').filter(|alias| !alias.is_empty())
    }

    /// Whether its value is a path on the host.
    #[must_use]
    pub fn is_path(self) -> bool {
        self.field(1).contains('p')
    }

    /// Whether every command has it, or every one that supports `-WhatIf`.
    #[must_use]
    pub fn is_common(self) -> bool {
        self.field(1).contains('c')
    }

    /// Whether this is its name or one of its aliases, in any case.
    #[must_use]
    pub fn is_called(self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name) || self.aliases().any(|alias| alias.eq_ignore_ascii_case(name))
    }

    /// Whether its name or one of its aliases begins so, in any case.
    #[must_use]
    pub fn begins_with(self, prefix: &str) -> bool {
        let begins =
            |name: &str| name.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix));
        begins(self.name) || self.aliases().any(begins)
    }

    /// The sets that it belongs to.
    pub fn sets(self) -> impl Iterator<Item = ParameterSet> {
        self.field(0).split(',').filter_map(ParameterSet::parse)
    }
}

impl ParameterSet {
    /// The bit of this set, or all bits.
    pub(super) fn bit(self) -> u64 {
        self.set.map_or(u64::MAX, |set| 1_u64.checked_shl(set).unwrap_or(0))
    }

    fn parse(text: &str) -> Option<Self> {
        let (text, position) = match text.split_once('@') {
            Some((text, position)) => (text, position.parse().ok()),
            None => (text, None),
        };
        let facts = text.trim_start_matches(|next: char| next == '*' || next.is_ascii_digit());
        let set = text.strip_suffix(facts)?;
        Some(Self {
            set: if set == "*" { None } else { Some(set.parse().ok()?) },
            position,
            mandatory: facts.contains('m'),
            by_value: facts.contains('v'),
            by_property_name: facts.contains('n'),
            remaining: facts.contains('r'),
        })
    }
}

fn find_command(name: &str) -> Option<Command> {
    let (name, lines) = lines_named(&COMMAND_LINES, name)?;
    Some(Command { name, lines })
}

/// The first fields of a text's lines, which are sorted by them in lower case, each with all of its lines.
fn lines_by_name(text: &'static str) -> Vec<(&'static str, &'static str)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((name, _)) = rest.split_once('\t') {
        let named =
            |line: &&str| line.split_once('\t').is_some_and(|(own, _)| own.eq_ignore_ascii_case(name));
        let length = rest.split_inclusive('\n').take_while(named).map(str::len).sum();
        let Some((lines, others)) = rest.split_at_checked(length) else { break };
        found.push((name, lines));
        rest = others;
    }
    found
}

fn lines_named(table: &[(&'static str, &'static str)], name: &str) -> Option<(&'static str, &'static str)> {
    let at = table.binary_search_by(|(own, _)| compare(own, name)).ok()?;
    table.get(at).copied()
}

fn compare(left: &str, right: &str) -> Ordering {
    let left = left.bytes().map(|byte| byte.to_ascii_lowercase());
    left.cmp(right.bytes().map(|byte| byte.to_ascii_lowercase()))
}

const COMMANDS: &str = include_str!("../../data/commands.tsv");
const ALIASES: &str = include_str!("../../data/aliases.tsv");
static COMMAND_LINES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| lines_by_name(COMMANDS));
static ALIAS_LINES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| lines_by_name(ALIASES));
static COMMON_PARAMETERS: LazyLock<Vec<Parameter>> =
    LazyLock::new(|| COMMON.split(' ').filter_map(Parameter::parse).collect());

/// What Windows PowerShell 5.1 does not have.
const PROGRESS: &str = "ProgressAction";
const COMMON: &str = "Debug:switch:db:c:* ErrorAction:ActionPreference:ea:c:* ErrorVariable:string:ev:c:* \
                      InformationAction:ActionPreference:infa:c:* InformationVariable:string:iv:c:* \
                      OutBuffer:int:ob:c:* OutVariable:string:ov:c:* PipelineVariable:string:pv:c:* \
                      ProgressAction:ActionPreference:proga:c:* Verbose:switch:vb:c:* \
                      WarningAction:ActionPreference:wa:c:* WarningVariable:string:wv:c:*";

#[cfg(test)]
mod tests {
    use super::{COMMANDS, Command, Risk, alias, find};

    #[test]
    fn every_line_is_found_and_read() {
        for line in COMMANDS.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let command = find(fields[0]).unwrap_or_else(|| panic!("{} is not found", fields[0]));
            let variant = command
                .variants()
                .find(|variant| variant.parameters == fields[6] && variant.module == fields[1])
                .unwrap_or_else(|| panic!("{line} is not read"));
            let own = fields[6].split(' ').filter(|text| !text.is_empty()).count();
            assert!(variant.parameters().count() >= own + 11, "{}", fields[0]);
            assert!(variant.sets() <= 64, "{} has too many sets", fields[0]);
            for parameter in variant.parameters() {
                assert!(parameter.sets().count() > 0, "{} -{}", fields[0], parameter.name());
                assert!(!parameter.type_name().is_empty(), "{} -{}", fields[0], parameter.name());
            }
        }
    }

    #[test]
    fn names_aliases_and_modules_are_looked_up() {
        let name = |text| find(text).map(Command::name);
        assert_eq!(name("get-ITEM"), Some("Get-Item"));
        assert_eq!(name("gsv"), Some("Get-Service"));
        assert_eq!(name("?"), Some("Where-Object"));
        assert_eq!(name("Microsoft.PowerShell.Management\\Get-Item"), Some("Get-Item"));
        assert_eq!(name("Elsewhere\\Get-Item"), None);
        assert_eq!(name("Item"), None);
        assert_eq!(name("Get\u{2013}Item"), None);
        assert_eq!(name(""), None);
        assert_eq!(alias("%"), Some("ForEach-Object"));
    }

    #[test]
    fn risk_is_change_unless_it_is_known() {
        for (name, risk) in [
            ("Get-Service", Risk::Read),
            ("Stop-Service", Risk::Change),
            ("Get-Certificate", Risk::Change),
            ("Format-Volume", Risk::Change),
            ("Format-Table", Risk::Read),
            ("ForEach-Object", Risk::Change),
        ] {
            assert_eq!(find(name).map(Command::risk), Some(risk), "{name}");
        }
    }

    #[test]
    fn parameters_say_what_they_are() {
        let item = find("Get-ChildItem").expect("it is there");
        let path = item.parameter("path").expect("it is there");
        assert!(path.is_path() && path.type_name() == "string[]" && !path.is_common());
        let literal = item.parameter("PSPath").expect("an alias");
        assert_eq!(literal.name(), "LiteralPath");
        assert!(literal.sets().all(|set| set.by_property_name && set.mandatory));
        assert!(item.parameter("ErrorAction").is_some_and(super::Parameter::is_common));
        assert!(item.parameter("Path2").is_none());
    }
}
