//! Objects with properties.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use winrm_proto::clixml::{self, PsString, TypeNames, eq_ignore_case};

use super::Value;
use super::collection::{Holds, Shared, holds, let_go};
use super::text::fold;

/// An object: one that a script made, one that came from a host, or a value that was given properties.
#[derive(Clone, Debug)]
pub struct Object(Arc<Inner>);

/// An object that may be gone.
#[derive(Clone, Debug)]
pub(super) struct WeakObject(Weak<Inner>);

impl WeakObject {
    pub(super) fn upgrade(&self) -> Option<Object> {
        self.0.upgrade().map(Object)
    }
}

#[derive(Debug)]
struct Inner {
    state: Shared<State>,
    /// The object as the host sent it. Its properties are looked up there; those in `state` come before them.
    host: Option<Arc<clixml::Object>>,
    /// The value that was given properties.
    wrapped: Option<Value>,
    to_string: Option<PsString>,
}

#[derive(Debug, Default)]
struct State {
    type_names: TypeNames,
    members: Members,
    /// Host properties that a script removed do not exist: PowerShell has no way to remove one.
    changed: bool,
}

/// Named values in their order, found without regard to case.
#[derive(Clone, Debug, Default)]
pub struct Members {
    entries: Vec<Member>,
    /// INVARIANT: once there are more than [`SCANNED`] entries, maps every folded name to its entry.
    index: HashMap<String, usize>,
}

/// A property.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name.
    pub name: PsString,
    /// Its value.
    pub value: Value,
}

impl Object {
    /// A `[pscustomobject]` with these properties.
    #[must_use]
    pub fn custom(members: Members) -> Self {
        Self::typed([CUSTOM, "System.Object"].into_iter().collect(), members)
    }

    /// An object of these type names with these properties.
    #[must_use]
    pub fn typed(type_names: TypeNames, members: Members) -> Self {
        Self::assemble(type_names, members, None, None, None)
    }

    /// An object that turns into this text.
    #[must_use]
    pub fn with_text(type_names: TypeNames, members: Members, text: impl Into<PsString>) -> Self {
        Self::assemble(type_names, members, None, None, Some(text.into()))
    }

    /// A value that is given properties.
    #[must_use]
    pub fn wrapping(value: Value, members: Members) -> Self {
        Self::assemble(TypeNames::default(), members, None, Some(value), None)
    }

    /// An object that a host sent.
    #[must_use]
    pub fn of_host(host: Arc<clixml::Object>) -> Self {
        let (type_names, text) = (host.type_names.clone(), host.to_string.clone());
        Self::assemble(type_names, Members::default(), Some(host), None, text)
    }

    /// The object as the host sent it, unless a script changed it since.
    #[must_use]
    pub fn unchanged_host(&self) -> Option<&Arc<clixml::Object>> {
        let host = self.0.host.as_ref()?;
        (!self.0.state.read().changed).then_some(host)
    }

    /// Whether both are the same object.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether it came from a host.
    #[must_use]
    pub fn is_of_host(&self) -> bool {
        self.0.host.is_some()
    }

    /// The value that was given properties.
    #[must_use]
    pub fn wrapped(&self) -> Option<Value> {
        self.0.wrapped.clone()
    }

    /// Whether it is a value that was given properties.
    #[must_use]
    pub fn is_wrapper(&self) -> bool {
        self.0.wrapped.is_some()
    }

    /// The text that it turns into, where that is not made of its properties.
    #[must_use]
    pub fn text(&self) -> Option<&PsString> {
        self.0.to_string.as_ref()
    }

    /// The type and its base types.
    #[must_use]
    pub fn type_names(&self) -> TypeNames {
        self.0.state.read().type_names.clone()
    }

    /// The full name of the type.
    #[must_use]
    pub fn type_name(&self) -> PsString {
        if let Some(value) = &self.0.wrapped {
            return value.type_name();
        }
        self.type_names().first().unwrap_or(CUSTOM).into()
    }

    /// Whether it is a `[pscustomobject]` of a script or a property bag, and not an object of a type.
    #[must_use]
    pub fn is_custom(&self) -> bool {
        if self.0.wrapped.is_some() {
            return false;
        }
        let names = &self.0.state.read().type_names;
        names.is_empty() || names.is(CUSTOM)
    }

