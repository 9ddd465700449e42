//! One connection to one endpoint: TCP, TLS, HTTP/1.1 and its authentication.

mod dialer;
mod http;
mod link;
mod roots;
mod stream;
pub(crate) mod tcp;
mod tls;
mod trust;
pub(crate) mod tunnel;

pub(crate) use dialer::Dialer;
pub use http::HttpError;
pub(crate) use http::{Http, Target};
pub(crate) use link::{Link, Setback};
pub(crate) use stream::Stream;
pub use tcp::ConnectError;
pub use tls::TlsError;
pub(crate) use tls::{Connector, leaf};
pub use trust::{Pin, Pinned, Trust, TrustError};
pub use tunnel::ProxyError;
