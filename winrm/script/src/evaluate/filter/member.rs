//! Add-Member, and New-Object as far as it makes values.

use super::Stage;
use super::select::with_members;
use crate::evaluate::arguments::Bound;
use crate::evaluate::failure::Failure;
use crate::evaluate::interpreter::{Interpreter, Turn};
use crate::evaluate::unwind::{Flow, Unwind};
use crate::value::type_name::Plain;
use crate::value::{Array, Members, Object, Shape, Table, Type, Value};

pub(super) fn add_member(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let mut members = Members::new();
    let pass_through = bound.switch("PassThru");
    let force = bound.switch("Force");
    let input = bound.take("InputObject");
    match bound.take("NotePropertyMembers") {
        Some(Value::Table(table)) => {
            for (key, value) in table.entries() {
                members.set(key.to_text(), value);
            }
        }
        Some(_) => return Err(Unwind::refused("this form of Add-Member")),
        None => {
            let note = bound.text("NotePropertyName");
            let kind = bound.text("MemberType");
            if kind.as_ref().is_some_and(|kind| !kind.eq_ignore_ascii_case("NoteProperty")) {
                return Err(Unwind::refused("Add-Member of what is no NoteProperty"));
            }
            let name = match note {
                Some(name) => Some(name),
                None => bound.text("Name"),
            };
            let value = bound.take("NotePropertyValue").or_else(|| bound.take("Value")).unwrap_or_default();
            match name {
                Some(name) => members.set(name.into(), value),
                None => return Err(Unwind::refused("this form of Add-Member")),
            }
        }
    }
    bound.finish("Add-Member")?;
    Ok(Box::new(AddMember { members, pass_through, force, input }))
}

struct AddMember {
    members: Members,
    pass_through: bool,
    force: bool,
    input: Option<Value>,
}

impl Stage for AddMember {
    fn input(&mut self) -> Option<Value> {
        self.input.take()
    }

    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        Box::pin(async move {
            let item = match item {
                Value::Object(object) => {
                    for member in &self.members {
                        if object.property(member.name.as_str()).is_some() && !self.force {
                            let message = format!(
                                "Cannot add a member with the name \"{}\" because a member with that name already exists. To overwrite the member anyway, add the Force parameter to your command.",
                                member.name
                            );
                            let failure = Failure {
                                id: "MemberAlreadyExists,Microsoft.PowerShell.Commands.AddMemberCommand"
                                    .to_owned(),
                                message,
                                exception: "System.InvalidOperationException".to_owned(),
                                category: "InvalidOperation".to_owned(),
                                ..Failure::default()
                            };
                            return interpreter.report(failure, None).await;
                        }
                        interpreter.ties.note(&Value::Object(object.clone()), &member.value);
                        object.set(member.name.as_str(), member.value.clone());
                    }
                    Value::Object(object)
                }
                other if self.pass_through => {
                    let members: Vec<_> = self.members.iter().cloned().collect();
                    with_members(&other, &members)
                }
                _ => return Err(Unwind::refused("Add-Member on a plain value without -PassThru")),
            };
            if self.pass_through { interpreter.emit(item).await } else { Ok(()) }
        })
    }
}

/// A property bag, a list or a hashtable; nothing else is made by its type's name.
pub(super) fn new_object(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let name = bound.text("TypeName").unwrap_or_default();
    let properties = bound.take("Property");
    bound.finish("New-Object")?;
    let value = match (Type::named(&name), properties) {
        (Some(Type::Plain(Plain::Custom | Plain::Object)), properties) => {
            let mut members = Members::new();
            match properties {
                None => {}
                Some(Value::Table(table)) => {
                    for (key, value) in table.entries() {
                        members.set(key.to_text(), value);
                    }
                }
                Some(_) => return Err(Unwind::refused("New-Object with other properties than a hashtable")),
            }
            Value::Object(Object::custom(members))
        }
        (Some(Type::Plain(Plain::ArrayList)), None) => Value::Array(Array::list(Vec::new())),
        (Some(Type::ListOf(element)), None) => Value::Array(Array::list_of(element, Vec::new())),
        (Some(Type::Plain(Plain::Hashtable)), None) => Value::Table(Table::new(Shape::Hashtable)),
        _ => {
            return Err(Unwind::refused(format!(
                "New-Object of `{name}`; use `[pscustomobject]@{{ … }}`, a hashtable, or a command"
            )));
        }
    };
    Ok(Box::new(New { value }))
}

struct New {
    value: Value,
}

impl Stage for New {
    fn alone<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        // A list is one object here, and not its items.
        interpreter.emit(self.value.clone())
    }

    fn process<'a>(&'a mut self, _: &'a mut Interpreter, _: Value) -> Turn<'a, ()> {
        Box::pin(async { Err(Unwind::refused("input of New-Object")) })
    }
}
