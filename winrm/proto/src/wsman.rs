//! WS-Management envelopes: headers, faults and Identify (DSP0226, MS-WSMV sections 2.2 and 3.1).
//!
//! A message is a [`Header`] and a body. The bodies of the remote shell are in `winrs`; anything that implements
//! [`Request`] or [`Response`] travels the same way:
//!
//! * a client writes with [`Preamble::request`] and reads with [`Incoming::answer`];
//! * a host reads with [`Incoming::open`] and [`Incoming::request`], and writes with [`write_response`] and
//!   [`write_fault`].

mod action;
mod duration;
mod envelope;
mod error;
pub mod fault;
mod header;
mod identifier;
pub mod identify;
mod incoming;
mod option_set;
mod preamble;
mod resource_uri;
mod selector_set;

pub use action::Action;
pub use duration::{format_duration, parse_duration};
pub use envelope::{Request, Response, write_fault, write_request, write_response};
pub(crate) use envelope::{is_true, open_child};
pub use error::Error;
pub use fault::Fault;
pub use header::{ANONYMOUS, Header};
pub(crate) use identifier::check as check_identifier;
pub use identifier::{InvalidIdentifier, Locale, MessageId, SessionId};
pub use identify::{Identify, IdentifyResponse};
pub use incoming::{Answer, Incoming};
pub use option_set::{MustComply, OptionSet, WsManOption};
pub use preamble::{Preamble, Target};
pub use resource_uri::ResourceUri;
pub use selector_set::SelectorSet;
