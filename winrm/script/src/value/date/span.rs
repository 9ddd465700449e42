//! Spans of time as text.

use winrm_proto::clixml::Duration;

use super::TICKS_PER_SECOND;
use crate::value::{Fault, Outcome};

/// The span under a format.
pub(crate) fn format_span(span: Duration, format: &str) -> Outcome<String> {
    let ticks = span.ticks().unsigned_abs();
    let sign = if span.ticks() < 0 { "-" } else { "" };
    let seconds = ticks / TICKS_PER_SECOND;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let (second, fraction) = (seconds % 60, ticks % TICKS_PER_SECOND);
    match format {
        "" | "c" | "t" | "T" => return Ok(span.to_string()),
        "g" => {
            let day = if days > 0 { format!("{days}:") } else { String::new() };
            let mut text = format!("{sign}{day}{hours}:{minutes:02}:{second:02}");
            if fraction > 0 {
                text.push('.');
                text.push_str(format!("{fraction:07}").trim_end_matches('0'));
            }
            return Ok(text);
        }
        "G" => return Ok(format!("{sign}{days}:{hours:02}:{minutes:02}:{second:02}.{fraction:07}")),
        _ if format.chars().count() == 1 => return Err(invalid()),
        _ => {}
    }
    let mut out = String::new();
    let mut rest = format.chars().peekable();
    while let Some(letter) = rest.next() {
        let mut count = 1;
        while letter.is_ascii_alphabetic() && rest.next_if_eq(&letter).is_some() {
            count += 1;
        }
        let (value, most) = match letter {
            'd' => (days, 8),
            'h' => (hours, 2),
            'm' => (minutes, 2),
            's' => (second, 2),
            'f' | 'F' if count <= 7 => {
                let digits = format!("{fraction:07}");
                let digits = digits.get(..count).unwrap_or_default();
                out.push_str(if letter == 'F' { digits.trim_end_matches('0') } else { digits });
                continue;
            }
            '\'' | '"' => {
                out.extend(rest.by_ref().take_while(|own| *own != letter));
                continue;
            }
            '\\' => {
                out.push(rest.next().ok_or_else(invalid)?);
                continue;
            }
            '%' => continue,
            _ => return Err(invalid()),
        };
        if count > most {
            return Err(invalid());
        }
        out.push_str(&format!("{value:0count$}"));
    }
    Ok(out)
}

/// Reads `[-][d.]hh:mm[:ss[.fffffff]]` and bare days.
pub(crate) fn parse_span(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (negative, text) = match text.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let digits = |text: &str| -> Option<u64> {
        let plain = !text.is_empty() && text.len() <= 8 && text.bytes().all(|byte| byte.is_ascii_digit());
        if plain { text.parse().ok() } else { None }
    };
    let fields: Vec<&str> = text.split(':').collect();
    let (days, hours, minutes, seconds) = match fields.as_slice() {
        [days] => (digits(days)?, 0, 0, "0"),
        [first, minutes] => {
            let (days, hours) = split_days(first)?;
            (days, hours, digits(minutes)?, "0")
        }
        [first, minutes, seconds] => {
            let (days, hours) = split_days(first)?;
            (days, hours, digits(minutes)?, *seconds)
        }
        [days, hours, minutes, seconds] => (digits(days)?, digits(hours)?, digits(minutes)?, *seconds),
        _ => return None,
    };
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    if fraction.len() > 7 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (seconds, fraction) = (digits(seconds)?, format!("{fraction:0<7}").parse::<u64>().ok()?);
    if hours > 23 || minutes > 59 || seconds > 59 || days > 10_675_199 {
        return None;
    }
    let total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
    let ticks = i64::try_from(total * TICKS_PER_SECOND + fraction).ok()?;
    Some(Duration::from_ticks(if negative { -ticks } else { ticks }))
}

fn split_days(text: &str) -> Option<(u64, u64)> {
    match text.split_once('.') {
        Some((days, hours)) => Some((days.parse().ok()?, hours.parse().ok()?)),
        None => Some((0, text.parse().ok()?)),
    }
}

fn invalid() -> Fault {
    Fault::thrown("FormatException", "System.FormatException", "Input string was not in a correct format.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_written() {
        let span = parse_span("1.02:03:04.5").unwrap();
        assert_eq!(span.to_string(), "1.02:03:04.5000000");
        for (format, text) in
            [("c", "1.02:03:04.5000000"), ("g", "1:2:03:04.5"), (r"d\d\ hh\:mm", "1d 02:03")]
        {
            assert_eq!(format_span(span, format).unwrap(), text, "{format}");
        }
        assert_eq!(parse_span("10").unwrap().to_string(), "10.00:00:00");
        for refused in ["1.5", "abc", "25:00", "", "1:60"] {
            assert_eq!(parse_span(refused), None, "{refused}");
        }
        assert!(format_span(span, "0.00").is_err());
    }
}
