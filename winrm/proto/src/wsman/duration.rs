use std::time::Duration;

/// Reads an XML Schema duration (`PT20S`, `P0DT0H0M1.5S`), in which a day has 24 hours.
///
/// `None` where it is malformed, negative, longer than `u64` seconds, or counts years or months, which have no fixed
/// length.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let rest = text.trim().strip_prefix('P')?;
    let (date, time) = rest.split_once('T').map_or((rest, None), |(date, time)| (date, Some(time)));
    let mut total = Duration::ZERO;
    let date_units = units(date, &[('D', 86_400)], &mut total)?;
    let time_units = match time {
        Some(time) => {
            units(time, &[('H', 3_600), ('M', 60), ('S', 1)], &mut total).filter(|count| *count > 0)?
        }
        None => 0,
    };
    (date_units + time_units > 0).then_some(total)
}

/// Writes an XML Schema duration in seconds: whole ones, or with milliseconds as Windows does, or as exactly as needed.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match duration.subsec_nanos() {
        0 => format!("PT{seconds}S"),
        nanos if nanos % 1_000_000 == 0 => format!("PT{seconds}.{:03}S", duration.subsec_millis()),
        nanos => format!("PT{seconds}.{nanos:09}S"),
    }
}

/// Adds the numbers before each unit, which come in the order of `known`, and says how many there were.
fn units(mut text: &str, known: &[(char, u64)], total: &mut Duration) -> Option<usize> {
    let mut count = 0;
    for (unit, seconds) in known {
        if let Some((number, after)) = text.split_once(*unit) {
            *total = total.checked_add(scaled(number, *unit, *seconds)?)?;
            text = after;
            count += 1;
        }
    }
    text.is_empty().then_some(count)
}

fn scaled(number: &str, unit: char, seconds: u64) -> Option<Duration> {
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) if unit == 'S' && !fraction.is_empty() => (whole, fraction),
        Some(_) => return None,
        None => (number, ""),
    };
    let whole = digits(whole)?.checked_mul(seconds)?;
    Some(Duration::new(whole, nanoseconds(fraction)?))
}

fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn nanoseconds(fraction: &str) -> Option<u32> {
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    fraction
        .chars()
        .chain(std::iter::repeat('0'))
        .take(9)
        .try_fold(0_u32, |sum, digit| Some(sum * 10 + digit.to_digit(10)?))
}
