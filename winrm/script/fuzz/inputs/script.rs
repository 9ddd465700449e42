//! Bytes as a script.

use winrm_script::check::{self, Standard};
use winrm_script::commands::{Element, find};
use winrm_script::declaration::Declaration;
use winrm_script::parse::{self, MAX_NODES};
use winrm_script::static_command::StaticCommand;
use winrm_script::tree::{Expression, MAX_HEIGHT, Node, ScriptBlock, Span};

/// Parses the script, looks whether its tree is sound, and binds and writes what can be bound and written.
pub(crate) fn run(data: &[u8]) {
    let text = std::str::from_utf8(data);
    match parse::script_from_bytes(data) {
        Ok(tree) => sound(text.expect("only text has a tree"), &tree),
        Err(refusal) => {
            let at = refusal.position().offset;
            assert!(
                at <= data.len() && refusal.span().start <= data.len() && refusal.span().end <= data.len()
            );
            assert!(!refusal.to_string().is_empty());
        }
    }
    if let Ok(text) = text
        && let Ok(declaration) = Declaration::read(text)
    {
        assert!(declaration.parameters.iter().all(|own| text.get(own.span.start..own.span.end).is_some()));
    }
    if let Ok(command) = text.map_err(drop).and_then(|text| StaticCommand::parse(text).map_err(drop)) {
        let again = StaticCommand::parse(&command.render());
        assert_eq!(again.as_ref(), Ok(&command), "{}", command.render());
    }
}

fn sound(text: &str, tree: &ScriptBlock) {
    let mut nodes = 0;
    for node in Node::Script(tree).walk() {
        nodes += 1;
        let span = node.span();
        assert!(span == Span::default() || text.get(span.start..span.end).is_some());
        match node {
            Node::Expression(expression) => assert!(expression.height() <= MAX_HEIGHT),
            Node::Statement(statement) => assert!(statement.height() <= MAX_HEIGHT),
            Node::Script(_) | Node::Block(_) | Node::Element(_) => {}
        }
    }
    // Script blocks, blocks and stages are nodes that the parser does not count, at most one for each that it does.
    assert!(nodes <= 2 * MAX_NODES + 1);
    for (command, _) in tree.commands() {
        if let Some(known) = command.name.as_string().and_then(find) {
            let elements: Vec<Element<'_, &Expression>> =
                command.elements.iter().map(Element::from).collect();
            if let Ok(bound) = known.bind(&elements) {
                assert!(bound.arguments.len() <= elements.len());
            }
        }
    }
    match check::script(text, tree, &Standard) {
        Ok(commands) => assert!(commands.len() <= nodes),
        Err(refusals) => assert!(refusals.iter().all(|refusal| refusal.span().end <= text.len())),
    }
    assert_eq!(tree, &tree.clone());
}
