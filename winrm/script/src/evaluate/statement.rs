//! Statements.

use std::sync::Arc;

use super::failure::Failure;
use super::function::Definition;
use super::interpreter::{ErrorsTo, Interpreter, Turn};
use super::unwind::{Flow, Unwind};
use crate::tree::{
    BlockName, CatchClause, Do, DoUntil, Expression, For, ForEach, If, NamedBlock, ScriptBlock, Statement,
    StatementBlock, StatementKind, Try, While,
};
use crate::value::convert::convert;
use crate::value::text::fold;
use crate::value::type_name::Plain;
use crate::value::{Type, Value};

impl Interpreter {
    /// The whole script.
    pub(super) async fn script(&mut self, tree: &ScriptBlock, arguments: Vec<(String, Value)>) -> Flow<()> {
        if let Some(parameters) = &tree.parameters {
            self.bind_parameters(&parameters.parameters, arguments, Vec::new()).await?;
        }
        self.body(tree).await
    }

    /// The statements of a script block, which has no input.
    pub(super) async fn body(&mut self, block: &ScriptBlock) -> Flow<()> {
        for name in [BlockName::Begin, BlockName::Process, BlockName::Unnamed, BlockName::End] {
            for named in block.blocks.iter().filter(|block| block.name == name) {
                self.named_block(named).await?;
            }
        }
        Ok(())
    }

    /// What `return` leaves is a block that has a name, or all of what has none.
    pub(super) async fn named_block(&mut self, block: &NamedBlock) -> Flow<()> {
        match self.statements(&block.statements).await {
            Err(Unwind::Return) if block.name != BlockName::Unnamed => Ok(()),
            result => result,
        }
    }

    /// Statements one after the other. An error that ends a statement is written, and the next one runs, unless
    /// something around waits for errors.
    pub(super) fn statements<'a>(&'a mut self, statements: &'a [Statement]) -> Turn<'a, ()> {
        Box::pin(async move {
            self.enter()?;
            for statement in statements {
                self.tick()?;
                match self.statement(statement).await.map_err(|unwind| unwind.at(statement.span)) {
                    Ok(()) => {}
                    Err(Unwind::Statement(failure)) if self.guarded == 0 => {
                        self.succeeded = false;
                        self.report(*failure, None).await?;
                        self.succeeded = false;
                    }
                    Err(unwind) => {
                        self.leave();
                        return Err(unwind);
                    }
                }
            }
            self.leave();
            Ok(())
        })
    }

    async fn block(&mut self, block: &StatementBlock) -> Flow<()> {
        self.statements(&block.statements).await
    }

    /// One statement; its output goes where output goes.
    pub(super) fn statement<'a>(&'a mut self, statement: &'a Statement) -> Turn<'a, ()> {
        Box::pin(async move {
            match &statement.kind {
                StatementKind::Pipeline(pipeline) => self.pipeline(pipeline).await,
                StatementKind::Assignment(assignment) => {
                    self.assign(assignment).await?;
                    self.succeeded = true;
                    Ok(())
                }
                StatementKind::If(conditional) => self.conditional(conditional).await,
                StatementKind::Switch(switch) => self.switch(switch).await,
                StatementKind::ForEach(each) => self.for_each(each).await,
                StatementKind::For(turns) => self.for_loop(turns).await,
                StatementKind::While(turns) => self.while_loop(turns).await,
                StatementKind::Do(turns) => self.do_loop(turns).await,
                StatementKind::Function(function) => {
                    let definition = Definition::of(function, Arc::clone(&self.text));
                    if let Some(scope) = self.scopes.last_mut() {
                        scope.functions.insert(fold(&function.name), Arc::new(definition));
                    }
                    Ok(())
                }
                StatementKind::Try(guarded) => self.try_catch(guarded).await,
                StatementKind::Return(value) => {
                    if let Some(value) = value {
                        self.statement(value).await?;
                    }
                    Err(Unwind::Return)
                }
                StatementKind::Throw(value) => self.throw(value.as_deref()).await,
                StatementKind::Exit(code) => {
                    let code = match code {
                        Some(code) => exit_code(&self.captured(code).await?),
                        None => 0,
                    };
                    Err(Unwind::Exit(code))
                }
                StatementKind::Break(label) => {
                    let label = self.label(label.as_deref()).await?;
                    Err(Unwind::Break(label))
                }
                StatementKind::Continue(label) => {
                    let label = self.label(label.as_deref()).await?;
                    Err(Unwind::Continue(label))
                }
            }
        })
    }

