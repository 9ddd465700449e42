//! A command's input, given while its output is read.

use bytes::Bytes;
use tokio::sync::mpsc;

/// The input of a command, for a task of its own. Dropped, the input ends.
///
/// What is written goes out while [`crate::Execution::next`] is awaited, and a write waits until what was written
/// before has been handed to the host: memory holds two pieces at most.
#[derive(Debug)]
pub struct Stdin {
    pieces: mpsc::Sender<Bytes>,
}

/// The command takes no more input: it has ended, or was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the command takes no more input")]
pub struct InputClosed;

impl Stdin {
    pub(super) fn new() -> (Self, mpsc::Receiver<Bytes>) {
        let (pieces, receiver) = mpsc::channel(1);
        (Self { pieces }, receiver)
    }

    /// Gives the command some input.
    ///
    /// # Errors
    ///
    /// [`InputClosed`].
    pub async fn write(&mut self, data: impl Into<Bytes>) -> Result<(), InputClosed> {
        self.pieces.send(data.into()).await.map_err(|_| InputClosed)
    }
}
