//! `2>$null`, `2>&1`, `*>$null` and their kin.

use super::Stream;
use super::filter::Stage;
use super::interpreter::{ErrorsTo, Interpreter, Turn};
use super::output::Target;
use super::unwind::{Flow, Unwind};
use crate::tree;
use crate::tree::{ExpressionKind, RedirectionTarget};
use crate::value::Value;

/// What redirections say about the streams of a command or expression.
#[derive(Clone, Debug, Default)]
pub(super) struct Redirection {
    errors: Option<ErrorsTo>,
    /// Streams that are thrown away, besides that of errors.
    silenced: Vec<Stream>,
    output: Output,
}

/// Where the output goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Output {
    #[default]
    On,
    Nowhere,
}

/// What was so before a redirection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    errors_to: ErrorsTo,
    silenced: usize,
    target: Target,
}

impl Redirection {
    /// Reads the redirections of a stage.
    pub(super) fn of(redirections: &[tree::Redirection]) -> Flow<Self> {
        let mut own = Self::default();
        for redirection in redirections {
            match (&redirection.to, redirection.from) {
                (RedirectionTarget::Output, tree::Stream::Error) => own.errors = Some(ErrorsTo::Output),
                (RedirectionTarget::Output, _) => return Err(Unwind::refused("this redirection")),
                (RedirectionTarget::File(file) | RedirectionTarget::Append(file), from) => {
                    let is_null = matches!(&file.kind, ExpressionKind::Variable(variable)
                        if variable.name.eq_ignore_ascii_case("null"));
                    if !is_null {
                        return Err(Unwind::refused("redirection to a file"));
                    }
                    own.drop_stream(from);
                }
            }
        }
        Ok(own)
    }

    fn drop_stream(&mut self, from: tree::Stream) {
        use tree::Stream as From;
        match from {
            From::All => {
                for stream in
                    [From::Output, From::Error, From::Warning, From::Verbose, From::Debug, From::Information]
                {
                    self.drop_stream(stream);
                }
            }
            From::Output => self.output = Output::Nowhere,
            From::Error => self.errors = Some(ErrorsTo::Nowhere),
            From::Warning => self.silenced.push(Stream::Warning),
            From::Verbose => self.silenced.push(Stream::Verbose),
            From::Debug => self.silenced.push(Stream::Debug),
            From::Information => self.silenced.push(Stream::Information),
        }
    }

    /// Whether the output is thrown away.
    pub(super) fn drops_output(&self) -> bool {
        self.output == Output::Nowhere
    }

    /// A stage with these redirections.
    pub(super) fn around(&self, inner: Box<dyn Stage>) -> Box<dyn Stage> {
        if self.errors.is_none() && self.silenced.is_empty() && self.output == Output::On {
            return inner;
        }
        Box::new(Redirected { inner, redirection: self.clone() })
    }
}

impl Interpreter {
    /// Lets redirections hold from here on.
    pub(super) fn redirect(&mut self, redirection: &Redirection) -> Before {
        let before = Before { errors_to: self.errors_to, silenced: self.silenced.len(), target: self.target };
        if let Some(to) = redirection.errors {
            self.errors_to = to;
        }
        self.silenced.extend(&redirection.silenced);
        if redirection.output == Output::Nowhere {
            self.target = Target::Nowhere;
        }
        before
    }

    /// Ends what [`redirect`](Self::redirect) began.
    pub(super) fn restore(&mut self, before: Before) {
        self.errors_to = before.errors_to;
        self.silenced.truncate(before.silenced);
        self.target = before.target;
    }
}

/// A stage whose streams go elsewhere.
struct Redirected {
    inner: Box<dyn Stage>,
    redirection: Redirection,
}

impl Stage for Redirected {
    fn begin<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            let before = interpreter.redirect(&self.redirection);
            let result = self.inner.begin(interpreter).await;
            interpreter.restore(before);
            result
        })
    }

    fn alone<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            let before = interpreter.redirect(&self.redirection);
            let result = self.inner.alone(interpreter).await;
            interpreter.restore(before);
            result
        })
    }

    fn process<'a>(&'a mut self, interpreter: &'a mut Interpreter, item: Value) -> Turn<'a, ()> {
        Box::pin(async move {
            let before = interpreter.redirect(&self.redirection);
            let result = self.inner.process(interpreter, item).await;
            interpreter.restore(before);
            result
        })
    }

    fn end<'a>(&'a mut self, interpreter: &'a mut Interpreter) -> Turn<'a, ()> {
        Box::pin(async move {
            let before = interpreter.redirect(&self.redirection);
            let result = self.inner.end(interpreter).await;
            interpreter.restore(before);
            result
        })
    }
}