    /// What a statement's output is as a value. An expression keeps the value that it has.
    pub(super) async fn captured(&mut self, statement: &Statement) -> Flow<Value> {
        if let Some(expression) = statement.as_expression() {
            let value = self.value(expression).await?;
            self.succeeded = true;
            return Ok(value);
        }
        if let StatementKind::Assignment(assignment) = &statement.kind {
            return self.assign(assignment).await;
        }
        self.output_of(statement).await.map(Value::of_output)
    }

    /// The output of a statement.
    pub(super) async fn output_of(&mut self, statement: &Statement) -> Flow<Vec<Value>> {
        let collection = self.begin_collection();
        let result = self.statement(statement).await;
        let items = self.end_collection(collection);
        result?;
        Ok(items)
    }

    /// The output of statements, and of those before one that ended in an error if errors are written.
    pub(super) async fn output_of_all(&mut self, statements: &[Statement]) -> Flow<Vec<Value>> {
        let collection = self.begin_collection();
        let result = self.statements(statements).await;
        let items = self.end_collection(collection);
        result?;
        Ok(items)
    }

    async fn conditional(&mut self, conditional: &If) -> Flow<()> {
        for clause in &conditional.clauses {
            if self.captured(&clause.condition).await?.is_true() {
                return self.block(&clause.body).await;
            }
        }
        match &conditional.otherwise {
            Some(otherwise) => self.block(otherwise).await,
            None => Ok(()),
        }
    }

    async fn for_each(&mut self, each: &ForEach) -> Flow<()> {
        let values = self.captured(&each.values).await?;
        let items = match values {
            Value::Null => Vec::new(),
            values => values.into_items(),
        };
        for item in items {
            self.breathe().await?;
            self.set_variable(&each.variable.name, item, None)?;
            let turn = self.turn(&each.body, each.label.as_deref()).await?;
            if turn == After::Break {
                break;
            }
        }
        Ok(())
    }

    async fn for_loop(&mut self, turns: &For) -> Flow<()> {
        if let Some(first) = &turns.initializer {
            self.silently(first).await?;
        }
        loop {
            self.breathe().await?;
            if let Some(condition) = &turns.condition
                && !self.captured(condition).await?.is_true()
            {
                return Ok(());
            }
            if self.turn(&turns.body, turns.label.as_deref()).await? == After::Break {
                return Ok(());
            }
            if let Some(next) = &turns.iterator {
                self.silently(next).await?;
            }
        }
    }

    async fn while_loop(&mut self, turns: &While) -> Flow<()> {
        loop {
            self.breathe().await?;
            if !self.captured(&turns.condition).await?.is_true() {
                return Ok(());
            }
            if self.turn(&turns.body, turns.label.as_deref()).await? == After::Break {
                return Ok(());
            }
        }
    }

    async fn do_loop(&mut self, turns: &Do) -> Flow<()> {
        loop {
            self.breathe().await?;
            if self.turn(&turns.body, turns.label.as_deref()).await? == After::Break {
                return Ok(());
            }
            let holds = self.captured(&turns.condition).await?.is_true();
            if holds == (turns.until == DoUntil::True) {
                return Ok(());
            }
        }
    }

