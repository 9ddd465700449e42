//! Format-Wide.

use super::table::share;
use super::text::{ELLIPSIS, take_width, value_text, width_of};
use crate::value::Value;

/// One property in several columns: what Format-Wide writes.
#[derive(Clone, Debug)]
pub(crate) struct Wide {
    pub(crate) values: Vec<Value>,
    /// As many columns; `None` is as many as fit.
    pub(crate) columns: Option<usize>,
}

impl Wide {
    pub(super) fn write(&self, width: usize, out: &mut String) {
        if self.values.is_empty() {
            return;
        }
        let texts: Vec<String> = self.values.iter().map(value_text).collect();
        let longest = texts.iter().map(|text| width_of(text)).max().unwrap_or(1).max(1);
        let columns = match self.columns {
            Some(columns) => columns.max(1),
            None => (width / (longest + 1)).max(1),
        };
        let widths: Vec<usize> = share(vec![None; columns], width).into_iter().flatten().collect();
        out.push('\n');
        for row in texts.chunks(columns) {
            let mut line = String::new();
            let mut stop = 0;
            for (text, width) in row.iter().zip(&widths) {
                let used = width_of(&line);
                line.extend(std::iter::repeat_n(' ', stop - used.min(stop)));
                line.push_str(&cut(text, *width));
                stop += width + 1;
            }
            out.push_str(line.trim_end_matches(' '));
            out.push('\n');
        }
        out.push('\n');
    }
}

fn cut(text: &str, width: usize) -> String {
    let first = text.find(['\n', '\r']);
    let own = match first {
        Some(at) => format!("{}{ELLIPSIS}", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    };
    if width_of(&own) <= width {
        return own;
    }
    format!("{}{ELLIPSIS}", take_width(&own, width.saturating_sub(1)))
}
