//! Expressions that may wait for the caller. What needs no waiting is in [`simple`](super::simple).

use std::sync::Arc;

use super::block::Block;
use super::interpreter::{Interpreter, Turn};
use super::unwind::{Flow, Unwind};
use crate::tree::{
    Access, BinaryOperator, Entry, Expression, ExpressionKind, Part, ScriptBlock, StatementKind,
    UnaryOperator,
};
use crate::value::text::{join_items, joined_size, text_size};
use crate::value::{Members, Object, Shape, Table, Type, Value};

impl Interpreter {
    /// The value of an expression.
    pub(super) async fn value(&mut self, expression: &Expression) -> Flow<Value> {
        let result = if Self::is_simple(expression) {
            self.settled(expression).await.map_err(|unwind| unwind.at(expression.span))
        } else {
            self.waiting(expression).await
        };
        self.pause().await?;
        result
    }

    /// The value of a simple expression; one that takes long is evaluated where it can pause.
    pub(super) async fn settled(&mut self, expression: &Expression) -> Flow<Value> {
        self.pause().await?;
        match self.simple(expression) {
            Err(Unwind::Later) => self.waiting(expression).await,
            result => result,
        }
    }

    fn waiting<'a>(&'a mut self, expression: &'a Expression) -> Turn<'a, Value> {
        Box::pin(async move {
            self.enter()?;
            self.tick()?;
            let result = self.waited(expression).await.map_err(|unwind| unwind.at(expression.span));
            self.leave();
            result
        })
    }

