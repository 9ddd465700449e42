//! Functions of the script's own, and script blocks that are called.

use std::sync::Arc;

use super::arguments::{Arguments, Element};
use super::block::Block;
use super::interpreter::Interpreter;
use super::unwind::{Flow, Unwind};
use super::variable::Scope;
use crate::tree::{Function, ParameterDefinition, ScriptBlock};
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
        let switches: Vec<String> = parameters
            .iter()
            .filter(|own| own.types.iter().any(|name| name.name.eq_ignore_ascii_case("switch")))
            .map(|own| own.variable.name.clone())
            .collect();
        let (mut named, mut positional) = (Vec::new(), Vec::new());
        let mut elements = arguments.elements.into_iter().peekable();
        while let Some(element) = elements.next() {
            match element {
                Element::Value(value) => positional.push(value.value),
                Element::Parameter { name, value: Some(value) } => named.push((name, value.value)),
                Element::Parameter { name, value: None } => {
                    let is_switch = switches.iter().any(|own| starts_with(own, &name))
                        && !parameters.iter().any(|own| {
                            own.variable.name.eq_ignore_ascii_case(&name)
                                && !switches.contains(&own.variable.name)
                        });
                    match elements.next_if(|next| !is_switch && matches!(next, Element::Value(_))) {
                        Some(Element::Value(value)) => named.push((name, value.value)),
                        _ if is_switch => named.push((name, Value::Boolean(true))),
                        _ => return Err(Unwind::refused(format!("`-{name}` of a function needs a value"))),
                    }
                }
            }
        }
        self.bind_parameters(parameters, named, positional).await?;
        match input {
            None => self.body(body).await,
            Some(items) => self.body_with_input(body, items).await,
        }
    }

    /// Runs `begin`, `process` for each item, and `end`.
    async fn body_with_input(&mut self, body: &ScriptBlock, items: Vec<Value>) -> Flow<()> {
        use crate::tree::BlockName;
        for named in body.blocks.iter().filter(|block| block.name == BlockName::Begin) {
            self.statements(&named.statements).await?;
        }
        let process: Vec<_> = body.blocks.iter().filter(|block| block.name == BlockName::Process).collect();
        for item in &items {
            for named in &process {
                let old = self.replace_variable("_", Some(item.clone()));
                let result = self.statements(&named.statements).await;
                self.replace_variable("_", old);
                match result {
                    Ok(()) | Err(Unwind::Return) => {}
                    Err(unwind) => return Err(unwind),
                }
            }
        }
        self.replace_variable("input", Some(Value::array(items)));
        for named in
            body.blocks.iter().filter(|block| matches!(block.name, BlockName::End | BlockName::Unnamed))
        {
            self.statements(&named.statements).await?;
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
        let mut given: Vec<Option<Value>> = vec![None; parameters.len()];
        for (name, value) in named {
            let exact = parameters.iter().position(|own| own.variable.name.eq_ignore_ascii_case(&name));
            let mut begin =
                parameters.iter().enumerate().filter(|(_, own)| starts_with(&own.variable.name, &name));
            let found = exact.or_else(|| match (begin.next(), begin.next()) {
                (Some((at, _)), None) => Some(at),
                _ => None,
            });
            match found.and_then(|at| given.get_mut(at)) {
                Some(slot) => *slot = Some(value),
                None => return Err(Unwind::refused(format!("`-{name}` is no parameter of the function"))),
            }
        }
        let mut positional = positional.into_iter();
        for (own, slot) in parameters.iter().zip(given.iter_mut()) {
            let is_switch = own.types.iter().any(|name| name.name.eq_ignore_ascii_case("switch"));
            if slot.is_none() && !is_switch {
                *slot = positional.next();
            }
        }
        for (own, value) in parameters.iter().zip(given) {
            let mut constraint = None;
            for name in &own.types {
                constraint = Some(self.type_named(&name.name)?);
            }
            let was_given = value.is_some();
            let value = match (value, &own.default) {
                (Some(value), _) => value,
                (None, Some(default)) => self.value(default).await?,
                (None, None) => match constraint {
                    Some(Type::Plain(Plain::Switch | Plain::Boolean)) => Value::Boolean(false),
                    _ => Value::Null,
                },
            };
            let value = match constraint {
                Some(to) if was_given || !value.is_null() => {
                    convert(&value, to).map_err(|fault| match fault {
                        crate::value::Fault::Thrown(thrown) => crate::value::Fault::Thrown(thrown)
                            .with_id("ParameterArgumentTransformationError")
                            .into(),
                        fault @ crate::value::Fault::Unsupported(_) => Unwind::from(fault),
                    })?
                }
                Some(Type::Plain(Plain::String)) => Value::string(""),
                Some(to @ Type::Plain(Plain::Int32 | Plain::Int64 | Plain::Double | Plain::Decimal)) => {
                    convert(&Value::Null, to)?
                }
                _ => value,
            };
            self.set_parameter(&own.variable.name, value, constraint)?;
        }
        let rest: Vec<Value> = positional.collect();
        if !rest.is_empty() && !parameters.is_empty() {
            // A function without `[CmdletBinding()]` keeps what is left in $args.
            self.replace_variable("args", Some(Value::array(rest)));
        } else {
            self.replace_variable("args", Some(Value::array(rest)));
        }
        Ok(())
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

fn starts_with(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}
