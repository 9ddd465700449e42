//! The memory of all scripts that are evaluated at the same time.

use std::sync::{Mutex, PoisonError};

/// What is left of it.
#[derive(Debug)]
pub(super) struct Memory(Mutex<usize>);

/// What one script may use. It goes back when this is dropped.
#[derive(Debug)]
pub(super) struct Share<'m> {
    memory: &'m Memory,
    /// Taken from what is left: nothing where hardly anything was.
    taken: usize,
}

impl Memory {
    /// Half of what is left, so that a script alone gets much and nobody waits for it. Each gets what ordinary scripts
    /// need, even where nothing is left.
    pub(super) fn share(&self) -> Share<'_> {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let half = *left / 2;
        let taken = if half < LEAST { 0 } else { half };
        *left -= taken;
        Share { memory: self, taken }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self(Mutex::new(ALL))
    }
}

impl Share<'_> {
    /// Bytes.
    pub(super) fn bytes(&self) -> usize {
        self.taken.max(LEAST)
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        *self.memory.0.lock().unwrap_or_else(PoisonError::into_inner) += self.taken;
    }
}

/// Bytes of all scripts together, besides the least of each.
const ALL: usize = 1 << 30;
/// Bytes that any script gets.
const LEAST: usize = 32 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_share_what_there_is() {
        let memory = Memory::default();
        let shares: Vec<Share<'_>> = (0..32).map(|_| memory.share()).collect();
        let bytes: Vec<usize> = shares.iter().map(Share::bytes).collect();
        assert_eq!(bytes[..6], [512 << 20, 256 << 20, 128 << 20, 64 << 20, 32 << 20, 32 << 20]);
        assert!(bytes.iter().sum::<usize>() < 2 << 30, "{bytes:?}");
        drop(shares);
        assert_eq!(memory.share().bytes(), 512 << 20, "it comes back");
    }
}
