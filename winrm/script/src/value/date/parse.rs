//! Texts that are read as a date, as `[datetime]'…'` does with the invariant culture.

use winrm_proto::clixml::{DateTime, DateTimeKind};

use super::{Civil, MONTHS, TICKS_PER_SECOND};
use crate::value::{Fault, Outcome};

/// Reads the forms that .NET and people agree on; `Ok(None)` is a text that is no date, and what could be one in a
/// form that is not known here is refused.
pub(crate) fn parse_date(text: &str) -> Outcome<Option<DateTime>> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    if let Some(time) = iso(text) {
        return Ok(time);
    }
    let mut words = text.split_whitespace();
    let mut civil = Civil { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0, fraction: 0 };
    let Some(first) = words.next() else { return Ok(None) };
    if let Some((month, day, year)) = slashed(first) {
        (civil.month, civil.day, civil.year) = (month, day, year);
        let rest: Vec<&str> = words.collect();
        return match clock(&mut civil, &rest) {
            Some(()) => Ok(civil.to_date(DateTimeKind::Unspecified)),
            None => Err(unsure()),
        };
    }
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') || !could_be_date(text) {
        // A bare number is no date to .NET.
        return Ok(None);
    }
    worded(text, civil)
}

/// Reads a text in a known order of fields, as `ParseExact` does, for the formats of digits and separators.
pub(crate) fn parse_exact(text: &str, format: &str) -> Outcome<Option<DateTime>> {
    let mut civil = Civil { year: 1, month: 1, day: 1, hour: 0, minute: 0, second: 0, fraction: 0 };
    let (mut rest, mut pattern) = (text, format.chars().peekable());
    let mut afternoon = None;
    while let Some(letter) = pattern.next() {
        let mut count = 1;
        while letter.is_ascii_alphabetic() && pattern.next_if_eq(&letter).is_some() {
            count += 1;
        }
        let field = match (letter, count) {
            ('y', 4) => Some((&mut civil.year, 4, 4)),
            ('M', 1) => Some((&mut civil.month, 1, 2)),
            ('M', 2) => Some((&mut civil.month, 2, 2)),
            ('d', 1) => Some((&mut civil.day, 1, 2)),
            ('d', 2) => Some((&mut civil.day, 2, 2)),
            ('H' | 'h', 1) => Some((&mut civil.hour, 1, 2)),
            ('H' | 'h', 2) => Some((&mut civil.hour, 2, 2)),
            ('m', 2) => Some((&mut civil.minute, 2, 2)),
            ('m', 1) => Some((&mut civil.minute, 1, 2)),
            ('s', 2) => Some((&mut civil.second, 2, 2)),
            ('s', 1) => Some((&mut civil.second, 1, 2)),
            _ => None,
        };
        if let Some((field, least, most)) = field {
            let digits = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
            let Some((number, tail)) = rest.split_at_checked(digits).filter(|_| digits >= least) else {
                return Ok(None);
            };
            *field = number.parse().unwrap_or_default();
            rest = tail;
            continue;
        }
        match (letter, count) {
            ('f', 1..=7) => {
                let Some((digits, tail)) = rest.split_at_checked(count) else { return Ok(None) };
                let Ok(ticks) = format!("{digits:0<7}").parse() else { return Ok(None) };
                (civil.fraction, rest) = (ticks, tail);
            }
            ('t', 2) => {
                let half = rest.get(..2).unwrap_or_default().to_ascii_uppercase();
                afternoon = match half.as_str() {
                    "AM" => Some(false),
                    "PM" => Some(true),
                    _ => return Ok(None),
                };
                rest = rest.get(2..).unwrap_or_default();
            }
            (letter, _) if letter.is_ascii_alphabetic() || matches!(letter, '%' | '\\' | '\'' | '"') => {
                return Err(Fault::unsupported("this format of a date to read"));
            }
            _ => match rest.strip_prefix(letter) {
                Some(tail) => rest = tail,
                None => return Ok(None),
            },
        }
    }
    if let Some(afternoon) = afternoon {
        civil.hour = civil.hour % 12 + if afternoon { 12 } else { 0 };
    }
    Ok(if rest.is_empty() { civil.to_date(DateTimeKind::Unspecified) } else { None })
}

