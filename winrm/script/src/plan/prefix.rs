//! How far a pipeline can run on the host.

use super::columns::{bind, columns, value};
use super::condition::{Condition, Test, check_property};
use super::properties::Known;
use super::reason::Reason;
use super::scope::Scope;
use crate::commands::{self, Bound, Command, Element, Risk};
use crate::evaluate::{CallKind, kind_of, runs_here};
use crate::tree::{
    self, Call, CommandElement, Expression, ExpressionKind, PipelineElement, PipelineElementKind,
};

/// The part of a pipeline that runs on the host, as far as the script alone says.
#[derive(Debug)]
pub(crate) struct Prefix<'tree> {
    /// What the stages behind the host's command become, from the first one on as far as they travel.
    pub(crate) moves: Vec<Move<'tree>>,
    /// Why the next stage stays here, or what is left of the last one.
    pub(crate) stays: Option<Reason>,
    /// The properties that all objects have.
    pub(crate) known: Known,
}

/// What a stage becomes on the host.
#[derive(Debug)]
pub(crate) enum Move<'tree> {
    /// The condition of a `Where-Object { … }`, or the beginning of it.
    Condition(Condition<'tree>),
    /// A filter whose parameters are typed already.
    Typed {
        /// The filter's name.
        name: &'static str,
        /// The parameters that travel.
        travel: Vec<&'static str>,
    },
}

impl Move<'_> {
    /// The filter's name.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Condition(_) => "Where-Object",
            Self::Typed { name, .. } => name,
        }
    }

    /// Whether what comes back are no longer the command's objects.
    pub(crate) fn makes_something_new(&self) -> bool {
        self.name() == "Measure-Object"
    }
}

/// Whether a stage that travelled in part lets others behind it travel.
enum Then {
    Further,
    NoFurther(Option<Reason>),
}

impl<'tree> Prefix<'tree> {
    /// Plans a pipeline, the first stage of which is a command of the host.
    ///
    /// # Errors
    /// Why no filter at all travels with the first stage.
    pub(crate) fn of(elements: &'tree [PipelineElement], scope: &Scope<'_>) -> Result<Self, Reason> {
        let Some((first, rest)) = elements.split_first() else { return Err(Reason::Value) };
        let (command, bound) = reader(first, scope)?;
        let mut prefix = Self { moves: Vec::new(), stays: None, known: Known::of(command, bound.as_ref()) };
        for (at, element) in rest.iter().enumerate() {
            match prefix.stage(element, rest.get(at + 1), scope) {
                Ok(Then::Further) => {}
                Ok(Then::NoFurther(reason)) => {
                    prefix.stays = reason;
                    break;
                }
                Err(reason) => {
                    prefix.stays = Some(reason);
                    break;
                }
            }
        }
        Ok(prefix)
    }

    /// The properties to fetch for the stages of the pipeline from `boundary` on.
    ///
    /// # Errors
    /// Why the objects must come whole.
    pub(crate) fn columns(
        &self,
        elements: &[PipelineElement],
        boundary: usize,
        scope: &Scope<'_>,
    ) -> Result<Vec<String>, Reason> {
        columns(elements.get(boundary..).unwrap_or_default(), scope, &self.known)
    }

    /// Whether nothing is left to be done here of a stage, but for marking what comes back.
    pub(crate) fn is_done(&self, own: &Move<'_>, element: &PipelineElement) -> bool {
        match own {
            Move::Condition(condition) => condition.left.is_none(),
            Move::Typed { name: "Select-Object", travel } => {
                let PipelineElementKind::Command(command) = &element.kind else { return false };
                let bound = commands::find("Select-Object").map(|known| bind(known, command));
                bound.is_some_and(|bound| bound.is_ok_and(|bound| bound.arguments.len() == travel.len()))
            }
            Move::Typed { .. } => true,
        }
    }

