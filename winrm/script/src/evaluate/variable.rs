//! Variables: the script's own, and those that PowerShell sets.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use winrm_proto::clixml::eq_ignore_case;

use super::Session;
use super::function::Definition;
use super::interpreter::Interpreter;
use super::unwind::{Flow, Unwind};
use crate::value::convert::convert;
use crate::value::cycle::Ties;
use crate::value::text::fold;
use crate::value::{Array, Shape, Table, Type, Value};

/// The variables and functions of one call.
#[derive(Debug, Default)]
pub(super) struct Scope {
    variables: HashMap<String, Slot>,
    pub(super) functions: HashMap<String, Arc<Definition>>,
}

#[derive(Debug)]
struct Slot {
    value: Value,
    /// `[int]$x = …`: what is assigned later is converted too.
    constraint: Option<Type>,
}

impl Scope {
    pub(super) fn of_session(session: Session) -> Self {
        let slot = |value| Slot { value, constraint: None };
        Self {
            variables: session.variables.into_iter().map(|(name, value)| (name, slot(value))).collect(),
            functions: session.functions.into_iter().collect(),
        }
    }

    pub(super) fn into_session(self) -> Session {
        let variables: BTreeMap<String, Value> =
            self.variables.into_iter().map(|(name, slot)| (name, slot.value)).collect();
        Session { variables, functions: self.functions.into_iter().collect(), ties: Ties::default() }
    }
}

impl Interpreter {
    /// The value of `$name`.
    pub(super) fn variable(&self, name: &str) -> Flow<Value> {
        if let Some(name) = prefixed(name, "env:") {
            return self.environment(name);
        }
        let name = unqualified(name)?;
        if let Some(value) = self.own_variable(name) {
            return Ok(value);
        }
        self.automatic(name)
    }

    /// A variable of the script's own.
    pub(super) fn own_variable(&self, name: &str) -> Option<Value> {
        let key = key(name);
        self.scopes
            .iter()
            .rev()
            .find_map(|scope| scope.variables.get(key.as_ref()))
            .map(|slot| slot.value.clone())
    }

    /// Sets `$name` in the present scope.
    pub(super) fn set_variable(&mut self, name: &str, value: Value, constraint: Option<Type>) -> Flow<()> {
        if prefixed(name, "env:").is_some() {
            return Err(Unwind::refused("environment variables cannot be set"));
        }
        let name = unqualified(name)?;
        // `$null = …` throws a value away.
        if name.eq_ignore_ascii_case("null") {
            return Ok(());
        }
        if is_constant(name) {
            return Err(Unwind::refused(format!("`${name}` cannot be set")));
        }
        let key = key(name);
        let Some(scope) = self.scopes.last_mut() else { return Ok(()) };
        match scope.variables.get_mut(key.as_ref()) {
            Some(slot) => {
                let constraint = constraint.or(slot.constraint);
                let value = match constraint {
                    Some(constraint) => convert(&value, constraint)?,
                    None => value,
                };
                *slot = Slot { value, constraint };
            }
            None => {
                scope.variables.insert(key.into_owned(), Slot { value, constraint });
            }
        }
        Ok(())
    }

    /// Sets a variable that PowerShell itself sets, and gives back what it was in the present scope.
    pub(super) fn replace_variable(&mut self, name: &str, value: Option<Value>) -> Option<Value> {
        let scope = self.scopes.last_mut()?;
        let old = match value {
            Some(value) => {
                // The common case, `$_`, is there already and needs no new name.
                if let Some(slot) = scope.variables.get_mut(name) {
                    return Some(std::mem::replace(&mut slot.value, value));
                }
                scope.variables.insert(name.to_owned(), Slot { value, constraint: None })
            }
            None => scope.variables.remove(name),
        };
        old.map(|slot| slot.value)
    }

    fn environment(&self, name: &str) -> Flow<Value> {
        let known = self.facts.environment.iter().find(|(own, _)| eq_ignore_case(own, name));
        match known {
            Some((_, value)) => Ok(Value::string(value.as_str())),
            None => Err(Unwind::refused(format!("`$env:{name}` is not among what is known of the host"))),
        }
    }

    fn automatic(&self, name: &str) -> Flow<Value> {
        let lower = name.to_ascii_lowercase();
        Ok(match lower.as_str() {
            "true" => Value::Boolean(true),
            "false" => Value::Boolean(false),
            "null" => Value::Null,
            "psitem" => self.own_variable("_").unwrap_or_default(),
            "?" => Value::Boolean(self.succeeded),
            "lastexitcode" => self.exit_code.map_or(Value::Null, Value::Int32),
            "error" => Value::Array(Array::list(self.errors.iter().rev().cloned().collect())),
            "erroractionpreference" => Value::string("Continue"),
            "warningpreference" => Value::string("Continue"),
            "verbosepreference" | "debugpreference" | "progresspreference" | "informationpreference" => {
                Value::string("SilentlyContinue")
            }
            "psversiontable" => self.version_table()?,
            "ofs" => Value::Null,
            "host" | "pwd" | "home" | "pid" | "profile" | "executioncontext" | "myinvocation"
            | "psscriptroot" | "pscommandpath" | "pscmdlet" | "psboundparameters" | "stacktrace"
            | "iswindows" | "islinux" | "ismacos" | "iscoreclr" | "psculture" | "psuiculture" | "shellid"
            | "input" | "foreach" | "switch" | "event" | "eventargs" | "sender" | "nestedpromptlevel"
            | "psedition" | "pshome" => {
                return Err(Unwind::refused(format!("`${name}` is not known here")));
            }
            _ => Value::Null,
        })
    }

    fn version_table(&self) -> Flow<Value> {
        if let Some(table) = &self.facts.version_table {
            return Ok(Value::Table(table.clone()));
        }
        let Some(version) = &self.facts.version else {
            return Err(Unwind::refused("the host's version of PowerShell is not known"));
        };
        let parsed = version.parse().map_or_else(|_| Value::string(version.as_str()), Value::Version);
        let table = Table::new(Shape::Hashtable);
        table.set("PSVersion".into(), parsed)?;
        let edition = if version.starts_with('5') { "Desktop" } else { "Core" };
        table.set("PSEdition".into(), edition.into())?;
        Ok(Value::Table(table))
    }
}

/// What follows a drive's name.
fn prefixed<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, tail) = name.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}

fn unqualified(name: &str) -> Flow<&str> {
    match name.split_once(':') {
        None => Ok(name),
        Some(_) => Err(Unwind::refused(format!("`${name}` names a scope or drive; use a plain variable"))),
    }
}

fn is_constant(name: &str) -> bool {
    ["true", "false", "null", "?", "psversiontable", "error", "lastexitcode"]
        .iter()
        .any(|constant| constant.eq_ignore_ascii_case(name))
}

fn key(name: &str) -> Cow<'_, str> {
    // Names are compared as .NET does; nearly all are short and plain.
    if name.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        Cow::Borrowed(name)
    } else if name.is_ascii() {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Owned(fold(name).to_lowercase())
    }
}
