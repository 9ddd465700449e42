//! Values that hold each other in a circle, which counting their holders alone would never free.

use std::collections::{HashMap, HashSet};

use super::Value;
use super::collection::{WeakArray, WeakTable, holds, let_go};
use super::object::WeakObject;

/// The containers that a script made hold another one after they were there: every circle leads through one of these.
/// What is held in a circle and by nobody else is freed when this is dropped.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ties {
    containers: HashMap<usize, Tied>,
    /// As many are noted before those that are gone are looked for again.
    room: usize,
}

#[derive(Clone, Debug)]
enum Tied {
    Array(WeakArray),
    Table(WeakTable),
    Object(WeakObject),
}

impl Tied {
    fn of(container: &Value) -> Option<Self> {
        match container {
            Value::Array(array) => Some(Self::Array(array.downgrade())),
            Value::Table(table) => Some(Self::Table(table.downgrade())),
            Value::Object(object) => Some(Self::Object(object.downgrade())),
            _ => None,
        }
    }

    fn upgrade(&self) -> Option<Value> {
        match self {
            Self::Array(array) => array.upgrade().map(Value::Array),
            Self::Table(table) => table.upgrade().map(Value::Table),
            Self::Object(object) => object.upgrade().map(Value::Object),
        }
    }
}

impl Ties {
    /// Notes that a container holds a value from now on.
    pub(crate) fn note(&mut self, container: &Value, held: &Value) {
        if holds(held) {
            self.note_container(container);
        }
    }

    /// Notes a container, whatever it holds.
    pub(crate) fn note_container(&mut self, container: &Value) {
        let Some((identity, tied)) = identity(container).zip(Tied::of(container)) else { return };
        // While it is noted, no other container is where this one is.
        self.containers.entry(identity).or_insert(tied);
        if self.containers.len() > self.room {
            self.containers.retain(|_, tied| tied.upgrade().is_some());
            self.room = 2 * self.containers.len() + ROOM;
        }
    }
}

impl Drop for Ties {
    fn drop(&mut self) {
        free_circles(self.containers.drain().filter_map(|(_, tied)| tied.upgrade()).collect());
    }
}

/// A container, and how many of those that were found hold it.
struct Node {
    container: Value,
    held: usize,
}

/// Empties those of the containers, and of what they hold, that nobody holds but one of these.
fn free_circles(containers: Vec<Value>) {
    let mut nodes: HashMap<usize, Node> = HashMap::new();
    let mut waiting = Vec::new();
    for container in containers {
        found(container, &mut nodes, &mut waiting);
    }
    while let Some(own) = waiting.pop() {
        for child in nodes.get(&own).map(|node| children(&node.container)).unwrap_or_default() {
            let Some(identity) = identity(&child) else { continue };
            found(child, &mut nodes, &mut waiting);
            if let Some(node) = nodes.get_mut(&identity) {
                node.held += 1;
            }
        }
    }
    // One holder is the node itself.
    let is_held = |node: &Node| holders(&node.container) > node.held + 1;
    let mut live: HashSet<usize> = HashSet::new();
    let mut waiting: Vec<usize> =
        nodes.iter().filter(|(_, node)| is_held(node)).map(|(identity, _)| *identity).collect();
    while let Some(own) = waiting.pop() {
        if live.insert(own)
            && let Some(node) = nodes.get(&own)
        {
            waiting.extend(children(&node.container).iter().filter_map(identity));
        }
    }
    for (_, node) in nodes.iter().filter(|(identity, _)| !live.contains(identity)) {
        let_go(match &node.container {
            Value::Array(array) => array.take_all(),
            Value::Table(table) => table.take_all(),
            Value::Object(object) => object.take_all(),
            _ => Vec::new(),
        });
    }
}

fn found(container: Value, nodes: &mut HashMap<usize, Node>, waiting: &mut Vec<usize>) {
    let Some(identity) = identity(&container) else { return };
    nodes.entry(identity).or_insert_with(|| {
        waiting.push(identity);
        Node { container, held: 0 }
    });
}

