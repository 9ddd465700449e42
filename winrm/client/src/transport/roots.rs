//! The trust anchors of this machine.
//!
//! `SSL_CERT_FILE` and the like are the caller's business: this crate reads no environment, so on Unix it
//! looks at the places itself instead of letting `rustls-native-certs` look at the variables first.

use rustls::pki_types::CertificateDer;

#[cfg(all(unix, not(target_os = "macos")))]
pub(super) fn certificates() -> Vec<CertificateDer<'static>> {
    use std::path::Path;

    let file = FILES.iter().map(Path::new).find(|path| path.is_file());
    let directory = DIRECTORIES.iter().map(Path::new).find(|path| path.is_dir());
    match file {
        Some(file) => rustls_native_certs::load_certs_from_paths(Some(file), None).certs,
        None => rustls_native_certs::load_certs_from_paths(None, directory).certs,
    }
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
pub(super) fn certificates() -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}

/// Debian, RHEL (new and old), SUSE, Alpine and BSD, FreeBSD.
#[cfg(all(unix, not(target_os = "macos")))]
const FILES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/etc/ssl/cert.pem",
];

#[cfg(all(unix, not(target_os = "macos")))]
const DIRECTORIES: [&str; 2] = ["/etc/ssl/certs", "/etc/pki/tls/certs"];
