//! The table of commands: text with an index of its names. What is asked for is taken apart once, and kept.
//!
//! `data/commands.tsv` has one line for each command and source, sorted by name in lower case and then by source, the
//! best first: name, module, source (`7`, `x`, `5`, `6`), risk, default set or `-`, number of sets, and parameters
//! with spaces between them. A parameter is `Name:type:aliases:flags:sets`: aliases with commas between them; of the
//! flags `p` is a path and `c` a parameter that comes with `SupportsShouldProcess`; the sets are `*` for all of them
//! or `2,5` for some, each with its facts: `m` mandatory, `v` from the pipeline by value, `n` by property name, `r`
//! takes all that remains, `@0` the position. `data/aliases.tsv` has aliases and names.

use std::cmp::Ordering;
use std::fmt;
use std::sync::{LazyLock, OnceLock};

/// A command of the table.
#[derive(Clone, Copy)]
pub struct Command {
    entry: &'static Entry,
}

/// What one source says of a command.
#[derive(Debug, Clone, Copy)]
pub struct Variant {
    facts: &'static VariantFacts,
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
    facts: &'static ParameterFacts,
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

/// The lines of a command, and what stands in them once somebody asked.
#[derive(Debug)]
struct Entry {
    name: &'static str,
    lines: &'static str,
    variants: OnceLock<Box<[VariantFacts]>>,
}

#[derive(Debug)]
struct VariantFacts {
    module: &'static str,
    source: Source,
    risk: Risk,
    default_set: Option<u32>,
    sets: u32,
    /// The command's own parameters as the table has them.
    text: &'static str,
    own: OnceLock<Box<[ParameterFacts]>>,
    parameters: OnceLock<Box<[Parameter]>>,
}

#[derive(Debug, PartialEq, Eq)]
struct ParameterFacts {
    name: &'static str,
    type_name: &'static str,
    /// With commas between them.
    aliases: &'static str,
    flags: &'static str,
    sets: Box<[ParameterSet]>,
    /// The sets, a bit for each; all bits for one that is in all of them.
    mask: u64,
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
            .any(|variant| variant.module().eq_ignore_ascii_case(module))
            .then_some(command);
    }
    find_command(name).or_else(|| find_command(alias(name)?))
}

/// The command that an alias stands for.
#[must_use]
pub fn alias(name: &str) -> Option<&'static str> {
    let at = ALIASES.binary_search_by(|(own, _)| compare(own, name)).ok()?;
    ALIASES.get(at).map(|(_, command)| *command)
}

/// The names of all commands, sorted, each spelled as PowerShell spells it.
pub fn names() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().map(|entry| entry.name)
}

impl Command {
    /// The name, spelled as PowerShell spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.entry.name
    }

    /// What the sources say, the best first. There is at least one.
    pub fn variants(self) -> impl Iterator<Item = Variant> {
        let parse = || self.entry.lines.lines().filter_map(VariantFacts::parse).collect();
        self.entry.variants.get_or_init(parse).iter().map(|facts| Variant { facts })
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

impl fmt::Debug for Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Command").field(&self.entry.name).finish()
    }
}

impl PartialEq for Command {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.entry, other.entry)
    }
}

impl Eq for Command {}

impl Variant {
    /// The module.
    #[must_use]
    pub fn module(self) -> &'static str {
        self.facts.module
    }

    /// Where this comes from.
    #[must_use]
    pub fn source(self) -> Source {
        self.facts.source
    }

    /// The risk.
    #[must_use]
    pub fn risk(self) -> Risk {
        self.facts.risk
    }

    /// The number of the default set, where it is known.
    #[must_use]
    pub fn default_set(self) -> Option<u32> {
        self.facts.default_set
    }

    /// How many sets there are.
    #[must_use]
    pub fn sets(self) -> u32 {
        self.facts.sets
    }

    /// The command's own parameters, then the common ones that this version of PowerShell has.
    pub fn parameters(self) -> impl Iterator<Item = Parameter> {
        self.all_parameters().iter().copied()
    }

    pub(super) fn all_parameters(self) -> &'static [Parameter] {
        let facts = self.facts;
        facts.parameters.get_or_init(|| {
            let newest = facts.source == Source::Newest;
            let parse = || facts.text.split(' ').filter_map(ParameterFacts::parse).collect();
            let common = COMMON_PARAMETERS.iter().filter(|common| newest || common.name != PROGRESS);
            facts.own.get_or_init(parse).iter().chain(common).map(|facts| Parameter { facts }).collect()
        })
    }
}

impl Parameter {
    /// Whether this is the same entry of the table.
    pub(super) fn is(self, other: Self) -> bool {
        std::ptr::eq(self.facts, other.facts)
    }

