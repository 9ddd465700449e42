//! How far a pipeline can run on the host.

use super::columns::columns;
use super::condition::{Condition, Test, check_property};
use super::properties::Known;
use super::reason::Reason;
use super::scope::Scope;
use super::stage::Stage;
use crate::commands::{Bound, Risk};
use crate::tree::{Expression, ExpressionKind, Redirection, RedirectionTarget};

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

    /// Whether nothing is left to be done here of the stage, but for marking what comes back.
    pub(crate) fn is_done(&self, stage: &Stage<'_>) -> bool {
        match self {
            Self::Condition(condition) => condition.left.is_none(),
            Self::Typed { name: "Select-Object", travel } => {
                stage.bound().is_ok_and(|bound| bound.arguments.len() == travel.len())
            }
            Self::Typed { .. } => true,
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
    /// Plans a pipeline, the first stage of which is a command of the host that only looks.
    ///
    /// # Errors
    /// Why nothing travels with the first stage.
    pub(crate) fn of(stages: &[Stage<'tree>], scope: &Scope<'_>) -> Result<Self, Reason> {
        let Some((first, rest)) = stages.split_first() else { return Err(Reason::Value) };
        let mut prefix = Self { moves: Vec::new(), stays: None, known: reader(first)? };
        for (at, stage) in rest.iter().enumerate() {
            match prefix.stage(stage, rest.get(at + 1), scope) {
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
        stages: &[Stage<'_>],
        boundary: usize,
        scope: &Scope<'_>,
    ) -> Result<Vec<String>, Reason> {
        columns(stages.get(boundary..).unwrap_or_default(), scope, &self.known)
    }

    fn stage(
        &mut self,
        stage: &Stage<'tree>,
        next: Option<&Stage<'_>>,
        scope: &Scope<'_>,
    ) -> Result<Then, Reason> {
        let known = stage.known().ok_or(Reason::Value)?;
        if !FILTERS.contains(&known.name()) {
            return Ok(Then::NoFurther(None));
        }
        let common = stage.bound()?.arguments.iter().any(|own| own.parameter.is_common());
        if common || !stage.element.redirections.is_empty() {
            return Err(Reason::Gathered);
        }
        match known.name() {
            "Where-Object" => self.filter(stage, scope),
            "Select-Object" => self.select(stage),
            "Sort-Object" => self.sort(stage, next),
            _ => self.measure(stage),
        }
    }

    fn filter(&mut self, stage: &Stage<'tree>, scope: &Scope<'_>) -> Result<Then, Reason> {
        if let [block] = stage.value("FilterScript") {
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
        for argument in &stage.bound()?.arguments {
            let name = argument.parameter.name();
            match name {
                "Is" | "IsNot" | "Not" => return Err(Reason::Operator),
                "InputObject" => return Err(Reason::Parameter(name.to_owned())),
                "Match" | "NotMatch" | "CMatch" | "CNotMatch" if scope.uses_matches => {
                    return Err(Reason::Matches);
                }
                "Property" => check_names(stage.value(name))?,
                _ => {}
            }
            travel.push(name);
        }
        self.moves.push(Move::Typed { name: "Where-Object", travel });
        Ok(Then::Further)
    }

    fn select(&mut self, stage: &Stage<'_>) -> Result<Then, Reason> {
        let (travel, more) = paging(stage)?;
        if travel.is_empty() {
            return Ok(Then::NoFurther(None));
        }
        self.moves.push(Move::Typed { name: "Select-Object", travel });
        Ok(if more { Then::NoFurther(None) } else { Then::Further })
    }

    /// Sorting moves nothing less unless some of what is sorted is selected right behind it.
    fn sort(&mut self, stage: &Stage<'_>, next: Option<&Stage<'_>>) -> Result<Then, Reason> {
        let names: Vec<&Expression> = stage.value("Property").iter().flat_map(|value| items(value)).collect();
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
        for argument in &stage.bound()?.arguments {
            match argument.parameter.name() {
                name @ ("Property" | "Descending") => travel.push(name),
                name => return Err(Reason::Parameter(name.to_owned())),
            }
        }
        if !next.is_some_and(is_paged) {
            return Err(Reason::Useless);
        }
        self.moves.push(Move::Typed { name: "Sort-Object", travel });
        Ok(Then::Further)
    }

    fn measure(&mut self, stage: &Stage<'_>) -> Result<Then, Reason> {
        let by = stage.value("Property");
        check_names(by)?;
        let mut travel = Vec::new();
        for argument in &stage.bound()?.arguments {
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

/// What is known of the objects of the first stage, which must be a command of the host that only looks.
fn reader(stage: &Stage<'_>) -> Result<Known, Reason> {
    let Some(name) = stage.name().filter(|_| stage.is_of_host()) else { return Err(Reason::Value) };
    if stage.is_program() {
        return Err(Reason::Program(name.to_owned()));
    }
    let known = stage.known().filter(|known| known.risk() == Risk::Read);
    let known = known.ok_or_else(|| Reason::Change(name.to_owned()))?;
    // Errors that join the output would go through the filters.
    let joined = |own: &Redirection| matches!(own.to, RedirectionTarget::Output);
    if stage.element.redirections.iter().any(joined) {
        return Err(Reason::Gathered);
    }
    let bound = stage.bound().ok();
    let gathers = |own: &Bound<&Expression>| {
        own.arguments.iter().any(|argument| GATHERING.contains(&argument.parameter.name()))
    };
    if bound.is_some_and(gathers) {
        return Err(Reason::Gathered);
    }
    Ok(Known::of(known, bound))
}

/// Whether a stage is a `Select-Object` that takes some of the objects by their places.
fn is_paged(stage: &Stage<'_>) -> bool {
    stage.known().is_some_and(|known| known.name() == "Select-Object")
        && paging(stage).is_ok_and(|(travel, _)| !travel.is_empty())
}

/// The parameters of a `Select-Object` that travel, and whether there are others.
fn paging(stage: &Stage<'_>) -> Result<(Vec<&'static str>, bool), Reason> {
    let (mut travel, mut more) = (Vec::new(), false);
    for argument in &stage.bound()?.arguments {
        match argument.parameter.name() {
            name @ ("First" | "Last" | "Skip" | "SkipLast" | "Index") => travel.push(name),
            name @ ("Unique" | "InputObject" | "SkipIndex" | "Wait" | "CaseInsensitive") => {
                return Err(Reason::Parameter(name.to_owned()));
            }
            _ => more = true,
        }
    }
    Ok((travel, more))
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

/// What may travel.
const FILTERS: [&str; 4] = ["Where-Object", "Select-Object", "Sort-Object", "Measure-Object"];

/// Common parameters that gather what a command writes.
pub(crate) const GATHERING: [&str; 5] =
    ["ErrorVariable", "InformationVariable", "OutVariable", "PipelineVariable", "WarningVariable"];
