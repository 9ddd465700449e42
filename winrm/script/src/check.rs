//! What is refused before anything runs.
//!
//! [`script`] goes through a tree once and gives every construct that cannot be evaluated, with the reason and what to
//! write instead, or all the commands that the script may send to a host, with their arguments bound. What the
//! evaluator knows (types, methods, commands of its own) it says through a [`Vocabulary`].

mod attributes;
mod commands;
mod refusal;
mod standard;

pub use refusal::{Reason, Refusal};
pub use standard::Standard;

use std::collections::HashSet;

use crate::commands::{Bound, Command};
use crate::tree::{
    Access, BlockName, CommandElement, Expression, ExpressionKind, Invoke, Member, Node, ParameterDefinition,
    ScriptBlock, Span, StatementKind, Stream, TypeName, Variable,
};
use crate::tree::{PipelineElement, Redirection, RedirectionTarget};

/// What the evaluator knows. Names are asked for as they are written; upper and lower case are the same.
pub trait Vocabulary {
    /// Whether `[name]` converts, tests and declares.
    fn has_type(&self, name: &str) -> bool;
    /// Whether `[type]::name` is there, as a property or, with parentheses, as a method.
    fn has_static(&self, type_name: &str, member: &str, use_of: Use) -> bool;
    /// Whether `.name( … )` is a method of some value.
    fn has_method(&self, name: &str) -> bool;
    /// Whether `$name`, which PowerShell sets, is there.
    fn has_automatic(&self, name: &str) -> bool;
    /// Whether the host's facts answer `$env:name`.
    fn has_environment(&self, name: &str) -> bool;
    /// Whether the command, named in full, is evaluated here.
    fn evaluates(&self, command: &str) -> bool;
    /// Whether the script finds a function of this name, folded to lower case, besides those that it makes itself.
    fn has_function(&self, name: &str) -> bool {
        let _ = name;
        false
    }
}

/// How a member is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Use {
    /// Without parentheses.
    Property,
    /// With parentheses.
    Method,
}

/// A command that a script may send to a host.
#[derive(Debug, Clone)]
pub struct HostCommand<'tree> {
    /// Where it stands.
    pub span: Span,
    /// The name as it is written.
    pub name: &'tree str,
    /// What the table knows of it; nothing for programs, and for commands that only a host knows.
    pub known: Option<Command>,
    /// Which argument belongs to which parameter; nothing where the command is not known, an argument is splatted, or
    /// only a value that is computed can tell.
    pub bound: Option<Bound<&'tree Expression>>,
    /// What stands behind the name.
    pub elements: &'tree [CommandElement],
    /// Whether objects come to it through a `|`.
    pub piped: bool,
}

/// Checks a script, the tree of `text`.
///
/// # Errors
/// Everything that is refused, in the order of the source, but no more than [`MOST_REFUSALS`].
pub fn script<'tree>(
    text: &str,
    tree: &'tree ScriptBlock,
    vocabulary: &impl Vocabulary,
) -> Result<Vec<HostCommand<'tree>>, Vec<Refusal>> {
    let functions = Node::Script(tree).walk().filter_map(|node| match node {
        Node::Statement(statement) => match &statement.kind {
            StatementKind::Function(function) => Some(function.name.to_lowercase()),
            _ => None,
        },
        _ => None,
    });
    let mut check = Check {
        text,
        vocabulary,
        functions: functions.collect(),
        bodies: HashSet::new(),
        commands: Vec::new(),
        refusals: Vec::new(),
    };
    for node in Node::Script(tree).walk() {
        check.node(node);
        if check.refusals.len() >= MOST_REFUSALS {
            break;
        }
    }
    check.commands.sort_by_key(|command| command.span.start);
    check.refusals.sort_by_key(|refusal| refusal.span().start);
    if check.refusals.is_empty() { Ok(check.commands) } else { Err(check.refusals) }
}

/// How many refusals are given at once.
pub const MOST_REFUSALS: usize = 10;

