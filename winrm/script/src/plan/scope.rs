//! What the expressions of a pipeline may rely on while it runs.

use std::collections::HashSet;
use std::sync::OnceLock;

use super::reason::Reason;
use crate::commands;
use crate::tree::{
    Access, Call, CommandElement, Expression, ExpressionKind, Node, Part, PipelineElement,
    PipelineElementKind, StatementKind, UnaryOperator,
};
use crate::value::text::fold;

/// The names of a script's own functions.
#[derive(Debug, Default)]
pub(crate) struct Functions(HashSet<String>);

impl Functions {
    pub(crate) fn contains(&self, name: &str) -> bool {
        !self.0.is_empty() && self.0.contains(&fold(name))
    }
}

impl<'name> FromIterator<&'name str> for Functions {
    fn from_iter<I: IntoIterator<Item = &'name str>>(names: I) -> Self {
        Self(names.into_iter().map(fold).collect())
    }
}

/// What the expressions of a pipeline may rely on while it runs.
pub(crate) struct Scope<'given> {
    functions: &'given Functions,
    /// Whether the script asks for `$Matches`.
    pub(super) uses_matches: bool,
    elements: &'given [PipelineElement],
    changes: OnceLock<Changes>,
}

/// What the stages of a pipeline change while it runs.
#[derive(Debug, Default)]
struct Changes {
    /// Variables that some stage sets or changes, folded.
    variables: HashSet<String>,
    /// Whether a stage calls functions or blocks, which may change anything.
    calls: bool,
}

impl<'given> Scope<'given> {
    /// The scope of a pipeline with these stages.
    pub(crate) fn of(
        elements: &'given [PipelineElement],
        functions: &'given Functions,
        uses_matches: bool,
    ) -> Self {
        Self { functions, uses_matches, elements, changes: OnceLock::new() }
    }

    fn changes(&self) -> &Changes {
        self.changes.get_or_init(|| {
            let mut changes = Changes::default();
            for node in self.elements.iter().flat_map(|element| Node::Element(element).walk()) {
                changes.note(node, self.functions);
            }
            changes
        })
    }

    /// Whether a name is that of a function of the script's own.
    pub(super) fn is_function(&self, name: &str) -> bool {
        self.functions.contains(name)
    }

    /// Refuses an expression that could have another value for another object, that does something, or that asks a
    /// host for more than the time.
    pub(super) fn check_fixed(&self, expression: &Expression) -> Result<(), Reason> {
        match &expression.kind {
            ExpressionKind::Number(_) | ExpressionKind::String(_) => Ok(()),
            ExpressionKind::Variable(variable) => self.check_variable(&variable.name, variable.splatted),
            ExpressionKind::Expandable(text) => text.parts.iter().try_for_each(|part| match part {
                Part::Text(_) => Ok(()),
                Part::Expression(inner) => self.check_fixed(inner),
            }),
            ExpressionKind::Array(items) => items.iter().try_for_each(|item| self.check_fixed(item)),
            ExpressionKind::Parenthesis(statement) => match statement.as_expression() {
                Some(inner) => self.check_fixed(inner),
                None => self.check_time(expression),
            },
            ExpressionKind::Member(member) => match member.access {
                Access::Static => Ok(()),
                Access::Instance if member.name.as_string().is_some() => self.check_fixed(&member.target),
                Access::Instance => Err(Reason::Condition),
            },
            ExpressionKind::Index(index) => {
                self.check_fixed(&index.target)?;
                self.check_fixed(&index.index)
            }
            ExpressionKind::Unary(unary) => match unary.operator {
                UnaryOperator::Plus | UnaryOperator::Minus | UnaryOperator::Not(_) => {
                    self.check_fixed(&unary.operand)
                }
                _ => Err(Reason::Condition),
            },
            ExpressionKind::Binary(binary) => {
                self.check_fixed(&binary.left)?;
                self.check_fixed(&binary.right)
            }
            ExpressionKind::Convert(convert) => self.check_fixed(&convert.value),
            ExpressionKind::Invoke(invoke) => {
                let name = invoke.name.as_string().ok_or(Reason::Condition)?;
                if !is_pure(name) {
                    return Err(Reason::Condition);
                }
                if invoke.access == Access::Instance {
                    self.check_fixed(&invoke.target)?;
                }
                invoke.arguments.iter().try_for_each(|argument| self.check_fixed(argument))
            }
            ExpressionKind::Type(_)
            | ExpressionKind::ArrayExpression(_)
            | ExpressionKind::SubExpression(_)
            | ExpressionKind::Hashtable(_)
            | ExpressionKind::ScriptBlock(_) => Err(Reason::Condition),
        }
    }

