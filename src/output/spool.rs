use std::collections::VecDeque;

/// The beginning and the end of a text of any length, in bounded memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spool {
    limits: SpoolLimits,
    head: String,
    /// INVARIANT: set when something first went to the tail; from then on the head does not grow.
    head_is_full: bool,
    /// INVARIANT: whole characters, what follows the head; older pieces first.
    tail: VecDeque<String>,
    tail_bytes: usize,
    total_bytes: u64,
    total_lines: u64,
}

/// How many bytes are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpoolLimits {
    /// From the beginning.
    pub head: usize,
    /// From the end.
    pub tail: usize,
}

/// A text cut to a size, and what was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The beginning and, if something was left out, a mark and the end.
    pub text: String,
    /// Bytes of the whole text that are not in the excerpt.
    pub omitted_bytes: u64,
    /// Bytes of the whole text.
    pub total_bytes: u64,
}

impl Default for SpoolLimits {
    /// A megabyte each.
    fn default() -> Self {
        Self { head: 1 << 20, tail: 1 << 20 }
    }
}

impl Spool {
    /// Begins empty.
    #[must_use]
    pub fn new(limits: SpoolLimits) -> Self {
        Self {
            limits,
            head: String::new(),
            head_is_full: false,
            tail: VecDeque::new(),
            tail_bytes: 0,
            total_bytes: 0,
            total_lines: 0,
        }
    }

    /// Adds to the end.
    pub fn push(&mut self, text: &str) {
        self.total_bytes = self.total_bytes.saturating_add(u64::try_from(text.len()).unwrap_or(u64::MAX));
        let breaks = text.bytes().filter(|&byte| byte == b'\n').count();
        self.total_lines = self.total_lines.saturating_add(u64::try_from(breaks).unwrap_or(u64::MAX));
        let mut rest = text;
        if !self.head_is_full {
            let room = self.limits.head.saturating_sub(self.head.len());
            let (first, after) = rest.split_at(floor_boundary(rest, room));
            self.head.push_str(first);
            rest = after;
        }
        if rest.is_empty() {
            return;
        }
        self.head_is_full = true;
        self.tail_bytes += rest.len();
        match self.tail.back_mut() {
            // A program that writes byte by byte must not cost an allocation for each.
            Some(last) if last.len() < PIECE => last.push_str(rest),
            _ => self.tail.push_back(rest.to_owned()),
        }
        self.drop_oldest();
    }

    /// Whether nothing came.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total_bytes == 0
    }

    /// Bytes that came, kept or not.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// Line breaks that came, kept or not.
    #[must_use]
    pub fn total_lines(&self) -> u64 {
        self.total_lines
    }

    /// The whole text, if it was all kept.
    #[must_use]
    pub fn whole(&self) -> Option<String> {
        let (head, tail) = self.parts();
        let kept = u64::try_from(head.len() + tail.len()).unwrap_or(u64::MAX);
        (kept == self.total_bytes).then(|| head + &tail)
    }

    /// The text in at most about `limit` bytes: all of it, or its beginning and its end, cut at lines where
    /// lines are near, with a mark between that says how much is missing.
    #[must_use]
    pub fn excerpt(&self, limit: usize) -> Excerpt {
        let (head, tail) = self.parts();
        let total = self.total_bytes;
        let kept = u64::try_from(head.len() + tail.len()).unwrap_or(u64::MAX);
        if kept == total && head.len() + tail.len() <= limit {
            return Excerpt { text: head + &tail, omitted_bytes: 0, total_bytes: total };
        }
        // The end says how it ended, so it gets as much as the beginning.
        let half = limit / 2;
        let (beginning, end) = if kept == total {
            let whole = head + &tail;
            let beginning = line_start_of(&whole, half).to_owned();
            let after = whole.split_at(beginning.len()).1;
            (beginning, line_end_of(after, half).to_owned())
        } else {
            (line_start_of(&head, half).to_owned(), line_end_of(&tail, half).to_owned())
        };
        let shown = u64::try_from(beginning.len() + end.len()).unwrap_or(u64::MAX);
        let omitted = total.saturating_sub(shown);
        let separator = if beginning.is_empty() || beginning.ends_with('\n') { "" } else { "\n" };
        let text = format!("{beginning}{separator}[... {omitted} of {total} bytes left out ...]\n{end}");
        Excerpt { text, omitted_bytes: omitted, total_bytes: total }
    }

    fn parts(&self) -> (String, String) {
        let mut tail = String::with_capacity(self.tail_bytes);
        tail.extend(self.tail.iter().map(String::as_str));
        let cut = ceil_boundary(&tail, tail.len().saturating_sub(self.limits.tail));
        (self.head.clone(), tail.split_off(cut))
    }

    /// Whole pieces go while the rest is still enough; [`Spool::parts`] cuts the oldest one.
    fn drop_oldest(&mut self) {
        while let Some(oldest) = self.tail.front() {
            if self.tail_bytes - oldest.len() < self.limits.tail {
                break;
            }
            self.tail_bytes -= oldest.len();
            self.tail.pop_front();
        }
        // One huge piece must not stay whole.
        if let [only] = self.tail.make_contiguous()
            && only.len() > self.limits.tail.saturating_mul(2)
        {
            let cut = ceil_boundary(only, only.len() - self.limits.tail);
            *only = only.split_off(cut);
            self.tail_bytes = only.len();
        }
    }
}

/// At most `limit` bytes of the beginning, up to the last line break if one is in its second half.
fn line_start_of(text: &str, limit: usize) -> &str {
    let beginning = text.split_at(floor_boundary(text, limit)).0;
    match beginning.rfind('\n') {
        Some(at) if at >= limit / 2 => beginning.split_at(at + 1).0,
        _ => beginning,
    }
}

/// At most `limit` bytes of the end, from the first line break on if one is in its first half.
fn line_end_of(text: &str, limit: usize) -> &str {
    let end = text.split_at(ceil_boundary(text, text.len().saturating_sub(limit))).1;
    match end.find('\n') {
        Some(at) if at < limit / 2 && end.len() < text.len() => end.split_at(at + 1).1,
        _ => end,
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

fn ceil_boundary(text: &str, at: usize) -> usize {
    (at..text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len())
}

/// Bytes of a piece to which nothing is added.
const PIECE: usize = 4096;
