//! Which properties all objects of a command have.
//!
//! `data/properties.tsv` has one line for each command, or for a command with a switch or a class of CIM: the
//! properties that every object has that it returns, and whether their values are numbers (`n`), dates (`d`), texts
//! (`s`) or something else (`o`). Any of them may be null.

use std::collections::BTreeSet;

use crate::commands::{Bound, BoundValue, Command};
use crate::tree::Expression;

/// The properties that all objects have which flow through a pipeline.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    listed: &'static str,
    /// Those that a filter has seen to, in lower case.
    implied: BTreeSet<String>,
}

impl Known {
    /// What is known of a command with these arguments; nothing of one whose arguments are not bound.
    pub(super) fn of(command: Command, bound: Option<&Bound<&Expression>>) -> Self {
        let fits = |word: &str| {
            let Some(bound) = bound else { return false };
            bound.arguments.iter().any(|argument| match (&argument.value, word.strip_prefix('-')) {
                (BoundValue::Switch, Some(switch)) => argument.parameter.name() == switch,
                (BoundValue::Given(class), None) => {
                    CLASS.contains(&argument.parameter.name())
                        && class.as_string().is_some_and(|class| class.eq_ignore_ascii_case(word))
                }
                _ => false,
            })
        };
        let lines = PROPERTIES.lines().filter(|line| line.starts_with(command.name()));
        let found = lines.filter_map(|line| line.split_once('\t')).find(|(subject, _)| {
            match subject.split_once(' ') {
                Some((name, word)) => name == command.name() && fits(word),
                None => *subject == command.name(),
            }
        });
        Self { listed: found.map_or("", |(_, listed)| listed), implied: BTreeSet::new() }
    }

    /// Says that every object has this property from here on.
    pub(crate) fn imply(&mut self, name: &str) {
        self.implied.insert(name.to_ascii_lowercase());
    }

    /// Takes back what filters saw to.
    pub(crate) fn forget_implied(&mut self) {
        self.implied.clear();
    }

    /// Whether every object has this property.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.kind(name).is_some() || self.implied.contains(&name.to_ascii_lowercase())
    }

    /// Whether every object has this property, and its values are numbers or dates, whose order no culture changes.
    pub(crate) fn is_ordered(&self, name: &str) -> bool {
        matches!(self.kind(name), Some("n" | "d"))
    }

    fn kind(&self, name: &str) -> Option<&'static str> {
        let mut listed = self.listed.split(' ').filter_map(|property| property.split_once(':'));
        listed.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, kind)| kind)
    }
}

const PROPERTIES: &str = include_str!("../../data/properties.tsv");

/// The parameters that name a class.
const CLASS: [&str; 2] = ["ClassName", "Class"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::{Element, find};
    use crate::parse;

    fn known(script: &str) -> Known {
        let tree = parse::script(script).unwrap();
        let (command, _) = tree.commands().next().unwrap();
        let elements: Vec<Element<'_, &Expression>> = command.elements.iter().map(Element::from).collect();
        let found = find(command.name.as_string().unwrap()).unwrap();
        Known::of(found, found.bind_values(&elements).ok().as_ref())
    }

    #[test]
    fn some_properties_are_always_there() {
        assert!(known("Get-ChildItem C:\\ -File -Recurse").is_ordered("length"));
        assert!(!known("Get-ChildItem C:\\ -Recurse").has("Length"));
        assert!(!known("dir C:\\ -Directory").has("Length") && known("dir C:\\ -Directory").has("FullName"));
        assert!(known("gcim win32_logicaldisk").is_ordered("FreeSpace"));
        assert!(!known("gcim Win32_Other").has("FreeSpace"));
        let mut processes = known("Get-Process");
        assert!(processes.is_ordered("CPU") && !processes.is_ordered("Name") && !processes.has("Path"));
        processes.imply("Path");
        assert!(processes.has("path"));
    }

    #[test]
    fn every_line_is_of_a_command_that_there_is() {
        for line in PROPERTIES.lines() {
            let (subject, properties) = line.split_once('\t').unwrap();
            let name = subject.split(' ').next().unwrap();
            assert_eq!(find(name).unwrap().name(), name);
            let kinds = properties.split(' ').map(|property| property.split_once(':').unwrap().1);
            assert!(kinds.into_iter().all(|kind| matches!(kind, "n" | "d" | "s" | "o")), "{line}");
        }
    }
}