struct Check<'tree, 'given, V> {
    text: &'given str,
    vocabulary: &'given V,
    /// The script's own functions, folded to lower case.
    functions: HashSet<String>,
    /// Where the bodies of functions begin.
    bodies: HashSet<usize>,
    commands: Vec<HostCommand<'tree>>,
    refusals: Vec<Refusal>,
}

impl<'tree, V: Vocabulary> Check<'tree, '_, V> {
    fn refuse(&mut self, span: Span, reason: Reason) {
        self.refusals.push(Refusal::new(self.text, span, reason));
    }

    fn node(&mut self, node: Node<'tree>) {
        match node {
            Node::Script(script) => self.script_block(script),
            Node::Block(_) => {}
            Node::Statement(statement) => match &statement.kind {
                StatementKind::Pipeline(pipeline) => {
                    self.methods_by_name(&pipeline.elements);
                    for (stage, element) in pipeline.elements.iter().enumerate() {
                        self.stage(stage, element);
                    }
                }
                StatementKind::Assignment(assignment) => self.assigned(&assignment.target),
                StatementKind::ForEach(each) => self.assigned_variable(each.variable_span, &each.variable),
                StatementKind::Function(function) => {
                    self.bodies.insert(function.body.span.start);
                    self.parameters(function.parameters.as_deref().unwrap_or_default());
                }
                _ => {}
            },
            Node::Element(_) => {}
            Node::Expression(expression) => self.expression(expression),
        }
    }

    fn script_block(&mut self, script: &ScriptBlock) {
        if let Some(block) = &script.parameters {
            self.attributes_of_block(&block.attributes);
            self.parameters(&block.parameters);
        }
        for block in &script.blocks {
            if matches!(block.name, BlockName::Begin | BlockName::Process)
                && !self.bodies.contains(&script.span.start)
            {
                self.refuse(block.span, Reason::NamedBlock);
            }
        }
    }

    fn parameters(&mut self, parameters: &[ParameterDefinition]) {
        for parameter in parameters {
            self.attributes_of_parameter(parameter);
            parameter.types.iter().for_each(|name| self.type_name(name));
            self.assigned_variable(parameter.variable_span, &parameter.variable);
        }
    }

    fn stage(&mut self, stage: usize, element: &'tree PipelineElement) {
        for redirection in &element.redirections {
            if !is_taken(redirection) {
                self.refuse(redirection.span, Reason::Redirection);
            }
        }
        self.command(stage, element);
    }

    fn expression(&mut self, expression: &'tree Expression) {
        let span = expression.span;
        match &expression.kind {
            ExpressionKind::Variable(variable) => self.variable(span, variable),
            ExpressionKind::Member(member) if member.access == Access::Static => {
                self.static_member(span, member);
            }
            ExpressionKind::Invoke(invoke) => self.invoke(span, invoke),
            ExpressionKind::Convert(convert) => self.type_name(&convert.to),
            _ => {}
        }
        // A type that is a value stands on the right of `-is`, `-isnot` and `-as`.
        if let ExpressionKind::Binary(binary) = &expression.kind
            && let ExpressionKind::Type(name) = &binary.right.kind
        {
            self.type_name(name);
        }
    }

    fn type_name(&mut self, name: &TypeName) {
        let element = name.name.trim_end_matches("[]");
        if !self.vocabulary.has_type(element) {
            self.refuse(name.span, Reason::Type(name.name.clone()));
        }
    }

    fn variable(&mut self, span: Span, variable: &Variable) {
        match variable.qualifier() {
            Some(qualifier) if qualifier.eq_ignore_ascii_case("env") => {
                let name = variable.name.split_once(':').map_or("", |(_, name)| name);
                if !self.vocabulary.has_environment(name) {
                    self.refuse(span, Reason::Environment(name.to_owned()));
                }
            }
            Some(_) => self.refuse(span, Reason::QualifiedVariable(variable.name.clone())),
            None => {
                let is_automatic = AUTOMATIC.iter().any(|name| name.eq_ignore_ascii_case(&variable.name));
                if is_automatic && !self.vocabulary.has_automatic(&variable.name) {
                    self.refuse(span, Reason::AutomaticVariable(variable.name.clone()));
                }
            }
        }
    }

    /// Every variable that an assignment sets.
    fn assigned(&mut self, target: &'tree Expression) {
        match &target.kind {
            ExpressionKind::Variable(variable) => self.assigned_variable(target.span, variable),
            ExpressionKind::Convert(convert) => self.assigned(&convert.value),
            ExpressionKind::Array(values) => values.iter().for_each(|value| self.assigned(value)),
            ExpressionKind::Parenthesis(inside) => {
                if let Some(inside) = inside.as_expression() {
                    self.assigned(inside);
                }
            }
            ExpressionKind::Member(member) if member.access == Access::Static => {
                self.refuse(target.span, Reason::StaticAssignment);
            }
            _ => {}
        }
    }

    fn assigned_variable(&mut self, span: Span, variable: &Variable) {
        let constant = CONSTANT.iter().any(|name| name.eq_ignore_ascii_case(&variable.name));
        if constant || variable.qualifier().is_some() {
            self.refuse(span, Reason::Assignment(variable.name.clone()));
        }
    }

    fn static_member(&mut self, span: Span, member: &Member) {
        self.static_use(span, &member.target, &member.name, Use::Property);
    }

    fn static_use(&mut self, span: Span, target: &Expression, name: &Expression, use_of: Use) {
        let (ExpressionKind::Type(type_name), Some(name)) = (&target.kind, name.as_string()) else {
            self.refuse(span, Reason::ComputedMember);
            return;
        };
        if !self.vocabulary.has_static(&type_name.name, name, use_of) {
            self.refuse(span, Reason::Static(format!("[{}]::{name}", type_name.name)));
        }
    }

    fn invoke(&mut self, span: Span, invoke: &Invoke) {
        if invoke.access == Access::Static {
            self.static_use(span, &invoke.target, &invoke.name, Use::Method);
            return;
        }
        match invoke.name.as_string() {
            Some(name) if self.vocabulary.has_method(name) => {}
            Some(name) => self.refuse(span, Reason::Method(name.to_owned())),
            None => self.refuse(span, Reason::ComputedMember),
        }
    }
}

