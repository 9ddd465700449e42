/// Removes from remote text what is invisible or controls a terminal.
///
/// Out go C0 and C1 controls but tab and newline, whole escape sequences (CSI, OSC and their kin), bidirectional
/// controls, zero-width and other invisible characters, variation selectors and tag characters. CR LF becomes
/// LF, and so does a CR alone. The state survives between pieces, so a sequence cut in two is still found.
#[derive(Debug, Clone, Default)]
pub struct Sanitizer {
    state: State,
    removed: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// One or more CR, whose LF may follow.
    CarriageReturn,
    /// ESC, perhaps with intermediate characters.
    Escape,
    /// After `ESC [`; so many characters so far.
    Csi(u16),
    /// After `ESC ]` or another opener of a string that ends in BEL or ST; so many characters so far.
    ControlString(u16),
    /// ESC inside such a string: ST if a backslash follows.
    ControlStringEscape(u16),
}

impl Sanitizer {
    /// Appends what is left of `piece` to `out`.
    pub fn push(&mut self, piece: &str, out: &mut String) {
        out.reserve(piece.len());
        for character in piece.chars() {
            self.take(character, out);
        }
    }

    /// Ends the text; a CR that waited for its LF becomes one.
    pub fn finish(&mut self, out: &mut String) {
        if self.state == State::CarriageReturn {
            out.push('\n');
        }
        self.state = State::Text;
    }

    /// How many characters were removed so far. Line endings that became LF are not counted.
    #[must_use]
    pub fn removed(&self) -> u64 {
        self.removed
    }

    fn take(&mut self, character: char, out: &mut String) {
        self.state = match self.state {
            State::Text => self.text(character, out),
            State::CarriageReturn => self.after_carriage_return(character, out),
            State::Escape => self.escape(character, out),
            State::Csi(length) => self.csi(length, character, out),
            State::ControlString(length) => self.control_string(length, character, out),
            State::ControlStringEscape(length) => self.control_string_escape(length, character, out),
        };
    }

    fn text(&mut self, character: char, out: &mut String) -> State {
        match character {
            '\r' => return State::CarriageReturn,
            '\x1b' => return self.remove(State::Escape),
            '\u{9b}' => return self.remove(State::Csi(0)),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => {
                return self.remove(State::ControlString(0));
            }
            _ if is_harmful(character) => return self.remove(State::Text),
            _ => out.push(character),
        }
        State::Text
    }

    fn after_carriage_return(&mut self, character: char, out: &mut String) -> State {
        match character {
            '\r' => State::CarriageReturn,
            '\n' => {
                out.push('\n');
                State::Text
            }
            _ => {
                out.push('\n');
                self.text(character, out)
            }
        }
    }

    fn escape(&mut self, character: char, out: &mut String) -> State {
        match character {
            '[' => self.remove(State::Csi(0)),
            ']' | 'P' | 'X' | '^' | '_' => self.remove(State::ControlString(0)),
            ' '..='/' => self.remove(State::Escape),
            '0'..='~' => self.remove(State::Text),
            _ => self.text(character, out),
        }
    }

    fn csi(&mut self, length: u16, character: char, out: &mut String) -> State {
        match character {
            ' '..='?' if length < LONGEST_CSI => self.remove(State::Csi(length + 1)),
            '@'..='~' => self.remove(State::Text),
            _ => self.text(character, out),
        }
    }

    fn control_string(&mut self, length: u16, character: char, out: &mut String) -> State {
        match character {
            '\x07' | '\u{9c}' => self.remove(State::Text),
            '\x1b' => self.remove(State::ControlStringEscape(length)),
            // An unfinished one must not swallow the lines below it.
            '\r' | '\n' => self.text(character, out),
            _ if length >= LONGEST_CONTROL_STRING => self.text(character, out),
            _ => self.remove(State::ControlString(length + 1)),
        }
    }

    fn control_string_escape(&mut self, length: u16, character: char, out: &mut String) -> State {
        match character {
            '\\' => self.remove(State::Text),
            _ if length >= LONGEST_CONTROL_STRING => self.escape(character, out),
            _ => self.control_string(length + 1, character, out),
        }
    }

    fn remove(&mut self, next: State) -> State {
        self.removed += 1;
        next
    }
}

/// Sanitizes a whole text; also says how many characters were removed.
#[must_use]
pub fn sanitize(text: &str) -> (String, u64) {
    let mut sanitizer = Sanitizer::default();
    let mut out = String::new();
    sanitizer.push(text, &mut out);
    sanitizer.finish(&mut out);
    (out, sanitizer.removed())
}

/// Whether a reader cannot see this character, or a terminal obeys it.
fn is_harmful(character: char) -> bool {
    if matches!(character, ' '..='~' | '\t' | '\n') {
        return false;
    }
    character.is_control() || INVISIBLE.iter().any(|range| range.contains(&character))
}

/// Parameters and intermediates of a CSI sequence that real programs send.
const LONGEST_CSI: u16 = 256;
/// Enough for a title or a link.
const LONGEST_CONTROL_STRING: u16 = 4096;

/// Invisible characters, bidirectional controls, selectors and tags, by range.
const INVISIBLE: [std::ops::RangeInclusive<char>; 18] = [
    '\u{00AD}'..='\u{00AD}',
    '\u{034F}'..='\u{034F}',
    '\u{061C}'..='\u{061C}',
    '\u{115F}'..='\u{1160}',
    '\u{17B4}'..='\u{17B5}',
    '\u{180B}'..='\u{180F}',
    '\u{200B}'..='\u{200F}',
    '\u{2028}'..='\u{202E}',
    '\u{2060}'..='\u{206F}',
    '\u{3164}'..='\u{3164}',
    '\u{FE00}'..='\u{FE0F}',
    '\u{FEFF}'..='\u{FEFF}',
    '\u{FFA0}'..='\u{FFA0}',
    '\u{FFF9}'..='\u{FFFB}',
    '\u{1BCA0}'..='\u{1BCA3}',
    '\u{1D173}'..='\u{1D17A}',
    '\u{E0000}'..='\u{E007F}',
    '\u{E0100}'..='\u{E01EF}',
];
