//! Statements that begin with a keyword.

use super::refusal::{Reason, Stop};
use super::scanner::Mode;
use super::token::{Keyword, Kind};
use super::{Around, Parser};
use crate::tree::{
    Case, CatchClause, Do, DoUntil, For, ForEach, Function, If, IfClause, Span, Statement, StatementKind,
    Switch, SwitchMatch, Try, TypeName, Variable, While,
};

impl Parser<'_> {
    pub(super) fn if_statement(&mut self, start: Span) -> Result<Statement, Stop> {
        let mut clauses = Vec::new();
        let mut end = start;
        let mut otherwise = None;
        loop {
            let condition = self.condition()?;
            self.skip_lines()?;
            let body = self.block()?;
            end = end.to(body.span);
            clauses.push(IfClause { condition, body });
            let after = self.here();
            self.skip_lines()?;
            if self.take(|kind| matches!(kind, Kind::Keyword(Keyword::ElseIf)))?.is_some() {
                continue;
            }
            if self.take(|kind| matches!(kind, Kind::Keyword(Keyword::Else)))?.is_some() {
                let body = self.block()?;
                end = end.to(body.span);
                otherwise = Some(body);
            } else {
                self.rewind(after);
            }
            break;
        }
        self.statement(start.to(end), StatementKind::If(Box::new(If { clauses, otherwise })))
    }

    /// `( … )` with a pipeline or an assignment in it.
    fn condition(&mut self) -> Result<Statement, Stop> {
        self.skip_lines()?;
        self.expect(|kind| matches!(kind, Kind::LeftParenthesis), Reason::MissingCondition)?;
        self.skip_lines()?;
        let Some(condition) = self.pipeline_or_assignment()? else {
            return self.refuse_next(Reason::MissingValue);
        };
        self.close_parenthesis()?;
        Ok(condition)
    }

    fn close_parenthesis(&mut self) -> Result<Span, Stop> {
        self.skip_lines()?;
        self.expect(|kind| matches!(kind, Kind::RightParenthesis), Reason::MissingParenthesis)
    }

    /// A loop or `switch`, from behind its keyword.
    pub(super) fn loop_statement(
        &mut self,
        start: Span,
        keyword: Keyword,
        label: Option<String>,
    ) -> Result<Statement, Stop> {
        self.inside(Around::Loop(label.clone()), |parser| match keyword {
            Keyword::Switch => parser.switch(start, label),
            Keyword::ForEach => parser.for_each(start, label),
            Keyword::For => parser.for_statement(start, label),
            Keyword::Do => parser.do_statement(start, label),
            _ => parser.while_statement(start, label),
        })
    }

    fn while_statement(&mut self, start: Span, label: Option<String>) -> Result<Statement, Stop> {
        let condition = self.condition()?;
        let body = self.block()?;
        let span = start.to(body.span);
        self.statement(span, StatementKind::While(Box::new(While { label, condition, body })))
    }

    fn do_statement(&mut self, start: Span, label: Option<String>) -> Result<Statement, Stop> {
        let body = self.block()?;
        self.skip_lines()?;
        let token = self.next()?;
        let until = match token.kind {
            Kind::Keyword(Keyword::While) => DoUntil::False,
            Kind::Keyword(Keyword::Until) => DoUntil::True,
            _ => return Err(Stop::new(token.span, Reason::MissingWhile)),
        };
        self.skip_lines()?;
        self.expect(|kind| matches!(kind, Kind::LeftParenthesis), Reason::MissingCondition)?;
        self.skip_lines()?;
        let Some(condition) = self.pipeline_or_assignment()? else {
            return self.refuse_next(Reason::MissingValue);
        };
        let end = self.close_parenthesis()?;
        self.statement(start.to(end), StatementKind::Do(Box::new(Do { label, body, until, condition })))
    }

    fn for_statement(&mut self, start: Span, label: Option<String>) -> Result<Statement, Stop> {
        self.skip_lines()?;
        self.expect(|kind| matches!(kind, Kind::LeftParenthesis), Reason::MissingCondition)?;
        self.skip_lines()?;
        let initializer = self.pipeline_or_assignment()?;
        self.take(|kind| matches!(kind, Kind::Semicolon))?;
        self.skip_lines()?;
        let condition = self.pipeline_or_assignment()?;
        self.take(|kind| matches!(kind, Kind::Semicolon))?;
        self.skip_lines()?;
        let iterator = self.pipeline_or_assignment()?;
        self.close_parenthesis()?;
        let body = self.block()?;
        let span = start.to(body.span);
        let turns = For { label, initializer, condition, iterator, body };
        self.statement(span, StatementKind::For(Box::new(turns)))
    }

    fn for_each(&mut self, start: Span, label: Option<String>) -> Result<Statement, Stop> {
        self.skip_lines()?;
        if matches!(self.peek()?.kind, Kind::Parameter { .. }) {
            return self.refuse_next(Reason::UnknownFlag);
        }
        self.expect(|kind| matches!(kind, Kind::LeftParenthesis), Reason::MissingCondition)?;
        self.skip_lines()?;
        let token = self.next()?;
        let Kind::Variable(name) = token.kind else { return Err(Stop::new(token.span, Reason::ForEachForm)) };
        self.skip_lines()?;
        self.expect(|kind| matches!(kind, Kind::Keyword(Keyword::In)), Reason::ForEachForm)?;
        self.skip_lines()?;
        let Some(values) = self.pipeline_or_assignment()? else {
            return self.refuse_next(Reason::MissingValue);
        };
        self.close_parenthesis()?;
        let body = self.block()?;
        let span = start.to(body.span);
        let variable = Variable { name, splatted: false };
        let each = ForEach { label, variable, variable_span: token.span, values, body };
        self.statement(span, StatementKind::ForEach(Box::new(each)))
    }

    fn switch(&mut self, start: Span, label: Option<String>) -> Result<Statement, Stop> {
        self.skip_lines()?;
        let (matching, case) = self.switch_flags()?;
        self.expect(|kind| matches!(kind, Kind::LeftParenthesis), Reason::MissingCondition)?;
        self.skip_lines()?;
        let Some(condition) = self.pipeline_or_assignment()? else {
            return self.refuse_next(Reason::MissingValue);
        };
        self.close_parenthesis()?;
        self.skip_lines()?;
        self.expect(|kind| matches!(kind, Kind::LeftBrace), Reason::MissingBlock)?;
        self.skip_lines()?;
        let mut clauses = Vec::new();
        let mut default = None;
        let end = loop {
            if self.take(|kind| matches!(kind, Kind::Keyword(Keyword::Default)))?.is_some() {
                let body = self.block()?;
                if default.replace(body).is_some() {
                    return self.refuse_next(Reason::SwitchClause);
                }
            } else {
                let Some(value) = self.single_argument()? else {
                    return self.refuse_next(Reason::SwitchClause);
                };
                clauses.push((value, self.block()?));
            }
            self.skip_lines_and_semicolons()?;
            if let Some(end) = self.take(|kind| matches!(kind, Kind::RightBrace))? {
                break end;
            }
        };
        let switch = Switch { label, matching, case, condition, clauses, default };
        self.statement(start.to(end), StatementKind::Switch(Box::new(switch)))
    }

    /// A flag may be shortened to any beginning.
    fn switch_flags(&mut self) -> Result<(SwitchMatch, Case), Stop> {
        let mut matching = SwitchMatch::Exact;
        let mut case = Case::Insensitive;
        while let Kind::Parameter { name, colon } = &self.peek()?.kind {
            let short = name.to_ascii_lowercase();
            match ["regex", "wildcard", "exact", "casesensitive", "parallel", "file"]
                .into_iter()
                .find(|flag| flag.starts_with(&short))
                .filter(|_| !colon)
            {
                Some("regex") => matching = SwitchMatch::Regex,
                Some("wildcard") => matching = SwitchMatch::Wildcard,
                Some("exact") => matching = SwitchMatch::Exact,
                Some("casesensitive") => case = Case::Sensitive,
                Some("file") => return self.refuse_next(Reason::SwitchFile),
                _ => return self.refuse_next(Reason::UnknownFlag),
            }
            self.next()?;
        }
        Ok((matching, case))
    }

    pub(super) fn function(&mut self, start: Span) -> Result<Statement, Stop> {
        self.skip_lines()?;
        let token = self.next()?;
        let name = match &token.kind {
            Kind::Word(pieces) => pieces.as_text().map(str::to_owned),
            Kind::Identifier | Kind::Keyword(_) => Some(token.span.text(self.scanner.text).to_owned()),
            _ => None,
        };
        let Some(name) = name else { return Err(Stop::new(token.span, Reason::MissingName)) };
        self.skip_lines()?;
        let parameters = if self.take(|kind| matches!(kind, Kind::LeftParenthesis))?.is_some() {
            let parameters = self.parameter_list()?;
            self.close_parenthesis()?;
            self.skip_lines()?;
            Some(parameters)
        } else {
            None
        };
        let brace = self.expect(|kind| matches!(kind, Kind::LeftBrace), Reason::MissingBlock)?;
        let body = self.deeper(|parser| {
            parser.in_mode(Mode::Command, |parser| parser.script_block_body(brace, Some(brace)))
        })?;
        if let (Some(_), Some(block)) = (&parameters, &body.parameters) {
            return Err(Stop::new(block.span, Reason::DuplicateParameter));
        }
        let span = start.to(body.span);
        self.statement(span, StatementKind::Function(Box::new(Function { name, parameters, body })))
    }

    pub(super) fn try_statement(&mut self, start: Span) -> Result<Statement, Stop> {
        let body = self.block()?;
        let mut end = body.span;
        let mut catches: Vec<CatchClause> = Vec::new();
        loop {
            self.skip_lines()?;
            let Some(clause) = self.take(|kind| matches!(kind, Kind::Keyword(Keyword::Catch)))? else {
                break;
            };
            let types = self.caught_types()?;
            if catches.iter().any(|before| catches_already(&before.types, &types)) {
                return Err(Stop::new(clause, Reason::CatchOrder));
            }
            let body = self.block()?;
            end = body.span;
            catches.push(CatchClause { span: clause.to(body.span), types, body });
        }
        let finally = if self.take(|kind| matches!(kind, Kind::Keyword(Keyword::Finally)))?.is_some() {
            let block = self.inside(Around::Finally, Self::block)?;
            end = block.span;
            Some(block)
        } else {
            None
        };
        if catches.is_empty() && finally.is_none() {
            return self.refuse_next(Reason::MissingCatch);
        }
        self.statement(start.to(end), StatementKind::Try(Box::new(Try { body, catches, finally })))
    }

    fn caught_types(&mut self) -> Result<Vec<TypeName>, Stop> {
        let mut types = Vec::new();
        loop {
            self.skip_lines()?;
            match self.one_type()? {
                Some(name) => types.push(name),
                None if types.is_empty() => return Ok(types),
                None => return self.refuse_next(Reason::MissingType),
            }
            self.skip_lines()?;
            if self.take(|kind| matches!(kind, Kind::Comma))?.is_none() {
                return Ok(types);
            }
        }
    }
}

/// Whether a clause leaves nothing to a later one for these types. Only PowerShell knows all types, so a type that
/// others derive from counts as if all did.
fn catches_already(before: &[TypeName], types: &[TypeName]) -> bool {
    let short = |name: &TypeName| {
        let name = name.name.to_ascii_lowercase();
        name.strip_prefix("system.").unwrap_or(&name).to_owned()
    };
    before.is_empty()
        || before.iter().map(short).any(|earlier| {
            types.iter().map(short).any(|later| later == earlier || BASES.iter().any(|base| earlier == *base))
        })
}

/// Exceptions that others derive from, without `System.`.
const BASES: [&str; 16] = [
    "applicationexception",
    "argumentexception",
    "arithmeticexception",
    "exception",
    "formatexception",
    "invalidoperationexception",
    "io.ioexception",
    "management.automation.commandnotfoundexception",
    "management.automation.parameterbindingexception",
    "management.automation.pssecurityexception",
    "management.automation.runtimeexception",
    "management.automation.sessionstateexception",
    "net.webexception",
    "operationcanceledexception",
    "runtime.interopservices.externalexception",
    "systemexception",
];
