//! Bounded byte pipes, which is how simulated programs, shells and the wire are joined.
//!
//! A writer waits while the pipe is full, so that a client that does not read slows the program down, as on
//! Windows, instead of filling this process' memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

/// Which stream a chunk belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdin,
    Stdout,
    Stderr,
}

/// Some bytes of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) stream: Stream,
    pub(crate) bytes: Bytes,
}

/// Makes a pipe that takes chunks while it holds less than `capacity` bytes.
pub(crate) fn pipe(capacity: usize) -> (PipeWriter, PipeReader) {
    let shared = Arc::new(Shared {
        capacity,
        state: Mutex::new(State { chunks: VecDeque::new(), held: 0, writers: 1, reader: true }),
        readable: Notify::new(),
        writable: Notify::new(),
    });
    (PipeWriter { shared: Arc::clone(&shared) }, PipeReader { shared })
}

/// Nobody reads any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

/// The end that programs write to. The pipe ends when the last clone is dropped.
#[derive(Debug)]
pub(crate) struct PipeWriter {
    shared: Arc<Shared>,
}

impl PipeWriter {
    /// Writes a chunk, after waiting for room.
    pub(crate) async fn write(&self, stream: Stream, bytes: Bytes) -> Result<(), Broken> {
        loop {
            let room = self.shared.writable.notified();
            tokio::pin!(room);
            room.as_mut().enable();
            {
                let mut state = self.shared.lock();
                if !state.reader {
                    return Err(Broken);
                }
                if state.held < self.shared.capacity {
                    state.held += bytes.len();
                    state.chunks.push_back(Chunk { stream, bytes });
                    break;
                }
            }
            room.await;
        }
        self.shared.readable.notify_waiters();
        Ok(())
    }
}

impl Clone for PipeWriter {
    fn clone(&self) -> Self {
        self.shared.lock().writers += 1;
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl Drop for PipeWriter {
    fn drop(&mut self) {
        self.shared.lock().writers -= 1;
        self.shared.readable.notify_waiters();
    }
}

/// The end that reads. Dropping it breaks the pipe for its writers.
#[derive(Debug)]
pub(crate) struct PipeReader {
    shared: Arc<Shared>,
}

impl PipeReader {
    /// The next chunk, or nothing when the writers are gone.
    pub(crate) async fn read(&self) -> Option<Chunk> {
        self.wait_until(|state| !state.chunks.is_empty()).await;
        let chunk = self.shared.lock().chunks.pop_front();
        if let Some(chunk) = &chunk {
            self.give_back(chunk.bytes.len());
        }
        chunk
    }

    /// Waits until the pipe holds anything, or has ended.
    pub(crate) async fn readable(&self) {
        self.wait_until(|state| !state.chunks.is_empty()).await;
    }

    /// Waits until the pipe holds this many bytes, cannot take more, or has ended.
    pub(crate) async fn filled(&self, bytes: usize) {
        let enough = bytes.min(self.shared.capacity);
        self.wait_until(|state| state.held >= enough).await;
    }

    /// Takes up to `limit` bytes, without waiting. A chunk is cut where it has to be.
    pub(crate) fn take(&self, limit: usize) -> Vec<Chunk> {
        let mut taken = Vec::new();
        let mut left = limit;
        {
            let mut state = self.shared.lock();
            while left > 0
                && let Some(mut chunk) = state.chunks.pop_front()
            {
                if chunk.bytes.len() > left {
                    let rest = chunk.bytes.split_off(left);
                    state.chunks.push_front(Chunk { stream: chunk.stream, bytes: rest });
                }
                left -= chunk.bytes.len();
                taken.push(chunk);
            }
        }
        self.give_back(limit - left);
        taken
    }

    /// Whether everything that was written has been read and no more can come.
    pub(crate) fn ended(&self) -> bool {
        let state = self.shared.lock();
        state.chunks.is_empty() && state.writers == 0
    }

    fn give_back(&self, bytes: usize) {
        let mut state = self.shared.lock();
        state.held = state.held.saturating_sub(bytes);
        drop(state);
        self.shared.writable.notify_waiters();
    }

    async fn wait_until(&self, enough: impl Fn(&State) -> bool) {
        loop {
            let news = self.shared.readable.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            {
                let state = self.shared.lock();
                if enough(&state) || state.writers == 0 {
                    return;
                }
            }
            news.await;
        }
    }
}

impl Drop for PipeReader {
    fn drop(&mut self) {
        self.shared.lock().reader = false;
        self.shared.writable.notify_waiters();
    }
}

#[derive(Debug)]
struct Shared {
    capacity: usize,
    state: Mutex<State>,
    readable: Notify,
    writable: Notify,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct State {
    chunks: VecDeque<Chunk>,
    held: usize,
    writers: usize,
    reader: bool,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn text(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[tokio::test]
    async fn a_full_pipe_makes_its_writer_wait() {
        let (writer, reader) = pipe(4);
        writer.write(Stream::Stdout, text("12345")).await.unwrap();
        let mut second = Box::pin(writer.write(Stream::Stdout, text("6")));
        assert!(tokio::time::timeout(Duration::from_millis(10), &mut second).await.is_err());
        assert_eq!(reader.read().await.unwrap().bytes, "12345");
        second.await.unwrap();
    }

    #[tokio::test]
    async fn taking_cuts_a_chunk_and_keeps_the_order_of_streams() {
        let (writer, reader) = pipe(100);
        writer.write(Stream::Stdout, text("abc")).await.unwrap();
        writer.write(Stream::Stderr, text("def")).await.unwrap();
        let taken = reader.take(4);
        let expected = [(Stream::Stdout, "abc"), (Stream::Stderr, "d")];
        assert!(
            taken
                .iter()
                .map(|chunk| (chunk.stream, &*chunk.bytes))
                .eq(expected.map(|(s, t)| (s, t.as_bytes())))
        );
        assert!(!reader.ended());
        drop(writer);
        assert_eq!(reader.take(4).len(), 1);
        assert!(reader.ended());
        assert_eq!(reader.read().await, None);
    }

    #[tokio::test]
    async fn a_reader_that_goes_breaks_the_pipe_even_for_a_waiting_writer() {
        let (writer, reader) = pipe(1);
        writer.write(Stream::Stdin, text("x")).await.unwrap();
        let waiting = tokio::spawn(async move { writer.write(Stream::Stdin, text("y")).await });
        tokio::task::yield_now().await;
        drop(reader);
        assert_eq!(waiting.await.unwrap(), Err(Broken));
    }
}
