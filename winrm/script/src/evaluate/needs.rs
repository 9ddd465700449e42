//! Which facts of the host a script asks for.

use std::collections::BTreeSet;

use super::Session;
use crate::commands;
use crate::tree::{ExpressionKind, Node, PipelineElementKind, ScriptBlock};
use crate::value::Type;
use crate::value::type_name::Plain;

/// The [`Facts`](super::Facts) that a script may ask for: whoever runs it fetches these and no others.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Needs {
    /// The names of `$env:`, in capitals.
    pub environment: BTreeSet<String>,
    /// Whether it asks for the host's time or time zone.
    pub now: bool,
    /// Whether it asks for the host's version of PowerShell.
    pub version: bool,
}

impl Needs {
    /// What a script may ask for by itself. What the functions of a session ask for says [`Session::needs`].
    #[must_use]
    pub fn of(script: &ScriptBlock) -> Self {
        let mut needs = Self::default();
        needs.add(script);
        needs
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn add(&mut self, script: &ScriptBlock) {
        for node in Node::Script(script).walk() {
            match node {
                Node::Expression(expression) => self.expression(&expression.kind),
                Node::Element(element) => {
                    if let PipelineElementKind::Command(command) = &element.kind {
                        let name = command.name.as_string().and_then(commands::find);
                        self.now |= name.is_some_and(|command| command.name() == "New-TimeSpan");
                    }
                }
                _ => {}
            }
        }
    }

    fn expression(&mut self, kind: &ExpressionKind) {
        match kind {
            ExpressionKind::Variable(variable) => match variable.name.split_once(':') {
                Some((drive, name)) if drive.eq_ignore_ascii_case("env") => {
                    self.environment.insert(name.to_ascii_uppercase());
                }
                _ => self.version |= variable.name.eq_ignore_ascii_case("PSVersionTable"),
            },
            ExpressionKind::Type(name) => {
                self.now |= Type::named(&name.name) == Some(Type::Plain(Plain::DateTime));
            }
            ExpressionKind::Invoke(invoke) => {
                let name = invoke.name.as_string().unwrap_or_default();
                self.now |= ZONED.iter().any(|method| method.eq_ignore_ascii_case(name));
            }
            _ => {}
        }
    }
}

impl Session {
    /// What the functions of the session may ask for when a script calls them.
    #[must_use]
    pub fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        for function in self.functions.values() {
            function.parameters().filter_map(|own| own.default.as_ref()).for_each(|default| {
                Node::Expression(default).walk().for_each(|node| {
                    if let Node::Expression(own) = node {
                        needs.expression(&own.kind);
                    }
                });
            });
            needs.add(function.body());
        }
        needs
    }
}

/// Methods whose result depends on the host's time zone.
const ZONED: [&str; 2] = ["ToLocalTime", "ToUniversalTime"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    #[test]
    fn a_script_says_what_it_asks_for() {
        let needs = |script: &str| Needs::of(&parse::script(script).unwrap());
        let environment = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        for (script, expected) in [
            ("Get-Service | Where-Object { $_.Status -eq 'Running' }", Needs::default()),
            (
                "function f { \"$($env:windir)\\x\" }; f; $Env:ComputerName",
                Needs { environment: environment(&["COMPUTERNAME", "WINDIR"]), ..Needs::default() },
            ),
            ("[DateTime]::Now.AddDays(-1)", Needs { now: true, ..Needs::default() }),
            ("New-TimeSpan -Start $boot", Needs { now: true, ..Needs::default() }),
            ("$t.ToLocalTime()", Needs { now: true, ..Needs::default() }),
            ("$PSVersionTable.PSVersion.Major", Needs { version: true, ..Needs::default() }),
        ] {
            assert_eq!(needs(script), expected, "{script}");
        }
        assert!(needs("1").is_empty());
    }
}
