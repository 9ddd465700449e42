//! Standard input as the MCP transport reads it, watched for its first byte and its end.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::sync::CancellationToken;

/// A reader that tells others what it saw.
#[derive(Debug)]
pub(super) struct Watched<R> {
    inner: R,
    watch: Watch,
}

/// What a [`Watched`] reader saw so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch {
    /// Cancelled when the input has ended.
    pub(super) ended: CancellationToken,
    any: Arc<AtomicBool>,
}

impl<R> Watched<R> {
    /// Watches `inner`.
    pub(super) fn new(inner: R) -> (Self, Watch) {
        let watch = Watch::default();
        (Self { inner, watch: watch.clone() }, watch)
    }
}

impl Watch {
    /// Whether anything but white space has come in.
    pub(super) fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Watched<R> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let result = ready!(Pin::new(&mut this.inner).poll_read(cx, buf));
        let fresh = buf.filled().get(before..).unwrap_or_default();
        if fresh.is_empty() || result.is_err() {
            this.watch.ended.cancel();
        } else if !fresh.iter().all(u8::is_ascii_whitespace) {
            this.watch.any.store(true, Ordering::Relaxed);
        }
        Poll::Ready(result)
    }
}
