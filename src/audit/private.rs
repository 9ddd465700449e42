//! Folders and files that are this user's alone: the Unix part and what stands in for it elsewhere.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io,
    path::Path,
};

/// Makes a folder and what is missing above it, readable by this user alone. One that is there stays as it is.
///
/// # Errors
/// What the system says.
pub fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    restrict_folder(&mut builder);
    builder.create(path)
}

/// Opens a file for appending, and makes it readable by this user alone where it is new or open to others.
///
/// # Errors
/// What the system says.
pub fn open_for_append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    restrict_file(&mut options);
    let file = options.open(path)?;
    tighten(&file)?;
    Ok(file)
}

#[cfg(unix)]
fn restrict_folder(builder: &mut DirBuilder) {
    use std::os::unix::fs::DirBuilderExt as _;
    builder.mode(0o700);
}

#[cfg(unix)]
fn restrict_file(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

/// Another user's file that we may append to keeps the mode that its owner gave it.
#[cfg(unix)]
fn tighten(file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let there = file.metadata()?;
    let ours = there.uid() == rustix::process::geteuid().as_raw();
    if ours && there.permissions().mode() & 0o077 != 0 {
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// The state folder lies in the user's profile, which Windows keeps from others.
#[cfg(not(unix))]
fn restrict_folder(_builder: &mut DirBuilder) {}

#[cfg(not(unix))]
fn restrict_file(_options: &mut OpenOptions) {}

#[cfg(not(unix))]
fn tighten(_file: &File) -> io::Result<()> {
    Ok(())
}
