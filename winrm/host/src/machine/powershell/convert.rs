//! Values as parameters want them.

use winrm_proto::clixml::{ErrorRecord, PsString, Value};
use winrm_proto::psrp::{self, CommandKind};
use winrm_script::static_command::{Argument, Literal, Number, StaticCommand};

use super::failure::{no_language, not_simulated};
use super::{Given, Scope, TypedArgument, TypedCommand};

impl Given {
    /// A value that came as a value.
    pub(super) fn value(value: Value) -> Self {
        match value.items() {
            Some(items) => Self::Many(items.iter().cloned().map(Self::value).collect()),
            None => Self::One { value, spelled: None },
        }
    }

    /// The values one by one.
    pub(super) fn each(&self) -> Vec<&Self> {
        match self {
            Self::One { .. } => vec![self],
            Self::Many(items) => items.iter().flat_map(Self::each).collect(),
        }
    }

    /// As a string parameter receives it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::One { spelled: Some(spelled), .. } => spelled.clone(),
            Self::One { value, .. } => value.to_string(),
            Self::Many(items) => items.iter().map(Self::text).collect::<Vec<_>>().join(" "),
        }
    }

    /// As a parameter of any type receives it.
    pub(super) fn into_value(self) -> Value {
        match self {
            Self::One { value, .. } => value,
            Self::Many(items) => Value::array(items.into_iter().map(Self::into_value).collect()),
        }
    }

    /// As a numeric parameter receives it.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::One { value: Value::String(text), .. } => text.as_str().trim().parse().ok(),
            Self::One { value: Value::Double(number), .. } => Some(*number),
            Self::One { value, .. } => value.as_integer()?.to_string().parse().ok(),
            Self::Many(_) => None,
        }
    }
}

impl From<&StaticCommand> for TypedCommand {
    fn from(command: &StaticCommand) -> Self {
        let arguments = command.arguments().iter().map(|argument| match argument {
            Argument::Parameter { name, value } => {
                TypedArgument::Named(name.as_str().to_owned(), value.as_ref().map(given))
            }
            Argument::Value(value) => TypedArgument::Positional(given(value)),
        });
        Self { name: command.name().to_owned(), arguments: arguments.collect(), text: command.render() }
    }
}

impl TypedCommand {
    /// A command of a pipeline. Text is taken where the runspace has a language, and then it is one static command.
    pub(crate) fn of_pipeline(command: &psrp::Command, scope: &Scope) -> Result<Self, Box<ErrorRecord>> {
        if command.kind == CommandKind::Script {
            return Self::of_script(command.text.as_str(), scope);
        }
        let arguments = command.parameters.iter().map(|parameter| {
            let value = Given::value(parameter.value.clone());
            match &parameter.name {
                Some(name) => {
                    TypedArgument::Named(name.as_str().trim_start_matches('-').to_owned(), Some(value))
                }
                None => TypedArgument::Positional(value),
            }
        });
        let name = command.text.to_string();
        Ok(Self { name, arguments: arguments.collect(), text: String::new() })
    }

    /// The one command that a text may be.
    pub(crate) fn of_script(text: &str, scope: &Scope) -> Result<Self, Box<ErrorRecord>> {
        if !scope.has_language() {
            return Err(Box::new(no_language().record("", None, text)));
        }
        match StaticCommand::parse(text) {
            Ok(command) => Ok(Self { text: text.trim().to_owned(), ..Self::from(&command) }),
            Err(refusal) => Err(Box::new(not_simulated(&refusal.to_string()).record("", None, text))),
        }
    }
}

fn given(literal: &Literal) -> Given {
    let one = |value| Given::One { value, spelled: None };
    match literal {
        Literal::String(text) => one(Value::String(PsString::from(text.as_str()))),
        Literal::Number(word) => Given::One { value: number(word), spelled: Some(word.as_str().to_owned()) },
        Literal::Boolean(value) => one(Value::Boolean(*value)),
        Literal::Null => one(Value::Null),
        Literal::Array(items) => Given::Many(items.iter().map(given).collect()),
    }
}

/// What a number's spelling is worth: an integer that fits, or a double.
fn number(word: &Number) -> Value {
    let lower = word.as_str().to_ascii_lowercase();
    let (digits, factor) = MULTIPLIERS
        .iter()
        .find_map(|(suffix, factor)| Some((lower.strip_suffix(suffix)?, *factor)))
        .unwrap_or((&lower, 1));
    let digits = digits.strip_suffix('l').unwrap_or(digits);
    let whole = match digits.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    };
    match whole.and_then(|whole: i64| whole.checked_mul(factor)) {
        Some(whole) => i32::try_from(whole).map_or(Value::Int64(whole), Value::Int32),
        None => {
            let digits = digits.strip_suffix('d').unwrap_or(digits);
            let factor: f64 = factor.to_string().parse().unwrap_or(1.0);
            Value::Double(digits.parse::<f64>().unwrap_or(f64::NAN) * factor)
        }
    }
}

const MULTIPLIERS: [(&str, i64); 5] =
    [("kb", 1 << 10), ("mb", 1 << 20), ("gb", 1 << 30), ("tb", 1 << 40), ("pb", 1 << 50)];

/// PowerShell's `*` and `?`, without regard to case.
pub(super) fn like(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    // The place in the pattern behind the last star, and the place in the text that the star reaches to.
    let mut star: Option<(usize, usize)> = None;
    let (mut p, mut t) = (0, 0);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                p += 1;
                star = Some((p, t));
            }
            Some(c) if *c == '?' || text.get(t) == Some(c) => {
                p += 1;
                t += 1;
            }
            _ => match &mut star {
                Some((behind, reached)) => {
                    *reached += 1;
                    (p, t) = (*behind, *reached);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, matches) in [
            ("W32*", "w32time", true),
            ("*time", "W32Time", true),
            ("w?2*", "W32Time", true),
            ("*a*b", "xaxxb", true),
            ("*a*b", "xaxxbc", false),
            ("", "", true),
            ("?", "", false),
            ("W32Time", "W32Time2", false),
        ] {
            assert_eq!(like(pattern, text), matches, "{pattern} {text}");
        }
    }

    #[test]
    fn numbers_have_their_type() {
        for (word, value) in [
            ("007", Value::Int32(7)),
            ("0x10", Value::Int32(16)),
            ("1kb", Value::Int32(1024)),
            ("3000000000", Value::Int64(3_000_000_000)),
            ("1.5", Value::Double(1.5)),
        ] {
            assert_eq!(number(&Number::new(word).unwrap()), value, "{word}");
        }
    }
}
