//! CLIXML, the XML in which PowerShell writes objects (MS-PSRP 2.2.5): one codec that reads and writes.
//!
//! [`Value`] is what a PowerShell value is to this workspace, whether it came over the wire or was computed here.
//! [`Decoder`] reads it and [`encode`] writes it; what is read can be written again as the same value.
//!
//! Where real PowerShell's reader is more lenient than this one, on purpose:
//! - a time of day is no date: .NET would put today's before it;
//! - a GUID in the form `{0x…,{…}}` is refused;
//! - depth, size and the number of values are bounded by [`Limits`].

mod decode;
mod encode;
mod escape;
mod object;
mod primitive;
mod record;
mod references;
mod secure_string;
mod stream;
mod string;
mod value;

pub use decode::{DecodeError, Decoder, Item, Limits};
pub use encode::{EncodeError, Encoder, encode};
pub use object::{Content, Object, Properties, Property, TypeNames};
pub use primitive::{
    DateTime, DateTimeError, DateTimeKind, Decimal, DecimalError, Duration, DurationError, Version,
    VersionError, format_double, format_single,
};
pub use record::{
    ErrorCategory, ErrorRecord, InformationRecord, MessageRecord, ProgressRecord, ProgressRecordType,
};
pub use secure_string::{NoCipher, SecureString, SecureStringCipher};
pub use stream::{Piece, Stream, TextDecoder};
pub use string::{PsString, eq_ignore_case};
pub use value::{Enclosing, Value};
