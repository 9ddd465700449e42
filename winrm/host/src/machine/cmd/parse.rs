//! The command lines of cmd.exe, as far as `cmd /c` over WinRS needs them: `&`, `&&`, `||`, `|`, quotes, carets,
//! `%variables%` and redirection to `NUL` and between streams.

use super::super::console::Environment;

/// Commands in a row, each with what has to be true of the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) steps: Vec<(Condition, Pipeline)>,
}

/// When a step runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Always,
    /// Behind `&&`.
    Success,
    /// Behind `||`.
    Failure,
}

/// Commands joined by `|`.
pub(super) type Pipeline = Vec<Simple>;

/// One command with its redirections taken out. Quotes are still in the text; carets are not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Simple {
    pub(super) text: String,
    pub(super) redirections: Vec<Redirection>,
}

/// Where a stream goes instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Redirection {
    StdinFrom(String),
    StdoutTo(String),
    StderrTo(String),
    StderrToStdout,
    StdoutToStderr,
}

/// What cmd.exe says about a line that it cannot read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ParseError {
    /// `& was unexpected at this time.`
    Unexpected(&'static str),
    /// `The syntax of the command is incorrect.`
    Syntax,
}

/// Reads a line, variables expanded.
pub(super) fn parse(line: &str, environment: &Environment) -> Result<Line, ParseError> {
    let expanded = expand(line, environment);
    let mut parser = Parser { rest: expanded.chars().collect::<Vec<_>>().into_iter().peekable() };
    parser.line()
}

/// Splits the text of a command the way programs of Windows split their command line.
pub(in super::super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut characters = text.chars().peekable();
    loop {
        while characters.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
        if characters.peek().is_none() {
            return words;
        }
        let mut word = String::new();
        let mut quoted = false;
        while let Some(c) = characters.next_if(|c| quoted || !matches!(c, ' ' | '\t')) {
            match c {
                '\\' => {
                    let mut slashes = 1;
                    while characters.next_if_eq(&'\\').is_some() {
                        slashes += 1;
                    }
                    let before_quote = characters.peek() == Some(&'"');
                    let kept = if before_quote { slashes / 2 } else { slashes };
                    word.extend(std::iter::repeat_n('\\', kept));
                    if before_quote && slashes % 2 == 1 {
                        characters.next();
                        word.push('"');
                    }
                }
                '"' if quoted && characters.next_if_eq(&'"').is_some() => word.push('"'),
                '"' => quoted = !quoted,
                c => word.push(c),
            }
        }
        words.push(word);
    }
}

/// Replaces `%NAME%`. On a command line, unlike in a batch file, an unknown variable stays as it is.
fn expand(line: &str, environment: &Environment) -> String {
    let mut expanded = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once('%') {
        expanded.push_str(before);
        let known = behind.split_once('%').and_then(|(name, after)| Some((environment.value(name)?, after)));
        if let Some((value, after)) = known {
            expanded.push_str(value);
            rest = after;
        } else {
            expanded.push('%');
            rest = behind;
        }
    }
    expanded.push_str(rest);
    expanded
}

struct Parser {
    rest: std::iter::Peekable<std::vec::IntoIter<char>>,
}

impl Parser {
    fn line(&mut self) -> Result<Line, ParseError> {
        let mut steps = Vec::new();
        let mut condition = Condition::Always;
        loop {
            let (pipeline, operator) = self.pipeline()?;
            let empty = pipeline.iter().all(|simple| simple.text.trim().is_empty());
            match (empty, operator) {
                (false, _) => steps.push((condition, pipeline)),
                (true, None) if steps.is_empty() || condition == Condition::Always => {}
                (true, None) => return Err(ParseError::Syntax),
                (true, Some(operator)) => return Err(ParseError::Unexpected(operator)),
            }
            condition = match operator {
                None => return Ok(Line { steps }),
                Some("&&") => Condition::Success,
                Some("||") => Condition::Failure,
                Some(_) => Condition::Always,
            };
        }
    }

    /// Commands joined by `|`, and the operator behind them.
    fn pipeline(&mut self) -> Result<(Pipeline, Option<&'static str>), ParseError> {
        let mut commands = Vec::new();
        loop {
            let (simple, operator) = self.simple()?;
            let piped = operator == Some("|");
            if simple.text.trim().is_empty() && (piped || !commands.is_empty()) {
                return Err(ParseError::Unexpected(operator.unwrap_or("|")));
            }
            commands.push(simple);
            if !piped {
                return Ok((commands, operator));
            }
        }
    }

    fn simple(&mut self) -> Result<(Simple, Option<&'static str>), ParseError> {
        let mut simple = Simple::default();
        let mut quoted = false;
        while let Some(c) = self.rest.next() {
            match c {
                '"' => {
                    quoted = !quoted;
                    simple.text.push(c);
                }
                _ if quoted => simple.text.push(c),
                '^' => simple.text.extend(self.rest.next()),
                '&' => return Ok((simple, Some(self.doubled('&', "&", "&&")))),
                '|' => return Ok((simple, Some(self.doubled('|', "|", "||")))),
                '>' | '<' => {
                    let redirection = self.redirection(c, &mut simple.text)?;
                    simple.redirections.push(redirection);
                }
                c => simple.text.push(c),
            }
        }
        Ok((simple, None))
    }

