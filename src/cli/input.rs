//! What people hand over in files, or on standard input.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use crate::remedy::{Code, Remedy};

/// Why a file cannot be taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum InputError {
    #[error("{} cannot be read: {kind}", path.display())]
    Unreadable { path: PathBuf, kind: io::ErrorKind },
    #[error("{} is not UTF-8", path.display())]
    NotUtf8 { path: PathBuf },
    #[error("{} holds more than {LARGEST} bytes", path.display())]
    TooLarge { path: PathBuf },
}

/// Opens a file, or standard input for `-`.
///
/// # Errors
/// [`InputError::Unreadable`].
pub(super) fn open(path: &Path) -> Result<Box<dyn io::Read>, InputError> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    Ok(Box::new(File::open(path).map_err(|error| InputError::unreadable(path, &error))?))
}

/// All of a file, or of standard input for `-`.
///
/// # Errors
/// [`InputError`].
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, InputError> {
    let mut bytes = Vec::new();
    let read = open(path)?.take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| InputError::unreadable(path, &error))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= LARGEST) {
        Ok(bytes)
    } else {
        Err(InputError::TooLarge { path: path.to_owned() })
    }
}

/// The same as text, without a mark of the byte order.
///
/// # Errors
/// [`InputError`].
pub(super) fn text(path: &Path) -> Result<String, InputError> {
    let text = String::from_utf8(bytes(path)?).map_err(|_| InputError::NotUtf8 { path: path.to_owned() })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

impl InputError {
    pub(super) fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self::Unreadable { path: path.to_owned(), kind: error.kind() }
    }
}

impl Remedy for InputError {
    fn code(&self) -> Code {
        Code::Usage
    }

    fn fix(&self) -> Option<String> {
        Some(match self {
            Self::Unreadable { .. } => "name a file that you can read, or - for standard input".to_owned(),
            Self::NotUtf8 { .. } => "save it as UTF-8".to_owned(),
            Self::TooLarge { .. } => "send less at a time".to_owned(),
        })
    }
}

/// Bytes of the largest file.
const LARGEST: u64 = 256 << 20;
