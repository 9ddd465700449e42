//! Functions of the script's own, and script blocks that are called.

use std::sync::Arc;

use super::arguments::{Arguments, Element};
use super::block::Block;
use super::interpreter::Interpreter;
use super::parameter::{Assigned, Source, check_given, find, is_advanced, is_switch};
use super::unwind::{Flow, Unwind};
use super::variable::Scope;
use crate::tree::{BlockName, Function, ParameterDefinition, ScriptBlock};
use crate::value::convert::convert;
use crate::value::type_name::Plain;
use crate::value::{Type, Value};

/// A function.
#[derive(Debug)]
pub(crate) struct Definition {
    parameters: Vec<ParameterDefinition>,
    body: ScriptBlock,
    /// The script in which it was defined.
    text: Arc<str>,
}

impl Definition {
    pub(super) fn of(function: &Function, text: Arc<str>) -> Self {
        let own = function.parameters.clone();
        let inner = || function.body.parameters.as_ref().map(|block| block.parameters.clone());
        Self { parameters: own.or_else(inner).unwrap_or_default(), body: function.body.clone(), text }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn parameters(&self) -> impl Iterator<Item = &ParameterDefinition> {
        self.parameters.iter()
    }

    pub(super) fn body(&self) -> &ScriptBlock {
        &self.body
    }
}

impl Interpreter {
    /// Calls a function; `input` is what was piped to it.
    pub(super) async fn call_function(
        &mut self,
        function: &Definition,
        arguments: Arguments,
        input: Option<Vec<Value>>,
    ) -> Flow<()> {
        let foreign = !Arc::ptr_eq(&self.text, &function.text);
        let text = std::mem::replace(&mut self.text, Arc::clone(&function.text));
        let outer =
            foreign.then(|| (std::mem::take(&mut self.blocks), std::mem::take(&mut self.invocations)));
        let mut result = self.in_new_scope(&function.parameters, &function.body, arguments, input).await;
        if let (true, Err(Unwind::Statement(failure) | Unwind::Script(failure))) = (foreign, &mut result) {
            self.locate(failure);
        }
        self.text = text;
        if let Some((blocks, invocations)) = outer {
            (self.blocks, self.invocations) = (blocks, invocations);
        }
        result
    }

    /// `& { … }`.
    pub(super) async fn call_block(
        &mut self,
        block: &Block,
        arguments: Arguments,
        input: Option<Vec<Value>>,
    ) -> Flow<()> {
        let body = Arc::clone(&block.body);
        let parameters =
            body.parameters.as_ref().map(|block| block.parameters.as_slice()).unwrap_or_default();
        self.in_new_scope(parameters, &body, arguments, input).await
    }

    async fn in_new_scope(
        &mut self,
        parameters: &[ParameterDefinition],
        body: &ScriptBlock,
        arguments: Arguments,
        input: Option<Vec<Value>>,
    ) -> Flow<()> {
        self.breathe().await?;
        self.enter()?;
        self.scopes.push(Scope::default());
        let depth = self.scopes.len();
        let result = self.bound_body(parameters, body, arguments, input).await;
        self.scopes.truncate(depth - 1);
        self.leave();
        match result {
            Ok(()) | Err(Unwind::Return) => Ok(()),
            Err(unwind) => Err(unwind),
        }
    }

    async fn bound_body(
        &mut self,
        parameters: &[ParameterDefinition],
        body: &ScriptBlock,
        arguments: Arguments,
        input: Option<Vec<Value>>,
    ) -> Flow<()> {
        let (mut named, mut positional) = (Vec::new(), Vec::new());
        let mut elements = arguments.elements.into_iter().peekable();
        while let Some(element) = elements.next() {
            match element {
                Element::Value(value) => positional.push(value.value),
                Element::Parameter { name, value: Some(value) } => named.push((name, value.value)),
                Element::Parameter { name, value: None } => {
                    let switch = find(parameters, &name).is_some_and(is_switch);
                    match elements.next_if(|next| !switch && matches!(next, Element::Value(_))) {
                        Some(Element::Value(value)) => named.push((name, value.value)),
                        _ if switch => named.push((name, Value::Boolean(true))),
                        _ => return Err(Unwind::refused(format!("`-{name}` of a function needs a value"))),
                    }
                }
            }
        }
        let source = if input.is_some() { Source::Pipeline } else { Source::Arguments };
        let assigned = Assigned::of(parameters, named, positional, source)?;
        let piped = assigned.takes_input(parameters, is_advanced(body, parameters));
        self.set_parameters(parameters, assigned, is_advanced(body, parameters)).await?;
        match input {
            None => self.body(body).await,
            Some(items) => self.body_with_input(body, items, piped?).await,
        }
    }

