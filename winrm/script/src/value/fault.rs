//! Why an operation has no value.

use std::borrow::Cow;

use super::Value;

/// The value of an operation, or why there is none.
pub type Outcome<T> = Result<T, Fault>;

/// Why an operation has no value.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Fault {
    /// PowerShell raises this error too.
    #[error("{}", .0.message)]
    Thrown(Box<Thrown>),
    /// This crate cannot tell what PowerShell would do.
    #[error("{0}")]
    Unsupported(Cow<'static, str>),
}

/// An error as PowerShell raises it.
#[derive(Clone, Debug)]
pub struct Thrown {
    /// PowerShell's identifier, `InvalidCastFromStringToInteger`.
    pub id: Cow<'static, str>,
    /// The exception's type.
    pub exception: Cow<'static, str>,
    /// What it says.
    pub message: String,
    /// The category's name, as in `CategoryInfo`.
    pub category: Cow<'static, str>,
    /// What was worked on.
    pub target: Value,
}

impl Fault {
    /// An error with PowerShell's identifier, the exception's type and the message.
    pub fn thrown(
        id: impl Into<Cow<'static, str>>,
        exception: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self::Thrown(Box::new(Thrown {
            id: id.into(),
            exception: exception.into(),
            message: message.into(),
            category: "InvalidOperation".into(),
            target: Value::Null,
        }))
    }

    /// A refusal with its reason.
    pub fn unsupported(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Unsupported(reason.into())
    }

    /// The same error in another category.
    #[must_use]
    pub fn in_category(mut self, category: &'static str) -> Self {
        if let Self::Thrown(thrown) = &mut self {
            thrown.category = category.into();
        }
        self
    }

    /// The same error about this value.
    #[must_use]
    pub fn about(mut self, target: Value) -> Self {
        if let Self::Thrown(thrown) = &mut self {
            thrown.target = target;
        }
        self
    }

    /// The same error under another identifier.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<Cow<'static, str>>) -> Self {
        if let Self::Thrown(thrown) = &mut self {
            thrown.id = id.into();
        }
        self
    }
}
