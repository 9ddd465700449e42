//! Who we are, and how a peer is convinced of it without seeing the password.
//!
//! [`challenge`] reads what a server offers, [`ntlm`] and [`basic`] are the mechanisms, and [`ChannelBinding`] ties
//! a proof to the TLS certificate it was meant for. Nothing here knows of HTTP beyond the two authentication
//! headers, of sockets, of clocks or of random numbers: [`crate::connection`] drives these parts.

pub mod basic;
pub mod challenge;
mod channel_binding;
mod credential;
pub mod negotiate;
pub mod ntlm;
mod protection;
mod scheme;
pub mod seal;
mod service_name;
mod user_name;

pub use channel_binding::{ChannelBinding, MalformedCertificate};
pub use credential::Credential;
pub use protection::Protection;
pub use scheme::Scheme;
pub use service_name::{InvalidServiceName, ServiceName};
pub use user_name::{InvalidUserName, UserName};