/// `2026-01-02`, with a time after `T` or a blank, and a zone. `None` is another form, `Some(None)` no such day.
fn iso(text: &str) -> Option<Option<DateTime>> {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, time.trim()),
        None => (text, ""),
    };
    let mut fields = date.split('-');
    let (year, month, day) = (fields.next()?, fields.next()?, fields.next()?);
    let digits = |text: &str, most: usize| {
        !text.is_empty() && text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if fields.next().is_some() || year.len() != 4 || !digits(year, 4) || !digits(month, 2) || !digits(day, 2)
    {
        return None;
    }
    let number = |text: &str| text.parse::<u64>().unwrap_or_default();
    let mut civil = Civil {
        year: number(year),
        month: number(month),
        day: number(day),
        hour: 0,
        minute: 0,
        second: 0,
        fraction: 0,
    };
    if time.is_empty() {
        return Some(civil.to_date(DateTimeKind::Unspecified));
    }
    let (clock_text, zone) = match time.find(['Z', '+', '-']) {
        Some(at) => time.split_at_checked(at)?,
        None => (time, ""),
    };
    let words: Vec<&str> = clock_text.split_whitespace().collect();
    clock(&mut civil, &words)?;
    // A time with a zone becomes the host's local time, which is UTC where nobody says otherwise.
    let kind = match zone {
        "" => DateTimeKind::Unspecified,
        "Z" => DateTimeKind::Offset(0),
        _ => return Some(with_offset(civil, zone)),
    };
    Some(civil.to_date(kind))
}

fn with_offset(civil: Civil, zone: &str) -> Option<DateTime> {
    let negative = zone.starts_with('-');
    let (hours, minutes) = zone.get(1..)?.split_once(':').unwrap_or((zone.get(1..)?, "0"));
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let ticks = (hours * 60 + minutes) * 60 * i64::try_from(TICKS_PER_SECOND).ok()?;
    let time = civil.to_date(DateTimeKind::Offset(0))?;
    super::add_ticks(time, if negative { ticks } else { -ticks })
}

/// `1/2/2026`: month, day, year.
fn slashed(text: &str) -> Option<(u64, u64, u64)> {
    let mut fields = text.split('/');
    let (month, day, year) = (fields.next()?, fields.next()?, fields.next()?);
    if fields.next().is_some() || !matches!(year.len(), 2 | 4) {
        return None;
    }
    let year: u64 = if year.len() == 2 {
        let year: u64 = year.parse().ok()?;
        if year < 50 { 2000 + year } else { 1900 + year }
    } else {
        year.parse().ok()?
    };
    Some((month.parse().ok()?, day.parse().ok()?, year))
}

/// `15:04`, `3:04:05.678 PM`; nothing is midnight.
fn clock(civil: &mut Civil, words: &[&str]) -> Option<()> {
    let (clock, half) = match words {
        [] => return Some(()),
        [clock] => match clock.get(clock.len().saturating_sub(2)..) {
            Some(half) if half.eq_ignore_ascii_case("am") || half.eq_ignore_ascii_case("pm") => {
                (clock.get(..clock.len() - 2)?, Some(half))
            }
            _ => (*clock, None),
        },
        [clock, half] => (*clock, Some(*half)),
        _ => return None,
    };
    let mut fields = clock.split(':');
    let (hour, minute, second) = (fields.next()?, fields.next()?, fields.next().unwrap_or("0"));
    if fields.next().is_some() {
        return None;
    }
    let (second, fraction) = second.split_once('.').unwrap_or((second, ""));
    if fraction.len() > 7 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    (civil.hour, civil.minute, civil.second) =
        (hour.parse().ok()?, minute.parse().ok()?, second.parse().ok()?);
    civil.fraction = format!("{fraction:0<7}").parse().ok()?;
    match half.map(str::to_ascii_uppercase).as_deref() {
        None => {}
        Some("AM") if civil.hour <= 12 => civil.hour %= 12,
        Some("PM") if civil.hour <= 12 => civil.hour = civil.hour % 12 + 12,
        Some(_) => return None,
    }
    Some(())
}