/// What tells a container from others, while it is there.
fn identity(value: &Value) -> Option<usize> {
    match value {
        Value::Array(array) => Some(array.identity()),
        Value::Table(table) => Some(table.identity()),
        Value::Object(object) => Some(object.identity()),
        _ => None,
    }
}

fn holders(value: &Value) -> usize {
    match value {
        Value::Array(array) => array.holders(),
        Value::Table(table) => table.holders(),
        Value::Object(object) => object.holders(),
        _ => 0,
    }
}

/// The containers that a container holds, as often as it holds them.
fn children(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(array) => array.look(|items| items.iter().filter(|item| holds(item)).cloned().collect()),
        Value::Table(table) => table.entries().into_iter().map(|(_, value)| value).filter(holds).collect(),
        Value::Object(object) => {
            let own = object.look_at_own(|members| {
                members.iter().map(|member| &member.value).filter(|value| holds(value)).cloned().collect()
            });
            let mut own: Vec<Value> = own;
            own.extend(object.wrapped().filter(holds));
            own
        }
        _ => Vec::new(),
    }
}

/// So many containers are noted before the first look at them.
const ROOM: usize = 1024;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::evaluate::{Evaluator, Setup, Step};
    use crate::parse;
    use crate::value::{Array, Members, Object, Shape, Table};

    /// A value that tells whether it is still held.
    fn witness() -> (Value, impl Fn() -> bool) {
        let array = Array::new(Vec::new());
        let weak = array.downgrade();
        (Value::Array(array), move || weak.upgrade().is_some())
    }

    #[test]
    fn a_circle_that_nobody_holds_is_freed() {
        let (inside, is_there) = witness();
        let table = Table::new(Shape::Hashtable);
        let bag = Object::custom(Members::new().with("inside", inside));
        let list = Array::list(vec![Value::Object(bag.clone())]);
        table.set("list".into(), Value::Array(list)).unwrap();
        let mut ties = Ties::default();
        bag.set("back", Value::Table(table.clone()));
        ties.note(&Value::Object(bag.clone()), &Value::Table(table.clone()));
        drop(bag);
        drop(ties);
        // The table is held here.
        assert!(is_there());
        let mut ties = Ties::default();
        ties.note_container(&Value::Table(table.clone()));
        drop(table);
        assert!(is_there());
        drop(ties);
        assert!(!is_there());
    }

    #[test]
    fn a_script_and_its_session_leave_no_circle() {
        for script in [
            "$h = @{ w = $w }; $h.self = $h",
            "$w.Add($w)",
            "$a = @($w, 0); $a[1] = @{ back = $a }; $a = $null; $w = $null",
            "1 | ForEach-Object { $o = [pscustomobject]@{ w = $w; O = 1 }; $o.O = $o }",
            "$h = @{ w = $w }; $h['a'] = @{ b = $h }; $h | Add-Member list $h; throw 'x'",
        ] {
            let list = Array::list(Vec::new());
            let weak = list.downgrade();
            let mut setup = Setup::default();
            setup.session.variables.insert("w".to_owned(), Value::Array(list));
            let mut evaluator = Evaluator::with_setup(script, parse::script(script).unwrap(), setup);
            while !matches!(evaluator.step(Duration::ZERO), Step::Done(_)) {}
            let session = evaluator.into_session();
            let copy = session.deep_clone();
            drop(session);
            assert!(weak.upgrade().is_none(), "{script}");
            drop(copy);
        }
    }

    #[test]
    fn what_is_noted_holds_nothing() {
        let mut ties = Ties::default();
        for _ in 0..10 * ROOM {
            ties.note_container(&Value::Array(Array::new(Vec::new())));
        }
        assert!(ties.containers.len() <= 2 * ROOM, "{}", ties.containers.len());
    }
}