    /// The sets that it belongs to, a bit for each.
    pub(super) fn mask(self) -> u64 {
        self.facts.mask
    }

    /// The full name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.facts.name
    }

    /// The type, as the syntax of a command shows it: `string[]`, `switch`, `ServiceController[]`.
    #[must_use]
    pub fn type_name(self) -> &'static str {
        self.facts.type_name
    }

    /// Whether it is a switch.
    #[must_use]
    pub fn is_switch(self) -> bool {
        self.facts.type_name == "switch"
    }

    /// The aliases that are known.
    pub fn aliases(self) -> impl Iterator<Item = &'static str> {
        self.facts.aliases.split(',').filter(|alias| !alias.is_empty())
    }

    /// Whether its value is a path on the host.
    #[must_use]
    pub fn is_path(self) -> bool {
        self.facts.flags.contains('p')
    }

    /// Whether every command has it, or every one that supports `-WhatIf`.
    #[must_use]
    pub fn is_common(self) -> bool {
        self.facts.flags.contains('c')
    }

    /// Whether this is its name or one of its aliases, in any case.
    #[must_use]
    pub fn is_called(self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name) || self.aliases().any(|alias| alias.eq_ignore_ascii_case(name))
    }

    /// Whether its name or one of its aliases begins so, in any case.
    #[must_use]
    pub fn begins_with(self, prefix: &str) -> bool {
        let begins =
            |name: &str| name.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix));
        begins(self.name()) || self.aliases().any(begins)
    }

    /// The sets that it belongs to.
    pub fn sets(self) -> impl Iterator<Item = ParameterSet> {
        self.facts.sets.iter().copied()
    }
}

impl VariantFacts {
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
            text: fields.next()?,
            own: OnceLock::new(),
            parameters: OnceLock::new(),
        })
    }
}

impl ParameterFacts {
    /// Name, type, aliases, flags and sets. Only a type may hold colons of its own, as in `CimInstance#root/x:y`.
    fn parse(text: &'static str) -> Option<Self> {
        let (name, rest) = text.split_once(':')?;
        let mut fields = rest.rsplitn(4, ':');
        let sets: Box<[ParameterSet]> = fields.next()?.split(',').filter_map(ParameterSet::parse).collect();
        let flags = fields.next()?;
        let aliases = fields.next()?;
        let mask = sets.iter().fold(0, |mask, set| mask | set.bit());
        Some(Self { name, type_name: fields.next()?, aliases, flags, sets, mask })
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
    let at = ENTRIES.binary_search_by(|entry| compare(entry.name, name)).ok()?;
    ENTRIES.get(at).map(|entry| Command { entry })
}

/// The commands of the table, which is sorted by their names in lower case, each with all of its lines.
fn entries(text: &'static str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let (mut start, mut end) = (0, 0);
    for line in text.split_inclusive('\n') {
        let name = line.split_once('\t').map_or(line, |(name, _)| name);
        let begin = end;
        end += line.len();
        match entries.last_mut() {
            Some(last) if last.name.eq_ignore_ascii_case(name) => {
                last.lines = text.get(start..end).unwrap_or(line);
            }
            _ => {
                start = begin;
                entries.push(Entry { name, lines: line, variants: OnceLock::new() });
            }
        }
    }
    entries
}

fn compare(left: &str, right: &str) -> Ordering {
    let left = left.bytes().map(|byte| byte.to_ascii_lowercase());
    left.cmp(right.bytes().map(|byte| byte.to_ascii_lowercase()))
}

const COMMANDS: &str = include_str!("../../data/commands.tsv");
static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| entries(COMMANDS));
static ALIASES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    include_str!("../../data/aliases.tsv").lines().filter_map(|line| line.split_once('\t')).collect()
});
static COMMON_PARAMETERS: LazyLock<Vec<ParameterFacts>> =
    LazyLock::new(|| COMMON.split(' ').filter_map(ParameterFacts::parse).collect());

/// What Windows PowerShell 5.1 does not have.
const PROGRESS: &str = "ProgressAction";
const COMMON: &str = "Debug:switch:db:c:* ErrorAction:ActionPreference:ea:c:* ErrorVariable:string:ev:c:* \
                      InformationAction:ActionPreference:infa:c:* InformationVariable:string:iv:c:* \
                      OutBuffer:int:ob:c:* OutVariable:string:ov:c:* PipelineVariable:string:pv:c:* \
                      ProgressAction:ActionPreference:proga:c:* Verbose:switch:vb:c:* \
                      WarningAction:ActionPreference:wa:c:* WarningVariable:string:wv:c:*";

#[cfg(test)]
mod tests;