    /// Runs `begin`, `process` for each item, and `end`. Each item goes to a parameter, too, if one takes it.
    async fn body_with_input(
        &mut self,
        body: &ScriptBlock,
        items: Vec<Value>,
        parameter: Option<&ParameterDefinition>,
    ) -> Flow<()> {
        let called = |name: BlockName| body.blocks.iter().filter(move |block| block.name == name);
        for named in called(BlockName::Begin) {
            self.named_block(named).await?;
        }
        for item in &items {
            if let Some(parameter) = parameter {
                self.set_given(parameter, item).await?;
            }
            for named in called(BlockName::Process) {
                let old = self.replace_variable("_", Some(item.clone()));
                let result = self.named_block(named).await;
                self.replace_variable("_", old);
                result?;
            }
        }
        self.replace_variable("input", Some(Value::array(items)));
        for named in called(BlockName::Unnamed).chain(called(BlockName::End)) {
            self.named_block(named).await?;
        }
        Ok(())
    }

    /// Sets the parameters in the present scope, and `$args` to what is left.
    pub(super) async fn bind_parameters(
        &mut self,
        parameters: &[ParameterDefinition],
        named: Vec<(String, Value)>,
        positional: Vec<Value>,
    ) -> Flow<()> {
        let assigned = Assigned::of(parameters, named, positional, Source::Arguments)?;
        self.set_parameters(parameters, assigned, false).await
    }

    async fn set_parameters(
        &mut self,
        parameters: &[ParameterDefinition],
        assigned: Assigned,
        advanced: bool,
    ) -> Flow<()> {
        for (own, value) in parameters.iter().zip(assigned.given) {
            match value {
                Some(value) => self.set_given(own, &value).await?,
                None => self.set_default(own).await?,
            }
        }
        if advanced && !assigned.rest.is_empty() {
            return Err(Unwind::refused("more values than the function has positions for"));
        }
        // A function without attributes keeps what is left in $args.
        self.replace_variable("args", Some(Value::array(assigned.rest)));
        Ok(())
    }

    /// Sets a parameter to what it is given, converted and checked.
    async fn set_given(&mut self, parameter: &ParameterDefinition, value: &Value) -> Flow<()> {
        let constraint = self.constraint(parameter)?;
        let value = match constraint {
            Some(to) => convert(value, to).map_err(|fault| match fault {
                crate::value::Fault::Thrown(thrown) => {
                    crate::value::Fault::Thrown(thrown).with_id("ParameterArgumentTransformationError").into()
                }
                fault @ crate::value::Fault::Unsupported(_) => Unwind::from(fault),
            })?,
            None => value.clone(),
        };
        check_given(parameter, &value)?;
        self.set_parameter(&parameter.variable.name, value, constraint)
    }

    /// Sets a parameter that is not given: to its default, or to what its type has for nothing.
    async fn set_default(&mut self, parameter: &ParameterDefinition) -> Flow<()> {
        let constraint = self.constraint(parameter)?;
        let value = match &parameter.default {
            Some(default) => self.value(default).await?,
            None => match constraint {
                Some(Type::Plain(Plain::Switch | Plain::Boolean)) => Value::Boolean(false),
                _ => Value::Null,
            },
        };
        let value = match constraint {
            Some(to) if !value.is_null() => convert(&value, to)?,
            Some(Type::Plain(Plain::String)) => Value::string(""),
            Some(to @ Type::Plain(Plain::Int32 | Plain::Int64 | Plain::Double | Plain::Decimal)) => {
                convert(&Value::Null, to)?
            }
            _ => value,
        };
        self.set_parameter(&parameter.variable.name, value, constraint)
    }

