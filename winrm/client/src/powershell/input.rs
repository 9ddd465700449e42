//! A pipeline's input, given while its output is read.

use std::sync::Arc;

use tokio::sync::oneshot;
use uuid::Uuid;
use winrm_proto::{clixml::Value, psrp};

use super::{driver::Order, remote::Remote};

/// The input of a pipeline, for whatever task. Dropped, the input ends.
#[derive(Debug)]
pub struct Input {
    remote: Arc<Remote>,
    pipeline: Uuid,
}

/// Why a pipeline does not get an object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// It takes no more: it has ended, was stopped, or was started without input.
    #[error("the pipeline takes no more input")]
    Closed,
    /// The object cannot be sent.
    #[error("the object cannot be sent: {0}")]
    Unsendable(psrp::Error),
}

impl Input {
    pub(super) fn new(remote: Arc<Remote>, pipeline: Uuid) -> Self {
        Self { remote, pipeline }
    }

    /// Gives the pipeline an object, and waits while much is on its way that the host has not taken.
    ///
    /// The object is sent even if this future is dropped while it waits.
    ///
    /// # Errors
    ///
    /// [`InputError`].
    pub async fn write(&mut self, value: impl Into<Value>) -> Result<(), InputError> {
        let (taken, answer) = oneshot::channel();
        let order = Order::Input { pipeline: self.pipeline, value: value.into(), taken };
        self.remote.order(order).map_err(|_| InputError::Closed)?;
        answer.await.unwrap_or(Err(InputError::Closed))
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        // A pool that is gone needs no end of input.
        let _gone = self.remote.order(Order::EndInput(self.pipeline));
    }
}
