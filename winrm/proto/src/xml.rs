//! A namespace-aware reader with limits, and an escaping writer.
//!
//! The reader knows only the XML that WS-Management and CLIXML are made of: no document type, no processing
//! instruction, no entity beyond the five that XML predefines. Everything it allocates is bounded by [`Limits`],
//! and the time it takes is linear in the input.

mod dialect;
mod element;
mod error;
mod limits;
mod namespace;
mod reader;
mod reference;
mod writer;

pub use dialect::Dialect;
pub use element::Element;
pub use error::Error;
pub use limits::Limits;
pub use namespace::Namespace;
pub use reader::{Event, Reader};
pub use writer::{WriteError, Writer};
