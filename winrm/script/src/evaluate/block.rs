//! Script blocks as values.

use std::fmt;
use std::sync::Arc;

use crate::tree::ScriptBlock;

/// `{ … }` as a value: it is run here and never travels.
pub struct Block {
    /// What it says.
    pub(super) body: Arc<ScriptBlock>,
    text: String,
}

impl Block {
    pub(super) fn new(body: Arc<ScriptBlock>, text: String) -> Self {
        Self { body, text }
    }

    /// The text between the braces.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.text)
    }
}