/// Any stream to `$null`, and `2>&1`.
fn is_taken(redirection: &Redirection) -> bool {
    match (&redirection.to, redirection.from) {
        (RedirectionTarget::Output, from) => from == Stream::Error,
        (RedirectionTarget::File(name) | RedirectionTarget::Append(name), _) => {
            matches!(&name.kind, ExpressionKind::Variable(variable) if variable.name.eq_ignore_ascii_case("null"))
        }
    }
}

/// What PowerShell sets, and a script does not.
const AUTOMATIC: [&str; 39] = [
    "$",
    "?",
    "^",
    "_",
    "args",
    "ConsoleFileName",
    "EnabledExperimentalFeatures",
    "Error",
    "Event",
    "EventArgs",
    "EventSubscriber",
    "ExecutionContext",
    "foreach",
    "HOME",
    "Host",
    "input",
    "IsCoreCLR",
    "IsLinux",
    "IsMacOS",
    "IsWindows",
    "LASTEXITCODE",
    "Matches",
    "MyInvocation",
    "NestedPromptLevel",
    "PID",
    "PROFILE",
    "PSBoundParameters",
    "PSCmdlet",
    "PSCommandPath",
    "PSCulture",
    "PSDebugContext",
    "PSItem",
    "PSScriptRoot",
    "PSVersionTable",
    "PWD",
    "Sender",
    "ShellId",
    "StackTrace",
    "this",
];

/// What nobody sets. `$null = …` is another way to drop a value.
const CONSTANT: [&str; 4] = ["true", "false", "?", "PSVersionTable"];

#[cfg(test)]
mod tests;
