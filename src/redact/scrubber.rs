use std::{
    borrow::Cow,
    collections::BTreeSet,
    fmt,
    ops::{Bound, Range},
    sync::{Arc, PoisonError, RwLock},
};

use aho_corasick::{AhoCorasick, MatchKind};
use secrecy::{ExposeSecret as _, SecretString};

use super::{MARK, forms};

/// The shortest secret, in bytes, that is searched for.
///
/// To replace every `a` of a result would destroy it and tell the reader that the secret is `a`, so a shorter
/// secret is not searched for at all; [`KnownSecrets::learn`] says so, and the caller warns.
pub const SHORTEST: usize = 4;

/// The secrets that this process has read so far, shared by everything that scrubs.
///
/// A rotated secret is learned beside the old one: the old one may still come back from a host. The copies
/// stay in memory until the process ends.
#[derive(Clone, Default)]
pub struct KnownSecrets(Arc<RwLock<Known>>);

#[derive(Default)]
struct Known {
    forms: BTreeSet<Vec<u8>>,
    /// Built when it is asked for, so that a thousand secrets cost one construction.
    scrubber: Option<Scrubber>,
}

/// What became of a secret that was shown to [`KnownSecrets::learn`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Learned {
    /// It is replaced from now on.
    Searched,
    /// It is shorter than [`SHORTEST`] bytes: it cannot be found without destroying what people read.
    TooShort,
}

/// Finds known secrets in text and replaces each by [`MARK`]. Cheap to clone.
#[derive(Clone, Default)]
pub struct Scrubber(Option<Arc<Automaton>>);

struct Automaton {
    search: AhoCorasick,
    forms: BTreeSet<Vec<u8>>,
    /// Bytes of the longest form.
    longest: usize,
}

/// Text without known secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scrubbed<'t> {
    /// The text.
    pub text: Cow<'t, str>,
    /// How many places were replaced.
    pub redactions: u64,
}

/// Scrubs text that comes in pieces; a secret across pieces is found.
///
/// It holds back only an end that begins a secret's form, so at most one byte less than the longest form, and
/// never lets the first part of a secret out before it has seen that the rest does not follow.
#[derive(Debug)]
pub struct ScrubStream {
    scrubber: Scrubber,
    held: Vec<u8>,
    /// How many of the held bytes belong to a secret whose mark has been written.
    covered: usize,
    redactions: u64,
}

impl KnownSecrets {
    /// Remembers a secret in all its forms.
    pub fn learn(&self, secret: &SecretString) -> Learned {
        let secret = secret.expose_secret();
        if secret.len() < SHORTEST {
            return Learned::TooShort;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !known.forms.contains(secret.as_bytes()) {
            known.forms.extend(forms::of(secret, SHORTEST));
            known.scrubber = None;
        }
        Learned::Searched
    }

    /// What finds the secrets known at this moment.
    #[must_use]
    pub fn scrubber(&self) -> Scrubber {
        if let Some(scrubber) = &self.0.read().unwrap_or_else(PoisonError::into_inner).scrubber {
            return scrubber.clone();
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let built = Scrubber::of_forms(&known.forms);
        known.scrubber.insert(built).clone()
    }

    /// Replaces the secrets known at this moment.
    #[must_use]
    pub fn scrub(&self, text: &str) -> String {
        self.scrubber().scrub(text).text.into_owned()
    }
}

impl Scrubber {
    /// Finds these secrets in all their forms.
    #[must_use]
    pub fn new(secrets: &[SecretString]) -> Self {
        let secrets = secrets.iter().map(SecretString::expose_secret);
        let searched = secrets.filter(|secret| secret.len() >= SHORTEST);
        Self::of_forms(&searched.flat_map(|secret| forms::of(secret, SHORTEST)).collect())
    }

    fn of_forms(forms: &BTreeSet<Vec<u8>>) -> Self {
        // Overlapping matches need the standard kind. Building fails only beyond 2^31 states, which secrets
        // of the size that `secret` reads do not reach.
        let builder = || AhoCorasick::builder().match_kind(MatchKind::Standard).build(forms);
        let search = if forms.is_empty() { None } else { builder().ok() };
        let longest = forms.iter().map(Vec::len).max().unwrap_or(0);
        Self(search.map(|search| Arc::new(Automaton { search, forms: forms.clone(), longest })))
    }

    /// Replaces every known secret of a whole text.
    #[must_use]
    pub fn scrub<'t>(&self, text: &'t str) -> Scrubbed<'t> {
        if self.secrets_in(text.as_bytes()).is_empty() {
            return Scrubbed { text: Cow::Borrowed(text), redactions: 0 };
        }
        let mut stream = self.stream();
        let mut out = String::with_capacity(text.len());
        stream.push(text, &mut out);
        stream.finish(&mut out);
        Scrubbed { text: Cow::Owned(out), redactions: stream.redactions() }
    }

