//! Going through a tree.

use super::command::{CommandElement, Redirection, RedirectionTarget};
use super::expression::{Expression, ExpressionKind, Part};
use super::statement::{
    Attribute, AttributeArgument, ParameterDefinition, PipelineElement, PipelineElementKind, ScriptBlock,
    Statement, StatementBlock, StatementKind,
};
use super::{Command, Span};

/// Something in a tree that has other things below it.
#[derive(Debug, Clone, Copy)]
pub enum Node<'tree> {
    /// A script block.
    Script(&'tree ScriptBlock),
    /// A block of statements.
    Block(&'tree StatementBlock),
    /// A statement.
    Statement(&'tree Statement),
    /// A stage of a pipeline.
    Element(&'tree PipelineElement),
    /// An expression.
    Expression(&'tree Expression),
}

impl<'tree> Node<'tree> {
    /// Where it stands.
    #[must_use]
    pub fn span(self) -> Span {
        match self {
            Self::Script(script) => script.span,
            Self::Block(block) => block.span,
            Self::Statement(statement) => statement.span,
            Self::Element(element) => element.span,
            Self::Expression(expression) => expression.span,
        }
    }

    /// This node and all below it, in the order of the source, what encloses before what is enclosed.
    pub fn walk(self) -> impl Iterator<Item = Node<'tree>> {
        let mut stack = vec![self];
        std::iter::from_fn(move || {
            let node = stack.pop()?;
            let first = stack.len();
            node.for_each_child(&mut |child| stack.push(child));
            if let Some(children) = stack.get_mut(first..) {
                children.reverse();
            }
            Some(node)
        })
    }

    /// What stands right below this node, in the order of the source.
    pub(super) fn for_each_child(self, visit: &mut impl FnMut(Node<'tree>)) {
        match self {
            Self::Script(script) => {
                if let Some(block) = &script.parameters {
                    attributes(&block.attributes, visit);
                    defaults(block.parameters.iter(), visit);
                }
                script.blocks.iter().flat_map(|block| &block.statements).map(Node::Statement).for_each(visit);
            }
            Self::Block(block) => block.statements.iter().map(Node::Statement).for_each(visit),
            Self::Statement(statement) => below_statement(&statement.kind, visit),
            Self::Element(element) => below_element(element, visit),
            Self::Expression(expression) => below_expression(&expression.kind, visit),
        }
    }
}

impl ScriptBlock {
    /// All commands in this script, nested ones too, with their extents, in the order of the source.
    pub fn commands(&self) -> impl Iterator<Item = (&Command, Span)> {
        Node::Script(self).walk().filter_map(|node| match node {
            Node::Element(PipelineElement { kind: PipelineElementKind::Command(command), span, .. }) => {
                Some((command, *span))
            }
            _ => None,
        })
    }
}

fn below_statement<'tree>(kind: &'tree StatementKind, visit: &mut impl FnMut(Node<'tree>)) {
    match kind {
        StatementKind::Pipeline(pipeline) => pipeline.elements.iter().map(Node::Element).for_each(visit),
        StatementKind::Assignment(assignment) => {
            visit(Node::Expression(&assignment.target));
            visit(Node::Statement(&assignment.value));
        }
        StatementKind::If(conditional) => {
            for clause in &conditional.clauses {
                visit(Node::Statement(&clause.condition));
                visit(Node::Block(&clause.body));
            }
            conditional.otherwise.iter().map(Node::Block).for_each(visit);
        }
        StatementKind::Switch(switch) => {
            visit(Node::Statement(&switch.condition));
            for (value, body) in &switch.clauses {
                visit(Node::Expression(value));
                visit(Node::Block(body));
            }
            switch.default.iter().map(Node::Block).for_each(visit);
        }
        StatementKind::ForEach(each) => {
            visit(Node::Statement(&each.values));
            visit(Node::Block(&each.body));
        }
        StatementKind::For(turns) => {
            let parts = [&turns.initializer, &turns.condition, &turns.iterator];
            parts.into_iter().flatten().map(Node::Statement).for_each(&mut *visit);
            visit(Node::Block(&turns.body));
        }
        StatementKind::While(turns) => {
            visit(Node::Statement(&turns.condition));
            visit(Node::Block(&turns.body));
        }
        StatementKind::Do(turns) => {
            visit(Node::Block(&turns.body));
            visit(Node::Statement(&turns.condition));
        }
        StatementKind::Function(function) => {
            defaults(function.parameters.iter().flatten(), visit);
            visit(Node::Script(&function.body));
        }
        StatementKind::Try(attempt) => {
            visit(Node::Block(&attempt.body));
            attempt.catches.iter().map(|clause| Node::Block(&clause.body)).for_each(&mut *visit);
            attempt.finally.iter().map(Node::Block).for_each(visit);
        }
        StatementKind::Return(value) | StatementKind::Throw(value) | StatementKind::Exit(value) => {
            value.iter().map(|value| Node::Statement(value)).for_each(visit);
        }
        StatementKind::Break(label) | StatementKind::Continue(label) => {
            label.iter().map(|label| Node::Expression(label)).for_each(visit);
        }
    }
}

fn below_expression<'tree>(kind: &'tree ExpressionKind, visit: &mut impl FnMut(Node<'tree>)) {
    match kind {
        ExpressionKind::Number(_)
        | ExpressionKind::String(_)
        | ExpressionKind::Variable(_)
        | ExpressionKind::Type(_) => {}
        ExpressionKind::Expandable(string) => {
            for part in &string.parts {
                if let Part::Expression(expression) = part {
                    visit(Node::Expression(expression));
                }
            }
        }
        ExpressionKind::Array(values) => values.iter().map(Node::Expression).for_each(visit),
        ExpressionKind::ArrayExpression(block) | ExpressionKind::SubExpression(block) => {
            visit(Node::Block(block));
        }
        ExpressionKind::Parenthesis(statement) => visit(Node::Statement(statement)),
        ExpressionKind::Hashtable(entries) => {
            for entry in entries {
                visit(Node::Expression(&entry.key));
                visit(Node::Statement(&entry.value));
            }
        }
        ExpressionKind::ScriptBlock(block) => visit(Node::Script(block)),
        ExpressionKind::Member(member) => {
            visit(Node::Expression(&member.target));
            visit(Node::Expression(&member.name));
        }
        ExpressionKind::Invoke(invoke) => {
            visit(Node::Expression(&invoke.target));
            visit(Node::Expression(&invoke.name));
            invoke.arguments.iter().map(Node::Expression).for_each(visit);
        }
        ExpressionKind::Index(index) => {
            visit(Node::Expression(&index.target));
            visit(Node::Expression(&index.index));
        }
        ExpressionKind::Unary(unary) => visit(Node::Expression(&unary.operand)),
        ExpressionKind::Binary(binary) => {
            visit(Node::Expression(&binary.left));
            visit(Node::Expression(&binary.right));
        }
        ExpressionKind::Convert(convert) => visit(Node::Expression(&convert.value)),
    }
}

/// Redirections stand among the arguments.
fn below_element<'tree>(element: &'tree PipelineElement, visit: &mut impl FnMut(Node<'tree>)) {
    let mut redirections = element.redirections.iter().filter_map(|redirection| match redirection {
        Redirection { to: RedirectionTarget::File(name) | RedirectionTarget::Append(name), .. } => {
            Some(&**name)
        }
        Redirection { to: RedirectionTarget::Output, .. } => None,
    });
    let mut redirection = redirections.next();
    let mut place = |expression: &'tree Expression| {
        while let Some(before) = redirection.filter(|name| name.span.start < expression.span.start) {
            visit(Node::Expression(before));
            redirection = redirections.next();
        }
        visit(Node::Expression(expression));
    };
    match &element.kind {
        PipelineElementKind::Expression(expression) => place(expression),
        PipelineElementKind::Command(command) => {
            place(&command.name);
            for part in &command.elements {
                match part {
                    CommandElement::Parameter(parameter) => parameter.argument.iter().for_each(&mut place),
                    CommandElement::Argument(argument) => place(argument),
                }
            }
        }
    }
    redirection.into_iter().chain(redirections).map(Node::Expression).for_each(visit);
}

fn defaults<'tree>(
    parameters: impl Iterator<Item = &'tree ParameterDefinition>,
    visit: &mut impl FnMut(Node<'tree>),
) {
    for parameter in parameters {
        attributes(&parameter.attributes, visit);
        parameter.default.iter().map(Node::Expression).for_each(&mut *visit);
    }
}

fn attributes<'tree>(attributes: &'tree [Attribute], visit: &mut impl FnMut(Node<'tree>)) {
    for argument in attributes.iter().flat_map(|attribute| &attribute.arguments) {
        match argument {
            AttributeArgument::Positional(value) | AttributeArgument::Named { value: Some(value), .. } => {
                visit(Node::Expression(value));
            }
            AttributeArgument::Named { value: None, .. } => {}
        }
    }
}
