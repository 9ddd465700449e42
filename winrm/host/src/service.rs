//! WS-Management: what a request asks for, and the answer.

use bytes::Bytes;
use http::StatusCode;

use crate::record::Operation;
use crate::world::World;

/// What a request's body asks for.
#[derive(Debug)]
pub(crate) enum Asked {
    /// No body.
    Nothing,
    /// A body that is no envelope.
    Unreadable,
}

impl Asked {
    /// Reads a body.
    pub(crate) fn read(body: &Bytes) -> Self {
        if body.is_empty() { Self::Nothing } else { Self::Unreadable }
    }

    pub(crate) fn operation(&self) -> Operation {
        match self {
            Self::Nothing => Operation::Empty,
            Self::Unreadable => Operation::Unreadable,
        }
    }

    /// The whole action URI.
    pub(crate) fn action(&self) -> Option<String> {
        None
    }
}

impl World {
    /// Performs what an authenticated user asks for.
    pub(crate) async fn perform(
        &self,
        _user: &str,
        _asked: Asked,
        _stray: Option<i32>,
    ) -> (StatusCode, Bytes) {
        (StatusCode::INTERNAL_SERVER_ERROR, Bytes::new())
    }

    /// A fault for a request that is not performed.
    pub(crate) fn fault(&self, _asked: &Asked, _code: u32) -> (StatusCode, Bytes) {
        (StatusCode::INTERNAL_SERVER_ERROR, Bytes::new())
    }
}
