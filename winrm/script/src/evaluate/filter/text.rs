//! Select-String on values, and Out-String.

use super::Stage;
use crate::evaluate::arguments::Bound;
use crate::evaluate::interpreter::{Interpreter, Turn};
use crate::evaluate::matched;
use crate::evaluate::unwind::{Flow, Unwind};
use crate::format;
use crate::tree::Case;
use crate::value::pattern::{Expression, escape};
use crate::value::text::text_size;
use crate::value::{Array, Members, Object, Value};

pub(super) fn select_string(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let case = if bound.switch("CaseSensitive") { Case::Sensitive } else { Case::Insensitive };
    let simple = bound.switch("SimpleMatch");
    let mut patterns = Vec::new();
    for pattern in bound.take("Pattern").map(Value::into_items).unwrap_or_default() {
        let text = pattern.to_text();
        let source = if simple { escape(text.as_str()) } else { text.as_str().to_owned() };
        patterns.push((text, Expression::new(&source, case)?));
    }
    let not_match = bound.switch("NotMatch");
    let quiet = bound.switch("Quiet");
    let raw = bound.switch("Raw");
    let all_matches = bound.switch("AllMatches");
    bound.switch("NoEmphasis");
    let input = bound.take("InputObject");
    if bound.take("Path").is_some() || bound.take("LiteralPath").is_some() {
        return Err(Unwind::refused("Select-String on files; pipe Get-Content to it"));
    }
    bound.finish("Select-String")?;
    Ok(Box::new(SelectString {
        patterns,
        not_match,
        quiet,
        raw,
        all_matches,
        case,
        input,
        line: 0,
        any: false,
    }))
}

struct SelectString {
    patterns: Vec<(winrm_proto::clixml::PsString, Expression)>,
    not_match: bool,
    quiet: bool,
    raw: bool,
    all_matches: bool,
    case: Case,
    input: Option<Value>,
    line: i32,
    any: bool,
}

impl SelectString {
    /// The first pattern that matches, and what it found.
    fn find(&self, text: &str) -> Flow<Option<(usize, Vec<Value>)>> {
        for (at, (_, pattern)) in self.patterns.iter().enumerate() {
            if !pattern.is_match(text)? {
                continue;
            }
            let found = match self.all_matches {
                true => matched::matches(pattern, text)?,
                false => matched::first(pattern, text)?.into_iter().collect(),
            };
            return Ok(Some((at, found)));
        }
        Ok(None)
    }
}

impl Stage for SelectString {
    fn input(&mut self) -> Option<Value> {
        self.input.take()
    }

    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        Box::pin(async move {
            if matches!(&item, Value::Object(object) if object.is_of_host() && !object.is_wrapper()) {
                return Err(Unwind::refused(
                    "Select-String on objects of the host; give it text, such as a property",
                ));
            }
            self.line += 1;
            let text = item.to_text();
            let found = self.find(text.as_str())?;
            if found.is_some() == self.not_match {
                return Ok(());
            }
            self.any = true;
            if self.quiet {
                return Ok(());
            }
            if self.raw {
                return interpreter.emit(Value::String(text)).await;
            }
            let (pattern, matches) = match found {
                Some((at, matches)) => (self.patterns.get(at).map(|(text, _)| text.clone()), matches),
                None => (self.patterns.first().map(|(text, _)| text.clone()), Vec::new()),
            };
            let members = Members::new()
                .with("IgnoreCase", self.case == Case::Insensitive)
                .with("LineNumber", u64::try_from(self.line).unwrap_or_default())
                .with("Line", text.clone())
                .with("Filename", "InputStream")
                .with("Path", "InputStream")
                .with("Pattern", pattern.map_or(Value::Null, Value::String))
                .with("Context", Value::Null)
                .with("Matches", Array::new(matches));
            let names = ["Microsoft.PowerShell.Commands.MatchInfo", "System.Object"];
            interpreter
                .emit(Value::Object(Object::with_text(names.into_iter().collect(), members, text)))
                .await
        })
    }

    fn end<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(
            async move { if self.quiet { interpreter.emit(Value::Boolean(self.any)).await } else { Ok(()) } },
        )
    }
}

pub(super) fn out_string(_: &mut Interpreter, mut bound: Bound) -> Flow<Box<dyn Stage>> {
    let width = bound.count("Width")?.unwrap_or(format::WIDTH);
    let stream = bound.switch("Stream");
    let no_newline = bound.switch("NoNewline");
    let input = bound.take("InputObject");
    bound.finish("Out-String")?;
    Ok(Box::new(OutString { width, stream, no_newline, input, items: Vec::new() }))
}

struct OutString {
    width: usize,
    stream: bool,
    no_newline: bool,
    input: Option<Value>,
    items: Vec<Value>,
}

impl Stage for OutString {
    fn alone<'a>(&'a mut self, _: &'a mut Interpreter) -> Turn<'a, ()> {
        self.items = self.input.take().map(Value::into_items).unwrap_or_default();
        Box::pin(async { Ok(()) })
    }

    fn process<'a>(&'a mut self, _: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        self.items.push(item);
        Box::pin(async { Ok(()) })
    }

    fn end<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            let size = self.items.iter().map(text_size).fold(0, usize::saturating_add);
            interpreter.room(size)?;
            interpreter.tick_items(self.items.len())?;
            let text = format::out_string(&self.items, self.width)?;
            interpreter.make(text.len())?;
            if self.stream {
                for line in text.lines() {
                    interpreter.emit(Value::string(line)).await?;
                }
                return Ok(());
            }
            if self.no_newline {
                let joined: String = text.lines().collect();
                return interpreter.emit(Value::string(joined)).await;
            }
            interpreter.emit(Value::string(text)).await
        })
    }
}
