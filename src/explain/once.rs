//! Which parts of a script may run more than once.

use winrm_script::tree::{ExpressionKind, Node, ScriptBlock, Span, StatementKind};

/// Where things stand of which nobody can count, before the script runs, how often they run: the bodies of loops, of
/// functions, and script blocks. What is under a condition runs once at most, so it does not count.
pub(super) fn uncounted(tree: &ScriptBlock) -> Vec<Span> {
    let own = |node: Node<'_>| match node {
        Node::Statement(statement) => match &statement.kind {
            StatementKind::Switch(_)
            | StatementKind::ForEach(_)
            | StatementKind::For(_)
            | StatementKind::While(_)
            | StatementKind::Do(_)
            | StatementKind::Function(_) => Some(statement.span),
            _ => None,
        },
        Node::Expression(expression) => match &expression.kind {
            ExpressionKind::ScriptBlock(_) => Some(expression.span),
            _ => None,
        },
        _ => None,
    };
    Node::Script(tree).walk().filter_map(own).collect()
}

/// Whether a place lies in one of these.
pub(super) fn lies_in(spans: &[Span], at: Span) -> bool {
    spans.iter().any(|span| span.start <= at.start && at.end <= span.end)
}