    fn stage(
        &mut self,
        element: &'tree PipelineElement,
        next: Option<&PipelineElement>,
        scope: &Scope<'_>,
    ) -> Result<Then, Reason> {
        let (known, command) = filter(element, scope)?;
        let bound = bind(known, command)?;
        if bound.arguments.iter().any(|own| own.parameter.is_common()) {
            return Err(Reason::Gathered);
        }
        match known.name() {
            "Where-Object" => self.filter(&bound, scope),
            "Select-Object" => self.select(&bound),
            "Sort-Object" => self.sort(&bound, next, scope),
            "Measure-Object" => self.measure(&bound),
            _ => Ok(Then::NoFurther(None)),
        }
    }

    fn filter(&mut self, bound: &Bound<&'tree Expression>, scope: &Scope<'_>) -> Result<Then, Reason> {
        if let [block] = value(bound, "FilterScript").as_slice() {
            let ExpressionKind::ScriptBlock(block) = &block.kind else { return Err(Reason::Arguments) };
            let condition = Condition::of(block, scope);
            if condition.tests.is_empty() {
                return Err(condition.left.unwrap_or(Reason::Condition));
            }
            for test in condition.tests.iter().filter(|test| Test::implies_property(test)) {
                self.known.imply(test.property);
            }
            let left = condition.left.clone();
            self.moves.push(Move::Condition(condition));
            return Ok(if left.is_some() { Then::NoFurther(left) } else { Then::Further });
        }
        let mut travel = Vec::new();
        for argument in &bound.arguments {
            let name = argument.parameter.name();
            match name {
                "Is" | "IsNot" | "Not" => return Err(Reason::Operator),
                "InputObject" => return Err(Reason::Parameter(name.to_owned())),
                "Match" | "NotMatch" | "CMatch" | "CNotMatch" if scope.uses_matches => {
                    return Err(Reason::Matches);
                }
                "Property" => check_names(&value(bound, name))?,
                _ => {}
            }
            travel.push(name);
        }
        self.moves.push(Move::Typed { name: "Where-Object", travel });
        Ok(Then::Further)
    }

    fn select(&mut self, bound: &Bound<&Expression>) -> Result<Then, Reason> {
        let (mut travel, mut more) = (Vec::new(), false);
        for argument in &bound.arguments {
            match argument.parameter.name() {
                name @ ("First" | "Last" | "Skip" | "SkipLast" | "Index") => travel.push(name),
                name @ ("Unique" | "InputObject" | "SkipIndex" | "Wait" | "CaseInsensitive") => {
                    return Err(Reason::Parameter(name.to_owned()));
                }
                _ => more = true,
            }
        }
        if travel.is_empty() {
            return Ok(Then::NoFurther(None));
        }
        self.moves.push(Move::Typed { name: "Select-Object", travel });
        Ok(if more { Then::NoFurther(None) } else { Then::Further })
    }

    /// Sorting moves nothing less unless some of what is sorted is selected right behind it.
    fn sort(
        &mut self,
        bound: &Bound<&Expression>,
        next: Option<&PipelineElement>,
        scope: &Scope<'_>,
    ) -> Result<Then, Reason> {
        let by = value(bound, "Property");
        let names: Vec<&Expression> = by.iter().flat_map(|value| items(value)).collect();
        if names.is_empty() {
            return Err(Reason::Arguments);
        }
        for name in names {
            let name = name.as_string().ok_or(Reason::Arguments)?;
            check_property(name)?;
            if !self.known.is_ordered(name) {
                return Err(Reason::Order(name.to_owned()));
            }
        }
        let mut travel = Vec::new();
        for argument in &bound.arguments {
            match argument.parameter.name() {
                name @ ("Property" | "Descending") => travel.push(name),
                name => return Err(Reason::Parameter(name.to_owned())),
            }
        }
        if !next.is_some_and(|next| is_paged(next, scope)) {
            return Err(Reason::Useless);
        }
        self.moves.push(Move::Typed { name: "Sort-Object", travel });
        Ok(Then::Further)
    }

    fn measure(&mut self, bound: &Bound<&Expression>) -> Result<Then, Reason> {
        let by = value(bound, "Property");
        check_names(&by)?;
        let mut travel = Vec::new();
        for argument in &bound.arguments {
            let name = argument.parameter.name();
            match (name, by.is_empty()) {
                ("Property" | "Sum" | "Average" | "Maximum" | "Minimum", false)
                | ("Line" | "Word" | "Character" | "IgnoreWhiteSpace", true) => travel.push(name),
                _ => return Err(Reason::Parameter(name.to_owned())),
            }
        }
        self.moves.push(Move::Typed { name: "Measure-Object", travel });
        Ok(Then::NoFurther(None))
    }
}

