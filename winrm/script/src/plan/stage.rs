//! A stage of a pipeline, looked up and bound once.

use std::sync::OnceLock;

use super::reason::Reason;
use super::scope::Functions;
use crate::commands::{self, Bound, BoundValue, Command, Element};
use crate::evaluate::{CallKind, is_of_files, kind_of_unknown, runs_here};
use crate::tree::{
    self, Call, CommandElement, Expression, ExpressionKind, PipelineElement, PipelineElementKind,
};

/// A stage of a pipeline.
#[derive(Debug)]
pub(crate) struct Stage<'tree> {
    pub(crate) element: &'tree PipelineElement,
    /// The command that it is, and the name that it is called by; nothing for expressions, blocks and the script's own
    /// functions.
    plain: Option<(&'tree str, &'tree tree::Command)>,
    known: Option<Command>,
    bound: OnceLock<Result<Bound<&'tree Expression>, Reason>>,
}

impl<'tree> Stage<'tree> {
    /// The stages of a pipeline.
    pub(crate) fn all(elements: &'tree [PipelineElement], functions: &Functions) -> Vec<Self> {
        elements.iter().map(|element| Self::of(element, functions)).collect()
    }

    fn of(element: &'tree PipelineElement, functions: &Functions) -> Self {
        let plain = match &element.kind {
            PipelineElementKind::Command(command) if command.call == Call::Plain => {
                command.name.as_string().filter(|name| !functions.contains(name)).map(|name| (name, command))
            }
            _ => None,
        };
        let known = plain.and_then(|(name, _)| commands::find(name));
        Self { element, plain, known, bound: OnceLock::new() }
    }

    /// The name as it is written.
    pub(super) fn name(&self) -> Option<&'tree str> {
        self.plain.map(|(name, _)| name)
    }

    /// What the table knows of the command.
    pub(super) fn known(&self) -> Option<Command> {
        self.known
    }

    /// Whether an argument is splatted.
    pub(super) fn is_splatted(&self) -> bool {
        self.plain.is_some_and(|(_, command)| {
            command.elements.iter().any(|element| {
                matches!(element, CommandElement::Argument(Expression { kind: ExpressionKind::Variable(own), .. })
                    if own.splatted)
            })
        })
    }

    /// The arguments by their parameters, where they are written out.
    pub(super) fn bound(&self) -> Result<&Bound<&'tree Expression>, Reason> {
        let bound = self.bound.get_or_init(|| {
            let (Some(known), Some((_, command))) = (self.known, self.plain) else {
                return Err(Reason::Value);
            };
            if self.is_splatted() {
                return Err(Reason::Arguments);
            }
            let elements: Vec<Element<'_, &Expression>> =
                command.elements.iter().map(Element::from).collect();
            known.bind_values(&elements).map_err(|_| Reason::Arguments)
        });
        bound.as_ref().map_err(Reason::clone)
    }

    /// What a parameter is given.
    pub(super) fn value(&self, parameter: &str) -> &[&'tree Expression] {
        let Ok(bound) = self.bound() else { return &[] };
        let own = bound.arguments.iter().find(|own| own.parameter.name() == parameter);
        match own.map(|own| &own.value) {
            Some(BoundValue::Given(value)) => std::slice::from_ref(value),
            Some(BoundValue::Remaining(values)) => values,
            Some(BoundValue::Switch) | None => &[],
        }
    }

    /// Whether a parameter is given.
    pub(super) fn has(&self, parameter: &str) -> bool {
        self.bound().is_ok_and(|bound| bound.arguments.iter().any(|own| own.parameter.name() == parameter))
    }

    /// Whether it is a command or program of the host.
    pub(super) fn is_of_host(&self) -> bool {
        self.plain.is_some() && !self.is_evaluated()
    }

    /// Whether it is a program of the host.
    pub(super) fn is_program(&self) -> bool {
        self.known.is_none() && self.name().is_some_and(|name| kind_of_unknown(name) == CallKind::Program)
    }

    /// Whether it is a command that is evaluated here. `Select-String` is, unless it looks into files.
    fn is_evaluated(&self) -> bool {
        self.known.is_some_and(|known| {
            runs_here(known.name()) && !is_of_files(known.name(), |parameter| self.has(parameter))
        })
    }
}
