//! Who else can read a file: the Unix part and what stands in for it elsewhere.

use std::fs::File;

/// The permission bits, where users other than the owner have any.
#[cfg(unix)]
pub(super) fn exposed(file: &File) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = file.metadata().ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

/// Access lists are not read: on Windows the user's own profile folder keeps others out.
#[cfg(not(unix))]
pub(super) fn exposed(_file: &File) -> Option<u32> {
    None
}
