//! Which properties the rest of a pipeline needs.
//!
//! Only these are fetched, where all is known of what comes behind the host: every stage looks at named properties up to
//! one that makes something new of them. A property that an object has not is null once it was selected. So where null
//! and nothing differ (sorting, grouping, formatting, and `Count` and `Length` in a script) every object must be known
//! to have it.

use super::condition::{check_property, is_counted, is_item, item_property};
use super::properties::Known;
use super::reason::Reason;
use super::scope::Scope;
use super::stage::Stage;
use crate::tree::{Call, Entry, Expression, ExpressionKind, Node, PipelineElement, PipelineElementKind};

/// The properties that these stages need, in the order in which they are asked for.
///
/// # Errors
/// Why the objects must come whole.
pub(crate) fn columns(stages: &[Stage<'_>], scope: &Scope<'_>, known: &Known) -> Result<Vec<String>, Reason> {
    let mut columns = Columns { names: Vec::new(), scope, known };
    for stage in stages {
        match columns.stage(stage)? {
            Looks::On => {}
            Looks::NoFurther if columns.names.is_empty() => return Err(Reason::Whole),
            Looks::NoFurther => return Ok(columns.names),
        }
    }
    Err(Reason::Whole)
}

/// Whether the stages behind one still see the objects.
enum Looks {
    On,
    NoFurther,
}

struct Columns<'given> {
    names: Vec<String>,
    scope: &'given Scope<'given>,
    known: &'given Known,
}

/// What a stage makes of a property that is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// The same as of null.
    IsNull,
    /// Something else.
    Differs,
}

impl Columns<'_> {
    fn stage(&mut self, stage: &Stage<'_>) -> Result<Looks, Reason> {
        let known = stage.known().ok_or(Reason::Whole)?;
        stage.bound()?;
        let given = |parameter: &str| stage.value(parameter);
        let has = |parameter: &str| stage.has(parameter);
        match known.name() {
            "Where-Object" => {
                for parameter in ["FilterScript", "Property"] {
                    self.all(given(parameter), Missing::IsNull)?;
                }
                Ok(Looks::On)
            }
            "Sort-Object" => {
                let by = given("Property");
                if by.is_empty() || has("Unique") {
                    return Err(Reason::Whole);
                }
                self.all(by, Missing::Differs)?;
                Ok(Looks::On)
            }
            "Select-Object" => {
                if has("ExpandProperty") || has("ExcludeProperty") {
                    return Err(Reason::Whole);
                }
                let properties = given("Property");
                if !properties.is_empty() {
                    self.all(properties, Missing::IsNull)?;
                    return Ok(Looks::NoFurther);
                }
                if has("Unique") { Err(Reason::Whole) } else { Ok(Looks::On) }
            }
            "Group-Object" if has("NoElement") => {
                self.all(given("Property"), Missing::Differs)?;
                Ok(Looks::NoFurther)
            }
            "Measure-Object" => {
                self.all(given("Property"), Missing::IsNull)?;
                Ok(Looks::NoFurther)
            }
            "Format-Table" | "Format-List" | "Format-Wide" => {
                let properties = given("Property");
                if properties.is_empty() {
                    return Err(Reason::Whole);
                }
                self.all(properties, Missing::Differs)?;
                self.all(given("GroupBy"), Missing::Differs)?;
                Ok(Looks::NoFurther)
            }
            "ForEach-Object" => {
                if has("ArgumentList") || has("Parallel") {
                    return Err(Reason::Whole);
                }
                for parameter in ["Begin", "Process", "RemainingScripts", "End"] {
                    self.all(given(parameter), Missing::IsNull)?;
                }
                // What is no property may be a method, which is refused here and must not become a null there.
                self.all(given("MemberName"), Missing::Differs)?;
                Ok(Looks::NoFurther)
            }
            _ => Err(Reason::Whole),
        }
    }

    /// Names, blocks and calculated properties.
    fn all(&mut self, values: &[&Expression], missing: Missing) -> Result<(), Reason> {
        for value in values {
            match &value.kind {
                ExpressionKind::Array(items) => {
                    for item in items {
                        self.one(item, missing)?;
                    }
                }
                _ => self.one(value, missing)?,
            }
        }
        Ok(())
    }

    fn one(&mut self, value: &Expression, missing: Missing) -> Result<(), Reason> {
        match &value.kind {
            ExpressionKind::String(name) => self.name(&name.value, missing),
            ExpressionKind::ScriptBlock(_) => self.block(value),
            ExpressionKind::Hashtable(entries) => self.calculated(entries, missing),
            _ => Err(Reason::Arguments),
        }
    }

    fn calculated(&mut self, entries: &[Entry], missing: Missing) -> Result<(), Reason> {
        for entry in entries {
            let key = entry.key.as_string().ok_or(Reason::Arguments)?.to_ascii_lowercase();
            let value = entry.value.as_expression().ok_or(Reason::Arguments)?;
            if "expression".starts_with(&key) && !key.is_empty() {
                self.one(value, missing)?;
            } else if Node::Expression(value)
                .walk()
                .any(|node| matches!(node, Node::Expression(own) if is_item(own)))
            {
                return Err(Reason::Whole);
            }
        }
        Ok(())
    }

    /// A block that looks at its object through named properties only.
    fn block(&mut self, block: &Expression) -> Result<(), Reason> {
        let (mut seen, mut inner) = (Vec::new(), Vec::new());
        for node in Node::Expression(block).walk() {
            match node {
                Node::Expression(expression) => {
                    if let Some(name) = item_property(expression) {
                        let ExpressionKind::Member(member) = &expression.kind else { continue };
                        seen.push(member.target.span);
                        // How deep an object inside an object is written may depend on the one outside.
                        if inner.contains(&expression.span) {
                            return Err(Reason::Whole);
                        }
                        let missing = if is_counted(name) { Missing::Differs } else { Missing::IsNull };
                        self.name(name, missing)?;
                    } else if is_item(expression) && !seen.contains(&expression.span) {
                        return Err(Reason::Whole);
                    } else if let ExpressionKind::Member(member) = &expression.kind {
                        inner.push(member.target.span);
                    }
                }
                // A function sees the object of whoever calls it.
                Node::Element(PipelineElement { kind: PipelineElementKind::Command(command), .. }) => {
                    let name = command.name.as_string().unwrap_or_default();
                    if command.call == Call::Operator || self.scope.is_function(name) {
                        return Err(Reason::Whole);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn name(&mut self, name: &str, missing: Missing) -> Result<(), Reason> {
        check_property(name).map_err(|_| Reason::Whole)?;
        if missing == Missing::Differs && !self.known.has(name) {
            return Err(Reason::Missing(name.to_owned()));
        }
        if !self.names.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            self.names.push(name.to_owned());
        }
        Ok(())
    }
}