    /// A property's value by name.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<Value> {
        if let Some(own) = self.0.state.read().members.value(name) {
            return Some(own.clone());
        }
        self.0.host.as_ref()?.property(name).map(Value::from_clixml)
    }

    /// A property's name as it is spelled.
    #[must_use]
    pub fn spelled(&self, name: &str) -> Option<PsString> {
        let same = |own: &PsString| own.eq_ignore_case(name);
        if let Some(own) = self.0.state.read().members.iter().find(|own| same(&own.name)) {
            return Some(own.name.clone());
        }
        self.0.host.as_ref()?.properties().find(|own| same(&own.name)).map(|own| own.name.clone())
    }

    /// Sets a property, new or not.
    pub fn set(&self, name: &str, value: Value) {
        let spelled = self.spelled(name).unwrap_or_else(|| name.into());
        let mut state = self.0.state.write();
        state.members.set(spelled, value);
        state.changed = true;
    }

    /// Puts a type name before the others.
    pub fn push_type_name(&self, name: &str) {
        let mut state = self.0.state.write();
        let names = std::iter::once(PsString::from(name)).chain(state.type_names.as_slice().iter().cloned());
        state.type_names = names.collect();
        state.changed = true;
    }

    /// All properties in their order.
    #[must_use]
    pub fn members(&self) -> Vec<Member> {
        let state = self.0.state.read();
        let Some(host) = &self.0.host else { return state.members.entries.clone() };
        let mut members = Members::default();
        for property in host.properties() {
            members.set(property.name.clone(), Value::from_clixml(&property.value));
        }
        for member in &state.members {
            members.set(member.name.clone(), member.value.clone());
        }
        members.entries
    }

    /// Looks at the properties that are not as the host sent them; the object must not be asked for anything meanwhile.
    pub(super) fn look_at_own<T>(&self, look: impl FnOnce(&[Member]) -> T) -> T {
        look(&self.0.state.read().members.entries)
    }

    /// The object as the host sent it, whatever a script changed since.
    pub(super) fn host(&self) -> Option<&clixml::Object> {
        self.0.host.as_deref()
    }

    /// The names of all properties in their order.
    #[must_use]
    pub fn names(&self) -> Vec<PsString> {
        let state = self.0.state.read();
        let own = state.members.iter().map(|member| member.name.clone());
        let Some(host) = &self.0.host else { return own.collect() };
        let mut names: Vec<PsString> = host.properties().map(|property| property.name.clone()).collect();
        names.extend(own.filter(|name| host.property(name.as_str()).is_none()));
        names
    }

    /// An object with the same properties, of the same type.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        self.duplicate_around(self.0.wrapped.clone())
    }

    /// An object with the same properties, of the same type, for another value that was given them.
    pub(super) fn duplicate_around(&self, wrapped: Option<Value>) -> Self {
        let state = self.0.state.read();
        Self(Arc::new(Inner {
            state: Shared::new(State {
                type_names: state.type_names.clone(),
                members: state.members.clone(),
                changed: state.changed,
            }),
            host: self.0.host.clone(),
            wrapped,
            to_string: self.0.to_string.clone(),
        }))
    }

    /// What tells it from other objects, while it is there.
    pub(super) fn identity(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Changes the values of properties that no host sent, or that were set since.
    pub(super) fn change_own(&self, mut change: impl FnMut(&Value) -> Value) {
        let mut members = self.0.state.read().members.clone();
        for member in &mut members.entries {
            member.value = change(&member.value);
        }
        self.0.state.write().members = members;
    }

    /// The same object, without holding it.
    pub(super) fn downgrade(&self) -> WeakObject {
        WeakObject(Arc::downgrade(&self.0))
    }

    /// How many hold it.
    pub(super) fn holders(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// Takes out the values of all own properties.
    pub(super) fn take_all(&self) -> Vec<Value> {
        let members = std::mem::take(&mut self.0.state.write().members);
        members.entries.into_iter().map(|member| member.value).collect()
    }

    /// Gives away the values that hold others, if nobody else holds the object.
    pub(super) fn release(self, into: &mut Vec<Value>) {
        if let Some(mut inner) = Arc::into_inner(self.0) {
            inner.release(into);
        }
    }

    fn assemble(
        type_names: TypeNames,
        members: Members,
        host: Option<Arc<clixml::Object>>,
        wrapped: Option<Value>,
        to_string: Option<PsString>,
    ) -> Self {
        let state = Shared::new(State { type_names, members, changed: false });
        Self(Arc::new(Inner { state, host, wrapped, to_string }))
    }
}

impl Holds for Inner {
    fn release(&mut self, into: &mut Vec<Value>) {
        into.extend(self.wrapped.take());
        self.state.release(into);
    }
}

impl Holds for State {
    fn release(&mut self, into: &mut Vec<Value>) {
        if self.members.iter().any(|member| holds(&member.value)) {
            into.extend(self.members.entries.drain(..).map(|member| member.value));
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let mut held = Vec::new();
        self.release(&mut held);
        let_go(held);
    }
}

impl Members {
    /// No properties.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a property, for building a set in one expression.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.set(name.into(), value.into());
        self
    }

    /// Sets a property. One whose name differs at most in case keeps its place and is spelled anew.
    pub fn set(&mut self, name: PsString, value: Value) {
        match self.position(name.as_str()).and_then(|at| self.entries.get_mut(at)) {
            Some(member) => *member = Member { name, value },
            None => self.push(Member { name, value }),
        }
    }

    /// A property's value.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.position(name).and_then(|at| self.entries.get(at)).map(|member| &member.value)
    }

    /// The properties in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Member> {
        self.entries.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn push(&mut self, member: Member) {
        self.entries.push(member);
        match self.entries.len() {
            // Few names are compared faster than hashed; many would be quadratic to build.
            count if count <= SCANNED => {}
            count if count == SCANNED + 1 => {
                let folded = |(at, member): (usize, &Member)| (fold(member.name.as_str()), at);
                self.index = self.entries.iter().enumerate().map(folded).collect();
            }
            count => {
                if let Some(member) = self.entries.last() {
                    self.index.insert(fold(member.name.as_str()), count - 1);
                }
            }
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        if self.index.is_empty() {
            self.entries.iter().position(|member| eq_ignore_case(member.name.as_str(), name))
        } else {
            self.index.get(&fold(name)).copied()
        }
    }
}

impl<'a> IntoIterator for &'a Members {
    type Item = &'a Member;
    type IntoIter = std::slice::Iter<'a, Member>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<(PsString, Value)> for Members {
    fn from_iter<I: IntoIterator<Item = (PsString, Value)>>(entries: I) -> Self {
        let mut members = Self::new();
        for (name, value) in entries {
            members.set(name, value);
        }
        members
    }
}

/// The type of what `[pscustomobject]` makes.
pub(crate) const CUSTOM: &str = "System.Management.Automation.PSCustomObject";

/// How many properties are looked through one by one.
const SCANNED: usize = 16;
