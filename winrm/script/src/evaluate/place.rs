//! Where in a script an error arose, as PowerShell's records tell it.

use crate::tree::Span;
use crate::value::{Members, Object, Value};

/// `InvocationInfo` for what the script says at `span`; `command` is the command that failed, if one did.
pub(super) fn invocation(text: &str, span: Span, command: &str) -> Value {
    let place = Place::of(text, span);
    let statement = span.text(text);
    let written = statement.split_whitespace().next().filter(|_| !command.is_empty());
    let my_command = || {
        let names = ["System.Management.Automation.CommandInfo", "System.Object"];
        Object::with_text(names.into_iter().collect(), Members::new().with("Name", command), command)
    };
    let my_command = if command.is_empty() { Value::Null } else { Value::Object(my_command()) };
    let number = |number: usize| Value::Int32(i32::try_from(number).unwrap_or(i32::MAX));
    Value::Object(Object::typed(
        ["System.Management.Automation.InvocationInfo", "System.Object"].into_iter().collect(),
        Members::new()
            .with("MyCommand", my_command)
            .with("ScriptLineNumber", number(place.number))
            .with("OffsetInLine", number(place.before + 1))
            .with("ScriptName", "")
            .with("Line", place.line)
            .with("Statement", statement)
            .with("PositionMessage", place.message())
            .with("InvocationName", written.unwrap_or_default()),
    ))
}

/// A place in a script, in the units that PowerShell counts: those of UTF-16.
struct Place<'t> {
    /// The line, from 1.
    number: usize,
    line: &'t str,
    /// Units of the line before the place.
    before: usize,
    /// Units of the place itself, as far as it lies on this line.
    length: usize,
}

impl<'t> Place<'t> {
    fn of(text: &'t str, span: Span) -> Self {
        let (before, rest) = text.split_at_checked(span.start).unwrap_or((text, ""));
        let start = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let end = rest.find(['\n', '\r']).map_or(text.len(), |at| before.len() + at);
        let line = text.get(start..end).unwrap_or_default();
        let returns = before.matches('\r').count();
        let line_feeds = before.matches('\n').count();
        let number = 1 + line_feeds + returns - before.matches("\r\n").count();
        let length = units(text.get(span.start..span.end.min(end)).unwrap_or_default());
        Self { number, line, before: units(before.get(start..).unwrap_or_default()), length }
    }

    /// `PositionMessage`: the line, or what of it has room around the place, and the place underlined.
    fn message(&self) -> String {
        let column = self.before + 1;
        let shown = self.excerpt();
        format!("At line:{} char:{column}\n+ {shown}", self.number)
    }

    fn excerpt(&self) -> String {
        let line = self.line.trim_end();
        if line.is_empty() {
            return String::new();
        }
        let all: Vec<u16> = line.encode_utf16().collect();
        let (before, rest) = all.split_at(self.before.min(all.len()));
        let (own, after) = rest.split_at(self.length.min(rest.len()));
        let [before, own, after] = [before, own, after].map(without_tabs);
        let mut window = Window { before: before.len(), length: own.len(), after: after.len() };
        let all = [before, own, after].concat();
        let first = window.narrow();
        let mut text = String::new();
        let mut indent = window.before;
        if first > 0 {
            text.push_str(MORE_BEFORE);
            indent += 2;
        }
        let shown: Vec<u16> = all.iter().skip(first).take(WIDEST).copied().collect();
        text.push_str(&String::from_utf16_lossy(&shown));
        if first + shown.len() < all.len() {
            text.push_str(MORE_BEHIND);
        }
        format!("{text}\n+ {}{}", " ".repeat(indent), "~".repeat(window.length.max(1)))
    }
}

/// What is shown of a line: units before the place, of it, and behind it.
struct Window {
    before: usize,
    length: usize,
    after: usize,
}

impl Window {
    /// Makes it fit, and says how many units of the line are left out at its beginning. Some context stays before the
    /// place and some behind it; room that is left goes to what is before.
    fn narrow(&mut self) -> usize {
        let whole = self.before;
        if self.before + self.length + self.after <= WIDEST {
            return 0;
        }
        let (mut before, after) = (whole.min(CONTEXT_BEFORE), self.after.min(CONTEXT_BEHIND));
        let left = WIDEST.saturating_sub(before + self.length + after);
        before += left.min(whole - before);
        self.before = before;
        self.length = self.length.min(WIDEST - before);
        whole - before
    }
}

fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// A tab takes four columns.
fn without_tabs(units: &[u16]) -> Vec<u16> {
    let blank = u16::from(b' ');
    units
        .iter()
        .flat_map(|&unit| if unit == u16::from(b'\t') { vec![blank; 4] } else { vec![unit] })
        .collect()
}

/// Units of a line that are shown.
const WIDEST: usize = 69;
/// Units that stay before the place and behind it, where the line is too long.
const CONTEXT_BEFORE: usize = 12;
const CONTEXT_BEHIND: usize = 8;
const MORE_BEFORE: &str = "\u{2026} ";
const MORE_BEHIND: &str = " \u{2026}";

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str, part: &str) -> String {
        let start = text.find(part).unwrap();
        Place::of(text, Span::new(start, start + part.len())).message()
    }

    #[test]
    fn the_line_is_shown_and_the_place_in_it_underlined() {
        for (text, part, expected) in [
            ("1/0", "1/0", "At line:1 char:1\n+ 1/0\n+ ~~~"),
            ("$a\r\n  Get-Item x | y", "Get-Item x", "At line:2 char:3\n+   Get-Item x | y\n+   ~~~~~~~~~~"),
            ("a\n\r\tf 1", "f 1", "At line:3 char:2\n+     f 1\n+     ~~~"),
            ("if (1) {\n  2\n}", "if (1) {\n  2\n}", "At line:1 char:1\n+ if (1) {\n+ ~~~~~~~~"),
            ("'\u{1F600}' + f", "f", "At line:1 char:8\n+ '\u{1F600}' + f\n+        ~"),
        ] {
            assert_eq!(message(text, part), expected, "{text}");
        }
        assert_eq!(Place::of("a\n", Span::new(2, 2)).message(), "At line:2 char:1\n+ ");
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let long = format!("{} f {}", "a".repeat(80), "b".repeat(80));
        let shown = format!("\u{2026} {} f {} \u{2026}", "a".repeat(59), "b".repeat(7));
        assert_eq!(message(&long, "f"), format!("At line:1 char:82\n+ {shown}\n+ {}~", " ".repeat(62)));
        let all = "c".repeat(100);
        let expected = format!("At line:1 char:1\n+ {} \u{2026}\n+ {}", "c".repeat(69), "~".repeat(69));
        assert_eq!(message(&all, &all), expected);
    }
}
