//! One connection to one endpoint: TCP, TLS, HTTP/1.1 and its authentication.

mod dialer;
mod http;
mod link;
mod roots;
mod stream;
mod tcp;
mod tls;
mod trust;
mod tunnel;

pub(crate) use dialer::Dialer;
pub use http::HttpError;
pub(crate) use link::{Link, Setback};
pub use tcp::ConnectError;
pub use tls::TlsError;
pub use trust::{Pin, Pinned, Trust, TrustError};
pub use tunnel::ProxyError;