    /// The type that a parameter's value has, the last of several.
    fn constraint(&self, parameter: &ParameterDefinition) -> Flow<Option<Type>> {
        let mut constraint = None;
        for name in &parameter.types {
            constraint = Some(self.type_named(&name.name)?);
        }
        Ok(constraint)
    }

    fn set_parameter(&mut self, name: &str, value: Value, constraint: Option<Type>) -> Flow<()> {
        let constraint = constraint.filter(|own| *own != Type::Plain(Plain::Switch));
        self.set_variable(name, value, constraint)
    }

    /// Runs a block for an item in the present scope and collects its output.
    pub(super) async fn invoke_with_item(&mut self, block: &Block, item: Value) -> Flow<Vec<Value>> {
        let collection = self.begin_collection();
        let result = self.run_with_item(block, Some(item)).await;
        let items = self.end_collection(collection);
        result?;
        Ok(items)
    }

    /// Runs a block for an item in the present scope; its output goes where output goes.
    pub(super) async fn run_with_item(&mut self, block: &Block, item: Option<Value>) -> Flow<()> {
        let body = Arc::clone(&block.body);
        let old = item.map(|item| self.replace_variable("_", Some(item)));
        let result = self.body(&body).await;
        if let Some(old) = old {
            self.replace_variable("_", old);
        }
        match result {
            Ok(()) | Err(Unwind::Return) => Ok(()),
            Err(unwind) => Err(unwind),
        }
    }

    /// The value of a calculated property; an error in it makes it null.
    pub(super) async fn calculated(&mut self, block: &Block, item: &Value) -> Flow<Value> {
        // One expression, as nearly all are, needs no statements around it.
        if let [only] = block.body.blocks.as_slice()
            && let [statement] = only.statements.as_slice()
            && let Some(expression) = statement.as_expression()
            && Self::is_simple(expression)
        {
            let old = self.replace_variable("_", Some(item.clone()));
            let result = self.settled(expression).await;
            self.replace_variable("_", old);
            return match result {
                // What a block writes is enumerated: an array of one is that one.
                Ok(value) if value.enumerate().is_some() => Ok(Value::of_output(value.into_items())),
                Ok(value) => Ok(value),
                Err(Unwind::Statement(_)) => Ok(Value::Null),
                Err(unwind) => Err(unwind),
            };
        }
        let before = (self.target, self.scopes.len());
        self.guarded += 1;
        let result = self.invoke_with_item(block, item.clone()).await;
        self.guarded -= 1;
        match result {
            Ok(items) => Ok(Value::of_output(items)),
            Err(Unwind::Statement(_) | Unwind::Script(_)) => {
                self.target = before.0;
                self.scopes.truncate(before.1);
                Ok(Value::Null)
            }
            Err(unwind) => Err(unwind),
        }
    }

    /// Whether a block says yes to an item.
    pub(super) async fn condition(&mut self, block: &Block, item: &Value) -> Flow<bool> {
        if let [only] = block.body.blocks.as_slice()
            && let [statement] = only.statements.as_slice()
            && let Some(expression) = statement.as_expression()
            && Self::is_simple(expression)
        {
            let old = self.replace_variable("_", Some(item.clone()));
            let result = self.settled(expression).await;
            self.replace_variable("_", old);
            return match result {
                Ok(value) => Ok(value.is_true()),
                Err(Unwind::Statement(failure)) if self.guarded == 0 => {
                    self.report(*failure, None).await?;
                    Ok(false)
                }
                Err(unwind) => Err(unwind),
            };
        }
        let output = self.invoke_with_item(block, item.clone()).await?;
        Ok(Value::of_output(output).is_true())
    }
}
