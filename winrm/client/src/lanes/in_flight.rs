//! Requests whose answers are awaited.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

use winrm_proto::connection::Reply;

use super::Pending;
use crate::error::Error;

/// Requests whose answers are awaited, each with what its owner knows it by.
#[derive(Debug)]
pub(crate) struct InFlight<T>(Vec<(T, Pending)>);

impl<T> InFlight<T> {
    pub(crate) fn push(&mut self, request: T, answer: Pending) {
        self.0.push((request, answer));
    }

    /// The next answer, whichever request it belongs to. Where nothing is in flight this waits for ever; dropping the
    /// future loses nothing.
    pub(crate) async fn answer(&mut self) -> (T, Result<Reply, Error>) {
        poll_fn(|cx| {
            for index in 0..self.0.len() {
                let Some((_, pending)) = self.0.get_mut(index) else { break };
                if let Poll::Ready(answer) = Pin::new(pending).poll(cx) {
                    return Poll::Ready((self.0.swap_remove(index).0, answer));
                }
            }
            Poll::Pending
        })
        .await
    }
}

impl<T> Default for InFlight<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}
