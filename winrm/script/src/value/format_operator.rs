//! `-f`, and `ToString` with a format.

use super::{Fault, Outcome, Value, arithmetic, date, number_format};

/// `format -f arguments`.
///
/// # Errors
/// `FormatError` where the format and the arguments do not agree.
pub fn format(format: &str, arguments: &[Value]) -> Outcome<String> {
    let mut out = String::new();
    let mut rest = format.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '{' if rest.next_if_eq(&'{').is_some() => out.push('{'),
            '}' if rest.next_if_eq(&'}').is_some() => out.push('}'),
            '}' => return Err(invalid("Input string was not in a correct format.")),
            '{' => {
                let mut item = String::new();
                loop {
                    match rest.next() {
                        None | Some('{') => return Err(invalid("Input string was not in a correct format.")),
                        Some('}') => break,
                        Some(other) => item.push(other),
                    }
                }
                push_item(&item, arguments, &mut out)?;
            }
            other => out.push(other),
        }
        if out.len() > arithmetic::MAX_SIZE {
            return Err(Fault::unsupported("a formatted text of more than 16 million characters"));
        }
    }
    Ok(out)
}

/// The value under a format, culture en-US.
///
/// # Errors
/// A format that the value's type does not know.
pub fn to_format(value: &Value, format: &str) -> Outcome<String> {
    if let Some(text) = number_format::format_number(value, format) {
        return text;
    }
    match value {
        Value::Null => Ok(String::new()),
        Value::DateTime(time) => date::format_date(*time, format),
        Value::TimeSpan(span) => date::format_span(*span, format),
        Value::Guid(guid) => match format {
            "" | "D" | "d" => Ok(guid.to_string()),
            "N" | "n" => Ok(guid.simple().to_string()),
            "B" | "b" => Ok(guid.braced().to_string()),
            "P" | "p" => Ok(format!("({guid})")),
            _ => Err(Fault::unsupported("this format of a GUID")),
        },
        Value::Enum(own) => match format {
            "" | "G" | "g" | "F" | "f" => Ok(own.name.as_str().to_owned()),
            "D" | "d" => Ok(own.number.to_string()),
            "X" | "x" => Ok(format!("{:08X}", own.number)),
            _ => Err(Fault::thrown(
                "FormatException",
                "System.FormatException",
                "Format string can be only \"G\", \"g\", \"X\", \"x\", \"F\", \"f\", \"D\" or \"d\".",
            )),
        },
        Value::Object(object) => match object.wrapped() {
            Some(value) => to_format(&value, format),
            None => Ok(value.to_text().as_str().to_owned()),
        },
        Value::Type(name) => Ok(name.full_name()),
        other => Ok(other.to_element_text().as_str().to_owned()),
    }
}

/// The value as text in culture en-US, as `ToString()` and the display write it.
#[must_use]
pub fn to_display(value: &Value) -> String {
    to_format(value, "").unwrap_or_default()
}

/// `index[,width][:format]`.
fn push_item(item: &str, arguments: &[Value], out: &mut String) -> Outcome<()> {
    let (head, format) = item.split_once(':').unwrap_or((item, ""));
    let (index, width) = match head.split_once(',') {
        Some((index, width)) => (index, width.trim()),
        None => (head, "0"),
    };
    let malformed = || invalid("Input string was not in a correct format.");
    let index: usize = index.trim_end().parse().map_err(|_| malformed())?;
    let width: i32 = width.parse().map_err(|_| malformed())?;
    let value = arguments.get(index).ok_or_else(|| {
        invalid("Index (zero based) must be greater than or equal to zero and less than the size of the argument list.")
    })?;
    let text = to_format(value, format).map_err(|fault| match fault {
        Fault::Thrown(thrown) => invalid(&thrown.message),
        fault @ Fault::Unsupported(_) => fault,
    })?;
    let length = text.encode_utf16().count();
    let wanted = usize::try_from(width.unsigned_abs()).unwrap_or_default();
    if wanted > 1_000_000 {
        return Err(malformed());
    }
    let blanks = " ".repeat(wanted.saturating_sub(length));
    if width < 0 {
        out.push_str(&text);
        out.push_str(&blanks);
    } else {
        out.push_str(&blanks);
        out.push_str(&text);
    }
    Ok(())
}

fn invalid(message: &str) -> Fault {
    Fault::thrown("FormatError", "System.FormatException", format!("Error formatting a string: {message}"))
}