/// A command of the host that only looks, first in a pipeline. Its arguments are bound where they are written out.
fn reader<'tree>(
    element: &'tree PipelineElement,
    scope: &Scope<'_>,
) -> Result<(Command, Option<Bound<&'tree Expression>>), Reason> {
    let (name, command) = plain(element, scope)?;
    if kind_of(name) == CallKind::Program {
        return Err(Reason::Program(name.to_owned()));
    }
    let known = commands::find(name).ok_or_else(|| Reason::Change(name.to_owned()))?;
    if is_evaluated(known, command) {
        return Err(Reason::Value);
    }
    if known.risk() != Risk::Read {
        return Err(Reason::Change(known.name().to_owned()));
    }
    let elements: Vec<Element<'_, &Expression>> = command.elements.iter().map(Element::from).collect();
    let splatted = command.elements.iter().any(|element| {
        matches!(element, CommandElement::Argument(Expression { kind: ExpressionKind::Variable(variable), .. })
            if variable.splatted)
    });
    let bound = if splatted { None } else { known.bind_values(&elements).ok() };
    let gathers = |own: &Bound<&Expression>| {
        own.arguments.iter().any(|argument| GATHERING.contains(&argument.parameter.name()))
    };
    if bound.as_ref().is_some_and(gathers) {
        return Err(Reason::Gathered);
    }
    Ok((known, bound))
}

/// Whether a command is evaluated here. `Select-String` is, unless it looks into files.
pub(super) fn is_evaluated(known: Command, command: &tree::Command) -> bool {
    let files = |bound: Bound<&Expression>| {
        bound.arguments.iter().any(|own| ["Path", "LiteralPath"].contains(&own.parameter.name()))
    };
    runs_here(known.name()) && !(known.name() == "Select-String" && bind(known, command).is_ok_and(files))
}

/// A filter, by its full name.
fn filter<'tree>(
    element: &'tree PipelineElement,
    scope: &Scope<'_>,
) -> Result<(Command, &'tree tree::Command), Reason> {
    let (name, command) = plain(element, scope)?;
    if !element.redirections.is_empty() {
        return Err(Reason::Gathered);
    }
    match commands::find(name) {
        Some(known) => Ok((known, command)),
        None => Err(Reason::Change(name.to_owned())),
    }
}

/// A command that is called by its name, which is not that of a function.
fn plain<'tree>(
    element: &'tree PipelineElement,
    scope: &Scope<'_>,
) -> Result<(&'tree str, &'tree tree::Command), Reason> {
    let PipelineElementKind::Command(command) = &element.kind else { return Err(Reason::Value) };
    match command.name.as_string() {
        Some(name) if command.call == Call::Plain && !scope.is_function(name) => Ok((name, command)),
        _ => Err(Reason::Value),
    }
}

/// Whether a stage is a `Select-Object` that takes some of the objects by their places.
fn is_paged(element: &PipelineElement, scope: &Scope<'_>) -> bool {
    let Ok((known, command)) = filter(element, scope) else { return false };
    let mut prefix = Prefix { moves: Vec::new(), stays: None, known: Known::default() };
    known.name() == "Select-Object"
        && bind(known, command).is_ok_and(|bound| prefix.select(&bound).is_ok() && !prefix.moves.is_empty())
}

fn check_names(values: &[&Expression]) -> Result<(), Reason> {
    values
        .iter()
        .flat_map(|value| items(value))
        .try_for_each(|name| check_property(name.as_string().ok_or(Reason::Arguments)?))
}

fn items(value: &Expression) -> &[Expression] {
    match &value.kind {
        ExpressionKind::Array(items) => items,
        _ => std::slice::from_ref(value),
    }
}

/// Common parameters that gather what a command writes.
pub(crate) const GATHERING: [&str; 5] =
    ["ErrorVariable", "InformationVariable", "OutVariable", "PipelineVariable", "WarningVariable"];
