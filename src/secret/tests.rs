use std::{fs, path::Path};

use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use super::*;

fn secrets(variables: &[(&str, &str)]) -> Secrets {
    Secrets::new(variables.iter().copied().collect(), KnownSecrets::default())
}

fn written(folder: &TempDir, bytes: &[u8]) -> Reference {
    let path = folder.path().join("password");
    fs::write(&path, bytes).unwrap();
    Reference::File(path)
}

fn read(reference: &Reference) -> Result<String, SecretError> {
    secrets(&[]).read(reference).map(|secret| secret.value.expose_secret().to_owned())
}

#[test]
fn references_are_parsed() {
    let folder = Path::new("/etc/winrm-mcp");
    let cases = [
        ("env:PASSWORD", Ok("env:PASSWORD")),
        ("file:/run/secrets/web", Ok("file:/run/secrets/web")),
        ("file:web", Ok("file:/etc/winrm-mcp/web")),
        ("env:", Err(NotAReference)),
        ("file:", Err(NotAReference)),
        ("env:A=B", Err(NotAReference)),
        ("hunter2", Err(NotAReference)),
        ("ENV:PASSWORD", Err(NotAReference)),
    ];
    for (text, expected) in cases {
        let parsed = Reference::parse(text, folder).map(|reference| reference.to_string());
        assert_eq!(parsed, expected.map(str::to_owned), "{text}");
    }
}

#[test]
fn one_line_ending_is_trimmed_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let cases: &[(&[u8], &str)] = &[
        (b"hunter22", "hunter22"),
        (b"hunter22\n", "hunter22"),
        (b"hunter22\r\n", "hunter22"),
        (b" hunter22 \n\n", " hunter22 \n"),
        (b"\xef\xbb\xbfhunter22\n", "hunter22"),
        ("pässwörd\n".as_bytes(), "pässwörd"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(read(&written(&folder, bytes)).as_deref(), Ok(*expected));
    }
}

#[test]
fn what_is_no_secret_is_refused_without_its_value() {
    let folder = TempDir::new().unwrap();
    let reference = written(&folder, b"canary\xff");
    let error = read(&reference).unwrap_err();
    assert_eq!(error, SecretError::NotUtf8(reference.clone()));
    assert!(!error.to_string().contains("canary"));
    let reference = written(&folder, b"\n");
    assert_eq!(read(&reference), Err(SecretError::Empty(reference.clone())));
    let reference = written(&folder, &[b'x'; 5000]);
    assert_eq!(read(&reference), Err(SecretError::TooLong(reference.clone())));
    let gone = Reference::File(folder.path().join("gone"));
    assert!(matches!(read(&gone), Err(SecretError::Unreadable { kind: io::ErrorKind::NotFound, .. })));
    assert_eq!(read(&Reference::Environment("GONE".to_owned())), Err(SecretError::Unset("GONE".to_owned())));
}

#[test]
fn a_rotated_file_is_read_anew_and_both_values_are_scrubbed() {
    let folder = TempDir::new().unwrap();
    let secrets = secrets(&[]);
    let reference = written(&folder, b"first-value");
    assert_eq!(secrets.read(&reference).unwrap().value.expose_secret(), "first-value");
    let reference = written(&folder, b"second-value");
    assert_eq!(secrets.read(&reference).unwrap().value.expose_secret(), "second-value");
    assert_eq!(secrets.known().scrub("first-value second-value"), "[redacted] [redacted]");
}

#[test]
fn a_short_secret_is_read_with_a_warning() {
    let reference = Reference::Environment("P".to_owned());
    let secret = secrets(&[("P", "abc")]).read(&reference).unwrap();
    assert_eq!(secret.warnings, [Warning::TooShort(reference)]);
}

#[test]
fn debug_of_an_environment_shows_no_value() {
    let environment: Environment = [("NAME", "canary")].into_iter().collect();
    assert_eq!(format!("{environment:?}"), "{\"NAME\"}");
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_warned_about() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    let reference = written(&folder, b"hunter22");
    let Reference::File(path) = &reference else { panic!() };
    for (mode, exposed) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let warnings = secrets(&[]).read(&reference).unwrap().warnings;
        assert_eq!(warnings.is_empty(), !exposed, "{mode:o}");
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_named() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
    let environment: Environment =
        [(OsStr::new("P"), OsStr::from_bytes(b"canary\xff"))].into_iter().collect();
    let reference = Reference::Environment("P".to_owned());
    let error = Secrets::new(environment, KnownSecrets::default()).read(&reference).unwrap_err();
    assert_eq!(error, SecretError::NotUtf8(reference));
}
