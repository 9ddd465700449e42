//! What `-Property` takes: a name with wildcards, a script block, or a hashtable of the two.

use std::sync::Arc;

use crate::evaluate::block::Block;
use crate::evaluate::interpreter::Interpreter;
use crate::evaluate::member::{has_property, property, property_names};
use crate::evaluate::unwind::{Flow, Unwind};
use crate::tree::Case;
use crate::value::pattern::Wildcard;
use crate::value::{Table, Value};

/// One property to compute.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    /// The name to give it, where one was given.
    pub(super) label: Option<String>,
    pub(super) source: Source,
    /// Other entries of the hashtable, by their full names.
    pub(super) options: Vec<(&'static str, Value)>,
}

/// Where a property comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Name(String),
    Block(Arc<Block>),
}

impl Spec {
    /// Reads what was given for `-Property`. `known` are the hashtable's keys besides the expression.
    pub(super) fn read(value: Value, known: &[&'static str]) -> Flow<Vec<Self>> {
        let items = match value {
            Value::Null => Vec::new(),
            value => value.into_items(),
        };
        items.into_iter().map(|item| Self::one(&item, known)).collect()
    }

    fn one(item: &Value, known: &[&'static str]) -> Flow<Self> {
        match item {
            Value::Block(block) => {
                Ok(Self { label: None, source: Source::Block(Arc::clone(block)), options: Vec::new() })
            }
            Value::Table(table) => Self::of_table(table, known),
            other => Ok(Self {
                label: None,
                source: Source::Name(other.to_text().as_str().to_owned()),
                options: Vec::new(),
            }),
        }
    }

    fn of_table(table: &Table, known: &[&'static str]) -> Flow<Self> {
        let (mut label, mut source, mut options) = (None, None, Vec::new());
        for (key, value) in table.entries() {
            let key = key.to_text().as_str().to_ascii_lowercase();
            let full = |name: &str| !key.is_empty() && name.starts_with(&key);
            if full("expression") {
                source = Some(match &value {
                    Value::Block(block) => Source::Block(Arc::clone(block)),
                    other => Source::Name(other.to_text().as_str().to_owned()),
                });
            } else if full("name") || full("label") {
                label = Some(value.to_text().as_str().to_owned());
            } else if let Some(option) = known.iter().find(|own| full(own)) {
                options.push((*option, value));
            } else {
                return Err(Unwind::refused(format!("the key `{key}` of a calculated property")));
            }
        }
        match source {
            Some(source) => Ok(Self { label, source, options }),
            None => Err(Unwind::refused("a calculated property without an expression")),
        }
    }

    /// An option of the hashtable.
    pub(super) fn option(&self, name: &str) -> Option<&Value> {
        self.options.iter().find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    /// The name that it gives its value.
    pub(super) fn name(&self) -> String {
        match (&self.label, &self.source) {
            (Some(label), _) => label.clone(),
            (None, Source::Name(name)) => name.clone(),
            (None, Source::Block(block)) => block.text().to_owned(),
        }
    }

    /// The names and values that it has for an item: several for a wildcard, none where there is no such property.
    pub(super) async fn values(
        &self,
        interpreter: &mut Interpreter,
        item: &Value,
    ) -> Flow<Vec<(String, Value)>> {
        match &self.source {
            Source::Block(block) => {
                let value = interpreter.calculated(block, item).await?;
                Ok(vec![(self.name(), value)])
            }
            Source::Name(name) if is_wildcard(name) => {
                let pattern = Wildcard::new(name, Case::Insensitive)?;
                let mut found = Vec::new();
                for own in property_names(item) {
                    if pattern.matches(&own)? {
                        let value = property(item, &own)?.unwrap_or_default();
                        found.push((own, value));
                    }
                }
                Ok(found)
            }
            Source::Name(name) => match existing(item, name)? {
                Some((spelled, value)) => Ok(vec![(self.label.clone().unwrap_or(spelled), value)]),
                None => Ok(Vec::new()),
            },
        }
    }

    /// The value of a plain property of an object, which nearly all are; `None` where more must be done for it.
    pub(super) fn plain(&self, item: &Value) -> Option<Option<Value>> {
        match (&self.source, item) {
            (Source::Name(name), Value::Object(object)) if !object.is_wrapper() && !is_wildcard(name) => {
                Some(object.property(name))
            }
            _ => None,
        }
    }

    /// The one value that it has for an item; `None` where there is no such property.
    pub(super) async fn value(&self, interpreter: &mut Interpreter, item: &Value) -> Flow<Option<Value>> {
        match &self.source {
            Source::Block(block) => interpreter.calculated(block, item).await.map(Some),
            Source::Name(name) if is_wildcard(name) => {
                Ok(self.values(interpreter, item).await?.into_iter().next().map(|(_, value)| value))
            }
            Source::Name(name) => match item {
                Value::Object(object) if !object.is_wrapper() => Ok(object.property(name)),
                _ => Ok(existing(item, name)?.map(|(_, value)| value)),
            },
        }
    }
}

/// A property that an item has, with its name as it is spelled there.
pub(super) fn existing(item: &Value, name: &str) -> Flow<Option<(String, Value)>> {
    if let Value::Object(object) = item
        && let Some(value) = object.property(name)
    {
        let spelled = object.spelled(name).map_or_else(|| name.to_owned(), |own| own.as_str().to_owned());
        return Ok(Some((spelled, value)));
    }
    if !has_property(item, name) {
        return Ok(None);
    }
    let spelled = property_names(item).into_iter().find(|own| own.eq_ignore_ascii_case(name));
    let value = property(item, name)?.unwrap_or_default();
    Ok(Some((spelled.unwrap_or_else(|| name.to_owned()), value)))
}

/// Whether the property is named by a pattern.
pub(super) fn is_pattern(spec: &Spec) -> bool {
    matches!(&spec.source, Source::Name(name) if is_wildcard(name))
}

pub(super) fn is_wildcard(name: &str) -> bool {
    name.contains(['*', '?', '['])
}
