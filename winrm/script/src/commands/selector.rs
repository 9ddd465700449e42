//! Names for objects that were handed over whole.
//!
//! `data/selectors.tsv` says, for a command and a parameter that takes a live object, which properties of the object
//! name it again, and to which parameters of the same command they go: commands with spaces between them (`*-Noun`
//! is every verb), the parameter, the object's type, and `Property=Parameter` with spaces between them.

/// The properties that name an object, and the parameters that take them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selector {
    type_name: &'static str,
    pairs: &'static str,
}

/// How to name the object that this command takes as this parameter, if it can be named. Both in full.
#[must_use]
pub fn selectors(command: &str, parameter: &str) -> Option<Selector> {
    let (_, noun) = command.split_once('-')?;
    let matches = |pattern: &str| match pattern.strip_prefix("*-") {
        Some(any) => any.eq_ignore_ascii_case(noun),
        None => pattern.eq_ignore_ascii_case(command),
    };
    SELECTORS.lines().find_map(|line| {
        let mut fields = line.split('\t');
        let found = fields.next()?.split(' ').any(matches) && fields.next()?.eq_ignore_ascii_case(parameter);
        found.then(|| Some(Selector { type_name: fields.next()?, pairs: fields.next()? }))?
    })
}

impl Selector {
    /// The type of the object.
    #[must_use]
    pub fn type_name(self) -> &'static str {
        self.type_name
    }

    /// Properties of the object, and the parameters that they go to. All are needed to name it.
    pub fn pairs(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.pairs.split(' ').filter_map(|pair| pair.split_once('='))
    }
}

const SELECTORS: &str = include_str!("../../data/selectors.tsv");

#[cfg(test)]
mod tests {
    use super::{SELECTORS, selectors};
    use crate::commands::find;

    #[test]
    fn objects_are_named_by_their_properties() {
        let pairs = |command, parameter| {
            selectors(command, parameter).map(|selector| selector.pairs().collect::<Vec<_>>())
        };
        assert_eq!(pairs("Stop-Service", "InputObject"), Some(vec![("Name", "Name")]));
        assert_eq!(
            pairs("disable-scheduledtask", "inputobject"),
            Some(vec![("TaskName", "TaskName"), ("TaskPath", "TaskPath")])
        );
        assert_eq!(pairs("Get-VMSnapshot", "VM"), Some(vec![("Name", "VMName")]));
        assert_eq!(pairs("Get-NetFirewallAddressFilter", "AssociatedNetFirewallRule"), None);
    }

    /// A selector is of use only where the command has all its parameters.
    #[test]
    fn every_selector_uses_parameters_that_there_are() {
        for line in include_str!("../../data/commands.tsv").lines() {
            let (name, _) = line.split_once('\t').expect("a name");
            let command = find(name).expect("it is in the table");
            for row in SELECTORS.lines() {
                let parameter = row.split('\t').nth(1).expect("a parameter");
                if command.parameter(parameter).is_none() {
                    continue;
                }
                let Some(selector) = selectors(name, parameter) else { continue };
                for (_, target) in selector.pairs() {
                    assert!(command.parameter(target).is_some(), "{name} -{parameter} needs -{target}");
                }
            }
        }
    }
}