    async fn waited(&mut self, expression: &Expression) -> Flow<Value> {
        match &expression.kind {
            ExpressionKind::Expandable(expandable) => {
                let mut text = String::new();
                for part in &expandable.parts {
                    match part {
                        Part::Text(own) => text.push_str(own),
                        Part::Expression(inner) => {
                            let value = self.value(inner).await?;
                            self.expand_into(&value, &mut text)?;
                        }
                    }
                }
                self.make(text.len())?;
                Ok(Value::string(text))
            }
            ExpressionKind::Array(items) => {
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    values.push(self.value(item).await?);
                }
                Ok(Value::array(values))
            }
            ExpressionKind::ArrayExpression(block) => {
                // `@( … )` around one array is that array.
                if let [statement] = block.statements.as_slice()
                    && let Some(inner) = statement.as_expression()
                {
                    return match self.value(inner).await? {
                        Value::Array(array) if !array.is_list() => Ok(Value::array(array.to_vec())),
                        other => Ok(Value::array(other.into_items())),
                    };
                }
                self.output_of_all(&block.statements).await.map(Value::array)
            }
            ExpressionKind::SubExpression(block) => {
                self.output_of_all(&block.statements).await.map(Value::of_output)
            }
            ExpressionKind::Parenthesis(statement) => match &statement.kind {
                StatementKind::Assignment(assignment) => self.assign(assignment).await,
                _ => self.captured(statement).await,
            },
            ExpressionKind::Hashtable(entries) => {
                let table = Table::new(Shape::Hashtable);
                self.fill(&table, entries).await?;
                Ok(Value::Table(table))
            }
            ExpressionKind::ScriptBlock(block) => Ok(Value::Block(self.block_value(block))),
            ExpressionKind::Member(member) => {
                if member.access == Access::Static {
                    return self.simple(expression);
                }
                let target = self.value(&member.target).await?;
                let name = self.value(&member.name).await?;
                self.member(&target, name.to_text().as_str())
            }
            ExpressionKind::Invoke(invoke) => self.invoke(invoke).await,
            ExpressionKind::Index(index) => {
                let target = self.value(&index.target).await?;
                let by = self.value(&index.index).await?;
                self.index(&target, &by)
            }
            ExpressionKind::Unary(unary) => match unary.operator {
                UnaryOperator::PreIncrement
                | UnaryOperator::PreDecrement
                | UnaryOperator::PostIncrement
                | UnaryOperator::PostDecrement => self.increment(unary).await,
                operator => {
                    let operand = self.value(&unary.operand).await?;
                    self.unary(operator, &operand)
                }
            },
            ExpressionKind::Binary(binary) => {
                let left = self.value(&binary.left).await?;
                if let Some(decided) = Self::short_circuit(binary.operator, &left) {
                    return Ok(decided);
                }
                let right = self.value(&binary.right).await?;
                if let BinaryOperator::Compare(comparison, case) = binary.operator
                    && let Some(value) = self.long_comparison(comparison, case, &left, &right).await?
                {
                    return Ok(value);
                }
                if let (Value::Block(block), BinaryOperator::Compare(..)) = (&right, binary.operator) {
                    return self.with_block(binary.operator, &left, Arc::clone(block)).await;
                }
                self.binary(binary.operator, &left, &right)
            }
            ExpressionKind::Convert(convert) => {
                if let ExpressionKind::Hashtable(entries) = &convert.value.kind {
                    match convert.to.name.to_ascii_lowercase().as_str() {
                        "ordered" => {
                            let table = Table::new(Shape::Ordered);
                            self.fill(&table, entries).await?;
                            return Ok(Value::Table(table));
                        }
                        "pscustomobject" | "psobject" | "system.management.automation.pscustomobject" => {
                            return self.custom(entries).await;
                        }
                        _ => {}
                    }
                }
                let value = self.value(&convert.value).await?;
                self.cast(&convert.to, &value)
            }
            ExpressionKind::Number(_)
            | ExpressionKind::String(_)
            | ExpressionKind::Variable(_)
            | ExpressionKind::Type(_) => self.simple(expression),
        }
    }

    async fn fill(&mut self, table: &Table, entries: &[Entry]) -> Flow<()> {
        for entry in entries {
            self.tick()?;
            let key = self.value(&entry.key).await?;
            let value = self.captured(&entry.value).await?;
            self.make(size_of::<(Value, Value)>())?;
            if table.value(&key)?.is_some() {
                return Err(crate::value::Fault::thrown(
                    "DuplicateKeyInHashLiteral",
                    "System.Management.Automation.RuntimeException",
                    format!(
                        "Item has already been added. Key in dictionary: '{0}'  Key being added: '{0}'",
                        key.to_text()
                    ),
                )
                .into());
            }
            table.set(key, value)?;
        }
        Ok(())
    }

    async fn custom(&mut self, entries: &[Entry]) -> Flow<Value> {
        let mut members = Members::new();
        for entry in entries {
            self.tick()?;
            let key = self.value(&entry.key).await?;
            let value = self.captured(&entry.value).await?;
            self.make(size_of::<(Value, Value)>())?;
            members.set(key.to_text(), value);
        }
        Ok(Value::Object(Object::custom(members)))
    }

    /// `{ … }` as a value; the same place is the same block each time.
    pub(super) fn block_value(&mut self, block: &ScriptBlock) -> Arc<Block> {
        if let Some(known) = self.blocks.get(&block.span) {
            return Arc::clone(known);
        }
        let text = block.span.text(&self.text);
        let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text).to_owned();
        let made = Arc::new(Block::new(Arc::new(block.clone()), inner));
        self.blocks.insert(block.span, Arc::clone(&made));
        made
    }

    /// The text of a value inside `"…"`.
    pub(super) fn expand_into(&mut self, value: &Value, text: &mut String) -> Flow<()> {
        if let (Value::Array(array), Some(separator)) = (value, self.own_variable("OFS")) {
            self.fits(&separator)?;
            let (items, separator) = (array.to_vec(), separator.to_text());
            self.room(text.len().saturating_add(joined_size(&items, separator.as_str())))?;
            self.tick_items(items.len())?;
            text.push_str(&join_items(&items, separator.as_str()));
            return Ok(());
        }
        if let Value::Array(array) = value {
            self.tick_items(array.len())?;
        }
        self.room(text.len().saturating_add(text_size(value)))?;
        text.push_str(value.to_text().as_str());
        Ok(())
    }

    pub(super) fn type_named(&self, name: &str) -> Flow<Type> {
        Type::named(name)
            .ok_or_else(|| Unwind::refused(format!("[{name}] is not among the types that are known here")))
    }
}