    fn doubled(&mut self, c: char, one: &'static str, two: &'static str) -> &'static str {
        if self.rest.next_if_eq(&c).is_some() { two } else { one }
    }

    fn redirection(&mut self, arrow: char, text: &mut String) -> Result<Redirection, ParseError> {
        let handle = stream_before(text);
        if arrow == '>' {
            // Appending and overwriting are the same where nothing is kept.
            let _append = self.rest.next_if_eq(&'>');
        }
        if self.rest.next_if_eq(&'&').is_some() {
            return match (handle, self.rest.next()) {
                (Some('2'), Some('1')) => Ok(Redirection::StderrToStdout),
                (Some('1') | None, Some('2')) => Ok(Redirection::StdoutToStderr),
                _ => Err(ParseError::Syntax),
            };
        }
        while self.rest.next_if_eq(&' ').is_some() {}
        let mut target = String::new();
        let mut quoted = false;
        while let Some(c) = self.rest.next_if(|c| quoted || !matches!(c, ' ' | '&' | '|' | '<' | '>')) {
            if c == '"' {
                quoted = !quoted;
            } else {
                target.push(c);
            }
        }
        match (arrow, handle, target.is_empty()) {
            (_, _, true) => Err(ParseError::Syntax),
            ('<', _, _) => Ok(Redirection::StdinFrom(target)),
            (_, Some('2'), _) => Ok(Redirection::StderrTo(target)),
            _ => Ok(Redirection::StdoutTo(target)),
        }
    }
}

/// A digit right before an arrow names the stream, where it stands by itself.
fn stream_before(text: &mut String) -> Option<char> {
    let mut back = text.chars().rev();
    let digit = back.next().filter(char::is_ascii_digit)?;
    if back.next().is_none_or(|c| c == ' ') {
        text.pop();
        Some(digit)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        let mut environment = Environment::default();
        environment.set("Name", "value");
        let line = parse(line, &environment).unwrap();
        line.steps.into_iter().flat_map(|(_, pipeline)| pipeline).map(|simple| simple.text).collect()
    }

    #[test]
    fn operators_separate_outside_quotes_only() {
        for (line, expected) in [
            ("hostname", &["hostname"][..]),
            ("echo a & echo b", &["echo a ", " echo b"]),
            ("echo \"a & b\"", &["echo \"a & b\""]),
            ("echo a ^& b", &["echo a & b"]),
            ("ipconfig | findstr IPv4", &["ipconfig ", " findstr IPv4"]),
            ("echo %name% %unknown% 100%", &["echo value %unknown% 100%"]),
            ("hostname &", &["hostname "]),
        ] {
            assert_eq!(texts(line), expected, "{line}");
        }
    }

    #[test]
    fn conditions_stand_with_the_command_behind_them() {
        let line = parse("a && b || c & d", &Environment::default()).unwrap();
        let conditions: Vec<Condition> = line.steps.iter().map(|(condition, _)| *condition).collect();
        assert_eq!(
            conditions,
            [Condition::Always, Condition::Success, Condition::Failure, Condition::Always]
        );
    }

    #[test]
    fn redirections_are_taken_out_of_the_text() {
        let line = parse("dir x2>nul 2>&1 >\"a b\" <in", &Environment::default()).unwrap();
        let simple = &line.steps[0].1[0];
        assert_eq!(simple.text.trim(), "dir x2");
        assert_eq!(
            simple.redirections,
            [
                Redirection::StdoutTo("nul".into()),
                Redirection::StderrToStdout,
                Redirection::StdoutTo("a b".into()),
                Redirection::StdinFrom("in".into()),
            ]
        );
    }

    #[test]
    fn what_cmd_refuses_is_refused() {
        let empty = Environment::default();
        assert_eq!(parse("& a", &empty), Err(ParseError::Unexpected("&")));
        assert_eq!(parse("a | | b", &empty), Err(ParseError::Unexpected("|")));
        assert_eq!(parse("a >", &empty), Err(ParseError::Syntax));
        assert_eq!(parse("a &&", &empty), Err(ParseError::Syntax));
    }

    #[test]
    fn words_follow_the_rules_of_windows() {
        for (text, expected) in [
            ("a  b\tc", &["a", "b", "c"][..]),
            ("\"a b\" c", &["a b", "c"]),
            ("a\\b \\\\server\\share", &["a\\b", "\\\\server\\share"]),
            ("\"a\\\"b\" \"c\\\\\" d", &["a\"b", "c\\", "d"]),
            ("\"a\"\"b\"", &["a\"b"]),
            ("\"\"", &[""]),
            ("/C:\"OS Name\"", &["/C:OS Name"]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }
}