    fn check_variable(&self, name: &str, splatted: bool) -> Result<(), Reason> {
        let lower = fold(name);
        if lower == "_" || lower == "psitem" || splatted {
            return Err(Reason::Condition);
        }
        let own = ["true", "false", "null"].contains(&lower.as_str());
        let volatile = ["?", "error", "matches", "args", "input", "lastexitcode"].contains(&lower.as_str());
        let changes = || self.changes().calls || self.changes().variables.contains(&lower);
        if !own && (volatile || changes()) {
            return Err(Reason::Changing);
        }
        Ok(())
    }

    /// `(Get-Date)`: the clock is read once for all objects, which is as it would be on a host that is fast enough.
    fn check_time(&self, expression: &Expression) -> Result<(), Reason> {
        let ExpressionKind::Parenthesis(statement) = &expression.kind else { return Err(Reason::Condition) };
        let StatementKind::Pipeline(pipeline) = &statement.kind else { return Err(Reason::Condition) };
        let [PipelineElement { kind: PipelineElementKind::Command(command), redirections, .. }] =
            pipeline.elements.as_slice()
        else {
            return Err(Reason::Condition);
        };
        let name = command.name.as_string().unwrap_or_default();
        let is_date = commands::find(name).is_some_and(|command| command.name() == "Get-Date");
        if !is_date || command.call == Call::Operator || self.is_function(name) || !redirections.is_empty() {
            return Err(Reason::Condition);
        }
        command.elements.iter().try_for_each(|element| match element {
            CommandElement::Parameter(parameter) => {
                parameter.argument.as_ref().map_or(Ok(()), |argument| self.check_fixed(argument))
            }
            CommandElement::Argument(argument) => self.check_fixed(argument),
        })
    }
}

impl Changes {
    fn note(&mut self, node: Node<'_>, functions: &Functions) {
        match node {
            Node::Statement(statement) => match &statement.kind {
                StatementKind::Assignment(assignment) => self.root(&assignment.target),
                StatementKind::ForEach(each) => {
                    self.variables.insert(fold(&each.variable.name));
                }
                _ => {}
            },
            Node::Expression(expression) => match &expression.kind {
                ExpressionKind::Unary(unary) => {
                    use UnaryOperator::{PostDecrement, PostIncrement, PreDecrement, PreIncrement};
                    if matches!(unary.operator, PostDecrement | PostIncrement | PreDecrement | PreIncrement) {
                        self.root(&unary.operand);
                    }
                }
                // A method may change what it is called on.
                ExpressionKind::Invoke(invoke) if invoke.access == Access::Instance => {
                    let name = invoke.name.as_string().unwrap_or_default();
                    if !is_pure(name) {
                        self.root(&invoke.target);
                    }
                }
                _ => {}
            },
            Node::Element(PipelineElement { kind: PipelineElementKind::Command(command), .. }) => {
                let name = command.name.as_string().unwrap_or_default();
                self.calls |= command.call == Call::Operator || functions.contains(name);
                // Parameters such as -OutVariable and -Variable name a variable.
                for element in &command.elements {
                    if let Some(name) = element_text(element) {
                        self.variables.insert(fold(name.trim_start_matches('+')));
                    }
                }
            }
            _ => {}
        }
    }

    /// Notes the variable at the root of what is set.
    fn root(&mut self, target: &Expression) {
        match &target.kind {
            ExpressionKind::Variable(variable) => {
                self.variables.insert(fold(&variable.name));
            }
            ExpressionKind::Member(member) => self.root(&member.target),
            ExpressionKind::Index(index) => self.root(&index.target),
            ExpressionKind::Convert(convert) => self.root(&convert.value),
            ExpressionKind::Array(items) => items.iter().for_each(|item| self.root(item)),
            ExpressionKind::Parenthesis(inner) => {
                if let Some(inner) = inner.as_expression() {
                    self.root(inner);
                }
            }
            _ => {}
        }
    }
}

fn element_text(element: &CommandElement) -> Option<&str> {
    match element {
        CommandElement::Parameter(parameter) => parameter.argument.as_ref()?.as_string(),
        CommandElement::Argument(argument) => argument.as_string(),
    }
}

/// Methods that only compute.
fn is_pure(name: &str) -> bool {
    PURE.iter().any(|own| own.eq_ignore_ascii_case(name))
}

const PURE: [&str; 36] = [
    "AddDays",
    "AddHours",
    "AddMilliseconds",
    "AddMinutes",
    "AddMonths",
    "AddSeconds",
    "AddYears",
    "Abs",
    "Ceiling",
    "Contains",
    "EndsWith",
    "Floor",
    "FromDays",
    "FromHours",
    "FromMinutes",
    "FromSeconds",
    "IndexOf",
    "IsNullOrEmpty",
    "IsNullOrWhiteSpace",
    "Join",
    "Max",
    "Min",
    "Parse",
    "Pow",
    "Replace",
    "Round",
    "StartsWith",
    "Substring",
    "Subtract",
    "ToLower",
    "ToString",
    "ToUpper",
    "Trim",
    "TrimEnd",
    "TrimStart",
    "Truncate",
];