/// `January 2, 2026`, `2 Jan 2026`, `Friday, January 2, 2026 3:04:05 PM`.
fn worded(text: &str, mut civil: Civil) -> Outcome<Option<DateTime>> {
    let words: Vec<&str> = text.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let mut numbers = Vec::new();
    let mut times = Vec::new();
    for word in words {
        let month = MONTHS.iter().position(|name| {
            name.eq_ignore_ascii_case(word)
                || name.get(..3).is_some_and(|short| short.eq_ignore_ascii_case(word))
        });
        let day_name = super::DAYS.iter().any(|name| {
            name.eq_ignore_ascii_case(word)
                || name.get(..3).is_some_and(|short| short.eq_ignore_ascii_case(word))
        });
        if let Some(month) = month {
            civil.month = u64::try_from(month + 1).unwrap_or_default();
        } else if day_name {
        } else if word.contains(':') || !times.is_empty() {
            times.push(word);
        } else {
            match word.parse::<u64>() {
                Ok(number) => numbers.push(number),
                Err(_) => return Err(unsure()),
            }
        }
    }
    match numbers.as_slice() {
        [day, year] if civil.month > 0 && *day <= 31 && *year >= 1000 => {
            (civil.day, civil.year) = (*day, *year);
        }
        _ => return Err(unsure()),
    }
    match clock(&mut civil, &times) {
        Some(()) => Ok(civil.to_date(DateTimeKind::Unspecified)),
        None => Err(unsure()),
    }
}

/// Whether .NET might find a date in it: numbers with separators, or a month.
fn could_be_date(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let has_month = MONTHS.iter().any(|name| {
        let short = name.get(..3).unwrap_or_default().to_ascii_lowercase();
        lower
            .split(|character: char| !character.is_ascii_alphabetic())
            .any(|word| word == short || word == name.to_ascii_lowercase())
    });
    let numbers =
        text.split(|character: char| !character.is_ascii_digit()).filter(|field| !field.is_empty()).count();
    let letters = text.chars().filter(|character| character.is_alphabetic()).count();
    let of_clock = numbers >= 1 && (lower.ends_with("am") || lower.ends_with("pm"));
    let separated = numbers >= 2 && text.contains(['-', '/', ':', '.', ',', ' ']);
    has_month || (letters <= 2 && (of_clock || separated))
}

fn unsure() -> Fault {
    Fault::unsupported("this form of a date; write it as yyyy-MM-dd HH:mm:ss")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_powershell_reads_them() {
        for (text, ticks) in [
            ("2026-01-02", Some("2026-01-02T00:00:00")),
            ("2026-01-02T03:04:05", Some("2026-01-02T03:04:05")),
            ("2026-01-02 15:04", Some("2026-01-02T15:04:00")),
            ("1/2/2026 3:04:05 PM", Some("2026-01-02T15:04:05")),
            ("Jan 2, 2026", Some("2026-01-02T00:00:00")),
            ("2 January 2026 10:00", Some("2026-01-02T10:00:00")),
            ("2026-02-30", None),
            ("abc", None),
            ("0.1", None),
            ("42", None),
        ] {
            let expected = ticks.map(|text| text.parse::<DateTime>().unwrap());
            assert_eq!(parse_date(text).unwrap(), expected, "{text}");
        }
        assert!(parse_date("3-4").is_err() && parse_date("3am").is_err());
        assert_eq!(parse_exact("20260102", "yyyyMMdd").unwrap(), "2026-01-02T00:00:00".parse().ok());
    }
}
