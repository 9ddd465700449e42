//! `switch`.

use super::interpreter::Interpreter;
use super::unwind::{Flow, Unwind};
use crate::tree::{Expression, ExpressionKind, StatementBlock, Switch, SwitchMatch};
use crate::value::Value;
use crate::value::compare::equals;
use crate::value::pattern::{Expression as Pattern, Wildcard};

/// What comes after a clause.
enum After {
    /// The next clause.
    Clause,
    /// The next value: `continue`.
    Value,
    /// Nothing: `break`.
    End,
}

impl Interpreter {
    pub(super) async fn switch(&mut self, switch: &Switch) -> Flow<()> {
        let value = self.captured(&switch.condition).await?;
        let items = match value.enumerate() {
            Some(items) => items,
            None => vec![value],
        };
        for item in items {
            self.breathe().await?;
            let old = self.replace_variable("_", Some(item.clone()));
            let result = self.switch_item(switch, &item).await;
            self.replace_variable("_", old);
            match result? {
                After::End => break,
                After::Clause | After::Value => {}
            }
        }
        Ok(())
    }

    async fn switch_item(&mut self, switch: &Switch, item: &Value) -> Flow<After> {
        let mut matched = false;
        for (condition, body) in &switch.clauses {
            self.tick()?;
            if !self.clause_matches(switch, condition, item).await? {
                continue;
            }
            matched = true;
            match self.clause(switch, body).await? {
                After::Clause => {}
                after => return Ok(after),
            }
        }
        match &switch.default {
            Some(body) if !matched => self.clause(switch, body).await,
            _ => Ok(After::Clause),
        }
    }

    async fn clause_matches(&mut self, switch: &Switch, condition: &Expression, item: &Value) -> Flow<bool> {
        if let ExpressionKind::ScriptBlock(_) = &condition.kind {
            let block = self.value(condition).await?;
            let Value::Block(block) = block else { return Ok(false) };
            let output = self.invoke_with_item(&block, item.clone()).await?;
            return Ok(Value::of_output(output).is_true());
        }
        let wanted = self.value(condition).await?;
        Ok(match switch.matching {
            SwitchMatch::Exact => equals(item, &wanted, switch.case)?,
            SwitchMatch::Wildcard => {
                Wildcard::new(wanted.to_text().as_str(), switch.case)?.matches(item.to_text().as_str())?
            }
            SwitchMatch::Regex => {
                let pattern = Pattern::new(wanted.to_text().as_str(), switch.case)?;
                let groups = pattern.groups(item.to_text().as_str())?;
                match groups {
                    Some(groups) => {
                        self.set_matches(groups)?;
                        true
                    }
                    None => false,
                }
            }
        })
    }

    async fn clause(&mut self, switch: &Switch, body: &StatementBlock) -> Flow<After> {
        let own = |target: &Option<String>| match target {
            None => true,
            Some(target) => switch.label.as_ref().is_some_and(|label| label.eq_ignore_ascii_case(target)),
        };
        match self.statements(&body.statements).await {
            Ok(()) => Ok(After::Clause),
            Err(Unwind::Break(target)) if own(&target) => Ok(After::End),
            Err(Unwind::Continue(target)) if own(&target) => Ok(After::Value),
            Err(unwind) => Err(unwind),
        }
    }
}
