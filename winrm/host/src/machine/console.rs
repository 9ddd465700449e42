//! What a program sees of its surroundings: streams, environment, directory.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::pipe::{Broken, PipeReader, PipeWriter, Stream};

/// A program's surroundings.
#[derive(Debug)]
pub(crate) struct Console {
    pub(crate) stdin: Source,
    pub(crate) stdout: Sink,
    pub(crate) stderr: Sink,
    pub(crate) environment: Environment,
    pub(crate) directory: String,
    /// Who runs it, as the account is called.
    pub(crate) user: String,
}

/// Where output goes.
#[derive(Clone, Debug)]
pub(crate) enum Sink {
    Pipe(PipeWriter, Stream),
    Nowhere,
}

impl Sink {
    /// Writes bytes as they are.
    pub(crate) async fn write(&self, bytes: impl Into<Bytes> + Send) -> Result<(), Broken> {
        let bytes = bytes.into();
        match self {
            Self::Pipe(pipe, stream) if !bytes.is_empty() => pipe.write(*stream, bytes).await,
            Self::Pipe(..) | Self::Nowhere => Ok(()),
        }
    }

    /// Writes text and the line break of Windows.
    pub(crate) async fn line(&self, text: &str) -> Result<(), Broken> {
        self.write(format!("{text}\r\n")).await
    }
}

/// Where input comes from.
#[derive(Debug)]
pub(crate) enum Source {
    Pipe(PipeReader),
    Empty,
}

impl Source {
    /// The next bytes, or nothing at the end.
    pub(crate) async fn read(&self) -> Option<Bytes> {
        match self {
            Self::Pipe(pipe) => pipe.read().await.map(|chunk| chunk.bytes),
            Self::Empty => None,
        }
    }

    /// Everything up to the end, but no more than a program of this machine would take.
    pub(crate) async fn read_to_end(&self) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some(bytes) = self.read().await {
            all.extend_from_slice(&bytes);
            if all.len() > INPUT_LIMIT {
                break;
            }
        }
        all
    }
}

/// Environment variables. Their names are told apart without regard to case, and keep it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, (String, String)>,
}

impl Environment {
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_uppercase(), (name.to_owned(), value.to_owned()));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.variables.remove(&name.to_uppercase());
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.variables.get(&name.to_uppercase()).map(|(_, value)| value.as_str())
    }

    /// Removes the variables whose names are not to be kept.
    pub(crate) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.variables.retain(|_, (name, _)| keep(name));
    }

    /// Name and value of each variable whose name begins so, in order.
    pub(crate) fn beginning_with(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        let prefix = prefix.to_uppercase();
        self.variables
            .iter()
            .filter(move |(key, _)| key.starts_with(&prefix))
            .map(|(_, (name, value))| (name.as_str(), value.as_str()))
    }
}

/// A sort or a script of more than this does not fit this machine.
const INPUT_LIMIT: usize = 64 * 1024 * 1024;