    /// Begins to scrub text that comes in pieces.
    #[must_use]
    pub fn stream(&self) -> ScrubStream {
        ScrubStream { scrubber: self.clone(), held: Vec::new(), covered: 0, redactions: 0 }
    }

    /// The byte ranges that known secrets occupy, in order; secrets that overlap are one range.
    fn secrets_in(&self, text: &[u8]) -> Vec<Range<usize>> {
        let Some(automaton) = &self.0 else { return Vec::new() };
        let mut found: Vec<Range<usize>> =
            automaton.search.find_overlapping_iter(text).map(|found| found.range()).collect();
        found.sort_by_key(|range| range.start);
        let mut merged: Vec<Range<usize>> = Vec::new();
        for range in found {
            match merged.last_mut() {
                Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        merged
    }

    /// Where the first secret begins of which the text holds only the first part.
    fn undecided_from(&self, text: &[u8]) -> usize {
        let Some(automaton) = &self.0 else { return text.len() };
        let earliest = text.len().saturating_sub(automaton.longest.saturating_sub(1));
        let begins_form = |at: &usize| {
            let tail = text.get(*at..).unwrap_or_default();
            let next = automaton.forms.range::<[u8], _>((Bound::Included(tail), Bound::Unbounded)).next();
            next.is_some_and(|form| form.starts_with(tail))
        };
        (earliest..text.len()).find(begins_form).unwrap_or(text.len())
    }
}

impl ScrubStream {
    /// Takes the next piece and appends to `out` what can no longer be part of a secret.
    pub fn push(&mut self, piece: &str, out: &mut String) {
        if self.scrubber.0.is_none() {
            out.push_str(piece);
            return;
        }
        self.held.extend_from_slice(piece.as_bytes());
        let undecided = self.scrubber.undecided_from(&self.held);
        self.release(undecided, out);
    }

    /// Appends to `out` what was held back.
    pub fn finish(&mut self, out: &mut String) {
        self.release(self.held.len(), out);
    }

    /// How many secrets were replaced so far.
    #[must_use]
    pub fn redactions(&self) -> u64 {
        self.redactions
    }

    /// How many bytes are held back.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Writes what stands before `end`, and the mark of each secret that begins before it.
    fn release(&mut self, end: usize, out: &mut String) {
        // No form begins inside a character, so a character that begins before `end` leaves whole.
        let end = (end..self.held.len()).find(|&at| is_boundary(&self.held, at)).unwrap_or(self.held.len());
        let mut clear_from = self.covered;
        let mut clean = Vec::with_capacity(end);
        for secret in self.scrubber.secrets_in(&self.held) {
            if secret.start >= end {
                break;
            }
            if secret.start >= clear_from {
                clean.extend_from_slice(self.held.get(clear_from..secret.start).unwrap_or_default());
                clean.extend_from_slice(MARK.as_bytes());
                self.redactions += 1;
            }
            clear_from = clear_from.max(secret.end);
        }
        clean.extend_from_slice(self.held.get(clear_from..end).unwrap_or_default());
        out.push_str(&String::from_utf8_lossy(&clean));
        self.covered = clear_from.saturating_sub(end);
        self.held.drain(..end);
    }
}

impl fmt::Debug for KnownSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KnownSecrets([redacted])")
    }
}

impl fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrubber([redacted])")
    }
}

/// Whether a character begins at `at`, or the text ends there.
fn is_boundary(text: &[u8], at: usize) -> bool {
    text.get(at).is_none_or(|byte| byte & 0xC0 != 0x80)
}
