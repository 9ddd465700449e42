//! How high a node stands above its farthest leaf.

use super::walk::Node;

/// The height of the highest statement or expression below this node.
pub(super) fn below(node: Node<'_>) -> usize {
    let mut highest = 0;
    node.for_each_child(&mut |child| {
        let height = match child {
            Node::Statement(statement) => statement.height(),
            Node::Expression(expression) => expression.height(),
            // These hold statements and expressions right below them, or one step further.
            Node::Script(_) | Node::Block(_) | Node::Element(_) => below(child),
        };
        highest = highest.max(height);
    });
    highest
}
