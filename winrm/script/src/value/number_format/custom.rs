//! Custom number formats: `#,##0.00`, `0;(0);-`, `0.0%`.

use super::{Digits, float};
use crate::value::Value;

/// The number under a custom format.
pub(super) fn custom(value: &Value, format: &str) -> String {
    let sections = sections(format);
    let digits = match float(value) {
        Some(number) if !number.is_finite() => return super::not_finite(value).unwrap_or_default(),
        Some(_) => Digits::significant(value, 15),
        None => Digits::exact(value),
    };
    let mut chosen = match (digits.digits.is_empty(), digits.negative) {
        (true, _) => 2,
        (false, true) => 1,
        (false, false) => 0,
    };
    let present = |at: usize| sections.get(at).is_some_and(|section| !section.is_empty());
    if chosen != 0 && !present(chosen) {
        chosen = 0;
    }
    let section = sections.get(chosen).copied().unwrap_or_default();
    let mut layout = Layout::of(section);
    let mut rounded = digits.clone();
    if !rounded.digits.is_empty() {
        layout.round(&mut rounded);
        if rounded.digits.is_empty() && chosen != 2 && present(2) {
            chosen = 2;
            layout = Layout::of(sections.get(2).copied().unwrap_or_default());
        }
    }
    layout.write(&rounded, chosen == 0)
}

/// The parts between semicolons outside quotes.
fn sections(format: &str) -> Vec<&str> {
    let (mut sections, mut start, mut quote, mut escaped) = (Vec::new(), 0, None, false);
    for (at, character) in format.char_indices() {
        match (character, quote) {
            _ if escaped => escaped = false,
            ('\\', None) => escaped = true,
            (open, Some(own)) if open == own => quote = None,
            ('\'' | '"', None) => quote = Some(character),
            (';', None) => {
                sections.push(format.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    sections.push(format.get(start..).unwrap_or_default());
    sections
}

#[derive(Debug)]
enum Piece {
    /// `0` or `#`.
    Digit,
    Point,
    Text(String),
    Exponent {
        mark: char,
        plus: bool,
        width: usize,
    },
}

#[derive(Debug)]
struct Layout {
    pieces: Vec<Piece>,
    /// Placeholders in all, and before the point.
    count: i32,
    before: i32,
    first_zero: Option<i32>,
    last_zero: Option<i32>,
    shift: i32,
    grouped: bool,
    scientific: bool,
}

impl Layout {
    fn of(section: &str) -> Self {
        let mut layout = Self {
            pieces: Vec::new(),
            count: 0,
            before: -1,
            first_zero: None,
            last_zero: None,
            shift: 0,
            grouped: false,
            scientific: false,
        };
        let mut commas: Option<(i32, i32)> = None;
        let mut rest = section.chars().peekable();
        while let Some(character) = rest.next() {
            match character {
                '0' | '#' => {
                    if character == '0' {
                        layout.first_zero.get_or_insert(layout.count);
                        layout.last_zero = Some(layout.count);
                    }
                    layout.pieces.push(Piece::Digit);
                    layout.count += 1;
                }
                '.' if layout.before < 0 => {
                    layout.before = layout.count;
                    layout.pieces.push(Piece::Point);
                }
                '.' => {}
                ',' => {
                    if layout.count > 0 && layout.before < 0 {
                        match &mut commas {
                            Some((at, number)) if *at == layout.count => *number += 1,
                            Some(_) => {
                                layout.grouped = true;
                                commas = Some((layout.count, 1));
                            }
                            None => commas = Some((layout.count, 1)),
                        }
                    }
                }
                '%' => {
                    layout.shift += 2;
                    layout.text("%");
                }
                '‰' => {
                    layout.shift += 3;
                    layout.text("‰");
                }
                '\'' | '"' => {
                    let quoted: String = rest.by_ref().take_while(|own| *own != character).collect();
                    layout.text(&quoted);
                }
                '\\' => {
                    if let Some(own) = rest.next() {
                        layout.text(own.encode_utf8(&mut [0; 4]));
                    }
                }
                'E' | 'e' => layout.exponent(character, &mut rest),
                other => layout.text(other.encode_utf8(&mut [0; 4])),
            }
        }
        if layout.before < 0 {
            layout.before = layout.count;
        }
        if let Some((at, number)) = commas {
            if at == layout.before {
                layout.shift -= number * 3;
            } else {
                layout.grouped = true;
            }
        }
        layout
    }

    fn exponent(&mut self, mark: char, rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
        let mut ahead = rest.clone();
        let sign = ahead.next_if(|next| matches!(next, '+' | '-'));
        let mut width = 0;
        while ahead.next_if_eq(&'0').is_some() {
            width += 1;
        }
        if width == 0 {
            return self.text(mark.encode_utf8(&mut [0; 4]));
        }
        *rest = ahead;
        self.scientific = true;
        self.pieces.push(Piece::Exponent { mark, plus: sign == Some('+'), width: width.min(10) });
    }

    fn text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(own)) => own.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }

    fn round(&self, digits: &mut Digits) {
        digits.scale += self.shift;
        let keep = if self.scientific { self.count } else { digits.scale + self.count - self.before };
        digits.round(keep);
    }

    fn write(&self, digits: &Digits, first: bool) -> String {
        let first_zero = self.first_zero.map_or(0, |at| (self.before - at).max(0));
        let last_zero = self.last_zero.map_or(0, |at| (self.before - at - 1).min(0));
        let (mut position, mut adjust) = if self.scientific {
            (self.before, 0)
        } else {
            (digits.scale.max(self.before), digits.scale - self.before)
        };
        let mut out = String::new();
        if digits.negative && first {
            out.push('-');
        }
        let (mut next, mut pointed) = (0, false);
        for piece in &self.pieces {
            // Digits for which the format has no place come before the first place.
            while adjust > 0 && matches!(piece, Piece::Digit | Piece::Point) {
                self.push(digits.at(next), position, &mut out);
                next += 1;
                position -= 1;
                adjust -= 1;
            }
            match piece {
                Piece::Digit => {
                    let available = next < i32::try_from(digits.digits.len()).unwrap_or(i32::MAX);
                    let character = if adjust < 0 {
                        adjust += 1;
                        (position <= first_zero).then_some('0')
                    } else if available {
                        next += 1;
                        Some(digits.at(next - 1))
                    } else {
                        (position > last_zero).then_some('0')
                    };
                    if let Some(character) = character {
                        self.push(character, position, &mut out);
                    }
                    position -= 1;
                }
                Piece::Point => {
                    let more = next < i32::try_from(digits.digits.len()).unwrap_or(i32::MAX);
                    if position == 0 && !pointed && (last_zero < 0 || (self.before < self.count && more)) {
                        out.push('.');
                        pointed = true;
                    }
                }
                Piece::Text(text) => out.push_str(text),
                Piece::Exponent { mark, plus, width } => {
                    let exponent = if digits.digits.is_empty() { 0 } else { digits.scale - self.before };
                    out.push(*mark);
                    if exponent < 0 {
                        out.push('-');
                    } else if *plus {
                        out.push('+');
                    }
                    out.push_str(&format!("{:0>width$}", exponent.unsigned_abs()));
                }
            }
        }
        out
    }

    fn push(&self, character: char, position: i32, out: &mut String) {
        out.push(character);
        if self.grouped && position > 1 && (position - 1) % 3 == 0 {
            out.push(',');
        }
    }
}
