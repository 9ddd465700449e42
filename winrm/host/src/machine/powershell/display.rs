//! Values as the text that a console shows; `winrm-script` formats them.

use winrm_script::format::out_string;
use winrm_script::value::{Outcome, Value as Item};

/// Formats values one after the other. What may share a table with a later one waits for it.
#[derive(Debug, Default)]
pub(super) struct Display {
    waiting: Vec<Item>,
}

impl Display {
    /// The text that a value adds now.
    ///
    /// # Errors
    /// The display of the value's type is not known.
    pub(super) fn push(&mut self, item: Item) -> Outcome<String> {
        let waits = !self.waiting.is_empty() || matches!(item, Item::Object(_) | Item::Table(_));
        self.waiting.push(item);
        if waits { Ok(String::new()) } else { self.finish() }
    }

    /// The text of all that waits.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub(super) fn finish(&mut self) -> Outcome<String> {
        let text = out_string(&std::mem::take(&mut self.waiting), WIDTH)?;
        Ok(text.replace("\r\n", "\n").replace('\n', "\r\n"))
    }
}

/// Columns of the console that a process without one has.
const WIDTH: usize = 120;
