//! Who we are, and how a peer is convinced of it without seeing the password.
//!
//! | module | specification | what it is |
//! |---|---|---|
//! | [`challenge`] | RFC 9110 | what a server offers |
//! | [`ntlm`] | MS-NLMP | NTLMv2, both halves, with the keys that sign and seal |
//! | [`negotiate`] | RFC 4178, MS-SPNG | SPNEGO around it, both halves |
//! | [`basic`] | RFC 7617 | the password itself, inside TLS only |
//! | [`seal`] | MS-WSMV 2.2.9.1 | sealed messages where there is no TLS |
//!
//! [`ChannelBinding`] ties a proof to the TLS certificate it was meant for, [`ServiceName`] to the host. Nothing here
//! knows of HTTP beyond the two authentication headers, of sockets, of clocks or of random numbers:
//! [`crate::connection`] drives these parts. Every message of a peer is bounded before it is parsed, errors name what was
//! wrong and repeat nothing of it, and keys and passwords are wiped when they are dropped.

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