    /// One turn of a loop.
    pub(super) async fn turn(&mut self, body: &StatementBlock, label: Option<&str>) -> Flow<After> {
        self.loops += 1;
        let result = self.block(body).await;
        self.loops -= 1;
        let own = |target: &Option<String>| match target {
            None => true,
            Some(target) => label.is_some_and(|label| label.eq_ignore_ascii_case(target)),
        };
        match result {
            Ok(()) => Ok(After::Next),
            Err(Unwind::Break(target)) if own(&target) => Ok(After::Break),
            Err(Unwind::Continue(target)) if own(&target) => Ok(After::Next),
            Err(unwind) => Err(unwind),
        }
    }

    /// Runs a statement without its output.
    async fn silently(&mut self, statement: &Statement) -> Flow<()> {
        let before = std::mem::replace(&mut self.target, super::output::Target::Nowhere);
        let result = self.statement(statement).await;
        self.target = before;
        result
    }

    async fn label(&mut self, label: Option<&Expression>) -> Flow<Option<String>> {
        match label {
            None => Ok(None),
            Some(label) => Ok(Some(self.value(label).await?.to_text().as_str().to_owned())),
        }
    }

    async fn throw(&mut self, value: Option<&Statement>) -> Flow<()> {
        let value = match value {
            Some(value) => self.captured(value).await?,
            None => match self.own_variable("_") {
                Some(record) if Failure::of_value(&record).is_some() => record,
                _ => Value::string("ScriptHalted"),
            },
        };
        self.fits(&value)?;
        let failure = match Failure::of_value(&value) {
            Some(failure) => failure,
            None => Failure {
                id: value.to_text().as_str().to_owned(),
                message: value.to_text().as_str().to_owned(),
                exception: "System.Management.Automation.RuntimeException".to_owned(),
                category: "OperationStopped".to_owned(),
                target: value,
                ..Failure::default()
            },
        };
        Err(Unwind::Script(Box::new(failure)))
    }

    async fn try_catch(&mut self, guarded: &Try) -> Flow<()> {
        let before = (self.target, self.errors_to, self.scopes.len());
        self.guarded += 1;
        let mut result = self.block(&guarded.body).await;
        self.guarded -= 1;
        if let Err(Unwind::Statement(failure) | Unwind::Script(failure)) = result {
            (self.target, self.errors_to) = (before.0, before.1);
            self.scopes.truncate(before.2);
            result = match clause_for(&failure, &guarded.catches) {
                Some(clause) => self.catch(*failure, clause).await,
                None => Err(Unwind::Script(failure)),
            };
        }
        if let Some(last) = &guarded.finally {
            let depth = self.guarded;
            self.block(last).await?;
            self.guarded = depth;
        }
        result
    }

    async fn catch(&mut self, mut failure: Failure, clause: &CatchClause) -> Flow<()> {
        self.locate(&mut failure);
        let record = failure.to_value();
        self.remember(record.clone());
        self.succeeded = false;
        let errors_to = std::mem::replace(&mut self.errors_to, ErrorsTo::Stream);
        let old = self.replace_variable("_", Some(record));
        let result = self.block(&clause.body).await;
        self.replace_variable("_", old);
        self.errors_to = errors_to;
        result
    }
}

/// What comes after a turn of a loop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum After {
    /// The next turn, if there is one.
    Next,
    /// The loop is left.
    Break,
}

fn clause_for<'a>(failure: &Failure, clauses: &'a [CatchClause]) -> Option<&'a CatchClause> {
    clauses.iter().find(|clause| {
        clause.types.is_empty() || clause.types.iter().any(|name| failure.is_caught_by(&name.name))
    })
}

/// What `exit` ends with: its value as an integer, 0 where it is none.
fn exit_code(value: &Value) -> i32 {
    match convert(value, Type::Plain(Plain::Int32)) {
        Ok(Value::Int32(code)) => code,
        _ => 0,
    }
}
